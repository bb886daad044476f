"""
Handoff documents: one Markdown file a project, written by people in whatever shape they like.

What is understood becomes rows with document and line; what is not becomes a finding, never a guess. How a
document is read: `outline` (Markdown and YAML into plain parts), `parts` (what each heading announces), `head`
(the project itself), then `stack`, `sums` and `tasks` for the rows; `days`, `money`, `marks` and `words` read the
words, and `vocabulary` lists them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict

from quarterdeck.config import Company
from quarterdeck.sources.handoffs.head import Head, HeadReader
from quarterdeck.sources.handoffs.money import MoneyReader
from quarterdeck.sources.handoffs.outline import outline_of
from quarterdeck.sources.handoffs.parts import Part, parts_of
from quarterdeck.sources.handoffs.rows import Rows
from quarterdeck.sources.handoffs.stack import StackReader
from quarterdeck.sources.handoffs.sums import SumReader
from quarterdeck.sources.handoffs.tasks import TaskReader
from quarterdeck.sources.reading import Document, Finding, Reading, table_of

__all__ = ["HANDOFF_PATTERNS", "HANDOFF_TABLES", "read_handoffs"]

HANDOFF_PATTERNS = ("**/*.md",)
HANDOFF_TABLES = ("projects", "stack", "costs", "revenue_streams", "gaps", "actions")


def read_handoffs(documents: Iterable[Document], company: Company) -> Reading:
    """
    Read handoff documents into the six tables about projects.

    Args:
        documents: Markdown files, in any order; a file that cannot be read is a finding and stops no other.
        company: Its currency and locale say what `$` and `1,200` mean.

    Returns:
        `projects`, `stack`, `costs`, `revenue_streams`, `gaps` and `actions`, with all columns, ordered by document
        and line; amounts in minor units. Findings name document and line.

    Source:
        `handoffs/projects/*.md`, one a project.
    """
    money = MoneyReader(company)
    tables: dict[str, list[dict[str, object]]] = {name: [] for name in HANDOFF_TABLES}
    findings: list[Finding] = []
    hashes: dict[str, str] = {}
    for document in sorted(documents, key=lambda document: document.name):
        hashes[document.name] = hashlib.sha256(document.content).hexdigest()
        text = _text_of(document, findings)
        if text is not None:
            rows = _read(document.name, text, money)
            findings += rows.findings
            for name, read in rows.tables.items():
                tables[name] += read
    findings += _named_twice(tables["projects"])
    return Reading({name: table_of(name, rows) for name, rows in tables.items()}, findings, hashes)


def _text_of(document: Document, findings: list[Finding]) -> str | None:
    """The document's text; None, with a finding, where there is none to read."""
    try:
        text = document.content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        message = f"not UTF-8: byte {error.start} is 0x{document.content[error.start]:02x}; the document was not read"
        findings.append(Finding("handoffs", "error", message, document.name))
        return None
    if not text.strip():
        findings.append(Finding("handoffs", "warning", "the document is empty", document.name))
        return None
    return text


def _read(document: str, text: str, money: MoneyReader) -> Rows:
    outline = outline_of(text)
    parts = parts_of(outline)
    rows = Rows(document, "", money, [])
    for line, problem in outline.problems:
        rows.note(line, problem)
    head = HeadReader(document, rows.findings).read(outline, parts)
    rows.project = head.project
    _add_project(rows, head)
    for part in parts:
        _read_part(rows, part)
    SumReader(rows).add_total()
    return rows


def _add_project(rows: Rows, head: Head) -> None:
    values = asdict(head)
    del values["project"]
    rows.add("projects", values.pop("line"), **values)


def _read_part(rows: Rows, part: Part) -> None:
    if part.heading.is_mixed and part.entries:
        rows.note(part.line, f"“{part.title}” announces several things at once, so nothing below it was read")
    match part.heading.kind:
        case "stack":
            StackReader(rows).read(part)
        case "costs" | "revenue" | "money":
            SumReader(rows).read(part)
        case "gaps" | "actions" as kind:
            TaskReader(rows, kind).read(part)
        case _:
            pass  # the head, which is read already, and prose


def _named_twice(projects: list[dict[str, object]]) -> list[Finding]:
    first: dict[str, object] = {}
    findings = []
    for row in projects:
        known = first.setdefault(str(row["project"]).casefold(), row["document"])
        if known != row["document"]:
            message = f"“{row['project']}” is described by {known} as well; both were kept"
            findings.append(Finding("handoffs", "warning", message, str(row["document"]), int(str(row["line"]))))
    return findings
