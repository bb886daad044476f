"""What was booked and cancelled, how long ahead, and by whom for the second time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd

from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.exact import channels_of, ratio, total, totals_by
from quarterdeck.metrics.figure import Result, Split, metric
from quarterdeck.metrics.state import (
    booked_between,
    booked_from,
    end_of,
    has_history,
    is_served,
    weeks_ending_with,
    weeks_of,
)
from quarterdeck.period import Period

RATE_WEEKS = 13
QUARTILES_LEAST = 4  # bookings: of fewer, quartiles are made up between them
_NO_BOOKING = "nothing was booked in these 13 weeks"


@metric(unit="minor", label="Bookings", better="more")
def bookings_value(inventory: AssetInventory, period: Period) -> Result:
    """
    The price of what was booked in the week, by channel.

    Formula:
        Σ price of events booked in P, whatever became of them. A missing price is skipped. Where the
        source names channels the parts sum to it.

    Source:
        events
    """
    return _value(booked_between(inventory, period.start, inventory.moment(period)))


@metric(unit="count", label="Bookings, count", better="more")
def bookings_count(inventory: AssetInventory, period: Period) -> Result:
    """
    How many events were booked in the week, by channel.

    Formula:
        Count of events booked in P, whatever became of them. Where the source names channels the parts
        sum to it.

    Source:
        events
    """
    return _count(booked_between(inventory, period.start, inventory.moment(period)))


@metric(unit="minor", label="Cancellations", better="less")
def cancellations_value(inventory: AssetInventory, period: Period) -> Result:
    """
    The price of the booked events that were cancelled in the week, by channel.

    Formula:
        Σ price of events with `cancelled_at` in P that were booked by then. A missing price is skipped.
        Where the source names channels the parts sum to it.

    Source:
        events
    """
    return _value(cancelled_between(inventory, period.start, inventory.moment(period)))


@metric(unit="count", label="Cancelled, count", better="less")
def cancellations_count(inventory: AssetInventory, period: Period) -> Result:
    """
    How many booked events were cancelled in the week, by channel.

    Formula:
        Count of events with `cancelled_at` in P that were booked by then. Where the source names channels
        the parts sum to it.

    Source:
        events
    """
    return _count(cancelled_between(inventory, period.start, inventory.moment(period)))


@metric(unit="ratio", label="Cancellation rate", better="less", null_means=_NO_BOOKING)
def cancellation_rate(inventory: AssetInventory, period: Period) -> Result:
    """
    Cancellations of 13 weeks for each booking of these weeks.

    Formula:
        Count of booked events cancelled in the 13 weeks that end with P ÷ count of events booked in them.

    Source:
        events
    """
    start, t = period.window_start(RATE_WEEKS), inventory.moment(period)
    cancelled = cancelled_between(inventory, start, t)
    return ratio(len(cancelled), len(booked_between(inventory, start, t)))


@metric(unit="minor", label="Net bookings", better="more")
def net_bookings_value(inventory: AssetInventory, period: Period) -> Result:
    """
    What was booked in the week, less what was cancelled in it.

    Formula:
        `bookings_value` − `cancellations_value`.

    Source:
        events
    """
    start, t = period.start, inventory.moment(period)
    cancelled = cancelled_between(inventory, start, t)
    return total(booked_between(inventory, start, t)["price_minor"]) - total(cancelled["price_minor"])


@metric(unit="ratio", label="Repeat rate", better="more", null_means=_NO_BOOKING)
def repeat_rate(inventory: AssetInventory, period: Period) -> Result:
    """
    The share of bookings by customers who had been served before.

    Formula:
        Of the events booked in the 13 weeks that end with P whose customer is known: those whose customer
        had an event served before the booking ÷ all of them.

    Source:
        events
    """
    events, t = inventory.table("events", "customer_id"), inventory.moment(period)
    booked = booked_between(inventory, period.window_start(RATE_WEEKS), t)
    booked = booked[booked["customer_id"].notna()]
    served = events[is_served(events, t)]
    first_served = end_of(served).groupby(served["customer_id"]).min()
    served_first = first_served.reindex(booked["customer_id"]).set_axis(booked.index)
    returned = served_first < booked_from(booked)
    return ratio(int(returned.sum()), len(booked))


@metric(unit="days", label="Lead time", better="neither", null_means="nothing was booked in this week")
def lead_time_median_days(inventory: AssetInventory, period: Period) -> Result:
    """
    How long before its start an event is booked: the middle booking of the week.

    Formula:
        Median over the events booked in P of the days from the booking to the start. Events booked after
        their start count with a negative number.

    Source:
        events
    """
    lead = _lead_days(inventory, period)
    return None if lead.empty else float(lead.median())


def lead_time_quartiles(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The quartiles that stand beside `lead_time_median_days`.

    Returns:
        One row: `bookings` (int), `first_quartile_days`, `median_days`, `third_quartile_days` (float,
        interpolated between two bookings); no row when nothing was booked.

    Raises:
        NotAvailable: There are no events, they have no `booked_at`, or the first was booked later.
    """
    lead = _lead_days(inventory, period)
    quartiles = {
        "bookings": [len(lead)],
        "first_quartile_days": [lead.quantile(0.25)],
        "median_days": [lead.quantile(0.5)],
        "third_quartile_days": [lead.quantile(0.75)],
    }
    return pd.DataFrame(quartiles).head(min(len(lead), 1))


def lead_time_by_channel(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    How long before its start an event is booked, by channel: the bookings of the 13 weeks that end with *period*.

    Returns:
        The longest median first: `channel`, `bookings` (int), `first_quartile_days`, `median_days`,
        `third_quartile_days` (float). A channel with fewer than 4 bookings has no quartiles and no row.

    Raises:
        NotAvailable: There are no events, they do not name channels or the time of booking, or the first was
            booked later.
    """
    inventory.require("events", "channel")
    booked = booked_between(inventory, period.window_start(RATE_WEEKS), inventory.moment(period))
    by_channel = _lead_days_of(booked).groupby(channels_of(booked))
    rows = pd.DataFrame(
        {
            "bookings": by_channel.size(),
            "first_quartile_days": by_channel.quantile(0.25),
            "median_days": by_channel.quantile(0.5),
            "third_quartile_days": by_channel.quantile(0.75),
        }
    )
    told = rows[rows["bookings"] >= QUARTILES_LEAST].rename_axis("channel").reset_index()
    return told.sort_values(["median_days", "channel"], ascending=[False, True], ignore_index=True)


def bookings_by_channel_week(inventory: AssetInventory, period: Period, weeks: int = 26) -> pd.DataFrame:
    """
    What each channel brought in each of the *weeks* weeks that end with *period*.

    Returns:
        `week` (such as `2026-W48`), `ends_on` (its Sunday, datetime64), `channel`, `bookings` and
        `value_minor` (Int64): one row for every week and every channel that booked in one of them, 0 where
        it did not, weeks in the order of time. Weeks before the source's first booking are left out.

    Raises:
        NotAvailable: There are no events, they do not name channels or the time of booking, or the first
            was booked later.
    """
    inventory.require("events", "channel", "booked_at")
    shown = weeks_ending_with(period, weeks)
    booked = booked_between(inventory, shown[0].start, inventory.moment(period))
    week = weeks_of(booked_from(booked), inventory.company.time_zone)
    if not has_history(inventory, shown[0].start, by="booked_at"):
        shown = [later for later in shown if str(later) >= week.min()]
    return _grid(booked, week, shown).rename(columns={"count": "bookings"})


def cancellations_by_channel_week(inventory: AssetInventory, period: Period, weeks: int = 4) -> pd.DataFrame:
    """
    What each channel cancelled in each of the *weeks* weeks that end with *period*.

    Returns:
        `week` (such as `2026-W48`), `ends_on` (its Sunday, datetime64), `channel`, `cancellations` and
        `value_minor` (Int64): one row for every week and every channel that cancelled in one of them, 0 where it
        did not, weeks in the order of time. Weeks before the source's first booking are left out. No rows where
        nothing was cancelled.

    Raises:
        NotAvailable: There are no events, or they do not name channels, the time of booking and of cancelling.
    """
    inventory.require("events", "channel", "booked_at")
    shown = weeks_ending_with(period, weeks)
    if not has_history(inventory, shown[0].start, by="booked_at"):
        shown = [later for later in shown if has_history(inventory, later.end, by="booked_at")] or shown[-1:]
    cancelled = cancelled_between(inventory, shown[0].start, inventory.moment(period))
    week = weeks_of(cancelled["cancelled_at"], inventory.company.time_zone)
    return _grid(cancelled, week, shown).rename(columns={"count": "cancellations"})


def cancelled_between(inventory: AssetInventory, start: datetime, end: datetime) -> pd.DataFrame:
    """
    The events that were booked, and then cancelled in [*start*, *end*): costs what the window costs.

    Raises:
        NotAvailable: There are no events, or they have no `booked_at` or no `cancelled_at`.
    """
    inventory.require("events", "booked_at", "cancelled_at")
    cancelled = inventory.events_between(start, end, by="cancelled_at")
    return cancelled[booked_from(cancelled) <= cancelled["cancelled_at"]]


def _lead_days(inventory: AssetInventory, period: Period) -> pd.Series[float]:
    return _lead_days_of(booked_between(inventory, period.start, inventory.moment(period)))


def _lead_days_of(booked: pd.DataFrame) -> pd.Series[float]:
    return (booked["starts_at"] - booked_from(booked)) / timedelta(days=1)


def _grid(events: pd.DataFrame, week: pd.Series[str], shown: Sequence[Period]) -> pd.DataFrame:
    """`count` and `value_minor` of *events*, each of which belongs to a *week*, for all *shown* weeks and channels."""
    channel = channels_of(events)
    grid = pd.MultiIndex.from_product(
        [[str(each) for each in shown], totals_by(channel, _ones(events))], names=["week", "channel"]
    )
    prices = events["price_minor"].groupby([week.rename("week"), channel])
    cells = pd.DataFrame({"count": prices.size(), "value_minor": prices.sum()}).reindex(grid, fill_value=0)
    ends_on = {str(each): each.last_day for each in shown}
    cells = cells.astype("Int64").reset_index()
    cells.insert(1, "ends_on", cells["week"].map(ends_on).astype("datetime64[s]"))
    return cells


def _value(events: pd.DataFrame) -> Result:
    value = total(events["price_minor"])
    return Split(value, totals_by(events["channel"], events["price_minor"])) if "channel" in events else value


def _count(events: pd.DataFrame) -> Result:
    return Split(len(events), totals_by(events["channel"], _ones(events))) if "channel" in events else len(events)


def _ones(events: pd.DataFrame) -> pd.Series[int]:
    return pd.Series(1, index=events.index, dtype="Int64")
