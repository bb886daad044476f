"""
The company's tables: columns, types and keys, stated once for readers, snapshot and reports.

Money is in minor units, columns end in `_minor`, pandas `Int64`. Instants are UTC, days have no zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa

Kind = Literal["text", "instant", "day", "month", "minor", "count", "flag", "hours"]

# How each kind of value is held: pandas dtype (None: Arrow decimal), Arrow type.
_ARROW: Mapping[Kind, pa.DataType] = {
    "text": pa.string(),
    "instant": pa.timestamp("us", tz="UTC"),
    "day": pa.date32(),
    "month": pa.string(),
    "minor": pa.int64(),
    "count": pa.int64(),
    "flag": pa.bool_(),
    "hours": pa.decimal128(18, 6),  # exact, so that hours × rate rounds once, half-even
}
_PANDAS: Mapping[Kind, object] = {
    "text": pd.StringDtype(na_value=float("nan")),
    "instant": pd.DatetimeTZDtype("us", "UTC"),
    "day": "datetime64[s]",
    "month": pd.StringDtype(na_value=float("nan")),
    "minor": "Int64",
    "count": "Int64",
    "flag": "boolean",
    "hours": pd.ArrowDtype(pa.decimal128(18, 6)),
}


@dataclass(frozen=True)
class Column:
    """
    One column of a table.

    Args:
        kind: What its values are; decides type and unit.
        absent: The source may lack the whole column (marked ? in the design); then values may be missing too.
        empty: Single values may be missing although the column is there.
        choices: The only values allowed.
        least: The smallest number allowed.
    """

    kind: Kind
    absent: bool = False
    empty: bool = False
    choices: tuple[str, ...] = ()
    least: int | None = None

    @property
    def arrow(self) -> pa.DataType:
        return _ARROW[self.kind]

    def check(self) -> pandera.Column:
        checks = []
        if self.choices:
            checks.append(pandera.Check.isin(self.choices))
        if self.least is not None:
            checks.append(pandera.Check.ge(self.least))
        if self.kind == "month":
            checks.append(pandera.Check.str_matches(r"^\d{4}-(0[1-9]|1[0-2])$"))
        return pandera.Column(
            _PANDAS[self.kind], checks, nullable=self.absent or self.empty, required=not self.absent, coerce=False
        )


@dataclass(frozen=True)
class Table:
    """
    One table's columns and key.

    Args:
        columns: In the order in which they are shown and stored.
        key: The columns that order its rows. The rest of the columns break ties.
        unique: Whether two rows with one key are refused.
    """

    columns: Mapping[str, Column]
    key: tuple[str, ...]
    unique: bool = True

    def arrow_schema(self, present: Sequence[str]) -> pa.Schema:
        """The Arrow schema of the columns that are *present*, in the table's order."""
        return pa.schema([(name, column.arrow) for name, column in self.columns.items() if name in present])

    def dtypes(self) -> dict[str, object]:
        return {name: _PANDAS[column.kind] for name, column in self.columns.items()}

    def schema(self, name: str) -> pandera.DataFrameSchema:
        """What a frame of this table must satisfy: types, choices, signs, no unknown column, a unique key."""
        return pandera.DataFrameSchema(
            {column: rule.check() for column, rule in self.columns.items()},
            name=name,
            strict=True,
            unique=list(self.key) if self.unique else None,
        )

    def empty_frame(self) -> pd.DataFrame:
        """No rows, all columns, with their types."""
        return pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in self.dtypes().items()})  # type: ignore[call-overload] # dtypes are objects and strings alike


def _text(*choices: str, empty: bool = False) -> Column:
    return Column("text", choices=choices, empty=empty)


_MAYBE_TEXT = Column("text", absent=True)
_MAYBE_INSTANT = Column("instant", absent=True)
_MAYBE_DAY = Column("day", absent=True)
_MAYBE_MINOR = Column("minor", absent=True)
_ORIGIN = {"document": Column("text"), "line": Column("count", least=1)}

EVENT_STATES = ("inquiry", "quoted", "booked", "completed", "cancelled")

TABLES: Mapping[str, Table] = {
    "events": Table(
        {
            "event_id": Column("text"),
            "business": Column("text"),
            "status": _text(*EVENT_STATES),
            "created_at": _MAYBE_INSTANT,
            "quoted_at": _MAYBE_INSTANT,
            "booked_at": _MAYBE_INSTANT,
            "starts_at": Column("instant"),
            "ends_at": _MAYBE_INSTANT,
            "cancelled_at": _MAYBE_INSTANT,
            "customer_id": _MAYBE_TEXT,
            "channel": _MAYBE_TEXT,
            "asset": _MAYBE_TEXT,
            "guests": Column("count", absent=True, least=0),
            "capacity": Column("count", absent=True, least=0),
            "price_minor": Column("minor", empty=True, least=0),
            "paid_minor": Column("minor", absent=True, least=0),
        },
        key=("event_id",),
    ),
    "users": Table(
        {
            "user_id": Column("text"),
            "kind": _text("customer", "crew", "admin"),
            "created_at": _MAYBE_INSTANT,
            "last_active_at": _MAYBE_INSTANT,
            "mfa_enabled": Column("flag", absent=True),
            "channel": _MAYBE_TEXT,
            "marketing_consent": Column("flag", absent=True),
        },
        key=("user_id",),
    ),
    "checklists": Table(
        {
            "checklist_id": Column("text"),
            "event_id": Column("text"),
            "item": Column("text"),
            "is_required": Column("flag"),
            "due_at": Column("instant"),
            "completed_at": _MAYBE_INSTANT,
        },
        key=("checklist_id",),
    ),
    "claims": Table(
        {
            "claim_id": Column("text"),
            "event_id": Column("text"),
            "user_id": _MAYBE_TEXT,
            "role": Column("text"),
            "status": _text("open", "claimed", "confirmed", "declined", "completed", "paid"),
            "hours": Column("hours", least=0),
            "rate_minor": Column("minor", least=0),
            "claimed_at": _MAYBE_INSTANT,
        },
        key=("claim_id",),
    ),
    "projects": Table(
        {
            "project": Column("text"),
            "business": _MAYBE_TEXT,
            "status": _text("live", "degraded", "building", "paused", "retired", "unknown"),
            "owner": _MAYBE_TEXT,
            "updated_on": _MAYBE_DAY,
            "summary": _MAYBE_TEXT,
            "has_tests_or_ci": Column("flag"),
            **_ORIGIN,
        },
        key=("project",),
        unique=False,  # two documents may describe one project: a finding, not a stop
    ),
    "stack": Table(
        {"project": Column("text"), "component": Column("text"), "version": _MAYBE_TEXT, **_ORIGIN},
        key=("project", "component"),
        unique=False,
    ),
    "costs": Table(
        {"project": Column("text"), "service": Column("text"), "monthly_minor": Column("minor", least=0), **_ORIGIN},
        key=("project", "service"),
        unique=False,
    ),
    "revenue_streams": Table(
        {
            "project": Column("text"),
            "stream": Column("text"),
            "monthly_minor": _MAYBE_MINOR,
            "note": _MAYBE_TEXT,
            **_ORIGIN,
        },
        key=("project", "stream"),
        unique=False,
    ),
    "gaps": Table(
        {
            "project": Column("text"),
            "area": _text("security", "ux", "cost", "data", "process", "other"),
            "severity": _text("critical", "high", "medium", "low", "unknown"),
            "gap": Column("text"),
            "owner": _MAYBE_TEXT,
            "opened_on": _MAYBE_DAY,
            "due_on": _MAYBE_DAY,
            "amount_minor": _MAYBE_MINOR,
            "is_open": Column("flag"),
            **_ORIGIN,
        },
        key=("project", "gap"),
        unique=False,
    ),
    "actions": Table(
        {
            "project": Column("text"),
            "action": Column("text"),
            "owner": _MAYBE_TEXT,
            "due_on": _MAYBE_DAY,
            "amount_minor": _MAYBE_MINOR,
            "is_done": Column("flag"),
            **_ORIGIN,
        },
        key=("project", "action"),
        unique=False,
    ),
    "functions": Table(
        {"function": Column("text"), "lines": Column("count", least=0), "parse_error": _MAYBE_TEXT}, key=("function",)
    ),
    "variables": Table(
        {
            "function": Column("text"),
            "name": Column("text"),
            "is_required": Column("flag"),
            "default": _MAYBE_TEXT,
            "is_secret": Column("flag"),
            **_ORIGIN,
        },
        key=("function", "name"),
        unique=False,  # one variable may be read in several places
    ),
    "zones": Table(
        {"zone": Column("text"), "is_private": Column("flag"), "record_count": Column("count", least=0)},
        key=("zone", "is_private"),
        unique=False,  # Route 53 allows two hosted zones of one name
    ),
    "records": Table(
        {
            "zone": Column("text"),
            "name": Column("text"),
            "type": Column("text"),
            "ttl": Column("count", absent=True, least=0),
            "value": Column("text"),
        },
        key=("zone", "name", "type", "value"),
        unique=False,  # weighted records may repeat a value
    ),
    "registrations": Table(
        {
            "domain": Column("text"),
            "expires_on": Column("day"),
            "auto_renew": Column("flag"),
            "transfer_lock": Column("flag", absent=True),
        },
        key=("domain",),
    ),
    "accounts": Table(
        {
            "account": Column("text"),
            "name": Column("text"),
            "kind": _text("revenue", "cogs", "labour", "opex", "tax", "cash", "asset", "liability", "equity"),
        },
        key=("account",),
    ),
    "expenses": Table(
        {
            "date": Column("day"),
            "vendor": Column("text"),
            "description": _MAYBE_TEXT,
            "amount_minor": Column("minor"),
            "account": _MAYBE_TEXT,
            "business": _MAYBE_TEXT,
            "project": _MAYBE_TEXT,
            "channel": _MAYBE_TEXT,
        },
        key=("date", "vendor", "amount_minor"),
        unique=False,  # a vendor may be paid twice a day: a tie-out asks, the reader does not refuse
    ),
    "plan": Table(
        {
            "month": Column("month"),
            "account": Column("text"),
            "business": _MAYBE_TEXT,
            "amount_minor": Column("minor"),
        },
        key=("month", "account", "business"),
        unique=False,  # a missing business is no key value; the books' reader refuses true duplicates
    ),
    "balances": Table(
        {"date": Column("day"), "account": Column("text"), "balance_minor": Column("minor")}, key=("date", "account")
    ),
    "findings": Table(
        {
            "source": Column("text"),
            "document": _MAYBE_TEXT,
            "line": Column("count", absent=True, least=1),
            "severity": _text("error", "warning", "info"),
            "message": Column("text"),
        },
        key=("source", "document", "line", "message"),
        unique=False,
    ),
}
