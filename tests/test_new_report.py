import os
import subprocess
import sys
from pathlib import Path

import pytest
from clones import clone

from quarterdeck.cli.new_report import NewReport, write
from quarterdeck.config import load_params, report_names
from quarterdeck.errors import CommandRefused, InputInvalid
from quarterdeck.notebook_lint import lint

SAFETY = ("safety", "Safety", "What could hurt a guest next week?", "owner@example.com")


@pytest.fixture
def project(tmp_path) -> Path:
    return clone(tmp_path)


def told(project: Path, *command: str) -> str:
    """What a command prints in *project*; it must end with 0."""
    outside = {"QUARTERDECK_STORE": str(project / "out"), "QUARTERDECK_LEDGER": f"sqlite:{project / 'ledger.db'}"}
    done = subprocess.run(
        [sys.executable, *command], cwd=project, env=os.environ | outside, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_a_new_report_works_before_a_word_is_changed(project):
    """After `new` the command builds, checks and lists the sixth report, and no code was edited for it."""
    written = told(project, "runner.py", "new", SAFETY[0], "--title", SAFETY[1], "--question", SAFETY[2]).split()

    assert all((project / path).is_file() for path in written)
    assert "Safety " in told(project, "runner.py", "run", "safety")
    assert "safety ready" in told(project, "runner.py", "show")
    assert "safety" in told(project, "runner.py", "metrics", "bookings_count")
    assert "safety" in told(project, "runner.py", "check")


def test_its_test_holds(project):
    """The test that comes with it passes as it is: it builds the report and looks into its manifest."""
    write(NewReport(*SAFETY), project)
    support = str(project / "tests" / "support")

    passed = told(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", f"pythonpath={support}", "tests")

    assert "1 passed" in passed


def test_what_is_written_is_clean_and_the_same_every_time(tmp_path):
    """The notebook breaks no rule of the lint, the params are read, and two calls write the same bytes."""
    first, second = tmp_path / "first", tmp_path / "second"
    files = write(NewReport(*SAFETY), first)
    write(NewReport(*SAFETY), second)

    assert lint([first / "notebooks" / "safety.ipynb"]) == []
    assert report_names(first / "params") == ["safety"]
    assert load_params(first / "params", "safety").title == "Safety"
    assert [(first / path).read_bytes() for path in files] == [(second / path).read_bytes() for path in files]


def test_a_title_may_have_quotes_and_colons(tmp_path):
    """What YAML and markdown would take for their own arrives as it was typed."""
    write(NewReport("safety", 'Safety: "first"', SAFETY[2], SAFETY[3]), tmp_path)

    assert load_params(tmp_path / "params", "safety").title == 'Safety: "first"'


@pytest.mark.parametrize("name", ["123", "on", "no", "null", "true", "2026-01-01"])
def test_a_name_that_yaml_would_take_for_something_else_stays_a_name(tmp_path, name):
    """The params that are written are read again, with this name and owner."""
    write(NewReport(name, "Safety", SAFETY[2], "#a@example.com"), tmp_path)

    params = load_params(tmp_path / "params", name)

    assert (params.report, params.owner) == (name, "#a@example.com")


def test_params_that_could_not_be_read_are_not_written(tmp_path, monkeypatch):
    """They are read as a run reads them before any file is there: a wrong template ends at `new`, not at the run."""
    monkeypatch.setattr("quarterdeck.cli.new_report._PARAMS", "report: {quoted_name}\ntitel: {quoted_title}\n")

    with pytest.raises(InputInvalid, match="titel"):
        write(NewReport(*SAFETY), tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["notebooks/safety.ipynb", "params/safety.yaml", "tests/test_safety_notebook.py"])
def test_nothing_that_is_there_is_overwritten(tmp_path, path):
    """A file of that name is named, and none of the others is written."""
    (tmp_path / path).parent.mkdir()
    (tmp_path / path).write_text("mine", encoding="utf-8")

    with pytest.raises(CommandRefused, match="is there already"):
        write(NewReport(*SAFETY), tmp_path)

    assert [file.read_text(encoding="utf-8") for file in tmp_path.rglob("*.*") if file.is_file()] == ["mine"]


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (("Safety", *SAFETY[1:]), "a-z, 0-9 and hyphens"),
        (("../safety", *SAFETY[1:]), "a-z, 0-9 and hyphens"),
        (("safety", "S" * 41, *SAFETY[2:]), "at most 40 characters"),
        (("safety", "S\nS", *SAFETY[2:]), "one line of text"),
        (("safety", "S", " ", SAFETY[3]), "one line of text"),
        (("safety", "S", "Why?", "nobody"), "one e-mail address"),
    ],
)
def test_what_cannot_be_a_report_is_refused(tmp_path, new, expected):
    """Name, title, question and owner are looked at before a file is written, and the error ends with an example."""
    with pytest.raises(InputInvalid, match=expected) as refused:
        write(NewReport(*new), tmp_path)

    assert "python runner.py new safety" in str(refused.value)
    assert list(tmp_path.iterdir()) == []
