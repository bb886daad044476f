"""
What a sentence needs beyond single figures: the week of a low, the name of the worst, a share.

Each function gives the same names always; what is not available, or does not apply, is None, so that a sentence
with it is not said. `…_minor` is money in minor units, a float a share of 1, a date a day. A name is given by one
function alone and is no metric's: a sentence takes any of them as `{low_week}`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date

import pandas as pd

from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.collection import overdue_receivables
from quarterdeck.metrics.days import year_to_date
from quarterdeck.metrics.exact import total
from quarterdeck.metrics.expenses import CHANNEL_WEEKS, UNALLOCATED
from quarterdeck.metrics.figure import CATALOGUE
from quarterdeck.metrics.forecast import cash_sensitivity, outlook
from quarterdeck.metrics.owed import open_receivables
from quarterdeck.metrics.revenue import CONCENTRATION_WEEKS, revenue_shares
from quarterdeck.metrics.state import local_days, require_now, weeks_ending_with
from quarterdeck.metrics.statements import margin_by_business, result_bridge
from quarterdeck.period import Period

Facts = dict[str, str | int | float | date | None]
_Make = Callable[[AssetInventory, Period], Facts]
OLD_DAYS = 60
_WORTH_WORDS = 0.1  # of the other extreme: beside a loss of $2.3k a gain of $83 is no news


FACTS: dict[str, _Make] = {}
"""The function that gives a name."""


def facts(*names: str) -> Callable[[_Make], _Make]:
    """Make a function that gives some of *names* give all of them, None where it cannot or need not; list it."""

    def complete(make: _Make) -> _Make:
        @functools.wraps(make)
        def with_all_names(inventory: AssetInventory, period: Period) -> Facts:
            try:
                found = make(inventory, period)
            except NotAvailable:
                found = {}
            return {**dict.fromkeys(names), **found}

        for name in names:
            if name in FACTS or name in CATALOGUE:
                raise TypeError(f"fact {name} is defined twice")
            FACTS[name] = with_all_names
        return with_all_names

    return complete


@facts(
    "minimum_minor", "low_week", "short_minor", "spare_minor", "weeks_under", "first_week_under", "last_cash_minor",
    "more_low_minor", "less_low_minor", "late_low_minor",
)  # fmt: skip
def cash_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    The cash forecast in words.

    Returns:
        `minimum_minor` (None where the company names none), `low_week` (first day of the lowest week),
        `short_minor` or `spare_minor` (how far the low is under the minimum, or over it), `weeks_under` and
        `first_week_under` (how many weeks end under it, and the first day of the first; None for none),
        `last_cash_minor` (the end of the 13 weeks); the low if bookings pay 10 % more (`more_low_minor`) or less
        (`less_low_minor`), or all receipts come 14 days later (`late_low_minor`).
    """
    require_now(inventory, period)
    expected, minimum = outlook(inventory, period), inventory.company.minimum_cash_minor
    low, week = expected.lowest()
    first = expected.first_below(minimum)
    _, more, less, late = cash_sensitivity(inventory, period)["lowest_minor"].tolist()
    under = sum(closing < minimum for closing in expected.closings)
    return {
        "minimum_minor": minimum or None,
        "low_week": expected.weeks[week - 1].first,
        "short_minor": minimum - low if low < minimum else None,
        "spare_minor": low - minimum if minimum and low >= minimum else None,
        "weeks_under": under or None,
        "first_week_under": expected.weeks[first - 1].first if first else None,
        "last_cash_minor": expected.closings[-1],
        "more_low_minor": more,
        "less_low_minor": less,
        "late_low_minor": late,
    }


@facts("margin_leader", "margin_leader_minor", "margin_worst", "margin_worst_minor", "margin_best", "margin_best_minor")
def margin_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    The week's margins in words.

    Returns:
        `margin_leader`, `margin_leader_minor` (the business with the largest margin), `margin_worst`,
        `margin_worst_minor` (the one that is furthest under its plan, and by how much, over 0), `margin_best`,
        `margin_best_minor` (furthest over it).
    """
    rows = margin_by_business(inventory, period)
    largest = rows.iloc[rows["margin_minor"].argmax()]
    variances = dict(zip(rows["business"], (rows["margin_minor"] - rows["planned_minor"]).tolist(), strict=True))
    known = {name: amount for name, amount in variances.items() if name != UNALLOCATED and not pd.isna(amount)}
    return {
        "margin_leader": largest["business"],
        "margin_leader_minor": int(largest["margin_minor"]),
        **extremes("margin", known),
    }


@facts(
    "result_worst", "result_worst_minor", "result_best", "result_best_minor",
    "revenue_effect_minor", "costs_effect_minor",
)  # fmt: skip
def result_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    The bridge from plan to actual result in words, fiscal year to date.

    Returns:
        `result_worst`, `result_worst_minor` (the step that takes most, and how much, over 0), `result_best`,
        `result_best_minor` (that gives most), `revenue_effect_minor`, `costs_effect_minor` (what both groups of
        steps give, negative where they take).
    """
    rows = result_bridge(inventory, period)
    steps = rows[rows["group"].isin(["revenue", "costs"])]
    sums = {group: total(steps.loc[steps["group"] == group, "amount_minor"]) for group in ("revenue", "costs")}
    named = dict(zip(steps["step"], steps["amount_minor"].tolist(), strict=True))
    return {
        **extremes("result", named),
        "revenue_effect_minor": sums["revenue"],
        "costs_effect_minor": sums["costs"],
    }


@facts(
    "largest_channel", "largest_channel_share", "largest_business", "largest_business_share",
    "largest_customer_share",
)  # fmt: skip
def concentration_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    On what a year's revenue rests.

    Returns:
        `largest_channel`, `largest_channel_share`, `largest_business`, `largest_business_share` (and its share of
        52 weeks' recognised revenue), `largest_customer_share` (of a customer who stays unnamed).
    """
    found: Facts = {}
    for by, name in (("channel", "channel"), ("business", "business"), ("customer_id", "customer")):
        try:
            shares = revenue_shares(inventory, period, by)  # type: ignore[arg-type] # the three that it takes
        except NotAvailable:
            continue
        if len(shares):
            found[f"largest_{name}"] = str(shares["name"].iloc[0])
            found[f"largest_{name}_share"] = float(shares["share"].iloc[0])
    found.pop("largest_customer", None)
    return found


@facts("weeks_known", "booked_weeks", "decided_weeks", "spent_weeks", "events_begin_on")
def reach_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    How far the sources reach back: a sentence about 13 weeks of a source that began 6 weeks ago says 6.

    Returns:
        `weeks_known` (`20 weeks`: how many of the 52 that end with the report's the source has events of, or has had
        before); in the same way, of 13, `booked_weeks` (bookings), `decided_weeks` (inquiries that were booked or
        lost) and `spent_weeks` (expenses); `events_begin_on` (the day of the first event, where the fiscal year is
        older: the year to date lacks what was before).
    """
    events = inventory.table("events")
    starts = events["starts_at"].min()
    booked = events["booked_at"].min() if "booked_at" in events else None
    lost = [events[name].min() for name in ("booked_at", "cancelled_at") if name in events]
    first_day = local_days(events["starts_at"], inventory.company.time_zone).min()
    return {
        "weeks_known": _weeks_known(period, starts, CONCENTRATION_WEEKS),
        "booked_weeks": _weeks_known(period, booked, CHANNEL_WEEKS),
        "decided_weeks": _weeks_known(period, pd.Series([starts, *lost]).min(), CHANNEL_WEEKS),
        "spent_weeks": _weeks_known(period, _first_expense(inventory), CHANNEL_WEEKS),
        "events_begin_on": first_day.date() if first_day.date() > year_to_date(inventory, period).first else None,
    }


def _weeks_known(period: Period, first: pd.Timestamp | None, most: int) -> str | None:
    """`20 weeks`: how many of the *most* that end with *period* were not over at *first*."""
    if first is None or pd.isna(first):
        return None
    known = sum(first < week.end for week in weeks_ending_with(period, most))
    return f"{known} {'week' if known == 1 else 'weeks'}" if known else None


def _first_expense(inventory: AssetInventory) -> pd.Timestamp | None:
    if not inventory.has("expenses"):
        return None
    first = inventory.table("expenses")["date"].min()
    return None if pd.isna(first) else first.tz_localize(inventory.company.time_zone)


@facts("committed_minor", "committed_crew_minor", "committed_recurring_minor")
def commitment_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    The payments of the 13 weeks that are already bound.

    Returns:
        `committed_minor`, of it `committed_crew_minor` and `committed_recurring_minor`.
    """
    require_now(inventory, period)
    expected = outlook(inventory, period)
    crew, recurring = sum(expected.crew), sum(expected.recurring)
    return {
        "committed_minor": crew + recurring,
        "committed_crew_minor": crew,
        "committed_recurring_minor": recurring,
    }


@facts("old_minor", "old_events", "old_largest_minor", "overdue_minor", "overdue_events")
def receivable_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    What is owed, in words.

    Returns:
        `old_minor`, `old_events` (owed for over 60 days; None where nothing is), `old_largest_minor` (what
        the customer who owes most owes of it), `overdue_minor`, `overdue_events` (past `collection_days`).
    """
    owed = open_receivables(inventory, period)
    old = owed[owed["days"] > OLD_DAYS]
    overdue = overdue_receivables(inventory, period)
    by_customer = old.groupby("customer_id")["open_minor"].sum()
    return {
        "old_minor": total(old["open_minor"]) or None,
        "old_events": len(old) or None,
        "old_largest_minor": int(by_customer.max()) if len(by_customer) else None,
        "overdue_minor": total(overdue["open_minor"]) or None,
        "overdue_events": len(overdue) or None,
    }


def extremes(of: str, amounts: dict[str, int]) -> Facts:
    """The least amount under 0 with its name, and the greatest over 0; neither where it is small beside the other."""
    worst = min(amounts, key=lambda name: (amounts[name], name), default=None)
    best = max(amounts, key=lambda name: (amounts[name], name), default=None)
    lost, won = (min(0, amounts[worst]), max(0, amounts[best])) if worst is not None and best is not None else (0, 0)
    found: Facts = {}
    if lost < -won * _WORTH_WORDS:
        found |= {f"{of}_worst": worst, f"{of}_worst_minor": -lost}
    if won > -lost * _WORTH_WORDS:
        found |= {f"{of}_best": best, f"{of}_best_minor": won}
    return found
