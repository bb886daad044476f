"""The four tables as `aws dynamodb scan` prints them, in the company's own attribute names."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from _chance import Chance
from _company import CAPACITY, CHANNEL_CODES, CODES, ZONE
from _crew import Job, Task
from _people import Person
from _trips import Trip

_OCCASIONS = ("birthday", "anniversary", "company outing", "proposal", "school trip", "family reunion", "none given")
_NOTES = (
    "Wheelchair at the gangway, please.",
    "Asked twice about parking.",
    "Vegetarian menu for four.",
    "Surprise party: do not call the house.",
    "Prefers a text message over a call.",
)

Attribute = Mapping[str, Any]  # DynamoDB JSON: one type letter to one value
Item = Mapping[str, Attribute]


def text(value: str | None) -> Attribute:
    return {"NULL": True} if value is None else {"S": value}


def number(value: object) -> Attribute:
    return {"N": str(value)}


def flag(value: bool | None) -> Attribute:  # noqa: FBT001 - the value itself
    return {"NULL": True} if value is None else {"BOOL": value}


def dollars(cents: int) -> Attribute:
    return {"N": f"{cents // 100}.{cents % 100:02}"}


def zulu(instant: datetime | None) -> Attribute:
    return text(None if instant is None else instant.strftime("%Y-%m-%dT%H:%M:%SZ"))


def offset(instant: datetime) -> Attribute:
    return text(instant.astimezone(ZONE).isoformat(timespec="seconds"))


def wall_clock(instant: datetime) -> Attribute:
    """As the clock on the pier shows it, without offset."""
    return text(instant.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M:%S"))


def seconds(instant: datetime) -> Attribute:
    return number(int((instant - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()))


def milliseconds(instant: datetime) -> Attribute:
    return number(int((instant - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1000)


def events(trips: Iterable[Trip], names: Mapping[str, str]) -> Sequence[Item]:
    """One item a trip; *names* by guest."""
    chance = Chance("notes")
    return [_event(chance, trip, names[trip.customer]) for trip in trips]


def _event(chance: Chance, trip: Trip, name: str) -> Item:
    item: dict[str, Attribute] = {
        "tripId": text(trip.number),
        "brand": text(CODES[trip.business]),
        "state": text(trip.state),
        "createdAt": zulu(trip.created),
        "departIso": offset(trip.starts),
        "returnLocal": wall_clock(trip.ends),
        "guestAccount": text(trip.customer),
        "source": text(CHANNEL_CODES[trip.channel]),
        "vessel": text(trip.vessel),
        "party": number(trip.guests),
        "maxGuests": number(CAPACITY[trip.vessel]),
        "paidCents": number(trip.paid),
        "leadName": text(name),
        "leadPhone": text(f"555-01{chance.whole(0, 99):02}"),
        "extras": {"M": {"occasion": text(chance.one_of(_OCCASIONS)), "catering": flag(chance.happens(0.4))}},
    }
    if trip.planted != "no price":
        item["priceUsd"] = dollars(trip.price)
    if trip.state != "inquiry" and trip.quoted:
        item["quotedAt"] = zulu(trip.quoted)
    if trip.booked and trip.state in {"confirmed", "sailed", "cancelled"}:
        item["bookedEpoch"] = seconds(trip.booked)
    if trip.state == "cancelled" and trip.cancelled:
        item["cancelledMs"] = milliseconds(trip.cancelled)
        item["cancelReason"] = text("partner withdrew" if trip.planted.startswith("wave") else None)
    if chance.happens(0.08):
        item["notes"] = {"L": [text(chance.one_of(_NOTES))]}
    if chance.happens(0.05):
        item["tags"] = {"SS": ["group", "vip"]}
    return item


def users(people: Iterable[Person]) -> Sequence[Item]:
    chance = Chance("addresses")
    items = []
    for person in people:
        mailbox = f"{person.name.lower().replace(' ', '.')}.{person.id.lower()}@example.com"
        item: dict[str, Attribute] = {
            "userId": text(person.id),
            "role": text(person.role if person.role in {"guest", "admin"} else "crew"),
            "joinedAt": zulu(person.since),
            "lastSeen": seconds(person.seen),
            "fullName": text(person.name),
            "email": text(mailbox),
            "phone": text(f"555-01{chance.whole(0, 99):02}"),
        }
        if person.channel:
            item["source"] = text(CHANNEL_CODES[person.channel])
        if person.second_factor is not None:
            item["mfa"] = flag(person.second_factor)
        if person.newsletter is not None:
            item["newsletter"] = flag(person.newsletter)
        if person.rate:
            item["post"] = text(person.role)
        items.append(item)
    return items


def claims(jobs: Iterable[Job]) -> Sequence[Item]:
    return [
        {
            "jobId": text(job.id),
            "tripId": text(job.trip.number),
            "crewId": text(job.person),
            "post": text(job.post),
            "jobState": text(job.state),
            "hours": number(job.hours),
            "rateUsd": dollars(job.rate),
            "takenAt": zulu(job.taken),
        }
        for job in jobs
    ]


def checklists(tasks: Iterable[Task]) -> Sequence[Item]:
    return [
        {
            "itemId": text(task.id),
            "tripId": text(task.trip.number),
            "task": text(task.task),
            "mandatory": flag(task.required),
            "dueEpoch": seconds(task.due),
            "doneAt": zulu(task.done),
        }
        for task in tasks
    ]


def write_scan(path: Path, items: Sequence[Item], key: str) -> None:
    """
    Write *items* as one scan, gzipped, the same bytes every time.

    DynamoDB gives items in the order of a hash of their key, so the same is done here: nobody may
    rely on an order that a real table does not have.
    """
    items = sorted(items, key=lambda item: hashlib.sha256(item[key]["S"].encode()).digest())
    lines = ",\n".join(json.dumps(item, separators=(",", ":"), sort_keys=True, ensure_ascii=False) for item in items)
    scan = f'{{"Items":[\n{lines}\n],"Count":{len(items)},"ScannedCount":{len(items)},"ConsumedCapacity":null}}\n'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(scan.encode(), compresslevel=9, mtime=0))  # no clock and no name in its head
