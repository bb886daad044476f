"""
The canonical form of a table: its rows in key order, and a hash of its values.

The hash is of values, not of file bytes: the same rows from another reader, in another order, in other chunks
or compressed otherwise have the same one.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from quarterdeck.inventory import TABLES


def in_key_order(name: str, table: pa.Table) -> pa.Table:
    """Rows of table *name* by its key, then by the other columns; texts by their UTF-8 bytes, missing values last."""
    rule = TABLES[name]
    columns = [column for column in rule.columns if column in table.column_names]
    order = [column for column in rule.key if column in columns]
    if not rule.unique:
        order += [column for column in columns if column not in order]
    table = table.select(columns)
    return table.take(pc.sort_indices(table, sort_keys=[(column, "ascending") for column in order]))


def content_hash(name: str, table: pa.Table) -> str:
    """The SHA-256, in hex, of table *name*: its columns, and the values of its rows as they are ordered."""
    columns = [[column, TABLES[name].columns[column].kind] for column in table.column_names]
    digest = hashlib.sha256(json.dumps([name, table.num_rows, columns]).encode())
    for column in table.columns:
        for part in _parts(column):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
    return digest.hexdigest()


def frame_of(name: str, table: pa.Table) -> pd.DataFrame:
    """Table *name* as pandas holds it, with the dtypes of `TABLES`; no float stands in between."""
    dtypes = {column: pd.api.types.pandas_dtype(dtype) for column, dtype in TABLES[name].dtypes().items()}
    # Instants and days have no extension type: pandas takes them as they are, and days get their unit below
    by_arrow = {field.type: dtypes[field.name] for field in table.schema if not pa.types.is_temporal(field.type)}
    frame: pd.DataFrame = table.to_pandas(types_mapper=by_arrow.get, date_as_object=False)
    return frame.astype({column: dtypes[column] for column in frame.columns})


def _parts(column: pa.ChunkedArray) -> list[bytes | memoryview]:
    """Which values are there, and the values; of texts the lengths and the bytes."""
    there = np.packbits(pc.is_valid(column).to_numpy(zero_copy_only=False)).tobytes()
    kind = column.type
    if pa.types.is_string(kind):
        texts = _one_array(pc.fill_null(column.cast(pa.large_string()), ""))
        ends = np.frombuffer(texts.buffers()[1], "<i8", len(texts) + 1, texts.offset * 8)
        content = memoryview(texts.buffers()[2] or b"")[ends[0] : ends[-1]]
        return [there, np.diff(ends).tobytes(), content]
    if pa.types.is_boolean(kind):
        return [there, np.packbits(pc.fill_null(column, False).to_numpy(zero_copy_only=False)).tobytes()]  # noqa: FBT003 - pyarrow's signature
    if pa.types.is_decimal(kind):
        numbers = _one_array(pc.fill_null(column, 0))
        width = kind.byte_width
        return [
            there,
            memoryview(numbers.buffers()[1])[numbers.offset * width : (numbers.offset + len(numbers)) * width],
        ]
    plain = pc.fill_null(
        column.cast(pa.int32()).cast(pa.int64()) if pa.types.is_date(kind) else column.cast(pa.int64()), 0
    )
    return [there, plain.to_numpy().astype("<i8").tobytes()]


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined
