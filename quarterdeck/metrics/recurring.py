"""Expenses that come every month: which vendors, how much, and when next."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import pandas as pd

from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.days import Days, end_day, month_after, month_of
from quarterdeck.metrics.expenses import with_kind
from quarterdeck.metrics.plan import months_in
from quarterdeck.period import Period

MONTHS_SEEN = 4
MONTHS_ALIKE = 3
TOLERANCE = Fraction(20, 100)


def recurring_expenses(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The vendors that are paid about the same every month, and what they are paid.

    A vendor recurs when, of the 4 calendar months before t's, at least 3 have a sum within ±20 % (20 %
    included) of the median of those months in which it was paid at all. That median is its monthly amount.
    Expenses on accounts of kind `labour` are left out, since crews are known from claims; those without
    account are in. A vendor whose median is a credit does not recur.

    Returns:
        Largest first: `vendor`, `account` (of its latest payment before t, missing where that has none;
        on one day, of the largest), `monthly_minor` (Int64, rounded half-even), `months` (int: how many
        of the 4 are alike), `last_on` (datetime64: the latest payment before t).

    Raises:
        NotAvailable: There are no expenses before t, they name no accounts, or there is no chart of accounts.
    """
    found = inventory.known(("recurring expenses", period), lambda: _recurring_expenses(inventory, period))
    return found.copy(deep=False)  # a caller's change copies what it changes


def _recurring_expenses(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    end = end_day(inventory, period)
    recent = with_kind(inventory, Days(month_after(end, -MONTHS_SEEN), end))
    recent = recent[(recent["kind"] != "labour").fillna(value=True)]
    order = ["date", "amount_minor", "account"]
    latest = recent.sort_values(order).drop_duplicates("vendor", keep="last").set_index("vendor")
    rows = [
        (vendor, latest.loc[vendor, "account"], *alike, latest.loc[vendor, "date"])
        for vendor, amounts in _monthly(recent, end).items()
        if (alike := monthly_amount(amounts)) is not None
    ]
    frame = pd.DataFrame(rows, columns=["vendor", "account", "monthly_minor", "months", "last_on"])
    types = {"vendor": "str", "account": "str", "monthly_minor": "Int64", "months": "int64", "last_on": "datetime64[s]"}
    return frame.astype(types).sort_values(["monthly_minor", "vendor"], ascending=[False, True], ignore_index=True)


def monthly_amount(amounts: Sequence[int]) -> tuple[int, int] | None:
    """
    What a vendor with these monthly sums is paid a month, and how many of the months are alike.

    None where fewer than 3 lie within ±20 % of their median, or where the median is not positive.
    """
    median = exact_median(amounts)
    alike = [amount for amount in amounts if abs(amount - median) <= abs(median) * TOLERANCE]
    return (round(median), len(alike)) if median > 0 and len(alike) >= MONTHS_ALIKE else None


def exact_median(amounts: Sequence[int]) -> Fraction:
    """The median of whole numbers, of which there is at least one: of two middle ones exactly half their sum."""
    ordered = sorted(amounts)
    half = len(ordered) // 2
    return Fraction(ordered[half] + ordered[~half], 2)


def payment_days(last: date, days: Days) -> list[date]:
    """
    When an expense that was paid last on *last* is due: once a month, on that day of the month.

    A month that is too short has it on its last day. Nothing more is due in the month of *last*. In the
    first month of *days* the day may lie before them: then it is overdue.
    """
    due = []
    for month, part in months_in(days):
        length = calendar.monthrange(part.first.year, part.first.month)[1]
        day = part.first.replace(day=min(last.day, length))
        if month != month_of(last) and day < days.end:
            due.append(day)
    return due


def _monthly(recent: pd.DataFrame, end: date) -> dict[str, list[int]]:
    """The sums of each vendor for the months before that of *end* in which it was paid."""
    whole = recent[recent["date"] < pd.Timestamp(end.replace(day=1))]
    months = whole["date"].dt.strftime("%Y-%m")
    by_vendor: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for vendor, month, amount in zip(whole["vendor"], months, whole["amount_minor"].tolist(), strict=True):
        by_vendor[vendor][month] += amount
    return {vendor: list(sums.values()) for vendor, sums in by_vendor.items()}
