"""`check`: everything that a run needs, one line each, before anything is made."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from quarterdeck.charts.lettering import font_file
from quarterdeck.config import Environment, load_company, load_params, report_names
from quarterdeck.errors import CommandRefused, InputInvalid, QuarterdeckError, StoreUnwritable
from quarterdeck.execute import accepted_parameters
from quarterdeck.ledger import find_ledger, ledger_file
from quarterdeck.pipeline.plan import LEDGER_OF_ONE
from quarterdeck.request import Request
from quarterdeck.snapshot import open_snapshot, take_snapshot
from quarterdeck.sources import collect
from quarterdeck.store import is_bucket


@dataclass(frozen=True)
class Checked:
    """
    One thing that was tried.

    Args:
        said: What was found, or what is wrong and what mends it.
        is_right: None where it could not be asked.
    """

    name: str
    said: str
    is_right: bool | None = True


def checks(request: Request, environment: Environment, now: datetime) -> Iterator[Checked]:
    """Try everything that a run of *request* needs; a snapshot is taken in a scratch folder, and thrown away."""
    yield _tried("company", partial(_company, request))
    for report in report_names(request.root / "params"):
        yield _tried(f"report {report}", partial(_report, request, report))
    yield _tried("sources", partial(_sources, request, now))
    yield _tried("fonts", _fonts)
    yield _tried("outputs", partial(_outputs, request))
    yield _tried("ledger", partial(_ledger, request, environment, now))
    if _is_on_aws(request, environment):
        from quarterdeck.cli.check_aws import aws_checks  # noqa: PLC0415 - without AWS, boto3 is never loaded

        yield from aws_checks(request, environment)
    if environment.sender is None:
        yield Checked("mail", "SES_SENDER_EMAIL is not set: messages stay files")


def _is_on_aws(request: Request, environment: Environment) -> bool:
    with suppress(InputInvalid):  # said above
        if load_company(request.company).sources.files is None:
            return True
    places = (environment.store or "", environment.ledger or "")
    return bool(environment.sender or environment.alerts_topic) or any(
        place.startswith(("s3://", "dynamodb:")) for place in places
    )


def _tried(name: str, look: Callable[[], str]) -> Checked:
    try:
        return Checked(name, look())
    except QuarterdeckError as error:
        return Checked(name, str(error), is_right=False)


def _company(request: Request) -> str:
    company = load_company(request.company)
    return f"{company.name}, {company.currency}, {company.time_zone}" + (", a sample" if company.sample else "")


def _report(request: Request, report: str) -> str:
    params = load_params(request.root / "params", report)
    notebook = request.root / "notebooks" / f"{report}.ipynb"
    accepted_parameters(notebook, params.parameters)
    return f"{params.title}, owner {params.owner}"


def _sources(request: Request, now: datetime) -> str:
    company = load_company(request.company)
    collected = collect(company, request.company)
    with tempfile.TemporaryDirectory() as scratch:
        folder = take_snapshot(collected, company, as_of=company.as_of or now, store=Path(scratch), collected_at=now)
        rows = open_snapshot(folder).row_counts
    return ", ".join(f"{name} {count:,}" for name, count in rows.items())


def _fonts() -> str:
    return ", ".join(font_file(weight).name for weight in ("Regular", "Semibold"))


def _outputs(request: Request) -> str:
    if is_bucket(request.store):
        return f"{request.store} is a bucket"  # which is looked at with all else on AWS
    folder = Path(request.store)
    if not folder.exists():  # to look is not to make
        above = next(one for one in folder.absolute().parents if one.exists())
        if not (above.is_dir() and os.access(above, os.W_OK | os.X_OK)):
            raise StoreUnwritable(str(folder), f"it is not there, and {above} does not let us make it")
        return f"{folder} is made by the first run"
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        raise StoreUnwritable(str(folder), "it is no folder, or none that is ours to write in")
    return f"{request.store} can be written"


def _ledger(request: Request, environment: Environment, now: datetime) -> str:
    slug = load_company(request.company).slug
    if environment.sender is not None and is_bucket(request.store) and ledger_file(environment.ledger, slug):
        raise CommandRefused("ledger", LEDGER_OF_ONE, "QUARTERDECK_LEDGER=dynamodb:TABLE python runner.py check")
    ledger = find_ledger(environment.ledger, slug, lambda: now)
    if ledger is None:
        return f"{ledger_file(environment.ledger, slug) or environment.ledger} is begun by the first run"
    return f"{len(ledger.batches())} batches"
