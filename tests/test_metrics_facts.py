"""What sentences take from the figures, against companies small enough to work out by hand."""

import dataclasses
from datetime import date

import pandas as pd
import pytest

from quarterdeck import metrics
from quarterdeck.config import Policies
from quarterdeck.metrics.facts import FACTS, extremes, facts
from quarterdeck.period import Period

AS_OF = "2026-11-23 09:00"
WEEK = Period(2026, 47, "UTC")


def event(number, day, price, paid, **more):
    """An event that was served on *day*."""
    return {
        "event_id": f"E{number}",
        "business": "Sails",
        "status": "completed",
        "created_at": "2026-01-01 00:00",
        "booked_at": "2026-01-02 00:00",
        "starts_at": f"{day} 10:00",
        "ends_at": f"{day} 12:00",
        "price_minor": price,
        "paid_minor": paid,
        "customer_id": f"C{number}",
        "channel": "Web",
        **more,
    }


def owing(*extra):
    return [
        event(1, "2026-08-01", 500_000, 100_000, customer_id="big"),  # 400,000 for 114 days
        event(2, "2026-09-10", 300_000, 100_000, customer_id="big"),  # 200,000 for 74 days
        event(3, "2026-09-11", 50_000, 20_000),  # 30,000 for 73 days
        event(4, "2026-10-20", 60_000, 20_000),  # 40,000 for 34 days, overdue since 19 November
        event(5, "2026-10-25", 90_000, 40_000),  # 50,000 for 29 days, not yet overdue
        event(6, "2026-11-19", 80_000, 80_000),
        *extra,
    ]


@pytest.fixture(scope="session")
def company(inventory_of):
    """
    Cash of $6,000, $7,200 owed to it, a minimum of $1,000; nothing recurs.

    Each month plans $3,000 of costs, about $700 a week: in 13 weeks cash stays over the minimum.
    """
    return inventory_of(
        AS_OF,
        settings={"minimum_cash_minor": 100_000, "policies": Policies(minimum_cash=1000)},
        events=owing(),
        claims=[
            {"claim_id": "1", "event_id": "E6", "role": "cook", "status": "paid", "hours": 2, "rate_minor": 1_000},
            {"claim_id": "2", "event_id": "E6", "role": "cook", "status": "completed", "hours": 3, "rate_minor": 1_000},
        ],
        accounts=[
            {"account": "1000", "name": "Bank", "kind": "cash"},
            {"account": "4000", "name": "Sales", "kind": "revenue"},
            {"account": "5000", "name": "Food", "kind": "cogs"},
            {"account": "6000", "name": "Rent", "kind": "opex"},
        ],
        balances=[{"date": "2026-11-20", "account": "1000", "balance_minor": 600_000}],
        expenses=[
            {"date": "2026-11-18", "vendor": "Baker", "amount_minor": 10_000, "account": "5000", "business": "Sails"},
            {"date": "2026-11-18", "vendor": "Lawyer", "amount_minor": 5_000, "account": "6000", "business": None},
        ],
        plan=[
            {"month": f"{year}-{month:02}", "account": account, "business": business, "amount_minor": amount}
            for year, month in [(2026, month) for month in range(1, 13)] + [(2027, 1), (2027, 2)]
            for account, business, amount in (
                ("4000", "Sails", 900_000),
                ("5000", "Sails", 100_000),
                ("6000", None, 200_000),
            )
        ],
    )


def test_what_is_owed_is_told_by_age(company):
    """Events and amounts of each age sum to the receivables, shares to one."""
    rows = metrics.receivables_by_age(company, WEEK)

    assert rows["band"].tolist() == ["0–30", "31–60", "61–90", "over 90"]
    assert rows["events"].tolist() == [1, 1, 2, 1]
    assert rows["open_minor"].tolist() == [50_000, 40_000, 230_000, 400_000]
    assert rows["open_minor"].sum() == metrics.receivables(company, WEEK).value
    assert rows["share"].sum() == pytest.approx(1)


def test_nothing_owed_is_no_row(inventory_of):
    """Where every event is paid, there is no table of zeros."""
    paid = inventory_of(AS_OF, events=[event(1, "2026-11-01", 5, 5)])

    assert metrics.receivables_by_age(paid, WEEK).empty
    assert metrics.receivable_facts(paid, WEEK)["old_minor"] is None


def test_receivable_facts(company):
    """Old is over 60 days; overdue is past the company's collection days."""
    assert metrics.receivable_facts(company, WEEK) == {
        "old_minor": 630_000,
        "old_events": 3,
        "old_largest_minor": 600_000,
        "overdue_minor": 670_000,
        "overdue_events": 4,
    }


def test_cash_facts_follow_the_forecast(company):
    """The low, its week, the weeks under the minimum and the cases are those of the forecast and its sensitivity."""
    forecast = metrics.cash_forecast(company, WEEK)
    cases = metrics.cash_sensitivity(company, WEEK).set_index("case")["lowest_minor"]
    low = forecast.loc[forecast["closing_minor"].astype("int64").idxmin()]

    facts = metrics.cash_facts(company, WEEK)

    assert facts["minimum_minor"] == 100_000
    assert facts["low_week"] == low["starts_on"].date()
    assert facts["spare_minor"] == low["closing_minor"] - 100_000
    assert facts["last_cash_minor"] == forecast["closing_minor"].iloc[-1]
    assert facts["late_low_minor"] == cases["Receipts 14 days later"]
    assert facts["more_low_minor"] == cases["Bookings 10% higher"]
    assert facts["less_low_minor"] == cases["Bookings 10% lower"]
    assert (facts["short_minor"], facts["weeks_under"], facts["first_week_under"]) == (None, None, None)


@pytest.fixture(scope="session")
def poor(company):
    """The same company with a minimum of $8,000: cash ends week after week under it."""
    return changed(company, minimum_cash_minor=800_000)


def changed(company, **settings):
    return dataclasses.replace(company, company=dataclasses.replace(company.company, **settings), _cache={})


def test_cash_facts_under_the_minimum(poor):
    """How much is short, for how many weeks, and since when."""
    closings = metrics.cash_forecast(poor, WEEK)["closing_minor"].tolist()
    facts = metrics.cash_facts(poor, WEEK)

    assert facts["short_minor"] == 800_000 - min(closings)
    assert facts["weeks_under"] == sum(closing < 800_000 for closing in closings)
    assert facts["first_week_under"] == date(2026, 11, 23) + pd.Timedelta(
        weeks=next(at for at, closing in enumerate(closings) if closing < 800_000)
    )
    assert facts["spare_minor"] is None


def test_cash_at_the_minimum_is_not_under_it(company):
    """A week that ends exactly at the minimum is not short."""
    low = metrics.lowest_cash(company, WEEK).value

    facts = metrics.cash_facts(changed(company, minimum_cash_minor=low), WEEK)

    assert (facts["short_minor"], facts["spare_minor"], facts["weeks_under"]) == (None, 0, None)


def test_margin_facts(company):
    """The business furthest under its plan is named with what it misses; what is unallocated is nobody's miss."""
    facts = metrics.margin_facts(company, WEEK)

    # 80,000 earned, 5,000 crews, 10,000 food; 7 of 30 days of 900,000 − 100,000 planned
    assert facts["margin_leader"] == "Sails"
    assert facts["margin_leader_minor"] == 65_000
    assert facts["margin_worst"] == "Sails"
    assert facts["margin_worst_minor"] == metrics.margin_by_business(company, WEEK)["planned_minor"].iloc[0] - 65_000
    assert facts["margin_best"] is None


def test_result_facts_sum_to_the_variance(company):
    """Revenue and costs together are the variance of the year's result."""
    facts = metrics.result_facts(company, WEEK)

    assert (
        facts["revenue_effect_minor"] + facts["costs_effect_minor"] == metrics.result_variance_ytd(company, WEEK).value
    )
    assert facts["result_worst"] == "Sails"
    assert facts["result_best"] == "Operating cost"


def test_a_small_gain_beside_a_large_loss_is_no_news():
    """An extreme under a tenth of the other one is left out of words."""
    worst, best = {"x_worst": "A", "x_worst_minor": 1_000}, {"x_best": "B", "x_best_minor": 101}

    assert extremes("x", {"A": -1_000, "B": 99}) == worst
    assert extremes("x", {"A": -9, "B": 101}) == best
    assert extremes("x", {"A": -1_000, "B": 101}) == worst | best
    assert extremes("x", {"A": 0}) == {}
    assert extremes("x", {}) == {}


def test_a_fact_has_one_meaning():
    """No two functions give the same name, and none gives a metric's: a sentence could mean either."""
    with pytest.raises(TypeError, match="fact low_week is defined twice"):
        facts("low_week")(lambda *_: {})
    with pytest.raises(TypeError, match="fact cash is defined twice"):
        facts("cash")(lambda *_: {})
    assert FACTS["low_week"] is metrics.cash_facts


def test_concentration_facts(company, inventory_of):
    """The largest channel, business and customer of a year, the customer without a name."""
    facts = metrics.concentration_facts(company, WEEK)

    assert facts["largest_channel"] == "Web"
    assert facts["largest_channel_share"] == 1
    assert facts["largest_customer_share"] == pytest.approx(800_000 / 1_080_000)
    assert "largest_customer" not in facts
    bare = inventory_of(AS_OF, events=[{**event(1, "2026-11-01", 5, 5), "channel": None, "customer_id": None}])
    assert metrics.concentration_facts(bare, WEEK) == {
        "largest_channel": None,
        "largest_channel_share": None,
        "largest_business": "Sails",
        "largest_business_share": 1.0,
        "largest_customer_share": None,
    }
    unnamed = inventory_of(AS_OF, events=[{k: v for k, v in event(1, "2026-11-01", 5, 5).items() if k != "channel"}])
    assert metrics.concentration_facts(unnamed, WEEK)["largest_channel"] is None


def test_a_year_is_as_long_as_the_source(inventory_of):
    """Of a source that began 20 weeks ago 20 are said, of a long one 52; nothing where it begins later."""

    def known(first: str) -> object:
        return metrics.reach_facts(inventory_of(AS_OF, events=[event(1, first, 5, 5)]), WEEK)["weeks_known"]

    first_day = WEEK.shifted(-19).first_day

    assert known(str(first_day)) == "20 weeks"
    assert known(str(WEEK.last_day)) == "1 week"
    assert known("2020-01-01") == "52 weeks"
    assert known("2027-01-01") is None


def test_a_window_is_as_long_as_what_is_known_of_it(inventory_of):
    """Of 13 weeks as many are said as bookings, decisions and expenses reach back; none of what begins later."""

    def known(*events, **tables) -> list[object]:
        facts = metrics.reach_facts(inventory_of(AS_OF, events=list(events), **tables), WEEK)
        return [facts[f"{what}_weeks"] for what in ("booked", "decided", "spent")]

    def day(weeks: int) -> str:
        return str(WEEK.shifted(1 - weeks).first_day)

    old = event(1, day(9), 5, 5) | {"booked_at": day(12)}
    new = event(2, day(3), 5, 5) | {"booked_at": day(6), "cancelled_at": day(4)}
    expense = {"vendor": "v", "amount_minor": 1, "account": None}

    assert known(new) == ["6 weeks", "6 weeks", None]
    assert known(old, new) == ["12 weeks", "12 weeks", None]
    assert known(new | {"booked_at": None}) == [None, "4 weeks", None]
    assert known(new, expenses=[expense | {"date": day(5)}]) == ["6 weeks", "6 weeks", "5 weeks"]
    assert known(new, expenses=[expense | {"date": "2020-01-01"}]) == ["6 weeks", "6 weeks", "13 weeks"]
    assert known(event(3, "2027-03-01", 5, 5) | {"booked_at": "2027-02-01"}) == [None, None, None]


def test_a_year_to_date_that_begins_late_is_known(inventory_of):
    """The first event's day is told where the fiscal year is older than it, and not where the source is."""

    def begins(first: str) -> object:
        return metrics.reach_facts(inventory_of(AS_OF, events=[event(1, first, 5, 5)]), WEEK)["events_begin_on"]

    assert begins("2026-10-19") == date(2026, 10, 19)
    assert begins("2026-01-02") == date(2026, 1, 2)
    assert begins("2026-01-01") is None
    assert begins("2025-12-31") is None


def test_commitment_facts_are_the_forecasts_lines(company):
    """What is committed is what crews and recurring expenses take in the 13 weeks."""
    rows = metrics.commitments(company, WEEK)

    facts = metrics.commitment_facts(company, WEEK)

    assert facts == {"committed_minor": 3_000, "committed_crew_minor": 3_000, "committed_recurring_minor": 0}
    assert rows["amount_minor"].sum() == facts["committed_minor"]


FUNCTIONS = (
    metrics.cash_facts,
    metrics.margin_facts,
    metrics.result_facts,
    metrics.concentration_facts,
    metrics.commitment_facts,
    metrics.receivable_facts,
)


@pytest.mark.parametrize("facts", FUNCTIONS, ids=lambda function: function.__name__)
def test_facts_keep_their_names_when_nothing_is_known(company, inventory_of, facts):
    """Without a source all of them are None under the same names, so that a sentence is left out and no typo hides."""
    nothing = inventory_of(AS_OF)

    assert facts(nothing, WEEK) == dict.fromkeys(facts(company, WEEK))
