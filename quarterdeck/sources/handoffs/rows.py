"""Where the rows of one document are gathered, and what all its tables and lists have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from quarterdeck.sources.handoffs.money import MoneyReader, period_in
from quarterdeck.sources.handoffs.outline import Grid, Item, Prose, Row, Unread
from quarterdeck.sources.handoffs.parts import Part, is_footer
from quarterdeck.sources.handoffs.words import key_of, says_nothing, words_of
from quarterdeck.sources.reading import Finding

_AMOUNT_WORDS = frozenset(
    ("per", "a", "in", "month", "monthly", "mo", "year", "yearly", "annual", "annually", "quarter", "quarterly")
)


@dataclass
class Rows:
    """
    The rows of one document.

    Args:
        document: Its name.
        project: Whose rows they are.
        money: Reads the company's amounts.
        findings: What was not understood is added here.
        tables: Our table name to its rows.
        totals: What it states as its whole monthly cost: line, words, minor units.
    """

    document: str
    project: str
    money: MoneyReader
    findings: list[Finding]
    tables: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    totals: list[tuple[int, str, int]] = field(default_factory=list)

    def add(self, table: str, line: int, **values: object) -> None:
        row = {"project": self.project, **values, "document": self.document, "line": line}
        self.tables.setdefault(table, []).append(row)

    def note(self, line: int, message: str, severity: Literal["warning", "info"] = "warning") -> None:
        self.findings.append(Finding("handoffs", severity, message, self.document, line))


def to_read(part: Part, rows: Rows) -> Iterator[Prose | Item | Grid]:
    """The entries of *part* that say something: not "None known.", not a line that introduces the list below it."""
    for number, entry in enumerate(part.entries):
        match entry:
            case Unread():
                rows.note(entry.line, f"{entry.what} under “{part.title}” is not read", "info")
            case Prose() if is_footer(entry.text) or says_nothing(entry.text):
                continue
            case Prose() if entry.text.endswith(":") and number + 1 < len(part.entries):
                continue
            case Item() if says_nothing(entry.text) and not entry.children:
                continue
            case _:
                yield entry


@dataclass(frozen=True)
class Columns:
    """
    What a table's columns mean.

    Args:
        index: Our key to the column's place.
        currency: ISO code that the head of the amounts names, or None.
        every: Period that it names, or None.
    """

    index: Mapping[str, int]
    currency: str | None
    every: str | None

    def cell(self, key: str, row: Row) -> str:
        """The text of *row* under *key*; empty where the table has no such column."""
        place = self.index.get(key)
        return row.cells[place] if place is not None and place < len(row.cells) else ""

    def first(self, keys: Sequence[str]) -> str | None:
        return next((key for key in keys if key in self.index), None)


def columns_of(head: Sequence[str], wanted: Sequence[str], mains: Sequence[str], money: MoneyReader) -> Columns:
    """
    The columns of a table by its *head*, in whatever order they stand.

    Args:
        head: The head's cells.
        wanted: The keys that are looked for, the more telling ones first.
        mains: Those of them that name what a row is about. Where none is there, the only column
            that is none of the others is it.
        money: Reads the currency that a head names, as in `€ / month`.
    """
    index: dict[str, int] = {}
    amounts = [place for place, cell in enumerate(head) if _is_amount(cell, money)]
    if amounts and "amount" in wanted:
        index["amount"] = min(
            amounts, key=lambda place: (period_in(head[place]) != "month", not period_in(head[place]), place)
        )
    others = [place for place in range(len(head)) if place != index.get("amount")]
    left: list[int] = []
    for place in others:
        key = key_of(head[place], [key for key in wanted if key not in index and key != "amount"])
        if key:
            index[key] = place
        elif head[place].strip():
            left.append(place)
    if not any(key in index for key in mains) and len(left) == 1:
        index[mains[0]] = left[0]
    amount = head[index["amount"]] if "amount" in index else ""
    return Columns(index, money.currency_in(amount), period_in(amount))


def _is_amount(cell: str, money: MoneyReader) -> bool:
    """`Cost`, `Monthly`, `€ / month`, `Amount (USD)`."""
    currency = money.currency_in(cell)
    words = [word for word in words_of(cell).split() if word not in _AMOUNT_WORDS and word.upper() != currency]
    if not words:
        return currency is not None or period_in(cell) is not None
    return key_of(" ".join(words), ["amount"]) is not None
