"""Are the books complete and right? What does not tie out, and where an uncategorised expense belongs."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.days import Days, days_of, end_day, year_to_date
from quarterdeck.metrics.exact import total
from quarterdeck.metrics.expenses import account_names, dated_in, with_kind
from quarterdeck.metrics.owed import (
    booked_without_price,
    cancelled_without_date,
    kept_on_cancelled,
    open_receivables,
    paid_over_price,
)
from quarterdeck.metrics.revenue import unclosed_by_event
from quarterdeck.period import Period


def tie_outs(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What should be empty when the books are complete and right, with how many rows are not, and how much money.

    Returns:
        One row a check, always the same ones in the same order: `check`, `rows` (Int64), `amount_minor` (Int64), both
        missing where the check could not be made; `amount_minor` too where no amount is known. `reason`
        says why it could not be made, else missing.
    """
    rows = [(check, *_counted(inventory, period, find, column)) for check, find, column in _CHECKS]
    frame = pd.DataFrame(rows, columns=["check", "rows", "amount_minor", "reason"])
    return frame.astype({"check": "str", "rows": "Int64", "amount_minor": "Int64", "reason": "str"})


def duplicate_expenses(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    Expenses of the fiscal year to date with the same vendor, date and amount: perhaps one invoice booked twice.

    Returns:
        Most money first: `vendor`, `date`, `amount_minor`, `copies` (int, 2 or more), `extra_minor` (Int64: what
        all but one of them come to).

    Raises:
        NotAvailable: There are no expenses before t.
    """
    expenses = dated_in(inventory, year_to_date(inventory, period))
    copies = expenses.groupby(["vendor", "date", "amount_minor"], as_index=False).agg(copies=("vendor", "size"))
    twice = copies[copies["copies"] > 1]
    twice = twice.assign(extra_minor=twice["amount_minor"] * (twice["copies"] - 1))
    order = ["extra_minor", "date", "vendor"]
    return twice.sort_values(order, ascending=[False, True, True], ignore_index=True)


def uncategorised_by_expense(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    Every expense before t that no account counts, with the account that it probably belongs to.

    The account suggested is the one that most payments to the same vendor are on (of equals the one used
    last); upper and lower case and spaces are not told apart.

    Returns:
        Largest amount first: `date`, `vendor`, `description` (may be missing), `amount_minor`, `account` (as it stands:
        missing, or not in the chart), `in_period` (bool: those sum to `uncategorised_expenses`), `suggested` (the
        account's name, missing where there is none to suggest), `why` (such as `9 of 10 other payments to this
        vendor are on it`).

    Raises:
        NotAvailable: There are no expenses before t, they name no accounts, or there is no chart of accounts.
    """
    first = inventory.table("expenses", "account")["date"].dt.date.min()
    expenses = with_kind(inventory, Days(first, end_day(inventory, period)))
    expenses = expenses.assign(key=expenses["vendor"].str.casefold().str.split().str.join(" "))
    usual = usual_accounts(expenses[expenses["kind"].notna()]).set_index("key").rename(columns={"account": "usual"})
    found = expenses[expenses["kind"].isna()].join(usual, on="key")
    counts = zip(found["on_it"], found["payments"], strict=True)
    why = [
        f"{on_it:.0f} of {payments:.0f} other payments to this vendor are on it"
        if payments > 0
        else "no other payment to this vendor has an account"
        for on_it, payments in counts
    ]
    found = found.assign(
        in_period=days_of(inventory, period).hold(found["date"]),
        suggested=found["usual"].map(account_names(inventory)).astype("str"),
        why=pd.Series(why, index=found.index, dtype="str"),
    )
    columns = ["date", "vendor", "description", "amount_minor", "account", "in_period", "suggested", "why"]
    return found.reindex(columns=columns).sort_values(
        ["amount_minor", "date", "vendor"], ascending=[False, False, True], ignore_index=True
    )


def usual_accounts(expenses: pd.DataFrame) -> pd.DataFrame:
    """
    The account that most payments to each vendor are on, of equals the one used last.

    Args:
        expenses: `key` (the vendor), `account`, `date`; all with an account.

    Returns:
        One row a vendor: `key`, `account`, `on_it` and `payments` (int: payments on it, and on any account).
    """
    uses = expenses.groupby(["key", "account"], as_index=False).agg(on_it=("date", "size"), last=("date", "max"))
    uses["payments"] = uses.groupby("key")["on_it"].transform("sum")
    uses = uses.sort_values(["key", "on_it", "last", "account"]).drop_duplicates("key", keep="last")
    return uses[["key", "account", "on_it", "payments"]]


Find = Callable[[AssetInventory, Period], pd.DataFrame]

_CHECKS: tuple[tuple[str, Find, str | None], ...] = (
    ("Over, not completed", unclosed_by_event, "price_minor"),
    ("Paid over price", paid_over_price, "over_minor"),
    ("Completed, not fully paid", open_receivables, "open_minor"),
    ("Booked without price", booked_without_price, None),
    ("Money kept on cancelled events", kept_on_cancelled, "paid_minor"),
    ("Cancelled without date", cancelled_without_date, "price_minor"),
    ("Same vendor, date and amount", duplicate_expenses, "extra_minor"),
)


def _counted(
    inventory: AssetInventory, period: Period, find: Find, column: str | None
) -> tuple[int | None, int | None, str | None]:
    try:
        rows = find(inventory, period)
    except NotAvailable as absent:
        return None, None, str(absent)
    return len(rows), total(rows[column]) if column else None, None
