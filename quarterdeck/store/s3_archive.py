"""What the archive is made of, and where it is written, in a bucket."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from quarterdeck.store import MANIFEST
from quarterdeck.store.archiving import INDEX, PAGES, FolderArchive, edition_at, hashed, place_of
from quarterdeck.store.bucket import Bucket, Standing

_AT_ONCE = 8  # requests
_MOST_READ = 53  # weeks, all that are written again; of more, what is missing is read when it is asked for


class BucketArchive:
    """
    The `ArchiveFiles` of a bucket, as it was at one moment.

    Pages are the only objects that are ever replaced, each on the condition that it is still what was read: who reads
    the bucket first and the ledger then cannot put an older state over a newer one.
    """

    def __init__(self, bucket: Bucket, working: Path) -> None:
        """
        Read *bucket*; *working* is its working folder, for messages.

        Raises:
            AwsUnavailable: It does not let us.
        """
        self._bucket = bucket
        self._messages = FolderArchive(working)
        self._names = {name for below in (f"{PAGES}/", "2") for name in bucket.names(below)}  # of weeks: 2026-W48/…
        small = [name for name in self._names if name.endswith((f"/{INDEX}", f"/{MANIFEST}"))]
        weeks = {name.removeprefix(f"{PAGES}/").partition("/")[0] for name in small}
        read = sorted(weeks, reverse=True)[:_MOST_READ]
        latest = [name for name in small if name.removeprefix(f"{PAGES}/").partition("/")[0] in read]
        self._read = self._standing([INDEX, *latest])

    def _standing(self, names: Sequence[str]) -> dict[str, Standing | None]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip(names, pool.map(self._bucket.read, names), strict=True))

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()  # the condition of each write does it

    def editions(self) -> Collection[str]:
        return {edition_at(name) for name in self._names if name.startswith(f"{PAGES}/") and name.endswith(f"/{INDEX}")}

    def has(self, name: str) -> bool:
        return name in self._names

    def read(self, name: str) -> bytes | None:
        if name not in self._read and name in self._names:
            self._read[name] = self._bucket.read(name)
        found = self._read.get(name)
        return None if found is None else found.content

    def kept(self, edition: str, name: str, sha256: str) -> str:
        return hashed(place_of(edition), name, sha256) if name != MANIFEST else f"{place_of(edition)}/{name}"

    def failed(self, edition: str, run: str) -> str:
        return f"{place_of(edition)}/failed-{run}.ipynb"

    def form(self, edition: str, name: str, body: str) -> str:
        return hashed(f"{PAGES}/{place_of(edition)}", name, body)

    def forms(self, edition: str, body: str) -> Mapping[str, str]:
        below, mark = f"{PAGES}/{place_of(edition)}/", f"-{body[:16]}."
        found = [name for name in self._names if name.startswith(below) and mark in name]
        return {name.removeprefix(below).replace(mark, "."): name for name in found}

    def message(self, edition: str) -> bytes | None:
        return self._messages.message(edition)

    def write(self, name: str, content: bytes) -> bool:
        if self.read(name) == content:
            return True
        with tempfile.TemporaryDirectory(prefix="qd-") as folder:
            path = Path(folder) / Path(name).name
            path.write_bytes(content)
            return self._bucket.put_if(name, path, self._read.get(name))
