"""
Readings that are kept: what each source gave the last time, for as long as it would give just that again.

One new handoff is no reason to read a million bookings anew. A reading is given again where its inputs are what they
were (the source's files, the company's settings, our code and Python, by their hashes) and what was kept is whole.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from quarterdeck.errors import StoreUnwritable
from quarterdeck.files import saying_what_could_not_be_written, sha256_of
from quarterdeck.log import logger
from quarterdeck.sources.reading import Finding, Reading

_log = logger()


@dataclass(frozen=True)
class KeptReadings:
    """
    What sources gave, in a folder.

    Args:
        folder: Of this company alone; it is made where it is missing.
        made_by: The hash of all code that reads.
        is_believed: Whether what lies there may be given again; else it is only renewed.
    """

    folder: Path
    made_by: str
    is_believed: bool = True

    def of(self, source: str, made_from: Callable[[], Iterable[str]], read: Callable[[], Reading]) -> Reading:
        """
        What *source* gave when all that it is *made_from* (hashes) was the same; else what *read* gives, which is kept.

        Where a file was changed while it was read, or there is no room, nothing is kept: it only spares time.
        """
        inputs = [self.made_by, *made_from()]
        kept = self._kept(source, inputs) if self.is_believed else None
        if kept is not None:
            return kept
        reading = read()
        if [self.made_by, *made_from()] == inputs:
            try:
                self._keep(source, inputs, reading)
            except StoreUnwritable as error:
                _log.warning("what a source gave is not kept", source=source, because=str(error))
        return reading

    def _kept(self, source: str, inputs: Sequence[str]) -> Reading | None:
        try:
            known = json.loads(self._note(source).read_bytes())
            if known["inputs"] != inputs:
                return None
            tables: dict[str, pa.Table] = {}
            for name, sha256 in known["tables"].items():
                # Hashed and read by one map: another start may put another file there meanwhile
                content = pa.memory_map(str(self._table(source, name))).read_buffer()
                if hashlib.sha256(content).hexdigest() != sha256:
                    return None
                tables[name] = pa.ipc.open_file(content).read_all()
            return Reading(tables, [Finding(**finding) for finding in known["findings"]], known["hashes"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException):
            return None  # nothing was kept, or not all of it: whoever reads the source says what is wrong there

    def _keep(self, source: str, inputs: Sequence[str], reading: Reading) -> None:
        note = self._note(source)
        with saying_what_could_not_be_written(note):
            self.folder.mkdir(parents=True, exist_ok=True)
            note.unlink(missing_ok=True)  # until it is written again, nothing is believed
            tables = {name: _write(table, self._table(source, name)) for name, table in reading.tables.items()}
            findings = [vars(finding) for finding in reading.findings]
            known = {"inputs": inputs, "tables": tables, "findings": findings, "hashes": dict(reading.hashes)}
            note.write_text(json.dumps(known), encoding="utf-8")

    def _note(self, source: str) -> Path:
        return self.folder / f"{source}.json"

    def _table(self, source: str, name: str) -> Path:
        return self.folder / f"{source}-{name}.arrow"


def _write(table: pa.Table, path: Path) -> str:
    """The SHA-256 of the file; by it a reader knows, so nobody waits until all of it is on the disk."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")  # another start may have the old one mapped
    try:
        with pa.OSFile(str(beside), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        sha256 = sha256_of(beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return sha256
