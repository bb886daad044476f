"""
The canonical form of a table: its rows in key order, and a hash of its values.

The hash is of values, not of file bytes: the same rows from another reader, in another order, in other chunks
or compressed otherwise have the same one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from quarterdeck.inventory import TABLES

_ROWS_AT_ONCE = 8_192  # a multiple of 8, since bits are packed into bytes


def in_key_order(name: str, table: pa.Table) -> pa.Table:
    """
    Rows of table *name* by its key, then by the other columns; texts by their UTF-8 bytes, missing values last.

    Rows that are in order stay where they are: of a large table they are in a file.
    """
    rule = TABLES[name]
    columns = [column for column in rule.columns if column in table.column_names]
    order = [column for column in rule.key if column in columns]
    if not rule.unique:
        order += [column for column in columns if column not in order]
    table = table.select(columns)
    if len(order) == 1 and pc.all(pc.less_equal(table[order[0]][:-1], table[order[0]][1:])).as_py():
        return table
    return table.take(pc.sort_indices(table, sort_keys=[(column, "ascending") for column in order]))


def content_hash(name: str, table: pa.Table) -> str:
    """The SHA-256, in hex, of table *name*: its columns, and the values of its rows as they are ordered."""
    columns = [[column, TABLES[name].columns[column].kind] for column in table.column_names]
    digest = hashlib.sha256(json.dumps([name, table.num_rows, columns]).encode())
    for column in table.columns:
        for size, part in _parts(column):
            digest.update(size.to_bytes(8, "little"))
            for start in range(0, len(column), _ROWS_AT_ONCE):
                digest.update(part(_one_array(column.slice(start, _ROWS_AT_ONCE))))
    return digest.hexdigest()


def frame_of(name: str, table: pa.Table) -> pd.DataFrame:
    """Table *name* as pandas holds it, with the dtypes of `TABLES`; no float stands in between."""
    dtypes = {column: pd.api.types.pandas_dtype(dtype) for column, dtype in TABLES[name].dtypes().items()}
    # Instants and days have no extension type: pandas takes them as they are, and days get their unit below
    by_arrow = {field.type: dtypes[field.name] for field in table.schema if not pa.types.is_temporal(field.type)}
    frame: pd.DataFrame = table.to_pandas(types_mapper=by_arrow.get, date_as_object=False)
    return frame.astype({column: dtypes[column] for column in frame.columns})


def _parts(column: pa.ChunkedArray) -> list[tuple[int, Callable[[pa.Array], bytes | memoryview]]]:
    """
    What the hash takes of *column*: which values are there, and the values; of texts the lengths and the bytes.

    Each part is given as its size in bytes, and how some of its rows make their piece of it.
    """
    rows, kind = len(column), column.type
    there = ((rows + 7) // 8, _there)
    if pa.types.is_string(kind):
        return [there, (8 * rows, _lengths), (pc.sum(pc.binary_length(column)).as_py() or 0, _texts)]
    if pa.types.is_boolean(kind):
        return [there, ((rows + 7) // 8, _flags)]
    if pa.types.is_decimal(kind):
        return [there, (kind.byte_width * rows, _decimals)]
    return [there, (8 * rows, _numbers)]


def _there(values: pa.Array) -> bytes:
    return np.packbits(pc.is_valid(values).to_numpy(zero_copy_only=False)).tobytes()


def _ends(texts: pa.LargeStringArray) -> np.ndarray:
    return np.frombuffer(texts.buffers()[1], "<i8", len(texts) + 1, texts.offset * 8)


def _lengths(values: pa.Array) -> bytes:
    return np.diff(_ends(_present(values))).tobytes()


def _texts(values: pa.Array) -> memoryview:
    texts = _present(values)
    ends = _ends(texts)
    return memoryview(texts.buffers()[2] or b"")[ends[0] : ends[-1]]


def _present(values: pa.Array) -> pa.LargeStringArray:
    return pc.fill_null(values.cast(pa.large_string()), "")


def _flags(values: pa.Array) -> bytes:
    known: pa.BooleanArray = pc.fill_null(values, False)  # noqa: FBT003 - pyarrow's signature
    return np.packbits(known.to_numpy(zero_copy_only=False)).tobytes()


def _decimals(values: pa.Array) -> memoryview:
    numbers, width = pc.fill_null(values, 0), values.type.byte_width
    return memoryview(numbers.buffers()[1])[numbers.offset * width : (numbers.offset + len(numbers)) * width]


def _numbers(values: pa.Array) -> memoryview:
    """Counts and cents as they are, instants as microseconds, days as days since 1970."""
    whole = values.cast(pa.int32()) if pa.types.is_date(values.type) else values
    numbers: pa.Int64Array = pc.fill_null(whole.cast(pa.int64()), 0)
    return memoryview(numbers.to_numpy().astype("<i8"))


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined
