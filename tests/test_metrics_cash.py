from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck import metrics
from quarterdeck.config import Policies
from quarterdeck.inventory import NotAvailable
from quarterdeck.metrics.days import Days
from quarterdeck.metrics.forecast import Outlook, outlook
from quarterdeck.metrics.recurring import exact_median, monthly_amount, payment_days
from quarterdeck.period import Period

# P is Monday 23 to Sunday 29 November 2026, t its end, Monday 30 November 00:00; the snapshot was taken a day later.
P = Period.parse("2026-W48", "UTC")
AS_OF = "2026-12-01"

CHART = [
    {"account": "1000", "name": "Bank", "kind": "cash"},
    {"account": "1100", "name": "Till", "kind": "cash"},
    {"account": "1900", "name": "Boats", "kind": "asset"},
    {"account": "5000", "name": "Fuel", "kind": "cogs"},
    {"account": "5500", "name": "Crew", "kind": "labour"},
    {"account": "6000", "name": "Rent", "kind": "opex"},
]


def balance(day, amount, account="1000"):
    return {"date": day, "account": account, "balance_minor": amount}


def event(number, price, paid, starts, **columns):
    return {
        "event_id": f"e{number}",
        "business": "Bay Sails",
        "status": "booked",
        "booked_at": "2026-01-02",
        "starts_at": starts,
        "price_minor": price,
        "paid_minor": paid,
    } | columns


def claim(number, event_number, amount, status="confirmed", **columns):
    return {
        "claim_id": f"c{number}",
        "event_id": f"e{event_number}",
        "role": "captain",
        "status": status,
        "hours": 1,
        "rate_minor": amount,
    } | columns


def expense(day, vendor, amount, account="6000"):
    return {"date": day, "vendor": vendor, "amount_minor": amount, "account": account}


def plan_of(account, amount, months=("2026-11", "2026-12", "2027-01", "2027-02", "2027-03")):
    return [{"month": month, "account": account, "amount_minor": amount} for month in months]


@pytest.fixture
def company_of(inventory_of):
    """A function (tables that differ) → a company whose forecast is its cash of 1,000 and nothing else."""

    def build(*, minimum=0, as_of=AS_OF, **tables):
        quiet = {
            "accounts": CHART,
            "balances": [balance("2026-11-29", 1_000)],
            "events": [event(1, None, None, "2026-06-01", status="inquiry")],
            "claims": [claim(1, 1, 1, status="declined")],
            "expenses": [expense("2026-11-01", "Once", 1)],
            "plan": plan_of("6000", 0),
        }
        policies = {"minimum_cash_minor": minimum, "policies": Policies(minimum_cash=Decimal(minimum) / 100)}
        return inventory_of(as_of, settings=policies, **(quiet | tables))

    return build


def test_cash_is_the_latest_balance_before_t_of_each_cash_account(inventory_of):
    """Bank 500 on Sunday, till 70 on the Friday before; the Monday's balance and the boats do not count."""
    inventory = inventory_of(
        AS_OF,
        accounts=CHART,
        balances=[
            balance("2026-11-29", 500),
            balance("2026-11-22", 9_999),
            balance("2026-11-30", 9_999),
            balance("2026-11-20", 70, "1100"),
            balance("2026-11-29", 10**6, "1900"),
        ],
    )

    assert metrics.cash(inventory, P).value == 570
    assert metrics.cash(inventory, P).by == {"Bank": 500, "Till": 70}
    assert metrics.cash(inventory, P.shifted(-1)).by == {"Bank": 9_999, "Till": 70}


def test_an_account_without_a_balance_is_not_zero(inventory_of):
    """A cash account that has no balance yet is shown as missing; where none has one, cash is not available."""
    inventory = inventory_of(
        AS_OF, accounts=CHART, balances=[balance("2026-11-29", 500), balance("2026-11-01", 1, "1900")]
    )

    assert metrics.cash(inventory, P).by == {"Bank": 500, "Till": None}
    assert metrics.cash(inventory, P.shifted(-1)).value is None
    assert metrics.cash(inventory, P.shifted(-1)).reason == "no cash account has a balance before 23 November 2026"


def test_the_balance_of_the_as_ofs_own_day_is_not_closed(inventory_of):
    """In a week that the snapshot saw half, the last balance is that of the day before the as-of's."""
    inventory = inventory_of(
        "2026-11-25 18:00", accounts=CHART, balances=[balance("2026-11-24", 1), balance("2026-11-25", 2)]
    )

    assert metrics.cash(inventory, P).value == 1


def test_cash_by_week_leaves_out_what_is_not_known(inventory_of):
    """Weeks before the first balance are missing, not zero."""
    inventory = inventory_of(AS_OF, accounts=CHART, balances=[balance("2026-11-20", 5), balance("2026-11-29", 7)])

    weeks = metrics.cash_by_week(inventory, P, weeks=3)

    assert weeks["week"].tolist() == ["2026-W46", "2026-W47", "2026-W48"]
    assert weeks["cash_minor"].fillna(-1).tolist() == [-1, 5, 7]
    assert weeks["ends_on"].dt.date.tolist()[-1] == date(2026, 11, 29)


def test_a_quiet_company_keeps_its_cash(company_of):
    """Without anything due in 13 weeks each week ends as it began, and the runway is beyond them."""
    inventory = company_of()

    weeks = metrics.cash_forecast(inventory, P)

    assert weeks["closing_minor"].tolist() == [1_000] * 13
    assert weeks["starts_on"].dt.date.tolist()[:2] == [date(2026, 11, 30), date(2026, 12, 7)]
    assert weeks["ends_on"].dt.date.tolist()[-1] == date(2027, 2, 28)
    assert metrics.lowest_cash(inventory, P).value == 1_000
    runway = metrics.runway_weeks(inventory, P)
    assert (runway.value, runway.reason) == (None, "beyond 13 weeks")


def test_booked_events_pay_their_balance_a_week_before_they_start(company_of):
    """
    Unpaid balances come in 7 days before the start's day; overdue ones in week 1.

    e2 starts 13 December → 6 December, week 1. e3 starts 14 December → 7 December, week 2. e4 starts tomorrow →
    overdue, week 1. e5 is over but not closed → week 1. e6 starts 8 March → 1 March, after week 13.
    """
    inventory = company_of(
        events=[
            event(2, 100, 40, "2026-12-13 22:00"),
            event(3, 100, 0, "2026-12-14 01:00"),
            event(4, 50, 20, "2026-12-01"),
            event(5, 7, 0, "2026-11-01"),
            event(6, 10**6, 0, "2027-03-08"),
            event(7, 100, 130, "2026-12-20"),  # paid over its price
            event(8, None, 0, "2026-12-20"),
            event(9, 100, None, "2026-12-20"),  # what was paid is not known
            event(10, 10**6, 0, "2026-12-20", cancelled_at="2026-11-20", status="cancelled"),
            event(11, 10**6, 0, "2026-12-20", booked_at="2026-11-30"),  # booked at t itself
            event(12, 10**6, 0, "2026-12-20", booked_at=None, status="quoted"),
        ]
    )

    weeks = metrics.cash_forecast(inventory, P)

    assert weeks["balances_minor"].tolist() == [60 + 30 + 7, 100] + [0] * 11
    assert weeks["receivables_minor"].sum() == 0


def test_served_events_pay_thirty_days_after_they_end(company_of):
    """Ended 6 November → 6 December, week 1; ended 7 November → week 2; ended in May → overdue, week 1."""
    inventory = company_of(
        events=[
            event(2, 100, 40, "2026-11-05", ends_at="2026-11-06 23:00", status="completed"),
            event(3, 100, 0, "2026-11-07", status="completed"),
            event(4, 9, 0, "2026-05-07", status="completed"),
            event(5, 100, 100, "2026-11-07", status="completed"),
        ]
    )

    weeks = metrics.cash_forecast(inventory, P)

    assert weeks["receivables_minor"].tolist() == [69, 100] + [0] * 11
    assert weeks["balances_minor"].sum() == 0
    assert weeks["receivables_minor"].sum() == metrics.receivables(inventory, P).value


def test_due_days_are_the_companys(inventory_of):
    """An event that starts on Sunday evening in Los Angeles is due a week before that Sunday, not before Monday."""
    tables = {
        "accounts": CHART,
        "balances": [balance("2026-11-29", 0)],
        "claims": [claim(1, 1, 1, status="declined")],
        "expenses": [expense("2026-11-01", "Once", 1)],
        "plan": plan_of("6000", 0),
        "events": [event(1, 100, 0, "2026-12-14 04:00")],  # Sunday 13 December 20:00 there
    }
    inventory = inventory_of(AS_OF, settings={"time_zone": "America/Los_Angeles"}, **tables)

    weeks = metrics.cash_forecast(inventory, Period.parse("2026-W48", "America/Los_Angeles"))

    assert weeks["balances_minor"].tolist()[:2] == [100, 0]


def test_crews_are_paid_a_week_after_the_event(company_of):
    """
    Claims completed and confirmed on booked events, a week after the end; paid, open and declined ones are not due.

    e2 ended 29 November → 6 December, week 1; e3 ends 30 November → 7 December, week 2; e4 was cancelled.
    """
    inventory = company_of(
        events=[
            event(2, 1, 1, "2026-11-29", status="completed"),
            event(3, 1, 1, "2026-11-29", ends_at="2026-11-30 00:00"),
            event(4, 1, 1, "2026-12-01", status="cancelled", cancelled_at="2026-11-01"),
        ],
        claims=[
            claim(1, 2, 500, "completed"),
            claim(2, 2, 400, "paid"),
            claim(3, 3, 101, "confirmed", hours="2.5"),  # 252.5 rounds half-even to 252
            claim(4, 3, 300, "open"),
            claim(5, 3, 300, "claimed"),
            claim(6, 4, 300),
            claim(7, 3, 300, claimed_at="2026-11-30 08:00"),  # after t
            claim(8, 99, 300),
        ],
    )

    weeks = metrics.cash_forecast(inventory, P)

    assert weeks["crew_minor"].tolist() == [500, 252] + [0] * 11


def test_a_vendor_recurs_when_three_of_four_months_are_alike(inventory_of):
    """
    Rent is 100 every month; cloud 80, 100, 120 lie within ±20 % of their median; power 79, 100, 120 do not.

    Phone has 100 three times and 500 once; a one-off, a credit and crews do not recur. November is t's month and
    says only when the next payment comes.
    """
    months = ("2026-07", "2026-08", "2026-09", "2026-10")
    inventory = inventory_of(
        AS_OF,
        accounts=CHART,
        expenses=[
            *[expense(f"{month}-05", "Landlord", 100) for month in (*months, "2026-11")],
            *[
                expense(f"{month}-20", "Cloud", amount, None)
                for month, amount in zip(months[1:], (80, 120, 100), strict=True)
            ],
            *[
                expense(f"{month}-20", "Power", amount)
                for month, amount in zip(months[1:], (79, 120, 100), strict=True)
            ],
            *[expense(f"{month}-28", "Phone", 50) for month in months for _ in range(2)],
            expense("2026-10-28", "Phone", 400, "5000"),
            *[expense(f"{month}-15", "Crew agency", 900, "5500") for month in months],
            *[expense(f"{month}-15", "Refunder", -900) for month in months],
            expense("2026-06-05", "Old", 70),
            *[expense(f"{month}-05", "Old", 70) for month in months[:2]],
            expense("2026-11-30", "Landlord", 10**6, "5000"),  # after t
        ],
    )

    frame = metrics.recurring_expenses(inventory, P)

    assert frame["vendor"].tolist() == ["Cloud", "Landlord", "Phone"]
    assert frame["monthly_minor"].tolist() == [100, 100, 100]
    assert frame["account"].fillna("none").tolist() == ["none", "6000", "5000"]
    assert frame["months"].tolist() == [3, 4, 3]
    assert frame["last_on"].dt.date.tolist() == [date(2026, 10, 20), date(2026, 11, 5), date(2026, 10, 28)]


@pytest.mark.parametrize(
    ("amounts", "monthly"),
    [
        ([100, 100, 100], (100, 3)),
        ([80, 100, 120], (100, 3)),
        ([79, 100, 120], None),
        ([100, 100], None),
        ([100, 101, 103, 104], (102, 4)),
        ([100, 101, 102, 104], (102, 4)),  # 101.5 rounds half-even to 102
        ([100, 100, 101, 101], (100, 4)),  # 100.5 rounds half-even to 100
        ([-100, -100, -100], None),
        ([0, 0, 0], None),
        ([10**17 + 1] * 3, (10**17 + 1, 3)),
    ],
)
def test_the_monthly_amount_is_the_exact_median(amounts, monthly):
    """Three sums within ±20 % of the median, the bound included, make it the monthly amount, rounded half-even."""
    assert monthly_amount(amounts) == monthly


@given(st.lists(st.integers(-(10**18), 10**18), min_size=1, max_size=9))
def test_half_of_the_amounts_lie_on_each_side_of_the_median(amounts):
    """The median is exact, whatever the size of the amounts and their order."""
    median = exact_median(amounts)

    assert isinstance(median, Fraction)
    assert sum(amount < median for amount in amounts) <= len(amounts) / 2
    assert sum(amount > median for amount in amounts) <= len(amounts) / 2


def test_a_payment_day_is_clipped_to_the_month():
    """Paid on 31 October: due on 30 November, 31 December, 31 January and 28 February."""
    horizon = Days(date(2026, 11, 30), date(2027, 3, 1))

    assert payment_days(date(2026, 10, 31), horizon) == [
        date(2026, 11, 30),
        date(2026, 12, 31),
        date(2027, 1, 31),
        date(2027, 2, 28),
    ]
    assert payment_days(date(2026, 11, 2), horizon) == [date(2026, 12, 2), date(2027, 1, 2), date(2027, 2, 2)]
    assert payment_days(date(2026, 10, 2), horizon)[0] == date(2026, 11, 2)  # overdue


def test_recurring_expenses_leave_on_their_day_and_overdue_ones_at_once(company_of):
    """
    Landlord, last paid 5 November: 5 December (week 1), 5 January (week 6), 5 February (week 10).

    Cloud, last paid 20 October, is missing in November: week 1; then 20 December (week 3), 20 January, 20 February.
    """
    inventory = company_of(
        expenses=[
            *[expense(f"2026-{month:02}-05", "Landlord", 100) for month in range(7, 12)],
            *[expense(f"2026-{month:02}-20", "Cloud", 7, None) for month in range(7, 11)],
        ]
    )

    weeks = metrics.cash_forecast(inventory, P)["recurring_minor"].tolist()

    assert weeks == [107, 0, 7, 0, 0, 100, 0, 7, 0, 100, 0, 7, 0]


def test_planned_costs_count_beyond_what_recurs(company_of):
    """
    Rent 3,100 is planned and 3,000 recurs: 100 a month are left. Fuel recurs over its plan: nothing is left.

    November has 30 days: 100 → 3 a day, 10 left for the first; 30 November has 3. December and January have 31:
    3 a day, 7 left for the first. February has 28: 3 a day, 16 left for the first.
    """
    months = range(7, 12)
    inventory = company_of(
        expenses=[
            *[expense(f"2026-{month:02}-01", "Landlord", 3_000) for month in months],
            *[expense(f"2026-{month:02}-01", "Pump", 700, "5000") for month in months],
        ],
        plan=[*plan_of("6000", 3_100), *plan_of("5000", 500), *plan_of("5500", 10**6)],
    )

    weeks = metrics.cash_forecast(inventory, P)["planned_minor"].tolist()

    assert weeks[0] == 3 + 6 * 4  # 30 November, 1 to 6 December
    assert weeks[1] == 1 * 4 + 6 * 3  # 7 to 13 December
    assert weeks[2:4] == [21, 21]
    assert sum(weeks) == 3 + 100 + 100 + 100  # 30 November to 28 February


def test_a_plan_by_business_is_one_plan_of_the_account(company_of):
    """What recurs is taken from the account's whole plan, not from each business's row of it."""
    rows = [
        {"month": f"{year}-{month:02}", "account": "6000", "business": business, "amount_minor": 1_550}
        for year, month in ((2026, 11), (2026, 12), (2027, 1), (2027, 2))
        for business in ("Bay Sails", "Whale Watch")
    ]
    inventory = company_of(
        plan=rows, expenses=[expense(f"2026-{month:02}-01", "Landlord", 3_100) for month in range(7, 12)]
    )

    assert metrics.cash_forecast(inventory, P)["planned_minor"].sum() == 0


def test_the_lowest_week_and_the_runway_are_read_off_the_weeks_ends(company_of):
    """
    Cash 1,000; crew 900 leave in week 2; 500 come in week 3; 450 leave in week 5.

    Ends: 1,000, 100, 600, 600, 150, … The lowest is week 2. The minimum of 150 is missed in week 2 alone; 100 never.
    """
    tables = {
        "events": [event(2, 500, 0, "2026-12-21"), event(3, 0, 0, "2026-12-01"), event(4, 0, 0, "2026-12-23")],
        "claims": [claim(1, 3, 900), claim(2, 4, 450)],
    }

    forecast = metrics.cash_forecast(company_of(**tables), P)

    assert forecast["closing_minor"].tolist() == [1_000, 100, 600, 600] + [150] * 9
    assert metrics.lowest_cash(company_of(**tables), P).value == 100
    assert metrics.runway_weeks(company_of(minimum=150, **tables), P).value == 2
    assert metrics.runway_weeks(company_of(minimum=100, **tables), P).value is None


def test_sensitivity_moves_bookings_by_a_tenth_and_receipts_by_two_weeks(company_of):
    """
    Cash 1,000; in: balances 505 in week 1, receivables 100 in week 1; out: crew 1,550 in week 2.

    Expected: 1,605 then 55. +10 %: 555.5 → 556, low 106. −10 %: 454.5 → 454, low 4. Later: 1,000, −550, then
    605 more in week 3.
    """
    inventory = company_of(
        minimum=50,
        events=[
            event(2, 505, 0, "2026-12-02"),
            event(3, 100, 0, "2026-11-06", status="completed"),
            event(4, 0, 0, "2026-12-01"),
        ],
        claims=[claim(1, 4, 1_550)],
    )

    frame = metrics.cash_sensitivity(inventory, P)

    assert frame["case"].tolist() == [
        "As expected",
        "Bookings 10% higher",
        "Bookings 10% lower",
        "Receipts 14 days later",
    ]
    assert frame["lowest_minor"].tolist() == [55, 106, 4, -550]
    assert frame["lowest_week"].tolist() == [2, 2, 2, 2]
    assert frame["lowest_starts_on"].dt.date.tolist()[0] == date(2026, 12, 7)
    assert frame["runway_weeks"].fillna(0).tolist() == [0, 0, 2, 2]
    assert frame["closing_minor"].tolist() == [55, 106, 4, 55]


def test_commitments_are_the_forecasts_crews_and_recurring_expenses(company_of):
    """Each vendor and the crews, what they get in 13 weeks and when next; together the two lines of the forecast."""
    inventory = company_of(
        events=[
            event(2, 1, 1, "2026-11-23", status="completed"),
            event(3, 1, 1, "2026-12-01"),
            event(4, 1, 1, "2027-06-01"),
        ],
        claims=[claim(1, 2, 500, "completed"), claim(2, 3, 250), claim(3, 3, 50), claim(4, 4, 10**6)],
        expenses=[
            *[expense(f"2026-{month:02}-05", "Landlord", 100) for month in range(7, 12)],
            *[expense(f"2026-{month:02}-20", "Cloud", 7, None) for month in range(7, 11)],
        ],
    )

    frame = metrics.commitments(inventory, P)
    forecast = metrics.cash_forecast(inventory, P)

    assert frame["commitment"].tolist() == ["Crew, work done", "Crew, confirmed", "Landlord", "Cloud"]
    assert frame["amount_minor"].tolist() == [500, 300, 300, 28]
    assert frame["payments"].tolist() == [1, 2, 3, 4]
    assert frame["account"].fillna("").tolist() == ["", "", "Rent", ""]
    assert frame["next_on"].dt.date.tolist()[-1] == date(2026, 11, 20)
    assert frame["amount_minor"].sum() == forecast["crew_minor"].sum() + forecast["recurring_minor"].sum()


def test_a_forecast_that_the_plan_does_not_cover_is_not_available(company_of):
    """Weeks without a plan are not weeks without costs: the reason names the days."""
    inventory = company_of(plan=plan_of("6000", 5, months=("2026-11", "2026-12")))

    assert metrics.lowest_cash(inventory, P).reason == "the plan has no costs for 1 to 31 January 2027"
    assert metrics.runway_weeks(inventory, P).reason == metrics.lowest_cash(inventory, P).reason


@pytest.mark.parametrize("absent", ["events", "claims", "expenses", "accounts", "plan", "balances"])
def test_a_forecast_needs_all_of_its_tables(company_of, absent):
    """A table without rows makes the forecast not available, and is the reason; the frames refuse likewise."""
    inventory = company_of(**{absent: []})

    assert metrics.lowest_cash(inventory, P).value is None
    assert metrics.lowest_cash(inventory, P).reason == f"the source of {absent} holds no rows"
    with pytest.raises(NotAvailable):
        metrics.cash_forecast(inventory, P)
    with pytest.raises(NotAvailable):
        metrics.cash_sensitivity(inventory, P)


def test_the_forecast_is_known_only_now(company_of):
    """For an earlier week, whose payments nobody knows any more, figures and tables of the forecast are refused."""
    inventory = company_of()

    assert metrics.lowest_cash(inventory, P.shifted(-1)).reason == "known only for the latest full week of the data"
    for frame in (metrics.cash_forecast, metrics.cash_sensitivity, metrics.commitments):
        with pytest.raises(NotAvailable):
            frame(inventory, P.shifted(-1))


def test_a_week_that_is_not_over_is_forecast_from_the_as_of(company_of):
    """Where the as-of lies inside the week, week 1 begins with its day."""
    inventory = company_of(as_of="2026-12-02 15:00", balances=[balance("2026-12-01", 5)])

    weeks = metrics.cash_forecast(inventory, P.shifted(1))

    assert weeks["starts_on"].dt.date.tolist()[0] == date(2026, 12, 2)
    assert weeks["closing_minor"].tolist()[-1] == 5


weekly = st.lists(st.integers(0, 10**12), min_size=13, max_size=13).map(tuple)
outlooks = st.builds(
    Outlook,
    first=st.just(date(2026, 11, 30)),
    opening=st.integers(-(10**12), 10**12),
    balances=weekly,
    receivables=weekly,
    crew=weekly,
    recurring=weekly,
    planned=weekly,
)


@given(outlooks)
def test_no_money_is_lost_between_the_weeks(expected):
    """The last week's end is the opening plus all that came less all that went, and none is under the lowest."""
    received = sum(expected.balances) + sum(expected.receivables)
    paid = sum(expected.crew) + sum(expected.recurring) + sum(expected.planned)

    assert expected.closings[-1] == expected.opening + received - paid
    assert expected.lowest()[0] == min(expected.closings) == expected.closings[expected.lowest()[1] - 1]


@given(outlooks)
def test_less_or_later_receipts_never_raise_the_lowest_week(expected):
    """A tenth less, or two weeks later, is never better; a tenth more never worse; as much is the same."""
    assert (
        expected.with_balances_at(90).lowest()[0] <= expected.lowest()[0] <= expected.with_balances_at(110).lowest()[0]
    )
    assert expected.with_receipts_later(2).lowest()[0] <= expected.lowest()[0]
    assert expected.with_balances_at(100) == expected.with_receipts_later(0) == expected


later_days = st.dates(min_value=date(2026, 11, 30), max_value=date(2027, 3, 1))


@settings(max_examples=12, deadline=None)
@given(day=later_days, amount=st.integers(1, 10**9), hours=st.integers(0, 72))
def test_what_happens_after_t_never_changes_the_forecast_at_t(forecast_company, day, amount, hours):
    """Expenses, balances, bookings, cancellations and claims dated on or after t leave every week as it was."""
    after = (P.end + timedelta(hours=hours)).isoformat()
    known = forecast_company()
    more = forecast_company(
        expenses=[expense(day.isoformat(), "Landlord", amount)],
        balances=[balance(day.isoformat(), amount)],
        events=[
            event(90, amount, 0, "2026-12-20", booked_at=after),
            event(
                91, amount, 0, "2026-12-20", created_at=after, booked_at=after, status="cancelled", cancelled_at=after
            ),
        ],
        claims=[claim(90, 2, amount, claimed_at=after)],
    )

    assert outlook(more, P) == outlook(known, P)


@pytest.fixture(scope="module")
def forecast_company(inventory_of):
    """A function (rows to add) → a company with one of everything that the forecast counts."""
    base = {
        "accounts": CHART,
        "balances": [balance("2026-11-29", 1_000)],
        "events": [event(2, 100, 40, "2026-12-13"), event(3, 100, 0, "2026-11-07", status="completed")],
        "claims": [claim(1, 3, 50, claimed_at="2026-10-01")],
        "expenses": [expense(f"2026-{month:02}-05", "Landlord", 100) for month in range(7, 12)],
        "plan": plan_of("6000", 300),
    }
    return lambda **more: inventory_of(AS_OF, **{name: rows + more.get(name, []) for name, rows in base.items()})
