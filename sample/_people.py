"""Everybody in the user table: guests, crew and admins, with the names that must never enter a snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from _chance import Chance
from _company import AS_OF, CHANNEL_MIX, FIRST_WEEK, HARBOUR_LIGHTS, PHONE, REFERRAL, local
from _trips import Trip

GUESTS = 2950
_FIRST = """
    Ada Ben Carla Dev Elsa Finn Greta Hugo Ines Jonah Kira Leo Mira
    Noor Otto Pia Quinn Rosa Sam Tess Uma Vik Wren Yara Zed
"""
_LAST = """
    Abbot Birch Calder Dunmore Ellery Farrow Garnet Hollis Ibsen Jarrow Kestle Larkin Marlow
    Norwood Oakes Penrose Quill Rowan Sandoval Tarn Underhill Vance Whitlock Yarrow Zeller
"""
_CREW = {"captain": 10, "mate": 10, "deckhand": 9, "host": 8, "naturalist": 5}
RATE_DOLLARS = {"captain": 58, "mate": 37, "deckhand": 27.5, "host": 26, "naturalist": 34}
# Name, since, days since last seen, second factor.
_ADMINS = (
    ("Dana Okafor", date(2023, 4, 3), 0, True),  # finance
    ("Robin Lindqvist", date(2023, 4, 3), 0, True),  # operations
    ("Minh Tran", date(2023, 9, 18), 1, True),  # product
    ("Sol Ibarra", date(2024, 2, 5), 2, True),  # engineering
    ("Casey Whitlock", date(2024, 6, 10), 4, False),  # marketing: planted, no second factor
    ("Pat Jarrow", date(2024, 8, 19), 131, True),  # former contractor: planted, idle
)


@dataclass
class Person:
    """One row of the user table; *role* is a guest, an admin, or a post aboard; *rate* is in cents an hour."""

    id: str
    role: str
    name: str
    since: datetime
    seen: datetime
    channel: str | None = None
    second_factor: bool | None = None
    newsletter: bool | None = None
    rate: int = 0


def staff() -> list[Person]:
    """Crew by post, then admins."""
    chance = Chance("staff")
    people: list[Person] = []
    for post, count in _CREW.items():
        for _ in range(count):
            since = local(date(2023, 3, 1) + timedelta(days=chance.whole(0, 900)), 10)
            seen = AS_OF - timedelta(hours=chance.whole(3, 200))
            rate = round(chance.around(RATE_DOLLARS[post], 0.05) * 4) * 25
            number = len(people) + 1
            people.append(
                Person(f"S-{number:02}", post, _name(chance), since, seen, None, chance.happens(0.4), None, rate)
            )
    for name, joined, idle, second_factor in _ADMINS:
        seen = AS_OF - timedelta(days=idle, hours=9)
        people.append(Person(f"A-{len(people) + 1:02}", "admin", name, local(joined, 9), seen, None, second_factor))
    return people


def guests(trips: list[Trip]) -> list[Person]:
    """
    Give every trip its guest, and name them all.

    Somebody who has sailed comes back, somebody who only asked asks again, and a few companies book
    every other month. *trips* are in the order of their inquiries.
    """
    chance = Chance("guests")
    people: list[Person] = []
    named: dict[str, Person] = {}
    sailed: list[Person] = []
    waiting = sorted((trip for trip in trips if trip.state == "sailed"), key=lambda trip: (trip.ends, trip.created))
    companies: list[Person] = []
    by_number: dict[str, Person] = {}
    for trip in trips:
        while waiting and waiting[0].ends < trip.created:
            sailed.append(by_number[waiting.pop(0).number])
        person = named.get(trip.customer) if trip.customer else _returning(chance, trip, people, sailed, companies)
        if person is None:
            person = _guest(chance, len(people) + 1, trip.channel, trip.created)
            people.append(person)
            if trip.customer:
                named[trip.customer] = person
            elif trip.business == HARBOUR_LIGHTS and trip.channel in {PHONE, REFERRAL} and len(companies) < 14:
                companies.append(person)
        trip.customer = person.id
        by_number[trip.number] = person
        person.seen = max(person.seen, min(AS_OF, trip.booked or trip.quoted or trip.created))
    people += _subscribers(chance, GUESTS - len(people), len(people))
    return people


def _returning(
    chance: Chance, trip: Trip, people: list[Person], sailed: list[Person], companies: list[Person]
) -> Person | None:
    """Who asks again, or nobody: then it is somebody new."""
    if trip.business == HARBOUR_LIGHTS and trip.channel in {PHONE, REFERRAL} and companies and chance.happens(0.14):
        return chance.one_of(companies)
    if sailed and chance.happens(0.24 if trip.booked else 0.06):
        return chance.one_of(sailed[-700:])
    if people and chance.happens(0.22 if trip.booked else 0.52):
        return chance.one_of(people[-900:])
    return None


def _guest(chance: Chance, number: int, channel: str, since: datetime) -> Person:
    return Person(f"C-{number:05}", "guest", _name(chance), since, since, channel, None, chance.happens(0.58))


def _subscribers(chance: Chance, count: int, known: int) -> Iterable[Person]:
    """People who only ever asked for the newsletter."""
    for number in range(count):
        since = local(FIRST_WEEK + timedelta(days=chance.whole(0, 726)), 8 + 12 * chance.share())
        person = _guest(chance, known + number + 1, chance.weighted(CHANNEL_MIX[HARBOUR_LIGHTS]), since)
        person.newsletter = True
        yield person


def _name(chance: Chance) -> str:
    return f"{chance.one_of(_FIRST.split())} {chance.one_of(_LAST.split())}"
