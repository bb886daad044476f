"""ISO weeks of the company's time zone, half-open, and the windows that end with them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from quarterdeck.errors import InputInvalid

_WEEK = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, order=True)
class Period:
    """
    One ISO week [start, end) of a company's time zone.

    Args:
        year: ISO year, which differs from the calendar year around New Year.
        week: ISO week, 1 to 52 or 53.
        time_zone: IANA name, such as `Europe/Lisbon`: Monday 00:00 is meant there.
    """

    year: int
    week: int
    time_zone: str

    @classmethod
    def parse(cls, text: str, time_zone: str) -> Period:
        """
        The period that *text* names, such as `2026-W48`.

        Raises:
            InputInvalid: It is no ISO week, or that year has no such week.
        """
        expected = "an ISO week such as 2026-W48"
        match = _WEEK.fullmatch(text)
        if match is None:
            raise InputInvalid("period", repr(text), expected, "python runner.py run --period 2026-W48")
        year, week = int(match[1]), int(match[2])
        try:
            date.fromisocalendar(year, week, 1)
        except ValueError as error:
            last = date(year, 12, 28).isocalendar().week if year >= 1 else 52
            raise InputInvalid(
                "period",
                repr(text),
                f"a week of {year}, W01 to W{last}",
                f"python runner.py run --period {year}-W{last}",
            ) from error
        return cls(year, week, time_zone)

    @classmethod
    def containing(cls, instant: datetime, time_zone: str) -> Period:
        """The week in which *instant* (tz-aware) lies."""
        year, week, _ = instant.astimezone(ZoneInfo(time_zone)).isocalendar()
        return cls(year, week, time_zone)

    @classmethod
    def last_full(cls, as_of: datetime, time_zone: str) -> Period:
        """The last week that is over at *as_of* (tz-aware)."""
        return cls.containing(as_of, time_zone).shifted(-1)

    def __str__(self) -> str:
        return f"{self.year}-W{self.week:02}"

    @property
    def first_day(self) -> date:
        """Monday, in the company's time zone."""
        return date.fromisocalendar(self.year, self.week, 1)

    @property
    def last_day(self) -> date:
        """Sunday, in the company's time zone."""
        return self.first_day + timedelta(days=6)

    @property
    def start(self) -> datetime:
        """Monday 00:00, UTC; inside the period."""
        return midnight(self.first_day, self.time_zone)

    @property
    def end(self) -> datetime:
        """The next Monday 00:00, UTC; outside the period."""
        return midnight(self.first_day + timedelta(days=7), self.time_zone)

    def shifted(self, weeks: int) -> Period:
        """The period *weeks* later: −1 is the week before, −52 (364 days) the year before."""
        year, week, _ = (self.first_day + timedelta(weeks=weeks)).isocalendar()
        return Period(year, week, self.time_zone)

    def window_start(self, weeks: int) -> datetime:
        """Start (UTC) of the *weeks* weeks that end with this one."""
        return self.shifted(1 - weeks).start

    def is_over_at(self, as_of: datetime) -> bool:
        return self.end <= as_of


def midnight(day: date, time_zone: str) -> datetime:
    """00:00 of *day* in *time_zone*, as UTC."""
    return datetime.combine(day, time(), tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


def is_of_one_week(earlier: datetime, now: datetime, time_zone: str) -> bool:
    """Whether no week has ended between *earlier* and *now* (tz-aware), and time did not run back."""
    return earlier <= now and Period.last_full(earlier, time_zone) == Period.last_full(now, time_zone)
