"""What is planted among the trips, so that the reports have something to find; `tests/test_sample.py` lists it all."""

from __future__ import annotations

from datetime import date, timedelta

from _chance import Chance
from _company import (
    AS_OF,
    BAY_SAILS,
    BOAT_SHOWS,
    HARBOUR_LIGHTS,
    MARKETPLACES,
    PHONE,
    SLOTS,
    WEBSITE,
    WHALE_WATCH,
    local,
    local_day,
)
from _trips import DEPOSIT, Fleet, Trip, book, sailing

KESTREL = "Kestrel Offsites"  # three evenings on account, owed for 74 days
FESTIVAL = "gray whale festival"

# Dollars owed on trips that have sailed, by age in days; Kestrel's three come on top of the third.
_OWED = {
    (2, 30): (2140, 1890, 1760, 1650, 1540, 1480, 1390, 1260, 1180, 1090, 960, 820, 610, 430),
    (32, 60): (2060, 1780, 1610, 1490, 1340, 1210, 980, 840, 590),
    (62, 90): (3650, 3150),
    (93, 140): (3900, 3320, 2680, 2200),
}
# A marketplace partner drops its listings: bookings cancelled by week, more each week.
_WAVE = {date(2026, 11, 2): 3, date(2026, 11, 9): 5, date(2026, 11, 16): 7}


def planted_trips(fleet: Fleet) -> list[Trip]:
    """The trips that the story needs, before the ordinary ones take their places."""
    return [*_on_account(fleet), *_festival(fleet), *_wave(fleet), *_from_boat_shows(fleet), *_left_open(fleet)]


def _on_account(fleet: Fleet) -> list[Trip]:
    chance = Chance("on account")
    trips = []
    for day in (date(2026, 9, 8), date(2026, 9, 9), date(2026, 9, 10)):
        slot = SLOTS[HARBOUR_LIGHTS][0]
        fleet.take(slot, day)
        trip = sailing(chance, HARBOUR_LIGHTS, slot, day, PHONE)
        book(chance, trip, 60)
        trip.planted, trip.customer, trip.price, trip.guests = KESTREL, KESTREL, 600_000, 38
        trip.payments = [(day - timedelta(days=60), round(trip.price * DEPOSIT))]
        trips.append(trip)
    return trips


def _festival(fleet: Fleet) -> list[Trip]:
    """A tour operator has booked the whale festival at the end of February: the money that ends the winter."""
    chance = Chance("festival")
    trips = []
    for day in (date(2027, 2, 18) + timedelta(days=step) for step in range(11)):
        slot = SLOTS[WHALE_WATCH][0]
        fleet.take(slot, day)
        trip = sailing(chance, WHALE_WATCH, slot, day, PHONE)
        book(chance, trip, chance.whole(110, 160))
        trip.planted, trip.customer, trip.price, trip.guests = FESTIVAL, FESTIVAL, 420_000, chance.whole(36, 44)
        trips.append(trip)
    return trips


def _wave(fleet: Fleet) -> list[Trip]:
    chance = Chance("wave")
    trips: list[Trip] = []
    for first, count in _WAVE.items():
        while sum(trip.planted == f"wave {first}" for trip in trips) < count:
            business = chance.weighted({BAY_SAILS: 0.45, WHALE_WATCH: 0.4, HARBOUR_LIGHTS: 0.15})
            slot = chance.weighted({slot: slot.weight for slot in SLOTS[business]})
            gone = local(first + timedelta(days=chance.whole(0, 4)), 9 + 8 * chance.share())
            day = local_day(gone) + timedelta(days=chance.whole(5, 52))
            if not fleet.take(slot, day):
                continue
            trip = sailing(chance, business, slot, day, MARKETPLACES)
            book(chance, trip, (day - local_day(gone)).days + chance.whole(4, 35))
            trip.cancelled, trip.planted = gone, f"wave {first}"
            trips.append(trip)
    return trips


def _from_boat_shows(fleet: Fleet) -> list[Trip]:
    """The few bookings that the stand at two boat shows a year brings; the books show what it costs."""
    chance = Chance("boat shows")
    trips = []
    for day, ahead in (
        (date(2025, 6, 14), 60),
        (date(2025, 7, 19), 92),
        (date(2025, 11, 29), 58),
        (date(2026, 5, 30), 44),
        (date(2026, 7, 11), 88),
        (date(2026, 10, 24), 34),
        (date(2026, 12, 5), 70),
        (date(2027, 4, 10), 183),
    ):
        slot = SLOTS[BAY_SAILS][2]
        fleet.take(slot, day)
        trip = sailing(chance, BAY_SAILS, slot, day, BOAT_SHOWS)
        book(chance, trip, ahead)
        trip.planted = "boat show"
        trips.append(trip)
    return trips


def _left_open(fleet: Fleet) -> list[Trip]:
    """Three short trips that sailed, two of them in the last full week, and that nobody closed."""
    chance = Chance("left open")
    trips = []
    for day, business, dollars in (
        (date(2026, 11, 12), BAY_SAILS, 690),
        (date(2026, 11, 17), WHALE_WATCH, 720),
        (date(2026, 11, 19), BAY_SAILS, 580),
    ):
        slot = SLOTS[business][2]
        fleet.take(slot, day)
        trip = sailing(chance, business, slot, day, WEBSITE)
        book(chance, trip, chance.whole(9, 20))
        trip.planted, trip.price = "unclosed", dollars * 100
        trips.append(trip)
    return trips


def plant_after(trips: list[Trip]) -> None:
    """Let some of the finished *trips* go wrong: not paid, paid twice, without a price."""
    usual = [trip for trip in trips if not trip.planted and trip.booked and not trip.cancelled]
    _leave_unpaid([trip for trip in usual if trip.state == "sailed"])
    _pay_over(usual)
    _forget_price(usual)


def _leave_unpaid(sailed: list[Trip]) -> None:
    chance = Chance("owed")
    today = local_day(AS_OF)
    for (youngest, oldest), amounts in _OWED.items():
        for dollars in amounts:
            fitting = [
                trip
                for trip in sailed
                if not trip.planted
                and youngest <= (today - local_day(trip.ends)).days <= oldest
                and dollars * 100 <= trip.price
            ]
            trip = chance.one_of(fitting)
            trip.payments = [(trip.payments[0][0], trip.price - dollars * 100)]
            trip.planted = "owed"


def _pay_over(trips: list[Trip]) -> None:
    """One guest pays the balance of an October evening, and $240 of it twice."""
    paid = [trip for trip in trips if trip.channel == WEBSITE and local_day(trip.starts) == date(2026, 10, 17)]
    paid[0].payments.append((date(2026, 10, 15), 24_000))
    paid[0].planted = "paid over"


def _forget_price(trips: list[Trip]) -> None:
    """One booking of December was taken on the phone, and its price was never entered."""
    booked = [
        trip
        for trip in trips
        if trip.channel == PHONE
        and trip.business == HARBOUR_LIGHTS
        and trip.state == "confirmed"
        and date(2026, 12, 7) <= local_day(trip.starts) <= date(2026, 12, 20)
    ]
    booked[0].planted = "no price"
    booked[0].payments = [(local_day(AS_OF) - timedelta(days=9), 50_000)]
