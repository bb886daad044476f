"""A document's parts by what their headings and labels announce."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

from quarterdeck.sources.handoffs.days import find_days
from quarterdeck.sources.handoffs.outline import FRONT_LEVEL, Entry, Grid, Item, Outline, Prose, Section
from quarterdeck.sources.handoffs.vocabulary import KEYS
from quarterdeck.sources.handoffs.words import Heading, heading_of, key_of

CONTENT = ("stack", "costs", "revenue", "money", "gaps", "actions")
HEAD_KEYS = ("project", "title", "business", "state", "owner", "updated", "summary")
_HEAD_PHRASES = "|".join(
    re.escape(phrase).replace(r"\ ", r"[\s_-]")
    for phrase in sorted((phrase for key in HEAD_KEYS for phrase in KEYS[key]), key=len, reverse=True)
)
# A key opens the line; a further one follows a separator, two spaces, or is written with a capital.
_HEAD_KEY = re.compile(
    rf"(?:^\W*|(?<=[·|•;,/—–])\s*|\s\s+|\s(?=(?-i:[A-Z])))\b({_HEAD_PHRASES})\s?[*_]*:[*_]*\s*", re.IGNORECASE
)
_HEAD_DASH = re.compile(rf"^\W*({_HEAD_PHRASES})(?:\s?=|\s[—–-])\s+(\S.*)$", re.IGNORECASE)
_TOUCHED = re.compile(
    r"^\W*(?:last )?(?:updated|touched|changed|edited|modified|reviewed)(?: on| at)?\s+(?=\w)", re.IGNORECASE
)
_AFTER_DAY = re.compile(r"\W*(?:by\s.*)?$")
_SECTION_LINE = re.compile(r"^\W*([^:]{2,40}?)\s*:\s+(\S.*)$")


@dataclass(frozen=True)
class Part:
    """
    What stands under one heading or label.

    Args:
        heading: What it announces, with what it inherits from the headings above it.
        title: As it stands there; empty before the first one.
        line: Of the heading.
        entries: Below it.
        is_subject: It is a heading of its own below gaps or actions that names no group: then it may be the gap itself.
    """

    heading: Heading
    title: str
    line: int
    entries: tuple[Entry, ...]
    is_subject: bool = False


def parts_of(outline: Outline) -> list[Part]:
    """The document's parts, in its order; a label such as `Gaps:` or `**Gaps**` opens one as a heading does."""
    parts: list[Part] = []
    above: list[tuple[int, Heading]] = [(-1, Heading())]
    title = title_of(outline)
    listed = {section.title for section in outline.sections if section.level == FRONT_LEVEL}
    for field in outline.fields:
        inline = None if field.key in listed else _inline(f"{field.key}: {field.value}", field.line)
        parts += [inline] if inline else []
    for section in outline.sections:
        if section.level == FRONT_LEVEL and heading_of(section.title).kind not in CONTENT:
            continue  # a list of owners, or of tags: its words are a field as well
        while above[-1][0] >= section.level:
            above.pop()
        part = _part(section, above[-1][1], is_title=section is title)
        above.append((section.level, part.heading))
        parts += _split(part)
    return parts


def title_of(outline: Outline) -> Section | None:
    """
    The section whose heading is the document's title.

    That is the first one, unless it announces something, as `Stack` does; the only one of the first level is the
    title even then, for a project may be called `Hosting`.
    """
    sections = [section for section in outline.sections if 1 <= section.level < FRONT_LEVEL]
    if not sections:
        return None
    first = sections[0]
    is_alone = first.level == 1 and len(sections) > 1 and all(section.level > 1 for section in sections[1:])
    return first if is_alone or heading_of(first.title).kind in (None, "about") else None


def _part(section: Section, above: Heading, *, is_title: bool) -> Part:
    own = Heading() if is_title else heading_of(section.title)
    is_subject = False
    if own.kind is None and above.kind in CONTENT and not own.is_mixed:
        # below gaps, "Security" or "High" is a group, and any other heading may be a gap of its own
        is_subject = above.kind in ("gaps", "actions") and heading_of(f"{section.title} gaps").kind != "gaps"
        own = replace(
            own,
            kind=above.kind,
            is_closed=own.is_closed or above.is_closed,
            every=own.every or above.every,
            area=(None if is_subject else own.area) or above.area,
            severity=own.severity or above.severity,
        )
    elif own.kind is None and not own.is_mixed and (section.level == 0 or is_title or fields_in(section.title)):
        own = replace(own, kind="about")
    return Part(own, section.title, section.line, section.entries, is_subject)


def _split(part: Part) -> Iterator[Part]:
    """*part*, and the parts that labels in its prose open."""
    current = replace(part, entries=())
    for place, entry in enumerate(part.entries):
        below = part.entries[place + 1] if place + 1 < len(part.entries) else None
        if isinstance(entry, Prose):
            # a line over a list needs no colon to be its label
            is_label = entry.is_strong or (len(entry.lines) == 1 and isinstance(below, Item | Grid))
            current = yield from _split_prose(current, entry, is_label=is_label)
        elif isinstance(entry, Item) and current.heading.kind == "about" and (nested := _nested(entry)):
            yield nested
        else:
            current = replace(current, entries=(*current.entries, entry))
    yield current


def _split_prose(current: Part, entry: Prose, *, is_label: bool) -> Generator[Part, None, Part]:
    """The parts that end or stand alone in *entry*; returns the one that is open after it."""
    for number, line in enumerate(entry.lines):
        opened = _labelled(line, entry.line + number, is_label=is_label or line.endswith(":"))
        inline = _inline(line, entry.line + number) if current.heading.kind == "about" else None
        if opened:
            yield current
            current = opened
        elif inline:
            yield inline
        else:
            current = _with_line(current, entry, number)
    return current


def _labelled(text: str, line: int, *, is_label: bool) -> Part | None:
    heading = heading_of(text) if is_label and len(text) < 60 else Heading()
    return Part(heading, text.rstrip(":"), line, ()) if heading.kind in CONTENT else None


def _inline(text: str, line: int) -> Part | None:
    """`Stack: Python 3.11, Lambda` in the head of a document."""
    match = _SECTION_LINE.match(text)
    heading = heading_of(match[1]) if match else Heading()
    if match is None or heading.kind not in CONTENT:
        return None
    if heading.kind == "stack":
        return Part(heading, match[1], line, (Prose((match[2],), line),))
    if heading.kind in ("gaps", "actions"):
        items = [Item(text.strip(), line) for text in match[2].split(";") if text.strip()]
        return Part(heading, match[1], line, tuple(items))
    return Part(heading, match[1], line, (Item(text, line),))


def _nested(item: Item) -> Part | None:
    """`- Gaps:` with the gaps nested below it, or `- Stack: Python 3.11` in the head of a document."""
    if item.children:
        part = _labelled(item.text, item.line, is_label=True)
        return replace(part, entries=item.children) if part else None
    return _inline(item.text, item.line)


def _with_line(part: Part, entry: Prose, number: int) -> Part:
    """*part* with one line more, in the same paragraph where the line before is its last."""
    last = part.entries[-1] if part.entries else None
    here = entry.line + number
    if number and isinstance(last, Prose) and last.line + len(last.lines) == here:
        joined = Prose((*last.lines, entry.lines[number]), last.line, last.is_strong)
        return replace(part, entries=(*part.entries[:-1], joined))
    return replace(part, entries=(*part.entries, Prose((entry.lines[number],), here, entry.is_strong)))


def fields_in(line: str) -> list[tuple[str, str]]:
    """The head's keys and values on one line: `Owner: Marketing · Status: live`; none where the line is prose."""
    line = line.strip()
    found = list(_HEAD_KEY.finditer(line))
    if not found or found[0].start() != 0:
        dash = _HEAD_DASH.match(line)
        if dash:
            return [(_head_key(dash[1]), dash[2])]
        touched = _TOUCHED.match(line)
        days = find_days(line)
        if touched and len(days) == 1 and days[0].start == touched.end() and _AFTER_DAY.match(line, days[0].end):
            return [("updated", line[days[0].start : days[0].end])]
        return []
    ends = [match.start() for match in found[1:]] + [len(line)]
    return [
        (_head_key(match[1]), line[match.end() : end].strip(" ·|•;,/—–"))
        for match, end in zip(found, ends, strict=True)
    ]


def is_footer(line: str) -> bool:
    """Whether *line* says when the document was touched, wherever it stands."""
    return [key for key, _ in fields_in(line)] == ["updated"]


def _head_key(words: str) -> str:
    return key_of(words.replace("_", " "), HEAD_KEYS) or "summary"
