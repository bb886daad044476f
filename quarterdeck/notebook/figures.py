"""What a report knows: its company's tables, its week, and figures with what they are compared with."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from quarterdeck.blocks import FigureRecord, Number
from quarterdeck.display import Display
from quarterdeck.inventory import TABLES, AssetInventory
from quarterdeck.metrics import CATALOGUE, Figure, Metric
from quarterdeck.metrics.days import year_to_date
from quarterdeck.metrics.facts import FACTS, Facts
from quarterdeck.metrics.state import has_history
from quarterdeck.notebook.comparison import Comparison, PreviousEdition
from quarterdeck.notebook.origin import age_words
from quarterdeck.notebook.sentences import Speaker, Word
from quarterdeck.period import Period


@dataclass(frozen=True)
class Figures:
    """
    The figures of one week over one snapshot, each computed once.

    Args:
        inventory: The company's tables.
        period: The week that it is about.
        previous: Last week's edition, None for the first one.
    """

    inventory: AssetInventory
    period: Period
    previous: PreviousEdition | None = None
    _figures: dict[tuple[str, int], Figure] = field(default_factory=dict, repr=False, compare=False)
    _facts: Facts = field(default_factory=dict, repr=False, compare=False)

    @property
    def display(self) -> Display:
        """
        The company's way to print numbers, money and days, as the sentences do.

            report.display.money(8_684_200)  # "$86.8k"
        """
        company = self.inventory.company
        return Display(company.locale, company.currency, company.time_zone)

    @property
    def dates(self) -> str:
        """The week in words: `16 to 22 November 2026`."""
        return self.display.days(self.period.first_day, self.period.last_day)

    @functools.cached_property
    def before(self) -> AssetInventory | None:
        """The snapshot of last week's edition, to tell what came and went; None without an edition, or without it."""
        return self.previous.inventory() if self.previous else None

    def figure(self, metric: Metric | str) -> Figure:
        """
        A metric's figure for the week; computed once.

            report.figure(metrics.lowest_cash).value  # 8_684_200, in cents
            report.figure("lowest_cash").reason  # why it is not available; None where it is

        Args:
            metric: One of `quarterdeck.metrics`, or its id; `python runner.py metrics` lists them.

        Returns:
            `value` in the metric's unit (`minor`: cents; `ratio`: 0.25 is a quarter; `count`, `days`, `weeks`), or
            None with the `reason`; `by` has the parts of a split metric.

        Raises:
            KeyError: No metric has that id.
        """
        return self._figure_at(CATALOGUE[metric] if isinstance(metric, str) else metric, 0)

    def week_before(self, metric: Metric) -> Figure | None:
        """
        A metric's figure of the week before, as KPIs have it beside them; None where there is none to compare with.

            report.week_before(metrics.cash)  # computed, or read from last week's edition where it cannot be
        """
        return self._comparison.week_before(metric)

    def change(self, metric: Metric) -> Number | None:
        """
        How much more (or less, negative) a metric is than the week before; None where either is not known.

            report.change(metrics.cash)  # -1_250_000: $12,500 less

        In a sentence it is `{cash_change:signed}`.

        Returns:
            In the metric's unit, such as cents.
        """
        now, before = self.figure(metric).value, self.week_before(metric)
        return None if now is None or before is None or before.value is None else now - before.value

    def change_by(self, metric: Metric) -> dict[str, Number]:
        """
        How much more each part of a split metric is than the week before; empty where that is not known.

            report.change_by(metrics.receivables)  # {"0 to 30 days": -120_000, …}, in cents

        Returns:
            Part to change, in the metric's unit, such as cents.
        """
        now, before = self.figure(metric).by or {}, self.week_before(metric)
        parts = before.by or {} if before else {}
        return {
            part: value - old
            for part, value in now.items()
            if value is not None and (old := parts.get(part)) is not None
        }

    def age(self, table: str) -> str | None:
        """
        How old the newest row of *table* is at the snapshot's as-of, in words; None where it cannot be known.

            report.age("balances")  # "3 days"; in a sentence: {balances_age}
        """
        age = self.inventory.age(table)
        return None if age is None else age_words(age, "days", "hours")

    @property
    def _comparison(self) -> Comparison:
        is_whole = self.period.is_over_at(self.inventory.as_of)
        return Comparison(self._figure_at, self.display, self.previous, self._has_year, is_whole)

    @property
    def _has_year(self) -> bool:
        """Whether an event had started by the end of the week a year before."""
        a_year_before = self.period.shifted(-52).end
        return self.inventory.has("events") and has_history(self.inventory, a_year_before, by="starts_at")

    def _figure_at(self, metric: Metric, weeks: int) -> Figure:
        """A metric's figure *weeks* after the report's week, computed once."""
        key = metric.id, weeks
        if key not in self._figures:
            self._figures[key] = metric(self.inventory, self.period.shifted(weeks))
        return self._figures[key]

    @property
    def _speaker(self) -> Speaker:
        return Speaker(self.figure, lambda name: self.change(CATALOGUE[name]), self._word, self.display)

    def _word(self, name: str) -> Word:
        """What a sentence means by *name*, which is no metric's; KeyError where it means nothing."""
        if name in FACTS:
            if name not in self._facts:
                self._facts.update(FACTS[name](self.inventory, self.period))
            return self._facts[name]
        table = name.removesuffix("_age")
        return self.age(table) if name.endswith("_age") and table in TABLES else self._standing_words[name]

    @property
    def _standing_words(self) -> Mapping[str, str]:
        company, display = self.inventory.company, self.display
        year = year_to_date(self.inventory, self.period)
        return {
            "company": company.name,
            "currency": company.currency,
            "week": f"week {self.period.week}",
            "dates": self.dates,
            "last_day": display.day_in_prose(self.period.last_day, year=True),
            "year_to_date": display.days(year.first, year.end - timedelta(days=1)),
        }

    def _records(self, metrics: Sequence[Metric]) -> Mapping[str, FigureRecord]:
        return {metric.id: self.figure(metric).record() for metric in metrics}
