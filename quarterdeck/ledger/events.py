"""
What the mail service tells later, in any order and more than once: what it proves of a delivery.

An event is a stronger word than an answer that was lost, and than a person who could not find the mail.
It moves a delivery on, never back, and frees none that may have left: only a Reject of the very claim
that is in doubt does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from quarterdeck.errors import InputInvalid
from quarterdeck.ledger.recipients import hashed
from quarterdeck.ledger.records import DELIVERY_MOVES, Delivery, DeliveryState, delivery_key, may_move
from quarterdeck.ledger.table import Key

# `reply`: a bounce that may be an automatic reply to a mail that arrived ("out of the office").
Kind = Literal["send", "delay", "delivery", "bounce", "reply", "complaint", "reject"]

_TAG = re.compile(r"([0-9a-f]{32})-([1-9]\d{0,5})-(0|[1-9]\d{0,5})-([1-9]\d{0,5})", re.ASCII)
_PROVES: Mapping[str, DeliveryState] = {
    "send": "sent",
    "delay": "sent",
    "delivery": "delivered",
    "bounce": "bounced",
    "reply": "bounced",
    "complaint": "complained",
}

# What people have to know, and the states by which a ledger has it.
_TROUBLE: Mapping[str, frozenset[str]] = {
    "bounce": frozenset({"bounced"}),
    "reply": frozenset({"bounced"}),
    "complaint": frozenset({"complained"}),
    "reject": frozenset({"refused", "bounced"}),
}


class MailEvent(Protocol):
    """What the ledger has to know of an event, whichever service it came from."""

    @property
    def kind(self) -> Kind: ...

    @property
    def edition(self) -> str:
        """`cfo/2026-W48`, from the message's tags."""

    @property
    def delivery(self) -> str:
        """The tag that names the claim (`Delivery.tag`)."""

    @property
    def recipients(self) -> Sequence[str]:
        """The addresses that it speaks of."""

    @property
    def message_id(self) -> str: ...

    @property
    def detail(self) -> str:
        """The service's words: why it bounced."""


@dataclass(frozen=True)
class Observation:
    """
    What became of an event.

    `moved`: it moved the delivery on. `known`: it says nothing new. `of_a_copy`: it speaks of another
    recipient of that message, the copy for audit. `not_ours`: no such message was sent by this ledger.

    `untold` is what it says of the mail that people have to know and were not told yet, empty where there is
    nothing. It stays so until that is noted, however often the event comes.
    """

    outcome: Literal["moved", "known", "of_a_copy", "not_ours"]
    delivery: Delivery | None
    untold: str = ""


class Tag(NamedTuple):
    """The parts of `Delivery.tag`."""

    recipient: str
    revision: int
    resend: int
    claim: int

    def key(self, edition: str) -> Key:
        return delivery_key(edition, self.recipient, self.revision, self.resend)


def read_tag(text: str) -> Tag | None:
    """The parts of a delivery's tag, or None for what this ledger does not write."""
    match = _TAG.fullmatch(text)
    return Tag(match[1], int(match[2]), int(match[3]), int(match[4])) if match else None


def is_about(delivery: Delivery, event: MailEvent, claim: int) -> bool:
    """Whether *event*, with the tag of *claim*, can speak of a message of *delivery*: a forged one seldom can."""
    if claim == delivery.claims:
        return delivery.message_id in ("", event.message_id)
    return claim < delivery.claims


def is_to(delivery: Delivery, recipients: Sequence[str], salt: str) -> bool:
    """Whether the delivery's recipient is one of *recipients*."""
    return any(_hash(address, salt) == delivery.recipient for address in recipients)


def after(delivery: Delivery, event: MailEvent, claim: int, now: datetime) -> Delivery:
    """*delivery* as it stands after *event* about its claim number *claim*; itself where that says nothing new."""
    is_latest = claim == delivery.claims
    here = delivery.as_of(now).state
    there = _proven(here, event.kind, is_latest=is_latest)
    message_id = event.message_id if is_latest else delivery.message_id
    if there == here:
        return replace(delivery, message_id=message_id)
    return replace(
        delivery, state=there, message_id=message_id, reason=event.detail, changed_at=now, settled_by="event"
    )


def untold_of(delivery: Delivery, event: MailEvent, claim: int) -> str:
    """What *event* about claim number *claim* left *delivery* at, where that is trouble that nobody was told of."""
    is_of_it = event.kind == "complaint" or claim == delivery.claims
    is_trouble = delivery.state in _TROUBLE.get(event.kind, ()) and delivery.settled_by == "event"
    return delivery.state if is_of_it and is_trouble and delivery.state not in delivery.alerted else ""


def untold_of_copy(delivery: Delivery, event: MailEvent) -> str:
    """The same of the copy that left with *delivery*."""
    what = f"{event.kind} of a copy"
    return what if event.kind in _TROUBLE and event.kind != "reply" and what not in delivery.alerted else ""


def _proven(here: DeliveryState, kind: Kind, *, is_latest: bool) -> DeliveryState:
    if kind in ("reject", "bounce", "reply") and not is_latest:
        return here  # an earlier mail did not arrive: that says nothing of the one claimed since
    if kind == "reply" and here == "delivered":
        return here  # it arrived, and its reader is away
    if kind != "reject":
        left: DeliveryState = "sent" if here in ("sending", "unknown", "refused", "deferred") else here
        return _moved(left, _PROVES[kind])
    if here in ("sending", "unknown"):
        return "refused"
    # The service took it and then dropped it: it did not arrive, and the same content would be dropped
    # again. So it is no clear no, after which a machine may claim it anew.
    return "bounced" if here == "sent" else here


def _moved(here: DeliveryState, there: DeliveryState) -> DeliveryState:
    return there if may_move(DELIVERY_MOVES, here, there) else here


def _hash(address: str, salt: str) -> str:
    try:
        return hashed(address, salt)
    except InputInvalid:  # what the event names is no address: nobody of ours
        return ""
