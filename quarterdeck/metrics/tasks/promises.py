"""What the handoffs promise: their open actions and gaps, as the agenda reads them."""

from __future__ import annotations

import re

import pandas as pd

from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.handoffs import open_actions, open_gaps, told_once
from quarterdeck.metrics.tasks.task import Promise
from quarterdeck.period import Period

_DECIDE = re.compile(r"decide\b[:,]?\s+", re.IGNORECASE)


def promises(inventory: AssetInventory, period: Period) -> list[Promise]:
    """
    The open actions, those due first first, then the open gaps, the most severe first.

    Raises:
        NotAvailable: There are no handoffs, or *period* is before the snapshot's last week.
    """
    actions, gaps = open_actions(inventory, period), open_gaps(inventory, period)
    return [*(_promise(row, "action") for row in _rows(actions)), *(_promise(row, "gap") for row in _rows(gaps))]


def what_is_decided(text: str) -> str | None:
    """What the reader decides: `Decide whether to sell` → `whether to sell`; None where *text* is no decision."""
    found = _DECIDE.match(text)
    return text[found.end() :] if found else None


def _rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def _promise(row: dict[str, object], column: str) -> Promise:
    due_on, amount = row["due_on"], row["amount_minor"]
    return Promise(
        text=told_once(str(row[column]), is_dated=row.get("opened_on") is not None),
        is_gap=column == "gap",
        project=str(row["project"]),
        document=str(row["document"]),
        line=int(str(row["line"])),
        area=str(row.get("area", "")),
        severity=str(row.get("severity", "unknown")),
        owner=None if row["owner"] is None else str(row["owner"]),
        due_on=due_on.date() if isinstance(due_on, pd.Timestamp) else None,
        amount_minor=int(amount) if isinstance(amount, int) else None,
    )
