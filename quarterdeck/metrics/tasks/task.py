"""What a task is, and the two that it is made from: what a handoff promises, and what a figure needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from quarterdeck.display import Display
from quarterdeck.inventory import AssetInventory

Kind = Literal[
    "crew", "collect", "cash", "saving", "close", "categorise", "domain", "secret", "access", "project"
]  # fmt: skip
"""What a task is about: the figure that asks for it, `project` where only a handoff does."""

SEVERITIES = ("critical", "high", "medium", "low", "unknown")

Words = tuple[str, ...]
"""Regular expressions: a text speaks of something when it holds all of them, whatever the case."""


@dataclass(frozen=True)
class Promise:
    """
    One open action or gap of a handoff.

    Args:
        text: As it is written, without the amount at its end.
        is_gap: It says what is wrong, not what to do.
        project: Whose handoff it is.
        document: Where it stands.
        line: In it, from 1.
        area: Of a gap; empty for an action.
        severity: Of a gap; `unknown` for an action.
        owner: None where nobody is named.
        due_on: None where no day is named.
        amount_minor: Minor units; None where no amount is named.
    """

    text: str
    is_gap: bool
    project: str
    document: str
    line: int
    area: str = ""
    severity: str = "unknown"
    owner: str | None = None
    due_on: date | None = None
    amount_minor: int | None = None


@dataclass(frozen=True)
class Item:
    """
    One thing that a need is about: an event, a domain, an administrator.

    Args:
        name: As evidence: an event's id, a domain, a document and line.
        words: Who writes these speaks of this item alone; one of several ways.
        amount_minor: Money at stake, in minor units.
        due_on: The day by which it has to be done.
    """

    name: str
    words: tuple[Words, ...] = ()
    amount_minor: int | None = None
    due_on: date | None = None


@dataclass(frozen=True)
class Need:
    """
    What a figure asks for, item by item.

    Args:
        kind: Which figure.
        items: At least one.
        say: The task in words, for as many of the items as nobody has promised.
        source: Stands before the items' names in the evidence: `claims of`.
        words: Who writes these, and names no item, speaks of all items; one of several ways.
        project: Only this project's handoff can speak of it.
        severity: As of a gap.
        is_decision: The reader decides it.
    """

    kind: Kind
    items: tuple[Item, ...]
    say: Callable[[Sequence[Item]], str]
    source: str = ""
    words: tuple[Words, ...] = ()
    project: str | None = None
    severity: str = "unknown"
    is_decision: bool = False

    @property
    def amount_minor(self) -> int | None:
        return _sum_of_known([item.amount_minor for item in self.items])

    @property
    def due_on(self) -> date | None:
        """The first day by which any of it has to be done."""
        return min((item.due_on for item in self.items if item.due_on), default=None)

    @property
    def evidence(self) -> str:
        """`claims of T-05823, T-05924 and 4 more`"""
        return f"{self.source} {listed([item.name for item in self.items])}".lstrip()

    def of(self, items: Sequence[Item]) -> Need:
        """The same for these of its items."""
        return replace(self, items=tuple(items))


@dataclass(frozen=True)
class Task:
    """
    One line of an agenda.

    Args:
        action: Begins with a verb; of a decision, what is decided.
        kind: What it is about.
        severity: The worst of all that it is made from.
        texts: All that was said of it.
        projects: Whose handoffs said it.
        area: Of the first gap that it answers; empty where it answers none.
        evidence: Every place that it comes from.
        owner: None where nobody is named.
        due_on: None where no day is known.
        amount_minor: Money at stake, in minor units; None where none is known.
        is_decision: The reader decides it.
    """

    action: str
    kind: Kind
    severity: str
    texts: tuple[str, ...]
    evidence: tuple[str, ...]
    projects: tuple[str, ...] = ()
    area: str = ""
    owner: str | None = None
    due_on: date | None = None
    amount_minor: int | None = None
    is_decision: bool = False


def name_in_text(name: str) -> str:
    """The pattern of *name* as a whole: `T-1` is not in `T-12`, nor `a.example` in `www.a.example`."""
    return rf"(?<![\w.-]){re.escape(name)}(?![\w-])"


def speaker_of(alternatives: Sequence[Words]) -> Callable[[str], bool]:
    """Whether a text holds all words of one of *alternatives*."""
    compiled = [[re.compile(word, re.IGNORECASE) for word in words] for words in alternatives]
    return lambda text: any(all(word.search(text) for word in words) for words in compiled)


def listed(names: Sequence[str], shown: int = 3) -> str:
    """`Lady Marin, Second Wind and 2 more`; each name once."""
    distinct = list(dict.fromkeys(names))
    rest = len(distinct) - shown
    return ", ".join(distinct[:shown]) + (f" and {rest} more" if rest > 0 else "")


def counted(count: int, one: str, several: str) -> str:
    """`1 event`, `3 events`"""
    return f"{count} {one if count == 1 else several}"


def day_words(inventory: AssetInventory) -> Callable[[date], str]:
    """How a day is said to a reader of this company."""
    company = inventory.company
    return Display(company.locale, company.currency, company.time_zone).day_in_prose


def _sum_of_known(amounts: Sequence[int | None]) -> int | None:
    """The sum of what is known; None where nothing is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None
