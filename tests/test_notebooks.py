"""What holds for every notebook that analysts edit, also for those that are added."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from quarterdeck.config import load_params, report_names
from quarterdeck.execute import STANDARD_PARAMETERS

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(params=report_names(ROOT / "params"))
def report(request):
    return request.param


@pytest.fixture
def notebook(report):
    return nbformat.read(ROOT / "notebooks" / f"{report}.ipynb", 4)


def test_its_cells_define_nothing_and_reach_for_nothing(notebook):
    """The five go further than the lint asks: no function at all, and no import but of what every report is made of."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    nodes = [node for source in code for node in ast.walk(ast.parse(source))]
    imported = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef | ast.Import

    assert not [node for node in nodes if isinstance(node, defined)]
    assert imported == {"quarterdeck", "quarterdeck.notebook", "quarterdeck.preview"}


def test_its_last_cell_shows_the_mail(notebook):
    """Whoever runs all cells sees the mail below them."""
    assert notebook.cells[-1].source == "from quarterdeck.preview import show_mail\n\nshow_mail(report)"


def test_its_params_are_those_of_its_cell(report, notebook):
    """The params file gives the parameters cell's own names, with the same defaults, and names no reader."""
    params = load_params(ROOT / "params", report)
    cell = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    declared = {
        target.id: ast.literal_eval(node.value) for node in ast.parse(cell.source).body for target in node.targets
    }

    assert set(STANDARD_PARAMETERS) <= set(declared)
    assert dict(params.parameters) == {name: declared[name] for name in declared if name not in STANDARD_PARAMETERS}
    assert params.delivery is None


def test_make_lab_opens_every_notebook():
    """The workspace of `make lab` has the README in front, and a tab for each report's notebook."""
    printed = subprocess.run([sys.executable, "deploy/lab.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    dock = json.loads(printed.stdout)["data"]["layout-restorer:data"]["main"]["dock"]
    notebooks = [f"notebook:notebooks/{report}.ipynb" for report in report_names(ROOT / "params")]

    assert dock["widgets"] == ["markdownviewer-widget:README.md", *notebooks]
    assert dock["currentIndex"] == 0
