"""
DynamoDB JSON, column by column: `aws dynamodb scan` output and the data files of an export to S3.

Only the attributes that are asked for leave this module: names, addresses and phone numbers that a real
table holds beside them are never kept.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from quarterdeck.errors import InputInvalid
from quarterdeck.sources.decoding import json_values
from quarterdeck.sources.reading import Document

# S and N are both texts: a table may hold an attribute as S here and as N there.
_TEXTS = ("S", "N")
_KINDS = {
    "B": "a binary value (B)",
    "SS": "a set of strings (SS)",
    "NS": "a set of numbers (NS)",
    "BS": "a set of binary values (BS)",
    "L": "a list (L)",
    "M": "a map (M)",
}
_EXPECTED = "a typed value such as {'S': 'text'} or {'N': '12'}"
# Under these names the CLI and the API say that there is more than what they printed.
_CUT_OFF = ("LastEvaluatedKey", "NextToken")


@dataclass(frozen=True)
class Unreadable:
    """A value of a kind that no column of ours can hold; `kind` says which."""

    kind: str


Cell = str | bool | Unreadable | None


@dataclass(frozen=True)
class Page:
    """
    Some rows of a table, by attribute.

    Args:
        place: Where they come from: a file, or a table.
        counted: What *numbers* count: the items, or the lines of the file.
        numbers: One a row.
        cells: Attribute to one cell a row; None where the row lacks it, or where it is NULL.
    """

    place: str
    counted: str
    numbers: Sequence[int]
    cells: Mapping[str, Sequence[Cell]]

    def place_of(self, row: int) -> str:
        return f"{self.place}, {self.counted} {self.numbers[row]}"


def pages_of(document: Document, attributes: Collection[str]) -> Iterator[Page]:
    """
    The rows of *document*, with *attributes* only: a page a `{"Items": […]}`, one page for all `{"Item": …}`.

    Raises:
        InputInvalid: It is not DynamoDB JSON, or of a scan that lacks items; the place names file and line or item.
    """
    if not document.content.strip():
        raise InputInvalid(document.place, "an empty file", "the output of aws dynamodb scan")
    counted_items = 0
    lines = array("q")
    items: list[object] = []
    more: str | None = None
    for line, value in json_values(document):
        match value:
            case {"Items": list(page), **rest}:
                numbers = range(counted_items + 1, counted_items + len(page) + 1)
                counted_items += len(page)
                more = next((key for key in _CUT_OFF if rest.get(key)), None)
                if not more and rest.get("Count", len(page)) != len(page):
                    found, expected = f"{len(page)} items", f"{rest['Count']}, as its Count says"
                    raise InputInvalid(f"{document.place}, line {line}", found, expected)
                yield page_of(document.place, "item", numbers, page, attributes)
            case {"Item": item}:
                lines.append(line)
                items.append(item)
            case _:
                found = f"JSON without Items or Item ({_shape(value)})"
                expected = "the output of aws dynamodb scan, or an export to S3"
                raise InputInvalid(f"{document.place}, line {line}", found, expected)
    if more:
        raise InputInvalid(document.place, f"a scan that was cut off ({more} is given)", "all pages of the scan")
    if items:
        yield page_of(document.place, "line", lines, items, attributes)


def page_of(
    place: str, counted: str, numbers: Sequence[int], items: Sequence[object], attributes: Collection[str]
) -> Page:
    """
    *items* as DynamoDB types them, with *attributes* only; *place*, *counted* and *numbers* as `Page` says.

    Raises:
        InputInvalid: One of them is no item, or one of the attributes no typed value.
    """
    columns: dict[str, list[Cell]] = {attribute: [] for attribute in attributes}
    page = Page(place, counted, numbers, columns)
    for row, item in enumerate(items):
        if not isinstance(item, dict):
            raise InputInvalid(page.place_of(row), _shape(item), "an item: attributes with typed values")
        for attribute, cells in columns.items():
            try:
                cells.append(_cell(item.get(attribute)))
            except ValueError as error:
                found = _shortened(repr(item[attribute]))
                raise InputInvalid(f"{page.place_of(row)}, {attribute}", found, _EXPECTED) from error
    return page


def _cell(typed: object) -> Cell:
    if typed is None:
        return None
    if isinstance(typed, dict) and len(typed) == 1:
        [(kind, value)] = typed.items()
        if kind in _TEXTS and isinstance(value, str):
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
