from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.inventory import NotAvailable
from quarterdeck.metrics.days import Days, days_of, end_day, fiscal_year_start, month_after, year_to_date
from quarterdeck.metrics.plan import months_in, planned, share_of_month, spread
from quarterdeck.period import Period

CHART = [
    {"account": "4000", "name": "Charters", "kind": "revenue"},
    {"account": "5000", "name": "Fuel", "kind": "cogs"},
    {"account": "6000", "name": "Rent", "kind": "opex"},
]
amounts = st.integers(min_value=-(10**15), max_value=10**15)
days = st.dates(min_value=date(2015, 1, 1), max_value=date(2035, 12, 31))


@given(amount=amounts, count=st.integers(min_value=1, max_value=31))
def test_the_days_of_a_month_sum_to_it_and_differ_by_a_cent_at_most(amount, count):
    """Spreading loses nothing and favours no day by more than one minor unit, the first days first."""
    parts = spread(amount, count)

    assert sum(parts) == amount
    assert len(parts) == count
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, reverse=True)


def test_the_remainder_goes_to_the_first_days():
    """100 over 30 days is 3 a day and 10 left, −100 is −4 and 20 left: one each for the first 10 and 20 days."""
    assert spread(100, 30) == [4] * 10 + [3] * 20
    assert spread(-100, 30) == [-3] * 20 + [-4] * 10


@given(amount=amounts, first=days, length=st.integers(min_value=0, max_value=400), cut=st.integers(0, 400))
def test_any_days_are_the_sum_of_their_parts(amount, first, length, cut):
    """What falls on some days is what falls on the first of them and on the rest, whatever the months."""

    def share(part):
        return sum(share_of_month(amount, of_month) for _, of_month in months_in(part))

    middle = first + timedelta(days=min(cut, length))
    end = first + timedelta(days=length)

    assert share(Days(first, end)) == share(Days(first, middle)) + share(Days(middle, end))


@given(amount=amounts, day=days)
def test_a_whole_month_has_its_whole_plan(amount, day):
    """The days from the first to the last of a month hold the month's amount exactly."""
    month = day.replace(day=1)

    assert share_of_month(amount, Days(month, month_after(month))) == amount


def test_a_week_over_two_months_takes_from_both(inventory_of):
    """30 November is the last of 30 days, 1 to 6 December the first six of 31: each with its own share."""
    plan = [
        {"month": "2026-11", "account": "4000", "business": "Bay Sails", "amount_minor": 100},
        {"month": "2026-12", "account": "4000", "business": None, "amount_minor": 100},
        {"month": "2026-12", "account": "5000", "business": None, "amount_minor": 10**6},
        {"month": "2026-12", "account": "9999", "business": None, "amount_minor": 10**6},
    ]
    inventory = inventory_of("2026-12-07", plan=plan, accounts=CHART)

    rows = planned(inventory, Days(date(2026, 11, 30), date(2026, 12, 7)), "revenue")

    # November: 100 / 30 = 3, 10 left for days 1 to 10, so day 30 has 3.
    # December: 100 / 31 = 3, 7 left for days 1 to 7, so days 1 to 6 have 4 each.
    assert rows["amount_minor"].tolist() == [3, 24]
    assert rows["business"].fillna("none").tolist() == ["Bay Sails", "none"]


def test_a_month_that_was_not_planned_is_not_a_plan_of_zero(inventory_of):
    """Days outside the plan make it not available, and the reason names them."""
    plan = [{"month": "2026-11", "account": "4000", "amount_minor": 100}]
    inventory = inventory_of("2026-12-07", plan=plan, accounts=CHART)

    with pytest.raises(NotAvailable) as one_month:
        planned(inventory, Days(date(2026, 11, 30), date(2026, 12, 7)), "revenue")
    with pytest.raises(NotAvailable) as one_day:
        planned(inventory, Days(date(2026, 11, 30), date(2026, 12, 1)), "cogs", "opex")

    assert str(one_month.value) == "the plan has no revenue for 1 to 6 December 2026"
    assert str(one_day.value) == "the plan has no costs for 30 November 2026"


def test_no_days_have_no_plan(inventory_of):
    """Before its first day a week has nothing planned, whether or not the plan covers it."""
    inventory = inventory_of(
        "2026-12-07", plan=[{"month": "2020-01", "account": "4000", "amount_minor": 1}], accounts=CHART
    )

    assert planned(inventory, Days(date(2026, 11, 30), date(2026, 11, 30)), "revenue").empty


@given(day=days, month=st.integers(min_value=1, max_value=12))
def test_a_fiscal_year_holds_its_days(day, month):
    """Every day lies in the year that its fiscal year's first day begins."""
    start = fiscal_year_start(day, month)

    assert start <= day < month_after(start, 12)
    assert (start.month, start.day) == (month, 1)


def test_the_year_to_date_is_that_of_the_last_day_before_t(inventory_of):
    """A week that ends with the fiscal year's last day belongs to that year; the one after it to the next."""
    inventory = inventory_of("2026-07-10", settings={"fiscal_year_start": 7})

    # 2024-W26 ends on Sunday 30 June 2024
    assert year_to_date(inventory, Period.parse("2024-W26", "UTC")) == Days(date(2023, 7, 1), date(2024, 7, 1))
    assert year_to_date(inventory, Period.parse("2024-W27", "UTC")) == Days(date(2024, 7, 1), date(2024, 7, 8))


def test_the_day_of_the_as_of_is_not_over(inventory_of):
    """In a week that the snapshot saw half, the days before the as-of's own count, in the company's time zone."""
    inventory = inventory_of("2026-11-26 03:00", settings={"time_zone": "America/Los_Angeles"})  # Wednesday 19:00 there
    week = Period.parse("2026-W48", "America/Los_Angeles")

    assert end_day(inventory, week) == date(2026, 11, 25)
    assert days_of(inventory, week) == Days(date(2026, 11, 23), date(2026, 11, 25))
    assert days_of(inventory, week, weeks=13).first == date(2026, 8, 31)
