"""What is to be done about money in the next 30 days: what the handoffs say, and what the figures ask for."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pandas as pd

from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.collection import collection_tasks
from quarterdeck.metrics.days import end_day
from quarterdeck.metrics.forecast import outlook
from quarterdeck.metrics.handoffs import open_gaps
from quarterdeck.metrics.state import require_now
from quarterdeck.period import Period

AGENDA_DAYS = 30
_AMOUNT = re.compile(r",\s*(?:[$€£]\s?\d[\d.,]*[km]?|\d[\d.,]*[km]?\s?€)\s*$")  # it has a column of its own
_DECIDE = re.compile(r"decide\b[:,]?\s+", re.IGNORECASE)
_COLUMNS = {
    "action": "str",
    "owner": "str",
    "due_on": "datetime64[s]",
    "amount_minor": "Int64",
    "is_decision": "bool",
    "evidence": "str",
}


def money_agenda(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The tasks of the next 30 days that move money, and those that are late.

    Open actions and gaps of the handoffs that name an amount; money to collect; and, where the cash forecast
    falls under the minimum, the decision how to cover it. An action of the handoffs with the very amount of a
    derived task is that task: it stands there once, with its owner.

    Returns:
        Late ones first, then by date, then what has no date by amount: `action` (begins with a verb; of a
        decision, what is decided), `owner` (may be missing), `due_on` (may be missing), `amount_minor` (Int64),
        `is_decision` (bool), `evidence` (where it comes from). No rows where there is nothing to do.

    Raises:
        NotAvailable: *period* is before the snapshot's last week, or there is neither a handoff nor money owed.
    """
    require_now(inventory, period)
    reasons: list[str] = []

    def known(part: Callable[[AssetInventory, Period], pd.DataFrame]) -> pd.DataFrame:
        try:
            return part(inventory, period)
        except NotAvailable as absent:
            reasons.append(str(absent))
            return pd.DataFrame(columns=list(_COLUMNS))

    parts = (_promised, _gaps, collection_tasks, _cover)
    promised, gaps, collect, cover = (known(part) for part in parts)
    if len(reasons) == len(parts):
        raise NotAvailable(reasons[0])
    derived = pd.concat([collect.reindex(columns=list(_COLUMNS)), cover])
    derived = derived[~derived["amount_minor"].isin(promised["amount_minor"].dropna())]
    tasks = pd.concat([promised, gaps, derived]).fillna({"is_decision": False}).astype(_COLUMNS)
    horizon = pd.Timestamp(end_day(inventory, period) + timedelta(days=AGENDA_DAYS))
    tasks = tasks[tasks["due_on"].isna() | (tasks["due_on"] <= horizon)]
    order = ["due_on", "amount_minor", "action"]
    return tasks.sort_values(order, ascending=[True, False, True], ignore_index=True)


def _promised(inventory: AssetInventory, _: Period) -> pd.DataFrame:
    actions = inventory.table("actions", "amount_minor")
    wanted = actions[~actions["is_done"] & actions["amount_minor"].notna()]
    action = wanted["action"].str.replace(_AMOUNT, "", regex=True)
    is_decision = action.str.match(_DECIDE)
    named = wanted.assign(
        action=action.str.replace(_DECIDE, "", n=1, regex=True).where(is_decision, action),
        is_decision=is_decision,
        evidence=_place(wanted),
    )
    return named.reindex(columns=list(_COLUMNS))


def _gaps(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    gaps = open_gaps(inventory, period)
    wanted = gaps[gaps["amount_minor"].notna()]
    named = wanted.assign(action="Close the gap: " + wanted["gap"], is_decision=False, evidence=_place(wanted))
    return named.reindex(columns=list(_COLUMNS))


def _cover(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """The decision that a low under the minimum asks for: in time for the first such week, within the 30 days."""
    expected, minimum = outlook(inventory, period), inventory.company.minimum_cash_minor
    week = expected.first_below(minimum)
    if week is None:
        return pd.DataFrame(columns=list(_COLUMNS))
    last = end_day(inventory, period) + timedelta(days=AGENDA_DAYS)
    row = {
        "action": "how to keep cash over the minimum",
        "due_on": pd.Timestamp(min(expected.weeks[week - 1].first, last)),
        "amount_minor": minimum - expected.lowest()[0],
        "is_decision": True,
        "evidence": "cash forecast",
    }
    return pd.DataFrame([row]).reindex(columns=list(_COLUMNS))


def _place(rows: pd.DataFrame) -> pd.Series[str]:
    place: pd.Series[str] = rows["document"].astype("str") + ", line " + rows["line"].astype("str")
    return place
