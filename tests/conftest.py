"""Builders that several test modules use; test modules cannot import one another."""

from __future__ import annotations

import os
import threading
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from harbour import Harbour, make_harbour
from small_ses import Clock, FakeSes, serving_ses
from stand_ins import MINISTACK, boto3_variables, serving_ministack, serving_moto
from weeks_built import built_week
from wire import Call, Wire

import quarterdeck
from quarterdeck.aws import client
from quarterdeck.config import load_company
from quarterdeck.inventory import TABLES, AssetInventory, CompanySettings
from quarterdeck.mail.ses import SesMailer
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


# Stand-ins for AWS, one of each for all tests of a process.


@pytest.fixture(scope="session")
def moto(tmp_path_factory) -> Iterator[str]:
    """The endpoint of a moto server."""
    with serving_moto(tmp_path_factory.mktemp("moto") / "log") as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def ministack(tmp_path_factory) -> Iterator[str]:
    """The endpoint of a MiniStack server."""
    if not MINISTACK.is_file():
        pytest.skip("MiniStack is not installed here: make .venv-ministack/.complete")
    with serving_ministack(tmp_path_factory.mktemp("ministack") / "log") as endpoint:
        yield endpoint


@pytest.fixture
def on_aws(monkeypatch, tmp_path) -> Callable[[str], None]:
    """A function that points boto3 at an endpoint, for this process and those it starts, and at nothing else."""

    def point(endpoint: str) -> None:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name, value in boto3_variables(endpoint, tmp_path).items():
            monkeypatch.setenv(name, value)

    return point


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


@pytest.fixture(scope="session")
def week_of(tmp_path_factory, request) -> Callable[[str, str], Path]:
    """A function (`sample` or `hotel`, ISO week) → the folder of its five editions, by the real command; read only."""
    own = tmp_path_factory.getbasetemp()
    # A worker of pytest-xdist has a folder inside the one of the whole session.
    shared = own.parent if hasattr(request.config, "workerinput") else own
    return lambda company, period: built_week(company, period, shared)


# SES: a small one of our own, and moto's.


@pytest.fixture
def ses(on_aws) -> Iterator[FakeSes]:
    """A small SES of our own, and boto3 pointed at it."""
    with serving_ses() as fake:
        on_aws(fake.endpoint)
        yield fake


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mailer(ses, clock) -> SesMailer:  # noqa: ARG001 - boto3 is pointed there
    """A mailer that waits half a second for SES, and on no clock but ours."""
    return SesMailer(None, now=clock.now, sleep=clock.sleep, answer_within_s=0.5)


@pytest.fixture
def on_moto(moto, on_aws, clock) -> SesMailer:
    """A mailer on a moto that was emptied and knows the sender."""
    on_aws(moto)
    reset = urllib.request.Request(f"{moto}/moto-api/reset", method="POST")  # noqa: S310 - our own server
    urllib.request.urlopen(reset).close()  # noqa: S310 - likewise
    client("sesv2").create_email_identity(EmailIdentity="reports@harbour.boats")
    return SesMailer(None, now=clock.now, sleep=clock.sleep)


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium, started once for a module's tests."""
    from checkers import chromium  # noqa: PLC0415 - most tests need no browser

    with chromium() as opened:
        yield opened


@pytest.fixture
def package(tmp_path, monkeypatch) -> Path:
    """A package in place of ours, whose files a test can change."""
    root = tmp_path / "package"
    for name in ("__init__.py", "metrics/cash.py", "render/letter.py", "render/templates/mail.css"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("first\n")
    monkeypatch.setattr(quarterdeck, "__file__", str(root / "__init__.py"))
    return root


@pytest.fixture
def harbour(tmp_path: Path) -> Harbour:
    """A company with two events in 2026-W47 and a report `cfo` that says what was recognised."""
    return make_harbour(tmp_path)
