"""What analysts read under Shift-Tab: the docstrings of all that notebooks import, as IPython shows them."""

import inspect
import json
import os
import re
import subprocess
import sys

import pytest

from quarterdeck import charts, metrics, notebook
from quarterdeck.notebook import Report

PARTS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": part
    for module in (notebook, charts, metrics)
    for name in module.__all__
    if (inspect.isroutine(part := getattr(module, name)) or isinstance(part, type | metrics.Metric))
} | {
    f"Report.{name}": part for name, part in inspect.getmembers(Report) if not name.startswith("_") and part is not None
}

_INSPECT = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
from quarterdeck import charts, metrics, notebook
shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
shell.colors = "nocolor"
shell.push({"charts": charts, "metrics": metrics, "notebook": notebook, "Report": notebook.Report})
print(json.dumps({name: shell.object_inspect_mime(name)["text/plain"] for name in sys.argv[1:]}))
"""

# Every metric and every frame of the package takes them: `report.inventory`, `report.period`.
_EVERYWHERE = {"self", "inventory", "period"}


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> dict[str, str]:
    """What IPython answers when it is asked about each of them, as JupyterLab asks."""
    own = os.environ | {"IPYTHONDIR": str(tmp_path_factory.mktemp("ipython"))}
    done = subprocess.run([sys.executable, "-c", _INSPECT, *PARTS], env=own, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", PARTS)
def test_what_a_notebook_imports_is_explained(name):
    """It begins with a sentence, and each of its arguments is named: a notebook's author looks nowhere else."""
    part = PARTS[name]
    said = inspect.getdoc(part) or ""
    arguments = inspect.signature(part).parameters if callable(part) else {}
    public = [one for one in arguments if not one.startswith("_") and one not in _EVERYWHERE]

    assert re.fullmatch(r"[A-Z`].*[.:]", said.partition("\n\n")[0], re.DOTALL)
    assert [one for one in public if not re.search(rf"\b{one}\b", said)] == []


@pytest.mark.parametrize("name", [name for name in PARTS if name.removeprefix("metrics.") in metrics.CATALOGUE])
def test_a_metric_says_its_unit_formula_and_source(name, shown):
    """Under Shift-Tab stand what it is called with, its unit, its formula and the tables that it reads."""
    said = shown[name]

    assert re.search(rf"{name}\(\s*inventory: 'AssetInventory',\s*period: 'Period',?\s*\) -> 'Figure'", said)
    assert re.search(r"unit='(minor|count|ratio|days|weeks)'", said)
    assert re.search(r"\nFormula:\n    .*\nSource:\n    \w", said, re.DOTALL)


def test_ipython_shows_each_as_it_was_written(shown):
    """Nothing of it is cut, and nothing that Python writes by itself stands for it."""
    without = [name for name, part in PARTS.items() if (inspect.getdoc(part) or "").strip() not in shown[name]]

    assert without == []
