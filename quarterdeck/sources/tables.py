"""
Events, users, checklists and claims: rows of DynamoDB items to our columns, as `company.yaml` maps them.

Rows come some thousand at a time (`dynamodb_json`). Most are typed at once, column by column (`columnar`); those that
are written in another way are typed one by one, by the same readers (`fields`), which say what is wrong with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from quarterdeck.config import Company
from quarterdeck.errors import InputInvalid
from quarterdeck.inventory import TABLES
from quarterdeck.source_settings import TableName
from quarterdeck.sources.ahead import ahead, hands
from quarterdeck.sources.columnar import Typed, typed_columns
from quarterdeck.sources.dynamodb_json import Cell, Kinds, Origin, Page, Rows, Unreadable, rows_of
from quarterdeck.sources.fields import Field, fields_of
from quarterdeck.sources.reading import UNWATCHED, Document, Finding, Reading, Watch
from quarterdeck.sources.runs import in_order
from quarterdeck.sources.values import NotUnderstood, is_shown_twice

_NAMED_AT_MOST = 10


@dataclass
class _Ids:
    """How many rows, and the ids of a few: the first in their own order, so that the order of rows is not told."""

    count: int = 0
    named: list[str] = field(default_factory=list)

    def add(self, ids: Iterable[object]) -> None:
        some = [str(id_) for id_ in ids]
        self.count += len(some)
        self.named = sorted([*self.named, *some])[:_NAMED_AT_MOST]

    def counted(self, what: str) -> str:
        return f"{self.count:,} {what}{'' if self.count == 1 else 's'}"

    def __str__(self) -> str:
        shown, more = ", ".join(self.named), self.count - len(self.named)
        return f"{shown} and {more:,} more" if more else shown


@dataclass
class _Doubts:
    """Which rows gave something to report, by our column's name; and the columns of which any row has a value."""

    left_out: defaultdict[str, _Ids] = field(default_factory=lambda: defaultdict(_Ids))
    twice: defaultdict[str, _Ids] = field(default_factory=lambda: defaultdict(_Ids))
    undated: _Ids = field(default_factory=_Ids)
    met: set[str] = field(default_factory=set)


def read_table(name: TableName, documents: Iterable[Document], company: Company, watch: Watch = UNWATCHED) -> Reading:
    """
    Table *name* from DynamoDB JSON: `aws dynamodb scan` output, or the data files of an export to S3.

    Args:
        name: Which of the four tables; its column map is taken from *company*.
        documents: Its files, gzipped or not.
        company: The settings, with `sources.tables[name]`.
        watch: Asked before each page whether there is time for it.

    Returns:
        One table, and the findings about it; these name ids, never files, so that the same rows from
        another reader give the same findings.

    Raises:
        InputInvalid: The column map or a document cannot be used; the place names file, row and attribute.
    """
    hashes: dict[str, str] = {}

    def rows() -> Iterator[Rows]:
        items = 0
        for document in documents:
            hashes[document.name] = sha256(document.content).hexdigest()
            for some in rows_of(document):
                watch.go_on(f"sources.tables.{name}, {document.place}", f"{items:,} items")
                items += len(some.origin.numbers)
                yield some

    table, findings = typed_table(name, lambda _: rows(), company)
    return Reading({name: table}, findings, hashes)


def typed_table(
    name: TableName, rows: Callable[[frozenset[str]], Iterable[Rows]], company: Company
) -> tuple[pa.Table, list[Finding]]:
    """
    Table *name* from *rows*, which is given the attributes that are mapped, and its findings.

    Its rows are in key order, in a file that is mapped into memory: memory holds some rows and runs of rows.

    Raises:
        InputInvalid: The column map cannot be used, or a row breaks a rule of its column.
        StoreUnwritable: The folder for temporary files is full or not ours.
    """
    reader = _Reader(name, fields_of(name, company), ZoneInfo(company.time_zone))

    def refuse_twice(id_: str, first: int, second: int) -> None:
        found = f"{reader.key} {id_!r} a second time (first: {_place(reader.origins, first)})"
        raise InputInvalid(_place(reader.origins, second), found, "every id once")

    with hands() as pool:
        typed = reader.typed(rows(reader.attributes), pool)
        table = in_order(typed, reader.schema, reader.key, refuse_twice, pool)
    return table, list(_doubtful(name, reader.fields, reader.doubts, table.num_rows))


class _Reader:
    """Types the rows of one table, and remembers where they came from and what was doubtful."""

    def __init__(self, name: TableName, fields: Sequence[Field], zone: ZoneInfo) -> None:
        self.name = name
        self.fields = fields
        self.key = TABLES[name].key[0]
        self.schema = TABLES[name].arrow_schema([one.ours for one in fields])
        self.attributes = frozenset(one.source.attribute for one in fields if one.source.attribute is not None)
        self.kinds = Kinds(sorted(self.attributes))
        self.zone = zone
        self.doubts = _Doubts()
        self.origins: list[Origin] = []

    def typed(self, rows: Iterable[Rows], pool: ThreadPoolExecutor) -> Iterator[pa.Table]:
        """Tables of *rows*, in their order; whoever takes one lets another be typed."""
        for some, typed in ahead(pool, self._at_once, rows):
            yield from self._tables(some, typed)

    def _at_once(self, rows: Rows) -> Typed:
        """What can be typed at once, and the numbers of the rows that cannot."""
        columns = rows.columns(self.kinds)
        if not columns:
            return Typed(self.schema.empty_table(), alone=range(len(rows.origin.numbers)))
        return typed_columns(columns, self.fields, self.schema, self.zone)

    def _tables(self, rows: Rows, typed: Typed) -> Iterator[pa.Table]:
        self.doubts.met.update(typed.met)
        if len(typed.table):
            alone = set(typed.alone)
            others = [row for row in range(len(rows.origin.numbers)) if row not in alone] if alone else None
            yield self._looked_at(typed.table, rows.origin if others is None else rows.origin.of(others))
        if typed.alone:
            page = rows.page(typed.alone, self.attributes)
            columns = _typed_page(page, self.fields, self.key, self.doubts, self.zone)
            one_by_one = pa.Table.from_pydict({rule.name: columns[rule.name] for rule in self.schema}, self.schema)
            yield self._looked_at(one_by_one, page.origin)

    def _looked_at(self, table: pa.Table, origin: Origin) -> pa.Table:
        if self.name == "events":
            _look_at_events(table, origin, self.doubts)
        self.origins.append(origin)
        return table


def _typed_page(
    page: Page, fields: Sequence[Field], key: str, doubts: _Doubts, zone: ZoneInfo
) -> dict[str, list[object]]:
    """Column to values. Unreadable optional cells become missing and are noted in *doubts*."""
    typed: dict[str, list[object]] = {}
    by_name = {one.ours: one for one in fields}
    ids = _cells(page, by_name[key])
    for one in fields:
        values = typed[one.ours] = _typed_cells(page, one, key, ids, doubts)
        if any(value is not None for value in values):
            doubts.met.add(one.ours)
        if one.source.unit == "local":
            shown_twice = [id_ for id_, at in zip(ids, values, strict=True) if at and is_shown_twice(at, zone)]  # type: ignore[arg-type] # instants
            if shown_twice:
                doubts.twice[one.ours].add(shown_twice)
    return typed


def _typed_cells(page: Page, one: Field, key: str, ids: Sequence[Cell], doubts: _Doubts) -> list[object]:
    values: list[object] = []
    for row, cell in enumerate(_cells(page, one)):
        try:
            values.append(one.value(cell))
        except NotUnderstood as error:
            if not one.is_lenient:
                raise _invalid(page, row, one, f"{key} {ids[row]!r}", error) from error
            values.append(None)
            doubts.left_out[one.ours].add([ids[row]])
    return values


def _cells(page: Page, one: Field) -> Sequence[Cell]:
    if one.source.attribute is None:
        return [one.constant] * len(page.origin.numbers)
    return page.cells[one.source.attribute]


def _invalid(page: Page, row: int, one: Field, id_: str, error: NotUnderstood) -> InputInvalid:
    cell = _cells(page, one)[row]
    match cell:
        case Unreadable(kind):
            found = kind
        case None:
            found = "no value"
        case bool():
            found = f"the flag {str(cell).lower()}"
        case _:
            found = repr(cell)
    who = "" if one.ours == id_.split(" ", 1)[0] else f" ({id_})"
    return InputInvalid(f"{page.origin.place_of(row)}{who}, {one.source.attribute}", found, error.expected)


def _look_at_events(table: pa.Table, origin: Origin, doubts: _Doubts) -> None:
    """Refuse an end before its start, and note cancellations without a date: they count as never booked."""
    if "ends_at" in table.column_names:
        row = pc.index(pc.less(table["ends_at"], table["starts_at"]), value=True).as_py()
        if row >= 0:
            event, starts, ends = (table[column][row].as_py() for column in ("event_id", "starts_at", "ends_at"))
            found = f"an end ({ends:%Y-%m-%dT%H:%M:%SZ}) before the start ({starts:%Y-%m-%dT%H:%M:%SZ})"
            place = f"{origin.place_of(row)} (event_id {event!r})"
            raise InputInvalid(place, found, "an end at or after the start")
    cancelled = table.filter(pc.equal(table["status"], "cancelled"))
    if "cancelled_at" in table.column_names:
        cancelled = cancelled.filter(pc.is_null(cancelled["cancelled_at"]))
    doubts.undated.add(cancelled["event_id"].to_pylist())


def _place(origins: Sequence[Origin], row: int) -> str:
    """Where row *row* of the whole table was read."""
    places = (origin.place_of(number) for origin in origins for number in range(len(origin.numbers)))
    return next(islice(places, row, None))


def _doubtful(name: str, fields: Sequence[Field], doubts: _Doubts, rows: int) -> Iterator[Finding]:
    for one in fields:
        if left_out := doubts.left_out.get(one.ours):
            message = f"{left_out.counted('value')} of {one.ours} could not be read and are missing: {left_out}"
            yield Finding("tables", "warning", f"{name}: {message}")
        elif rows and one.ours not in doubts.met:
            yield Finding("tables", "info", f"{name}: no row has the attribute {one.source.attribute} ({one.ours})")
        if twice := doubts.twice.get(one.ours):
            message = f"{twice.counted('local time')} of {one.ours} stand twice on the clock, read as the first"
            yield Finding("tables", "info", f"{name}: {message}: {twice}")
    if doubts.undated.count:
        message = f"{doubts.undated.counted('cancelled event')} without date, counted as not booked: {doubts.undated}"
        yield Finding("tables", "warning", f"events: cancelled without date: {message}")
