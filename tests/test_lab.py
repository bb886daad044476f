"""`make lab`, started for real: its server, its workspace, and a kernel that it starts for a notebook."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from clones import clone
from lab import ANSWER_S, joined
from stand_ins import free_port

from quarterdeck.config import report_names

TOKEN = "a-token-of-this-test"  # noqa: S105 - of a server that only this test reaches
STARTS_S = 120


@dataclass
class Server:
    """JupyterLab as `make lab` starts it in *folder*."""

    folder: Path
    address: str
    runtime: Path

    def asked(self, path: str, said: dict | None = None) -> tuple[str, dict]:
        """Where the answer came from, and what it says; with *said* it is posted."""
        content = None if said is None else json.dumps(said).encode()
        request = urllib.request.Request(  # noqa: S310 - our own http://127.0.0.1
            f"{self.address}{path}", content, {"Authorization": f"token {TOKEN}"}
        )
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310 - likewise
            body = answer.read()
            return answer.url, json.loads(body) if answer.headers["Content-Type"] == "application/json" else {}

    def is_there(self) -> bool:
        try:
            return bool(self.asked("/api/status"))
        except urllib.error.URLError:
            return False


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    folder, own = clone(tmp_path_factory.mktemp("für alle")), tmp_path_factory.mktemp("jupyter")
    port = free_port()
    options = "--no-browser --allow-root --ServerApp.port_retries=0"
    started = subprocess.Popen(
        ["make", "lab", f"LAB={options} --ServerApp.port={port} --IdentityProvider.token={TOKEN}"],
        cwd=folder,
        env=os.environ | {f"JUPYTER_{name}_DIR": str(own / name) for name in ("RUNTIME", "CONFIG", "DATA")},
        start_new_session=True,
    )
    made = Server(folder, f"http://127.0.0.1:{port}", own / "RUNTIME")
    try:
        until = time.monotonic() + STARTS_S
        while not made.is_there():
            assert started.poll() is None, "make lab has ended"
            assert time.monotonic() < until, "no answer"
            time.sleep(0.2)
        yield made
    finally:
        os.killpg(started.pid, signal.SIGTERM)
        started.wait(timeout=30)


def test_it_opens_the_readme_and_every_notebook(server):
    """The browser is led to the workspace, in which the README stands before a tab for each notebook."""
    address, _ = server.asked("/")
    _, workspace = server.asked("/lab/api/workspaces/quarterdeck")

    assert address == f"{server.address}/lab/workspaces/quarterdeck"
    tabs = workspace["data"]["layout-restorer:data"]["main"]["dock"]["widgets"]
    notebooks = [f"notebooks/{report}.ipynb" for report in report_names(server.folder / "params")]
    assert tabs == ["markdownviewer-widget:README.md", *(f"notebook:{path}" for path in notebooks)]
    assert [server.asked(f"/api/contents/{path}?content=0")[1]["type"] for path in notebooks] == ["notebook"] * 5


def test_a_notebook_runs_on_its_kernel_and_shows_the_mail(server):
    """On the kernel that its file names, each cell runs with its defaults, and the last one shows the mail."""
    path = "notebooks/cto.ipynb"
    notebook = nbformat.read(server.folder / path, 4)
    kernel = {"name": notebook.metadata.kernelspec.name}
    session = {"path": path, "name": "cto.ipynb", "type": "notebook", "kernel": kernel}
    _, started = server.asked("/api/sessions", session)

    with joined(server.runtime / f"kernel-{started['kernel']['id']}.json") as kernel:
        (where,) = kernel.run("import sys; print(sys.prefix)", "of-its-own")
        outputs = [kernel.run(cell.source, cell.id) for cell in notebook.cells if cell.cell_type == "code"]

    assert where["text"].strip() == sys.prefix
    assert [output for cell in outputs for output in cell if "ename" in output] == []
    assert "<iframe title='The mail' sandbox srcdoc=" in outputs[-1][0]["data"]["text/html"]
