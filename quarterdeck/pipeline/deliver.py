"""Deliver: the only stage that touches the world. It claims before it sends, and never sends twice."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal

from quarterdeck.errors import (
    CommandRefused,
    DeliveryUnknown,
    InputInvalid,
    MailDeferred,
    MailRefused,
    QuarterdeckError,
)
from quarterdeck.ledger import Claim, Delivery, Ledger, without_addresses
from quarterdeck.log import logger
from quarterdeck.mail import Envelope, FrozenBody, Mailer, message_id_of, stamp
from quarterdeck.pipeline.plan import Plan, Report
from quarterdeck.pipeline.time_left import SEND_S, TimeLeft
from quarterdeck.redaction import masked

_log = logger()

Result = Literal["sent", "sent before", "being sent", "refused", "deferred", "unknown", "not begun"]


@dataclass(frozen=True)
class Letter:
    """A released edition, ready to be stamped for each of its recipients."""

    edition: str
    snapshot: str
    body: FrozenBody
    sender: str
    reply_to: str
    bcc: tuple[str, ...]
    unsubscribe: str = ""
    company: str = ""


def letter_of(plan: Plan, report: Report, snapshot: str, body: FrozenBody) -> Letter:
    """*body*, the edition of *report* in *plan* that was made from *snapshot*, ready to be stamped."""
    return Letter(
        edition=plan.edition(report),
        snapshot=snapshot,
        body=body,
        sender=plan.environment.sender or "",
        reply_to=report.params.owner,
        bcc=plan.copies,
        unsubscribe=report.params.unsubscribe or "",
        company=plan.company.name,
    )


@dataclass(frozen=True)
class Delivered:
    """
    What became of one edition for one recipient.

    Args:
        shown: What a person may read of the address.
        standing: The delivery as another start or command left it, where none was claimed now.
    """

    edition: str
    shown: str
    result: Result
    problem: QuarterdeckError | None = None
    standing: Delivery | None = None


@dataclass(frozen=True)
class Post:
    """
    Who carries a letter, and who remembers it.

    Args:
        mailer: Raises `MailRefused` or `InputInvalid` for a clear no; whatever else it raises may have been a yes.
        now: The message's Date, tz-aware.
    """

    mailer: Mailer
    ledger: Ledger
    now: datetime
    time_left: TimeLeft = field(default_factory=TimeLeft)


def refuse_another_body(act: str, letter: Letter, folder: Path, ledger: Ledger) -> None:
    """
    All readers of an edition get one body: *letter*, whose message lies in *folder*, is what the others got.

    Args:
        act: What is about to be done, as the beginning of a sentence.

    Raises:
        CommandRefused: Another body was mailed, or is being mailed.
    """
    if ledger.bodies(letter.edition) - {letter.body.sha256}:
        because = f"the message in {folder} is not the one that its readers got"
        where = "Mail it from the machine and the outputs that theirs left from"
        raise CommandRefused(act, f"{because}. {where}", f"python runner.py show {letter.edition}")


def deliver_to_all(letter: Letter, recipients: Sequence[str], post: Post) -> list[Delivered]:
    """Mail *letter* to each of *recipients*, as `deliver` does; who was refused is told who has it."""
    tried = [deliver(letter, recipient, post) for recipient in recipients]
    for one in tried:
        _log.info("delivery", edition=one.edition, to=one.shown, result=one.result)
    got = tuple(one.shown for one in tried if one.result in ("sent", "sent before"))
    return [
        replace(one, problem=one.problem.knowing(got)) if isinstance(one.problem, MailRefused) else one for one in tried
    ]


def deliver(letter: Letter, recipient: str, post: Post) -> Delivered:
    """
    Mail *letter* to *recipient* at most once, whatever crashes; the claim is written before the send.

    Nothing is claimed where the time left would not suffice for the answer. Where the ledger, or the mail service,
    cannot be asked, nothing is claimed or sent, and that stands beside what became of the others.
    """
    if not post.time_left.is_enough_for_a_mail:
        return Delivered(letter.edition, without_addresses(recipient), "not begun")
    owner = secrets.token_hex(16)
    try:
        if post.ledger.is_to_be_mailed(letter.edition, recipient):
            post.mailer.prepare(recipient, bcc=letter.bcc)
        claim = post.ledger.claim(letter.edition, recipient, body_hash=letter.body.sha256, owner=owner)
    except QuarterdeckError as error:
        return Delivered(letter.edition, masked(recipient), "not begun", error)
    return _sent(letter, recipient, claim, post)


def deliver_once_more(letter: Letter, recipient: str, post: Post, *, because: str, by: str) -> Delivered:
    """
    Mail *letter* once more to *recipient*, who was mailed before, by the word of a person; else as `deliver`.

    Raises:
        CommandRefused: The edition is not released, or no mail to *recipient* was ever claimed.
        InputInvalid: No reason is given.
        AwsUnavailable: The mail service cannot be asked; nothing was claimed.
    """
    post.mailer.prepare(recipient, bcc=letter.bcc)
    owner = secrets.token_hex(16)
    claim = post.ledger.resend(
        letter.edition, recipient, body_hash=letter.body.sha256, owner=owner, because=because, by=by
    )
    return _sent(letter, recipient, claim, post)


def _sent(letter: Letter, recipient: str, claim: Claim, post: Post) -> Delivered:
    """What became of the send that *claim* allows; without one nothing is sent."""
    if claim.outcome != "claimed":
        return as_it_stands(claim.delivery)
    try:
        return _posted(letter, recipient, claim, post)
    except BaseException as stopped:  # Ctrl-C, perhaps in mid-post: then it may be a "yes" that we did not wait for
        doubt = DeliveryUnknown(letter.edition, f"it was stopped by {type(stopped).__name__}")
        if _is_left_in_doubt(claim.delivery, doubt.cause, post.ledger):
            stopped.add_note(str(doubt))
        raise


def _is_left_in_doubt(claimed: Delivery, cause: str, ledger: Ledger) -> bool:
    """Record that what became of *claimed* is unknown, unless it is known already; whether it is not."""
    try:
        ledger.settle_unknown(claimed, cause)
    except CommandRefused:  # the answer was recorded before the stop
        return False
    except Exception as unwritten:  # noqa: BLE001 - the end of its lease leaves it in doubt as well
        _log.warning("doubt not recorded", edition=claimed.edition, reason=type(unwritten).__name__)
    return True


def _posted(letter: Letter, recipient: str, claim: Claim, post: Post) -> Delivered:
    """What became of the one post, recorded."""
    shown, ledger = claim.delivery.shown, post.ledger
    envelope = Envelope(
        sender=letter.sender,
        to=(recipient,),
        date=post.now,
        message_id=message_id_of(claim.delivery.owner, sender=letter.sender),
        reply_to=letter.reply_to,
        edition=letter.edition,
        snapshot=letter.snapshot,
        unsubscribe=letter.unsubscribe,
        company=letter.company,
    )
    try:
        _refuse_a_late_post(claim.delivery, ledger)
        message_id = post.mailer.send(
            stamp(letter.body, envelope), sender=letter.sender, to=recipient, bcc=letter.bcc, tags=_tags(letter, claim)
        )
    except MailDeferred as put_off:
        reason = without_addresses(put_off.reason)
        problem = MailDeferred(letter.edition, shown, reason, put_off.again_at)
        said = Delivered(letter.edition, shown, "deferred", problem)
        return _recorded(said, partial(ledger.settle_deferred, claim.delivery, reason))
    except (MailRefused, InputInvalid) as refusal:
        reason = without_addresses(_reason(refusal))
        said = Delivered(letter.edition, shown, "refused", MailRefused(letter.edition, shown, reason))
        return _recorded(said, partial(ledger.settle_refused, claim.delivery, reason))
    except Exception as lost:  # noqa: BLE001 - anything but a clear "no" may be a "yes" that we did not hear
        cause = without_addresses(lost.cause) if isinstance(lost, DeliveryUnknown) else type(lost).__name__
        said = Delivered(letter.edition, shown, "unknown", DeliveryUnknown(letter.edition, cause))
        return _recorded(said, partial(ledger.settle_unknown, claim.delivery, cause))
    return _recorded(Delivered(letter.edition, shown, "sent"), partial(ledger.settle_sent, claim.delivery, message_id))


def _refuse_a_late_post(claimed: Delivery, ledger: Ledger) -> None:
    """A machine that slept after its claim must not post what is another's by now."""
    if ledger.lease_left(claimed).total_seconds() < SEND_S:
        reason = "this machine stood still, and the time of its claim is nearly over"
        raise MailRefused(claimed.edition, claimed.shown, reason)


def _recorded(said: Delivered, record: Callable[[], object]) -> Delivered:
    """What became of the send, once the ledger has it; where it has not, the delivery is in doubt whatever was said."""
    try:
        record()
    except Exception as unwritten:  # noqa: BLE001 - whatever keeps the ledger from knowing, no result may be lost with it
        first_line = str(unwritten).partition("\n")[0]
        cause = f"the answer was “{said.result}”, but the ledger could not be written: {first_line}"
        return replace(said, result="unknown", problem=DeliveryUnknown(said.edition, without_addresses(cause)))
    return said


def _reason(refusal: MailRefused | InputInvalid) -> str:
    """Why, on one line: the mail service's words, or what our own code found before it was asked."""
    if isinstance(refusal, InputInvalid):
        return f"{refusal.place}: found {refusal.found}, expected {refusal.expected}"
    return refusal.reason


def as_it_stands(standing: Delivery) -> Delivered:
    """A delivery that was not claimed now, as another start or a person left it."""
    result: Result = "sent before"
    problem: QuarterdeckError | None = None
    match standing.state:
        case "sending":
            result = "being sent"
        case "unknown":
            result, problem = "unknown", DeliveryUnknown(standing.edition, standing.reason)
        case "refused" | "deferred" as no:
            result, problem = no, MailRefused(standing.edition, standing.shown, standing.reason)
    return Delivered(standing.edition, standing.shown, result, problem, standing)


def _tags(letter: Letter, claim: Claim) -> dict[str, str]:
    """What SES keeps beside the message, so that its events and a person find the delivery again."""
    report, _, period = letter.edition.partition("/")
    report, _, variant = report.partition("@")
    tags = {"report": report, "period": period, "delivery": claim.delivery.tag}
    return tags | ({"variant": variant} if variant else {})
