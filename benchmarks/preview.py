"""
From a save to the new picture in the browser: the median of ten, for a notebook, params and a template.

    make bench-preview

It starts a preview of the CFO's report over the sample company, with a copy of notebooks, params and package, and
Debian's Chromium. A notebook's own time, the sum over its cells as papermill noted it, is taken off: it is the
analyst's.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from checkers import chromium
from playwright.sync_api import Page
from previewing import preview

from quarterdeck.web.settings import Settings

ROOT = Path(__file__).parent.parent
ROUNDS = 10
_SHOWS = """words => {
  const frame = document.getElementById("now");
  const text = frame.contentDocument?.body?.textContent || "";
  return frame.dataset.shown && text.replaceAll("\\u00a0", " ").includes(words);
}"""


def project(folder: Path) -> Settings:
    """A copy of all that is saved, over the sample company, with outputs and a ledger of its own."""
    for name in ("notebooks", "params", "quarterdeck"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    env_file = folder / "bench.env"
    env_file.write_text(f"QUARTERDECK_LEDGER='sqlite:{folder / 'ledger.db'}'\n", encoding="utf-8")
    return Settings(str(folder), str(ROOT / "sample"), str(folder / "outputs"), str(env_file), ("cfo",), "")


def save_notebook(folder: Path, number: int) -> str:
    """Change one title of the notebook; the words that the mail then has."""
    path = folder / "notebooks" / "cfo.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cell = next(cell for cell in notebook.cells if "Read with care" in cell.source)
    words = f"Read with care, number {number}."
    lines = [f'    title="{words}",' if line.startswith("    title=") else line for line in cell.source.splitlines()]
    cell.source = "\n".join(lines)
    nbformat.write(notebook, path)
    return words


def save_params(folder: Path, number: int) -> str:
    """Change the report's title; the words that the mail then has."""
    path = folder / "params" / "cfo.yaml"
    words = f"Treasurer {number}"
    lines = [f"title: {words}" if line.startswith("title:") else line for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines) + "\n")
    return words


def save_template(folder: Path, number: int) -> str:
    """Change the mail's first line in its template; the words that the mail then has."""
    name = Path("quarterdeck", "render", "templates", "mail", "message.html.j2")
    words = f"· Sample data, look {number}"
    (folder / name).write_text((ROOT / name).read_text(encoding="utf-8").replace("· Sample data", words))
    return words


def cells_s(work: Path) -> float:
    """Seconds that the cells of the notebook executed last took."""
    newest = max(work.rglob("executed.ipynb"), key=lambda path: path.stat().st_mtime)
    cells = json.loads(newest.read_bytes())["cells"]
    return sum(cell["metadata"].get("papermill", {}).get("duration") or 0.0 for cell in cells)


def rounds(page: Page, save: Callable[[int], str], cells: Callable[[], float]) -> list[float]:
    """Seconds from each save to the picture, beyond those of *cells*."""
    taken = []
    for number in range(ROUNDS + 1):
        began = time.perf_counter()
        words = save(number)
        page.wait_for_function(_SHOWS, arg=words, polling=10, timeout=120_000)
        own = cells()
        taken.append(time.perf_counter() - began - own)
        print(f"  {words}: {taken[-1]:.2f} s beyond {own:.2f} s in cells", flush=True)
    return taken[1:]  # the first finds caches empty


def main() -> None:
    """Measure, and print one line a kind of save."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        settings = project(folder)
        os.environ["TMPDIR"] = str(folder)  # where the preview keeps what it executes
        os.chdir(folder)  # and whose package it runs
        with preview(settings) as served, chromium() as browser:
            page = browser.new_context(bypass_csp=True).new_page()
            page.goto(served.address)
            page.wait_for_selector("#now[data-shown]", timeout=300_000)
            kinds = {
                "notebook": (lambda number: save_notebook(folder, number), lambda: cells_s(folder), 1.5),
                "params": (lambda number: save_params(folder, number), lambda: 0.0, 0.7),
                "template": (lambda number: save_template(folder, number), lambda: 0.0, 0.7),
            }
            for kind, (save, cells, target) in kinds.items():
                taken = rounds(page, save, cells)
                median = statistics.median(taken)
                slowest = max(taken)
                print(f"{kind:<10} median {median:.2f} s   slowest {slowest:.2f} s   target {target} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
