"""The embedded ledger: one SQLite file, for a weekly batch on one machine."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from quarterdeck.errors import InputInvalid, StoreUnwritable
from quarterdeck.files import saying_what_could_not_be_written
from quarterdeck.ledger.table import Item, Key, Listing

_WAIT_S = 60  # for another process's write, which takes milliseconds

_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    partition TEXT NOT NULL, sort TEXT NOT NULL, head TEXT, place TEXT, stamp TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (partition, sort)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS items_listed ON items (head, place) WHERE head IS NOT NULL;
"""
_INSERT = "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_UPDATE = "UPDATE items SET stamp = ?, content = ? WHERE partition = ? AND sort = ? AND stamp = ?"
_SELECT = "SELECT partition, sort, head, place, stamp, content FROM items"


class SqliteTable:
    """
    An `ItemTable` in the file *path*, which is made with its folders where it is missing.

    Each call opens the file anew, so that threads and forked processes share nothing, and writes by one
    statement, which SQLite makes atomic. The journal is SQLite's default one rather than WAL: opening
    and writing takes a millisecond either way, and the ledger stays one file that can be copied.

    Raises:
        InputInvalid: *path* is a file of another kind.
        StoreUnwritable: It cannot be made or written; so too from each method.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with saying_what_could_not_be_written(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        with self._opened() as connection:
            connection.executescript(_SCHEMA)

    @property
    def name(self) -> str:
        return f"sqlite:{self._path}"

    def get(self, key: Key) -> Item | None:
        found = self._select("WHERE partition = ? AND sort = ?", *key)
        return found[0] if found else None

    def put_if(self, item: Item, stamp: str | None) -> bool:
        content = json.dumps(item.content, ensure_ascii=False, sort_keys=True)
        with self._opened() as connection:
            if stamp is None:
                listing = item.listing or (None, None)
                written = connection.execute(_INSERT, (*item.key, *listing, item.stamp, content))
            else:
                written = connection.execute(_UPDATE, (item.stamp, content, *item.key, stamp))
            return written.rowcount == 1

    def query(self, partition: str, sort_prefix: str) -> list[Item]:
        condition = "WHERE partition = ? AND substr(sort, 1, ?) = ? ORDER BY sort"
        return self._select(condition, partition, len(sort_prefix), sort_prefix)

    def listed(self, head: str) -> list[Item]:
        return self._select("WHERE head = ? ORDER BY place, partition, sort", head)

    def _select(self, condition: str, *values: str | int) -> list[Item]:
        with self._opened() as connection:
            rows = connection.execute(f"{_SELECT} {condition}", values).fetchall()
        return [
            Item(Key(partition, sort), Listing(head, place) if head else None, stamp, json.loads(content))
            for partition, sort, head, place, stamp, content in rows
        ]

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=_WAIT_S, isolation_level=None)) as connection:
                # A claim is on the disk before the mail leaves, also when the power fails right after.
                connection.execute("PRAGMA synchronous = FULL")
                yield connection
        except sqlite3.DatabaseError as error:
            primary_code = error.sqlite_errorcode & 0xFF  # the rest of an extended code says how, not what
            if primary_code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise InputInvalid(
                    "QUARTERDECK_LEDGER", f"{self._path}, which is no readable ledger", "sqlite:PATH of one"
                ) from error
            raise StoreUnwritable(str(self._path), str(error)) from error
