"""A figure over weeks against its plan and the year before."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from quarterdeck.charts.canvas import WIDTH, Box, Canvas, Label
from quarterdeck.charts.drawing import Drawing
from quarterdeck.charts.layout import Scale, alt_text, demand_rows, spread, without_overlap
from quarterdeck.charts.lettering import KEY, NAME, NOTE, VALUE, Type
from quarterdeck.display import Display

HEIGHT = 240
_BOTTOM = HEIGHT - 28
_TOP = 64  # room for the bracket, and under it for the label of the highest column
_RUN = 3  # weeks on one side of the plan that are worth a bracket


@dataclass(frozen=True)
class Week:
    """
    One week's figures in minor units; None where one is not known.

    Args:
        last_day: Sunday.
        actual: Minor units.
        plan: Minor units.
        last_year: Of the week 364 days before.
    """

    last_day: date
    actual: int
    plan: int | None = None
    last_year: int | None = None


def weekly_against_plan(weeks: Sequence[Week], *, subject: str, display: Display) -> Drawing:
    """
    Columns of the actual, the plan outlined, a grey tick for the year before, and a bracket over a run.

    A run is three or more weeks up to the last one that are all under, or all over, their plan; its sum is given.
    More is better: this chart is for revenue and bookings.

    Args:
        weeks: Oldest first, at most 26.
        subject: Measure, unit and period for the alt text.
        display: The company's way to print money and days.

    Raises:
        ValueError: No weeks, or too many.
    """
    demand_rows(weeks, f"weeks of {subject}")
    if len(weeks) > 26:
        raise ValueError(f"weeks of {subject}: {len(weeks)} do not fit, 26 do")
    chart = _Weekly(tuple(weeks), display)
    return Drawing(HEIGHT, chart.alt(subject), chart.paint)


@dataclass(frozen=True)
class _Weekly:
    weeks: tuple[Week, ...]
    display: Display

    @property
    def last(self) -> Week:
        return self.weeks[-1]

    @property
    def highest(self) -> Week:
        return max(self.weeks, key=lambda week: week.actual)

    def money(self, minor: int, *, sign: bool = False) -> str:
        largest = max(abs(amount or 0) for week in self.weeks for amount in (week.actual, week.plan))
        return self.display.money(minor, sign=sign, like=largest)

    @property
    def run(self) -> tuple[int, int]:
        """Length of the run up to the last week, and its sum; (0, 0) when there is none."""
        variances = [None if week.plan is None else week.actual - week.plan for week in reversed(self.weeks)]
        first = variances[0]
        if not first:
            return 0, 0
        same = list(itertools.takewhile(lambda other: other is not None and other * first > 0, variances))
        return (len(same), sum(filter(None, same))) if len(same) >= _RUN else (0, 0)

    @property
    def run_text(self) -> str:
        length, total = self.run
        return f"{length} weeks {'over' if total > 0 else 'under'} plan: {self.money(total, sign=True)}"

    def alt(self, subject: str) -> str:
        first, last, lowest = self.weeks[0], self.last, min(self.weeks, key=lambda week: week.actual)
        day = self.display.day_in_prose
        plan = f", plan {self.money(last.plan)}" if last.plan is not None else ""
        before = f", a year before {self.money(last.last_year)}" if last.last_year is not None else ""
        return alt_text(
            f"Weekly columns of {subject}, weeks ending {day(first.last_day, year=True)} "
            f"to {day(last.last_day, year=True)}.",
            f"The last week: {self.money(last.actual)}{plan}{before}.",
            f"Highest {self.money(self.highest.actual)} in the week to {day(self.highest.last_day)}, "
            f"lowest {self.money(lowest.actual)} in the week to {day(lowest.last_day)}.",
            f"{self.run_text}, {'better' if self.run[1] > 0 else 'worse'}." if self.run[0] else "",
        )

    @property
    def _right_texts(self) -> list[tuple[int, str, Type, str]]:
        """What stands beside the last column: value, words, lettering, colour."""
        texts = [(self.last.actual, self.money(self.last.actual), KEY, "ink")]
        if self.last.plan is not None:
            texts.insert(0, (self.last.plan, f"Plan {self.money(self.last.plan)}", NAME, "ink"))
        if self.last.last_year is not None:
            year = self.last.last_day.isocalendar().year - 1
            texts.append((self.last.last_year, f"{year} {self.money(self.last.last_year)}", NAME, "ink_2"))
        return texts

    def paint(self, canvas: Canvas) -> None:
        theme = canvas.theme
        right = WIDTH - max(type_.width(text) for _, text, type_, _ in self._right_texts) - 10
        step = right / len(self.weeks)
        drawn = [a for week in self.weeks for a in (week.actual, week.plan, week.last_year) if a is not None]
        scale = Scale.from_zero(drawn, _BOTTOM, _TOP)
        for number, week in enumerate(self.weeks):
            canvas.fill(_column(number, step, 0.55, scale, week.actual), theme.actual)
            if week.plan is not None:
                canvas.outline(_column(number, step, 0.76, scale, week.plan))
            if week.last_year is not None:
                tick = _column(number, step, 0.62, scale, week.last_year)
                y = scale(week.last_year)
                canvas.line([(tick.left, y), (tick.right, y)], theme.last_year, 2.2)
        canvas.line([(0, scale(0)), (right, scale(0))], theme.ink, 1)
        self._paint_dates(canvas, step)
        self._paint_right(canvas, right, scale)
        self._paint_top(canvas, step, scale)

    def _paint_dates(self, canvas: Canvas, step: float) -> None:
        count = len(self.weeks)
        chosen = [count - 1, *range(count - 1, -1, -max(1, round(count / 5))), 0]
        labels = [
            Label(self.display.day(self.weeks[at].last_day), NOTE, step * (at + 0.5), HEIGHT - 8, "center")
            for at in dict.fromkeys(chosen)
        ]
        for label in without_overlap(labels):
            canvas.write(label, canvas.theme.ink_2)

    def _paint_right(self, canvas: Canvas, right: float, scale: Scale) -> None:
        texts = self._right_texts
        heights = [type_.leading for _, _, type_, _ in texts]
        wanted = [scale(value) - type_.leading / 2 for value, _, type_, _ in texts]
        for top, (_, text, type_, colour) in zip(spread(wanted, heights, 0, _BOTTOM), texts, strict=True):
            canvas.write(Label(text, type_, right + 8, top + type_.ascent), getattr(canvas.theme, colour))

    def _paint_top(self, canvas: Canvas, step: float, scale: Scale) -> None:
        """The bracket over a run, and the highest value where it stands under no bracket."""
        length, total = self.run
        first = len(self.weeks) - length
        if length:
            colour = canvas.theme.better if total > 0 else canvas.theme.worse
            left, right = step * (first + 0.12), step * (len(self.weeks) - 0.12)
            canvas.line([(left, 34), (left, 28), (right, 28), (right, 34)], colour, 0.9)
            words = Label(self.run_text, VALUE, (left + right) / 2, 18, "center")
            canvas.write(words.kept_within(0, WIDTH), colour)
        at = self.weeks.index(self.highest)
        if at < len(self.weeks) - 1:
            top = scale(max(filter(None, (self.highest.actual, self.highest.plan)), default=0))
            label = Label(self.money(self.highest.actual), VALUE, step * (at + 0.5), top - 6, "center")
            canvas.write(label.kept_within(0, step * len(self.weeks)), canvas.theme.ink)


def _column(number: int, step: float, share: float, scale: Scale, value: int) -> Box:
    middle, half = step * (number + 0.5), step * share / 2
    y, zero = scale(value), scale(0)
    return Box(round(2 * (middle - half)) / 2, min(y, zero), round(2 * (middle + half)) / 2, max(y, zero))
