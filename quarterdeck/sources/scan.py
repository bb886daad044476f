"""
A DynamoDB table as it is now: a parallel Scan, page by page, of the mapped attributes only.

Pages wait in a short queue for whoever types them, so the memory that a scan takes does not grow with the
table. A throttle is waited out, and the page that it hit is asked for again: nothing is read twice.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from quarterdeck.aws import THROTTLED, client, code_of, in_our_words
from quarterdeck.errors import AwsUnavailable, InputInvalid
from quarterdeck.source_settings import TableSource
from quarterdeck.sources.dynamodb_json import Answer, Items, Origin, Rows
from quarterdeck.sources.reading import GoOn

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

# Told how many items of a table have been read so far.
Told = Callable[[int], None]

# After botocore's own attempts are used up: a table whose capacity is gone has it back within the minute.
_WAITS_S = (1, 2, 4, 8, 15, 30)
_PAGES_AHEAD = 1  # of each segment
_ANSWER_WITHIN_S = 60.0  # a page is a megabyte, read with a filter of attributes
_LOOK_EVERY_S = 1.0  # at the time, while no page comes
# For those that wait for an answer when all is over; whoever hears none for longer ends by itself, and asks no more.
_ENDED_WITHIN_S = 5.0


@dataclass
class _Scan:
    """One scan of one table, and what its segments share."""

    dynamodb: DynamoDBClient
    table: str
    source: TableSource
    request: dict[str, Any]
    pages: queue.Queue[Rows | BaseException | None] = field(init=False)
    is_over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.pages = queue.Queue(self.source.segments * _PAGES_AHEAD)

    @property
    def subject(self) -> str:
        return f"DynamoDB table {self.table} in {self.dynamodb.meta.region_name}"


def rows_of_table(
    source: TableSource,
    attributes: Collection[str],
    told: Told = lambda _: None,
    go_on: GoOn = lambda *_: None,
) -> Iterator[Rows]:
    """
    The items of the table that *source* names, with *attributes* only, as they stand when they are read.

    Args:
        source: With `table`, `segments` and, where it is to be spared, `capacity_per_second`.
        attributes: Their names there.
        told: Called with the number of items read so far.
        go_on: Called before each page, and every second while none comes.

    Raises:
        AwsUnavailable: There is no such table (any more), a permission is missing, or the table stays throttled.
        InputInvalid: A page holds another number of items than it says.
    """
    dynamodb = client("dynamodb", answer_within_s=_ANSWER_WITHIN_S)
    dynamodb.meta.events.register("before-parse.dynamodb.Scan", _items_past_the_parser)
    names = {f"#a{number}": attribute for number, attribute in enumerate(sorted(attributes))}
    assert source.table is not None  # noqa: S101 - its config model has exactly one origin
    scan = _Scan(
        dynamodb,
        source.table,
        source,
        {
            "TableName": source.table,
            "ConsistentRead": True,  # what was written before the snapshot is in it
            "ReturnConsumedCapacity": "TOTAL",
            "TotalSegments": source.segments,
            "ProjectionExpression": ", ".join(names),
            "ExpressionAttributeNames": names,
        },
    )
    threads = [
        threading.Thread(target=_read_segment, args=(scan, segment), name=f"scan-{segment}", daemon=True)
        for segment in range(source.segments)
    ]
    for thread in threads:
        thread.start()
    try:
        yield from _all_pages(scan, len(threads), told, go_on)
    finally:
        scan.is_over.set()
        until = time.monotonic() + _ENDED_WITHIN_S
        while any(thread.is_alive() for thread in threads) and time.monotonic() < until:
            _drain(scan)
            for thread in threads:
                thread.join(0.05)


def _all_pages(scan: _Scan, segments: int, told: Told, go_on: GoOn) -> Iterator[Rows]:
    items = 0
    while segments:
        go_on(scan.subject, f"{items:,} items")
        try:
            page = scan.pages.get(timeout=_LOOK_EVERY_S)
        except queue.Empty:
            continue
        if page is None:
            segments -= 1
        elif isinstance(page, BaseException):
            raise page
        else:
            items += len(page.origin.numbers)
            told(items)
            yield page


def _drain(scan: _Scan) -> None:
    """Make room for those that wait to put in what nobody will read."""
    while not scan.pages.empty():
        scan.pages.get_nowait()


def _read_segment(scan: _Scan, segment: int) -> None:
    try:
        for page in _segment(scan, segment):
            scan.pages.put(page)
            if scan.is_over.is_set():
                return
        scan.pages.put(None)
    except BaseException as error:  # noqa: BLE001 - raised by whoever reads the pages
        scan.pages.put(error)


def _segment(scan: _Scan, segment: int) -> Iterator[Rows]:
    request = {**scan.request, "Segment": segment}
    read = 0
    while True:
        began = time.monotonic()
        answer = _asked(scan, request)
        page = _page(scan, answer, f"segment {segment + 1} of {scan.source.segments}", read)
        yield page
        read += len(page.origin.numbers)
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        _spare(scan, answer, time.monotonic() - began)


def _page(scan: _Scan, answer: dict[str, Any], segment: str, read: int) -> Rows:
    """The rows of *answer*, which loses them: decoded they take several times the memory, and may have to wait."""
    found = answer.pop("Items", [])
    count = found.count if isinstance(found, _Undecoded) else len(found)
    place = f"{scan.subject}, {segment}"
    if count != answer.get("Count"):
        raise InputInvalid(place, f"a page of {count} items", f"{answer.get('Count')}, as it says itself")
    origin = Origin(place, "item", range(read + 1, read + count + 1))
    return Answer(origin, found.text) if isinstance(found, _Undecoded) else Items(origin, found)


def _asked(scan: _Scan, request: dict[str, Any]) -> Any:  # noqa: ANN401 - boto3's answer
    """One page; a throttle that outlasts botocore's attempts is waited out, and the same page asked for again."""
    for wait_s in (*_WAITS_S, None):
        try:
            with in_our_words(scan.subject, permission="dynamodb:Scan"):
                return scan.dynamodb.scan(**request)
        except AwsUnavailable as unavailable:
            if code_of(unavailable) not in THROTTLED or wait_s is None or scan.is_over.wait(wait_s):
                raise
    raise AssertionError("the last attempt returns or raises")


@dataclass(frozen=True)
class _Undecoded:
    """An answer that holds *count* items, as its text."""

    text: bytes
    count: int


def _items_past_the_parser(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object
) -> None:
    """
    Leave a page's items in the JSON that they are.

    botocore goes through its model of an item for every value, which takes ten times as long as reading the JSON,
    and gives the same. What is no page is left to it, and so are all other parts of the answer.
    """
    try:
        body = json.loads(response_dict["body"])
    except ValueError:
        return
    if response_dict["status_code"] == HTTPStatus.OK and isinstance(body, dict) and "Items" in body:
        customized_response_dict["Items"] = _Undecoded(response_dict["body"], len(body.pop("Items")))
        response_dict["body"] = json.dumps(body).encode()


def _spare(scan: _Scan, answer: Any, took_s: float) -> None:  # noqa: ANN401 - boto3's answer
    """Wait until this segment's part of the capacity that may be consumed a second has paid for the page."""
    if scan.source.capacity_per_second is None:
        return
    consumed = float(answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0))
    scan.is_over.wait(max(0.0, consumed * scan.source.segments / scan.source.capacity_per_second - took_s))
