"""Sparklines: a KPI over the periods as one small line, with its first and last value in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quarterdeck.blocks import FigureRecord
from quarterdeck.display import NOT_AVAILABLE, Display
from quarterdeck.notebook.sentences import printed

WIDTH, HEIGHT, _MARGIN = 160, 32, 3  # CSS pixels


@dataclass(frozen=True)
class Sparkline:
    """
    One KPI over the periods.

    Args:
        label: As its report calls it.
        latest: Its value in the latest period, as it is printed.
        said: Start and end, for who does not see the line.
        lines: The line's points as SVG takes them; a period without the figure interrupts it.
        end: Where the latest value stands; None where the latest period has none.
    """

    label: str
    latest: str
    said: str
    lines: tuple[str, ...]
    end: tuple[float, float] | None


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
    said = "not available in any period"
    if known:
        (first, _), (last, _) = known[0], known[-1]
        said = f"from {words[first]} in {periods[first]} to {words[last]} in {periods[last]}"
    points = dict(zip((at for at, _ in known), _points(known, len(values)), strict=True))
    return Sparkline(label, words[-1], said, _runs(points), points.get(len(values) - 1))


def _points(known: Sequence[tuple[int, float]], periods: int) -> list[tuple[float, float]]:
    if not known:
        return []
    low, high = min(value for _, value in known), max(value for _, value in known)
    across, up = WIDTH - 2 * _MARGIN, HEIGHT - 2 * _MARGIN
    return [
        (
            round(_MARGIN + across * (at / (periods - 1) if periods > 1 else 1), 1),
            round(_MARGIN + up * (1 - ((value - low) / (high - low) if high > low else 0.5)), 1),
        )
        for at, value in known
    ]


def _runs(points: dict[int, tuple[float, float]]) -> tuple[str, ...]:
    """Points of neighbouring periods as one line each."""
    lines: list[list[str]] = []
    for at, (x, y) in points.items():
        if at - 1 not in points:
            lines.append([])
        lines[-1].append(f"{x},{y}")
    return tuple(" ".join(line) for line in lines if len(line) > 1)
