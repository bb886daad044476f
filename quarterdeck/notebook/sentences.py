"""
Sentences with figures in them: each figure is filled in by its metric's id, printed for the company, and recorded.

A template names figures in braces: `{lowest_cash}`. What follows a colon says how it is printed:

| spec | prints |
|---|---|
| `{lowest_cash}` | by its unit: `$84.6k`, `38.2%`, `12`, `10 weeks` |
| `{plan_variance:abs}` | without its sign |
| `{plan_variance:signed}` | with `+` as well as `−` |
| `{receivables:exact}` | money to the cent |
| `{gross_margin_rate:whole}` | a rate without decimals |
| `{plan_variance:over,under}` | a word by its sign: positive or zero, or negative |
| `{unfilled_places:place/places}` | the count and the word for one or for several: `3 places` |

Other words come beside the template: text stands as it is, a date as `1 February`, `…_minor` is money, a float
a rate, a whole number a count; the same specs hold. Always there:
`{company}` `{currency}` `{week}` `{dates}` `{last_day}` `{year_to_date}`.

A figure that is not available, or a word that is None, makes a sentence impossible to say: then the next one is tried.
"""

from __future__ import annotations

import difflib
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from quarterdeck.blocks import FigureRecord, Number, Unit
from quarterdeck.display import Display
from quarterdeck.errors import InputInvalid
from quarterdeck.metrics import CATALOGUE, Figure

Word = str | int | float | date | None

_NUMBER_SPECS = ("abs", "signed", "exact", "whole")


@dataclass(frozen=True)
class Sentence:
    """
    A template, the words that go with it, and whether it holds.

    Args:
        template: With names in braces.
        words: What is not a metric; None means not known.
        when: Whether what it says is so.
    """

    template: str
    words: Mapping[str, Word] = field(default_factory=dict)
    when: bool = True


Say = str | Sentence | Sequence[str | Sentence]
"""What a title or a headline may be: one sentence, or several of which the first that can be said is said."""


def sentence(template: str, /, *, when: object = True, **words: Word) -> Sentence:
    """
    A sentence that is said when *when* holds and all its figures and *words* are known.

    `sentence("{name} missed its plan by {short_minor}", when=short, name=name, short_minor=short)`
    """
    return Sentence(template, words, bool(when))


@dataclass(frozen=True)
class Said:
    """Finished words, and the figures in them."""

    text: str
    metrics: Mapping[str, FigureRecord]


class _Unsayable(Exception):
    """A figure or word of a sentence is not known."""


@dataclass(frozen=True)
class Speaker:
    """
    Fills in sentences for one report.

    Args:
        figure: Computes the figure of a metric's id.
        display: The company's way to print.
        standing: Words that every sentence may use.
    """

    figure: Callable[[str], Figure]
    display: Display
    standing: Mapping[str, str]

    def say(self, choice: Say, place: str) -> Said:
        """
        The first sentence of *choice* that holds and can be said.

        Raises:
            InputInvalid: None of them can, or one has a name or spec that does not exist; *place* is named.
        """
        said = self.try_to_say(choice, place)
        if said is None:
            raise InputInvalid(
                place, "no sentence whose figures are all available", "a last one that needs none", _MEND
            )
        return said

    def try_to_say(self, choice: Say, place: str) -> Said | None:
        """As `say`, but None where no sentence can be said."""
        return next(self.all_that_hold(choice, place), None)

    def all_that_hold(self, choice: Say, place: str) -> Iterator[Said]:
        """Every sentence of *choice* that holds and can be said, in order."""
        for one in [choice] if isinstance(choice, str | Sentence) else choice:
            known = one if isinstance(one, Sentence) else Sentence(one)
            if known.when:
                try:
                    yield self._filled(known, place)
                except _Unsayable:
                    continue

    def _filled(self, one: Sentence, place: str) -> Said:
        parts: list[str] = []
        metrics: dict[str, FigureRecord] = {}
        for literal, name, spec, _ in string.Formatter().parse(one.template):
            parts.append(literal)
            if name is None:
                continue
            if name in one.words or name in self.standing:
                parts.append(self._word(name, {**self.standing, **one.words}[name], spec or "", place))
            elif name in CATALOGUE:
                figure = self.figure(name)
                if figure.value is None:
                    raise _Unsayable(name)
                parts.append(self._number(figure.value, figure.unit, spec or "", place))
                metrics[name] = figure.record()
            else:
                raise self._unknown(name, one, place)
        return Said("".join(parts), metrics)

    def _word(self, name: str, value: Word, spec: str, place: str) -> str:
        if pd.isna(value):
            raise _Unsayable(name)
        if isinstance(value, date):
            return self.display.day_in_prose(value)
        if isinstance(value, str):
            return value
        unit: Unit = "minor" if name.endswith("_minor") else "ratio" if isinstance(value, float) else "count"
        return self._number(value, unit, spec, place)

    def _number(self, value: Number, unit: Unit, spec: str, place: str) -> str:
        if "," in spec:
            positive, negative = spec.split(",", 1)
            return negative if value < 0 else positive
        if "/" in spec:
            one, several = spec.split("/", 1)
            return f"{self.display.count(int(value))} {one if value == 1 else several}"
        if spec and spec not in _NUMBER_SPECS:
            expected = ", ".join(_NUMBER_SPECS) + ", over,under or place/places"
            raise InputInvalid(place, f"the unknown spec {spec!r}", expected, _MEND)
        shown = abs(value) if spec == "abs" else value
        if unit == "minor" and spec == "exact":
            return self.display.money_exact(int(shown))
        decimals = 0 if spec == "whole" else 1
        return printed(self.display, shown, unit, sign=spec == "signed", decimals=decimals)

    def _unknown(self, name: str, one: Sentence, place: str) -> InputInvalid:
        known = sorted([*CATALOGUE, *one.words, *self.standing])
        near = difflib.get_close_matches(name, known, n=1)
        expected = f"{{{near[0]}}}" if near else "a metric's id, or a word given beside the sentence"
        return InputInvalid(place, f"the unknown name {{{name}}}", expected, _MEND)


_MEND = "python runner.py run"


def printed(display: Display, value: Number, unit: Unit, *, sign: bool = False, decimals: int = 1) -> str:
    """A figure in prose: `$84.6k`, `38.2%`, `1,904`, `12 days`, `1 week`."""
    if unit in ("days", "weeks"):
        return f"{figure_and_unit(display, value, unit, sign=sign)[0]} {unit.removesuffix('s') if value == 1 else unit}"
    if unit == "ratio":
        return display.percent(value, decimals, sign=sign)
    return figure_and_unit(display, value, unit, sign=sign)[0]


def figure_and_unit(display: Display, value: Number, unit: Unit, *, sign: bool = False) -> tuple[str, str]:
    """A figure and, apart from it, the unit that it does not carry itself: (`10`, `weeks`), (`$84.6k`, ``)."""
    match unit:
        case "minor":
            return display.money(int(value), sign=sign), ""
        case "count":
            return display.count(int(value), sign=sign), ""
        case "ratio":
            return display.percent(value, sign=sign), ""
        case "days" | "weeks":
            return display.number(value, 0 if value == int(value) else 1, sign=sign), unit
