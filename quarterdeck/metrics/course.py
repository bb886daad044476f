"""Are we on course: revenue against plan by week and by business, places still to sell, quotes lost."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.books import plan_variance_ytd
from quarterdeck.metrics.crew import UNSOLD_DAYS, unsold_by_event
from quarterdeck.metrics.days import Days, end_day, year_to_date
from quarterdeck.metrics.exact import channels_of, total, totals_by
from quarterdeck.metrics.expenses import UNALLOCATED
from quarterdeck.metrics.pipeline import lost_quotes
from quarterdeck.metrics.plan import planned
from quarterdeck.metrics.revenue import recognised_by_week
from quarterdeck.metrics.state import local_days, weeks_ending_with
from quarterdeck.period import Period


def revenue_to_plan_by_week(inventory: AssetInventory, period: Period, weeks: int = 13) -> pd.DataFrame:
    """
    Recognised revenue of each of the *weeks* weeks that end with *period*, with its plan and the year before.

    Returns:
        What `recognised_by_week` returns, and `planned_minor` (Int64: the plan of the `revenue` accounts for the days
        of the week before t; missing where the plan does not cover them).

    Raises:
        NotAvailable: There are no events.
    """
    frame = recognised_by_week(inventory, period, weeks)
    plans = [_planned(inventory, week, period) for week in weeks_ending_with(period, weeks)]
    return frame.assign(planned_minor=pd.Series(plans, index=frame.index, dtype="Int64"))


def revenue_to_plan_by_business(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    Recognised revenue of the fiscal year to date by business, with its plan.

    Returns:
        As `plan_variance_ytd` splits it, furthest under plan first, "Unallocated" last: `business`,
        `recognised_minor`, `planned_minor`, `variance_minor` (Int64; they sum to `plan_variance_ytd`). One row,
        "All businesses", where the plan names none.

    Raises:
        NotAvailable: There are no events, no chart of accounts, or no plan that covers the year to date.
    """
    figure = plan_variance_ytd(inventory, period)
    if figure.value is None:
        raise NotAvailable(figure.reason)
    plan = planned(inventory, year_to_date(inventory, period), "revenue")
    by = figure.by or {"All businesses": int(figure.value)}
    names = plan["business"].fillna(UNALLOCATED) if figure.by else pd.Series("All businesses", index=plan.index)
    expected = totals_by(names, plan["amount_minor"])
    ordered = sorted(by.items(), key=lambda part: (part[0] == UNALLOCATED, part[1], part[0]))
    variances = [(name, int(variance or 0), expected.get(name, 0)) for name, variance in ordered]
    rows = [(name, plan_minor + variance, plan_minor, variance) for name, variance, plan_minor in variances]
    amounts = ["recognised_minor", "planned_minor", "variance_minor"]
    return pd.DataFrame(rows, columns=["business", *amounts]).astype(
        {"business": "str"} | dict.fromkeys(amounts, "Int64")
    )


def unsold_by_week(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    How full the booked events of the next 4 weeks are, by business and week.

    Returns:
        One row for each business with such an event and each of the 4 weeks from t's day, the business with most
        unsold places first: `business`, `starts_on` (first day of the week, datetime64), `guests`, `capacity`,
        `unsold` (Int64, 0 where nothing is booked; they sum to `unsold_places`), `filled` (Float64: guests ÷
        capacity, missing without capacity).

    Raises:
        NotAvailable: There are no events, or they do not have guests and capacity.
    """
    events = unsold_by_event(inventory, period)
    first = end_day(inventory, period)
    days = local_days(events["starts_at"], inventory.company.time_zone)
    # An event that starts in the last hours of the 28th day from an as-of inside a day belongs to the last week.
    weeks = ((days - pd.Timestamp(first)).dt.days // 7).clip(upper=UNSOLD_DAYS // 7 - 1).rename("week")
    businesses = list(totals_by(events["business"], events["unsold"]))
    sums = events.groupby([events["business"], weeks])[["guests", "capacity", "unsold"]].sum()
    grid = pd.MultiIndex.from_product([businesses, range(UNSOLD_DAYS // 7)], names=["business", "week"])
    cells = sums.reindex(grid, fill_value=0).astype("Int64").reset_index()
    starts = [first + timedelta(weeks=week) for week in cells["week"].tolist()]
    cells.insert(1, "starts_on", pd.Series(starts, index=cells.index, dtype="datetime64[s]"))
    cells["filled"] = cells["guests"] / cells["capacity"].where(cells["capacity"] > 0)
    return cells.drop(columns="week")


def lost_quotes_by_channel(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The quotes lost in the 13 weeks that end with *period*, by channel.

    Returns:
        The channel with most money first, what names none last: `channel`, `quotes` (int), `value_minor` (Int64:
        their prices; a missing one is skipped).

    Raises:
        NotAvailable: As `lost_quotes`.
    """
    lost = lost_quotes(inventory, period)
    channels = channels_of(lost)
    counts = channels.value_counts()
    values = totals_by(channels, lost["price_minor"])
    frame = pd.DataFrame({"channel": list(values), "quotes": [int(counts[name]) for name in values]})
    return frame.assign(value_minor=pd.Series(list(values.values()), dtype="Int64")).astype({"channel": "str"})


def _planned(inventory: AssetInventory, week: Period, period: Period) -> int | None:
    days = Days(week.first_day, min(week.last_day + timedelta(days=1), end_day(inventory, period)))
    try:
        return total(planned(inventory, days, "revenue")["amount_minor"])
    except NotAvailable:
        return None
