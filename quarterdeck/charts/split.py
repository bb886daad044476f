"""Bars in columns: how much of each part each row has, all on one scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from quarterdeck.charts.canvas import WIDTH, Canvas, Label, base_at_middle
from quarterdeck.charts.drawing import Drawing
from quarterdeck.charts.layout import Scale, alt_list, demand_rows, verdict
from quarterdeck.charts.lettering import INSIDE, NAME, NOTE, VALUE
from quarterdeck.charts.rows import Rows, rows_shown

PART_LIMIT = 6
_GAP = 8
_LABEL_GAP = 5


@dataclass(frozen=True)
class SplitRow:
    """
    One name's sizes, part by part.

    Args:
        name: As a reader sees it.
        sizes: One for each part, zero or more; a zero is written and has no bar.
        is_worse: The title speaks of it as bad news: its name is in bold, and the alt text says it.
    """

    name: str
    sizes: tuple[int, ...]
    is_worse: bool = False


def split_bars(
    rows: Sequence[SplitRow],
    parts: Sequence[str],
    *,
    subject: str,
    show: Callable[[int], str],
    worse: Sequence[str] = (),
) -> Drawing:
    """
    For each part a column of bars under its head, all on one scale, in the order given.

    Args:
        rows: In display order. Over twelve, the last are left out and counted in a note.
        parts: One to six names: kinds of a risk, bands of an age.
        subject: Measure, unit and period for the alt text: `configuration risks by function`.
        show: Prints a size: `display.count`.
        worse: The parts that the title speaks of as bad news.

    Raises:
        ValueError: No rows, too many parts, or sizes that do not match them.
    """
    demand_rows(rows, f"bars of {subject}")
    if not 1 <= len(parts) <= PART_LIMIT or any(len(row.sizes) != len(parts) for row in rows):
        raise ValueError(f"bars of {subject}: every row needs one size for each of up to {PART_LIMIT} parts")
    shown = rows_shown(rows, lambda row: row.is_worse)
    chart = _Split(tuple(shown), tuple(parts), len(rows) - len(shown), show, tuple(worse))
    return Drawing(chart.layout.height, chart.alt(subject), chart.paint)


@dataclass(frozen=True)
class _Split:
    rows: tuple[SplitRow, ...]
    parts: tuple[str, ...]
    left_out: int
    show: Callable[[int], str]
    worse: tuple[str, ...]

    @property
    def layout(self) -> Rows:
        told = tuple(row.is_worse for row in self.rows)
        return Rows(tuple(row.name for row in self.rows), told=told, left_out=self.left_out)

    def alt(self, subject: str) -> str:
        def named(row: SplitRow) -> str:
            sizes = [f"{part} {self.show(size)}" for part, size in zip(self.parts, row.sizes, strict=True) if size]
            return f"{row.name}: {', '.join(sizes) or self.show(0)}"

        head = f"Bars of {subject}, by {', '.join(self.parts)}."
        met = {part for row in self.rows for part, size in zip(self.parts, row.sizes, strict=True) if size}
        bad = [*(part for part in self.worse if part in met), *(row.name for row in self.rows if row.is_worse)]
        told = verdict((name, "worse") for name in bad)
        return alt_list(head, [named(row) for row in self.rows], others=self.left_out, after=told)

    def paint(self, canvas: Canvas) -> None:
        layout, theme = self.layout, canvas.theme
        layout.write_names(canvas)
        step = (WIDTH - layout.left + _GAP) / len(self.parts)
        sizes = [size for row in self.rows for size in row.sizes]
        longest = max(VALUE.width(self.show(size)) for size in sizes)
        scale = Scale.from_zero(sizes, 0, max(step - _GAP - _LABEL_GAP - longest, 0))
        for number, part in enumerate(self.parts):
            zero = layout.left + step * number
            type_ = INSIDE if part in self.worse else NOTE
            canvas.write(Label(type_.cut(part, step - _GAP), type_, zero, layout.head_base), theme.ink_2)
            for at, row in enumerate(self.rows):
                size, is_worse = row.sizes[number], row.is_worse or part in self.worse
                solid = theme.worse if is_worse else theme.actual
                canvas.fill(layout.bar(at, 0.5, zero, zero + scale(size)), solid)
                colour = theme.ink_3 if not size else theme.worse if is_worse else theme.ink
                type_ = VALUE if size else NAME
                base = base_at_middle(layout.middle(at), type_)
                text = type_.cut(self.show(size), step - _GAP - _LABEL_GAP)
                canvas.write(Label(text, type_, zero + scale(size) + _LABEL_GAP, base), colour)
            layout.axis(canvas, zero)
