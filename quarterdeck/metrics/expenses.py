"""What was spent: the expenses of any days, by the kind of their account."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pandas as pd

from quarterdeck.display import Display
from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.days import Days, days_of
from quarterdeck.metrics.exact import total, totals_by
from quarterdeck.metrics.figure import Result, Split, metric
from quarterdeck.metrics.state import booked_between
from quarterdeck.period import Period

UNALLOCATED = "Unallocated"
"""The part of a split by business that holds what names no business; always last."""

CHANNEL_WEEKS = 13


@metric(unit="minor", label="Direct cost", better="less")
def direct_cost(inventory: AssetInventory, period: Period) -> Result:
    """
    What the week's service cost besides labour, by business.

    Expenses that name no business are "Unallocated", last. The parts sum to the value.

    Formula:
        Σ expenses dated in P, before t's day, whose account is of kind `cogs`.

    Source:
        expenses, accounts
    """
    return _by_business(spent(inventory, days_of(inventory, period), "cogs"))


@metric(unit="minor", label="Operating cost", better="less")
def operating_cost(inventory: AssetInventory, period: Period) -> Result:
    """
    What running the company cost in the week, by account.

    The parts carry the account's name and sum to the value.

    Formula:
        Σ expenses dated in P, before t's day, whose account is of kind `opex`.

    Source:
        expenses, accounts
    """
    costs = spent(inventory, days_of(inventory, period), "opex")
    names = costs["account"].map(account_names(inventory))
    return Split(total(costs["amount_minor"]), totals_by(names, costs["amount_minor"]))


@metric(unit="minor", label="Uncategorised", better="less")
def uncategorised_expenses(inventory: AssetInventory, period: Period) -> Result:
    """
    Expenses of the week that no cost figure counts yet: a margin is overstated by up to this.

    Formula:
        Σ expenses dated in P, before t's day, without account, or with one the chart does not know.

    Source:
        expenses, accounts
    """
    expenses = with_kind(inventory, days_of(inventory, period))
    return total(expenses.loc[expenses["kind"].isna(), "amount_minor"])


@metric(unit="minor", label="Cost per booking", better="less", null_means="no channel had both expenses and bookings")
def cost_per_booking(inventory: AssetInventory, period: Period) -> Result:
    """
    What a booking cost to win, by channel.

    The parts are the channels that an expense names; one without bookings has no value, and one without
    expenses is no part: what it cost is not known. The value is the same quotient over all parts with bookings.

    Formula:
        13 w: Σ expenses that name the channel ÷ its gross bookings (count), rounded half-even to minor units.

    Source:
        expenses, events
    """
    expenses = dated_in(inventory, days_of(inventory, period, CHANNEL_WEEKS), "channel")
    inventory.require("events", "channel")
    booked = booked_between(inventory, period.window_start(CHANNEL_WEEKS), inventory.moment(period))
    counts = booked["channel"].value_counts().to_dict()
    named = expenses[expenses["channel"].notna()]
    costs = totals_by(named["channel"], named["amount_minor"])
    won = [channel for channel in costs if counts.get(channel)]
    by = {channel: _per(cost, counts.get(channel, 0)) for channel, cost in costs.items()}
    return Split(_per(sum(costs[channel] for channel in won), sum(counts[channel] for channel in won)), by)


def dated_in(inventory: AssetInventory, days: Days, *columns: str) -> pd.DataFrame:
    """
    The expenses dated in *days*.

    Raises:
        NotAvailable: There are no expenses, they lack one of *columns*, or the first is dated after *days*:
            before the books begin, what was spent is unknown and not zero.
    """
    expenses = inventory.table("expenses", *columns)
    if not (expenses["date"] < pd.Timestamp(days.end)).any():
        company = inventory.company
        end = Display(company.locale, company.currency, company.time_zone).day_in_prose(days.end, year=True)
        raise NotAvailable(f"the books hold no expense before {end}")
    return expenses[days.hold(expenses["date"])]


def with_kind(inventory: AssetInventory, days: Days) -> pd.DataFrame:
    """
    The expenses dated in *days* with the `kind` of their account, missing where the chart does not know it.

    Raises:
        NotAvailable: There are no expenses before the end of *days*, they name no accounts, or there is no chart.
    """
    expenses = dated_in(inventory, days, "account")
    kinds = inventory.table("accounts").set_index("account")["kind"]
    return expenses.assign(kind=expenses["account"].map(kinds))


def spent(inventory: AssetInventory, days: Days, *kinds: str) -> pd.DataFrame:
    """
    The expenses dated in *days* on accounts of *kinds*.

    Returns:
        `account`, `kind`, `business` (missing where none is named), `amount_minor`.

    Raises:
        NotAvailable: As `with_kind`.
    """
    expenses = with_kind(inventory, days)
    rows = expenses[expenses["kind"].isin(kinds)]
    return rows.reindex(columns=["account", "kind", "business", "amount_minor"]).astype({"business": "str"})


def account_names(inventory: AssetInventory) -> dict[str, str]:
    """
    What readers call each account: its name, with the account behind it where two share the name.

    Raises:
        NotAvailable: There is no chart of accounts.
    """
    accounts = inventory.table("accounts")
    is_shared = accounts["name"].duplicated(keep=False)
    names = accounts["name"].where(~is_shared, accounts["name"] + " (" + accounts["account"] + ")")
    return dict(zip(accounts["account"], names, strict=True))


def unallocated_last(sums: Mapping[str, int]) -> dict[str, int]:
    """The same parts, largest first, equal ones by name, `UNALLOCATED` last."""
    return dict(sorted(sums.items(), key=lambda part: (part[0] == UNALLOCATED, -part[1], part[0])))


def sums_by_business(rows: pd.DataFrame) -> dict[str, int]:
    """The sum of `amount_minor` for each business, with `UNALLOCATED` for rows that name none."""
    return totals_by(rows["business"].fillna(UNALLOCATED), rows["amount_minor"])


def _by_business(rows: pd.DataFrame) -> Split:
    return Split(total(rows["amount_minor"]), unallocated_last(sums_by_business(rows)))


def _per(amount_minor: int, count: int) -> int | None:
    """*amount_minor* ÷ *count*, rounded half-even to minor units; None where there is nothing to divide by."""
    return round(Fraction(amount_minor, count)) if count else None
