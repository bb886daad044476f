"""What stands before a page in the browser is opened: refused where it is typed, not in the browser."""

import os
import subprocess
import sys

import pytest

_START = """\
import pathlib, sys
root, missing, *sys.argv[1:] = sys.argv[1:]
for name in missing.split():
    sys.modules[name] = None  # as where it was never installed
from quarterdeck.cli import main
main(pathlib.Path(root))
"""


def refused(harbour, *arguments: str, missing: str = "", store: str = "outputs") -> str:
    """What the real command says of *arguments*, and nothing on standard output; it must end with 2."""
    where = {"QUARTERDECK_LEDGER": f"sqlite:{harbour.root / 'ledger.db'}", "QUARTERDECK_STORE": store}
    done = subprocess.run(
        [sys.executable, "-c", _START, str(harbour.root), missing, *arguments, "--company", "company"],
        cwd=harbour.root,
        env=os.environ | where,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    return done.stderr


@pytest.mark.parametrize("command", [["preview"], ["show", "--web"]])
def test_without_the_libraries_the_command_says_what_installs_them(harbour, command):
    """An installation without the extra `web` is no traceback: what is missing is named, and what to type."""
    one, two = (refused(harbour, *command, missing=missing) for missing in ("watchfiles", "starlette uvicorn"))

    assert "watchfiles is not installed" in one
    assert "starlette, uvicorn are not installed" in two
    assert "pip install --editable '.[web]'" in one


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["preview", "nobody"], "'nobody', expected one of cfo"),
        (["preview", "cfo", "--period", "2026-W99"], "2026-W99"),
        (["preview", "--port", "99999"], "99999"),
        (["show", "cfo/2026-W47", "--web"], "the page shows all periods and editions"),
    ],
)
def test_what_cannot_be_shown_is_refused_before_a_browser_is_needed(harbour, arguments, expected):
    """A wrong report, week or port ends the command with what it can take."""
    assert expected in refused(harbour, *arguments)


def test_an_archive_in_a_bucket_is_brought_to_a_folder(harbour):
    """`show --web` serves a folder: for a bucket it says what copies it, and asks AWS nothing."""
    said = refused(harbour, "show", "--web", store="s3://acme/weekly")

    assert "aws s3 sync s3://acme/weekly FOLDER" in said
