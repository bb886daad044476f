"""Builders that several test modules use; test modules cannot import one another."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from quarterdeck.config import load_company
from quarterdeck.inventory import TABLES, AssetInventory, CompanySettings
from quarterdeck.snapshot import take_snapshot
from quarterdeck.sources import collect


@pytest.fixture(scope="session")
def frame_of() -> Callable[..., pd.DataFrame]:
    """
    A function (table name, rows) → typed frame with the columns that any row names.

    Instants are ISO texts in UTC (`2026-11-23 09:00`), days ISO texts, hours anything Decimal takes.
    """

    def typed(kind: str, value: object) -> object:
        if value is None:
            return None
        if kind == "instant" and isinstance(value, str):
            instant = datetime.fromisoformat(value)
            return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        if kind == "day" and isinstance(value, str):
            return date.fromisoformat(value)
        return Decimal(str(value)) if kind == "hours" else value

    def build(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
        table = TABLES[name]
        present = [column for column in table.columns if any(column in row for row in rows)]
        dtypes = table.dtypes()
        values = {column: [typed(table.columns[column].kind, row.get(column)) for row in rows] for column in present}
        return pd.DataFrame({column: pd.Series(values[column], dtype=dtypes[column]) for column in present})

    return build


@pytest.fixture(scope="session")
def inventory_of(frame_of) -> Callable[..., AssetInventory]:
    """
    A function (as-of, **tables of rows) → `AssetInventory`, validated; a table without rows is present and empty.

    Company settings other than the defaults go into `settings`.
    """

    def build(as_of: str, *, settings: dict[str, object] | None = None, **tables: list[dict[str, object]]):
        company = CompanySettings(
            **{"slug": "s", "name": "S", "currency": "USD", "time_zone": "UTC", **(settings or {})}
        )
        frames = {name: frame_of(name, rows) if rows else TABLES[name].empty_frame() for name, rows in tables.items()}
        return AssetInventory.from_frames(company, datetime.fromisoformat(as_of).replace(tzinfo=UTC), frames)

    return build


# Stand-ins for AWS: servers of others that speak the real protocol, one of each for all tests of a process.

MINISTACK = Path(__file__).parent.parent / ".venv-ministack" / "bin" / "ministack"

# moto reads an item and writes it in two steps; its own server answers in threads, between which a second
# writer slips, as in DynamoDB none can. One request at a time makes a conditional write what it is there.
MOTO = """
import sys
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple
application = DomainDispatcherApplication(create_backend_app)
run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=False, request_handler=MotoRequestHandler)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(command: Sequence[object], port: int, alive: str, log: Path) -> Iterator[str]:
    """A server on *port* of this machine, from when it answers at *alive*; its endpoint."""
    # Without AWS's own variables: what a developer's shell says must reach neither stand-in nor test.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "LAMBDA_EXECUTOR": "local"}
    endpoint = f"http://127.0.0.1:{port}"
    with (
        log.open("wb") as written,
        subprocess.Popen(command, stdout=written, stderr=written, env=environment) as server,
    ):
        try:
            for _ in range(600):
                assert server.poll() is None, log.read_text()
                try:
                    urllib.request.urlopen(endpoint + alive, timeout=1).close()  # noqa: S310 - our own http://127.0.0.1
                    break
                except OSError:
                    time.sleep(0.05)
            else:
                pytest.fail(f"{command[0]} does not answer: {log.read_text()}")
            yield endpoint
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


@pytest.fixture(scope="session")
def moto(tmp_path_factory) -> Iterator[str]:
    """The endpoint of a moto server."""
    port = free_port()
    log = tmp_path_factory.mktemp("moto") / "log"
    with serving([sys.executable, "-c", MOTO, str(port)], port, "/moto-api/", log) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def ministack(tmp_path_factory) -> Iterator[str]:
    """The endpoint of a MiniStack server."""
    if not MINISTACK.is_file():
        pytest.skip("MiniStack is not installed here: make .venv-ministack/.complete")
    port = free_port()
    with serving([MINISTACK], port, "/_ministack/health", tmp_path_factory.mktemp("ministack") / "log") as endpoint:
        yield endpoint


@pytest.fixture
def on_aws(monkeypatch, tmp_path) -> Callable[[str], None]:
    """A function that points boto3 at an endpoint, for this process and those it starts, and at nothing else."""

    def point(endpoint: str) -> None:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-aws-config"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-aws-credentials"))

    return point


@dataclass(frozen=True)
class Call:
    """One request on the wire: the operation's name, how many of that name came so far, and what it says."""

    operation: str
    number: int
    said: dict[str, object]


class Wire(http.server.ThreadingHTTPServer):
    """
    A proxy before a stand-in, which speaks AWS's JSON protocol, and whose *fate* says what becomes of a call.

    `None` passes it on; `"request lost"` breaks the line before the service hears it, `"answer lost"` after
    it did; a (status, name, message) is an error in the service's place, and a mapping its answer.
    """

    def __init__(self, upstream: str, fate: Callable[[Call], object]) -> None:
        super().__init__(("127.0.0.1", 0), WireHandler)
        self.upstream = upstream.removeprefix("http://")
        self.fate = fate
        self.calls: list[Call] = []
        self.counting = threading.Lock()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def operations(self) -> list[str]:
        return [call.operation for call in self.calls]

    def heard(self, operation: str, said: dict[str, object]) -> Call:
        with self.counting:
            call = Call(operation, self.operations().count(operation) + 1, said)
            self.calls.append(call)
        return call

    def handle_error(self, request, client_address) -> None:
        """Whoever did not wait for an answer is no news."""


class WireHandler(http.server.BaseHTTPRequestHandler):
    """One request of one connection: the server closes it afterwards."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers.get("X-Amz-Target", self.path).rpartition(".")[2]
        match self.server.fate(self.server.heard(operation, json.loads(body or b"{}"))):
            case None:
                self.answer(*self.passed_on(body))
            case "answer lost":
                self.passed_on(body)
            case "request lost":
                return
            case (int(status), str(name), str(message)):
                self.answer(status, json.dumps({"__type": f"aws#{name}", "message": message}).encode())
            case answer:
                self.answer(200, json.dumps(answer).encode())

    def passed_on(self, body: bytes) -> tuple[int, bytes]:
        with contextlib.closing(http.client.HTTPConnection(self.server.upstream, timeout=30)) as service:
            service.request("POST", self.path, body, dict(self.headers))
            answer = service.getresponse()
            return answer.status, answer.read()

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *told: object) -> None:
        """The calls are kept; nothing is printed."""


@pytest.fixture
def wire() -> Iterator[Callable[..., Wire]]:
    """A function (endpoint, fate) → `Wire` before it, which serves until the test ends."""
    served = []

    def lay(upstream: str, fate: Callable[[Call], object]) -> Wire:
        laid = Wire(upstream, fate)
        served.append(laid)
        threading.Thread(target=laid.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return laid

    yield lay
    for laid in served:
        laid.shutdown()
        laid.server_close()


@pytest.fixture(scope="session")
def snapshot_of(tmp_path_factory) -> Callable[..., Path]:
    """A function (company folder, store) → the folder of its snapshot; without a store, in one of its own."""

    def take(folder: Path, store: Path | None = None) -> Path:
        company = load_company(folder)
        as_of = company.as_of or datetime(2026, 1, 1, tzinfo=UTC)
        store = store or tmp_path_factory.mktemp("snapshots")
        return take_snapshot(collect(company, folder), company, as_of=as_of, store=store, collected_at=as_of)

    return take
