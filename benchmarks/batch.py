"""
The week's five reports, made in five ways, side by side in one run: seconds, CPU seconds, and how many times the limit.

    make bench               five rounds
    make bench ROUNDS=1

All read the same notebooks, the same frozen snapshot and the same week. Each way is a process of its own, in turn, so
that a slower minute of the machine is everybody's; the medians are printed.

The limit is the cells' own work: their code in forks of a process that has imported everything before the clock starts,
one on each core, without a kernel, without an executed notebook and without a page. Quarterdeck's side is the whole
command, from the company folder to pages and mails that the gates have seen; the others make no mail.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CORES = len(os.sched_getaffinity(0))


def parameters(snapshot: Path) -> dict[str, str]:
    """Of every notebook; without the week before beside it."""
    return {"snapshot": str(snapshot), "period": "2026-W47", "previous": ""}


def shell_loop(snapshot: Path, out: Path) -> None:
    """What a person types: for each notebook `papermill`, then `jupyter nbconvert`."""
    given = [word for name, value in parameters(snapshot).items() for word in ("-p", name, value)]
    programs = Path(sys.executable).parent
    for notebook in NOTEBOOKS:
        executed = out / notebook.name
        for command in (
            [programs / "papermill", notebook, executed, *given],
            [programs / "jupyter", "nbconvert", "--to", "html", executed],
        ):
            subprocess.run(command, cwd=notebook.parent, check=True, capture_output=True)


def one(notebook: Path, snapshot: Path, out: Path) -> None:
    """Papermill and nbconvert's own exporter, as a script would call them."""
    import nbformat  # noqa: PLC0415 - measured, like all that a side loads
    from nbconvert import HTMLExporter  # noqa: PLC0415
    from papermill import execute_notebook  # noqa: PLC0415

    executed = out / notebook.name
    execute_notebook(notebook, executed, parameters(snapshot), progress_bar=False, cwd=notebook.parent)
    page, _ = HTMLExporter().from_notebook_node(nbformat.read(executed, 4))
    executed.with_suffix(".html").write_text(page)


def one_process(snapshot: Path, out: Path) -> None:
    """All five after one another: what is imported is imported once."""
    for notebook in NOTEBOOKS:
        one(notebook, snapshot, out)


def a_pool(snapshot: Path, out: Path) -> None:
    """As many at a time as there are cores."""
    with ProcessPoolExecutor(CORES) as pool:
        for made in [pool.submit(one, notebook, snapshot, out) for notebook in NOTEBOOKS]:
            made.result()


def quarterdeck(_snapshot: Path, out: Path) -> None:
    """The command, on the sample company: collected, frozen, executed, rendered, checked."""
    again(_snapshot, out)


def again(_snapshot: Path, out: Path) -> None:
    """The same command once more, where nothing has changed."""
    own = {"QUARTERDECK_STORE": str(out / "store"), "QUARTERDECK_LEDGER": f"sqlite:{out / 'ledger.db'}"}
    known = {name: value for name, value in os.environ.items() if not name.startswith(("QUARTERDECK_", "SES_", "AWS_"))}
    command = [sys.executable, ROOT / "runner.py", "run"]
    subprocess.run(command, env=known | own, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def limit(snapshot: Path, _out: Path) -> float:
    """The cells' code alone; gives its seconds, since what was imported before does not count."""
    import nbformat  # noqa: PLC0415
    import pyarrow.parquet  # noqa: F401, PLC0415
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415
    from IPython.utils.capture import capture_output  # noqa: PLC0415
    from matplotlib import pyplot as plt  # noqa: F401, PLC0415

    shell = InteractiveShell.instance(user_ns={})
    shell.enable_gui = lambda _gui=None: None
    shell.run_line_magic("matplotlib", "inline")
    cells = [[cell for cell in nbformat.read(one, 4).cells if cell.cell_type == "code"] for one in NOTEBOOKS]

    def run(codes: list[nbformat.NotebookNode]) -> int:
        with capture_output():
            for cell in codes:
                shell.run_cell(cell.source).raise_error()
                if "parameters" in cell.metadata.get("tags", []):
                    shell.user_ns.update(parameters(snapshot))
        return 0

    started, waiting, running = time.monotonic(), list(cells), 0
    while waiting or running:
        if waiting and running < CORES:
            codes = waiting.pop(0)
            if os.fork() == 0:
                os._exit(run(codes))
            running += 1
            continue
        assert os.wait()[1] == 0  # noqa: S101 - a cell failed: then nothing was measured
        running -= 1
    return time.monotonic() - started


SIDES: dict[str, tuple[str, Callable[[Path, Path], float | None]]] = {
    "a": ("shell loop of papermill and jupyter nbconvert", shell_loop),
    "b": ("papermill + HTMLExporter, one process", one_process),
    "c": (f"the same, a pool of {CORES}", a_pool),
    "e": ("Quarterdeck: company folder to pages and mails", quarterdeck),
    "e2": ("Quarterdeck, nothing changed", again),
    "f": (f"the limit: the cells' code, warm, on {CORES} cores", limit),
}


def measured(side: str, snapshot: Path, out: Path) -> tuple[float, float]:
    """Wall and CPU seconds of *side*, in a process of its own and all that it starts."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [sys.executable, __file__, side, snapshot, out], check=True, stdout=subprocess.PIPE, env=environment()
    )
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    own = json.loads(done.stdout or b"null")
    return own or wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def environment() -> dict[str, str]:
    """What Quarterdeck gives its kernels is given to all: numpy's threads cost those most that use them least."""
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)}


def compare(rounds: int) -> None:
    """Print the table."""
    work = Path(tempfile.mkdtemp(prefix="qd-bench-"))
    found: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
    try:
        (work / "first").mkdir()
        quarterdeck(work, work / "first")  # nobody's round: it freezes the snapshot that all read
        [snapshot] = [path.parent for path in (work / "first" / "store" / "snapshots").glob("*/manifest.json")]
        for number in range(rounds):
            for side in SIDES:
                out = work / f"{number}-{'e' if side == 'e2' else side}"
                out.mkdir(exist_ok=True)
                found[side].append(measured(side, snapshot, out))
                print(f"round {number + 1} of {rounds}, {side}: {found[side][-1][0]:.1f} s", file=sys.stderr)
    finally:
        shutil.rmtree(work)
    show(found)


def show(found: dict[str, list[tuple[float, float]]]) -> None:
    """Medians, with ratios of the same round: what slows the machine slows all sides of a round."""

    def against(side: str, other: str) -> float:
        return statistics.median(mine[0] / its[0] for mine, its in zip(found[side], found[other], strict=True))

    print("| | way | seconds | CPU seconds | × limit | Quarterdeck is … times as fast |\n|---|---|---:|---:|---:|---:|")
    for side, (name, _) in SIDES.items():
        wall, cpu = (statistics.median(values) for values in zip(*found[side], strict=True))
        times = f"| {against(side, 'f'):.2f} | {against(side, 'e'):.1f} |"
        print(f"| {side} | {name} | {wall:.1f} | {cpu:.1f} {times}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case [side, snapshot, out]:
            print(json.dumps(SIDES[side][1](Path(snapshot), Path(out))))
        case [rounds]:
            compare(int(rounds))
