"""
Which columns of a table fit where, estimated from their letters.

A mail can neither scroll nor ask how wide it is, so what does not fit has to be known before it leaves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from quarterdeck.blocks import Cell, Table, TableColumn
from quarterdeck.render.tokens import CONTENT_WIDTH

_PHONE = 328  # CSS pixels of content on a phone of 360
_LETTER, _GAP = 7.6, 12  # CSS pixels: a letter of 14 px in the widest of the faces, and between columns
_PHONE_GAP = 8
_SMALL_LETTER, _SMALL_GAP = 6.6, 6  # the same at 12 px, the smallest that is allowed
_TEXT = 8  # letters; narrower, a column of text is a column of syllables
_WORD = 24  # letters; a longer word is broken
_DAY = 16  # letters of the longest day that is kept on one line
_MOST_COLUMNS = 7
_BREAKS = re.compile(r"[\s\-–/]+")


def columns_that_fit(table: Table) -> int:
    """How many of *table*'s first columns a mail shows at its full width; at least two."""
    widths = [letters * _LETTER + _GAP for letters in _letters(table)]
    fitting = sum(1 for at in range(len(widths)) if sum(widths[: at + 1]) <= CONTENT_WIDTH + _GAP)
    return min(len(widths), max(2, fitting), _MOST_COLUMNS)


def phone_fit(table: Table) -> str:
    """The style classes that keep *table* within a phone: none, small letters, or words broken too."""
    letters = _letters(table)
    if sum(letters) * _LETTER + (len(letters) - 1) * _PHONE_GAP <= _PHONE:
        return ""
    return "tight" if sum(letters) * _SMALL_LETTER + (len(letters) - 1) * _SMALL_GAP <= _PHONE else "tight broken"


def places(columns: Sequence[TableColumn]) -> list[str]:
    """For each column, the style classes of its place: `f` first, `r` right, `g` text that follows figures."""
    classes = []
    for at, column in enumerate(columns):
        follows = at > 0 and columns[at - 1].align == "right" and column.align == "left"
        classes.append(
            " ".join(name for name, is_so in (("f", at == 0), ("r", column.align == "right"), ("g", follows)) if is_so)
        )
    return classes


def breaks(text: str) -> str:
    """The style class of a cell whose words may be broken, because one of them is too long to stand."""
    return "w" if _longest_word(text) > _WORD else ""


def keeps(cell: Cell) -> str:
    """The style class of a cell that stands on one line as a figure does: a day, `Fri 27 Nov`."""
    return "n" if isinstance(cell.sort, str) and len(cell.text) <= _DAY else ""


def _letters(table: Table) -> list[int]:
    """For each column, the letters that must stand on one line: a figure, or the longest word of a text."""
    rows = [*table.rows, *([table.total] if table.total else [])]
    letters = []
    for at, column in enumerate(table.columns):
        texts = [row[at].text for row in rows]
        longest = max((len(text) for text in texts), default=0)
        days = max((len(row[at].text) for row in rows if keeps(row[at])), default=0)
        # Words that are broken anyway need no room of their own.
        words = [len(word) for text in (column.head, *texts) for word in _BREAKS.split(text) if len(word) <= _WORD]
        needed = longest if column.align == "right" else min(longest, _TEXT)
        letters.append(max(min(needed, _WORD), days, *words, 0))
    return letters


def _longest_word(text: str) -> int:
    return max((len(word) for word in _BREAKS.split(text)), default=0)
