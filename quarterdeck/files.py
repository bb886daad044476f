"""
Files that are either whole or not there.

Everything that outlives a run is written beside its place, checked, and renamed into it, so that a
file that exists is complete, whatever crashed and however full the disk was.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from quarterdeck.errors import StoreUnwritable

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def write_beside_then_rename(path: Path, content: bytes) -> None:
    """
    Write *content* to *path*, which afterwards holds all of it or what it held before.

    Folders that are missing are made. The rename is on disk when this returns.

    Raises:
        StoreUnwritable: The disk is full, the folder is read-only, or what was written is not what is read back.
    """
    stream_beside_then_rename(path, lambda file: file.write(content))


def stream_beside_then_rename(path: Path, write: Callable[[BinaryIO], object]) -> str:
    """
    The same for what *write*, given the file, writes into it bit by bit; returns the SHA-256, in hex.

    Raises:
        StoreUnwritable: As above.
    """
    with saying_what_could_not_be_written(path), _written_beside(path, write) as (beside, sha256):
        beside.replace(path)
    return sha256


def write_beside_unless_there(path: Path, content: bytes) -> bool:
    """
    Write *content* to *path* as above, unless there is a file: of several that try at once, one writes.

    Returns:
        Whether it was this one.

    Raises:
        StoreUnwritable: The disk is full or the folder is read-only.
    """
    # By a lock, and not by a hard link, which not every file system has
    with held_alone(path.parent):
        if path.exists():
            return False
        write_beside_then_rename(path, content)
    return True


def _wait_a_moment() -> None:
    time.sleep(0.1)


@contextmanager
def held_alone(folder: Path, waiting: Callable[[], None] = _wait_a_moment) -> Iterator[None]:
    """
    Hold *folder* by the lock of a file `.lock` in it, which one holds at a time; the system takes it from who dies.

    Args:
        waiting: Called again and again while another holds it; waits, or raises.

    Raises:
        StoreUnwritable: The folder is read-only, or its file system has no locks.
    """
    lock = folder / ".lock"
    with saying_what_could_not_be_written(lock):
        folder.mkdir(parents=True, exist_ok=True)
        file = lock.open("ab")
    with file:
        while not _is_locked(file, lock):
            waiting()
        yield


def _is_locked(file: IO[bytes], lock: Path) -> bool:
    with saying_what_could_not_be_written(lock):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


class _Hashed(io.BufferedWriter):
    """A new file, and the hash of what was meant to be in it."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path, "xb"))
        self.digest = hashlib.sha256()

    def write(self, content: ReadableBuffer, /) -> int:
        self.digest.update(content)
        return super().write(content)


@contextmanager
def _written_beside(path: Path, write: Callable[[BinaryIO], object]) -> Iterator[tuple[Path, str]]:
    """A file beside *path*, and the SHA-256 of what *write* wrote; what the block makes of it is on disk afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, because a rename is atomic within one file system only.
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with _Hashed(beside) as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        sha256 = file.digest.hexdigest()
        if sha256_of(beside) != sha256:
            raise OSError(0, "what was written is not what is read back")
        yield beside, sha256
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
