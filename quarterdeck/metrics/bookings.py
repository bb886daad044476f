"""What was booked and cancelled, how long ahead, and by whom for the second time."""

from __future__ import annotations

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
    channel = channels_of(booked)
    grid = pd.MultiIndex.from_product(
        [[str(each) for each in shown], totals_by(channel, _ones(booked))], names=["week", "channel"]
    )
    prices = booked["price_minor"].groupby([week.rename("week"), channel])
    cells = pd.DataFrame({"bookings": prices.size(), "value_minor": prices.sum()}).reindex(grid, fill_value=0)
    ends_on = {str(each): each.last_day for each in shown}
    cells = cells.astype("Int64").reset_index()
    cells.insert(1, "ends_on", cells["week"].map(ends_on).astype("datetime64[s]"))
    return cells


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
    booked = booked_between(inventory, period.start, inventory.moment(period))
    return (booked["starts_at"] - booked_from(booked)) / timedelta(days=1)


def _value(events: pd.DataFrame) -> Result:
    value = total(events["price_minor"])
    return Split(value, totals_by(events["channel"], events["price_minor"])) if "channel" in events else value


def _count(events: pd.DataFrame) -> Result:
    return Split(len(events), totals_by(events["channel"], _ones(events))) if "channel" in events else len(events)


def _ones(events: pd.DataFrame) -> pd.Series[int]:
    return pd.Series(1, index=events.index, dtype="Int64")
