"""
Events, users, checklists and claims: pages of DynamoDB items to our columns, as `company.yaml` maps them.

Decoding (`dynamodb_json`) and typing (here) are apart, so that whatever yields pages is typed by the same code.
What is wrong with an id, a state, a time, an amount or anything required stops the reading, and the message
names file, row, attribute and value. A wrong value of an optional text, count or flag is missing, and a finding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import islice
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from quarterdeck.config import Company
from quarterdeck.errors import InputInvalid
from quarterdeck.inventory import TABLES, Column
from quarterdeck.source_settings import ColumnSource, TableName
from quarterdeck.sources.dynamodb_json import Cell, Page, Unreadable, pages_of
from quarterdeck.sources.reading import UNWATCHED, Document, Finding, Reading, Watch
from quarterdeck.sources.runs import in_order
from quarterdeck.sources.values import (
    NotUnderstood,
    count_from,
    epoch_from,
    hours_from,
    instant_from,
    is_shown_twice,
    local_from,
    minor_from,
)

_UNITS: Mapping[str, tuple[str, ...]] = {
    "minor": ("major", "minor"),
    "instant": ("epoch_seconds", "epoch_millis", "local"),
}
# Columns of these kinds say nothing that a figure could silently be wrong by.
_MAY_BE_LEFT_OUT = ("text", "count", "flag")
_NAMED_AT_MOST = 10
_WORDS: Mapping[str, str] = {
    "text": "a text",
    "instant": "a time",
    "minor": "an amount of money",
    "count": "a whole number",
    "flag": "true or false",
    "hours": "a number of hours",
}


@dataclass(frozen=True)
class _Field:
    """One column of ours: its rule, where it comes from, and how one of its texts is read."""

    ours: str
    column: Column
    source: ColumnSource
    read: Callable[[str], object]
    is_required: bool
    is_lenient: bool

    def value(self, cell: Cell) -> object:
        """The cell's value, None where it is missing; raises `NotUnderstood`."""
        if isinstance(cell, bool):
            if self.column.kind == "flag" and not self.source.values:
                return cell
            # A flag can be renamed like any other value: {from: archived, values: {"true": retired, …}}
            cell = self.source.values.get(str(cell).lower(), cell)
        elif isinstance(cell, str) and self.source.values:
            cell = self.source.values.get(cell, cell)
        if isinstance(cell, bool | Unreadable):
            raise NotUnderstood(_WORDS[self.column.kind])
        if not cell:
            if self.is_required:
                raise NotUnderstood(f"{_WORDS[self.column.kind]}: every row needs {self.ours}")
            return None
        return self.read(cell)


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

    def pages(attributes: frozenset[str]) -> Iterator[Page]:
        items = 0
        for document in documents:
            hashes[document.name] = sha256(document.content).hexdigest()
            for page in pages_of(document, attributes):
                watch.go_on(f"sources.tables.{name}, {document.place}", f"{items:,} items")
                items += len(page.numbers)
                yield page

    table, findings = typed_table(name, pages, company)
    return Reading({name: table}, findings, hashes)


def typed_table(
    name: TableName, pages: Callable[[frozenset[str]], Iterable[Page]], company: Company
) -> tuple[pa.Table, list[Finding]]:
    """
    Table *name* from *pages*, which is given the attributes that are mapped, and its findings.

    Its rows are in key order, in a file that is mapped into memory: memory holds some pages and runs of rows.

    Raises:
        InputInvalid: The column map cannot be used, or a row breaks a rule of its column.
        StoreUnwritable: The folder for temporary files is full or not ours.
    """
    fields = _fields(name, company)
    key = TABLES[name].key[0]
    doubts = _Doubts()
    schema = TABLES[name].arrow_schema([one.ours for one in fields])
    origins: list[Page] = []
    zone = ZoneInfo(company.time_zone)
    attributes = frozenset(one.source.attribute for one in fields if one.source.attribute is not None)

    def typed() -> Iterator[pa.Table]:
        for page in pages(attributes):
            columns = _typed_page(page, fields, key, doubts, zone)
            table = pa.Table.from_pydict({rule.name: columns[rule.name] for rule in schema}, schema=schema)
            if name == "events":
                _look_at_events(table, page, doubts)
            origins.append(replace(page, cells={}))
            yield table

    def refuse_twice(id_: str, first: int, second: int) -> None:
        found = f"{key} {id_!r} a second time (first: {_place(origins, first)})"
        raise InputInvalid(_place(origins, second), found, "every id once")

    table = in_order(typed(), schema, key, refuse_twice)
    return table, list(_doubtful(name, fields, doubts, table.num_rows))


def _fields(name: TableName, company: Company) -> list[_Field]:
    """The mapped columns in our order, then the currency where it is mapped; refuses a map that cannot be used."""
    rules = dict(TABLES[name].columns)
    place = f"company.yaml, sources.tables.{name}.columns"
    sources = company.sources.tables[name].columns
    if any(rule.kind == "minor" for rule in rules.values()):
        rules["currency"] = Column("text", absent=True)
    for ours in sources:
        if ours not in rules:
            raise InputInvalid(f"{place}.{ours}", f"the unknown column {ours!r}", f"one of {', '.join(rules)}")
    for ours, rule in rules.items():
        if ours not in sources and not rule.absent:
            raise InputInvalid(place, f"no column {ours!r}", f"it to be mapped: every row of {name} needs it")
    return [_field(f"{place}.{ours}", ours, rules[ours], company, sources[ours]) for ours in rules if ours in sources]


def _field(place: str, ours: str, rule: Column, company: Company, source: ColumnSource) -> _Field:
    units = _UNITS.get(rule.kind, ())
    if source.unit is not None and source.unit not in units:
        expected = f"one of {', '.join(units)}" if units else f"no unit: {ours} is {_WORDS[rule.kind]}"
        raise InputInvalid(f"{place}.unit", repr(source.unit), expected)
    read = _only(company.currency) if ours == "currency" else _read(rule, source.unit, company)
    lenient = ours != "currency" and rule.absent and rule.kind in _MAY_BE_LEFT_OUT
    one = _Field(ours, rule, source, read, is_required=not (rule.absent or rule.empty), is_lenient=lenient)
    if source.attribute is None:
        try:
            one.value(_constant(source))
        except NotUnderstood as error:
            raise InputInvalid(f"{place}.value", repr(source.value), error.expected) from error
    return one


def _constant(source: ColumnSource) -> Cell:
    return source.value if isinstance(source.value, bool) else str(source.value)


def _read(rule: Column, unit: str | None, company: Company) -> Callable[[str], object]:
    """How a text of a column under *rule* is read; money without a unit is in major units."""
    match rule.kind:
        case "minor":
            digits = company.minor_digits
            return _at_least(rule.least, lambda text: minor_from(text, digits, unit=unit))
        case "count":
            return _at_least(rule.least, count_from)
        case "hours":
            return _at_least(rule.least, hours_from)
        case "flag":
            return _flag
        case "instant":
            return _instant_reader(unit, ZoneInfo(company.time_zone))
    return _one_of(rule.choices) if rule.choices else _text


def _instant_reader(unit: str | None, zone: ZoneInfo) -> Callable[[str], object]:
    match unit:
        case "epoch_seconds":
            return lambda text: epoch_from(text, per_second=1)
        case "epoch_millis":
            return lambda text: epoch_from(text, per_second=1000)
        case "local":
            return lambda text: local_from(text, zone)
    return instant_from


def _at_least(least: int | None, read: Callable[[str], object]) -> Callable[[str], object]:
    def checked(text: str) -> object:
        value = read(text)
        if least is not None and value < least:  # type: ignore[operator] # the kinds with a least value are numbers
            raise NotUnderstood(f"at least {least}")
        return value

    return checked


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:  # JSON can write half of a surrogate pair
        raise NotUnderstood("text that UTF-8 can write") from error
    return text


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise NotUnderstood("true or false (other words are mapped by values:)")
    return text == "true"


def _one_of(choices: Sequence[str]) -> Callable[[str], str]:
    def chosen(text: str) -> str:
        if text not in choices:
            raise NotUnderstood(f"one of {', '.join(choices)} (other words are mapped by values:)")
        return text

    return chosen


def _only(currency: str) -> Callable[[str], str]:
    def same(text: str) -> str:
        if text != currency:
            raise NotUnderstood(f"{currency}, the company's only currency")
        return text

    return same


def _typed_page(
    page: Page, fields: Sequence[_Field], key: str, doubts: _Doubts, zone: ZoneInfo
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


def _typed_cells(page: Page, one: _Field, key: str, ids: Sequence[Cell], doubts: _Doubts) -> list[object]:
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


def _cells(page: Page, one: _Field) -> Sequence[Cell]:
    if one.source.attribute is None:
        return [_constant(one.source)] * len(page.numbers)
    return page.cells[one.source.attribute]


def _invalid(page: Page, row: int, one: _Field, id_: str, error: NotUnderstood) -> InputInvalid:
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
    return InputInvalid(f"{page.place_of(row)}{who}, {one.source.attribute}", found, error.expected)


def _look_at_events(table: pa.Table, page: Page, doubts: _Doubts) -> None:
    """Refuse an end before its start, and note cancellations without a date: they count as never booked."""
    if "ends_at" in table.column_names:
        row = pc.index(pc.less(table["ends_at"], table["starts_at"]), value=True).as_py()
        if row >= 0:
            event, starts, ends = (table[column][row].as_py() for column in ("event_id", "starts_at", "ends_at"))
            found = f"an end ({ends:%Y-%m-%dT%H:%M:%SZ}) before the start ({starts:%Y-%m-%dT%H:%M:%SZ})"
            place = f"{page.place_of(row)} (event_id {event!r})"
            raise InputInvalid(place, found, "an end at or after the start")
    cancelled = table.filter(pc.equal(table["status"], "cancelled"))
    if "cancelled_at" in table.column_names:
        cancelled = cancelled.filter(pc.is_null(cancelled["cancelled_at"]))
    doubts.undated.add(cancelled["event_id"].to_pylist())


def _place(origins: Sequence[Page], row: int) -> str:
    """Where row *row* of the whole table was read."""
    places = (page.place_of(number) for page in origins for number in range(len(page.numbers)))
    return next(islice(places, row, None))


def _doubtful(name: str, fields: Sequence[_Field], doubts: _Doubts, rows: int) -> Iterator[Finding]:
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
