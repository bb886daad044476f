import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from harbour import NOW, Harbour, make_harbour
from topics import Topic, service, subscribed_topic

from quarterdeck.alerts import MOST_BODY_BYTES, MOST_SUBJECT, Alert, publish
from quarterdeck.config import Environment
from quarterdeck.errors import AwsUnavailable, MailRefused, NotebookFailed
from quarterdeck.pipeline import Alarm
from quarterdeck.pipeline.telling import Trouble, tell
from quarterdeck.pipeline.time_left import TimeLeft
from quarterdeck.redaction import REDACTED, Redactor

ROOT = Path(__file__).parent.parent
PLANTED = "planted-hunter2-secret"
KEY = "AKIAIOSFODNN7EXAMPLE"
READER, AUDIT, OWNER, CUSTOMER = "cfo@example.com", "audit@example.com", "owner@example.com", "guest@example.com"
GOOD = """\
from quarterdeck.notebook import open_report
from quarterdeck import metrics
report = open_report(snapshot=snapshot, period=period, previous=previous)
report.headline("Recognised {recognised_revenue}")
"""
# What a failing notebook may drag into its traceback.
BAD = f'api_token = "tiny-secret"\nraise ValueError("{PLANTED} {KEY} {CUSTOMER}")'


@dataclass
class Project:
    """A project in a folder whose command is started as a timer starts it, against a stand-in."""

    harbour: Harbour
    topic: Topic
    environment: dict[str, str] = field(default_factory=dict)

    def report(self, name: str, cell: str, owner: str = OWNER) -> None:
        self.harbour.report(name, cell, owner=owner)

    def start(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "runner.py", "run", "--company", "company", *arguments]
        return subprocess.run(
            command, cwd=self.harbour.root, env=self.environment | more, capture_output=True, text=True, check=False
        )


@pytest.fixture
def project(tmp_path, moto, on_aws, monkeypatch):
    """A company of two events, whose report `cfo` is good; a verified sender, a topic with a queue behind it."""
    on_aws(moto)
    reset = urllib.request.Request(f"{moto}/moto-api/reset", method="POST")  # noqa: S310 - our own server
    urllib.request.urlopen(reset).close()  # noqa: S310 - likewise
    service("sesv2").create_email_identity(EmailIdentity="reports@example.com")
    harbour = make_harbour(tmp_path)
    harbour.company(release="passed")
    shutil.copy(ROOT / "runner.py", tmp_path)
    topic = subscribed_topic()
    for name, value in {
        "PYTHONPATH": str(ROOT),
        "SES_SENDER_EMAIL": "reports@example.com",
        "SES_RECIPIENT_EMAIL": READER,
        "SES_BCC_EMAIL": AUDIT,
        "OPS_ALERTS_TOPIC_ARN": topic.arn,
        "QUARTERDECK_LEDGER": f"sqlite:{tmp_path / 'ledger.db'}",
        "WAREHOUSE_PASSWORD": PLANTED,
    }.items():
        monkeypatch.setenv(name, value)
    made = Project(harbour, topic, dict(os.environ))
    made.report("cfo", GOOD)
    return made


def mails(moto: str) -> list[Mapping]:
    with urllib.request.urlopen(f"{moto}/moto-api/data.json") as answer:  # noqa: S310 - our own server
        return json.load(answer).get("ses", {}).get("RawMessage", [])


def test_a_batch_that_fails_tells_the_topic_once_and_the_owner_its_traceback(project, moto):
    """One alert for two failures, with states, masks and commands; each owner the traceback; secrets in neither."""
    project.report("ceo", BAD)
    project.report("cto", "1 / 0", owner="it@example.com")

    done = project.start("--send")

    (alert,) = project.topic.arrived()
    to_owners = {
        mail["destinations"][0]: mail["raw_data"] for mail in mails(moto) if READER not in mail["destinations"]
    }
    assert done.returncode == 4, done.stderr
    assert alert["Subject"] == "Quarterdeck harbour 2026-W47: 2 failed"
    for said in ("ceo/2026-W47 is failed", "cfo/2026-W47 is released", "to c•••@e•••.com: sent", "run ceo", "run cto"):
        assert said in alert["Message"]
    assert "Traceback" not in alert["Message"]
    assert set(to_owners) == {OWNER, "it@example.com"}
    assert "ZeroDivisionError" in to_owners["it@example.com"]
    assert "Traceback" in to_owners[OWNER]
    assert re.search(r"^From: Harbour <reports@example[.]com>", to_owners[OWNER], re.MULTILINE)
    assert re.search(
        r"^Message-ID: <[0-9a-f]{32}@example[.]com>", to_owners[OWNER], re.MULTILINE
    )  # the sender's domain
    for text in (alert["Message"], *to_owners.values()):
        for secret in (PLANTED, KEY, CUSTOMER, "tiny-secret", READER):
            assert secret not in text


@dataclass
class Owners:
    """A mailer that takes no mail, and keeps what the topic had heard by then."""

    topic: Topic
    heard: list[dict] = field(default_factory=list)

    def send(self, *_message: bytes, **_rest: object) -> str:
        self.heard += self.topic.arrived()
        raise MailRefused("ceo/2026-W47", OWNER, "it is on SES's suppression list")


@pytest.mark.parametrize(
    ("seconds", "says", "tried"),
    [
        (900.0, "The owner of ceo, o•••@e•••.com, is mailed the traceback next; the log says whether it left.", 1),
        (200.0, "The owner of ceo is not mailed: the time of this start is nearly over.", 0),
    ],
)
def test_the_topic_is_told_before_any_owner(project, seconds, says, tried):
    """A mail to an owner may take longer than the start has; what the topic hears of it stays true if it fails."""
    project.report("ceo", GOOD)
    environment, mailer = Environment.read(), Owners(project.topic)
    alarm = Alarm(
        "Harbour",
        environment,
        project.harbour.root / "params",
        Redactor.knowing({}),
        lambda: NOW,
        mailer,
        TimeLeft(lambda: seconds),
    )
    failed = NotebookFailed("ceo/2026-W47", 2, "1 / 0", "ZeroDivisionError", "Traceback", "failed.ipynb")

    tell(Trouble("harbour", "2026-W47", None, [failed]), alarm)

    heard = mailer.heard or project.topic.arrived()
    assert len(heard) == 1
    assert len(mailer.heard) == tried
    assert says in heard[0]["Message"]


def test_the_same_failure_of_the_same_batch_is_told_once(project, moto):
    """A second start that finds the same trouble tells nobody; once all is well nothing is told; then it is news."""
    project.report("ceo", BAD)
    codes = [project.start("--send").returncode, project.start("--send").returncode]
    first, owned = project.topic.arrived(), len(mails(moto))

    project.report("ceo", GOOD)
    codes.append(project.start("--send").returncode)

    assert codes == [4, 4, 0]
    assert len(first) == 1
    assert owned == 2  # the reader's, and the owner's once
    assert project.topic.arrived() == []


def test_an_alert_that_was_lost_is_told_by_the_next_start(project):
    """The ledger notes an alert after the topic took it: a start that could not tell leaves it to the next one."""
    project.report("ceo", BAD)
    project.start("--send", OPS_ALERTS_TOPIC_ARN="arn:aws:sns:eu-west-1:123456789012:gone")

    project.start("--send")
    project.start("--send")

    assert [alert["Subject"] for alert in project.topic.arrived()] == ["Quarterdeck harbour 2026-W47: 1 failed"]


def test_what_stops_the_whole_batch_is_told(project):
    """A sender that SES does not know stops all: the alert says that no mail has left, and what to type."""
    done = project.start("--send", SES_SENDER_EMAIL="nobody@example.com")

    (alert,) = project.topic.arrived()
    assert done.returncode == 5, done.stderr
    assert "python runner.py" in alert["Message"]
    assert "nobody@example.com" not in alert["Message"]


def test_a_build_and_a_good_end_tell_nobody(project, moto):
    """A person who builds sees it; a batch that ends well is no news."""
    project.report("ceo", BAD)
    assert project.start().returncode == 4
    project.report("ceo", GOOD)
    assert project.start("--send").returncode == 0

    assert project.topic.arrived() == []
    assert {mail["destinations"][0] for mail in mails(moto)} == {READER}


@pytest.mark.parametrize("topic", ["", "arn:aws:sns:eu-west-1:123456789012:gone"])
def test_an_alert_that_cannot_be_published_changes_no_exit_code(project, topic):
    """Without a topic, or with one that is not there, the batch's own message and code stand; the loss is said."""
    project.report("ceo", BAD)

    done = project.start("--send", OPS_ALERTS_TOPIC_ARN=topic)

    assert done.returncode == 4
    assert "ceo/2026-W47: cell 2 failed" in done.stderr
    assert ("alert not published" in done.stderr) == bool(topic)


def test_an_owner_who_reads_reports_gets_no_traceback(project, moto):
    """Who gets reports gets no failures of them: the topic is told instead, and says so."""
    project.report("ceo", BAD, owner=READER.upper())

    project.start("--send")

    (alert,) = project.topic.arrived()
    assert len(mails(moto)) == 1
    assert re.search("The owner of ceo is not mailed: .* gets a report too", alert["Message"])


def test_the_log_of_a_send_is_json_with_its_ids_and_without_secret_or_address(project):
    """Every line parses and names its batch; an edition's names edition and run; no secret or address is in any."""
    project.report("ceo", BAD)

    done = project.start("--send", QUARTERDECK_LOG="json")

    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    events = [line["event"] for line in lines]
    assert {"batch started", "run started", "edition failed", "edition ready", "delivery", "batch ended"} <= set(events)
    assert "alert published" in events
    assert {line["batch"] for line in lines} == {"2026-W47"}
    for line in lines:
        if line["event"].startswith(("run ", "edition ", "delivery")):
            assert line["edition"] in ("ceo/2026-W47", "cfo/2026-W47")
            assert line["run"]
    logged = "\n".join(line for line in done.stderr.splitlines() if line.startswith("{"))
    for forbidden in (PLANTED, KEY, "@example.com", "tiny-secret"):
        assert forbidden not in logged


@pytest.mark.parametrize("server", ["moto", "ministack"])
@pytest.mark.parametrize(
    "subject", ["Café\nBcc: x\r\n2026–W47", "x" * 300, "\x00\x1b[31m red", "Quarterdeck harbour 2026-W47: 1 held"]
)
def test_any_subject_and_body_can_be_published(request, on_aws, server, subject):
    """A subject is one line of printable ASCII under 100 characters, a body fits SNS, whatever they are made of."""
    on_aws(request.getfixturevalue(server))
    topic = subscribed_topic()
    alert = Alert(subject, "é\udcff" * 200_000)

    publish(alert, topic.arn)

    (told,) = topic.arrived()
    assert told["Subject"] == alert.subject
    assert re.fullmatch(r"[ -~]{1,99}", alert.subject)
    assert len(alert.subject) <= MOST_SUBJECT
    assert len(told["Message"].encode()) <= MOST_BODY_BYTES
    assert "python runner.py show" in told["Message"]


def test_a_topic_that_is_not_there_is_said_in_our_words(moto, on_aws):
    """The error names the topic."""
    on_aws(moto)

    with pytest.raises(AwsUnavailable, match="eu-west-1:123456789012:gone"):
        publish(Alert("s", "b"), "arn:aws:sns:eu-west-1:123456789012:gone")


@pytest.mark.parametrize(
    ("written", "secret"),
    [
        (f"connect to {PLANTED} failed", PLANTED),
        ("postgresql://app:s3cr3t-pw@db/x refused", "s3cr3t-pw"),
        (f"key {KEY} unknown", KEY),
        ("{'Authorization': 'x', 'api_token': 'tiny'}", "tiny"),
        ("DB_PASSWORD = 'abc'", "abc"),
        ("aws wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY", "wJalrXUtnFEMI"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----", "MIIabc"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.sig", "sig"),
        ("to Jada <jada@example.com>", "jada@example.com"),
        ("a%20b%2Fc in a URL", "a%20b%2Fc"),
        ("line two-of-a-long-secret alone", "two-of-a-long-secret"),
    ],
)
def test_what_a_traceback_may_hold_is_redacted(written, secret):
    """The environment's secrets in each spelling, known forms, what is given to a secret's name, and addresses."""
    known = {"APP_PASSWORD": PLANTED, "URL_TOKEN": "a b/c", "SIGNING_SECRET": "line one\ntwo-of-a-long-secret"}

    shown = Redactor.knowing(known).code(written)

    assert secret not in shown
    assert REDACTED in shown or "•••@" in shown


def test_what_is_no_secret_stays():
    """Ids, hashes, paths and figures are what people look for."""
    said = "cfo/2026-W47: snapshot 3f2a9c0b1d4e5f60718293a4b5c6d7e8, run 01KAXS3P4QZ7V8W9X0Y1Z2A3B4, cell 3 of 12"

    assert Redactor.knowing({"HOME": "/root", "TOKEN_TTL": "2026"}).text(said) == said
