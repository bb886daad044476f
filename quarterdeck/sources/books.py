"""
The books: chart of accounts, expenses, plan and balances, as CSV files with our column names.

Headers are our names without `_minor`, amounts are in major units, dates are ISO. Everything wrong stops the
reading: books that are read in part are wrong books.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

import pyarrow as pa

from quarterdeck.config import Company
from quarterdeck.errors import InputInvalid
from quarterdeck.inventory import TABLES, Column
from quarterdeck.sources.decoding import text_of
from quarterdeck.sources.reading import Document, Finding, Reading, table_of
from quarterdeck.sources.values import NotUnderstood, day_from, minor_from, month_from

BOOK_PATTERNS = ("*.csv", "*.csv.gz")
FILES: Mapping[str, str] = {
    "chart_of_accounts.csv": "accounts",
    "expenses.csv": "expenses",
    "plan.csv": "plan",
    "balances.csv": "balances",
}
_CURRENCY = "currency"
_NAMES_AN_ACCOUNT_ONCE = ("plan", "balances")  # an expense may be uncategorised; a figure of the books may not
_NAMED_AT_MOST = 10


def read_books(documents: Iterable[Document], company: Company) -> Reading:
    """
    The books' tables, from those of the files in `FILES` that are there; each is optional.

    Returns:
        `accounts`, `expenses`, `plan`, `balances`. An account that the chart does not know is a finding in
        plan and balances; in expenses it is a figure of its own, and no finding.

    Raises:
        InputInvalid: A header, cell or key is wrong; the place names file, line and column.
    """
    tables: dict[str, pa.Table] = {}
    hashes: dict[str, str] = {}
    findings: list[Finding] = []
    for document in documents:
        hashes[document.name] = sha256(document.content).hexdigest()
        name = FILES.get(document.name.removesuffix(".gz"))
        if name is None:
            findings.append(Finding("books", "info", f"{document.name} is none of {', '.join(FILES)}: not read"))
        elif name in tables:
            raise InputInvalid(document.place, f"{name} a second time", "one file of it, gzipped or not")
        else:
            tables[name] = _table(name, document, company)
    return Reading(tables, (*findings, *_unknown_accounts(tables)), hashes)


def _table(name: str, document: Document, company: Company) -> pa.Table:
    rows = _rows(document)
    _, header = next(rows, (1, []))
    columns = _columns(name, header, document)
    expected = f"{len(header)} cells, as in the header"
    read: list[dict[str, object]] = []
    first: dict[tuple[object, ...], int] = {}
    for line, cells in rows:
        if len(cells) != len(header):
            raise InputInvalid(f"{document.place}, line {line}", f"{len(cells)} cells", expected)
        row: dict[str, object] = {}
        for written, ours, cell in zip(header, columns, cells, strict=True):
            try:
                row[ours] = _value(ours, TABLES[name].columns.get(ours), cell.strip(), company)
            except NotUnderstood as error:
                place = f"{document.place}, line {line}, {written}"
                raise InputInvalid(place, repr(cell), error.expected) from error
        _refuse_second(name, row, first, line, document)
        row.pop(_CURRENCY, None)
        read.append(row)
    return table_of(name, read, [ours for ours in columns if ours != _CURRENCY])


def _rows(document: Document) -> Iterator[tuple[int, list[str]]]:
    """The records of *document* that are not blank, with the line each begins on."""
    reader = csv.reader(io.StringIO(text_of(document), newline=""), strict=True)
    begins = 1
    try:
        for cells in reader:
            if cells:
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise InputInvalid(f"{document.place}, line {begins}", f"malformed CSV ({error})", "CSV (RFC 4180)") from error


def _columns(name: str, header: Sequence[str], document: Document) -> list[str]:
    """Our column for each cell of the header; refuses what is unknown, missing, or there twice."""
    rules = TABLES[name].columns
    known = {ours.removesuffix("_minor"): ours for ours in rules}
    if any(rule.kind == "minor" for rule in rules.values()):
        known[_CURRENCY] = _CURRENCY
    place = f"{document.place}, line 1"
    written = [cell.strip() for cell in header]
    for position, column in enumerate(written):
        if column not in known:
            raise InputInvalid(place, f"the unknown column {column!r}", f"comma-separated, some of {', '.join(known)}")
        if column in written[:position]:
            raise InputInvalid(place, f"the column {column!r} a second time", "every column once")
    for column, ours in known.items():
        if ours in rules and not rules[ours].absent and column not in written:
            raise InputInvalid(place, f"no column {column!r}", f"a header with {column!r}")
    return [known[column] for column in written]


def _value(ours: str, rule: Column | None, text: str, company: Company) -> object:
    if rule is None:
        if text not in ("", company.currency):
            raise NotUnderstood(f"{company.currency}, the company's only currency")
        return text
    if not text:
        if not rule.absent:
            raise NotUnderstood(f"a value: every row needs {ours.removesuffix('_minor')}")
        return None
    match rule.kind:
        case "minor":
            return minor_from(text, company.minor_digits)
        case "day":
            return day_from(text)
        case "month":
            return month_from(text)
    if rule.choices and text not in rule.choices:
        raise NotUnderstood(f"one of {', '.join(rule.choices)}")
    return text


def _refuse_second(
    name: str, row: Mapping[str, object], first: dict[tuple[object, ...], int], line: int, document: Document
) -> None:
    if name == "expenses":  # a vendor may be paid the same sum twice a day; a tie-out asks about it
        return
    key = tuple(row.get(column) for column in TABLES[name].key)
    if key in first:
        words = ", ".join(str(part) for part in key if part is not None)
        found = f"{words} a second time (first: line {first[key]})"
        raise InputInvalid(f"{document.place}, line {line}", found, f"one row for each {_words(name)}")
    first[key] = line


def _words(name: str) -> str:
    return " and ".join(TABLES[name].key)


def _unknown_accounts(tables: Mapping[str, pa.Table]) -> Iterator[Finding]:
    """Plan and balances of an account that is not in the chart count nowhere: said, where there is a chart."""
    if "accounts" not in tables:
        return
    chart = set(tables["accounts"]["account"].to_pylist())
    for name in _NAMES_AN_ACCOUNT_ONCE:
        if name in tables:
            unknown = sorted(set(tables[name]["account"].to_pylist()) - chart)
            if unknown:
                more = f" and {len(unknown) - _NAMED_AT_MOST} more" if len(unknown) > _NAMED_AT_MOST else ""
                message = f"{name}: not in the chart of accounts: {', '.join(unknown[:_NAMED_AT_MOST])}{more}"
                yield Finding("books", "warning", message)
