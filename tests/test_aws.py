import re
import subprocess
import sys
import time

import pytest
from botocore.exceptions import ClientError

from quarterdeck import aws
from quarterdeck.errors import AwsUnavailable

WEEKLY = """
import sys
import quarterdeck.cli, quarterdeck.gates, quarterdeck.pipeline, quarterdeck.mail.events
from datetime import UTC, datetime
from quarterdeck.ledger import open_ledger
open_ledger(f"sqlite:{sys.argv[1]}", "resort", lambda: datetime(2026, 11, 30, tzinfo=UTC)).open_batch("2026-W48", "s")
print([name for name in sys.modules if name.startswith("boto")])
"""


@pytest.fixture
def answering(wire, on_aws):
    """A function fate → wire whose every call it answers itself; boto3 is pointed there."""

    def lay(fate):
        laid = wire("http://127.0.0.1:9", fate)
        on_aws(laid.endpoint)
        return laid

    return lay


def ask(**options) -> None:
    with aws.in_our_words("DynamoDB table ledger", permission="dynamodb:DescribeTable"):
        aws.client("dynamodb", **options).describe_table(TableName="ledger")


def test_a_run_without_aws_never_loads_boto3(tmp_path):
    """The whole command and a ledger in a file are there, and nothing of boto3 is."""
    ended = subprocess.run(
        [sys.executable, "-c", WEEKLY, str(tmp_path / "ledger.db")], capture_output=True, text=True, check=True
    )

    assert ended.stdout == "[]\n"


@pytest.mark.parametrize(
    "fate", ["request lost", (500, "InternalServerError", ""), (400, "ThrottlingException", "")], ids=str
)
def test_one_attempt_is_one_request(answering, fate):
    """What must not be done twice is posted once, whatever comes back or does not."""
    wire = answering(lambda _: fate)

    with pytest.raises(AwsUnavailable):
        ask(attempts=1)

    assert wire.operations() == ["DescribeTable"]


def test_trouble_that_passes_is_waited_for(answering):
    """Other calls are tried again after a lost line, a 500 and a throttle."""
    troubles = {1: "request lost", 2: (500, "InternalServerError", ""), 3: (400, "ThrottlingException", "slow down")}
    wire = answering(lambda call: troubles.get(call.number, {"Table": {}}))

    ask()

    assert len(wire.calls) == 4


def test_a_slow_answer_is_given_up(answering):
    """An answer is waited for as long as the caller says, then the service does not answer."""
    answering(lambda _: time.sleep(0.5))

    with pytest.raises(AwsUnavailable) as refusal:
        ask(attempts=1, answer_within_s=0.1)

    assert "it does not answer (ReadTimeoutError)" in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("ExpiredTokenException", "The security token included in the request is expired", "credentials have expired"),
        ("UnrecognizedClientException", "The security token is invalid", "the credentials are not known there"),
        ("InvalidSignatureException", "Signature expired: 20261130T070000Z is now earlier than", "clock is off"),
        ("AccessDeniedException", "User is not authorized", "the permission dynamodb:DescribeTable is missing"),
        ("ResourceNotFoundException", "Table: ledger not found", "there is none in this account and region"),
        ("ThrottlingException", "Rate exceeded", "it is asked too often at the moment"),
        ("ValidationException", "Something is odd", "ValidationException: Something is odd"),
        ("InternalServerError", "", "InternalServerError"),
    ],
)
def test_a_no_is_told_by_what_to_do_about_it(answering, name, said, expected):
    """Each of AWS's refusals names what was asked, why it was refused, and what a person does."""
    answering(lambda _: (400, name, said))

    with pytest.raises(AwsUnavailable) as refusal:
        ask(attempts=1)

    first, _, mend, command = str(refusal.value).splitlines()
    assert first.startswith("DynamoDB table ledger: ")
    assert expected in first
    assert mend.endswith(", then run the same command again, or")
    assert command == "  python runner.py check"


def test_a_missing_permission_is_named_as_aws_names_the_operation(answering):
    """Where the caller names no permission, the operation that was denied is said."""
    answering(lambda _: (400, "AccessDeniedException", "no"))

    with pytest.raises(AwsUnavailable) as refusal, aws.in_our_words("the account"):
        aws.client("dynamodb", attempts=1).list_tables()

    assert "the permission ListTables is missing" in str(refusal.value)
    assert "Allow ListTables on it, then" in str(refusal.value)


def test_the_region_is_the_one_that_lambda_sets(on_aws, monkeypatch):
    """AWS_REGION counts, and without it what boto3 itself would take."""
    on_aws("http://127.0.0.1:9")
    by_lambda = aws.client("sesv2").meta.region_name
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")

    assert (by_lambda, aws.client("sesv2").meta.region_name) == ("eu-west-1", "eu-central-1")


def test_without_a_region_the_variable_is_named(on_aws, monkeypatch):
    """No region at all is said before anything is asked."""
    on_aws("http://127.0.0.1:9")
    monkeypatch.delenv("AWS_REGION")

    with pytest.raises(AwsUnavailable) as refusal:
        aws.client("dynamodb")

    assert "AWS (dynamodb): no region is set" in str(refusal.value)
    assert "Set AWS_REGION" in str(refusal.value)


def test_without_credentials_the_way_to_log_in_is_said(on_aws, monkeypatch):
    """Nobody is logged in: nothing is asked."""
    on_aws("http://127.0.0.1:9")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(AwsUnavailable) as refusal:
        ask()

    assert "no credentials were found" in str(refusal.value)
    assert "Log in, or set AWS_PROFILE" in str(refusal.value)


def test_a_profile_that_is_not_there_is_named(on_aws, monkeypatch):
    """What boto3 says in clear words is passed on."""
    on_aws("http://127.0.0.1:9")
    monkeypatch.setenv("AWS_PROFILE", "payroll")

    with pytest.raises(AwsUnavailable) as refusal:
        ask()

    assert "ProfileNotFound: The config profile (payroll) could not be found" in str(refusal.value)


def test_credentials_that_cannot_be_renewed_are_said(on_aws, monkeypatch, tmp_path):
    """A helper program of a profile that fails is a login that has to be made anew."""
    on_aws("http://127.0.0.1:9")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    (tmp_path / "no-aws-config").write_text("[default]\ncredential_process = false\n", encoding="utf-8")

    with pytest.raises(AwsUnavailable) as refusal:
        ask()

    assert "the credentials could not be renewed (CredentialRetrievalError)" in str(refusal.value)


def test_where_nobody_listens_region_and_network_are_named(on_aws):
    """A refused connection says where to look."""
    on_aws("http://127.0.0.1:9")

    with pytest.raises(AwsUnavailable) as refusal:
        ask(attempts=1)

    assert "it does not answer (EndpointConnectionError)" in str(refusal.value)
    assert "Check region, endpoint and network" in str(refusal.value)


def test_a_denial_names_the_permission_that_s3_names():
    """A PutObject that fails for the key is mended at the key: what AWS names wins over what we would guess."""
    said = "User: arn:aws:sts::1:role/x is not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:1"
    answer = {"Error": {"Code": "AccessDenied", "Message": said}}

    with (
        pytest.raises(AwsUnavailable) as refusal,
        aws.in_our_words("s3://bucket/prefix", permission="s3:PutObject"),
    ):
        raise ClientError(answer, "PutObject")

    assert "s3://bucket/prefix: the permission kms:GenerateDataKey is missing (AccessDenied)" in str(refusal.value)
    assert "Allow kms:GenerateDataKey on it" in str(refusal.value)


def test_a_denied_head_names_the_permission_that_was_needed():
    """S3 answers HEAD without a word but 403."""
    with (
        pytest.raises(AwsUnavailable) as refusal,
        aws.in_our_words("s3://bucket/prefix", permission="s3:GetObject"),
    ):
        raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadObject")

    assert "the permission s3:GetObject is missing (403)" in str(refusal.value)


@pytest.mark.parametrize(
    ("variable", "endpoint"),
    [
        ("AWS_ENDPOINT_URL", "localhost:4566"),
        ("AWS_ENDPOINT_URL", "http://[::1"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "localhost:4566"),
    ],
)
def test_an_endpoint_that_is_no_address_is_named(on_aws, monkeypatch, moto, variable, endpoint):
    """boto3 would raise a bare ValueError: the variable and what to write are said instead."""
    on_aws(moto)
    monkeypatch.setenv(variable, endpoint)

    with pytest.raises(AwsUnavailable, match=rf"{variable} is '{re.escape(endpoint)}'.*\n.*\nWrite http://"):
        ask()
