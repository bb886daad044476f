"""
AssetInventory: the company's tables, typed, as one snapshot froze them.

Money is in minor units, columns end in `_minor`, pandas `Int64`. Instants are UTC, days have no zone.
A missing value is missing, never zero. Rows are in the order of their key.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

import pandas as pd

from quarterdeck.config import Policies
from quarterdeck.period import Period
from quarterdeck.schema import EVENT_STATES, TABLES, Column, Table

__all__ = [
    "EVENT_STATES",
    "TABLES",
    "AssetInventory",
    "Column",
    "CompanySettings",
    "Filter",
    "NotAvailable",
    "Reader",
    "Table",
]


# Rows of a table that is read once and kept: a report asks for some hundred windows, and reading
# a window from Parquet costs more than cutting it from this many rows in memory.
_READ_WHOLE = 200_000


class NotAvailable(Exception):
    """A figure's input is absent; the text says which, as a reader should see it."""


@dataclass(frozen=True)
class CompanySettings:
    """The company's settings that a snapshot carries: what figures and their display depend on."""

    slug: str
    name: str
    currency: str
    time_zone: str
    locale: str = "en_US"
    fiscal_year_start: int = 1
    sample: bool = False
    policies: Policies = field(default_factory=Policies)
    minimum_cash_minor: int = 0


_Known = TypeVar("_Known")
Reader = Callable[["Filter | None"], pd.DataFrame]


@dataclass(frozen=True)
class Filter:
    """Rows whose *column* (an instant) lies in [*start*, *end*)."""

    column: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class AssetInventory:
    """
    Everything the reports may know: the company's settings, the as-of, and up to twenty tables.

    A table is read when it is first asked for. `readers` holds one function a table that is present;
    `columns_present` and `row_counts` are known without reading, and so is `newest`: the latest instant, not after
    the as-of, at which a table shows a sign of life.
    """

    company: CompanySettings
    as_of: datetime
    snapshot: str
    columns_present: Mapping[str, tuple[str, ...]]
    row_counts: Mapping[str, int]
    readers: Mapping[str, Reader]
    newest: Mapping[str, datetime] = field(default_factory=dict)
    _cache: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)
    _known: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_frames(
        cls, company: CompanySettings, as_of: datetime, frames: Mapping[str, pd.DataFrame], snapshot: str = "unsaved"
    ) -> AssetInventory:
        """
        An inventory of frames in memory, validated against `TABLES`; for tests and for notebooks that try things out.

        Raises:
            pandera.errors.SchemaError: A frame is not as its table demands.
        """

        def reader(frame: pd.DataFrame) -> Reader:
            return lambda wanted: frame if wanted is None else _within(frame, wanted)

        for name, frame in frames.items():
            TABLES[name].schema(name).validate(frame)
        return cls(
            company,
            as_of,
            snapshot,
            {name: tuple(frame.columns) for name, frame in frames.items()},
            {name: len(frame) for name, frame in frames.items()},
            {name: reader(frame) for name, frame in frames.items()},
        )

    def has(self, table: str, *columns: str) -> bool:
        """Whether *table* holds rows, and all of *columns*."""
        present = self.columns_present.get(table, ())
        return self.row_counts.get(table, 0) > 0 and all(column in present for column in columns)

    def require(self, table: str, *columns: str) -> None:
        """
        Go on only where *table* holds rows and has *columns*.

        Raises:
            NotAvailable: It is absent, empty, or lacks a column; the text is what a reader sees.
        """
        if table not in self.columns_present:
            raise NotAvailable(f"the company's folder has no {table}")
        if self.row_counts[table] == 0:
            raise NotAvailable(f"the source of {table} holds no rows")
        missing = [column for column in columns if column not in self.columns_present[table]]
        if missing:
            words = " and ".join(column.removesuffix("_minor").replace("_", " ") for column in missing)
            raise NotAvailable(f"the source of {table} does not say: {words}")

    def table(self, name: str, *columns: str) -> pd.DataFrame:
        """
        All rows of table *name*, read once. Do not change it in place: others read the same frame.

        Raises:
            NotAvailable: It is absent, empty, or lacks one of *columns*.
        """
        self.require(name, *columns)
        if name not in self._cache:
            self._cache[name] = self.readers[name](None)
        return self._cache[name]

    def events_between(self, start: datetime, end: datetime, *, by: str = "starts_at") -> pd.DataFrame:
        """
        The events whose instant *by* lies in [start, end): costs what the window costs.

        Raises:
            NotAvailable: There are no events, or they do not have *by*.
        """
        self.require("events", by)
        wanted = Filter(by, start, end)
        if self.row_counts["events"] <= _READ_WHOLE:
            return _within(self.table("events"), wanted)
        return self.readers["events"](wanted)

    def known(self, name: Hashable, find_out: Callable[[], _Known]) -> _Known:
        """What *find_out* gives, asked once for each *name*: for what many figures need, and nobody can change."""
        if name not in self._known:
            self._known[name] = find_out()
        return cast("_Known", self._known[name])

    def age(self, table: str) -> timedelta | None:
        """How old the newest row of *table* is at the as-of; None where it cannot be known."""
        newest = self.newest.get(table)
        return None if newest is None else self.as_of - newest

    def period_is_now(self, period: Period) -> bool:
        """Whether the state at the end of *period* is the one the snapshot saw: its last full week, or a later one."""
        return period >= Period.last_full(self.as_of, self.company.time_zone)

    def moment(self, period: Period) -> datetime:
        """t: the end of *period*, or the as-of where that is earlier."""
        return min(period.end, self.as_of)


def _within(frame: pd.DataFrame, wanted: Filter) -> pd.DataFrame:
    instants = frame[wanted.column]
    return frame[(instants >= wanted.start) & (instants < wanted.end)]
