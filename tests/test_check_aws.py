import json
import secrets
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from harbour import SENDER

from quarterdeck.aws import client
from quarterdeck.cli.check import Checked
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
    making = shlex.split(wrong.pop("ledger on AWS"))
    assert making[:5] == ["aws", "dynamodb", "create-table", "--table-name", "nobodys"]
    told = dict(zip(making[6::2], making[7::2], strict=True))
    assert {option: json.loads(value) for option, value in told.items() if option != "--billing-mode"} == {
        "--attribute-definitions": SCHEMA["AttributeDefinitions"],
        "--key-schema": SCHEMA["KeySchema"],
        "--global-secondary-indexes": SCHEMA["GlobalSecondaryIndexes"],
    }
    assert wrong == {
        "bucket": "aws s3 mb s3://nobodys-bucket",
        "alerts": "aws sns create-topic --name nobodys",
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
