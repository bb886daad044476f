"""
Mail by Amazon SES: our own bytes, one message to one recipient, posted once.

SES has no idempotency token, so a second post is a second mail. Nothing here posts again but after SES has
said that it did not take the first: too fast. This module loads botocore: import it where mail is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from quarterdeck.aws import client
from quarterdeck.errors import (
    AwsUnavailable,
    DeliveryUnknown,
    InputInvalid,
    MailDeferred,
    MailRefused,
    SendingRefused,
)
from quarterdeck.log import logger
from quarterdeck.mail.mailer import check_tags, edition_of
from quarterdeck.mail.ses_account import Account, NotAsked, Standing
from quarterdeck.mail.ses_answers import answer_of
from quarterdeck.mail.ses_preflight import SUPPRESSION, Posting, preflight
from quarterdeck.mail.stamp import bare_address
from quarterdeck.redaction import without_addresses

if TYPE_CHECKING:
    from types_boto3_sesv2.type_defs import SendEmailRequestTypeDef

_log = logger()

_RECIPIENTS_OF_A_MESSAGE = 50  # To, Cc and Bcc together
# Longer than SES needs on a bad day, because an answer that comes too late leaves a delivery in doubt; much
# shorter than the lease of a claim.
_ANSWER_WITHIN_S = 60.0
_QUESTION_ATTEMPTS = 4
_QUESTION_WITHIN_S = 10.0
# The sandbox's: nobody's is lower.
_SLOWEST_RATE = 1.0
_WAITS_S = (1, 2, 4, 8, 16)
# No post begins later after a mail was handed over: as long as the questions (134 s) and the waits (31 s) may take
# at worst. Who waits for the whole of it (`pipeline/time_left.py`) counts on that, and so does the claim's lease.
_POST_WITHIN = timedelta(seconds=165)
# The quota counts the last 24 hours: what was sent by now has left it by then.
_QUOTA_WINDOW = timedelta(hours=24)
_AFTER_A_RUSH = timedelta(minutes=5)


class Pace:
    """Lets no more than *per_second* recipients a second pass."""

    def __init__(self, per_second: float, now: Callable[[], datetime], sleep: Callable[[float], None]) -> None:
        self._per_second = per_second if per_second > 0 else _SLOWEST_RATE
        self._now = now
        self._sleep = sleep
        self._posted_at: datetime | None = None
        self._takes_s = 0.0

    def wait(self, recipients: int) -> None:
        """Wait until a message to *recipients*, copies counted, may be posted after the one before."""
        if self._posted_at is not None:
            passed_s = (self._now() - self._posted_at).total_seconds()
            # A clock that was put back must not make anybody wait longer than the pace asks
            left_s = self._takes_s - max(0.0, passed_s)
            if left_s > 0:
                self._sleep(left_s)
        self._posted_at, self._takes_s = self._now(), recipients / self._per_second


class SesMailer:
    """
    Posts each message once, at the pace and within the quota that SES allows.

    Args:
        configuration_set: Whose events say what became of a mail; None: none.
        now: Tells the time, tz-aware.
        sleep: Waits so many seconds.
        answer_within_s: How long SES may stay without a word before a delivery is in doubt, in seconds.

    Raises:
        AwsUnavailable: No region is set, or the profile is not there.
    """

    def __init__(
        self,
        configuration_set: str | None,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
        answer_within_s: float = _ANSWER_WITHIN_S,
    ) -> None:
        self._configuration_set = configuration_set
        self._now = now
        self._sleep = sleep
        # Two clients: what only asks may ask again, what mails may not
        self._account = Account(client("sesv2", attempts=_QUESTION_ATTEMPTS, answer_within_s=_QUESTION_WITHIN_S))
        self._post = client("sesv2", attempts=1, answer_within_s=answer_within_s)
        self._known: Standing | NotAsked | None = None
        self._suppressed: dict[str, str | NotAsked] = {}
        self._left: int | None = None
        self._full = ""  # what SES said when it took no more that day
        self._pace = Pace(_SLOWEST_RATE, now, sleep)
        self._warned: set[str] = set()

    def check(self, *, sender: str, bcc: Sequence[str], recipients: Sequence[str] = ()) -> None:
        """
        Ask whether the account, the sender, the sandbox and the configuration set let mail pass.

        What could not be asked is logged as a warning, and stands in nobody's way; nor does an address that is
        on the suppression list: SES delivers to all others, and a reader on it is refused when their turn comes.

        Raises:
            SendingRefused: One of them does not.
            AwsUnavailable: Nobody is logged in, or SES does not answer.
        """
        posting = Posting(sender, tuple(bcc), tuple(recipients), self._configuration_set)
        wrong = []
        for finding in preflight(self._account, self._standing(), posting):
            said = without_addresses(finding.said)
            if finding.verdict == "not asked" or (finding.verdict == "wrong" and finding.about == SUPPRESSION):
                self._warn(f"{finding.about}: {said}" if finding.verdict == "wrong" else f"{finding.about} {said}")
            elif finding.verdict == "wrong":
                wrong.append(f"{said}; mend it with\n    {finding.mend}")
        if wrong:
            raise SendingRefused(tuple(wrong))

    def prepare(self, to: str, *, bcc: Sequence[str]) -> None:
        """
        Ask how the account may send, once, and whether *to* is suppressed; `send` goes by the answers.

        Of a mail that does not fit into what is left of the day's quota nothing is asked.

        Raises:
            AwsUnavailable: Nobody is logged in, or SES does not answer.
        """
        self._standing()
        if self._fits(1 + len(bcc)):
            self._suppressed[to] = self._account.suppressed_for(to)

    def send(self, message: bytes, *, sender: str, to: str, bcc: Sequence[str], tags: Mapping[str, str]) -> str:
        """
        Post *message* for *to*, with silent copies for *bcc*; the answer is SES's id of it.

        Raises:
            MailRefused: SES said no, was never reached, or would take it and not deliver it.
            MailDeferred: The day's quota is used up, or SES found us too fast several times in a row.
            InputInvalid: An address, the number of them, or a tag is one that SES would refuse; nobody was asked.
            DeliveryUnknown: SES may have it.
        """
        request = self._request(message, sender=sender, to=to, bcc=bcc, tags=tags)
        edition, recipients = edition_of(message), 1 + len(bcc)
        until = self._now() + _POST_WITHIN
        try:
            if to not in self._suppressed:
                self.prepare(to, bcc=bcc)
        except AwsUnavailable as unavailable:  # before the post: a clear no
            raise MailRefused(edition, to, f"SES: {unavailable.reason}") from unavailable
        if not self._fits(recipients):
            raise self._over_quota(edition, to, recipients)
        suppressed = self._suppressed.pop(to)
        if isinstance(suppressed, NotAsked):
            self._warn(f"mail suppression could not be asked: {suppressed.reason}")
        elif suppressed:
            reason = f"it is on SES's suppression list after a {suppressed.lower()}: SES would not deliver it"
            raise MailRefused(edition, to, reason)
        return self._posted(request, edition, recipients, until)

    def _request(
        self, message: bytes, *, sender: str, to: str, bcc: Sequence[str], tags: Mapping[str, str]
    ) -> SendEmailRequestTypeDef:
        check_tags(tags)
        for what, reader in [("recipient", to), *(("copy", one) for one in bcc)]:
            if bare_address(what, reader) != reader:
                raise InputInvalid(what, repr(reader), "an address without a name such as cfo@example.com")
        if 1 + len(bcc) > _RECIPIENTS_OF_A_MESSAGE:
            raise InputInvalid("recipients", str(1 + len(bcc)), f"{_RECIPIENTS_OF_A_MESSAGE} at most, copies counted")
        request: SendEmailRequestTypeDef = {
            # The name stays in the From header, where it is encoded
            "FromEmailAddress": bare_address("sender", sender),
            "Destination": {"ToAddresses": [to], "BccAddresses": list(bcc)},
            "Content": {"Raw": {"Data": message}},
            "EmailTags": [{"Name": name, "Value": value} for name, value in tags.items()],
        }
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        return request

    def _posted(self, request: SendEmailRequestTypeDef, edition: str, recipients: int, until: datetime) -> str:
        (to,) = request["Destination"]["ToAddresses"]
        reason = "it could not be posted in time: SES was slow, or this machine stood still"
        for wait in (*_WAITS_S, None):
            self._pace.wait(recipients)
            if self._now() > until:
                break
            # On a connection of its own: one that went stale meanwhile would take the mail and lose the answer
            self._post.close()
            try:
                answer = self._post.send_email(**request)
            except (ClientError, BotoCoreError) as error:
                reason = self._too_fast(error, edition, to, recipients)
                if wait is not None:
                    self._sleep(wait)
                continue
            if self._left is not None:
                self._left -= recipients
            if not answer.get("MessageId"):
                raise DeliveryUnknown(edition, "SES answered without a message id")
            return answer["MessageId"]
        raise MailDeferred(edition, to, reason, self._now() + _AFTER_A_RUSH)

    def _too_fast(self, error: ClientError | BotoCoreError, edition: str, to: str, recipients: int) -> str:
        """SES's words where it took nothing because we were too fast; every other answer is raised as ours."""
        answer = answer_of(error)
        match answer.meaning:
            case "slower":
                return answer.reason
            case "later":
                self._left, self._full = 0, answer.reason
                raise self._over_quota(edition, to, recipients) from error
            case "refused":
                raise MailRefused(edition, to, answer.reason) from error
            case _:
                raise DeliveryUnknown(edition, answer.reason) from error

    def _warn(self, text: str) -> None:
        """Say once what holds for every mail of the run."""
        if text not in self._warned:
            self._warned.add(text)
            _log.warning(text)

    def _fits(self, recipients: int) -> bool:
        """Whether a mail to so many, copies counted, fits into what is left of the day's quota, as far as is known."""
        return self._left is None or self._left >= recipients

    def _over_quota(self, edition: str, to: str, recipients: int) -> MailDeferred:
        """Put off in the same words whichever mail it is, so that all of them can be told in one sentence."""
        reason = (
            self._full
            or f"the day's quota has room for {self._left} more, and a mail with its copies needs {recipients}"
        )
        return MailDeferred(edition, to, reason, self._now() + _QUOTA_WINDOW)

    def _standing(self) -> Standing | NotAsked:
        """How the account may send, asked once; its pace and quota hold from then on."""
        if self._known is None:
            self._known = self._account.standing()
            if isinstance(self._known, Standing):
                self._left = self._known.left
                self._pace = Pace(self._known.per_second, self._now, self._sleep)
        return self._known
