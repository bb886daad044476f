"""Two real processes at once over one ledger, and one that was killed: each reader is mailed once at most."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import timedelta

import pytest
from harbour import SAYS
from stand_ins import mailed_by

from quarterdeck import aws
from quarterdeck.ledger import SEND_LEASE, dynamodb, open_ledger

CFO = "cfo/2026-W47"
READERS = ("a@harbour.boats", "b@harbour.boats")
START = "import sys; from pathlib import Path; from quarterdeck.cli import main; main(Path(sys.argv.pop(1)))"
# Claims a delivery with a clock that is an hour late, and is killed before it has sent anything.
CLAIM = """
import os, signal, sys
from datetime import UTC, datetime, timedelta
from quarterdeck.ledger import open_ledger
ledger = open_ledger(sys.argv[1], "harbour", lambda: datetime.now(UTC) - timedelta(hours=1))
ledger.claim(sys.argv[2], sys.argv[3], body_hash=sys.argv[4], owner="killed")
os.kill(os.getpid(), signal.SIGKILL)
"""
KEPT = ("PATH", "HOME", "AWS_", "PYTHON", "VIRTUAL_ENV", "TMPDIR")


@pytest.fixture
def start(harbour, moto, on_aws, request):
    """A function (arguments, machine) → the real command, over harbour, ledger and store of its own, and SES."""
    on_aws(moto)
    urllib.request.urlopen(urllib.request.Request(f"{moto}/moto-api/reset", method="POST")).close()  # noqa: S310 - our own
    aws.client("sesv2").create_email_identity(EmailIdentity="harbour.boats")
    harbour.report("cfo", SAYS.format(words="Recognised"), params=f"delivery: {{to: [{', '.join(READERS)}]}}\n")
    url, store = f"sqlite:{harbour.root / 'ledger.db'}", str(harbour.root / "outputs")
    if getattr(request, "param", "sqlite") == "dynamodb":
        dynamodb.create_table("harbour")
        at = {"LocationConstraint": os.environ["AWS_REGION"]}
        aws.client("s3").create_bucket(Bucket="harbour", CreateBucketConfiguration=at)
        url, store = "dynamodb:harbour", "s3://harbour/weekly"
    kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    own = {
        "QUARTERDECK_LEDGER": url,
        "QUARTERDECK_STORE": store,
        "QUARTERDECK_COMPANY": str(harbour.root / "company"),
        "SES_SENDER_EMAIL": "reports@harbour.boats",
    }

    def begin(*arguments: str, machine: str = "one") -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-c", START, str(harbour.root), *arguments],
            cwd=harbour.root,
            env=kept | own | {"XDG_CACHE_HOME": str(harbour.root / machine)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    begin.url = url
    return begin


@pytest.mark.parametrize("start", ["sqlite", "dynamodb"], indirect=True)
def test_two_starts_at_once_mail_each_reader_once(start, harbour, moto):
    """
    Whoever of two comes to a reader first mails, and both end with 0: on one machine, and on two with one bucket.

    On one machine the second waits for the first, and executes nothing.
    A third start mails nobody, says who has it since when, and ends with 0 too.
    """
    both = [start("run", "--send", machine=machine) for machine in ("one", "other")]
    told = [one.communicate(timeout=240) for one in both]
    third = start("run", "--send")
    said, trouble = third.communicate(timeout=240)

    assert [one.returncode for one in both] == [0, 0], told
    assert mailed_by(moto) == list(READERS), told
    assert len(harbour.ledger.runs(CFO)) == 1 or not start.url.startswith("sqlite")
    assert third.returncode == 0, trouble
    assert said.count("sent before, at ") == 2


def test_a_killed_start_is_taken_over_and_its_mail_is_in_doubt(start, harbour, moto):
    """A run that was killed is made anew by the next start; a claim whose sender was killed is never mailed."""
    mark = harbour.root / "began"
    slow = f"import pathlib, time\nmark = pathlib.Path({str(mark)!r})\nmark.exists() or (mark.touch(), time.sleep(600))"
    readers = f"delivery: {{to: [{', '.join(READERS)}]}}\n"
    harbour.report("cfo", f"{slow}\n{SAYS.format(words='Recognised')}", params=readers)
    first = start("run", "--send")
    while not mark.exists():
        time.sleep(0.05)
        assert first.poll() is None, first.communicate()
    os.kill(first.pid, signal.SIGKILL)
    first.communicate(timeout=60)
    left = harbour.ledger.runs(CFO)
    built = start("run")
    built.communicate(timeout=240)
    ledger = open_ledger(start.url, "harbour", lambda: harbour.clock)
    ledger.release(CFO, ledger.edition(CFO).run)
    body = json.loads((harbour.folder(CFO) / "manifest.json").read_bytes())["message"]["body"]
    killed = subprocess.run([sys.executable, "-c", CLAIM, start.url, CFO, READERS[0], body], check=False)

    last = start("run", "--send")
    said, _ = last.communicate(timeout=240)

    assert [run.state for run in left] == ["executing"]
    assert (killed.returncode, last.returncode) == (-signal.SIGKILL, 6), said
    assert timedelta(hours=1) > SEND_LEASE  # the killed sender's clock is an hour late: its time is over
    assert mailed_by(moto) == [READERS[1]]
