"""What every source reader takes and gives, so that a folder and a bucket are read by the same code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
