import itertools
import json
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from topics import service, subscribed_topic

from quarterdeck.config import Environment
from quarterdeck.errors import EventsLeft, MailRefused
from quarterdeck.ledger import Ledger, dynamodb, open_ledger
from quarterdeck.mail import text_of
from quarterdeck.pipeline import Alarm, observe_events
from quarterdeck.redaction import Redactor

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
CFO = "cfo/2026-W48"
READER, AUDIT, OWNER = "cfo@example.com", "audit@example.com", "finance-ops@example.com"
ENVIRONMENT = Environment(sender="reports@example.com", recipient=READER, bcc=AUDIT, endpoint="http://127.0.0.1:1")

PARTS = {
    "Send": {"send": {}},
    "Delivery": {"delivery": {"recipients": [READER]}},
    "Bounce": {
        "bounce": {
            "bounceType": "Permanent",
            "bouncedRecipients": [{"emailAddress": READER, "diagnosticCode": f"550 <{READER}> unknown"}],
        }
    },
    "Complaint": {"complaint": {"complainedRecipients": [{"emailAddress": READER}], "complaintFeedbackType": "abuse"}},
    "Reject": {"reject": {"reason": "Bad content"}},
    "DeliveryDelay": {"deliveryDelay": {"delayType": "MailboxFull", "delayedRecipients": [{"emailAddress": READER}]}},
}


class Outbox:
    """A mailer that keeps what it was given, or refuses all of it."""

    def __init__(self, *, is_broken: bool | Exception = False) -> None:
        self.is_broken = is_broken
        self.kept: list[tuple[str, bytes, dict[str, str]]] = []

    def check(self, *, sender, bcc, recipients=()) -> None:
        """Nothing stands in the way."""

    def prepare(self, to, *, bcc) -> None:
        """Nothing is to be asked."""

    def send(self, message, *, sender, to, bcc, tags) -> str:  # noqa: ARG002 - the protocol's
        if self.is_broken:
            raise self.is_broken if isinstance(self.is_broken, Exception) else TimeoutError
        self.kept.append((to, message, dict(tags)))
        return "id"


@pytest.fixture
def mailer():
    return Outbox()


@pytest.fixture
def params(tmp_path):
    """The project's params: the CFO's report, whose owner is not its reader."""
    folder = tmp_path / "params"
    folder.mkdir()
    (folder / "cfo.yaml").write_text(f"report: cfo\ntitle: CFO\nowner: {OWNER}\n")
    return folder


@pytest.fixture
def alarm_of(params, mailer):
    """A function (changes of the environment) → an alarm."""

    def make(**changes) -> Alarm:
        environment = Environment(**{**vars(ENVIRONMENT), **changes})
        return Alarm("Resort", environment, params, Redactor(), lambda: NOW, mailer)

    return make


def sqlite_ledger(request) -> Ledger:
    return open_ledger(f"sqlite:{request.getfixturevalue('tmp_path')}/resort.db", "resort", lambda: NOW)


def dynamo_ledger(request, server) -> Ledger:
    request.getfixturevalue("on_aws")(request.getfixturevalue(server))
    table = f"ledger-{secrets.token_hex(6)}"
    dynamodb.create_table(table)
    return open_ledger(f"dynamodb:{table}", "resort", lambda: NOW)


@pytest.fixture(params=["sqlite", "moto", "ministack"])
def any_ledger(request):
    """A ledger of each kind."""
    return sqlite_ledger(request) if request.param == "sqlite" else dynamo_ledger(request, request.param)


@pytest.fixture
def ledger(request):
    return sqlite_ledger(request)


def mailed(ledger: Ledger, edition: str = CFO, state: str = "sent") -> str:
    """Release *edition*, mail it to the reader, and give back the delivery's tag."""
    ledger.open_batch("2026-W48", "snapshot-1")
    run = ledger.start_run(edition, timedelta(hours=1))
    ledger.mark_ready(edition, run.id)
    ledger.release(edition, run.id)
    claim = ledger.claim(edition, READER, body_hash="b0d1", owner="me")
    match state:
        case "sent":
            ledger.settle_sent(claim.delivery, "0100-ses")
        case "unknown":
            ledger.settle_unknown(claim.delivery, "ReadTimeoutError")
    return claim.delivery.tag


def record(kind: str, tag: str, *, edition: str = CFO, topic: str = "arn:events", **changes) -> dict:
    """What Lambda hands over of one event of SES."""
    report, _, period = edition.partition("/")
    mail = {
        "messageId": "0100-ses",
        "destination": [READER, AUDIT],
        "tags": {"report": [report], "period": [period], "delivery": [tag]},
    }
    said = {"eventType": kind, "mail": mail, **PARTS[kind], **changes}
    return {"EventSource": "aws:sns", "Sns": {"TopicArn": topic, "Message": json.dumps(said)}}


def state(ledger: Ledger, edition: str = CFO) -> str:
    (delivery,) = ledger.deliveries(edition)
    return delivery.state


def test_events_in_any_order_and_twice_end_alike(any_ledger, alarm_of, mailer):
    """Send, delivery and complaint in each order, each of them twice, end as a complaint, told once."""
    kinds = ("Send", "Delivery", "Complaint")
    for number, order in enumerate(itertools.permutations(kinds)):
        edition = f"r{number}/2026-W48"
        (alarm_of().params / f"r{number}.yaml").write_text(f"report: r{number}\ntitle: R\nowner: {OWNER}\n")
        tag = mailed(any_ledger, edition, "unknown")
        records = [record(kind, tag, edition=edition) for kind in order]

        observe_events(records + records, ledger=any_ledger, alarm=alarm_of())

        assert state(any_ledger, edition) == "complained"
        assert len(mailer.kept) == number + 1


@pytest.mark.parametrize(
    ("kind", "becomes"),
    [
        ("Send", "sent"),
        ("DeliveryDelay", "sent"),
        ("Delivery", "delivered"),
        ("Bounce", "bounced"),
        ("Complaint", "complained"),
        ("Reject", "refused"),
    ],
)
def test_a_delivery_in_doubt_is_settled_by_its_tag(ledger, alarm_of, kind, becomes):
    """Each event answers whether the mail left, and nobody has to look."""
    tag = mailed(ledger, state="unknown")

    (observation,) = observe_events([record(kind, tag)], ledger=ledger, alarm=alarm_of())

    assert observation.outcome == "moved"
    assert state(ledger) == becomes


@pytest.mark.parametrize("kind", ["Bounce", "Complaint", "Reject"])
def test_what_did_not_arrive_is_mailed_to_the_owner_once(ledger, alarm_of, mailer, kind):
    """The owner learns edition, reason and what to type, once however often SNS delivers, and sees no address."""
    tag = mailed(ledger)

    for _ in range(3):
        observe_events([record(kind, tag)], ledger=ledger, alarm=alarm_of())

    ((to, message, tags),) = mailer.kept
    assert to == OWNER
    assert b"\r\nFrom: Resort <reports@example.com>\r\n" in message
    assert "delivery" not in tags  # else SES's events about this very mail would be taken for the report's
    assert f"python runner.py show {CFO}" in text_of(message)
    assert READER not in text_of(message)
    assert "c•••@e•••.com" in text_of(message)


@pytest.mark.parametrize("kind", ["Send", "Delivery", "DeliveryDelay"])
def test_good_news_is_told_to_nobody(ledger, alarm_of, mailer, kind):
    """A mail on its way or delivered alerts nobody."""
    observe_events([record(kind, mailed(ledger))], ledger=ledger, alarm=alarm_of())

    assert mailer.kept == []


@pytest.mark.parametrize(
    ("order", "what", "ends"),
    [
        (("Delivery", "Bounce"), ("Transient", "General"), ("delivered", 0)),  # "out of the office"
        (("Bounce",), ("Transient", "General"), ("bounced", 1)),
        (("Delivery", "Bounce"), ("Transient", "MailboxFull"), ("bounced", 1)),
        (("Delivery", "Bounce"), ("Permanent", "General"), ("bounced", 1)),
    ],
)
def test_an_automatic_reply_is_no_bounce_of_a_mail_that_arrived(ledger, alarm_of, mailer, order, what, ends):
    """SES tells both in the same way: an executive on holiday must not make every week's mail look lost."""
    tag = mailed(ledger)
    bounce = {"bounceType": what[0], "bounceSubType": what[1], "bouncedRecipients": [{"emailAddress": READER}]}
    events = {"Delivery": record("Delivery", tag), "Bounce": record("Bounce", tag, bounce=bounce)}

    observe_events([events[kind] for kind in order], ledger=ledger, alarm=alarm_of())

    assert (state(ledger), len(mailer.kept)) == ends


@pytest.mark.parametrize(("kind", "told"), [("Bounce", 1), ("Reject", 1), ("Delivery", 0)])
def test_an_alert_that_its_owner_did_not_get_is_told_to_the_topic(topic, ledger, alarm_of, kind, told):
    """Else a wrong owner in params would swallow every alert about its report."""
    event = record(kind, "")
    said = json.loads(event["Sns"]["Message"])
    said["mail"]["tags"] = {"alert": ["cfo"]}
    event["Sns"]["Message"] = json.dumps(said)

    observe_events([event], ledger=ledger, alarm=alarm_of(alerts_topic=topic.arn))

    alerts = topic.arrived()
    assert len(alerts) == told
    assert all("params/cfo.yaml" in one["Message"] and "@" not in one["Message"] for one in alerts)


def test_what_ses_says_of_an_owner_reaches_the_topic_without_the_address(topic, ledger, alarm_of, mailer):
    """An owner on the suppression list: the topic hears why, masked."""
    mailer.is_broken = MailRefused(CFO, OWNER, f"{OWNER} is suppressed")

    observe_events([record("Bounce", mailed(ledger))], ledger=ledger, alarm=alarm_of(alerts_topic=topic.arn))

    (told,) = topic.arrived()
    assert "was refused" in told["Message"]
    assert "@example.com" not in told["Message"]


def test_a_bounce_of_the_copy_for_audit_moves_nothing_and_is_told(ledger, alarm_of, mailer):
    """The reader has the mail; somebody has to look at the audit's mailbox."""
    tag = mailed(ledger)
    bounced = {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": AUDIT}]}

    (observation,) = observe_events([record("Bounce", tag, bounce=bounced)], ledger=ledger, alarm=alarm_of())

    ((_, message, _),) = mailer.kept
    assert observation.outcome == "of_a_copy"
    assert state(ledger) == "sent"
    assert "SES_BCC_EMAIL" in text_of(message)
    assert AUDIT not in text_of(message)


@pytest.fixture(params=["moto", "ministack"])
def topic(request, on_aws):
    """A topic at a stand-in, and boto3 pointed there."""
    on_aws(request.getfixturevalue(request.param))
    return subscribed_topic()


@pytest.fixture
def any_ledger_behind(any_ledger, moto, on_aws, wire):
    """A ledger of each kind; a topic that refuses what is published first; and how often it was asked."""
    on_aws(moto)
    made = subscribed_topic()
    laid = wire(
        moto,
        lambda call: (403, "AuthorizationError", "no") if (call.operation, call.number) == ("Publish", 1) else None,
    )
    on_aws(laid.endpoint)
    return any_ledger, made, lambda: laid.operations().count("Publish")


@pytest.mark.parametrize("cause", ["an executive", "an example", "no mailer", "mail is down"])
def test_where_the_owner_cannot_be_mailed_the_topic_is_told(topic, ledger, alarm_of, mailer, cause):
    """An owner who reads reports, who exists in examples only or whom no mail reaches: the topic gets it, and why."""
    mailer.is_broken = cause == "mail is down"
    changes = {"an executive": {"recipient": OWNER}, "an example": {"endpoint": None}, "no mailer": {"sender": None}}
    alarm = alarm_of(alerts_topic=topic.arn, **changes.get(cause, {}))

    observe_events([record("Bounce", mailed(ledger))], ledger=ledger, alarm=alarm)

    (told,) = topic.arrived()
    assert mailer.kept == []
    assert told["Subject"] == f"Quarterdeck: the mail of {CFO} bounced"
    assert "The owner of cfo " in told["Message"]
    assert "@example.com" not in told["Message"]


@pytest.mark.parametrize("of", [READER, AUDIT])
def test_what_could_not_be_told_is_told_when_the_event_comes_again(any_ledger_behind, alarm_of, of):
    """The topic refuses the first alert: SNS's repeat of the event tells it, and a third tells nobody."""
    ledger, topic, publishing = any_ledger_behind
    bounced = {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": of}]}
    event = record("Bounce", mailed(ledger), bounce=bounced)
    alarm = alarm_of(sender=None, alerts_topic=topic.arn)

    with pytest.raises(EventsLeft, match="nobody who could be told"):
        observe_events([event], ledger=ledger, alarm=alarm)
    left = state(ledger)
    for _ in range(3):
        observe_events([event], ledger=ledger, alarm=alarm)

    assert left == state(ledger) == ("bounced" if of == READER else "sent")
    assert len(topic.arrived()) == 1
    assert publishing() == 2


def test_one_bad_event_does_not_stop_the_others(ledger, alarm_of):
    """What is forged, foreign or broken is left and told in the end, without an address; the good ones are in."""
    tag = mailed(ledger)
    forged = record("Bounce", tag, bounce={"bounceType": "Permanent", "bouncedRecipients": [READER]})
    foreign = record("Bounce", tag, topic="arn:somebody-elses")
    records = [forged, foreign, {"s3": {}}, 7, record("Delivery", tag)]

    with pytest.raises(EventsLeft) as left:
        observe_events(records, ledger=ledger, alarm=alarm_of(events_topic="arn:events"))

    assert state(ledger) == "delivered"
    assert [said.partition(":")[0] for said in left.value.left] == ["event 1", "event 2", "event 3", "event 4"]
    assert "4 of 5 events" in str(left.value)
    assert "@example.com" not in str(left.value)


def test_an_event_that_is_not_ours_is_let_pass(ledger, alarm_of, mailer):
    """Set-up messages of SNS, other mail of the account and tags that no delivery has change nothing."""
    mailed(ledger)
    records = [
        {"Sns": {"TopicArn": "arn:events", "Message": "Successfully validated SNS topic for Amazon SES"}},
        record("Bounce", f"{'0' * 32}-1-0-1"),
        record("Bounce", "no tag of ours"),
    ]

    observed = observe_events(records, ledger=ledger, alarm=alarm_of())

    assert [one.outcome for one in observed] == ["not_ours", "not_ours"]
    assert state(ledger) == "sent"
    assert mailer.kept == []


def test_a_ledger_that_does_not_answer_leaves_the_event_for_later(moto, on_aws, wire, alarm_of):
    """The event is handed back for the on-failure queue, and taken in when it comes again."""
    on_aws(moto)
    table = f"ledger-{secrets.token_hex(6)}"
    dynamodb.create_table(table)
    tag = mailed(open_ledger(f"dynamodb:{table}", "resort", lambda: NOW))
    is_down = False
    laid = wire(moto, lambda _: (400, "AccessDeniedException", "no") if is_down else None)
    on_aws(laid.endpoint)
    ledger = open_ledger(f"dynamodb:{table}", "resort", lambda: NOW)

    is_down = True
    with pytest.raises(EventsLeft, match="permission"):
        observe_events([record("Delivery", tag)], ledger=ledger, alarm=alarm_of())
    is_down = False
    observe_events([record("Delivery", tag)], ledger=ledger, alarm=alarm_of())

    assert state(ledger) == "delivered"


def test_an_event_is_read_from_the_envelope_that_sns_makes(topic, ledger, alarm_of):
    """Published to a real topic and taken from the queue behind it, an event moves its delivery on."""
    said = record("Delivery", mailed(ledger))["Sns"]["Message"]
    service("sns").publish(TopicArn=topic.arn, Message=said)

    (notification,) = topic.arrived()
    observe_events([{"Sns": notification}], ledger=ledger, alarm=alarm_of(events_topic=topic.arn))

    assert notification["TopicArn"] == topic.arn
    assert state(ledger) == "delivered"
