"""The accountant's words: what fails, what matters most of it, and what moved since last week."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from quarterdeck.display import Display
from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.days import start_of, year_to_date
from quarterdeck.metrics.exact import total
from quarterdeck.metrics.facts import Facts, extremes, facts, receivable_facts
from quarterdeck.metrics.owed import booked_without_price, cancelled_without_date, kept_on_cancelled, paid_over_price
from quarterdeck.metrics.revenue import recognised_late, unclosed_by_event
from quarterdeck.metrics.schedules import deferred_by_month, next_quarter_by_month
from quarterdeck.metrics.state import require_now
from quarterdeck.metrics.statements import expenses_by_account
from quarterdeck.metrics.tieouts import duplicate_expenses, tie_out_changes, tie_outs, uncategorised_by_expense
from quarterdeck.period import Period


@facts(
    "top_finding", "largest_check", "largest_check_minor", "checks_made", "checks_failed", "clean_checks",
    "unmade_checks",
)  # fmt: skip
def check_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    What the tie-outs find, and which of it matters most.

    What matters most is the failed check that means most money. Of what is served and not fully paid only what is
    over 60 days old counts: to be paid a few weeks later is no fault. Expenses without an account are ranked as one
    more check. A check whose money nobody knows comes after all others, and of equals the one that `tie_outs` names
    first.

    Returns:
        `top_finding` (the key of a check in `tie_outs`, or `no_account`; None where nothing fails), `largest_check`,
        `largest_check_minor` (of `tie_outs` alone, whatever its age), `checks_made`, `checks_failed` (numbers; None
        for no failed one), `clean_checks`, `unmade_checks` (their names, and why they could not be made).
    """
    checks = tie_outs(inventory, period)
    failed = checks[(checks["rows"] > 0).fillna(value=False)]
    stakes = dict(zip(failed["key"], failed["amount_minor"].fillna(0).tolist(), strict=True))
    found: Facts = {
        "checks_made": int(checks["rows"].notna().sum()),
        "checks_failed": len(failed) or None,
        "clean_checks": _listed(checks.loc[(checks["rows"] == 0).fillna(value=False), "check"].tolist()),
        "unmade_checks": _unmade(checks),
    }
    largest = max(stakes, key=stakes.__getitem__, default=None)
    if largest is not None and stakes[largest]:
        name = str(failed.loc[failed["key"] == largest, "check"].iloc[0])
        found |= {"largest_check": name, "largest_check_minor": stakes[largest]}
    stakes.pop("unpaid", None)
    old = receivable_facts(inventory, period)["old_minor"]
    stray = expense_facts(inventory, period)["no_account_minor"]
    stakes |= {name: amount for name, amount in (("unpaid", old), ("no_account", stray)) if isinstance(amount, int)}
    order = [*checks["key"], "no_account"]
    return {**found, "top_finding": min(stakes, key=lambda name: (-stakes[name], order.index(name)), default=None)}


@facts(
    "overpaid_events", "overpaid_minor", "twice_bills", "twice_minor", "priceless_events", "kept_events",
    "kept_old_minor", "undated_events", "undated_minor", "unclosed_paid_minor",
)  # fmt: skip
def item_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    The single items that fail a check, in words; None for none.

    Returns:
        `overpaid_events`, `overpaid_minor`, `twice_bills`, `twice_minor` (bills that may be booked twice, and what
        the surplus copies come to), `priceless_events`, `kept_events`, `kept_old_minor` (cancelled events that hold
        money, and what those hold that were cancelled before this fiscal year), `undated_events`, `undated_minor`
        (events that are cancelled, nobody says since when, and their prices), `unclosed_paid_minor` (what was paid
        for events that are over and not completed: it is deferred and should be revenue).
    """
    over, twice = _rows(paid_over_price, inventory, period), _rows(duplicate_expenses, inventory, period)
    priceless, kept = _rows(booked_without_price, inventory, period), _rows(kept_on_cancelled, inventory, period)
    undated = _rows(cancelled_without_date, inventory, period)
    return {
        "overpaid_events": len(over) or None,
        "overpaid_minor": _sum_of(over, "over_minor"),
        "twice_bills": len(twice) or None,
        "twice_minor": _sum_of(twice, "extra_minor"),
        "priceless_events": len(priceless) or None,
        "kept_events": len(kept) or None,
        "kept_old_minor": _sum_of(_cancelled_before_this_year(kept, inventory, period), "paid_minor"),
        "undated_events": len(undated) or None,
        "undated_minor": _sum_of(undated, "price_minor"),
        "unclosed_paid_minor": _sum_of(_rows(_paid_for_unclosed, inventory, period), "paid_minor"),
    }


@facts("no_account", "no_account_minor", "no_account_suggested")
def expense_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    The expenses before t without an account, in words; None for none.

    Returns:
        `no_account`, `no_account_minor` (their number and sum), `no_account_suggested` (how many of them have a
        likely account).
    """
    found = uncategorised_by_expense(inventory, period)
    return {
        "no_account": len(found) or None,
        "no_account_minor": total(found["amount_minor"]) or None,
        "no_account_suggested": int(found["suggested"].notna().sum()) or None,
    }


@facts("account_worst", "account_worst_minor", "account_best", "account_best_minor", "accounts_over")
def account_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    The year's expenses against their plan, in words.

    Returns:
        `account_worst`, `account_worst_minor` (the account furthest over its plan, and by how much), `account_best`,
        `account_best_minor` (furthest under it), neither where it is small beside the other; `accounts_over` (how
        many are over theirs, also by little; None for none).
    """
    rows = expenses_by_account(inventory, period).dropna(subset="variance_ytd_minor")
    variances = dict(zip(rows["name"], rows["variance_ytd_minor"].tolist(), strict=True))
    return {**extremes("account", variances), "accounts_over": int((rows["variance_ytd_minor"] < 0).sum()) or None}


@facts("deferred_month", "deferred_month_minor", "deferred_share", "quarter", "quarter_planned_minor",
       "quarter_booked_minor", "quarter_paid_minor")  # fmt: skip
def schedule_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    When what was paid ahead is earned, and what is known of the next fiscal quarter.

    Returns:
        `deferred_month`, `deferred_month_minor`, `deferred_share` (the month in which most of it is earned, how much,
        and its share; None where nothing is deferred), `quarter` (`January to March 2027`), `quarter_planned_minor`,
        `quarter_booked_minor`, `quarter_paid_minor` (of its revenue; the plan None where it does not cover it).
    """
    company = inventory.company
    display = Display(company.locale, company.currency, company.time_zone)
    months, quarter = deferred_by_month(inventory, period), next_quarter_by_month(inventory, period)
    first, last = quarter["month"].iloc[0].date(), quarter["month"].iloc[-1].date()
    planned = quarter["planned_minor"]
    found: Facts = {
        "quarter": display.months(first, last),
        "quarter_planned_minor": None if planned.isna().any() else total(planned),
        "quarter_booked_minor": total(quarter["booked_minor"]),
        "quarter_paid_minor": total(quarter["paid_minor"]),
    }
    if len(months):
        most = months.iloc[int(months["paid_minor"].argmax())]
        found |= {
            "deferred_month": display.month_in_prose(most["month"].date()),
            "deferred_month_minor": int(most["paid_minor"]),
            "deferred_share": int(most["paid_minor"]) / total(months["paid_minor"]),
        }
    return found


def moved_facts(inventory: AssetInventory, before: AssetInventory | None, period: Period) -> Facts:
    """
    What moved since the snapshot *before*, that of last week's edition; all None without one.

    It needs two snapshots, so it is no name that any sentence may use: give it beside a sentence.

    Returns:
        `late_events`, `late_minor` (events of earlier weeks that earn something else now, and how much more; 0 for
        none), `new_items`, `new_minor`, `settled_items`, `settled_minor` (rows that came to fail a check of
        `tie_outs`, or no longer do; None for none).
    """
    names = ("late_events", "late_minor", "new_items", "new_minor", "settled_items", "settled_minor")
    found: Facts = dict.fromkeys(names)
    if before is None or before.snapshot == inventory.snapshot:
        return found
    try:
        late = recognised_late(inventory, before, period)
        found |= {"late_events": len(late), "late_minor": total(late["change_minor"])}
        moved = tie_out_changes(inventory, before, period)
    except NotAvailable:
        return found
    for change in ("new", "settled"):
        rows = moved[moved["change"] == change]
        found |= {f"{change}_items": len(rows) or None, f"{change}_minor": total(rows["amount_minor"]) or None}
    return found


def _rows(
    find: Callable[[AssetInventory, Period], pd.DataFrame], inventory: AssetInventory, period: Period
) -> pd.DataFrame:
    """What *find* finds; no rows, and no columns, where it cannot be known."""
    try:
        return find(inventory, period)
    except NotAvailable:
        return pd.DataFrame()


def _sum_of(rows: pd.DataFrame, column: str) -> int | None:
    """The money of *rows*, None for none."""
    return total(rows[column]) or None if len(rows) else None


def _cancelled_before_this_year(kept: pd.DataFrame, inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """Those of *kept* that were cancelled in an earlier fiscal year; what has no date of cancelling is not known."""
    if kept.empty:
        return kept
    return kept[kept["cancelled_at"] < start_of(year_to_date(inventory, period), inventory)]


def _paid_for_unclosed(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    require_now(inventory, period)
    unclosed = unclosed_by_event(inventory, period)
    return inventory.table("events", "paid_minor").merge(unclosed[["event_id"]], on="event_id")


def _unmade(checks: pd.DataFrame) -> str | None:
    """The checks that could not be made, after each other where they share a reason."""
    names: dict[str, list[str]] = {}
    for check, reason in checks.loc[checks["rows"].isna(), ["check", "reason"]].itertuples(index=False):
        names.setdefault(str(reason), []).append(str(check))
    return "; ".join(f"{_listed(of_one)} ({reason})" for reason, of_one in names.items()) or None


def _listed(names: Sequence[str]) -> str | None:
    """Names with commas of their own, in one line; None for none."""
    return ", ".join(f"“{name}”" for name in names) or None
