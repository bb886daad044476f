"""The documentation: a site without a broken link, and a tutorial that works when it is followed."""

import inspect
import os
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import click
import nbformat
import pytest
from clones import clone
from nbformat.v4 import new_code_cell, new_markdown_cell

from quarterdeck import charts, metrics
from quarterdeck.blocks import Chart
from quarterdeck.cli import cli
from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.figure import CATALOGUE
from quarterdeck.notebook import Report, column, open_report
from quarterdeck.snapshot import open_snapshot

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
TUTORIAL = (DOCS / "tutorial.md").read_text(encoding="utf-8")
NO_SUCH_WORD = "python runner.py metrics ready"  # the tutorial shows what that says


def fenced(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The documentation as MkDocs builds it, strictly."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_tells_every_command_and_every_metric(site):
    """The reference is written from the code: what the code has, it has."""
    command = (site / "reference" / "command" / "index.html").read_text(encoding="utf-8")
    catalogue = (site / "reference" / "metrics" / "index.html").read_text(encoding="utf-8")
    settings = (site / "reference" / "settings" / "index.html").read_text(encoding="utf-8")

    assert [name for name in cli.commands if f'id="{name}"' not in command] == []
    assert [name for name in CATALOGUE if f'id="{name}"' not in catalogue] == []
    for word in ("QUARTERDECK_COMPANY", "fiscal_year_start", "max_age_hours", "capacity_per_second"):
        assert word in settings


def test_the_site_asks_no_other_host(site):
    """No page loads a script, a style, a picture or a font from elsewhere."""
    pages = [*site.rglob("*.html")]
    loaded = re.compile(r"""<(?:script|img|link|iframe)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//[^>]*>""")
    foreign = [found for page in pages for found in loaded.findall(page.read_text(encoding="utf-8"))]

    assert len(pages) > 20
    assert [tag for tag in foreign if 'rel="canonical"' not in tag] == []


@pytest.mark.parametrize("page", sorted(DOCS.glob("how-to/*.md")), ids=lambda page: page.stem)
def test_every_command_of_the_how_tos_can_be_typed(page):
    """The command line takes each of them as it stands: names, arguments and options."""
    lines = [line for block in fenced(page.read_text(encoding="utf-8"), "sh") for line in block.splitlines()]
    lines += re.findall(r"`(python runner\.py [^`]+)`", page.read_text(encoding="utf-8"))

    for line in lines:
        name, *arguments = shlex.split(line.removeprefix("python runner.py "))
        with click.Context(cli) as context:
            cli.commands[name].make_context(name, arguments, parent=context)


@pytest.fixture(scope="module")
def inventory(snapshot_of) -> AssetInventory:
    return open_snapshot(snapshot_of(ROOT / "sample"))


def test_the_metric_of_the_how_to_is_one(inventory, monkeypatch):
    """What docs/how-to/metric.md shows is taken into the catalogue, and counts the sample's inquiries."""
    monkeypatch.setattr("quarterdeck.metrics.figure.CATALOGUE", {})
    names = {}
    exec(fenced((DOCS / "how-to" / "metric.md").read_text(encoding="utf-8"), "python")[0], names)  # noqa: S102 - ours
    report = open_report_of(inventory)
    events = inventory.table("events", "created_at")["created_at"]

    figure = names["inquiries"](inventory, report.period)

    assert figure.value == events.between(report.period.start, report.period.end, inclusive="left").sum() > 0


def test_the_chart_of_the_how_to_is_one(inventory, monkeypatch):
    """What docs/how-to/chart.md shows draws a chart with a title that has its number, and words for it."""
    shown = []
    monkeypatch.setattr("quarterdeck.notebook.report.show", shown.append)
    report = open_report_of(inventory)
    names = {"report": report, "metrics": metrics, "charts": charts, "show": report.display}

    exec(fenced((DOCS / "how-to" / "chart.md").read_text(encoding="utf-8"), "python")[0], names)  # noqa: S102 - ours

    (chart,) = shown
    assert isinstance(chart, Chart)
    assert chart.title.startswith(f"{report.figure('unfilled_places').value} places have no crew yet, worth $")
    assert "places without crew by business" in chart.alt.lower()


def example_of(part) -> str:
    """The code in a docstring, which stands indented before its arguments."""
    above = re.split(r"^(?:Args|Returns|Raises):$", inspect.getdoc(part) or "", flags=re.MULTILINE)[0]
    return textwrap.dedent("".join(line for line in above.splitlines(keepends=True) if line.startswith("    ")))


METHODS = {name: part for name, part in inspect.getmembers(Report, inspect.isfunction) if not name.startswith("_")}


@pytest.mark.parametrize("name", [*METHODS, "display"])
def test_every_method_of_a_report_has_an_example_that_runs(inventory, name):
    """What an analyst sees under Shift-Tab can be copied into a cell, and works there."""
    example = example_of(getattr(Report, name))
    report = open_report_of(inventory)

    exec(example, {"report": report, "metrics": metrics, "charts": charts, "column": column, "agenda_rows": 5})  # noqa: S102 - ours

    assert f"report.{name}" in example


def open_report_of(inventory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("quarterdeck.notebook.report.inventory_for", lambda _: inventory)
        return open_report()


def follow(project, code):
    """
    Do with the new report's files what the tutorial says.

    A cell takes the place of the one that begins as it does; what is indented takes the place of the test's end.
    """
    if code.startswith("    "):
        test = project / "tests" / "test_safety_notebook.py"
        kept, bookings, _ = test.read_text(encoding="utf-8").partition("    bookings =")
        assert bookings
        test.write_text(kept + code, encoding="utf-8")
        return
    notebook_path = project / "notebooks" / "safety.ipynb"
    notebook = nbformat.read(notebook_path, 4)
    begin = code.partition("(")[0] if code.startswith("report.") else code.partition("\n")[0]
    for cell in notebook.cells:
        if cell.source.startswith(begin):
            cell.source = code.rstrip("\n")
            break
    else:
        (place,) = [n for n, cell in enumerate(notebook.cells) if cell.source == "## What has to be done?"]
        notebook.cells[place:place] = [new_markdown_cell("## Which checks are late?"), new_code_cell(code.rstrip("\n"))]
    nbformat.write(notebook, notebook_path)


def test_the_tutorial_works_when_it_is_followed(tmp_path):
    """Every command and every edit of it, in its order, in a project as a clone has it."""
    clone(tmp_path)
    own = {"QUARTERDECK_LEDGER": f"sqlite:{tmp_path / 'ledger.db'}", "QUARTERDECK_STORE": "outputs"}
    said = {}

    blocks = re.findall(r"^```(\w+)\n(.*?)^```", TUTORIAL, re.MULTILINE | re.DOTALL)
    assert {language for language, _ in blocks} == {"console", "python"}  # nothing else is there to be done
    for language, block in blocks:
        if language == "python":
            follow(tmp_path, block)
            continue
        for line in block.splitlines():
            command = line.removeprefix("$ ")
            program, *arguments = shlex.split(command)
            typed = [sys.executable if program == "python" else program, *arguments]
            done = subprocess.run(
                typed, cwd=tmp_path, env=os.environ | own, capture_output=True, text=True, check=False
            )
            assert done.returncode == (2 if command == NO_SUCH_WORD else 0), f"{command}\n{done.stderr}"
            said[command] = done.stdout

    assert "of the checks due in week 47 were done in time" in said["python runner.py run safety"]
    assert "1 passed" in said["python -m pytest -q tests/test_safety_notebook.py"]
    text = (tmp_path / "outputs" / "2026-W47" / "safety" / "page.html").read_text(encoding="utf-8")
    assert "3 checks are late for events of the next 14 days" in text
