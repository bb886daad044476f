"""
The one door to AWS: clients, made when they are asked for, and boto3's errors in our words.

boto3 is imported by the functions that need it, so a run that needs no AWS never loads it. Whoever talks
to a service does so inside `in_our_words`, which names the thing that was asked for and the permission.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, overload

from quarterdeck.errors import AwsUnavailable

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_route53.client import Route53Client
    from types_boto3_route53domains.client import Route53DomainsClient
    from types_boto3_s3.client import S3Client
    from types_boto3_sesv2.client import SESV2Client
    from types_boto3_sns.client import SNSClient
    from types_boto3_sts.client import STSClient

# botocore's own answers to trouble that may pass: it tries again after these, and waits longer each time.
_ATTEMPTS = 6
_CONNECT_S = 5
_ANSWER_S = 20

# What AWS answers, by what an operator would do about it. One code has several names among the services.
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_UNKNOWN_KEY = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"})
_NAMED = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)")  # S3 may mean the key of KMS
_MISSING = frozenset(
    {
        "404",
        "NoSuchBucket",
        "NoSuchHostedZone",
        "NoSuchKey",
        "NotFound",
        "NotFoundException",
        "ResourceNotFoundException",
    }
)
THROTTLED = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


@overload
def client(
    service: Literal["dynamodb"],
    *,
    attempts: int | None = None,
    answer_within_s: float = ...,
    region: str | None = None,
) -> DynamoDBClient: ...
@overload
def client(
    service: Literal["route53"], *, attempts: int | None = None, answer_within_s: float = ..., region: str | None = None
) -> Route53Client: ...
@overload
def client(
    service: Literal["route53domains"],
    *,
    attempts: int | None = None,
    answer_within_s: float = ...,
    region: str | None = None,
) -> Route53DomainsClient: ...
@overload
def client(
    service: Literal["s3"], *, attempts: int | None = None, answer_within_s: float = ..., region: str | None = None
) -> S3Client: ...
@overload
def client(
    service: Literal["sesv2"], *, attempts: int | None = None, answer_within_s: float = ..., region: str | None = None
) -> SESV2Client: ...
@overload
def client(
    service: Literal["sns"], *, attempts: int | None = None, answer_within_s: float = ..., region: str | None = None
) -> SNSClient: ...
@overload
def client(
    service: Literal["sts"], *, attempts: int | None = None, answer_within_s: float = ..., region: str | None = None
) -> STSClient: ...
def client(
    service: Any, *, attempts: int | None = None, answer_within_s: float = _ANSWER_S, region: str | None = None
) -> Any:
    """
    A client of *service*, which threads may share; region, endpoint and credentials as boto3 finds them.

    Args:
        service: boto3's name of it.
        attempts: How often one call is posted at most. 1 for what must not be done twice: boto3 posts again
            when an answer is lost. None: as often as it helps against trouble that passes.
        answer_within_s: How long each attempt may stay without a word, in seconds.
        region: Of a service that is in one region only; None: as boto3 finds it.

    Raises:
        AwsUnavailable: No region is set, or the profile is not there.
    """
    from boto3.session import Session  # noqa: PLC0415 - a run that needs no AWS never loads boto3
    from botocore.config import Config  # noqa: PLC0415 - likewise

    with in_our_words(f"AWS ({service})"):
        # A session of its own: making a client from a session that threads share is not safe. boto3 itself
        # reads AWS_DEFAULT_REGION only; AWS_REGION is what Lambda and the other SDKs set.
        session = Session(region_name=region or os.environ.get("AWS_REGION") or None)
        config = Config(
            retries={"mode": "standard", "total_max_attempts": attempts or _ATTEMPTS},
            connect_timeout=_CONNECT_S,
            read_timeout=answer_within_s,
        )
        try:
            return session.client(service, config=config)
        except ValueError as error:  # boto3's bare one, for an endpoint that is no address
            raise _no_endpoint(f"AWS ({service})", str(error)) from error


def _no_endpoint(subject: str, said: str) -> AwsUnavailable:
    names = sorted(name for name in os.environ if name.startswith("AWS_ENDPOINT_URL"))
    found = ", ".join(f"{name} is {os.environ[name]!r}" for name in names) or said
    return AwsUnavailable(subject, f"{found}, which is no address", "Write http:// or https:// before it, or unset it")


@contextmanager
def in_our_words(subject: str, *, permission: str = "") -> Iterator[None]:
    """
    Turn whatever boto3 raises in the block into `AwsUnavailable`.

    Args:
        subject: What was asked: `DynamoDB table quarterdeck`.
        permission: That the block needs (`dynamodb:PutItem`), named when AWS denies it; empty: as AWS
            names the operation.

    Raises:
        AwsUnavailable: Nobody is logged in, the permission is missing, there is no such thing, or AWS does
            not answer.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - a run without AWS never loads it

    try:
        yield
    except ClientError as error:
        raise _answered(error, subject, permission) from error
    except BotoCoreError as error:
        raise _unanswered(error, subject) from error


def error_code(error: ClientError) -> str:
    """AWS's name for what went wrong: `ThrottlingException`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def code_of(unavailable: AwsUnavailable) -> str:
    """AWS's name for what *unavailable* was raised from; empty where AWS did not answer."""
    answer = getattr(unavailable.__cause__, "response", None) or {}  # None: cut off before there was one
    return str(answer.get("Error", {}).get("Code", ""))


def _answered(error: ClientError, subject: str, permission: str) -> AwsUnavailable:
    code, said = error_code(error), str(error.response.get("Error", {}).get("Message", "")).strip()
    reason, mend = f"{code}: {said}" if said else code, "Mend what it names"
    if code in _EXPIRED:
        reason, mend = f"the credentials have expired ({code})", "Log in again or renew them"
    elif code == "RequestTimeTooSkewed" or "Signature expired" in said or "Signature not yet current" in said:
        reason, mend = f"this machine's clock is off ({code})", "Set the clock"
    elif code in _UNKNOWN_KEY:
        reason, mend = f"the credentials are not known there ({code})", "Log in to the right account and region"
    elif code in DENIED or code == "403":  # the answer to HEAD has no body, and so no name
        named = _NAMED.search(said)
        needed = named[1] if named else permission or error.operation_name
        reason, mend = f"the permission {needed} is missing ({code})", f"Allow {needed} on it"
    elif code in _MISSING:
        reason, mend = f"there is none in this account and region ({code})", "Make it, or name the right one"
    elif code in THROTTLED:
        reason, mend = f"it is asked too often at the moment ({code})", "Wait a minute"
    return AwsUnavailable(subject, reason, mend)


def _unanswered(error: BotoCoreError, subject: str) -> AwsUnavailable:
    """No answer of the service: it was never asked, or not heard."""
    from botocore import exceptions  # noqa: PLC0415 - a run without AWS never loads it

    reason, mend = f"{type(error).__name__}: {error}", "Mend what it names"
    match error:
        case exceptions.NoRegionError():
            reason, mend = "no region is set", "Set AWS_REGION"
        case exceptions.NoCredentialsError() | exceptions.PartialCredentialsError():
            reason, mend = "no credentials were found", "Log in, or set AWS_PROFILE"
        case exceptions.SSOError() | exceptions.TokenRetrievalError() | exceptions.CredentialRetrievalError():
            reason, mend = f"the credentials could not be renewed ({type(error).__name__})", "Log in again"
        case exceptions.ConnectionError() | exceptions.HTTPClientError():
            reason, mend = f"it does not answer ({type(error).__name__})", "Check region, endpoint and network"
    return AwsUnavailable(subject, reason, mend)
