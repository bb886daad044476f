"""Cash in the bank, at any week's end."""

from __future__ import annotations

from datetime import date

import pandas as pd

from quarterdeck.display import Display
from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.days import end_day
from quarterdeck.metrics.expenses import account_names
from quarterdeck.metrics.figure import Result, Split, metric
from quarterdeck.period import Period


@metric(unit="minor", label="Cash", better="more")
def cash(inventory: AssetInventory, period: Period) -> Result:
    """
    What lies on the cash accounts, by account.

    An account without a balance before t is shown as not available, and adds nothing; the parts that are
    known sum to the value.

    Formula:
        Σ over `cash` accounts of the latest balance dated before t's day.

    Source:
        balances, accounts
    """
    latest = cash_balances(inventory, end_day(inventory, period))
    return Split(sum(balance for balance in latest.values() if balance is not None), latest)


def cash_balances(inventory: AssetInventory, day: date) -> dict[str, int | None]:
    """
    The latest balance dated before *day* of each `cash` account, None where it has none.

    By the account's name, in the chart's order.

    Raises:
        NotAvailable: There are no balances or no chart, or no cash account has a balance before *day*.
    """
    balances = inventory.table("balances")
    accounts = inventory.table("accounts")
    known = balances[balances["date"] < pd.Timestamp(day)].sort_values("date")
    latest = known.drop_duplicates("account", keep="last").set_index("account")["balance_minor"].to_dict()
    names = account_names(inventory)
    held = {names[account]: latest.get(account) for account in accounts.loc[accounts["kind"] == "cash", "account"]}
    if all(balance is None for balance in held.values()):
        company = inventory.company
        shown = Display(company.locale, company.currency, company.time_zone).day_in_prose(day, year=True)
        raise NotAvailable(f"no cash account has a balance before {shown}")
    return held


def cash_by_week(inventory: AssetInventory, period: Period, weeks: int = 9) -> pd.DataFrame:
    """
    Cash at the end of each of the *weeks* weeks that end with *period*: the actual part of the cash chart.

    Returns:
        In the order of time: `week` (such as `2026-W48`), `ends_on` (its Sunday), `cash_minor` (Int64,
        missing where it is not available).
    """
    shown = [period.shifted(back) for back in range(1 - weeks, 1)]
    return pd.DataFrame(
        {
            "week": pd.Series([str(week) for week in shown], dtype="str"),
            "ends_on": pd.Series([week.last_day for week in shown], dtype="datetime64[s]"),
            "cash_minor": pd.Series([cash(inventory, week).value for week in shown], dtype="Int64"),
        }
    )
