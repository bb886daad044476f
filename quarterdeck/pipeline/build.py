"""Build: the editions of one batch, from a frozen snapshot to pages and messages that the gates have seen."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from quarterdeck.config import edition_parts
from quarterdeck.errors import (
    AwsUnavailable,
    CommandRefused,
    NotebookFailed,
    QuarterdeckError,
    ReportOverdue,
    StoreUnwritable,
)
from quarterdeck.execute import STANDARD_PARAMETERS, Job, execute
from quarterdeck.files import write_beside_then_rename
from quarterdeck.gates import check_edition
from quarterdeck.ledger import Ledger, Run
from quarterdeck.log import logger
from quarterdeck.period import Period
from quarterdeck.pipeline.judging import judged
from quarterdeck.pipeline.manifest import (
    MANIFEST,
    Facts,
    code_inputs,
    inputs_of,
    inputs_of_notebook,
    is_current,
    is_of_a_whole_week,
    shows,
    write_manifest,
)
from quarterdeck.pipeline.plan import Report
from quarterdeck.pipeline.room import workers
from quarterdeck.pipeline.workshop import Built, Shown, Workshop, is_overtaken, lease_of, overtaken
from quarterdeck.pipeline.writing import refuse_another_look, rendered_from, restore_released
from quarterdeck.render import Rendered
from quarterdeck.store import Store, edition_before

_log = logger()


@dataclass(frozen=True)
class _Waiting:
    edition: str
    report: Report
    folder: Path
    previous: Path | None
    inputs: Mapping[str, str]
    standing: Run | None


@dataclass(frozen=True)
class _Draft(_Waiting):
    """What a run makes, or has made: then it is not executed again."""

    run: Run

    @property
    def is_executed(self) -> bool:
        return self.standing is not None


def build(workshop: Workshop) -> list[Built]:
    """
    Execute all, render all, gates over all; every edition ends as ready, held or failed in the ledger, but
    for those that are not begun because the time would not suffice: the next start makes them.

    An edition whose notebook, parameters, snapshot and code are unchanged is not executed again. One
    that was released is not touched: what readers got is what is kept.
    """
    released = [
        _left(workshop, report)
        for report in workshop.plan.reports
        if _is_released(workshop.ledger, workshop.plan.edition(report))
    ]
    left = {built.edition for built in released}
    code = code_inputs()
    waiting = [
        _waiting(workshop, report, code)
        for report in workshop.plan.reports
        if workshop.plan.edition(report) not in left
    ]
    made = [_rendered(workshop, *executed) for executed in _executed(workshop, waiting)]
    begun = {built.edition for built in made}
    missing = [
        Built(one.edition, one.report, one.folder, workshop.inventory.snapshot, "not begun")
        for one in waiting
        if one.edition not in begun
    ]
    order = [workshop.plan.edition(report) for report in workshop.plan.reports]
    return sorted([*released, *judged(workshop, made), *missing], key=lambda built: order.index(built.edition))


def _is_released(ledger: Ledger, edition: str) -> bool:
    standing = ledger.edition(edition)
    return standing is not None and standing.state == "released"


def _left(workshop: Workshop, report: Report) -> Built:
    """An edition that was released; for a send, with its message on this machine."""
    edition = workshop.plan.edition(report)
    folder = workshop.store.edition(edition)
    built = Built(edition, report, folder, workshop.inventory.snapshot, "released", kept=workshop.store.address(folder))
    if workshop.plan.purpose == "send":
        try:
            restore_released(workshop.plan, workshop.inventory, report, workshop.store)
        except QuarterdeckError as error:
            return replace(built, problems=(error,))
    return built


def _waiting(workshop: Workshop, report: Report, code: Mapping[str, str]) -> _Waiting:
    edition = workshop.plan.edition(report)
    previous = previous_edition(edition, workshop.plan.period, workshop.store, workshop.ledger)
    folder = workshop.store.edition(edition)
    inputs = inputs_of(report, workshop.inventory.snapshot, previous, code)
    standing = None if workshop.plan.is_forced else _standing_run(workshop.ledger, edition)
    if standing is not None and not is_current(workshop.store.fetch_edition(edition), inputs):
        standing = None
    return _Waiting(edition, report, folder, previous, inputs, standing)


def _begun(workshop: Workshop, waiting: _Waiting) -> _Draft:
    """*waiting* with a new run, over the snapshot that all of its batch read."""
    run = workshop.ledger.start_run(waiting.edition, lease_of(waiting.report))
    _log.info("run started", edition=waiting.edition, run=run.id, snapshot=run.snapshot)
    if run.snapshot != workshop.inventory.snapshot:
        workshop.ledger.finish_run(run, "failed", seconds=0, reason="another start put a new snapshot under its batch")
        raise CommandRefused(
            waiting.edition,
            f"another start has put snapshot {run.snapshot} under its batch meanwhile",
            f"python runner.py run --period {workshop.plan.period}",
        )
    return _Draft(**vars(waiting), run=run)


def previous_edition(edition: str, period: Period, store: Store, ledger: Ledger) -> Path | None:
    """The folder of last week's edition, unless it is known not to be one that readers got or could have got."""
    report, _ = edition_parts(edition)
    before = ledger.edition(f"{report}/{period.shifted(-1)}")
    if before is not None and before.state not in ("released", "ready"):
        return None
    folder = store.previous(edition)
    # Built before its week was over, it was for looking only: nothing is compared with half a week
    return folder if folder is not None and is_of_a_whole_week(folder, period.shifted(-1)) else None


def _standing_run(ledger: Ledger, edition: str) -> Run | None:
    """The run that made the edition as it stands; what a person approved of it stays approved."""
    standing = ledger.edition(edition)
    if standing is None or standing.state not in ("ready", "held"):
        return None
    return next((run for run in ledger.runs(edition) if run.id == standing.run and run.state == "ready"), None)


def _executed(
    workshop: Workshop, waiting: Sequence[_Waiting]
) -> Iterator[tuple[_Draft, float, QuarterdeckError | None]]:
    """Each that time allowed to begin, with the seconds that its notebook took, and why it failed."""
    for one in waiting:
        if one.standing is not None:
            yield _Draft(**vars(one), run=one.standing), 0.0, None
    to_run = {one.edition: one for one in waiting if one.standing is None}
    drafts: dict[str, _Draft] = {}

    def begin(job: Job) -> float | None:
        allowed_s = workshop.time_left.for_a_report(job.limits.report_seconds)
        if allowed_s is not None:
            drafts[job.edition] = _begun(workshop, to_run[job.edition])
            workshop.progress(job.edition, "executing")
        return allowed_s

    # The longest first: begun last, it would run alone while the other cores idle
    order = sorted(to_run, key=lambda edition: _expected(workshop.ledger, to_run[edition]), reverse=True)
    jobs = [_job(workshop, to_run[edition]) for edition in order]
    for done in execute(jobs, workers=workers(), begin=begin):
        yield drafts[done.job.edition], done.seconds, done.failure


def _expected(ledger: Ledger, waiting: _Waiting) -> tuple[float, int]:
    """
    The milliseconds that the notebook took the last time, this week or the one before; and the bytes of its file.

    One that never came to its end is expected to take longest, and of several the one with most in it.
    """
    size = waiting.report.notebook.stat().st_size
    for name in (waiting.edition, edition_before(waiting.edition)):
        took = [run.milliseconds for run in ledger.runs(name) if run.state == "ready" and run.milliseconds is not None]
        if took:
            return took[-1], size
    return math.inf, size


def _job(workshop: Workshop, draft: _Waiting) -> Job:
    given = parameters_for(draft.report, workshop.plan.period, workshop.snapshot, draft.previous)
    executed, failed = draft.folder / "executed.ipynb", draft.folder / "failed.ipynb"
    return Job(draft.edition, draft.report.notebook, given, executed, failed, draft.report.params.limits)


def parameters_for(report: Report, period: Period, snapshot: Path, previous: Path | None) -> dict[str, object]:
    """What the `parameters` cell of *report* is given; nothing where it has none, as in a foreign notebook."""
    values = (str(snapshot.resolve()), str(period), str(previous.resolve()) if previous else "")
    standard = dict(zip(STANDARD_PARAMETERS, values, strict=True))
    return {**standard, **report.parameters} if report.accepts else {}


def _rendered(workshop: Workshop, draft: _Draft, seconds: float, failure: QuarterdeckError | None) -> Built:
    snapshot, kept = workshop.inventory.snapshot, workshop.store.address(draft.folder)
    built = Built(draft.edition, draft.report, draft.folder, snapshot, "failed", draft.run, seconds, kept=kept)
    if is_overtaken(workshop.ledger, built):
        return overtaken(workshop, built)
    if failure is None:
        workshop.progress(draft.edition, "rendering")
        try:
            built = _written(workshop, draft, replace(built, state="ready"))
        except StoreUnwritable:
            raise
        except CommandRefused as refused:  # it stands as it was, and does not leave
            workshop.progress(draft.edition, "held")
            return replace(built, state="held", problems=(refused,))
        except AwsUnavailable as error:
            return _failed(workshop, draft, replace(built, problems=(error,)))
        except Exception as error:  # noqa: BLE001 - what one notebook put out must not take the others along
            failure = _not_rendered(draft, error)
    if failure is not None:
        return _failed(workshop, draft, _with_notebook_kept(workshop, draft, replace(built, problems=(failure,))))
    workshop.ledger.finish_run(draft.run, "ready", seconds=seconds)
    return overtaken(workshop, built) if is_overtaken(workshop.ledger, built) else built


def _failed(workshop: Workshop, draft: _Draft, built: Built) -> Built:
    failure = built.problems[0]
    # Without its text: an exception's message may quote anything, and the ledger keeps no personal data
    said = failure.reason if isinstance(failure, ReportOverdue) else type(failure).__name__
    where = f" in cell {getattr(failure, 'cell', '?')}" if isinstance(failure, NotebookFailed) else ""
    reason = said + where
    workshop.ledger.finish_run(draft.run, "failed", seconds=built.seconds, reason=reason)
    _log.info("edition failed", edition=draft.edition, run=draft.run.id, reason=reason)
    workshop.progress(draft.edition, "failed")
    return replace(built, state="failed")


def _with_notebook_kept(workshop: Workshop, draft: _Draft, built: Built) -> Built:
    """What ran of a failed notebook is kept where the operator finds it: the machine may be gone by then."""
    failure = built.problems[0]
    if not isinstance(failure, NotebookFailed) or not Path(failure.kept).is_file():
        return built
    try:
        kept = workshop.store.keep_failed(draft.edition, draft.run.id, Path(failure.kept))
    except AwsUnavailable as error:
        return replace(built, kept=failure.kept, problems=(failure, error))
    told = type(failure)(failure.edition, failure.cell, failure.source, failure.reason, failure.traceback, kept)
    return replace(built, kept=kept, problems=(told,))


def _not_rendered(draft: _Draft, error: Exception) -> NotebookFailed:
    """The notebook ran, but what it put out cannot become a page: its author has to mend it."""
    reason = f"what it put out cannot be rendered: {str(error).partition(chr(10))[0] or type(error).__name__}"
    return NotebookFailed(draft.edition, 0, "", reason, "", str(draft.folder / "executed.ipynb"))


def _written(workshop: Workshop, draft: _Draft, built: Built) -> Built:
    """Render the executed notebook, and write page, message and, last, the manifest that makes them an edition."""
    plan, inventory, folder = workshop.plan, workshop.inventory, draft.folder
    rendered, message = rendered_from(plan, inventory, draft.report, folder, has_previous=draft.previous is not None)
    if draft.is_executed:
        refuse_another_look(plan, draft.report, folder, rendered)
    if draft.is_executed and shows(folder, rendered):
        write_beside_then_rename(folder / "message.eml", message)  # perhaps missing here, or for other readers
    else:
        _write(workshop, draft, rendered, message)
    workshop.store.keep_edition(draft.edition, lambda: not is_overtaken(workshop.ledger, built))
    findings = tuple(check_edition(rendered, message, inventory))
    return replace(built, shown=Shown(rendered.headline, rendered.metrics, len(message), findings))


def _write(workshop: Workshop, draft: _Draft, rendered: Rendered, message: bytes) -> None:
    folder = draft.folder
    (folder / MANIFEST).unlink(missing_ok=True)  # until it is written again, this is no edition
    write_beside_then_rename(folder / "page.html", rendered.page.encode())
    write_beside_then_rename(folder / "message.eml", message)
    (folder / "failed.ipynb").unlink(missing_ok=True)
    edition = workshop.ledger.edition(draft.edition)
    facts = Facts(draft.edition, edition.revision if edition else 1, rendered, _inputs_as_executed(draft))
    write_manifest(folder, workshop.plan, workshop.inventory, facts)


def _inputs_as_executed(draft: _Draft) -> Mapping[str, str]:
    """Its inputs; of a notebook that was saved after it was hashed nobody knows which was executed: it is, anew."""
    notebook = draft.report.notebook
    if inputs_of_notebook(notebook).items() <= draft.inputs.items():
        return draft.inputs
    return {**draft.inputs, **dict.fromkeys(inputs_of_notebook(notebook), "saved while it was executed")}
