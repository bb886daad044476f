import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quarterdeck.errors import InputInvalid
from quarterdeck.ledger import open_ledger
from quarterdeck.mail import FrozenBody
from quarterdeck.mail.events import SesEvent, parse_event
from quarterdeck.pipeline.deliver import Letter, Post, deliver

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
TAG = f"{'8f' * 16}-1-0-1"
READER = "cfo@example.com"
AUDIT = "audit@example.com"

# What SES adds to each kind, in the shapes of its documentation.
PARTS: dict[str, dict[str, Any]] = {
    "Send": {"send": {}},
    "Delivery": {
        "delivery": {
            "timestamp": "2026-11-30T08:00:02.012Z",
            "processingTimeMillis": 546,
            "recipients": [READER],
            "smtpResponse": "250 2.6.0 Message received",
            "reportingMTA": "mta.example.com",
        }
    },
    "Bounce": {
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": READER,
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                }
            ],
            "timestamp": "2026-11-30T08:00:02.012Z",
            "feedbackId": "0100-feedback",
        }
    },
    "Complaint": {
        "complaint": {
            "complainedRecipients": [{"emailAddress": READER}],
            "timestamp": "2026-11-30T08:00:02.012Z",
            "feedbackId": "0100-feedback",
            "complaintFeedbackType": "abuse",
        }
    },
    "Reject": {"reject": {"reason": "Bad content"}},
    "DeliveryDelay": {
        "deliveryDelay": {
            "delayType": "MailboxFull",
            "delayedRecipients": [
                {"emailAddress": READER, "status": "4.2.2", "diagnosticCode": "smtp; 452 4.2.2 mailbox full"}
            ],
            "expirationTime": "2026-12-01T08:00:02.012Z",
        }
    },
}


def event(kind: str = "Send", **tags: object) -> dict[str, Any]:
    """An event of SES about a message of ours, with those tags instead of its own."""
    ours = {"report": ["cfo"], "period": ["2026-W48"], "delivery": [TAG], "ses:configuration-set": ["quarterdeck"]}
    mail = {
        "timestamp": "2026-11-30T08:00:01.034Z",
        "source": "reports@example.com",
        "messageId": "0100-ses",
        "destination": [READER, AUDIT],
        "headersTruncated": False,
        "tags": ours | tags,
    }
    return {"eventType": kind, "mail": mail, **PARTS.get(kind, {})}


def told(said: object) -> dict[str, Any]:
    """*said* as SNS hands it to a Lambda."""
    text = said if isinstance(said, str) else json.dumps(said)
    return {"Type": "Notification", "MessageId": "m-1", "TopicArn": "arn:aws:sns:eu-west-1:1:events", "Message": text}


@pytest.mark.parametrize(
    ("kind", "ours", "recipients", "detail"),
    [
        ("Send", "send", (READER, AUDIT), ""),
        ("Delivery", "delivery", (READER,), ""),
        ("Bounce", "bounce", (READER,), "Permanent General: smtp; 550 5.1.1 user unknown"),
        ("Complaint", "complaint", (READER,), "abuse"),
        ("Reject", "reject", (READER, AUDIT), "Bad content"),
        ("DeliveryDelay", "delay", (READER,), "MailboxFull: smtp; 452 4.2.2 mailbox full"),
    ],
)
def test_each_event_says_what_happened_to_whom(kind, ours, recipients, detail):
    """Kind, edition, delivery, recipients, message and reason are read from where SES writes them."""
    assert parse_event(told(event(kind))) == SesEvent(ours, "cfo/2026-W48", TAG, recipients, "0100-ses", detail)


def test_a_variants_event_names_its_edition():
    """The variant's tag makes the edition's name whole."""
    assert parse_event(told(event(variant=["jada"]))).edition == "cfo@jada/2026-W48"


def test_what_ses_adds_one_day_is_let_pass():
    """Unknown keys and kinds of parts are no reason to lose an event."""
    said = event("Delivery") | {"ipPool": "new"}
    said["delivery"]["ipPool"] = 7

    assert parse_event(told(said)).kind == "delivery"


def test_a_servers_long_answer_is_cut():
    """The ledger keeps the beginning of a reason, where it stands."""
    said = json.loads(json.dumps(event("Bounce")))
    said["bounce"]["bouncedRecipients"][0]["diagnosticCode"] = "550 " + "x" * 10_000

    assert len(parse_event(told(said)).detail) == 500


@pytest.mark.parametrize(
    "notification",
    [
        {},
        {"Type": "SubscriptionConfirmation", "Token": "t", "Message": "You have chosen to subscribe"},
        told("Successfully validated SNS topic for Amazon SES event publishing."),
        told("[" * 100_000),
        told([1]),
        told("7"),
        told({}),
        {"Message": 7},
        told({"notificationType": "Bounce", "mail": {"messageId": "0100-ses"}}),
        told(event("Open")),
        told(event("Rendering Failure")),
        told({"eventType": ["Send"], "mail": {}}),
        told({"eventType": "Send", "mail": "x"}),
        told({"eventType": "Send", "mail": {"tags": ["delivery"]}}),
        told({"eventType": "Send", "mail": {"messageId": "m", "destination": [], "tags": {"campaign": ["spring"]}}}),
    ],
    ids=range(15),
)
def test_what_is_not_ours_is_let_pass(notification):
    """Set-up messages of SNS, other applications' mail and events that say nothing of a delivery are no errors."""
    assert parse_event(notification) is None


def broken(kind: str, *path: str, value: object) -> dict[str, Any]:
    """An event of *kind* in which *value* stands at *path*; None takes it out."""
    said = json.loads(json.dumps(event(kind)))
    place = said
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return said


@pytest.mark.parametrize(
    ("said", "place"),
    [
        (broken("Send", "mail", "messageId", value=7), "mail.messageId: found int"),
        (broken("Send", "mail", "messageId", value=""), "mail.messageId: found str"),
        (broken("Send", "mail", "destination", value=None), "mail.destination: found dict"),
        (broken("Send", "mail", "destination", value=READER), "mail.destination: found str"),
        (broken("Send", "mail", "tags", "report", value="cfo"), "mail.tags.report: found str"),
        (broken("Send", "mail", "tags", "report", value=["cfo", "ceo"]), "mail.tags.report: found 2 values"),
        (broken("Send", "mail", "tags", "period", value=None), "mail.tags.period: found 0 values"),
        (broken("Send", "mail", "tags", "delivery", value=[]), "mail.tags.delivery: found 0 values"),
        (broken("Bounce", "bounce", value=None), "bounce: found nothing"),
        (broken("Bounce", "bounce", "bouncedRecipients", value=[READER]), "bounce.bouncedRecipients.0: found str"),
        (broken("Delivery", "delivery", "recipients", value=[{}]), "delivery.recipients.0: found dict"),
        (broken("Complaint", "complaint", value=[]), "complaint: found list"),
        (broken("DeliveryDelay", "deliveryDelay", value=None), "delay: found nothing"),
        (broken("Reject", "reject", value="bad"), "reject: found str"),
    ],
    ids=range(14),
)
def test_an_event_of_a_forged_shape_is_refused(said, place):
    """What claims to be ours and is not what SES writes is refused with its place, and quotes nobody's address."""
    with pytest.raises(InputInvalid) as refusal:
        parse_event(told(said))

    assert f"SES event, {place}" in str(refusal.value)
    assert READER not in str(refusal.value)


@pytest.mark.parametrize(("report", "period"), [("../etc", "2026-W48"), ("cfo", "2026-W54"), ("cfo", "now"), ("", "")])
def test_an_edition_that_cannot_be_is_refused(report, period):
    """Tags that make no edition's name are refused before any ledger is asked."""
    with pytest.raises(InputInvalid):
        parse_event(told(event(report=[report], period=[period])))


class Accepting:
    """A mailer that takes every mail, and keeps the tags that it was given."""

    def prepare(self, to, *, bcc) -> None:
        """Nothing is to be asked."""

    def send(self, message, *, sender, to, bcc, tags) -> str:  # noqa: ARG002 - the protocol's
        self.tags = {name: [value] for name, value in tags.items()}
        return "0100-ses"


def test_an_event_finds_the_delivery_that_was_mailed(tmp_path):
    """The tags with which a mail left lead its event back to the delivery, also from an address with a name."""
    ledger = open_ledger(f"sqlite:{tmp_path}/resort.db", "resort", lambda: NOW)
    ledger.open_batch("2026-W48", "snapshot-1")
    run = ledger.start_run("cfo@jada/2026-W48", timedelta(hours=1))
    ledger.mark_ready(run.edition, run.id)
    ledger.release(run.edition, run.id)
    body = FrozenBody("Revenue is under plan", b"Content-Type: text/plain\r\n\r\nRevenue", "b0d1")
    letter = Letter(run.edition, "snapshot-1", body, "reports@example.com", "jada@example.com", (AUDIT,))
    mailer = Accepting()

    sent = deliver(letter, f"Jada Okafor <{READER}>", Post(mailer, ledger, NOW))
    observed = ledger.observe(parse_event(told(event("Delivery", **mailer.tags))))

    assert sent.result == "sent"
    assert (observed.outcome, observed.delivery.state) == ("moved", "delivered")
