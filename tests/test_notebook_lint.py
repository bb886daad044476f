from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from quarterdeck.notebook_lint import lint, main

ROOT = Path(__file__).resolve().parents[1]
PARAMETERS = 'snapshot = None  # a folder\nperiod = None  # a week\nprevious = ""  # a folder'


def write(path, *cells, parameters=PARAMETERS, title="# Safety", kernel="python3"):
    """A notebook with *cells* after its title and its parameters; None leaves one of those out."""
    first = [new_markdown_cell(title)] if title else []
    second = [new_code_cell(parameters, metadata={"tags": ["parameters"]})] if parameters else []
    notebook = new_notebook(
        cells=[*first, *second, *cells], metadata={"kernelspec": {"name": kernel, "display_name": "", "language": ""}}
    )
    nbformat.write(notebook, path)
    return path


def said(path):
    return [str(fault).removeprefix(str(path)) for fault in lint([path])]


def test_the_five_notebooks_and_a_plain_one_are_clean(tmp_path):
    """No rule is broken by what is committed, nor by a notebook that reads its snapshot and shows it."""
    plain = write(tmp_path / "safety.ipynb", new_markdown_cell("## What happened?"), new_code_cell("1 + 1"))

    assert len(list((ROOT / "notebooks").glob("*.ipynb"))) >= 5
    assert lint([*(ROOT / "notebooks").glob("*.ipynb"), plain]) == []


@pytest.mark.parametrize(
    ("source", "place", "word"),
    [
        ("import pandas as pd\npd.Timestamp.now()", "cell 3, line 2", "pd.Timestamp.now"),
        ("from datetime import date as day\nday.today()", "cell 3, line 2", "day.today"),
        ("import time\ntime.time()", "cell 3, line 2", "time.time"),
        ("import urllib.request", "cell 3, line 1", "urllib.request"),
        ("from boto3 import client", "cell 3, line 1", "boto3"),
        ("import sys\nsys.exit()", "cell 3, line 2", "sys.exit"),
        ("raise SystemExit", "cell 3, line 1", "SystemExit"),
        (
            "import pandas as pd\npd.read_csv('https://example.com/a.csv')",
            "cell 3, line 2",
            "https://example.com/a.csv",
        ),
        ("from pandas import read_csv as get\nget('s3://a/b.csv')", "cell 3, line 2", "s3://a/b.csv"),
        ("import pandas as pd\nwhere = 'https://example.com/a.csv'\npd.read_csv(where)", "cell 3, line 2", "https:"),
        ("bucket = 'a'\nopen(f's3://{bucket}/b.csv')", "cell 3, line 2", "s3://"),
        ("from quarterdeck.metrics import *", "cell 3, line 1", "imports all of quarterdeck.metrics"),
        ("import importlib\nimportlib.import_module('requests')", "cell 3, line 1", "importlib"),
        ("from importlib import import_module as load", "cell 3, line 1", "importlib"),
        ("__import__('requests').get('a')", "cell 3, line 1", "__import__"),
        ("import builtins as b\nb.exec('import requests')", "cell 3, line 2", "b.exec"),
        ("import pandas as pd\npd.read_sql('select 1', 'db')", "cell 3, line 2", "pd.read_sql"),
        ("import os\nos.system('curl x')", "cell 3, line 2", "os.system"),
        ("from os import popen\npopen('curl x')", "cell 3, line 2", "popen"),
        ("from time import time\ntime()", "cell 3, line 2", "time"),
        ("import time as t\nt.time_ns()", "cell 3, line 2", "t.time_ns"),
        ("import time\ntime.perf_counter()", "cell 3, line 2", "time.perf_counter"),
        ("import pandas as pd\npd.Timestamp('now')", "cell 3, line 2", "pd.Timestamp('now')"),
        ("import pandas as pd\npd.to_datetime(arg='today')", "cell 3, line 2", "pd.to_datetime('today')"),
        ("import pandas as pd\npd.to_datetime(['now'])", "cell 3, line 2", "pd.to_datetime('now')"),
        ("import pandas as pd\npd.date_range(end='today', periods=7)", "cell 3, line 2", "pd.date_range('today')"),
        ("import pandas as pd\npd.Period('now', 'W')", "cell 3, line 2", "pd.Period('now')"),
        ("import pandas as pd\npd.DataFrame().to_parquet('s3://b/k')", "cell 3, line 2", "s3://b/k"),
        ("from pyarrow import fs", "cell 3, line 1", "pyarrow.fs"),
        ("from quarterdeck.aws import client", "cell 3, line 1", "quarterdeck.aws"),
        ("import xmlrpc.client", "cell 3, line 1", "xmlrpc.client"),
        ("get_ipython().system('curl x')", "cell 3, line 1", "get_ipython"),
        ("import sys as s\ns.exit()", "cell 3, line 2", "s.exit"),
        ("from sys import exit as stop\nstop()", "cell 3, line 2", "stop"),
        ("from os import _exit\n_exit(0)", "cell 3, line 2", "_exit"),
        ("!curl example.com", "cell 3, line 1", "not plain Python"),
        ("1\n\n%time 2", "cell 3, line 3", "not plain Python"),
        ("\n".join("1" * 16), "cell 3, line 16", "16 lines"),
    ],
)
def test_a_cell_that_reaches_past_its_snapshot_is_named(tmp_path, source, place, word):
    """Clock, network, early ends, hidden code, magics and long cells are told with cell, line and what to do."""
    (fault,) = said(write(tmp_path / "safety.ipynb", new_code_cell(source)))

    assert fault.startswith(f", {place}: ")
    assert word in fault
    assert ";" in fault


@pytest.mark.parametrize(
    "cell",
    [
        new_markdown_cell("## How?\n\n```sh\n# a comment of a shell\n```"),
        new_code_cell("exit = 3\nis_now = metric.now\nlabel = 'today'"),
    ],
)
def test_what_only_looks_like_it_is_fine(tmp_path, cell):
    """A comment in fenced code is no heading, and a name of one's own is no clock and no end."""
    assert said(write(tmp_path / "safety.ipynb", cell)) == []


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ({"parameters": None}, ": has 0 cells tagged parameters"),
        ({"parameters": f"{PARAMETERS}\nrows = 3"}, ", cell 2, line 4: has no comment"),
        ({"parameters": f"{PARAMETERS}\ncolour = '#fff'"}, ", cell 2, line 4: has no comment"),
        ({"parameters": f"{PARAMETERS}\nrows = len('a')  # rows"}, ", cell 2, line 4: rows is no literal"),
        ({"parameters": f"{PARAMETERS}\nrows = {{[1]: 2}}  # rows"}, ", cell 2, line 4: rows is no literal"),
        ({"parameters": f"{PARAMETERS}\nimport math  # for pi"}, ", cell 2, line 4: assigns no literal"),
        ({"parameters": "snapshot = None  # a\nperiod = None  # a"}, ", cell 2: lacks previous"),
        ({"title": None}, ", cell 1, line 1: does not begin with a title"),
        ({"title": "## Safety"}, ", cell 1, line 1: a heading of level 2 after one of level 0"),
        ({"kernel": "conda-env"}, ": is not of the kernel python3"),
    ],
)
def test_a_notebook_without_its_frame_is_refused(tmp_path, made, expected):
    """Title, parameters of literals with comments, and the kernel python3 are every notebook's."""
    faults = said(write(tmp_path / "safety.ipynb", **made))

    assert any(fault.startswith(expected) for fault in faults), faults


@pytest.mark.parametrize(
    "text", ["[]", "null", "1", '{"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": null}, "cells": []}']
)
def test_a_file_that_is_no_notebook_is_named(tmp_path, text):
    """JSON of another shape is a fault of its file, and the lint goes on."""
    path = tmp_path / "safety.ipynb"
    path.write_text(text, encoding="utf-8")

    (fault,) = said(path)

    assert fault.startswith(": cannot be read as a notebook")


def test_headings_outputs_and_the_order_of_cells_are_looked_at(tmp_path):
    """No level is left out, there is one title, parameters come first, and outputs are not committed."""
    output = new_output("stream", text="1")
    cells = [
        new_markdown_cell("text\n### Deep"),
        new_markdown_cell("# Twice"),
        new_code_cell("1", outputs=[output], execution_count=1),
        new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
    ]

    faults = said(write(tmp_path / "safety.ipynb", *cells, parameters=None))

    assert [fault.partition("; ")[0] for fault in faults] == [
        ", cell 2, line 2: a heading of level 3 after one of level 1",
        ", cell 3, line 1: a second title",
        ", cell 4: has outputs",
        ", cell 5: comes after other code",
    ]


@pytest.mark.parametrize("source", ["def share(a):\n    return a", "share = lambda a: a"])
def test_a_function_of_two_notebooks_belongs_to_the_package(tmp_path, source):
    """The second notebook that defines a name is told which one was the first; a function of one notebook is fine."""
    shared, own = new_code_cell(source), new_code_cell("def own(a):\n    return a")
    first = write(tmp_path / "first.ipynb", shared, own)
    second = write(tmp_path / "second.ipynb", shared)

    (fault,) = lint([first, second])

    assert (fault.path, fault.cell, fault.line) == (second, 3, 1)
    assert "share is defined in first.ipynb too" in fault.says


def test_the_command_says_how_it_went(tmp_path, capsys):
    """Exit 0 for clean notebooks, 1 with every fault of the others, 2 for a folder that has none."""
    write(tmp_path / "safety.ipynb")
    assert main([str(tmp_path)]) == 0

    (tmp_path / "half.ipynb").write_text('{"cells": [', encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    assert "half.ipynb: cannot be read as a notebook" in capsys.readouterr().err

    assert main([str(tmp_path / "nowhere")]) == 2
