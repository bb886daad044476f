"""
Typing many rows at once: what is written as almost all values are, column by column, without a Python loop.

It gives the same as reading the texts one by one (`Field.value`), because it takes only texts of a shape whose meaning
pyarrow and our readers share, and holds every other row back for them: unknown words, missing ids, other ways to
write a time. Numbers go from text to integer or decimal; there is no float in between.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quarterdeck.sources.dynamodb_json import TEXTS, Columns, by_kind
from quarterdeck.sources.fields import Field
from quarterdeck.sources.values import MOST_HOURS, YEARS, NotUnderstood, is_shown_twice

_SAMPLE = 512  # rows that are looked at to see whether a column repeats its values
_SOME = 64  # different values in a sample that are still few

_ISO = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})$"
_WHOLE = r"^-?\d{1,18}$"
_EARLIEST, _BEFORE = (datetime(year, 1, 1, tzinfo=UTC) for year in (YEARS.start + 1, YEARS.stop - 1))
_UTC = pa.timestamp("us", tz="UTC")

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Typed:
    """
    Rows that are typed.

    Args:
        met: The columns of which any row has a value.
        alone: The numbers of the rows that are not in *table*, and are to be read one by one.
    """

    table: pa.Table
    met: Collection[str] = ()
    alone: Sequence[int] = ()


def typed_columns(columns: Columns, fields: Sequence[Field], schema: pa.Schema, zone: ZoneInfo) -> Typed:
    """
    The rows of *columns* that are understood at once, and the numbers of all others.

    Args:
        columns: As `Rows.columns` gives them.
        fields: How each column is read; the table has those that *schema* names.
        zone: The company's.
    """
    rows = len(next(iter(columns.values())))
    is_clear = np.ones(rows, bool)
    values: dict[str, pa.Array] = {}
    for field in fields:
        if field.source.attribute is None:
            constant = pa.scalar(field.value(field.constant), field.column.arrow)
            values[field.ours] = pa.repeat(constant, rows)
            continue
        values[field.ours], understood = _typed(field, columns[field.source.attribute], zone)
        is_clear &= understood
    met = [name for name, found in values.items() if found.null_count < rows]
    table = pa.Table.from_arrays([values[name] for name in schema.names], schema=schema)
    if is_clear.all():
        return Typed(table, met)
    return Typed(table.filter(pa.array(is_clear)), met, np.flatnonzero(~is_clear).tolist())


def _typed(field: Field, cells: pa.StructArray, zone: ZoneInfo) -> tuple[pa.Array, Mask]:
    """The values of *cells*, and which of them are understood; what is not, is null."""
    found = {kind: values for kind, values in by_kind(cells).items() if values.null_count < len(values)}
    given = sum(_mask(pc.is_valid(values)).astype(np.int8) for values in found.values())
    is_plain = (given == 1) | _mask(pc.is_null(cells))  # else it is of a kind that no column of ours holds
    written = [found[kind] for kind in TEXTS if kind in found]
    texts = pc.coalesce(*written) if written else pa.nulls(len(cells), pa.string())
    texts = pc.if_else(pc.equal(texts, ""), None, texts)
    if flags := found.get("BOOL"):
        if field.column.kind == "flag" and not field.source.values and not written:
            return flags, is_plain & _is_there(field, flags)
        words = flags.cast(pa.string())  # true and false, for which the column map may have other words
        is_plain &= _mask(pc.or_(pc.is_null(flags), pc.is_in(words, pa.array(list(field.source.values), pa.string()))))
        texts = pc.coalesce(texts, words)
    values, understood = _read(field, texts, zone)
    return values, is_plain & understood & _is_there(field, values)


def _is_there(field: Field, values: pa.Array) -> Mask:
    return _mask(pc.is_valid(values)) if field.is_required else np.ones(len(values), bool)


def _read(field: Field, texts: pa.StringArray, zone: ZoneInfo) -> tuple[pa.Array, Mask]:
    if texts.null_count == len(texts):
        return pa.nulls(len(texts), field.column.arrow), np.ones(len(texts), bool)
    at_once = None if field.source.values else _AT_ONCE.get((field.column.kind, field.source.unit))
    if at_once is None or field.column.choices or field.ours == "currency" or _are_few(texts):
        return _each_once(field, texts, zone)
    values, understood = at_once(field, texts)
    if field.column.least is not None:
        understood = understood & _so_or_missing(pc.greater_equal(values, field.column.least))
    return values, understood


def _are_few(texts: pa.StringArray) -> bool:
    return bool(pc.count_distinct(texts[:_SAMPLE]).as_py() <= _SOME < len(texts))


def _each_once(field: Field, texts: pa.StringArray, zone: ZoneInfo) -> tuple[pa.Array, Mask]:
    """Each different text read once, as it is read alone."""
    coded = texts.dictionary_encode()
    values: list[object] = []
    for text in coded.dictionary.to_pylist():
        try:
            value = field.value(text)
        except NotUnderstood:
            value = None
        # A time that the clocks show twice is a finding, which names its row
        is_doubtful = field.source.unit == "local" and isinstance(value, datetime) and is_shown_twice(value, zone)
        values.append(None if is_doubtful else value)
    found = pa.array(values, field.column.arrow).take(coded.indices)
    return found, _mask(pc.or_(pc.is_valid(found), pc.is_null(texts)))


def _texts(_field: Field, texts: pa.StringArray) -> tuple[pa.Array, Mask]:
    return texts, np.ones(len(texts), bool)


def _cast(texts: pa.StringArray, shape: str, kind: pa.DataType) -> tuple[pa.Array, Mask]:
    """*texts* of *shape* as *kind*, null for the others; and which are of it, or are missing."""
    is_so = pc.match_substring_regex(texts, shape)
    shaped = pc.if_else(is_so, texts, None)
    try:
        return shaped.cast(kind), _so_or_missing(is_so)
    except pa.ArrowInvalid:  # one of them, such as the 30th of February
        return pa.nulls(len(texts), kind), _mask(pc.is_null(texts))


def _so_or_missing(is_so: pa.BooleanArray) -> Mask:
    return _mask(pc.fill_null(is_so, True))  # noqa: FBT003 - pyarrow's signature


def _instants(_field: Field, texts: pa.StringArray) -> tuple[pa.Array, Mask]:
    instants, is_so = _cast(texts, _ISO, _UTC)
    earliest, before = (pa.scalar(bound, _UTC) for bound in (_EARLIEST, _BEFORE))
    is_near = pc.and_(pc.greater_equal(instants, earliest), pc.less(instants, before))
    return instants, is_so & _so_or_missing(is_near)


def _epochs(per_second: int) -> Callable[[Field, pa.StringArray], tuple[pa.Array, Mask]]:
    unit = pa.timestamp("s" if per_second == 1 else "ms", tz="UTC")

    def read(_field: Field, texts: pa.StringArray) -> tuple[pa.Array, Mask]:
        counted, is_so = _cast(texts, r"^-?\d{1,14}$", pa.int64())
        earliest, before = (int(bound.timestamp()) * per_second for bound in (_EARLIEST, _BEFORE))
        is_near = pc.and_(pc.greater_equal(counted, earliest), pc.less(counted, before))
        return pc.if_else(is_near, counted, None).cast(unit).cast(_UTC), is_so & _so_or_missing(is_near)

    return read


def _counts(_field: Field, texts: pa.StringArray) -> tuple[pa.Array, Mask]:
    return _cast(texts, _WHOLE, pa.int64())


def _amounts(field: Field, texts: pa.StringArray) -> tuple[pa.Array, Mask]:
    """Minor units. 18 digits in all fit 64 bits; more, or more decimals than the currency has, are read alone."""
    if field.decimals == 0:
        return _counts(field, texts)
    shape = rf"^-?\d{{1,{18 - field.decimals}}}(\.\d{{1,{field.decimals}}})?$"
    exact = pa.decimal128(18, field.decimals)
    amounts, is_so = _cast(texts, shape, exact)
    return _unscaled(amounts), is_so


def _unscaled(amounts: pa.Decimal128Array) -> pa.Int64Array:
    """The digits of *amounts* as whole numbers: of 16 bytes a number, the low 8 hold all of 18 digits."""
    low = np.frombuffer(amounts.buffers()[1], "<i8")[2 * amounts.offset : 2 * (amounts.offset + len(amounts)) : 2]
    return pa.array(low, pa.int64(), mask=_mask(pc.is_null(amounts)))


def _hours(_field: Field, texts: pa.StringArray) -> tuple[pa.Array, Mask]:
    digits = len(str(MOST_HOURS)) - 1
    return _cast(texts, rf"^-?\d{{1,{digits}}}(\.\d{{1,6}})?$", pa.decimal128(18, 6))


def _mask(flags: pa.BooleanArray) -> Mask:
    return np.asarray(flags.to_numpy(zero_copy_only=False), bool)


_AT_ONCE: dict[tuple[str, str | None], Callable[[Field, pa.StringArray], tuple[pa.Array, Mask]]] = {
    ("text", None): _texts,
    ("instant", None): _instants,
    ("instant", "epoch_seconds"): _epochs(1),
    ("instant", "epoch_millis"): _epochs(1000),
    ("count", None): _counts,
    ("minor", None): _amounts,
    ("minor", "major"): _amounts,
    ("minor", "minor"): _amounts,
    ("hours", None): _hours,
}
