"""
Days as people write them, and only those that can mean one day.

`03/04/2026`, `15 Dec`, `31 Feb 2016` and `Thursday 20 Nov 2026` (a Friday) are found as well, with what is
wrong with them: a date that is guessed is worse than one that is missing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?"
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEKDAY = (
    r"(?:(?P<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?"
    r"|sun(?:day)?)\.?,?\s{1,3})?(?:the\s)?"
)
_FORMS = tuple(
    re.compile(rf"(?<![\w./:-]){_WEEKDAY}{form}", re.IGNORECASE)
    for form in (
        r"(?P<year>[0-9]{4})(?P<mark>[-/.])(?P<month>[0-9]{1,2})(?P=mark)(?P<day>[0-9]{1,2})(?![0-9/-]|\.[0-9])",
        (
            rf"(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th|\.)?[\s-]{{1,3}}(?:of\s)?(?P<name>{_MONTH})\b\.?"
            r"(?:,?[\s-]{1,3}(?P<year>[0-9]{4}|['’]?[0-9]{2})(?![\w:]|[.,/-][0-9]))?"
        ),
        (
            rf"(?P<name>{_MONTH})\.?\s{{1,3}}(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?![\w:%]|[.,/-][0-9])"
            r"(?:,?\s{1,3}(?P<year>[0-9]{4})(?![\w:]|[.,/-][0-9]))?"
        ),
        r"(?P<first>[0-9]{1,2})(?P<mark>[-/.])(?P<second>[0-9]{1,2})(?P=mark)(?P<year>[0-9]{4})(?![\w/-]|\.[0-9])",
        r"(?P<first>[0-9]{1,2})/(?P<second>[0-9]{1,2})/(?P<year>[0-9]{2})(?![\w/-]|\.[0-9])",
    )
)
_UNSAID = re.compile(r"[-–—?.\s]*|n/?a|tb[adc]|none|unknown|open|not set", re.IGNORECASE)


@dataclass(frozen=True)
class WrittenDay:
    """
    A day where it stands in a text.

    Args:
        start: Index of its first character; a weekday before it belongs to it.
        end: Index after its last.
        day: What it means, or None.
        problem: Why it means nothing, ready for a finding; empty where there is a day.
    """

    start: int
    end: int
    day: date | None
    problem: str = ""


class UnclearDay(ValueError):
    """A text that should be one day is none; the message says why."""


def find_days(text: str) -> Sequence[WrittenDay]:
    """All that is written as a day in *text*, in its order."""
    found: list[WrittenDay] = []
    taken = bytearray(len(text))
    for form in _FORMS:  # the earlier form is the more exact one, so it keeps its characters
        for match in form.finditer(text):
            if not any(taken[match.start() : match.end()]):
                found.append(_meaning(match))
                taken[match.start() : match.end()] = b"x" * len(match[0])
    return sorted(found, key=lambda written: written.start)


def read_day(text: str) -> date | None:
    """
    The one day that a cell or field *text* gives; None where it says that it gives none ("", "—", "tbd").

    Raises:
        UnclearDay: Anything else: two days, a day that is none, words.
    """
    if _UNSAID.fullmatch(text.strip()):
        return None
    found = find_days(text)
    if not found:
        raise UnclearDay(f"“{text.strip()}” is no date such as 2026-11-30 or 30 Nov 2026")
    if len(found) > 1:
        raise UnclearDay(f"“{text.strip()}” holds {len(found)} dates")
    if found[0].day is None:
        raise UnclearDay(found[0].problem)
    return found[0].day


def _meaning(match: re.Match[str]) -> WrittenDay:
    parts = match.groupdict()
    written = match[0]
    year = parts["year"]
    if year is None:
        return _unclear(match, f"“{written}” has no year")
    if len(year) != 4:
        return _unclear(match, f"“{written}” has a year of two digits")
    if parts.get("first"):
        month, day = _order(int(parts["first"]), int(parts["second"]))
        if not month:
            return _unclear(match, f"“{written}” can be read with the day first or the month first")
    else:
        month = _MONTHS.index(parts["name"][:3].lower()) + 1 if parts.get("name") else int(parts["month"])
        day = int(parts["day"])
    try:
        meant = date(int(year), month, day)
    except ValueError:
        return _unclear(match, f"“{written}” is no day of the calendar")
    weekday = parts["weekday"]
    if weekday and not _WEEKDAYS[meant.weekday()].lower().startswith(weekday[:3].lower()):
        return _unclear(match, f"“{written}” is a {_WEEKDAYS[meant.weekday()]}")
    return WrittenDay(match.start(), match.end(), meant)


def _order(first: int, second: int) -> tuple[int, int]:
    """Month and day of `first/second`; 0 for the month where either may be it."""
    if first > 12 >= second:
        return second, first
    if second > 12 or first == second:
        return first, second
    return 0, 0


def _unclear(match: re.Match[str], problem: str) -> WrittenDay:
    return WrittenDay(match.start(), match.end(), None, problem)
