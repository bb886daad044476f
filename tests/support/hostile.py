"""Outputs that would run if they could, and a server that notes whether they did."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# A page's title, a mark in its window and in that of the page around it, and a request: each way in which HTML runs.
_DOES = "document.title = top.document.title = window.mark = top.mark = 'owned'; fetch('{address}?ran')"
_WAYS = (
    "<script>{does}</script>",
    '<img src="x:" onerror="{does}">',
    '<svg onload="{does}"><script>{does}</script></svg>',
    '<iframe srcdoc="&lt;script&gt;{does}&lt;/script&gt;"></iframe>',
    '<object data="{address}?object"></object>',
    '<img src="{address}?picture">',
    '<link rel="stylesheet" href="{address}?style">',
    '<meta http-equiv="refresh" content="0;url={address}?away">',
)


@dataclass
class Listener:
    """A server at *address*; *asked* are the paths that anybody asked it for."""

    address: str
    asked: list[str] = field(default_factory=list)

    def cell(self, words: str) -> str:
        """A cell of a notebook that puts all of it out, with *words* for people."""
        shown = f"display(HTML({self.html(words)!r}), Javascript({self.does!r}))"
        return f"from IPython.display import HTML, Javascript\n{shown}"

    def html(self, words: str) -> str:
        ways = "\n".join(way.format(does=self.does, address=self.address) for way in _WAYS)
        return f"<p>{words}</p>\n{ways}"

    @property
    def does(self) -> str:
        return _DOES.format(address=self.address)


@contextmanager
def listener() -> Iterator[Listener]:
    """A server on this machine that answers everybody, and notes what they asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Listener(f"http://127.0.0.1:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
