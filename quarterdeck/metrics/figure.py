"""What a metric is: one function, one id, one definition for all reports."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from quarterdeck.blocks import FigureRecord, Number, Unit
from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.period import Period

# Why a figure that is marked `now` is not available for an earlier week.
KNOWN_ONLY_NOW = "known only for the latest full week of the data"


@dataclass(frozen=True)
class Figure:
    """
    One metric's value for one period; *id* is the metric's, *unit* that of the value.

    `value` is None when it is not available, and `reason` then says why. A split metric has its parts
    in `by`, in display order; they sum to `value` exactly where its docstring says so.
    """

    id: str
    unit: Unit
    value: Number | None
    reason: str | None = None
    by: Mapping[str, Number | None] | None = None

    def record(self) -> FigureRecord:
        """The figure as the manifest keeps it."""
        return FigureRecord(value=self.value, unit=self.unit, reason=self.reason, by=self.by)


@dataclass(frozen=True)
class Split:
    """What a metric function returns when its total has named parts."""

    value: Number | None
    by: Mapping[str, Number | None]


Result = Number | Split | None
Compute = Callable[[AssetInventory, Period], Result]


@dataclass(frozen=True)
class Metric:
    """
    A metric's definition; call it with an inventory and a period to get its `Figure`.

    Args:
        id: Name of the function; the key in manifests and in headlines.
        unit: Of the value: `minor` money, `count`, `ratio` 0 to 1, `days`, `weeks`.
        label: What a reader sees over the value, at most 18 characters.
        better: Whether `more` or `less` of it is good news; `neither` has no colour.
        now: Known only for the snapshot's own last full week: before that, not available.
        null_means: What a reader sees when the function returns None although all inputs are there.
        compute: The function.
    """

    id: str
    unit: Unit
    label: str
    better: Literal["more", "less", "neither"]
    now: bool
    null_means: str
    compute: Compute

    def __call__(self, inventory: AssetInventory, period: Period) -> Figure:
        """The figure at the end of *period*; never raises for data that is absent."""
        if self.now and not inventory.period_is_now(period):
            return Figure(self.id, self.unit, None, KNOWN_ONLY_NOW)
        try:
            result = self.compute(inventory, period)
        except NotAvailable as absent:
            return Figure(self.id, self.unit, None, str(absent))
        if isinstance(result, Split):
            reason = None if result.value is not None else self.null_means
            return Figure(self.id, self.unit, result.value, reason, result.by)
        return Figure(self.id, self.unit, result, None if result is not None else self.null_means)

    @property
    def summary(self) -> str:
        """The first sentence of the docstring."""
        return inspect.getdoc(self.compute).partition("\n\n")[0].replace("\n", " ")  # type: ignore[union-attr] # `metric` demands a docstring

    @property
    def formula(self) -> str:
        return _section(inspect.getdoc(self.compute) or "", "Formula")

    @property
    def source(self) -> str:
        return _section(inspect.getdoc(self.compute) or "", "Source")


CATALOGUE: dict[str, Metric] = {}


def metric(
    *,
    unit: Unit,
    label: str,
    better: Literal["more", "less", "neither"],
    now: bool = False,
    null_means: str = "nothing to divide by in this period",
) -> Callable[[Compute], Metric]:
    """Make a function of (inventory, period) the metric of its own name, and list it in `CATALOGUE`."""

    def define(compute: Compute) -> Metric:
        name = compute.__name__
        for section in ("Formula", "Source"):
            if not _section(inspect.getdoc(compute) or "", section):
                raise TypeError(f"metric {name}: its docstring needs a section {section}:")
        if name in CATALOGUE:
            raise TypeError(f"metric {name} is defined twice")
        defined = Metric(name, unit, label, better, now, null_means, compute)
        for shown in ("__doc__", "__name__", "__qualname__", "__module__"):  # what Shift-Tab shows
            object.__setattr__(defined, shown, getattr(compute, shown))  # a Metric is frozen for everyone else
        object.__setattr__(defined, "__wrapped__", compute)
        CATALOGUE[name] = defined
        return defined

    return define


def _section(docstring: str, name: str) -> str:
    """The text of a docstring's section, on one line."""
    match = re.search(rf"^{name}:\n((?:[ ]+.*\n?|\n)+)", docstring, re.MULTILINE)
    return " ".join(match[1].split()) if match else ""
