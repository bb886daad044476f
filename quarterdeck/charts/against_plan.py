"""Actual against plan, by name: bars with the plan outlined, a rate beside them, and the variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from quarterdeck.charts.canvas import WIDTH, Canvas, Label
from quarterdeck.charts.drawing import Drawing
from quarterdeck.charts.layout import alt_list, demand_rows
from quarterdeck.charts.lettering import NAME, NOTE, VALUE
from quarterdeck.charts.rows import BarRoom, Rows, rows_shown, unallocated_last
from quarterdeck.display import NOT_AVAILABLE, Display

_VARIANCE_WIDTH = 150
_NOTHING = "–"
_SHORT = 0.15  # of the longest bar


@dataclass(frozen=True)
class PlanRow:
    """
    One name's actual and plan, in minor units; None where one is not known.

    Args:
        name: As a reader sees it.
        actual: Minor units.
        plan: Minor units.
        rate: A ratio that belongs to it, such as its margin.
    """

    name: str
    actual: int | None
    plan: int | None = None
    rate: float | None = None

    @property
    def variance(self) -> int | None:
        return None if self.actual is None or self.plan is None else self.actual - self.plan


def against_plan(
    rows: Sequence[PlanRow],
    *,
    subject: str,
    display: Display,
    better: Literal["more", "less"] = "more",
    rate_head: str = "Margin",
) -> Drawing:
    """
    Horizontal bars with the plan outlined, and the variance in better or worse at the right.

    Without any plan there is no outline and no variance, without any rate no column of rates.

    Args:
        rows: In any order: drawn largest actual first, "Unallocated" last. Over twelve, the smallest are left out and
            counted in a note, but for the two that are furthest from their plans, one on each side.
        subject: Measure, unit and period for the alt text.
        display: The company's way to print money.
        better: Whether more or less than planned is good news.
        rate_head: Head of the column of rates.

    Raises:
        ValueError: No rows.
    """
    demand_rows(rows, f"bars of {subject}")
    ordered = sorted(rows, key=lambda row: unallocated_last(row.name, row.actual))
    worse = -1 if better == "more" else 1
    by_variance = sorted(ordered, key=lambda row: worse * (row.variance or 0))
    extremes = by_variance[0], by_variance[-1]  # titles speak of both
    shown = rows_shown(ordered, lambda row: row in extremes)
    chart = _AgainstPlan(tuple(shown), len(ordered) - len(shown), display, better, rate_head)
    return Drawing(chart.layout.height, chart.alt(subject), chart.paint)


@dataclass(frozen=True)
class _AgainstPlan:
    rows: tuple[PlanRow, ...]
    left_out: int
    display: Display
    better: Literal["more", "less"]
    rate_head: str

    @property
    def layout(self) -> Rows:
        return Rows(tuple(row.name for row in self.rows), left_out=self.left_out)

    @property
    def _has_plan(self) -> bool:
        return any(row.plan is not None for row in self.rows)

    def money(self, minor: int | None, *, sign: bool = False) -> str:
        """All amounts of the chart in the unit of its largest."""
        if minor is None:
            return NOT_AVAILABLE
        largest = max(abs(amount or 0) for row in self.rows for amount in (row.actual, row.plan))
        return self.display.money(minor, sign=sign, like=largest)

    def rate(self, row: PlanRow) -> str:
        return _NOTHING if row.rate is None else self.display.percent(row.rate)

    def alt(self, subject: str) -> str:
        def named(row: PlanRow) -> str:
            rate = f" ({self.rate(row)})" if row.rate is not None else ""
            variance = f", {self.money(row.variance, sign=True)} against plan" if row.variance is not None else ""
            return f"{row.name} {self.money(row.actual)}{rate}{variance}"

        outlined = f" against plan, {self.better} is better" if self._has_plan else ""
        head = f"Horizontal bars of {subject}{outlined}."
        return alt_list(head, [named(row) for row in self.rows], others=self.left_out)

    def paint(self, canvas: Canvas) -> None:
        layout = self.layout
        layout.write_names(canvas)
        right = float(WIDTH)
        if self._has_plan:
            right -= _VARIANCE_WIDTH
            self._paint_variances(canvas, layout, right)
            right -= 14
        if any(row.rate is not None for row in self.rows):
            rates = [self.rate(row) for row in self.rows]
            layout.write_column(canvas, right, self.rate_head, rates, [canvas.theme.ink_2] * len(rates))
            right -= max(NOTE.width(self.rate_head), *(NAME.width(rate) for rate in rates)) + 10
        self._paint_bars(canvas, layout, right)

    def _paint_bars(self, canvas: Canvas, layout: Rows, right: float) -> None:
        theme = canvas.theme
        # The label stands outside of both bar and outline, on the side to which the actual points.
        longest = max(row.actual or 0 for row in self.rows)
        ends = [_label_end(row, longest) for row in self.rows]
        widths = [(end, VALUE.width(self.money(row.actual))) for end, row in zip(ends, self.rows, strict=True)]
        drawn = [amount or 0 for row in self.rows for amount in (row.actual, row.plan)]
        room = BarRoom.fitted(layout.left, right, drawn, widths)
        head = "Actual, plan outlined" if self._has_plan else "Actual"
        canvas.write(Label(head, NOTE, room.zero, layout.head_base).kept_within(0, right), theme.ink_2)
        for number, (row, end) in enumerate(zip(self.rows, ends, strict=True)):
            canvas.fill(layout.bar(number, 0.5, room.zero, room(row.actual or 0)), theme.actual)
            self._paint_plan(canvas, layout, number, room)
            colour = theme.ink_2 if row.actual is None else theme.ink
            layout.write_value(canvas, number, self.money(row.actual), (room.zero, room(end)), colour)
        layout.axis(canvas, room.zero)

    def _paint_plan(self, canvas: Canvas, layout: Rows, number: int, room: BarRoom) -> None:
        """The outline, and where it ends inside of the solid bar, a line that shows on it."""
        row = self.rows[number]
        if not row.plan:
            return
        canvas.outline(layout.bar(number, 0.74, room.zero, room(row.plan)))
        if row.actual and 0 < row.plan / row.actual < 1:
            solid = layout.bar(number, 0.5, room.zero, room(row.actual))
            canvas.line([(room(row.plan), solid.top), (room(row.plan), solid.bottom)], canvas.theme.sheet, 1.3)

    def _paint_variances(self, canvas: Canvas, layout: Rows, left: float) -> None:
        theme = canvas.theme
        variances = [row.variance for row in self.rows]
        labels = [_NOTHING if variance is None else self.money(variance, sign=True) for variance in variances]
        sizes = [variance or 0 for variance in variances]
        widths = [(size, VALUE.width(label)) for size, label in zip(sizes, labels, strict=True)]
        room = BarRoom.fitted(left, WIDTH, sizes, widths)
        head = Label(
            f"{'Under' if self.better == 'more' else 'Over'} plan is worse",
            NOTE,
            room.zero,
            layout.head_base,
            "center",
        ).kept_within(left, WIDTH)
        canvas.write(head, theme.ink_2)
        for number, (size, label) in enumerate(zip(sizes, labels, strict=True)):
            is_good = (size > 0) == (self.better == "more")
            is_some = any(digit in label for digit in "123456789")  # what prints as $0 is neither
            colour = theme.ink_2 if not is_some else theme.better if is_good else theme.worse
            canvas.fill(layout.bar(number, 0.3, room.zero, room(size)), colour)
            layout.write_value(canvas, number, label, (room.zero, room(size)), colour)
        layout.axis(canvas, room.zero)


def _label_end(row: PlanRow, longest: int) -> int:
    """
    The value at whose end a row's label stands: outside of both bar and outline.

    The label of a short negative bar stands at the other side of the axis, where else all bars would have to make room.
    """
    actual, plan = row.actual or 0, row.plan or 0
    if actual >= 0:
        return max(actual, plan)
    return 0 if plan <= 0 and -actual < longest * _SHORT else min(actual, plan)
