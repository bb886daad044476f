"""What the tests of kernels share: the environment of one, and whether a process lives."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from quarterdeck.kernels import LEAN

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "PYTHONPATH")},
    "PYTHONHASHSEED": "0",
    **LEAN,
}


def is_alive(pid: int) -> bool:
    """A zombie is dead: it only waits to be read by its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 10
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()
