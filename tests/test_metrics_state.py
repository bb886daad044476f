from datetime import UTC, datetime

import pytest

from quarterdeck.inventory import NotAvailable
from quarterdeck.metrics import state
from quarterdeck.metrics.exact import NOT_RECORDED, ratio, total, totals_by
from quarterdeck.period import Period

T = datetime(2026, 11, 30, tzinfo=UTC)
BEFORE, AFTER = "2026-11-29 23:59", "2026-11-30 00:00"


def event(**columns):
    """One booked event that ends two days after T; *columns* change it."""
    usual = {
        "event_id": "e1",
        "business": "Bay Sails",
        "status": "booked",
        "created_at": "2026-10-01",
        "booked_at": "2026-10-02",
        "starts_at": "2026-12-02",
        "ends_at": None,
        "cancelled_at": None,
        "price_minor": 100,
    }
    return usual | columns


@pytest.fixture
def one(frame_of):
    """A function: what a rule says of a single event."""

    def says(rule, *arguments, without=(), **columns):
        row = {name: value for name, value in event(**columns).items() if name not in without}
        return rule(frame_of("events", [row]), *arguments).item()

    return says


def test_an_event_ends_with_its_start_when_it_says_no_end(one):
    """The end of an event is `ends_at`, else `starts_at`, also where the source has no `ends_at` at all."""
    assert one(state.end_of, ends_at="2026-12-03").day == 3
    assert one(state.end_of).day == 2
    assert one(state.end_of, without=["ends_at"]).day == 2


@pytest.mark.parametrize(("created_at", "there"), [(BEFORE, True), (AFTER, False), (None, True)])
def test_an_event_exists_from_its_creation(one, created_at, there):
    """An event exists from `created_at`, the instant itself excluded; always, where there is none."""
    assert one(state.exists, T, created_at=created_at) is there
    assert one(state.exists, T, without=["created_at"]) is True


@pytest.mark.parametrize("status", ["inquiry", "quoted", "booked", "completed", "cancelled"])
def test_todays_status_says_nothing_about_the_past(one, status):
    """Booked and cancelled at t come from the timestamps, whatever the event is today."""
    booked = {"status": status, "booked_at": BEFORE, "cancelled_at": AFTER}

    assert one(state.is_booked, T, **booked) is True
    assert one(state.is_cancelled, T, **booked) is False
    assert one(state.is_booked, T, **booked | {"booked_at": AFTER}) is False
    assert one(state.is_booked, T, **booked | {"cancelled_at": BEFORE}) is False
    assert one(state.is_cancelled, T, **booked | {"cancelled_at": BEFORE}) is True


def test_a_booked_event_without_the_time_is_booked_from_its_creation(one):
    """A booked or completed event that does not say when is booked from `created_at`, else always; others are not."""
    assert one(state.is_booked, T, booked_at=None, created_at=BEFORE) is True
    assert one(state.is_booked, T, booked_at=None, created_at=AFTER) is False
    assert one(state.is_booked, T, booked_at=None, created_at=None) is True
    assert one(state.is_booked, T, without=["booked_at", "created_at"], status="completed") is True
    assert one(state.is_booked, T, booked_at=None, status="quoted") is False
    assert one(state.is_booked, T, booked_at=None, status="cancelled", cancelled_at=AFTER) is False


def test_cancelled_without_a_date_is_not_booked(one):
    """A cancelled event that does not say since when counts as never booked, from its creation on as cancelled."""
    undated = {"status": "cancelled", "cancelled_at": None, "booked_at": BEFORE}

    assert one(state.is_cancelled_without_date, **undated) is True
    assert one(state.is_booked, T, **undated) is False
    assert one(state.is_cancelled, T, **undated) is True
    assert one(state.is_cancelled, T, **undated, created_at=AFTER) is False
    assert one(state.is_cancelled, T, without=["cancelled_at"], status="cancelled") is True


@pytest.mark.parametrize(
    ("status", "ends_at", "served", "unclosed"),
    [
        ("completed", BEFORE, True, False),
        ("completed", AFTER, False, False),
        ("booked", BEFORE, False, True),
        ("booked", AFTER, False, False),
        ("quoted", BEFORE, False, True),
    ],
)
def test_served_and_unclosed_part_what_is_over(one, status, ends_at, served, unclosed):
    """An event that is over is served when it is completed, and unclosed when it was booked and is not."""
    over = {"status": status, "starts_at": "2026-11-01", "ends_at": ends_at}

    assert one(state.is_served, T, **over) is served
    assert one(state.is_unclosed, T, **over) is unclosed


def test_what_was_cancelled_or_never_booked_is_not_unclosed(one):
    """Only an event booked at t can be unclosed."""
    assert one(state.is_unclosed, T, starts_at=BEFORE, cancelled_at=BEFORE) is False
    assert one(state.is_unclosed, T, starts_at=BEFORE, status="inquiry", booked_at=None) is False


def test_the_window_of_bookings_has_those_without_a_time_too(inventory_of):
    """A booked event without `booked_at` is found in the window of its `created_at`, once."""
    rows = [
        event(event_id="dated"),
        event(event_id="undated", booked_at=None, created_at="2026-10-02 12:00"),
        event(event_id="never", booked_at=None, status="inquiry", created_at="2026-10-02 12:00"),
        event(event_id="later", booked_at="2026-10-03"),
    ]
    window = datetime(2026, 10, 2, tzinfo=UTC), datetime(2026, 10, 3, tzinfo=UTC)
    without_creation = [{name: value for name, value in row.items() if name != "created_at"} for row in rows]

    found = state.booked_between(inventory_of("2026-12-01", events=rows), *window)
    dated = state.booked_between(inventory_of("2026-12-01", events=without_creation), *window)

    assert found["event_id"].tolist() == ["dated", "undated"]
    assert dated["event_id"].tolist() == ["dated"]


def test_the_window_of_the_served_goes_by_their_end(inventory_of):
    """An event counts in the window of its end, of its start where it names no end, and only when completed."""
    rows = [
        event(event_id="ends inside", status="completed", starts_at="2026-10-01", ends_at="2026-10-02"),
        event(event_id="ends outside", status="completed", starts_at="2026-10-02", ends_at="2026-10-03"),
        event(event_id="starts inside", status="completed", starts_at="2026-10-02"),
        event(event_id="open", starts_at="2026-10-02"),
    ]
    window = datetime(2026, 10, 2, tzinfo=UTC), datetime(2026, 10, 3, tzinfo=UTC)
    without_ends = [{name: value for name, value in row.items() if name != "ends_at"} for row in rows]

    found = state.served_between(inventory_of("2026-12-01", events=rows), *window)
    by_start = state.served_between(inventory_of("2026-12-01", events=without_ends), *window)

    assert sorted(found["event_id"]) == ["ends inside", "starts inside"]
    assert sorted(by_start["event_id"]) == ["ends outside", "starts inside"]


def test_before_the_first_event_nothing_is_known(inventory_of):
    """A week without events is empty when there was one before, and not available when there was none."""
    inventory = inventory_of("2026-12-01", events=[event(status="completed", starts_at="2026-10-07")])
    week = datetime(2026, 10, 10, tzinfo=UTC), datetime(2026, 10, 17, tzinfo=UTC)
    year_before = datetime(2025, 10, 10, tzinfo=UTC), datetime(2025, 10, 17, tzinfo=UTC)

    assert state.served_between(inventory, *week).empty
    assert state.booked_between(inventory, *week).empty
    with pytest.raises(NotAvailable, match="does not reach back that far"):
        state.served_between(inventory, *year_before)
    with pytest.raises(NotAvailable, match="does not reach back that far"):
        state.booked_between(inventory, *year_before)


def test_days_are_those_of_the_company():
    """28 days later the clock shows the same time, though the summer time ends in between."""
    t = Period.parse("2026-W42", "America/Los_Angeles").end

    later = state.days_after(t, 28, "America/Los_Angeles")

    assert later == Period.parse("2026-W46", "America/Los_Angeles").end
    assert (later - t).total_seconds() == (28 * 24 + 1) * 3600


def test_instants_fall_into_the_days_and_weeks_of_the_company(frame_of):
    """Sunday evening in Los Angeles is Monday in UTC and still last week there, also over New Year."""
    starts = frame_of("events", [event(starts_at="2027-01-04 07:59"), event(starts_at="2027-01-04 08:00")])["starts_at"]

    weeks = state.weeks_of(starts, "America/Los_Angeles").tolist()

    assert weeks == ["2026-W53", "2027-W01"]
    assert state.local_days(starts, "America/Los_Angeles").dt.day.tolist() == [3, 4]
    assert weeks == [str(week) for week in state.weeks_ending_with(Period.parse("2027-W01", "UTC"), 2)]


def test_sums_have_no_largest_number(frame_of):
    """Amounts that overflow 64 bits together are summed exactly, and parts sum to the total."""
    rows = [event(event_id=str(number), price_minor=9 * 10**18 + number, channel=None) for number in range(3)]
    events = frame_of("events", [*rows, event(event_id="free", price_minor=None, channel="web")])

    assert total(events["price_minor"]) == 27 * 10**18 + 3
    assert totals_by(events["channel"], events["price_minor"]) == {"web": 0, NOT_RECORDED: 27 * 10**18 + 3}
    assert list(totals_by(events["channel"], events["price_minor"])) == ["web", NOT_RECORDED]
    assert ratio(1, 0) is None
