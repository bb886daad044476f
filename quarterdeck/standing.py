"""
Standing: what a `run` built, so that the same command finds it again without reading a source.

It is written beside the editions when a build ends well, and believed only while all of that is as it was then: the
command and its settings, every byte of the company folder, of notebooks, params, package and lock, the week that is
the last full one, every byte that was built, and what the ledger says of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from quarterdeck.config import Company, Environment, load_company
from quarterdeck.errors import InputInvalid
from quarterdeck.files import write_beside_then_rename
from quarterdeck.fingerprints import hash_of_file, hashes_in, package_hash, python_hash
from quarterdeck.ledger import Ledger, find_ledger
from quarterdeck.period import is_of_one_week
from quarterdeck.request import Request
from quarterdeck.store import MANIFEST, FolderStore, edition_before, is_bucket
from quarterdeck.store.archiving import INDEX

_FOLDER = ".standing"


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Line(_Kept):
    """One edition as the table of a run shows it: `size` in bytes of its mail, `kept` where a person finds it."""

    edition: str
    title: str
    headline: str
    size: int
    state: str
    kept: str
    seconds: float = 0.0


class Standing(_Kept):
    """
    What one command built.

    Args:
        inputs: The hash of all that it was made from.
        snapshot: The id of the batch's snapshot.
        files: Path below the outputs folder to SHA-256, or None where there was no such file.
        ledger: The hash of what the ledger said of batch and editions, and of those of the week before.
    """

    made_at: AwareDatetime
    inputs: str
    snapshot: str
    files: Mapping[str, str | None]
    ledger: str
    lines: tuple[Line, ...]

    @property
    def editions(self) -> tuple[str, ...]:
        return tuple(line.edition for line in self.lines)

    def as_found_in(self, store: FolderStore) -> Standing:
        """The same, found again in *store*: no second was spent on it, and that is where it is kept."""
        lines = [
            line.model_copy(update={"seconds": 0.0, "kept": store.address(store.edition(line.edition))})
            for line in self.lines
        ]
        return self.model_copy(update={"lines": tuple(lines)})


@dataclass(frozen=True)
class Command:
    """
    One `run` as it was typed, at work on files alone.

    Args:
        outputs: The outputs folder.
        inputs: The hash of all that it is made from, as it was when the command began.
    """

    request: Request
    environment: Environment
    company: Company
    outputs: Path
    inputs: str
    now: datetime

    @classmethod
    def of(cls, request: Request, environment: Environment, now: datetime) -> Command | None:
        """None where mail is to leave, or where a bucket, a table or Route 53 would have to be asked what changed."""
        if request.purpose != "build" or is_bucket(request.store):
            return None
        try:
            company = load_company(request.company)
        except InputInvalid:
            return None  # whoever starts to build says so
        sources = sources_hash(request.company, company)
        if sources is None:
            return None
        return cls(request, environment, company, Path(request.store), _inputs(request, sources), now)

    def standing(self) -> Standing | None:
        """What this command built before, if it would build the same now, to the byte."""
        try:
            standing = Standing.model_validate_json(self._file.read_bytes())
        except (OSError, ValidationError):
            return None
        # A forced start reads all of it anew, and leaves what the next one may believe
        is_current = (
            not self.request.is_forced
            and standing.inputs == self.inputs
            and self._is_of_the_same_week(standing.made_at)
            and (self.outputs / INDEX).is_file()
            and all(hash_of_file(self.outputs / path) == sha256 for path, sha256 in standing.files.items())
            and standing.ledger == self._ledger_says(standing.snapshot, standing.editions)
        )
        return standing.as_found_in(self._store) if is_current else None

    def keep(self, snapshot: Path, lines: Sequence[Line]) -> None:
        """
        Remember what was built, from *snapshot* (its folder), as *lines*.

        Raises:
            StoreUnwritable: The outputs folder cannot be written.
        """
        editions = [line.edition for line in lines]
        standing = Standing(
            made_at=self.now,
            inputs=self.inputs,
            snapshot=snapshot.name,
            files={
                path.relative_to(self.outputs).as_posix(): hash_of_file(path)
                for path in self._built(snapshot, editions)
            },
            ledger=self._ledger_says(snapshot.name, editions),
            lines=tuple(lines),
        )
        write_beside_then_rename(self._file, standing.model_dump_json(indent=1).encode())

    def message(self, edition: str) -> bytes:
        """The mail of *edition*, as it was built."""
        return (self._store.edition(edition) / "message.eml").read_bytes()

    @property
    def _store(self) -> FolderStore:
        return FolderStore(self.outputs, self.company.slug)

    @property
    def _file(self) -> Path:
        request = self.request
        typed = {
            "root": str(request.root.resolve()),
            "company": str(request.company.resolve()),
            "reports": list(request.reports),
            "period": request.period,
            "overrides": dict(request.overrides or {}),
            "environment": asdict(self.environment),
        }
        return self.outputs / _FOLDER / f"{_hash(typed)[:16]}.json"

    def _is_of_the_same_week(self, made_at: datetime) -> bool:
        """Without an as-of of its own a company's snapshot is used again until the next week is over."""
        return self.company.as_of is not None or is_of_one_week(made_at, self.now, self.company.time_zone)

    def _built(self, snapshot: Path, editions: Iterable[str]) -> Iterator[Path]:
        store = self._store
        for folder in (snapshot, *map(store.edition, editions)):
            yield from (path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
        for edition in editions:
            yield store.edition(edition_before(edition)) / MANIFEST

    def _ledger_says(self, snapshot: str, editions: Iterable[str]) -> str:
        ledger = find_ledger(self.environment.ledger, self.company.slug, lambda: self.now)
        return "" if ledger is None else _hash(_said(ledger, snapshot, editions))


def _said(ledger: Ledger, snapshot: str, editions: Iterable[str]) -> list[object]:
    names = [one for name in editions for one in (name, edition_before(name))]
    standing = [
        edition and (edition.state, edition.revision, edition.run, edition.snapshot)
        for edition in map(ledger.edition, names)
    ]
    deliveries = [(one.edition, one.shown, one.state) for name in names for one in ledger.deliveries(name)]
    return [snapshot, standing, deliveries]


def sources_hash(folder: Path, company: Company) -> str | None:
    """
    The hash of every byte that collecting reads for *company* in *folder*, and of the code that does.

    None where a source is not in files: then only asking it tells whether it has changed.
    """
    paths = company.sources.files
    if paths is None:
        return None
    trees = [folder, *(folder / path for path in paths)]
    return _hash([hashes_in(trees), code_hash()])


def code_hash() -> str:
    """The hash of the code that reads sources: ours, and that of the libraries."""
    return _hash([package_hash(), python_hash()])


def _inputs(request: Request, sources: str) -> str:
    """The hash of every byte that a build of *request* reads, and of the code that it runs."""
    root = request.root
    return _hash([hashes_in([root / "notebooks", root / "params", root / "requirements.lock"]), sources])


def _hash(what: object) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True, default=str).encode()).hexdigest()
