"""Where a notebook's data comes from when nobody says: the company of the environment, frozen on the spot."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from quarterdeck.config import Environment, load_company
from quarterdeck.errors import InputInvalid
from quarterdeck.inventory import AssetInventory
from quarterdeck.snapshot import open_snapshot, take_snapshot
from quarterdeck.sources import collect

_SAMPLE, _STORE = "sample", "outputs"


def inventory_for(snapshot: str | None) -> AssetInventory:
    """
    The snapshot in folder *snapshot*; without one, a snapshot of the company that the environment names, taken now.

    The runner always names one. At an analyst's desk `QUARTERDECK_COMPANY`, or the sample company, is looked for in
    the notebook's folder and in those above it; its snapshots go beside the runner's.

    Raises:
        InputInvalid: There is no such snapshot or company, or a source cannot be used.
        SnapshotDamaged: The snapshot is not what was frozen.
        StoreUnwritable: A new snapshot could not be written.
    """
    return open_snapshot(Path(snapshot) if snapshot else _snapshot_at_desk(Path.cwd()))


def _folder_of(environment: Environment) -> str:
    """Where a desk keeps its snapshots: the environment's folder; a bucket is the runner's."""
    store = environment.store or _STORE
    return _STORE if store.startswith("s3://") else store


def _snapshot_at_desk(start: Path) -> Path:
    roots = [start, *start.parents]
    settings = next((folder / ".env" for folder in roots if (folder / ".env").is_file()), None)
    environment = Environment.read(settings)
    named, store = Path(environment.company or _SAMPLE), Path(_folder_of(environment))
    root = next((folder for folder in roots if (folder / named / "company.yaml").is_file()), None)
    if root is None:
        found = f"no company.yaml in it, in {start} or above"
        raise InputInvalid(f"company folder {named}", found, "QUARTERDECK_COMPANY to name one", "jupyter lab")
    company = load_company(root / named)
    collected_at = datetime.now(UTC)  # the moment of collecting: the one clock that a desk reads
    return take_snapshot(
        collect(company, root / named),
        company,
        as_of=company.as_of or collected_at,
        store=root / store / "snapshots",
        collected_at=collected_at,
    )
