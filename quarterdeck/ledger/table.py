"""
What a store has to do to be a ledger: keep items by key, and write one only where it is as expected.

Nothing here knows batches or deliveries. The rules stand once, in `rules.py`; a store offers four
operations, none of which deletes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

# Texts, whole numbers, and lists and mappings of these: what JSON and DynamoDB both hold exactly.
Value = str | int | Sequence["Value"] | Mapping[str, "Value"]


class Key(NamedTuple):
    """Partition and sort key, as `design.md` writes them: `EDITION#cfo/2026-W48`, `STATE`."""

    partition: str
    sort: str


class Listing(NamedTuple):
    """Where an item stands in the one index: under which head, and at which place of its order."""

    head: str
    place: str


class Item(NamedTuple):
    """
    One item of the table.

    Args:
        key: Never changes, nor does *listing*.
        listing: None for an item that is found by its key alone.
        stamp: Random, new with every write: a write that names the stamp it read replaces that and nothing else.
        content: What the item says.
    """

    key: Key
    listing: Listing | None
    stamp: str
    content: Mapping[str, Value]


class ItemTable(Protocol):
    """A table of items, durable when a call returns, and shared by threads, processes and machines."""

    @property
    def name(self) -> str:
        """What an operator calls it: `sqlite:PATH`."""

    def get(self, key: Key) -> Item | None:
        """The item as the last finished write left it (a consistent read)."""

    def put_if(self, item: Item, stamp: str | None) -> bool:
        """
        Write *item* by one conditional write: where the standing item has *stamp*, or, for None, where none stands.

        False says that the condition did not hold. It may not have held because this very write was
        done, its answer lost, and the write repeated by a library: the caller compares stamps.
        """

    def query(self, partition: str, sort_prefix: str) -> list[Item]:
        """The items of a partition whose sort key begins so, by sort key (a consistent read)."""

    def listed(self, head: str) -> list[Item]:
        """The items under *head* in the index, by place. It may lag behind: for showing, never for deciding."""
