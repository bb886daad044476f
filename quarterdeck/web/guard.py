"""
Who may ask, and what an answer may do: every request passes here first.

A server on a loopback address is reached by every page that the browser has open. A foreign name that leads to
127.0.0.1 (DNS rebinding) is known by its Host, a foreign page by Origin or Sec-Fetch-Site, and both are refused.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Our own pages: scripts and styles of this server alone, and nothing from anywhere else.
OURS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# What notebooks put out: shown, and never run. No script, no form, no link that leads away, no request. That it has our
# origin lets our page keep the place to which it was scrolled; without scripts it can do nothing with it.
SHOWN = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox allow-same-origin"
)
_BROWSERS_OWN = 80  # the port that browsers leave out of Host and Origin
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Refuses what does not come from a page of this server, or from a person who typed its address."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        names = {"127.0.0.1", "localhost", "[::1]"}
        self._hosts = {f"{name}:{port}" for name in names} | (names if port == _BROWSERS_OWN else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse one request; what starts and ends the server is passed on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refused = "nothing but HTTP is answered" if scope["type"] != "http" else self._refused(scope)
        app = PlainTextResponse(f"Refused: {refused}.\n", status_code=403) if refused else self._app
        await app(scope, receive, _marked(send))

    def _refused(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if host not in self._hosts:
            return "this server answers to 127.0.0.1 and localhost only"
        if (origin is not None and origin != f"http://{host}") or _is_of_another_page(headers):
            return "the request comes from another page"
        if scope["method"] not in ("GET", "HEAD"):
            return "there is nothing to change here"
        if has_dots(scope["path"]):
            return "a path with .. in it"
        return ""


def _is_of_another_page(headers: Headers) -> bool:
    """A picture or a script of another page has no Origin; a link that a person followed there is no harm."""
    return headers.get("sec-fetch-site") in ("cross-site", "same-site") and headers.get("sec-fetch-mode") != "navigate"


def has_dots(path: str) -> bool:
    """Whether a part of *path* is `..`, also where it is escaped twice."""
    return ".." in re.split(r"[/\\]", unquote(unquote(path)))


def _marked(send: Send) -> Callable[[MutableMapping[str, Any]], Awaitable[None]]:
    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("Content-Security-Policy", OURS)
            for name, value in _ALWAYS.items():
                headers.setdefault(name, value)
        await send(message)

    return marked
