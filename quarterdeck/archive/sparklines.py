"""Sparklines: a KPI over the periods as one small line, with its first and last value in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quarterdeck.blocks import FigureRecord
from quarterdeck.display import NOT_AVAILABLE, Display
from quarterdeck.wording import printed

WIDTH, HEIGHT, _MARGIN = 160, 32, 3  # CSS pixels
_FEWEST = 2  # values: a dot alone tells nothing that its value does not

_Point = tuple[float, float]


@dataclass(frozen=True)
class Sparkline:
    """
    One KPI over the periods.

    Args:
        label: As its report calls it.
        latest: Its value in the latest period, as it is printed.
        said: Start and end, for who does not see the line; where there is none, what the latest value does not say.
        lines: The line's points as SVG takes them; a period without the figure interrupts it.
        dots: Where a value between two interruptions stands, which no line shows.
        end: Where the latest value stands; None where the latest period has none, or there is no line.
    """

    label: str
    latest: str
    said: str
    lines: tuple[str, ...]
    dots: tuple[_Point, ...]
    end: _Point | None


def sparkline(
    label: str, periods: Sequence[str], records: Sequence[FigureRecord | None], display: Display
) -> Sparkline:
    """The *records* of one metric, one for each of *periods*, the latest last; None where an edition has none."""
    values = [None if record is None else record.value for record in records]
    known = [(at, value) for at, value in enumerate(values) if value is not None]
    words = [
        NOT_AVAILABLE if record is None or record.value is None else printed(display, record.value, record.unit)
        for record in records
    ]
    if len(known) < _FEWEST:
        earlier = [f"{words[at]} in {periods[at]}" for at, _ in known if at != len(values) - 1]
        return Sparkline(label, words[-1], "".join(earlier), (), (), None)
    (first, _), (last, _) = known[0], known[-1]
    runs = _runs(dict(zip((at for at, _ in known), _points(known, len(values)), strict=True)))
    end = runs[-1][-1] if last == len(values) - 1 else None
    return Sparkline(
        label,
        words[-1],
        f"from {words[first]} in {periods[first]} to {words[last]} in {periods[last]}",
        tuple(" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1),
        tuple(run[0] for run in runs if len(run) == 1 and run[0] != end),
        end,
    )


def _points(known: Sequence[tuple[int, float]], periods: int) -> list[_Point]:
    low, high = min(value for _, value in known), max(value for _, value in known)
    across, up = WIDTH - 2 * _MARGIN, HEIGHT - 2 * _MARGIN
    return [
        (
            round(_MARGIN + across * at / (periods - 1), 1),
            round(_MARGIN + up * (1 - ((value - low) / (high - low) if high > low else 0.5)), 1),
        )
        for at, value in known
    ]


def _runs(points: Mapping[int, _Point]) -> list[list[_Point]]:
    """Points of neighbouring periods together, of which there are some."""
    runs: list[list[_Point]] = []
    for at, point in points.items():
        if at - 1 not in points:
            runs.append([])
        runs[-1].append(point)
    return runs
