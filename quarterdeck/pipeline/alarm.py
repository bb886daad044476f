"""The alarm: what one start has at hand to tell people by, and the rules about whom it may mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from quarterdeck.alerts import Addressed, Alert, as_mail, publish
from quarterdeck.config import Environment, edition_parts, load_params, report_names
from quarterdeck.errors import QuarterdeckError
from quarterdeck.ledger.recipients import normalised
from quarterdeck.log import logger
from quarterdeck.mail import Mailer
from quarterdeck.pipeline.plan import is_for_examples, recipients_of
from quarterdeck.pipeline.time_left import WITHOUT_END, TimeLeft
from quarterdeck.redaction import Redactor, masked, without_addresses

_log = logger()


@dataclass(frozen=True)
class Alarm:
    """
    Tells the topic and the owners; nothing that goes wrong here is raised.

    Args:
        company: Its name, which owners see before a sender that has none.
        params: The project's `params/`, where owners and readers stand.
        redactor: Knows the secrets of the process's environment.
        now: Tells the time, tz-aware.
        mailer: None where no mail is sent: owners are not told then.
    """

    company: str
    environment: Environment
    params: Path
    redactor: Redactor
    now: Callable[[], datetime]
    mailer: Mailer | None = None
    time_left: TimeLeft = WITHOUT_END

    def tell_topic(self, alert: Alert) -> bool:
        """Publish *alert*, or say in the log why not; whether it is told, as far as anybody is to be."""
        topic = self.environment.alerts_topic
        if topic is None:
            _log.info("alert without a topic", subject=alert.subject, body=alert.body)
            return True
        try:
            message_id = publish(alert, topic)
        except Exception as error:  # noqa: BLE001 - an alert that is lost must not hide what it was about
            _log.error("alert not published", subject=alert.subject, body=alert.body, reason=_said(error))
            return False
        _log.info("alert published", subject=alert.subject, message_id=message_id)
        return True

    def expects_of_owner(self, edition: str) -> str:
        """What is to become of a mail to the owner of *edition*'s report, before it is tried."""
        report = _report_of(edition)
        try:
            owner = load_params(self.params, report).owner
            why_not = self._why_not(owner)
        except Exception as error:  # noqa: BLE001 - an alert that is lost must not hide what it was about
            return f"the owner of {report} is not mailed: {_said(error)}"
        if why_not:
            return f"the owner of {report} is not mailed: {why_not}"
        return f"the owner of {report}, {masked(owner)}, is mailed the traceback next; the log says whether it left"

    def tell_owner(self, edition: str, alert: Alert, *, snapshot: str = "") -> tuple[bool, str]:
        """Mail *alert* to the owner of *edition*'s report: whether that was done, and what came of it in words."""
        report = _report_of(edition)
        try:
            owner = load_params(self.params, report).owner
            why_not = self._why_not(owner)
            if not why_not and self.mailer is not None:
                addressed = Addressed(self.company, self.environment.sender or "", owner, edition, snapshot)
                message = as_mail(alert, addressed, self.now())
                tags = {"alert": report}
                self.mailer.send(message, sender=addressed.sender, to=owner, bcc=(), tags=tags)
        except Exception as error:  # noqa: BLE001 - likewise
            said = f"the owner of {report} could not be mailed: {_said(error)}"
            _log.error("owner not told", edition=edition, reason=said)
            return False, said
        if why_not:
            _log.warning("owner not told", edition=edition, reason=why_not)
            return False, f"the owner of {report} was not mailed: {why_not}"
        _log.info("owner told", edition=edition, owner=masked(owner))
        return True, f"the owner of {report}, {masked(owner)}, was mailed"

    def _why_not(self, owner: str) -> str:
        if self.mailer is None or not self.environment.sender:
            return "SES_SENDER_EMAIL is not set"
        if is_for_examples(owner) and not self.environment.endpoint:
            return f"{masked(owner)} exists in examples only"
        if not self.time_left.is_enough_for_a_mail:
            return "the time of this start is nearly over"
        if normalised(owner) in self._readers():
            return f"{masked(owner)} gets a report too, and who gets reports gets no failures of them"
        return ""

    def _readers(self) -> frozenset[str]:
        """Everybody who gets one of the project's reports: executives never get a traceback."""
        every = [load_params(self.params, name) for name in report_names(self.params)]
        return frozenset(normalised(to) for params in every for to in recipients_of(params, self.environment))


def _report_of(edition: str) -> str:
    return edition_parts(edition)[0].partition("@")[0]


def _said(error: Exception) -> str:
    """An error of ours in its first line, without addresses; of any other its kind: its text may quote anything."""
    first_line = str(error).partition("\n")[0]
    return without_addresses(first_line) if isinstance(error, QuarterdeckError) else type(error).__name__
