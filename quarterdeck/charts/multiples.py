"""Small multiples: the same columns for several names, all on one scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from quarterdeck.charts.canvas import WIDTH, Box, Canvas, Label
from quarterdeck.charts.columns import telling
from quarterdeck.charts.drawing import Drawing
from quarterdeck.charts.layout import Scale, alt_list, demand_rows, over_bars, without_overlap
from quarterdeck.charts.lettering import NAME, NOTE, VALUE
from quarterdeck.display import Display

SERIES_LIMIT = 7  # of more, the five largest are shown, and the sum of the others
_KEPT = 5
_ACROSS = {1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3, 7: 4}
_GAP = 22
_HEAD, _LABELS, _DATES = 22, 20, 24
_ROW_GAP = 22


@dataclass(frozen=True)
class Series:
    """One name's values, one a week, zero or more."""

    name: str
    values: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.values)


def weekly_multiples(
    series: Sequence[Series],
    last_days: Sequence[date],
    *,
    subject: str,
    show: Callable[[int], str],
    display: Display,
    is_forecast: bool = False,
) -> Drawing:
    """
    One panel of weekly columns a name, largest total first; the highest and the last week are labelled.

    Args:
        series: Each with one value a week. Over seven, the five largest and "Other".
        last_days: The weeks' Sundays, oldest first.
        subject: Measure, unit and period for the alt text.
        show: Prints a value: `display.money`.
        display: The company's way to print days.
        is_forecast: Hatched instead of solid.

    Raises:
        ValueError: No series, or values that do not match the weeks.
    """
    demand_rows(series, f"small multiples of {subject}")
    demand_rows(last_days, f"small multiples of {subject}, weeks")
    if any(len(one.values) != len(last_days) for one in series):
        raise ValueError(f"small multiples of {subject}: a series does not have {len(last_days)} values")
    ordered = sorted(series, key=lambda one: (-one.total, one.name))
    chart = _Multiples(tuple(_folded(ordered)), tuple(last_days), show, display, is_forecast)
    return Drawing(chart.height, chart.alt(subject), chart.paint)


def _folded(ordered: Sequence[Series]) -> list[Series]:
    if len(ordered) <= SERIES_LIMIT:
        return list(ordered)
    others = [one.values for one in ordered[_KEPT:]]
    return [*ordered[:_KEPT], Series("Other", tuple(map(sum, zip(*others, strict=True))))]


@dataclass(frozen=True)
class _Multiples:
    series: tuple[Series, ...]
    last_days: tuple[date, ...]
    show: Callable[[int], str]
    display: Display
    is_forecast: bool

    @property
    def across(self) -> int:
        return _ACROSS[len(self.series)]

    @property
    def rows(self) -> int:
        return math.ceil(len(self.series) / self.across)

    @property
    def plot(self) -> float:
        """Height of the highest possible column."""
        return 130.0 if self.rows == 1 else 62.0

    @property
    def panel(self) -> tuple[float, float]:
        """Width and height."""
        return (WIDTH - _GAP * (self.across - 1)) / self.across, _HEAD + _LABELS + self.plot + _ROW_GAP

    @property
    def height(self) -> int:
        return round(self.panel[1] * self.rows - _ROW_GAP + _DATES)

    def alt(self, subject: str) -> str:
        drawn = "hatched columns" if self.is_forecast else "columns"
        day = self.display.day_in_prose
        weeks = f"weeks ending {day(self.last_days[0], year=True)} to {day(self.last_days[-1], year=True)}"
        named = [
            f"{one.name}: {self.show(one.total)} in all, highest {self.show(max(one.values))}, "
            f"last {self.show(one.values[-1])}"
            for one in self.series
        ]
        return alt_list(f"{len(self.series)} panels of weekly {drawn}, {subject}, {weeks}.", named)

    def paint(self, canvas: Canvas) -> None:
        width, height = self.panel
        for number, one in enumerate(self.series):
            row, column = divmod(number, self.across)
            left, top = column * (width + _GAP), row * height
            self._paint_panel(canvas, one, Box(left, top, left + width, top + height - _ROW_GAP))
            is_lowest = number + self.across >= len(self.series)
            if is_lowest:
                self._paint_dates(canvas, left, top + height - _ROW_GAP)

    def _paint_panel(self, canvas: Canvas, one: Series, panel: Box) -> None:
        theme = canvas.theme
        highest = max(max(other.values) for other in self.series)
        scale = Scale(0, max(highest, 1), panel.bottom, panel.bottom - self.plot)
        step = (panel.right - panel.left) / len(one.values)
        bars = []
        for number, value in enumerate(one.values):
            middle, half = panel.left + step * (number + 0.5), step * 0.31
            bars.append(Box(round(2 * (middle - half)) / 2, scale(value), round(2 * (middle + half)) / 2, panel.bottom))
        if self.is_forecast:
            canvas.hatch([bar.corners for bar in bars], theme.ink_3, step=4)
            for bar in bars:
                canvas.outline(bar, 1, theme.actual)
        else:
            for bar in bars:
                canvas.fill(bar, theme.actual)
        canvas.line([(panel.left, panel.bottom), (panel.right, panel.bottom)], theme.ink, 1)
        name = NAME.cut(one.name, panel.right - panel.left)
        canvas.write(Label(name, NAME, panel.left, panel.top + 15), theme.ink)
        labels = [
            over_bars(Label(self.show(one.values[at]), VALUE, (bars[at].left + bars[at].right) / 2, 0, "center"), bars)
            for at in telling(one.values)[:2]
        ]
        for label in without_overlap(labels, gap=6):
            canvas.write(label, theme.ink)

    def _paint_dates(self, canvas: Canvas, left: float, bottom: float) -> None:
        width = self.panel[0]
        first, last = self.display.day(self.last_days[0]), self.display.day(self.last_days[-1])
        ends = [Label(last, NOTE, left + width, bottom + 17, "right"), Label(first, NOTE, left, bottom + 17)]
        for label in without_overlap(ends if len(self.last_days) > 1 else ends[:1]):
            canvas.write(label, canvas.theme.ink_2)
