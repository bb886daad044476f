import json
import secrets
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from aws_commands import faults_of
from harbour import SENDER
from small_ses import HEALTHY

from quarterdeck.aws import client
from quarterdeck.cli.check import Checked, checks
from quarterdeck.cli.check import _ledger as ledger_line
from quarterdeck.cli.check_aws import _ledger, aws_checks
from quarterdeck.config import Environment
from quarterdeck.errors import CommandRefused
from quarterdeck.ledger.dynamodb import SCHEMA, create_table
from quarterdeck.pipeline import Request, make_plan

ROOT = Path(__file__).parent.parent
TOPIC = "arn:aws:sns:eu-west-1:{account}:{name}"


@pytest.fixture(params=["moto", "ministack"])
def account(request, on_aws) -> str:
    """An account on each of the stand-ins; its id."""
    on_aws(request.getfixturevalue(request.param))
    return client("sts").get_caller_identity()["Account"]


def checked(tmp_path: Path, **environment: str) -> dict[str, list[Checked]]:
    """What is said of an environment, by name; several lines may have one name."""
    request = Request(ROOT, ROOT / "sample", is_company_named=True, store=tmp_path)
    found: dict[str, list[Checked]] = {}
    for one in aws_checks(request, Environment(**environment)):
        found.setdefault(one.name, []).append(one)
    return found


def test_an_account_as_the_template_makes_it_is_right(account, tmp_path):
    """Table with recovery, bucket versioned, encrypted and closed, topic with a reader: one OK a line."""
    name = "right-" + tmp_path.name.replace("_", "-")[:30].strip("-").lower()
    create_table(name)
    client("dynamodb").update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    s3 = client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    switches = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(switches, True))
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    queue = client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:eu-west-1:{account}:{name}", ReturnSubscriptionArn=True
    )

    found = checked(tmp_path, ledger=f"dynamodb:{name}", store=f"s3://{name}/weekly", alerts_topic=topic)

    assert queue["SubscriptionArn"]
    assert [one.is_right for lines in found.values() for one in lines] == [True] * 4, found
    assert found["aws"][0].said.startswith(f"account {account} in eu-west-1, as ")
    assert found["bucket"][0].said == f"{name}: versioned, encrypted, closed to the public"
    assert found["alerts"][0].said == f"{name} tells sqs"


def test_an_empty_account_lacks_everything_and_each_line_says_what_makes_it(account, tmp_path):
    """Neither table nor bucket nor topic: each is wrong, with the command that makes it."""
    topic = TOPIC.format(account=account, name="nobodys")

    found = checked(tmp_path, ledger="dynamodb:nobodys", store="s3://nobodys-bucket", alerts_topic=topic)

    wrong = {name: lines[0].said.rpartition("\n  ")[2] for name, lines in found.items() if not lines[0].is_right}
    assert {fault for mend in wrong.values() for fault in faults_of(mend)} == set()
    making = shlex.split(wrong.pop("ledger on AWS"))
    assert making[:5] == ["aws", "dynamodb", "create-table", "--table-name", "nobodys"]
    told = dict(zip(making[6::2], making[7::2], strict=True))
    assert {option: json.loads(value) for option, value in told.items() if value.startswith("[")} == {
        "--attribute-definitions": SCHEMA["AttributeDefinitions"],
        "--key-schema": SCHEMA["KeySchema"],
        "--global-secondary-indexes": SCHEMA["GlobalSecondaryIndexes"],
    }
    assert wrong == {
        "bucket": "aws s3 mb s3://nobodys-bucket --region eu-west-1",
        "alerts": "aws sns create-topic --name nobodys --region eu-west-1",
    }


def test_what_an_account_has_by_halves_is_said_with_what_mends_it(account, tmp_path):
    """A bare table, a bare bucket and a topic that nobody reads: one line for each thing that is missing."""
    name = "bare-" + tmp_path.name.replace("_", "-")[:30].strip("-").lower()
    create_table(name)
    client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    topic = client("sns").create_topic(Name=name)["TopicArn"]

    found = checked(tmp_path, ledger=f"dynamodb:{name}", store=f"s3://{name}", alerts_topic=topic)

    assert topic == TOPIC.format(account=account, name=name)
    mends = [one.said.rpartition("\n  ")[2] for lines in found.values() for one in lines if one.is_right is False]
    assert any(mend.startswith(f"aws dynamodb update-continuous-backups --table-name {name} ") for mend in mends)
    assert any(mend.startswith(f"aws s3api put-bucket-versioning --bucket {name} ") for mend in mends)
    assert any(mend.startswith(f"aws s3api put-public-access-block --bucket {name} ") for mend in mends)
    assert any(mend.startswith(f"aws sns subscribe --topic-arn {topic} ") for mend in mends)
    assert {fault for mend in mends for fault in faults_of(mend)} == set()


@pytest.mark.parametrize(
    ("topic", "says"),
    [
        ("ops-alerts", "OPS_ALERTS_TOPIC_ARN: found 'ops-alerts', expected arn:aws:sns:REGION:ACCOUNT:NAME"),
        ("arn:aws:sns:us-east-1:123456789012:ops-alerts", "found a topic in us-east-1, expected one in eu-west-1"),
    ],
)
def test_a_topic_that_is_none_of_this_region_is_wrong(moto, on_aws, tmp_path, topic, says):
    """A name in the ARN's place, and another region's topic, are said before an alert is lost by them."""
    on_aws(moto)

    found = checked(tmp_path, alerts_topic=topic)["alerts"]

    assert [one.is_right for one in found] == [False]
    assert says in found[0].said


def test_what_may_not_be_asked_decides_nothing(wire, moto, on_aws):
    """Without the permission to look, the line says which one is missing, and is neither right nor wrong."""
    on_aws(wire(moto, lambda _: (400, "AccessDeniedException", "no")).endpoint)

    (found,) = _ledger("weekly")

    assert (found.is_right, found.said) == (
        None,
        "could not be asked: the permission dynamodb:DescribeContinuousBackups is missing",
    )


@pytest.mark.parametrize("ledger", [None, "sqlite:ledger.db"])
def test_a_bucket_with_a_ledger_of_one_machine_mails_nobody(harbour, ledger):
    """Another machine finds the editions and no delivery: a send is refused, and `check` says so; a build is not."""
    build = replace(harbour.request(), store="s3://weekly/reports")
    environment = replace(SENDER, ledger=ledger)

    with pytest.raises(CommandRefused, match="the ledger a file of this one") as refused:
        make_plan(replace(build, purpose="send"), environment, harbour.clock)
    with pytest.raises(CommandRefused, match="the ledger a file of this one"):
        ledger_line(build, environment, harbour.clock)

    assert "QUARTERDECK_LEDGER=dynamodb:TABLE python runner.py run --send" in str(refused.value)
    assert make_plan(build, environment, harbour.clock).purpose == "build"
    assert make_plan(replace(build, purpose="send"), replace(SENDER, ledger="dynamodb:weekly"), harbour.clock)


def test_a_look_at_an_empty_ledger_begins_none(harbour, moto, on_aws):
    """A table that nobody has written in stays empty: whose it is, the first run decides."""
    on_aws(moto)
    table = f"ledger-{secrets.token_hex(6)}"
    create_table(table)

    found = ledger_line(harbour.request(), Environment(ledger=f"dynamodb:{table}"), harbour.clock)

    assert found == f"dynamodb:{table} is begun by the first run"
    assert client("dynamodb").scan(TableName=table)["Count"] == 0


# --- each line, wrong, with the command that mends it -------------------------------------------------------------


def lines_of(harbour, **environment: str) -> dict[str, Checked]:
    """What `check` says of the harbour, by name."""
    return {one.name: one for one in checks(harbour.request(), Environment(**environment), harbour.clock)}


@pytest.mark.parametrize(
    ("name", "spoil", "says", "mend"),
    [
        ("company", lambda root: (root / "company" / "company.yaml").unlink(), "company.yaml", "runner.py check"),
        ("report cfo", lambda root: (root / "notebooks" / "cfo.ipynb").unlink(), "cfo.ipynb", "runner.py check"),
        ("report cfo", lambda root: (root / "params" / "cfo.yaml").write_text("raport: cfo"), "'raport'", "runner.py"),
        ("sources", lambda root: (root / "company" / "Events.json").write_text("{"), "Events.json", "runner.py check"),
    ],
)
def test_what_is_wrong_on_this_machine_is_one_line_with_what_to_type(harbour, name, spoil, says, mend):
    """Company folder, notebook, params, sources: OK before, then wrong by name, with the command that goes on."""
    before = lines_of(harbour)[name]
    spoil(harbour.root)

    found = lines_of(harbour)[name]

    assert (before.is_right, found.is_right) == (True, False)
    assert says in found.said
    assert mend in found.said.splitlines()[-1]


def test_a_missing_font_is_one_line_with_what_to_type(harbour, tmp_path, monkeypatch):
    """The package of the font is said."""
    monkeypatch.setattr("font_source_sans_pro.font_directory", str(tmp_path))

    found = lines_of(harbour)["fonts"]

    assert found.is_right is False
    assert found.said.endswith("pip install -r requirements.lock")


def test_without_a_region_it_is_said(harbour, ses, monkeypatch):
    """Nothing can be asked then: one line, with the variable to set."""
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(variable, raising=False)

    found = lines_of(harbour, sender="reports@harbour.boats", recipient="cfo@harbour.boats")

    assert found["aws"].is_right is False
    assert "no region is set" in found["aws"].said
    assert "Set AWS_REGION" in found["aws"].said
    assert ses.asked == []


@pytest.mark.parametrize(
    ("name", "changed", "says"),
    [
        ("mail account", {"account": {**HEALTHY, "SendingEnabled": False}}, "its sending is paused in eu-west-1"),
        ("mail account", {"account": {**HEALTHY, "EnforcementStatus": "SHUTDOWN"}}, "AWS has shut down"),
        (
            "mail sandbox",
            {"account": {**HEALTHY, "ProductionAccessEnabled": False}},
            "not verified are cfo@other.boats",
        ),
        (
            "mail quota",
            {"account": {**HEALTHY, "SendQuota": {"Max24HourSend": 200.0, "SentLast24Hours": 199.0}}},
            "1 of 200",
        ),
        ("mail sender", {"identities": {}}, "neither the sender nor its domain harbour.boats is verified in eu-west-1"),
        ("mail suppression", {"suppressed": {"cfo@other.boats": "COMPLAINT"}}, "after a complaint"),
        ("mail configuration set", {"sets": {}}, "there is none named weekly in eu-west-1"),
        ("mail configuration set", {"sets": {"weekly": False}}, "the sending of weekly is paused"),
    ],
)
def test_each_line_about_mail_is_right_or_wrong_with_a_command(harbour, ses, name, changed, says):
    """Right as long as all is well; wrong with a command of the AWS CLI that exists, for the region that was asked."""
    asked = {"sender": "reports@harbour.boats", "recipient": "cfo@other.boats", "bcc": "audit@harbour.boats"}
    ses.sets = {"weekly": True}
    right = lines_of(harbour, **asked, configuration_set="weekly")[name]
    for what, value in changed.items():
        setattr(ses, what, value)

    wrong = lines_of(harbour, **asked, configuration_set="weekly")[name]

    mend = wrong.said.rpartition("Mend it with\n  ")[2]
    assert (right.is_right, wrong.is_right) == (True, False)
    assert says in wrong.said
    assert mend.endswith(" --region eu-west-1")
    assert faults_of(mend) == set()
