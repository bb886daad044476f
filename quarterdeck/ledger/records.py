"""
What the ledger knows: batches, editions, runs and deliveries, their states, and which may follow which.

| record | states |
|---|---|
| batch | computed from its editions: open → ready → released, or held, or failed |
| edition | building → ready → released, or held, or failed |
| run | executing → ready, or failed |
| delivery | sending → sent, refused, deferred or unknown; sent → delivered, bounced or complained |

A mail that a person has sent once more begins at `sending` as a delivery of its own: none goes backwards.

Two states are never written, because whoever would have to write them is gone: a delivery `sending`
and a run `executing` beyond their leases are read as `unknown` and `failed`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from quarterdeck.config import edition_parts
from quarterdeck.ledger.table import Key, Listing

BatchState = Literal["open", "ready", "released", "held", "failed"]
EditionState = Literal["building", "ready", "released", "held", "failed"]
RunState = Literal["executing", "ready", "failed"]
DeliveryState = Literal["sending", "sent", "refused", "deferred", "unknown", "delivered", "bounced", "complained"]

Moves = Mapping[str, frozenset[str]]

# `building → building` is another run that takes over. A released edition stays released: its deliveries go on.
EDITION_MOVES: Moves = {
    "building": frozenset({"building", "ready", "held", "failed"}),
    "ready": frozenset({"building", "held", "released"}),
    "held": frozenset({"building", "ready"}),
    "failed": frozenset({"building"}),
    "released": frozenset(),
}
RUN_MOVES: Moves = {
    "executing": frozenset({"ready", "failed"}),
    "ready": frozenset(),
    "failed": frozenset(),
}
# Only a clear no (`refused`, `deferred`) leads back to `sending`, and only by a new claim. From
# `unknown` lead a person's word or an SES event; never a send.
DELIVERY_MOVES: Moves = {
    "sending": frozenset({"sent", "refused", "deferred", "unknown"}),
    "refused": frozenset({"sending"}),
    "deferred": frozenset({"sending"}),
    "unknown": frozenset({"sent", "refused"}),
    "sent": frozenset({"delivered", "bounced", "complained"}),
    "delivered": frozenset({"bounced", "complained"}),
    "bounced": frozenset(),
    "complained": frozenset(),
}

BATCHES = "BATCHES"  # the index's head for all batches


@dataclass(frozen=True)
class Book:
    """
    The ledger itself: whose it is, and the salt of its recipients' hashes.

    `layout` is raised when items change their form, so that an older release does not misread them.
    """

    company: str
    salt: str
    layout: int = 1

    @property
    def key(self) -> Key:
        return book_key()

    @property
    def listing(self) -> None:
        return None


@dataclass(frozen=True)
class Batch:
    """
    All reports of one period over one snapshot.

    `release_began_at` is set before the first of its editions is released: from then on the snapshot stays.
    `alerted` tells what people were last told of it apart from what they were not; empty: nothing is amiss.
    `editions` names those that a run was ever begun of, in that order. They stand in the batch because the index
    lags behind: what decides about a release, or says that all is released, must not miss one.
    """

    period: str
    company: str
    snapshot: str
    opened_at: datetime
    release_began_at: datetime | None = None
    alerted: str = ""
    editions: tuple[str, ...] = ()
    state: BatchState = field(default="open", metadata={"computed": True})

    @property
    def key(self) -> Key:
        return batch_key(self.period)

    @property
    def listing(self) -> Listing:
        return Listing(BATCHES, self.period)


@dataclass(frozen=True)
class Approval:
    """A person let a held edition go: why, who, when, and what they accepted of which run."""

    because: str
    by: str
    at: datetime
    run: str
    findings: tuple[str, ...]


@dataclass(frozen=True)
class Edition:
    """
    A report for a period.

    Args:
        name: `cfo/2026-W48`.
        snapshot: What its latest run reads.
        run: Its latest run, which alone moves it on; once released, the run that was released.
        findings: Why it is held or failed.
        approvals: Kept for ever, also of runs before this one.
    """

    name: str
    snapshot: str
    run: str
    created_at: datetime
    changed_at: datetime
    state: EditionState = "building"
    revision: int = 1
    findings: tuple[str, ...] = ()
    approvals: tuple[Approval, ...] = ()

    @property
    def key(self) -> Key:
        return edition_key(self.name)

    @property
    def listing(self) -> None:
        return None

    @property
    def period(self) -> str:
        return edition_parts(self.name)[1]

    @property
    def accepted(self) -> frozenset[str]:
        """The findings that a person accepted of what its latest run made: these do not hold it back again."""
        return frozenset(
            finding for approval in self.approvals if approval.run == self.run for finding in approval.findings
        )


@dataclass(frozen=True)
class Run:
    """One attempt to produce an edition. Its id sorts by the time it was started."""

    id: str
    edition: str
    snapshot: str
    started_at: datetime
    lease_until: datetime
    state: RunState = "executing"
    finished_at: datetime | None = None
    milliseconds: int | None = None
    reason: str = ""

    @property
    def key(self) -> Key:
        return Key(edition_key(self.edition).partition, f"RUN#{self.id}")

    @property
    def listing(self) -> None:
        return None

    def as_of(self, now: datetime) -> Run:
        """The run as it must be read at *now*: without a word since its lease ended, it failed."""
        if self.state == "executing" and self.lease_until <= now:
            return replace(self, state="failed", reason="nothing was heard of it since its time was over")
        return self


@dataclass(frozen=True)
class Asked:
    """A person asked for a mail once more: why, who, when."""

    because: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Delivery:
    """
    One edition to one recipient; what a person has sent once more is a delivery of its own.

    Args:
        recipient: The hash; `shown` is what a person may read of the address.
        owner: Token of the claim: only who holds it says what became of the send.
        body_hash: Of what was sent.
        claims: How often it was claimed; more than one after a clear no.
        settled_by: Who said what became of it: the mail service's `answer`, a `person`, or an `event`.
        resend: 0 for the first mail, then 1, 2, …: one for each that a person asked for.
        asked: Each word that led to a claim of this delivery.
        alerted: What people were told of it since it was claimed: `bounced`, `bounce of a copy`.
    """

    edition: str
    recipient: str
    shown: str
    revision: int
    owner: str
    body_hash: str
    claimed_at: datetime
    lease_until: datetime
    changed_at: datetime
    state: DeliveryState = "sending"
    claims: int = 1
    message_id: str = ""
    reason: str = ""
    settled_by: Literal["", "answer", "person", "event"] = ""
    resend: int = 0
    asked: tuple[Asked, ...] = ()
    alerted: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return delivery_key(self.edition, self.recipient, self.revision, self.resend)

    @property
    def tag(self) -> str:
        """What goes with the message, so that an event about it finds this claim of this delivery."""
        return f"{self.recipient}-{self.revision}-{self.resend}-{self.claims}"

    @property
    def listing(self) -> None:
        return None

    def as_of(self, now: datetime) -> Delivery:
        """The delivery as it must be read at *now*: a send without an answer may have been one."""
        if self.state == "sending" and self.lease_until <= now:
            return replace(self, state="unknown", reason="its sender was not heard of again")
        return self


Record = Book | Batch | Edition | Run | Delivery


def may_move(moves: Moves, here: str, there: str) -> bool:
    """Whether *there* may follow *here*."""
    return there in moves[here]


def batch_state(editions: Collection[Edition]) -> BatchState:
    """What a batch is, from what its editions are: the one that needs a person soonest wins."""
    states = {edition.state for edition in editions}
    if not states or "building" in states:
        return "open"
    if "held" in states:
        return "held"
    if "failed" in states:
        return "failed"
    return "released" if states == {"released"} else "ready"


def book_key() -> Key:
    """Where the ledger says whose it is."""
    return Key("LEDGER", "STATE")


def batch_key(period: str) -> Key:
    """`BATCH#2026-W48`"""
    return Key(f"BATCH#{period}", "STATE")


def edition_key(name: str) -> Key:
    """`EDITION#cfo/2026-W48`, whose partition holds the edition's runs and deliveries too."""
    return Key(f"EDITION#{name}", "STATE")


def delivery_key(edition: str, recipient: str, revision: int, resend: int = 0) -> Key:
    """`TO#<hash>#<revision>` in the edition's partition; with `#<resend>` for a mail sent once more."""
    again = f"#{resend}" if resend else ""
    return Key(edition_key(edition).partition, f"TO#{recipient}#{revision}{again}")
