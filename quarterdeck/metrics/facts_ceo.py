"""
What the CEO's sentences need: how far off course, what matters most, what is open.

As `quarterdeck.metrics.facts` has it: each function gives the same names always, None for what does not apply.
"""

from __future__ import annotations

import itertools

import pandas as pd

from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.books import plan_variance_ytd
from quarterdeck.metrics.course import lost_quotes_by_channel, revenue_to_plan_by_week, unsold_by_week
from quarterdeck.metrics.crew import unfilled_by_event, unfilled_revenue, unsold_by_event
from quarterdeck.metrics.exact import ratio, total, totals_by
from quarterdeck.metrics.expenses import UNALLOCATED
from quarterdeck.metrics.facts import Facts, cash_facts, extremes, facts
from quarterdeck.metrics.state import local_days
from quarterdeck.period import Period


@facts(
    "top_matter", "plan_worst", "plan_worst_minor", "plan_best", "plan_best_minor", "whole_gap_minor",
    "weeks_under_plan", "weeks_under_plan_minor",
)  # fmt: skip
def course_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    Whether the company is on course, and what matters most.

    What matters most is that of three with most money at stake: revenue under its plan, year to date; cash under its
    minimum, in the lowest of 13 weeks; bookings of the next 14 days without crew, by their price.

    Returns:
        `top_matter` (`plan`, `cash` or `crew`; None where none of them is), `plan_worst`, `plan_worst_minor` (the
        business furthest under its plan, and by how much, over 0), `plan_best`, `plan_best_minor` (furthest over it),
        `whole_gap_minor` (how much all are under it, where that is more than one business alone),
        `weeks_under_plan`, `weeks_under_plan_minor` (how many weeks up to this one were all under plan, of the last
        13, and their sum, over 0; None for a single one).
    """
    whole = plan_variance_ytd(inventory, period)
    parts = {name: int(amount or 0) for name, amount in (whole.by or {}).items() if name != UNALLOCATED}
    found = {**extremes("plan", parts), **_run_under_plan(inventory, period)}
    if whole.value is not None and whole.value < min([0, *parts.values()]):
        found["whole_gap_minor"] = -int(whole.value)
    stakes = {
        "plan": found.get("whole_gap_minor") or found.get("plan_worst_minor"),
        "cash": cash_facts(inventory, period)["short_minor"],
        "crew": unfilled_revenue(inventory, period).value,
    }
    known = {matter: amount for matter, amount in stakes.items() if isinstance(amount, int) and amount > 0}
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


@facts("unsold_share", "unsold_free", "unsold_most", "unsold_most_places")
def unsold_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    The places of the next 4 weeks that are still to be sold.

    Returns:
        `unsold_share` (of the places of all booked events), `unsold_free` (how many are free: an overbooked event
        takes none of another's), `unsold_most`, `unsold_most_places` (the business with most of them).
    """
    weeks = unsold_by_week(inventory, period)
    free = unsold_by_event(inventory, period)
    free = free[free["unsold"] > 0]
    by = totals_by(free["business"], free["unsold"])
    most = next(iter(by), None)
    if most is None or by[most] <= 0:
        return {}
    share = ratio(total(weeks["unsold"]), total(weeks["capacity"]))
    return {
        "unsold_share": share,
        "unsold_free": total(free["unsold"]),
        "unsold_most": most,
        "unsold_most_places": by[most],
    }


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


def _run_under_plan(inventory: AssetInventory, period: Period) -> Facts:
    weeks = revenue_to_plan_by_week(inventory, period)
    variances = (weeks["recognised_minor"] - weeks["planned_minor"]).tolist()[::-1]
    run = list(itertools.takewhile(lambda variance: not pd.isna(variance) and variance < 0, variances))
    return {"weeks_under_plan": len(run), "weeks_under_plan_minor": -sum(run)} if len(run) > 1 else {}
