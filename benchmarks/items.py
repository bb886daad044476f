"""Items as DynamoDB types them, made up by their number: for a table that is scanned, and for an export."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

Item = dict[str, dict[str, object]]

_FILES = 8
_STATES = ("inquiry", "quoted", "booked", "completed", "cancelled")
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_BOOKINGS = """\
    events:
      path: Events
      columns:
        event_id: bookingId
        business: brand
        status: state
        created_at: {from: createdMs, unit: epoch_millis}
        starts_at: startsAt
        cancelled_at: cancelledAt
        customer_id: customerId
        channel: {from: isOnline, values: {"true": web, "false": phone}}
        guests: guests
        capacity: places
        price_minor: price
        paid_minor: paid
"""


def settings(tables: str) -> str:
    """The text of a `company.yaml` whose only sources are *tables*, as they stand below `tables:` there."""
    return f"slug: bench\nname: Bench\ncurrency: EUR\ntime_zone: UTC\nsources:\n  tables:\n{tables}"


def customers(count: int) -> Iterator[Item]:
    """*count* of some 250 bytes each, most of them in an attribute that is not mapped."""
    at, note = {"S": "2026-11-01T10:00:00Z"}, {"S": "x" * 160}
    for number in range(count):
        yield {"id": {"S": f"u-{number:08}"}, "at": at, "channel": {"S": "web"}, "note": note}


def booking(number: int) -> Item:
    """One of some 320 bytes: twelve attributes, texts, numbers, flags, times of two kinds and NULL."""
    created = _FIRST + timedelta(minutes=number % 400_000)
    state = _STATES[number % len(_STATES)]
    cancelled = created + timedelta(days=1)
    return {
        "bookingId": {"S": f"b-{number:010}"},
        "brand": {"S": "Harbour Lights" if number % 3 else "Whale Watch"},
        "state": {"S": state},
        "createdMs": {"N": str(int(created.timestamp()) * 1000)},
        "startsAt": {"S": f"{created + timedelta(days=30):%Y-%m-%dT%H:%M:%S+00:00}"},
        "cancelledAt": {"S": f"{cancelled:%Y-%m-%dT%H:%M:%S+00:00}"} if state == "cancelled" else {"NULL": True},
        "customerId": {"S": f"u-{number * 7919 % 1_000_003:08}"},
        "isOnline": {"BOOL": number % 4 > 0},
        "guests": {"N": str(1 + number % 9)},
        "places": {"N": "12"},
        "price": {"N": f"{number * 37 % 9_000}.{number % 100:02}"},
        "paid": {"N": str(number * 37 % 9_000)},
    }


def write_company(folder: Path, count: int) -> int:
    """
    A company folder whose events are an export of *count* bookings, gzipped, in eight files, in no order.

    Returns:
        Bytes of the export before they were gzipped.
    """
    data = folder / "Events" / "AWSDynamoDB" / "01700000000000-bench" / "data"
    data.mkdir(parents=True)
    (folder / "company.yaml").write_text(settings(_BOOKINGS), encoding="utf-8")
    numbers = list(range(count))
    Random(1).shuffle(numbers)  # noqa: S311 - nobody is to be kept from guessing: an export is in the order of hashes
    size = 0
    with ExitStack() as open_files:
        files = [open_files.enter_context(gzip.open(data / f"{name:026}.json.gz", "wb", 6)) for name in range(_FILES)]
        for at, number in enumerate(numbers):
            line = json.dumps({"Item": booking(number)}, separators=(",", ":")).encode() + b"\n"
            files[at % _FILES].write(line)
            size += len(line)
    return size
