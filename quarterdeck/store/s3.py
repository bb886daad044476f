"""
The store in a bucket: notebooks run on a working folder, and what is complete is kept in the bucket.

Each file's key holds its hash, so a file that is there is never replaced by another, and the manifest that
names them goes last, on the condition that nobody came between: whatever a reader finds is what one start
made, however many upload at once or break off. Messages stay in the working folder: they name their readers.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from platformdirs import user_cache_path

from quarterdeck.config import edition_parts
from quarterdeck.errors import AwsUnavailable, SnapshotDamaged
from quarterdeck.files import saying_what_could_not_be_written, sha256_of, write_beside_then_rename
from quarterdeck.snapshot import receive_snapshot
from quarterdeck.store import MANIFEST, OWNER, FolderStore, edition_before, refuse_another_company
from quarterdeck.store.archiving import ArchiveFiles, hashed
from quarterdeck.store.bucket import Bucket
from quarterdeck.store.s3_archive import BucketArchive

# What is kept of an edition beside its manifest; never `message.eml`.
_KEPT = ("executed.ipynb", "page.html")
_SNAPSHOT = re.compile(r"[0-9a-f]{16}")

# The working folder holds copies only: beyond these, and unless a run may still be at work on them, they go.
_WEEKS, _SNAPSHOTS = 4, 4
_AT_WORK_S = 2 * 60 * 60

# Of those who write one object at once one gets through each time; more than a few are no accident.
_ATTEMPTS = 8


def open_bucket(address: str, company: str, seconds_left: Callable[[], float]) -> S3Store:
    """
    The store at *address*, `s3://bucket/prefix`, which bears *company*'s name from the first time on.

    Its working folder lies in the user's cache (`$XDG_CACHE_HOME/quarterdeck`), one for bucket, prefix and company.

    Raises:
        InputInvalid: It is no address.
        CommandRefused: It holds another company's editions.
        AwsUnavailable: There is no such bucket, or it does not let us, or has no time left to answer.
        StoreUnwritable: The working folder cannot be written.
    """
    bucket = Bucket(address, seconds_left)
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

    def at_work(self, period: str, waiting: Callable[[], None]) -> AbstractContextManager[None]:
        return self._working.at_work(period, waiting)

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
        folder = f"snapshots/{snapshot}"
        if sha256 is not None:
            return self._bucket.fetch(hashed(folder, name, sha256), path, sha256)
        found = self._bucket.read(f"{folder}/{name}")
        if found is not None:
            write_beside_then_rename(path, found.content)
        return found is not None

    def fetch_latest_snapshot(self) -> None:
        key = self._bucket.newest("snapshots/", MANIFEST)
        if key is not None:
            self.snapshot(key.split("/")[1])

    def keep_snapshot(self, folder: Path) -> None:
        manifest = f"snapshots/{folder.name}/{MANIFEST}"
        if self._bucket.hash_of(manifest) is not None:
            return  # it went last: all that it names is there, whoever kept it
        for path in sorted(folder.glob("*.parquet")):
            self._put_by_hash(f"snapshots/{folder.name}", path)
        for _ in range(_ATTEMPTS):
            if self._bucket.put_if(manifest, folder / MANIFEST, None) or self._bucket.hash_of(manifest) is not None:
                return
        raise _taken_away(self._bucket, manifest)

    def edition(self, edition: str) -> Path:
        return self._working.edition(edition)

    def fetch_edition(self, edition: str) -> Path:
        folder = self.edition(edition)
        manifest = folder / MANIFEST
        found = self._bucket.read(self._key(folder, MANIFEST))
        written = found.content if found else None
        hashes = _kept_hashes(written)
        is_new = not manifest.is_file() or manifest.read_bytes() != written
        with saying_what_could_not_be_written(folder):
            if is_new:
                manifest.unlink(missing_ok=True)
                (folder / "message.eml").unlink(missing_ok=True)  # of another edition than the one that comes
            for name, sha256 in hashes.items():
                if _has(folder / name, sha256):
                    continue
                if not self._bucket.fetch(hashed(self._key(folder), name, sha256), folder / name, sha256):
                    manifest.unlink(missing_ok=True)  # taken away, or changed: no edition
                    return folder
        if is_new and hashes and written is not None:
            write_beside_then_rename(manifest, written)
        return folder

    def previous(self, edition: str) -> Path | None:
        folder = self.edition(edition_before(edition))
        found = self._bucket.read(self._key(folder, MANIFEST))
        if found is None:
            return None
        manifest, written = folder / MANIFEST, found.content
        if not manifest.is_file() or manifest.read_bytes() != written:
            write_beside_then_rename(manifest, written)
        with suppress(ValueError, KeyError, TypeError, SnapshotDamaged):  # the week is then reported without it
            named = str(json.loads(written)["snapshot"])
            if _SNAPSHOT.fullmatch(named):
                self.snapshot(named)
        return folder

    def keep_edition(self, edition: str, is_still_ours: Callable[[], bool]) -> bool:
        folder = self.edition(edition)
        key, manifest = self._key(folder, MANIFEST), folder / MANIFEST
        for name in _KEPT:
            self._put_by_hash(self._key(folder), folder / name)
        for _ in range(_ATTEMPTS):
            # In this order: whoever takes the edition over after we asked finds what we put, and puts his over it;
            # and where he was faster than our put, it is refused
            standing = self._bucket.read(key)
            if not is_still_ours():
                return False
            # Also after an answer that was lost: our put is posted again then, and refused because it succeeded
            if standing is not None and standing.content == manifest.read_bytes():
                return True
            if self._bucket.put_if(key, manifest, standing):
                return True
        raise _taken_away(self._bucket, key)

    def keep_failed(self, edition: str, run: str, notebook: Path) -> str:
        # Named after its run: it stays when a later run of the edition succeeds
        report, period = edition_parts(edition)
        key = f"{period}/{report}/failed-{run}.ipynb"
        self._bucket.put(key, notebook)
        return self._bucket.address(key)

    def archive(self) -> ArchiveFiles:
        return BucketArchive(self._bucket, self._working.root)

    def address(self, folder: Path) -> str:
        return self._bucket.address(folder.relative_to(self._working.root).as_posix())

    def _key(self, folder: Path, name: str = "") -> str:
        return (folder / name).relative_to(self._working.root).as_posix()

    def _put_by_hash(self, folder: str, path: Path) -> None:
        """Put *path* below the key *folder* under a name with its hash, unless it is there."""
        sha256 = sha256_of(path)
        key = hashed(folder, path.name, sha256)
        if self._bucket.hash_of(key) != sha256:
            self._bucket.put(key, path)


def _owner(bucket: Bucket, marker: Path) -> str:
    """Whose the bucket's prefix is: *marker*'s company from now on, if it was nobody's."""
    for _ in range(_ATTEMPTS):
        found = bucket.read(OWNER)
        if found is not None:
            return found.content.decode(errors="replace").strip()
        # Of two companies that come first at once, one puts the marker, and the other reads it
        bucket.put_if(OWNER, marker, None)
    raise _taken_away(bucket, OWNER)


def _taken_away(bucket: Bucket, key: str) -> AwsUnavailable:
    return AwsUnavailable(bucket.address(key), "it is put and is not there, again and again", "Look who else writes it")


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
    snapshots = [path for path in (folder / "snapshots").glob("[!.]*") if path.is_dir()]
    for found, most in ((weeks, _WEEKS), (snapshots, _SNAPSHOTS)):
        used = sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
        for path in used[most:]:
            if now - path.stat().st_mtime > _AT_WORK_S:
                shutil.rmtree(path, ignore_errors=True)
