"""Where a report's figures come from: the block that ends every report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

from quarterdeck.blocks import Provenance, Source
from quarterdeck.charts import plain
from quarterdeck.display import Display
from quarterdeck.inventory import TABLES, AssetInventory


def provenance_of(inventory: AssetInventory, display: Display, tables: Sequence[str]) -> Provenance:
    """Snapshot, as-of, rows and age of *tables* (of all when none is named), and what was not understood."""
    used = tables or [name for name in TABLES if name != "findings"]
    absent = [name.replace("_", " ") for name in used if name not in inventory.row_counts]
    return Provenance(
        snapshot=inventory.snapshot,
        as_of=display.instant(inventory.as_of),
        sources=tuple(_source(inventory, name) for name in used if name in inventory.row_counts),
        absent=(f"Not in the company's folder: {', '.join(absent)}.",) if absent else (),
        findings=_findings(inventory),
        sample=inventory.company.sample,
    )


def age_words(age: timedelta, days: str, hours: str) -> str:
    """`3 d`, `under 1 h`: how old something is, in the unit that a reader counts in, by the words for both."""
    whole = math.floor(age / timedelta(hours=1))
    if whole >= 48:
        return f"{whole // 24} {days}"
    return f"{whole} {hours}" if whole > 1 else f"{'' if whole else 'under '}1 {hours.removesuffix('s')}"


def _source(inventory: AssetInventory, name: str) -> Source:
    age = inventory.age(name)
    words = "age unknown" if age is None else f"{age_words(age, 'd', 'h')} old"
    return Source(name=name.replace("_", " ").capitalize(), rows=inventory.row_counts[name], age=words)


def _findings(inventory: AssetInventory) -> tuple[str, ...]:
    """What was not understood in the sources, each with its place."""
    if not inventory.has("findings"):
        return ()
    found = []
    for row in inventory.table("findings").to_dict("records"):
        document, line = plain(row.get("document")), plain(row.get("line"))
        place = f"{document or row['source']}" + (f", line {line}" if line else "")
        found.append(f"{place}: {row['message']}")
    return tuple(found)
