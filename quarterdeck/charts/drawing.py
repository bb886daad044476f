"""A chart before it has colours, and how it becomes a PNG whose bytes depend on nothing but its content."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from quarterdeck.charts.canvas import WIDTH, Canvas
from quarterdeck.charts.lettering import DPI
from quarterdeck.theme import Theme

COLOURS = 128
_COMPRESSION = 8  # of 9, which takes more than twice the time for a thirtieth of the bytes

Pixels = NDArray[Any]


@dataclass(frozen=True)
class Drawing:
    """
    A chart without title: what a notebook hands to `report.chart`.

    Args:
        height: In points, which are CSS pixels.
        alt: What a reader would see, with the numbers, at most 350 characters; never what it means.
        paint: Draws it on a canvas of that height, in the canvas's theme.
    """

    height: int
    alt: str
    paint: Callable[[Canvas], None]

    @property
    def width(self) -> int:
        """In points, which are CSS pixels."""
        return WIDTH

    def figure(self, theme: Theme) -> Figure:
        """The chart as a matplotlib figure that belongs to no pyplot state; 1 data unit is 1 point."""
        with _house_settings():
            canvas = Canvas(self.height, theme)
            self.paint(canvas)
            return canvas.figure

    def png(self, theme: Theme) -> bytes:
        """The chart at twice its size: 1184 pixels wide, at most 128 colours, opaque, no metadata but its dpi."""
        surface = cast("Any", self.figure(theme).canvas)  # an Agg canvas, which carries no types
        with _house_settings():
            surface.draw()
        pixels = np.asarray(surface.buffer_rgba())
        written = io.BytesIO()
        _with_palette(pixels).save(written, "PNG", compress_level=_COMPRESSION, dpi=(DPI, DPI))
        return written.getvalue()


@contextmanager
def _house_settings() -> Iterator[None]:
    """The settings that matplotlib comes with, whatever the notebook has set; nothing of it is left behind."""
    untouched = {"backend", "backend_fallback", "interactive", "toolbar", "timezone"}
    settings = {key: value for key, value in mpl.rcParamsDefault.items() if key not in untouched}
    # Without hinting a text is as wide as it was measured; at twice the size it needs none.
    with mpl.rc_context({**settings, "text.parse_math": False, "text.hinting": "none"}):
        yield


def _with_palette(pixels: Pixels) -> Image.Image:
    """
    *pixels* (height, width, 4; uint8, opaque) with at most `COLOURS` colours.

    Pillow's median cut chooses them; each is then replaced by the commonest colour it stands for, so that the
    ground and every solid mark keep their exact token, and each pixel gets the nearest. (Its other two ways
    of reducing colours turn white grey.)
    """
    image = Image.fromarray(pixels).convert("RGB")
    # Few colours first: Pillow clears a table as large as the limit.
    counted = cast("list[tuple[int, tuple[int, int, int]]]", image.getcolors(1 << 14) or image.getcolors(1 << 24))
    found = np.array([colour for _, colour in counted], dtype=np.uint8)
    counts = np.array([count for count, _ in counted])
    if len(found) > COLOURS:
        middle = _cut(found, counts)
        palette = _commonest(found, counts, _nearest(found, middle), len(middle))
    else:
        palette = found
    palette = palette[np.lexsort(palette.T[::-1])]
    lookup = np.zeros(1 << 24, dtype=np.uint8)
    lookup[_packed(found)] = _nearest(found, palette)
    # A pixel's four bytes are one number, of which the last byte is the opaque alpha
    indexed = Image.fromarray(lookup[pixels.view("<u4")[..., 0] & 0xFFFFFF])
    indexed.putpalette(palette.tobytes())
    return indexed


def _cut(colours: Pixels, counts: Pixels) -> Pixels:
    """The middles of `COLOURS` groups of *colours*: of a picture with a sixteenth of the pixels, and all colours."""
    fewer = np.repeat(colours, -(-counts // 16), axis=0)[None]
    cut = Image.fromarray(fewer).quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    return np.array(cut.getpalette(), dtype=np.uint8).reshape(-1, 3)


def _packed(colours: Pixels) -> Pixels:
    red, green, blue = colours.astype(np.uint32).T
    return np.asarray(red | green << 8 | blue << 16)


def _nearest(colours: Pixels, palette: Pixels) -> Pixels:
    of, to = colours.astype(np.int32), palette.astype(np.int32)
    # |a - b|² without the |a|², which is the same for all of the palette
    distances: Pixels = (to**2).sum(axis=1) - 2 * of @ to.T
    return np.asarray(distances.argmin(axis=1))


def _commonest(colours: Pixels, counts: Pixels, group: Pixels, groups: int) -> Pixels:
    """Of each group the colour that most pixels have."""
    order = np.lexsort((_packed(colours), -counts))
    firsts = [order[group[order] == number][:1] for number in range(groups)]
    return np.asarray(colours[np.concatenate(firsts)])
