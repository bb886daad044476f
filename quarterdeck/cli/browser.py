"""What a browser is shown: the doors to `quarterdeck.web`, whose libraries come with the extra of that name."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from pathlib import Path

import click

from quarterdeck.cli.door import Door, now
from quarterdeck.config import load_company, load_params
from quarterdeck.errors import CommandRefused
from quarterdeck.period import Period

_LIBRARIES = ("starlette", "uvicorn", "watchfiles")


def preview_of(
    door: Door, report: str | None, *, period: str | None, port: int, company: Path | None, outputs: Path | None
) -> None:
    """
    Show *report*, or all, until a person stops it.

    Raises:
        InputInvalid: There is no such company, report or period.
        CommandRefused: The port is taken, or the libraries are not installed.
    """
    _need_libraries()
    from quarterdeck.web.preview import run_preview  # noqa: PLC0415 - only now it is known that its libraries are there
    from quarterdeck.web.settings import Settings  # noqa: PLC0415 - likewise

    environment = door.environment()
    folder = door.company_folder(company, environment)
    settings = load_company(folder)  # a typo is refused now, not in the browser
    if period:
        Period.parse(period, settings.time_zone)
    if report:
        load_params(door.root / "params", report)
    shown = Settings(
        root=str(door.root.resolve()),
        company=str(folder.resolve()),
        store=str(outputs or environment.store or door.root / "outputs"),
        env_file=str(door.env_file or ""),
        reports=(report,) if report else (),
        period=period or "",
    )
    told = partial(click.echo, err=True)
    run_preview(shown, port=port, now=now, told=lambda address: told(f"{address}  (Ctrl-C ends it)"))


def archive_of(door: Door, *, port: int, company: Path | None, outputs: Path | None) -> None:
    """
    Write the archive beside the editions, and serve it until a person stops it.

    Raises:
        InputInvalid: There is no such company.
        CommandRefused: The editions lie in a bucket, the port is taken, or the libraries are not installed.
    """
    _need_libraries()
    from quarterdeck.archive import write_archive  # noqa: PLC0415 - `--help` answers at once
    from quarterdeck.store import is_bucket, open_store  # noqa: PLC0415 - likewise
    from quarterdeck.web.archive import serve_archive  # noqa: PLC0415 - only now it is known that it can be loaded

    settings = door.company(company)
    address = outputs or door.environment().store or door.root / "outputs"
    if is_bucket(address):
        instead = f"aws s3 sync {address} FOLDER --exclude 'snapshots/*' && python -m webbrowser FOLDER/index.html"
        raise CommandRefused("show --web", f"the archive lies in {address}, and a folder is served", instead)
    store = open_store(address, settings.slug)
    ledger = door.ledger(settings)
    told = partial(click.echo, err=True)
    serve_archive(
        Path(address),
        lambda: write_archive(store, settings, ledger, door.root / "params"),
        port=port,
        told=lambda page: told(f"{page}  (Ctrl-C ends it)"),
    )


def _need_libraries() -> None:
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        because = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed: the extra `web` has it"
        raise CommandRefused("a page in the browser", because, "pip install --editable '.[web]'")
