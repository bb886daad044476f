"""The room on this machine: how many reports are made at a time."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from pathlib import Path

_REPORT_BYTES = 300 * 2**20  # of a kernel with a company's frames and pictures, generously
_CONTAINER = Path("/sys/fs/cgroup")  # of version 2, as containers have it


def workers() -> int:
    """One more than there are cores, for the moments in which kernels wait for their runner; if memory allows."""
    return max(1, min(_cores() + 1, _free_bytes() // _REPORT_BYTES))


def _cores() -> int:
    """Of the machine, as far as this process may use them: a container may have a part of their time only."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # "max" where there is no limit
        quota, period = (int(part) for part in (_CONTAINER / "cpu.max").read_text(encoding="ascii").split())
        cores = min(cores, max(1, math.ceil(quota / period)))
    return cores


def _free_bytes() -> int:
    """Of the machine, and of the container if there is one; as if endless where the system does not say."""
    found = [2**50]
    with suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found.append(next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")))
    with suppress(OSError, ValueError):  # "max" where there is no limit
        most, used = (int((_CONTAINER / f"memory.{name}").read_text(encoding="ascii")) for name in ("max", "current"))
        found.append(most - used)
    return min(found)
