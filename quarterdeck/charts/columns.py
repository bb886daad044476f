"""Columns side by side: sizes by age, by week, by step of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from quarterdeck.blocks import Tone
from quarterdeck.charts.canvas import WIDTH, Box, Canvas, Label, clear_of
from quarterdeck.charts.drawing import Drawing
from quarterdeck.charts.layout import Scale, alt_list, demand_rows, lines_of, over_bars, verdict, without_overlap
from quarterdeck.charts.lettering import NAME, NOTE, VALUE
from quarterdeck.display import NOT_AVAILABLE

LABEL_ALL = 8  # marks; of more, the first, last, highest and lowest are labelled
COLUMN_LIMIT = 53
_TOPS = (26, 46, 66)  # the least room on top in which all labels fit
_BOTTOM = 186
_NAME_LINES = 2


@dataclass(frozen=True)
class Column:
    """
    One size at its place in a row.

    Args:
        name: Under the column: an age, the last day of a week.
        value: In any one unit; None when it is not known.
        tone: `better` or `worse` where the title speaks of it as good or bad news, which bold
            letters and the alt text say too.
    """

    name: str
    value: float | None
    tone: Tone = "neutral"


def columns(
    items: Sequence[Column], *, subject: str, show: Callable[[float], str], is_forecast: bool = False
) -> Drawing:
    """
    Columns from zero in the order given; up to eight are all labelled, of more the telling ones.

    Args:
        items: At most 53.
        subject: Measure, unit and period for the alt text.
        show: Prints a value: `display.money`.
        is_forecast: Hatched instead of solid.

    Raises:
        ValueError: No item has a value, or there are too many.
    """
    demand_rows([item for item in items if item.value is not None], f"columns of {subject}")
    if len(items) > COLUMN_LIMIT:
        raise ValueError(f"columns of {subject}: {len(items)} do not fit, {COLUMN_LIMIT} do; group them")
    chart = _Columns(tuple(items), show, is_forecast)
    return Drawing(chart.height, chart.alt(subject), chart.paint)


def telling(values: Sequence[float | None]) -> list[int]:
    """Which of many marks, one at least known, to label, the most telling first: last, highest, lowest, first."""
    known = [at for at, value in enumerate(values) if value is not None]
    highest = max(known, key=lambda at: values[at] or 0)
    lowest = min(known, key=lambda at: values[at] or 0)
    return list(dict.fromkeys([known[-1], highest, lowest, known[0]]))


@dataclass(frozen=True)
class _Columns:
    items: tuple[Column, ...]
    show: Callable[[float], str]
    is_forecast: bool

    @property
    def step(self) -> float:
        return WIDTH / len(self.items)

    @property
    def values(self) -> list[float]:
        return [item.value or 0 for item in self.items]

    @property
    def _names(self) -> list[Label]:
        middles = [self.step * (number + 0.5) for number in range(len(self.items))]
        if len(self.items) <= LABEL_ALL:
            types = [NAME if item.tone == "neutral" else VALUE for item in self.items]
            return [
                label
                for item, type_, x in zip(self.items, types, middles, strict=True)
                for label in lines_of(type_.wrapped(item.name, self.step - 6, _NAME_LINES), type_, x, _BOTTOM + 18)
            ]
        every = max(1, round(len(self.items) / 6))
        chosen = [0, len(self.items) - 1, *range(0, len(self.items), every)]
        labels = [
            Label(
                self.items[at].name,
                NOTE if self.items[at].tone == "neutral" else VALUE,
                middles[at],
                _BOTTOM + 18,
                "center",
            )
            for at in dict.fromkeys(chosen)
        ]
        return without_overlap(labels)

    @property
    def height(self) -> int:
        return round(max(label.box.bottom for label in self._names) + 3)

    def label(self, item: Column) -> str:
        return NOT_AVAILABLE if item.value is None else self.show(item.value)

    def alt(self, subject: str) -> str:
        drawn = "Hatched columns" if self.is_forecast else "Columns"
        chosen = range(len(self.items)) if len(self.items) <= LABEL_ALL else sorted(telling(self.values))
        named = [f"{self.items[at].name} {self.label(self.items[at])}" for at in chosen]
        told = verdict((item.name, item.tone) for item in self.items)
        return alt_list(f"{drawn} of {subject}.", named, between=", ", after=told)

    def paint(self, canvas: Canvas) -> None:
        theme = canvas.theme
        layouts = [self._layout(top) for top in _TOPS]
        scale, labels = next(
            (layout for layout in layouts if all(label.box.top >= 0 for label, _ in layout[1])), layouts[-1]
        )
        bars = [self._bar(number, scale) for number in range(len(self.items))]
        if self.is_forecast:
            canvas.hatch([bar.corners for bar in bars], theme.ink_3)
            for bar in bars:
                canvas.outline(bar, 1.0, theme.actual)
        else:
            for item, bar in zip(self.items, bars, strict=True):
                canvas.fill(bar, theme.actual if item.tone == "neutral" else getattr(theme, item.tone))
        canvas.line([(0, scale(0)), (WIDTH, scale(0))], theme.ink, 1)
        for label, item in labels:
            plain = theme.ink_2 if item.value is None else theme.ink
            canvas.write(label, plain if item.tone == "neutral" else getattr(theme, item.tone))
        for label in self._names:
            canvas.write(label, theme.ink if len(self.items) <= LABEL_ALL else theme.ink_2)

    def _bar(self, number: int, scale: Scale) -> Box:
        middle, half = self.step * (number + 0.5), self.step * (0.31 if len(self.items) > LABEL_ALL else 0.28)
        y, zero = scale(self.values[number]), scale(0)
        return Box(round(middle - half), min(y, zero), round(middle + half), max(y, zero))

    def _layout(self, top: float) -> tuple[Scale, list[tuple[Label, Column]]]:
        has_room_below = min(self.values) < 0
        scale = Scale.from_zero(self.values, _BOTTOM - (24 if has_room_below else 0), top)
        if len(self.items) > LABEL_ALL:
            return scale, self._telling_labels(scale)
        labels: list[tuple[Label, Column]] = []
        for at, item in enumerate(self.items):
            label = self._value_label(at, scale)
            step = VALUE.leading if (item.value or 0) < 0 else -VALUE.leading
            labels.append((clear_of(label, (other.box for other, _ in labels), step=step), item))
        return scale, labels

    def _telling_labels(self, scale: Scale) -> list[tuple[Label, Column]]:
        """As many of the telling labels as stand beside each other, the most telling first."""
        labels: list[tuple[Label, Column]] = []
        for at in telling([item.value for item in self.items]):
            label = self._value_label(at, scale)
            if not any(label.box.meets(other.box, 3) for other, _ in labels):
                labels.append((label, self.items[at]))
        return labels

    def _value_label(self, at: int, scale: Scale) -> Label:
        bar = self._bar(at, scale)
        item = self.items[at]
        base = bar.bottom + 4 + VALUE.ascent if (item.value or 0) < 0 else bar.top - 6
        label = Label(self.label(item), VALUE, self.step * (at + 0.5), base, "center")
        if len(self.items) > LABEL_ALL and (item.value or 0) >= 0:  # it may be wider than its column
            return over_bars(label, [self._bar(number, scale) for number in range(len(self.items))])
        return label.kept_within(0, WIDTH)
