"""
Many editions in one batch: seconds by edition, and memory over time.

    make bench-scale                     5, 50 and 200 editions, after `bench-loading`
    make bench-scale EDITIONS="5 20"     likewise

A project folder is made in which the five notebooks stand under as many names as there are editions, each kind as
often as the others, and the real command is run there once a size. An edition counts as executed when its rendering
begins; the first and the last quarter of 200 are 50 editions each. Memory is that of the runner, the zygote and all
kernels (a page that n of them share counts once), read every two seconds.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import NOTEBOOKS, PERIOD, ROOT, Memory, environment_of_a_run, watched

_EVERY_S = 2.0


def write_project(folder: Path, count: int) -> None:
    """A project of *count* reports, `001-accounting` to `NNN-cto`, begun in this order: the five kinds take turns."""
    for part in ("notebooks", "params"):
        (folder / part).mkdir(parents=True)
    shutil.copy(ROOT / "runner.py", folder)
    shutil.copy(ROOT / "requirements.lock", folder)
    # Of notebooks that never ran the largest are begun first: all of one size, they are begun in order of name
    size = max(notebook.stat().st_size for notebook in NOTEBOOKS)
    for number in range(count):
        notebook = NOTEBOOKS[number % len(NOTEBOOKS)]
        name = f"{number + 1:03}-{notebook.stem}"
        (folder / "notebooks" / f"{name}.ipynb").write_bytes(notebook.read_bytes().ljust(size))
        params = (ROOT / "params" / f"{notebook.stem}.yaml").read_text(encoding="utf-8")
        named = params.replace(f"\nreport: {notebook.stem} ", f"\nreport: {name} ")
        (folder / "params" / f"{name}.yaml").write_text(named, encoding="utf-8")


def run(project: Path, count: int) -> tuple[float, list[float], Memory]:
    """Seconds of all, seconds until each edition was executed, and memory."""
    executed, said = [], []
    command = [sys.executable, project / "runner.py", "run", "--company", ROOT / "sample", "--period", PERIOD]
    began = time.monotonic()
    with (
        subprocess.Popen(
            command,
            cwd=project,
            env=environment_of_a_run(project),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as runner,
        watched(runner.pid, _EVERY_S) as memory,
    ):
        for line in runner.stderr or ():
            said.append(line)
            if line.rstrip().endswith("  rendering"):
                executed.append(time.monotonic() - began)
        code = runner.wait()
    if code != 0 or len(executed) != count:
        sys.exit(
            f"the run of {count} editions ended with {code}, {len(executed)} were executed:\n{''.join(said[-40:])}"
        )
    return time.monotonic() - began, executed, memory


def row(count: int) -> str:
    """What a batch of *count* editions took."""
    with tempfile.TemporaryDirectory(prefix="qd-bench-") as scratch:
        project = Path(scratch) / "project"
        write_project(project, count)
        seconds, executed, memory = run(project, count)
    quarter = max(1, count // 4)
    # Between two ends: what comes before the first, collecting and imports, is no edition's
    first = (executed[quarter] - executed[0]) / quarter
    last = (executed[-1] - executed[-1 - quarter]) / quarter
    quarters = f"{first:.2f} | {last:.2f} | {last / first:.2f}" if count >= 20 else "– | – | –"
    held = [
        memory.peak(),
        memory.peak(0, 0.25),
        memory.peak(0.75),
        *(memory.peak(begin, end, of_itself=True) for begin, end in ((0, 0.25), (0.75, 1))),
    ]
    return (
        f"| {count} | {seconds:.1f} | {seconds / count:.2f} | {quarters} | {' | '.join(f'{mb:.0f}' for mb in held)} |"
    )


def main(counts: list[int]) -> None:
    """Print the table."""
    print(
        "| editions | seconds | s an edition | s, first quarter | s, last quarter | last : first "
        "| MB at the peak | first quarter | last quarter | runner alone, first quarter | last quarter |\n"
        f"|{'---:|' * 11}",
        flush=True,
    )
    for count in counts:
        print(row(count), flush=True)


if __name__ == "__main__":
    main([int(count) for count in sys.argv[1:]])
