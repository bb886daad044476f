"""From frames to the plain data that charts take."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from quarterdeck.charts.bridge import StepGroup
from quarterdeck.charts.heat import HeatCell, band_of
from quarterdeck.display import Display

Plain = str | int | float | date | None
"""What a cell of a frame is outside of pandas."""


def records(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """
    The rows of *frame* as tuples of its *columns*, with Python's values: None for what is missing, days without time.

    `[charts.PlanRow(*row) for row in charts.records(margin, "business", "margin_minor", "planned_minor", "rate")]`
    """
    return list(zip(*([plain(value) for value in frame[column]] for column in columns), strict=True))


def grouped(steps: Sequence[tuple[str, int, str]]) -> list[StepGroup]:
    """The groups of a bridge from its steps, (name, minor units, group): neighbours of one group belong together."""
    return [
        StepGroup(group.capitalize(), tuple((name, amount) for name, amount, _ in rows))
        for group, rows in itertools.groupby(steps, key=lambda step: step[2])
    ]


def share_grid(
    frame: pd.DataFrame, row: str, column: str, share: str, *, display: Display, framed: str | None = None
) -> tuple[list[str], list[list[HeatCell]]]:
    """
    The names and cells of a heat map of shares, from a frame with one line a cell.

    Args:
        frame: Every row with every column, in the order in which they are shown.
        row: The column with the rows' names.
        column: The column that tells a row's cells apart.
        share: The column of shares, 0 to 1; where one is missing the cell says so.
        display: The company's way to print percents.
        framed: The row whose cells the title speaks of, or the column that says of each cell whether it does.
    """
    return _grid(frame, (row, column, share), framed, lambda value: (display.percent(value, 0), band_of(value)))


def size_grid(
    frame: pd.DataFrame, row: str, column: str, size: str, *, show: Callable[[float], str], framed: str | None = None
) -> tuple[list[str], list[list[HeatCell]]]:
    """
    As `share_grid`, of sizes in any one unit, zero or more: each band is a fifth of the largest.

    Args:
        frame: Every row with every column, in the order in which they are shown.
        row: The column with the rows' names.
        column: The column that tells a row's cells apart.
        size: The column of sizes; where one is missing the cell says so.
        show: Prints a size: `display.number`.
        framed: The row whose cells the title speaks of, or the column that says of each cell whether it does.
    """
    largest = float(frame[size].max()) if frame[size].notna().any() else 0.0
    edges = [largest * fifth / 5 for fifth in range(1, 5)]
    return _grid(frame, (row, column, size), framed, lambda value: (show(value), band_of(value, edges)))


def _grid(
    frame: pd.DataFrame, names: tuple[str, str, str], framed: str | None, say: Callable[[float], tuple[str, int]]
) -> tuple[list[str], list[list[HeatCell]]]:
    """Rows and cells by the columns *names* (row, column, value); *say* gives a value's text and band."""
    row, column, value = names
    rows = list(dict.fromkeys(frame[row].tolist()))
    is_told = frame[framed] if framed in frame else frame[row] == framed
    marked = frame.assign(is_told=is_told.astype("bool")).pivot(index=row, columns=column, values=[value, "is_told"])

    def cell(found: Plain, told: object) -> HeatCell:
        if not isinstance(found, int | float):
            return HeatCell("–", None)
        text, band = say(found)
        return HeatCell(text, band, is_framed=bool(told))

    return rows, [
        [cell(plain(found), told) for found, told in zip(line[value], line["is_told"], strict=True)]
        for line in (marked.loc[name] for name in rows)
    ]


def plain(value: object) -> Plain:
    """One *value* of a frame as Python has it: None for what is missing, a day without its time."""
    if pd.isna(value):  # type: ignore[call-overload] # cells are scalars
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    found: Plain = value.item() if isinstance(value, np.generic) else value  # type: ignore[assignment] # of a cell
    return found
