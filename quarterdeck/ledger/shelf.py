"""Records on a table of items: written by condition, read back typed, and without anybody's address."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from quarterdeck.errors import InputInvalid
from quarterdeck.ledger.records import Batch, Book, Delivery, Edition, Record, Run
from quarterdeck.ledger.table import Item, ItemTable, Key, Value
from quarterdeck.redaction import without_addresses

R = TypeVar("R", Book, Batch, Edition, Run, Delivery)

_ADAPTERS: Mapping[type[Record], TypeAdapter[Any]] = {
    kind: TypeAdapter(kind) for kind in (Book, Batch, Edition, Run, Delivery)
}
# What people and mail services write in their own words, where an address may stand.
_FREE_TEXT = frozenset({"because", "by", "findings", "reason"})


@dataclass(frozen=True)
class Standing(Generic[R]):
    """A record as it was read, with the stamp that a write over it has to name."""

    record: R
    stamp: str


class Shelf:
    """
    The records of *table*.

    Every write carries a stamp of its own. When the condition of a write fails, the stamp of what
    stands there tells another's write from our own, whose answer was lost and which a library repeated.
    """

    def __init__(self, table: ItemTable) -> None:
        self._table = table

    @property
    def name(self) -> str:
        return self._table.name

    def get(self, kind: type[R], key: Key) -> Standing[R] | None:
        item = self._table.get(key)
        return Standing(self._record(kind, item), item.stamp) if item else None

    def require(self, kind: type[R], key: Key) -> Standing[R]:
        """
        A record that was there before.

        Raises:
            InputInvalid: Somebody deleted it: nothing in here does.
        """
        standing = self.get(kind, key)
        if standing is None:
            raise InputInvalid(self.name, f"no {key.partition} {key.sort} any more", "a ledger nobody deletes from")
        return standing

    def query(self, kind: type[R], partition: str, sort_prefix: str) -> list[R]:
        return [self._record(kind, item) for item in self._table.query(partition, sort_prefix)]

    def listed(self, kind: type[R], head: str) -> list[R]:
        return [self._record(kind, item) for item in self._table.listed(head)]

    def add(self, record: Record) -> bool:
        """Write *record* where none stands under its key; False when one does."""
        return self._put(_item(record), None)

    def replace(self, record: Record, stamp: str) -> bool:
        """Write *record* over the one that was read with *stamp*; False when another write came between."""
        return self._put(_item(record), stamp)

    def change(self, kind: type[R], key: Key, decide: Callable[[R], R]) -> R:
        """
        Put what *decide* makes of the standing record in its place, and give back what stands then.

        When another write comes between, *decide* is asked again about what stands now; it raises for
        what must not be. A record that it leaves as it is is not written.
        """
        while True:  # each turn means that somebody else's write got through
            standing = self.require(kind, key)
            decided = decide(standing.record)
            if decided == standing.record:
                return decided
            item = _item(decided)
            if self._put(item, standing.stamp):
                return self._record(kind, item)

    def _put(self, item: Item, stamp: str | None) -> bool:
        if self._table.put_if(item, stamp):
            return True
        standing = self._table.get(item.key)
        return standing is not None and standing.stamp == item.stamp

    def _record(self, kind: type[R], item: Item) -> R:
        try:
            record: R = _ADAPTERS[kind].validate_python(dict(item.content))
        except ValidationError as error:
            problem = error.errors()[0]
            raise InputInvalid(
                f"{self.name}, {item.key.partition} {item.key.sort}, {'.'.join(map(str, problem['loc']))}",
                repr(problem["input"]),
                "an item as this release writes it",
            ) from error
        return record


def _item(record: Record) -> Item:
    computed = {one.name for one in fields(record) if "computed" in one.metadata}
    content = _ADAPTERS[type(record)].dump_python(record, mode="json", exclude=computed, exclude_none=True)
    cleaned = {name: _without_addresses(name, value) for name, value in content.items()}
    return Item(record.key, record.listing, secrets.token_hex(8), cleaned)


def _without_addresses(name: str, value: Value) -> Value:
    if isinstance(value, str):
        return without_addresses(value) if name in _FREE_TEXT else value
    if isinstance(value, Mapping):
        return {inner: _without_addresses(inner, held) for inner, held in value.items()}
    if isinstance(value, int):
        return value
    return [_without_addresses(name, held) for held in value]
