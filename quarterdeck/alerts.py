"""
Who is told: people who keep Quarterdeck running, by an SNS topic; a report's owner, by mail.

An alert says what happened, what is true now and what to type next. What SNS and mail refuse is mended here,
since an alert that is not taken tells nobody: a subject is one line of printable ASCII, a body fits.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP

from quarterdeck.aws import client, in_our_words
from quarterdeck.mail import Envelope, FrozenBody, message_id_of, stamp

# SNS: "must be less than 100 characters long", ASCII without line breaks, beginning with a letter, digit or mark.
MOST_SUBJECT = 99
# SNS takes 256 KB for the message with all that belongs to it.
MOST_BODY_BYTES = 250_000

_ANSWER_WITHIN_S = 10.0
_CUT = "\n… It was longer; the log and `python runner.py show` have the rest.\n"


@dataclass(frozen=True)
class Alert:
    """One message to whoever has to act; whatever it is made of, it can be published and mailed."""

    subject: str
    body: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "subject", _clean(self.subject))
        object.__setattr__(self, "body", _fitting(self.body))


def publish(alert: Alert, topic: str) -> str:
    """
    Publish *alert* to *topic*, an ARN; the answer is SNS's id of it.

    Raises:
        AwsUnavailable: It could not be published.
    """
    with in_our_words(f"SNS topic {topic}", permission="sns:Publish"):
        sns = client("sns", answer_within_s=_ANSWER_WITHIN_S)
        return sns.publish(TopicArn=topic, Subject=alert.subject, Message=alert.body)["MessageId"]


@dataclass(frozen=True)
class Addressed:
    """For whom a mail about an edition of *company* is: from *sender* to *owner*, about the edition's snapshot."""

    company: str
    sender: str
    owner: str
    edition: str
    snapshot: str


def as_mail(alert: Alert, addressed: Addressed, now: datetime) -> bytes:
    """
    *alert* as a mail of plain text, dated *now* (tz-aware).

    Raises:
        InputInvalid: An address is none.
    """
    text = EmailMessage(policy=SMTP)
    text.set_content(alert.body, charset="utf-8", cte="quoted-printable")
    del text["MIME-Version"]  # the stamp's
    mime = text.as_bytes()
    envelope = Envelope(
        sender=addressed.sender,
        to=(addressed.owner,),
        date=now,
        message_id=message_id_of(secrets.token_hex(16), sender=addressed.sender),
        reply_to=addressed.owner,
        edition=addressed.edition,
        snapshot=addressed.snapshot,
        company=addressed.company,
    )
    return stamp(FrozenBody(alert.subject, mime, hashlib.sha256(mime).hexdigest()), envelope)


def _clean(subject: str) -> str:
    plain = unicodedata.normalize("NFKD", " ".join(subject.split())).encode("ascii", "ignore").decode()
    shown = "".join(character for character in plain if character.isprintable()).strip()
    return shown if len(shown) <= MOST_SUBJECT else shown[: MOST_SUBJECT - 3].rstrip() + "..."


def _fitting(body: str) -> str:
    # A lone surrogate, as a broken file name leaves one, cannot be written as UTF-8
    encoded = body.encode("utf-8", "backslashreplace")
    if len(encoded) <= MOST_BODY_BYTES:
        return encoded.decode()
    return encoded[: MOST_BODY_BYTES - len(_CUT.encode())].decode("utf-8", "ignore") + _CUT
