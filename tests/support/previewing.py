"""A preview as a person starts it: a process of its own, on a free port."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from quarterdeck.web.settings import Settings

_START = """\
import sys
from datetime import UTC, datetime
from quarterdeck.web.preview import run_preview
from quarterdeck.web.settings import Settings
run_preview(
    Settings.read(sys.argv[1]), port=0, now=lambda: datetime.now(UTC), told=lambda address: print(address, flush=True)
)
"""


@dataclass
class Served:
    """A preview that runs at *address*, which ends with a slash."""

    address: str
    process: subprocess.Popen

    @property
    def port(self) -> int:
        return int(self.address.rstrip("/").rpartition(":")[2])


@contextmanager
def preview(settings: Settings, *, package: Path | None = None) -> Iterator[Served]:
    """The preview of *settings*, ended as Ctrl-C ends it; *package* is a folder with a `quarterdeck` of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", _START, settings.written()],
        stdout=subprocess.PIPE,
        text=True,
        cwd=package,
        env=os.environ | ({"PYTHONPATH": str(package)} if package else {}),
    )
    try:
        yield Served(process.stdout.readline().strip(), process)
    finally:
        process.terminate()
        process.wait(timeout=120)
        process.stdout.close()
