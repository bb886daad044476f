"""The archive's server: the files that the archive links to, and no others."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from quarterdeck.config import SLUG
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
        if name == "index.html":
            await run_in_threadpool(write)
        return _answer(outputs, name)

    return Guard(Starlette(routes=[Route("/{name:path}", file)]), port)


def _answer(outputs: Path, name: str) -> Response:
    """The file of that *name*: ours as it is, what notebooks put out sandboxed, the rest to be saved."""
    path = outputs / name
    kind = _KINDS.get(path.suffix)
    if not path.is_file():
        raise HTTPException(404)
    if _OUR_PAGES.fullmatch(name):
        return FileResponse(path, headers={"Content-Security-Policy": _OURS})
    if _SHOWN.fullmatch(name):
        return FileResponse(path, media_type=kind, headers={"Content-Security-Policy": SHOWN})
    if _TAKEN.fullmatch(name):
        return FileResponse(path, media_type=kind, filename=name.removeprefix("archive/").replace("/", "-"))
    raise HTTPException(404)
