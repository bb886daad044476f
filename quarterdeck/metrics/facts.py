"""
What a sentence needs beyond single figures: the week of a low, the name of the worst, a share.

Each function gives the same names always; what is not available, or does not apply, is None, so that a sentence
with it is not said. `…_minor` is money in minor units, a float a share of 1, a date a day. A name is given by one
function alone and is no metric's: a sentence takes any of them as `{low_week}`.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from datetime import date

import pandas as pd

from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.books import plan_variance_ytd
from quarterdeck.metrics.collection import overdue_receivables
from quarterdeck.metrics.course import lost_quotes_by_channel, revenue_to_plan_by_week, unsold_by_week
from quarterdeck.metrics.crew import unfilled_by_event, unfilled_revenue
from quarterdeck.metrics.exact import ratio, total, totals_by
from quarterdeck.metrics.expenses import UNALLOCATED
from quarterdeck.metrics.figure import CATALOGUE
from quarterdeck.metrics.forecast import cash_sensitivity, outlook
from quarterdeck.metrics.owed import open_receivables
from quarterdeck.metrics.revenue import revenue_shares
from quarterdeck.metrics.state import local_days, require_now
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


@facts("old_minor", "old_share", "old_events", "old_largest_minor", "overdue_minor", "overdue_events")
def receivable_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    What is owed, in words.

    Returns:
        `old_minor`, `old_share`, `old_events` (owed for over 60 days; None where nothing is), `old_largest_minor` (what
        the customer who owes most owes of it), `overdue_minor`, `overdue_events` (past `collection_days`).
    """
    owed = open_receivables(inventory, period)
    old, whole = owed[owed["days"] > OLD_DAYS], total(owed["open_minor"])
    overdue = overdue_receivables(inventory, period)
    by_customer = old.groupby("customer_id")["open_minor"].sum()
    return {
        "old_minor": total(old["open_minor"]) or None,
        "old_share": total(old["open_minor"]) / whole if len(old) and whole else None,
        "old_events": len(old) or None,
        "old_largest_minor": int(by_customer.max()) if len(by_customer) else None,
        "overdue_minor": total(overdue["open_minor"]) or None,
        "overdue_events": len(overdue) or None,
    }


@facts(
    "top_matter", "gap_business", "gap_minor", "whole_gap_minor", "weeks_under_plan", "weeks_under_plan_minor"
)  # fmt: skip
def course_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    Whether the company is on course, and what matters most.

    What matters most is that of three with most money at stake: revenue under its plan, year to date; cash under its
    minimum, in the lowest of 13 weeks; bookings of the next 14 days without crew, by their price.

    Returns:
        `top_matter` (`plan`, `cash` or `crew`; None where none of them is), `gap_business`, `gap_minor` (the business
        furthest under its plan, and by how much, over 0), `whole_gap_minor` (how much all are under it, where that is
        more than one business alone), `weeks_under_plan`, `weeks_under_plan_minor` (how many weeks up to this one
        were all under plan, of the last 13, and their sum, over 0; None for a single one).
    """
    found = _plan_gaps(inventory, period)
    cash = cash_facts(inventory, period)["short_minor"]
    crewless = unfilled_revenue(inventory, period).value
    stakes = {"plan": found.get("whole_gap_minor") or found.get("gap_minor"), "cash": cash, "crew": crewless}
    known = {matter: amount for matter, amount in stakes.items() if isinstance(amount, int) and amount > 0}
    weeks = revenue_to_plan_by_week(inventory, period)
    variances = (weeks["recognised_minor"] - weeks["planned_minor"]).tolist()[::-1]
    run = list(itertools.takewhile(lambda variance: not pd.isna(variance) and variance < 0, variances))
    if len(run) > 1:
        found |= {"weeks_under_plan": len(run), "weeks_under_plan_minor": -sum(run)}
    return {**found, "top_matter": max(known, key=known.__getitem__, default=None)}


@facts("crewless_bookings", "crewless_first", "crewless_role")
def crew_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    The bookings of the next 14 days that lack crew.

    Returns:
        `crewless_bookings` (their number; None for none), `crewless_first` (the day on which the first starts),
        `crewless_role` (who is missing, where it is one role for all).
    """
    unfilled = unfilled_by_event(inventory, period)
    if unfilled.empty:
        return {}
    roles = set(unfilled["roles"])
    return {
        "crewless_bookings": len(unfilled),
        "crewless_first": local_days(unfilled["starts_at"], inventory.company.time_zone).min().date(),
        "crewless_role": next(iter(roles)) if len(roles) == 1 else None,
    }


@facts("unsold_share", "unsold_most", "unsold_most_places")
def unsold_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    The places of the next 4 weeks that are still to be sold.

    Returns:
        `unsold_share` (of the places of all booked events), `unsold_most`, `unsold_most_places` (the business with
        most of them).
    """
    weeks = unsold_by_week(inventory, period)
    by = totals_by(weeks["business"], weeks["unsold"])
    most = next(iter(by), None)
    if most is None or by[most] <= 0:
        return {}
    share = ratio(total(weeks["unsold"]), total(weeks["capacity"]))
    return {"unsold_share": share, "unsold_most": most, "unsold_most_places": by[most]}


@facts("quotes_lost", "quotes_lost_minor", "lost_most_channel", "lost_most_minor", "lost_most_share")
def lost_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    The quotes that were lost in 13 weeks.

    Returns:
        `quotes_lost`, `quotes_lost_minor` (their number and prices), `lost_most_channel`, `lost_most_minor`,
        `lost_most_share` (the channel with most of that money, and its share of it).
    """
    lost = lost_quotes_by_channel(inventory, period)
    whole = total(lost["value_minor"])
    if not whole:
        return {}
    return {
        "quotes_lost": int(lost["quotes"].sum()),
        "quotes_lost_minor": whole,
        "lost_most_channel": str(lost["channel"].iloc[0]),
        "lost_most_minor": int(lost["value_minor"].iloc[0]),
        "lost_most_share": int(lost["value_minor"].iloc[0]) / whole,
    }


def _plan_gaps(inventory: AssetInventory, period: Period) -> Facts:
    """How far revenue is under its plan, year to date; nothing where it is not, or where that is not known."""
    whole = plan_variance_ytd(inventory, period)
    parts = {name: int(amount or 0) for name, amount in (whole.by or {}).items() if name != UNALLOCATED}
    worst = min(parts, key=lambda name: (parts[name], name), default=None)
    found: Facts = {}
    if worst is not None and parts[worst] < 0:
        found = {"gap_business": worst, "gap_minor": -parts[worst]}
    if whole.value is not None and whole.value < min([0, *parts.values()]):
        found["whole_gap_minor"] = -int(whole.value)
    return found


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
