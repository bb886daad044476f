"""Cash at the end of each week: what it was, and what it will be."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from quarterdeck.charts.canvas import WIDTH, Box, Canvas, Label, Point
from quarterdeck.charts.drawing import Drawing
from quarterdeck.charts.layout import (
    Scale,
    alt_text,
    demand_rows,
    hull,
    parts_beyond,
    spread,
    without_overlap,
)
from quarterdeck.charts.lettering import KEY, NAME, NOTE, VALUE
from quarterdeck.display import Display

HEIGHT = 250
_BASE = HEIGHT - 26  # where the areas stand; the dates are below
_TOPS = (30, 48, 66, 86)  # room above the line: the least in which all labels fit
_TICK_EVERY = 4  # weeks
_FAR = 16  # a label that stands further from its mark gets a leader

WeekEnd = tuple[date, int]  # last day of a week, minor units


def cash_forecast(
    actual: Sequence[WeekEnd], forecast: Sequence[WeekEnd], *, minimum_minor: int, display: Display
) -> Drawing:
    """
    Cash at week's end as an area from zero: actual solid, forecast hatched, the lowest week marked.

    Args:
        actual: Past weeks, oldest first; the last one is where the forecast starts.
        forecast: Coming weeks, in order, at least one.
        minimum_minor: What the company wants to keep, in minor units; 0 draws no line.
        display: The company's way to print money and days.

    Raises:
        ValueError: No actual or no forecast week.
    """
    demand_rows(actual, "cash forecast, actual weeks")
    demand_rows(forecast, "cash forecast, coming weeks")
    chart = _Cash(tuple(actual), tuple(forecast), minimum_minor, display)
    return Drawing(HEIGHT, chart.alt(), chart.paint)


@dataclass(frozen=True)
class _Layout:
    """Where everything of one cash chart stands."""

    points: tuple[Point, ...]
    zero: float
    minimum: float
    right: float
    labels: tuple[tuple[Label, str], ...]  # with the name of its colour in the theme
    leaders: tuple[tuple[Point, Point], ...]

    @property
    def fits(self) -> bool:
        boxes = [label.box for label, _ in self.labels]
        inside = all(box.is_inside(Box(0, 0, WIDTH, HEIGHT)) for box in boxes)
        return inside and not any(one.meets(other) for one, other in itertools.combinations(boxes, 2))


@dataclass(frozen=True)
class _Cash:
    actual: tuple[WeekEnd, ...]
    forecast: tuple[WeekEnd, ...]
    minimum: int
    display: Display

    @property
    def weeks(self) -> tuple[WeekEnd, ...]:
        return self.actual + self.forecast

    @property
    def today(self) -> int:
        """Index of the week at which the forecast starts."""
        return len(self.actual) - 1

    @property
    def lowest(self) -> int:
        """Index of the lowest week of the forecast, the first of equals."""
        return min(range(self.today + 1, len(self.weeks)), key=lambda at: (self.weeks[at][1], at))

    def alt(self) -> str:
        money, prose = self.display.money, self.display.day_in_prose
        (first_day, first), (today_day, today) = self.actual[0], self.actual[-1]
        (low_day, low), (last_day, last) = self.weeks[self.lowest], self.forecast[-1]
        minimum = f"the {money(self.minimum)} minimum"
        short = f", {money(self.minimum - low)} under {minimum}" if self._is_under else f", not under {minimum}"
        under = short if self.minimum else ""
        return alt_text(
            f"Area chart of cash at week's end, {prose(first_day, year=True)} to {prose(last_day, year=True)}.",
            f"Actual goes from {money(first)} to {money(today)} on {prose(today_day)}." if len(self.actual) > 1 else "",
            f"Forecast is lowest in the week of {prose(_monday(low_day))}, {money(low)}{under}, "
            f"and ends at {money(last)}.",
        )

    def paint(self, canvas: Canvas) -> None:
        layouts = [self._layout(top) for top in _TOPS]
        at = next((layout for layout in layouts if layout.fits), layouts[-1])
        theme, past, coming = canvas.theme, at.points[: self.today + 1], at.points[self.today :]
        canvas.area([(past[0][0], at.zero), *past, (past[-1][0], at.zero)], theme.actual)
        canvas.hatch([[(coming[0][0], at.zero), *coming, (coming[-1][0], at.zero)]], theme.ink_3)
        canvas.line([(past[-1][0], at.zero), past[-1]], theme.sheet, 1)
        canvas.areas(parts_beyond(coming, at.minimum), theme.worse)
        canvas.line(coming, theme.actual, 2.2)
        canvas.line([(0, at.zero), (at.right, at.zero)], theme.ink, 1)
        if self.minimum:
            canvas.line([(0, at.minimum), (at.right, at.minimum)], theme.worse, 1.2)
        for leader in at.leaders:
            canvas.line(leader, theme.ink_2, 0.9)
        canvas.dot(at.points[self.today], 4, theme.actual)
        canvas.dot(at.points[self.lowest], 4, theme.sheet, theme.worse if self._is_under else theme.actual)
        self._name_areas(canvas, at)
        for label, colour in at.labels:
            canvas.write(label, getattr(theme, colour))

    @property
    def _is_under(self) -> bool:
        return self.weeks[self.lowest][1] < self.minimum

    def _name_areas(self, canvas: Canvas, at: _Layout) -> None:
        """`Actual` and `Forecast` inside their areas, where these are high and wide enough."""
        for text, points, colour, plate in (
            ("Actual", at.points[: self.today + 1], canvas.theme.sheet, False),
            ("Forecast", at.points[self.today :], canvas.theme.ink, True),
        ):
            middle = (points[0][0] + points[-1][0]) / 2
            label = Label(
                text, VALUE, middle if not plate else points[0][0] + (middle - points[0][0]) * 0.8, 0, "center"
            )
            label = label.moved(down=at.zero - 12)
            beside = [y for x, y in _dense(points) if label.box.left - 6 <= x <= label.box.right + 6]
            is_wide = label.box.left > points[0][0] + 6 and label.box.right < points[-1][0] - 6
            if is_wide and beside and max(beside) < label.box.top - 4:
                canvas.write(label, colour, plate=plate)

    def _layout(self, top: float) -> _Layout:
        money = self.display.money
        end_label = money(self.forecast[-1][1])
        beside = [NAME.width(end_label)]
        if self.minimum:
            beside += [NOTE.width("Minimum"), NOTE.width(money(self.minimum))]
        right = WIDTH - max(beside) - 8
        values = [value for _, value in self.weeks]
        scale = Scale.from_zero([*values, self.minimum], _BASE, top)
        step = right / (len(self.weeks) - 1)
        points = tuple((number * step, scale(value)) for number, value in enumerate(values))
        # What is under the minimum is filled: labels stand over the fill.
        contour = _dense([(x, min(y, scale(self.minimum))) for x, y in points])
        labels = self._tick_labels(points)
        labels += self._right_labels(right, points[-1][1], scale(self.minimum))
        labels += self._value_labels(points, contour, right)
        labels += self._lowest_labels(points, contour, right, [label.box for label, _ in labels])
        week, today = labels[-1][0], next(label for label, _ in labels if label.type == KEY)
        leaders = [
            ((points[self.lowest][0], week.box.bottom + 2), (points[self.lowest][0], points[self.lowest][1] - 5))
        ]
        if points[self.today][1] - today.box.bottom > _FAR:
            x, y = points[self.today]
            leaders.append(((x, today.box.bottom + 2), (x, y - 5)))
        return _Layout(points, scale(0), scale(self.minimum), right, tuple(labels), tuple(leaders))

    def _tick_labels(self, points: Sequence[Point]) -> list[tuple[Label, str]]:
        chosen = [self.today, 0, *range(self.today % _TICK_EVERY, len(points), _TICK_EVERY)]
        labels = [
            Label(self.display.day(self.weeks[at][0]), NOTE, points[at][0], HEIGHT - 7, "left" if at == 0 else "center")
            for at in chosen
        ]
        return [(label, "ink_2") for label in without_overlap(labels)]

    def _right_labels(self, right: float, end: float, minimum: float) -> list[tuple[Label, str]]:
        """The last value and, under its own line, the minimum: they make way for each other."""
        blocks = [(end, [(self.display.money(self.forecast[-1][1]), NAME, "ink_2")])]
        if self.minimum:
            words = [("Minimum", NOTE, "worse"), (self.display.money(self.minimum), NOTE, "worse")]
            blocks.append((minimum, words))
        heights = [sum(type_.leading for _, type_, _ in lines) + 2 for _, lines in blocks]
        # The end of the line is named above it, the minimum below, as far as both find room.
        wanted = [
            y - height * (0.8 if number == 0 else 0.35)
            for number, ((y, _), height) in enumerate(zip(blocks, heights, strict=True))
        ]
        labels = []
        for top, (_, lines) in zip(spread(wanted, heights, 0, _BASE), blocks, strict=True):
            for number, (text, type_, colour) in enumerate(lines):
                labels.append((Label(text, type_, right + 7, top + type_.ascent + number * type_.leading), colour))
        return labels

    def _value_labels(self, points: Sequence[Point], contour: Sequence[Point], right: float) -> list[tuple[Label, str]]:
        """Today's value, and the first one's where there is room beside it."""
        money = self.display.money
        x = points[self.today][0]
        today = Label(money(self.actual[-1][1]), KEY, x + 3, 0).kept_within(0, right)
        if today.box.left < points[self.lowest][0] < today.box.right + 4:  # the lowest week's leader would cross it
            today = Label(today.text, KEY, x + 2, 0, "right").kept_within(0, right)
        today = _above(today, contour)
        labels = [(today, "ink")]
        if self.today:
            first = _above(Label(money(self.actual[0][1]), NAME, 0, 0), contour)
            if not first.box.meets(today.box, 8):
                labels.append((first, "ink_2"))
        return labels

    def _lowest_labels(
        self, points: Sequence[Point], contour: Sequence[Point], right: float, taken: Sequence[Box]
    ) -> list[tuple[Label, str]]:
        day, value = self.weeks[self.lowest]
        x = points[self.lowest][0]
        week = Label(f"week of {self.display.day(_monday(day))}", NOTE, x, 0, "center").kept_within(0, right)
        fact = Label(f"Lowest {self.display.money(value)}", KEY, x, 0, "center").kept_within(0, right)
        week = _above(week, contour, hull([week.box, fact.box]), gap=14)
        fact = fact.moved(down=week.base - NOTE.leading)
        while any(hull([week.box, fact.box]).meets(box, 4) for box in taken) and fact.box.top > 0:
            week, fact = week.moved(down=-4), fact.moved(down=-4)
        return [(fact, "ink"), (week, "ink_2")]


def _monday(week_end: date) -> date:
    return week_end - timedelta(days=6)


def _above(label: Label, contour: Sequence[Point], around: Box | None = None, gap: float = 7) -> Label:
    """*label* with its lower edge *gap* over everything that *contour* reaches within its width, or within *around*."""
    box = around or label.box
    beside = [y for x, y in contour if box.left - 4 <= x <= box.right + 4]
    return label.moved(down=min(beside) - gap - label.type.descent - label.base)


def _dense(points: Sequence[Point], parts: int = 12) -> list[Point]:
    """The line's points, with more of them between each two."""
    between = [
        (x0 + (x1 - x0) * part / parts, y0 + (y1 - y0) * part / parts)
        for (x0, y0), (x1, y1) in itertools.pairwise(points)
        for part in range(parts)
    ]
    return [*between, points[-1]]
