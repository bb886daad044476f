"""Sums and shares of whole numbers: Python integers, so no amount is too large and no cent is lost; and their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import pandas as pd

from quarterdeck.display import in_words

NOT_RECORDED = "Not recorded"
"""The part of a split that holds the rows which do not say where they belong."""


def total(amounts: pd.Series[int]) -> int:
    """The sum of what is known: a missing amount is skipped, it is not zero. 0 for no rows."""
    return sum(amounts.dropna().tolist())


def totals_by(names: pd.Series[str], amounts: pd.Series[int]) -> dict[str, int]:
    """
    The sum of *amounts* for each name, missing amounts skipped.

    Returns:
        Largest first, names of one size in their order, `NOT_RECORDED` last. The parts sum to
        `total(amounts)`; every name that has a row is there, if only with 0.
    """
    sums: dict[str, int] = defaultdict(int)
    for name, amount in zip(
        names.fillna(NOT_RECORDED).tolist(), amounts.astype("Int64").fillna(0).tolist(), strict=True
    ):
        sums[name] += amount
    return largest_first(sums)


def channels_of(rows: pd.DataFrame) -> pd.Series[str]:
    """
    The channel of each of *rows* as a reader calls it, `NOT_RECORDED` where none is named.

    Frames have their channels from here; the parts of figures keep the names of the data, which a machine can look up.
    """
    return rows["channel"].astype("str").fillna(NOT_RECORDED).map(in_words).astype("str")


def largest_first(sums: Mapping[str, int]) -> dict[str, int]:
    """The same parts, largest first, equal ones by name, `NOT_RECORDED` last."""
    return dict(sorted(sums.items(), key=lambda part: (part[0] == NOT_RECORDED, -part[1], part[0])))


def ratio(part: int, whole: int) -> float | None:
    """*part* ÷ *whole*, rounded once; None where there is nothing to divide by."""
    return part / whole if whole else None
