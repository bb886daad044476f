"""What was earned: recognised revenue, what holds it up, and on whom it rests."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import pandas as pd

from quarterdeck.display import in_words
from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.exact import ratio, total, totals_by
from quarterdeck.metrics.figure import Result, Split, metric
from quarterdeck.metrics.state import (
    end_of,
    is_served,
    is_unclosed,
    local_days,
    served_between,
    weeks_ending_with,
    weeks_of,
)
from quarterdeck.period import Period

CONCENTRATION_WEEKS = 52
_NO_REVENUE = "no revenue was recognised in these 52 weeks"


@metric(unit="minor", label="Recognised revenue", better="more")
def recognised_revenue(inventory: AssetInventory, period: Period) -> Result:
    """
    The price of the events that were served in the week, by business.

    Formula:
        Σ price of events completed whose end is in P and before t. An event that is closed late counts in
        the week it was served. A missing price is skipped. The parts sum to it; a business that served
        nothing has none.

    Source:
        events
    """
    served = served_between(inventory, period.start, inventory.moment(period))
    return Split(total(served["price_minor"]), totals_by(served["business"], served["price_minor"]))


@metric(unit="count", label="Unclosed events", better="less")
def unclosed_events(inventory: AssetInventory, period: Period) -> Result:
    """
    Booked events that are over and not completed: what they earned is not recognised yet.

    Formula:
        Count of events booked at t, their end before t, not completed.

    Source:
        events
    """
    return len(_unclosed(inventory, period))


@metric(unit="minor", label="Unclosed revenue", better="less")
def unclosed_revenue(inventory: AssetInventory, period: Period) -> Result:
    """
    The price of the booked events that are over and not completed.

    Formula:
        Σ price of events booked at t, their end before t, not completed. A missing price is skipped.

    Source:
        events
    """
    return total(_unclosed(inventory, period)["price_minor"])


@metric(unit="ratio", label="Conc. by customer", better="less", null_means=_NO_REVENUE)
def concentration_customer(inventory: AssetInventory, period: Period) -> Result:
    """
    How much the revenue of a year rests on few customers: 1 is a single one.

    Formula:
        Herfindahl index, Σ (share of a customer)², of the recognised revenue of the 52 weeks that end with
        P. Events without a customer are left out.

    Source:
        events
    """
    return _herfindahl(inventory, period, "customer_id")


@metric(unit="ratio", label="Conc. by channel", better="less", null_means=_NO_REVENUE)
def concentration_channel(inventory: AssetInventory, period: Period) -> Result:
    """
    How much the revenue of a year rests on few channels: 1 is a single one.

    Formula:
        Herfindahl index, Σ (share of a channel)², of the recognised revenue of the 52 weeks that end with
        P. Events without a channel are left out.

    Source:
        events
    """
    return _herfindahl(inventory, period, "channel")


@metric(unit="ratio", label="Conc. by business", better="less", null_means=_NO_REVENUE)
def concentration_business(inventory: AssetInventory, period: Period) -> Result:
    """
    How much the revenue of a year rests on few businesses: 1 is a single one.

    Formula:
        Herfindahl index, Σ (share of a business)², of the recognised revenue of the 52 weeks that end
        with P.

    Source:
        events
    """
    return _herfindahl(inventory, period, "business")


def revenue_shares(
    inventory: AssetInventory, period: Period, by: Literal["customer_id", "channel", "business"]
) -> pd.DataFrame:
    """
    The recognised revenue of the 52 weeks that end with *period*, by customer, channel or business.

    Returns:
        `name`, `revenue_minor` (Int64), `share` (0 to 1, of what has a name), the largest first. The
        largest share stands beside the concentration.

    Raises:
        NotAvailable: There are no events that early, or they do not have *by*.
    """
    revenue = _revenue_of_the_year(inventory, period, by)
    whole = sum(revenue.values())
    shares = [amount / whole if whole else 0.0 for amount in revenue.values()]
    names = [in_words(name) for name in revenue] if by == "channel" else list(revenue)
    frame = pd.DataFrame({"name": names, "revenue_minor": list(revenue.values()), "share": shares})
    return frame.astype({"name": "str", "revenue_minor": "Int64", "share": "float64"})


def recognised_by_week(inventory: AssetInventory, period: Period, weeks: int = 13) -> pd.DataFrame:
    """
    Recognised revenue of each of the *weeks* weeks that end with *period*, with the year before beside it.

    Returns:
        In the order of time: `week` (such as `2026-W48`), `ends_on` (its Sunday, datetime64),
        `recognised_minor` and `last_year_minor` (364 days earlier), both Int64. A week before the source's
        first event is missing, one in which nothing was served is 0.

    Raises:
        NotAvailable: There are no events.
    """
    first = period.shifted(1 - weeks - 52)
    t = inventory.moment(period)
    events = inventory.table("events")
    served = events[is_served(events, t) & (end_of(events) >= first.start)]
    revenue = totals_by(weeks_of(end_of(served), inventory.company.time_zone), served["price_minor"])
    known_from = events["starts_at"].where(events["starts_at"] < t).min()

    def of(week: Period) -> int | None:
        return revenue.get(str(week), 0) if known_from < week.end else None

    shown = weeks_ending_with(period, weeks)
    return pd.DataFrame(
        {
            "week": pd.Series([str(week) for week in shown], dtype="str"),
            "ends_on": pd.Series([week.last_day for week in shown], dtype="datetime64[s]"),
            "recognised_minor": pd.Series([of(week) for week in shown], dtype="Int64"),
            "last_year_minor": pd.Series([of(week.shifted(-52)) for week in shown], dtype="Int64"),
        }
    )


def recognised_late(inventory: AssetInventory, before: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What the weeks before *period* earn now that they did not earn in the snapshot *before*.

    An event that is closed late counts in the week it was served, so earlier weeks may change; a price
    that was corrected, or an event that is no longer completed, changes them as well.

    Returns:
        One row an event: `event_id`, `business`, `ended_at`, `ended_on` (datetime64, the company's day), `change_minor`
        (Int64, never 0, negative where less is recognised), in the order of `ended_at`.

    Raises:
        NotAvailable: One of the snapshots has no events.
    """
    # what the earlier snapshot could not have seen served is not late
    t = min(period.start, before.moment(period.shifted(-1)))
    now, then = _recognised_before(inventory, t), _recognised_before(before, t)
    both = now.merge(then, how="outer", on="event_id", suffixes=("", "_then"))
    both["change_minor"] = both["price_minor"].fillna(0) - both["price_minor_then"].fillna(0)
    for column in ("business", "ended_at"):
        both[column] = both[column].fillna(both[f"{column}_then"])
    changed = both[both["change_minor"] != 0]
    changed = changed.assign(ended_on=local_days(changed["ended_at"], inventory.company.time_zone))
    columns = ["event_id", "business", "ended_at", "ended_on", "change_minor"]
    return changed[columns].sort_values(["ended_at", "event_id"], ignore_index=True)


def unclosed_by_event(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The booked events that are over and not completed, the longest over first.

    Returns:
        `event_id`, `business`, `status` (as of the snapshot), `ended_at`, `days_over` (whole days to t,
        int), `price_minor` (Int64, may be missing; they sum to `unclosed_revenue`).

    Raises:
        NotAvailable: There are no events.
    """
    unclosed = _unclosed(inventory, period)
    ended = end_of(unclosed)
    listed = unclosed.assign(ended_at=ended, days_over=(inventory.moment(period) - ended).dt.days)
    columns = ["event_id", "business", "status", "ended_at", "days_over", "price_minor"]
    return listed[columns].sort_values(["ended_at", "event_id"], ignore_index=True)


def _unclosed(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    events = inventory.table("events")
    return events[is_unclosed(events, inventory.moment(period))]


def _recognised_before(inventory: AssetInventory, t: datetime) -> pd.DataFrame:
    """What was served before *t*, with `ended_at`."""
    events = inventory.table("events")
    served = events[is_served(events, t)]
    return served.assign(ended_at=end_of(served))[["event_id", "business", "ended_at", "price_minor"]]


def _revenue_of_the_year(inventory: AssetInventory, period: Period, by: str) -> dict[str, int]:
    inventory.require("events", by)
    served = served_between(inventory, period.window_start(CONCENTRATION_WEEKS), inventory.moment(period))
    named = served[served[by].notna()]
    return totals_by(named[by], named["price_minor"])


def _herfindahl(inventory: AssetInventory, period: Period, by: str) -> float | None:
    amounts = _revenue_of_the_year(inventory, period, by).values()
    whole = sum(amounts)
    return ratio(sum(amount * amount for amount in amounts), whole * whole)
