"""
What the CTO's sentences need: the worst dangers, what leaks, what is open, what costs.

As `quarterdeck.metrics.facts` has it: each function gives the same names always, None for what does not apply.
"""

from __future__ import annotations

import pandas as pd

from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.access import access_risks, admin_access
from quarterdeck.metrics.config_risk import configuration_by_function
from quarterdeck.metrics.dangers import dangers
from quarterdeck.metrics.days import end_day
from quarterdeck.metrics.domains import posture_by_zone
from quarterdeck.metrics.exact import total
from quarterdeck.metrics.facts import OLD_DAYS, Facts, facts
from quarterdeck.metrics.handoffs import HIGH, maturity_by_project, open_gaps, stack_by_project
from quarterdeck.metrics.running_cost import IDLE_STATES, cost_by_project, savings
from quarterdeck.period import Period


@facts(
    "worst_danger", "second_danger", "third_danger", "danger_count",
    "dangers_that_break", "dangers_that_leak", "dangers_that_cost",
)  # fmt: skip
def danger_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    The most dangerous things, in the order of `quarterdeck.metrics.dangers`.

    Returns:
        `worst_danger`, `second_danger`, `third_danger` (sentences without full stop), `danger_count`, and how many of
        them can break something, leak something, or cost too much: `dangers_that_break`, `dangers_that_leak`,
        `dangers_that_cost` (None for none).
    """
    rows = dangers(inventory, period)
    worst = zip(("worst_danger", "second_danger", "third_danger"), rows["danger"].tolist(), strict=False)
    kinds = {f"dangers_that_{can}": int((rows["can"] == can).sum()) or None for can in ("break", "leak", "cost")}
    return {**dict(worst), "danger_count": len(rows), **kinds}


@facts(
    "functions", "leaking_functions", "neediest_function", "neediest_variables", "needed_variables", "read_functions",
    "unread_functions",
)  # fmt: skip
def function_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    What the functions' environment risks.

    Returns:
        `functions`, `leaking_functions` (with a secret as default; None for none), `neediest_function`,
        `neediest_variables` (the one that needs most variables without default, and how many), `needed_variables`
        (of all functions; None for none), `read_functions`, `unread_functions` (whose source can, and cannot, be read;
        the latter None for none).
    """
    rows = configuration_by_function(inventory, period)
    found: Facts = {
        "functions": len(rows),
        "leaking_functions": int((rows["leaks"] > 0).sum()) or None,
        "needed_variables": int(rows["needs_value"].sum()) or None,
        "read_functions": int(rows["parse_error"].isna().sum()),
        "unread_functions": int(rows["parse_error"].notna().sum()) or None,
    }
    most, name = max(zip(rows["needs_value"].tolist(), rows["name"].tolist(), strict=True))
    return {**found, "neediest_function": name, "neediest_variables": most} if most else found


@facts("domains", "domains_failing", "domains_unread", "next_expiry", "next_expiry_days")
def domain_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    Mail, DNS and registrations.

    Returns:
        `domains`, `domains_failing` (None for none), `domains_unread` (whose records are not known; None for none),
        `next_expiry`, `next_expiry_days` (the registration that ends first, and in how many days; None where it has
        ended already, or nobody knows).
    """
    rows = posture_by_zone(inventory, period)
    found: Facts = {
        "domains": len(rows),
        "domains_failing": int((rows["failures"] > 0).sum()) or None,
        "domains_unread": int((~rows["is_known"]).sum()) or None,
    }
    expiries = rows.dropna(subset="expires_on").sort_values("expires_on")
    if len(expiries):
        days = (expiries["expires_on"].iloc[0].date() - end_day(inventory, period)).days
        found |= {"next_expiry": expiries["domain"].iloc[0], "next_expiry_days": days} if days >= 0 else {}
    return found


@facts("admins", "admins_in_danger", "admins_without_factor", "admins_idle")
def admin_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    Who can do everything.

    Returns:
        `admins`, `admins_in_danger` (of them without second factor, or idle; None for none), `admins_without_factor`,
        `admins_idle` (None for none).
    """
    rows, parts = admin_access(inventory, period), access_risks(inventory, period).by or {}
    without, idle = (value or None for value in parts.values())
    at_risk = int((rows["lacks_mfa"] | rows["is_idle"]).sum())
    return {
        "admins": len(rows),
        "admins_in_danger": at_risk or None,
        "admins_without_factor": without,
        "admins_idle": idle,
    }


@facts(
    "gaps_open", "gaps_high", "gaps_high_old", "gaps_high_unowned", "gaps_oldest_days",
    "ux_gaps", "ux_gaps_high",
)  # fmt: skip
def gap_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    The open gaps.

    Returns:
        `gaps_open`; of them critical or high: `gaps_high`, `gaps_high_old` (open for over 60 days),
        `gaps_high_unowned`, `gaps_oldest_days` (how long the oldest of them is open); of the user
        experience: `ux_gaps`, `ux_gaps_high`. All but the first are None for none.
    """
    gaps = open_gaps(inventory, period)
    high, ux = gaps[gaps["severity"].isin(HIGH)], gaps[gaps["area"] == "ux"]
    oldest = high["age_days"].max()
    return {
        "gaps_open": len(gaps),
        "gaps_high": len(high) or None,
        "gaps_high_old": int((high["age_days"] > OLD_DAYS).sum()) or None,
        "gaps_high_unowned": int(high["owner"].isna().sum()) or None,
        "gaps_oldest_days": None if pd.isna(oldest) else int(oldest),
        "ux_gaps": len(ux) or None,
        "ux_gaps_high": int(ux["severity"].isin(HIGH).sum()) or None,
    }


@facts("idle_paid_minor", "idle_stated_minor", "idle_projects", "savings_minor", "stated_unpaid_minor")
def cost_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    What the projects cost a month, and what would save.

    Returns:
        `idle_projects` (paused or retired, that something is paid for), `idle_paid_minor`, `idle_stated_minor` (what
        is paid for those, and what the handoffs of all idle ones state), `savings_minor` (all that `savings` lists),
        `stated_unpaid_minor` (of it for projects that no expense names). All are None for none.
    """
    costs = cost_by_project(inventory, period)
    idle = costs[costs["status"].isin(IDLE_STATES)]
    found: Facts = {
        "idle_projects": int((idle["paid_minor"] > 0).sum()) or None,
        "idle_paid_minor": total(idle["paid_minor"]) or None,
        "idle_stated_minor": total(idle["stated_minor"]) or None,
    }
    rows = savings(inventory, period)
    unpaid = rows[rows["why"].str.startswith("no expense")]
    return {
        **found,
        "savings_minor": total(rows["monthly_minor"]) or None,
        "stated_unpaid_minor": total(unpaid["monthly_minor"]) or None,
    }


@facts(
    "projects", "stalest_project", "stalest_days", "undated_handoffs", "stacks", "untested_stacks", "projects_late",
    "components", "unversioned_components", "stackless_projects",
)  # fmt: skip
def maturity_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    How well the projects are kept.

    Returns:
        `projects`; `stalest_project`, `stalest_days` (the handoff that nobody touched for longest, if that is over 60
        days); `undated_handoffs` (that do not say when they were updated); `stacks` (projects that name one),
        `untested_stacks` (of them without tests or CI); `projects_late` (with an overdue action); `components`,
        `unversioned_components`, `stackless_projects`. All but `projects` and `stacks` are None for none.
    """
    rows, stacks = maturity_by_project(inventory, period), stack_by_project(inventory, period)
    stale = rows[rows["is_stale"]].sort_values(["age_days", "project"], ascending=[False, True])
    found: Facts = {
        "projects": len(rows),
        "undated_handoffs": int(rows["age_days"].isna().sum()) or None,
        "stacks": int(rows["has_stack"].sum()),
        "untested_stacks": int((rows["has_stack"] & ~rows["has_tests_or_ci"]).sum()) or None,
        "projects_late": int((rows["actions_overdue"] > 0).sum()) or None,
        "components": int(stacks["count"].sum()) or None,
        "unversioned_components": int(stacks["unversioned"].sum()) or None,
        "stackless_projects": int((stacks["count"] == 0).sum()) or None,
    }
    if len(stale):
        found |= {"stalest_project": stale["project"].iloc[0], "stalest_days": int(stale["age_days"].iloc[0])}
    return found
