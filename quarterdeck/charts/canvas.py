"""
A canvas in points with its origin at the top left, and the marks of the house style.

One point is one pixel on screen. Charts compute where everything stands; the canvas only draws it, in
the colours of one theme.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.text import Text

from quarterdeck.charts.lettering import CAP_HEIGHT, DPI, Type, drawable
from quarterdeck.theme import Theme

WIDTH = 592  # of every chart, in points

Align = Literal["left", "center", "right"]
Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle on the canvas, in points, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box, gap: float = 0) -> bool:
        """Whether the two overlap, or come closer than *gap*."""
        return (
            self.left < other.right + gap
            and other.left < self.right + gap
            and self.top < other.bottom + gap
            and other.top < self.bottom + gap
        )

    def is_inside(self, outer: Box) -> bool:
        return (
            self.left >= outer.left
            and self.right <= outer.right
            and self.top >= outer.top
            and self.bottom <= outer.bottom
        )

    def grown(self, by: float) -> Box:
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    @property
    def corners(self) -> list[Point]:
        return [(self.left, self.top), (self.right, self.top), (self.right, self.bottom), (self.left, self.bottom)]


@dataclass(frozen=True)
class Label:
    """One line of text and where it stands: *x* by its alignment, *base* its base line."""

    text: str
    type: Type
    x: float
    base: float
    align: Align = "left"

    @property
    def box(self) -> Box:
        width = self.type.width(self.text)
        left = self.x - {"left": 0, "center": width / 2, "right": width}[self.align]
        return Box(left, self.base - self.type.ascent, left + width, self.base + self.type.descent)

    def moved(self, *, right: float = 0, down: float = 0) -> Label:
        return Label(self.text, self.type, self.x + right, self.base + down, self.align)

    def kept_within(self, left: float, right: float) -> Label:
        """The same label, pushed sideways so that it stays between *left* and *right*."""
        box = self.box
        return self.moved(right=max(0.0, left - box.left) or min(0.0, right - box.right))


def base_at_middle(y: float, type_: Type) -> float:
    """The base line at which capitals of *type_* are centred on *y*."""
    return y + type_.size * CAP_HEIGHT / 2


def clear_of(label: Label, taken: Iterable[Box], *, step: float, gap: float = 2) -> Label:
    """*label*, moved down by *step* (up, when negative) until it meets none of *taken*."""
    boxes = list(taken)
    while any(label.box.meets(box, gap) for box in boxes):
        label = label.moved(down=step)
    return label


class Canvas:
    """
    A figure of `WIDTH` × *height* points in one theme.

    Args:
        height: In points.
        theme: Its colours.
    """

    def __init__(self, height: float, theme: Theme) -> None:
        self.theme = theme
        self.height = height
        self.figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=DPI, facecolor=theme.sheet)
        FigureCanvasAgg(self.figure)
        self._axes: Axes = self.figure.add_axes((0, 0, 1, 1))
        self._axes.set_axis_off()
        self._axes.set_xlim(0, WIDTH)
        self._axes.set_ylim(height, 0)
        self._layer = 0.0

    def write(self, label: Label, colour: str, *, plate: bool = False) -> None:
        """Draw *label*; with *plate*, on a piece of the sheet, so that it can be read on hatching."""
        if plate:
            box = label.box
            self.fill(Box(box.left - 4, box.top - 1, box.right + 4, box.bottom + 1), self.theme.sheet)
        self._axes.add_artist(
            Text(
                label.x,
                label.base,
                drawable(label.text),
                color=colour,
                fontproperties=label.type.properties,
                horizontalalignment=label.align,
                verticalalignment="baseline",
                parse_math=False,  # two "$" in one label would set it as a formula
                zorder=self._next(),
            )
        )

    def fill(self, box: Box, colour: str) -> None:
        """A solid rectangle with edges on whole pixels."""
        self._axes.add_artist(
            Rectangle(
                (box.left, box.top),
                box.right - box.left,
                box.bottom - box.top,
                facecolor=colour,
                linewidth=0,
                snap=True,
                zorder=self._next(),
            )
        )

    def outline(self, box: Box, width: float = 1.3, colour: str | None = None) -> None:
        """A frame without fill, drawn inside of *box*."""
        inset = width / 2
        self._axes.add_artist(
            Rectangle(
                (box.left + inset, box.top + inset),
                box.right - box.left - width,
                box.bottom - box.top - width,
                facecolor="none",
                edgecolor=colour or self.theme.ink,
                linewidth=width,
                joinstyle="miter",
                zorder=self._next(),
            )
        )

    def area(self, points: Sequence[Point], colour: str) -> None:
        """A filled polygon."""
        self._axes.add_artist(Polygon(points, closed=True, facecolor=colour, linewidth=0, zorder=self._next()))

    def areas(self, polygons: Sequence[Sequence[Point]], colour: str) -> None:
        """Several filled polygons of one colour."""
        self._axes.add_collection(
            PolyCollection([list(points) for points in polygons], facecolors=colour, linewidths=0, zorder=self._next()),
            autolim=False,
        )

    def hatch(self, outlines: Sequence[Sequence[Point]], colour: str, *, step: float = 5.5) -> None:
        """Lines at 45° inside *outlines*: what is forecast. matplotlib's own hatches have no step in points."""
        corners = np.array([corner for outline in outlines for corner in outline])
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        reach = bottom - top
        starts = np.arange(np.floor((left - reach) / step) * step, right, step)
        lines = LineCollection(
            [[(start, bottom), (start + reach, top)] for start in starts],
            colors=colour,
            linewidths=0.9,
            zorder=self._next(),
        )
        self._axes.add_collection(lines, autolim=False)
        inside = Path.make_compound_path(*(Path([*outline, outline[0]], closed=True) for outline in outlines))
        mask = PathPatch(inside, facecolor="none", linewidth=0, transform=self._axes.transData)
        self._axes.add_artist(mask)
        lines.set_clip_path(mask)

    def line(self, points: Sequence[Point], colour: str, width: float) -> None:
        """A line through *points*."""
        across, down = zip(*points, strict=True)
        self._axes.add_artist(
            Line2D(
                across,
                down,
                color=colour,
                linewidth=width,
                solid_capstyle="butt",
                solid_joinstyle="round",
                zorder=self._next(),
            )
        )

    def dot(self, at: Point, radius: float, fill: str, edge: str | None = None) -> None:
        """A round mark; with *edge*, a ring of that colour."""
        self._axes.add_artist(
            Circle(at, radius, facecolor=fill, edgecolor=edge or fill, linewidth=2 if edge else 0, zorder=self._next())
        )

    def _next(self) -> float:
        """What is drawn later lies on top."""
        self._layer += 1
        return self._layer
