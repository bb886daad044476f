"""What sentences and the agenda take from the figures, against companies small enough to work out by hand."""

import dataclasses
from datetime import date

import pandas as pd
import pytest

from quarterdeck import metrics
from quarterdeck.config import Policies
from quarterdeck.inventory import NotAvailable
from quarterdeck.metrics.facts import _extremes
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
    assert metrics.collection_tasks(paid, WEEK).empty
    assert metrics.receivable_facts(paid, WEEK)["old_share"] is None


def test_collecting_is_one_task_a_large_customer_and_one_an_age(company):
    """Who owes a tenth of what is overdue is named apart; the tasks sum to what is overdue."""
    tasks = metrics.collection_tasks(company, WEEK)

    assert tasks[["action", "amount_minor", "evidence"]].values.tolist() == [
        ["Collect from one customer for 2 events, the oldest 113 days over", 600_000, "customer big"],
        ["Collect for 1 event that ended 31–60 days ago", 40_000, "events"],
        ["Collect for 1 event that ended 61–90 days ago", 30_000, "events"],
    ]
    assert tasks["due_on"].dt.date.tolist() == [date(2026, 8, 31), date(2026, 11, 19), date(2026, 10, 11)]
    assert tasks["amount_minor"].sum() == metrics.overdue_receivables(company, WEEK)["open_minor"].sum()


def test_receivable_facts(company):
    """Old is over 60 days; overdue is past the company's collection days."""
    assert metrics.receivable_facts(company, WEEK) == {
        "old_minor": 630_000,
        "old_share": 630_000 / 720_000,
        "old_events": 3,
        "largest_minor": 600_000,
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
    assert facts["last_minor"] == forecast["closing_minor"].iloc[-1]
    assert facts["late_low_minor"] == cases["Receipts 14 days later"]
    assert facts["more_low_minor"] == cases["Bookings 10% higher"]
    assert facts["less_low_minor"] == cases["Bookings 10% lower"]
    assert (facts["short_minor"], facts["weeks_under"], facts["first_under"]) == (None, None, None)


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
    assert facts["first_under"] == date(2026, 11, 23) + pd.Timedelta(
        weeks=next(at for at, closing in enumerate(closings) if closing < 800_000)
    )
    assert facts["spare_minor"] is None


def test_margin_facts(company):
    """The business furthest under its plan is named with what it misses; what is unallocated is nobody's miss."""
    facts = metrics.margin_facts(company, WEEK)

    # 80,000 earned, 5,000 crews, 10,000 food; 7 of 30 days of 900,000 − 100,000 planned
    assert facts["largest"] == "Sails"
    assert facts["largest_minor"] == 65_000
    assert facts["worst"] == "Sails"
    assert facts["worst_minor"] == metrics.margin_by_business(company, WEEK)["planned_minor"].iloc[0] - 65_000
    assert facts["best"] is None


def test_result_facts_sum_to_the_variance(company):
    """Revenue and costs together are the variance of the year's result."""
    facts = metrics.result_facts(company, WEEK)

    assert facts["revenue_minor"] + facts["costs_minor"] == metrics.result_variance_ytd(company, WEEK).value
    assert facts["worst"] == "Sails"
    assert facts["best"] == "Operating cost"


def test_a_small_gain_beside_a_large_loss_is_no_news():
    """An extreme under a tenth of the other one is left out of words."""
    assert _extremes({"A": -1_000, "B": 99}) == {"worst": "A", "worst_minor": 1_000}
    assert _extremes({"A": -99, "B": 1_000}) == {"best": "B", "best_minor": 1_000}
    assert _extremes({"A": -1_000, "B": 101}) == {"worst": "A", "worst_minor": 1_000, "best": "B", "best_minor": 101}
    assert _extremes({"A": 0}) == {}
    assert _extremes({}) == {}


def test_concentration_facts(company, inventory_of):
    """The largest channel, business and customer of a year, the customer without a name."""
    facts = metrics.concentration_facts(company, WEEK)

    assert facts["channel"] == "Web"
    assert facts["channel_share"] == 1
    assert facts["customer_share"] == pytest.approx(800_000 / 1_080_000)
    assert "customer" not in facts
    bare = inventory_of(AS_OF, events=[{**event(1, "2026-11-01", 5, 5), "channel": None, "customer_id": None}])
    assert metrics.concentration_facts(bare, WEEK) == {
        "channel": None,
        "channel_share": None,
        "business": "Sails",
        "business_share": 1.0,
        "customer_share": None,
    }
    unnamed = inventory_of(AS_OF, events=[{k: v for k, v in event(1, "2026-11-01", 5, 5).items() if k != "channel"}])
    assert metrics.concentration_facts(unnamed, WEEK)["channel"] is None


def test_commitment_facts_are_the_forecasts_lines(company):
    """What is committed is what crews and recurring expenses take in the 13 weeks."""
    rows = metrics.commitments(company, WEEK)

    facts = metrics.commitment_facts(company, WEEK)

    assert facts == {"committed_minor": 3_000, "crew_minor": 3_000, "recurring_minor": 0}
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


def handoffs(*actions, gaps=()):
    place = {"project": "Pay", "document": "pay.md"}
    return {
        "projects": [{**place, "status": "live", "has_tests_or_ci": False, "line": 1}],
        "actions": [
            {
                **place,
                "action": action,
                "is_done": done,
                "due_on": due,
                "amount_minor": amount,
                "owner": owner,
                "line": at,
            }
            for at, (action, done, due, amount, owner) in enumerate(actions, start=2)
        ],
        "gaps": [
            {**place, "area": "cost", "severity": "low", "gap": gap, "is_open": True, "amount_minor": amount, "line": 9}
            for gap, amount in gaps
        ],
    }


def test_the_agenda_holds_what_moves_money(inventory_of):
    """Open actions and gaps with an amount, and money to collect; late first; what is far away or done is left out."""
    inventory = inventory_of(
        AS_OF,
        events=owing(),
        **handoffs(
            ("Decide whether to sell the boat, $1,200.50", False, "2026-11-27", 120_050, "Dana"),
            ("Cancel the lease", False, "2026-11-20", 900, "Robin"),
            ("Paint", False, "2026-11-25", None, "Robin"),
            ("Paid already, $50", True, "2026-11-25", 5_000, "Robin"),
            ("Far away", False, "2027-03-01", 7_000, "Robin"),
            ("Send reminders, €6.000,00", False, "2026-11-30", 600_000, "Robin"),
            gaps=[("Seats unused", 64_000), ("Slow", None)],
        ),
    )

    tasks = metrics.money_agenda(inventory, WEEK)

    assert tasks[["action", "amount_minor", "is_decision", "evidence"]].values.tolist() == [
        ["Collect for 1 event that ended 61–90 days ago", 30_000, False, "events"],
        ["Collect for 1 event that ended 31–60 days ago", 40_000, False, "events"],
        ["Cancel the lease", 900, False, "pay.md, line 3"],
        ["whether to sell the boat", 120_050, True, "pay.md, line 2"],
        ["Send reminders", 600_000, False, "pay.md, line 7"],
        ["Close the gap: Seats unused", 64_000, False, "pay.md, line 9"],
    ]


def test_a_low_under_the_minimum_asks_for_a_decision(poor):
    """What is short stands at stake, due before the first such week and within the 30 days."""
    decision = metrics.money_agenda(poor, WEEK).set_index("action").loc["how to keep cash over the minimum"]

    facts = metrics.cash_facts(poor, WEEK)
    assert decision["is_decision"]
    assert decision["amount_minor"] == facts["short_minor"]
    assert decision["due_on"].date() == min(facts["first_under"], date(2026, 12, 23))


def test_cash_over_the_minimum_asks_for_nothing(company):
    """There is no decision where there is no need."""
    assert not metrics.money_agenda(company, WEEK)["is_decision"].any()


def test_the_agenda_is_known_now_only(company, inventory_of):
    """For an earlier week, and where there is no source at all, it is not available, with the reason."""
    with pytest.raises(NotAvailable, match="own last week"):
        metrics.money_agenda(company, WEEK.shifted(-1))
    with pytest.raises(NotAvailable, match="has no actions"):
        metrics.money_agenda(inventory_of(AS_OF), WEEK)
