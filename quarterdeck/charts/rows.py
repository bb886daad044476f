"""What charts of horizontal bars share: names in a column at the left, rows under heads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from quarterdeck.charts.canvas import Align, Box, Canvas, Label, base_at_middle
from quarterdeck.charts.layout import Scale
from quarterdeck.charts.lettering import NAME, NOTE, VALUE, Type

ROW_LIMIT = 12  # a chart with more rows is a table
_NAME_LIMIT = 160  # points; of names that have one line only, more
_ONE_LINE_LIMIT = 198
_GAP = 8
HEAD = 26  # room for the heads over the rows
UNALLOCATED = "unallocated"

T = TypeVar("T")


@dataclass(frozen=True)
class Rows:
    """
    Rows of equal height with their names at the left.

    Args:
        names: In display order.
        head: Room over the first row, in points.
        told: Whether the title speaks of a row, for each: its name is in bold, for who sees no colours. Empty for none.
        left_out: How many rows more there are than are drawn; a note below says it.
    """

    names: tuple[str, ...]
    head: float = HEAD
    told: tuple[bool, ...] = ()
    left_out: int = 0

    @property
    def step(self) -> float:
        """Distance of two rows: less where there are many, never less than two lines of a name need."""
        return max(26.0, min(44.0, 230 / len(self.names)), *((NAME.leading + 1) * len(lines) for lines in self._lines))

    @property
    def height(self) -> int:
        """Of the whole chart."""
        return round(self.bottom + (28 if self.left_out else 6))

    @property
    def bottom(self) -> float:
        return self.head + self.step * len(self.names)

    @property
    def left(self) -> float:
        """Where the room beside the names begins."""
        return max(self._type(row).width(line) for row, lines in enumerate(self._lines) for line in lines) + _GAP

    def middle(self, row: int) -> float:
        return self.head + self.step * (row + 0.5)

    def bar(self, row: int, share: float, start: float, end: float) -> Box:
        """A bar from x *start* to x *end*, as high as *share* of the row's step, with edges on whole pixels."""
        half = round(self.step * share) / 2
        middle = round(self.middle(row))
        return Box(min(start, end), middle - half, max(start, end), middle + half)

    def write_names(self, canvas: Canvas) -> None:
        """The names, and below them how many rows are left out."""
        for row, lines in enumerate(self._lines):
            first = base_at_middle(self.middle(row), NAME) - NAME.leading * (len(lines) - 1) / 2
            for number, line in enumerate(lines):
                canvas.write(Label(line, self._type(row), 0, first + number * NAME.leading), canvas.theme.ink)
        if self.left_out:
            canvas.write(Label(f"and {self.left_out} more", NOTE, 0, self.bottom + 18), canvas.theme.ink_2)

    def write_value(self, canvas: Canvas, row: int, text: str, edges: tuple[float, float], colour: str) -> None:
        """*text* outside a bar that reaches from zero, *edges*[0], to *edges*[1]."""
        zero, end = edges
        side = -1 if end < zero else 1
        align: Align = "left" if side > 0 else "right"
        base = base_at_middle(self.middle(row), VALUE)
        canvas.write(Label(text, VALUE, end + side * 5, base, align), colour)

    def write_column(
        self, canvas: Canvas, right: float, head: str, texts: Sequence[str], colours: Sequence[str]
    ) -> None:
        """A column of figures that ends at x *right*, under its *head*."""
        canvas.write(Label(head, NOTE, right, self.head_base, "right"), canvas.theme.ink_2)
        for row, (text, colour) in enumerate(zip(texts, colours, strict=True)):
            canvas.write(Label(text, NAME, right, base_at_middle(self.middle(row), NAME), "right"), colour)

    @property
    def head_base(self) -> float:
        return self.head - 11

    def axis(self, canvas: Canvas, x: float) -> None:
        canvas.line([(x, self.head - 4), (x, self.bottom)], canvas.theme.ink, 1)

    @property
    def _lines(self) -> list[list[str]]:
        lines = 2 if len(self.names) <= 6 else 1
        width = _NAME_LIMIT if lines > 1 else _ONE_LINE_LIMIT
        return [self._type(row).wrapped(name, width, lines) for row, name in enumerate(self.names)]

    def _type(self, row: int) -> Type:
        return VALUE if self.told and self.told[row] else NAME


@dataclass(frozen=True)
class BarRoom:
    """
    Where horizontal bars grow from a common zero, with a label outside each of them.

    Args:
        scale: From values to x.
    """

    scale: Scale

    @classmethod
    def fitted(cls, left: float, right: float, ends: Sequence[float], widths: Sequence[tuple[float, float]]) -> BarRoom:
        """
        Bars as long as [*left*, *right*] allows with their labels.

        Args:
            left: In points.
            right: In points.
            ends: All values that are drawn.
            widths: Of each label, with the value whose end it stands at.
        """
        on_left = max((width + 7 for value, width in widths if value < 0), default=0.0)
        on_right = max((width + 7 for value, width in widths if value >= 0), default=0.0)
        return cls(Scale.from_zero(ends, left + on_left, right - on_right))

    def __call__(self, value: float) -> float:
        return self.scale(value)

    @property
    def zero(self) -> float:
        return self.scale(0)


def rows_shown(rows: Sequence[T], is_told: Callable[[T], bool]) -> list[T]:
    """The first `ROW_LIMIT` of *rows*; what the title speaks of takes the place of others, and keeps its own."""
    told = [at for at, row in enumerate(rows) if is_told(row)][:ROW_LIMIT]
    others = [at for at, row in enumerate(rows) if not is_told(row)][: ROW_LIMIT - len(told)]
    return [rows[at] for at in sorted([*told, *others])]


def unallocated_last(name: str, size: float | None) -> tuple[bool, bool, float]:
    """Sort key: by size, largest first, then what has none, and what has no owner at the end."""
    return name.casefold() == UNALLOCATED, size is None, -(size or 0)
