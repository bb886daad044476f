"""
Sentences with figures in them: each figure is filled in by its metric's id, printed for the company, and recorded.

A template names figures in braces. What follows a colon says how one is printed:

| in braces | prints |
|---|---|
| `lowest_cash` | by its unit: `$84.6k`, `38.2%`, `12`, `10 weeks` |
| `lowest_cash_change` | how much more, or less, it is than the week before |
| `plan_variance:abs` | without its sign; the sentence is not said where that prints as zero: `$0 under plan` is none |
| `plan_variance:signed` | with `+` as well as `−` |
| `receivables:exact` | money to the cent |
| `gross_margin_rate:whole` | a rate without decimals |
| `plan_variance:over,under` | a word by its sign: positive or zero, or negative |
| `unfilled_places:place/places` | the count and the word for one or for several: `3 places` |
| `largest_channel:brings/bring` | of a name only the word that goes with it: Boat shows bring, Website brings |
| `unclosed_revenue:some` | by its unit, and the sentence is not said when it is zero |

So do the facts of `metrics.facts`, such as `low_week` or `short_minor`; `events_age` and the like (how old the newest
row of a table is); `company`, `currency`, `week`, `dates`, `last_day`, `year_to_date`; and the words given beside a
sentence. Text stands as it is, a date as `1 February`; `…_minor` is money, a float a rate, a whole number a count.

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
from quarterdeck.metrics.facts import FACTS
from quarterdeck.wording import printed

Word = str | int | float | date | None

_NUMBER_SPECS = ("abs", "signed", "exact", "whole", "some")
_CHANGE = "_change"


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
    A sentence, *template* filled in, that is said when *when* holds and all its figures and *words* are known.

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
        change: How much more than the week before it is; None where that is not known.
        word: What else has a name; raises KeyError for a name that does not exist.
        display: The company's way to print.
    """

    figure: Callable[[str], Figure]
    change: Callable[[str], Number | None]
    word: Callable[[str], Word]
    display: Display

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
            if name is not None:
                parts.append(self._name(name, spec or "", one, place))
                if name in CATALOGUE and name not in one.words:
                    metrics[name] = self.figure(name).record()
        return Said("".join(parts), metrics)

    def _name(self, name: str, spec: str, one: Sentence, place: str) -> str:
        if name in one.words:
            return self._word(name, one.words[name], spec, place)
        if name in CATALOGUE:
            figure = self.figure(name)
            return self._number(figure.value, figure.unit, spec, place)
        metric = name.removesuffix(_CHANGE)
        if name.endswith(_CHANGE) and metric in CATALOGUE:
            return self._number(self.change(metric), CATALOGUE[metric].unit, spec, place)
        try:
            return self._word(name, self.word(name), spec, place)
        except KeyError as error:
            raise self._unknown(name, one, place) from error

    def _word(self, name: str, value: Word, spec: str, place: str) -> str:
        if pd.isna(value):
            raise _Unsayable(name)
        if isinstance(value, date):
            return self.display.day_in_prose(value)
        if isinstance(value, str):
            return self._text(value, spec, place)
        unit: Unit = "minor" if name.endswith("_minor") else "ratio" if isinstance(value, float) else "count"
        return self._number(value, unit, spec, place)

    @staticmethod
    def _text(value: str, spec: str, place: str) -> str:
        one, slash, several = spec.partition("/")
        if spec and not slash:
            raise InputInvalid(place, f"the spec {spec!r} of a name", "brings/bring, or none", _MEND)
        return value if not spec else several if _is_plural(value) else one

    def _number(self, value: Number | None, unit: Unit, spec: str, place: str) -> str:
        if value is None or (spec == "some" and not value):
            raise _Unsayable
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
        text = printed(self.display, shown, unit, sign=spec == "signed", decimals=decimals)
        if spec == "abs" and not any(digit in text for digit in "123456789"):
            raise _Unsayable
        return text

    def _unknown(self, name: str, one: Sentence, place: str) -> InputInvalid:
        known = sorted([*CATALOGUE, *FACTS, *one.words])
        near = difflib.get_close_matches(name, known, n=1)
        expected = f"{{{near[0]}}}" if near else "a metric's id, a fact, or a word given beside the sentence"
        return InputInvalid(place, f"the unknown name {{{name}}}", expected, _MEND)


_MEND = "python runner.py run"


def _is_plural(name: str) -> bool:
    """Whether *name* is of several, by its last letters: `Boat shows`, but not `Press` or `Campus`."""
    return name.casefold().endswith("s") and not name.casefold().endswith(("ss", "us", "is"))
