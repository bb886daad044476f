"""Gaps and actions: from lists, task lists, tables, and headings of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from quarterdeck.sources.handoffs.marks import MARK_KEYS, Marks
from quarterdeck.sources.handoffs.outline import Entry, Grid, Item, Prose
from quarterdeck.sources.handoffs.parts import Part
from quarterdeck.sources.handoffs.rows import Rows, columns_of, to_read
from quarterdeck.sources.handoffs.words import Heading, area_of, heading_of, says_nothing

_WANTED = {
    "gaps": ("gap", *MARK_KEYS, "text"),
    "actions": ("action", *(key for key in MARK_KEYS if key not in ("severity", "area")), "text"),
}
_MAINS = {"gaps": ("gap", "text"), "actions": ("action", "text")}
_TICKED = ("x", "X", "✓", "✔")


@dataclass(frozen=True)
class TaskReader:
    """
    Reads parts into rows of `gaps` or `actions`.

    A row is kept whatever else is wrong with it: a due day that is none is a finding, and the day is missing.
    """

    rows: Rows
    kind: Literal["gaps", "actions"]

    def read(self, part: Part) -> None:
        if part.is_subject and all(self._only_says_more(entry) for entry in part.entries):
            self._subject(part)
            return
        group = part.heading
        if part.is_subject:
            group = replace(group, area=area_of(part.title) or group.area)
        for entry in to_read(part, self.rows):
            match entry:
                case Item():
                    self._item(entry, group)
                case Grid():
                    self._grid(entry, group, part.title)
                case Prose():
                    self.rows.note(
                        entry.line,
                        f"this paragraph under “{part.title}” is not read: its {self.kind} are read from lists",
                        "info",
                    )

    def _only_says_more(self, entry: Entry) -> bool:
        """Whether *entry* describes the heading above it, and is no task itself."""
        if isinstance(entry, Item):
            return entry.box is None and not entry.children and self._marks().understands(entry.text)
        return isinstance(entry, Prose)

    def _subject(self, part: Part) -> None:
        """A heading that is a gap, described by the lines below it."""
        marks = self._marks()
        text = marks.strip(part.title)
        for entry in part.entries:
            for line in entry.lines if isinstance(entry, Prose) else (entry.text,) if isinstance(entry, Item) else ():
                marks.understands(line)
        self._row(text, part.line, marks, part.heading)

    def _item(self, item: Item, group: Heading) -> None:
        marks = self._marks(item.box, is_closed=group.is_closed or bool(item.struck))
        is_struck = bool(item.struck) and self._is_over(item, marks)
        text = marks.strip(item.struck if is_struck else item.text)
        if item.children and self._is_group(item.text, text):
            inner = replace(
                group,
                area=marks.area or area_of(text) or group.area,
                severity=marks.severity or heading_of(text).severity or group.severity,
                is_closed=group.is_closed or marks.is_closed or heading_of(text).is_closed,
            )
            for child in item.children:
                if isinstance(child, Item):
                    self._item(child, inner)
                else:
                    self._not_kept(child, text)
            return
        own = [child for child in item.children if isinstance(child, Item) and child.box is not None]
        for child in item.children:
            if child not in own and not self._describes(child, marks):
                self._not_kept(child, text)
        self._row(text, item.line, marks, group, box=item.box, is_struck=is_struck)
        for child in own:
            self._item(child, group)

    @staticmethod
    def _is_over(item: Item, marks: Marks) -> bool:
        """Whether all of it is struck through, or all but when and by whom: `~~Replace the card~~ done 2016-08-30`."""
        rest = item.text.removeprefix(item.struck).strip(" —–-:,.;")
        return not re.search(r"\w", rest) or marks.understands(rest)

    def _is_group(self, written: str, text: str) -> bool:
        return not text or written.rstrip().endswith(":") or heading_of(f"{text} gaps").kind == "gaps"

    def _describes(self, entry: Entry, marks: Marks) -> bool:
        if isinstance(entry, Item):
            return marks.understands(entry.text)
        understood = [marks.understands(line) for line in entry.lines] if isinstance(entry, Prose) else [False]
        return all(understood)

    def _not_kept(self, entry: Entry, text: str) -> None:
        self.rows.note(entry.line, f"a remark below “{_short(text)}” is not kept", "info")

    def _grid(self, grid: Grid, group: Heading, title: str) -> None:
        columns = columns_of(grid.head, _WANTED[self.kind], _MAINS[self.kind], self.rows.money)
        main = columns.first(_MAINS[self.kind])
        if main is None:
            self.rows.note(grid.line, f"no column of this table under “{title}” says which {self.kind} it lists")
            return
        for row in grid.rows:
            text = columns.cell(main, row)
            if not any(cell.strip() for cell in row.cells) or says_nothing(text):
                continue
            box = None
            if text[:1] == "[" and text[2:4] == "] ":
                box, text = text[1], text[4:]
            marks = self._marks(box, is_closed=group.is_closed or row.is_struck)
            for key in MARK_KEYS:
                marks.take(key, columns.cell(key, row), currency=columns.currency)
            self._row(marks.strip(text), row.line, marks, group, box=box, is_struck=row.is_struck)

    def _marks(self, box: str | None = None, *, is_closed: bool = False) -> Marks:
        if self.kind == "gaps":
            return Marks(self.rows.money)
        return Marks(self.rows.money, "closed" if box in _TICKED or is_closed else "due")

    def _row(
        self, text: str, line: int, marks: Marks, group: Heading, *, box: str | None = None, is_struck: bool = False
    ) -> None:
        noun = self.kind.removesuffix("s")
        if not text:
            self.rows.note(line, f"this {noun} has no text")
            return
        for problem in marks.problems:
            self.rows.note(line, f"{noun} “{_short(text)}”: {problem}")
        if box not in (None, " ", *_TICKED):
            self.rows.note(line, f"{noun} “{_short(text)}”: the box [{box}] is neither open nor ticked")
        is_over = group.is_closed or is_struck or box in _TICKED or bool(marks.is_closed)
        shared = {"owner": marks.owner, "due_on": marks.due_on, "amount_minor": marks.amount_minor}
        if self.kind == "actions":
            self.rows.add("actions", line, action=text, is_done=is_over, **shared)
            return
        self.rows.add(
            "gaps",
            line,
            gap=text,
            area=marks.area or group.area or area_of(text) or "other",
            severity=marks.severity or group.severity or "unknown",
            opened_on=marks.opened_on,
            is_open=not is_over,
            **shared,
        )


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
