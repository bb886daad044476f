"""What the books say: margin and operating result, and each against plan."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.crew import labour_between
from quarterdeck.metrics.days import Days, days_of, start_of, year_to_date
from quarterdeck.metrics.exact import ratio, total
from quarterdeck.metrics.expenses import UNALLOCATED, spent, sums_by_business, unallocated_last
from quarterdeck.metrics.figure import Result, Split, metric
from quarterdeck.metrics.plan import planned
from quarterdeck.metrics.state import served_between
from quarterdeck.period import Period

COSTS = ("cogs", "labour", "opex")


@metric(unit="minor", label="Gross margin", better="more")
def gross_margin(inventory: AssetInventory, period: Period) -> Result:
    """
    What the week's service left after crews and direct cost, by business.

    Direct cost that names no business is "Unallocated", last. The parts sum to the value.

    Formula:
        recognised_revenue − labour_cost − direct_cost.

    Source:
        events, claims, expenses, accounts
    """
    parts = margin_parts(inventory, period)
    margins = dict(zip(parts["business"], parts["margin_minor"].tolist(), strict=True))
    return Split(sum(margins.values()), margins)


@metric(unit="ratio", label="Gross margin", better="more", null_means="no revenue was recognised in this period")
def gross_margin_rate(inventory: AssetInventory, period: Period) -> Result:
    """
    Gross margin in percent of recognised revenue, by business.

    A business without revenue has no rate; what is unallocated lowers the rate of the whole alone.

    Formula:
        gross_margin ÷ recognised_revenue.

    Source:
        events, claims, expenses, accounts
    """
    parts = margin_parts(inventory, period)
    rows = zip(parts["business"], parts["margin_minor"].tolist(), parts["recognised_minor"].tolist(), strict=True)
    by = {business: ratio(margin, revenue) for business, margin, revenue in rows if business != UNALLOCATED}
    return Split(ratio(total(parts["margin_minor"]), total(parts["recognised_minor"])), by)


@metric(unit="minor", label="Operating result", better="more")
def operating_result(inventory: AssetInventory, period: Period) -> Result:
    """
    What the week left after all costs that the plan knows: labour, direct and operating cost.

    Formula:
        recognised_revenue − labour_cost − direct_cost − operating_cost.

    Source:
        events, claims, expenses, accounts
    """
    actual = actual_totals(inventory, period, days_of(inventory, period))
    return actual["revenue"] - sum(actual[kind] for kind in COSTS)


@metric(unit="minor", label="Result to plan YTD", better="more")
def result_variance_ytd(inventory: AssetInventory, period: Period) -> Result:
    """
    The operating result of the fiscal year to date, minus its plan; positive is better.

    Formula:
        Σ from the fiscal year's start to t of (recognised − labour − direct − operating cost), minus the
        plan of `revenue` accounts less that of `cogs`, `labour` and `opex` accounts for the same days.

    Source:
        events, claims, expenses, accounts, plan
    """
    days = year_to_date(inventory, period)
    actual, plan = actual_totals(inventory, period, days), planned_totals(inventory, days)
    return (actual["revenue"] - plan["revenue"]) - sum(actual[kind] - plan[kind] for kind in COSTS)


@metric(unit="minor", label="Against plan", better="more")
def plan_variance(inventory: AssetInventory, period: Period) -> Result:
    """
    Recognised revenue of the week minus its plan, by business; positive is better.

    Each business that the plan names is a part. Revenue of other businesses and plan rows without a
    business are "Unallocated", last. A plan without businesses gives no parts. The parts sum to the value.

    Formula:
        recognised_revenue − plan of `revenue` accounts, each month's plan spread over its days, for the
        days of P before t's.

    Source:
        events, plan, accounts
    """
    return _revenue_variance(inventory, period, days_of(inventory, period))


@metric(unit="minor", label="To plan YTD", better="more")
def plan_variance_ytd(inventory: AssetInventory, period: Period) -> Result:
    """
    Recognised revenue of the fiscal year to date minus its plan, by business; positive is better.

    Formula:
        As plan_variance, from the fiscal year's start to t.

    Source:
        events, plan, accounts
    """
    return _revenue_variance(inventory, period, year_to_date(inventory, period))


@metric(unit="minor", label="Costs to plan YTD", better="more")
def cost_variance_ytd(inventory: AssetInventory, period: Period) -> Result:
    """
    The plan of direct and operating cost minus what was spent, fiscal year to date; positive is better.

    Formula:
        Plan of `cogs` and `opex` accounts − Σ expenses on them, from the fiscal year's start to t's day.

    Source:
        plan, expenses, accounts
    """
    days = year_to_date(inventory, period)
    actual = spent(inventory, days, "cogs", "opex")
    return total(planned(inventory, days, "cogs", "opex")["amount_minor"]) - total(actual["amount_minor"])


def margin_parts(inventory: AssetInventory, period: Period, days: Days | None = None) -> pd.DataFrame:
    """
    Gross margin and what it is made of, by business.

    Args:
        inventory: With events, claims, expenses and accounts.
        period: Its t ends what is counted.
        days: Other days than those of the week.

    Returns:
        One row a business that had revenue, labour or direct cost: `business` (largest margin first,
        `UNALLOCATED` last), `recognised_minor`, `labour_minor`, `direct_minor`, `margin_minor` (Int64).

    Raises:
        NotAvailable: One of events, claims, expenses and accounts is absent.
    """
    days = days or days_of(inventory, period)
    revenue = sums_by_business(_revenue(inventory, days, inventory.moment(period)))
    labour = sums_by_business(_labour(inventory, days, inventory.moment(period)))
    direct = sums_by_business(spent(inventory, days, "cogs"))
    margins = {
        business: revenue.get(business, 0) - labour.get(business, 0) - direct.get(business, 0)
        for business in revenue.keys() | labour.keys() | direct.keys()
    }
    rows = [
        (business, revenue.get(business, 0), labour.get(business, 0), direct.get(business, 0), margin)
        for business, margin in unallocated_last(margins).items()
    ]
    amounts = ["recognised_minor", "labour_minor", "direct_minor", "margin_minor"]
    frame = pd.DataFrame(rows, columns=["business", *amounts])
    return frame.astype({"business": "str"} | dict.fromkeys(amounts, "Int64"))


def actual_totals(inventory: AssetInventory, period: Period, days: Days) -> dict[str, int]:
    """
    What really came and went on *days* before the t of *period*: `revenue`, `cogs`, `labour`, `opex`.

    Raises:
        NotAvailable: One of events, claims, expenses and accounts is absent.
    """
    t = inventory.moment(period)
    revenue, labour = _revenue(inventory, days, t), _labour(inventory, days, t)
    expenses = spent(inventory, days, "cogs", "opex")
    return {
        "revenue": total(revenue["amount_minor"]),
        "labour": total(labour["amount_minor"]),
        **{kind: total(expenses.loc[expenses["kind"] == kind, "amount_minor"]) for kind in ("cogs", "opex")},
    }


def planned_totals(inventory: AssetInventory, days: Days) -> dict[str, int]:
    """
    What was planned for *days*: `revenue`, `cogs`, `labour`, `opex`.

    Raises:
        NotAvailable: There is no plan, or it does not cover *days* with revenue and with costs.
    """
    revenue, costs = planned(inventory, days, "revenue"), planned(inventory, days, *COSTS)
    by_kind = {kind: total(costs.loc[costs["kind"] == kind, "amount_minor"]) for kind in COSTS}
    return {"revenue": total(revenue["amount_minor"]), **by_kind}


def _revenue(inventory: AssetInventory, days: Days, t: datetime) -> pd.DataFrame:
    served = served_between(inventory, start_of(days, inventory), t)
    return served[["business", "price_minor"]].rename(columns={"price_minor": "amount_minor"})


def _labour(inventory: AssetInventory, days: Days, t: datetime) -> pd.DataFrame:
    return labour_between(inventory, start_of(days, inventory), t, t)


def _revenue_variance(inventory: AssetInventory, period: Period, days: Days) -> Result:
    revenue = _revenue(inventory, days, inventory.moment(period))
    plan = planned(inventory, days, "revenue")
    variance = total(revenue["amount_minor"]) - total(plan["amount_minor"])
    named = plan["business"].dropna().unique()
    if not len(named):
        return variance
    known = revenue.assign(business=revenue["business"].where(revenue["business"].isin(named)))
    actual, expected = sums_by_business(known), sums_by_business(plan)
    parts = {name: actual.get(name, 0) - expected.get(name, 0) for name in actual.keys() | expected.keys()}
    return Split(variance, unallocated_last(parts))
