"""
DynamoDB JSON: `aws dynamodb scan` output, the data files of an export to S3, and the pages of a live scan.

Rows come as they were written, and are decoded when it is known how: many at once by pyarrow, or one by one.
pyarrow decodes only what is as DynamoDB writes it, and whatever it refuses is decoded one by one, which knows what
is wrong, and where. Only the attributes that are asked for leave this module: names, addresses and phone numbers
that a real table holds beside them are never kept.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa
import pyarrow.json

from quarterdeck.errors import InputInvalid
from quarterdeck.sources.decoding import text_pieces, text_values
from quarterdeck.sources.reading import Document

# S and N are both texts: a table may hold an attribute as S here and as N there.
TEXTS = ("S", "N")
_KINDS = {
    "B": "a binary value (B)",
    "SS": "a set of strings (SS)",
    "NS": "a set of numbers (NS)",
    "BS": "a set of binary values (BS)",
    "L": "a list (L)",
    "M": "a map (M)",
}
# What a cell of ours may be. pyarrow passes over the other kinds, which leaves a value without any of these.
_READABLE = {"S": pa.string(), "N": pa.string(), "BOOL": pa.bool_(), "NULL": pa.bool_()}
_LINE = b'{"Item":'
_EXPECTED = "a typed value such as {'S': 'text'} or {'N': '12'}"
# Under these names the CLI and the API say that there is more than what they printed.
_CUT_OFF = ("LastEvaluatedKey", "NextToken")


@dataclass(frozen=True)
class Unreadable:
    """A value of a kind that no column of ours can hold; `kind` says which."""

    kind: str


Cell = str | bool | Unreadable | None


Columns = Mapping[str, pa.StructArray]


class Kinds:
    """
    The kinds that pyarrow looks for in each attribute of a table: those met so far, since each costs a column to build.

    Rows are read in pieces, by several threads. Whoever meets a value of none of them reads its piece once more with
    all, and so does everybody from then on.
    """

    def __init__(self, attributes: Collection[str]) -> None:
        self._wanted: Mapping[str, Collection[str]] = dict.fromkeys(attributes, ())

    def item(self) -> pa.StructType:
        """An item, for pyarrow."""
        return pa.struct([(attribute, _typed(kinds or _READABLE)) for attribute, kinds in self._wanted.items()])

    def are_missed_by(self, columns: Columns) -> bool:
        """Whether *columns* are to be read anew, since a value is of a kind that was not looked for."""
        met, missed = dict(self._wanted), False
        for attribute, cells in columns.items():
            counts = {kind: len(values) - values.null_count for kind, values in by_kind(cells).items()}
            if sum(counts.values()) < len(cells) - cells.null_count:
                met[attribute] = _READABLE
                missed = missed or len(counts) < len(_READABLE)
            elif not met[attribute]:
                met[attribute] = [kind for kind, count in counts.items() if count]
        self._wanted = met
        return missed


def by_kind(cells: pa.StructArray) -> dict[str, pa.Array]:
    """The values of *cells* that are of each kind that was looked for, null where they are of another."""
    return dict(zip(cells.type.names, cells.flatten(), strict=True))


def _typed(kinds: Collection[str]) -> pa.StructType:
    return pa.struct([(kind, _READABLE[kind]) for kind in kinds])


@dataclass(frozen=True)
class Origin:
    """Where some rows come from: a file or a table, and what *numbers*, one a row, count: its items, or its lines."""

    place: str
    counted: str
    numbers: Sequence[int]

    def place_of(self, row: int) -> str:
        return f"{self.place}, {self.counted} {self.numbers[row]}"

    def of(self, rows: Sequence[int]) -> Origin:
        return Origin(self.place, self.counted, [self.numbers[row] for row in rows])


@dataclass(frozen=True)
class Page:
    """
    Some rows of a table, by attribute.

    Args:
        cells: Attribute to one cell a row; None where the row lacks it, or where it is NULL.
    """

    origin: Origin
    cells: Mapping[str, Sequence[Cell]]


class Rows(Protocol):
    """Some rows of a table as they were written."""

    @property
    def origin(self) -> Origin:
        """Where they come from."""

    def columns(self, kinds: Kinds) -> Columns | None:
        """
        All of them at once: each attribute as a struct of some of S, N, BOOL and NULL, null where a row lacks it.

        None where pyarrow refuses them. A value of another kind is a struct without any value.
        """

    def page(self, rows: Sequence[int], attributes: Collection[str]) -> Page:
        """
        Some of them, one by one.

        Raises:
            InputInvalid: One of them is no item, or one of the attributes no typed value.
        """


@dataclass(frozen=True)
class Items:
    """Rows that Python has decoded already: a page of a scan."""

    origin: Origin
    items: Sequence[object]

    def columns(self, kinds: Kinds) -> Columns | None:
        return _columns(kinds, self.origin, lambda item: pa.array(self.items, item))

    def page(self, rows: Sequence[int], attributes: Collection[str]) -> Page:
        return page_of(self.origin.of(rows), [self.items[row] for row in rows], attributes)


@dataclass(frozen=True)
class Answer:
    """Rows as a Scan answers them: `{"Items": […], …}`, undecoded."""

    origin: Origin
    text: bytes

    def columns(self, kinds: Kinds) -> Columns | None:
        return _columns(kinds, self.origin, lambda item: _parsed(self.text, "Items", pa.list_(item)).flatten())

    def page(self, rows: Sequence[int], attributes: Collection[str]) -> Page:
        items = json.loads(self.text)["Items"]
        return page_of(self.origin.of(rows), [items[row] for row in rows], attributes)


@dataclass(frozen=True)
class Lines:
    """Rows as an export has them: each on a line, which begins with `{"Item":`."""

    origin: Origin
    text: bytes

    def columns(self, kinds: Kinds) -> Columns | None:
        return _columns(kinds, self.origin, lambda item: _parsed(self.text, "Item", item))

    def page(self, rows: Sequence[int], attributes: Collection[str]) -> Page:
        place, numbers, texts = self.origin.place, self.origin.numbers, self.text.split(b"\n")
        found = [pair for row in rows for pair in text_values(texts[row].decode(), place, numbers[row])]
        items = [_item_of(value, place, line) for line, value in found]
        return page_of(Origin(place, self.origin.counted, [line for line, _ in found]), items, attributes)


def _parsed(text: bytes, key: str, kind: pa.DataType) -> pa.Array:
    """What *key* holds in the JSON values of *text*; pyarrow raises where it refuses them."""
    wanted = pa.json.ParseOptions(pa.schema([(key, kind)]), unexpected_field_behavior="ignore")
    at_once = pa.json.ReadOptions(use_threads=False, block_size=len(text) + 1)
    return pa.json.read_json(pa.BufferReader(text), at_once, wanted)[key].combine_chunks()


def _columns(kinds: Kinds, origin: Origin, read: Callable[[pa.StructType], pa.StructArray]) -> Columns | None:
    """The columns of what *read* gives for a type of item, if each row of *origin* is one."""
    while True:
        item = kinds.item()
        try:
            items = read(item)
        except (pa.ArrowException, UnicodeEncodeError):
            return None
        if len(items) != len(origin.numbers) or items.null_count:
            return None
        columns = dict(zip(item.names, items.flatten(), strict=True))
        if not kinds.are_missed_by(columns):
            return columns


def rows_of(document: Document) -> Iterator[Rows]:
    """
    The rows of *document*, some at a time: of a scan's pages, or of an export's lines.

    Raises:
        InputInvalid: It is not DynamoDB JSON, or of a scan that lacks items; the place names file and line or item.
    """
    if not document.content.strip():
        raise InputInvalid(document.place, "an empty file", "the output of aws dynamodb scan")
    first = 1
    pieces = text_pieces(document)
    for piece in pieces:
        lines = piece.count(b"\n") + (not piece.endswith(b"\n"))
        if not piece.startswith(_LINE) or piece.count(b"\n" + _LINE) + 1 != lines:
            yield from _values(document, "".join((piece.decode(), *(other.decode() for other in pieces))), first)
            return
        yield Lines(Origin(document.place, "line", range(first, first + lines)), piece)
        first += lines


def _values(document: Document, text: str, first: int) -> Iterator[Rows]:
    """The rows of *text*, which begins on line *first* of *document*, wherever its values begin and end."""
    counted_items = 0
    lines = array("q")
    items: list[object] = []
    more: str | None = None
    for line, value in text_values(text, document.place, first):
        match value:
            case {"Items": list(page), **rest}:
                numbers = range(counted_items + 1, counted_items + len(page) + 1)
                counted_items += len(page)
                more = next((key for key in _CUT_OFF if rest.get(key)), None)
                if not more and rest.get("Count", len(page)) != len(page):
                    found, expected = f"{len(page)} items", f"{rest['Count']}, as its Count says"
                    raise InputInvalid(f"{document.place}, line {line}", found, expected)
                yield Items(Origin(document.place, "item", numbers), page)
            case {"Item": item}:
                lines.append(line)
                items.append(item)
            case _:
                raise _neither(value, document.place, line)
    if more:
        raise InputInvalid(document.place, f"a scan that was cut off ({more} is given)", "all pages of the scan")
    if items:
        yield Items(Origin(document.place, "line", lines), items)


def page_of(origin: Origin, items: Sequence[object], attributes: Collection[str]) -> Page:
    """
    *items* as DynamoDB types them, with *attributes* only.

    Raises:
        InputInvalid: One of them is no item, or one of the attributes no typed value.
    """
    columns: dict[str, list[Cell]] = {attribute: [] for attribute in attributes}
    for row, item in enumerate(items):
        if not isinstance(item, dict):
            raise InputInvalid(origin.place_of(row), _shape(item), "an item: attributes with typed values")
        for attribute, cells in columns.items():
            try:
                cells.append(_cell(item.get(attribute)))
            except ValueError as error:
                found = _shortened(repr(item[attribute]))
                raise InputInvalid(f"{origin.place_of(row)}, {attribute}", found, _EXPECTED) from error
    return Page(origin, columns)


def _item_of(value: object, place: str, line: int) -> object:
    if not isinstance(value, dict) or "Item" not in value:
        raise _neither(value, place, line)
    return value["Item"]


def _neither(value: object, place: str, line: int) -> InputInvalid:
    found = f"JSON without Items or Item ({_shape(value)})"
    return InputInvalid(f"{place}, line {line}", found, "the output of aws dynamodb scan, or an export to S3")


def _cell(typed: object) -> Cell:
    if typed is None:
        return None
    if isinstance(typed, dict) and len(typed) == 1:
        [(kind, value)] = typed.items()
        if kind in TEXTS and isinstance(value, str):
            return value
        if kind == "BOOL" and isinstance(value, bool):
            return value
        if kind == "NULL":
            return None
        if kind in _KINDS:
            return Unreadable(_KINDS[kind])
    raise ValueError(typed)


def _shape(value: object) -> str:
    """What *value* is, without its values: an item nobody mapped may hold names and addresses."""
    keys = ", ".join(map(str, value)) if isinstance(value, dict) else type(value).__name__
    return _shortened(keys)


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
