"""`check` for mail: who would get it, and whether SES would take and deliver what a send would mail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from quarterdeck.aws import client
from quarterdeck.cli.check import Checked
from quarterdeck.config import Environment, load_params, report_names
from quarterdeck.errors import QuarterdeckError
from quarterdeck.mail.ses_account import Account
from quarterdeck.mail.ses_preflight import Finding, Posting, preflight
from quarterdeck.pipeline import recipients_of
from quarterdeck.request import Request

_ATTEMPTS = 2
_ANSWER_WITHIN_S = 10.0


def reader_checks(request: Request, environment: Environment) -> Iterator[Checked]:
    """Whether every report has a reader."""
    yield _recipients(_readers(request, environment), environment)


def ses_checks(request: Request, environment: Environment) -> Iterator[Checked]:
    """
    Everything that SES has to say of a send, one line each.

    Raises:
        AwsUnavailable: Nobody is logged in, or SES does not answer.
    """
    account = Account(client("sesv2", attempts=_ATTEMPTS, answer_within_s=_ANSWER_WITHIN_S))
    for finding in preflight(account, account.standing(), _posting(_readers(request, environment), environment)):
        yield _checked(finding)


def _readers(request: Request, environment: Environment) -> Mapping[str, tuple[str, ...]]:
    """Who gets which report."""
    readers: dict[str, tuple[str, ...]] = {}
    for report in report_names(request.root / "params"):
        with suppress(QuarterdeckError):  # a line of its own says what is wrong with these params
            readers[report] = recipients_of(load_params(request.root / "params", report), environment)
    return readers


def _recipients(readers: Mapping[str, tuple[str, ...]], environment: Environment) -> Checked:
    nobody = [report for report, its_readers in readers.items() if not its_readers]
    if nobody:
        said = f"{', '.join(nobody)} would go to nobody. Set SES_RECIPIENT_EMAIL, or delivery in their params"
        return Checked("mail", said, is_right=False)
    return Checked("mail", f"from {environment.sender} to {', '.join(sorted(set().union(*readers.values())))}")


def _posting(readers: Mapping[str, tuple[str, ...]], environment: Environment) -> Posting:
    mails = [reader for its_readers in readers.values() for reader in its_readers]
    return Posting(
        environment.sender or "",
        bcc=(environment.bcc,) if environment.bcc else (),
        recipients=tuple(dict.fromkeys(mails)),
        configuration_set=environment.configuration_set,
        messages=len(mails),
    )


def _checked(finding: Finding) -> Checked:
    if finding.verdict == "wrong":
        return Checked(finding.about, f"{finding.said}. Mend it with\n  {finding.mend}", is_right=False)
    return Checked(finding.about, finding.said, is_right=True if finding.verdict == "right" else None)
