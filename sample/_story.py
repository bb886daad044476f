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
from _trips import DEPOSIT, Fleet, Trip, ask, book, sailing

KESTREL = "Kestrel Offsites"  # three evenings on account, owed for 74 days
FESTIVAL = "Gray Whale Festival"
SCHOOLS = "Marlow School District"

# Dollars owed on trips that have sailed, by age in days; Kestrel's three come on top of the third.
_OWED = {
    (2, 30): (2140, 1890, 1760, 1650, 1540, 1480, 1390, 1260, 1180, 1090, 960, 820, 610, 430),
    (32, 60): (2060, 1780, 1610, 1490, 1340, 1210, 980, 840, 590),
    (62, 90): (3650, 3150),
    (93, 140): (3900, 3320, 2680, 2200),
}
# First day of a boat show, and the days of the trips that it brought.
_SHOWS = {
    date(2025, 4, 4): (date(2025, 6, 14), date(2025, 7, 19), date(2025, 5, 31)),
    date(2025, 9, 26): (date(2025, 11, 29), date(2025, 11, 8)),
    date(2026, 4, 10): (date(2026, 5, 30), date(2026, 7, 11)),
    date(2026, 9, 18): (date(2026, 10, 24), date(2026, 12, 5)),
}
_ASKED_AT_A_SHOW = 9
_WINTER_PARTIES = (date(2027, 1, 15), date(2027, 1, 29))
_SCHOOL_TRIPS = tuple(date(2027, 1, 19) + timedelta(days=7 * week + day) for week in range(2) for day in range(2))
_FESTIVAL_DAYS = tuple(date(2027, 2, 15) + timedelta(days=day) for day in range(11))
# A marketplace partner drops its listings: bookings cancelled by week, more each week.
_WAVE = {date(2026, 11, 2): 3, date(2026, 11, 9): 5, date(2026, 11, 16): 7}


def planted_trips(fleet: Fleet) -> list[Trip]:
    """The trips that the story needs, before the ordinary ones take their places."""
    return [*_on_account(fleet), *_groups(fleet), *_wave(fleet), *_from_boat_shows(fleet), *_left_open(fleet)]


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


def _groups(fleet: Fleet) -> list[Trip]:
    """A few winter groups, and the whale festival that a tour operator has booked: the money that ends the winter."""
    chance = Chance("groups")
    trips = []
    for business, days, dollars, customer in (
        (HARBOUR_LIGHTS, _WINTER_PARTIES, 4800, ""),
        (WHALE_WATCH, _SCHOOL_TRIPS, 2450, SCHOOLS),
        (WHALE_WATCH, _FESTIVAL_DAYS, 4000, FESTIVAL),
    ):
        for day in days:
            slot = SLOTS[business][0]
            fleet.take(slot, day)
            trip = sailing(chance, business, slot, day, PHONE)
            book(chance, trip, chance.whole(100, 150))
            trip.planted, trip.customer, trip.price, trip.guests = (
                "group",
                customer,
                dollars * 100,
                chance.whole(36, 44),
            )
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
    """What the stand at two boat shows a year brings: many leaflets, some inquiries, few bookings; see the books."""
    chance = Chance("boat shows")
    trips = []
    for show, booked_days in _SHOWS.items():
        for number in range(_ASKED_AT_A_SHOW):
            slot = SLOTS[BAY_SAILS][2]
            is_booked = number < len(booked_days)
            day = booked_days[number] if is_booked else show + timedelta(days=chance.whole(20, 70))
            trip = sailing(chance, BAY_SAILS, slot, day, BOAT_SHOWS)
            decided = ask(chance, trip, quoted=number < 7, days=(day - show).days - chance.whole(2, 12))
            trip.created = local(show + timedelta(days=chance.whole(0, 2)), 10 + 7 * chance.share())
            if trip.quoted:
                trip.quoted = trip.created + timedelta(hours=chance.whole(12, 40))
            if is_booked:
                fleet.take(slot, day)
                trip.booked = decided
            elif number % 2:
                trip.cancelled = decided
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
