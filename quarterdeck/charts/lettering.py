"""
The charts' face: Source Sans Pro by file, measured before anything is drawn.

Every layout here is computed from measured text, so that labels neither overlap nor leave the canvas.
"""

from __future__ import annotations

import functools
import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import font_source_sans_pro
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font, LoadFlags

from quarterdeck.errors import InputInvalid

PIXELS_PER_POINT = 2  # 144 dpi: a chart is drawn at twice the size at which it is shown
DPI = 72 * PIXELS_PER_POINT
LEADING = 1.2  # distance of two base lines, in sizes
ASCENT = 0.76  # above the base line, in sizes: what capitals and accents need
DESCENT = 0.24
CAP_HEIGHT = 0.66
_ELLIPSIS = "…"


@dataclass(frozen=True)
class Type:
    """
    One of the house's lettering styles.

    Args:
        size: In points, which are pixels on screen.
        weight: `Regular` or `Semibold`.
    """

    size: float
    weight: str = "Regular"

    @property
    def properties(self) -> FontProperties:
        """The font for matplotlib, named by its file: what a machine has installed plays no part."""
        return FontProperties(fname=str(font_file(self.weight)), size=self.size)

    @property
    def leading(self) -> float:
        return self.size * LEADING

    @property
    def ascent(self) -> float:
        return self.size * ASCENT

    @property
    def descent(self) -> float:
        return self.size * DESCENT

    def width(self, text: str) -> float:
        """Width of *text*, one line, in points."""
        return _width(self.weight, self.size, drawable(text))

    def cut(self, text: str, width: float) -> str:
        """*text*, or as much of it as fits in *width* points with an ellipsis."""
        if self.width(text) <= width:
            return text
        for end in range(len(text) - 1, 0, -1):
            shorter = text[:end].rstrip() + _ELLIPSIS
            if self.width(shorter) <= width:
                return shorter
        return _ELLIPSIS

    def wrapped(self, text: str, width: float, lines: int) -> list[str]:
        """*text* in at most *lines* lines of *width* points, broken between words; what is left over is cut."""
        words = text.split()
        done: list[str] = []
        while words and len(done) < lines - 1:
            line = words.pop(0)
            while words and self.width(f"{line} {words[0]}") <= width:
                line += f" {words.pop(0)}"
            done.append(line)
        return [self.cut(line, width) for line in [*done, " ".join(words)] if line] or [""]


# On a phone of 360 px a chart is 344 px wide instead of 592: there none of these is under 10 px.
KEY = Type(18, "Semibold")
VALUE = Type(17.25, "Semibold")
NAME = Type(17.25)
NOTE = Type(17.25)
INSIDE = Type(17.25, "Semibold")


def font_file(weight: str) -> Path:
    """
    The file of Source Sans Pro in *weight*, from the package `font-source-sans-pro`.

    Raises:
        InputInvalid: It is not there. A chart in another face would differ from machine to machine.
    """
    path = Path(font_source_sans_pro.font_directory) / f"SourceSansPro-{weight}.ttf"
    if not path.is_file():
        raise InputInvalid(
            str(path),
            "no such file",
            "the font of the package font-source-sans-pro",
            "pip install -r requirements.lock",
        )
    return path


def drawable(text: str) -> str:
    """*text* in characters that the face has: a full-width `￥` becomes `¥`, what it lacks altogether `?`."""
    known = _characters()
    if all(ord(character) in known for character in text):
        return text
    plain = unicodedata.normalize("NFKC", text)
    return "".join(character if ord(character) in known else "?" for character in plain)


@functools.cache
def _characters() -> frozenset[int]:
    return frozenset(FT2Font(str(font_file("Regular"))).get_charmap())


@functools.cache
def _font(weight: str) -> FT2Font:
    return FT2Font(str(font_file(weight)))


# A font reads glyphs from its file when they are needed. Forks would share one place in it: each has to open its own
os.register_at_fork(after_in_child=_font.cache_clear)


@functools.lru_cache(maxsize=4096)
def _width(weight: str, size: float, text: str) -> float:
    font = _font(weight)
    font.set_size(size, DPI)
    font.set_text(text, 0.0, flags=LoadFlags.NO_HINTING)
    return float(font.get_width_height()[0]) / 64 / PIXELS_PER_POINT
