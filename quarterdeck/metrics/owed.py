"""What customers have paid ahead, still owe, or left behind; and the tie-outs of payments and prices."""

from __future__ import annotations

import pandas as pd

from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.exact import total, totals_by
from quarterdeck.metrics.figure import Result, Split, metric
from quarterdeck.metrics.state import (
    end_of,
    exists,
    is_booked,
    is_cancelled,
    is_cancelled_without_date,
    is_served,
    require_now,
)
from quarterdeck.period import Period

AGE_BANDS = ("0–30", "31–60", "61–90", "over 90")
"""Whole days since the end of the event."""


@metric(unit="minor", label="Deferred revenue", better="neither", now=True)
def deferred_revenue(inventory: AssetInventory, period: Period) -> Result:
    """
    What customers have paid for events that are still to be served: a contract liability.

    Formula:
        Σ paid of events booked at t and not served. A missing payment is skipped, it is not zero.

    Source:
        events
    """
    events, t = inventory.table("events", "paid_minor"), inventory.moment(period)
    return total(events.loc[is_booked(events, t) & ~is_served(events, t), "paid_minor"])


@metric(unit="minor", label="Receivables", better="less", now=True)
def receivables(inventory: AssetInventory, period: Period) -> Result:
    """
    What customers still owe for served events, by age.

    Formula:
        Σ max(0, price − paid) of events served at t, by whole days from the end to t: 0–30, 31–60, 61–90,
        over 90. Events without price or payment are skipped. The parts sum to it.

    Source:
        events
    """
    owed = _receivables(inventory, period)
    by_age = totals_by(owed["band"], owed["open_minor"])
    return Split(total(owed["open_minor"]), {band: by_age.get(band, 0) for band in AGE_BANDS})


@metric(unit="minor", label="Kept on cancelled", better="less", now=True)
def refund_liability(inventory: AssetInventory, period: Period) -> Result:
    """
    Money that was paid for events now cancelled, and is still here.

    Formula:
        Σ paid of events cancelled at t. A missing payment is skipped. Not available where the source knows
        no cancelled event and no time of cancelling.

    Source:
        events
    """
    return total(_kept(inventory, period)["paid_minor"])


def open_receivables(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The served events that are not fully paid, the longest over first: what there is to collect.

    Returns:
        `event_id`, `business`, `customer_id` (missing where the source has none), `ended_at`, `days` (whole
        days since then, int), `band` (one of `AGE_BANDS`), `price_minor`, `paid_minor`, `open_minor`
        (Int64, over 0; they sum to `receivables`).

    Raises:
        NotAvailable: There are no events, they do not say what was paid, or *period* is before the
            snapshot's last week.
    """
    require_now(inventory, period)
    columns = ["event_id", "business", "customer_id", "ended_at", "days", "band"]
    owed = _receivables(inventory, period).reindex(columns=[*columns, "price_minor", "paid_minor", "open_minor"])
    return owed[owed["open_minor"] > 0].sort_values(["ended_at", "event_id"], ignore_index=True)


def kept_on_cancelled(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The cancelled events for which money was paid and is still here, the largest sum first.

    Returns:
        `event_id`, `business`, `customer_id` and `cancelled_at` (missing where the source has none),
        `paid_minor` (Int64, over 0; they sum to `refund_liability`).

    Raises:
        NotAvailable: As for `open_receivables`, or the source keeps no cancelled events.
    """
    require_now(inventory, period)
    kept = _kept(inventory, period)
    columns = ["event_id", "business", "customer_id", "cancelled_at", "paid_minor"]
    kept = kept[kept["paid_minor"] > 0].reindex(columns=columns).astype({"cancelled_at": "datetime64[us, UTC]"})
    return kept.sort_values(["paid_minor", "event_id"], ascending=[False, True], ignore_index=True)


def paid_over_price(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The events for which more was paid than they cost, the largest surplus first.

    Returns:
        `event_id`, `business`, `status`, `starts_at`, `price_minor`, `paid_minor`, `over_minor` (Int64, over 0).

    Raises:
        NotAvailable: As for `open_receivables`.
    """
    require_now(inventory, period)
    events = inventory.table("events", "paid_minor")
    known = events[exists(events, inventory.moment(period))]
    known = known.assign(over_minor=known["paid_minor"] - known["price_minor"])
    columns = ["event_id", "business", "status", "starts_at", "price_minor", "paid_minor", "over_minor"]
    over = known.loc[(known["over_minor"] > 0).fillna(value=False), columns]
    return over.sort_values(["over_minor", "event_id"], ascending=[False, True], ignore_index=True)


def booked_without_price(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The events that are booked at t, or were served, and have no price: every sum of money leaves them out.

    Returns:
        `event_id`, `business`, `status`, `booked_at` (missing where nobody says when), `starts_at`, the first to
        start first.

    Raises:
        NotAvailable: There are no events.
    """
    events, t = inventory.table("events"), inventory.moment(period)
    priceless = events[(is_booked(events, t) | is_served(events, t)) & events["price_minor"].isna()]
    columns = ["event_id", "business", "status", "booked_at", "starts_at"]
    return priceless.reindex(columns=columns).sort_values(["starts_at", "event_id"], ignore_index=True)


def cancelled_without_date(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The events that are cancelled, nobody says since when: they count as never booked.

    Returns:
        `event_id`, `business`, `starts_at`, `price_minor`, the first to start first.

    Raises:
        NotAvailable: There are no events.
    """
    events = inventory.table("events")
    undated = events[is_cancelled_without_date(events) & exists(events, inventory.moment(period))]
    columns = ["event_id", "business", "starts_at", "price_minor"]
    return undated[columns].sort_values(["starts_at", "event_id"], ignore_index=True)


def _receivables(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """The served events whose price and payment are known, with `ended_at`, `days`, `band`, `open_minor`."""
    events, t = inventory.table("events", "paid_minor"), inventory.moment(period)
    known = events["price_minor"].notna() & events["paid_minor"].notna()
    served = events[is_served(events, t) & known]
    ended = end_of(served)
    days = (t - ended).dt.days
    band = pd.cut(days, [-1, 30, 60, 90, float("inf")], labels=list(AGE_BANDS)).astype("str")
    owed = (served["price_minor"] - served["paid_minor"]).clip(lower=0)
    return served.assign(ended_at=ended, days=days, band=band, open_minor=owed)


def _kept(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    events = inventory.table("events", "paid_minor")
    kept = events[is_cancelled(events, inventory.moment(period))]
    if kept.empty and "cancelled_at" not in events:
        raise NotAvailable("the source keeps no cancelled events")
    return kept
