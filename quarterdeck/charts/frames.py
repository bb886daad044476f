"""From frames to the plain data that charts take."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
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
        framed: The row whose cells the title speaks of.
    """
    names = list(dict.fromkeys(frame[row].tolist()))
    shares = frame.pivot(index=row, columns=column, values=share).reindex(names)

    def cell(value: Plain, name: str) -> HeatCell:
        if not isinstance(value, float):
            return HeatCell("–", None)
        return HeatCell(display.percent(value, 0), band_of(value), is_framed=name == framed)

    return names, [[cell(plain(value), name) for value in shares.loc[name]] for name in names]


def plain(value: object) -> Plain:
    """One cell of a frame as Python has it: None for what is missing, a day without its time."""
    if pd.isna(value):  # type: ignore[call-overload] # cells are scalars
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    found: Plain = value.item() if isinstance(value, np.generic) else value  # type: ignore[assignment] # of a cell
    return found
