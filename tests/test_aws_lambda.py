import json
import os
import re
import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest
from harbour import SAYS, Harbour
from hotel_on_aws import fill_table, make_table
from stand_ins import mailed_by
from topics import subscribed_topic

from quarterdeck.aws import client
from quarterdeck.aws_lambda import ScheduledStart, handler, period_of
from quarterdeck.errors import CollectingOverdue, InputInvalid, StartUnfinished
from quarterdeck.ledger import Ledger, open_ledger
from quarterdeck.ledger.dynamodb import create_table

READER = "cfo@harbour.boats"
SENDER = "reports@harbour.boats"
START = {"scheduled_time": "2026-11-23T08:00:00Z"}
WEEK = "2026-W47"
# An invocation in a process of its own, as on a machine of its own: what came of it is its last line.
INVOKED = """
import json, sys
from types import SimpleNamespace
from quarterdeck.aws_lambda import handler
print(json.dumps(handler(json.loads(sys.argv[1]), SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000))))
"""


@dataclass(frozen=True)
class Context:
    """As much of Lambda's context as the handler asks for."""

    seconds: float = 900

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@dataclass(frozen=True)
class Passing(Context):
    """A context that tells each of *left* once, and then that four minutes are."""

    left: Iterator[float] = field(kw_only=True)

    def get_remaining_time_in_millis(self) -> int:
        return int(next(self.left, 240.0) * 1000)


@dataclass(frozen=True)
class Function:
    """A function as the template makes it, on a stand-in: its image's folder, its table, and what SES keeps."""

    harbour: Harbour
    table: str
    endpoint: str

    def __call__(self, event: object, **context: float) -> dict:
        return handler(event, Context(**context))

    @property
    def ledger(self) -> Ledger:
        return open_ledger(f"dynamodb:{self.table}", "harbour", lambda: self.harbour.clock)

    def mails(self) -> list[dict]:
        """What its reader got; what its owner is told of failures is another test's."""
        return [
            one for one in kept_by(self.endpoint) if self.table in one["raw_data"] and READER in one["destinations"]
        ]


def kept_by(endpoint: str) -> list[dict]:
    """Every mail that SES was given there."""
    with urllib.request.urlopen(f"{endpoint}/moto-api/data.json") as answer:  # noqa: S310 - our own http://127.0.0.1
        return json.load(answer).get("ses", {}).get("RawMessage", [])


@pytest.fixture
def function(moto, on_aws, monkeypatch, tmp_path) -> Function:
    """A function of one small report, whose title tells its mails from other tests'."""
    on_aws(moto)
    name = f"lambda-{secrets.token_hex(6)}"
    create_table(name)
    client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": os.environ["AWS_REGION"]})
    client("sesv2").create_email_identity(EmailIdentity=SENDER)
    for folder in ("notebooks", "params", "company"):
        (tmp_path / folder).mkdir()
    harbour = Harbour(tmp_path)
    harbour.company()
    harbour.events("100.00", "20.50")
    harbour.report("cfo", SAYS.format(words=f"{name}: revenue is"))
    for variable, value in {
        "LAMBDA_TASK_ROOT": str(tmp_path),
        "QUARTERDECK_COMPANY": "company",
        "QUARTERDECK_LEDGER": f"dynamodb:{name}",
        "QUARTERDECK_STORE": f"s3://{name}/weekly",
        "SES_SENDER_EMAIL": SENDER,
        "SES_RECIPIENT_EMAIL": READER,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(variable, value)
    for variable in ("SES_BCC_EMAIL", "SES_CONFIGURATION_SET", "OPS_ALERTS_TOPIC_ARN"):
        monkeypatch.delenv(variable, raising=False)
    return Function(harbour, name, moto)


def test_a_scheduled_start_mails_once_however_often_it_comes(function, capsys):
    """The event of a retry is the same batch: it is joined, and nobody is mailed again."""
    first = function(START)
    released = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"BatchReleased"' in line]
    again = function(START)

    assert first == {
        "period": WEEK,
        "snapshot": first["snapshot"],
        "editions": {f"cfo/{WEEK}": "ready"},
        "deliveries": {"sent": 1},
        "exit_code": 0,
        "left_for_next": [],
    }
    assert (again["snapshot"], again["deliveries"]) == (first["snapshot"], {"sent before": 1})
    assert len(function.mails()) == 1
    ((metric,),) = [[line["_aws"]["CloudWatchMetrics"][0] for line in released]]
    assert (metric["Namespace"], metric["Dimensions"], released[0]["Company"]) == (
        "Quarterdeck",
        [["Company"]],
        "harbour",
    )


def test_the_alarm_hears_the_moment_of_release_and_not_of_the_start(function, capsys):
    """Whoever joins a released batch later says the same again: it does not put the dead-man alarm off."""
    function(START)
    function(START)

    moments = re.findall(r'"Timestamp": (\d+)', capsys.readouterr().out)
    assert len(moments) == 2
    assert len(set(moments)) == 1


@pytest.mark.parametrize(
    ("zone", "instant", "week"),
    [
        ("Europe/Lisbon", "2026-11-23T08:00:00Z", "2026-W47"),
        ("Europe/Lisbon", "2026-11-22T23:59:59Z", "2026-W46"),  # Sunday, one second before the week is over
        ("Europe/Lisbon", "2026-11-23T00:00:00Z", "2026-W47"),
        ("America/Los_Angeles", "2026-11-23T07:59:59Z", "2026-W46"),  # still Sunday there
        ("America/Los_Angeles", "2026-11-23T08:00:00Z", "2026-W47"),
        ("Europe/Lisbon", "2026-10-25T23:59:59Z", "2026-W42"),  # the clock went back that night
        ("Europe/Lisbon", "2026-10-26T00:00:00Z", "2026-W43"),
        ("Europe/Lisbon", "2026-03-29T23:00:00Z", "2026-W13"),  # Monday 00:00 of summer time
        ("Europe/Lisbon", "2026-03-29T22:59:59Z", "2026-W12"),
        ("Europe/Lisbon", "2026-11-23T09:30:00+01:00", "2026-W47"),
    ],
)
def test_the_period_is_the_last_week_over_at_the_scheduled_time(zone, instant, week):
    """In the company's time zone, over daylight saving and to the second, whatever the clock says."""
    assert str(period_of(ScheduledStart(scheduled_time=instant), zone)) == week


def test_a_start_writes_the_archive_into_the_bucket(function):
    """What a start made is in the archive beside the editions, with its mail and without its readers' addresses."""
    function(START)

    s3, bucket, kept = client("s3"), function.table, {}
    for one in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        kept[one["Key"].removeprefix("weekly/")] = s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
    mails = [name for name in kept if re.fullmatch(rf"archive/{WEEK}/cfo/mail-\w{{16}}.html", name)]
    assert f'href="archive/{WEEK}/cfo/index.html"' in kept["index.html"].decode()
    assert "released" in kept["index.html"].decode()
    assert "sent" in kept[f"archive/{WEEK}/cfo/index.html"].decode()
    assert "revenue is $120.50" in kept[mails[0]].decode()
    assert not [name for name, content in kept.items() if READER.encode() in content]


def test_an_edition_names_the_commit_and_the_lock_of_the_image(function, monkeypatch):
    """The image has no checkout: what an edition was made by is the commit that it was built with, and its lock."""
    monkeypatch.setenv("QUARTERDECK_COMMIT", "3f" * 20)
    (function.harbour.root / "requirements.lock").write_text("pandas==3\n")

    function(START)

    kept = client("s3").get_object(Bucket=function.table, Key=f"weekly/{WEEK}/cfo/manifest.json")["Body"].read()
    manifest = json.loads(kept)
    assert (manifest["commit"], manifest["lock"]) == ("3f" * 20, sha256(b"pandas==3\n").hexdigest())


def test_two_starts_at_once_mail_once(function):
    """Lambda may run two: one claims, the other finds it claimed."""

    def start(_number: int) -> dict | Exception:
        try:
            return function(START)
        except StartUnfinished as unfinished:
            return json.loads(unfinished.account)

    with ThreadPoolExecutor(2) as both:
        accounts = list(both.map(start, range(2)))

    assert len(function.mails()) == 1
    assert sum(account["deliveries"].get("sent", 0) for account in accounts) == 1


def test_two_starts_in_two_processes_mail_each_reader_once_and_both_end_well(function):
    """Two machines of Lambda get one event at one moment: whoever comes to a reader first mails, and neither fails."""
    readers = ["a@harbour.boats", "b@harbour.boats"]
    says = SAYS.format(words=f"{function.table}: revenue is")
    function.harbour.report("cfo", says, params=f"delivery: {{to: [{', '.join(readers)}]}}\n")

    both = [
        subprocess.Popen(
            [sys.executable, "-c", INVOKED, json.dumps(START)],
            env=os.environ | {"XDG_CACHE_HOME": str(function.harbour.root / machine)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for machine in ("one", "other")
    ]
    told = [one.communicate(timeout=240) for one in both]

    assert [one.returncode for one in both] == [0, 0], told
    accounts = [json.loads(out.splitlines()[-1]) for out, _ in told]
    assert mailed_by(function.endpoint, function.table) == readers
    assert [(one["exit_code"], one["left_for_next"]) for one in accounts] == [(0, []), (0, [])]
    assert sum(one["deliveries"].get("sent", 0) for one in accounts) == len(readers)
    assert len({one["snapshot"] for one in accounts}) == 1


def test_a_rerun_adds_a_run_and_mails_nobody(function):
    """One edition is made again on its batch's snapshot, before it is released."""
    function.harbour.report("cfo", SAYS.format(words=f"{function.table}: revenue is"), "raise ValueError('no')")
    with pytest.raises(StartUnfinished) as failed:
        function(START)
    function.harbour.report("cfo", SAYS.format(words=f"{function.table}: revenue is"))

    account = function({"rerun": f"cfo/{WEEK}"})

    assert failed.value.exit_code == 4
    assert account["editions"] == {f"cfo/{WEEK}": "ready"}
    assert len(function.ledger.runs(f"cfo/{WEEK}")) == 2
    assert function.mails() == []


def test_a_rerun_that_fails_tells_topic_and_owner_each_time(function, moto, monkeypatch):
    """Nobody looks at a terminal there: who asked for it hears of it, also if the same was told before."""
    topic = subscribed_topic()
    monkeypatch.setenv("OPS_ALERTS_TOPIC_ARN", topic.arn)
    function.harbour.report("cfo", "1 / 0", owner="it@harbour.boats")
    with pytest.raises(StartUnfinished):
        function(START)
    topic.arrived()

    for _ in range(2):
        with pytest.raises(StartUnfinished) as failed:
            function({"rerun": f"cfo/{WEEK}"})

    assert failed.value.exit_code == 4
    assert [told["Subject"] for told in topic.arrived()] == ["Quarterdeck harbour 2026-W47: 1 failed"] * 2
    to_owner = [one for one in kept_by(moto) if "it@harbour.boats" in one["destinations"]]
    assert len(to_owner) == 3  # the start's, and one of each rerun


def test_collecting_that_takes_too_long_is_stopped_told_and_made_good(function, monkeypatch):
    """A scan for which the time is over names its table; nothing is recorded, and a start with time mails."""
    topic = subscribed_topic()
    monkeypatch.setenv("OPS_ALERTS_TOPIC_ARN", topic.arn)
    make_table(function.table + "-events", "id")
    folder = function.harbour.root / "company"
    fill_table(function.table + "-events", iter(json.loads((folder / "Events.json").read_text())["Items"]))
    settings = folder / "company.yaml"
    settings.write_text(settings.read_text().replace("path: Events.json", f"table: {function.table}-events"))
    left = iter([900.0] * 5)  # the store asks four times, then the batch once

    with pytest.raises(CollectingOverdue) as overdue:
        handler(START, Passing(left=left))

    (told,) = topic.arrived()
    assert str(overdue.value).startswith(f"DynamoDB table {function.table}-events in eu-west-1: 0 items were read when")
    assert str(overdue.value) in told["Message"]
    assert function.ledger.batches() == ()
    assert function(START)["deliveries"] == {"sent": 1}


def test_a_failed_batch_is_an_error_to_lambda_once_it_is_recorded(function):
    """The queue of failed starts and the alarm see it; its message has no address."""
    function.harbour.report("cfo", f"raise ValueError('{READER}')")

    with pytest.raises(StartUnfinished) as failed:
        function(START)

    assert READER not in str(failed.value)
    assert function.ledger.edition(f"cfo/{WEEK}").state == "failed"


@pytest.mark.usefixtures("function")
def test_what_nobody_foresaw_tells_lambda_its_name_alone(capsys):
    """The runtime prints an error past our log, and keeps it in the queue of failed starts: it quotes nothing there."""

    class Broken(Context):
        def get_remaining_time_in_millis(self) -> int:
            raise ValueError(f"no time for {READER}")

    with pytest.raises(RuntimeError, match=r"^ValueError; what it said is in the log") as failed:
        handler(START, Broken())

    assert (failed.value.__cause__, failed.value.__suppress_context__) == (None, True)
    logged = capsys.readouterr().err
    assert "no time for" in logged
    assert READER not in logged


def test_a_start_without_time_is_gone_on_with_by_the_next(function):
    """What could not end is not begun and named; the next start makes and mails it."""
    with pytest.raises(StartUnfinished) as short:
        function(START, seconds=20)

    assert json.loads(short.value.account)["left_for_next"] == [f"cfo/{WEEK}"]
    assert (short.value.exit_code, function.mails()) == (0, [])
    assert function(START)["deliveries"] == {"sent": 1}


def test_an_archive_that_s3_would_answer_too_late_is_left_to_the_next_start(function, wire, moto, on_aws, capsys):
    """Once all has left and the time is nearly over S3 is asked nothing more: the start ends well, and says so."""

    def fate(call):
        has_mailed = any(one.operation == "POST /v2/email/outbound-emails" for one in laid.calls)
        return "request lost" if has_mailed and f"/{function.table}" in call.operation else None

    laid = wire(moto, fate)
    on_aws(laid.endpoint)

    class Ending(Context):
        def get_remaining_time_in_millis(self) -> int:
            return 15_000 if "POST /v2/email/outbound-emails" in laid.operations() else 900_000

    account = handler(START, Ending())

    sent_at = laid.operations().index("POST /v2/email/outbound-emails")
    assert account["deliveries"] == {"sent": 1}
    assert not [one for one in laid.operations()[sent_at:] if f"/{function.table}" in one]
    assert "the time of this start is nearly over" in capsys.readouterr().err


def test_an_event_of_ses_moves_its_delivery_on(function):
    """What SNS hands over goes to the ledger; what is not of ours is let pass."""
    function(START)
    (delivery,) = function.ledger.deliveries(f"cfo/{WEEK}")
    tags = {"report": ["cfo"], "period": [WEEK], "delivery": [delivery.tag]}
    mail = {"messageId": delivery.message_id, "destination": [READER], "tags": tags}
    told = {"eventType": "Delivery", "mail": mail, "delivery": {"recipients": [READER]}}
    records = [
        {"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": {"Message": json.dumps(said)}}
        for said in (told, told, {"eventType": "Open"})
    ]

    assert function({"Records": records}) == {"observed": ["moved", "known"]}
    assert function.ledger.deliveries(f"cfo/{WEEK}")[0].state == "delivered"


@pytest.mark.parametrize(
    "event",
    [
        {},
        None,
        [START],
        {"detail-type": "Scheduled Event", "time": "2026-11-23T08:00:00Z"},
        {**START, "purpose": "send"},
        {"scheduled_time": "2026-11-23T08:00:00"},
        {"scheduled_time": "<aws.scheduler.scheduled-time>"},
        {"scheduled_time": 1795000000},
        {"rerun": "cfo"},
        {"rerun": "../../etc/2026-W47"},
        {"Records": []},
        {"Records": [{"eventSource": "aws:s3", "s3": {}}]},
    ],
)
def test_an_event_that_is_not_ours_is_refused(function, event):
    """Nothing is begun, and its values are not quoted."""
    with pytest.raises(InputInvalid, match=r"event|edition"):
        function(event)

    assert function.ledger.batches() == ()
    assert not (Path(os.environ["XDG_CACHE_HOME"]) / "quarterdeck").exists()


@pytest.mark.parametrize("variable", ["QUARTERDECK_LEDGER", "QUARTERDECK_STORE", "QUARTERDECK_COMPANY"])
def test_what_a_lambda_would_forget_is_refused(function, monkeypatch, variable):
    """Without a table or a bucket, the next start would mail everybody again."""
    monkeypatch.delenv(variable)

    with pytest.raises(InputInvalid, match=variable):
        function(START)
