"""What every source reader takes and gives, so that a folder and a bucket are read by the same code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pyarrow as pa

from quarterdeck.errors import InputInvalid
from quarterdeck.inventory import TABLES


@dataclass(frozen=True)
class Document:
    """
    One file of a source.

    Args:
        name: Relative to the source's root, with forward slashes: what snapshots and readers' eyes keep.
        content: Its bytes, as they lie there.
        place: Where a person finds it; for error messages only.
    """

    name: str
    content: bytes
    place: str


# Told what is being read, in words that a person reads.
Told = Callable[[str], None]
# Told a source and how much of it was read; raises where there is no time for more.
GoOn = Callable[[str, str], None]


def _nothing(*_: str) -> None:
    """What is done where nobody waits."""


@dataclass(frozen=True)
class Watch:
    """
    Whoever waits while sources are read.

    Args:
        told: Called with what is being read, now and then.
        go_on: Called before more of a source is read: `("sources.books", "2 documents")`.
    """

    told: Told = _nothing
    go_on: GoOn = _nothing


UNWATCHED = Watch()


@dataclass(frozen=True)
class Finding:
    """Something in a source that was not understood; it is shown in the reports and stops nothing."""

    source: str
    severity: Literal["error", "warning", "info"]
    message: str
    document: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class Reading:
    """
    What one source gave.

    Args:
        tables: Our table name to its rows, with the Arrow schema of `TABLES`; a column that the source
            does not have is absent. A table that is not here is absent.
        findings: What was not understood.
        hashes: Document name to the SHA-256 of its bytes.
    """

    tables: Mapping[str, pa.Table]
    findings: Sequence[Finding] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)


def documents_in(root: Path, *patterns: str) -> Iterator[Document]:
    """
    The files below *root* that match one of *patterns* (as `Path.glob` reads them), by name, one at a time.

    Raises:
        InputInvalid: *root* does not exist, or a file in it cannot be read.
    """
    if not root.exists():
        raise InputInvalid(str(root), "no such file or folder", "the path that company.yaml names")
    found = {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}
    for path in sorted(found, key=lambda path: path.relative_to(root).as_posix()):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputInvalid(
                str(path), f"a file that cannot be read ({error.strerror})", "a readable file"
            ) from error
        yield Document(path.relative_to(root).as_posix(), content, str(path))


def table_of(name: str, rows: Sequence[Mapping[str, object]], present: Sequence[str] | None = None) -> pa.Table:
    """Table *name* from rows of plain values; *present* are its columns, all of them when not given."""
    schema = TABLES[name].arrow_schema(tuple(TABLES[name].columns) if present is None else present)
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
