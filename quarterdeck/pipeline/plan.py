"""Plan: what a command asks for, resolved and refused before anything is read or made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from quarterdeck.config import Company, Environment, Params, load_company, load_params, report_names
from quarterdeck.errors import CommandRefused, DataNotReady, InputInvalid
from quarterdeck.execute import accepted_parameters
from quarterdeck.ledger import ledger_file
from quarterdeck.mail import bare_address
from quarterdeck.period import Period
from quarterdeck.request import Purpose, Request
from quarterdeck.store import is_bucket

_RESERVED_FOR_EXAMPLES = (
    ".example",
    "@example.com",
    "@example.org",
    "@example.net",
    ".example.com",
    ".test",
    ".invalid",
)

LEDGER_OF_ONE = (
    "the store is a bucket, which other machines share, and the ledger a file of this one: each of them would mail"
)


@dataclass(frozen=True)
class Report:
    """
    One report, ready to run: its notebook, and the values its params and the command give it.

    Args:
        accepts: The names its `parameters` cell declares; empty for a notebook that has none.
    """

    params: Params
    params_file: Path
    notebook: Path
    parameters: Mapping[str, object]
    accepts: frozenset[str]

    @property
    def name(self) -> str:
        return self.params.report


@dataclass(frozen=True)
class Plan:
    """
    A batch as it will be made.

    Args:
        as_of: The company's, or the moment of collecting.
        now: The moment of collecting, tz-aware.
        is_forced: Whether what has not changed is executed too.
    """

    company: Company
    company_folder: Path
    store: Path | str
    root: Path
    period: Period
    reports: tuple[Report, ...]
    purpose: Purpose
    as_of: datetime
    now: datetime
    environment: Environment
    is_forced: bool = False

    def edition(self, report: Report) -> str:
        return f"{report.name}/{self.period}"

    def recipients(self, report: Report) -> tuple[str, ...]:
        """Who gets *report*."""
        return recipients_of(report.params, self.environment)

    @property
    def copies(self) -> tuple[str, ...]:
        """Who gets a silent copy of every mail, for audit."""
        return (self.environment.bcc,) if self.environment.bcc else ()


def recipients_of(params: Params, environment: Environment) -> tuple[str, ...]:
    """Who gets a report: its params' addresses, else the one of the environment, else nobody."""
    if params.delivery is not None:
        return params.delivery.to
    return (environment.recipient,) if environment.recipient else ()


def is_for_examples(address: str) -> bool:
    """Whether *address* is one that stands in documents only, and reaches nobody."""
    return address.lower().endswith(_RESERVED_FOR_EXAMPLES)


def make_plan(request: Request, environment: Environment, now: datetime) -> Plan:
    """
    Resolve *request*; *now* is the moment of collecting, tz-aware.

    Raises:
        InputInvalid: A file, name, parameter or period cannot be used.
        CommandRefused: `send` for a company that was not named or is a sample, without sender or recipient,
            or to an address that exists in examples only.
        DataNotReady: `send` for a period that is not over.
    """
    company = load_company(request.company)
    as_of = company.as_of or now
    period = (
        Period.parse(request.period, company.time_zone)
        if request.period
        else Period.last_full(as_of, company.time_zone)
    )
    names = list(dict.fromkeys(request.reports)) or report_names(request.root / "params")
    reports = tuple(_report(request.root, name, request.overrides or {}) for name in names)
    plan = Plan(
        company,
        request.company,
        request.store,
        request.root,
        period,
        reports,
        request.purpose,
        as_of,
        now,
        environment,
        is_forced=request.is_forced or request.purpose == "rerun",
    )
    if period.start >= as_of:
        last = Period.last_full(as_of, company.time_zone)
        raise InputInvalid(
            "period", str(period), f"a week that had begun at {as_of:%Y-%m-%d}", f"python runner.py run --period {last}"
        )
    if request.purpose == "send":
        _refuse_what_must_not_be_sent(plan, is_company_named=request.is_company_named)
    return plan


def _plain(parameters: Mapping[str, object]) -> dict[str, object]:
    """As JSON and papermill know them: a broken number is a float there."""
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in parameters.items()}


def _report(root: Path, name: str, overrides: Mapping[str, object]) -> Report:
    params = load_params(root / "params", name)
    notebook = root / "notebooks" / f"{name}.ipynb"
    own = {**_plain(params.parameters), **overrides}
    return Report(
        params, root / "params" / f"{name}.yaml", notebook, own, frozenset(accepted_parameters(notebook, own))
    )


def _refuse_what_must_not_be_sent(plan: Plan, *, is_company_named: bool) -> None:
    look = f"python runner.py run --period {plan.period} --dry-run"
    if not is_company_named:
        raise CommandRefused("--send", "no company was named", "python runner.py run --company FOLDER --send")
    if plan.company.sample:
        raise CommandRefused("--send", f"{plan.company.name} is a sample and can never be sent", look)
    if not plan.environment.sender:
        raise CommandRefused("--send", "SES_SENDER_EMAIL is not set", look)
    bare_address("SES_SENDER_EMAIL", plan.environment.sender)
    for copies in plan.copies:
        _refuse_all_but_addresses("SES_BCC_EMAIL", copies)
    if is_bucket(plan.store) and ledger_file(plan.environment.ledger, plan.company.slug) is not None:
        raise CommandRefused("--send", LEDGER_OF_ONE, "QUARTERDECK_LEDGER=dynamodb:TABLE python runner.py run --send")
    _refuse_readers_that_are_none(plan, look)
    if not plan.period.is_over_at(plan.as_of):
        raise DataNotReady(
            str(plan.period),
            f"the week ends at {plan.period.end:%Y-%m-%d %H:%M} UTC, and its data is of {plan.as_of:%Y-%m-%d %H:%M}",
            f"python runner.py run --period {plan.period} --send",
        )


def _refuse_readers_that_are_none(plan: Plan, look: str) -> None:
    for report in plan.reports:
        recipients = plan.recipients(report)
        if not recipients:
            raise CommandRefused("--send", f"{report.name} has no recipient: SES_RECIPIENT_EMAIL is not set", look)
        for recipient in recipients:
            _refuse_all_but_addresses(f"the recipient of {report.name}", recipient)
        examples = [one for one in recipients if is_for_examples(one)]
        if examples and not plan.environment.endpoint:  # a stand-in for AWS delivers nothing
            raise CommandRefused(
                "--send", f"{report.name} would go to {examples[0]}, which exists in examples only", look
            )


def _refuse_all_but_addresses(what: str, text: str) -> None:
    """A name beside the address would make two recipients of one in the ledger; a line break, a header of its own."""
    if bare_address(what, text) != text:
        raise InputInvalid(what, repr(text), "an address without a name such as cfo@example.com")
