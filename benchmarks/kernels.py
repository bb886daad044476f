"""
A kernel's life, stock against warm, side by side in one run: milliseconds, and its private memory after a report.

    make bench-kernels               three rounds
    make bench-kernels ROUNDS=1

Stock is what `jupyter_client` starts, waits for and shuts down by itself; warm is what Quarterdeck's runner does. The
zygote is started before, as it is while a run collects; how long the first kernel takes with it is printed beside. The
imports are those of the reports.

Private are the pages that no other process has; of a page that n processes share, PSS counts 1/n. Both are read in a
cell after the report's last, one report at a time.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from measuring import NOTEBOOKS, environment, frozen, parameters

from quarterdeck.execute import Job, execute
from quarterdeck.kernels import LEAN, ForkedProcess, PromptManager, choose_provisioner, nursery

KINDS = ("stock", "warm")
STEPS = ("start", "ready", "imports", "shutdown")
IMPORTS = "import matplotlib.pyplot, pandas, pyarrow\nfrom quarterdeck import charts, metrics, notebook"
# Run as the last cell of a report, in its kernel
ASKING = """
import json, os, sys
sys.path.insert(0, {folder!r})
from measuring import rollup
open({told!r}, "w").write(json.dumps([rollup(), os.getppid()]))
"""


@dataclass
class Steps:
    """Milliseconds since the step before."""

    taken: dict[str, float]
    last: float

    def took(self, step: str) -> None:
        """*step* has just ended."""
        now = time.monotonic()
        self.taken[step] = (now - self.last) * 1000
        self.last = now


async def life(kind: str) -> dict[str, float]:
    """Milliseconds of each step of a kernel of this kind."""
    with tempfile.TemporaryDirectory(prefix="qd-") as scratch:
        return await lived(kind, Path(scratch))


async def lived(kind: str, scratch: Path) -> dict[str, float]:
    """The same, with its sockets in *scratch*."""
    if kind == "warm":
        ours = {"transport": "ipc", "ip": str(scratch / "k"), "connection_file": str(scratch / "kernel.json")}
        manager: AsyncKernelManager = PromptManager(**ours)
        choose_provisioner(manager.kernel_spec)
    else:
        manager = AsyncKernelManager()
    steps = Steps({}, time.monotonic())
    await manager.start_kernel(env={**environment(), **LEAN}, cwd=str(scratch))
    try:
        refuse_another(kind, is_warm=isinstance(manager.provisioner.process, ForkedProcess))
        client = manager.client()
        client.start_channels()
        steps.took("start")
        await client.wait_for_ready(timeout=60)
        steps.took("ready")
        reply = await client.execute_interactive(IMPORTS, timeout=60)
        steps.took("imports")
        client.stop_channels()
    finally:
        await manager.shutdown_kernel(now=kind == "warm")
    steps.took("shutdown")
    assert reply["content"]["status"] == "ok"  # noqa: S101 - else nothing was imported
    return steps.taken


def refuse_another(kind: str, *, is_warm: bool) -> None:
    """Where the zygote cannot fork, a stock kernel takes a warm one's place: then nothing was measured."""
    if is_warm != (kind == "warm"):
        sys.exit(f"the kernel that was to be measured as {kind} was none")


@contextmanager
def kernels_of(kind: str) -> Iterator[None]:
    """Whatever is executed meanwhile is executed on such kernels."""
    name = KernelProvisionerFactory.default_provisioner_name_env
    if kind == "stock":
        os.environ[name] = "local-provisioner"
    try:
        yield
    finally:
        os.environ.pop(name, None)


def memory(kind: str, notebook: Path, snapshot: Path, out: Path) -> dict[str, float]:
    """In MB, as `measuring.rollup` says it, of a kernel of this kind that has executed *notebook*."""
    asking, told = nbformat.read(notebook, 4), out / "told.json"
    code = ASKING.format(folder=str(Path(__file__).parent), told=str(told))
    asking.cells.append(nbformat.v4.new_code_cell(code))
    nbformat.write(asking, out / notebook.name)
    job = Job(notebook.stem, out / notebook.name, parameters(snapshot), out / "executed.ipynb", out / "failed.ipynb")
    with kernels_of(kind):
        [done] = execute([job], workers=1)
    if done.failure is not None:
        raise done.failure
    held, parent = json.loads(told.read_text())
    refuse_another(kind, is_warm=parent == nursery().pid)
    return held


def print_lives(rounds: int) -> None:
    """Of a kernel of each kind, in turn."""
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    first = asyncio.run(life("warm"))
    for _ in range(rounds):
        for kind in KINDS:
            found[kind].append(asyncio.run(life(kind)))
    print(f"| kernel | {' | '.join(f'{step}, ms' for step in STEPS)} | all, ms |\n|---|---:|---:|---:|---:|---:|")
    for kind, lives in {**found, "the first warm one, with its zygote": [first]}.items():
        steps = [statistics.median(one[step] for one in lives) for step in STEPS]
        whole = statistics.median(sum(one.values()) for one in lives)
        print(f"| {kind} | {' | '.join(f'{step:.0f}' for step in [*steps, whole])} |")


def print_memory() -> None:
    """Of a kernel of each kind after each report."""
    print("\n| after | stock, private MB | PSS | warm, private MB | PSS |\n|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="qd-bench-") as work:
        out = Path(work)
        snapshot = frozen(out)
        for notebook in NOTEBOOKS:
            held = [memory(kind, notebook, snapshot, out) for kind in KINDS]
            print(f"| {notebook.stem} | {' | '.join(f'{mb:.0f}' for one in held for mb in one.values())} |", flush=True)


if __name__ == "__main__":
    print_lives(int(sys.argv[1]))
    print_memory()
