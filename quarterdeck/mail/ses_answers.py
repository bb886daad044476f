"""
What SES's answer to a send means: not so fast, not now, no; and whatever is none of these is unknown.

Only SES itself can say no. An answer without its name for the error comes from somebody on the way (a proxy,
a balancer), who cannot know whether SES has the mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
)

from quarterdeck.aws import error_code, in_our_words
from quarterdeck.errors import AwsUnavailable

Meaning = Literal["slower", "later", "refused", "unknown"]

_THROTTLES = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException"})
_QUOTA = frozenset({"LimitExceededException"})
# Raised before a byte of the request has left. A connection that was cut, or an answer that did not come in
# time, is none of them: the mail may be with SES.
_NEVER_POSTED = (
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
)
# Their words say which set, which sender, which rule; ours would say less.
_SAYS_IT_ITSELF = frozenset({"BadRequestException", "MessageRejected", "NotFoundException"})


@dataclass(frozen=True)
class Answer:
    """What came instead of a message id; `reason` is for a person, and may quote an address."""

    meaning: Meaning
    reason: str


def answer_of(error: ClientError | BotoCoreError) -> Answer:
    """What *error*, raised by one post of one mail, says about it."""
    if not isinstance(error, ClientError):
        if isinstance(error, _NEVER_POSTED):
            return Answer("refused", _our_words(error))
        return Answer("unknown", type(error).__name__)
    code = error_code(error)
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    said = str(error.response.get("Error", {}).get("Message", "")).strip()
    if not 400 <= status < 500 or not code or code.isdigit():
        return Answer("unknown", f"HTTP {status}" if code.isdigit() or not code else f"HTTP {status} {code}")
    named = f"{code}: {said}" if said else code
    if code in _QUOTA or (code in _THROTTLES and "quota" in said.lower()):
        return Answer("later", named)
    if code in _THROTTLES:
        return Answer("slower", named)
    return Answer("refused", named if code in _SAYS_IT_ITSELF else _our_words(error))


def _our_words(error: ClientError | BotoCoreError) -> str:
    try:
        # Raw content is authorised as SendRawEmail, whatever the call is named
        with in_our_words("SES", permission="ses:SendEmail and ses:SendRawEmail"):
            raise error
    except AwsUnavailable as unavailable:
        return f"{unavailable.reason}: {unavailable.mend[0].lower()}{unavailable.mend[1:]}"
