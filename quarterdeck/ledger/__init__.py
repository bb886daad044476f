"""
The ledger: where batches, editions, runs and deliveries are logged, and a mail is claimed before it leaves.

The rules stand over a small table of items (`table.py`), so that SQLite and DynamoDB share them (ADR 4).
"""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_state_path

from quarterdeck.errors import CommandRefused, InputInvalid
from quarterdeck.ledger.batches import Clock
from quarterdeck.ledger.recipients import without_addresses
from quarterdeck.ledger.records import Approval, Batch, Delivery, Edition, Run
from quarterdeck.ledger.rules import SEND_LEASE, Claim, Ledger
from quarterdeck.ledger.sqlite import SqliteTable

__all__ = [
    "SEND_LEASE",
    "Approval",
    "Batch",
    "Claim",
    "Clock",
    "Delivery",
    "Edition",
    "Ledger",
    "Run",
    "open_ledger",
    "without_addresses",
]


def open_ledger(url: str | None, company: str, clock: Clock) -> Ledger:
    """
    The ledger of *company* (its slug) at *url*; made where it is missing.

    Args:
        url: `sqlite:PATH`; None is `quarterdeck/<slug>.db` in the user's state folder, which outlives
            every clone and every emptied outputs folder.
        company: A ledger holds one company.
        clock: Tells the time, tz-aware.

    Raises:
        InputInvalid: *url* names no ledger.
        CommandRefused: It holds another company, or a kind of ledger that this release does not have.
        StoreUnwritable: It cannot be made or written.
    """
    if url is None:
        return Ledger(SqliteTable(user_state_path("quarterdeck") / f"{company}.db"), company, clock)
    kind, _, where = url.partition(":")
    if kind == "dynamodb" and where:
        raise CommandRefused(
            f"QUARTERDECK_LEDGER={url}",
            "this release keeps its ledger in SQLite only",
            "QUARTERDECK_LEDGER=sqlite:PATH python runner.py run",
        )
    if kind != "sqlite" or not where:
        raise InputInvalid(
            "QUARTERDECK_LEDGER",
            repr(url),
            "sqlite:PATH",
            "QUARTERDECK_LEDGER=sqlite:PATH python runner.py run",
        )
    return Ledger(SqliteTable(Path(where).expanduser()), company, clock)
