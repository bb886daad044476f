"""
The week's five reports, made in six ways, side by side in one run: seconds, CPU seconds, and how many times the limit.

    make bench               three rounds
    make bench ROUNDS=1

All read the same notebooks, the same frozen snapshot and the same week. Each way is a process of its own, in turn, so
that a slower minute of the machine is everybody's; the medians are printed.

ploomber-engine executes cells in the process that calls it, without a kernel. It has an environment of its own, with
all other packages in Quarterdeck's versions.

The limit is the cells' own work: their code in forks of a process that has imported everything, and drawn once, before
the clock starts, one on each core, without a kernel, without an executed notebook and without a page. Quarterdeck's
side is the whole command, from the company folder to pages and mails that the gates have seen; the others make no mail.
"""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import ROOT, compile_all, environment, environment_of_a_run, frozen
from ways import SIDES

PLOOMBER = ROOT / ".venv-ploomber" / "bin" / "python"


def measured(side: str, snapshot: Path, out: Path) -> tuple[float, float]:
    """Wall and CPU seconds of *side*, in a process of its own and all that it starts."""
    if SIDES[side][1] is None:
        command, env = [sys.executable, ROOT / "runner.py", "run"], environment_of_a_run(out)
    else:
        python = PLOOMBER if side == "d" else sys.executable
        # ploomber-engine counts its users; no host is asked in a benchmark
        command, env = [python, __file__, side, snapshot, out], {**environment(), "PLOOMBER_STATS_ENABLED": "false"}
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{side} ended with {done.returncode}:\n{done.stderr}")
    own = json.loads(done.stdout) if side == "f" else None
    return own or wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(rounds: int) -> None:
    """Print the table."""
    work = Path(tempfile.mkdtemp(prefix="qd-bench-"))
    found: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
    compile_all()
    try:
        snapshot = frozen(work / "first")
        for number in range(rounds):
            for side in SIDES:
                out = work / f"{number}-{'e' if side == 'e2' else side}"
                out.mkdir(exist_ok=True)
                found[side].append(measured(side, snapshot, out))
                print(f"round {number + 1} of {rounds}, {side}: {found[side][-1][0]:.1f} s", file=sys.stderr)
    finally:
        shutil.rmtree(work)
    show(found)


def show(found: dict[str, list[tuple[float, float]]]) -> None:
    """Medians, with ratios of the same round: what slows the machine slows all sides of a round."""

    def against(side: str, other: str) -> float:
        return statistics.median(mine[0] / its[0] for mine, its in zip(found[side], found[other], strict=True))

    print("| | way | seconds | CPU seconds | × limit | Quarterdeck is … times as fast |\n|---|---|---:|---:|---:|---:|")
    for side, (name, _) in SIDES.items():
        wall, cpu = (statistics.median(values) for values in zip(*found[side], strict=True))
        times = f"| {against(side, 'f'):.2f} | {against(side, 'e'):.1f} |"
        print(f"| {side} | {name} | {wall:.1f} | {cpu:.1f} {times}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case [side, snapshot, out]:
            make = SIDES[side][1]
            assert make is not None  # noqa: S101 - Quarterdeck's sides are started as its command
            print(json.dumps(make(Path(snapshot), Path(out))))
        case [rounds]:
            compare(int(rounds))
