"""
What can go wrong, one class per thing an operator would do about it.

    QuarterdeckError
    ├── InputInvalid        2   correct the file or the value, run again
    ├── CommandRefused      2   the command asks for what must not be done: type another
    ├── SnapshotDamaged     2   the frozen data is not what was frozen: collect again
    ├── StoreUnwritable     2   the disk is full or the folder read-only: make room, run again
    ├── AwsUnavailable      2   AWS does not let us, or does not answer: mend account or region, run again
    ├── CollectingOverdue   2   reading the sources takes too long for this start: read them otherwise
    ├── EventsLeft          2   events about mails were not taken in: look at them, hand them in again
    ├── DataNotReady        3   wait for the data, run again
    ├── NotebookFailed      4   mend the notebook, run again
    │   └── ReportOverdue   4   make it quicker, or its limit longer, run again
    ├── SendingRefused      5   the mail service would take no mail at all: mend the account, run again
    ├── MailRefused         5   this recipient did not get it: mend the address or the account, run again
    │   └── MailDeferred    5   not now: run again when the message says
    ├── DeliveryUnknown     6   perhaps sent: look, then settle
    ├── EditionHeld         7   a gate keeps it back: mend it, or approve
    └── StartUnfinished     *   a start on Lambda left something undone: look, then start it again

Exit codes are the contract with cron, systemd and the person at the terminal. When several
apply, the one that needs a person soonest wins: 6 before 5 before 7 before 4 before 3 before 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

EXIT_CODES = {
    0: "done",
    2: "params or command wrong",
    3: "data not ready",
    4: "a notebook failed",
    5: "at least one delivery refused or deferred, none in doubt",
    6: "perhaps sent: look, then settle",
    7: "held",
}

_MOST_URGENT_FIRST = (6, 5, 7, 4, 3, 2)


def worst_exit_code(codes: Iterable[int]) -> int:
    """The exit code of a command that met *codes*: the most urgent one, 0 when there is none."""
    met = set(codes)
    return next((code for code in _MOST_URGENT_FIRST if code in met), 0)


class QuarterdeckError(Exception):
    """Base of all known errors: the message says what happened, what is true now, what to type next."""

    exit_code = 2


class InputInvalid(QuarterdeckError):
    """
    Something that people write cannot be used as it stands.

    Args:
        place: File, with line, row or key: `sample/company.yaml, line 4, time_zone`.
        found: The offending value, as it stands there.
        expected: What would be accepted.
        mend: The next command to type.
    """

    exit_code = 2

    def __init__(self, place: str, found: str, expected: str, mend: str = "python runner.py check") -> None:
        super().__init__(place, found, expected, mend)  # plain args, so the error survives pickling
        self.place = place
        self.found = found
        self.expected = expected
        self.mend = mend

    def __str__(self) -> str:
        return (
            f"{self.place}: found {self.found}, expected {self.expected}.\n"
            "Nothing was sent, and nothing half-written was kept.\n"
            f"Correct it, then run\n  {self.mend}"
        )


class CommandRefused(QuarterdeckError):
    """The command asks for something that must not be done; nothing was done."""

    exit_code = 2

    def __init__(self, refused: str, because: str, instead: str) -> None:
        super().__init__(refused, because, instead)
        self.refused = refused
        self.because = because
        self.instead = instead

    def __str__(self) -> str:
        return f"{self.refused}: {self.because}.\nNothing was done.\nInstead, run\n  {self.instead}"


class SnapshotDamaged(QuarterdeckError):
    """A snapshot's files are not those that its manifest describes."""

    exit_code = 2

    def __init__(self, folder: str, what: str) -> None:
        super().__init__(folder, what)
        self.folder = folder
        self.what = what

    def __str__(self) -> str:
        return (
            f"snapshot {self.folder}: {self.what}.\n"
            "Nothing was read from it, and no figure was made.\n"
            "Move that folder away, then run\n  python runner.py collect"
        )


class StoreUnwritable(QuarterdeckError):
    """*path* could not be written, for *reason*, the system's words: the disk is full, or the folder is not ours."""

    exit_code = 2

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"{self.path} could not be written: {self.reason}.\n"
            "Nothing half-written was kept, and what stood there before is unchanged.\n"
            "Make room or name another folder, then run the same command again, or\n"
            "  python runner.py run --outputs FOLDER"
        )


class AwsUnavailable(QuarterdeckError):
    """
    AWS said no for a reason that lies in the account, or did not answer.

    Args:
        subject: What was asked: `DynamoDB table quarterdeck`.
        reason: Why it did not do it.
        mend: What a person does about it, as the beginning of a sentence: `Log in again`.
    """

    exit_code = 2

    def __init__(self, subject: str, reason: str, mend: str) -> None:
        super().__init__(subject, reason, mend)
        self.subject = subject
        self.reason = reason
        self.mend = mend

    def __str__(self) -> str:
        return (
            f"{self.subject}: {self.reason}.\n"
            "What was recorded before stands, and nothing half-written was kept.\n"
            f"{self.mend}, then run the same command again, or\n  python runner.py check"
        )


class CollectingOverdue(QuarterdeckError):
    """The time of this start was over when *read* ("1,200 items") of *source* were read; nothing was frozen."""

    exit_code = 2

    def __init__(self, source: str, read: str, period: str) -> None:
        super().__init__(source, read, period)
        self.source, self.read, self.period = source, read, period

    def __str__(self) -> str:
        return (
            f"{self.source}: {self.read} were read when the time to collect was over.\n"
            "No report is made of half a table: what was read is thrown away, and no mail has left.\n"
            "Give a table more segments: in company.yaml, or read its newest export (export: in place of table:).\n"
            "Or build the week where there is time; the next start goes on from there, and mails it\n"
            f"  python runner.py run --period {self.period}"
        )


class EventsLeft(QuarterdeckError):
    """*left* says why some of the *of* events about mails were not taken in or told, one sentence each, no address."""

    exit_code = 2

    def __init__(self, left: tuple[str, ...], of: int) -> None:
        super().__init__(left, of)
        self.left = left
        self.of = of

    def __str__(self) -> str:
        listed = "\n".join(f"  - {one}" for one in self.left)
        return (
            f"{len(self.left)} of {self.of} events about mails were left:\n{listed}\n"
            "The others were taken in. No event makes a mail leave, and the same event may be handed in again.\n"
            "They lie in the on-failure queue; what the ledger knows is shown by\n  python runner.py show"
        )


class DataNotReady(QuarterdeckError):
    """The data is too old, or the period is not over: the report was not mailed."""

    exit_code = 3

    def __init__(self, subject: str, what: str, retry: str) -> None:
        super().__init__(subject, what, retry)
        self.subject = subject
        self.what = what
        self.retry = retry

    def __str__(self) -> str:
        return f"{self.subject}: {self.what}.\nNo mail has left.\nWhen the data is there, run\n  {self.retry}"


class NotebookFailed(QuarterdeckError):
    """
    A notebook did not run to its end; the executed part is kept.

    Args:
        edition: `cfo/2026-W48`.
        cell: Number of the failing code cell, counted from 1 over all cells, or 0 when unknown.
        source: The cell's source.
        reason: Last line of the traceback, the time-out, or how the kernel ended.
        traceback: The whole traceback without terminal colours; may be empty.
        kept: Path of the executed notebook.
    """

    exit_code = 4

    def __init__(self, edition: str, cell: int, source: str, reason: str, traceback: str, kept: str) -> None:
        super().__init__(edition, cell, source, reason, traceback, kept)
        self.edition = edition
        self.cell = cell
        self.source = source
        self.reason = reason
        self.traceback = traceback
        self.kept = kept

    def __str__(self) -> str:
        report, _, period = self.edition.partition("/")
        detail = f"\n{self.traceback.rstrip()}\n" if self.traceback else "\n"
        where = f"cell {self.cell} failed: " if self.cell else ""
        return (
            f"{self.edition}: {where}{self.reason}\n"
            f"{_quoted(self.source)}\n{detail}"
            f"The other reports are untouched; what ran is kept in {self.kept}.\n"
            f"Mend the notebook, then run\n  python runner.py run {report} --period {period}"
        )


class ReportOverdue(NotebookFailed):
    """A notebook was ended because its time was over: its reason is in our words, and quotes nothing."""


class SendingRefused(QuarterdeckError):
    """The mail service, asked before any claim, would take no mail; each of *findings* says what mends it."""

    exit_code = 5

    def __init__(self, findings: tuple[str, ...]) -> None:
        super().__init__(findings)
        self.findings = findings

    def __str__(self) -> str:
        listed = "\n".join(f"  - {finding}" for finding in self.findings)
        return (
            f"No mail would be taken:\n{listed}\n"
            "Nothing was claimed, and no mail has left.\n"
            "Mend what is listed, then run the same command again; look at all of it with\n  python runner.py check"
        )


class MailRefused(QuarterdeckError):
    """
    A clear no: this recipient did not get the edition.

    Args:
        edition: `cfo/2026-W48`.
        recipient: What a person may read of the address.
        reason: The mail service's words, or ours.
        got: Who has the edition, likewise; None while that is not known.
    """

    exit_code = 5

    def __init__(self, edition: str, recipient: str, reason: str, got: tuple[str, ...] | None = None) -> None:
        super().__init__(edition, recipient, reason, got)
        self.edition = edition
        self.recipient = recipient
        self.reason = reason
        self.got = got

    def __str__(self) -> str:
        return (
            f"{self.edition}: the mail to {self.recipient} was refused ({self.reason}).\n"
            f"It has not left.{self._who_has_it()}\nWhen the cause is mended, run the same command again; "
            f"see who got it with\n  python runner.py show {self.edition}"
        )

    def knowing(self, got: tuple[str, ...]) -> MailRefused:
        """The same refusal, told when all of the edition's mails were tried."""
        return MailRefused(self.edition, self.recipient, self.reason, got)

    def _who_has_it(self) -> str:
        if self.got is None:
            return ""
        return f" Who has the edition: {', '.join(self.got)}." if self.got else " Nobody has the edition yet."


class MailDeferred(MailRefused):
    """
    A clear no for now: the mail service takes no more at the moment.

    Args:
        again_at: When it will take it again at the latest, tz-aware.
    """

    def __init__(
        self, edition: str, recipient: str, reason: str, again_at: datetime, got: tuple[str, ...] | None = None
    ) -> None:
        super().__init__(edition, recipient, reason, got)
        self.args = (edition, recipient, reason, again_at, got)
        self.again_at = again_at

    def __str__(self) -> str:
        return (
            f"{self.edition}: the mail to {self.recipient} was put off ({self.reason}).\n"
            f"It has not left.{self._who_has_it()}\n"
            f"Run the same command again at {self.again_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC: by then it is taken. "
            f"See who got it with\n  python runner.py show {self.edition}"
        )

    def knowing(self, got: tuple[str, ...]) -> MailDeferred:
        return MailDeferred(self.edition, self.recipient, self.reason, self.again_at, got)


class DeliveryUnknown(QuarterdeckError):
    """The request left, the answer did not come back: never resend by machine."""

    exit_code = 6

    def __init__(self, edition: str, cause: str) -> None:
        super().__init__(edition, cause)
        self.edition = edition
        self.cause = cause

    def __str__(self) -> str:
        return (
            f"{self.edition}: the answer to a send was lost ({self.cause}).\n"
            "The mail may already be in an inbox, so it will not be sent again.\n"
            "Look it up, then run one of these, with --to ADDRESS for one reader of several\n"
            f"  python runner.py settle {self.edition} --sent\n"
            f"  python runner.py settle {self.edition} --not-sent"
        )


class EditionHeld(QuarterdeckError):
    """A gate keeps an edition back."""

    exit_code = 7

    def __init__(self, edition: str, findings: tuple[str, ...]) -> None:
        super().__init__(edition, findings)
        self.edition = edition
        self.findings = findings

    def __str__(self) -> str:
        listed = "\n".join(f"  - {finding}" for finding in self.findings)
        report, _, period = self.edition.partition("/")
        return (
            f"{self.edition} is held:\n{listed}\n"
            "It was built and kept, and no mail has left.\n"
            f"Mend what is listed, then run\n  python runner.py run {report} --period {period}\n"
            f'or, where it is no fault, run\n  python runner.py approve {self.edition} --because "…"'
        )


class StartUnfinished(QuarterdeckError):
    """A start on Lambda, of *period*, left something undone; *account* says what came of it, without addresses."""

    def __init__(self, period: str, account: str, exit_code: int) -> None:
        super().__init__(period, account, exit_code)
        self.period, self.account, self.exit_code = period, account, exit_code

    def __str__(self) -> str:
        return (
            f"the batch of {self.period} is not finished: {self.account}.\n"
            "What was done is recorded; a start with the same event goes on from there, and mails nobody twice.\n"
            f"See how it stands with\n  python runner.py show {self.period}"
        )


def _quoted(source: str) -> str:
    """A cell, indented; of a long one the first and last five lines: enough to find it, short enough to read."""
    lines = source.splitlines()
    shown = lines if len(lines) <= 10 else [*lines[:5], "…", *lines[-5:]]
    return "\n".join(f"  {line}" for line in shown)
