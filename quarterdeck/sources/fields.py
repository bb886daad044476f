"""
How one of our columns is read: the column map of `company.yaml`, checked, with a reader of texts for each column.

What is wrong with an id, a state, a time, an amount or anything required stops the reading; a wrong value of an
optional text, count or flag is missing, and a finding. Each `Field` says which of the two holds for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from quarterdeck.config import Company
from quarterdeck.errors import InputInvalid
from quarterdeck.inventory import TABLES, Column
from quarterdeck.source_settings import ColumnSource, TableName
from quarterdeck.sources.dynamodb_json import Cell, Unreadable
from quarterdeck.sources.values import (
    NotUnderstood,
    count_from,
    epoch_from,
    hours_from,
    instant_from,
    local_from,
    minor_from,
)

_UNITS: Mapping[str, tuple[str, ...]] = {
    "minor": ("major", "minor"),
    "instant": ("epoch_seconds", "epoch_millis", "local"),
}
# Columns of these kinds say nothing that a figure could silently be wrong by.
_MAY_BE_LEFT_OUT = ("text", "count", "flag")
_WORDS: Mapping[str, str] = {
    "text": "a text",
    "instant": "a time",
    "minor": "an amount of money",
    "count": "a whole number",
    "flag": "true or false",
    "hours": "a number of hours",
}


@dataclass(frozen=True)
class Field:
    """
    One column of ours: its rule, where it comes from, and how one of its texts is read.

    Args:
        decimals: Of an amount of money, how many its texts may have.
        is_required: Every row needs a value.
        is_lenient: A value that is not understood is missing, and a finding; else it stops the reading.
    """

    ours: str
    column: Column
    source: ColumnSource
    read: Callable[[str], object]
    decimals: int
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

    @property
    def constant(self) -> Cell:
        """The cell of all rows, of a column that no attribute fills."""
        return self.source.value if isinstance(self.source.value, bool) else str(self.source.value)


def fields_of(name: TableName, company: Company) -> list[Field]:
    """
    The mapped columns of table *name* in our order, then the currency where it is mapped.

    Raises:
        InputInvalid: The column map cannot be used; the place names its key.
    """
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


def _field(place: str, ours: str, rule: Column, company: Company, source: ColumnSource) -> Field:
    units = _UNITS.get(rule.kind, ())
    if source.unit is not None and source.unit not in units:
        expected = f"one of {', '.join(units)}" if units else f"no unit: {ours} is {_WORDS[rule.kind]}"
        raise InputInvalid(f"{place}.unit", repr(source.unit), expected)
    decimals = 0 if source.unit == "minor" else company.minor_digits
    read = _only(company.currency) if ours == "currency" else _read(rule, source.unit, company)
    lenient = ours != "currency" and rule.absent and rule.kind in _MAY_BE_LEFT_OUT
    required = not (rule.absent or rule.empty)
    one = Field(ours, rule, source, read, decimals, is_required=required, is_lenient=lenient)
    if source.attribute is None:
        try:
            one.value(one.constant)
        except NotUnderstood as error:
            raise InputInvalid(f"{place}.value", repr(source.value), error.expected) from error
    return one


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
