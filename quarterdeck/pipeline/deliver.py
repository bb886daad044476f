"""Deliver: the only stage that touches the world. It claims before it sends, and never sends twice."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from quarterdeck.errors import DeliveryUnknown, MailRefused, QuarterdeckError
from quarterdeck.ledger import Claim, Ledger
from quarterdeck.mail import Envelope, FrozenBody, Mailer, stamp

Result = Literal["sent", "sent before", "being sent", "refused", "unknown"]

_NOT_CLAIMED: dict[str, Result] = {"already_sent": "sent before", "being_sent": "being sent", "in_doubt": "unknown"}


@dataclass(frozen=True)
class Letter:
    """A released edition, ready to be stamped for each of its recipients."""

    edition: str
    snapshot: str
    body: FrozenBody
    sender: str
    reply_to: str
    bcc: tuple[str, ...]


@dataclass(frozen=True)
class Delivered:
    """What became of one edition for one recipient; `shown` is what a person may read of the address."""

    edition: str
    shown: str
    result: Result
    problem: QuarterdeckError | None = None


def deliver(letter: Letter, recipient: str, *, mailer: Mailer, ledger: Ledger, now: datetime) -> Delivered:
    """
    Mail *letter* to *recipient* at most once, whatever crashes; the claim is written before the send.

    Args:
        mailer: Raises `MailRefused` for a clear no; whatever else it raises may have been a yes.
        now: The message's Date, tz-aware.
    """
    owner = secrets.token_hex(16)
    claim = ledger.claim(letter.edition, recipient, body_hash=letter.body.sha256, owner=owner)
    if claim.outcome != "claimed":
        return _not_ours(letter, claim)
    shown = claim.delivery.shown
    envelope = Envelope(
        sender=letter.sender,
        to=(recipient,),
        date=now,
        message_id=f"<{owner}@quarterdeck>",
        reply_to=letter.reply_to,
        edition=letter.edition,
        snapshot=letter.snapshot,
    )
    try:
        message_id = mailer.send(
            stamp(letter.body, envelope), sender=letter.sender, to=recipient, bcc=letter.bcc, tags=_tags(letter, claim)
        )
    except MailRefused as refusal:
        ledger.settle_refused(claim.delivery, refusal.reason)
        return Delivered(letter.edition, shown, "refused", MailRefused(letter.edition, shown, refusal.reason))
    except Exception as lost:  # noqa: BLE001 - anything but a clear "no" may be a "yes" that we did not hear
        ledger.settle_unknown(claim.delivery, type(lost).__name__)
        return Delivered(letter.edition, shown, "unknown", DeliveryUnknown(letter.edition, type(lost).__name__))
    try:
        ledger.settle_sent(claim.delivery, message_id)
    except Exception as unwritten:  # noqa: BLE001 - it has left: whatever keeps the ledger from saying so, it is in doubt
        return Delivered(letter.edition, shown, "unknown", DeliveryUnknown(letter.edition, _unwritten(unwritten)))
    return Delivered(letter.edition, shown, "sent")


def _unwritten(error: Exception) -> str:
    return f"it was accepted, but the ledger could not be written: {str(error).partition(chr(10))[0]}"


def _not_ours(letter: Letter, claim: Claim) -> Delivered:
    result = _NOT_CLAIMED[claim.outcome]
    problem = DeliveryUnknown(letter.edition, claim.delivery.reason) if result == "unknown" else None
    return Delivered(letter.edition, claim.delivery.shown, result, problem)


def _tags(letter: Letter, claim: Claim) -> dict[str, str]:
    """What SES keeps beside the message, so that its events and a person find the delivery again."""
    report, _, period = letter.edition.partition("/")
    report, _, variant = report.partition("@")
    tags = {"report": report, "period": period, "delivery": claim.delivery.tag}
    return tags | ({"variant": variant} if variant else {})
