"""The days that the books are counted in: whole days of the company's time zone, half-open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from quarterdeck.inventory import AssetInventory
from quarterdeck.period import Period, midnight


@dataclass(frozen=True)
class Days:
    """The days [*first*, *end*): *end* itself is outside. Empty where *end* is not after *first*."""

    first: date
    end: date

    def hold(self, days: pd.Series[pd.Timestamp]) -> pd.Series[bool]:
        """Whether each of *days* (datetime64 without a zone) is one of these."""
        return (days >= pd.Timestamp(self.first)) & (days < pd.Timestamp(self.end))


def end_day(inventory: AssetInventory, period: Period) -> date:
    """
    The company's day in which t lies: the first one that does not count.

    For a week that is over it is the Monday after it. Where the as-of lies inside the week, the as-of's
    own day is not over, and only the days before it count.
    """
    return inventory.moment(period).astimezone(ZoneInfo(inventory.company.time_zone)).date()


def days_of(inventory: AssetInventory, period: Period, weeks: int = 1) -> Days:
    """The days before t of the *weeks* weeks that end with *period*."""
    return Days(period.shifted(1 - weeks).first_day, end_day(inventory, period))


def year_to_date(inventory: AssetInventory, period: Period) -> Days:
    """The days before t of the fiscal year in which the last of them lies."""
    end = end_day(inventory, period)
    return Days(fiscal_year_start(end - timedelta(days=1), inventory.company.fiscal_year_start), end)


def fiscal_year_start(day: date, first_month: int) -> date:
    """The first day of the fiscal year in which *day* lies; fiscal years begin with *first_month* (1 to 12)."""
    return date(day.year if day.month >= first_month else day.year - 1, first_month, 1)


def start_of(days: Days, inventory: AssetInventory) -> datetime:
    """The instant (UTC) at which *days* begin in the company's time zone."""
    return midnight(days.first, inventory.company.time_zone)


def month_of(day: date) -> str:
    """`2026-11`, as the plan writes it."""
    return f"{day.year:04}-{day.month:02}"


def month_after(day: date, months: int = 1) -> date:
    """The first day of the month that is *months* after that of *day*; negative ones are before it."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)
