"""Freeze: the company's sources, read once, as the snapshot that all reports of a batch read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd

from quarterdeck.errors import InputInvalid
from quarterdeck.inventory import AssetInventory
from quarterdeck.period import Period, midnight
from quarterdeck.pipeline.plan import Plan
from quarterdeck.snapshot import reusable_snapshot, take_snapshot
from quarterdeck.sources import Told, collect
from quarterdeck.store import Store

# Any of them shows that the company's data reaches back to that moment.
_FIRST_SIGNS = (
    ("events", "created_at"),
    ("events", "booked_at"),
    ("events", "starts_at"),
    ("expenses", "date"),
    ("balances", "date"),
)


def freeze(plan: Plan, store: Store, told: Told) -> Path:
    """
    Collect every source once, and freeze it; unchanged sources without an `as_of` give the last snapshot again.

    Args:
        told: Called with what is being read, now and then.
    """
    collected = collect(plan.company, plan.company_folder, told)
    if plan.company.as_of is None:
        store.fetch_latest_snapshot()
        again = reusable_snapshot(collected, plan.company, now=plan.now, store=store.snapshots)
        if again is not None:
            store.keep_snapshot(again)
            return again
    taken = take_snapshot(collected, plan.company, as_of=plan.as_of, store=store.snapshots, collected_at=plan.now)
    store.keep_snapshot(taken)  # before the ledger names it: every other start must find it
    return taken


def refuse_period_without_data(period: Period, inventory: AssetInventory) -> None:
    """A week before the first dated row would be a report full of zeros that nobody measured."""
    firsts = [inventory.table(table)[column].min() for table, column in _FIRST_SIGNS if inventory.has(table, column)]
    known = [_instant(first, period) for first in firsts if not pd.isna(first)]
    if known and period.end <= min(known):
        begins = Period.containing(min(known), period.time_zone)
        last = Period.last_full(inventory.as_of, period.time_zone)
        raise InputInvalid(
            "period", f"{period}, before the first data", f"a week from {begins} to {last}", "python runner.py run"
        )


def _instant(first: pd.Timestamp, period: Period) -> datetime:
    """An instant as it is, a day as its 00:00 in the company's time zone."""
    return first.to_pydatetime() if first.tzinfo else midnight(first.date(), period.time_zone)
