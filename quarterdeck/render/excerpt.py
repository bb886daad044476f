"""
What of a document a mail carries: the page has all rows, a mail has a budget.

HTML part and text part are drawn from one excerpt, so they leave out the same rows and say so in the
same words.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace

from quarterdeck.blocks import Actions, Chart, Kpis, Note, SinceLastWeek, Table
from quarterdeck.render.columns import columns_that_fit
from quarterdeck.render.items import Document, Item, Picture, Printed, Prose, cut_at_word
from quarterdeck.render.mime import Image, content_id
from quarterdeck.render.pictures import fit_for_mail
from quarterdeck.render.tokens import CONTENT_WIDTH

_MOST_HEADLINE = 240  # characters; the house style's own limit is 90
_MOST_LEAD = 480
_MOST_FINDINGS = 5
_MOST_OF_A_LINE = 200  # characters of what was printed


@dataclass(frozen=True)
class Budget:
    """How much a mail may hold: rows of a table, lines of what was printed, and whether prose at all."""

    rows: int
    lines: int
    prose: bool = True


# Tried in turn until the mail is small enough. Table rows go first: the page has them all.
BUDGETS = (
    Budget(30, 40),
    Budget(12, 40),
    Budget(8, 20),
    Budget(5, 10),
    Budget(3, 5),
    Budget(0, 0),
    Budget(0, 0, prose=False),
)


@dataclass(frozen=True)
class Drawing:
    """A picture of a mail, with the words around it; `width` in CSS pixels."""

    cid: str
    width: int
    alt: str
    title: str = ""
    subtitle: str = ""
    note: str = ""


MailItem = SinceLastWeek | Kpis | Drawing | Table | Actions | Note | Prose | Printed


@dataclass(frozen=True)
class MailSection:
    """A section with what of it a mail carries."""

    name: str
    level: int
    items: tuple[MailItem, ...]


@dataclass(frozen=True)
class Excerpt:
    """A mail's content: a document's shape, with what was cut and what it needs."""

    headline: str
    lead: str
    sections: tuple[MailSection, ...]
    care: tuple[Note, ...]
    findings: tuple[str, ...]
    findings_left_out: int
    images: tuple[Image, ...]
    dropped: tuple[str, ...]


class Excerpter:
    """Takes excerpts of one document; its pictures are prepared once."""

    def __init__(self, document: Document, headline: str) -> None:
        self._document = document
        self._headline = headline
        self._images: dict[str, Image] = {}
        self._dropped: list[str] = []
        self._sections = [
            MailSection(section.name, section.level, tuple(self._drawn(item) for item in section.items))
            for section in document.sections
        ]

    def excerpt(self, budget: Budget) -> Excerpt:
        """The document within *budget*."""
        document = self._document
        sections = (replace(each, items=tuple(_cut(item, budget) for item in each.items)) for each in self._sections)
        headline = cut_at_word(self._headline, _MOST_HEADLINE)
        findings = document.provenance.findings if document.provenance else ()
        dropped = list(self._dropped)
        if headline != self._headline:
            dropped.append(f"the headline after {len(headline) - 1} of its {len(self._headline)} characters")
        return Excerpt(
            headline=headline,
            lead=cut_at_word(document.lead, _MOST_LEAD),
            sections=tuple(sections),
            care=document.care,
            findings=findings[:_MOST_FINDINGS],
            findings_left_out=max(0, len(findings) - _MOST_FINDINGS),
            images=tuple(self._images.values()),
            dropped=tuple(dropped),
        )

    def _drawn(self, item: Item) -> MailItem:
        if isinstance(item, Chart):
            cid = self._carried(base64.b64decode(item.png), "png")
            width = min(CONTENT_WIDTH, item.width)
            return Drawing(cid, width, item.alt, item.title, item.subtitle, item.note)
        if isinstance(item, Picture):
            fit = None if item.subtype == "svg+xml" else fit_for_mail(item)
            if fit is None:
                self._dropped.append(f"a drawing that a mail cannot carry ({item.subtype}): {item.alt}")
                return Note(text=f"{item.alt}: only the page can show this drawing.")
            return Drawing(self._carried(fit.data, fit.subtype), fit.width, fit.alt)
        return item

    def _carried(self, data: bytes, subtype: str) -> str:
        image = Image(content_id(data), data, subtype)
        return self._images.setdefault(image.cid, image).cid


def _cut(item: MailItem, budget: Budget) -> MailItem:
    if isinstance(item, Table):
        return _cut_table(item, budget.rows)
    if isinstance(item, Actions):
        shown = item.actions[: min(item.mail_rows, budget.rows)]
        left_out = _left_out(len(item.actions), len(shown), item)
        return item.model_copy(update={"actions": shown, "left_out": left_out})
    if isinstance(item, Printed):
        return _cut_printed(item, budget.lines)
    if isinstance(item, Prose) and not budget.prose:
        return Note(text="A text left out to keep the mail small; it is on the page.")
    return item


def _cut_table(table: Table, rows: int) -> Table:
    shown = table.rows[: min(table.mail_rows, rows)]
    left_out = _left_out(len(table.rows), len(shown), table)
    columns, total = table.columns, table.total
    fitting = columns_that_fit(table.model_copy(update={"rows": shown}))
    hidden = len(columns) - fitting
    if hidden:
        columns, shown = columns[:fitting], tuple(row[:fitting] for row in shown)
        total = total[:fitting] if total else None
        more = f"{hidden} more {'column is' if hidden == 1 else 'columns are'} on the page"
        left_out = f"{left_out}; {more}" if left_out else more
    return table.model_copy(update={"columns": columns, "rows": shown, "total": total, "left_out": left_out})


def _left_out(there: int, shown: int, block: Table | Actions) -> str:
    """What stands under a table that goes on elsewhere; empty when all of it is here."""
    missing = there - shown
    if not missing:
        return ""
    if shown == block.mail_rows:
        return block.left_out or f"and {missing} more, on the page"
    return f"{missing} {'row' if missing == 1 else 'rows'} left out to keep the mail small; all are on the page"


def _cut_printed(printed: Printed, most: int) -> Printed:
    lines = printed.text.splitlines()
    shown = [cut_at_word(line, _MOST_OF_A_LINE) for line in lines[:most]]
    missing = len(lines) - len(shown)
    if missing:
        more = f"{missing} more {'line' if missing == 1 else 'lines'}, on the page"
        return Printed("\n".join(shown), left_out=f"and {more}" if shown else more)
    is_cut = shown != lines
    return Printed("\n".join(shown), left_out="long lines are cut; all of them are on the page" if is_cut else "")
