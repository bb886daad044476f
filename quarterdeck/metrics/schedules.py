"""What balances are made of: deferred revenue by month, receivables by customer, the quarter that comes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pandas as pd

from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.books import COSTS
from quarterdeck.metrics.days import Days, end_day, month_after
from quarterdeck.metrics.exact import NOT_RECORDED, total
from quarterdeck.metrics.facts import OLD_DAYS
from quarterdeck.metrics.handoffs import next_quarter
from quarterdeck.metrics.owed import open_receivables
from quarterdeck.metrics.plan import planned
from quarterdeck.metrics.state import end_of, is_booked, is_served, local_days, require_now
from quarterdeck.period import Period


def deferred_by_month(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What customers have paid ahead, by the month in which it will be earned: that in which the event ends.

    An event that is over and not completed stands in the month in which it ended.

    Returns:
        One row a month without a gap, from the first to the last with money paid ahead: `month` (datetime64, its
        first day), `events` (int: those with money), `paid_minor` (Int64; they sum to `deferred_revenue`). No rows
        where nothing was paid ahead.

    Raises:
        NotAvailable: There are no events, they do not say what was paid, or *period* is before the snapshot's
            last week.
    """
    require_now(inventory, period)
    ahead = _ahead(inventory, period)
    ahead = ahead[(ahead["paid_minor"] > 0).fillna(value=False)]
    days = [day.date() for day in ahead["ended_on"]]
    months = _months(min(days), max(days)) if days else ()
    parts = {month.first: ahead.loc[month.hold(ahead["ended_on"]), "paid_minor"] for month in months}
    return pd.DataFrame(
        {
            "month": pd.Series(list(parts), dtype="datetime64[s]"),
            "events": pd.Series([len(part) for part in parts.values()], dtype="int64"),
            "paid_minor": pd.Series([total(part) for part in parts.values()], dtype="Int64"),
        }
    )


def receivables_by_customer(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    Who owes for served events, the largest sum first.

    Returns:
        One row a customer: `customer` (their id; the events that name none are one row, `Not recorded`), `events`
        (int), `oldest_days` (int: whole days since the first of them ended), `old_minor` (Int64: what is owed for
        over 60 days), `open_minor` (Int64; they sum to `receivables`).

    Raises:
        NotAvailable: As `open_receivables`.
    """
    owed = open_receivables(inventory, period)
    old = owed["open_minor"].where(owed["days"] > OLD_DAYS, 0)
    named = owed.assign(customer=owed["customer_id"].astype("str").fillna(NOT_RECORDED), old_minor=old)
    frame = named.groupby("customer", as_index=False).agg(
        events=("event_id", "size"),
        oldest_days=("days", "max"),
        old_minor=("old_minor", "sum"),
        open_minor=("open_minor", "sum"),
    )
    return frame.sort_values(["open_minor", "customer"], ascending=[False, True], ignore_index=True)


def next_quarter_by_month(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The three months of the next fiscal quarter: what was planned, and what of it is already booked and paid.

    Returns:
        `month` (datetime64, its first day), `planned_minor` (the plan of the `revenue` accounts), `booked_minor` and
        `paid_minor` (price and payments of the events that are booked and end in the month), `costs_minor` (the plan
        of the `cogs`, `labour` and `opex` accounts), all Int64; what is not planned, or cannot be known, is missing.

    Raises:
        NotAvailable: As `deferred_by_month`.
    """
    require_now(inventory, period)
    first, end = next_quarter(end_day(inventory, period) - timedelta(days=1), inventory.company.fiscal_year_start)
    months = list(_months(first, end - timedelta(days=1)))
    ahead = _ahead(inventory, period)
    booked = [ahead[days.hold(ahead["ended_on"])] for days in months]
    amounts = {
        "planned_minor": [_planned(inventory, days, "revenue") for days in months],
        "booked_minor": [total(events["price_minor"]) for events in booked],
        "paid_minor": [total(events["paid_minor"]) for events in booked],
        "costs_minor": [_planned(inventory, days, *COSTS) for days in months],
    }
    frame = pd.DataFrame({"month": pd.Series([days.first for days in months], dtype="datetime64[s]")})
    return frame.assign(**{name: pd.Series(values, dtype="Int64") for name, values in amounts.items()})


def _ahead(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """The events that are booked at t and not served, with `ended_on`: the company's day in which they end."""
    events, t = inventory.table("events", "paid_minor"), inventory.moment(period)
    ahead = events[is_booked(events, t) & ~is_served(events, t)]
    return ahead.assign(ended_on=local_days(end_of(ahead), inventory.company.time_zone))


def _months(first: date, last: date) -> Iterator[Days]:
    """The whole months from that of *first* to that of *last*."""
    month = first.replace(day=1)
    while month <= last:
        yield Days(month, month_after(month))
        month = month_after(month)


def _planned(inventory: AssetInventory, days: Days, *kinds: str) -> int | None:
    """The plan of *days*, None where there is none."""
    try:
        return total(planned(inventory, days, *kinds)["amount_minor"])
    except NotAvailable:
        return None
