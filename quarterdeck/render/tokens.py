"""
The house style's measures for page and mail: colours, faces, sizes, kept here once.

Colours that charts have too are theirs (`quarterdeck.theme`); a mail knows no CSS variables, so
its style sheet is filled from these, and the page's variables are too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from quarterdeck.theme import DARK, LIGHT

SERIF = "Georgia,'Times New Roman',serif"
SANS = "-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
MONO = "ui-monospace,Menlo,Consolas,'Liberation Mono',monospace"

CONTENT_WIDTH = 592  # CSS pixels, of the mail's content and of a chart

# What only words have: the ground of a note, and links. Text keeps 4.5 on both grounds.
_WORDS = {"light": {"tint": "#F3F0E9", "link": "#12527A"}, "dark": {"tint": "#1A232D", "link": "#8FC7E3"}}

_OF_WORDS = ("sheet", "ink", "ink_2", "ink_3", "hair", "better", "worse")


def colours(scheme: str) -> Mapping[str, str]:
    """The colours of words and rules in *scheme*, `light` or `dark`, as `#RRGGBB` by name."""
    theme = asdict(DARK if scheme == "dark" else LIGHT)
    return {name: theme[name] for name in _OF_WORDS} | _WORDS[scheme]
