"""`check` for AWS: who is logged in where, and whether ledger, bucket, topic and SES are as a run needs them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from quarterdeck.aws import DENIED, client, error_code, in_our_words
from quarterdeck.cli.check import Checked
from quarterdeck.cli.check_mail import reader_checks, ses_checks
from quarterdeck.config import Environment
from quarterdeck.errors import AwsUnavailable, InputInvalid, QuarterdeckError
from quarterdeck.ledger.dynamodb import SCHEMA
from quarterdeck.request import Request

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

A = TypeVar("A")

# Whoever waits at a terminal would rather hear a no soon.
_ATTEMPTS = 2
_ANSWER_WITHIN_S = 10.0

_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_-]{1,256}")
_NOT_THERE = frozenset(
    {"404", "NoSuchPublicAccessBlockConfiguration", "ServerSideEncryptionConfigurationNotFoundError", "NotFound"}
)


class _Denied:
    """A question that these credentials may not ask: it decides nothing."""


def aws_checks(request: Request, environment: Environment) -> Iterator[Checked]:
    """Everything on AWS that *environment* names; where nobody is logged in, nothing more is asked."""
    if environment.sender is not None:
        yield from reader_checks(request, environment)
    try:
        yield Checked("aws", _identity())
    except QuarterdeckError as error:
        yield Checked("aws", str(error), is_right=False)
        return
    for name, look in _looks(request, environment):
        try:
            yield from look()
        except QuarterdeckError as error:
            yield Checked(name, str(error), is_right=False)


def _looks(request: Request, environment: Environment) -> Iterator[tuple[str, Callable[[], Iterator[Checked]]]]:
    store, ledger = environment.store or "", environment.ledger or ""
    if ledger.startswith("dynamodb:"):
        yield "ledger on AWS", partial(_ledger, ledger.partition(":")[2])
    if store.startswith("s3://"):
        yield "bucket", partial(_bucket, store.removeprefix("s3://").partition("/")[0])
    if environment.alerts_topic is not None:
        yield "alerts", partial(_topic, environment.alerts_topic)
    if environment.sender is not None:
        yield "mail", partial(ses_checks, request, environment)


def _identity() -> str:
    sts = client("sts", attempts=_ATTEMPTS, answer_within_s=_ANSWER_WITHIN_S)
    with in_our_words("AWS credentials", permission="sts:GetCallerIdentity"):
        who = sts.get_caller_identity()
    return f"account {who['Account']} in {sts.meta.region_name}, as {who['Arn'].rpartition(':')[2]}"


def _ledger(table: str) -> Iterator[Checked]:
    """A ledger that cannot be put back would forget who was mailed."""
    dynamodb = client("dynamodb", attempts=_ATTEMPTS, answer_within_s=_ANSWER_WITHIN_S)
    about = f"DynamoDB table {table} in {dynamodb.meta.region_name}"
    found = _asked(
        about, "dynamodb:DescribeContinuousBackups", lambda: dynamodb.describe_continuous_backups(TableName=table)
    )
    if found is None:
        said = f"there is no table {table} in {dynamodb.meta.region_name}"
        yield _wrong("ledger on AWS", said, _making(table), dynamodb)
    elif isinstance(found, _Denied):
        yield _not_asked("ledger on AWS", "dynamodb:DescribeContinuousBackups")
    else:
        recovery = found["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        if recovery.get("PointInTimeRecoveryStatus") == "ENABLED":
            yield Checked("ledger on AWS", f"{table} can be put back to any second of its last days")
            return
        mend = (
            f"aws dynamodb update-continuous-backups --table-name {table} "
            "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
        )
        yield _wrong("ledger on AWS", f"{table} has no point-in-time recovery", mend, dynamodb)


def _making(table: str) -> str:
    """The command that makes a ledger's table, as the template makes it."""
    parts = {
        "--attribute-definitions": json.dumps(SCHEMA["AttributeDefinitions"]),
        "--key-schema": json.dumps(SCHEMA["KeySchema"]),
        "--global-secondary-indexes": json.dumps(SCHEMA["GlobalSecondaryIndexes"]),
        "--billing-mode": SCHEMA["BillingMode"],
    }
    said = " ".join(f"{option} {shlex.quote(value)}" for option, value in parts.items())
    return f"aws dynamodb create-table --table-name {table} --deletion-protection-enabled {said}"


def _bucket(bucket: str) -> Iterator[Checked]:
    s3 = client("s3", attempts=_ATTEMPTS, answer_within_s=_ANSWER_WITHIN_S)
    found = _asked(f"bucket {bucket}", "s3:ListBucket", lambda: s3.head_bucket(Bucket=bucket))
    if found is None:
        yield _wrong("bucket", f"there is no bucket {bucket}", f"aws s3 mb s3://{bucket}", s3)
        return
    if isinstance(found, _Denied):
        said = f"{bucket} is another account's, or the permission s3:ListBucket on it is missing"
        yield Checked("bucket", f"{said}. Mend it in its policy, or name another in QUARTERDECK_STORE", is_right=False)
        return
    wrong = list(_bucket_faults(s3, bucket))
    yield from wrong or [Checked("bucket", f"{bucket}: versioned, encrypted, closed to the public")]


def _bucket_faults(s3: S3Client, bucket: str) -> Iterator[Checked]:
    about = f"bucket {bucket}"
    kept = _asked(about, "s3:GetBucketVersioning", lambda: s3.get_bucket_versioning(Bucket=bucket))
    if isinstance(kept, _Denied):
        yield _not_asked("bucket", "s3:GetBucketVersioning")
    elif kept is None or kept.get("Status") != "Enabled":
        mend = f"aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status=Enabled"
        yield _wrong("bucket", f"{bucket} keeps no versions: what is overwritten is lost", mend, s3)
    encrypted = _asked(about, "s3:GetEncryptionConfiguration", lambda: s3.get_bucket_encryption(Bucket=bucket))
    if isinstance(encrypted, _Denied):
        yield _not_asked("bucket", "s3:GetEncryptionConfiguration")
    elif encrypted is None:
        mend = (
            f"aws s3api put-bucket-encryption --bucket {bucket} --server-side-encryption-configuration "
            '\'{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms"},"BucketKeyEnabled":true}]}\''
        )
        yield _wrong("bucket", f"{bucket} has no key of its own", mend, s3)
    closed = _asked(about, "s3:GetBucketPublicAccessBlock", lambda: s3.get_public_access_block(Bucket=bucket))
    if isinstance(closed, _Denied):
        yield _not_asked("bucket", "s3:GetBucketPublicAccessBlock")
    elif closed is None or not all(closed["PublicAccessBlockConfiguration"].values()):
        switches = "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
        mend = f"aws s3api put-public-access-block --bucket {bucket} --public-access-block-configuration {switches}"
        yield _wrong("bucket", f"{bucket} could be opened to the public", mend, s3)


def _topic(topic: str) -> Iterator[Checked]:
    sns = client("sns", attempts=_ATTEMPTS, answer_within_s=_ANSWER_WITHIN_S)
    written = _TOPIC.fullmatch(topic)
    if written is None:
        raise InputInvalid("OPS_ALERTS_TOPIC_ARN", repr(topic), "arn:aws:sns:REGION:ACCOUNT:NAME")
    if written[1] != sns.meta.region_name:
        raise InputInvalid("OPS_ALERTS_TOPIC_ARN", f"a topic in {written[1]}", f"one in {sns.meta.region_name}")
    name, permission = topic.rpartition(":")[2], "sns:ListSubscriptionsByTopic"
    found = _asked(f"SNS topic {name}", permission, lambda: sns.list_subscriptions_by_topic(TopicArn=topic))
    if found is None:
        yield _wrong("alerts", f"there is no topic {name}", f"aws sns create-topic --name {name}", sns)
        return
    if isinstance(found, _Denied):
        yield _not_asked("alerts", permission)
        return
    # One that was not confirmed yet has words in the ARN's place
    confirmed = [one for one in found["Subscriptions"] if one["SubscriptionArn"].startswith("arn:")]
    if confirmed:
        yield Checked("alerts", f"{name} tells {', '.join(sorted({one['Protocol'] for one in confirmed}))}")
    else:
        mend = f"aws sns subscribe --topic-arn {topic} --protocol email --notification-endpoint ADDRESS"
        said = f"nobody has subscribed to {name}, or confirmed it: a failure would be told to no one"
        yield _wrong("alerts", said, mend, sns)


def _asked(about: str, permission: str, question: Callable[[], A]) -> A | _Denied | None:
    """The answer to *question*; None: there is no such thing."""
    try:
        with in_our_words(about, permission=permission):
            return question()
    except AwsUnavailable as unavailable:
        refusal = unavailable.__cause__
        code = error_code(refusal) if isinstance(refusal, ClientError) else ""
        if code in DENIED or code == "403":
            return _Denied()
        if code in _NOT_THERE or code.startswith(("ResourceNotFound", "TableNotFound")):
            return None
        raise


def _wrong(name: str, said: str, mend: str, asked: BaseClient) -> Checked:
    """*mend* names the region: that of an env file is ours alone, and the AWS CLI may be set to another."""
    return Checked(name, f"{said}. Mend it with\n  {mend} --region {asked.meta.region_name}", is_right=False)


def _not_asked(name: str, permission: str) -> Checked:
    return Checked(name, f"could not be asked: the permission {permission} is missing", None)
