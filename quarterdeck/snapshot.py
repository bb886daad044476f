"""
The snapshot: everything the reports may know, frozen once, content-hashed, read-only.

`outputs/snapshots/<id>/` holds one Parquet file a table and a manifest. The id is the hash of the content:
schema version, company settings, as-of, and every table's values in key order. Where it came from (readers,
arguments, hashes of documents, time, the kit's version) stands in the manifest and is no part of the id.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import pandas as pd
import pandera.errors
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter

from quarterdeck import __version__
from quarterdeck.config import Company
from quarterdeck.errors import InputInvalid, SnapshotDamaged
from quarterdeck.files import (
    flush_folder,
    saying_what_could_not_be_written,
    sha256_of,
    stream_beside_then_rename,
    write_beside_then_rename,
)
from quarterdeck.inventory import TABLES, AssetInventory, CompanySettings, Filter
from quarterdeck.period import is_of_one_week, midnight
from quarterdeck.sources import Collected, Provenance
from quarterdeck.sources.canonical import content_hash, frame_of, in_key_order

SCHEMA_VERSION = 1  # of the tables and of the canonical form: raise it when either changes
MANIFEST = "manifest.json"
_ID_DIGITS = 16
_ROWS_AT_ONCE = 8_192  # of a table, while it is looked at and written

# What shows that a source is alive. A time after the as-of does not: bookings reach into the future.
_SIGNS_OF_LIFE: Mapping[str, tuple[str, ...]] = {
    "events": ("created_at", "booked_at"),
    "users": ("created_at", "last_active_at"),
    "claims": ("claimed_at",),
    "projects": ("updated_on",),
    "expenses": ("date",),
    "balances": ("date",),
}
_SETTINGS = TypeAdapter(CompanySettings)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StoredTable(_Part):
    """One table as the manifest describes it: `sha256` of its file, `content` of its values in order."""

    rows: int
    columns: tuple[str, ...]
    sha256: str
    content: str
    newest: AwareDatetime | None


class Manifest(_Part):
    """What a snapshot is, and where it came from; `content` is the whole hash of which `id` is the beginning."""

    schema_version: int
    id: str
    content: str
    as_of: AwareDatetime
    company: CompanySettings
    tables: Mapping[str, StoredTable]
    collected_at: AwareDatetime
    kit: str
    sources: Mapping[str, Provenance]


def take_snapshot(
    collected: Collected, company: Company, *, as_of: datetime, store: Path, collected_at: datetime
) -> Path:
    """
    Freeze what was collected; what is already frozen with the same content is used again.

    Args:
        collected: The sources' tables.
        company: The settings that go with them.
        as_of: The instant that the data describes, tz-aware.
        store: The folder of all snapshots, such as `outputs/snapshots`.
        collected_at: When the sources were read, tz-aware; for the manifest only.

    Returns:
        The snapshot's folder: complete, since it was written beside and renamed.

    Raises:
        InputInvalid: A table breaks a rule of its schema; the message names table, row and value.
        StoreUnwritable: The disk is full or the folder is not ours; nothing is left that could be believed.
        SnapshotDamaged: The same content was frozen before, and its files have been changed since.
    """
    settings = settings_of(company)
    tables = {name: in_key_order(name, table) for name, table in sorted(collected.tables.items())}
    for name, table in tables.items():
        _refuse_what_breaks_its_schema(name, table)
    contents = {name: content_hash(name, table) for name, table in tables.items()}
    content = _content_of(settings, as_of, contents)
    folder = store / content[:_ID_DIGITS]
    if folder.exists():
        verify(folder)
        return folder
    with saying_what_could_not_be_written(folder), _beside(folder) as beside:
        stored = {
            name: StoredTable(
                rows=table.num_rows,
                columns=tuple(table.column_names),
                sha256=_write_table(beside / f"{name}.parquet", table),
                content=contents[name],
                newest=_newest(name, table, as_of, company.time_zone),
            )
            for name, table in tables.items()
        }
        manifest = Manifest(
            schema_version=SCHEMA_VERSION,
            id=folder.name,
            content=content,
            as_of=as_of.astimezone(UTC),
            company=settings,
            tables=stored,
            collected_at=collected_at.astimezone(UTC),
            kit=__version__,
            sources=collected.provenance,
        )
        write_beside_then_rename(beside / MANIFEST, _sealed(manifest))
    return folder


def receive_snapshot(folder: Path, bring: Callable[[str, str, Path, str | None], bool]) -> Path:
    """
    Bring a snapshot that is kept elsewhere to *folder*, named by its id: whole and as it was written, or not at all.

    Args:
        bring: Called with (snapshot id, file name, where to, SHA-256 where it is known); whether it could be had.

    Raises:
        SnapshotDamaged: A file cannot be had or is not the one that was written, or it is another snapshot.
        StoreUnwritable: The disk is full or the folder is not ours.
    """
    with saying_what_could_not_be_written(folder), _beside(folder) as beside:
        bring(folder.name, MANIFEST, beside / MANIFEST, None)
        manifest = read_manifest(beside)
        if manifest.id != folder.name:
            raise SnapshotDamaged(str(folder), f"what lies there is snapshot {manifest.id}")
        for name, table in manifest.tables.items():
            if not bring(folder.name, f"{name}.parquet", beside / f"{name}.parquet", table.sha256):
                raise SnapshotDamaged(str(folder), f"{name}.parquet is missing, or not the one that was written")
    return folder


def open_snapshot(folder: Path) -> AssetInventory:
    """
    The snapshot in *folder*: the manifest is verified now, each table's file when it is first read.

    Raises:
        InputInvalid: There is no such folder.
        SnapshotDamaged: A file is missing, or not the one that was written; raised by a later read as well.
    """
    manifest = read_manifest(folder)
    return AssetInventory(
        company=manifest.company,
        as_of=manifest.as_of.astimezone(UTC),
        snapshot=manifest.id,
        columns_present={name: table.columns for name, table in manifest.tables.items()},
        row_counts={name: table.rows for name, table in manifest.tables.items()},
        readers={name: _TableFile(folder, name, table.sha256) for name, table in manifest.tables.items()},
        newest={name: table.newest.astimezone(UTC) for name, table in manifest.tables.items() if table.newest},
    )


def read_manifest(folder: Path) -> Manifest:
    """
    The manifest of the snapshot in *folder*, verified by its seal.

    Raises:
        InputInvalid: There is no such folder.
        SnapshotDamaged: The manifest is missing or changed, or of another version of the schema.
    """
    if not folder.is_dir():
        expected = "a folder that collect printed"
        raise InputInvalid(f"snapshot {folder}", "no such folder", expected, "python runner.py collect")
    try:
        written = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise SnapshotDamaged(str(folder), f"it has no readable {MANIFEST} ({error.strerror})") from error
    try:
        stored = json.loads(written)
        seal = stored.pop("seal")
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise SnapshotDamaged(str(folder), f"{MANIFEST} is not the one that was written") from error
    # Comparing bytes, not values: a change that JSON does not see is a change.
    if seal != _hash(stored) or written != _printed({**stored, "seal": seal}):
        raise SnapshotDamaged(str(folder), f"{MANIFEST} is not the one that was written")
    if stored["schema_version"] != SCHEMA_VERSION:
        what = f"it has version {stored['schema_version']} of the tables, and this kit reads version {SCHEMA_VERSION}"
        raise SnapshotDamaged(str(folder), what)
    return Manifest.model_validate(stored)


def reusable_snapshot(collected: Collected, company: Company, *, now: datetime, store: Path) -> Path | None:
    """
    The company's last snapshot, where taking another one would only make the same reports of a later as-of.

    That is so when settings, sources (readers, arguments, hashes of all documents) and the kit are unchanged,
    and the last full week at *now* is the one at its as-of. For companies without `as_of`.

    Args:
        collected: What was read now.
        company: The settings now.
        now: The moment of collecting, tz-aware.
        store: The folder of all snapshots; it need not exist.
    """
    candidates = [(manifest, folder) for folder, manifest in _snapshots(store) if manifest.company.slug == company.slug]
    if not candidates:
        return None
    last, folder = max(candidates, key=lambda candidate: (candidate[0].as_of, candidate[0].id))
    is_unchanged = (
        last.company == settings_of(company)
        and last.kit == __version__
        and last.sources == collected.provenance
        and is_of_one_week(last.as_of, now, company.time_zone)
    )
    return folder if is_unchanged else None


def settings_of(company: Company) -> CompanySettings:
    """The settings that a snapshot carries, so that whoever has it needs no `company.yaml`."""
    return CompanySettings(
        slug=company.slug,
        name=company.name,
        currency=company.currency,
        time_zone=company.time_zone,
        locale=company.locale,
        fiscal_year_start=company.fiscal_year_start,
        sample=company.sample,
        policies=company.policies,
        minimum_cash_minor=company.minimum_cash_minor,
    )


@dataclass
class _TableFile:
    """Reads one table's file; the bytes are verified once, before the first row is believed."""

    folder: Path
    name: str
    sha256: str
    is_verified: bool = field(default=False, init=False)

    def __call__(self, wanted: Filter | None) -> pd.DataFrame:
        path = self.folder / f"{self.name}.parquet"
        if not self.is_verified:
            _verify_file(path, self.sha256)
            self.is_verified = True
        rows = wanted and [(wanted.column, ">=", wanted.start), (wanted.column, "<", wanted.end)]
        return frame_of(self.name, pq.read_table(path, filters=rows))


def verify(folder: Path) -> Manifest:
    """The manifest of the snapshot in *folder*, whose files are those that were written; raises as `open_snapshot`."""
    manifest = read_manifest(folder)
    for name, table in manifest.tables.items():
        _verify_file(folder / f"{name}.parquet", table.sha256)
    return manifest


def _verify_file(path: Path, sha256: str) -> None:
    try:
        is_intact = sha256_of(path) == sha256
    except OSError as error:
        raise SnapshotDamaged(str(path.parent), f"{path.name} cannot be read ({error.strerror})") from error
    if not is_intact:
        raise SnapshotDamaged(str(path.parent), f"{path.name} is not the one that was written")


def _refuse_what_breaks_its_schema(name: str, table: pa.Table) -> None:
    """The readers refuse with file and line; this is the last door, for what only the whole table shows."""
    for start in range(0, max(len(table), 1), _ROWS_AT_ONCE):
        # One row more, since what is there twice stands side by side and may stand on both sides of a cut
        _refuse_rows(name, frame_of(name, table.slice(start, _ROWS_AT_ONCE + 1)))


def _refuse_rows(name: str, frame: pd.DataFrame) -> None:
    try:
        TABLES[name].schema(name).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        case = error.failure_cases.iloc[0]
        found, expected = case["failure_case"], str(case["check"])
        if pd.isna(case["index"]):
            raise InputInvalid(f"table {name}", str(found), expected) from error
        row = frame.iloc[int(case["index"])]
        key = ", ".join(f"{column} {_written(row[column])}" for column in TABLES[name].key)
        raise InputInvalid(f"table {name}, {key}, {case['column']}", _written(found), expected) from error


def _written(value: object) -> str:
    return repr(value) if isinstance(value, str) else str(value)


def _content_of(settings: CompanySettings, as_of: datetime, contents: Mapping[str, str]) -> str:
    """
    The hash of everything that the reports can depend on.

    All settings are in it, also those that only change how figures are printed: whoever reads a snapshot takes
    them from it, so a company that is renamed must not find its old name in an old snapshot.
    """
    company: dict[str, Any] = _SETTINGS.dump_python(settings, mode="json")
    del company["policies"]["minimum_cash"]  # 25000 and 25000.00 are one amount: it counts in minor units
    return _hash(
        {
            "schema_version": SCHEMA_VERSION,
            "company": company,
            "as_of": as_of.astimezone(UTC).isoformat(),
            "tables": dict(contents),
        }
    )


def _newest(name: str, table: pa.Table, as_of: datetime, time_zone: str) -> datetime | None:
    """The latest sign of life that is not after *as_of*; a day counts from its 00:00 in the company's time zone."""
    found: list[datetime] = []
    for column in _SIGNS_OF_LIFE.get(name, ()):
        if column not in table.column_names:
            continue
        is_day = pa.types.is_date(table[column].type)
        latest = as_of.astimezone(ZoneInfo(time_zone)).date() if is_day else as_of
        known = pc.filter(table[column], pc.less_equal(table[column], pa.scalar(latest, table[column].type)))
        newest = pc.max(known).as_py()
        if newest is not None:
            found.append(midnight(newest, time_zone) if is_day else newest.astimezone(UTC))
    return max(found, default=None)


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A folder beside *folder*, renamed into it when all is written, removed when it is not."""
    # The dot keeps it out of every listing of snapshots, also when a killed process left it behind.
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        try:
            temporary.rename(folder)
        except OSError:
            if not folder.exists():
                raise
            verify(folder)  # another process froze the same content meanwhile: its folder is ours
        flush_folder(folder.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_table(path: Path, table: pa.Table) -> str:
    """Write *table*, some rows at a time, and return the SHA-256 of its file."""

    def write(file: BinaryIO) -> None:
        pq.write_table(table, file, compression="zstd", row_group_size=_ROWS_AT_ONCE)

    return stream_beside_then_rename(path, write)


def _snapshots(store: Path) -> Iterator[tuple[Path, Manifest]]:
    """The snapshots in *store*; a damaged one is none: `take_snapshot` says so when it is needed."""
    for folder in sorted(store.iterdir()) if store.is_dir() else ():
        if folder.is_dir() and not folder.name.startswith("."):
            with suppress(SnapshotDamaged):
                yield folder, read_manifest(folder)


def _sealed(manifest: Manifest) -> bytes:
    """The manifest as its file holds it; the seal is the hash of all the rest."""
    stored = manifest.model_dump(mode="json")
    return _printed({**stored, "seal": _hash(stored)})


def _printed(stored: Mapping[str, Any]) -> bytes:
    return (json.dumps(stored, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _hash(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
