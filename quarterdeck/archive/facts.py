"""What the archive tells: editions with their runs and deliveries from the ledger, figures from the manifests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from quarterdeck.blocks import MIME, FigureRecord
from quarterdeck.config import edition_parts
from quarterdeck.ledger import Delivery, Edition, Ledger, Run

_RECORDS = TypeAdapter(Mapping[str, FigureRecord])


@dataclass(frozen=True)
class Archived:
    """
    One edition.

    Args:
        folder: Where its files lie; some of them, or all, may be gone.
        subject: Of its mail; empty where its manifest is gone.
        figures: What it showed, by metric id.
    """

    edition: Edition
    folder: Path
    runs: Sequence[Run]
    deliveries: Sequence[Delivery]
    subject: str = ""
    figures: Mapping[str, FigureRecord] = field(default_factory=dict)

    @property
    def report(self) -> str:
        return edition_parts(self.edition.name)[0]

    @property
    def period(self) -> str:
        return self.edition.period

    @property
    def has(self) -> Mapping[str, bool]:
        """Which of its files are there, by name."""
        names = ("page.html", "message.eml", "manifest.json", "executed.ipynb", "failed.ipynb")
        return {name: (self.folder / name).is_file() for name in names}


def archived(ledger: Ledger, outputs: Path) -> list[Archived]:
    """Every edition that *ledger* knows, the latest period first, reports in order."""
    found = [
        _archived(ledger, edition, outputs / batch.period / edition_parts(edition.name)[0])
        for batch in ledger.batches()
        for edition in ledger.editions(batch.period)
    ]
    by_report = sorted(found, key=lambda one: one.report)
    return sorted(by_report, key=lambda one: one.period, reverse=True)


def _archived(ledger: Ledger, edition: Edition, folder: Path) -> Archived:
    manifest = _manifest(folder)
    return Archived(
        edition,
        folder,
        ledger.runs(edition.name),
        ledger.deliveries(edition.name),
        str(manifest.get("message", {}).get("subject", "")),
        _figures(manifest),
    )


def _manifest(folder: Path) -> dict[str, Any]:
    """The manifest in *folder*; nothing where it is gone, or none of ours: the rest of the archive stands."""
    try:
        content = json.loads((folder / "manifest.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _figures(manifest: Mapping[str, Any]) -> Mapping[str, FigureRecord]:
    try:
        return _RECORDS.validate_python(manifest.get("metrics", {}))
    except ValidationError:
        return {}


def kpis_of(folder: Path) -> Mapping[str, str]:
    """The KPIs of the edition in *folder*, id to label, in its order; empty where its notebook is gone."""
    try:
        notebook = json.loads((folder / "executed.ipynb").read_bytes())
        outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
        blocks = [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]
        return {str(kpi["id"]): str(kpi["label"]) for block in blocks for kpi in block.get("kpis", [])}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
