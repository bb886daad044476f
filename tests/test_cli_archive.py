"""The archive after each command that changes what it tells."""

import os
import subprocess
import sys

import pytest
from harbour import SAYS, FakeMailer

CFO = "cfo/2026-W47"
_START = "import sys, pathlib; from quarterdeck.cli import main; main(pathlib.Path(sys.argv.pop(1)))"


@pytest.fixture
def command(harbour):
    """Run the real command over the harbour's project; its exit code and the archive's index."""

    def run(*arguments: str) -> tuple[int, str]:
        where = {"QUARTERDECK_LEDGER": f"sqlite:{harbour.root / 'ledger.db'}", "QUARTERDECK_COMPANY": "company"}
        done = subprocess.run(
            [sys.executable, "-c", _START, str(harbour.root), *arguments],
            cwd=harbour.root,
            env=os.environ | where,
            check=False,
        )
        index = harbour.root / "outputs" / "index.html"
        return done.returncode, index.read_text(encoding="utf-8") if index.exists() else ""

    return run


def test_an_approval_is_in_the_archive(harbour, command):
    """The calendar says what the edition is now."""
    harbour.report("cfo", SAYS.format(words="nan is"))
    harbour.run()

    code, index = command("approve", CFO, "--because", "it is a name")

    assert code == 0
    assert "CFO, 2026-W47: ready" in index


def test_a_settled_doubt_is_in_the_archive(harbour, command):
    """A delivery that a person settled is shown as that."""
    harbour.run(mailer=FakeMailer(lose=("cfo@harbour.boats",)))

    code, index = command("settle", CFO, "--sent")

    edition = (harbour.root / "outputs" / "archive" / "2026-W47" / "cfo" / "index.html").read_text(encoding="utf-8")
    assert (code, bool(index)) == (0, True)
    assert ">sent<" in edition


@pytest.mark.usefixtures("on_moto")
def test_a_mail_sent_once_more_is_in_the_archive(harbour, command, monkeypatch):
    """What `resend` mailed is a delivery beside the first."""
    monkeypatch.setenv("SES_SENDER_EMAIL", "reports@harbour.boats")
    monkeypatch.setenv("SES_RECIPIENT_EMAIL", "cfo@harbour.boats")
    harbour.run(mailer=FakeMailer())

    code, index = command("resend", CFO, "--to", "cfo@harbour.boats", "--because", "she deleted it")

    edition = (harbour.root / "outputs" / "archive" / "2026-W47" / "cfo" / "index.html").read_text(encoding="utf-8")
    assert (code, bool(index)) == (0, True)
    assert edition.count(">sent<") == 2


def test_a_run_that_stops_with_an_error_is_in_the_archive(harbour, command):
    """The disk had no room for the edition: what was recorded until then is told all the same."""
    harbour.event_of_the_week_before("80.00")
    harbour.run(period="2026-W46")
    (harbour.root / "outputs" / "2026-W47").write_text("in the way")

    code, index = command("run", "--period", "2026-W47")

    assert code == 2
    assert "CFO, 2026-W46: ready" in index


def test_no_archive_is_made_where_no_editions_are(harbour, command):
    """`approve` needs the ledger alone: an outputs folder that it was not told, or was told wrongly, is not made."""
    harbour.report("cfo", SAYS.format(words="nan is"))
    harbour.run()

    code, _ = command("approve", CFO, "--because", "it is a name", "--outputs", "elsewhere")

    assert code == 0
    assert not (harbour.root / "elsewhere").exists()
