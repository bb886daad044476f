"""
What state each event was in at an instant, derived from its timestamps and never from today's status.

These are the time rules of all metrics. *t* is an instant with a zone; windows are half-open. Each
function takes a frame of the table `events` and answers for every row, in the frame's own index. A
column that the source lacks reads as missing in every row; what is windowed on it is not available.

Two things have no timestamp of their own and are read as the snapshot saw them: that an event is
`completed`, and that one is `cancelled` without a date.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.figure import KNOWN_ONLY_NOW
from quarterdeck.period import Period

ALWAYS = datetime(1900, 1, 1, tzinfo=UTC)
"""Before every window: stands for the instant of what is known to have happened, but not when."""

_INSTANT = pd.DatetimeTZDtype("us", "UTC")


def end_of(events: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """When each event is over: `ends_at`, else `starts_at`."""
    return _instants(events, "ends_at").fillna(events["starts_at"])


def booked_from(events: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """
    Since when each event is booked, whatever became of it; missing where it never was.

    A booked or completed event without `booked_at` is booked from `created_at`, else from `ALWAYS`.
    """
    booked = _instants(events, "booked_at")
    implied = _instants(events, "created_at").fillna(ALWAYS)
    return booked.where(booked.notna() | ~_is_won(events), implied)


def exists(events: pd.DataFrame, t: datetime) -> pd.Series[bool]:
    """Whether each event was created before *t*; one without `created_at` exists always."""
    return ~(_instants(events, "created_at") >= t)


def is_booked(events: pd.DataFrame, t: datetime) -> pd.Series[bool]:
    """Whether each event was booked before *t* and not cancelled before it."""
    cancelled = (_instants(events, "cancelled_at") < t) | is_cancelled_without_date(events)
    return (booked_from(events) < t) & ~cancelled


def is_cancelled(events: pd.DataFrame, t: datetime) -> pd.Series[bool]:
    """Whether each event was cancelled before *t*, or is cancelled, nobody says since when."""
    undated = is_cancelled_without_date(events) & exists(events, t)
    return (_instants(events, "cancelled_at") < t) | undated


def is_cancelled_without_date(events: pd.DataFrame) -> pd.Series[bool]:
    """Whether each event is `cancelled` without `cancelled_at`: never booked, and a finding."""
    return (events["status"] == "cancelled") & _instants(events, "cancelled_at").isna()


def is_served(events: pd.DataFrame, t: datetime) -> pd.Series[bool]:
    """Whether each event is completed and was over before *t*."""
    return (events["status"] == "completed") & (end_of(events) < t)


def is_unclosed(events: pd.DataFrame, t: datetime) -> pd.Series[bool]:
    """Whether each event was booked at *t* and over before it, yet is not completed."""
    return is_booked(events, t) & (end_of(events) < t) & (events["status"] != "completed")


def booked_between(inventory: AssetInventory, start: datetime, end: datetime) -> pd.DataFrame:
    """
    The events that were booked in [*start*, *end*), whatever became of them: costs what the window costs.

    Raises:
        NotAvailable: There are no events, they have no `booked_at`, or the first was booked later.
    """
    booked = inventory.events_between(start, end, by="booked_at")
    if inventory.has("events", "created_at"):
        created = inventory.events_between(start, end, by="created_at")
        booked = pd.concat([booked, created[created["booked_at"].isna() & _is_won(created)]])
    if booked.empty:
        require_history(inventory, start, by="booked_at")
    return booked


def served_between(inventory: AssetInventory, start: datetime, end: datetime) -> pd.DataFrame:
    """
    The completed events whose end lies in [*start*, *end*): costs what the window costs.

    Raises:
        NotAvailable: There are no events, or the first starts later.
    """
    ended = inventory.events_between(start, end, by="starts_at")
    if inventory.has("events", "ends_at"):
        ended = ended[ended["ends_at"].isna()]
        ended = pd.concat([ended, inventory.events_between(start, end, by="ends_at")])
    if ended.empty:
        require_history(inventory, start, by="starts_at")
    return ended[ended["status"] == "completed"]


def starting_within(inventory: AssetInventory, t: datetime, days: int) -> pd.DataFrame:
    """
    The events booked at *t* that start in [*t*, *t* + *days*), days of the company's time zone.

    Raises:
        NotAvailable: There are no events.
    """
    events = inventory.events_between(t, days_after(t, days, inventory.company.time_zone))
    return events[is_booked(events, t)]


def has_history(inventory: AssetInventory, start: datetime, *, by: str) -> bool:
    """Whether the source knows an event whose instant *by* lies before *start*."""
    return not inventory.events_between(ALWAYS, start, by=by).empty


def days_after(t: datetime, days: int, time_zone: str) -> datetime:
    """The instant (UTC) at which the clocks of *time_zone* show the same time *days* later than at *t*."""
    return (t.astimezone(ZoneInfo(time_zone)) + timedelta(days=days)).astimezone(UTC)


def local_days(instants: pd.Series[pd.Timestamp], time_zone: str) -> pd.Series[pd.Timestamp]:
    """The day of *time_zone* in which each instant lies, datetime64 without a zone."""
    return instants.dt.tz_convert(time_zone).dt.tz_localize(None).dt.normalize()


def weeks_of(instants: pd.Series[pd.Timestamp], time_zone: str) -> pd.Series[str]:
    """The ISO week of *time_zone* in which each instant lies, as `str(Period)` writes it."""
    return local_days(instants, time_zone).dt.strftime("%G-W%V").astype("str")


def weeks_ending_with(period: Period, weeks: int) -> list[Period]:
    """The *weeks* weeks of which *period* is the last, in the order of time."""
    return [period.shifted(back) for back in range(1 - weeks, 1)]


def require_now(inventory: AssetInventory, period: Period) -> None:
    """
    Go on only where the snapshot saw the end of *period*; for frames whose metric is marked `now`.

    Raises:
        NotAvailable: *period* is earlier than the snapshot's last full week.
    """
    if not inventory.period_is_now(period):
        raise NotAvailable(KNOWN_ONLY_NOW)


def require_history(inventory: AssetInventory, start: datetime, *, by: str) -> None:
    """
    Go on only where the source reaches back before *start*.

    A week in which nothing happened is 0; a week before the source's first event is not known. Without
    this, a source that begins in July would show all of that July as growth on the year before.
    """
    if not has_history(inventory, start, by=by):
        raise NotAvailable("the source of events does not reach back that far")


def _is_won(events: pd.DataFrame) -> pd.Series[bool]:
    return events["status"].isin(["booked", "completed"])


def _instants(events: pd.DataFrame, column: str) -> pd.Series[pd.Timestamp]:
    """The instants of *column*, all missing where the source lacks it."""
    if column in events:
        return events[column]
    return pd.Series(pd.NaT, index=events.index, dtype=_INSTANT)
