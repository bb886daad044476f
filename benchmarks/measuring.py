"""What several benchmarks need: an environment like Quarterdeck's kernels', the sample company's week, and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from sysconfig import get_path

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CORES = len(os.sched_getaffinity(0))
PERIOD = "2026-W47"


def environment() -> dict[str, str]:
    """
    What Quarterdeck gives its kernels is given to all: numpy's threads cost those most that use them least.

    A caller that tells Python to keep no bytecode would have our code, and only ours, compiled in every process.
    """
    given = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**given, "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)}


def compile_all() -> None:
    """As after a first run: the bytecode of our code, and of all that is installed, is there before any side starts."""
    command = [sys.executable, "-m", "compileall", "-q", "-j", str(CORES), ROOT / "quarterdeck", get_path("purelib")]
    subprocess.run(command, env=environment(), check=False, capture_output=True)  # some tests of packages are no Python


def environment_of_a_run(out: Path) -> dict[str, str]:
    """Of the command: what it keeps goes into *out*, and no setting of the caller's counts."""
    own = {"QUARTERDECK_STORE": str(out / "store"), "QUARTERDECK_LEDGER": f"sqlite:{out / 'ledger.db'}"}
    ours = ("QUARTERDECK_", "SES_", "AWS_")
    return {name: value for name, value in environment().items() if not name.startswith(ours)} | own


def parameters(snapshot: Path) -> dict[str, str]:
    """Of every notebook; without the week before beside it."""
    return {"snapshot": str(snapshot), "period": PERIOD, "previous": ""}


def frozen(out: Path) -> Path:
    """The sample company's snapshot, for notebooks that are executed without the command."""
    command = [sys.executable, ROOT / "runner.py", "collect"]
    done = subprocess.run(command, env=environment_of_a_run(out), cwd=ROOT, check=True, capture_output=True, text=True)
    return Path(done.stdout.strip())


def rollup(pid: int | str = "self") -> dict[str, float]:
    """
    Memory of process *pid*, in MB.

    Returns:
        `private`: pages that no other process has. `pss`: a page that n processes share counts 1/n.
    """
    found: dict[str, float] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, kilobytes, _ = line.split()
        found[name] = int(kilobytes) / 1024
    return {"private": found["Private_Clean:"] + found["Private_Dirty:"], "pss": found["Pss:"]}


def peak_mb() -> float:
    """The most memory that this process has held, in MB; `ru_maxrss` would count what its parent held."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


@dataclass
class Memory:
    """Of a process and all that it started, now and then: (seconds since the start, MB of all, MB of itself)."""

    samples: list[tuple[float, float, float]] = field(default_factory=list)

    def peak(self, begin: float = 0, end: float = 1, *, of_itself: bool = False) -> float:
        """The most, in MB, from the share *begin* to the share *end* of the time."""
        last = self.samples[-1][0]
        within = [sample for sample in self.samples if begin * last <= sample[0] <= end * last]
        return max((sample[2] if of_itself else sample[1] for sample in within), default=float("nan"))


@contextmanager
def watched(pid: int, every_s: float) -> Iterator[Memory]:
    """The memory of process *pid* and all that it starts, until the block ends."""
    memory, over, began = Memory(), threading.Event(), time.monotonic()

    def watch() -> None:
        while not over.wait(every_s):
            own, *others = [_pss_mb(one) for one in _family(pid)]
            memory.samples.append((time.monotonic() - began, own + sum(others), own))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield memory
    finally:
        over.set()
        thread.join()


def _family(pid: int) -> Iterator[int]:
    """Process *pid* and all below it; those that leave for a session of their own are still its children."""
    yield pid
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # it has just ended
            for child in listed.read_text().split():
                yield from _family(int(child))


def _pss_mb(pid: int) -> float:
    with suppress(OSError, KeyError):  # it has just ended
        return rollup(pid)["pss"]
    return 0.0
