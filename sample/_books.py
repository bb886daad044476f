"""Three years of books: chart of accounts, plan, weekly bank balances, and the expenses of `_expenses`."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from _company import (
    AS_OF,
    BAY_SAILS,
    BUSINESSES,
    FIRST_WEEK,
    HARBOUR_LIGHTS,
    LAST_FULL_WEEK,
    WHALE_WATCH,
    expected_revenue,
    local_day,
    monday,
)
from _crew import Job
from _expenses import BOOKS_START, DIRECT_SHARES, Expense, all_expenses
from _trips import Trip

CHART = (
    ("1000", "Operating account", "cash"),
    ("1010", "Reserve account", "cash"),
    ("1200", "Receivables", "asset"),
    ("1500", "Vessels", "asset"),
    ("2100", "Customer deposits", "liability"),
    ("2400", "Vessel loan", "liability"),
    ("3000", "Owners' equity", "equity"),
    ("3100", "Distributions", "equity"),
    ("4000", "Charter revenue", "revenue"),
    ("5100", "Crew wages", "labour"),
    ("5200", "Fuel", "cogs"),
    ("5210", "Catering and bar", "cogs"),
    ("5220", "Dock and passenger fees", "cogs"),
    ("5230", "Charter supplies", "cogs"),
    ("5240", "Commissions and card fees", "cogs"),
    ("6100", "Office salaries", "opex"),
    ("6110", "Rent", "opex"),
    ("6120", "Insurance", "opex"),
    ("6130", "Vessel maintenance", "opex"),
    ("6140", "Software and hosting", "opex"),
    ("6150", "Advertising", "opex"),
    ("6160", "Professional fees", "opex"),
    ("6170", "Berth leases", "opex"),
    ("6180", "Utilities and phones", "opex"),
    ("6190", "Training and travel", "opex"),
    ("7000", "Income and franchise tax", "tax"),
)
# What the budget expected over what the season brings, by month of 2026: it believed in Bay Sails.
_PLAN_2026: Mapping[str, Sequence[float]] = {
    HARBOUR_LIGHTS: (0.98, 0.98, 0.98, 0.975, 0.975, 0.97, 0.97, 0.97, 0.97, 0.985, 1.005, 0.99),
    BAY_SAILS: (1.02, 1.03, 1.05, 1.075, 1.08, 1.08, 1.07, 1.06, 1.04, 1.16, 1.22, 1.12),
    WHALE_WATCH: (1.01, 1.01, 1.01, 1.015, 1.015, 1.015, 1.015, 1.015, 1.015, 1.03, 1.03, 1.02),
}
_PLAN_LABOUR = {HARBOUR_LIGHTS: 0.292, BAY_SAILS: 0.315, WHALE_WATCH: 0.305}
# Dollars a month, January to December.
_PLAN_OPERATING: Mapping[str, Sequence[int]] = {
    "6100": (16500,) * 12,
    "6110": (3900,) * 12,
    "6120": (5200,) * 12,
    "6130": (18000, 4800, 5800, 7000, 6600, 6200, 5800, 5800, 6200, 6600, 6200, 5200),
    "6140": (2900,) * 12,
    "6150": (4400, 4800, 5600, 11800, 7000, 7600, 8000, 7800, 13200, 10200, 6200, 5000),
    "6160": (1900,) * 12,
    "6170": (6800,) * 12,
    "6180": (1250,) * 12,
    "6190": (1400, 1100, 800, 600, 500, 500, 400, 400, 600, 700, 800, 600),
}
_CASH_NOW = 212_400_00  # both accounts on the last Friday
_RESERVE = {2024: 40_000_00, 2025: 50_000_00, 2026: 60_000_00}

Row = Sequence[str]


def write_books(folder: Path, trips: list[Trip], jobs: list[Job]) -> None:
    """Write the four files of the books into *folder*."""
    revenue = weekly_revenue(trips)
    expenses = all_expenses(trips, revenue)
    _write(folder / "chart_of_accounts.csv", ("account", "name", "kind"), CHART)
    _write(
        folder / "expenses.csv",
        ("date", "vendor", "description", "amount", "account", "business", "project", "channel", "currency"),
        (_expense_row(expense) for expense in expenses),
    )
    _write(folder / "plan.csv", ("month", "account", "business", "amount"), _plan())
    _write(folder / "balances.csv", ("date", "account", "balance"), _balances(trips, jobs, expenses))


def weekly_revenue(trips: Iterable[Trip]) -> dict[tuple[str, date], float]:
    """Dollars earned by business and Monday: as sailed, and as expected for the year before the booking system."""
    revenue: defaultdict[tuple[str, date], float] = defaultdict(float)
    first = BOOKS_START
    while first < FIRST_WEEK:
        for business in BUSINESSES:
            revenue[business, first] = expected_revenue(business, first + timedelta(days=3))
        first += timedelta(weeks=1)
    for trip in trips:
        if trip.state == "sailed" or trip.planted == "unclosed":
            revenue[trip.business, monday(local_day(trip.ends))] += trip.price / 100
    return dict(revenue)


def _plan() -> list[Row]:
    rows: list[Row] = []
    for year in (2025, 2026, 2027):
        for month in range(1, 13):
            for business in BUSINESSES:
                revenue = _planned_revenue(business, year, month)
                name = f"{year}-{month:02}"
                rows.append((name, "4000", business, f"{round(revenue, -2):.2f}"))
                rows.append((name, "5100", business, f"{round(revenue * _PLAN_LABOUR[business], -1):.2f}"))
                for account, shares in DIRECT_SHARES.items():
                    rows.append((name, account, business, f"{round(revenue * shares[business], -1):.2f}"))
            growth = {2025: 0.96, 2026: 1.0, 2027: 1.02}[year]
            fixed = {"6100", "6110", "6120", "6170"}
            for account, months in _PLAN_OPERATING.items():
                level = 1.0 if account in fixed else growth
                rows.append((f"{year}-{month:02}", account, "", f"{round(months[month - 1] * level, -1):.2f}"))
    return rows


def _planned_revenue(business: str, year: int, month: int) -> float:
    day = date(year, month, 1)
    total = 0.0
    while day.month == month:
        total += expected_revenue(business, day) / 7
        day += timedelta(days=1)
    factor = _PLAN_2026[business][month - 1] if year == 2026 else {2025: 0.99, 2027: 1.01}[year]
    return total * factor


def _balances(trips: list[Trip], jobs: list[Job], expenses: list[Expense]) -> list[Row]:
    """Friday balances, reckoned back from today's by everything that came in and went out in between."""
    flows = _weekly_flows(trips, jobs, expenses)
    rows: list[Row] = []
    friday, total = LAST_FULL_WEEK + timedelta(days=4), _CASH_NOW
    while friday >= BOOKS_START:
        reserve = _RESERVE[friday.year]
        rows.append((friday.isoformat(), "1010", _decimal(reserve)))
        rows.append((friday.isoformat(), "1000", _decimal(total - reserve)))
        total -= flows.get(friday, 0)
        friday -= timedelta(weeks=1)
    return rows[::-1]


def _weekly_flows(trips: list[Trip], jobs: list[Job], expenses: list[Expense]) -> dict[date, int]:
    """Cents in less cents out, by the Friday that ends the bank's week."""
    flows: defaultdict[date, int] = defaultdict(int)
    start = _friday(FIRST_WEEK + timedelta(weeks=1))
    for trip in trips:
        for day, cents in trip.payments:
            if _friday(day) >= start:
                flows[_friday(day)] += cents
    for expense in expenses:
        flows[_friday(expense.day)] -= expense.cents
    for job in jobs:
        if job.is_paid_work and job.trip.ends <= AS_OF:
            flows[_friday(local_day(job.trip.ends) + timedelta(days=7))] -= job.cents
    friday = _friday(BOOKS_START)
    while friday < start:  # the year before the booking system: paid as earned
        for business in BUSINESSES:
            earned = expected_revenue(business, friday)
            flows[friday] += round(earned * (1 - _PLAN_LABOUR[business]) * 100)
        friday += timedelta(weeks=1)
    return flows


def _friday(day: date) -> date:
    """The first Friday on or after *day*."""
    return day + timedelta(days=(4 - day.weekday()) % 7)


def _expense_row(expense: Expense) -> Row:
    return (
        expense.day.isoformat(),
        expense.vendor,
        expense.description,
        _decimal(expense.cents),
        expense.account,
        expense.business,
        expense.project,
        expense.channel,
        "USD",
    )


def _decimal(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def _write(path: Path, head: Row, rows: Iterable[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)
