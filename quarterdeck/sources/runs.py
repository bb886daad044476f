"""
A table's rows in the order of their key, however many there are: sorted runs on disk, merged into one file.

Memory holds one run while rows come in and a block of each run while they are merged. What comes out is a file
without a name, mapped into memory: it is gone when nobody holds the table any more, and the system may drop
what of it is in memory whenever it needs the room.
"""

from __future__ import annotations

import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from quarterdeck.files import saying_what_could_not_be_written
from quarterdeck.sources.ahead import ahead

_RUN_ROWS = 16_384  # sorted at once, and held while rows come in
_BLOCK_ROWS = 2_048  # of each run, held while the runs are merged


def in_order(
    tables: Iterable[pa.Table],
    schema: pa.Schema,
    key: str,
    refuse_twice: Callable[[str, int, int], None],
    pool: ThreadPoolExecutor,
) -> pa.Table:
    """
    All rows of *tables* by *key*, a text that every row has, in the order of its UTF-8 bytes.

    Args:
        tables: Each with *schema*; the next one is asked for when this one was taken in.
        refuse_twice: Called with a key and the numbers (from 0, as they came) of two rows that have it.
        pool: Its threads sort.

    Raises:
        StoreUnwritable: The folder for temporary files (`TMPDIR`) is full or not ours.
    """
    room = Path(f"{tempfile.gettempdir()} (TMPDIR names another)")
    with saying_what_could_not_be_written(room), tempfile.TemporaryDirectory(prefix="quarterdeck-") as scratch:
        runs, merged = Path(scratch) / "runs.arrow", Path(scratch) / "merged.arrow"
        numbered = schema.append(pa.field("row", pa.int64()))

        def by_key(rows: pa.Table) -> pa.Table:
            return rows.sort_by([(key, "ascending")]).combine_chunks()

        blocks = _write_runs(runs, ahead(pool, by_key, _runs(tables, numbered)), numbered)
        with pa.OSFile(str(runs)) as source, pa.ipc.new_file(str(merged), schema) as file:
            last: tuple[str, int] | None = None
            for _, rows in ahead(pool, by_key, _merged(pa.ipc.open_file(source), blocks, key)):
                last = _each_once(rows, key, last, refuse_twice)
                file.write_table(rows.select(schema.names))
        return pa.ipc.open_file(pa.memory_map(str(merged))).read_all()


def _write_runs(path: Path, sorted_runs: Iterable[tuple[pa.Table, pa.Table]], schema: pa.Schema) -> list[range]:
    """Write them to *path*; the numbers of each one's blocks there."""
    runs: list[range] = []
    written = 0
    with pa.ipc.new_file(str(path), schema) as file:
        for _, run in sorted_runs:
            blocks = run.to_batches(max_chunksize=_BLOCK_ROWS)
            for block in blocks:
                file.write_batch(block)
            runs.append(range(written, written + len(blocks)))
            written += len(blocks)
    return runs


def _runs(tables: Iterable[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    """*tables*, with their rows numbered, in pieces that are worth sorting."""
    waiting = [schema.empty_table()]
    held = counted = 0
    for table in tables:
        numbers = pa.array(range(counted, counted + len(table)), pa.int64())
        waiting.append(table.append_column(schema.field("row"), numbers))
        held, counted = held + len(table), counted + len(table)
        if held >= _RUN_ROWS:
            yield pa.concat_tables(waiting)
            waiting, held = [], 0
    if held:
        yield pa.concat_tables(waiting)


def _merged(file: pa.ipc.RecordBatchFileReader, runs: Iterable[range], key: str) -> Iterator[pa.Table]:
    """The rows of all runs in pieces: none has a key that is smaller than one of the piece before."""
    left = [(file.get_batch(blocks[0]), blocks[1:]) for blocks in runs]
    while left:
        # Up to here no run can have a smaller key than what is held of it.
        bound = min(block[key][-1].as_py() for block, _ in left)
        parts, still_left = [], []
        for block, blocks in left:
            count = bisect_right(block[key], bound, key=lambda one: one.as_py())
            parts.append(block.slice(0, count))
            if count < len(block):
                still_left.append((block.slice(count), blocks))
            elif blocks:
                still_left.append((file.get_batch(blocks[0]), blocks[1:]))
        yield pa.Table.from_batches(parts)
        left = still_left


def _each_once(
    rows: pa.Table, key: str, before: tuple[str, int] | None, refuse_twice: Callable[[str, int, int], None]
) -> tuple[str, int]:
    """Find a key that two rows have; *before* is the last key and row of the piece before, and so is the result."""
    keys, numbers = rows[key].chunk(0), rows["row"].chunk(0)
    first = (keys[0].as_py(), numbers[0].as_py())
    if before and before[0] == first[0]:
        refuse_twice(first[0], *sorted((before[1], first[1])))
    same = pc.index(pc.equal(keys[1:], keys[:-1]), value=True).as_py()
    if same >= 0:
        refuse_twice(keys[same].as_py(), *sorted((numbers[same].as_py(), numbers[same + 1].as_py())))
    return keys[-1].as_py(), numbers[-1].as_py()
