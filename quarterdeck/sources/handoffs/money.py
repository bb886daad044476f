"""
Amounts as people write them, exact, and only in the company's currency.

`about €41.20 / month`, `EUR 900/month`, `1.2k €`, `$1,200 per year`. What is no one amount (another currency,
a range, a bound, `1.200` where it may be either) is found as well, with the reason why it counts for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from babel.numbers import get_currency_symbol, get_group_symbol, list_currencies

from quarterdeck.config import Company

# What a sign means to a reader whose locale does not use it for a currency of its own.
_SIGNS = {
    "US$": "USD", "CA$": "CAD", "C$": "CAD", "AU$": "AUD", "A$": "AUD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD",
    "MX$": "MXN", "R$": "BRL", "$": "USD", "€": "EUR", "£": "GBP",
    "¥": "JPY", "₹": "INR", "₩": "KRW", "₺": "TRY", "₽": "RUB", "zł": "PLN", "Kč": "CZK", "kr": "SEK",
    "euros": "EUR", "euro": "EUR", "dollars": "USD", "dollar": "USD",
}  # fmt: skip
# Other codes are words or products as well (PHP 7.4, ALL 5, TRY 3): they count only with "per month" or the like.
_PLAIN_CODES = frozenset(
    (
        "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "INR", "JPY", "MXN", "NOK", "NZD",
        "PLN", "SEK", "SGD", "USD", "ZAR",
    )
)  # fmt: skip
_TIMES: Mapping[str, str] = {
    **dict.fromkeys(("month", "months", "mo", "mth", "mon", "monthly", "pcm", "p.m."), "month"),
    **dict.fromkeys(("year", "years", "yr", "annum", "yearly", "annually", "annual", "p.a.", "pa"), "year"),
    **dict.fromkeys(("quarter", "quarterly", "qtr"), "quarter"),
    **dict.fromkeys(("week", "wk", "weekly"), "week"),
    **dict.fromkeys(("day", "daily"), "day"),
    **dict.fromkeys(("hour", "hr", "h", "hourly"), "hour"),
}
_MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}

_NUMBER = r"[0-9]{1,3}(?:[\u00a0\u202f\u2009'’ .,][0-9]{3})+(?:[.,][0-9]+)?|[0-9]+(?:[.,][0-9]+)?"
_LEAD = (
    r"(?:(?P<bound>(?:up\sto|at\sleast|at\smost|over|under|above|below|more\sthan|less\sthan|max\.?|min\.?)\s|[<>≤≥]\s?)"
    r"|(?:about|around|approx\.?|approximately|roughly|circa|ca\.?|some)\s|[~≈]\s?)?"
)
_SCALE = r"(?P<{}>\s?(?:k|thousand|million|mn)|m)"
_EVERY = (
    r"(?P<every>(?:\s?(?:/|per\b|each\b|every\b|an?\s(?=(?:month|mo|mth|year|yr|quarter|week|wk|day|hour)\b))\s?[A-Za-z]+){1,2}"
    r"|[\s,(]{1,2}(?:monthly|yearly|annually|annual|quarterly|weekly|daily|hourly|pcm\b|p\.m\.|p\.a\.|pa\b)\)?)"
)
_SIGN = r"(?:[$€£¥₹]|\b[A-Z]{3}\b)"
_OTHER_END = re.compile(
    rf"(?:[-–—]|\.\.\.?)(?:{_NUMBER})|\s?(?:[-–—]|to|or)\s?(?:{_SIGN}\s?(?:{_NUMBER})|(?:{_NUMBER})\s?(?:k\b|{_SIGN}))"
)
_FIRST_END = re.compile(r"[0-9]\s?(?:-|–|to|or)\s?$")
_UNSAID = re.compile(r"[-–—?.\s]*|n/?a|tb[adc]|unknown|none|not known", re.IGNORECASE)
_FREE = re.compile(r"free(?: (?:tier|plan|of charge))?|no (?:cost|charge)|costs nothing", re.IGNORECASE)
_IS_FREE = re.compile(rf"(?::|\s[—–-])\s+({_FREE.pattern})[.!]?$", re.IGNORECASE)
_SEVERAL_BEFORE = re.compile(r"[0-9]\s?[×x*]\s?$")
_SEVERAL_AFTER = re.compile(r"\s?[×x*]\s?[0-9]|\s(?:each|apiece)\b")
_LARGEST_MINOR = 10**15  # beyond any company's books, and far inside an int64


@dataclass(frozen=True)
class Amount:
    """
    An amount where it stands in a text.

    Args:
        start: Index of its first character, `about` and the sign included.
        end: Index after its last, `per month` included.
        text: As it stands there.
        minor: Its value in minor units of the company's currency, or None.
        every: `month`, `year`, `quarter`, another unit as written, or None where it does not say.
        problem: Why there is no value, ready for a finding; empty where there is one.
    """

    start: int
    end: int
    text: str
    minor: int | None
    every: str | None
    problem: str = ""

    @property
    def is_rate_of_something(self) -> bool:
        """Per user, per booking, per hour: nothing that can be put beside a sum of money."""
        return self.every is not None and self.every not in _MONTHS_IN


class UnclearAmount(ValueError):
    """A text that should be one amount is none; the message says why."""


@dataclass(frozen=True)
class MoneyReader:
    """Finds amounts in the words of one company: its currency, its locale's signs and separators."""

    company: Company

    def find(self, text: str, *, bare: bool = False, currency: str | None = None) -> Sequence[Amount]:
        """
        All amounts in *text*, in its order.

        Args:
            text: One line or cell, stripped.
            bare: A number without currency counts too, where it says how often or is the whole text.
            currency: What a bare number is in, as a table's head says; the company's when not given.
        """
        found = [self._amount(match, text) for match in self._with_currency.finditer(text) if self._is_money(match)]
        if bare:
            whole = _BARE_WHOLE.fullmatch(text)
            alone = [whole] if whole else _BARE.finditer(text)
            found += [
                self._amount(match, text, currency or self.company.currency)
                for match in alone
                if not any(other.start < match.end() and match.start() < other.end for other in found)
            ]
            free = None if found else _IS_FREE.search(text)
            found += [Amount(free.start(1), free.end(1), free[1], 0, None)] if free else []
        return sorted(found, key=lambda amount: amount.start)

    def read(self, text: str, *, currency: str | None = None) -> Amount | None:
        """
        The one amount that a cell or field *text* gives; None where it says that it gives none ("", "—", "tbd").

        Raises:
            UnclearAmount: No amount, more than one, or one that counts for nothing.
        """
        text = text.strip()
        if _UNSAID.fullmatch(text):
            return None
        if _FREE.fullmatch(text):
            return Amount(0, len(text), text, 0, None)
        found = self.find(text, bare=True, currency=currency)
        if len(found) != 1:
            raise UnclearAmount(f"“{text}” is {'no amount' if not found else f'{len(found)} amounts'}")
        if found[0].minor is None:
            raise UnclearAmount(found[0].problem)
        return found[0]

    def monthly(self, amount: Amount, *, otherwise: str | None = None) -> int:
        """
        *amount* for one month, in minor units; *otherwise* is its period where it does not say.

        Raises:
            UnclearAmount: It has no value or no period, or its twelfth (of a year) is no whole number of cents.
        """
        if amount.minor is None:
            raise UnclearAmount(amount.problem)
        every = amount.every or otherwise
        if amount.minor == 0:
            return 0
        if every is None:
            raise UnclearAmount(f"“{amount.text}” does not say whether it is per month")
        if every not in _MONTHS_IN:
            raise UnclearAmount(f"“{amount.text}” is per {every}, not per month")
        months, left = divmod(amount.minor, _MONTHS_IN[every])
        if left:
            raise UnclearAmount(f"“{amount.text}” cannot be divided exactly into months")
        return months

    def currency_in(self, text: str) -> str | None:
        """The ISO code that a table's head names by sign or code; None where it names none."""
        match = re.search(rf"(?<!\w)(?:{self._signs})(?!\w)|(?<![A-Za-z])(?:{self._codes})(?![A-Za-z])", text)
        return self._currency(match[0]) if match else None

    @cached_property
    def _with_currency(self) -> re.Pattern[str]:
        money = rf"(?:{self._signs}|(?:{self._codes})(?![A-Za-z]))"
        return re.compile(
            rf"(?<![\w.,]){_LEAD}(?P<minus>[-−]?)"
            rf"(?:(?P<before>{money})\s?(?P<less>[-−]?)(?P<number>{_NUMBER})(?:{_SCALE.format('scale')}(?!\w))?"
            rf"|(?P<first>{_NUMBER}){_SCALE.format('size')}?\s?(?P<after>{money})(?!\w|\s?[0-9]))"
            rf"(?![.,]?[0-9]|\s?%){_EVERY}?",
            re.IGNORECASE,
        )

    @cached_property
    def _signs(self) -> str:
        known = {*_SIGNS, self._own_sign}
        longest_first = sorted(known, key=lambda sign: (-len(sign), sign))
        return "|".join(re.escape(sign) + (r"(?![A-Za-z])" if sign[-1].isalpha() else "") for sign in longest_first)

    @cached_property
    def _codes(self) -> str:
        return "|".join(sorted(list_currencies()))

    @cached_property
    def _own_sign(self) -> str:
        return str(get_currency_symbol(self.company.currency, self.company.locale))

    @cached_property
    def _local_signs(self) -> dict[str, set[str]]:
        """Which currencies the company's locale writes with which sign: `$` is CAD in en_CA."""
        signs: dict[str, set[str]] = {}
        for code in list_currencies():
            signs.setdefault(str(get_currency_symbol(code, self.company.locale)), set()).add(code)
        return signs

    def _currency(self, written: str) -> str:
        """The ISO code of a sign or code; the company's own where the sign can be its own."""
        local = self._local_signs.get(written)
        if local:
            return self.company.currency if self.company.currency in local else min(local)
        word = written.lower()
        sign = "$" if word in ("dollar", "dollars") else word if word in _SIGNS else written
        if sign != written and sign in self._local_signs:
            return self._currency(sign)
        return _SIGNS.get(sign, written.upper())

    def _is_money(self, match: re.Match[str]) -> bool:
        written = match["before"] or match["after"]
        code = written.upper()
        if code == self.company.currency or code in _PLAIN_CODES or not re.fullmatch("[A-Za-z]{3}", written):
            return True
        return written.isupper() and match["every"] is not None and _period(match["every"]) in _MONTHS_IN

    def _amount(self, match: re.Match[str], text: str, currency: str | None = None) -> Amount:
        parts = match.groupdict()
        number = parts["number"] or parts["first"]
        written = match[0].strip(" ,(")
        every = _period(parts["every"]) if parts["every"] else None
        currency = currency or self._currency(parts["before"] or parts["after"])
        negative = parts["minus"] or parts.get("less")
        before = text[max(0, match.start() - 8) : match.start()]
        problem = ""
        minor: int | None = None
        if currency != self.company.currency:
            problem = f"“{written}” is in {currency}, and the company's currency is {self.company.currency}"
        elif parts["bound"]:
            problem = f"“{written}” is a bound, not an amount"
        elif _OTHER_END.match(text, match.end()) or _FIRST_END.search(before):
            problem = f"“{written}” is one end of a range"
        elif _SEVERAL_AFTER.match(text, match.end()) or _SEVERAL_BEFORE.search(before):
            problem = f"“{written}” is the price of one of several"
        elif negative:
            problem = f"“{written}” is negative"
        else:
            minor, problem = self._minor(number, parts.get("scale") or parts.get("size") or "", written)
        return Amount(match.start(), match.end(), written, minor, every, problem)

    def _minor(self, number: str, scale: str, written: str) -> tuple[int | None, str]:
        plain = self._plain(number)
        if plain is None:
            return None, f"“{written}” can be read as thousands or as a fraction"
        thousands = {"": 0, "k": 3, "t": 3}.get(scale.strip()[:1].lower(), 6)
        value = Decimal(plain).scaleb(thousands + self.company.minor_digits)
        if value >= _LARGEST_MINOR:
            return None, f"“{written}” is more than can be believed"
        if value != value.to_integral_value():
            return None, f"“{written}” is no whole number of the smallest coin"
        return int(value), ""

    def _plain(self, number: str) -> str | None:
        """*number* as `1234.5`, or None where a separator can mean either."""
        marks = re.sub("[0-9]", "", number)
        if not marks:
            return number
        last = marks[-1]
        whole, _, fraction = number.rpartition(last)
        is_decimal = last in ".," and marks.count(last) == 1
        if is_decimal and len(fraction) == 3 and len(marks) == 1:
            if last == get_group_symbol(self.company.locale):
                is_decimal = False
            else:
                return None
        digits = re.sub("[^0-9]", "", whole)
        return f"{digits}.{fraction}" if is_decimal else digits + fraction


# A number alone, for columns and lines that are about money anyway.
_ALONE = rf"{_LEAD}(?P<minus>[-−]?)(?P<number>{_NUMBER})(?:{_SCALE.format('scale')}(?!\w))?"
_BARE = re.compile(rf"(?<![\w.,/-]){_ALONE}{_EVERY}", re.IGNORECASE)
_BARE_WHOLE = re.compile(rf"{_ALONE}{_EVERY}?", re.IGNORECASE)


def _period(every: str) -> str:
    """`month` of ` / month`; what it is per where that is no time, `user` of `per user per month`."""
    words = [match[0].lower() for match in re.finditer(r"[A-Za-z]+(?:\.[a-z]\.)?", every)]
    units = [word for word in words if word not in ("per", "each", "every", "a", "an")]
    other = next((unit for unit in units if unit not in _TIMES), None)
    return other or _TIMES[units[0]]


def period_in(text: str) -> str | None:
    """The period that a head or heading such as `Monthly cost` or `€/year` names, or None."""
    named = {_TIMES[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _TIMES and len(word) > 1}
    return named.pop() if len(named) == 1 else None
