from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck import metrics
from quarterdeck.inventory import NotAvailable
from quarterdeck.period import Period

# P is Monday 23 to Sunday 29 November 2026, t its end; the snapshot was taken on the Tuesday after.
P = Period.parse("2026-W48", "UTC")
AS_OF = "2026-12-01"

CHART = [
    {"account": "1000", "name": "Bank", "kind": "cash"},
    {"account": "4000", "name": "Charters", "kind": "revenue"},
    {"account": "5000", "name": "Fuel", "kind": "cogs"},
    {"account": "5100", "name": "Catering", "kind": "cogs"},
    {"account": "5500", "name": "Crew", "kind": "labour"},
    {"account": "6000", "name": "Rent", "kind": "opex"},
    {"account": "6100", "name": "Software", "kind": "opex"},
]
BOOKS = (
    "direct_cost",
    "operating_cost",
    "uncategorised_expenses",
    "gross_margin",
    "gross_margin_rate",
    "operating_result",
    "result_variance_ytd",
    "plan_variance",
    "plan_variance_ytd",
    "cost_variance_ytd",
    "cost_per_booking",
)


def expense(account, amount, day="2026-11-25", **columns):
    return {"date": day, "vendor": "Acme", "amount_minor": amount, "account": account} | columns


def event(number, price, business="Bay Sails", day="2026-11-24", **columns):
    return {
        "event_id": f"e{number}",
        "business": business,
        "status": "completed",
        "booked_at": "2026-01-02",
        "starts_at": f"{day} 09:00",
        "price_minor": price,
    } | columns


def claim(number, event_number, hours, rate, status="completed"):
    return {
        "claim_id": f"c{number}",
        "event_id": f"e{event_number}",
        "role": "captain",
        "status": status,
        "hours": hours,
        "rate_minor": rate,
    }


def year_plan(*rows):
    """The same plan for each month of 2026: (account, business, amount)."""
    return [
        {"month": f"2026-{month:02}", "account": account, "business": business, "amount_minor": amount}
        for month in range(1, 13)
        for account, business, amount in rows
    ]


@pytest.fixture(scope="module")
def company(inventory_of):
    """
    A small company with a plan. What is not in November 2026 lies in January.

    Week 48: revenue 10,000 + 4,000 = 14,000; labour 2 h × 1,000 + 1 h × 500 = 2,500; direct 3,000 + 700 = 3,700
    (700 of it without business); operating 1,200 + 300 = 1,500. January: revenue 50,000, labour 5,000, direct 9,000,
    operating 8,000.
    """
    return inventory_of(
        AS_OF,
        accounts=CHART,
        events=[
            event(1, 10_000),
            event(2, 4_000, business="Whale Watch"),
            event(3, 50_000, day="2026-01-10"),
            event(4, 10**6, day="2026-11-30"),  # after t
        ],
        claims=[
            claim(1, 1, 2, 1_000),
            claim(2, 2, 1, 500),
            claim(3, 3, 5, 1_000, status="paid"),
            claim(4, 4, 9, 9_000),
        ],
        expenses=[
            expense("5000", 3_000, business="Bay Sails"),
            expense("5100", 700, day="2026-11-23"),
            expense("6000", 1_200, day="2026-11-29"),
            expense("6100", 300),
            expense(None, 90, vendor="Unknown"),
            expense("7777", 9, vendor="Unknown"),
            expense("5500", 10**6),  # labour comes from claims
            expense("1000", 10**6),
            expense("5000", 9_000, day="2026-01-05"),
            expense("6000", 8_000, day="2026-01-31"),
            expense("6000", 10**6, day="2026-11-30"),  # after t
            expense("6000", 500, day="2025-12-31"),  # the year before
        ],
        plan=year_plan(
            ("4000", "Bay Sails", 3_000),
            ("4000", "Harbour Lights", 600),
            ("4000", None, 300),
            ("5000", None, 600),
            ("5500", None, 300),
            ("6000", None, 900),
        ),
    )


def test_expenses_are_counted_by_the_kind_of_their_account(company):
    """Direct and operating cost are the week's expenses on their accounts, by business and by account name."""
    direct, operating = metrics.direct_cost(company, P), metrics.operating_cost(company, P)

    assert direct.value == 3_700
    assert list(direct.by.items()) == [("Bay Sails", 3_000), ("Unallocated", 700)]
    assert operating.value == 1_500
    assert list(operating.by.items()) == [("Rent", 1_200), ("Software", 300)]


def test_an_expense_without_a_known_account_is_uncategorised(company):
    """90 without account and 9 on one that the chart does not know: 99 that no margin has seen."""
    assert metrics.uncategorised_expenses(company, P).value == 99


def test_unallocated_cost_stands_last_however_large(inventory_of):
    """What names no business is the last part, even where it is the largest."""
    expenses = [expense("5000", 9_000), expense("5000", 1, business="Bay Sails")]

    by = metrics.direct_cost(inventory_of(AS_OF, accounts=CHART, expenses=expenses), P).by

    assert list(by) == ["Bay Sails", "Unallocated"]


def test_expenses_without_a_column_business_are_all_unallocated(inventory_of):
    """Books that do not name businesses give a total in one part."""
    inventory = inventory_of(AS_OF, accounts=CHART, expenses=[expense("5000", 5)])

    assert metrics.direct_cost(inventory, P).by == {"Unallocated": 5}


def test_two_accounts_of_one_name_are_told_apart(inventory_of):
    """Accounts that share a name are shown with their number behind it."""
    chart = [*CHART, {"account": "6001", "name": "Rent", "kind": "opex"}]
    inventory = inventory_of(AS_OF, accounts=chart, expenses=[expense("6000", 5), expense("6001", 6)])

    assert metrics.operating_cost(inventory, P).by == {"Rent (6001)": 6, "Rent (6000)": 5}


def test_gross_margin_is_what_labour_and_direct_cost_leave(company):
    """Bay Sails 10,000 − 2,000 − 3,000, Whale Watch 4,000 − 500, and 700 that name no business."""
    margin, rate = metrics.gross_margin(company, P), metrics.gross_margin_rate(company, P)

    assert margin.value == 14_000 - 2_500 - 3_700
    assert list(margin.by.items()) == [("Bay Sails", 5_000), ("Whale Watch", 3_500), ("Unallocated", -700)]
    assert rate.value == 7_800 / 14_000
    assert rate.by == {"Bay Sails": 0.5, "Whale Watch": 0.875}


def test_operating_result_is_margin_less_operating_cost(company):
    """14,000 − 2,500 − 3,700 − 1,500."""
    assert metrics.operating_result(company, P).value == 6_300


def test_the_weeks_revenue_stands_against_its_share_of_the_month(company):
    """
    7 of November's 30 days: 3,000 → 700, 600 → 140, 300 → 70, all without a remainder.

    Bay Sails 10,000 − 700; Harbour Lights −140; what the plan does not name, 4,000 of Whale Watch, less the 70
    planned without a business, is unallocated.
    """
    variance = metrics.plan_variance(company, P)

    assert variance.value == 14_000 - 910
    assert list(variance.by.items()) == [("Bay Sails", 9_300), ("Harbour Lights", -140), ("Unallocated", 3_930)]


def test_the_year_to_date_runs_from_the_fiscal_years_start_to_t(company):
    """
    Ten months and 29 of November's 30 days are planned: 3,000 → 32,900, 600 → 6,580, 300 → 3,290.

    Revenue is 64,000: Bay Sails 60,000 − 32,900, Harbour Lights −6,580, unallocated 4,000 − 3,290.
    """
    variance = metrics.plan_variance_ytd(company, P)

    assert variance.value == 64_000 - 42_770
    assert list(variance.by.items()) == [("Bay Sails", 27_100), ("Harbour Lights", -6_580), ("Unallocated", 710)]


def test_cost_variance_is_plan_minus_actual(company):
    """Planned to date: fuel 600 → 6,580 and rent 900 → 9,870; spent 12,700 and 9,500: −5,750 is worse than plan."""
    assert metrics.cost_variance_ytd(company, P).value == 6_580 + 9_870 - (9_000 + 3_700) - (8_000 + 1_500)


def test_result_variance_takes_labour_in(company):
    """
    Revenue is 21,230 over plan, costs 5,750; labour was planned 300 → 3,290 and came to 7,500.

    21,230 − 5,750 − (7,500 − 3,290) = 11,270.
    """
    assert metrics.result_variance_ytd(company, P).value == 21_230 - 5_750 - 4_210


def test_a_plan_without_businesses_gives_no_parts(inventory_of):
    """Where the plan names no business there is one variance, and no split that only says unallocated."""
    inventory = inventory_of(AS_OF, accounts=CHART, events=[event(1, 1_000)], plan=year_plan(("4000", None, 300)))

    variance = metrics.plan_variance(inventory, P)

    assert variance.value == 1_000 - 70
    assert variance.by is None


def test_an_empty_source_of_claims_takes_the_margin_with_it(inventory_of):
    """Where labour is not available, margin and result are not, and give labour's reason."""
    inventory = inventory_of(AS_OF, accounts=CHART, events=[event(1, 5)], claims=[], expenses=[expense("5000", 5)])

    assert metrics.gross_margin(inventory, P).reason == "the source of claims holds no rows"
    assert metrics.gross_margin_rate(inventory, P).reason == metrics.labour_cost(inventory, P).reason
    assert metrics.operating_result(inventory, P).value is None


@pytest.mark.parametrize(
    ("absent", "metric", "reason"),
    [
        ("expenses", "gross_margin", "the company's folder has no expenses"),
        ("accounts", "direct_cost", "the company's folder has no accounts"),
        ("accounts", "uncategorised_expenses", "the company's folder has no accounts"),
        ("plan", "plan_variance", "the company's folder has no plan"),
        ("plan", "result_variance_ytd", "the company's folder has no plan"),
        ("events", "plan_variance", "the company's folder has no events"),
        ("events", "cost_per_booking", "the company's folder has no events"),
    ],
)
def test_an_absent_table_is_the_reason(inventory_of, absent, metric, reason):
    """A figure whose table is absent is not available, and says which one."""
    tables = {
        "accounts": CHART,
        "events": [event(1, 5, channel="web")],
        "claims": [claim(1, 1, 1, 1)],
        "expenses": [expense("5000", 5, channel="web")],
        "plan": year_plan(("4000", None, 1), ("5000", None, 1)),
    }
    del tables[absent]

    figure = getattr(metrics, metric)(inventory_of(AS_OF, **tables), P)

    assert figure.value is None
    assert figure.reason == reason


def test_before_the_books_begin_nothing_is_known(inventory_of):
    """A week before the first expense is not available; one without expenses after it is zero."""
    inventory = inventory_of(AS_OF, accounts=CHART, expenses=[expense("5000", 5, day="2026-11-02")])

    assert metrics.direct_cost(inventory, P).value == 0
    assert metrics.direct_cost(inventory, P.shifted(-4)).reason == "the books hold no expense before 2 November 2026"


def test_expenses_that_name_no_account_say_so(inventory_of):
    """Without a column for the account no cost is known by kind."""
    inventory = inventory_of(
        AS_OF, accounts=CHART, expenses=[{"date": "2026-11-25", "vendor": "Acme", "amount_minor": 5}]
    )

    assert metrics.uncategorised_expenses(inventory, P).reason == "the source of expenses does not say: account"


def test_a_booking_costs_what_its_channel_spent(inventory_of):
    """
    13 weeks: web spent 1,005 on 2 bookings, 502.5 rounds half-even to 502; agents 300 on none; phone is not known.

    In all 1,005 ÷ 2; an expense or a booking 13 weeks and a day ago does not count.
    """
    inventory = inventory_of(
        AS_OF,
        events=[
            event(1, 5, channel="web", booked_at="2026-11-29 23:00"),
            event(2, 5, channel="web", booked_at="2026-08-31"),
            event(3, 5, channel="phone", booked_at="2026-10-01"),
            event(4, 5, channel="web", booked_at="2026-08-30 23:59"),
            event(5, 5, channel=None, booked_at="2026-10-01"),
        ],
        expenses=[
            expense(None, 1_000, channel="web"),
            expense("6100", 5, channel="web", day="2026-08-31"),
            expense("6100", 300, channel="agents"),
            expense("6100", 999, channel="web", day="2026-08-30"),
            expense("6100", 999),
        ],
    )

    figure = metrics.cost_per_booking(inventory, P)

    assert figure.by == {"web": 502, "agents": None}
    assert figure.value == 502


def test_without_a_channel_that_has_both_a_booking_has_no_cost(inventory_of):
    """Expenses of a channel without bookings give no cost per booking, and the figure says why."""
    inventory = inventory_of(
        AS_OF, events=[event(1, 5, channel="web")], expenses=[expense("6100", 300, channel="agents")]
    )

    figure = metrics.cost_per_booking(inventory, P.shifted(-30))

    assert figure.value is None


def test_the_bridge_leads_from_plan_to_actual(company):
    """Plan and steps sum to the actual result, the steps to its variance, worst business first."""
    bridge = metrics.result_bridge(company, P)

    # planned: 42,770 − 6,580 − 3,290 − 9,870; actual: 64,000 − 7,500 − 12,700 − 9,500
    assert bridge.to_records(index=False).tolist() == [
        ("Plan", "plan", 23_030),
        ("Harbour Lights", "revenue", -6_580),
        ("Bay Sails", "revenue", 27_100),
        ("Unallocated", "revenue", 710),
        ("Labour", "costs", -4_210),
        ("Direct cost", "costs", -6_120),
        ("Operating cost", "costs", 370),
        ("Actual", "actual", 34_300),
    ]
    assert bridge["amount_minor"].tolist()[-1] == sum(bridge["amount_minor"].tolist()[:-1])
    assert sum(bridge["amount_minor"].tolist()[1:-1]) == metrics.result_variance_ytd(company, P).value


def test_the_bridge_has_one_step_of_revenue_where_the_plan_names_no_business(inventory_of):
    """A plan without businesses gives the step Revenue."""
    inventory = inventory_of(
        AS_OF,
        accounts=CHART,
        events=[event(1, 1_000)],
        claims=[claim(1, 1, 1, 100)],
        expenses=[expense("5000", 5)],
        plan=year_plan(("4000", None, 0), ("5000", None, 0)),
    )

    assert metrics.result_bridge(inventory, P)["step"].tolist()[:3] == ["Plan", "Revenue", "Labour"]


def test_margin_by_business_stands_beside_its_plan(company):
    """Of the margin's plan a business has what the plan names for it; who is not named has none."""
    frame = metrics.margin_by_business(company, P).set_index("business")

    assert frame.loc["Bay Sails"].tolist() == [10_000, 2_000, 3_000, 5_000, 0.5, 700]
    assert frame["planned_minor"].isna().tolist() == [False, True, False]
    assert frame.loc["Unallocated", "planned_minor"] == 70 - 140 - 70
    assert frame["margin_minor"].sum() == metrics.gross_margin(company, P).value


def test_margin_by_business_does_without_a_plan(inventory_of):
    """Without a plan the margins stand alone."""
    inventory = inventory_of(
        AS_OF, accounts=CHART, events=[event(1, 50)], claims=[claim(1, 1, 1, 1)], expenses=[expense("5000", 5)]
    )

    frame = metrics.margin_by_business(inventory, P)

    assert frame["margin_minor"].tolist() == [49, -5]
    assert frame["planned_minor"].isna().all()


def test_expenses_by_account_stand_against_plan(company):
    """Week and year to date of each account in use, with what was planned; what was not planned is missing."""
    frame = metrics.expenses_by_account(company, P).set_index("account")

    assert frame.index.tolist() == ["5000", "5100", "6000", "6100"]
    assert frame.loc["5000"].tolist() == ["Fuel", "cogs", 3_000, 140, 12_000, 6_580, -5_420]
    assert frame.loc["6100", ["week_minor", "ytd_minor"]].tolist() == [300, 300]
    assert frame.loc["6100", ["planned_week_minor", "planned_ytd_minor", "variance_ytd_minor"]].isna().all()
    assert frame["ytd_minor"].sum() == 12_700 + 9_500


def test_expenses_by_account_do_without_a_plan(inventory_of):
    """Without a plan actual amounts are shown, and nothing is compared with zero."""
    inventory = inventory_of(AS_OF, accounts=CHART, expenses=[expense("5000", 5), expense("6000", 0)])

    frame = metrics.expenses_by_account(inventory, P)

    assert frame["account"].tolist() == ["5000"]
    assert frame["variance_ytd_minor"].isna().all()


def test_an_uncategorised_expense_gets_its_vendors_usual_account(inventory_of):
    """The suggestion is the account most payments to the vendor are on, of equals the last one, and says so."""
    inventory = inventory_of(
        AS_OF,
        accounts=CHART,
        expenses=[
            expense("6000", 1, day="2026-01-01", vendor="ACME  ltd"),
            expense("6000", 1, day="2026-02-01", vendor="Acme Ltd"),
            expense("6100", 1, day="2026-03-01", vendor="Acme Ltd"),
            expense(None, 70, vendor="acme ltd", description="Cloud"),
            expense("5000", 1, day="2026-01-01", vendor="Fuel & Co"),
            expense("5100", 1, day="2026-02-01", vendor="Fuel & Co"),
            expense("9999", 80, vendor="Fuel & Co", day="2026-10-01"),
            expense(None, 5, vendor="Nobody"),
            expense("5000", 1, day="2026-01-01", vendor="Once"),
            expense(None, 4, vendor="Once"),
            expense("5000", 1, day="2026-01-01", vendor="Always"),
            expense("5000", 1, day="2026-02-01", vendor="Always"),
            expense(None, 3, vendor="Always"),
            *[expense("6000", 1, day=f"2026-0{month}-01", vendor="Thrice") for month in (1, 2, 3)],
            expense(None, 2, vendor="Thrice"),
            expense(None, 5, vendor="Acme Ltd", day="2026-11-30"),  # after t
        ],
    )

    frame = metrics.uncategorised_by_expense(inventory, P)

    assert frame["vendor"].tolist() == ["Fuel & Co", "acme ltd", "Nobody", "Once", "Always", "Thrice"]
    assert frame["suggested"].fillna("none").tolist() == ["Catering", "Rent", "none", "Fuel", "Fuel", "Rent"]
    assert frame["why"].tolist() == [
        "9999 is not in the chart; as 1 of its 2 other payments",
        "as 2 of its 3 other payments",
        "it has no other payment with an account",
        "as its only other payment",
        "as its 2 other payments",
        "as its 3 other payments",
    ]
    in_period = frame.loc[frame["in_period"], "amount_minor"].sum()
    assert in_period == metrics.uncategorised_expenses(inventory, P).value == 84


def test_the_same_vendor_date_and_amount_twice_is_a_duplicate(inventory_of):
    """Three equal payments hold two that may be one invoice; the year before is closed."""
    inventory = inventory_of(
        AS_OF,
        accounts=CHART,
        expenses=[
            *[expense("5000", 40, day="2026-02-01")] * 3,
            *[expense("6000", 100), expense(None, 100)],
            expense("6000", 100, vendor="Other"),
            *[expense("6000", 70, day="2025-12-31")] * 2,
        ],
    )

    frame = metrics.duplicate_expenses(inventory, P)

    assert frame[["amount_minor", "copies", "extra_minor"]].to_numpy().tolist() == [[100, 2, 100], [40, 3, 80]]


def test_tie_outs_count_what_should_be_empty(inventory_of):
    """Each check says how many rows fail it and how much money they hold."""
    inventory = inventory_of(
        AS_OF,
        accounts=CHART,
        expenses=[expense("5000", 5), expense("5000", 5)],
        events=[
            event(1, 100, status="booked", paid_minor=0),
            event(2, 100, paid_minor=130),
            event(3, 100, paid_minor=60),
            event(4, None, paid_minor=0),
            event(5, 100, status="cancelled", cancelled_at="2026-11-01", paid_minor=20),
            event(6, 7, status="cancelled", paid_minor=0),
        ],
    )

    frame = metrics.tie_outs(inventory, P).set_index("check")

    assert frame["rows"].tolist() == [1, 1, 1, 1, 1, 1, 1]
    assert frame["amount_minor"].fillna(-1).tolist() == [100, 30, 40, -1, 20, 7, 5]
    assert frame["reason"].isna().all()


def test_a_tie_out_that_cannot_be_made_says_why(inventory_of):
    """A check without its source is no pass: its count is missing and its reason stands there."""
    inventory = inventory_of(AS_OF, events=[event(1, 5)])

    frame = metrics.tie_outs(inventory, P).set_index("check")

    assert frame.loc["Same vendor, date and amount", "reason"] == "the company's folder has no expenses"
    assert frame.loc["Paid over price", "reason"] == "the source of events does not say: paid"
    assert frame["rows"].isna().tolist() == [False, True, True, False, True, False, True]


# building and validating an inventory takes most of an example's time; a loaded machine is no failure
laws = settings(max_examples=12, deadline=None)
days_of_2026 = st.dates(min_value=date(2026, 1, 1), max_value=date(2026, 12, 31))
expenses_drawn = st.lists(
    st.builds(
        lambda day, account, amount, business, channel: expense(
            account, amount, day=day.isoformat(), business=business, channel=channel
        ),
        days_of_2026,
        st.sampled_from(["5000", "5100", "6000", "7777", None]),
        st.integers(-(10**9), 10**12),
        st.sampled_from(["Bay Sails", "Whale Watch", None]),
        st.sampled_from(["web", "agents", None]),
    ),
    min_size=1,
    max_size=12,
)
weeks = st.integers(min_value=1, max_value=52).map(lambda week: Period(2026, week, "UTC"))


@pytest.fixture(scope="module")
def drawn_company(inventory_of):
    """A function (expenses) → a company with those, two events and a plan."""
    events = [event(1, 10_001, channel="web", day="2026-01-01"), event(2, 77, business="Whale Watch", channel="web")]
    plan = [
        {"month": f"{year}-{month:02}", "account": account, "business": business, "amount_minor": amount}
        for year in (2025, 2026)
        for month in range(1, 13)
        for account, business, amount in (("4000", "Bay Sails", 1_001), ("4000", None, 7), ("5000", None, -13))
    ]
    claims = [claim(1, 1, 3, 333)]
    return lambda expenses: inventory_of(
        "2027-01-15", accounts=CHART, events=events, claims=claims, plan=plan, expenses=expenses
    )


@laws
@given(expenses=expenses_drawn, week=weeks)
def test_splits_sum_to_their_totals_to_the_cent(drawn_company, expenses, week):
    """Parts of direct cost, operating cost, margin and plan variance are the whole, whatever the books hold."""
    inventory = drawn_company(expenses)

    for metric in (
        metrics.direct_cost,
        metrics.operating_cost,
        metrics.gross_margin,
        metrics.plan_variance,
        metrics.plan_variance_ytd,
    ):
        figure = metric(inventory, week)
        assert figure.value is None or sum(figure.by.values()) == figure.value


@laws
@given(expenses=expenses_drawn, week=weeks)
def test_what_is_dated_after_t_never_changes_a_figure_at_t(drawn_company, expenses, week):
    """Each figure of the books is the same with and without the expenses dated on or after t."""
    earlier = [row for row in expenses if row["date"] < (week.last_day + timedelta(days=1)).isoformat()]
    known, all_rows = drawn_company(earlier), drawn_company(expenses)

    for name in BOOKS:
        figure, same = getattr(metrics, name)(known, week), getattr(metrics, name)(all_rows, week)
        assert (figure.value, figure.by) == (same.value, same.by), name


@laws
@given(expenses=expenses_drawn, week=weeks)
def test_result_is_margin_less_operating_cost_in_every_week(drawn_company, expenses, week):
    """The three figures agree wherever they are available."""
    inventory = drawn_company(expenses)
    result, margin = metrics.operating_result(inventory, week), metrics.gross_margin(inventory, week)

    if result.value is not None:
        assert result.value == margin.value - metrics.operating_cost(inventory, week).value


@pytest.mark.parametrize("name", BOOKS)
@pytest.mark.parametrize("shift", [-520, 1, 520])
def test_an_empty_period_never_raises(company, name, shift):
    """Ten years before, next week and in ten years a figure is a number or says why it is none."""
    figure = getattr(metrics, name)(company, P.shifted(shift))

    assert figure.value is not None or figure.reason


def test_frames_of_an_empty_period_have_their_columns(company):
    """In a week without anything the tables are there, with their columns."""
    later = P.shifted(3)

    assert metrics.expenses_by_account(company, later)["week_minor"].sum() == 0
    assert list(metrics.duplicate_expenses(company, later)) == [
        "vendor",
        "date",
        "amount_minor",
        "copies",
        "extra_minor",
    ]
    with pytest.raises(NotAvailable):
        metrics.uncategorised_by_expense(company, P.shifted(-520))
    assert pd.api.types.is_string_dtype(metrics.uncategorised_by_expense(company, later)["why"])
