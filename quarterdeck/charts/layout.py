"""Arithmetic that several charts share: scales, labels that make way for each other, alt texts."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quarterdeck.blocks import Tone
from quarterdeck.charts.canvas import WIDTH, Box, Label, Point
from quarterdeck.charts.lettering import Type
from quarterdeck.display import cut_at_word

ALT_LIMIT = 350
_NAMED, _NAME_LENGTH = 4, 32  # names of a verdict, and letters of each


@dataclass(frozen=True)
class Scale:
    """
    From values to points on the canvas, linear.

    Args:
        low: Smallest value, drawn at *at_low*.
        high: Largest value, drawn at *at_high*.
        at_low: In points.
        at_high: In points; less than *at_low* for a vertical scale, as y runs downwards.
    """

    low: float
    high: float
    at_low: float
    at_high: float

    def __call__(self, value: float) -> float:
        span = self.high - self.low
        share = (value - self.low) / span if span else 0.0
        return self.at_low + share * (self.at_high - self.at_low)

    @classmethod
    def from_zero(cls, values: Sequence[float], at_low: float, at_high: float) -> Scale:
        """The scale of bars and areas: zero always belongs to it."""
        return cls(min(0, *values, 0), max(0, *values, 0), at_low, at_high)


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """
    Tops for blocks of *heights* as near to *wanted* as they can be without overlapping, between *low* and *high*.

    Blocks keep the order of their wanted tops.
    """
    order = sorted(range(len(wanted)), key=lambda at: wanted[at])
    tops = list(wanted)
    edge = low
    for at in order:
        tops[at] = max(tops[at], edge)
        edge = tops[at] + heights[at]
    edge = high
    for at in reversed(order):
        tops[at] = min(tops[at], edge - heights[at])
        edge = tops[at]
    return tops


def without_overlap(labels: Sequence[Label], gap: float = 10) -> list[Label]:
    """The labels that fit beside each other, the first in the sequence before the later ones; kept on the canvas."""
    placed: list[Label] = []
    for label in labels:
        inside = label.kept_within(0, WIDTH)
        if not any(inside.box.meets(other.box, gap) for other in placed):
            placed.append(inside)
    return placed


def over_bars(label: Label, bars: Sequence[Box]) -> Label:
    """*label*, kept between the outermost of *bars*, and just over all of them that lie within its width."""
    inside = label.kept_within(min(bar.left for bar in bars), max(bar.right for bar in bars))
    under = [bar.top for bar in bars if bar.left < inside.box.right and inside.box.left < bar.right]
    return inside.moved(down=min(under) - 6 - inside.base)


def lines_of(texts: Sequence[str], type_: Type, x: float, first_base: float) -> list[Label]:
    """Centred lines under each other: the name under a column."""
    return [Label(text, type_, x, first_base + number * type_.leading, "center") for number, text in enumerate(texts)]


def hull(boxes: Sequence[Box]) -> Box:
    """The smallest box around all *boxes*."""
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def parts_beyond(points: Sequence[Point], level: float) -> list[list[Point]]:
    """Polygons between the horizontal line y = *level* and the parts of the line *points* below it on the canvas."""
    parts: list[list[Point]] = []
    current: list[Point] = []
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if y0 > level and not current:
            current = [(x0, level), (x0, y0)]
        if (y0 > level) != (y1 > level):
            crossing = (x0 + (level - y0) / (y1 - y0) * (x1 - x0), level)
            if y0 > level:
                parts.append([*current, crossing])
                current = []
            else:
                current = [crossing]
        if y1 > level:
            current.append((x1, y1))
    if current:
        parts.append([*current, (current[-1][0], level)])
    return parts


def alt_text(*sentences: str) -> str:
    """The sentences that fit into the alt text's 350 characters, from the first on; empty ones are left out."""
    text = ""
    for sentence in filter(None, sentences):
        longer = f"{text} {sentence}".strip()
        if len(longer) > ALT_LIMIT:
            break
        text = longer
    return text or cut_at_word(sentences[0], ALT_LIMIT)


def demand_rows(rows: Sequence[object], chart: str) -> None:
    """
    Refuse an empty chart.

    Raises:
        ValueError: There is nothing to draw.
    """
    if not rows:
        raise ValueError(f"{chart}: there is nothing to draw; say so in a note instead")


def alt_list(head: str, items: Sequence[str], *, others: int = 0, between: str = "; ", after: str = "") -> str:
    """
    *head* and as many whole *items* as an alt text holds, and how many more there are: `Costs. A $4; and 3 more.`

    *others* are drawn nowhere and counted all the same; *after* stands at the end.
    """
    for shown in range(len(items), 0, -1):
        rest = len(items) - shown + others
        text = f"{head} {between.join([*items[:shown], *([f'and {rest} more'] if rest else [])])}. {after}".rstrip()
        if len(text) <= ALT_LIMIT:
            return text
    return alt_text(cut_at_word(head, ALT_LIMIT - len(after) - 1), after)


def verdict(tones: Iterable[tuple[str, Tone]]) -> str:
    """What the colours of named marks say, for who does not see them: `Bad news: Boat shows, Phone.`"""
    said = []
    marks = list(tones)
    for tone, words in (("better", "Good news"), ("worse", "Bad news")):
        names = [cut_at_word(name, _NAME_LENGTH) for name, its in marks if its == tone]
        more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
        said += [f"{words}: {', '.join([*names[:_NAMED], *more])}."] if names else []
    return " ".join(said)
