"""Inquiries, quotes and trips: every event from its first mail to its last payment, as it will turn out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from _chance import Chance, Deck
from _company import (
    AS_OF,
    BUSINESSES,
    CAPACITY,
    CHANNEL_MIX,
    CONVERSION,
    FILL,
    FIRST_WEEK,
    LEAD_DAYS,
    QUOTED,
    SLOTS,
    USUAL_PRICE,
    WEEKDAY_WEIGHTS,
    WEEKS,
    Slot,
    expected_revenue,
    local,
    local_day,
    monday,
    season,
)

DEPOSIT = 0.3
_CANCELLED_SHARE = 0.055


@dataclass
class Trip:
    """
    One event, with instants that may lie after the as-of: what is known then is cut off at the end.

    *price* and *payments* are in cents, payments dated in the company's days; a refund is negative.
    *planted* trips keep the price that the story gave them.
    """

    business: str
    channel: str
    vessel: str
    starts: datetime
    ends: datetime
    guests: int
    price: int
    created: datetime
    quoted: datetime | None = None
    booked: datetime | None = None
    cancelled: datetime | None = None
    customer: str = ""
    payments: list[tuple[date, int]] = field(default_factory=list)
    planted: str = ""
    number: str = ""

    @property
    def state(self) -> str:
        """What the booking system says at the as-of, in its own words."""
        if self.cancelled and self.cancelled <= AS_OF:
            return "cancelled"
        if self.booked and self.booked <= AS_OF:
            return "sailed" if self.ends <= AS_OF and self.planted != "unclosed" else "confirmed"
        return "quoted" if self.quoted and self.quoted <= AS_OF else "inquiry"

    @property
    def is_served(self) -> bool:
        """Whether it sails, now or later, and nobody forgets to say so."""
        return self.booked is not None and self.cancelled is None and self.planted != "unclosed"

    @property
    def paid(self) -> int:
        return sum(cents for day, cents in self.payments if day <= local_day(AS_OF))


class Fleet:
    """Who sails when: no vessel leaves twice at a time."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, date], list[tuple[float, float]]] = {}

    def take(self, slot: Slot, day: date) -> bool:
        """Take *slot* on *day* if its vessel is free, with an hour to turn round."""
        taken = self._taken.setdefault((slot.vessel, day), [])
        start, end = slot.hour, slot.hour + slot.hours + 1
        if any(start < other_end and other_start < end for other_start, other_end in taken):
            return False
        taken.append((start, end))
        return True


def sailing(chance: Chance, business: str, slot: Slot, day: date, channel: str) -> Trip:
    """A trip of *slot* on *day*, priced by season, weekday and party, and not yet asked for."""
    fill = FILL[season(day)][day.weekday()] / 100
    guests = min(CAPACITY[slot.vessel], max(2, round(CAPACITY[slot.vessel] * chance.around(fill, 0.09) + 0.2)))
    seasonal = {"winter": 0.93, "spring": 0.98, "summer": 1.06, "autumn": 1.0}[season(day)]
    weekday = {4: 1.04, 5: 1.12, 6: 1.06}.get(day.weekday(), 0.95)
    price = slot.price * seasonal * weekday * chance.around(0.85 + 0.25 * fill, 0.08)
    starts = local(day, slot.hour)
    return Trip(
        business=business,
        channel=channel,
        vessel=slot.vessel,
        starts=starts,
        ends=starts + timedelta(hours=slot.hours),
        guests=guests,
        price=round(price / 5) * 500,
        created=starts,
    )


def ask(chance: Chance, trip: Trip, *, quoted: bool, days: float | None = None) -> datetime:
    """Date the inquiry and quote of *trip*; gives the instant of its decision, *days* before it sails or as usual."""
    median = LEAD_DAYS[trip.channel]
    lead = days if days is not None else chance.quantile(0.06, 0.4, 0.75, 1, 1.5, 2.3, 3.4, 5.2) * median
    decided = local(local_day(trip.starts) - timedelta(days=max(1, round(lead))), 8 + chance.share() * 12)
    trip.created = decided - timedelta(minutes=round((0.2 + chance.share() * min(6.0, lead)) * 1440))
    if quoted:
        trip.quoted = trip.created + (decided - trip.created) * (0.1 + 0.5 * chance.share())
        trip.quoted = trip.quoted.replace(microsecond=0)
    return decided


def book(chance: Chance, trip: Trip, days: float | None = None) -> None:
    """Book *trip* about as early as its channel does, with a deposit then and the balance a week before it sails."""
    trip.booked = ask(chance, trip, quoted=True, days=days)


def pay(chance: Chance, trip: Trip) -> None:
    """The payments of a booked trip, and what is given back when it is cancelled."""
    booked = local_day(trip.booked or trip.created)
    due = local_day(trip.starts) - timedelta(days=7)
    deposit = round(trip.price * DEPOSIT / 100) * 100
    if due <= booked:
        trip.payments = [(booked, trip.price)]
    else:
        trip.payments = [(booked, deposit), (due + timedelta(days=chance.whole(-3, 0)), trip.price - deposit)]
    if trip.cancelled is None:
        return
    gone = local_day(trip.cancelled)
    trip.payments = [payment for payment in trip.payments if payment[0] <= gone]
    held = sum(cents for _, cents in trip.payments)
    kept = round(min(held, deposit) * chance.one_of((0, 0, 0, 0.5, 1)) / 100) * 100  # never more than the deposit
    if held > kept:
        trip.payments.append((gone + timedelta(days=3), kept - held))


def _lose(chance: Chance, like: Trip) -> Trip:
    """An inquiry such as the one that became *like*, and that nobody books."""
    slot = chance.weighted({slot: slot.weight for slot in SLOTS[like.business]})
    day = local_day(like.starts) + timedelta(days=chance.whole(-9, 9))
    trip = sailing(chance, like.business, slot, day, like.channel)
    decided = ask(chance, trip, quoted=chance.happens(QUOTED[like.channel]))
    if chance.happens(0.62):  # the others just never answer, until the day has passed
        trip.cancelled = decided
    return trip


class _Season:
    """The ordinary trips, week by week, on what the planted ones leave of the *fleet*."""

    def __init__(self, fleet: Fleet) -> None:
        self._chance = Chance("trips 1")
        self._fleet = fleet
        self._channels = {
            business: Deck(Chance(f"channels of {business} 1"), CHANNEL_MIX[business]) for business in BUSINESSES
        }

    def week(self, business: str, first: date, planted: Iterable[Trip]) -> list[Trip]:
        """The booked trips of one *business* in one week, worth what its season brings."""
        here = [trip for trip in planted if trip.business == business and monday(local_day(trip.starts)) == first]
        target = expected_revenue(business, first + timedelta(days=3)) * self._chance.around(1, 0.022)
        target -= sum(trip.price for trip in here if trip.is_served) / 100
        trips: list[Trip] = []
        for _ in range(self._chance.rounded(max(0.0, target) / USUAL_PRICE[business])):
            trip = self._booked(business, first)
            if trip is not None:
                trips.append(trip)
        total = sum(trip.price for trip in trips)
        for trip in trips:
            trip.price = round(trip.price * target * 100 / total / 500) * 500
        for _ in range(self._chance.rounded(len(trips) * _CANCELLED_SHARE)):
            cancelled = self._booked(business, first)
            if cancelled is not None and cancelled.booked is not None:
                gone = (cancelled.starts - cancelled.booked) * (0.15 + 0.75 * self._chance.share())
                cancelled.cancelled = (cancelled.booked + gone).replace(microsecond=0)
                trips.append(cancelled)
        return trips

    def _booked(self, business: str, first: date) -> Trip | None:
        for _ in range(20):
            day = first + timedelta(days=self._chance.weighted(WEEKDAY_WEIGHTS))
            slot = self._chance.weighted({slot: slot.weight for slot in SLOTS[business]})
            if self._fleet.take(slot, day):
                trip = sailing(self._chance, business, slot, day, self._channels[business].deal())
                book(self._chance, trip)
                return trip
        return None


def _lost(trips: list[Trip]) -> list[Trip]:
    """For every booked one of *trips* the inquiries that its channel loses meanwhile."""
    chance = Chance("lost inquiries")
    owed = dict.fromkeys(CONVERSION, 0.0)  # carried over, so that conversion is steady also in a short time
    lost: list[Trip] = []
    booked = [trip for trip in trips if trip.booked]
    for trip in sorted(booked, key=lambda trip: (trip.created, trip.business, trip.starts)):
        owed[trip.channel] += 1 / CONVERSION[trip.channel] - 1
        while owed[trip.channel] >= 1:
            owed[trip.channel] -= 1
            lost.append(_lose(chance, trip))
    return lost


def all_trips(planted: list[Trip], fleet: Fleet) -> list[Trip]:
    """Every event of 104 weeks and the 26 after them, around the *planted* ones; by the instant of its inquiry."""
    season_of_trips = _Season(fleet)
    trips = list(planted)
    for week in range(WEEKS):
        first = FIRST_WEEK + timedelta(weeks=week)
        for business in BUSINESSES:
            trips += season_of_trips.week(business, first, planted)
    money = Chance("payments")
    for trip in trips:
        if trip.booked and not trip.payments:
            pay(money, trip)
    trips += _lost(trips)
    known = [trip for trip in trips if trip.created <= AS_OF]
    return sorted(known, key=lambda trip: (trip.created, trip.business, trip.starts, trip.price))
