"""What channels bring, lose and cost, and which of it the CMO is told: against companies worked out by hand."""

from datetime import date

import pytest

from quarterdeck import metrics
from quarterdeck.inventory import NotAvailable
from quarterdeck.period import Period

P = Period.parse("2026-W48", "UTC")  # its 13 weeks begin on 31 August
AS_OF = "2026-12-01"


def booking(number, channel="web", price=100, **columns):
    """An event that was booked in P, long before it starts."""
    usual = {
        "event_id": f"e{number}",
        "business": "Bay Sails",
        "status": "booked",
        "created_at": "2026-08-01",
        "quoted_at": None,
        "booked_at": "2026-11-25",
        "cancelled_at": None,
        "starts_at": "2027-03-10",
        "channel": channel,
        "price_minor": price,
    }
    return usual | columns


def several(start, count, channel, **columns):
    return [booking(start + number, channel, **columns) for number in range(count)]


def lost(number, channel, day="2026-10-10"):
    """An inquiry whose start passed on *day*."""
    return booking(number, channel, status="inquiry", booked_at=None, starts_at=day)


def cancelled(number, channel, day, price=100, booked="2026-07-01"):
    return booking(number, channel, price, status="cancelled", booked_at=booked, cancelled_at=day)


def spent(amount, channel, day="2026-10-01"):
    return {"date": day, "vendor": "v", "amount_minor": amount, "account": "6150", "channel": channel}


def rows(frame):
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


@pytest.fixture(scope="session")
def company(inventory_of):
    """Web brings and costs, an agent brings and costs nothing that the books name, a show costs and brings nothing."""
    return inventory_of(
        AS_OF,
        events=[
            booking(1, price=100),
            booking(2, price=51),
            lost(3, "web"),
            lost(4, "web"),
            cancelled(5, "web", "2026-11-20", price=30),
            booking(6, "agent", 999),
            booking(7, None, 5),
            booking(8, price=7, booked_at="2026-08-30 23:00"),  # before the 13 weeks
        ],
        expenses=[spent(40, "web"), spent(500, "show"), spent(9, None), spent(777, "web", "2026-08-30")],
    )


def test_each_channel_has_what_it_brought_lost_and_cost(company):
    """Booked − cancelled − spent ÷ inquiries, rounded half-even; what the books do not name is missing, not zero."""
    columns = ["bookings", "booked_minor", "cancelled_minor", "spent_minor", "cost_minor", "inquiries", "worth_minor"]
    found = metrics.channel_returns(company, P)

    assert found["channel"].tolist() == ["Agent", "Web", "Show", "Not recorded"]
    assert [list(row.values()) for row in rows(found[columns])] == [
        [1, 999, 0, None, None, 1, 999],
        [2, 151, 30, 40, 20, 4, 20],  # 81 ÷ 4 = 20.25
        [0, 0, 0, 500, None, 0, None],
        [1, 5, 0, None, None, 1, 5],
    ]
    assert rows(found[["conversion_rate"]])[:3] == [{"conversion_rate": rate} for rate in (1.0, 0.5, None)]


def test_costs_and_rates_are_those_of_the_metrics(company):
    """The table's cost per booking and conversion are the parts of the metrics of that name."""
    found = metrics.channel_returns(company, P).set_index("channel")
    costs, rates = metrics.cost_per_booking(company, P).by, metrics.conversion_rate(company, P).by

    assert {"web": found.loc["Web", "cost_minor"], "show": None} == costs
    assert rates["web"] == found.loc["Web", "conversion_rate"]


def test_a_source_of_winners_is_worth_by_booking(inventory_of):
    """Where inquiries, cancellations and costs are unknown, worth is a booking's price, and the rest is missing."""
    events = [
        {name: value for name, value in booking(number, price=price).items() if name != "cancelled_at"}
        for number, price in enumerate((10, 15, None))
    ]
    company = inventory_of(AS_OF, events=events)

    (web,) = rows(metrics.channel_returns(company, P))

    assert web == {
        "channel": "Web", "bookings": 3, "booked_minor": 25, "cancelled_minor": None, "spent_minor": None,
        "cost_minor": None, "inquiries": None, "conversion_rate": None, "worth_minor": 8,
    }  # fmt: skip
    with pytest.raises(NotAvailable, match="the company's folder has no expenses"):
        metrics.cost_by_channel(company, P)


def test_the_channels_that_lose_money(company, inventory_of):
    """Spent more than was booked: a channel that brings nothing loses all; one that breaks even loses nothing."""
    even = inventory_of(AS_OF, events=[booking(1, "show", 500)], expenses=[spent(500, "show"), spent(1, "web")])

    assert rows(metrics.losing_channels(company, P)[["channel", "loss_minor"]]) == [
        {"channel": "Show", "loss_minor": 500}
    ]
    assert metrics.losing_channels(even, P)["channel"].tolist() == ["Web"]
    assert metrics.cost_by_channel(even, P)["channel"].tolist() == ["Show", "Web"]


def wave(start, channel, days, **columns):
    return [cancelled(start + number, channel, day, **columns) for number, day in enumerate(days)]


IN_WEEK = ["2026-11-23", "2026-11-24", "2026-11-29"]


def test_a_wave_is_three_in_four_weeks_and_twice_as_many_as_before(inventory_of):
    """Two, or three after two, are none; nor are those that name no channel."""
    company = inventory_of(
        AS_OF,
        events=[
            *wave(10, "market", [*IN_WEEK, "2026-11-03"]),
            *wave(20, "market", ["2026-11-01", "2026-10-10"]),
            *wave(30, "web", [*IN_WEEK, "2026-11-01", "2026-10-10"]),
            *wave(40, "agent", IN_WEEK[:2]),
            *wave(50, None, IN_WEEK),
            *wave(60, "never booked", IN_WEEK, booked=None),
        ],
    )

    found = metrics.cancellation_waves(company, P)

    assert rows(found) == [{"channel": "Market", "cancelled": 4, "before": 2, "cancelled_minor": 400}]


def test_a_wave_needs_weeks_to_compare_with(inventory_of):
    """A source that began 7 weeks ago does not know what was cancelled before: three cancellations are no wave yet."""
    began = [cancelled(number, "market", day, booked="2026-10-12") for number, day in enumerate(IN_WEEK)]

    with pytest.raises(NotAvailable, match="does not reach back that far"):
        metrics.cancellation_waves(inventory_of(AS_OF, events=began), P)
    reaches = [*began, booking(9, "web", booked_at="2026-10-04")]
    assert metrics.cancellation_waves(inventory_of(AS_OF, events=reaches), P)["channel"].tolist() == ["Market"]


def story(inventory_of, *events, expenses=()):
    company = inventory_of(AS_OF, events=list(events), **({"expenses": list(expenses)} if expenses else {}))
    return metrics.channel_story_facts(company, P)


def test_the_story_is_what_moves_most_money(inventory_of):
    """A wave of $4.00 is told before a loss of as much, and after one of $4.01; the other keeps its names."""
    market = wave(10, "market", [*IN_WEEK, "2026-11-03"], price=100)
    events = [*market, booking(1, "show", 1), booking(2, "market", 60)]

    first = story(inventory_of, *events, expenses=[spent(401, "show")])
    second = story(inventory_of, *events, expenses=[spent(402, "show")])

    assert first["channel_story"] == "wave"
    assert second["channel_story"] == "loss"
    assert first | {"loss_spent_minor": 402, "channel_story": "loss"} == second
    assert first == {
        "channel_story": "wave", "wave_channel": "Market", "wave_count": 3, "wave_minor": 300, "wave_booked_minor": 60,
        "wave_4_weeks_count": 4, "wave_4_weeks_minor": 400, "loss_channel": "Show", "loss_spent_minor": 401,
        "loss_booked_minor": 1,
    }  # fmt: skip


def test_a_wave_that_is_over_is_no_story(inventory_of):
    """Four in four weeks of which two are this week's are a wave, and no news; nothing else is there to tell."""
    over = story(inventory_of, *wave(10, "market", [*IN_WEEK[:2], "2026-11-03", "2026-11-04"]), booking(1))

    assert over["channel_story"] is None
    assert over["wave_channel"] is None


def test_a_gap_between_inquiries_and_bookings_is_the_last_story(inventory_of):
    """Ten points more of the inquiries than of the bookings are a story, nine are none."""

    def asked(market, web):
        return [*(lost(1000 + n, "market") for n in range(market)), *(lost(2000 + n, "web") for n in range(web))]

    booked = [*several(1, 50, "web"), *several(51, 50, "market")]  # half of the bookings each

    wide = story(inventory_of, *booked, *asked(70, 30))  # 120 and 80 inquiries: 60 %
    narrow = story(inventory_of, *booked, *asked(68, 32))
    shares = metrics.funnel_facts(inventory_of(AS_OF, events=[*booked, *asked(70, 30)]), P)

    assert wide["channel_story"] == "gap"
    assert narrow["channel_story"] is None
    assert shares == {
        "gap_channel": "Market", "gap_inquiry_share": 0.6, "gap_booking_share": 0.5, "best_rate_channel": "Web",
        "best_rate": 0.625,
    }  # fmt: skip


def test_only_a_channel_of_ten_bookings_is_called_for(inventory_of):
    """Nine dear bookings are no reason to do more of it; the second is named where it beats the average."""
    company = inventory_of(
        AS_OF,
        events=[
            *several(1, 9, "show", price=900),
            *several(11, 10, "phone", price=300),
            *several(31, 10, "referral", price=290),
            *several(51, 40, "web", price=100),
            lost(99, "referral"),
        ],
        expenses=[spent(90, "web"), spent(1_000, "phone")],
    )

    found = metrics.worth_facts(company, P)

    assert found == {
        "one_more": "an inquiry", "more_channel": "Referral", "more_minor": 264, "also_channel": None,
        "also_minor": None, "mean_minor": 242, "less_channel": "Web", "less_minor": 98, "dearest_channel": "Phone",
        "dearest_minor": 100, "cheapest_channel": "Web", "cheapest_minor": 2, "rare_channels": "Show",
    }  # fmt: skip
    cheap = inventory_of(
        AS_OF, events=[*several(1, 10, "a", price=9), *several(11, 10, "b"), *several(31, 20, "c", price=9)]
    )
    assert [metrics.worth_facts(cheap, P)[name] for name in ("more_channel", "also_channel")] == ["B", None]


def test_two_channels_over_the_average_are_both_called_for(inventory_of):
    """The best and the next one, each with its worth."""
    company = inventory_of(
        AS_OF,
        events=[
            *several(1, 10, "a", price=50),
            *several(21, 10, "b", price=40),
            *several(41, 90, "c", price=10),
            lost(1000, "c"),
        ],
    )

    found = metrics.worth_facts(company, P)

    assert [found[name] for name in ("more_channel", "more_minor", "also_channel", "also_minor")] == ["A", 50, "B", 40]


def test_more_is_called_for_only_where_it_is_worth_more(inventory_of):
    """A channel under the average is not called for though no other has 10 bookings, nor is one that loses money."""
    rare = inventory_of(AS_OF, events=[*several(1, 10, "phone", price=50), *several(31, 3, "show", price=900)])
    losing = inventory_of(
        AS_OF,
        events=[*several(1, 10, "phone", price=5), *several(31, 10, "show", price=1)],
        expenses=[spent(500, "phone"), spent(900, "show")],
    )

    assert metrics.worth_facts(rare, P)["more_channel"] is None
    assert metrics.worth_facts(losing, P)["more_channel"] is None
    assert metrics.worth_facts(losing, P)["less_channel"] == "Show"


def test_a_lone_channel_is_compared_with_nothing(inventory_of):
    """Nothing is called for, and nothing is dearest or cheapest."""
    company = inventory_of(AS_OF, events=several(1, 20, "web"), expenses=[spent(10, "web")])

    assert set(metrics.worth_facts(company, P).values()) == {None}


def test_where_bookings_come_from(inventory_of):
    """Shares of the money of the week and of 26 weeks; what names no channel counts in the whole and is not named."""
    company = inventory_of(
        AS_OF,
        events=[
            booking(1, "web_shop", 300, booked_at="2026-10-01"),
            booking(2, "phone", 200),
            booking(3, None, 500),
            booking(4, "agent", None),
        ],
    )

    assert metrics.source_facts(company, P) == {
        "week_channel": "Phone", "week_share": 200 / 700, "top_channel": "Web shop", "top_share": 0.3,
        "second_channel": "Phone", "second_share": 0.2,
    }  # fmt: skip


def served(number, day, guests=None, capacity=None):
    return booking(
        number, status="completed", booked_at="2025-01-01", starts_at=f"{day} 10:00", guests=guests, capacity=capacity
    )


def test_seasons_are_told_by_how_full_they_are(inventory_of):
    """The fullest and the emptiest weekday of a season that had four events; one full boat is not told."""
    mondays = [f"2026-06-{day:02}" for day in (1, 8, 15, 22)]
    tuesdays = [f"2026-10-{day:02}" for day in (6, 13, 20, 27)]
    company = inventory_of(
        AS_OF,
        events=[
            *(served(number, day, 9, 10) for number, day in enumerate(mondays)),
            *(served(10 + number, day, 2, 10) for number, day in enumerate(tuesdays)),
            served(20, "2026-10-07", 10, 10),
        ],
    )

    cells = metrics.demand_by_season_weekday(company, P)
    facts = metrics.season_facts(company, P)

    assert cells.loc[cells["is_told"], "value"].tolist() == [0.9, 0.2]
    assert cells["value"].max() == 1
    assert [facts[name] for name in ("busy_days", "busy_share", "busy_events")] == ["Mondays in Jun–Aug", 0.9, None]
    assert [facts[name] for name in ("quiet_days", "quiet_share")] == ["Tuesdays in Sep–Nov", 0.2]
    assert facts["unknown_seasons"] == "Dec–Feb, Mar–May"


def test_without_capacity_seasons_are_told_by_events_a_day(inventory_of):
    """Two every Monday since 2 November are 2.0 a day; a season that the source does not hold is named."""
    days = [f"2026-11-{day:02}" for day in (2, 9, 16, 23)]
    company = inventory_of(
        AS_OF,
        events=[
            *(served(number, day) for number, day in enumerate(days * 2)),
            *(served(10 + number, "2026-11-10") for number in range(5)),  # five on one of three Tuesdays
        ],
    )

    facts = metrics.season_facts(company, P)

    assert (facts["busy_days"], facts["busy_events"]) == ("Mondays in Sep–Nov", "2.0")
    assert (facts["quiet_days"], facts["quiet_events"]) == ("Tuesdays in Sep–Nov", "1.2")  # of four Tuesdays
    assert facts["busy_share"] is None
    assert facts["unknown_seasons"] == "Dec–Feb, Mar–May, Jun–Aug"


def test_alike_seasons_and_none_tell_nothing(inventory_of):
    """Where all cells are alike, or nothing was served, no day is named."""
    alike = inventory_of(AS_OF, events=[served(n, f"2026-11-{day:02}") for n, day in enumerate((2, 9, 16, 23))])
    none = inventory_of(AS_OF, events=[booking(1, starts_at="2026-10-01")])

    assert metrics.season_facts(alike, P)["busy_days"] is None
    assert metrics.demand_by_season_weekday(none, P).empty
    assert metrics.season_facts(none, P)["busy_days"] is None


def test_how_far_ahead(inventory_of):
    """The earliest and the latest channel by its median, the week's quartiles, and where the source begins and ends."""
    early = [booking(n, "groups", starts_at="2027-03-05") for n in range(4)]  # 100 days
    late = [booking(10 + n, "walk_in", starts_at=f"2026-11-{26 + n}") for n in range(4)]  # 1 to 4 days
    later = booking(31, "agent", starts_at="2027-06-01")
    old = inventory_of(AS_OF, events=[*early, *late, later, served(30, "2025-01-10")])
    young = inventory_of(AS_OF, events=[*early, *late, later, served(30, "2026-09-10")])
    ends = inventory_of(AS_OF, events=[*late, booking(20, booked_at="2025-12-01", starts_at="2026-12-24")])

    assert metrics.ahead_facts(old, P) == {
        "early_channel": "Groups", "early_days": 100, "late_channel": "Walk in", "late_days": 2, "week_low_days": 3,
        "week_high_days": 100, "source_begins_on": None, "source_ends_on": None,
    }  # fmt: skip
    assert metrics.ahead_facts(young, P)["source_begins_on"] == date(2026, 9, 10)
    assert metrics.ahead_facts(ends, P)["source_ends_on"] is None  # three quarters are made for sooner than that
    short = inventory_of(AS_OF, events=[booking(n, booked_at="2026-06-01", starts_at="2026-12-05") for n in range(4)])
    assert metrics.ahead_facts(short, P)["source_ends_on"] == date(2026, 12, 5)


def test_channels_need_not_be_known_to_know_the_lead(inventory_of):
    """Without channels the week's quartiles and the source's ends are still told."""
    bare = [{name: value for name, value in booking(n).items() if name != "channel"} for n in range(4)]

    found = metrics.ahead_facts(inventory_of(AS_OF, events=bare), P)

    assert (found["early_channel"], found["week_low_days"]) == (None, 105)


def test_whom_the_company_may_write_to(inventory_of):
    """All customers, those who consented, and where most of these came from; crew is nobody's audience."""
    answers = [("web", True), ("web", True), ("phone", True), ("phone", False), ("phone", None), (None, True)]
    users = [
        {"user_id": f"u{n}", "kind": "customer", "channel": channel, "marketing_consent": said}
        for n, (channel, said) in enumerate(answers)
    ]

    found = metrics.audience_facts(inventory_of(AS_OF, users=users), Period.parse("2026-W48", "UTC"))

    assert found == {
        "customers": 6, "reachable_customers": 4, "reachable_share": 4 / 6, "reach_channel": "Web",
        "reach_channel_customers": 2, "unasked_customers": 1,
    }  # fmt: skip
    silent = inventory_of(AS_OF, users=[{**users[3]}])
    assert metrics.audience_facts(silent, P)["reach_channel"] is None


RECORDS = [
    {"zone": "a.example", "name": name, "type": kind, "ttl": 300, "value": value}
    for name, kind, value in (
        ("a.example", "TXT", "v=spf1 -all"),
        ("a.example", "MX", "0 ."),
        ("_dmarc.a.example", "TXT", "v=DMARC1; p=reject"),
        ("a.example", "CAA", '0 issue "ca.example"'),
    )
]


def test_the_domains_by_which_the_company_is_found(inventory_of):
    """How many there are, how many fail something, and which runs out first."""
    registrations = [
        {"domain": "a.example", "expires_on": "2027-01-09", "auto_renew": True},
        {"domain": "b.example", "expires_on": "2026-12-20", "auto_renew": True},
        {"domain": "c.example", "expires_on": "2028-01-01", "auto_renew": True},
    ]
    sound = {"zones": [{"zone": "a.example", "is_private": False, "record_count": 4}], "records": RECORDS}
    company = inventory_of(AS_OF, **sound, registrations=registrations)

    found = metrics.presence_facts(company, P)

    assert found == {
        "domains_count": 3, "domains_read": 3, "domains_to_mend": 2, "lapsing_domain": "b.example",
        "lapses_on": date(2026, 12, 20),
    }  # fmt: skip
    fine = inventory_of(AS_OF, **sound, registrations=registrations[2:])
    assert metrics.presence_facts(fine, P)["domains_to_mend"] is None


@pytest.mark.parametrize(
    "make",
    [
        metrics.channel_story_facts,
        metrics.source_facts,
        metrics.funnel_facts,
        metrics.worth_facts,
        metrics.ahead_facts,
        metrics.season_facts,
        metrics.audience_facts,
        metrics.presence_facts,
    ],
)
def test_without_a_source_nothing_is_said(inventory_of, make):
    """Every name is there, and none has a value."""
    assert set(make(inventory_of(AS_OF), P).values()) == {None}
