"""What the archive is made of, and where it is written: as a folder has it, or a bucket at one moment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from quarterdeck.config import edition_parts
from quarterdeck.files import held_alone, write_beside_then_rename

INDEX = "index.html"
PAGES = "archive"  # the folder of all pages of the archive but the index


class ArchiveFiles(Protocol):
    """A store's files as the archive needs them. A name is a path from the archive's index, as a link has it."""

    def held(self) -> AbstractContextManager[None]:
        """Hold it from before the ledger is read until it is written: no older state is put over a newer one."""

    def editions(self) -> Collection[str]:
        """The names of the editions that have a page in the archive."""

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""

    def read(self, name: str) -> bytes | None:
        """A file's content; None without one."""

    def kept(self, edition: str, name: str, sha256: str) -> str:
        """The name that *edition*'s file, such as `page.html`, has here if that is the hash of its content."""

    def failed(self, edition: str, run: str) -> str:
        """The name of what *run* (its id) left of *edition* when it failed."""

    def form(self, edition: str, name: str, body: str) -> str:
        """The name of a form of *edition*'s mail, such as `mail.html`; *body* is the hash of the mail's body."""

    def forms(self, edition: str, body: str) -> Mapping[str, str]:
        """The forms of *edition*'s mail that are surely of that body, by name; a folder's are written anew instead."""

    def message(self, edition: str) -> bytes | None:
        """The message of *edition* on this machine, its readers' addresses with it; None without one."""

    def write(self, name: str, content: bytes) -> bool:
        """Write a page of the archive; False, and nothing written, where another start has written it meanwhile."""


class FolderArchive:
    """The `ArchiveFiles` of the store in the folder *root*."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def held(self) -> AbstractContextManager[None]:
        return held_alone(self._root / PAGES)

    def editions(self) -> Collection[str]:
        pages = (self._root / PAGES).glob(f"*/*/{INDEX}")
        return {edition_at(page.relative_to(self._root).as_posix()) for page in pages}

    def has(self, name: str) -> bool:
        return (self._root / name).is_file()

    def read(self, name: str) -> bytes | None:
        try:
            return (self._root / name).read_bytes()
        except OSError:
            return None

    def kept(self, edition: str, name: str, sha256: str) -> str:  # noqa: ARG002 - a folder has one of each
        return f"{place_of(edition)}/{name}"

    def failed(self, edition: str, run: str) -> str:  # noqa: ARG002 - and keeps the last one
        return f"{place_of(edition)}/failed.ipynb"

    def form(self, edition: str, name: str, body: str) -> str:  # noqa: ARG002 - as above
        return f"{PAGES}/{place_of(edition)}/{name}"

    def forms(self, edition: str, body: str) -> Mapping[str, str]:  # noqa: ARG002 - their names do not tell
        return {}

    def message(self, edition: str) -> bytes | None:
        return self.read(f"{place_of(edition)}/message.eml")

    def write(self, name: str, content: bytes) -> bool:
        """What stands there already, and is the same, is left alone: a copy elsewhere takes along what is new."""
        if self.read(name) != content:
            write_beside_then_rename(self._root / name, content)
        return True


def place_of(edition: str) -> str:
    """The folder of *edition* in a store: `2026-W48/cfo`."""
    report, period = edition_parts(edition)
    return f"{period}/{report}"


def page_of(edition: str) -> str:
    """The archive's page of *edition*: `archive/2026-W48/cfo/index.html`."""
    return f"{PAGES}/{place_of(edition)}/{INDEX}"


def edition_at(page: str) -> str:
    """The edition whose page that is."""
    _, period, report, _ = page.split("/")
    return f"{report}/{period}"


def hashed(folder: str, name: str, sha256: str) -> str:
    """The key of the file *name* with that hash: `2026-W48/cfo/page-3f2a9c0b1d4e5f60.html`."""
    stem, dot, suffix = name.rpartition(".")
    return f"{folder}/{stem}-{sha256[:16]}{dot}{suffix}"
