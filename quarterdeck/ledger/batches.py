"""
The rules for batches, editions and runs: what may follow what, and who may say so.

Two conditional writes, each of one item, keep five reports on one snapshot once mail leaves: a batch
that begins to release keeps its snapshot, and an edition is released from `ready` by the run that made it.
"""

from __future__ import annotations

import hashlib
import secrets
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from quarterdeck.config import edition_parts
from quarterdeck.errors import CommandRefused, InputInvalid
from quarterdeck.ledger.records import (
    BATCHES,
    EDITION_MOVES,
    RUN_MOVES,
    Approval,
    Batch,
    Book,
    Edition,
    EditionState,
    Run,
    batch_key,
    batch_state,
    book_key,
    edition_key,
    may_move,
)
from quarterdeck.ledger.shelf import Shelf
from quarterdeck.ledger.table import ItemTable
from quarterdeck.redaction import without_addresses

Clock = Callable[[], datetime]

_FINDINGS = 100  # that are kept of an edition, each of so many letters: DynamoDB holds 400 KB in one item
_FINDING_LETTERS = 500
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Batches:
    """
    The batches, editions and runs of one company.

    Every method may raise what its table raises (a disk that is full, a service that does not answer).
    """

    def __init__(self, table: ItemTable, company: str, clock: Clock) -> None:
        """
        Open *table* for *company* (its slug); *clock* tells the time, tz-aware.

        Raises:
            CommandRefused: The table is another company's, or a later release's.
        """
        self._shelf = Shelf(table)
        self._clock = clock
        mine = Book(company, salt=secrets.token_hex(16))
        if self._shelf.get(Book, book_key()) is None:
            self._shelf.add(mine)  # unless somebody else just did: what stands there counts
        self._book = self._shelf.require(Book, book_key()).record
        if (self._book.company, self._book.layout) != (mine.company, mine.layout):
            raise _foreign(table.name, self._book, mine)

    def batch(self, period: str) -> Batch | None:
        """The batch of *period* with its state, or None where none was opened."""
        standing = self._standing_batch(period)
        return self._with_state(standing) if standing else None

    def batches(self) -> tuple[Batch, ...]:
        """All batches, the latest period first."""
        return tuple(map(self._with_state, reversed(self._shelf.listed(Batch, BATCHES))))

    def open_batch(self, period: str, snapshot: str) -> Batch:
        """Open the batch of *period* over *snapshot*, or join the one there is: use the snapshot that comes back."""
        if self._standing_batch(period) is None:
            self._shelf.add(Batch(period, self._book.company, snapshot, self._clock()))
        return self._with_state(self._batch(period))

    def restart_batch(self, period: str, snapshot: str) -> Batch:
        """
        Put another *snapshot* under the batch: every edition is to be built anew.

        Raises:
            CommandRefused: Mail over the old one has begun to leave, or no batch is open.
        """

        def restarted(batch: Batch) -> Batch:
            if batch.snapshot != snapshot and batch.release_began_at is not None:
                raise CommandRefused(
                    f"a new snapshot for {period}",
                    f"its mail began to leave over snapshot {batch.snapshot} at {_utc(batch.release_began_at)}, "
                    "and all readers get the same numbers",
                    f"python runner.py run --period {period}",
                )
            return replace(batch, snapshot=snapshot)

        self._batch(period)
        return self._with_state(self._shelf.change(Batch, batch_key(period), restarted))

    def note_alert(self, period: str, told: str) -> None:
        """Remember what people were told of the batch, as a hash of it, so that they are not told it twice."""
        self._shelf.change(Batch, batch_key(period), lambda batch: replace(batch, alerted=told))

    def edition(self, name: str) -> Edition | None:
        """The edition as it stands, or None where no run was ever started."""
        standing = self._shelf.get(Edition, edition_key(name))
        return _over(self._standing_batch(standing.record.period), standing.record) if standing else None

    def editions(self, period: str) -> tuple[Edition, ...]:
        """The period's editions, by the time of their first run."""
        batch = self._standing_batch(period)
        return self._editions(batch) if batch else ()

    def runs(self, edition: str) -> tuple[Run, ...]:
        """Every attempt at *edition*, by time."""
        now = self._clock()
        return tuple(run.as_of(now) for run in self._shelf.query(Run, edition_key(edition).partition, "RUN#"))

    def start_run(self, edition: str, lease: timedelta) -> Run:
        """
        Add a run, which takes the edition over; one that is released stays so.

        Args:
            edition: `cfo/2026-W48`, of a batch that is open.
            lease: How long nothing may be heard of the run before it counts as failed.

        Raises:
            CommandRefused: No batch of that period was opened.
        """
        period, now = edition_parts(edition)[1], self._clock()

        def named(batch: Batch) -> Batch:
            return batch if edition in batch.editions else replace(batch, editions=(*batch.editions, edition))

        self._batch(period)
        batch = self._shelf.change(Batch, batch_key(period), named)  # before there is an edition that nobody lists
        run = Run(_run_id(now), edition, batch.snapshot, started_at=now, lease_until=now + lease)
        self._shelf.add(run)

        def taken_over(standing: Edition) -> Edition:
            if not may_move(EDITION_MOVES, standing.state, "building"):
                return standing
            return replace(standing, state="building", snapshot=run.snapshot, run=run.id, changed_at=now, findings=())

        if not self._shelf.add(Edition(edition, run.snapshot, run.id, created_at=now, changed_at=now)):
            self._shelf.change(Edition, edition_key(edition), taken_over)
        return run

    def finish_run(self, run: Run, state: Literal["ready", "failed"], *, seconds: float, reason: str = "") -> Run:
        """Record how *run* ended; where it failed and no other took over, the edition failed too."""

        def finished(standing: Run) -> Run:
            if not may_move(RUN_MOVES, standing.state, state):
                return standing  # its end was recorded before
            return replace(
                standing,
                state=state,
                finished_at=self._clock(),
                milliseconds=round(seconds * 1000),
                reason=reason,
            )

        ended = self._shelf.change(Run, run.key, finished)
        if ended.state == "failed":
            self._follow(run.edition, run.id, "failed", (ended.reason,))
        return ended

    def mark_ready(self, edition: str, run: str) -> Edition:
        """
        All gates passed, perhaps at a second look: the edition may be released.

        An edition follows its latest run only. Where another has taken over, or the edition is
        released, nothing changes: what comes back is how it stands.
        """
        return self._follow(edition, run, "ready", ())

    def hold(self, edition: str, run: str, findings: Sequence[str]) -> Edition:
        """A gate keeps the edition back for *findings*, unless a person accepted all of them; else as `mark_ready`."""
        found = _kept(findings)
        standing = self.edition(edition)
        if found and standing is not None and standing.accepted.issuperset(found):
            return standing
        return self._follow(edition, run, "held", found)

    def approve(self, edition: str, *, because: str, by: str) -> Edition:
        """
        A person lets a held edition go; that, why and by whom is kept.

        Raises:
            CommandRefused: It is not held.
            InputInvalid: No reason is given.
        """
        if not because.strip():
            raise InputInvalid(
                "--because", repr(because), "a reason in words", f'python runner.py approve {edition} --because "…"'
            )
        self._require(edition, "held", f"approve {edition}")

        def approved(standing: Edition) -> Edition:
            _check(standing, "held", f"approve {edition}")
            approval = Approval(because, by, self._clock(), standing.run, standing.findings)
            return replace(standing, state="ready", changed_at=approval.at, approvals=(*standing.approvals, approval))

        return self._shelf.change(Edition, edition_key(edition), approved)

    def release(self, edition: str, run: str) -> Edition:
        """
        Let a ready edition go: from now on its deliveries can be claimed, and the batch keeps its snapshot.

        Args:
            edition: Released before: nothing changes.
            run: The run whose page and message are about to be sent.

        Raises:
            CommandRefused: It is not ready, or another run has taken over.
        """
        act = f"release {edition}"
        found = self.edition(edition)
        if found is not None and found.state == "released":
            return found
        ready = self._require(edition, "ready", act)

        def kept(batch: Batch) -> Batch:
            if batch.snapshot != ready.snapshot:
                raise refused(act, "its batch has another snapshot by now", edition)
            return replace(batch, release_began_at=batch.release_began_at or self._clock())

        def released(standing: Edition) -> Edition:
            if standing.state == "released":
                return standing
            _check(standing, "ready", act)
            if standing.run != run:
                raise refused(act, f"run {standing.run} has taken it over from {run}", edition)
            return replace(standing, state="released", changed_at=self._clock())

        # In this order: between the two writes the batch is only more careful than it need be.
        self._shelf.change(Batch, batch_key(ready.period), kept)
        return self._shelf.change(Edition, ready.key, released)

    def _batch(self, period: str) -> Batch:
        batch = self._standing_batch(period)
        if batch is None:
            raise CommandRefused(period, "no batch is open", f"python runner.py run --period {period}")
        return batch

    def _standing_batch(self, period: str) -> Batch | None:
        """The batch without its computed state."""
        standing = self._shelf.get(Batch, batch_key(period))
        return standing.record if standing else None

    def _editions(self, batch: Batch) -> tuple[Edition, ...]:
        found = [self._shelf.get(Edition, edition_key(name)) for name in batch.editions]
        return tuple(_over(batch, standing.record) for standing in found if standing is not None)

    def _with_state(self, batch: Batch) -> Batch:
        return replace(batch, state=batch_state(self._editions(batch)))

    def _require(self, edition: str, state: EditionState, act: str) -> Edition:
        found = self.edition(edition)
        if found is None:
            raise refused(act, "no run of it was ever started", edition)
        _check(found, state, act)
        return found

    def _follow(self, edition: str, run: str, state: EditionState, findings: tuple[str, ...]) -> Edition:
        def followed(standing: Edition) -> Edition:
            if standing.run != run or standing.state == "released":
                return standing
            if standing.state == state:
                return replace(standing, findings=findings)
            if not may_move(EDITION_MOVES, standing.state, state):
                raise refused(f"{edition}, {state}", f"it is {standing.state}", edition)
            return replace(standing, state=state, findings=findings, changed_at=self._clock())

        changed = self._shelf.change(Edition, edition_key(edition), followed)
        return _over(self._standing_batch(changed.period), changed)


def is_begun(table: ItemTable) -> bool:
    """Whether a ledger was ever begun in *table*."""
    return Shelf(table).get(Book, book_key()) is not None


def refused(act: str, because: str, edition: str) -> CommandRefused:
    """What must not be done to *edition*, with the command that shows how it stands."""
    return CommandRefused(act, because, f"python runner.py show {edition}")


def _check(edition: Edition, state: EditionState, act: str) -> None:
    if edition.state != state:
        raise refused(act, f"it is {edition.state}, not {state}", edition.name)


def _kept(findings: Sequence[str]) -> tuple[str, ...]:
    """
    *findings* as they are kept, and can be told again: without addresses, and not more than an item of a ledger holds.

    Those that are cut away are counted, with a hash, so that approving these approves no others.
    """
    found = [without_addresses(finding) for finding in findings]
    kept = [textwrap.shorten(finding, _FINDING_LETTERS, placeholder=" …") for finding in found[:_FINDINGS]]
    left = found[_FINDINGS:]
    if left:
        digest = hashlib.sha256("\n".join(left).encode()).hexdigest()
        kept.append(f"and {len(left)} more like these ({digest[:12]})")
    return tuple(kept)


def _over(batch: Batch | None, edition: Edition) -> Edition:
    """An edition over another snapshot than its batch's is to be built anew, whatever it was."""
    if batch is None or batch.snapshot == edition.snapshot:
        return edition
    return replace(edition, state="building", findings=())


def _foreign(name: str, found: Book, mine: Book) -> CommandRefused:
    because = (
        f"it holds the company {found.company!r}, not {mine.company!r}"
        if found.company != mine.company
        else f"its layout is {found.layout}, and this release writes {mine.layout}"
    )
    return CommandRefused(f"the ledger {name}", because, "QUARTERDECK_LEDGER=sqlite:PATH python runner.py run")


def _run_id(now: datetime) -> str:
    """A ULID: 10 characters of milliseconds, then 16 of chance, so that ids sort by time and never meet."""
    value = (int(now.timestamp() * 1000) << 80) | secrets.randbits(80)
    return "".join(_CROCKFORD[(value >> shift) & 31] for shift in range(125, -1, -5))


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
