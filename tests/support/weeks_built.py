"""The real reports by the real command, built once for all modules and all of pytest's workers."""

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
COMPANIES = {"sample": "sample", "hotel": "tests/data/hotel-2016"}


def run(outputs: Path, *arguments: str, **environment: str) -> None:
    """Build all reports with the real command; it must end with 0, and say of no kernel that it is a slow one."""
    known = {name: value for name, value in os.environ.items() if not re.match("SES_|QUARTERDECK_|AWS_|XDG_", name)}
    own = {"QUARTERDECK_STORE": str(outputs), "QUARTERDECK_LEDGER": f"sqlite:{outputs.parent / outputs.name}.db"}
    done = subprocess.run(
        [sys.executable, "runner.py", "run", *arguments],
        cwd=ROOT,
        env=known | own | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "a stock kernel was started" not in done.stderr, done.stderr


def built_week(company: str, period: str, shared: Path) -> Path:
    """
    The folder of *company*'s editions of *period*; whoever asks first builds them, the others wait.

    Args:
        company: One of `COMPANIES`.
        period: ISO week, `2026-W47`.
        shared: A folder that all workers of one pytest session have.
    """
    outputs = shared / company / "out"
    outputs.parent.mkdir(exist_ok=True)
    with (shared / f"{company}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        built = shared / company / f"{period}.built"
        if not built.is_file():
            run(outputs, "--company", COMPANIES[company], "--period", period)
            built.touch()
    return outputs / period
