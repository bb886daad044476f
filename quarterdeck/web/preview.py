"""The command's side of a preview: a port, a folder of its own, a server until a person stops it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from quarterdeck.errors import CommandRefused
from quarterdeck.web.listening import ADDRESS, listen, serve
from quarterdeck.web.preview_app import preview_app
from quarterdeck.web.previewing import Preview
from quarterdeck.web.settings import Settings


def run_preview(settings: Settings, *, port: int, now: Callable[[], datetime], told: Callable[[str], None]) -> None:
    """
    Show what *settings* name, on *port*, until a person stops it.

    Args:
        port: 0 is a free one.
        told: Called with the page's address when it can be opened.

    Raises:
        CommandRefused: The port is another program's, or the system lets nobody watch more files.
    """
    period = ("--period", settings.period) if settings.period else ()
    command = " ".join(["python runner.py preview", *settings.reports, *period])
    with listen(port, command) as opened, tempfile.TemporaryDirectory(prefix="qd-") as work:
        chosen = opened.getsockname()[1]
        told(f"http://{ADDRESS}:{chosen}/")
        preview = Preview(replace(settings, work=work), now)
        serve(preview_app(preview, chosen), opened)
        if isinstance(preview.failure, OSError):
            raise CommandRefused("preview", f"it cannot go on: {preview.failure}", command) from preview.failure
        if preview.failure is not None:
            raise preview.failure
