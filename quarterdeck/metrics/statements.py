"""The books as tables: margin by business, the bridge from plan to actual, expenses by account."""

from __future__ import annotations

import pandas as pd

from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.books import actual_totals, margin_parts, plan_variance_ytd, planned_totals
from quarterdeck.metrics.days import Days, days_of, year_to_date
from quarterdeck.metrics.exact import ratio, totals_by
from quarterdeck.metrics.expenses import UNALLOCATED, account_names, spent
from quarterdeck.metrics.plan import planned
from quarterdeck.period import Period

COST_STEPS = {"labour": "Labour", "cogs": "Direct cost", "opex": "Operating cost"}


def margin_by_business(inventory: AssetInventory, period: Period, days: Days | None = None) -> pd.DataFrame:
    """
    Gross margin by business, with its rate and its plan.

    Args:
        inventory: With events, claims, expenses and accounts.
        period: Its t ends what is counted.
        days: Other days than those of the week.

    Returns:
        What `margin_parts` returns, and: `rate` (float, margin ÷ recognised, missing without revenue),
        `planned_minor` (Int64: plan of `revenue` less `cogs` and `labour` rows that name the business,
        missing where the plan names it nowhere, or does not cover the days).

    Raises:
        NotAvailable: One of events, claims, expenses and accounts is absent.
    """
    parts = margin_parts(inventory, period, days)
    rates = [
        None if business == UNALLOCATED else ratio(margin, revenue)
        for business, margin, revenue in zip(
            parts["business"], parts["margin_minor"].tolist(), parts["recognised_minor"].tolist(), strict=True
        )
    ]
    plan = _planned_margins(inventory, days or days_of(inventory, period))
    return parts.assign(
        rate=pd.Series(rates, index=parts.index, dtype="float64"),
        planned_minor=pd.Series([plan.get(name) for name in parts["business"]], index=parts.index, dtype="Int64"),
    )


def result_bridge(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    From the planned to the actual operating result of the fiscal year to date, step by step.

    Returns:
        In display order: `step` (`Plan`; each business, worst first, or `Revenue` where the plan names
        no business; `Labour`, `Direct cost`, `Operating cost`; `Actual`), `group` (`plan`, `revenue`,
        `costs`, `actual`), `amount_minor` (Int64: the result for plan and actual, else the step's
        variance, positive is better). Plan and steps sum to actual; the steps to `result_variance_ytd`.

    Raises:
        NotAvailable: As `result_variance_ytd`.
    """
    days = year_to_date(inventory, period)
    plan, actual = planned_totals(inventory, days), actual_totals(inventory, period, days)
    by = plan_variance_ytd(inventory, period).by or {"Revenue": actual["revenue"] - plan["revenue"]}
    revenue = sorted(by.items(), key=lambda part: (part[0] == UNALLOCATED, part[1], part[0]))
    rows = [
        ("Plan", "plan", _result(plan)),
        *[(business, "revenue", variance) for business, variance in revenue],
        *[(step, "costs", plan[kind] - actual[kind]) for kind, step in COST_STEPS.items()],
        ("Actual", "actual", _result(actual)),
    ]
    frame = pd.DataFrame(rows, columns=["step", "group", "amount_minor"])
    return frame.astype({"step": "str", "group": "str", "amount_minor": "Int64"})


def expenses_by_account(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    Direct and operating cost by account, the week and the fiscal year to date, against plan.

    Returns:
        One row an account of kind `cogs` or `opex` with an expense or a plan in the year to date, `cogs` before
        `opex`, then by account: `account`, `name`, `kind`, `week_minor`, `planned_week_minor`, `ytd_minor`,
        `planned_ytd_minor`, `variance_ytd_minor` (plan − actual, positive is better), all Int64. What was
        not planned is missing, and so is its variance.

    Raises:
        NotAvailable: There are no expenses before t, they name no accounts, or there is no chart of accounts.
    """
    inventory.require("expenses")
    week, year = days_of(inventory, period), year_to_date(inventory, period)
    frame = inventory.table("accounts")
    frame = frame[frame["kind"].isin(["cogs", "opex"])].sort_values(["kind", "account"], ignore_index=True)
    frame["name"] = frame["account"].map(account_names(inventory))
    for column, days in (("week_minor", week), ("ytd_minor", year)):
        spending = spent(inventory, days, "cogs", "opex")
        frame[column] = _amounts(frame["account"], totals_by(spending["account"], spending["amount_minor"]), 0)
        frame[f"planned_{column}"] = _amounts(frame["account"], _planned_costs(inventory, days), None)
    frame["variance_ytd_minor"] = frame["planned_ytd_minor"] - frame["ytd_minor"]
    in_use = (frame["ytd_minor"] != 0) | (frame["week_minor"] != 0) | frame["planned_ytd_minor"].notna()
    return frame[in_use].reset_index(drop=True)


def _planned_margins(inventory: AssetInventory, days: Days) -> dict[str, int]:
    """The planned margin of each business that the plan names, and of the rows that name none; empty without a plan."""
    try:
        revenue, costs = planned(inventory, days, "revenue"), planned(inventory, days, "cogs", "labour")
    except NotAvailable:
        return {}
    rows = pd.concat([revenue, costs.assign(amount_minor=-costs["amount_minor"])])
    return totals_by(rows["business"].fillna(UNALLOCATED), rows["amount_minor"])


def _planned_costs(inventory: AssetInventory, days: Days) -> dict[str, int]:
    """The plan of each account of direct and operating cost; empty where the plan does not cover *days*."""
    try:
        plan = planned(inventory, days, "cogs", "opex")
    except NotAvailable:
        return {}
    return totals_by(plan["account"], plan["amount_minor"])


def _amounts(accounts: pd.Series[str], amounts: dict[str, int], otherwise: int | None) -> pd.Series[int]:
    values = [amounts.get(account, otherwise) for account in accounts]
    return pd.Series(values, index=accounts.index, dtype="Int64")


def _result(totals: dict[str, int]) -> int:
    return totals["revenue"] - sum(totals[kind] for kind in COST_STEPS)
