"""
The ledger: where batches, editions, runs and deliveries are logged, and a mail is claimed before it leaves.

The rules stand over a small table of items (`table.py`), so that SQLite and DynamoDB share them (ADR 4).
"""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_state_path

from quarterdeck.errors import InputInvalid
from quarterdeck.ledger.batches import Clock, is_begun
from quarterdeck.ledger.dynamodb import DynamoTable
from quarterdeck.ledger.events import MailEvent, Observation
from quarterdeck.ledger.records import Approval, Asked, Batch, Delivery, Edition, Run
from quarterdeck.ledger.rules import SEND_LEASE, Claim, Ledger
from quarterdeck.ledger.sqlite import SqliteTable
from quarterdeck.ledger.table import ItemTable
from quarterdeck.redaction import without_addresses

__all__ = [
    "SEND_LEASE",
    "Approval",
    "Asked",
    "Batch",
    "Claim",
    "Clock",
    "Delivery",
    "Edition",
    "Ledger",
    "MailEvent",
    "Observation",
    "Run",
    "find_ledger",
    "ledger_file",
    "open_ledger",
    "without_addresses",
]


def open_ledger(url: str | None, company: str, clock: Clock) -> Ledger:
    """
    The ledger of *company* (its slug) at *url*; a file is made where it is missing.

    Args:
        url: `sqlite:PATH`, or `dynamodb:TABLE` of a table that is there; None is `quarterdeck/<slug>.db` in the
            user's state folder, which outlives every clone and every emptied outputs folder.
        company: A ledger holds one company.
        clock: Tells the time, tz-aware.

    Raises:
        InputInvalid: *url* names no ledger, or what is there is none.
        CommandRefused: It holds another company.
        StoreUnwritable: It cannot be made or written.
        AwsUnavailable: Its table is missing, a permission is, or AWS does not answer.
    """
    return Ledger(_table(url, company), company, clock)


def find_ledger(url: str | None, company: str, clock: Clock) -> Ledger | None:
    """The same ledger, only looked for: None where nobody has written in it, and nothing is made. Raises the same."""
    file = ledger_file(url, company)
    if file is not None and not file.exists():
        return None
    table = _table(url, company)
    return Ledger(table, company, clock) if is_begun(table) else None


def _table(url: str | None, company: str) -> ItemTable:
    file = ledger_file(url, company)
    if file is not None:
        return SqliteTable(file)
    kind, _, where = (url or "").partition(":")
    if kind == "dynamodb" and where:
        return DynamoTable(where)
    raise InputInvalid(
        "QUARTERDECK_LEDGER",
        repr(url),
        "sqlite:PATH or dynamodb:TABLE",
        "QUARTERDECK_LEDGER=sqlite:PATH python runner.py run",
    )


def ledger_file(url: str | None, company: str) -> Path | None:
    """The file of the ledger of *company* at *url*, as `open_ledger` takes it; None where it is none in a file."""
    if url is None:
        return user_state_path("quarterdeck") / f"{company}.db"
    kind, _, where = url.partition(":")
    return Path(where).expanduser() if kind == "sqlite" and where else None
