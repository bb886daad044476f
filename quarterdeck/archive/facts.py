"""What the archive tells: editions with their runs and deliveries from the ledger, figures from the manifests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from quarterdeck.blocks import MIME, FigureRecord
from quarterdeck.config import edition_parts
from quarterdeck.ledger import Delivery, Edition, Ledger, Run
from quarterdeck.store import ArchiveFiles

MOST_WEEKS = 53  # a year's
_FILES = ("page.html", "message.eml", "manifest.json", "executed.ipynb")
_RECORDS = TypeAdapter(Mapping[str, FigureRecord])


@dataclass(frozen=True)
class Archived:
    """
    One edition.

    Args:
        files: Those of its files that are there, each with its path from the index.
        subject: Of its mail; empty where its manifest is gone, as the next two are.
        body: The hash of its mail's body.
        figures: What it showed, by metric id; none where it failed, as its files are of the build before.
    """

    edition: Edition
    runs: Sequence[Run]
    deliveries: Sequence[Delivery]
    files: Mapping[str, str]
    subject: str
    body: str
    figures: Mapping[str, FigureRecord]

    @property
    def report(self) -> str:
        return edition_parts(self.edition.name)[0]

    @property
    def period(self) -> str:
        return self.edition.period


def archived(ledger: Ledger, archive: ArchiveFiles) -> list[Archived]:
    """
    The editions whose pages are to be written, the latest period first, reports in order.

    They are those of the latest batches that *ledger* knows, and older ones that have no page yet: nobody changes
    those any more.
    """
    there = {edition_parts(edition)[1] for edition in archive.editions()}
    found = [
        _archived(ledger, archive, edition)
        for number, batch in enumerate(ledger.batches())
        if number < MOST_WEEKS or batch.period not in there
        for edition in ledger.editions(batch.period)
    ]
    by_report = sorted(found, key=lambda one: one.report)
    return sorted(by_report, key=lambda one: one.period, reverse=True)


def _archived(ledger: Ledger, archive: ArchiveFiles, edition: Edition) -> Archived:
    manifest = _manifest(archive, edition.name)
    names = {name: archive.kept(edition.name, name, _said(manifest, "outputs", name)) for name in _FILES}
    names["failed.ipynb"] = archive.failed(edition.name, edition.run)
    return Archived(
        edition,
        ledger.runs(edition.name),
        ledger.deliveries(edition.name),
        {name: place for name, place in names.items() if archive.has(place)},
        _said(manifest, "message", "subject"),
        _said(manifest, "message", "body"),
        _figures(manifest) if edition.state != "failed" else {},
    )


def _manifest(archive: ArchiveFiles, edition: str) -> dict[str, Any]:
    """The manifest of *edition*; nothing where it is gone, or none of ours: the rest of the archive stands."""
    try:
        content = json.loads(archive.read(archive.kept(edition, "manifest.json", "")) or b"")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _said(manifest: Mapping[str, Any], part: str, name: str) -> str:
    """What *manifest* says there; empty where it says nothing."""
    found = manifest.get(part)
    return str(found.get(name, "")) if isinstance(found, dict) else ""


def _figures(manifest: Mapping[str, Any]) -> Mapping[str, FigureRecord]:
    try:
        return _RECORDS.validate_python(manifest.get("metrics", {}))
    except ValidationError:
        return {}


def kpis_of(executed: bytes) -> Mapping[str, str]:
    """The KPIs of an *executed* notebook, id to label, in its order; empty where it is none of ours."""
    try:
        outputs = [output for cell in json.loads(executed)["cells"] for output in cell.get("outputs", [])]
        blocks = [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]
        return {str(kpi["id"]): str(kpi["label"]) for block in blocks for kpi in block.get("kpis", [])}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
