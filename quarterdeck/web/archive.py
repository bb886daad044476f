"""The command's side of the archive: it is written, then served until a person stops it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from quarterdeck.web.archive_app import archive_app
from quarterdeck.web.listening import ADDRESS, listen, serve


def serve_archive(outputs: Path, write: Callable[[], object], *, port: int, told: Callable[[str], None]) -> None:
    """
    Serve the archive in *outputs* on *port* until a person stops it.

    Args:
        write: Brings it up to date; called whenever its index is asked for.
        told: Called with its address when it can be opened.

    Raises:
        CommandRefused: The port is another program's.
    """
    with listen(port, "python runner.py show --web") as opened:
        chosen = opened.getsockname()[1]
        told(f"http://{ADDRESS}:{chosen}/")
        serve(archive_app(outputs, chosen, write), opened)
