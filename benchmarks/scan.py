"""
A DynamoDB table scanned to a snapshot: seconds and peak memory at several sizes, side by side in one run.

    make bench-scan                      10,000 and 100,000 items
    make bench-scan ITEMS="1000 5000"

The table is on MiniStack, on this machine. Each size is scanned three times, each time by a process of its own, so that
its peak memory is its own; the medians are printed.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from hotel_on_aws import fill_table, make_table
from items import customers, settings
from measuring import peak_mb
from stand_ins import boto3_variables, serving_ministack

_ROUNDS = 3
_CUSTOMERS = """\
    users:
      table: {table}
      columns: {{user_id: id, kind: {{value: customer}}, created_at: at, channel: channel}}
"""


def scan(table: str) -> None:
    """Take a snapshot of *table* in this process, and print what it cost as JSON."""
    from quarterdeck.config import load_company  # noqa: PLC0415 - measured below, like all that a scan loads
    from quarterdeck.snapshot import take_snapshot  # noqa: PLC0415 - likewise
    from quarterdeck.sources import collect  # noqa: PLC0415 - likewise

    with tempfile.TemporaryDirectory() as scratch:
        folder, now = Path(scratch), datetime.now(UTC)
        (folder / "company.yaml").write_text(settings(_CUSTOMERS.format(table=table)), encoding="utf-8")
        company = load_company(folder)
        loaded_mb, began = peak_mb(), time.monotonic()
        collected = collect(company, folder)
        take_snapshot(collected, company, as_of=now, store=folder / "snapshots", collected_at=now)
        seconds = time.monotonic() - began
    print(json.dumps({"rows": collected.tables["users"].num_rows, "s": seconds, "mb": peak_mb(), "loaded": loaded_mb}))


def main(sizes: list[int]) -> None:
    """Serve, load and scan each of *sizes*."""
    with tempfile.TemporaryDirectory() as folder, serving_ministack(Path(folder) / "log") as endpoint:
        os.environ |= boto3_variables(endpoint, Path(folder))
        for size in sizes:
            make_table(f"bench-{size}", "id")
            fill_table(f"bench-{size}", customers(size))
        print(
            "| items | seconds | items a second | MB before | MB at the peak |\n|---:|---:|---:|---:|---:|", flush=True
        )
        rounds: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
        for _ in range(_ROUNDS):
            for size in sizes:
                command = [sys.executable, __file__, "--scan", f"bench-{size}"]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                rounds[size].append(json.loads(done.stdout))
        for size, found in rounds.items():
            assert {one["rows"] for one in found} == {size}, "rows were lost"  # noqa: S101 - a figure of less would lie
            s, loaded, mb = (statistics.median(one[name] for one in found) for name in ("s", "loaded", "mb"))
            print(f"| {size:,} | {s:.1f} | {size / s:,.0f} | {loaded:.0f} | {mb:.0f} |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--scan"]:
        scan(sys.argv[2])
    else:
        main([int(size) for size in sys.argv[1:]] or [10_000, 100_000])
