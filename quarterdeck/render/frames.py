"""Tables that nobody wrote for Quarterdeck, made tables of our own: heads joined, spans filled, figures right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

from quarterdeck.blocks import Cell, Table, TableColumn
from quarterdeck.display import NOT_AVAILABLE
from quarterdeck.render.items import readable

# How pandas prints what is missing. Missing is missing in our words too, and never a zero.
_MISSING = frozenset({"NaN", "nan", "NaT", "None", "<NA>"})
_FIGURE = re.compile(
    r"[(+−-]?\s*[^\w\s.,()+−-]{0,3}\s*[+−-]?\d[\d.,'\u00a0\u202f ]*(?:[eE][+−-]?\d+)?\s*[^\w\s]{0,3}[kmb]?\)?"
)
_NOTE_MARKS = "⁰¹²³⁴⁵⁶⁷⁸⁹*† "  # behind a figure: of a footnote, or a power
_MOST_SPANNED = 200  # columns; a span is a number that somebody else wrote


@dataclass
class Captured:
    """
    A table's rows as they stand in HTML: each cell with its text, its span, and whether it is a head.

    It is fed with the tags of clean HTML, in which every cell stands in a row.
    """

    caption: str = ""
    head: list[list[CapturedCell]] = field(default_factory=list)
    body: list[list[CapturedCell]] = field(default_factory=list)
    _part: str = "tbody"
    _text: list[str] | None = None
    _row: list[CapturedCell] = field(default_factory=list)

    def opens(self, tag: str, given: Mapping[str, str | None]) -> None:
        if tag in ("thead", "tbody", "tfoot"):
            self._part = tag
        elif tag == "tr":
            self._row = []
            (self.head if self._part == "thead" else self.body).append(self._row)
        elif tag in ("td", "th"):
            self._text = []
            self._row.append(CapturedCell("", tag == "th", _span(given.get("colspan")), _span(given.get("rowspan"))))
        elif tag == "caption":
            self._text = []
        elif tag in ("br", "p", "div", "li"):
            self.text(" ")
        elif tag in ("del", "s"):
            self.text("[deleted: ")

    def text(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def closes(self, tag: str) -> None:
        if tag in ("del", "s"):
            self.text("]")
        elif tag in ("td", "th", "caption"):
            text = readable("".join(self._text or ()))
            self._text = None
            if tag == "caption":
                self.caption = text
            else:
                self._row[-1].text = text


@dataclass
class CapturedCell:
    """One cell; it covers `columns` × `rows` places."""

    text: str
    is_head: bool
    columns: int
    rows: int


def as_table(captured: Captured) -> Table | None:
    """The captured table in our form, or None when it holds nothing."""
    head_rows, body_rows = captured.head, captured.body
    if not head_rows and body_rows and all(cell.is_head for cell in body_rows[0]):
        head_rows, body_rows = body_rows[:1], body_rows[1:]
    heads, body = _grid(head_rows), _grid(body_rows, repeat=False)
    width = max((len(row) for row in [*heads, *body]), default=0)
    if not width:
        return None
    columns = []
    for at in range(width):
        texts = [row[at] for row in body if at < len(row)]
        columns.append(TableColumn(head=_joined([row[at] for row in heads if at < len(row)]), align=_align(texts)))
    whole = [[*row, *[""] * (width - len(row))] for row in body]
    rows = tuple(tuple(_cell(text, column.align) for text, column in zip(row, columns, strict=True)) for row in whole)
    return Table(title=captured.caption, columns=tuple(columns), rows=rows)


def _span(written: str | None) -> int:
    return min(max(int(written), 1), _MOST_SPANNED) if written and written.isdecimal() else 1


def _grid(rows: list[list[CapturedCell]], *, repeat: bool = True) -> list[list[str]]:
    """Rows of equal places; what spans several is repeated in heads, and stands once in the body."""
    waiting: dict[tuple[int, int], str] = {}
    grid: list[list[str]] = []
    for at_row, row in enumerate(rows):
        line: list[str] = []
        for cell in row:
            _take_waiting(waiting, at_row, line)
            again = cell.text if repeat else ""
            below = range(at_row + 1, at_row + min(cell.rows, len(rows) - at_row))
            across = range(len(line), len(line) + cell.columns)
            waiting.update(dict.fromkeys(product(below, across), again))
            line.extend([cell.text, *[again] * (cell.columns - 1)])
        _take_waiting(waiting, at_row, line)
        grid.append(line)
    return grid


def _take_waiting(waiting: dict[tuple[int, int], str], at_row: int, line: list[str]) -> None:
    """Put what hangs down from rows above into the next free places of *line*."""
    while (at_row, len(line)) in waiting:
        line.append(waiting.pop((at_row, len(line))))


def _joined(levels: list[str]) -> str:
    """One head of several levels: `Revenue · Q1`. A programmer's underscores are spaces to a reader."""
    distinct = dict.fromkeys(level.replace("_", " ").strip() for level in levels)
    return " · ".join(level for level in distinct if level and not level.startswith("Unnamed: "))


def _align(texts: list[str]) -> Literal["left", "right"]:
    figures = [text.rstrip(_NOTE_MARKS) for text in texts if text and text not in _MISSING and text != "..."]
    return "right" if figures and all(_FIGURE.fullmatch(text) for text in figures) else "left"


def _cell(text: str, align: str) -> Cell:
    if text in _MISSING:
        return Cell(text=NOT_AVAILABLE)
    return Cell(text="…" if text == "..." else text, sort=_size(text) if align == "right" else None)


def _size(text: str) -> float | None:
    """What a page sorts a figure by: 1200 of `$1,200`, −3500 of `(3.5k)`; None of what is written in another way."""
    digits = re.fullmatch(r"[^\d]*?(\d[\d,]*(?:\.\d+)?(?:[eE][+−-]?\d+)?)\s*[^\w\s]{0,3}([kmb]?)\)?", text)
    if digits is None:
        return None
    size = float(digits[1].replace(",", "").replace("−", "-")) * {"k": 1e3, "m": 1e6, "b": 1e9}.get(digits[2], 1)
    return -size if re.match(r"[^\d]*[(−-]", text) else size
