"""What each project costs to run: as its handoff states it, and as the books have it; side by side, never added."""

from __future__ import annotations

import pandas as pd

from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.days import Days, end_day, month_after
from quarterdeck.metrics.exact import total, totals_by
from quarterdeck.metrics.expenses import dated_in
from quarterdeck.metrics.figure import Result, Split, metric
from quarterdeck.metrics.state import require_now
from quarterdeck.period import Period

IDLE_STATES = ("paused", "retired")


@metric(unit="minor", label="Running cost", better="less", now=True)
def running_cost_stated(inventory: AssetInventory, period: Period) -> Result:  # noqa: ARG001 - known only as of the snapshot
    """
    What the projects cost a month, as their handoffs state it, by project.

    A project whose handoff states no cost has no part. The parts sum to the value.

    Formula:
        Σ monthly costs in handoffs.

    Source:
        costs
    """
    costs = _stated(inventory)
    return Split(total(costs["monthly_minor"]), totals_by(costs["project"], costs["monthly_minor"]))


@metric(unit="minor", label="Running cost paid", better="less")
def running_cost_actual(inventory: AssetInventory, period: Period) -> Result:
    """
    What was paid for the projects in the last full month, by project.

    The parts are the projects that an expense of that month names. They sum to the value.

    Formula:
        Σ expenses that name a project, dated in the last calendar month that was over at t.

    Source:
        expenses
    """
    paid = _paid(inventory, period)
    return Split(total(paid["amount_minor"]), totals_by(paid["project"], paid["amount_minor"]))


def cost_by_project(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What each project costs a month: stated and paid, side by side.

    Returns:
        Largest stated cost first, then largest paid: `project`, `status` (missing for a project without
        a handoff), `stated_minor`, `paid_minor` (Int64; missing: nothing stated, nothing paid).

    Raises:
        NotAvailable: Neither is known, or *period* is before the snapshot's last week.
    """
    require_now(inventory, period)
    stated, paid = running_cost_stated(inventory, period), running_cost_actual(inventory, period)
    if stated.by is None and paid.by is None:
        raise NotAvailable(f"{stated.reason}; {paid.reason}")
    parts = {"stated_minor": stated.by or {}, "paid_minor": paid.by or {}}
    frame = pd.DataFrame({column: pd.Series(dict(by), dtype="Int64") for column, by in parts.items()})
    frame = frame.rename_axis("project").reset_index().astype({"project": "str"})
    frame.insert(1, "status", frame["project"].map(_states(inventory)))
    order = ["stated_minor", "paid_minor", "project"]
    return frame.sort_values(order, ascending=[False, False, True], ignore_index=True)


def monthly_costs(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    `cost_by_project`, as a chart shows it: what is paid beside what is stated, or what is stated alone.

    Returns:
        `name` (with its state, where the project is paused or retired), `cost_minor` (Int64: what is paid, or where
        no expense names any project what is stated), `stated_minor` (Int64: what it is compared with, else missing),
        `tone` (`worse` for a paused or retired project), `is_paid` (bool, the same in all rows: which of the two).

    Raises:
        NotAvailable: As `cost_by_project`.
    """
    costs = cost_by_project(inventory, period)
    is_idle = costs["status"].isin(IDLE_STATES)
    is_paid = bool(costs["paid_minor"].notna().any())
    nothing = pd.Series(pd.NA, index=costs.index, dtype="Int64")
    return pd.DataFrame(
        {
            "name": costs["project"].where(~is_idle, costs["project"] + ", " + costs["status"]),
            "cost_minor": costs["paid_minor"] if is_paid else costs["stated_minor"],
            "stated_minor": costs["stated_minor"] if is_paid else nothing,
            "tone": is_idle.map({True: "worse", False: "neutral"}),
            "is_paid": is_paid,
        }
    )


def savings(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What would save most: costs of paused or retired projects, then stated costs that no expense shows.

    Returns:
        Both groups by monthly amount, the first group first: `project`, `service`, `monthly_minor` (Int64), `why`
        (such as `the project is paused` or `no expense in the last full month names the project`),
        `document`, `line`. A cost is listed once. Without expenses there is only the first group.

    Raises:
        NotAvailable: No handoff states a cost, or *period* is before the snapshot's last week.
    """
    require_now(inventory, period)
    costs = _stated(inventory)
    status = costs["project"].map(_states(inventory))
    paid = running_cost_actual(inventory, period).by
    is_idle = status.isin(IDLE_STATES)
    is_unpaid = ~costs["project"].isin(list(paid or ())) & (paid is not None)
    why = ("the project is " + status).where(is_idle, "no expense in the last full month names the project")
    listed = costs.assign(why=why, is_idle=is_idle)[is_idle | is_unpaid]
    order = ["is_idle", "monthly_minor", "project", "service"]
    ranked = listed.sort_values(order, ascending=[False, False, True, True], ignore_index=True)
    return ranked[["project", "service", "monthly_minor", "why", "document", "line"]]


def idle_costs(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    Of `savings`, what paused and retired projects cost; the same columns.

    Raises:
        NotAvailable: As `savings`.
    """
    listed = savings(inventory, period)
    return listed[listed["why"].isin([f"the project is {state}" for state in IDLE_STATES])].reset_index(drop=True)


def _stated(inventory: AssetInventory) -> pd.DataFrame:
    inventory.require("projects")
    if not inventory.has("costs"):
        raise NotAvailable("no handoff states a monthly cost")
    return inventory.table("costs")


def _paid(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """The expenses of the last full month that name a project."""
    end = month_after(end_day(inventory, period), 0)
    expenses = dated_in(inventory, Days(month_after(end, -1), end), "project")
    return expenses[expenses["project"].notna()]


def _states(inventory: AssetInventory) -> dict[str, str]:
    if not inventory.has("projects"):
        return {}
    projects = inventory.table("projects")
    return dict(zip(projects["project"], projects["status"], strict=True))
