"""
The store: where editions and snapshots are kept, in a folder or in a bucket. Both have one layout.

    2026-W48/cfo/            executed.ipynb · page.html · message.eml · manifest.json
    snapshots/<id>/          events.parquet, … · manifest.json
    index.html  archive/     the archive's pages

A bucket's store works on a local folder of that layout; messages never leave it. In the bucket the name of every
file but a manifest and a page of the archive also holds its hash: `page-3f2a9c0b1d4e5f60.html`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from quarterdeck.config import edition_parts
from quarterdeck.errors import CommandRefused
from quarterdeck.files import held_alone, write_beside_unless_there
from quarterdeck.period import Period
from quarterdeck.store.archiving import ArchiveFiles, FolderArchive

__all__ = ["ArchiveFiles", "FolderStore", "Store", "has_editions", "is_bucket", "open_store"]

OWNER = ".company"  # names the slug of the company whose editions lie here
MANIFEST = "manifest.json"


class Store(Protocol):
    """
    What the pipeline asks of a store. Paths are local folders, for notebooks run on files.

    `keep_…` says that something is complete: it is where every other machine finds it when this returns.
    Each may raise `AwsUnavailable` where the store is a bucket.
    """

    @property
    def snapshots(self) -> Path:
        """The folder of all snapshots that this machine has."""

    def at_work(self, period: str, waiting: Callable[[], None]) -> AbstractContextManager[None]:
        """
        Work on the editions of *period* on this machine, alone: files of two starts never mix.

        Args:
            waiting: Called again and again while another start is at work on them; waits, or raises.
        """

    def snapshot(self, snapshot: str) -> Path | None:
        """
        The folder of the snapshot with that id, intact; None where the store has none.

        Raises:
            SnapshotDamaged: What the store has is not what was frozen.
        """

    def fetch_latest_snapshot(self) -> None:
        """See that the snapshot that was kept last, if any, is among `snapshots`."""

    def keep_snapshot(self, folder: Path) -> None:
        """Keep the complete snapshot in *folder*, one of `snapshots`."""

    def edition(self, edition: str) -> Path:
        """
        The folder of *edition*, such as `cfo/2026-W48`; it need not exist.

        Raises:
            InputInvalid: That is no edition's name, and could lead out of the store.
        """

    def fetch_edition(self, edition: str) -> Path:
        """The same folder, with what was kept of *edition* in it; where that is not whole, without a manifest."""

    def previous(self, edition: str) -> Path | None:
        """
        The folder of the same report's (and variant's) edition of the week before, if it has a manifest.

        The snapshot that it was made from is among `snapshots`, if the store still has it.
        """

    def keep_edition(self, edition: str, is_still_ours: Callable[[], bool]) -> bool:
        """
        Keep *edition*, whose folder is complete, unless another start has taken it over by then.

        Args:
            is_still_ours: Tells whether the ledger still names our run; asked before anything is replaced.

        Returns:
            Whether it is ours that is kept.
        """

    def keep_failed(self, edition: str, run: str, notebook: Path) -> str:
        """Keep the *notebook* of *edition* that came to no end in *run* (its id); where a person finds it."""

    def archive(self) -> ArchiveFiles:
        """The files that the archive is made of, as they are now, and where it is written."""

    def address(self, folder: Path) -> str:
        """Where a person finds *folder*, one of the store's: its path or its `s3://` address."""


class FolderStore:
    """The outputs of one company below *root*; a `Store`."""

    def __init__(self, root: Path, company: str) -> None:
        """
        Open the store in *root* for *company* (its slug), whose name it bears from the first time on.

        Raises:
            CommandRefused: It holds another company's editions.
            StoreUnwritable: It cannot be written.
        """
        self.root = root
        owner = root / OWNER
        if not owner.is_file():
            # Of two companies that come first at once, one makes the marker, and the other reads it.
            write_beside_unless_there(owner, f"{company}\n".encode())
        refuse_another_company(str(root), owner.read_text(encoding="utf-8").strip(), company)

    @property
    def snapshots(self) -> Path:
        return self.root / "snapshots"

    def at_work(self, period: str, waiting: Callable[[], None]) -> AbstractContextManager[None]:
        return held_alone(self.root / period, waiting)

    def snapshot(self, snapshot: str) -> Path | None:
        folder = self.snapshots / snapshot
        return folder if folder.is_dir() else None

    def fetch_latest_snapshot(self) -> None:
        """It is there."""

    def keep_snapshot(self, folder: Path) -> None:
        """It was kept when it was renamed into its place."""

    def edition(self, edition: str) -> Path:
        report, period = edition_parts(edition)
        return self.root / period / report

    def fetch_edition(self, edition: str) -> Path:
        return self.edition(edition)

    def previous(self, edition: str) -> Path | None:
        before = self.edition(edition_before(edition))
        return before if (before / MANIFEST).is_file() else None

    def keep_edition(self, edition: str, is_still_ours: Callable[[], bool]) -> bool:  # noqa: ARG002 - its manifest names it
        """It was kept when its manifest was written."""
        return is_still_ours()

    def keep_failed(self, edition: str, run: str, notebook: Path) -> str:  # noqa: ARG002 - a folder keeps the last one
        return str(notebook)

    def archive(self) -> ArchiveFiles:
        return FolderArchive(self.root)

    def address(self, folder: Path) -> str:
        return str(folder)


def edition_before(edition: str) -> str:
    """The name of the same report's edition of the week before."""
    report, period = edition_parts(edition)
    # The zone does not matter: a week before is a week before everywhere
    return f"{report}/{Period.parse(period, 'UTC').shifted(-1)}"


def refuse_another_company(place: str, found: str, company: str) -> None:
    """
    What lies in *place* is *company*'s.

    Raises:
        CommandRefused: It is *found*'s.
    """
    if found != company:
        other = f"{place}-{company}"
        named = f"QUARTERDECK_STORE={other} python runner.py run"
        typed = f"python runner.py run --outputs {other}"
        because = f"they are {found}'s, and this company is {company}"
        raise CommandRefused(f"outputs in {place}", because, named if is_bucket(place) else typed)


def is_bucket(address: Path | str) -> bool:
    """Whether *address* is a bucket's: `s3://bucket/prefix`."""
    return str(address).startswith("s3://")


def has_editions(address: Path | str) -> bool:
    """Whether a store was opened at *address* before; of a bucket that is taken for granted."""
    return is_bucket(address) or (Path(address) / OWNER).is_file()


def open_store(address: Path | str, company: str, seconds_left: Callable[[], float] = lambda: math.inf) -> Store:
    """
    The store at *address*, a folder or `s3://bucket/prefix`, of *company* (its slug).

    A bucket is asked nothing that might not be answered within *seconds_left*: then, too, it is `AwsUnavailable`.

    Raises:
        InputInvalid: It is no address.
        CommandRefused: It holds another company's editions.
        StoreUnwritable: Its folder, or the working folder of its bucket, cannot be written.
        AwsUnavailable: There is no such bucket, or it does not let us.
    """
    if not is_bucket(address):
        return FolderStore(Path(address), company)
    from quarterdeck.store.s3 import open_bucket  # noqa: PLC0415 - a run without a bucket never loads boto3

    return open_bucket(str(address), company, seconds_left)
