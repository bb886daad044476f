"""A bridge from one total to another: what made the difference."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from quarterdeck.charts.canvas import WIDTH, Box, Canvas, Label, clear_of
from quarterdeck.charts.drawing import Drawing
from quarterdeck.charts.layout import Scale, alt_list, alt_text, demand_rows, lines_of
from quarterdeck.charts.lettering import INSIDE, KEY, NOTE, VALUE, Type
from quarterdeck.display import Display

STEP_LIMIT = 8  # more steps leave no room for their names
_PLOT_TOPS, _PLOT_BOTTOM = (28, 48, 68), 196  # the least room on top in which all labels fit
_NAME_LINES = 3
_BRACKET_ROOM = 34
_OTHER = "Other"


@dataclass(frozen=True)
class Total:
    """A full column of a bridge under its *name*, *minor* units from zero."""

    name: str
    minor: int


@dataclass(frozen=True)
class StepGroup:
    """
    Steps that belong together; a bracket under them gives their sum.

    Args:
        name: Under the bracket: `Revenue`.
        steps: Name and effect in minor units, in display order; positive is better.
    """

    name: str
    steps: tuple[tuple[str, int], ...]

    @property
    def minor(self) -> int:
        return sum(effect for _, effect in self.steps)


def bridge(start: Total, groups: Sequence[StepGroup], end: Total, *, subject: str, display: Display) -> Drawing:
    """
    Columns from zero for the totals, and between them a floating step for each effect.

    *start* plus all steps must be *end*, to the cent: a bridge that does not arrive is refused. Over eight
    steps, the smallest of the largest group become one step "Other".

    Args:
        start: The plan, drawn as an outline.
        groups: Brackets and their steps, in order.
        end: The actual, drawn solid.
        subject: Measure, unit and period for the alt text.
        display: The company's way to print money.

    Raises:
        ValueError: No steps, or they do not lead from *start* to *end*.
    """
    shown = [group for group in groups if group.steps]
    demand_rows(shown, f"bridge of {subject}")
    total = start.minor + sum(group.minor for group in shown)
    if total != end.minor:
        raise ValueError(f"bridge of {subject}: the steps lead to {total}, not to {end.minor}")
    chart = _Bridge(start, tuple(_folded(shown)), end, display)
    return Drawing(chart.height, chart.alt(subject), chart.paint)


def _folded(groups: Sequence[StepGroup]) -> list[StepGroup]:
    """The groups with at most `STEP_LIMIT` steps in all."""
    folded = list(groups)
    while sum(len(group.steps) for group in folded) > STEP_LIMIT:
        at = max(range(len(folded)), key=lambda number: len(folded[number].steps))
        steps = [step for step in folded[at].steps if step[0] != _OTHER]
        small = sorted(steps, key=lambda step: abs(step[1]))[: 1 if len(steps) < len(folded[at].steps) else 2]
        rest = sum(effect for name, effect in folded[at].steps if name == _OTHER) + sum(effect for _, effect in small)
        kept = tuple(step for step in steps if step not in small)
        folded[at] = replace(folded[at], steps=(*kept, (_OTHER, rest)))
    return folded


@dataclass(frozen=True)
class _Bridge:
    start: Total
    groups: tuple[StepGroup, ...]
    end: Total
    display: Display

    @property
    def steps(self) -> list[tuple[str, int]]:
        return [step for group in self.groups for step in group.steps]

    @property
    def names(self) -> list[list[str]]:
        width = WIDTH / (len(self.steps) + 2) - 2
        names = [self.start.name, *(name for name, _ in self.steps), self.end.name]
        return [NOTE.wrapped(name, width, _NAME_LINES) for name in names]

    @property
    def _names_bottom(self) -> float:
        return _PLOT_BOTTOM + 4 + max(map(len, self.names)) * NOTE.leading

    @property
    def height(self) -> int:
        return round(self._names_bottom + _BRACKET_ROOM)

    def money(self, minor: int, *, sign: bool = False) -> str:
        largest = max(abs(self.start.minor), abs(self.end.minor), *(abs(effect) for _, effect in self.steps))
        return self.display.money(minor, sign=sign, like=largest)

    def alt(self, subject: str) -> str:
        sums = ", ".join(f"{group.name} {self.money(group.minor, sign=True)}" for group in self.groups)
        steps = [f"{name} {self.money(effect, sign=True)}" for name, effect in self.steps]
        head = (
            f"Bridge of {subject}: {self.start.name} {self.money(self.start.minor)}, "
            f"{self.end.name} {self.money(self.end.minor)}. Steps, + is better:"
        )
        return alt_text(alt_list(head, steps, between=", "), f"Sums: {sums}.")

    def paint(self, canvas: Canvas) -> None:
        layouts = [self._layout(top) for top in _PLOT_TOPS]
        at = next((layout for layout in layouts if layout.fits), layouts[-1])
        for number, y in enumerate(at.levels):
            ends = (at.bars[number][0].right, y), (at.bars[number + 1][0].left, y)
            canvas.line(ends, canvas.theme.ink_3, 0.9)
        for bar, colour in at.bars:
            canvas.fill(bar, getattr(canvas.theme, colour))
        canvas.outline(at.bars[0][0])
        canvas.line([(0, at.zero), (WIDTH, at.zero)], canvas.theme.ink, 1)
        for label, colour in at.labels:
            canvas.write(label, getattr(canvas.theme, colour))
        self._paint_names(canvas, at.column)
        self._paint_brackets(canvas, at.column)

    def _layout(self, top: float) -> _Layout:
        running = list(itertools.accumulate((effect for _, effect in self.steps), initial=self.start.minor))
        # Labels stand under bars that reach below zero: these need room there.
        bottom = _PLOT_BOTTOM - (24 if min(running) < 0 else 0)
        scale = Scale.from_zero(running, bottom, top)
        column = WIDTH / (len(self.steps) + 2)
        marks = [(_bar(0, column, scale(self.start.minor), scale(0)), "sheet")]
        labels = [(_at_total(self.money(self.start.minor), marks[0][0], self.start), "ink")]
        for number, (_, effect) in enumerate(self.steps, start=1):
            before, after = running[number - 1], running[number]
            bar = _bar(number, column, scale(before), scale(after))
            tone = "ink_2" if not effect else "better" if effect > 0 else "worse"
            marks.append((bar, tone))
            is_above = _is_labelled_above(effect, after, room_below=scale(0) - bar.bottom)
            label = _outside(self.money(effect, sign=True), VALUE, bar, is_above=is_above)
            step = -VALUE.leading if is_above else VALUE.leading
            labels.append((clear_of(label, (other.box for other, _ in labels), step=step), tone))
        last = _bar(len(self.steps) + 1, column, scale(self.end.minor), scale(0))
        label = _at_total(self.money(self.end.minor), last, self.end)
        step = -KEY.leading if self.end.minor >= 0 else KEY.leading
        labels.append((clear_of(label, (other.box for other, _ in labels), step=step), "ink"))
        if min(self.start.minor, self.end.minor) > 0:
            labels.append(self._change(last, over=labels[-1][0].box, taken=[other.box for other, _ in labels]))
        return _Layout(tuple(map(scale, running)), (*marks, (last, "actual")), tuple(labels), scale(0), column)

    def _change(self, bar: Box, *, over: Box, taken: Sequence[Box]) -> tuple[Label, str]:
        """How much more or less the last total is: in its column, or *over* its label where that is too narrow."""
        text = self.display.percent(self.end.minor / self.start.minor - 1, sign=True)
        label = Label(text, INSIDE, (bar.left + bar.right) / 2, bar.top + 5 + INSIDE.ascent, "center")
        if label.box.grown(2).is_inside(bar):
            return label, "sheet"
        outside = Label(text, INSIDE, label.x, over.top - INSIDE.descent - 2, "center").kept_within(0, WIDTH)
        return clear_of(outside, taken, step=-INSIDE.leading), "ink_2"

    def _paint_names(self, canvas: Canvas, column: float) -> None:
        for number, lines in enumerate(self.names):
            for label in lines_of(lines, NOTE, column * (number + 0.5), _PLOT_BOTTOM + 18):
                canvas.write(label.kept_within(0, WIDTH), canvas.theme.ink)

    def _paint_brackets(self, canvas: Canvas, column: float) -> None:
        y = self._names_bottom + 8
        first = 1
        for group in self.groups:
            last = first + len(group.steps)
            left, right = first * column + 6, last * column - 6
            canvas.line([(left, y - 5), (left, y), (right, y), (right, y - 5)], canvas.theme.ink_3, 0.9)
            words = f"{group.name} {self.money(group.minor, sign=True)}"
            text = NOTE.cut(words, right - left + 8)
            canvas.write(Label(text, NOTE, (left + right) / 2, y + 18, "center"), canvas.theme.ink_2)
            first = last


@dataclass(frozen=True)
class _Layout:
    """Where everything of one bridge stands; bars and labels with the name of their colour."""

    levels: tuple[float, ...]
    bars: tuple[tuple[Box, str], ...]
    labels: tuple[tuple[Label, str], ...]
    zero: float
    column: float

    @property
    def fits(self) -> bool:
        return all(label.box.is_inside(Box(-1, 0, WIDTH + 1, _PLOT_BOTTOM + 4)) for label, _ in self.labels)


def _bar(number: int, column: float, one: float, other: float) -> Box:
    middle, half = column * (number + 0.5), column * 0.31
    top, bottom = min(one, other), max(one, other)
    return Box(round(middle - half), top, round(middle + half), max(bottom, top + 1))  # nothing is a line


def _is_labelled_above(effect: int, after: int, room_below: float) -> bool:
    """Over its bar when it is better; a worse one under it, where its words do not run into the base line."""
    if effect >= 0:
        return after > 0 or not effect
    return after >= 0 and room_below < VALUE.leading + 6


def _outside(text: str, type_: Type, bar: Box, *, is_above: bool) -> Label:
    base = bar.top - 6 if is_above else bar.bottom + 4 + type_.ascent
    label = Label(text, type_, (bar.left + bar.right) / 2, base, "center")
    return label.kept_within(0, WIDTH)


def _at_total(text: str, bar: Box, total: Total) -> Label:
    return _outside(text, KEY, bar, is_above=total.minor >= 0)
