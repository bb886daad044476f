"""
The store: where editions and snapshots are kept. Now a folder; a bucket keeps the same layout.

    2026-W48/cfo/            executed.ipynb · page.html · message.eml · manifest.json
    snapshots/<id>/          events.parquet, … · manifest.json
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from quarterdeck.config import edition_parts
from quarterdeck.errors import CommandRefused
from quarterdeck.files import write_beside_then_rename
from quarterdeck.period import Period

_OWNER = ".company"  # names the slug of the company whose editions lie here


class Store(Protocol):
    """What the pipeline asks of a store: local folders, for notebooks run on files."""

    @property
    def snapshots(self) -> Path:
        """The folder of all snapshots."""

    def edition(self, edition: str) -> Path:
        """
        The folder of *edition*, such as `cfo/2026-W48`; it need not exist.

        Raises:
            InputInvalid: That is no edition's name, and could lead out of the store.
        """

    def previous(self, edition: str) -> Path | None:
        """The folder of the same report's (and variant's) edition of the week before, if it has a manifest."""


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
        owner = root / _OWNER
        if not owner.is_file():
            write_beside_then_rename(owner, f"{company}\n".encode())
        # Read back also when just written: of two companies that came first at once, one finds the other.
        found = owner.read_text(encoding="utf-8").strip()
        if found != company:
            raise CommandRefused(
                f"outputs in {root}",
                f"they are {found}'s, and this company is {company}",
                f"python runner.py run --outputs {root}-{company}",
            )

    @property
    def snapshots(self) -> Path:
        return self.root / "snapshots"

    def edition(self, edition: str) -> Path:
        report, period = edition_parts(edition)
        return self.root / period / report

    def previous(self, edition: str) -> Path | None:
        report, period = edition_parts(edition)
        # The zone does not matter: a week before is a week before everywhere
        before = self.edition(f"{report}/{Period.parse(period, 'UTC').shifted(-1)}")
        return before if (before / "manifest.json").is_file() else None
