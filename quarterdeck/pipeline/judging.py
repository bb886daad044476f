"""Judging: what the gates say of each edition, alone and beside the others of its batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from quarterdeck.blocks import FigureRecord
from quarterdeck.config import edition_parts
from quarterdeck.errors import CommandRefused, DataNotReady, EditionHeld, QuarterdeckError
from quarterdeck.gates import reconcile
from quarterdeck.inventory import AssetInventory
from quarterdeck.ledger import Run, without_addresses
from quarterdeck.log import logger
from quarterdeck.pipeline.manifest import figures_of
from quarterdeck.pipeline.plan import Report
from quarterdeck.pipeline.workshop import Built, State, Workshop, is_overtaken, overtaken

_log = logger()


def judged(workshop: Workshop, made: Sequence[Built]) -> Iterator[Built]:
    """Each edition with what the gates found, over it alone and over all of the batch together."""
    shown = {built.edition: built.shown.metrics for built in made if built.shown is not None}
    disputed = reconcile({**shown, **dict(_shown_by_others(workshop, made))} if shown else {})
    for built in made:
        if built.shown is None or built.run is None:
            yield built
            continue
        yield _judgement(workshop, built, built.run, disputed.get(built.edition, ()))


def _shown_by_others(workshop: Workshop, made: Sequence[Built]) -> Iterator[tuple[str, Mapping[str, FigureRecord]]]:
    """The figures of the batch's other editions, as they are kept: readers get all of the batch."""
    ours = {built.edition for built in made}
    for other in workshop.ledger.editions(str(workshop.plan.period)):
        is_of_this_snapshot = other.snapshot == workshop.inventory.snapshot
        if other.name not in ours and is_of_this_snapshot and other.state in ("ready", "held", "released"):
            yield other.name, figures_of(workshop.store.fetch_edition(other.name))


def _judgement(workshop: Workshop, built: Built, run: Run, disputed: Sequence[str]) -> Built:
    assert built.shown is not None  # noqa: S101 - only what was rendered is judged
    edition = workshop.ledger.edition(built.edition)
    accepted = edition.accepted if edition else frozenset()
    late_tables = late_for(built.edition, built.report, workshop.inventory)
    not_ready = [late for late in late_tables if late.what not in accepted]
    findings = [*built.shown.findings, *disputed]
    # Compared as the ledger keeps them: without addresses
    open_findings = tuple(finding for finding in findings if without_addresses(finding) not in accepted)
    problems: list[QuarterdeckError] = [*not_ready]
    if open_findings:
        problems.append(EditionHeld(built.edition, open_findings))
    if problems:
        workshop.ledger.hold(built.edition, run.id, [*(late.what for late in not_ready), *open_findings])
    else:
        standing = workshop.ledger.mark_ready(built.edition, run.id)
        if standing.state not in ("ready", "released"):
            because = f"it is {standing.state}: its batch has another snapshot by now"
            problems.append(CommandRefused(built.edition, because, f"python runner.py show {built.edition}"))
    if is_overtaken(workshop.ledger, built):
        return overtaken(workshop, built)
    state: State = "held" if problems else "ready"
    _log.info(f"edition {state}", edition=built.edition, run=run.id, findings=open_findings)
    workshop.progress(built.edition, state)
    return replace(built, state=state, problems=tuple(problems))


def late_for(edition: str, report: Report, inventory: AssetInventory) -> Iterator[DataNotReady]:
    """The tables that are older at the snapshot's as-of than the report allows; an absent one is ignored."""
    build = f"python runner.py run {report.name} --period {edition_parts(edition)[1]}"
    for table, need in report.params.needs.items():
        age = inventory.age(table)
        if age is None and inventory.has(table):
            what = f"how old its {table} are is not known, and it allows {need.max_age_hours} h"
            yield DataNotReady(edition, what, build)
        if age is not None and age > timedelta(hours=need.max_age_hours):
            hours = int(age.total_seconds() // 3600)
            what = f"the newest of its {table} is {hours} h old, and it allows {need.max_age_hours} h"
            yield DataNotReady(edition, what, build)
