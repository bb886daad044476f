"""What is told of a batch that a person has to act on: one alert for all of it, and each traceback to its owner."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from quarterdeck.alerts import Alert
from quarterdeck.errors import (
    DataNotReady,
    DeliveryUnknown,
    EditionHeld,
    MailDeferred,
    MailRefused,
    NotebookFailed,
    QuarterdeckError,
)
from quarterdeck.ledger import Ledger
from quarterdeck.log import logger
from quarterdeck.pipeline.alarm import Alarm
from quarterdeck.put_off import told_in_one

_log = logger()

_ADDRESS_IN_MEMORY = re.compile(r"0x[0-9a-f]+")  # differs from run to run, and says nothing
_OWNERS_ONLY = "You get this as the report's owner; its readers get no such mail."
_MOST_TRACEBACK = 100_000  # characters, of its end: there stands what went wrong


@dataclass(frozen=True)
class Trouble:
    """
    What there is to tell of one batch.

    Args:
        ledger: None where it was not reached.
        problems: What a person has to act on; none where all went well.
        kept_back: Why nothing was mailed although it was asked for; empty otherwise.
        snapshots: Of each edition that was made.
        is_asked_for: By a person, who is told of it whatever was told before.
    """

    company: str
    period: str
    ledger: Ledger | None
    problems: Sequence[Exception]
    kept_back: str = ""
    snapshots: Mapping[str, str] | None = None
    is_asked_for: bool = False

    @property
    def failed(self) -> list[NotebookFailed]:
        return [problem for problem in self.problems if isinstance(problem, NotebookFailed)]


def tell(batch: Trouble, alarm: Alarm) -> None:
    """
    Tell the topic what happened, then owners their tracebacks, unless the same was told of this batch before.

    The topic first: one call tells it, and a mail to an owner may take minutes, which a start may not have. The
    ledger remembers what was told last: whoever joins a batch and finds the same trouble stays silent. A batch
    that ends well sends nothing, and lets the same trouble be told again.
    """
    seen = _fingerprint(batch) if batch.problems else ""
    if _told_before(batch) == seen and not batch.is_asked_for:
        _log.info("alert told before")
        return
    if batch.problems:
        is_told = alarm.tell_topic(_alert(batch, alarm))
        for failed in batch.failed:
            _tell_owner(batch, failed, alarm)
        if not is_told:
            return
    if batch.ledger is not None and batch.ledger.batch(batch.period) is not None:
        batch.ledger.note_alert(batch.period, seen)


def _told_before(batch: Trouble) -> str | None:
    """What was told last of the batch, "" for nothing; None where nobody can know."""
    try:
        standing = batch.ledger.batch(batch.period) if batch.ledger is not None else None
    except QuarterdeckError:  # it does not answer, of which this alert speaks
        standing = None
    if standing is None:
        return None if batch.problems else ""
    return standing.alerted


def _fingerprint(batch: Trouble) -> str:
    said = sorted(f"{type(problem).__name__} {_first_line(problem)}" for problem in batch.problems)
    text = _ADDRESS_IN_MEMORY.sub("0x", "\n".join([*_standing(batch), *said]))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _alert(batch: Trouble, alarm: Alarm) -> Alert:
    kinds = Counter(_kind(problem) for problem in batch.problems)
    counted = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    lines = [f"The batch of {batch.period} ({batch.company}) needs a person.", "", "What is true now:"]
    lines += [f"  {line}" for line in _standing(batch)]
    if batch.kept_back:
        lines.append(f"  {batch.kept_back}")
    owners = [alarm.expects_of_owner(failed.edition) for failed in batch.failed]
    lines += [f"  {owner[:1].upper()}{owner[1:]}." for owner in owners]
    lines += ["", "What happened, and what to type next in the project's folder:"]
    for said in told_in_one(batch.problems, _shortly):
        lines += ["", said]
    body = alarm.redactor.text("\n".join(lines) + "\n")
    return Alert(f"Quarterdeck {batch.company} {batch.period}: {counted}", body)


def _kind(problem: Exception) -> str:
    match problem:
        case NotebookFailed():
            return "failed"
        case EditionHeld() | DataNotReady():
            return "held"
        case MailDeferred():
            return "deferred"
        case MailRefused():
            return "refused"
        case DeliveryUnknown():
            return "in doubt"
        case _:
            return "stopped"


def _standing(batch: Trouble) -> Iterator[str]:
    """Each edition and each delivery as the ledger has them, so also those of other starts."""
    if batch.ledger is None:
        yield "This start began nothing and mailed nobody; what earlier ones did could not be read."
        return
    try:
        for edition in batch.ledger.editions(batch.period):
            yield f"{edition.name} is {edition.state}"
            for delivery in batch.ledger.deliveries(edition.name):
                yield f"  to {delivery.shown}: {delivery.state}"
    except QuarterdeckError as error:
        yield f"The ledger could not be read: {_first_line(error)}"


def _shortly(problem: Exception) -> str:
    """A problem without the cell and its traceback, which are the owner's; without an unknown error's text."""
    match problem:
        case NotebookFailed(edition=edition, cell=cell, reason=reason, kept=kept):
            return str(NotebookFailed(edition, cell, "", reason, "", kept)).replace("\n\n\n", "\n")
        case QuarterdeckError():
            return str(problem)
        case _:
            return (
                f"It was stopped by an error that nobody foresaw ({type(problem).__name__}); the log has it all.\n"
                "What was recorded before stands; no mail leaves twice. Look, then start the same command again, or\n"
                "  python runner.py show"
            )


def _tell_owner(batch: Trouble, failed: NotebookFailed, alarm: Alarm) -> None:
    code = alarm.redactor.code
    traceback = failed.traceback[-_MOST_TRACEBACK:]
    shown = NotebookFailed(
        failed.edition, failed.cell, code(failed.source), code(failed.reason), code(traceback), failed.kept
    )
    where = f" in cell {failed.cell}" if failed.cell else ""
    alert = Alert(
        f"Quarterdeck: the notebook of {failed.edition} failed{where}", f"{shown}\n\nNo reader gets this mail.\n"
    )
    snapshot = (batch.snapshots or {}).get(failed.edition, "")
    alarm.tell_owner(failed.edition, alert, snapshot=snapshot)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
