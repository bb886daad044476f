"""What a notebook is executed again for, and what not."""

import json
import subprocess
import sys

import pytest

from quarterdeck.config import Environment
from quarterdeck.pipeline import make_plan
from quarterdeck.pipeline.execution_key import NOT_IN_A_KERNEL, execution_key

ENVIRONMENT = Environment()
SNAPSHOT = "0123456789abcdef"


@pytest.fixture
def key(harbour, package):
    """The key as it is now: a function of what differs from the usual (snapshot, previous)."""
    assert package.is_dir()

    def now(**differs) -> str:
        plan = make_plan(harbour.request("cfo"), ENVIRONMENT, harbour.clock)
        return execution_key(plan.reports[0], plan.period, **{"snapshot": SNAPSHOT, "previous": None, **differs})

    return now


def test_each_of_notebook_parameters_snapshot_and_package_changes_it(harbour, package, key):
    """One changed cell, one other value, another snapshot, one changed line of the package: each is another key."""
    keys = [key(), key(snapshot="fedcba9876543210")]
    (package / "metrics" / "cash.py").write_text("second\n")
    keys.append(key())
    params = harbour.root / "params" / "cfo.yaml"
    params.write_text(params.read_text() + "parameters: {rows: 2}\n")
    keys.append(key())
    harbour.report("cfo", "1 + 1", params="parameters: {rows: 2}\n")
    keys.append(key())

    assert len(set(keys)) == 5


def test_code_beside_the_notebook_and_what_is_installed_change_it(harbour, tmp_path, monkeypatch, key):
    """A module that its cells import, one in a folder, and another version of a library; other notebooks do not."""
    site = tmp_path / "site-packages"
    (site / "pandas-3.0.dist-info").mkdir(parents=True)
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(site))
    folder = harbour.root / "notebooks"
    keys = [key()]
    (folder / "helpers.py").write_text("rate = 1\n")
    keys.append(key())
    (folder / "lists").mkdir()
    (folder / "lists" / "names.csv").write_text("a\n")
    keys.append(key())
    (site / "pandas-3.0.dist-info").rename(site / "pandas-3.1.dist-info")
    keys.append(key())
    assert len(set(keys)) == 4

    (folder / "other.ipynb").write_text("{}")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "helpers.py").write_text("rate = 2\n")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "helpers.pyc").write_text("1")
    assert key() == keys[-1]


def test_last_weeks_edition_changes_it(tmp_path, key):
    """A notebook that compares with another edition of last week is executed again."""
    (tmp_path / "manifest.json").write_text(json.dumps({"metrics": {}}))
    first = key(previous=tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"metrics": {"cash": 1}}))

    assert len({key(), first, key(previous=tmp_path)}) == 3


def test_what_no_notebook_reads_does_not_change_it(harbour, package, key):
    """A template, the renderer, a report's title and its needs are drawn anew, and execute nothing."""
    before = key()
    (package / "render" / "templates" / "mail.css").write_text("second\n")
    (package / "render" / "letter.py").write_text("second\n")
    params = harbour.root / "params" / "cfo.yaml"
    params.write_text(params.read_text().replace("title: CFO", "title: Treasurer"))

    assert key() == before


def test_a_kernel_loads_none_of_what_the_key_leaves_out():
    """All that notebooks import, and what that imports, is in the key."""
    imports = "import quarterdeck.notebook, quarterdeck.charts, quarterdeck.metrics, quarterdeck.preview, sys, json"
    listed = "print(json.dumps([name for name in sys.modules if name.startswith('quarterdeck.')]))"
    done = subprocess.run([sys.executable, "-c", f"{imports}\n{listed}"], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[1] for name in json.loads(done.stdout)}
    left_out = {name.removesuffix(".py") for name in NOT_IN_A_KERNEL}

    assert {"notebook", "metrics", "config"} <= loaded
    assert loaded & left_out == set()
