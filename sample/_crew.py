"""Who works on a trip, and what must be ticked off before it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from _chance import Chance
from _company import AS_OF, BAY_SAILS, HARBOUR_LIGHTS, WHALE_WATCH, local, local_day
from _people import RATE_DOLLARS, Person
from _trips import Trip

_POSTS = {
    HARBOUR_LIGHTS: ("captain", "mate", "deckhand", "host", "host"),
    BAY_SAILS: ("captain", "mate", "deckhand"),
    WHALE_WATCH: ("captain", "mate", "naturalist"),
}
_HOURS_ASHORE = {HARBOUR_LIGHTS: 2.5, BAY_SAILS: 1, WHALE_WATCH: 1}  # before and after, paid like the rest
_FOURTH_HAND_SINCE = date(2026, 8, 31)  # planted: Bay Sails began to take a host on short trips as well
_WITHOUT_CAPTAIN = 6
_ROSTER_DAYS = 60  # jobs are opened this long before a trip
_CHECKLISTS_SINCE = date(2025, 6, 1)

# Task, required, hours before departure, business (all of them when None).
_TASKS = (
    ("Crew confirmed", True, 72, None),
    ("Passenger manifest filed", True, 24, None),
    ("Engine and safety gear checked", True, 2, None),
    ("Caterer confirmed", True, 48, HARBOUR_LIGHTS),
    ("Table plan printed", False, 12, HARBOUR_LIGHTS),
    ("Sails and rigging inspected", True, 4, BAY_SAILS),
    ("Sighting log reset", False, 3, WHALE_WATCH),
)


@dataclass(frozen=True)
class Job:
    """One place aboard: *rate* in cents an hour, *hours* in halves."""

    id: str
    trip: Trip
    person: str | None
    post: str
    state: str
    hours: float
    rate: int
    taken: datetime | None

    @property
    def is_paid_work(self) -> bool:
        return self.state in {"paid", "done", "accepted"}

    @property
    def cents(self) -> int:
        return round(self.hours * self.rate)


@dataclass(frozen=True)
class Task:
    """One item of a trip's checklist."""

    id: str
    trip: Trip
    task: str
    required: bool
    due: datetime
    done: datetime | None


def jobs(trips: list[Trip], staff: list[Person]) -> list[Job]:
    """The places aboard every booked trip, from 60 days before it sails; some near ones have no captain."""
    chance = Chance("jobs")
    found: list[Job] = []
    turns: dict[str, int] = {}
    booked = [trip for trip in trips if trip.state in {"sailed", "confirmed", "cancelled"} and trip.booked]
    booked.sort(key=lambda trip: (trip.starts, trip.number))
    without_captain = _without_captain(booked)
    for trip in booked:
        if trip.booked is None or trip.starts - AS_OF > timedelta(days=_ROSTER_DAYS):
            continue
        if trip.state == "cancelled" and not chance.happens(0.3):
            continue
        for post in _posts(chance, trip):
            team = [person for person in staff if person.role == post]
            turns[post] = turns.get(post, 0) + 1
            state = "open" if post == "captain" and trip.number in without_captain else _state(chance, trip, post)
            person = None if state == "open" else team[turns[post] % len(team)]
            taken = None
            if person is not None:
                opened = max(trip.booked, trip.starts - timedelta(days=_ROSTER_DAYS))
                time_left = max(timedelta(), min(trip.starts, AS_OF - timedelta(hours=8)) - opened)
                taken = (opened + time_left * (0.6 * chance.share())).replace(microsecond=0)
            rate = person.rate if person else round(RATE_DOLLARS[post] * 100)
            found.append(
                Job(
                    f"J-{len(found) + 1:05}",
                    trip,
                    person.id if person else None,
                    post,
                    state,
                    _hours(trip),
                    rate,
                    taken,
                )
            )
    return found


def _without_captain(booked: list[Trip]) -> set[str]:
    """Numbers of six trips in the next fourteen days, the first on Saturday."""
    near = [
        trip
        for trip in booked
        if trip.state == "confirmed" and date(2026, 11, 28) <= local_day(trip.starts) <= date(2026, 12, 6)
    ]
    return {trip.number for trip in near[:: max(1, len(near) // _WITHOUT_CAPTAIN)][:_WITHOUT_CAPTAIN]}


def _posts(chance: Chance, trip: Trip) -> tuple[str, ...]:
    posts = _POSTS[trip.business]
    if trip.business != BAY_SAILS:
        return posts
    fourth_hand = 0.85 if local_day(trip.starts) >= _FOURTH_HAND_SINCE else 0.35
    return (*posts, "host") if chance.happens(fourth_hand) else posts


def _hours(trip: Trip) -> float:
    return (trip.ends - trip.starts).seconds / 3600 + _HOURS_ASHORE[trip.business]


def _state(chance: Chance, trip: Trip, post: str) -> str:
    days = (trip.starts - AS_OF).days
    if trip.state == "cancelled":
        return "declined"
    if trip.ends <= AS_OF:
        ago = (AS_OF - trip.ends).days
        return "paid" if ago >= 8 else chance.weighted({"done": 0.9, "accepted": 0.1})
    if days < 14:
        return "accepted" if post == "captain" else chance.weighted({"accepted": 0.85, "offered": 0.15})
    if days < 35:
        return chance.weighted({"accepted": 0.5, "offered": 0.3, "open": 0.2})
    return chance.weighted({"accepted": 0.15, "offered": 0.15, "open": 0.7})


def tasks(trips: list[Trip]) -> list[Task]:
    """Checklists of trips that sailed or will within 60 days, since the company keeps them; a few items are late."""
    chance = Chance("tasks")
    found: list[Task] = []
    for trip in sorted(trips, key=lambda trip: (trip.starts, trip.number)):
        if trip.state not in {"sailed", "confirmed"} or trip.booked is None:
            continue
        if local_day(trip.starts) < _CHECKLISTS_SINCE or trip.starts - AS_OF > timedelta(days=_ROSTER_DAYS):
            continue
        for name, required, hours, business in _TASKS:
            if business not in {None, trip.business}:
                continue
            due = max(trip.starts - timedelta(hours=hours), trip.booked + timedelta(minutes=30))
            done = _done(chance, due, required=required)
            found.append(Task(f"L-{len(found) + 1:05}", trip, name, required, due, done))
    return found + _manifests_due(found)


def _done(chance: Chance, due: datetime, *, required: bool) -> datetime | None:
    forgotten = chance.happens(0.012 if required else 0.09)
    late = chance.happens(0.045)
    moved = timedelta(minutes=chance.whole(20, 400)) if late else -timedelta(minutes=chance.whole(5, 2600))
    done = due + moved
    return None if forgotten or done > AS_OF else done


def _manifests_due(found: list[Task]) -> list[Task]:
    """Insurance certificates for group charters of the next two weeks were due last week, and three are missing."""
    near: dict[str, Trip] = {}
    for task in found:
        if timedelta() < task.trip.starts - AS_OF < timedelta(days=14) and task.trip.guests >= 14:
            near.setdefault(task.trip.number, task.trip)
    missing, due = list(near.values())[:3], local(date(2026, 11, 19), 17)
    return [
        Task(f"L-{len(found) + number:05}", trip, "Group insurance certificate", required=True, due=due, done=None)
        for number, trip in enumerate(missing, start=1)
    ]
