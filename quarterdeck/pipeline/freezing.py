"""Freeze: the company's sources, read once, as the snapshot that all reports of a batch read."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pandas as pd

from quarterdeck.errors import CollectingOverdue, InputInvalid, SnapshotDamaged
from quarterdeck.files import write_beside_then_rename
from quarterdeck.inventory import AssetInventory
from quarterdeck.period import Period, is_of_one_week, midnight
from quarterdeck.pipeline.plan import Plan
from quarterdeck.pipeline.time_left import WITHOUT_END, TimeLeft
from quarterdeck.snapshot import reusable_snapshot, take_snapshot, verify
from quarterdeck.sources import KeptReadings, Told, Watch, collect
from quarterdeck.standing import code_hash, sources_hash
from quarterdeck.store import Store

# What the sources were when they were last frozen. The dot keeps it out of every listing of snapshots.
_NOTE = ".collected.json"
_READINGS = ".readings"
# Any of them shows that the company's data reaches back to that moment.
_FIRST_SIGNS = (
    ("events", "created_at"),
    ("events", "booked_at"),
    ("events", "starts_at"),
    ("expenses", "date"),
    ("balances", "date"),
)


def freeze(plan: Plan, store: Store, told: Told, time_left: TimeLeft = WITHOUT_END) -> Path:
    """
    Collect every source once, and freeze it; unchanged sources without an `as_of` give the last snapshot again.

    Where no byte of any source has changed since they were frozen, nothing is read: that is the snapshot.

    Args:
        told: Called with what is being read, now and then.

    Raises:
        CollectingOverdue: What is left of the time is needed to freeze what was read, and there is more to read.
    """

    def go_on(source: str, read: str) -> None:
        if not time_left.is_enough_to_collect:
            raise CollectingOverdue(source, read, str(plan.period))

    sources = sources_hash(plan.company_folder, plan.company)
    note = store.snapshots / _NOTE
    again = None if sources is None or plan.is_forced else _frozen_before(plan, store, note, sources)
    if again is None:
        again = _collected(plan, store, Watch(told, go_on))
        if sources is not None:
            content = json.dumps({"sources": sources, "snapshot": again.name})
            write_beside_then_rename(note, f"{content}\n".encode())
    store.keep_snapshot(again)  # before the ledger names it: every other start must find it
    return again


def _frozen_before(plan: Plan, store: Store, note: Path, sources: str) -> Path | None:
    """What was frozen of just these bytes, unless another snapshot of them would have a later as-of by now."""
    try:
        known = json.loads(note.read_bytes())
        folder = store.snapshot(known["snapshot"]) if known["sources"] == sources else None
        as_of = verify(folder).as_of if folder is not None else None
    except (OSError, ValueError, KeyError, TypeError, SnapshotDamaged):
        return None
    if folder is None or as_of is None:
        return None
    is_still_the_last = plan.company.as_of is not None or is_of_one_week(as_of, plan.now, plan.company.time_zone)
    return folder if is_still_the_last else None


def _collected(plan: Plan, store: Store, watch: Watch) -> Path:
    kept = KeptReadings(store.snapshots / _READINGS / plan.company.slug, code_hash(), is_believed=not plan.is_forced)
    collected = collect(plan.company, plan.company_folder, watch, kept)
    if plan.company.as_of is None:
        store.fetch_latest_snapshot()
        again = reusable_snapshot(collected, plan.company, now=plan.now, store=store.snapshots)
        if again is not None:
            return again
    return take_snapshot(collected, plan.company, as_of=plan.as_of, store=store.snapshots, collected_at=plan.now)


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
