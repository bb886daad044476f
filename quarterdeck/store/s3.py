"""
The store in a bucket: notebooks run on a working folder, and what is complete is kept in the bucket.

Files go first and the manifest that describes them last. Whoever reads believes a manifest only together
with files that have its hashes, so an upload that was broken off is no edition and no snapshot. Messages
stay in the working folder: they name their readers.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from quarterdeck.config import edition_parts
from quarterdeck.errors import AwsUnavailable, SnapshotDamaged
from quarterdeck.files import saying_what_could_not_be_written, sha256_of, write_beside_then_rename
from quarterdeck.snapshot import receive_snapshot
from quarterdeck.store import MANIFEST, OWNER, FolderStore, edition_before, refuse_another_company
from quarterdeck.store.bucket import Bucket

# What is kept of an edition beside its manifest; never `message.eml`.
_KEPT = ("executed.ipynb", "page.html")
_SNAPSHOT = re.compile(r"[0-9a-f]{16}")

# The working folder holds copies only: beyond these, and unless a run may still be at work on them, they go.
_WEEKS, _SNAPSHOTS = 4, 4
_AT_WORK_S = 2 * 60 * 60

_ATTEMPTS_AT_MARKER = 5


def open_bucket(address: str, company: str) -> S3Store:
    """
    The store at *address*, `s3://bucket/prefix`, which bears *company*'s name from the first time on.

    Its working folder lies in the user's cache (`$XDG_CACHE_HOME/quarterdeck`), one for bucket, prefix and company.

    Raises:
        InputInvalid: It is no address.
        CommandRefused: It holds another company's editions.
        AwsUnavailable: There is no such bucket, or it does not let us.
        StoreUnwritable: The working folder cannot be written.
    """
    bucket = Bucket(address)
    folder = user_cache_path("quarterdeck") / "stores" / bucket.name / bucket.prefix / f"@{company}"
    with saying_what_could_not_be_written(folder):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)  # messages lie here, with their readers' addresses
    working = FolderStore(folder, company)
    refuse_another_company(bucket.address(), _owner(bucket, folder / OWNER), company)
    _clear(folder)
    return S3Store(bucket, working)


class S3Store:
    """The outputs of one company in a bucket, worked on in the folder of *working*; a `Store`."""

    def __init__(self, bucket: Bucket, working: FolderStore) -> None:
        self._bucket = bucket
        self._working = working

    @property
    def snapshots(self) -> Path:
        return self._working.snapshots

    def snapshot(self, snapshot: str) -> Path | None:
        folder = self.snapshots / snapshot
        if folder.is_dir():
            os.utime(folder)  # in use again: it is not cleared away
            return folder
        if self._bucket.hash_of(f"snapshots/{snapshot}/{MANIFEST}") is None:
            return None
        try:
            return receive_snapshot(folder, self._brought)
        except SnapshotDamaged as damaged:  # there, not here
            raise SnapshotDamaged(self.address(folder), damaged.what) from damaged

    def _brought(self, snapshot: str, name: str, path: Path, sha256: str | None) -> bool:
        key = f"snapshots/{snapshot}/{name}"
        if sha256 is not None:
            return self._bucket.fetch(key, path, sha256)
        content = self._bucket.read(key)
        if content is not None:
            write_beside_then_rename(path, content)
        return content is not None

    def fetch_latest_snapshot(self) -> None:
        key = self._bucket.newest("snapshots/", MANIFEST)
        if key is not None:
            self.snapshot(key.split("/")[1])

    def keep_snapshot(self, folder: Path) -> None:
        key = f"snapshots/{folder.name}"
        if self._bucket.hash_of(f"{key}/{MANIFEST}") is not None:
            return  # its manifest went last: all of it is there, whoever kept it
        for path in sorted(folder.glob("*.parquet")):
            part = f"{key}/{path.name}"
            # What lies there without a manifest is a broken upload: used where it is the same, replaced where not
            if not self._bucket.put(part, path, unless_there=True) and self._bucket.hash_of(part) != sha256_of(path):
                self._bucket.put(part, path)
        self._bucket.put(f"{key}/{MANIFEST}", folder / MANIFEST, unless_there=True)

    def edition(self, edition: str) -> Path:
        return self._working.edition(edition)

    def fetch_edition(self, edition: str) -> Path:
        folder = self.edition(edition)
        manifest = folder / MANIFEST
        written = self._bucket.read(self._key(folder, MANIFEST))
        hashes = _kept_hashes(written)
        is_new = not manifest.is_file() or manifest.read_bytes() != written
        with saying_what_could_not_be_written(folder):
            if is_new:
                manifest.unlink(missing_ok=True)
                (folder / "message.eml").unlink(missing_ok=True)  # of another edition than the one that comes
            for name, sha256 in hashes.items():
                if _has(folder / name, sha256):
                    continue
                if not self._bucket.fetch(self._key(folder, name), folder / name, sha256):
                    manifest.unlink(missing_ok=True)  # broken off, or changed: no edition
                    return folder
        if is_new and hashes and written is not None:
            write_beside_then_rename(manifest, written)
        return folder

    def previous(self, edition: str) -> Path | None:
        folder = self.edition(edition_before(edition))
        written = self._bucket.read(self._key(folder, MANIFEST))
        if written is None:
            return None
        manifest = folder / MANIFEST
        if not manifest.is_file() or manifest.read_bytes() != written:
            write_beside_then_rename(manifest, written)
        with suppress(ValueError, KeyError, TypeError, SnapshotDamaged):  # the week is then reported without it
            named = str(json.loads(written)["snapshot"])
            if _SNAPSHOT.fullmatch(named):
                self.snapshot(named)
        return folder

    def keep_edition(self, edition: str) -> None:
        folder = self.edition(edition)
        for name in (*_KEPT, MANIFEST):
            key = self._key(folder, name)
            if self._bucket.hash_of(key) != sha256_of(folder / name):
                self._bucket.put(key, folder / name)

    def keep_failed(self, edition: str, run: str, notebook: Path) -> str:
        # Named after its run: it stays when a later run of the edition succeeds
        report, period = edition_parts(edition)
        key = f"{period}/{report}/failed-{run}.ipynb"
        self._bucket.put(key, notebook)
        return self._bucket.address(key)

    def address(self, folder: Path) -> str:
        return self._bucket.address(folder.relative_to(self._working.root).as_posix())

    def _key(self, folder: Path, name: str) -> str:
        return (folder / name).relative_to(self._working.root).as_posix()


def _owner(bucket: Bucket, marker: Path) -> str:
    """Whose the bucket's prefix is: *marker*'s company from now on, if it was nobody's."""
    for _ in range(_ATTEMPTS_AT_MARKER):
        found = bucket.read(OWNER)
        if found is not None:
            return found.decode(errors="replace").strip()
        # Of two companies that come first at once, one puts the marker, and the other reads it
        bucket.put(OWNER, marker, unless_there=True)
    raise AwsUnavailable(bucket.address(OWNER), "it was put, and is not there", "Look who removes it")


def _kept_hashes(manifest: bytes | None) -> dict[str, str]:
    """The hashes of what is kept of an edition, by its manifest; none where there is no manifest of ours."""
    try:
        outputs = json.loads(manifest or b"")["outputs"]
        return {name: str(outputs[name]) for name in _KEPT}
    except (ValueError, KeyError, TypeError):
        return {}


def _has(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_of(path) == sha256


def _clear(folder: Path) -> None:
    """Keep the working folder small: one container of Lambda keeps its disk over many starts."""
    now = time.time()
    weeks = [path for path in folder.glob("????-W??") if path.is_dir()]
    snapshots = [path for path in (folder / "snapshots").glob("*") if path.is_dir()]
    for found, most in ((weeks, _WEEKS), (snapshots, _SNAPSHOTS)):
        used = sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
        for path in used[most:]:
            if now - path.stat().st_mtime > _AT_WORK_S:
                shutil.rmtree(path, ignore_errors=True)
