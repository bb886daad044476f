"""Figures of a real hotel's bookings, against its published facts and a plain recount of the raw items."""

import gzip
import json
import statistics
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from quarterdeck import metrics
from quarterdeck.period import Period

TABLES = Path(__file__).parent / "data" / "hotel-2016" / "tables"
LISBON = "Europe/Lisbon"
CENTS = {"priceEur": "price_minor", "paidEur": "paid_minor"}
NAMES = {
    "eventId": "event_id",
    "brand": "business",
    "state": "status",
    "createdAt": "created_at",
    "bookedAt": "booked_at",
    "startIso": "starts_at",
    "endIso": "ends_at",
    "customerId": "customer_id",
    "channel": "channel",
}


def week(name):
    return Period.parse(name, LISBON)


@pytest.fixture(scope="module")
def stays():
    """The raw items as plain rows of our names: texts, and cents counted from the decimal text."""
    items = json.loads(gzip.decompress((TABLES / "Events.json.gz").read_bytes()))["Items"]
    rows = []
    for item in items:
        row = {ours: item[theirs]["S"] for theirs, ours in NAMES.items()}
        row |= {ours: int(Fraction(item[theirs]["N"]) * 100) for theirs, ours in CENTS.items()}
        rows.append(row | {"guests": int(item["guests"]["N"])})
    return rows


@pytest.fixture(scope="module")
def hotel(stays, inventory_of):
    settings = {"slug": "resort", "currency": "EUR", "time_zone": LISBON}
    return inventory_of("2016-12-31 23:59:59", settings=settings, events=stays, claims=[], checklists=[])


def instant(text):
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("name", "cents"),
    [("2016-W30", 21280125), ("2016-W38", 10832751), ("2016-W45", 5732431), ("2016-W51", 1877737)],
)
def test_recognised_revenue_is_the_published_fact(hotel, name, cents):
    """What the hotel earned in four weeks, to the cent, against the facts published with the data."""
    assert metrics.recognised_revenue(hotel, week(name)).value == cents
    assert metrics.recognised_revenue(hotel, week(name)).by == {"Resort": cents}


def test_the_weeks_sum_to_what_had_ended_by_the_as_of(hotel, stays):
    """26 weeks side by side are the price of every stay over by the last of them; the year before is not known."""
    t = week("2016-W51").end

    weeks = metrics.recognised_by_week(hotel, week("2016-W51"), weeks=26)

    assert weeks["recognised_minor"].sum() == sum(row["price_minor"] for row in stays if instant(row["ends_at"]) < t)
    assert weeks["last_year_minor"].isna().all()
    assert metrics.recognised_revenue(hotel, week("2015-W38")).reason == (
        "the source of events does not reach back that far"
    )


def test_bookings_and_lead_time_are_those_of_a_recount(hotel, stays):
    """Bookings of 2016-W38 by channel and their median lead time, recounted from the raw items."""
    monday = datetime(2016, 9, 19, tzinfo=ZoneInfo(LISBON))
    booked = [row for row in stays if monday <= instant(row["booked_at"]) < monday + timedelta(days=7)]
    lead = [(instant(row["starts_at"]) - instant(row["booked_at"])) / timedelta(days=1) for row in booked]

    value = metrics.bookings_value(hotel, week("2016-W38"))

    assert len(booked) > 100
    assert value.value == sum(row["price_minor"] for row in booked)
    assert value.by["direct"] == sum(row["price_minor"] for row in booked if row["channel"] == "direct")
    assert metrics.bookings_count(hotel, week("2016-W38")).value == len(booked)
    assert metrics.lead_time_median_days(hotel, week("2016-W38")).value == statistics.median(lead)


def test_stays_to_come_are_deferred(hotel, stays):
    """What guests had paid for stays that end after Christmas is deferred; nothing is receivable, nothing unclosed."""
    t = week("2016-W51").end
    ahead = [row for row in stays if instant(row["booked_at"]) < t <= instant(row["ends_at"])]

    assert metrics.deferred_revenue(hotel, week("2016-W51")).value == sum(row["paid_minor"] for row in ahead) > 0
    assert metrics.receivables(hotel, week("2016-W51")).value == 0
    assert metrics.unclosed_events(hotel, week("2016-W51")).value == 0


def test_repeat_guests_and_concentration_are_those_of_a_recount(hotel, stays):
    """Repeat rate and channel concentration in 2016-W51, recounted from the raw items."""
    t = week("2016-W51").end
    served = [row for row in stays if instant(row["ends_at"]) < t]
    first = {}
    for row in served:
        end = instant(row["ends_at"])
        first[row["customer_id"]] = min(end, first.get(row["customer_id"], end))
    booked = [row for row in stays if t - timedelta(weeks=13) <= instant(row["booked_at"]) < t]
    never = datetime.max.replace(tzinfo=UTC)
    again = [row for row in booked if first.get(row["customer_id"], never) < instant(row["booked_at"])]
    revenue = {}
    for row in served:
        revenue[row["channel"]] = revenue.get(row["channel"], 0) + row["price_minor"]
    herfindahl = sum(Fraction(part, sum(revenue.values())) ** 2 for part in revenue.values())

    assert metrics.repeat_rate(hotel, week("2016-W51")).value == len(again) / len(booked)
    assert len(again) > 0
    assert metrics.concentration_channel(hotel, week("2016-W51")).value == float(herfindahl)
    assert metrics.concentration_business(hotel, week("2016-W51")).value == 1.0


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("conversion_rate", "the source keeps only what was booked: no event was ever lost"),
        ("pipeline_value", "the source keeps only what was booked: no event was ever lost"),
        ("refund_liability", "the source keeps no cancelled events"),
        ("pipeline_weighted_value", "the source keeps only what was booked: no event was ever lost"),
        ("net_bookings_value", "the source of events does not say: cancelled at"),
        ("utilisation", "the source of events does not say: capacity"),
        ("labour_cost", "the source of claims holds no rows"),
        ("unfilled_places", "the source of claims holds no rows"),
        ("readiness_rate", "the source of checklists holds no rows"),
        ("gross_margin", None),
        ("lowest_cash", None),
        ("cash", None),
    ],
)
def test_what_the_hotel_does_not_know_is_not_available(hotel, name, why):
    """A figure that the hotel's folder cannot support is absent with its reason, never zero."""
    figure = getattr(metrics, name)(hotel, week("2016-W51"))

    assert figure.value is None
    assert figure.reason == why if why else figure.reason


def test_payments_are_not_known_for_the_weeks_before_the_last(hotel):
    """The folder was taken once, so in the summer weeks what was paid by then is not available."""
    figure = metrics.deferred_revenue(hotel, week("2016-W30"))

    assert (figure.value, figure.reason) == (None, "known only for the latest full week of the data")


def test_channels_are_told_in_words(hotel):
    """Frames call a channel what a reader calls it; a figure's parts keep the data's own names."""
    p = week("2016-W38")
    words = ["Online travel agent", "Offline travel agent", "Direct", "Groups", "Corporate"]

    assert metrics.revenue_shares(hotel, p, "channel")["name"].tolist() == words
    assert sorted(metrics.bookings_by_channel_week(hotel, p)["channel"].unique()) == sorted(words)
    assert "online_travel_agent" in metrics.bookings_value(hotel, p).by
