"""The plan, spread over days: what was planned for any days, to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pandas as pd

from quarterdeck.display import Display
from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.days import Days, month_after, month_of


def spread(amount_minor: int, days: int) -> list[int]:
    """
    *amount_minor* in *days* parts that sum to it exactly and differ by one minor unit at most.

    What is left after whole division goes to the largest fractions. All days of a month have the same
    fraction, so it goes to the first days, one unit each.
    """
    share, left = divmod(amount_minor, days)
    return [share + (day < left) for day in range(days)]


def share_of_month(amount_minor: int, part: Days) -> int:
    """What of a month's *amount_minor*, spread over its days, falls on *part*: days of that one month."""
    month = part.first.replace(day=1)
    parts = spread(amount_minor, (month_after(month) - month).days)
    return sum(parts[(part.first - month).days : (part.end - month).days])


def months_in(days: Days) -> Iterator[tuple[str, Days]]:
    """Each month that has one of *days*, as the plan writes it, with those of its days that are among them."""
    first = days.first
    while first < days.end:
        following = month_after(first)
        yield month_of(first), Days(first, min(following, days.end))
        first = following


def planned_months(inventory: AssetInventory, days: Days, *kinds: str) -> pd.DataFrame:
    """
    The plan of every month that has one of *days*, whole months, on the accounts of *kinds*.

    Args:
        inventory: With `plan` and `accounts`.
        days: Any days.
        kinds: Of accounts, such as `cogs`. A plan row whose account the chart does not know has no kind
            and is left out.

    Returns:
        One row a plan row: `month`, `account`, `kind`, `business` (missing where the plan names none),
        `amount_minor` (Int64, as signed as the plan: costs are positive). No rows when there are no days.

    Raises:
        NotAvailable: There is no plan or no chart of accounts; or a month has no row of any of *kinds*:
            what was not planned is not a plan of zero. The text names the days.
    """
    plan = inventory.known(("plan", kinds), lambda: _plan_of(inventory, kinds))
    covered = set(plan["month"])
    parts = dict(months_in(days))
    for month, part in parts.items():
        if month not in covered:
            raise NotAvailable(_gap(inventory, part, kinds))
    return plan[plan["month"].isin(list(parts))].reset_index(drop=True)


def _plan_of(inventory: AssetInventory, kinds: tuple[str, ...]) -> pd.DataFrame:
    """All months of the plan, on the accounts of *kinds*."""
    plan = inventory.table("plan").merge(inventory.table("accounts")[["account", "kind"]], on="account")
    rows = plan[plan["kind"].isin(kinds)].reindex(columns=["month", "account", "kind", "business", "amount_minor"])
    return rows.astype({"business": "str"})


def planned(inventory: AssetInventory, days: Days, *kinds: str) -> pd.DataFrame:
    """
    What was planned for *days* on the accounts of *kinds*: each month's plan, spread over its days.

    Takes, returns and raises what `planned_months` does; `amount_minor` is the share of the month that
    falls on *days*.
    """
    rows = planned_months(inventory, days, *kinds)
    parts = dict(months_in(days))
    shares = [
        share_of_month(amount, parts[month]) for month, amount in zip(rows["month"], rows["amount_minor"], strict=True)
    ]
    return rows.assign(amount_minor=pd.Series(shares, index=rows.index, dtype="Int64"))


def _gap(inventory: AssetInventory, part: Days, kinds: tuple[str, ...]) -> str:
    company = inventory.company
    display = Display(company.locale, company.currency, company.time_zone)
    last = part.end - timedelta(days=1)
    what = "revenue" if kinds == ("revenue",) else "costs"
    when = display.day_in_prose(last, year=True) if last == part.first else display.days(part.first, last)
    return f"the plan has no {what} for {when}"
