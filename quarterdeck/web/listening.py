"""Listen: a port on this machine's loopback address, and a server on it until a person stops it."""

from __future__ import annotations

import signal
import socket
from contextlib import closing, suppress

import uvicorn
from starlette.types import ASGIApp

from quarterdeck.errors import CommandRefused

ADDRESS = "127.0.0.1"


def listen(port: int, command: str) -> socket.socket:
    """
    A socket that listens on *port*, 0 for a free one; *command* is what to type with another `--port`.

    Raises:
        CommandRefused: Another program listens there, or this one may not.
    """
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was just left is free
    try:
        opened.bind((ADDRESS, port))
        opened.listen(64)
    except OSError as error:
        opened.close()
        because = f"it cannot be opened ({error.strerror}); perhaps another preview is there"
        raise CommandRefused(f"port {port}", because, f"{command} --port {_free_port()}") from error
    return opened


def _free_port() -> int:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def serve(app: ASGIApp, opened: socket.socket) -> None:
    """Serve *app* on *opened* until the process is told to stop; open streams are not waited for."""
    config = uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=1, ws="none")
    # uvicorn passes a signal on when it has ended in order: by an exception, so that what is around us ends so too
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:  # a closed terminal window; nohup's wish is kept
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[opened])
