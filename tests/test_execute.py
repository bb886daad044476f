import math
import os
import time
from pathlib import Path

import nbformat
import pytest
from kernels import is_alive
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from quarterdeck.config import Limits
from quarterdeck.errors import InputInvalid
from quarterdeck.execute import Executed, Job, accepted_parameters, execute

PARAMETERS = 'snapshot = ""\nperiod = ""\nprevious = ""\nrows = 12  # rows, 1-30'


@pytest.fixture
def notebook(tmp_path: Path):
    """Write a notebook of the given code cells, the first of them tagged `parameters`."""

    def write(*sources: str, name: str = "cfo") -> Path:
        cells = [new_markdown_cell("# CFO"), *(new_code_cell(source) for source in sources)]
        if sources and "snapshot" in sources[0]:
            cells[1].metadata["tags"] = ["parameters"]
        content = new_notebook(cells=cells)
        content.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(content, path)
        return path

    return write


def job_of(path: Path, limits: Limits | None = None, **parameters: object) -> Job:
    folder = path.parent / "out" / path.stem
    return Job(
        f"{path.stem}/2026-W47",
        path,
        parameters,
        folder / "executed.ipynb",
        folder / "failed.ipynb",
        limits or Limits(cell_seconds=30, report_seconds=60),
    )


def run(*jobs: Job, workers: int = 2) -> dict[str, Executed]:
    return {done.job.notebook.stem: done for done in execute(jobs, workers=workers)}


def text_of(executed: Path) -> str:
    return "".join(
        output.get("text", "") for cell in nbformat.read(executed, 4).cells for output in cell.get("outputs", [])
    )


def test_a_notebook_runs_with_its_parameters_and_leaves_the_source_alone(notebook):
    """The executed notebook has the injected values; the source file keeps its bytes."""
    path = notebook(PARAMETERS, "print(rows * 2)")
    before = path.read_bytes()
    job = job_of(path, rows=4)

    done = run(job)["cfo"]

    assert done.failure is None
    assert text_of(job.output) == "8\n"
    assert path.read_bytes() == before


def test_a_failed_cell_is_named_and_the_others_go_on(notebook):
    """One failing notebook is kept with its traceback and counted in its own cells; the other edition is whole."""
    bad = job_of(notebook(PARAMETERS, "x = 1", "1 / 0", name="bad"), rows=1)
    good = job_of(notebook(PARAMETERS, "print('fine')", name="good"), rows=1)

    done = run(bad, good)

    failure = done["bad"].failure
    assert failure is not None
    assert failure.cell == 4  # heading, parameters, x = 1, 1 / 0: the injected cell is papermill's
    assert failure.source == "1 / 0"
    assert "ZeroDivisionError: division by zero" in str(failure)
    assert "python runner.py run bad" in str(failure)
    assert "\x1b[" not in failure.traceback
    assert bad.failed_output.is_file()
    assert not bad.output.exists()
    assert done["good"].failure is None
    assert text_of(good.output) == "fine\n"


@pytest.mark.parametrize("leave", ["import sys; sys.exit(0)", "import sys; sys.exit()", "raise SystemExit(3)"])
def test_leaving_early_is_a_failure(notebook, leave):
    """A cell that leaves the notebook counts as failed, although papermill takes it as success."""
    job = job_of(notebook(PARAMETERS, leave, "print('never')"))

    failure = run(job)["cfo"].failure

    assert failure is not None
    assert not job.output.exists()


def test_a_cell_that_takes_too_long_is_stopped(notebook):
    """The time-out of a cell names the cell and its limit, and the kernel is gone."""
    path = notebook(PARAMETERS, "import os; print(os.getpid())", "while True: pass")
    job = job_of(path, Limits(cell_seconds=2, report_seconds=60))

    failure = run(job)["cfo"].failure

    assert failure is not None
    assert (failure.cell, failure.source) == (4, "while True: pass")
    assert "longer than its 2 s" in failure.reason
    assert not is_alive(int(text_of(job.failed_output)))


def test_a_report_that_takes_too_long_is_stopped_with_its_children(notebook):
    """The time-out of a report kills the kernel's whole process group: its child does not live on."""
    path = notebook(
        PARAMETERS,
        "import subprocess; child = subprocess.Popen(['sleep', '600']); print(child.pid)",
        "import time\nfor _ in range(600): time.sleep(0.1)",
    )
    job = job_of(path, Limits(cell_seconds=60, report_seconds=4))
    started = time.monotonic()

    failure = run(job)["cfo"].failure

    assert failure is not None
    assert "the report ran longer than its 4 s" in failure.reason
    assert failure.cell == 4
    assert time.monotonic() - started < 30
    assert not is_alive(int(text_of(job.failed_output)))


def test_a_time_that_is_over_before_the_kernel_is_there_counts(notebook):
    """A limit shorter than a kernel's start fails the report, whatever its cells would have done."""
    job = job_of(notebook(PARAMETERS, "x = 1", "import time; time.sleep(3)"), Limits(cell_seconds=30, report_seconds=1))
    started = time.monotonic()

    failure = run(job)["cfo"].failure

    assert failure is not None
    assert "the report ran longer than its 1 s" in failure.reason
    assert time.monotonic() - started < 40


def test_children_of_a_good_report_are_gone_too(notebook):
    """A process that a notebook leaves behind ends with its report."""
    job = job_of(notebook(PARAMETERS, "import subprocess; print(subprocess.Popen(['sleep', '600']).pid)"))

    done = run(job)["cfo"]

    assert done.failure is None
    child = int(text_of(job.output))
    for _ in range(50):
        if not is_alive(child):
            break
        time.sleep(0.1)
    assert not is_alive(child)


def test_a_dead_kernel_is_a_failure_of_its_cell(notebook):
    """A kernel that is killed in a cell fails that cell; papermill alone would call it completed."""
    job = job_of(notebook(PARAMETERS, "import os\nos._exit(1)", "print('never')"))

    failure = run(job)["cfo"].failure

    assert failure is not None
    assert (failure.cell, failure.reason) == (3, "its kernel died")


def test_credentials_do_not_reach_a_kernel(notebook, monkeypatch):
    """The kernel's environment is an allow-list: a secret of the runner cannot be printed by a notebook."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("SES_RECIPIENT_EMAIL", "cfo@example.com")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    job = job_of(notebook(PARAMETERS, "import os; print(sorted(os.environ.values()), os.environ['TZ'])"))

    run(job)

    seen = text_of(job.output)
    assert "very-secret" not in seen
    assert "cfo@example.com" not in seen
    assert seen.rstrip().endswith("UTC")


def test_the_runner_keeps_its_working_folder(notebook):
    """A notebook stands in its own folder, as in JupyterLab; the runner's folder does not move."""
    before = Path.cwd()
    path = notebook(PARAMETERS, "import os; print(os.getcwd())")
    job = job_of(path)

    run(job)

    assert Path(text_of(job.output).strip()) == path.parent
    assert Path.cwd() == before


def test_nothing_is_left_in_the_temporary_folder(notebook, tmp_path, monkeypatch):
    """Sockets and connection files live in a folder of the job's own, which ends with it."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    run(job_of(notebook(PARAMETERS, "1")), job_of(notebook(PARAMETERS, "1 / 0", name="bad")))

    assert list(scratch.iterdir()) == []


def test_when_the_caller_stops_listening_no_kernel_lives_on(notebook):
    """Closing the iterator, as an interrupt does, kills what runs and starts nothing more."""
    pid_file = notebook(PARAMETERS).parent / "pid"
    slow = f"import os, time, pathlib; pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid())); time.sleep(600)"
    jobs = [job_of(notebook(PARAMETERS, "1", name="quick")), job_of(notebook(PARAMETERS, slow, name="slow"))]
    waiting = job_of(notebook(PARAMETERS, "1", name="waiting"))
    started = []
    running = execute([*jobs, waiting], workers=2, begin=lambda job: started.append(job.notebook.stem) or math.inf)

    assert next(running).job.notebook.stem in {"quick", "waiting"}
    while not (pid_file.exists() and pid_file.read_text()):
        time.sleep(0.05)
    running.close()

    assert not is_alive(int(pid_file.read_text()))
    assert os.getpid() > 0


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ({"rwos": 3}, "found the unknown parameter 'rwos', expected one of rows"),
        ({"period": "2026-W01"}, "found the unknown parameter 'period'"),
    ],
)
def test_a_parameter_that_the_notebook_does_not_declare_is_refused(notebook, own, says):
    """A typo never becomes a default, and the runner's own parameters cannot be overridden."""
    with pytest.raises(InputInvalid) as refusal:
        accepted_parameters(notebook(PARAMETERS), own)

    assert says in str(refusal.value)


def test_a_parameters_cell_without_period_is_refused(notebook):
    """A notebook that would fall back to another week is refused before it runs."""
    with pytest.raises(InputInvalid, match="no previous"):
        accepted_parameters(notebook('snapshot = ""\nperiod = ""'), {})


def test_a_foreign_notebook_declares_nothing(notebook):
    """A notebook without a parameters cell is given no parameters."""
    assert accepted_parameters(notebook("print(1)"), {}) == set()


def test_what_is_no_notebook_is_named(tmp_path):
    """A half-written file is an input error with the file's name, not a traceback."""
    half = tmp_path / "half.ipynb"
    half.write_text('{"cells": [')

    with pytest.raises(InputInvalid, match=r"half\.ipynb"):
        accepted_parameters(half, {})
    with pytest.raises(InputInvalid, match="no such file"):
        accepted_parameters(tmp_path / "none.ipynb", {})
