"""
Execute: notebooks in, executed notebooks out, each on a kernel of its own, several at a time.

papermill is wrapped here and nowhere else. What it lets pass is refused here: a parameter that the
notebook does not declare, a cell that never ran, a kernel that died, children left behind.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import quarterdeck.without  # noqa: F401 - before what it spares us

# isort: split
import nbformat
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill import execute_notebook
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.inspection import inspect_notebook

from quarterdeck.config import Limits
from quarterdeck.errors import InputInvalid, NotebookFailed, ReportOverdue
from quarterdeck.files import write_beside_then_rename
from quarterdeck.kernels import PromptManager, WarmProvisioner, choose_provisioner, environment_of_kernels
from quarterdeck.log import bound, logger, what_is_bound

_log = logger()

STANDARD_PARAMETERS = ("snapshot", "period", "previous")

_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Job:
    """
    One notebook to execute.

    Args:
        edition: `cfo/2026-W48`; names the report in errors.
        notebook: The source; it is read, never written.
        parameters: For its `parameters` cell; plain values that JSON can hold.
        output: Where the executed notebook goes when all of it ran.
        failed_output: Where it goes when it did not.
        limits: Seconds allowed per cell and for the report.
    """

    edition: str
    notebook: Path
    parameters: Mapping[str, object]
    output: Path
    failed_output: Path
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Executed:
    """How one job ended: `failure` is None when every code cell ran."""

    job: Job
    seconds: float
    failure: NotebookFailed | None


def accepted_parameters(notebook: Path, own: Mapping[str, object]) -> set[str]:
    """
    The names that *notebook* declares in its `parameters` cell; empty for a notebook without one.

    Raises:
        InputInvalid: The notebook cannot be read; one of *own* is not declared; or a notebook with a
            `parameters` cell lacks one of `STANDARD_PARAMETERS`, so that it would report on another week.
    """
    try:
        declared = set(inspect_notebook(str(notebook)))
    except FileNotFoundError as error:
        raise InputInvalid(str(notebook), "no such file", "the report's notebook", "python runner.py check") from error
    except Exception as error:  # nbformat raises a dozen kinds for one cause: the file is no notebook
        raise InputInvalid(str(notebook), _first_line(error), "a notebook in nbformat 4") from error
    missing = [name for name in STANDARD_PARAMETERS if declared and name not in declared]
    if missing:
        raise InputInvalid(f"{notebook}, parameters cell", f"no {missing[0]}", "snapshot, period and previous")
    unknown = [name for name in own if name not in declared or name in STANDARD_PARAMETERS]
    if unknown:
        choices = sorted(declared - set(STANDARD_PARAMETERS))
        expected = "one of " + ", ".join(choices) if choices else "no parameter: the notebook declares none"
        raise InputInvalid(f"parameters of {notebook}", f"the unknown parameter {unknown[0]!r}", expected)
    return declared


def execute(
    jobs: Sequence[Job], *, workers: int, begin: Callable[[Job], float | None] = lambda _: math.inf
) -> Iterator[Executed]:
    """
    Execute *jobs*, *workers* at a time, and yield each as it ends; one that fails leaves the others alone.

    *begin* is asked when a job's turn comes, in its worker's thread: the seconds that it may take, where that
    is less than its own limit, or None to leave it out.

    When the caller stops listening (an interrupt, say), kernels that still run are killed with their
    whole process groups, and jobs that wait are not started.
    """
    stop = threading.Event()
    kernels = _Kernels()
    given = what_is_bound()  # nothing else of the caller's context: an event loop in it would serve two at once

    def run(job: Job) -> Executed | None:
        with bound(**{**given, "edition": job.edition}):  # what papermill logs is of this edition
            allowed_s = None if stop.is_set() else begin(job)
            return None if allowed_s is None else _execute_one(job, kernels, allowed_s)

    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="execute") as pool:
        try:
            yield from filter(None, (done.result() for done in as_completed([pool.submit(run, job) for job in jobs])))
        finally:
            stop.set()
            kernels.kill_all()


class _Kernels:
    """The process groups of kernels that run now, so that none outlives its report or the runner."""

    def __init__(self) -> None:
        self._groups: dict[str, int] = {}
        self._ended: set[str] = set()
        self._is_over = False
        self._lock = threading.Lock()

    def started(self, edition: str, group: int) -> None:
        """A kernel is there; one whose time was over before it was, is killed at once."""
        with self._lock:
            self._groups[edition] = group
            too_late = self._is_over or edition in self._ended
        if too_late:
            self.kill(edition)

    def kill(self, edition: str) -> None:
        with self._lock:
            self._ended.add(edition)
            group = self._groups.pop(edition, None)
        if group is not None:
            _kill_group(group)

    def kill_all(self) -> None:
        with self._lock:
            self._is_over = True
            running = list(self._groups)
        for edition in running:
            self.kill(edition)


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError):  # the kernel and its children are gone already: what we wanted
        os.killpg(group, signal.SIGKILL)


def _execute_one(job: Job, kernels: _Kernels, allowed_s: float) -> Executed:
    started = time.monotonic()
    kept = _Kept()
    try:
        scratch = Path(tempfile.mkdtemp(prefix="qd-"))
    except OSError as error:
        return Executed(job, 0.0, _failed(job, kept, 0, f"there is no place for its kernel's sockets: {error}"))
    with _watched(job, kernels, allowed_s, scratch) as overdue:
        failure = _attempt(job, kernels, kept, scratch, overdue)
        if failure is not None and kept.is_kernel_lost and not overdue.event.is_set():
            # It was another's doing, or that of the notebook, which therefore gets no zygote to kill again
            _log.warning("executed again on a stock kernel: the zygote of its kernel has gone", edition=job.edition)
            kept, again = _Kept(may_fork=False), scratch / "again"
            again.mkdir()
            failure = _attempt(job, kernels, kept, again, overdue)
    if kept.notebook is not None:
        _write(kept.notebook, job.output if failure is None else job.failed_output)
    return Executed(job, time.monotonic() - started, failure)


class _Overdue:
    """Whether the report's time was over, and its kernel killed; `reason` says which time that was."""

    def __init__(self, limits: Limits, allowed_s: float) -> None:
        self.event = threading.Event()
        self.after_s = min(limits.report_seconds, allowed_s)
        self.reason = f"the report ran longer than its {limits.report_seconds} s"
        if allowed_s < limits.report_seconds:
            self.reason = f"it was ended after {allowed_s:.0f} s, when the time of this start was over"


@contextmanager
def _watched(job: Job, kernels: _Kernels, allowed_s: float, scratch: Path) -> Iterator[_Overdue]:
    """Whether the report's time was over; afterwards nothing of it is left, and not *scratch* either."""
    overdue = _Overdue(job.limits, allowed_s)

    def stop_overdue() -> None:
        overdue.event.set()
        kernels.kill(job.edition)

    watch = threading.Timer(overdue.after_s, stop_overdue)
    watch.daemon = True
    watch.start()
    try:
        yield overdue
    finally:
        watch.cancel()
        kernels.kill(job.edition)
        ensure_event_loop().close()  # jupyter_core makes one a thread and leaves it open
        shutil.rmtree(scratch, ignore_errors=True)


def _attempt(job: Job, kernels: _Kernels, kept: _Kept, scratch: Path, overdue: _Overdue) -> NotebookFailed | None:
    """Run the notebook into *kept*; None, or why it failed."""
    try:
        execute_notebook(
            nbformat.read(job.notebook, as_version=4),
            None,  # we write the result ourselves, beside and renamed; papermill's own write is not atomic
            parameters=dict(job.parameters),
            engine_name=_ENGINE,
            progress_bar=False,
            request_save_on_cell_execute=False,  # it would write the whole notebook twice a cell
            execution_timeout=job.limits.cell_seconds,
            iopub_timeout=job.limits.cell_seconds,  # else a cell's last output may be 4 s late, and papermill fails it
            kernel_manager_class=_kernel_manager(job, scratch, kernels, kept),
            shutdown_kernel="immediate",
            kept=kept,
        )
        return _what_papermill_lets_pass(kept, job) or _too_late(kept, job, overdue)
    except PapermillExecutionError as error:
        return _failed(job, kept, error.cell_index, f"{error.ename}: {error.evalue}", "\n".join(error.traceback))
    except CellTimeoutError:
        return _failed(job, kept, kept.reached, f"the cell ran longer than its {job.limits.cell_seconds} s")
    except DeadKernelError:
        return _too_late(kept, job, overdue) or _failed(job, kept, kept.reached, "its kernel died")
    except Exception as error:  # noqa: BLE001 - one notebook's trouble, of whatever kind, must not take the others along
        other = _failed(job, kept, kept.reached, f"{type(error).__name__}: {_first_line(error)}")
        return _too_late(kept, job, overdue) or other


def _too_late(kept: _Kept, job: Job, overdue: _Overdue) -> NotebookFailed | None:
    """The report's time was over, however its kernel then ended."""
    if not overdue.event.is_set():
        return None
    return ReportOverdue(*_failed(job, kept, kept.reached, overdue.reason).args)


def _kernel_manager(job: Job, scratch: Path, kernels: _Kernels, kept: _Kept) -> type[AsyncKernelManager]:
    """
    A kernel manager class for one job: papermill takes a class, and passes nothing to it.

    Sockets are files in a folder of their own (with TCP, two kernels that start together can be given
    one port), the working folder is the notebook's as in JupyterLab, and the environment is reduced.
    """

    class KernelManager(PromptManager):
        def __init__(self, **traits: Any) -> None:  # noqa: ANN401 - traitlets' own signature
            super().__init__(
                transport="ipc", ip=str(scratch / "k"), connection_file=str(scratch / "kernel.json"), **traits
            )

        async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:  # noqa: ANN401
            options |= {"cwd": str(job.notebook.resolve().parent), "env": environment_of_kernels()}
            assert self.kernel_spec is not None  # noqa: S101 - the manager was given a kernel's name
            if kept.may_fork:
                choose_provisioner(self.kernel_spec)
            command, launch = await super()._async_pre_start_kernel(**options)
            return command, launch

        async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:  # noqa: ANN401
            await super()._async_launch_kernel(kernel_cmd, **kw)
            kept.provisioner = self.provisioner
            # A kernel leads a session of its own, so its process id is its group's
            kernels.started(job.edition, cast("int", getattr(self.provisioner, "pid", None)))

    return KernelManager


@dataclass
class _Kept:
    """The notebook as it is being executed, and how far it came; papermill gives neither when a kernel dies."""

    may_fork: bool = True
    notebook: nbformat.NotebookNode | None = None
    reached: int = 0
    provisioner: object = None

    @property
    def is_kernel_lost(self) -> bool:
        return isinstance(self.provisioner, WarmProvisioner) and self.provisioner.is_lost


_ENGINE = "quarterdeck"


class _KeepingEngine(NBClientEngine):  # type: ignore[misc] # papermill is untyped
    """papermill's own engine; it only lets us keep hold of the notebook."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, *, kept: _Kept, **options: Any) -> Any:  # noqa: ANN401 - papermill's signature
        kept.notebook = nb_man.nb
        try:
            return super().execute_managed_notebook(nb_man, kernel_name, **options)
        finally:
            # Before papermill marks them all as completed: the last cell that was begun
            begun = [n for n, cell in enumerate(nb_man.nb.cells) if cell.metadata.papermill.get("status") != "pending"]
            kept.reached = begun[-1] if begun else 0


papermill_engines.register(_ENGINE, _KeepingEngine)


def _what_papermill_lets_pass(kept: _Kept, job: Job) -> NotebookFailed | None:
    """
    `sys.exit(0)` ends a notebook early and counts as success for papermill: every code cell must have run,
    and none may have left by SystemExit.
    """
    assert kept.notebook is not None  # noqa: S101 - set before the first cell
    for number, cell in enumerate(kept.notebook.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        exits = [output for output in cell.outputs if output.output_type == "error"]
        if exits:
            return _failed(job, kept, number, f"{exits[0].ename} left the notebook before its end")
        if cell.execution_count is None:
            return _failed(job, kept, number, "the cell never ran")
    return None


def _failed(job: Job, kept: _Kept, index: int, reason: str, traceback: str = "") -> NotebookFailed:
    """*index* counts the cells as they ran; the analyst's notebook is counted without those that papermill added."""
    ran = (
        [cell for cell in kept.notebook.cells if not _has_tag(cell, "papermill-error-cell-tag")]
        if kept.notebook
        else []
    )
    injected = sum(_has_tag(cell, "injected-parameters") for cell in ran[: index + 1])
    source = ran[index].source if index < len(ran) else ""
    plain = _TERMINAL_COLOURS.sub("", traceback)
    return NotebookFailed(job.edition, index + 1 - injected, source, reason, plain, str(job.failed_output))


def _has_tag(cell: nbformat.NotebookNode, tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])


def _write(notebook: nbformat.NotebookNode, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_beside_then_rename(path, nbformat.writes(notebook).encode())


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
