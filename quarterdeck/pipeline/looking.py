"""
Look: an edition made to be looked at, by the code that makes the real one.

Nothing of it reaches the ledger or the store: no run is recorded, no edition is touched, and nothing can leave.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from quarterdeck.blocks import FigureRecord
from quarterdeck.execute import Job, execute
from quarterdeck.files import sha256_of
from quarterdeck.gates import check_edition, reconcile
from quarterdeck.inventory import AssetInventory
from quarterdeck.kernels import prepare_kernels
from quarterdeck.ledger import Ledger
from quarterdeck.period import Period
from quarterdeck.pipeline.build import parameters_for, previous_edition
from quarterdeck.pipeline.execution_key import execution_key
from quarterdeck.pipeline.freezing import freeze, refuse_period_without_data
from quarterdeck.pipeline.judging import late_for
from quarterdeck.pipeline.plan import Plan, Report
from quarterdeck.pipeline.workshop import Progress
from quarterdeck.pipeline.writing import rendered_from
from quarterdeck.render import Rendered
from quarterdeck.snapshot import open_snapshot
from quarterdeck.store import FolderStore, Store

_MOST_KEPT = 20  # executed notebooks, of a megabyte or two each


@dataclass(frozen=True)
class Look:
    """
    One edition as it would be built now.

    Args:
        findings: What would hold it back, one sentence each.
        seconds: Spent on its notebook; 0 where nothing had changed since it was executed.
        executed: The executed notebook.
        previous: The folder of last week's edition; None where there is none.
    """

    edition: str
    rendered: Rendered
    message: bytes
    findings: tuple[str, ...]
    seconds: float
    executed: Path
    previous: Path | None


@dataclass
class Looking:
    """
    What stays between two looks: the snapshot, and every notebook that was executed, by its key.

    Args:
        work: A folder of its own, for snapshots and executed notebooks.
        store: Where the real editions are; last week's is read from there.
        ledger: Knows which of them readers could get.
    """

    work: Path
    store: Store
    ledger: Ledger
    _snapshot: Path | None = None
    _period: Period | None = None
    _shown: dict[str, Mapping[str, FigureRecord]] = field(default_factory=dict)

    def look(self, plan: Plan, report: Report, progress: Progress, *, collects: bool = False) -> Look:
        """
        The edition of *report* as it would be built now; its notebook is executed only if its key is new.

        Args:
            progress: Told of every step as (edition, stage).
            collects: Whether the company's sources may have changed since the last look.

        Raises:
            QuarterdeckError: It cannot be built; `NotebookFailed` with the cell and its traceback.
        """
        edition = plan.edition(report)
        if collects or plan.period != self._period:  # a preview left open into the next week
            self._period = plan.period
            self._snapshot = None  # also if collecting fails: the old one is no longer what the company says
        if self._snapshot is None:
            prepare_kernels()  # while this process collects
            progress(edition, "collecting")
            self._snapshot = freeze(plan, FolderStore(self.work / "store", plan.company.slug), lambda _: None)
            self._shown.clear()
        inventory = open_snapshot(self._snapshot)
        refuse_period_without_data(plan.period, inventory)
        previous = previous_edition(edition, plan.period, self.store, self.ledger)
        written = sha256_of(report.notebook)
        key = execution_key(report, plan.period, snapshot=inventory.snapshot, previous=previous)
        folder = self.work / "executed" / key
        seconds = 0.0
        self._forget_all_but(key)
        if not (folder / "executed.ipynb").is_file():
            progress(edition, "executing")
            given = parameters_for(report, plan.period, self._snapshot, previous)
            executed, failed = folder / "executed.ipynb", folder / "failed.ipynb"
            job = Job(edition, report.notebook, given, executed, failed, report.params.limits)
            seconds = self._execute(job)
            # Saved before it was read: what was executed is not what was hashed. What it wrote beside itself is its own
            if sha256_of(report.notebook) != written:
                shutil.rmtree(folder)
                return self.look(plan, report, progress)
        progress(edition, "rendering")
        rendered, message = rendered_from(plan, inventory, report, folder, has_previous=previous is not None)
        findings = self._findings(edition, report, inventory, rendered, message)
        return Look(edition, rendered, message, findings, seconds, folder / "executed.ipynb", previous)

    def _forget_all_but(self, key: str) -> None:
        """Keep what was executed last: who undoes a change is shown at once what it was."""
        kept = sorted((self.work / "executed").glob("*"), key=lambda folder: folder.stat().st_mtime, reverse=True)
        for folder in kept[_MOST_KEPT:]:
            if folder.name != key:
                shutil.rmtree(folder, ignore_errors=True)

    @staticmethod
    def _execute(job: Job) -> float:
        (done,) = execute([job], workers=1)
        if done.failure is not None:
            raise done.failure
        return done.seconds

    def _findings(
        self, edition: str, report: Report, inventory: AssetInventory, rendered: Rendered, message: bytes
    ) -> tuple[str, ...]:
        """What the gates say of it alone, and beside the other reports that were looked at over the same data."""
        self._shown[edition] = rendered.metrics
        late = [one.what for one in late_for(edition, report, inventory)]
        return (*late, *check_edition(rendered, message, inventory), *reconcile(self._shown).get(edition, ()))
