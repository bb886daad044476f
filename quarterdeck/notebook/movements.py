"""
What came and went since last week: rows of this snapshot against those of the previous edition's.

A row is known by its key: a gap or an action by its project and its words, a variable by its function and its name.
Whoever rewords a gap closes it and opens another. What was not read in one of the two snapshots did not go: a table
is compared where its source is in both, gaps and actions of the projects that are still there, variables of the
functions whose source could be read both times.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from quarterdeck.blocks import Change, Direction
from quarterdeck.errors import InputInvalid, SnapshotDamaged
from quarterdeck.inventory import AssetInventory
from quarterdeck.notebook.comparison import tone_of
from quarterdeck.period import Period

NAMED = 2  # rows of each kind that a bullet names
_NAME_LENGTH = 80

Key = tuple[str, ...]


@dataclass(frozen=True)
class _Kind:
    """
    How rows of one table are told.

    Args:
        source: The table that shows whether its source was read.
        key: Columns that make a row the same one.
        is_there: Which rows count, such as gaps that are open.
        name: A row's key as a reader sees it.
        came: Said of new rows.
        went: Said of rows that are no longer there.
        fewer_is_better: More of them is bad news.
    """

    source: str
    key: tuple[str, ...]
    name: Callable[[Key], str]
    is_there: Callable[[pd.DataFrame], pd.Series[bool]] | None = None
    came: str = "new"
    went: str = "gone"
    fewer_is_better: bool = False


def _of_project(key: Key) -> str:
    return f"{textwrap.shorten(key[1].rstrip('.'), _NAME_LENGTH, placeholder='…')} ({key[0]})"


_KINDS: Mapping[str, _Kind] = {
    "projects": _Kind("projects", ("project",), lambda key: key[0]),
    "gaps": _Kind(
        "projects",
        ("project", "gap"),
        _of_project,
        lambda gaps: gaps["is_open"],
        "opened",
        "closed",
        fewer_is_better=True,
    ),
    "actions": _Kind(
        "projects",
        ("project", "action"),
        _of_project,
        lambda actions: ~actions["is_done"],
        "added",
        "done or dropped",
    ),
    "zones": _Kind("zones", ("zone",), lambda key: key[0]),
    "variables": _Kind("functions", ("function", "name"), lambda key: f"{key[1]} of {key[0]}"),
}
_OF_A_PROJECT = ("gaps", "actions")
TRACKED = tuple(_KINDS)
_ONLY_NOW = "What came and went is known only for the latest full week of the data."
_SAME_SNAPSHOT = "Last week's edition was made from the same snapshot: what came and went is not known."
_NO_SNAPSHOT = "The snapshot of last week's edition is not at hand: what came and went is not known."


def came_and_went(
    now: AssetInventory, period: Period, before: AssetInventory | None, tables: Sequence[str]
) -> tuple[list[Change], str]:
    """
    A bullet for each of *tables* in which a row came or went, and what could not be compared.

    Args:
        now: This edition's inventory.
        period: This edition's week.
        before: The inventory of last week's edition; None where it is not at hand.
        tables: Some of `TRACKED`, in the order in which they are told.

    Raises:
        InputInvalid: One of *tables* is not tracked.
    """
    for table in tables:
        if table not in _KINDS:
            raise InputInvalid("since last week", f"no rows {table!r}", ", ".join(TRACKED), "python runner.py run")
    if not now.period_is_now(period):
        return [], _ONLY_NOW
    if before is None:
        return [], _NO_SNAPSHOT
    if before.snapshot == now.snapshot:
        return [], _SAME_SNAPSHOT
    known = [table for table in tables if now.has(_KINDS[table].source)]
    compared = [table for table in known if before.has(_KINDS[table].source)]
    try:
        changes = [change for table in compared if (change := _change(table, now, before))]
    except SnapshotDamaged:  # this week's figures do not depend on last week's files
        return [], _NO_SNAPSHOT
    absent = [table for table in known if table not in compared]
    return changes, f"Not in last week's snapshot, so not compared: {', '.join(absent)}." if absent else ""


def _change(table: str, now: AssetInventory, before: AssetInventory) -> Change | None:
    """The bullet of one table; None where nothing came or went."""
    kind = _KINDS[table]
    rows_now, rows_before = _keys(table, now), _keys(table, before)
    unread_now, unread_before = _unread(now), _unread(before)
    if table in _OF_A_PROJECT:
        unread_now |= _keys("projects", before) - _keys("projects", now)
    moves = {
        kind.came: sorted(key for key in rows_now - rows_before if key[:1] not in unread_before),
        kind.went: sorted(key for key in rows_before - rows_now if key[:1] not in unread_now),
    }
    if not any(moves.values()):
        return None
    counted = ", ".join(f"{len(keys)} {word}" for word, keys in moves.items() if keys)
    told = [_told(word, keys, kind) for word, keys in moves.items() if keys]
    net = len(moves[kind.came]) - len(moves[kind.went])
    direction: Direction = "up" if net > 0 else "down" if net < 0 else "same"
    tone = tone_of(net, "less" if kind.fewer_is_better else "neither")
    return Change(fact=f"{table.capitalize()}: {counted}.", cause=" ".join(told), direction=direction, tone=tone)


def _told(word: str, keys: Sequence[Key], kind: _Kind) -> str:
    """`Opened: a; b and 3 more.`"""
    rest = len(keys) - NAMED
    names = "; ".join(kind.name(key) for key in keys[:NAMED])
    return f"{word.capitalize()}: {names}{f' and {rest} more' if rest > 0 else ''}."


def _keys(table: str, inventory: AssetInventory) -> set[Key]:
    """The rows of *table* that count, by key; a table without rows is known to have none."""
    if not inventory.has(table):
        return set()
    kind, rows = _KINDS[table], inventory.table(table)
    if kind.is_there:
        rows = rows[kind.is_there(rows)]
    return set(rows[list(kind.key)].itertuples(index=False, name=None))


def _unread(inventory: AssetInventory) -> set[Key]:
    """The functions whose source could not be read: which variables they need is not known."""
    if not inventory.has("functions", "parse_error"):
        return set()
    functions = inventory.table("functions")
    return {(name,) for name in functions.loc[functions["parse_error"].notna(), "function"]}
