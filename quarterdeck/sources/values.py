"""
Texts to exact values: money, hours, counts, instants, days, months.

No float stands in between, and nothing is guessed: what is not understood raises `NotUnderstood`, and the
reader that knows file and row turns it into an error a person can act on.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation
from zoneinfo import ZoneInfo

# Python's Decimal also takes "NaN", "1_000", blanks and digits of other scripts.
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])", re.ASCII)

# Longer than any number of DynamoDB (38 digits), whose exponent has three; what would be rounded raises instead.
_MOST_DIGITS = 200
_EXACT = Context(prec=_MOST_DIGITS, traps=[Inexact, InvalidOperation])

_INT64 = range(-(2**63), 2**63)
_HOURS_DIGITS = 6  # as many decimals as the column holds
MOST_HOURS = Decimal(10) ** 12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Outside of these lie the stand-ins for "never" (1970-01-01, 0001-01-01, 9999-12-31), and epochs given in
# the wrong unit: seconds read as milliseconds end in January 1970, milliseconds read as seconds after 50000.
YEARS = range(1971, 2200)
_YEARS_TEXT = f"a year from {YEARS.start} to {YEARS.stop - 1}"


class NotUnderstood(ValueError):
    """A text that does not say what its column needs; `expected` completes "found …, expected …"."""

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected


def number_from(text: str) -> Decimal:
    """
    The number that *text* writes in plain digits, exact.

    Raises:
        NotUnderstood: It is no number, or has thousands separators, a currency or blanks.
    """
    if not _NUMBER.fullmatch(text):
        raise NotUnderstood("a number such as 1234.50")
    if len(text) > _MOST_DIGITS:
        raise NotUnderstood(f"a number of at most {_MOST_DIGITS} digits")
    return Decimal(text)


def minor_from(text: str, digits: int, *, unit: str | None = None) -> int:
    """
    An amount of money in minor units, exact.

    Args:
        text: The amount in plain digits.
        digits: How many decimals the currency's major unit has.
        unit: `minor` when the text counts minor units; `major`, or nothing, when it counts major ones.

    Raises:
        NotUnderstood: It is no number, has more decimals than the currency, or does not fit 64 bits.
    """
    decimals = 0 if unit == "minor" else digits
    amount = number_from(text)
    if -amount.normalize(_EXACT).as_tuple().exponent > decimals:  # type: ignore[operator] # a number's exponent is an int
        raise NotUnderstood(f"an amount with at most {decimals} decimals" if decimals else "a whole number")
    if amount.adjusted() + decimals > 20 or (minor := int(amount.scaleb(decimals, _EXACT))) not in _INT64:
        raise NotUnderstood("an amount that fits 64 bits in minor units")
    return minor


def hours_from(text: str) -> Decimal:
    """
    Hours, exact to the millionth.

    Raises:
        NotUnderstood: It is no number, is finer than that, or too large to be hours.
    """
    hours = number_from(text)
    if -hours.normalize(_EXACT).as_tuple().exponent > _HOURS_DIGITS:  # type: ignore[operator] # a number's exponent is an int
        raise NotUnderstood(f"hours with at most {_HOURS_DIGITS} decimals")
    if abs(hours) >= MOST_HOURS:
        raise NotUnderstood("hours with at most 12 digits")
    return hours


def count_from(text: str) -> int:
    """
    A whole number of 64 bits.

    Raises:
        NotUnderstood: It is no such number.
    """
    try:
        return minor_from(text, 0)
    except NotUnderstood as error:
        raise NotUnderstood("a whole number such as 12") from error


def instant_from(text: str) -> datetime:
    """
    The instant that an ISO 8601 time with offset names, as UTC; what is finer than a microsecond is cut off.

    Raises:
        NotUnderstood: It is no such time, has no offset, or its year is out of range.
    """
    expected = "an ISO 8601 time with offset, such as 2026-11-23T18:30:00Z"
    try:
        written = datetime.fromisoformat(text)
    except ValueError as error:
        raise NotUnderstood(expected) from error
    if written.tzinfo is None:
        raise NotUnderstood(expected)
    return _in_range(written).astimezone(UTC)


def epoch_from(text: str, *, per_second: int) -> datetime:
    """
    The instant *text* / *per_second* seconds after 1970-01-01T00:00Z; what is finer than a microsecond is cut off.

    Raises:
        NotUnderstood: It is no number, or its year is out of range: the unit is probably another one.
    """
    number = number_from(text)
    if number.adjusted() > 15:
        raise NotUnderstood(f"{_YEARS_TEXT}; is the unit right?")
    microseconds = int(_EXACT.multiply(number, Decimal(1_000_000 // per_second)))
    try:
        return _in_range(_EPOCH + timedelta(microseconds=microseconds))
    except (NotUnderstood, OverflowError) as error:
        raise NotUnderstood(f"{_YEARS_TEXT}; is the unit right?") from error


def local_from(text: str, zone: ZoneInfo) -> datetime:
    """
    The instant at which the clocks of *zone* show *text*, as UTC; a day alone means its 00:00.

    A time that the clocks show twice, when summer time ends, is the first of the two: `is_shown_twice` tells.

    Raises:
        NotUnderstood: It is no such time, has an offset, is skipped by the clocks, or its year is out of range.
    """
    expected = "a local ISO 8601 time without offset, such as 2026-11-23T18:30:00"
    try:
        written = datetime.fromisoformat(text)
    except ValueError as error:
        raise NotUnderstood(expected) from error
    if written.tzinfo is not None:
        raise NotUnderstood(expected)
    instant = _in_range(written).replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != written:
        raise NotUnderstood(f"a time that the clocks of {zone.key} show: they skip this one")
    return instant


def is_shown_twice(instant: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks of *zone* show the local time of *instant* twice."""
    local = instant.astimezone(zone)
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def day_from(text: str) -> date:
    """
    The day that `2026-11-23` names.

    Raises:
        NotUnderstood: It is no such day, or its year is out of range.
    """
    expected = "a day such as 2026-11-23"
    if not _DAY.fullmatch(text):
        raise NotUnderstood(expected)
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise NotUnderstood(f"{expected}: the calendar has no {text}") from error
    if day.year not in YEARS:
        raise NotUnderstood(_YEARS_TEXT)
    return day


def month_from(text: str) -> str:
    """
    `2026-11`, as it stands.

    Raises:
        NotUnderstood: It is no such month, or its year is out of range.
    """
    if not _MONTH.fullmatch(text):
        raise NotUnderstood("a month such as 2026-11")
    if int(text[:4]) not in YEARS:
        raise NotUnderstood(_YEARS_TEXT)
    return text


def _in_range(time: datetime) -> datetime:
    if time.year not in YEARS:
        raise NotUnderstood(_YEARS_TEXT)
    return time
