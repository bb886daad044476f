"""The archive's server: the files that the archive links to, and no others."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from quarterdeck.config import SLUG
from quarterdeck.errors import QuarterdeckError
from quarterdeck.web.guard import SHOWN, Guard

_EDITION = rf"\d{{4}}-W\d{{2}}/{SLUG}(?:@{SLUG})?"
_OUR_PAGES = re.compile(rf"index\.html|archive/{_EDITION}/index\.html")
_SHOWN = re.compile(rf"archive/{_EDITION}/mail\.(?:html|txt)|{_EDITION}/(?:page\.html|manifest\.json)")
_TAKEN = re.compile(rf"archive/{_EDITION}/page\.pdf|{_EDITION}/(?:message\.eml|(?:executed|failed)\.ipynb)")

_OURS = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_KINDS = {".txt": "text/plain", ".eml": "message/rfc822", ".ipynb": "application/x-ipynb+json"}


def archive_app(outputs: Path, port: int, write: Callable[[], object]) -> ASGIApp:
    """The application that serves the archive in *outputs* on *port*; *write* brings it up to date."""

    async def file(request: Request) -> Response:
        name = request.path_params["name"] or "index.html"
        try:
            if name == "index.html":
                await run_in_threadpool(write)
        except QuarterdeckError as error:
            return PlainTextResponse(f"The archive is as it was.\n\n{error}\n", 503)
        return _answer(outputs, name)

    return Guard(Starlette(routes=[Route("/{name:path}", file)]), port)


def _answer(outputs: Path, name: str) -> Response:
    """The file of that *name*: ours as it is, what notebooks put out sandboxed, the rest to be saved."""
    is_ours, is_shown = _OUR_PAGES.fullmatch(name), _SHOWN.fullmatch(name)
    if not (is_ours or is_shown or _TAKEN.fullmatch(name)) or not (outputs / name).is_file():
        raise HTTPException(404)
    path = outputs / name
    kind = _KINDS.get(path.suffix)
    if is_ours:
        return FileResponse(path, headers={"Content-Security-Policy": _OURS})
    if is_shown:
        return FileResponse(path, media_type=kind, headers={"Content-Security-Policy": SHOWN})
    return FileResponse(path, media_type=kind, filename=name.removeprefix("archive/").replace("/", "-"))
