"""
An export of a DynamoDB table to a frame and to a snapshot: seconds and peak memory, side by side in one run.

    make bench-loading                       10,000, 100,000 and 1,000,000 items
    make bench-loading ITEMS="10000 100000"

The export lies in eight gzipped files; its twelve attributes (`items.booking`) are all mapped. Each side is a process
of its own, in turn, three rounds; seconds begin when everything is imported, and the medians are printed.

The other side is what stands in most answers to "how do I read an export": json, boto3's TypeDeserializer, pandas. Its
frame is untyped and unchecked; Quarterdeck's has our columns, typed, in the order of their key, exact to the cent.
"""

from __future__ import annotations

import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from items import write_company
from measuring import environment, peak_mb

_ROUNDS = 3


def by_type_deserializer(folder: Path) -> Callable[[], tuple[int, Decimal]]:
    """Give what loads the export in *folder* so, with everything imported."""
    import pandas as pd  # noqa: PLC0415 - each side loads what it needs
    from boto3.dynamodb.types import TypeDeserializer  # noqa: PLC0415 - likewise

    def load() -> tuple[int, Decimal]:
        deserialize, rows = TypeDeserializer().deserialize, []
        for file in sorted(folder.glob("**/data/*.json.gz")):
            with gzip.open(file, "rb") as lines:
                for line in lines:
                    item = json.loads(line)["Item"]
                    rows.append({name: deserialize(value) for name, value in item.items()})
        frame = pd.DataFrame(rows)
        return len(frame), frame["price"].sum()

    return load


def by_quarterdeck(folder: Path) -> Callable[[], tuple[int, Decimal]]:
    """Likewise, to a frame of our columns."""
    from quarterdeck.config import load_company  # noqa: PLC0415 - likewise
    from quarterdeck.sources import collect  # noqa: PLC0415 - likewise

    def load() -> tuple[int, Decimal]:
        frame = collect(load_company(folder), folder).tables["events"].to_pandas()
        return len(frame), Decimal(int(frame["price_minor"].sum())) / 100

    return load


def by_quarterdeck_to_a_snapshot(folder: Path) -> Callable[[], tuple[int, Decimal]]:
    """Likewise, to the snapshot that notebooks read: validated, hashed, written."""
    import pyarrow.compute as pc  # noqa: PLC0415 - likewise

    from quarterdeck.config import load_company  # noqa: PLC0415 - likewise
    from quarterdeck.snapshot import take_snapshot  # noqa: PLC0415 - likewise
    from quarterdeck.sources import collect  # noqa: PLC0415 - likewise

    def load() -> tuple[int, Decimal]:
        company, now = load_company(folder), datetime.now(UTC)
        collected = collect(company, folder)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            take_snapshot(collected, company, as_of=now, store=Path(scratch), collected_at=now)
        events = collected.tables["events"]
        return events.num_rows, Decimal(pc.sum(events["price_minor"]).as_py()) / 100

    return load


SIDES = {
    "json + TypeDeserializer + pandas → frame": by_type_deserializer,
    "Quarterdeck → frame": by_quarterdeck,
    "Quarterdeck → validated snapshot": by_quarterdeck_to_a_snapshot,
}
_BASE = next(iter(SIDES))


def alone(side: str, folder: Path) -> None:
    """Load by *side* in this process, and print what it cost as JSON."""
    load = SIDES[side](folder)
    began = time.monotonic()
    rows, price = load()
    print(json.dumps({"s": time.monotonic() - began, "mb": peak_mb(), "rows": rows, "price": str(price)}))


def measured(side: str, folder: Path) -> dict[str, float | str]:
    """What it cost, in a process of its own."""
    command = [sys.executable, __file__, "--alone", side, folder]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment())
    if done.returncode != 0:
        sys.exit(f"{side} ended with {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout)


def compare(count: int) -> None:
    """Print the rows of one size."""
    with tempfile.TemporaryDirectory(prefix="qd-bench-") as scratch:
        size = write_company(Path(scratch), count)
        found: dict[str, list[dict[str, float | str]]] = {side: [] for side in SIDES}
        for _ in range(_ROUNDS):
            for side in SIDES:
                found[side].append(measured(side, Path(scratch)))
    sums = {(one["rows"], Decimal(one["price"])) for told in found.values() for one in told}
    assert len(sums) == 1, f"the sides do not agree: {sums}"  # noqa: S101 - a figure of less would lie
    for side, told in found.items():
        s, mb = (statistics.median(one[name] for one in told) for name in ("s", "mb"))
        times = statistics.median(its["s"] / mine["s"] for mine, its in zip(told, found[_BASE], strict=True))
        print(
            f"| {count:,} | {size / 1e6:.0f} | {side} | {s:.2f} | {count / s:,.0f} | {mb:.0f} | {times:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        alone(sys.argv[2], Path(sys.argv[3]))
    else:
        print("| items | raw MB | way | seconds | items a second | MB at the peak | times as fast |")
        print("|---:|---:|---|---:|---:|---:|---:|", flush=True)
        for given in sys.argv[1:]:
            compare(int(given))
