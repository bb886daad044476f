import pytest

from quarterdeck import metrics
from quarterdeck.inventory import NotAvailable
from quarterdeck.metrics.crew import claim_amounts
from quarterdeck.period import Period

# P is Monday 23 to Sunday 29 November 2026, t its end; the snapshot was taken on the Tuesday after.
P = Period.parse("2026-W48", "UTC")
AS_OF = "2026-12-01"

_numbers = iter(range(10**6))


def event(**columns):
    """One event served in P, 6 of 8 places sold; *columns* change it."""
    usual = {
        "event_id": f"e{next(_numbers):06}",
        "business": "Bay Sails",
        "status": "completed",
        "booked_at": "2026-10-01",
        "starts_at": "2026-11-24 09:00",
        "guests": 6,
        "capacity": 8,
        "price_minor": 1000,
    }
    return usual | columns


def ahead(**columns):
    """One booked event of the next fortnight."""
    return event(status="booked", starts_at="2026-12-05") | columns


def claim(event_id, status="completed", **columns):
    usual = {"claim_id": f"c{next(_numbers):06}", "event_id": event_id, "role": "deckhand", "status": status}
    return usual | {"hours": 4, "rate_minor": 2500} | columns


def without(column, rows):
    return [{name: value for name, value in row.items() if name != column} for row in rows]


@pytest.mark.parametrize(
    ("hours", "rate", "amount"),
    [("2.5", 1, 2), ("3.5", 1, 4), ("0.5", 101, 50), ("0.333333", 1500, 500), ("7.75", 2333, 18081), ("0", 900, 0)],
)
def test_each_claim_is_rounded_half_even(frame_of, hours, rate, amount):
    """Hours × rate is exact, and rounds once, to the even cent where it stands between two."""
    claims = frame_of("claims", [claim("e", hours=hours, rate_minor=rate)])

    assert claim_amounts(claims).tolist() == [amount]


def test_a_claim_is_exact_however_large(frame_of):
    """No float stands between hours, rate and amount."""
    claims = frame_of("claims", [claim("e", hours="1.000001", rate_minor=999_999_999_999_000_000)])

    assert claim_amounts(claims).tolist() == [1_000_000_999_998_999_999]


def test_labour_is_owed_for_what_was_served_in_the_week(inventory_of):
    """Labour: claims completed, paid or confirmed, on events served with their end in P, by business."""
    inventory = inventory_of(
        AS_OF,
        events=[
            event(event_id="a"),
            event(event_id="b", business="Whale Watch", starts_at="2026-11-28"),
            event(event_id="earlier", starts_at="2026-11-22"),
            event(event_id="not closed", status="booked"),
        ],
        claims=[
            claim("a", "completed", hours="2.5", rate_minor=1),
            claim("a", "paid", hours="2.5", rate_minor=1),  # each rounds to 2 alone, together they would be 5
            claim("a", "confirmed"),
            claim("a", "claimed"),
            claim("a", "open"),
            claim("a", "declined"),
            claim("b", "paid", hours=10),
            claim("earlier"),
            claim("not closed", "confirmed"),
            claim("nowhere"),
        ],
    )

    labour = metrics.labour_cost(inventory, P)

    assert labour.value == 35004
    assert labour.by == {"Whale Watch": 25000, "Bay Sails": 10004}
    assert metrics.labour_cost(inventory, P.shifted(-1)).value == 10000
    assert metrics.labour_cost(inventory, P.shifted(1)).value == 0


def test_a_claim_made_after_t_is_not_known_at_t(inventory_of):
    """A claim made in the following week does not change this week's labour."""
    claims = [claim("a", claimed_at="2026-11-29"), claim("a", claimed_at="2026-11-30"), claim("a", claimed_at=None)]

    assert metrics.labour_cost(inventory_of(AS_OF, events=[event(event_id="a")], claims=claims), P).value == 20000


def test_without_claims_there_is_no_labour_figure(inventory_of):
    """A company without crew has no labour cost of zero: it has none that is known."""
    inventory = inventory_of(AS_OF, events=[event()], claims=[])

    for name in ("labour_cost", "unfilled_places", "unfilled_revenue"):
        assert getattr(metrics, name)(inventory, P).reason == "the source of claims holds no rows"


def test_unfilled_places_of_the_next_fortnight(inventory_of):
    """Open claims of events booked at t that start within 14 days; an event's price counts once."""
    inventory = inventory_of(
        AS_OF,
        events=[
            ahead(event_id="second", starts_at="2026-12-13 23:59", price_minor=700, business="Whale Watch"),
            ahead(event_id="first", starts_at="2026-11-30 00:00"),
            ahead(event_id="too late", starts_at="2026-12-14"),
            ahead(event_id="begun", starts_at="2026-11-29"),
            ahead(event_id="after t", booked_at="2026-11-30"),
            ahead(event_id="off", status="cancelled", cancelled_at="2026-11-20"),
            ahead(event_id="full"),
        ],
        claims=[
            claim("second", "open", role="captain"),
            *[claim("first", "open") for _ in range(2)],
            claim("first", "open", role="captain"),
            *[claim(name, "open") for name in ("too late", "begun", "after t", "off")],
            claim("full", "claimed"),
        ],
    )

    listed = metrics.unfilled_by_event(inventory, P)

    assert metrics.unfilled_places(inventory, P).value == 4
    assert metrics.unfilled_revenue(inventory, P).value == 1700
    assert listed["event_id"].tolist() == ["first", "second"]
    assert listed["roles"].tolist() == ["captain, deckhand × 2", "captain"]
    assert listed["places"].tolist() == [3, 1]
    assert listed["price_minor"].tolist() == [1000, 700]
    assert listed["asset"].isna().all()


def test_which_places_are_open_is_known_only_now(inventory_of):
    """An open claim has no date, so the week before is not available."""
    inventory = inventory_of(AS_OF, events=[ahead(event_id="a")], claims=[claim("a", "open")])

    assert metrics.unfilled_places(inventory, P.shifted(-1)).value is None
    with pytest.raises(NotAvailable, match="only for the latest full week of the data"):
        metrics.unfilled_by_event(inventory, P.shifted(-1))


def test_no_open_place_is_zero(inventory_of):
    """When every place is filled, that is zero places and an empty list with its columns."""
    inventory = inventory_of(AS_OF, events=[ahead(event_id="a")], claims=[claim("a", "claimed")])

    assert metrics.unfilled_places(inventory, P).value == 0
    assert metrics.unfilled_revenue(inventory, P).value == 0
    assert metrics.unfilled_by_event(inventory, P).columns.tolist()[:2] == ["event_id", "business"]


def test_utilisation_is_of_events_served_with_both_numbers(inventory_of):
    """Guests over capacity of what was served in the week, where both are known."""
    inventory = inventory_of(
        AS_OF,
        events=[
            event(guests=6, capacity=8),
            event(guests=0, capacity=4),
            event(guests=None, capacity=100),
            event(guests=100, capacity=None),
            event(guests=100, capacity=100, status="booked"),
            event(guests=100, capacity=100, starts_at="2026-11-30"),
        ],
    )

    assert metrics.utilisation(inventory, P).value == 0.5
    assert metrics.utilisation(inventory, P.shifted(-20)).value is None


def test_no_capacity_is_nothing_to_divide_by(inventory_of):
    """Zero places are no utilisation of zero."""
    inventory = inventory_of(AS_OF, events=[event(guests=0, capacity=0)])

    assert metrics.utilisation(inventory, P).reason == "nothing to divide by in this period"


def test_unsold_places_of_the_next_four_weeks(inventory_of):
    """Capacity less guests of events booked at t that start within 28 days; an overbooked one counts against it."""
    inventory = inventory_of(
        AS_OF,
        events=[
            ahead(event_id="b", guests=6, capacity=8),
            ahead(event_id="a", guests=10, capacity=9, business="Whale Watch"),
            ahead(event_id="c", guests=0, capacity=50, starts_at="2026-12-27 23:59"),
            ahead(guests=0, capacity=1000, starts_at="2026-12-28"),
            ahead(guests=0, capacity=1000, booked_at="2026-11-30"),
            ahead(guests=None, capacity=1000),
        ],
    )

    assert metrics.unsold_places(inventory, P).value == 51
    assert metrics.unsold_places(inventory, P).by == {"Bay Sails": 52, "Whale Watch": -1}
    assert metrics.unsold_by_event(inventory, P)["event_id"].tolist() == ["a", "b", "c"]
    assert metrics.unsold_by_event(inventory, P)["unsold"].tolist() == [-1, 2, 50]


def test_the_seasons_show_when_customers_come(inventory_of):
    """Season and weekday are those of the start, in the company's time zone; an empty cell has 0 events."""
    events = [
        event(starts_at="2026-11-23 07:00"),  # a Sunday evening in Los Angeles
        event(starts_at="2026-11-23 09:00", guests=2),
        event(starts_at="2026-11-23 10:00", guests=None),
        event(starts_at="2026-06-01 10:00"),
        event(starts_at="2025-06-01 10:00"),
    ]
    settings = {"time_zone": "America/Los_Angeles"}
    period = Period.parse("2026-W48", "America/Los_Angeles")

    cells = metrics.served_by_season_weekday(inventory_of(AS_OF, settings=settings, events=events), period)
    bare = without("guests", without("capacity", events))
    counts = metrics.served_by_season_weekday(inventory_of(AS_OF, settings=settings, events=bare), period)

    found = cells.set_index(["season", "weekday"])
    assert len(cells) == 28
    assert found.loc[("Sep–Nov", 0)].tolist() == [2, 2, 8, 0.25, 2 / 12]  # Mondays: 7 September to 23 November
    assert found.loc[("Sep–Nov", 6)].tolist() == [1, 6, 8, 0.75, 1 / 13]
    assert found.loc[("Jun–Aug", 0), "events"] == 1
    assert found.loc[("Dec–Feb", 0), "events"] == 0
    assert cells["utilisation"].notna().sum() == 3
    assert counts["events"].sum() == 4
    assert counts["utilisation"].isna().all()


def test_a_season_before_the_source_is_not_empty_but_unknown(inventory_of):
    """What a day brings is counted over the days since the first event; a season without such a day has no figure."""
    inventory = inventory_of(AS_OF, events=[event(starts_at="2026-11-16 10:00"), event(starts_at="2026-11-23 10:00")])

    cells = metrics.served_by_season_weekday(inventory, P).set_index(["season", "weekday"])

    assert cells.loc[("Sep–Nov", 0), "per_day"] == 1
    assert cells.loc[("Sep–Nov", 1), "per_day"] == 0
    assert cells["per_day"].notna().sum() == 7


def item(number, event_id, **columns):
    """One required checklist item due in P and done in time."""
    usual = {"checklist_id": f"k{number}", "event_id": event_id, "item": "Life jackets", "is_required": True}
    return usual | {"due_at": "2026-11-25 09:00", "completed_at": "2026-11-25 09:00"} | columns


def test_readiness_is_what_was_due_and_done_in_time(inventory_of):
    """Of the required items due in P: those completed no later than they were due."""
    checklists = [
        item(1, "a"),
        item(2, "a", completed_at="2026-11-25 09:01"),
        item(3, "a", completed_at=None),
        item(4, "a", due_at="2026-11-23 00:00", completed_at="2026-11-20"),
        item(5, "a", is_required=False, completed_at=None),
        item(6, "a", due_at="2026-11-30 00:00", completed_at=None),
        item(7, "a", due_at="2026-11-22 23:59", completed_at=None),
    ]
    inventory = inventory_of(AS_OF, events=[event(event_id="a")], checklists=checklists)

    assert metrics.readiness_rate(inventory, P).value == 0.5
    assert metrics.readiness_rate(inventory, P.shifted(5)).reason == "no required item was due in this week"
    bare = inventory_of(AS_OF, checklists=without("completed_at", checklists))
    assert metrics.readiness_rate(bare, P).reason == "the source of checklists does not say: completed at"


def test_overdue_items_of_the_next_events(inventory_of):
    """Overdue are required items due before t and not done by then, of booked events of the next 14 days."""
    open_item = {"completed_at": None}
    inventory = inventory_of(
        AS_OF,
        events=[
            ahead(event_id="later", starts_at="2026-12-10"),
            ahead(event_id="sooner"),
            ahead(event_id="off", status="cancelled", cancelled_at="2026-11-20"),
            ahead(event_id="far", starts_at="2026-12-14"),
        ],
        checklists=[
            item(1, "later", **open_item),
            item(2, "sooner", completed_at="2026-11-30"),  # done, but not yet at t
            item(3, "sooner", **open_item, due_at="2026-11-20"),
            item(4, "sooner"),
            item(5, "sooner", **open_item, due_at="2026-11-30"),
            item(6, "sooner", **open_item, is_required=False),
            item(7, "off", **open_item),
            item(8, "far", **open_item),
        ],
    )

    overdue = metrics.overdue_items(inventory, P)

    assert overdue["checklist_id"].tolist() == ["k3", "k2", "k1"]
    assert overdue["days_late"].tolist() == [10, 4, 4]
