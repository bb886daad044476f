"""What SES tells of mails that left, taken into the ledger; what did not arrive is told to the report's owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quarterdeck.alerts import Alert
from quarterdeck.errors import EventsLeft, InputInvalid, QuarterdeckError
from quarterdeck.ledger import Ledger, Observation
from quarterdeck.log import bound, logger
from quarterdeck.mail.events import SesEvent, parse_event, undelivered_alert
from quarterdeck.pipeline.alarm import Alarm
from quarterdeck.redaction import masked, without_addresses

_log = logger()

_TOLD = {"bounce": "bounced", "reply": "bounced", "complaint": "brought a complaint", "reject": "was rejected by SES"}


def observe_events(records: Sequence[Mapping[str, Any]], *, ledger: Ledger, alarm: Alarm) -> tuple[Observation, ...]:
    """
    Take in SES's events, as SNS hands them to a Lambda (`event["Records"]`): each moves its delivery on.

    They may come more than once and in any order. A bounce, a complaint and a reject are told to the owner of the
    report; where the owner cannot be mailed, to the topic. One about the copy for audit moves nothing and is told.
    Each is noted after it was told: one that could not be is told when the event comes again, and then no more.

    Returns:
        What became of each event that was ours.

    Raises:
        EventsLeft: Some were not taken in, or not told; all others were. It quotes no address.
    """
    observed: list[Observation] = []
    left: list[str] = []
    for number, record in enumerate(records, 1):
        try:
            notification = _notification(record, alarm.environment.events_topic)
            event = parse_event(notification)
            if event is None:
                _tell_of_an_alert(undelivered_alert(notification), alarm)
                continue
            observed.append(_observed(event, ledger, alarm))
        except QuarterdeckError as error:
            left.append(f"event {number}: {without_addresses(str(error).partition(chr(10))[0])}")
        except Exception as error:  # noqa: BLE001 - one event's trouble must not keep the others from being taken in
            left.append(f"event {number}: {type(error).__name__}")
    for said in left:
        _log.error("event left", reason=said)
    if left:
        raise EventsLeft(tuple(left), of=len(records))
    return tuple(observed)


def _notification(record: Mapping[str, Any], topic: str | None) -> Mapping[str, Any]:
    notification = record.get("Sns") if isinstance(record, Mapping) else None
    if not isinstance(notification, Mapping):
        raise InputInvalid("SES event", type(notification).__name__, "an SNS notification")
    if topic is not None and notification.get("TopicArn") != topic:
        raise InputInvalid("SES event", "one from another topic", "SES_EVENTS_TOPIC_ARN's")
    return notification


def _tell_of_an_alert(report: str, alarm: Alarm) -> None:
    """An alert that its owner did not get is told to the topic; all else that is no event of ours to nobody."""
    if not report:
        _log.info("event ignored")
        return
    alert = Alert(
        f"Quarterdeck: an alert to the owner of {report} did not arrive",
        f"The owner of {report} was mailed what went wrong with it, and that mail did not arrive.\n"
        f"Readers are not concerned by this. Correct owner: in params/{report}.yaml, and see what stands open with\n"
        "  python runner.py show\n",
    )
    if not alarm.tell_topic(alert):
        raise InputInvalid("SES event, of an alert", "nobody who could be told", "a topic that is reached")


def _observed(event: SesEvent, ledger: Ledger, alarm: Alarm) -> Observation:
    observation = ledger.observe(event)
    with bound(batch=event.edition.partition("/")[2]):
        state = observation.delivery.state if observation.delivery else None
        _log.info("event observed", edition=event.edition, kind=event.kind, outcome=observation.outcome, delivery=state)
        if observation.untold:
            _tell(event, observation, alarm)
            ledger.note_told(observation)
    return observation


def _tell(event: SesEvent, observation: Observation, alarm: Alarm) -> None:
    alert = _alert(event, observation, alarm)
    told, said = alarm.tell_owner(event.edition, alert)
    if not told and not alarm.tell_topic(Alert(alert.subject, f"{alert.body}\n{said[:1].upper()}{said[1:]}.\n")):
        raise InputInvalid(
            f"SES event, {event.kind}", "nobody who could be told", "an owner or a topic that is reached"
        )


def _alert(event: SesEvent, observation: Observation, alarm: Alarm) -> Alert:
    happened = _TOLD[event.kind]
    detail = alarm.redactor.text(event.detail) or "SES gave no reason"
    if observation.outcome == "of_a_copy" or observation.delivery is None:
        shown = ", ".join(map(masked, event.recipients))
        subject = f"Quarterdeck: the copy of {event.edition} {happened}"
        now = "The reader's mail is not concerned. The copy for audit may be missing: look at SES_BCC_EMAIL."
    else:
        shown = observation.delivery.shown
        subject = f"Quarterdeck: the mail of {event.edition} {happened}"
        again = (
            "the next start may send it again"
            if observation.delivery.state == "refused"
            else "no machine sends it again"
        )
        now = f"The delivery is {observation.delivery.state}, and {again}."
    return Alert(
        subject,
        f"{event.edition}: the mail to {shown} {happened} ({detail}).\n{now}\n"
        f"When the cause is mended, see who has it with\n  python runner.py show {event.edition}\n",
    )
