import pytest

from quarterdeck import metrics
from quarterdeck.inventory import NotAvailable
from quarterdeck.period import Period

# P is Monday 23 to Sunday 29 November 2026, t its end; the snapshot was taken on the Tuesday after.
# The 13 weeks that end with P begin on 31 August, the 52 weeks on 1 December 2025.
P = Period.parse("2026-W48", "UTC")
AS_OF = "2026-12-01"

_numbers = iter(range(10**6))


def event(**columns):
    """One event booked in P for 10 December, 10.00, through the web; *columns* change it."""
    usual = {
        "event_id": f"e{next(_numbers):06}",
        "business": "Bay Sails",
        "status": "booked",
        "created_at": "2026-11-20",
        "quoted_at": None,
        "booked_at": "2026-11-25",
        "cancelled_at": None,
        "starts_at": "2026-12-10",
        "channel": "web",
        "customer_id": None,
        "price_minor": 1000,
    }
    return usual | columns


def without(column, rows):
    return [{name: value for name, value in row.items() if name != column} for row in rows]


def test_bookings_count_whatever_became_of_them(inventory_of):
    """Gross bookings are the events booked in [Monday, Monday), cancelled or completed since, by channel."""
    inventory = inventory_of(
        AS_OF,
        events=[
            event(booked_at="2026-11-23 00:00"),
            event(booked_at="2026-11-29 23:59", status="cancelled", cancelled_at="2026-11-30", price_minor=30),
            event(status="completed", channel="agent", price_minor=None),
            event(booked_at=None, created_at="2026-11-24", channel=None, price_minor=500),  # booked from its creation
            event(booked_at="2026-11-30 00:00"),
            event(booked_at="2026-11-22 23:59"),
        ],
    )

    assert metrics.bookings_value(inventory, P).value == 1530
    assert metrics.bookings_value(inventory, P).by == {"web": 1030, "agent": 0, "Not recorded": 500}
    assert metrics.bookings_count(inventory, P).value == 4
    assert metrics.bookings_count(inventory, P).by == {"web": 2, "agent": 1, "Not recorded": 1}


def test_a_source_without_channels_still_has_bookings(inventory_of):
    """Where there are no channels the totals stand without parts."""
    inventory = inventory_of(AS_OF, events=without("channel", [event()]))

    assert metrics.bookings_value(inventory, P).value == 1000
    assert metrics.bookings_value(inventory, P).by is None
    assert metrics.bookings_count(inventory, P).by is None


def test_cancellations_are_those_of_booked_events(inventory_of):
    """An event counts as cancelled in the week of `cancelled_at`, if it was booked by then; net is gross less that."""
    inventory = inventory_of(
        AS_OF,
        events=[
            event(price_minor=5000),
            event(booked_at="2026-09-01", cancelled_at="2026-11-23", status="cancelled", price_minor=700),
            event(
                booked_at="2026-11-24", cancelled_at="2026-11-24", status="cancelled", price_minor=80, channel="agent"
            ),
            event(booked_at="2026-11-26", cancelled_at="2026-11-25", price_minor=1),  # booked after it
            event(booked_at=None, cancelled_at="2026-11-25", status="cancelled"),  # never booked
            event(booked_at="2026-09-01", cancelled_at="2026-11-30", status="cancelled"),
            event(booked_at="2026-09-01", cancelled_at=None, status="cancelled"),  # nobody knows when
        ],
    )

    assert metrics.cancellations_value(inventory, P).value == 780
    assert metrics.cancellations_value(inventory, P).by == {"web": 700, "agent": 80}
    assert metrics.cancellations_count(inventory, P).value == 2
    assert metrics.net_bookings_value(inventory, P).value == 5000 + 80 + 1 - 780


def test_the_cancellation_rate_spans_thirteen_weeks(inventory_of):
    """Two cancellations and four bookings of the 13 weeks make a half; what was before does not count."""
    inventory = inventory_of(
        AS_OF,
        events=[
            event(booked_at="2026-08-31"),
            event(booked_at="2026-08-30"),
            event(booked_at="2026-09-05", cancelled_at="2026-09-06", status="cancelled"),
            event(booked_at="2026-08-01", cancelled_at="2026-10-01", status="cancelled"),
            event(booked_at="2026-08-01", cancelled_at="2026-08-30", status="cancelled"),
            event(),
            event(),
        ],
    )

    assert metrics.cancellation_rate(inventory, P).value == 0.5


def test_without_the_time_of_cancelling_nothing_is_net(inventory_of):
    """A source without `cancelled_at` has bookings, but no cancellations and no net."""
    inventory = inventory_of(AS_OF, events=without("cancelled_at", [event()]))

    assert metrics.bookings_count(inventory, P).value == 1
    for name in ("cancellations_value", "cancellations_count", "cancellation_rate", "net_bookings_value"):
        assert getattr(metrics, name)(inventory, P).reason == "the source of events does not say: cancelled at"


def test_what_is_windowed_on_an_absent_column_is_not_available(inventory_of):
    """Without `booked_at` no week has bookings, and none has a rate of them."""
    inventory = inventory_of(AS_OF, events=without("booked_at", [event(customer_id="c")]))

    for name in ("bookings_value", "bookings_count", "conversion_rate", "repeat_rate", "lead_time_median_days"):
        assert getattr(metrics, name)(inventory, P).reason == "the source of events does not say: booked at"


def test_a_repeat_customer_was_served_before_booking(inventory_of):
    """Of the bookings with a known customer, those count whose customer had an event over before they booked."""
    served = {"status": "completed", "booked_at": "2026-01-01"}
    inventory = inventory_of(
        AS_OF,
        events=[
            event(customer_id="back", **served, starts_at="2026-02-01"),
            event(customer_id="back", **served, starts_at="2026-03-01"),
            event(customer_id="back"),
            event(customer_id="late", **served, starts_at="2026-11-25"),  # over at the instant of booking, not before
            event(customer_id="late"),
            event(customer_id="open", status="booked", booked_at="2026-01-01", starts_at="2026-02-01"),  # never closed
            event(customer_id="open"),
            event(customer_id="new"),
            event(customer_id=None),
        ],
    )

    assert metrics.repeat_rate(inventory, P).value == 0.25


def test_lead_time_is_the_middle_booking(inventory_of):
    """Days from booking to start: the median, exact to the second, with its quartiles."""
    inventory = inventory_of(
        AS_OF,
        events=[
            event(booked_at="2026-11-25 00:00", starts_at="2026-11-26 12:00"),  # 1.5
            event(booked_at="2026-11-25 00:00", starts_at="2026-11-29"),  # 4
            event(booked_at="2026-11-25 00:00", starts_at="2026-12-01"),  # 6
            event(booked_at="2026-11-25 00:00", starts_at="2026-12-25"),  # 30
            event(booked_at="2026-11-01", starts_at="2027-12-25"),
        ],
    )

    quartiles = metrics.lead_time_quartiles(inventory, P)

    assert metrics.lead_time_median_days(inventory, P).value == 5.0
    assert quartiles.to_dict("list") == {
        "bookings": [4],
        "first_quartile_days": [3.375],
        "median_days": [5.0],
        "third_quartile_days": [12.0],
    }


def test_lead_time_by_channel_needs_four_bookings(inventory_of):
    """Each channel of 13 weeks has its quartiles, the longest median first; of three bookings there are none."""
    days = {"web": (1, 2, 3, 10), "agent": (20, 20, 20, 20), "walk_in": (1, 1, 1)}
    inventory = inventory_of(
        AS_OF,
        events=[
            event(channel=channel, booked_at="2026-10-01", starts_at=f"2026-10-{1 + day:02}")
            for channel, leads in days.items()
            for day in leads
        ],
    )

    rows = metrics.lead_time_by_channel(inventory, P)

    assert rows["channel"].tolist() == ["Agent", "Web"]
    assert rows["bookings"].tolist() == [4, 4]
    assert rows.loc[1, ["first_quartile_days", "median_days", "third_quartile_days"]].tolist() == [1.75, 2.5, 4.75]


def test_cancellations_by_channel_and_week_fill_the_grid(inventory_of):
    """Four weeks of every channel that cancelled a booking in one of them, 0 where it did not; an inquiry is none."""
    inventory = inventory_of(
        AS_OF,
        events=[
            event(status="cancelled", booked_at="2026-10-01", cancelled_at="2026-11-04", price_minor=70),
            event(
                status="cancelled", booked_at="2026-10-01", cancelled_at="2026-11-29", price_minor=5, channel="walk_in"
            ),
            event(status="cancelled", booked_at="2026-10-01", cancelled_at="2026-10-30", channel="agent"),
            event(status="cancelled", booked_at=None, cancelled_at="2026-11-29", channel="agent"),
            event(),
        ],
    )

    cells = metrics.cancellations_by_channel_week(inventory, P)

    assert cells["week"].unique().tolist() == ["2026-W45", "2026-W46", "2026-W47", "2026-W48"]
    assert cells["channel"].unique().tolist() == ["Walk in", "Web"]
    assert cells["cancellations"].tolist() == [0, 1, 0, 0, 0, 0, 1, 0]
    assert cells["value_minor"].tolist() == [0, 70, 0, 0, 0, 0, 5, 0]


def test_weeks_before_the_first_booking_have_no_cancellations(inventory_of):
    """Of a source that began two weeks ago two weeks are shown: what was cancelled before is not 0, but not known."""
    gone = event(status="cancelled", booked_at="2026-11-18", cancelled_at="2026-11-29", price_minor=5)

    cells = metrics.cancellations_by_channel_week(inventory_of(AS_OF, events=[gone]), P)

    assert cells["week"].tolist() == ["2026-W47", "2026-W48"]


def test_a_week_without_bookings_has_no_lead_time(inventory_of):
    """Nothing booked is 0 bookings and no median, with its own reason."""
    inventory = inventory_of(AS_OF, events=[event(booked_at="2026-10-01")])

    assert metrics.bookings_value(inventory, P).value == 0
    assert metrics.lead_time_median_days(inventory, P).reason == "nothing was booked in this week"
    assert metrics.lead_time_quartiles(inventory, P).empty
    assert metrics.repeat_rate(inventory, P).reason == "nothing was booked in these 13 weeks"


def test_bookings_by_channel_and_week_fill_the_grid(inventory_of):
    """Every channel has every week since the source's first booking, 0 where it brought nothing."""
    inventory = inventory_of(
        AS_OF,
        events=[
            event(booked_at="2026-11-11", channel="agent", price_minor=100),  # W46: the first
            event(booked_at="2026-11-25", channel=None, price_minor=None),
            event(booked_at="2026-11-26", price_minor=20),
            event(booked_at="2026-11-27", price_minor=3),
        ],
    )

    cells = metrics.bookings_by_channel_week(inventory, P)

    assert cells["week"].tolist() == ["2026-W46"] * 3 + ["2026-W47"] * 3 + ["2026-W48"] * 3
    assert cells["channel"].tolist() == ["Web", "Agent", "Not recorded"] * 3
    assert cells["bookings"].tolist() == [0, 1, 0, 0, 0, 0, 2, 0, 1]
    assert cells["value_minor"].tolist() == [0, 100, 0, 0, 0, 0, 23, 0, 0]
    assert str(cells["ends_on"].iloc[-1].date()) == "2026-11-29"


def test_an_older_source_shows_all_weeks(inventory_of):
    """When the source reaches back before the first week, each of the 26 is there."""
    inventory = inventory_of(AS_OF, events=[event(), event(booked_at="2020-01-01")])

    assert metrics.bookings_by_channel_week(inventory, P)["week"].nunique() == 26


def inquiry(**columns):
    return event(status="inquiry", booked_at=None) | columns


def test_the_pipeline_is_what_is_not_decided(inventory_of):
    """Pipeline: exists at t, not booked, not cancelled, starts at t or later."""
    inventory = inventory_of(
        AS_OF,
        events=[
            inquiry(price_minor=1),
            inquiry(price_minor=20, status="quoted", quoted_at="2026-11-21"),
            inquiry(price_minor=300, starts_at="2026-11-30 00:00"),
            event(price_minor=4000, booked_at="2026-11-30"),  # still open at t
            inquiry(price_minor=50000, starts_at="2026-11-29"),  # its start has passed
            inquiry(price_minor=50000, created_at="2026-11-30"),
            inquiry(price_minor=50000, status="cancelled", cancelled_at="2026-11-29"),
            inquiry(price_minor=None),
            event(price_minor=50000),
        ],
    )

    assert metrics.pipeline_value(inventory, P).value == 4321
    assert metrics.pipeline_value(inventory, P.shifted(-1)).reason == "known only for the latest full week of the data"


def test_an_empty_pipeline_is_zero_only_where_something_was_lost(inventory_of):
    """With everything decided the pipeline is 0; a source that keeps only winners does not know it."""
    winners = [event(), event(status="completed", starts_at="2026-11-26")]

    assert metrics.pipeline_value(inventory_of(AS_OF, events=[*winners, inquiry(starts_at="2026-11-01")]), P).value == 0
    assert metrics.pipeline_value(inventory_of(AS_OF, events=winners), P).reason == (
        "the source keeps only what was booked: no event was ever lost"
    )


def decided(*, won, quoted, **columns):
    """An event decided in March 2026: booked, or cancelled without booking."""
    outcome = {"booked_at": "2026-03-05"} if won else {"booked_at": None, "cancelled_at": "2026-03-05"}
    status = {"status": "booked" if won else "cancelled", "created_at": "2026-03-01", "starts_at": "2026-05-01"}
    return event(quoted_at="2026-03-02" if quoted else None, **status, **outcome) | columns


def test_the_pipeline_is_weighted_by_how_often_its_like_was_booked(inventory_of):
    """Quoted: 2 of 3 were booked; all decided: 2 of 7. An inquiry takes the second, a quote the first share."""
    history = [
        decided(won=True, quoted=True),
        decided(won=True, quoted=True),
        decided(won=False, quoted=True),
        *[decided(won=False, quoted=False) for _ in range(4)],
        decided(won=True, quoted=True, booked_at="2025-11-30"),  # before the 52 weeks
        decided(won=True, quoted=False, booked_at="2026-12-01"),  # not decided yet, and its start: lost on 1 May
    ]
    history[-1]["starts_at"] = "2026-12-24"  # so it is open at t, an inquiry of 10.00
    inventory = inventory_of(
        AS_OF,
        events=[
            *history,
            inquiry(price_minor=2001),
            inquiry(price_minor=900, status="quoted", quoted_at="2026-11-21"),
            inquiry(price_minor=600, status="quoted", quoted_at=None),  # when is not known, that it was is
        ],
    )

    # 1500 × 2/3 = 1000; (2001 + 1000) × 2/7 = 857.43
    assert metrics.pipeline_weighted_value(inventory, P).value == 1857


def test_one_share_weights_all_where_quotes_have_no_time(inventory_of):
    """Without `quoted_at`, or with none among the decided, quotes and inquiries take the share of all."""
    history = [decided(won=True, quoted=False), decided(won=False, quoted=False)]
    rows = [*history, inquiry(price_minor=1000), inquiry(price_minor=500, status="quoted", quoted_at="2026-11-21")]

    assert metrics.pipeline_weighted_value(inventory_of(AS_OF, events=rows), P).value == 750
    assert metrics.pipeline_weighted_value(inventory_of(AS_OF, events=without("quoted_at", rows)), P).value == 750


def test_nothing_decided_weights_nothing(inventory_of):
    """When the last decision is more than 52 weeks ago, the weighted pipeline is not available."""
    old = {"booked_at": None, "starts_at": "2025-06-01"}
    inventory = inventory_of(AS_OF, events=[inquiry(), inquiry(**old)])

    assert metrics.pipeline_weighted_value(inventory, P).reason == "no inquiry was decided in these 52 weeks"
    assert metrics.conversion_rate(inventory, P).reason == "no inquiry was decided in these 13 weeks"


def test_conversion_takes_the_first_decision(inventory_of):
    """Booked, cancelled without booking, or start passed unbooked, whichever is first, decides once and for all."""
    inventory = inventory_of(
        AS_OF,
        events=[
            event(),
            event(cancelled_at="2026-11-26", status="cancelled"),  # booked first
            event(booked_at="2026-11-25", starts_at="2026-11-25"),  # booked as it starts
            inquiry(cancelled_at="2026-11-25", status="cancelled"),  # lost
            inquiry(starts_at="2026-11-25", channel="agent"),  # lost
            event(booked_at="2026-11-26", starts_at="2026-11-25", channel="agent"),  # lost before it was booked
            inquiry(cancelled_at="2026-08-30", status="cancelled"),  # before the 13 weeks
            inquiry(starts_at="2026-11-30"),  # not decided at t
            inquiry(starts_at="2026-11-28", cancelled_at=None, status="cancelled", channel=None),  # at the latest
            event(booked_at="2026-11-30"),
        ],
    )

    conversion = metrics.conversion_rate(inventory, P)
    funnel = metrics.funnel_by_channel(inventory, P)

    assert conversion.value == 3 / 7
    assert conversion.by == {"web": 0.75, "agent": 0.0, "Not recorded": 0.0}
    assert funnel["channel"].tolist() == ["Web", "Agent", "Not recorded"]
    assert funnel["inquiries"].tolist() == [4, 2, 1]
    assert funnel["booked"].tolist() == [3, 0, 0]
    assert funnel["conversion_rate"].tolist() == [0.75, 0.0, 0.0]


def test_a_source_of_winners_has_no_conversion(inventory_of):
    """Where no event was ever lost, a rate of 100 % would be a lie: the figure says why it is absent."""
    inventory = inventory_of(AS_OF, events=[event(), event(status="completed", starts_at="2026-11-26")])
    why = "the source keeps only what was booked: no event was ever lost"

    assert metrics.conversion_rate(inventory, P).reason == why
    assert metrics.pipeline_weighted_value(inventory, P).reason == why
    with pytest.raises(NotAvailable, match="no event was ever lost"):
        metrics.funnel_by_channel(inventory, P)


def test_conversion_without_channels_or_cancellations(inventory_of):
    """Without channels there is one rate; without `cancelled_at` an event is lost when its start passes."""
    rows = without("cancelled_at", without("channel", [event(), inquiry(starts_at="2026-11-25")]))

    conversion = metrics.conversion_rate(inventory_of(AS_OF, events=rows), P)

    assert conversion.value == 0.5
    assert conversion.by is None


def test_the_funnel_counts_quotes_before_the_decision(inventory_of):
    """Quoted counts what was quoted before it was decided; without `quoted_at` the count is missing, not zero."""
    rows = [
        event(quoted_at="2026-11-24"),
        event(quoted_at="2026-11-25"),  # not before the booking
        inquiry(quoted_at="2026-11-24", starts_at="2026-11-26"),
    ]

    with_times = metrics.funnel_by_channel(inventory_of(AS_OF, events=rows), P)
    without_times = metrics.funnel_by_channel(inventory_of(AS_OF, events=without("quoted_at", rows)), P)

    assert with_times["quoted"].tolist() == [2]
    assert without_times["quoted"].isna().tolist() == [True]
    assert without_times["booked"].tolist() == [2]


def test_lost_quotes_are_listed_by_price(inventory_of):
    """A lost quote was quoted, then cancelled or let pass within the 13 weeks; the dearest comes first."""
    inventory = inventory_of(
        AS_OF,
        events=[
            inquiry(event_id="passed", quoted_at="2026-11-01", starts_at="2026-11-20", price_minor=500),
            inquiry(event_id="said no", quoted_at="2026-11-01", cancelled_at="2026-11-02", price_minor=900),
            inquiry(event_id="priceless", quoted_at="2026-11-01", starts_at="2026-11-20", price_minor=None),
            inquiry(event_id="not quoted", starts_at="2026-11-20"),
            inquiry(event_id="long ago", quoted_at="2026-08-01", starts_at="2026-08-30"),
            event(event_id="won", quoted_at="2026-11-01"),
        ],
    )

    lost = metrics.lost_quotes(inventory, P)

    assert lost["event_id"].tolist() == ["said no", "passed", "priceless"]
    assert lost["how"].tolist() == ["cancelled", "start passed", "start passed"]
    assert str(lost["lost_at"].iloc[0].date()) == "2026-11-02"
