"""The preview's server: one page a report, its views in frames, and a stream of what became of each save."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from quarterdeck.web.guard import SHOWN, Guard
from quarterdeck.web.pages import STATIC, draw, static
from quarterdeck.web.previewing import Preview
from quarterdeck.web.views import VIEWS, view_of

_ALIVE_S = 15  # seconds between signs of life on a stream: a tab that is gone is noticed by them


def preview_app(preview: Preview, port: int) -> ASGIApp:
    """The application that shows *preview* on *port* of this machine."""

    async def page(request: Request) -> Response:
        reports = preview.reports()
        report = request.query_params.get("report", "")
        if report not in reports:
            return RedirectResponse(f"/?report={reports[0]}") if reports else _no_reports()
        return HTMLResponse(draw("preview.html.j2", report=report, reports=reports, views=list(VIEWS)))

    async def events(request: Request) -> Response:
        report = _known(preview, request.query_params.get("report", ""))
        return StreamingResponse(_told(preview, report), media_type="text/event-stream")

    async def show(request: Request) -> Response:
        report = _known(preview, request.path_params["report"])
        view = request.path_params["view"]
        state = preview.state(report)
        folder = state.get("folder" if request.path_params["which"] == "now" else "before")
        html = view_of(Path(folder), view) if folder and view in VIEWS else None
        if html is None:
            raise HTTPException(404)
        return HTMLResponse(html, headers={"Content-Security-Policy": SHOWN})

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with preview.running():
            yield

    routes = [
        Route("/", page),
        Route("/events", events),
        Route("/static/{name}", static_file),
        Route("/show/{which:str}/{report:str}/{view:str}", show),
    ]
    return Guard(Starlette(routes=routes, lifespan=lifespan), port)


async def static_file(request: Request) -> Response:
    """A script or style sheet of ours."""
    name = request.path_params["name"]
    if name not in STATIC:
        raise HTTPException(404)
    return Response(static(name), media_type=STATIC[name])


def _known(preview: Preview, report: str) -> str:
    if report not in preview.reports():
        raise HTTPException(404)
    return report


def _no_reports() -> Response:
    return HTMLResponse("<p>There is no report: params/ holds no file.</p>", status_code=404)


async def _told(preview: Preview, report: str) -> AsyncIterator[str]:
    """Server-sent events: the report's state, whenever it is another."""
    async with preview.listening(report) as states:
        while True:
            try:
                state = await asyncio.wait_for(states.get(), timeout=_ALIVE_S)
            except TimeoutError:
                yield ": still here\n\n"
            else:
                yield f"data: {json.dumps({name: value for name, value in state.items() if name != 'folder'})}\n\n"
