"""A figure beside itself: a week before, a year before, and what last week's edition said."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from quarterdeck.blocks import Change, Delta, Direction, FigureRecord, Kpi, Number, Tone, Unit
from quarterdeck.display import NOT_AVAILABLE, Display, in_words
from quarterdeck.errors import InputInvalid, SnapshotDamaged
from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics import Figure, Metric, recognised_revenue
from quarterdeck.period import Period
from quarterdeck.snapshot import open_snapshot
from quarterdeck.wording import figure_and_unit, printed

MANIFEST = "manifest.json"
CHANGES_SHOWN = 3
_CAUSES_SHOWN = 2
_RECORDS = TypeAdapter(Mapping[str, FigureRecord])
_SHORT_UNITS = {"days": " d", "weeks": " wk"}


@dataclass(frozen=True)
class PreviousEdition:
    """
    Last week's edition of the same report, as its manifest tells it.

    Args:
        folder: `outputs/2026-W47/cfo`.
        period: `2026-W47`.
        snapshot: Id of the snapshot that it was made from.
        figures: What it showed, by metric id.
    """

    folder: Path
    period: str
    snapshot: str
    figures: Mapping[str, FigureRecord]

    @classmethod
    def read(cls, folder: Path, *, company: str, before: Period) -> PreviousEdition:
        """
        The edition in *folder*.

        Raises:
            InputInvalid: There is none, its manifest cannot be read, or it is not *company*'s of the week before
                *before*.
        """
        path = folder / MANIFEST
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            figures = _RECORDS.validate_python(stored["metrics"])
            slug, period, snapshot = str(stored["company"]), str(stored["period"]), str(stored["snapshot"])
        except OSError as error:
            raise InputInvalid(
                str(path), "no such file", "the folder of last week's edition, or no previous"
            ) from error
        except (ValueError, KeyError, TypeError, ValidationError) as error:
            raise InputInvalid(str(path), "a manifest that cannot be read", "one that a run wrote") from error
        wanted = str(before.shifted(-1))
        if (slug, period) != (company, wanted):
            raise InputInvalid(str(path), f"{slug} in {period}", f"{company} in {wanted}")
        return cls(folder, period, snapshot, figures)

    def inventory(self) -> AssetInventory | None:
        """The snapshot that it was made from, which lies beside the editions; None where it cannot be used any more."""
        try:
            return open_snapshot(self.folder.parent.parent / "snapshots" / self.snapshot)
        except (InputInvalid, SnapshotDamaged):  # cleared away, or changed: this week's figures do not depend on it
            return None


@dataclass(frozen=True)
class Comparison:
    """
    Figures of other weeks to set beside those of the report's.

    A figure that is known only for a snapshot's own last week is taken from last week's edition; all others
    are computed from the same snapshot, so that they compare like with like.

    Args:
        figure: A metric's figure of so many weeks later (negative: before) than the report's.
        display: The company's way to print.
        previous: Last week's edition.
        has_year: Whether the source of events reaches back a year: one of them had started by then.
        is_whole: Whether the report's week is over: part of a week is not compared with whole ones.
    """

    figure: Callable[[Metric, int], Figure]
    display: Display
    previous: PreviousEdition | None
    has_year: bool = True
    is_whole: bool = True

    def week_before(self, metric: Metric) -> Figure | None:
        """The figure of the week before; None where there is nothing to take it from."""
        if not self.is_whole:
            return None
        if not metric.now:
            return self.figure(metric, -1)
        record = self.previous.figures.get(metric.id) if self.previous else None
        if record is None or record.unit != metric.unit:
            return None
        return Figure(metric.id, record.unit, record.value, record.reason, record.by)

    def year_before(self, metric: Metric) -> Figure:
        """
        The figure of 364 days before; not available for what is known only now.

        Nor where no event of the source had started by then: of what was booked in that week the source has only
        what was booked far ahead, and nobody had been served who could come back.
        """
        if not self.is_whole:
            return Figure(metric.id, metric.unit, None, "the week is not over")
        figure = self.figure(metric, -52)
        if figure.value is not None and "events" in metric.source and not self.has_year:
            return Figure(metric.id, metric.unit, None, "the source of events does not reach back that far")
        return figure

    def deltas(self, metric: Metric, figure: Figure) -> tuple[Delta, ...]:
        """The differences to a week and a year before, as far as both are known."""
        others: dict[str, Figure | None] = {
            "on week": self.week_before(metric),
            "on year": self.year_before(metric),
        }
        return tuple(
            delta_of(self.display, figure.value - other.value, metric, basis)
            for basis, other in others.items()
            if figure.value is not None and other is not None and other.value is not None
        )

    def changes(self, pairs: Mapping[Metric, Figure]) -> list[Change]:
        """What changed most since the week before, by the money that it means; at most three."""
        ranked: list[tuple[float, Change]] = []
        for metric, figure in pairs.items():
            before = self.week_before(metric)
            if figure.value is None or before is None or before.value is None:
                continue
            difference = figure.value - before.value
            delta = delta_of(self.display, difference, metric, "")
            if delta.direction != "same":
                ranked.append((self._weight(metric, difference), self._change(metric, figure, before, delta)))
        ranked.sort(key=lambda entry: -entry[0])
        return [change for _, change in ranked[:CHANGES_SHOWN]]

    def _weight(self, metric: Metric, difference: Number) -> float:
        """A change in minor units: of a rate as much of a week's revenue; what is no money comes last, in order."""
        if metric.unit == "ratio":
            return abs(difference) * (self.figure(recognised_revenue, 0).value or 0)
        return abs(difference) if metric.unit == "minor" else 0

    def _change(self, metric: Metric, figure: Figure, before: Figure, delta: Delta) -> Change:
        value, old = figure.value or 0, before.value or 0
        amount = _difference(self.display, abs(value - old), metric.unit).lstrip("+").replace(" pt", " points")
        fact = f"{metric.label} {delta.direction} {amount} to {printed(self.display, value, metric.unit)}."
        return Change(fact=fact, cause=self._cause(metric, figure, before), direction=delta.direction, tone=delta.tone)

    def _cause(self, metric: Metric, figure: Figure, before: Figure) -> str:
        """The parts that moved most in the direction of the whole; nothing where one part is all of it."""
        if not figure.by or not before.by:
            return ""
        rises = (figure.value or 0) > (before.value or 0)
        # Of parts that are a sum one that is not there brought nothing; of rates nobody knows what it would be.
        absent = 0 if _are_a_sum(figure) and _are_a_sum(before) else None
        moved: list[tuple[Number, str]] = []
        for part in {**figure.by, **before.by}:
            value, old = figure.by.get(part, absent), before.by.get(part, absent)
            if value is not None and old is not None and value != old and (value > old) == rises:
                moved.append((value - old, part))
        if [by for by, _ in moved] == [(figure.value or 0) - (before.value or 0)]:
            return ""
        moved.sort(key=lambda entry: (-abs(entry[0]), entry[1]))
        named = [f"{in_words(part)} {_difference(self.display, by, metric.unit)}" for by, part in moved[:_CAUSES_SHOWN]]
        return "; ".join(named) + "." if named else ""


def _are_a_sum(figure: Figure) -> bool:
    parts = [value for value in (figure.by or {}).values() if value is not None]
    return figure.unit in ("minor", "count") and sum(parts) == figure.value


def kpi_of(metric: Metric, figure: Figure, comparison: Comparison) -> Kpi:
    """*figure* with its name, its unit and its deltas; where it is not available, the reason in their place."""
    if figure.value is None:
        beyond, _, unit = (figure.reason or "").removeprefix("beyond ").partition(" ")
        if figure.reason == metric.null_means and beyond.isdigit():  # "beyond 13 weeks" is good news, not no news
            return Kpi(id=metric.id, label=metric.label, value=f"{beyond}+", unit=unit)
        return Kpi(id=metric.id, label=metric.label, value=NOT_AVAILABLE, reason=figure.reason or "")
    value, unit = figure_and_unit(comparison.display, figure.value, figure.unit)
    deltas = comparison.deltas(metric, figure)
    return Kpi(id=metric.id, label=metric.label, value=value, unit=unit, deltas=deltas)


def delta_of(display: Display, difference: Number, metric: Metric, basis: str) -> Delta:
    """A difference with its sign, its direction, and whether it is good news; what rounds to nothing is `0`."""
    text = _difference(display, difference, metric.unit)
    if not any(digit in text for digit in "123456789"):
        return Delta(text="0", basis=basis, direction="same", tone="neutral")
    direction: Direction = "up" if difference > 0 else "down"
    return Delta(text=text, basis=basis, direction=direction, tone=tone_of(difference, metric.better))


def tone_of(difference: Number, better: Literal["more", "less", "neither"]) -> Tone:
    """Whether a change of *difference* is good news."""
    if better == "neither" or not difference:
        return "neutral"
    return "better" if (difference > 0) == (better == "more") else "worse"


def _difference(display: Display, difference: Number, unit: Unit) -> str:
    match unit:
        case "minor":
            return display.money(int(difference), sign=True)
        case "count":
            return display.count(int(difference), sign=True)
        case "ratio":
            return display.points(difference)
        case "days" | "weeks":
            decimals = 0 if difference == int(difference) else 1
            return display.number(difference, decimals, sign=True) + _SHORT_UNITS[unit]
