"""
What of a document a mail carries: the page has all rows, a mail has a budget.

HTML part and text part are drawn from one excerpt, so they leave out the same rows and say so in the
same words.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace

from quarterdeck.blocks import Actions, Chart, Kpis, Note, SinceLastWeek, Table
from quarterdeck.display import cut_at_word
from quarterdeck.render.columns import columns_that_fit
from quarterdeck.render.cutting import Scissors
from quarterdeck.render.items import Document, Item, Picture, Printed, Prose
from quarterdeck.render.mime import Image, content_id
from quarterdeck.render.pictures import fit_for_mail

MOST_ROWS = 12  # of a table, whatever a notebook asks for: a mail is read in five minutes
_MOST_HEADLINE = 240  # characters; the house style's own limit is 90
_MOST_LEAD = 480
_MOST_FINDINGS = 3
_MOST_PICTURE_BYTES = 1_500_000  # of all pictures; in base64 a third more, and the message has 3 MB
_MOST_OF_A_LINE = 200  # characters of what was printed


@dataclass(frozen=True)
class Budget:
    """
    How much a mail may hold.

    Args:
        rows: Of a table, or of an agenda.
        lines: Of what was printed.
        letters: Of any one text.
        items: Of anything that is neither: charts, notes, KPIs, changes; over the whole mail, and in each of its lists.
        prose: Whether there is prose at all.
    """

    rows: int
    lines: int
    letters: int = 1000
    items: int = 60
    prose: bool = True


# Tried in turn until the mail is small enough. Table rows go first: the page has them all.
BUDGETS = (
    Budget(MOST_ROWS, 40),
    Budget(8, 20),
    Budget(5, 10),
    Budget(3, 5),
    Budget(0, 0, letters=400),
    # What is too long may be prose alone: then all that is no prose fits again.
    Budget(MOST_ROWS, 40, prose=False),
    Budget(5, 10, letters=400, prose=False),
    Budget(0, 0, letters=200, items=30, prose=False),
    Budget(0, 0, letters=80, items=12, prose=False),
    Budget(0, 0, letters=40, items=6, prose=False),  # 6 items of 6 parts of a few such texts are less than 80 KB
)


@dataclass(frozen=True)
class Drawing:
    """A picture of a mail, with the words around it; `width` in CSS pixels, `cid_dark` its drawing for dark screens."""

    cid: str
    width: int
    alt: str
    cid_dark: str = ""
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
    absent: tuple[str, ...]
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
        # Every drawing first, then those for the dark, as far as there is room.
        self._sections = [
            replace(drawn, items=tuple(map(self._with_dark, section.items, drawn.items)))
            for section, drawn in zip(document.sections, self._sections, strict=True)
        ]

    def excerpt(self, budget: Budget) -> Excerpt:
        """The document within *budget*."""
        document, scissors = self._document, Scissors(budget.letters)
        sections = tuple(self._within(budget, scissors))
        headline = cut_at_word(self._headline, _MOST_HEADLINE)
        origin = document.provenance
        findings = origin.findings if origin else ()
        all_absent = origin.absent if origin else ()
        notes = (*document.care[: budget.items], *_rest(len(document.care) - budget.items, "note"))
        care = tuple(map(scissors.block, notes))
        absent = [scissors.text(line) for line in all_absent[: budget.items]]
        absent += [note.text for note in _rest(len(all_absent) - len(absent), "absence")]
        shown = tuple(scissors.text(finding) for finding in findings[:_MOST_FINDINGS])
        dropped = list(self._dropped)
        if headline != self._headline:
            dropped.append(f"the headline after {len(headline) - 1} of its {len(self._headline)} characters")
        lead = cut_at_word(document.lead, _MOST_LEAD)
        scissors.cuts += lead != document.lead
        if scissors.cuts:
            texts = "long text is" if scissors.cuts == 1 else "long texts are"
            dropped.append(f"the ends of texts: {scissors.cuts} {texts} cut in the mail")
        drawings = [item for section in sections for item in section.items if isinstance(item, Drawing)]
        carried = {cid for drawing in drawings for cid in (drawing.cid, drawing.cid_dark)}
        return Excerpt(
            headline=headline,
            lead=lead,
            sections=sections,
            care=care,
            absent=tuple(absent),
            findings=shown,
            findings_left_out=max(0, len(findings) - _MOST_FINDINGS),
            images=tuple(image for image in self._images.values() if image.cid in carried),
            dropped=tuple(dropped),
        )

    def _within(self, budget: Budget, scissors: Scissors) -> Iterator[MailSection]:
        """The sections, as far as *budget* has room for their items; the last one says what is missing."""
        room, missing = budget.items, sum(len(section.items) for section in self._sections)
        for section in self._sections:
            shown = section.items[:room]
            room, missing = room - len(shown), missing - len(shown)
            items = [part for item in shown for part in _cut(item, budget)]
            if not room:
                items += _rest(missing, "part")
            yield MailSection(scissors.text(section.name), section.level, tuple(map(scissors.block, items)))
            if not room:
                return

    def _drawn(self, item: Item) -> MailItem:
        if isinstance(item, Chart):
            drawing = self._pictured(Picture(base64.b64decode(item.png), "png", item.alt, item.width))
            if isinstance(drawing, Note):
                return drawing.model_copy(update={"title": item.title})
            return replace(drawing, title=item.title, subtitle=item.subtitle, note=item.note)
        return self._pictured(item) if isinstance(item, Picture) else item

    def _with_dark(self, item: Item, drawn: MailItem) -> MailItem:
        """*drawn* with the drawing for dark screens that a chart has."""
        if not isinstance(item, Chart) or not isinstance(drawn, Drawing):
            return drawn
        dark = self._fit(Picture(base64.b64decode(item.png_dark), "png", item.alt, item.width))
        cid = self._carried(dark) if dark else ""
        return drawn if cid == drawn.cid else replace(drawn, cid_dark=cid)

    def _pictured(self, picture: Picture) -> Drawing | Note:
        """*picture* as a part of the mail; a sentence in its place where a mail cannot carry it."""
        fit = self._fit(picture)
        if fit is None:
            self._dropped.append(f"a drawing that a mail cannot carry ({picture.subtype}): {picture.alt}")
            return Note(text=f"{picture.alt}: only the page can show this drawing.")
        cid = self._carried(fit)
        if not cid:
            self._dropped.append(f"a picture, to keep the message small: {picture.alt}")
            return Note(text=f"{picture.alt}: left out to keep the message small; it is on the page.")
        return Drawing(cid, fit.width, fit.alt)

    @staticmethod
    def _fit(picture: Picture) -> Picture | None:
        return None if picture.subtype == "svg+xml" else fit_for_mail(picture)

    def _carried(self, fit: Picture) -> str:
        """The content id of *fit* among the mail's pictures; empty where there is no room for it."""
        image = Image(content_id(fit.data), fit.data, fit.subtype)
        bytes_carried = sum(len(other.data) for other in self._images.values() if other.cid != image.cid)
        if bytes_carried + len(image.data) > _MOST_PICTURE_BYTES:
            return ""
        return self._images.setdefault(image.cid, image).cid


def _cut(item: MailItem, budget: Budget) -> tuple[MailItem, ...]:
    """*item* within *budget*, and a sentence after it where it cannot say itself what it lacks."""
    if isinstance(item, Table):
        return (_cut_table(item, budget.rows),)
    if isinstance(item, Actions):
        shown = item.actions[: min(item.mail_rows, budget.rows)]
        left_out = _left_out(len(item.actions), len(shown), item)
        return (item.model_copy(update={"actions": shown, "left_out": left_out}),)
    if isinstance(item, Kpis | SinceLastWeek):
        parts, word = ("kpis", "figure") if isinstance(item, Kpis) else ("changes", "change")
        all_of_it = getattr(item, parts)
        kept = item.model_copy(update={parts: all_of_it[: budget.items]})
        return (kept, *_rest(len(all_of_it) - budget.items, word))
    if isinstance(item, Printed):
        return (_cut_printed(item, budget.lines),)
    if isinstance(item, Prose) and not budget.prose:
        return (Note(text="A text left out to keep the mail small; it is on the page."),)
    return (item,)


def _rest(missing: int, what: str) -> tuple[Note, ...]:
    """The sentence in place of *missing* things that only the page has; none where nothing is missing."""
    if missing <= 0:
        return ()
    return (
        Note(
            text=f"{missing} more {what if missing == 1 else f'{what}s'} {'is' if missing == 1 else 'are'} on the page."
        ),
    )


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
    if shown == block.mail_rows and block.left_out:
        return block.left_out
    if shown in (block.mail_rows, MOST_ROWS):
        return f"and {missing} more, on the page"
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
