"""Ranges: the middle half of something, and its median."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from quarterdeck.charts.canvas import WIDTH, Box, Canvas, Label, base_at_middle
from quarterdeck.charts.drawing import Drawing
from quarterdeck.charts.layout import Scale, alt_list, demand_rows
from quarterdeck.charts.lettering import NAME, NOTE, VALUE
from quarterdeck.charts.rows import Rows, rows_shown


@dataclass(frozen=True)
class Range:
    """
    One name's quartiles.

    Args:
        name: As a reader sees it.
        low: A quarter lies under it.
        middle: The median.
        high: A quarter lies over it.
    """

    name: str
    low: float
    middle: float
    high: float


def ranges(rows: Sequence[Range], *, subject: str, show: Callable[[float], str]) -> Drawing:
    """
    For each name a bar from its lower to its upper quartile, the median marked and written beside it.

    Args:
        rows: In any order, drawn with the largest median first. Over twelve, the smallest but the last are left
            out and counted in a note.
        subject: Measure, unit and period for the alt text.
        show: Prints a value.

    Raises:
        ValueError: No rows, or quartiles out of order.
    """
    demand_rows(rows, f"ranges of {subject}")
    if any(not row.low <= row.middle <= row.high for row in rows):
        raise ValueError(f"ranges of {subject}: a median lies outside of its quartiles")
    ordered = sorted(rows, key=lambda row: (-row.middle, row.name))
    shown = rows_shown(ordered, lambda row: row is ordered[-1])
    chart = _Ranges(tuple(shown), len(ordered) - len(shown), show)
    return Drawing(chart.layout.height, chart.alt(subject), chart.paint)


@dataclass(frozen=True)
class _Ranges:
    rows: tuple[Range, ...]
    left_out: int
    show: Callable[[float], str]

    @property
    def layout(self) -> Rows:
        return Rows(tuple(row.name for row in self.rows), left_out=self.left_out)

    def quartiles(self, row: Range) -> str:
        return f"{self.show(row.low)} to {self.show(row.high)}"

    def alt(self, subject: str) -> str:
        named = [f"{row.name} {self.show(row.middle)}, half of them {self.quartiles(row)}" for row in self.rows]
        return alt_list(f"Ranges of {subject}, medians with the middle half.", named, others=self.left_out)

    def paint(self, canvas: Canvas) -> None:
        layout, theme = self.layout, canvas.theme
        layout.write_names(canvas)
        texts = [self.quartiles(row) for row in self.rows]
        layout.write_column(canvas, WIDTH, "Middle half", texts, [theme.ink_2] * len(texts))
        right = WIDTH - max(NOTE.width("Middle half"), *map(NAME.width, texts)) - 16
        labels = [self.show(row.middle) for row in self.rows]
        ends = [row.high for row in self.rows]
        scale = Scale.from_zero(
            [*ends, *(row.low for row in self.rows)], layout.left, right - max(map(VALUE.width, labels)) - 9
        )
        canvas.write(Label("Median", NOTE, layout.left, layout.head_base), theme.ink_2)
        for number, (row, text) in enumerate(zip(self.rows, labels, strict=True)):
            canvas.fill(layout.bar(number, 0.3, scale(row.low), scale(row.high)), theme.stages[0])
            mark = layout.bar(number, 0.56, scale(row.middle), scale(row.middle))
            canvas.fill(Box(mark.left - 1.5, mark.top, mark.right + 1.5, mark.bottom), theme.actual)
            base = base_at_middle(layout.middle(number), VALUE)
            canvas.write(Label(text, VALUE, max(scale(row.high), mark.right + 2) + 6, base), theme.ink)
        layout.axis(canvas, scale(0))
