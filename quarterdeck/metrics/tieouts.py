"""Are the books complete and right? What does not tie out, and where an uncategorised expense belongs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

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
from quarterdeck.metrics.state import local_days
from quarterdeck.period import Period

Find = Callable[[AssetInventory, Period], pd.DataFrame]


@dataclass(frozen=True)
class _Check:
    """A check, and which columns of the rows that fail it name them, date them and say how much money they mean."""

    key: str
    name: str
    find: Find
    item: str
    on: str
    amount: str = ""


def tie_outs(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What should be empty when the books are complete and right, with how many rows are not, and how much money.

    Returns:
        One row a check, always the same ones in the same order: `check`, `rows` (Int64), `amount_minor` (Int64), both
        missing where the check could not be made; `amount_minor` too where no amount is known. `reason`
        says why it could not be made, else missing. `key` names the check for `tie_out_items`.
    """
    rows = [(check.name, *_counted(inventory, period, check), check.key) for check in _CHECKS]
    frame = pd.DataFrame(rows, columns=["check", "rows", "amount_minor", "reason", "key"])
    return frame.astype({"check": "str", "rows": "Int64", "amount_minor": "Int64", "reason": "str", "key": "str"})


def tie_out_items(inventory: AssetInventory, period: Period, *keys: str) -> pd.DataFrame:
    """
    Every single row that fails a check of `tie_outs`, in its order, of each check the largest first.

    Args:
        inventory: A check that cannot be made adds nothing.
        period: Some checks can be made for the snapshot's last full week alone.
        keys: Of the checks; all when not given.

    Returns:
        `check`, `item` (id of an event, name of a vendor), `business` (missing where none is named), `on` (datetime64,
        the company's day: when the event started or ended or was cancelled, or the bill's), `amount_minor` (Int64,
        missing where none is known; of each check they sum to that of `tie_outs`).

    Raises:
        NotAvailable: None of these checks can be made.
    """
    found: list[pd.DataFrame] = []
    reasons: list[str] = []
    for check in _CHECKS:
        if not keys or check.key in keys:
            try:
                found.append(_items(inventory, period, check))
            except NotAvailable as absent:
                reasons.append(str(absent))
    if not found:
        raise NotAvailable(reasons[0])
    return pd.concat(found, ignore_index=True)


def tie_out_changes(inventory: AssetInventory, before: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What came and went among the items of `tie_out_items` since the snapshot *before*, that of last week's edition.

    Only checks that can be made in both are compared, so that what nobody could know is neither new nor settled.

    Returns:
        The columns of `tie_out_items`, and `change`: `new` (rows of this snapshot) or `settled` (rows of *before*).

    Raises:
        NotAvailable: Both are one snapshot, or no check can be made in both.
    """
    if inventory.snapshot == before.snapshot:
        raise NotAvailable("last week's edition was made from the same snapshot")
    moved: list[pd.DataFrame] = []
    for check in _CHECKS:
        with suppress(NotAvailable):
            now, then = _items(inventory, period, check), _items(before, period.shifted(-1), check)
            moved += [_only_in(now, then).assign(change="new"), _only_in(then, now).assign(change="settled")]
    if not moved:
        raise NotAvailable("no check can be made in both snapshots")
    return pd.concat(moved, ignore_index=True)


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
        account's name, missing where there is none to suggest), `why` (such as `as 9 of its 10 other
        payments`, and before that an account that the chart does not know).

    Raises:
        NotAvailable: There are no expenses before t, they name no accounts, or there is no chart of accounts.
    """
    first = inventory.table("expenses", "account")["date"].dt.date.min()
    expenses = with_kind(inventory, Days(first, end_day(inventory, period)))
    expenses = expenses.assign(key=expenses["vendor"].str.casefold().str.split().str.join(" "))
    usual = usual_accounts(expenses[expenses["kind"].notna()]).set_index("key").rename(columns={"account": "usual"})
    found = expenses[expenses["kind"].isna()].join(usual, on="key")
    told = zip(found["account"], found["on_it"], found["payments"], strict=True)
    why = [_why(account, on_it, payments) for account, on_it, payments in told]
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


_CHECKS = (
    _Check("unclosed", "Over, not completed", unclosed_by_event, "event_id", "ended_at", "price_minor"),
    _Check("overpaid", "Paid over price", paid_over_price, "event_id", "starts_at", "over_minor"),
    _Check("unpaid", "Completed, not fully paid", open_receivables, "event_id", "ended_at", "open_minor"),
    _Check("priceless", "Booked without price", booked_without_price, "event_id", "starts_at"),
    _Check("kept", "Money kept on cancelled events", kept_on_cancelled, "event_id", "cancelled_at", "paid_minor"),
    _Check("undated", "Cancelled without date", cancelled_without_date, "event_id", "starts_at", "price_minor"),
    _Check("twice", "Same vendor, date and amount", duplicate_expenses, "vendor", "date", "extra_minor"),
)
_ITEM_TYPES = {"check": "str", "item": "str", "business": "str", "on": "datetime64[s]", "amount_minor": "Int64"}


def _items(inventory: AssetInventory, period: Period, check: _Check) -> pd.DataFrame:
    """The rows that fail *check*, the largest first."""
    rows = check.find(inventory, period)
    on = rows[check.on]
    frame = pd.DataFrame(
        {
            "check": check.name,
            "item": rows[check.item],
            "business": rows.get("business"),
            "on": on if on.dt.tz is None else local_days(on, inventory.company.time_zone),
            "amount_minor": rows[check.amount] if check.amount else None,
        }
    ).astype(_ITEM_TYPES)
    return frame.sort_values(["amount_minor", "on", "item"], ascending=[False, True, True], ignore_index=True)


def _only_in(rows: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Those of *rows* that are not among *others*: an item is known by its name and its day."""
    key = ["item", "on"]
    found = rows.merge(others[key], how="left", on=key, indicator="where")
    return found[found["where"] == "left_only"].drop(columns="where")


def _counted(inventory: AssetInventory, period: Period, check: _Check) -> tuple[int | None, int | None, str | None]:
    try:
        rows = check.find(inventory, period)
    except NotAvailable as absent:
        return None, None, str(absent)
    return len(rows), total(rows[check.amount]) if check.amount else None, None


def _why(account: str, on_it: float, payments: float) -> str:
    """Why the usual account is suggested, after a vendor; *on_it* and *payments* are missing where it has none."""
    stray = "" if pd.isna(account) else f"{account} is not in the chart; "
    if not payments > 0:
        return f"{stray}it has no other payment with an account"
    if on_it == payments:
        return f"{stray}as its {'only other payment' if payments == 1 else f'{payments:.0f} other payments'}"
    return f"{stray}as {on_it:.0f} of its {payments:.0f} other payments"
