"""
SES's events, as its configuration set tells them over SNS: read, checked, and only those of our messages.

What SES sends: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from quarterdeck.config import SLUG, edition_parts
from quarterdeck.errors import InputInvalid

Kind = Literal["send", "delay", "delivery", "bounce", "reply", "complaint", "reject"]

# What else a configuration set may tell (opens, clicks, subscriptions) says nothing of a delivery.
_KINDS: Mapping[str, Kind] = {
    "Send": "send",
    "DeliveryDelay": "delay",
    "Delivery": "delivery",
    "Bounce": "bounce",
    "Complaint": "complaint",
    "Reject": "reject",
}
# So SES tells an automatic reply too: https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html#bounce-types
_MAY_BE_A_REPLY = ("Transient", "General")
_DETAIL = 500  # characters of a server's words that are kept; the reason stands at their beginning

_Text = Annotated[str, Field(min_length=1, max_length=1024)]


class _Part(BaseModel):
    """Keys that SES writes beside ours, today or later, are let pass; those that we need have their types."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, extra="ignore")


class _Mail(_Part):
    message_id: _Text
    destination: list[_Text]
    tags: dict[str, list[str]] = {}


class _Recipient(_Part):
    email_address: _Text
    diagnostic_code: str = ""


class _Reject(_Part):
    reason: str = ""


class _Delivery(_Part):
    recipients: list[_Text]


class _Delay(_Part):
    delay_type: str = ""
    delayed_recipients: list[_Recipient]


class _Bounce(_Part):
    bounce_type: str
    bounce_sub_type: str = ""
    bounced_recipients: list[_Recipient]


class _Complaint(_Part):
    complaint_feedback_type: str | None = None
    complained_recipients: list[_Recipient]


class _Event(_Part):
    mail: _Mail
    reject: _Reject = _Reject()
    delivery: _Delivery | None = None
    delivery_delay: _Delay | None = None
    bounce: _Bounce | None = None
    complaint: _Complaint | None = None


@dataclass(frozen=True)
class SesEvent:
    """
    What SES tells of one message of ours: what a ledger observes.

    Args:
        kind: What happened.
        edition: `cfo/2026-W48`.
        delivery: The tag that the message left with.
        recipients: The addresses that it happened to.
        message_id: SES's id of the message.
        detail: SES's words, or the receiving server's; may quote addresses.
    """

    kind: Kind
    edition: str
    delivery: str
    recipients: tuple[str, ...]
    message_id: str
    detail: str


def parse_event(notification: Mapping[str, Any]) -> SesEvent | None:
    """
    The event in *notification*, as SNS hands it over (`Records[].Sns` in a Lambda), or None for what is not ours.

    Not ours is what has no tag of ours, is no event of SES, or one that says nothing of a delivery.

    Raises:
        InputInvalid: It says that it is ours, and is not what SES writes.
    """
    written = _json(notification.get("Message"))
    kind = _KINDS.get(str(written.get("eventType")))
    mail = written.get("mail")
    tags = mail.get("tags") if isinstance(mail, dict) else None
    if kind is None or not isinstance(tags, dict) or "delivery" not in tags:
        return None
    try:
        event = _Event.model_validate(written)
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"]))
        raise _forged(place, type(problem["input"]).__name__, problem["msg"]) from error
    recipients, detail = _about(kind, event)
    if event.bounce is not None and (event.bounce.bounce_type, event.bounce.bounce_sub_type) == _MAY_BE_A_REPLY:
        kind = "reply"
    return SesEvent(
        kind, _edition(event.mail), _tag(event.mail, "delivery"), recipients, event.mail.message_id, detail[:_DETAIL]
    )


def undelivered_alert(notification: Mapping[str, Any]) -> str:
    """The report to whose owner an alert of ours did not arrive, as *notification* tells; empty for all else."""
    written = _json(notification.get("Message"))
    mail, bounce = written.get("mail"), written.get("bounce")
    tags = mail.get("tags") if isinstance(mail, dict) else None
    named = tags.get("alert") if isinstance(tags, dict) else None
    may_be_a_reply = isinstance(bounce, dict) and (bounce.get("bounceType"), bounce.get("bounceSubType"))
    is_undelivered = written.get("eventType") in ("Bounce", "Reject") and may_be_a_reply != _MAY_BE_A_REPLY
    if not is_undelivered or not isinstance(named, list) or len(named) != 1:
        return ""
    return named[0] if isinstance(named[0], str) and re.fullmatch(SLUG, named[0]) else ""


def _json(text: object) -> dict[str, Any]:
    """The object written in *text*; empty where there is none, as in what SNS says when a topic is set up."""
    try:
        written = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return {}
    return written if isinstance(written, dict) else {}


def _about(kind: Kind, event: _Event) -> tuple[tuple[str, ...], str]:
    """Whom the event speaks of, and in which words."""
    match kind, event:
        case "delivery", _Event(delivery=_Delivery() as delivery):
            return tuple(delivery.recipients), ""
        case "delay", _Event(delivery_delay=_Delay() as delay):
            return _told(delay.delayed_recipients, delay.delay_type)
        case "bounce", _Event(bounce=_Bounce() as bounce):
            return _told(bounce.bounced_recipients, f"{bounce.bounce_type} {bounce.bounce_sub_type}".strip())
        case "complaint", _Event(complaint=_Complaint() as complaint):
            return _told(complaint.complained_recipients, complaint.complaint_feedback_type or "")
        case (("send" | "reject"), _):  # these are of the message as a whole
            return tuple(event.mail.destination), event.reject.reason
        case _:
            raise _forged(kind, "nothing", "what happened, and to whom")


def _told(recipients: list[_Recipient], what: str) -> tuple[tuple[str, ...], str]:
    said = next((one.diagnostic_code for one in recipients if one.diagnostic_code), "")
    return tuple(one.email_address for one in recipients), ": ".join(filter(None, (what, said)))


def _edition(mail: _Mail) -> str:
    variant = f"@{_tag(mail, 'variant')}" if "variant" in mail.tags else ""
    edition = f"{_tag(mail, 'report')}{variant}/{_tag(mail, 'period')}"
    edition_parts(edition)
    return edition


def _tag(mail: _Mail, name: str) -> str:
    values = mail.tags.get(name, [])
    if len(values) != 1:
        raise _forged(f"mail.tags.{name}", f"{len(values)} values", "one")
    return values[0]


def _forged(place: str, found: str, expected: str) -> InputInvalid:
    return InputInvalid(f"SES event, {place}", found, expected)
