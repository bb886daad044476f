"""The room on this machine: how many reports are made at a time."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_REPORT_BYTES = 300 * 2**20  # of a kernel with a company's frames and pictures, generously


def workers() -> int:
    """One more than there are cores, for the moments in which kernels wait for their runner; if memory allows."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores + 1, _free_bytes() // _REPORT_BYTES))


def _free_bytes() -> int:
    """Of the machine, and of the container if there is one; as if endless where the system does not say."""
    found = [2**50]
    with suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found.append(next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")))
    with suppress(OSError, ValueError):  # "max" where there is no limit
        found.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return min(found)
