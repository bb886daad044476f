"""
What an SES account says of itself, asked before a mail is.

Every question may be denied: the permission to send is not the permission to look. Then it decides nothing,
and the answer says why it could not be asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from quarterdeck.aws import error_code, in_our_words
from quarterdeck.errors import AwsUnavailable

if TYPE_CHECKING:
    from types_boto3_sesv2.client import SESV2Client

A = TypeVar("A")

_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})
# Nobody is logged in, the clock is off, or a proxy bars the way: the mail would fare the same.
_BARRED = frozenset({403, 407})


@dataclass(frozen=True)
class NotAsked:
    """A question without an answer, and why."""

    reason: str


@dataclass(frozen=True)
class Standing:
    """
    How an account may send.

    Args:
        is_in_production: False: the sandbox, where verified recipients only can be reached.
        is_sending_enabled: False: sending is paused.
        enforcement: `HEALTHY`, `PROBATION` or `SHUTDOWN`.
        per_second: Recipients, copies among them.
        per_day: Recipients in 24 hours; None is without limit.
        left: How many of them are left now; None is without limit.
    """

    is_in_production: bool
    is_sending_enabled: bool
    enforcement: str
    per_second: float
    per_day: int | None
    left: int | None


@dataclass(frozen=True)
class Account:
    """
    One account in one region, by a client that may ask again: no question here changes anything.

    Every method may raise `AwsUnavailable`: nobody is logged in, or there is no answer.
    """

    client: SESV2Client

    @property
    def region(self) -> str:
        return self.client.meta.region_name

    def standing(self) -> Standing | NotAsked:
        """Production or sandbox, paused or not, and the quota."""
        found = _asked("ses:GetAccount", self.client.get_account)
        if found is None or isinstance(found, NotAsked):
            return found or NotAsked("SES knows no account")
        quota = found.get("SendQuota", {})
        per_day = int(quota.get("Max24HourSend", -1))
        return Standing(
            is_in_production=found.get("ProductionAccessEnabled", False),
            is_sending_enabled=found.get("SendingEnabled", True),
            enforcement=found.get("EnforcementStatus", "HEALTHY"),
            per_second=float(quota.get("MaxSendRate", 0)),
            per_day=per_day if per_day >= 0 else None,
            left=max(0, per_day - int(quota.get("SentLast24Hours", 0))) if per_day >= 0 else None,
        )

    def is_verified(self, address: str) -> bool | NotAsked:
        """Whether *address* may send: it is verified itself, or its domain, or one above that."""
        domain = address.rpartition("@")[2].split(".")
        above = [".".join(domain[level:]) for level in range(len(domain) - 1)]
        denied: NotAsked | None = None
        for identity in (address, *above):
            found = self._identity(identity)
            if found is True:
                return True
            denied = denied or (found if isinstance(found, NotAsked) else None)
        return denied or False

    def suppressed_for(self, address: str) -> str | NotAsked:
        """Why SES would take mail to *address* and not deliver it: `BOUNCE` or `COMPLAINT`; empty: it would deliver."""
        found = _asked(
            "ses:GetSuppressedDestination", lambda: self.client.get_suppressed_destination(EmailAddress=address)
        )
        if isinstance(found, NotAsked):
            return found
        return found["SuppressedDestination"]["Reason"] if found else ""

    def sends_with(self, configuration_set: str) -> bool | NotAsked | None:
        """Whether *configuration_set* lets mail pass; None where there is none of that name."""
        found = _asked(
            "ses:GetConfigurationSet",
            lambda: self.client.get_configuration_set(ConfigurationSetName=configuration_set),
        )
        if found is None or isinstance(found, NotAsked):
            return found
        return found.get("SendingOptions", {}).get("SendingEnabled", True)

    def _identity(self, name: str) -> bool | NotAsked:
        found = _asked("ses:GetEmailIdentity", lambda: self.client.get_email_identity(EmailIdentity=name))
        if found is None or isinstance(found, NotAsked):
            return found or False
        # Either says that it may send; stand-ins fill in only one of the two
        return found.get("VerifiedForSendingStatus", False) or found.get("VerificationStatus") == "SUCCESS"


def _asked(permission: str, question: Callable[[], A]) -> A | NotAsked | None:
    """The answer to *question*; None: there is no such thing."""
    try:
        with in_our_words("SES", permission=permission):
            return question()
    except AwsUnavailable as unavailable:
        refusal = unavailable.__cause__
        if not isinstance(refusal, ClientError):
            raise
        code = error_code(refusal)
        if code == "NotFoundException":
            return None
        if refusal.response["ResponseMetadata"]["HTTPStatusCode"] in _BARRED and code not in _DENIED:
            raise
        # A proxy's answer, or a stand-in's that lacks the question, is a page and not a reason
        return NotAsked(f"HTTP {code}" if code.isdigit() else unavailable.reason)
