"""
The agenda of all roles, made once; each role gets its part by what a task is about.

| role | gets |
|---|---|
| `ceo` | all; where asked for a number of rows, those of most weight |
| `cfo` | cash, collection, savings, and what a handoff puts an amount on |
| `accounting` | collection, events to close, expenses to categorise |
| `cto` | domains, secrets, access, savings, and what a handoff puts no amount on |
| `cmo` | domains, gaps of the user experience, what a handoff says about guests, consent or campaigns, and all of a
  project that is named after a channel |

Weight: what the reader decides and what is critical; then money at stake of a tenth of the week's revenue or more,
most first; then what is of high severity; then other money; then the rest, by day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

import pandas as pd

from quarterdeck.errors import InputInvalid
from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.days import end_day
from quarterdeck.metrics.revenue import recognised_revenue
from quarterdeck.metrics.state import require_now
from quarterdeck.metrics.tasks import needs, risks
from quarterdeck.metrics.tasks.merging import merge
from quarterdeck.metrics.tasks.promises import promises
from quarterdeck.metrics.tasks.task import SEVERITIES, Need, Promise, Task
from quarterdeck.period import Period

Role = Literal["ceo", "cto", "accounting", "cmo", "cfo"]

ROWS = range(1, 13)  # how many rows of a table or an agenda a mail has
SMALL_SHARE = 0.10  # of the week's recognised revenue: less money than that makes no task weighty
_REACH = re.compile(
    r"newsletter|consent|campaign|promotion|promo code|advert|marketing|guests|customers", re.IGNORECASE
)
_COLUMNS = {
    "action": "str",
    "owner": "str",
    "due_on": "datetime64[s]",
    "amount_minor": "Int64",
    "is_decision": "bool",
    "evidence": "str",
    "kind": "str",
    "severity": "str",
}
_SOURCES: tuple[Callable[[AssetInventory, Period], Sequence[Promise | Need]], ...] = (
    promises,
    needs.crew_needs,
    needs.collection_needs,
    needs.cash_needs,
    needs.saving_needs,
    needs.closing_needs,
    needs.categorising_needs,
    risks.domain_needs,
    risks.secret_needs,
    risks.access_needs,
)


def agenda(inventory: AssetInventory, period: Period, role: Role, rows: int | None = None) -> pd.DataFrame:
    """
    What is to be done in the next 30 days, what is late, and what has no day; each task once.

    It comes from the handoffs' open actions and gaps and from the figures: crew for a booked event, money to collect,
    a low of cash, what is paid for idle projects, events to close, expenses to categorise, domains, secrets, access.
    How two sources are found to say the same stands in `quarterdeck.metrics.tasks.merging`.

    Args:
        inventory: Whatever of the sources is absent adds nothing.
        period: The snapshot's last full week, or a later one.
        role: Whose part of it.
        rows: At most so many, 1 to 12, those of most weight; all when not given.

    Returns:
        Late ones first, then by day, then what has none by the money at stake: `action` (begins with a verb; of a
        decision, what is decided), `owner`, `due_on`, `amount_minor` (Int64; all three may be missing),
        `is_decision` (bool), `evidence` (documents with their lines, and figures), `kind`, `severity`.

    Raises:
        NotAvailable: *period* is before the snapshot's last week, or there is no source at all.
        InputInvalid: *role* is none, or *rows* is out of its range.
    """
    if role not in _PARTS:
        raise InputInvalid("agenda", f"the unknown role {role!r}", ", ".join(_PARTS), "python runner.py run")
    require_rows(rows)
    require_now(inventory, period)
    horizon = end_day(inventory, period) + timedelta(days=needs.AGENDA_DAYS)
    is_its = _PARTS[role]
    channels = _channel_words(inventory)
    tasks = [
        task
        for task in _all_tasks(inventory, period)
        if (task.due_on is None or task.due_on <= horizon) and is_its(task, channels)
    ]
    if rows is not None:
        small = SMALL_SHARE * (recognised_revenue(inventory, period).value or 0)
        tasks = sorted(tasks, key=lambda task: _weight(task, small))[:rows]
    return _framed(tasks)


def require_rows(rows: object, name: str = "agenda_rows") -> None:
    """
    Refuse a number of rows that no mail has, calling it *name*; None is all of them.

    Raises:
        InputInvalid: It is no whole number from 1 to 12.
    """
    if rows is not None and rows not in ROWS:
        mend = "python runner.py run" + (f" -p {name}={ROWS[-1]}" if name == "agenda_rows" else "")
        raise InputInvalid(name, repr(rows), f"a whole number from {ROWS[0]} to {ROWS[-1]}", mend)


def _all_tasks(inventory: AssetInventory, period: Period) -> list[Task]:
    """
    Every task that any source knows.

    Raises:
        NotAvailable: No source knows anything.
    """
    found: list[Promise | Need] = []
    reasons: list[str] = []
    for source in _SOURCES:
        try:
            found += source(inventory, period)
        except NotAvailable as absent:
            reasons.append(str(absent))
    if len(reasons) == len(_SOURCES):
        raise NotAvailable(reasons[0])
    return merge(
        [each for each in found if isinstance(each, Promise)], [each for each in found if isinstance(each, Need)]
    )


def _framed(tasks: list[Task]) -> pd.DataFrame:
    rows = [{name: getattr(task, name) for name in _COLUMNS} | {"evidence": "; ".join(task.evidence)} for task in tasks]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)
    order = ["due_on", "amount_minor", "action"]
    return frame.sort_values(order, ascending=[True, False, True], ignore_index=True)


def _weight(task: Task, small: float) -> tuple[int, int, date]:
    """What sorts the weightiest task first."""
    amount = task.amount_minor or 0
    if task.is_decision or task.severity == SEVERITIES[0]:
        tier = 0
    elif amount >= small and amount:
        tier = 1
    else:
        tier = 2 if task.severity == SEVERITIES[1] else 3
    return tier, -amount, task.due_on or date.max


def _channel_words(inventory: AssetInventory) -> tuple[str, ...]:
    """The names of the company's channels, one of several each: `Marketplace`."""
    if not inventory.has("events", "channel"):
        return ()
    names = inventory.table("events")["channel"].dropna().unique().tolist()
    return tuple(name.casefold().removesuffix("s").replace("_", " ") for name in names)


def _is_about_reach(task: Task, channels: tuple[str, ...]) -> bool:
    is_said = bool(_REACH.search(" ".join(task.texts)))
    projects = " ".join(task.projects).casefold()
    return task.area == "ux" or is_said or any(re.search(rf"\b{re.escape(name)}", projects) for name in channels)


_PARTS: Mapping[str, Callable[[Task, tuple[str, ...]], bool]] = {
    "ceo": lambda _, __: True,
    "cto": lambda task, _: (
        task.kind in ("domain", "secret", "access", "saving") or (task.kind == "project" and task.amount_minor is None)
    ),
    "accounting": lambda task, _: task.kind in ("collect", "close", "categorise"),
    "cmo": lambda task, channels: task.kind == "domain" or _is_about_reach(task, channels),
    "cfo": lambda task, _: (
        task.kind in ("cash", "collect", "saving") or (task.kind == "project" and task.amount_minor is not None)
    ),
}
