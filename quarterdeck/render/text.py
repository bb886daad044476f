"""
The mail's text part: the same excerpt, in columns that line up in any terminal.

Lines are at most 78 columns where their words allow it. Widths are those of a terminal: a Chinese
character or an emoji takes two columns, a combining accent none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from html.parser import HTMLParser

from quarterdeck.blocks import Actions, Kpis, Note, SinceLastWeek, Table
from quarterdeck.render.excerpt import Drawing, Excerpt, MailItem
from quarterdeck.render.identity import EditionIdentity
from quarterdeck.render.items import Printed, Prose
from quarterdeck.render.looks import ARROWS, EMPTY, TONES

WIDTH = 78
_GAP = "  "
NARROWEST = 12  # columns; a text column is not wrapped below it


def write_text(excerpt: Excerpt, edition: EditionIdentity, footer: Sequence[str]) -> str:
    """The text part: masthead, headline, sections, notes to read with care, provenance."""
    company = edition.company.upper() + (" · SAMPLE DATA" if edition.sample else "")
    parts = [
        f"{company}\n{edition.title} · {edition.week} · {edition.dates}\n{'-' * WIDTH}",
        _wrapped(excerpt.headline),
        _wrapped(excerpt.lead),
    ]
    for section in excerpt.sections:
        rule = "-" * WIDTH
        parts.append(f"{rule}\n{_wrapped(section.name.upper())}" if section.name else rule)
        parts.extend(_item(item) for item in section.items)
    parts.extend(_wrapped(f"{note.title or 'Read with care.'} {note.text}", "! ", "  ") for note in excerpt.care)
    parts.append("-" * WIDTH)
    parts.extend(_wrapped(line) for line in footer)
    return "\n\n".join(part for part in parts if part) + "\n"


def _item(item: MailItem) -> str:
    writers: dict[type, Callable[..., str]] = {
        SinceLastWeek: _since,
        Kpis: _kpis,
        Drawing: _drawing,
        Table: _table,
        Actions: _actions,
        Note: lambda note: _wrapped(f"{note.title} {note.text}".strip()),
        Prose: _prose,
        Printed: lambda printed: _lines(printed.text, printed.left_out),
    }
    return writers[type(item)](item)


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def _since(block: SinceLastWeek) -> str:
    marks = [f"{ARROWS[change.direction]} {TONES[change.tone]}".strip() for change in block.changes]
    width = max(map(display_width, marks), default=0)
    changes = [
        _wrapped(f"{change.fact} {change.cause}".strip(), _padded(mark, width) + " ", " " * (width + 1))
        for mark, change in zip(marks, block.changes, strict=True)
    ]
    return _lines(*changes, _wrapped(block.note))


def _kpis(block: Kpis) -> str:
    """Name, value, and a column for each basis of comparison; a reason takes the columns' place."""
    bases = list(dict.fromkeys(delta.basis for kpi in block.kpis for delta in kpi.deltas))
    rows = [["", "", *bases]] if bases else []
    for kpi in block.kpis:
        told = {each.basis: f"{ARROWS[each.direction]} {each.text} {TONES[each.tone]}".strip() for each in kpi.deltas}
        rows.append([kpi.label, f"{kpi.value} {kpi.unit}".strip(), *(told.get(basis, "") for basis in bases)])
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    lines = [
        _GAP.join(_padded(cell, widths[at], right=at == 1) for at, cell in enumerate(row)).rstrip() for row in rows
    ]
    start = sum(widths[:2]) + 2 * len(_GAP)
    for at, kpi in enumerate(block.kpis, start=len(lines) - len(block.kpis)):
        if kpi.reason:
            lines[at] += " " * (start - display_width(lines[at])) + kpi.reason
    indent = " " * min(start, WIDTH - 2 * NARROWEST)
    return "\n".join(_wrapped(line, "", indent) for line in lines)


def _drawing(drawing: Drawing) -> str:
    return _lines(
        _wrapped(drawing.title),
        _wrapped(drawing.subtitle),
        _wrapped(f"[{drawing.alt}]", "", " "),
        _wrapped(drawing.note),
    )


def _table(table: Table) -> str:
    head = [column.head for column in table.columns]
    rows = [[_lines(cell.text, TONES[cell.tone], cell.detail) for cell in row] for row in table.rows]
    total = [[_lines(cell.text, TONES[cell.tone], cell.detail) for cell in table.total]] if table.total else []
    right = [column.align == "right" for column in table.columns]
    drawn = draw_table(head if any(head) else None, rows, total, right, after=table.left_out or _said_if_empty(table))
    return _lines(_wrapped(table.title), _wrapped(table.subtitle), drawn)


def _said_if_empty(table: Table) -> str:
    return "" if table.rows else EMPTY


def _actions(block: Actions) -> str:
    rows = []
    for action in block.actions:
        words = f"Decide: {action.action}" if action.decide else action.action
        rows.append([_lines(action.due, action.late), _lines(words, action.owner), action.at_stake])
    head = ["Due", "Action and owner", "At stake"]
    drawn = draw_table(head, rows, [], [False, False, True], after=block.left_out) if rows else _wrapped(block.left_out)
    return _lines(_wrapped(block.title), drawn, _wrapped(block.note))


def draw_table(
    head: list[str] | None, rows: list[list[str]], total: list[list[str]], right: list[bool], *, after: str = ""
) -> str:
    """
    Cells (of one or more lines) in columns, figures right, at most `WIDTH` columns wide.

    The widest columns are wrapped until the table fits, but no figure is. Where figures alone are too
    wide, each row becomes a list of `head: value`.
    """
    widths = _fitted(head, [*rows, *total], right)
    if sum(widths) + len(_GAP) * (len(widths) - 1) > WIDTH:
        if not rows:
            return _lines(_wrapped("; ".join(head or [])), _wrapped(after))
        return _lines("\n\n".join(_record(head, row) for row in [*rows, *total]), _wrapped(after))
    rule = "-" * (sum(widths) + len(_GAP) * (len(widths) - 1))
    lines = [_row(head, widths, right), rule] if head else []
    lines += [_row(row, widths, right) for row in rows]
    lines += [_wrapped(after)] if after else []
    lines += [rule, *(_row(row, widths, right) for row in total)] if total else []
    return "\n".join(lines)


def _fitted(head: list[str] | None, rows: list[list[str]], right: list[bool]) -> list[int]:
    """The columns' widths; figures keep theirs, and their heads may be wrapped."""
    widths, least = [], []
    for at, is_figure in enumerate(right):
        body = max((_widest(row[at]) for row in rows), default=0)
        word = max((display_width(word) for word in head[at].split(" ")), default=0) if head else 0
        widths.append(max(body, _widest(head[at]) if head else 0))
        least.append(max(body, word) if is_figure else min(widths[-1], NARROWEST))
    room = WIDTH - len(_GAP) * (len(widths) - 1)
    while sum(widths) > room:
        spare = [at for at, width in enumerate(widths) if width > least[at]]
        if not spare:
            break
        widths[max(spare, key=lambda at: widths[at])] -= 1
    return widths


def _row(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    """One row; a cell that is too wide goes on below itself."""
    cells = [
        [line for part in cell.split("\n") for line in _wrapped(part, width=width).split("\n")]
        for cell, width in zip(row, widths, strict=True)
    ]
    lines = []
    for at in range(max(len(cell) for cell in cells)):
        texts = [cell[at] if at < len(cell) else "" for cell in cells]
        padded = (_padded(text, width, right=r) for text, width, r in zip(texts, widths, right, strict=True))
        lines.append(_GAP.join(padded).rstrip())
    return "\n".join(lines)


def _record(head: Sequence[str] | None, row: Sequence[str]) -> str:
    names = head or [""] * len(row)
    said = (f"{name}: {cell}" if name else cell for name, cell in zip(names, row, strict=True))
    return "\n".join(_wrapped(each.replace("\n", ", "), "", "  ") for each in said)


def _widest(cell: str) -> int:
    return max(display_width(line) for line in cell.split("\n"))


def display_width(text: str) -> int:
    """Columns of a terminal that *text* takes."""
    if text.isascii():
        return len(text)
    columns = 0
    for character in text:
        if unicodedata.category(character) in ("Cf", "Me", "Mn"):
            continue
        columns += 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
    return columns


def _padded(text: str, width: int, *, right: bool = False) -> str:
    space = " " * (width - display_width(text))
    return space + text if right else text + space


def _wrapped(text: str, first: str = "", others: str = "", width: int = WIDTH) -> str:
    """*text* in lines of at most *width* columns, the first after *first*, the others after *others*."""
    if not text:
        return ""
    lines, line = [], first
    is_empty = True
    for word in text.split(" "):
        candidate = line + word if is_empty else f"{line} {word}"
        if display_width(candidate) <= width or is_empty:
            line = candidate
        else:
            lines.append(line)
            line = others + word
        is_empty = False
    return "\n".join(piece for each in [*lines, line] for piece in _broken(each, others, width))


def _broken(line: str, others: str, width: int) -> list[str]:
    """A word that is longer than a line is cut: an address of 400 characters must not widen a table."""
    pieces = []
    while display_width(line) > width:
        at = len(line)
        while at > len(others) + 1 and display_width(line[:at]) > width:
            at -= 1
        pieces.append(line[:at])
        line = others + line[at:]
    return [*pieces, line]


def _prose(prose: Prose) -> str:
    reader = _ProseReader()
    reader.feed(prose.html)
    reader.close()
    return reader.finished()


class _ProseReader(HTMLParser):
    """Cleaned HTML as paragraphs of text: lists with their marks, links with their addresses."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._words: list[str] = []
        self._lists: list[int | None] = []
        self._marks: list[str] = []
        self._href = ""
        self._is_preformatted = False
        self._is_in_list = False  # whether the last part was a list's item: the next one stands close to it

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("p", "h3", "blockquote", "pre", "dt", "dd", "hr"):
            self._end_part()
        if tag in ("ul", "ol"):
            self._end_part()
            self._is_in_list &= bool(self._lists)
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._end_part()
            self._marks.append(self._mark())
        elif tag == "br":
            self._words.append("\n")
        elif tag == "a":
            self._href = dict(attrs).get("href") or ""
        elif tag in ("del", "s"):
            self._words.append("[deleted: ")
        self._is_preformatted |= tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            if self._href and self._href not in "".join(self._words):
                self._words.append(f" ({self._href})")
            self._href = ""
        elif tag in ("del", "s"):
            self._words.append("]")
        elif tag in ("p", "h3", "blockquote", "pre", "dt", "dd", "li"):
            self._end_part()
            self._is_preformatted &= tag != "pre"
        elif tag in ("ul", "ol") and self._lists:
            self._end_part()
            self._lists.pop()

    def handle_data(self, data: str) -> None:
        self._words.append(data if self._is_preformatted else data.replace("\n", " "))

    def finished(self) -> str:
        """All of it; items of a list stand close together."""
        self._end_part()
        return "\n\n".join(self._parts)

    def _mark(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def _end_part(self) -> None:
        text, self._words = "".join(self._words), []
        if not text.strip():
            return
        if self._is_preformatted:
            self._parts.append(text.strip("\n"))
            return
        mark = self._marks.pop() if self._marks else ""
        lines = [" ".join(line.split()) for line in text.split("\n")]
        drawn = "\n".join(_wrapped(line, mark if not at else "", " " * len(mark)) for at, line in enumerate(lines))
        if mark and self._is_in_list:
            self._parts[-1] += "\n" + drawn
        else:
            self._parts.append(drawn)
        self._is_in_list = bool(mark)
