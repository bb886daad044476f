"""
Numbers, money and dates as a reader sees them, in the company's locale.

Rounding happens here and nowhere else: sums are taken before it. The rules are those of the house
style: `$41.2k`, U+2212 for minus, differences of rates in points, dates with the day before the month.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import (
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
)

MINUS = "−"
_NOTHING = 1e-9  # of a ratio: what sums of floats are apart
NOT_AVAILABLE = "n/a"
_HYPHEN = "-"
_DATA_NAME = re.compile(r"\w+(?: \w+)*")


def in_words(name: str) -> str:
    """
    What a reader calls that which the data calls *name*: `Online travel agent` for `online_travel_agent`.

    Only what is written in small letters throughout is changed: a capital letter shows that it is meant for readers.
    """
    return name.replace("_", " ").capitalize() if name.islower() and _DATA_NAME.fullmatch(name) else name


@dataclass(frozen=True)
class Display:
    """
    How one company's numbers are printed.

    Args:
        locale: Babel locale such as `en_GB`.
        currency: ISO 4217 code.
        time_zone: IANA name: instants are shown as days and times there.
    """

    locale: str
    currency: str
    time_zone: str

    def money(self, minor: int, *, sign: bool = False, like: int | None = None) -> str:
        """
        `$412`, `$41.2k`, `$1.24m`, from minor units; with *sign*, `+` as well as `−`.

        With *like*, in the unit that this amount is printed in: `−$0.3k` in a column whose largest is `$10.2k`.
        """
        major, model = self._major(abs(minor)), self._major(abs(minor if like is None else like))
        # The unit is chosen after rounding, so that $999,960 becomes $1.00m and never $1000.0k.
        if _rounded(model, 0) < 1000 or not minor:
            shown = _rounded(major, 0)
            text = self._currency(shown, "0")
        elif _rounded(model / 1000, 1) < 1000:
            shown = _rounded(major / 1000, 1)
            text = self._with_suffix(shown, "0.0", "k")
        else:
            shown = _rounded(major / 1_000_000, 2)
            text = self._with_suffix(shown, "0.00", "m")
        return self._signed(text, minor if shown else 0, sign=sign)

    def money_like(self, amounts: Iterable[int]) -> Callable[[int], str]:
        """`money`, in the unit of the largest of *amounts*: how a chart or a column prints all of its own."""
        largest = max(map(abs, amounts), default=0)
        return lambda minor: self.money(minor, like=largest)

    def money_exact(self, minor: int, *, sign: bool = False) -> str:
        """`$12,614.50`: the books' own tables."""
        text = format_currency(self._major(abs(minor)), self.currency, locale=self.locale)
        return self._signed(text, minor, sign=sign)

    def money_whole(self, minor: int) -> str:
        """`$1,535`: in full, without decimals, where `$1.5k` and `$818` stand in one column."""
        whole = _rounded(self._major(abs(minor)), 0)
        return self._signed(self._currency(whole, "0"), minor if whole else 0, sign=False)

    def count(self, value: int, *, sign: bool = False) -> str:
        """`1,904`"""
        return self._signed(format_decimal(abs(value), locale=self.locale), value, sign=sign)

    def number(self, value: float, decimals: int = 1, *, sign: bool = False) -> str:
        """`10.5`, with as many *decimals* always."""
        rounded = _rounded(Decimal(repr(abs(value))), decimals)
        pattern = "#,##0." + "0" * decimals if decimals else "#,##0"
        return self._signed(format_decimal(rounded, pattern, locale=self.locale), value if rounded else 0, sign=sign)

    def whole(self, value: float) -> str:
        """`105`: a number without decimals, such as days on a mark."""
        return self.number(value, 0)

    def percent(self, ratio: float, decimals: int = 1, *, sign: bool = False) -> str:
        """
        `38.2%` from 0.382, spaced as the locale does it.

        `< 1%` of what is more than nothing and rounds to it, `> 99%` of what is less than all and rounds to that.
        """
        rounded = _rounded(Decimal(repr(abs(ratio))) * 100, decimals)
        if rounded == 100 and 0 < ratio < 1 - _NOTHING and not sign:
            return f">\u00a0{self.percent(1 - float(Decimal(1).scaleb(-decimals - 2)), decimals)}"
        if not rounded and ratio > 0 and not sign:
            return f"<\u00a0{self.percent(float(Decimal(1).scaleb(-decimals - 2)), decimals)}"
        pattern = Locale.parse(self.locale).percent_formats[None].pattern.split(";")[0]
        whole = pattern.replace("#,##0", "#,##0." + "0" * decimals if decimals else "#,##0")
        text = format_percent(rounded / 100, whole, locale=self.locale)
        return self._signed(text, ratio if rounded else 0, sign=sign)

    def shares(self, ratios: Sequence[float]) -> list[str]:
        """
        *ratios* of one whole in whole percents that sum to what the ratios sum to: a third three times is 34, 33, 33%.

        What is missing after rounding down goes to the largest remainders, of equals to the first. `< 1%` counts as
        nothing.
        """
        floors = [math.floor(ratio * 100) for ratio in ratios]
        missing = round(sum(ratios) * 100) - sum(floors)
        order = sorted(range(len(floors)), key=lambda at: (floors[at] - ratios[at] * 100, at))
        wholes = [floor + (at in order[:missing]) for at, floor in enumerate(floors)]
        almost = {0: self.percent(1e-6, 0), 100: self.percent(1 - 1e-6, 0)}  # neither nothing nor all
        return [
            self.percent(whole / 100, 0)
            if whole not in almost or abs(ratio - whole / 100) < _NOTHING
            else almost[whole]
            for whole, ratio in zip(wholes, ratios, strict=True)
        ]

    def points(self, difference: float) -> str:
        """`−2.1 pt`: a difference of rates, always with its sign."""
        return self.number(difference * 100, sign=True) + " pt"

    def day(self, day: date, *, weekday: bool = False, year: bool = False) -> str:
        """`20 Nov`, `Fri 20 Nov`, `20 Nov 2026`"""
        pattern = ("EEE " if weekday else "") + "d MMM" + (" y" if year else "")
        return str(format_date(day, pattern, locale=self.locale))

    def day_in_prose(self, day: date, *, year: bool = False) -> str:
        """`1 February`, `1 February 2027`"""
        return str(format_date(day, "d MMMM y" if year else "d MMMM", locale=self.locale))

    def days(self, first: date, last: date) -> str:
        """`16 to 22 November 2026`: both days belong to it."""
        if first.year != last.year:
            return f"{self.day_in_prose(first, year=True)} to {self.day_in_prose(last, year=True)}"
        start = str(first.day) if first.month == last.month else self.day_in_prose(first)
        return f"{start} to {self.day_in_prose(last, year=True)}"

    def local_day(self, instant: datetime) -> date:
        """The company's day in which *instant* (tz-aware) lies."""
        return instant.astimezone(ZoneInfo(self.time_zone)).date()

    def month(self, day: date) -> str:
        """`Nov 2026`: the month in which *day* lies."""
        return str(format_date(day, "MMM y", locale=self.locale))

    def month_in_prose(self, day: date, *, year: bool = True) -> str:
        """`November 2026`, or `November`"""
        return str(format_date(day, "LLLL y" if year else "LLLL", locale=self.locale))

    def months(self, first: date, last: date) -> str:
        """`January to March 2027`: the months of both days belong to it."""
        return f"{self.month_in_prose(first, year=first.year != last.year)} to {self.month_in_prose(last)}"

    def instant(self, instant: datetime) -> str:
        """`23 November 2026, 05:10 PST`"""
        local = instant.astimezone(ZoneInfo(self.time_zone))
        return f"{self.day_in_prose(local.date(), year=True)}, {local:%H:%M} {local:%Z}"

    def _major(self, minor: int) -> Decimal:
        # operator.index takes the whole numbers of numpy as well, and refuses a float
        return Decimal(operator.index(minor)).scaleb(-int(get_currency_precision(self.currency)))

    def _currency(self, amount: Decimal, digits: str) -> str:
        pattern = Locale.parse(self.locale).currency_formats["standard"].pattern.split(";")[0]
        short = pattern.replace("#,##0.00", f"#,##{digits}")
        return str(format_currency(amount, self.currency, short, locale=self.locale, currency_digits=False))

    def _with_suffix(self, amount: Decimal, digits: str, suffix: str) -> str:
        """The suffix belongs to the number, also where the locale puts the symbol behind it: `41,2k €`."""
        text = self._currency(amount, digits)
        last = max(index for index, character in enumerate(text) if character.isdigit())
        return text[: last + 1] + suffix + text[last + 1 :]

    @staticmethod
    def _signed(text: str, value: float, *, sign: bool) -> str:
        if value < 0:
            return MINUS + text
        return "+" + text if sign and value > 0 else text


def _rounded(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)


def cut_at_word(text: str, length: int) -> str:
    """*text*, or as many of its words as fit into *length* characters with an ellipsis."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    whole = head.rpartition(" ")[0] if text[length - 1] != " " else head
    # One word longer than the line has to be cut somewhere.
    return (whole if len(whole) >= length // 2 else head).rstrip(" ,;:·–-") + "…"
