"""The five sources: each is read by one module, from documents, into tables and findings."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from quarterdeck.config import Company
from quarterdeck.errors import InputInvalid
from quarterdeck.fingerprints import hashes_in
from quarterdeck.source_settings import DomainsSource, PathSource, TableName, TableSource
from quarterdeck.sources.books import BOOK_PATTERNS, read_books
from quarterdeck.sources.bucket import documents_in_bucket, is_in_bucket, newest_export
from quarterdeck.sources.canonical import content_hash
from quarterdeck.sources.domains import DOMAIN_PATTERNS, read_domains
from quarterdeck.sources.handoffs import HANDOFF_PATTERNS, read_handoffs
from quarterdeck.sources.kept import KeptReadings
from quarterdeck.sources.lambdas import LAMBDA_PATTERNS, read_lambdas
from quarterdeck.sources.reading import UNWATCHED, Document, Finding, Reading, Told, Watch, documents_in, table_of
from quarterdeck.sources.route53 import documents_of_route53
from quarterdeck.sources.scan import rows_of_table
from quarterdeck.sources.tables import read_table, typed_table

__all__ = ["UNWATCHED", "Collected", "KeptReadings", "Provenance", "Told", "Watch", "collect"]

# An export to S3 lies in AWSDynamoDB/<export>/data/; `.json` are its files after gunzip.
_EXPORT = ("**/data/*.json.gz", "**/data/*.json")
_FILES = "files"  # the reader of what lies in a folder
_ITEMS_A_WORD = 10_000  # of a table that is scanned, between two times of saying how far it is


# A source's name, its reader, its part of company.yaml, and what reads it.
_Source = tuple[str, str, PathSource | DomainsSource | TableSource, Callable[[], Reading]]


@dataclass(frozen=True)
class Provenance:
    """
    Where one source's rows came from.

    Args:
        reader: `files`, `s3`, `s3 export`, `dynamodb` or `route53`.
        arguments: The source's part of `company.yaml`.
        documents: Document name to the SHA-256 of its bytes; of a table that was scanned, its own name to the
            hash of its values.
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


def collect(company: Company, folder: Path, watch: Watch = UNWATCHED, kept: KeptReadings | None = None) -> Collected:
    """
    Read every source that *company* lists, once.

    Args:
        company: The settings of *folder*.
        folder: The company folder; the sources' paths are relative to it, absolute, or on S3.
        watch: Told how far it is, and asked whether it may go on; what it raises ends the collecting.
        kept: Where sources in files are kept, which are read again only when they have changed.

    Raises:
        InputInvalid: A listed path does not exist, or what is there cannot be used. One handoff document or
            Lambda source that cannot be understood is a finding instead.
        AwsUnavailable: A source on AWS is missing, a permission is, or AWS does not answer.
    """
    tables: dict[str, pa.Table] = {}
    findings: list[Finding] = []
    provenance: dict[str, Provenance] = {}
    settings = company.model_dump_json()
    for name, reader, source, read in _sources(company, folder, watch):
        if kept is None or reader != _FILES:
            reading = read()
        else:
            reading = kept.of(name, partial(_made_from, settings, folder / str(source.path)), read)
        tables |= reading.tables
        findings += reading.findings
        if not reading.hashes:
            findings.append(Finding(name, "warning", "the folder holds nothing that this source reads"))
        arguments = source.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        provenance[name] = Provenance(reader, arguments, dict(sorted(reading.hashes.items())))
    tables["findings"] = table_of("findings", [vars(finding) for finding in findings])
    return Collected(tables, tuple(findings), provenance)


def _sources(company: Company, folder: Path, watch: Watch) -> Iterator[_Source]:
    """Each source's name, reader, part of `company.yaml`, and what reads it."""
    sources = company.sources
    if sources.handoffs:
        reader, documents = _documents(folder, "handoffs", sources.handoffs.path, HANDOFF_PATTERNS)
        yield (
            "handoffs",
            reader,
            sources.handoffs,
            partial(read_handoffs, _in_time(documents, "handoffs", watch), company),
        )
    if sources.lambdas:
        reader, documents = _documents(folder, "lambdas", sources.lambdas.path, LAMBDA_PATTERNS)
        yield "lambdas", reader, sources.lambdas, partial(read_lambdas, _in_time(documents, "lambdas", watch))
    if sources.domains:
        path = sources.domains.path
        reader, documents = (
            ("route53", documents_of_route53())
            if path is None
            else _documents(folder, "domains", path, DOMAIN_PATTERNS)
        )
        yield "domains", reader, sources.domains, partial(read_domains, _in_time(documents, "domains", watch))
    for table in sources.tables:
        yield f"tables.{table}", *_table(company, folder, table, watch)
    if sources.books:
        reader, documents = _documents(folder, "books", sources.books.path, BOOK_PATTERNS)
        yield "books", reader, sources.books, partial(read_books, _in_time(documents, "books", watch), company)


def _made_from(settings: str, path: Path) -> Iterator[str]:
    """The company's *settings*, and the names and hashes of all files at or below *path*."""
    yield settings
    for file, sha256 in sorted(hashes_in([path]).items()):
        yield file
        yield str(sha256)


def _in_time(documents: Iterable[Document], source: str, watch: Watch) -> Iterator[Document]:
    """*documents*, each only where there is time for it."""
    for number, document in enumerate(documents, 1):
        watch.go_on(f"sources.{source}", f"{number:,} documents")
        yield document


def _documents(folder: Path, name: str, path: str, patterns: tuple[str, ...]) -> tuple[str, Iterator[Document]]:
    """The reader of a source in a folder, and its documents."""
    place = _place(folder, name, "path")
    if is_in_bucket(path):
        return "s3", documents_in_bucket(place, path, *patterns)
    root = _existing(folder, place, path)
    if not root.is_dir():
        raise InputInvalid(place, f"{path!r}, which is a file", "a folder")
    return _FILES, documents_in(root, *patterns)


def _table(
    company: Company, folder: Path, name: TableName, watch: Watch
) -> tuple[str, TableSource, Callable[[], Reading]]:
    source = company.sources.tables[name]
    if source.table is not None:
        return "dynamodb", source, partial(_scanned, company, name, watch)
    if source.export is not None:
        documents = newest_export(_place(folder, f"tables.{name}", "export"), source.export)
        return "s3 export", source, partial(read_table, name, documents, company, watch)
    assert source.path is not None  # noqa: S101 - its config model has exactly one origin
    place = _place(folder, f"tables.{name}", "path")
    if is_in_bucket(source.path):
        documents = documents_in_bucket(place, source.path, *_EXPORT)
        return "s3", source, partial(read_table, name, documents, company, watch)
    return _FILES, source, partial(read_table, name, _table_files(folder, place, source.path), company, watch)


def _scanned(company: Company, name: TableName, watch: Watch) -> Reading:
    """A table as it is now; its hash is that of its values, since it has no documents."""
    said = 0

    def tell(items: int) -> None:
        nonlocal said
        if items // _ITEMS_A_WORD > said:
            said = items // _ITEMS_A_WORD
            watch.told(f"collecting: {name}, {items:,} items so far")

    source = company.sources.tables[name]
    table, findings = typed_table(
        name, lambda attributes: rows_of_table(source, attributes, tell, watch.go_on), company
    )
    return Reading({name: table}, findings, {name: content_hash(name, table)})


def _table_files(folder: Path, place: str, written: str) -> Iterator[Document]:
    """A table's file, or the data files of an export."""
    path = _existing(folder, place, written)
    if path.is_file():
        yield from documents_in(path.parent, glob.escape(path.name))
        return
    documents = documents_in(path, *_EXPORT)
    first = next(documents, None)
    if first is None:
        raise InputInvalid(place, f"{written!r}, a folder without data/*.json.gz", "a file, or an export to S3")
    yield first
    yield from documents


def _existing(folder: Path, place: str, written: str) -> Path:
    path = folder / written
    if not path.exists():
        raise InputInvalid(place, f"{written!r}, which does not exist ({path})", "a path that does")
    return path


def _place(folder: Path, name: str, key: str) -> str:
    return f"{folder / 'company.yaml'}, sources.{name}.{key}"
