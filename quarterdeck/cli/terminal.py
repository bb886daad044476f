"""What a person at a terminal, or the log of a timer, gets to see."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from quarterdeck.cli.hints import completed
from quarterdeck.cli.lines import err, out, print_lines, table_of
from quarterdeck.errors import worst_exit_code
from quarterdeck.put_off import told_in_one
from quarterdeck.standing import Line

if TYPE_CHECKING:  # to tell what was, nothing that makes it is loaded
    from quarterdeck.cli.check import Checked
    from quarterdeck.config import Company
    from quarterdeck.ledger import Edition, Ledger
    from quarterdeck.period import Period
    from quarterdeck.pipeline import Built, Delivered, Outcome

_ENDS = frozenset({"ready", "held", "failed", "released"})


class Watch:
    """
    Shows how far each edition is: one moving line each at a terminal, one printed line a step without one.

    Call it with (edition, stage); the edition is empty for what concerns all of them.
    """

    def __init__(self, editions: Sequence[str]) -> None:
        columns = (SpinnerColumn(finished_text=" "), TextColumn("{task.description}"), TimeElapsedColumn())
        self._progress = Progress(*columns, console=err, transient=True, disable=not err.is_terminal)
        self._width = max(map(len, editions), default=0)
        self._lines: dict[str, TaskID] = {}
        for name in ("", *editions):
            self._lines[name] = self._progress.add_task(self._said(name, "waiting"), total=1, start=False)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, edition: str, stage: str) -> None:
        if not err.is_terminal:
            err.print(escape(self._said(edition, stage)))
            return
        line = self._lines[edition]
        self._progress.start_task(line)
        self._progress.update(line, description=escape(self._said(edition, stage)), completed=float(stage in _ENDS))
        if edition:
            self._progress.update(self._lines[""], visible=False)

    def _said(self, edition: str, stage: str) -> str:
        return f"{edition or 'the company':<{self._width}}  {stage}"


def print_outcome(outcome: Outcome) -> None:
    """The table of editions on standard output; what went wrong, with what to type next, on standard error."""
    print_lines(map(line_of, outcome.editions))
    if not outcome.is_complete:
        out.print(f"{outcome.period} is not over yet: the reports say so under their title, and --send refuses them.")
    for one in outcome.deliveries:
        out.print(escape(_told(one, outcome.period)))
    if outcome.left_for_next:
        out.print(f"Left for the next start, which goes on from here: {', '.join(outcome.left_for_next)}")
    if outcome.kept_back:
        err.print(escape(outcome.kept_back))
    for problem in told_in_one(outcome.problems, str):
        err.print("\n" + escape(completed(problem, sys.argv[1:])))


def print_delivered(delivered: Delivered, period: Period) -> int:
    """What became of one mail; the exit code."""
    out.print(escape(_told(delivered, period)))
    if delivered.problem is None:
        return 0
    err.print("\n" + escape(completed(str(delivered.problem), sys.argv[1:])))
    return delivered.problem.exit_code


def _told(delivered: Delivered, period: Period) -> str:
    """What became of one delivery; of one that was not tried now, how it stands and since when."""
    to, standing = f"{delivered.edition} to {delivered.shown}", delivered.standing
    if standing is None:
        return f"{to}: {delivered.result}"
    at = f"{standing.claimed_at.astimezone(ZoneInfo(period.time_zone)):%Y-%m-%d %H:%M}"
    match standing.state:
        case "sent" | "delivered":
            return f"{to}: {standing.state} before, at {at}; nothing is sent again"
        case "bounced" | "complained":
            return f"{to}: {standing.state}, sent at {at}; nothing is sent again"
        case "sending":
            return f"{to}: another start is sending it since {at}"
        case "refused" | "deferred":
            return f"{to}: {standing.state} before, at {at}"
        case _:
            return f"{to}: {delivered.result} since {at}; nothing is sent again"


def print_checks(found: Iterable[Checked]) -> int:
    """One line a check; the exit code: 0 when all are right."""
    wrong = False
    for checked in found:
        wrong = wrong or checked.is_right is False
        mark = {True: "OK   ", False: "WRONG", None: "?    "}[checked.is_right]
        console = err if checked.is_right is False else out
        console.print(escape(f"{mark} {checked.name}: {completed(checked.said, sys.argv[1:])}"))
    return worst_exit_code([2] if wrong else [])


def print_periods(ledger: Ledger, company: Company) -> None:
    """All batches, the latest first, with the states of their editions."""
    batches = ledger.batches()
    if not batches:
        out.print(f"Nothing was built for {escape(company.name)} yet. Begin with\n  python runner.py run")
        return
    table = table_of("period", "state", "opened", "snapshot", "editions")
    for batch in batches:
        editions = ", ".join(
            f"{edition.name.partition('/')[0]} {edition.state}" for edition in ledger.editions(batch.period)
        )
        table.add_row(batch.period, batch.state, _local(batch.opened_at, company), batch.snapshot, escape(editions))
    out.print(table)


def print_edition(ledger: Ledger, company: Company, edition: Edition) -> None:
    """One edition: its state and why, its runs, and what became of each delivery."""
    out.print(
        f"{edition.name}  {edition.state}, revision {edition.revision}, snapshot {edition.snapshot}", markup=False
    )
    for finding in edition.findings:
        out.print(f"  - {finding}", markup=False)
    for approval in edition.approvals:
        out.print(f"  approved by {approval.by}, {_local(approval.at, company)}: {approval.because}", markup=False)
    runs = table_of("run", "started", ">seconds", "state", "")
    for run in ledger.runs(edition.name):
        seconds = "" if run.milliseconds is None else f"{run.milliseconds / 1000:.1f}"
        runs.add_row(run.id, _local(run.started_at, company), seconds, run.state, escape(run.reason))
    out.print(runs)
    deliveries = ledger.deliveries(edition.name)
    if not deliveries:
        out.print("  no delivery was claimed")
        return
    table = table_of("to", "state", "claimed", "message id", "")
    for one in deliveries:
        table.add_row(escape(one.shown), one.state, _local(one.claimed_at, company), one.message_id, escape(one.reason))
    out.print(table)


def line_of(built: Built) -> Line:
    """*built* as the table of editions shows it."""
    return Line(
        edition=built.edition,
        title=built.report.params.title,
        headline=built.shown.headline if built.shown else "",
        size=built.shown.size if built.shown else len(built.message),
        state=built.state,
        kept=built.kept,
        seconds=built.seconds,
    )


def _local(instant: datetime, company: Company) -> str:
    return f"{instant.astimezone(ZoneInfo(company.time_zone)):%Y-%m-%d %H:%M}"
