"""Sorted horizontal bars: sizes of named things."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from quarterdeck.blocks import Tone
from quarterdeck.charts.canvas import WIDTH, Canvas, Label
from quarterdeck.charts.drawing import Drawing
from quarterdeck.charts.layout import alt_list, demand_rows, verdict
from quarterdeck.charts.lettering import NAME, NOTE, VALUE
from quarterdeck.charts.rows import BarRoom, Rows, rows_shown, unallocated_last

_NOTHING = "n/a"


@dataclass(frozen=True)
class Bar:
    """
    One named size.

    Args:
        name: As a reader sees it.
        value: Its size, in any one unit; None when it is not known.
        detail: A second figure, finished, that stands in the column at the right: its share.
        tone: `better` or `worse` where the title speaks of it as good or bad news, which bold
            letters and the alt text say too.
        outline: What it is compared with, in the same unit: a frame around the bar.
    """

    name: str
    value: float | None
    detail: str = ""
    tone: Tone = "neutral"
    outline: float | None = None

    @property
    def end(self) -> float:
        """Where its label stands: outside of both bar and outline."""
        return max(self.value or 0, self.outline or 0)


def bars(
    rows: Sequence[Bar], *, subject: str, show: Callable[[float], str], heads: tuple[str, str] = ("", "")
) -> Drawing:
    """
    Horizontal bars from zero, the largest first and "Unallocated" last, each with its value.

    Args:
        rows: In any order. Over twelve, the smallest without a tone are left out and counted in a note.
        subject: Measure, unit and period for the alt text: `revenue by channel, USD, 52 weeks`.
        show: Prints a value: `display.money`.
        heads: Over the bars, and over the details.

    Raises:
        ValueError: No row has a value.
    """
    demand_rows([row for row in rows if row.value is not None], f"bars of {subject}")
    ordered = sorted(rows, key=lambda row: unallocated_last(row.name, row.value))
    shown = rows_shown(ordered, lambda row: row.tone != "neutral")
    chart = _Bars(tuple(shown), len(ordered) - len(shown), show, heads)
    return Drawing(chart.layout.height, chart.alt(subject), chart.paint)


@dataclass(frozen=True)
class _Bars:
    rows: tuple[Bar, ...]
    left_out: int
    show: Callable[[float], str]
    heads: tuple[str, str]

    @property
    def layout(self) -> Rows:
        head = 26 if any(self.heads) else 6
        told = tuple(row.tone != "neutral" for row in self.rows)
        return Rows(tuple(row.name for row in self.rows), head, told, self.left_out)

    def label(self, row: Bar) -> str:
        return _NOTHING if row.value is None else self.show(row.value)

    def alt(self, subject: str) -> str:
        second = f"{self.heads[1].lower()} " if any(row.outline for row in self.rows) else ""
        named = [
            f"{row.name} {self.label(row)}" + (f" ({second}{row.detail})" if row.detail else "") for row in self.rows
        ]
        told = verdict((row.name, row.tone) for row in self.rows)
        return alt_list(f"Horizontal bars of {subject}.", named, others=self.left_out, between=", ", after=told)

    def paint(self, canvas: Canvas) -> None:
        layout, theme = self.layout, canvas.theme
        layout.write_names(canvas)
        right = WIDTH - self._details(canvas, layout)
        values = [row.value or 0 for row in self.rows]
        ends = [row.end if value >= 0 else value for value, row in zip(values, self.rows, strict=True)]
        widths = [(end, VALUE.width(self.label(row))) for end, row in zip(ends, self.rows, strict=True)]
        room = BarRoom.fitted(layout.left, right, [*values, *ends], widths)
        if self.heads[0]:
            head = Label(self.heads[0], NOTE, room.zero, layout.head_base).kept_within(0, right)
            canvas.write(head, theme.ink_2)
        for number, (row, value, end) in enumerate(zip(self.rows, values, ends, strict=True)):
            solid = theme.actual if row.tone == "neutral" else getattr(theme, row.tone)
            colour = theme.ink_2 if row.value is None else theme.ink if row.tone == "neutral" else solid
            canvas.fill(layout.bar(number, 0.5 if row.outline else 0.58, room.zero, room(value)), solid)
            if row.outline:
                canvas.outline(layout.bar(number, 0.76, room.zero, room(row.outline)))
            layout.write_value(canvas, number, self.label(row), (room.zero, room(end)), colour)
        layout.axis(canvas, room.zero)

    def _details(self, canvas: Canvas, layout: Rows) -> float:
        """Write the column of details, if there is one; how much room it took."""
        texts = [row.detail for row in self.rows]
        if not any(texts):
            return 0
        layout.write_column(canvas, WIDTH, self.heads[1], texts, [canvas.theme.ink_2] * len(texts))
        return max(NOTE.width(self.heads[1]), *(NAME.width(text) for text in texts)) + 14
