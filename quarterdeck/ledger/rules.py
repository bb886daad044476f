"""
The rules for deliveries: a mail leaves at most once, whatever crashes.

A delivery is claimed by the one conditional write that finds none, or finds a clear no. Only the owner
of the claim says what the mail service answered; without an answer, a person does, or an event.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from quarterdeck.errors import InputInvalid
from quarterdeck.ledger.batches import Batches, refused
from quarterdeck.ledger.events import (
    MailEvent,
    Observation,
    after,
    is_about,
    is_to,
    read_tag,
    untold_of,
    untold_of_copy,
)
from quarterdeck.ledger.recipients import hashed
from quarterdeck.ledger.records import (
    DELIVERY_MOVES,
    Asked,
    Delivery,
    DeliveryState,
    delivery_key,
    edition_key,
    may_move,
)
from quarterdeck.ledger.shelf import Standing
from quarterdeck.redaction import masked

Outcome = Literal["claimed", "already_sent", "being_sent", "in_doubt"]

# How long a claimed mail may be on its way. Longer than any answer is waited for, so that a live sender
# is never taken for a dead one; a person waits this long before an interrupted send can be settled.
SEND_LEASE = timedelta(minutes=15)


@dataclass(frozen=True)
class Claim:
    """
    The answer to a claim: send only when *outcome* is `claimed`.

    `already_sent`: this recipient has the edition. `being_sent`: another sender is at it right now.
    `in_doubt`: it was perhaps sent, and a person has to settle it.
    """

    outcome: Outcome
    delivery: Delivery


class Ledger(Batches):
    """
    What became of every batch, edition, run and delivery of one company.

    Every method may raise what its table raises (a disk that is full, a service that does not answer).
    """

    def deliveries(self, edition: str) -> tuple[Delivery, ...]:
        """What became of each delivery of *edition*, as it must be read now."""
        now = self._clock()
        found = self._shelf.query(Delivery, edition_key(edition).partition, "TO#")
        return tuple(delivery.as_of(now) for delivery in found)

    def mailed(self, edition: str, recipient: str) -> Delivery | None:
        """The delivery by which *recipient* has *edition*; None where there is none, or it is not known."""
        found = self._shelf.query(Delivery, edition_key(edition).partition, f"TO#{hashed(recipient, self._book.salt)}#")
        return next((one for one in found if one.state in ("sent", "delivered", "bounced", "complained")), None)

    def is_to_be_mailed(self, edition: str, recipient: str) -> bool:
        """Whether *recipient* has not got *edition*, and may be mailed: nothing was claimed, or it met a clear no."""
        standing = self.edition(edition)
        key = delivery_key(edition, hashed(recipient, self._book.salt), standing.revision if standing else 1)
        found = self._shelf.get(Delivery, key)
        return found is None or may_move(DELIVERY_MOVES, found.record.as_of(self._clock()).state, "sending")

    def bodies(self, edition: str) -> frozenset[str]:
        """The hash of each body by which a reader has *edition* or may have it; a clear no counts for none."""
        standing = self.edition(edition)
        return frozenset(
            one.body_hash
            for one in self.deliveries(edition)
            if standing is not None
            and one.revision == standing.revision
            and not may_move(DELIVERY_MOVES, one.state, "sending")
        )

    def claim(self, edition: str, recipient: str, *, body_hash: str, owner: str) -> Claim:
        """
        Reserve the delivery of *edition* to *recipient*, by one conditional write; then send at once.

        Args:
            edition: Released.
            recipient: The address; only its hash and its mask are kept.
            body_hash: Of the frozen body that will be sent.
            owner: Random token of this one send. A claim repeated with it is still `claimed`.

        Raises:
            CommandRefused: The edition is not released.
        """
        wanted = self._wanted(edition, recipient, body_hash, owner)
        if self._shelf.add(wanted):
            return Claim("claimed", wanted)
        return self._claim_again(wanted)

    def resend(self, edition: str, recipient: str, *, body_hash: str, owner: str, because: str, by: str) -> Claim:
        """
        Reserve one more mail of *edition* to *recipient*, who has it, by a person's word; then send at once.

        That word stands for one mail: it is written with the claim, by the one conditional write, and of
        those who ask at the same time one is told to send. Where the last mail met a clear no, that one is
        claimed anew. While the last one is being sent or in doubt there is no other, whoever asks.

        Args:
            edition: Released.
            recipient: One of those that a mail of the edition was claimed for.
            body_hash: Of the frozen body that will be sent.
            owner: As for `claim`.
            because: Why, in a person's words.
            by: Who says so.

        Raises:
            CommandRefused: The edition is not released, or no mail to *recipient* was ever claimed.
            InputInvalid: No reason is given.
        """
        if not because.strip():
            mend = f'python runner.py resend {edition} --to ADDRESS --because "…"'
            raise InputInvalid("--because", repr(because), "a reason in words", mend)
        wanted = self._wanted(edition, recipient, body_hash, owner)
        word = Asked(because, by, wanted.claimed_at)
        while True:  # each turn means that somebody else's write got through
            last = self._last_to(wanted)
            known = last.record.as_of(self._clock())
            if may_move(DELIVERY_MOVES, known.state, "sending"):
                asked = (*known.asked, word)
                again = replace(wanted, resend=known.resend, claims=known.claims + 1, asked=asked)
                if self._shelf.replace(again, last.stamp):
                    return Claim("claimed", again)
            elif known.state in ("sending", "unknown") or known.owner == owner:
                return Claim(_outcome(known, owner), known)
            else:
                further = replace(wanted, resend=known.resend + 1, asked=(word,))
                if self._shelf.add(further):
                    return Claim("claimed", further)

    def lease_left(self, claimed: Delivery) -> timedelta:
        """How long *claimed* may still be on its way; afterwards a person may free it, and another start claim it."""
        return claimed.lease_until - self._clock()

    def observe(self, event: MailEvent) -> Observation:
        """
        Take in what the mail service tells later: the delivery moves on where *event* proves something new.

        Events may come in any order, more than once, and while the mail's sender still waits for its answer.
        One counts only if its tag names a claim of this ledger, its message is that claim's as far as that
        is known, and its recipient is the delivery's.
        """
        tag = read_tag(event.delivery)
        found = self._shelf.get(Delivery, tag.key(event.edition)) if tag else None
        if tag is None or found is None or not is_about(found.record, event, tag.claim):
            return Observation("not_ours", None)
        if not is_to(found.record, event.recipients, self._book.salt):
            untold = untold_of_copy(found.record, event)
            return Observation("of_a_copy", found.record.as_of(self._clock()), untold)
        before = found.record

        def observed(standing: Delivery) -> Delivery:
            nonlocal before
            before = standing
            return after(standing, event, tag.claim, self._clock())

        moved = self._shelf.change(Delivery, before.key, observed)
        untold = untold_of(moved, event, tag.claim)
        return Observation("known" if moved.state == before.state else "moved", moved.as_of(self._clock()), untold)

    def note_told(self, observation: Observation) -> None:
        """People were told what *observation* says: the same event again is no news."""
        if observation.delivery is None:
            return

        def noted(standing: Delivery) -> Delivery:
            known = (*standing.alerted, observation.untold)
            return standing if observation.untold in ("", *standing.alerted) else replace(standing, alerted=known)

        self._shelf.change(Delivery, observation.delivery.key, noted)

    def settle_sent(self, delivery: Delivery, message_id: str) -> Delivery:
        """The mail service took it, as *message_id*."""
        return self._answered(delivery, "sent", message_id=message_id)

    def settle_refused(self, delivery: Delivery, reason: str) -> Delivery:
        """A clear no: it did not leave, and a later run may claim it again."""
        return self._answered(delivery, "refused", reason=reason)

    def settle_deferred(self, delivery: Delivery, reason: str) -> Delivery:
        """Not now (throttled, quota used up): it did not leave, and a later run may claim it again."""
        return self._answered(delivery, "deferred", reason=reason)

    def settle_unknown(self, delivery: Delivery, reason: str) -> Delivery:
        """The answer was lost: perhaps sent, never to be sent again by a machine."""
        return self._answered(delivery, "unknown", reason=reason)

    def settle(self, edition: str, *, sent: bool, recipient: str | None = None) -> tuple[Delivery, ...]:
        """
        A person looked, and says whether the deliveries in doubt arrived (of *edition*, or only to *recipient*).

        Returns:
            Those that were settled: now `sent`, or `refused`, which a later run may claim again.

        Raises:
            CommandRefused: None of them is in doubt.
        """
        act = f"settle {edition}"
        wanted = hashed(recipient, self._book.salt) if recipient else None
        found = [one for one in self.deliveries(edition) if wanted in (None, one.recipient)]
        doubtful = [one for one in found if one.state == "unknown"]
        if not doubtful:
            listed = ", ".join(f"{one.shown} {one.state}" for one in found) or "nothing was claimed"
            raise refused(act, f"no delivery is in doubt ({listed})", edition)

        def settled(standing: Delivery) -> Delivery:
            known = standing.as_of(self._clock())
            if known.state != "unknown":  # somebody was faster
                raise refused(act, f"the delivery to {known.shown} is {known.state}", edition)
            return replace(
                standing,
                state="sent" if sent else "refused",
                changed_at=self._clock(),
                settled_by="person",
                reason="a person found that it arrived" if sent else "a person found that it did not arrive",
            )

        return tuple(self._shelf.change(Delivery, one.key, settled) for one in doubtful)

    def _wanted(self, edition: str, recipient: str, body_hash: str, owner: str) -> Delivery:
        """A first claim, as it would stand from now on."""
        released = self._require(edition, "released", f"a delivery of {edition}")
        now = self._clock()
        return Delivery(
            edition=edition,
            recipient=hashed(recipient, self._book.salt),
            shown=masked(recipient),
            revision=released.revision,
            owner=owner,
            body_hash=body_hash,
            claimed_at=now,
            lease_until=now + SEND_LEASE,
            changed_at=now,
        )

    def _last_to(self, wanted: Delivery) -> Standing[Delivery]:
        """The last mail to the recipient of *wanted*, of the same revision."""
        found = self._shelf.query(Delivery, wanted.key.partition, f"TO#{wanted.recipient}#")
        keys = {one.resend: one.key for one in found if one.revision == wanted.revision}
        if not keys:
            raise refused(f"resend {wanted.edition}", f"no mail to {wanted.shown} was ever claimed", wanted.edition)
        return self._shelf.require(Delivery, keys[max(keys)])

    def _claim_again(self, wanted: Delivery) -> Claim:
        """The claim of a delivery that was claimed before."""
        while True:  # each turn means that somebody else's write got through
            standing = self._shelf.require(Delivery, wanted.key)
            known = standing.record.as_of(self._clock())
            if not may_move(DELIVERY_MOVES, known.state, "sending"):
                return Claim(_outcome(known, wanted.owner), known)
            again = replace(wanted, claims=known.claims + 1, asked=known.asked)
            if self._shelf.replace(again, standing.stamp):
                return Claim("claimed", again)

    def _answered(
        self, delivery: Delivery, state: DeliveryState, *, message_id: str = "", reason: str = ""
    ) -> Delivery:
        """
        Record the answer to a send by its owner; the same answer again changes nothing.

        Where an event was faster, it tells what came after the answer, and stands. That the mail was taken is a
        stronger word than that of a person who did not find it.

        Raises:
            CommandRefused: The claim has passed to another owner, or the delivery was settled otherwise.
        """

        def answered(standing: Delivery) -> Delivery:
            if standing.owner != delivery.owner:
                raise refused(f"{delivery.shown}, {state}", "another sender has claimed it", delivery.edition)
            if standing.settled_by == "event":
                return replace(standing, message_id=standing.message_id or message_id)
            if standing.state == state:
                return standing
            if (standing.settled_by, state) != ("person", "sent"):
                _check_move(standing, state)
            return replace(
                standing,
                state=state,
                message_id=message_id,
                reason=reason,
                changed_at=self._clock(),
                settled_by="answer",
            )

        return self._shelf.change(Delivery, delivery.key, answered)


def _check_move(delivery: Delivery, state: DeliveryState) -> None:
    if not may_move(DELIVERY_MOVES, delivery.state, state):
        raise refused(f"{delivery.shown}, {state}", f"it is {delivery.state}", delivery.edition)


def _outcome(standing: Delivery, owner: str) -> Outcome:
    match standing.state:
        case "sending":
            return "claimed" if standing.owner == owner else "being_sent"
        case "unknown":
            return "in_doubt"
        case _:
            return "already_sent"
