"""`check` for mail: who is logged in where, and whether SES would take and deliver what a send would mail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from quarterdeck.aws import client, in_our_words
from quarterdeck.cli.check import Checked
from quarterdeck.config import Environment, load_params, report_names
from quarterdeck.errors import QuarterdeckError
from quarterdeck.mail.ses_account import Account
from quarterdeck.mail.ses_preflight import Finding, Posting, preflight
from quarterdeck.pipeline import Request, recipients_of

_ATTEMPTS = 2
_ANSWER_WITHIN_S = 10.0


def mail_checks(request: Request, environment: Environment) -> Iterator[Checked]:
    """Everything a mail needs, one line each; without credentials or an answer, SES is not asked."""
    readers = _readers(request, environment)
    yield _recipients(readers, environment)
    try:
        yield Checked("aws", _identity())
        account = Account(client("sesv2", attempts=_ATTEMPTS, answer_within_s=_ANSWER_WITHIN_S))
        for finding in preflight(account, account.standing(), _posting(readers, environment)):
            yield _checked(finding)
    except QuarterdeckError as error:
        yield Checked("mail", str(error), is_right=False)


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


def _identity() -> str:
    sts = client("sts", attempts=_ATTEMPTS, answer_within_s=_ANSWER_WITHIN_S)
    with in_our_words("AWS credentials", permission="sts:GetCallerIdentity"):
        who = sts.get_caller_identity()
    return f"account {who['Account']} in {sts.meta.region_name}, as {who['Arn'].rpartition(':')[2]}"


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
