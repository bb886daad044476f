"""The ways that `batch` compares; a module of its own, since ploomber-engine's shell takes the place of `__main__`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from measuring import CORES, NOTEBOOKS, parameters


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
    from papermill import execute_notebook  # noqa: PLC0415 - measured, like all that a side loads

    executed = out / notebook.name
    execute_notebook(notebook, executed, parameters(snapshot), progress_bar=False, cwd=notebook.parent)
    export(executed)


def one_by_ploomber(notebook: Path, snapshot: Path, out: Path) -> None:
    """The same with ploomber-engine in papermill's place."""
    from ploomber_engine import execute_notebook  # noqa: PLC0415 - likewise

    executed = out / notebook.name
    given = parameters(snapshot)
    execute_notebook(str(notebook), str(executed), parameters=given, progress_bar=False, cwd=notebook.parent)
    export(executed)


def export(executed: Path) -> None:
    """The page, by nbconvert's own exporter."""
    import nbformat  # noqa: PLC0415 - likewise
    from nbconvert import HTMLExporter  # noqa: PLC0415 - likewise

    page, _ = HTMLExporter().from_notebook_node(nbformat.read(executed, 4))
    executed.with_suffix(".html").write_text(page)


def one_process(snapshot: Path, out: Path) -> None:
    """All five after one another: what is imported is imported once."""
    for notebook in NOTEBOOKS:
        one(notebook, snapshot, out)


def a_pool(snapshot: Path, out: Path, make: Callable[[Path, Path, Path], None] = one) -> None:
    """As many at a time as there are cores."""
    with ProcessPoolExecutor(CORES) as pool:
        for made in [pool.submit(make, notebook, snapshot, out) for notebook in NOTEBOOKS]:
            made.result()


def a_pool_of_ploomber(snapshot: Path, out: Path) -> None:
    """Likewise."""
    a_pool(snapshot, out, one_by_ploomber)


def limit(snapshot: Path, _out: Path) -> float:
    """The cells' code alone; gives its seconds, since what was imported before does not count."""
    from io import BytesIO  # noqa: PLC0415 - likewise

    import nbformat  # noqa: PLC0415 - likewise
    import pandas as pd  # noqa: F401, PLC0415 - likewise
    import pyarrow.parquet  # noqa: F401, PLC0415 - likewise
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415 - likewise
    from IPython.utils.capture import capture_output  # noqa: PLC0415 - likewise
    from matplotlib import pyplot as plt  # noqa: PLC0415 - likewise

    import quarterdeck.charts  # noqa: PLC0415 - likewise
    import quarterdeck.metrics  # noqa: PLC0415 - likewise
    import quarterdeck.notebook  # noqa: F401, PLC0415 - likewise

    shell = InteractiveShell.instance(user_ns={})
    shell.enable_gui = lambda _gui=None: None
    shell.run_line_magic("matplotlib", "inline")
    figure, axes = plt.subplots()
    axes.set_title("0123456789")  # so that fonts are found before the clock starts
    figure.savefig(BytesIO())
    plt.close(figure)
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


# What a side's own process does; Quarterdeck's is the command itself.
SIDES: dict[str, tuple[str, Callable[[Path, Path], float | None] | None]] = {
    "a": ("shell loop of papermill and jupyter nbconvert", shell_loop),
    "b": ("papermill + HTMLExporter, one process", one_process),
    "c": (f"the same, a pool of {CORES}", a_pool),
    "d": (f"ploomber-engine + HTMLExporter, a pool of {CORES}", a_pool_of_ploomber),
    "e": ("Quarterdeck: company folder to pages and mails", None),
    "e2": ("Quarterdeck, nothing changed", None),
    "f": (f"the limit: the cells' code, warm, on {CORES} cores", limit),
}
