"""
What an executed notebook holds, in the order in which it says it, free of any medium.

A document is made once from the notebook; page, mail and text are drawn from it, so the three can never
say different things. Its items are the notebook's blocks, and beside them what a notebook that nobody
wrote for Quarterdeck gives: prose, tables, pictures, printed text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from quarterdeck.blocks import Actions, Chart, FigureRecord, Kpi, Kpis, Note, Provenance, SinceLastWeek, Table

# C0 and C1 controls mean nothing to a reader and break parsers; the two overrides let a name rewrite
# the text around it. Isolates and marks stay: right-to-left text needs them.
_UNREADABLE = {code: None for code in (*range(0x20), *range(0x7F, 0xA0), 0x202D, 0x202E, 0xFEFF) if code not in (9, 10)}
# Not every white space: the no-break spaces inside numbers are meant.
_BREAKABLE = re.compile(r"[ \t\n\u2028\u2029]+")
_TERMINAL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")


@dataclass(frozen=True)
class Prose:
    """Paragraphs, lists and small headings as HTML that has been cleaned: the only markup that is trusted."""

    html: str


@dataclass(frozen=True)
class Printed:
    """What a cell printed, or the text of its result, as it stands; `left_out` says what a mail cut."""

    text: str
    left_out: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture that is no block: `width` in CSS pixels is what the notebook asks for, 0 if it does not say."""

    data: bytes
    subtype: str  # of image/: png, jpeg, svg+xml
    alt: str = ""
    width: int = 0


Item = SinceLastWeek | Kpis | Chart | Table | Actions | Note | Prose | Printed | Picture


@dataclass(frozen=True)
class Section:
    """A rule, a name of a word or a question, and what stands under it; the name may be empty."""

    name: str
    anchor: str
    items: tuple[Item, ...]

    @property
    def level(self) -> int:
        """Of the headings inside it: no level is left out, also where the section has no name."""
        return 3 if self.name else 2


@dataclass(frozen=True)
class Document:
    """
    One edition's content.

    Args:
        headline: The sentence, or the title of a notebook that has none; empty when it has neither.
        lead: The one thing that changes how to read it.
        sections: In the notebook's order.
        care: The notes that are to be read with care; they stand at the end.
        provenance: Where the figures come from, if the notebook says it.
        metrics: Every figure that the notebook recorded, by id.
        dropped: What was in the notebook and is in no medium, with its cell.
    """

    headline: str
    lead: str
    sections: tuple[Section, ...]
    care: tuple[Note, ...]
    provenance: Provenance | None
    metrics: Mapping[str, FigureRecord]
    dropped: tuple[str, ...]

    def __deepcopy__(self, _: object) -> Document:
        """Itself: nothing in it can change, and nbconvert copies whatever it is given."""
        return self

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for section in self.sections for item in section.items)

    @property
    def kpis(self) -> tuple[Kpi, ...]:
        return tuple(kpi for item in self.items if isinstance(item, Kpis) for kpi in item.kpis)


def readable(text: str, *, keep_lines: bool = False) -> str:
    """*text* without terminal colours and control characters; on one line unless *keep_lines*."""
    shown = _TERMINAL.sub("", text).translate(_UNREADABLE)
    return shown if keep_lines else _BREAKABLE.sub(" ", shown).strip(" ")


def runs_right_to_left(text: str) -> bool:
    """Whether *text* has a letter of a right-to-left script."""
    return any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)
