"""Are we on course, what keeps profit away, what do we hold: against companies worked out by hand."""

from datetime import date

import pandas as pd
import pytest

from quarterdeck import metrics
from quarterdeck.inventory import NotAvailable
from quarterdeck.metrics.days import year_to_date
from quarterdeck.period import Period

AS_OF = "2026-11-23 09:00"  # a Monday; t is its 00:00
WEEK = Period(2026, 47, "UTC")
FISCAL = {"fiscal_year_start": 11}  # the year to date is 1 to 22 November


def event(name, day, price, **more):
    """An event of *day*, served unless *more* says otherwise."""
    return {
        "event_id": name, "business": "Sails", "status": "completed", "created_at": "2026-01-01",
        "booked_at": "2026-06-02", "starts_at": f"{day} 10:00", "ends_at": f"{day} 12:00", "price_minor": price,
        "paid_minor": price, "channel": "Web", "customer_id": f"C{name}", "asset": "Wind", **more,
    }  # fmt: skip


def coming(name, day, price=100, **more):
    return event(name, day, price, **{"status": "booked"} | more)


REVENUE = {"account": "4000", "name": "Revenue", "kind": "revenue"}
FUEL = {"account": "5200", "name": "Fuel", "kind": "cogs"}
RENT = {"account": "6110", "name": "Rent", "kind": "opex"}


def plan(account, amount, business=None, month="2026-11"):
    return {"month": month, "account": account, "business": business, "amount_minor": amount}


def spent(amount, account="5200", day="2026-11-18", **more):
    usual = {"vendor": "Pier", "business": None, "channel": None}
    return {"date": day, "amount_minor": amount, "account": account} | usual | more


SERVED = [
    event("E0", "2025-10-01", 1),
    event("E1", "2026-11-04", 9_000),
    event("E2", "2026-11-11", 6_000),
    event("E3", "2026-11-18", 5_000),
    event("E4", "2026-11-18", 1_000, business="Whales"),
]
PLANNED = {
    "events": SERVED,
    "accounts": [REVENUE],
    "plan": [plan("4000", 21_000, "Sails"), plan("4000", 9_000, "Whales")],  # 700 and 300 a day
}


def rows(frame):
    return frame.astype(object).where(frame.notna(), None).to_numpy().tolist()


def test_revenue_by_week_has_its_plan(inventory_of):
    """Each week's plan is the share of its days; a week that the plan does not cover has none, and is not zero."""
    frame = metrics.revenue_to_plan_by_week(inventory_of(AS_OF, **PLANNED), WEEK, 5)

    assert frame["week"].tolist() == ["2026-W43", "2026-W44", "2026-W45", "2026-W46", "2026-W47"]
    assert frame["recognised_minor"].tolist() == [0, 0, 9_000, 6_000, 6_000]
    assert frame["planned_minor"].fillna(-1).tolist() == [-1, -1, 7_000, 7_000, 7_000]


def test_a_week_that_is_not_over_has_the_plan_of_its_days(inventory_of):
    """On Thursday morning three days have passed: 3,000 of the week's 7,000."""
    frame = metrics.revenue_to_plan_by_week(inventory_of("2026-11-19 09:00", **PLANNED), WEEK, 1)

    assert frame["planned_minor"].tolist() == [3_000]
    assert frame["recognised_minor"].tolist() == [6_000]


def test_revenue_by_business_has_its_plan_to_date(inventory_of):
    """22 days of November: furthest under plan first; variances sum to the metric."""
    company = inventory_of(AS_OF, settings=FISCAL, **PLANNED)

    frame = metrics.revenue_to_plan_by_business(company, WEEK)

    assert rows(frame) == [["Whales", 1_000, 6_600, -5_600], ["Sails", 20_000, 15_400, 4_600]]
    assert frame["variance_minor"].sum() == metrics.plan_variance_ytd(company, WEEK).value


def test_a_plan_without_businesses_is_one_row(inventory_of):
    """All of it stands against all revenue."""
    company = inventory_of(AS_OF, settings=FISCAL, **PLANNED | {"plan": [plan("4000", 30_000)]})

    assert rows(metrics.revenue_to_plan_by_business(company, WEEK)) == [["All businesses", 21_000, 22_000, -1_000]]


def test_what_names_no_planned_business_is_unallocated_and_last(inventory_of):
    """Revenue of a business that the plan does not know is not lost."""
    company = inventory_of(AS_OF, settings=FISCAL, **PLANNED | {"plan": [plan("4000", 21_000, "Sails")]})

    assert rows(metrics.revenue_to_plan_by_business(company, WEEK)) == [
        ["Sails", 20_000, 15_400, 4_600],
        ["Unallocated", 1_000, 0, 1_000],
    ]


def test_without_a_plan_it_is_not_available(inventory_of):
    """The reason is the metric's own."""
    with pytest.raises(NotAvailable, match="has no plan"):
        metrics.revenue_to_plan_by_business(inventory_of(AS_OF, events=SERVED), WEEK)


def test_unsold_places_by_business_and_week(inventory_of):
    """Four weeks from t for every business, most unsold first; they sum to the metric; empty weeks have no share."""
    company = inventory_of(
        AS_OF,
        events=[
            coming("A", "2026-11-23", guests=4, capacity=10),
            coming("B", "2026-11-29", guests=10, capacity=10),
            coming("C", "2026-12-20", guests=2, capacity=5),
            coming("D", "2026-12-01", guests=1, capacity=40, business="Whales"),
            coming("E", "2026-12-21", guests=0, capacity=90),  # the 29th day
        ],
    )

    frame = metrics.unsold_by_week(company, WEEK)

    assert frame["business"].tolist() == ["Whales"] * 4 + ["Sails"] * 4
    assert frame["starts_on"].astype("str").tolist()[:4] == ["2026-11-23", "2026-11-30", "2026-12-07", "2026-12-14"]
    assert frame["unsold"].tolist() == [0, 39, 0, 0, 6, 0, 0, 3]
    assert frame["unsold"].sum() == metrics.unsold_places(company, WEEK).value
    assert frame["filled"].fillna(-1).tolist() == [-1, 0.025, -1, -1, 0.7, -1, -1, 0.4]


def test_weeks_to_sell_are_weeks_of_the_companys_days(inventory_of):
    """Half past midnight after the clocks went forward belongs to the second week, though 7 × 24 hours are not over."""
    company = inventory_of(
        "2026-03-02 09:00",
        settings={"time_zone": "America/Los_Angeles"},
        events=[coming("A", "2026-03-09", guests=1, capacity=3, booked_at="2026-01-02", starts_at="2026-03-09 07:30")],
    )

    frame = metrics.unsold_by_week(company, Period(2026, 9, "America/Los_Angeles"))

    assert frame["unsold"].tolist() == [0, 2, 0, 0]


def quote(name, price, status="cancelled", day="2026-12-01", **more):
    """An event that was quoted on 1 October, and by default cancelled four days later."""
    cancelled = "2026-10-05" if status == "cancelled" else None
    times = {"booked_at": None, "quoted_at": "2026-10-01", "cancelled_at": cancelled}
    return coming(name, day, price, **{"status": status} | times | more)


LOST = [
    quote("Q1", 500),
    quote("Q2", 700, channel="Show"),
    quote("Q3", 300, "quoted", "2026-11-02"),
    quote("Q4", None, channel=None),
    quote("Q5", 900, "booked", booked_at="2026-10-09"),
]


def test_lost_quotes_by_channel(inventory_of):
    """Most money first, what names no channel last; a missing price counts as a quote and not as money."""
    assert rows(metrics.lost_quotes_by_channel(inventory_of(AS_OF, events=LOST), WEEK)) == [
        ["Web", 2, 800],
        ["Show", 1, 700],
        ["Not recorded", 1, 0],
    ]


def test_lost_quotes_without_channels_are_one_row(inventory_of):
    """Where the source names no channels, all quotes are not recorded."""
    events = [{name: value for name, value in quote.items() if name != "channel"} for quote in LOST]

    frame = metrics.lost_quotes_by_channel(inventory_of(AS_OF, events=events), WEEK)

    assert rows(frame) == [["Not recorded", 4, 1_500]]


def test_lost_facts(inventory_of):
    """How many, how much, and which channel lost most of it."""
    assert metrics.lost_facts(inventory_of(AS_OF, events=LOST), WEEK) == {
        "quotes_lost": 4,
        "quotes_lost_minor": 1_500,
        "lost_most_channel": "Web",
        "lost_most_minor": 800,
        "lost_most_share": 800 / 1_500,
    }
    assert metrics.lost_facts(inventory_of(AS_OF, events=LOST[3:]), WEEK)["quotes_lost"] is None


def test_unsold_facts(inventory_of):
    """The share of all places, and the business with most of them; nothing where all is sold."""
    sold = [coming("A", "2026-11-23", guests=10, capacity=10)]
    some = [*sold, coming("B", "2026-12-23", guests=0, capacity=9), coming("C", "2026-11-30", guests=2, capacity=5)]

    facts = metrics.unsold_facts(inventory_of(AS_OF, events=some), WEEK)

    assert facts == {"unsold_share": 3 / 15, "unsold_free": 3, "unsold_most": "Sails", "unsold_most_places": 3}
    assert metrics.unsold_facts(inventory_of(AS_OF, events=sold), WEEK)["unsold_most"] is None
    over = [*some, coming("D", "2026-11-30", guests=20, capacity=10)]
    assert metrics.unsold_facts(inventory_of(AS_OF, events=over), WEEK)["unsold_free"] == 3


def place(event_id, role="captain", number=1):
    return {
        "claim_id": f"{event_id}{role}{number}", "event_id": event_id, "role": role, "status": "open", "hours": 4,
        "rate_minor": 5,
    }  # fmt: skip


CREWLESS = {
    "events": [*SERVED, coming("N1", "2026-11-30", 700), coming("N2", "2026-11-28", 300)],
    "claims": [place("N1"), place("N2")],
}


def test_crew_facts(inventory_of):
    """How many bookings, the first day, and the role where it is one for all."""
    one, two = (
        inventory_of(AS_OF, events=CREWLESS["events"], claims=[*CREWLESS["claims"], *more])
        for more in ((), (place("N1", "hand"),))
    )

    assert metrics.crew_facts(one, WEEK) == {
        "crewless_bookings": 2,
        "crewless_first": date(2026, 11, 28),
        "crewless_role": "captain",
    }
    assert metrics.crew_facts(two, WEEK)["crewless_role"] is None
    crewed = inventory_of(AS_OF, events=SERVED, claims=[place("N1") | {"status": "paid"}])
    assert metrics.crew_facts(crewed, WEEK)["crewless_bookings"] is None


def test_course_facts_name_the_worst_the_best_and_the_run(inventory_of):
    """Whales are under, Sails over, all together under by less than Whales; two weeks in a row are under plan."""
    facts = metrics.course_facts(inventory_of(AS_OF, settings=FISCAL, **PLANNED), WEEK)

    assert facts == {
        "top_matter": "plan",
        "plan_worst": "Whales",
        "plan_worst_minor": 5_600,
        "plan_best": "Sails",
        "plan_best_minor": 4_600,
        "whole_gap_minor": None,
        "weeks_under_plan": 2,
        "weeks_under_plan_minor": 2_000,
    }


def test_course_facts_of_a_company_that_is_under_in_all(inventory_of):
    """Where several businesses are under plan their sum is the gap; one week under plan is no run."""
    high = [plan("4000", 210_000, "Sails"), plan("4000", 9_000, "Whales")]
    low = [plan("4000", 600, "Sails"), plan("4000", 600, "Whales")]
    under, over = (
        metrics.course_facts(inventory_of(AS_OF, settings=FISCAL, **PLANNED | {"plan": plans}), WEEK)
        for plans in (high, low)
    )

    assert (under["whole_gap_minor"], under["plan_worst"], under["plan_worst_minor"]) == (139_600, "Sails", 134_000)
    assert under["weeks_under_plan"] == 3
    assert {over[name] for name in ("top_matter", "whole_gap_minor", "plan_worst", "weeks_under_plan")} == {None}


def test_what_matters_most_has_most_money_at_stake(inventory_of):
    """Bookings without crew come before the plan as soon as they are worth more, and not before."""
    dear, cheap = (
        inventory_of(
            AS_OF,
            settings=FISCAL,
            **PLANNED | {"events": [*SERVED, coming("N1", "2026-11-30", price)], "claims": [place("N1")]},
        )
        for price in (5_601, 5_599)
    )

    assert metrics.course_facts(dear, WEEK)["top_matter"] == "crew"
    assert metrics.course_facts(cheap, WEEK)["top_matter"] == "plan"


def test_a_plan_without_businesses_names_none(inventory_of):
    """The gap is the whole company's."""
    company = inventory_of(AS_OF, settings=FISCAL, **PLANNED | {"plan": [plan("4000", 30_000)]})

    facts = metrics.course_facts(company, WEEK)

    assert (facts["plan_worst"], facts["whole_gap_minor"], facts["top_matter"]) == (None, 1_000, "plan")


def blockers_of(company):
    return rows(metrics.blockers(company, WEEK))


def test_margins_and_accounts_over_a_tenth_are_blockers(inventory_of):
    """A business under its margin plan, and a cost account a tenth over its plan, both year to date; no less."""
    company = inventory_of(
        AS_OF,
        settings=FISCAL,
        events=SERVED,
        claims=[place("E3") | {"status": "paid", "hours": 0}],
        accounts=[REVENUE, FUEL, RENT],
        plan=[
            plan("4000", 30_000, "Sails"),
            plan("4000", 1_200, "Whales"),
            plan("5200", 15_000),  # 11,000 in 22 days
            plan("6110", 15_000),
        ],
        expenses=[spent(12_100, business=None), spent(12_099, "6110"), spent(50, business="Whales")],
    )

    assert blockers_of(company) == [
        ["Margin of Sails under plan", "$200 of $220 planned, year to date", 2_000],
        ["Fuel over plan", "$122 against $110 planned, year to date", 1_150],
    ]


def test_a_wave_of_cancellations_is_a_blocker(inventory_of):
    """Three in 4 weeks, and twice as many as in the 4 weeks before; two, or five after three, are none."""

    def cancelled(name, day, channel, price):
        return coming(name, "2027-01-05", price, status="cancelled", cancelled_at=day, channel=channel)

    events = [cancelled(f"a{n}", f"2026-11-0{n}", "Market", 100) for n in (1, 2, 3)]
    events += [cancelled("a0", "2026-10-20", "Market", 5)]
    events += [cancelled(f"b{n}", "2026-11-20", "Web", 900) for n in (1, 2)]
    events += [cancelled(f"c{n}", "2026-11-20", "Show", 900) for n in range(5)]
    events += [cancelled(f"d{n}", "2026-10-20", "Show", 900) for n in range(3)]

    company = inventory_of(AS_OF, events=[event("E", "2026-11-18", 5, cancelled_at=None), *events])

    assert blockers_of(company) == [["Cancellations from Market", "3 bookings in 4 weeks, 1 in the 4 before", 300]]


def test_a_channel_that_costs_more_than_it_brings_is_a_blocker(inventory_of):
    """13 weeks' expenses that name it against the price of its bookings; one that is worth its cost is none."""
    events = [
        event("E1", "2026-11-18", 900, booked_at="2026-11-01"),
        event("E2", "2026-11-18", 300, booked_at="2026-11-01", channel="Show"),
        event("E3", "2026-11-18", 800, booked_at="2026-07-01", channel="Show"),  # too early
    ]
    company = inventory_of(
        AS_OF, events=events, expenses=[spent(900, channel="Web"), spent(1_000, channel="Show"), spent(70)]
    )

    assert blockers_of(company) == [["More spent on Show than booked", "$10 spent, $3 booked, 13 weeks", 700]]


def test_bookings_without_crew_are_a_blocker(inventory_of):
    """With their price, and the day of the first."""
    company = inventory_of(AS_OF, **CREWLESS)

    assert blockers_of(company) == [
        ["Bookings without crew", "2 bookings of the next 14 days, the first on 28 November", 1_000]
    ]


def test_old_money_is_a_blocker(inventory_of):
    """Owed for over 60 days, with what the largest customer owes of it; 60 days are none."""
    events = [
        event("E1", "2026-08-01", 900, paid_minor=100, customer_id="big"),
        event("E2", "2026-08-01", 900, paid_minor=500),
        event("E3", "2026-09-23", 900, paid_minor=0),
    ]
    nameless = [{name: value for name, value in row.items() if name != "customer_id"} for row in events[:1]]

    assert blockers_of(inventory_of(AS_OF, events=events)) == [
        ["Money owed for over 60 days", "2 events, $8 by one customer", 1_200]
    ]
    assert blockers_of(inventory_of(AS_OF, events=nameless)) == [["Money owed for over 60 days", "1 event", 800]]


def test_what_the_books_wait_for_is_a_blocker(inventory_of):
    """Expenses without account, events over and not closed."""
    company = inventory_of(
        AS_OF,
        events=[event("E1", "2026-11-18", 5), coming("E2", "2026-11-20", 600)],
        accounts=[FUEL],
        expenses=[spent(900, None), spent(50, None, "2026-11-01"), spent(10)],
    )

    assert blockers_of(company) == [
        ["Expenses without account", "2 expenses, 1 of them of this week", 950],
        ["Events over, not closed", "1 event; not in revenue yet", 600],
    ]


def project(name, status="live", **more):
    usual = {"has_tests_or_ci": True, "document": f"{name}.md", "line": 1, "updated_on": "2026-11-20"}
    return {"project": name, "status": status} | usual | more


def test_what_idle_projects_cost_is_a_blocker(inventory_of):
    """What paused and retired projects are paid every month; a live one's cost is none."""
    costs = [
        {"project": name, "service": service, "monthly_minor": amount, "document": f"{name}.md", "line": 3}
        for name, service, amount in (("Cards", "Gift", 500), ("Cards", "Post", 100), ("Site", "Host", 900))
    ]
    company = inventory_of(AS_OF, projects=[project("Cards", "retired"), project("Site")], costs=costs)

    assert blockers_of(company) == [["Idle projects are paid for", "Cards, every month", 600]]


def test_blockers_need_a_source_and_the_latest_week(inventory_of):
    """No source at all, or an earlier week, is not available; sources in which nothing blocks give no rows."""
    with pytest.raises(NotAvailable, match="has no"):
        metrics.blockers(inventory_of(AS_OF), WEEK)
    with pytest.raises(NotAvailable, match="latest full week"):
        metrics.blockers(inventory_of(AS_OF, events=SERVED), WEEK.shifted(-1))
    assert metrics.blockers(inventory_of(AS_OF, events=SERVED), WEEK).empty


def held(company):
    return {row[0]: row[1:] for row in rows(metrics.holdings(company, WEEK))}


def test_holdings_say_how_each_kind_is(inventory_of):
    """Businesses by plan, assets by bookings, projects by state, domains by posture, functions by secrets."""
    secret = {
        "is_required": False,
        "is_secret": True,
        "default": "…",
        "document": "pay/app.py",
        "line": 3,
        "name": "KEY",
    }
    company = inventory_of(
        AS_OF,
        settings=FISCAL,
        **PLANNED
        | {
            "events": [*SERVED[1:], coming("N", "2026-12-01", asset="Sea"), event("Old", "2025-10-01", 5, asset="Gone")]
        },
        projects=[project("Site", "degraded"), project("App", updated_on="2026-01-01"), project("Cards", "retired")],
        zones=[{"zone": name, "is_private": False, "record_count": 1} for name in ("a.example", "b.example")],
        records=[{"zone": "a.example", "name": "a.example", "type": "CAA", "value": "x"}],
        registrations=[{"domain": "c.example", "expires_on": "2028-01-01", "auto_renew": True}],
        functions=[{"function": "pay/app.py", "lines": 3}, {"function": "mail.py", "lines": 3}],
        variables=[secret | {"function": "pay/app.py"}],
    )

    assert held(company) == {
        "Businesses": [2, "1 on plan or over, 1 under, year to date", "Whales"],
        "Assets": [2, "1 booked in the next 4 weeks, 1 not", "Wind"],
        "Projects": [3, "1 live, 1 degraded, 1 retired", "Site, App (stale handoff)"],
        "Domains": [3, "1 in order, 1 at risk, 1 not known", "a.example (SPF, DMARC, null MX)"],
        "Functions": [2, "1 with a secret in the source", "pay"],
    }


def test_holdings_say_which_source_is_missing(inventory_of):
    """What is absent is said in its row; there are always five."""
    events = [{name: value for name, value in row.items() if name != "asset"} for row in SERVED]

    found = held(inventory_of(AS_OF, events=events))

    assert found["Businesses"] == [2, "no plan to compare with", None]
    assert found["Assets"] == [None, "not available: the source of events does not say: asset", None]
    assert found["Projects"] == [None, "not available: the company's folder has no projects", None]
    assert list(found) == ["Businesses", "Assets", "Projects", "Domains", "Functions"]
    with pytest.raises(NotAvailable, match="latest full week"):
        metrics.holdings(inventory_of(AS_OF, events=SERVED), WEEK.shifted(-1))


def test_holdings_watch_a_few(inventory_of):
    """Of many names three are said, and how many more there are."""
    functions = [{"function": f"f{number}.py", "lines": 3} for number in range(5)]
    variables = [
        {"function": f"f{n}.py", "name": "KEY", "is_required": False, "is_secret": True, "default": "…"}
        | {"document": "f", "line": 1}
        for n in range(5)
    ]

    assert held(inventory_of(AS_OF, functions=functions, variables=variables))["Functions"] == [
        5,
        "5 with a secret in the source",
        "f0, f1, f2 and 2 more",
    ]


def test_margins_of_other_days_are_those_days(inventory_of):
    """Margin by business can be asked for the year to date: it holds what the week does not."""
    company = inventory_of(
        AS_OF,
        settings=FISCAL,
        events=SERVED,
        claims=[place("E3") | {"status": "paid", "hours": 0}],
        accounts=[FUEL],
        expenses=[spent(400, day="2026-11-02", business="Sails")],
    )
    week, year = (metrics.margin_by_business(company, WEEK, days) for days in (None, year_to_date(company, WEEK)))

    assert dict(zip(week["business"], week["margin_minor"], strict=True)) == {"Sails": 5_000, "Whales": 1_000}
    assert dict(zip(year["business"], year["margin_minor"], strict=True)) == {"Sails": 19_600, "Whales": 1_000}
    assert isinstance(year["margin_minor"].dtype, pd.Int64Dtype)
