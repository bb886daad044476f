"""The mail inside JupyterLab, shown by a real kernel that is spoken to as JupyterLab speaks."""

import html
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from checkers import html_of, read_mail, with_pictures
from lab import Lab, lab

from quarterdeck.blocks import PREVIEW
from quarterdeck.config import load_params
from quarterdeck.period import Period
from quarterdeck.render import Rendered, identity_of, render_notebook
from quarterdeck.snapshot import open_snapshot

ROOT = Path(__file__).parent.parent
SHOW = "c24"


@dataclass
class Desk:
    """A copy of the CFO's notebook, saved, whose cells ran one by one with their defaults."""

    kernel: Lab
    notebook: Path
    shown: list[dict]  # the outputs of its last cell

    def mail(self) -> str:
        return self.shown[0]["data"]["text/html"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a desk, für alle")
    for name in ("notebooks/cfo.ipynb", "params/cfo.yaml"):
        (folder / name).parent.mkdir()
        shutil.copy(ROOT / name, folder / name)
    notebook = folder / "notebooks" / "cfo.ipynb"
    company, store = str(ROOT / "sample"), str(folder / "out")
    with lab(notebook, QUARTERDECK_COMPANY=company, QUARTERDECK_STORE=store) as kernel:
        for cell in nbformat.read(notebook, 4).cells:
            if cell.cell_type == "code":
                shown = kernel.run(cell.source, cell.id)
        yield Desk(kernel, notebook, shown)


@pytest.fixture(scope="module")
def edition(week_of):
    return week_of("sample", "2026-W47") / "cfo"


def rendered_of(notebook: nbformat.NotebookNode, snapshot: Path) -> Rendered:
    inventory = open_snapshot(snapshot)
    period = Period.parse("2026-W47", inventory.company.time_zone)
    identity = identity_of(load_params(ROOT / "params", "cfo"), inventory, period, has_previous=False)
    return render_notebook(notebook, identity, name="cfo.ipynb")


def srcdoc_of(shown: str) -> str:
    return html.unescape(re.search(r"srcdoc='([^']*)'", shown)[1])


def test_the_mail_in_the_notebook_is_the_one_that_leaves(desk, edition):
    """Run cell by cell with its defaults, a notebook shows to the byte the mail that the runner makes of it."""
    mail = read_mail(edition)

    assert srcdoc_of(desk.mail()).replace("\r\n", "\n") == with_pictures(html_of(mail), mail).replace("\r\n", "\n")
    assert desk.shown[0]["data"]["text/plain"].splitlines()[0] == mail["Subject"]


def test_the_mail_is_shown_in_a_frame_that_runs_nothing(desk):
    """The frame is sandboxed without exceptions: neither scripts nor JupyterLab's styles meet in it."""
    assert re.search(r"<iframe title='The mail' sandbox srcdoc=", desk.mail())


def test_the_last_cell_does_nothing_under_papermill(edition):
    """The executed notebook's last cell has no output, and without that cell the page is the same to the byte."""
    executed = nbformat.read(edition / "executed.ipynb", 4)
    last = executed.cells.pop()
    snapshot = json.loads((edition / "manifest.json").read_text(encoding="utf-8"))["snapshot"]

    rendered = rendered_of(executed, edition.parent.parent / "snapshots" / snapshot)

    assert (last.source.splitlines()[-1], last.outputs) == ("show_mail(report)", [])
    assert rendered.page == (edition / "page.html").read_text(encoding="utf-8")
    assert rendered.body.mime in (edition / "message.eml").read_bytes()


def test_a_cell_that_runs_again_takes_its_own_place(desk):
    """A headline that was changed and run again replaces the one before, and keeps its place in the mail."""
    desk.kernel.run('report.headline("Week {week} in other words")', "c03")

    (shown,) = desk.kernel.run("show_mail(report)", SHOW)

    assert "other words" in shown["data"]["text/plain"].splitlines()[0]
    assert "Cash falls to" not in shown["data"]["text/plain"].splitlines()[0]


def test_a_cell_that_is_not_saved_is_named(desk):
    """Of a cell that is not in the file nobody knows where it belongs: it is left out, and that is said."""
    desk.kernel.run('report.note("A new thought.")', "brand-new")

    (shown,) = desk.kernel.run("show_mail(report)", SHOW)

    assert "1 cell that ran is not in the saved notebook" in shown["data"]["text/html"]
    assert "A new thought" not in shown["data"]["text/plain"]


def test_a_page_made_of_a_saved_notebook_leaves_the_mail_out(desk):
    """A notebook saved with the mail in its last cell still becomes the page it was: a page shows no mail."""
    notebook = nbformat.read(desk.notebook, 4)
    notebook.cells[-1].outputs = [nbformat.v4.new_output("display_data", data={**desk.shown[0]["data"]})]

    rendered = rendered_of(notebook, next((desk.notebook.parent.parent / "out" / "snapshots").iterdir()))

    assert PREVIEW in notebook.cells[-1].outputs[0].data
    assert "iframe" not in rendered.page
    assert rendered.dropped == ()


def test_whoever_names_no_cell_is_shown_nothing(desk):
    """Papermill started from a notebook inherits its environment, but names no cell: nothing is shown."""
    assert desk.kernel.run("show_mail(report)", None) == []
