"""Our own pages: templates and styles in the house's colours."""

from __future__ import annotations

import functools
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_HERE = Path(__file__).parent
STATIC = {"preview.js": "text/javascript", "desk.css": "text/css"}


def draw(template: str, **facts: object) -> str:
    """The page that *template* makes of *facts*; every text in it is escaped."""
    return _environment().get_template(template).render(**facts)


def static(name: str) -> str:
    """The text of a script or style sheet, one of `STATIC`."""
    # The archive's style sheet, by its path: importing the archive loads all that a build does
    folder = _HERE.parent / "archive" if name == "desk.css" else _HERE / "static"
    return (folder / name).read_text(encoding="utf-8")


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
