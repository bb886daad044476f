"""The five sources: each is read by one module, from documents, into tables and findings."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from quarterdeck.config import Company, PathSource, TableName
from quarterdeck.errors import InputInvalid
from quarterdeck.sources.books import read_books
from quarterdeck.sources.domains import read_domains
from quarterdeck.sources.handoffs import HANDOFF_PATTERNS, read_handoffs
from quarterdeck.sources.lambdas import LAMBDA_PATTERNS, read_lambdas
from quarterdeck.sources.reading import Document, Finding, Reading, documents_in, table_of
from quarterdeck.sources.tables import read_table

__all__ = ["Collected", "Provenance", "collect"]

# An export to S3 lies in AWSDynamoDB/<export>/data/; `.json` are its files after gunzip.
_EXPORT = ("**/data/*.json.gz", "**/data/*.json")


@dataclass(frozen=True)
class Provenance:
    """
    Where one source's rows came from.

    Args:
        reader: `files`, for a source in the company folder.
        arguments: The source's part of `company.yaml`.
        documents: Document name to the SHA-256 of its bytes.
    """

    reader: str
    arguments: Mapping[str, Any]
    documents: Mapping[str, str]


@dataclass(frozen=True)
class Collected:
    """
    What all sources gave, before it is frozen.

    Args:
        tables: Our table name to its rows; a table that no source gave is absent. `findings` is always there.
        findings: The same findings, as values.
        provenance: Source (`handoffs`, …, `tables.events`, …) to where its rows came from.
    """

    tables: Mapping[str, pa.Table]
    findings: tuple[Finding, ...]
    provenance: Mapping[str, Provenance]


def collect(company: Company, folder: Path) -> Collected:
    """
    Read every source that *company* lists, once.

    Args:
        company: The settings of *folder*.
        folder: The company folder; the sources' paths are relative to it, or absolute.

    Raises:
        InputInvalid: A listed path does not exist, or what is there cannot be used. One handoff document or
            Lambda source that cannot be understood is a finding instead.
    """
    tables: dict[str, pa.Table] = {}
    findings: list[Finding] = []
    provenance: dict[str, Provenance] = {}
    for name, source, reading in _readings(company, folder):
        tables |= reading.tables
        findings += reading.findings
        if not reading.hashes:
            findings.append(Finding(name, "warning", "the folder holds nothing that this source reads"))
        arguments = source.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        provenance[name] = Provenance("files", arguments, dict(sorted(reading.hashes.items())))
    tables["findings"] = table_of("findings", [vars(finding) for finding in findings])
    return Collected(tables, tuple(findings), provenance)


def _readings(company: Company, folder: Path) -> Iterator[tuple[str, PathSource, Reading]]:
    sources = company.sources
    if sources.handoffs:
        root = _folder(folder, "handoffs", sources.handoffs)
        yield "handoffs", sources.handoffs, read_handoffs(documents_in(root, *HANDOFF_PATTERNS), company)
    if sources.lambdas:
        root = _folder(folder, "lambdas", sources.lambdas)
        yield "lambdas", sources.lambdas, read_lambdas(documents_in(root, *LAMBDA_PATTERNS))
    if sources.domains:
        root = _folder(folder, "domains", sources.domains)
        yield "domains", sources.domains, read_domains(documents_in(root, "*.json"))
    for table, source in sources.tables.items():
        documents = _table_documents(folder, table, source)
        yield f"tables.{table}", source, read_table(table, documents, company)
    if sources.books:
        root = _folder(folder, "books", sources.books)
        yield "books", sources.books, read_books(documents_in(root, "*.csv"), company)


def _table_documents(folder: Path, table: TableName, source: PathSource) -> Iterator[Document]:
    """A table's file, or the data files of an export."""
    path = _existing(folder, f"tables.{table}", source)
    if path.is_file():
        yield from documents_in(path.parent, glob.escape(path.name))
        return
    documents = documents_in(path, *_EXPORT)
    first = next(documents, None)
    if first is None:
        place = _place(folder, f"tables.{table}")
        raise InputInvalid(place, f"{source.path!r}, a folder without data/*.json.gz", "a file, or an export to S3")
    yield first
    yield from documents


def _folder(folder: Path, name: str, source: PathSource) -> Path:
    path = _existing(folder, name, source)
    if not path.is_dir():
        raise InputInvalid(_place(folder, name), f"{source.path!r}, which is a file", "a folder")
    return path


def _existing(folder: Path, name: str, source: PathSource) -> Path:
    path = folder / source.path
    if not path.exists():
        raise InputInvalid(_place(folder, name), f"{source.path!r}, which does not exist ({path})", "a path that does")
    return path


def _place(folder: Path, name: str) -> str:
    return f"{folder / 'company.yaml'}, sources.{name}.path"
