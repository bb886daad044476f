"""
Files that are either whole or not there.

Everything that outlives a run is written beside its place, checked, and renamed into it, so that a
file that exists is complete, whatever crashed and however full the disk was.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quarterdeck.errors import StoreUnwritable


def write_beside_then_rename(path: Path, content: bytes) -> None:
    """
    Write *content* to *path*, which afterwards holds all of it or what it held before.

    Folders that are missing are made. The rename is on disk when this returns.

    Raises:
        StoreUnwritable: The disk is full, the folder is read-only, or what was written is not what is read back.
    """
    with saying_what_could_not_be_written(path), _written_beside(path, content) as beside:
        beside.replace(path)


def write_beside_unless_there(path: Path, content: bytes) -> bool:
    """
    Write *content* to *path* as above, unless there is a file: of several that try at once, one writes.

    Returns:
        Whether it was this one.

    Raises:
        StoreUnwritable: The disk is full, the folder is read-only, or its file system has no hard links.
    """
    with saying_what_could_not_be_written(path), _written_beside(path, content) as beside:
        try:
            path.hardlink_to(beside)  # a rename would replace what came first
        except FileExistsError:
            return False
    return True


@contextmanager
def _written_beside(path: Path, content: bytes) -> Iterator[Path]:
    """A file beside *path* that holds *content*, on disk; what the block makes of it is on disk afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, because a rename is atomic within one file system only.
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if sha256_of(beside) != hashlib.sha256(content).hexdigest():
            raise OSError(0, "what was written is not what is read back")
        yield beside
    finally:
        beside.unlink(missing_ok=True)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make renames within *folder* durable: on Linux a file's own fsync does not cover its name."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """The SHA-256 of the file's bytes, in lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def saying_what_could_not_be_written(path: Path) -> Iterator[None]:
    """
    Turn the operating system's refusal to write *path* into ours.

    Raises:
        StoreUnwritable: For every `OSError` of the block.
    """
    try:
        yield
    except OSError as error:
        raise StoreUnwritable(str(path), error.strerror or str(error)) from error
