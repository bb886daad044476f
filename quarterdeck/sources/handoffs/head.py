"""A document's head: project, status, owner, the day it was touched, what it says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath

from quarterdeck.sources.handoffs.days import UnclearDay, read_day
from quarterdeck.sources.handoffs.marks import owner_of
from quarterdeck.sources.handoffs.outline import Entry, Grid, Item, Outline, Prose
from quarterdeck.sources.handoffs.parts import CONTENT, HEAD_KEYS, Part, fields_in, is_footer, title_of
from quarterdeck.sources.handoffs.words import key_of, names_tests, state_of
from quarterdeck.sources.reading import Finding

_HANDOFF = r"(?:project\s+)?hand[\s-]?(?:off|over)(?:\s+(?:document|doc|notes?|sheet|page))?"
_TITLE = re.compile(rf"^{_HANDOFF}\s*(?:[:—–|-]|\bof\b|\bfor\b)\s*|\s*[:—–|(-]?\s*\b{_HANDOFF}\)?$", re.IGNORECASE)
_SPOKEN = {"state": "status", "updated": "day of its last update", "project": "name"}
_SENTENCE_END = re.compile(r"[.;!?](?:\s|$)")


@dataclass(frozen=True)
class Head:
    """What a document says of its project: the row of `projects`, with the line of its name."""

    project: str
    line: int
    status: str
    business: str | None
    owner: str | None
    updated_on: date | None
    summary: str | None
    has_tests_or_ci: bool


@dataclass
class HeadReader:
    """
    Reads a head from the front matter and from lines, items and tables; what is said first counts.

    Args:
        document: Its name, for the file's stem and for findings.
        findings: What was not understood is added here.
    """

    document: str
    findings: list[Finding]
    _known: dict[str, tuple[str, int]] = field(default_factory=dict)
    _overview: str | None = None
    _lead: str | None = None

    def read(self, outline: Outline, parts: Sequence[Part]) -> Head:
        for entry in outline.fields:
            key = key_of(entry.key, HEAD_KEYS)
            if key:
                self._take(key, entry.value, entry.line)
        for part in parts:
            if part.heading.kind in CONTENT or part.heading.kind is None:
                self._footers(part)
            else:
                self._head_part(part)
        project, line = self._project(outline)
        owner = self._known.get("owner")
        return Head(
            project=project,
            line=line,
            status=self._status(),
            business=self._text("business"),
            owner=owner_of(owner[0]) if owner else None,
            updated_on=self._updated_on(),
            summary=self._text("summary") or self._overview or self._lead,
            has_tests_or_ci=any(names_tests(text) for text in _told(outline, parts)),
        )

    def _head_part(self, part: Part) -> None:
        for key, value in fields_in(part.title):
            self._take(key, value, part.line)
        first = True
        for entry in part.entries:
            if self._fields(entry) or isinstance(entry, Grid):
                continue
            text = _text_of(entry)
            if first and text and part.heading.kind == "status":
                self._take("state", _SENTENCE_END.split(text)[0], part.line)
            elif first and text and part.heading.kind == "owner":
                self._take("owner", text, part.line)
            elif isinstance(entry, Prose) and part.heading.kind == "summary":
                self._overview = self._overview or text
            elif isinstance(entry, Prose):
                self._lead = self._lead or text
            first = False

    def _fields(self, entry: Entry) -> bool:
        """Take the keys of *entry*; False when it has none."""
        found: list[tuple[str, str, int]] = []
        match entry:
            case Prose():
                for number, text in enumerate(entry.lines):
                    found += [(key, value, entry.line + number) for key, value in fields_in(text)]
            case Item():
                found = [(key, value, entry.line) for key, value in fields_in(entry.text)]
            case Grid():
                found = list(_fields_of_grid(entry))
        for key, value, line in found:
            self._take(key, value, line)
        return bool(found)

    def _footers(self, part: Part) -> None:
        prose = [entry for entry in part.entries if isinstance(entry, Prose)]
        for line, text in ((entry.line + number, text) for entry in prose for number, text in enumerate(entry.lines)):
            if is_footer(text):
                self._take("updated", fields_in(text)[0][1], line)

    def _take(self, key: str, value: str, line: int) -> None:
        value = " ".join(value.split())
        known = self._known.get(key)
        if not value:
            return
        if known is None:
            self._known[key] = (value, line)
        elif known[0].casefold() != value.casefold() and key != "summary":
            spoken = _SPOKEN.get(key, key)
            self._finding(
                line, f"“{value}” is a second {spoken}: “{known[0]}” of line {known[1]} counts", severity="info"
            )

    def _text(self, key: str) -> str | None:
        return self._known[key][0] if key in self._known else None

    def _status(self) -> str:
        written, line = self._known.get("state", ("", 1))
        state = state_of(written)
        if written and state is None:
            self._finding(line, f"“{written}” is not one of the states live, degraded, building, paused, retired")
        return state or "unknown"

    def _updated_on(self) -> date | None:
        written, line = self._known.get("updated", ("", 1))
        try:
            return read_day(written)
        except UnclearDay as unclear:
            self._finding(line, f"when it was updated is not understood: {unclear}")
            return None

    def _project(self, outline: Outline) -> tuple[str, int]:
        """The name that the document gives, its first heading, its title in the front matter, or its file's stem."""
        if "project" in self._known:
            return self._known["project"]
        title = title_of(outline)
        name = " ".join(_TITLE.sub("", title.title).split()) if title else ""
        if title is not None and re.search(r"\w", name):
            return name, title.line
        return self._known.get("title", (PurePosixPath(self.document).stem, 1))

    def _finding(self, line: int, message: str, *, severity: str = "warning") -> None:
        self.findings.append(
            Finding("handoffs", "info" if severity == "info" else "warning", message, self.document, line)
        )


def _text_of(entry: Entry) -> str:
    return entry.text if isinstance(entry, Prose | Item) else ""


def _fields_of_grid(grid: Grid) -> Iterator[tuple[str, str, int]]:
    """Keys in the head over one row of values, or a key and its value on each row."""
    named = [key_of(cell, HEAD_KEYS) for cell in grid.head]
    if len([key for key in named if key]) >= 2 and grid.rows and not (len(named) == 2 and len(grid.rows) > 1):
        first = grid.rows[0]
        yield from ((key, value, first.line) for key, value in zip(named, first.cells, strict=False) if key)
    elif len(grid.head) == 2:
        for cells, line in ((grid.head, grid.line), *((row.cells, row.line) for row in grid.rows)):
            key = key_of(cells[0], HEAD_KEYS)
            if key:
                yield key, cells[1], line


def _told(outline: Outline, parts: Sequence[Part]) -> Iterator[str]:
    """What may speak of tests: the front matter, the stack and the prose, but no gap and no action."""
    yield from (f"{entry.key}: {entry.value}" for entry in outline.fields)
    for part in parts:
        if part.heading.kind in CONTENT and part.heading.kind != "stack":
            continue
        lead = f"{part.title}: " if names_tests(part.title) else ""  # "Tests: none yet" under a heading of that name
        for entry in part.entries:
            if isinstance(entry, Grid):
                yield from (": ".join(row.cells) for row in entry.rows)
            else:
                yield lead + _text_of(entry)
            lead = ""
