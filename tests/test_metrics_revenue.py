from datetime import timedelta

import pytest

from quarterdeck import metrics
from quarterdeck.inventory import NotAvailable
from quarterdeck.period import Period

# P is Monday 23 to Sunday 29 November 2026, t its end; the snapshot was taken on the Tuesday after.
P = Period.parse("2026-W48", "UTC")
AS_OF = "2026-12-01"

_numbers = iter(range(10**6))


def event(**columns):
    """One completed event of P that cost 10.00; *columns* change it."""
    usual = {
        "event_id": f"e{next(_numbers):06}",
        "business": "Bay Sails",
        "status": "completed",
        "booked_at": "2026-10-01",
        "starts_at": "2026-11-24 09:00",
        "ends_at": "2026-11-24 12:00",
        "price_minor": 1000,
    }
    return usual | columns


def test_revenue_is_recognised_in_the_week_in_which_the_event_ends(inventory_of):
    """Recognised revenue is the price of completed events whose end lies in [Monday, Monday), by business, exactly."""
    inventory = inventory_of(
        AS_OF,
        events=[
            event(price_minor=1000),
            event(price_minor=1, starts_at="2026-11-22", ends_at="2026-11-23 00:00"),  # the first instant of P
            event(price_minor=20, ends_at="2026-11-29 23:59:59", business="Whale Watch"),  # the last one
            event(price_minor=300, starts_at="2026-11-29", ends_at="2026-11-30 00:00"),  # the first after it
            event(price_minor=300, starts_at="2026-11-22", ends_at="2026-11-22 23:59"),  # the last before it
            event(price_minor=300, status="booked"),
            event(price_minor=None),
            event(price_minor=4000, starts_at="2026-11-25", ends_at=None, business="Whale Watch"),
        ],
    )

    recognised = metrics.recognised_revenue(inventory, P)

    assert recognised.value == 5021
    assert recognised.by == {"Whale Watch": 4020, "Bay Sails": 1001}
    assert list(recognised.by) == ["Whale Watch", "Bay Sails"]
    assert recognised.unit == "minor"


def test_the_week_is_the_companys(inventory_of):
    """An event that ends on Sunday evening in Los Angeles counts in the week that ends there."""
    late = event(starts_at="2026-11-30 01:00", ends_at="2026-11-30 05:00")  # Sunday 21:00 there
    inventory = inventory_of(AS_OF, settings={"time_zone": "America/Los_Angeles"}, events=[late])

    assert metrics.recognised_revenue(inventory, Period.parse("2026-W48", "America/Los_Angeles")).value == 1000
    assert metrics.recognised_revenue(inventory, Period.parse("2026-W49", "America/Los_Angeles")).value == 0


def test_a_week_that_is_not_over_counts_up_to_the_as_of(inventory_of):
    """In a week that the snapshot saw half, only what was over by then is recognised, whatever its status."""
    events = [event(), event(starts_at="2026-11-26", ends_at="2026-11-27")]

    assert metrics.recognised_revenue(inventory_of("2026-11-26", events=events), P).value == 1000


def test_an_empty_week_is_zero_and_an_absent_table_is_not_available(inventory_of):
    """Zero is said only of a week that the source could know."""
    inventory = inventory_of(AS_OF, events=[event()])

    assert metrics.recognised_revenue(inventory, P.shifted(1)).value == 0
    assert metrics.recognised_revenue(inventory, P.shifted(-52)).reason == (
        "the source of events does not reach back that far"
    )
    assert metrics.recognised_revenue(inventory_of(AS_OF, events=[]), P).reason == "the source of events holds no rows"
    assert metrics.recognised_revenue(inventory_of(AS_OF), P).reason == "the company's folder has no events"


def test_events_over_and_not_closed_are_counted_and_listed(inventory_of):
    """Unclosed events are booked at t, over before it and not completed, the longest over first."""
    inventory = inventory_of(
        AS_OF,
        events=[
            event(event_id="a", status="booked", price_minor=500, ends_at="2026-11-29 12:00"),
            event(event_id="b", status="booked", price_minor=None, starts_at="2026-10-05", ends_at="2026-10-06"),
            event(event_id="c", status="booked", starts_at="2026-11-29", ends_at="2026-11-30"),
            event(event_id="d", status="cancelled", cancelled_at="2026-11-01"),
            event(event_id="e"),
        ],
    )

    listed = metrics.unclosed_by_event(inventory, P)

    assert metrics.unclosed_events(inventory, P).value == 2
    assert metrics.unclosed_revenue(inventory, P).value == 500
    assert listed["event_id"].tolist() == ["b", "a"]
    assert listed["days_over"].tolist() == [55, 0]


def test_recognised_by_week_stands_beside_the_year_before(inventory_of):
    """Weeks without service are 0, weeks before the first event are missing, and last year is 364 days earlier."""
    inventory = inventory_of(
        AS_OF,
        events=[
            event(price_minor=7, starts_at="2025-11-20", ends_at="2025-11-21"),  # the Friday of 2025-W47
            event(price_minor=30, starts_at="2026-11-18", ends_at="2026-11-19"),  # 2026-W47
            event(price_minor=2, starts_at="2026-11-18", ends_at="2026-11-18"),
            event(price_minor=900, starts_at="2026-11-30", ends_at="2026-11-30"),  # not before t
        ],
    )

    weeks = metrics.recognised_by_week(inventory, P, weeks=3)

    assert weeks["week"].tolist() == ["2026-W46", "2026-W47", "2026-W48"]
    assert [str(day.date()) for day in weeks["ends_on"]] == ["2026-11-15", "2026-11-22", "2026-11-29"]
    assert weeks["recognised_minor"].tolist() == [0, 32, 0]
    assert weeks["last_year_minor"].isna().tolist() == [True, False, False]
    assert weeks["last_year_minor"].tolist()[1:] == [7, 0]


def test_what_was_closed_late_is_shown_against_last_weeks_snapshot(inventory_of):
    """Recognised late are the changes to the weeks before P: closed since, corrected, or open again; nothing of P."""
    kept = event(event_id="kept", starts_at="2026-11-10", ends_at="2026-11-10")
    late = event(event_id="late", starts_at="2026-11-11", ends_at="2026-11-11")
    dearer = event(event_id="dearer", starts_at="2026-11-12", ends_at="2026-11-12")
    opened = event(event_id="opened", starts_at="2026-11-13", ends_at="2026-11-13", price_minor=250)
    before = inventory_of("2026-11-24", events=[kept, late | {"status": "booked"}, dearer, opened])
    now = inventory_of(
        AS_OF, events=[kept, late, dearer | {"price_minor": 1500}, opened | {"status": "booked"}, event()]
    )

    changes = metrics.recognised_late(now, before, P)

    assert changes["event_id"].tolist() == ["late", "dearer", "opened"]
    assert changes["change_minor"].tolist() == [1000, 500, -250]
    assert changes["business"].tolist() == ["Bay Sails"] * 3
    assert (changes["ended_on"] == changes["ended_at"].dt.tz_localize(None).dt.normalize()).all()
    assert metrics.recognised_late(now, now, P).empty


def test_what_last_weeks_snapshot_could_not_see_is_not_late(inventory_of):
    """When the earlier snapshot was taken in mid-week, what ended after it is on time."""
    before = inventory_of("2026-11-18", events=[event(starts_at="2026-11-10", ends_at="2026-11-10")])
    now = inventory_of(AS_OF, events=[event(starts_at="2026-11-19", ends_at="2026-11-19"), event()])

    assert metrics.recognised_late(now, before, P)["change_minor"].tolist() == [-1000]


def test_concentration_is_the_sum_of_squared_shares(inventory_of):
    """Shares of 3/4 and 1/4 make 10/16; who is not named is left out; the largest share stands beside it."""
    inventory = inventory_of(
        AS_OF,
        events=[
            event(price_minor=200, customer_id="c1", channel="web"),
            event(price_minor=100, customer_id="c1", channel=None),
            event(price_minor=100, customer_id="c2", channel="web", business="Whale Watch"),
            event(price_minor=999, customer_id="c3", channel="web", starts_at="2025-11-01", ends_at="2025-11-29"),
        ],
    )

    shares = metrics.revenue_shares(inventory, P, "customer_id")

    assert metrics.concentration_customer(inventory, P).value == 0.625
    assert metrics.concentration_channel(inventory, P).value == 1.0
    assert metrics.concentration_business(inventory, P).value == 0.625
    assert shares.to_dict("list") == {"name": ["c1", "c2"], "revenue_minor": [300, 100], "share": [0.75, 0.25]}


def test_concentration_of_nothing_is_not_available(inventory_of):
    """Without revenue, or without the column, there is no concentration, and the reason says which."""
    free = inventory_of(AS_OF, events=[event(price_minor=0, channel="web")])

    assert metrics.concentration_business(free, P).value is None
    assert metrics.concentration_business(free, P).reason == "no revenue was recognised in these 52 weeks"
    assert metrics.concentration_customer(free, P).reason == "the source of events does not say: customer id"
    assert metrics.revenue_shares(free, P, "channel")["share"].tolist() == [0.0]


def test_what_is_paid_ahead_is_deferred(inventory_of):
    """Deferred is what was paid for events booked at t and not served, unclosed ones among them."""
    inventory = inventory_of(
        AS_OF,
        events=[
            event(paid_minor=1),  # served
            event(paid_minor=20, status="booked", starts_at="2026-12-05", ends_at=None),
            event(paid_minor=300, status="booked"),  # over, not closed
            event(paid_minor=4000, starts_at="2026-11-29", ends_at="2026-12-05"),  # completed, its end to come
            event(paid_minor=50000, booked_at="2026-11-30", status="booked", starts_at="2026-12-05"),  # booked after t
            event(paid_minor=None, status="booked", starts_at="2026-12-05"),
            event(paid_minor=600000, status="cancelled", cancelled_at="2026-11-01", starts_at="2026-12-05"),
        ],
    )

    assert metrics.deferred_revenue(inventory, P).value == 4320


def aged(days, **columns):
    """A served event that ended *days* days before t."""
    end = P.end - timedelta(days=days)
    return event(starts_at=end, ends_at=end, paid_minor=0) | columns


@pytest.mark.parametrize(
    ("days", "band"),
    [(0.1, "0–30"), (30.9, "0–30"), (31, "31–60"), (60.9, "31–60"), (61, "61–90"), (90.9, "61–90"), (91, "over 90")],
)
def test_receivables_age_by_whole_days_since_the_end(inventory_of, days, band):
    """Each band ends with its last whole day."""
    receivables = metrics.receivables(inventory_of(AS_OF, events=[aged(days)]), P)

    assert {name: amount for name, amount in receivables.by.items() if amount} == {band: 1000}
    assert list(receivables.by) == ["0–30", "31–60", "61–90", "over 90"]


def test_receivables_are_what_served_events_lack(inventory_of):
    """An overpayment is no negative receivable, and what is not known is skipped."""
    inventory = inventory_of(
        AS_OF,
        events=[
            aged(1, event_id="part", paid_minor=400, customer_id="c1"),
            aged(40, event_id="none"),
            aged(2, paid_minor=1500),
            aged(2, paid_minor=1000),
            aged(2, paid_minor=None),
            aged(2, price_minor=None),
            aged(2, status="booked"),
        ],
    )

    owed = metrics.open_receivables(inventory, P)

    assert metrics.receivables(inventory, P).value == 1600
    assert metrics.receivables(inventory, P).by == {"0–30": 600, "31–60": 1000, "61–90": 0, "over 90": 0}
    assert owed["event_id"].tolist() == ["none", "part"]
    assert owed["open_minor"].tolist() == [1000, 600]
    assert owed["days"].tolist() == [40, 1]
    assert owed["band"].tolist() == ["31–60", "0–30"]
    assert owed["customer_id"].isna().tolist() == [True, False]


def test_money_kept_on_cancelled_events(inventory_of):
    """Refund liability is what was paid for events cancelled at t, dated or not, the largest first."""
    inventory = inventory_of(
        AS_OF,
        events=[
            event(event_id="a", status="cancelled", cancelled_at="2026-11-01", paid_minor=10),
            event(event_id="b", status="cancelled", cancelled_at=None, paid_minor=200),
            event(event_id="c", status="cancelled", cancelled_at="2026-11-30", paid_minor=4000),
            event(event_id="d", status="cancelled", cancelled_at="2026-11-01", paid_minor=0),
            event(event_id="e", paid_minor=50000),
        ],
    )

    kept = metrics.kept_on_cancelled(inventory, P)

    assert metrics.refund_liability(inventory, P).value == 210
    assert kept["event_id"].tolist() == ["b", "a"]
    assert kept["paid_minor"].sum() == 210


def test_the_tie_outs_of_price_and_payment(inventory_of):
    """More paid than it costs, booked without a price, cancelled without a date: each is listed, nothing else."""
    inventory = inventory_of(
        AS_OF,
        events=[
            event(event_id="over", paid_minor=1001, status="booked"),
            event(event_id="even", paid_minor=1000),
            event(event_id="unknown", paid_minor=None),
            event(event_id="priceless", price_minor=None, paid_minor=5),
            event(event_id="asked", price_minor=None, status="inquiry", booked_at=None),
            event(event_id="undated", status="cancelled", cancelled_at=None, created_at="2026-11-01"),
            event(event_id="future", status="cancelled", created_at="2026-11-30", paid_minor=9999),
        ],
    )

    assert metrics.paid_over_price(inventory, P)["event_id"].tolist() == ["over"]
    assert metrics.paid_over_price(inventory, P)["over_minor"].tolist() == [1]
    assert metrics.booked_without_price(inventory, P)["event_id"].tolist() == ["priceless"]
    assert metrics.cancelled_without_date(inventory, P)["event_id"].tolist() == ["undated"]


def test_a_source_without_cancellations_keeps_no_money_that_is_known(inventory_of):
    """Without `cancelled_at`, kept money is 0 or more only if some event is cancelled; else it is not known."""
    undated = event(status="cancelled", paid_minor=70)

    assert metrics.refund_liability(inventory_of(AS_OF, events=[event(paid_minor=5), undated]), P).value == 70
    assert metrics.refund_liability(inventory_of(AS_OF, events=[event(paid_minor=5)]), P).reason == (
        "the source keeps no cancelled events"
    )


@pytest.mark.parametrize("name", ["deferred_revenue", "receivables", "refund_liability"])
def test_payments_are_known_only_for_the_snapshots_last_week(inventory_of, name):
    """Payments have no date: the week before is not available, and neither is a source that does not name them."""
    known = inventory_of(AS_OF, events=[event(paid_minor=5, cancelled_at=None)])
    unknown = inventory_of(AS_OF, events=[event()])

    assert getattr(metrics, name)(known, P).value is not None
    assert getattr(metrics, name)(known, P.shifted(-1)).reason == "known only for the latest full week of the data"
    assert getattr(metrics, name)(unknown, P).reason == "the source of events does not say: paid"


@pytest.mark.parametrize("listing", ["open_receivables", "kept_on_cancelled", "paid_over_price"])
def test_lists_of_payments_hold_the_same_rule(inventory_of, listing):
    """A list whose metric is known only now refuses an earlier week."""
    inventory = inventory_of(AS_OF, events=[event(paid_minor=5)])

    with pytest.raises(NotAvailable, match="only for the latest full week of the data"):
        getattr(metrics, listing)(inventory, P.shifted(-1))
