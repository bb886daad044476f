"""A report that there was not: its notebook, its params file and its test, which work before a word is changed."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from pydantic import ValidationError

from quarterdeck.config import Params, load_params
from quarterdeck.errors import CommandRefused, InputInvalid
from quarterdeck.files import write_beside_unless_there

_EXAMPLE = 'python runner.py new safety --title "Safety" --question "What could hurt a guest next week?"'

_PARAMETERS = """\
snapshot = None  # folder of a snapshot; None: the sample company, frozen now
period = None  # week such as "2026-W48"; None: the last full week before the snapshot's as-of
previous = ""  # folder of last week's edition; "": there is none
agenda_rows = 12  # rows of the agenda in the mail, 1 to 12"""

# In the order in which a reader asks; `python runner.py metrics` has what else there is to show.
_CELLS = (
    """\
from quarterdeck import metrics
from quarterdeck.notebook import open_report

report = open_report(snapshot=snapshot, period=period, previous=previous)""",
    """\
report.headline(
    "{bookings_count:booking/bookings} worth {bookings_value} came in",
    "Nothing is known of the bookings of {week}",
)""",
    "report.since_last_week(metrics.bookings_value, metrics.bookings_count, metrics.cancellations_count)",
    "report.kpis(metrics.bookings_value, metrics.bookings_count, metrics.cancellation_rate)",
    "## What has to be done?",
    """\
tasks = report.frame(metrics.agenda, "the agenda", "ceo", empty="Nothing is due in the next 30 days.")
if tasks is not None:
    report.actions(tasks, mail_rows=agenda_rows)""",
    'report.provenance("events", "actions")',
    "from quarterdeck.preview import show_mail\n\nshow_mail(report)",
)

_PARAMS = """\
# yaml-language-server: $schema=../docs/schemas/params.json
# {title}. Unknown keys stop the run, so a typo cannot become a default.
report: {quoted_name}
title: {quoted_title}
owner: {quoted_owner}   # gets failure mail; never the report itself
needs:                     # how old the newest row may be at the snapshot's as-of
  events: {{max_age_hours: 48}}
parameters:
  agenda_rows: 12          # rows of the agenda in the mail, 1 to 12
attach: [page]             # the page goes along: it has all rows and the definitions
# delivery: {{to: [somebody@…]}}   # left out: SES_RECIPIENT_EMAIL
"""

_TEST = '''\
"""The {name} report: what its readers get of the sample company's last full week."""

import json

from weeks_built import run


def test_it_says_what_the_week_was_like(tmp_path):
    """The headline has its number, and the figure behind it is in the manifest."""
    run(tmp_path / "out", "{name}", "--period", "2026-W47")
    (manifest,) = (tmp_path / "out").rglob("{name}/manifest.json")
    said = json.loads(manifest.read_text(encoding="utf-8"))
    bookings = said["metrics"]["bookings_count"]["value"]

    assert f" week 47 · {{bookings}} bookings worth " in said["message"]["subject"]
'''


@dataclass(frozen=True)
class NewReport:
    """
    What a new report is called.

    Args:
        name: `safety`: of its files, and on the command line.
        title: What its mails' subjects begin with.
        question: What its reader wants to know, under the title.
        owner: Who gets mail when it fails.
    """

    name: str
    title: str
    question: str
    owner: str


def write(new: NewReport, root: Path) -> list[Path]:
    """
    Write *new*'s notebook, params and test into the project in *root*; the files, relative to it.

    Raises:
        InputInvalid: A name, title, question or owner that cannot be one.
        CommandRefused: There is a file of that name; nothing was written.
        StoreUnwritable: A file could not be written.
    """
    _check(new)
    params = Path("params", f"{new.name}.yaml")
    files = {
        Path("notebooks", f"{new.name}.ipynb"): _notebook(new),
        Path("tests", f"test_{new.name.replace('-', '_')}_notebook.py"): _TEST.format(name=new.name),
        # The last: a report is listed by its params, and then all of it is there
        params: _PARAMS.format(
            title=new.title,
            quoted_name=_quoted(new.name),
            quoted_title=_quoted(new.title),
            quoted_owner=_quoted(new.owner),
        ),
    }
    for path in files:
        if (root / path).exists():
            raise CommandRefused(f"new {new.name}", f"{path} is there already", f"python runner.py run {new.name}")
    _read_back(new.name, files[params])
    for path, text in files.items():
        write_beside_unless_there(root / path, text.encode())
    return list(files)


def _read_back(name: str, params: str) -> None:
    """See that the next command can read *params*, before it is where that one looks."""
    with tempfile.TemporaryDirectory(prefix="qd-") as folder:
        Path(folder, f"{name}.yaml").write_text(params, encoding="utf-8")
        load_params(Path(folder), name)


def _quoted(text: str) -> str:
    """*text* for YAML, which would take a bare `on`, `123` or `#a` for something else."""
    return json.dumps(text, ensure_ascii=False)


def _check(new: NewReport) -> None:
    try:
        Params(report=new.name, title=new.title, owner=new.owner)
    except ValidationError as error:
        problem = error.errors()[0]
        match problem["type"]:
            case "value_error":
                expected = str(problem["ctx"]["error"])
            case "string_pattern_mismatch":
                expected = "a name of a-z, 0-9 and hyphens"
            case _:
                expected = problem["msg"].removeprefix("String should have ")
        raise InputInvalid(f"new, {problem['loc'][0]}", repr(problem["input"]), expected, _EXAMPLE) from error
    for word, text in (("title", new.title), ("question", new.question)):
        if not text.strip() or not text.isprintable():
            raise InputInvalid(f"new, {word}", repr(text), "one line of text", _EXAMPLE)


def _notebook(new: NewReport) -> str:
    opening = (
        f"# {new.title}\n\n**{new.question}**\n\nOwner: {new.owner}. This notebook reads one snapshot of the company"
        " and nothing else. Each figure is\ndefined once, in `quarterdeck.metrics`; sentences take it from there."
    )
    cells = [new_markdown_cell(opening), new_code_cell(_PARAMETERS, metadata={"tags": ["parameters"]})]
    cells += [new_markdown_cell(text) if text.startswith("#") else new_code_cell(text) for text in _CELLS]
    for number, cell in enumerate(cells):
        cell.id = f"c{number:02}"  # not by chance: the same command writes the same file
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    text: str = nbformat.writes(new_notebook(cells=cells, metadata=metadata))
    return text + "\n"
