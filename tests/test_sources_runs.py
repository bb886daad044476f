import random
import subprocess
import sys
import tempfile

import pyarrow as pa
import pytest

from quarterdeck.errors import StoreUnwritable
from quarterdeck.sources import runs
from quarterdeck.sources.ahead import hands
from quarterdeck.sources.runs import in_order

SCHEMA = pa.schema([("id", pa.string()), ("value", pa.int64())])


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """Runs of ten rows and blocks of three, so that few rows take every turn; and temporary files of our own."""
    monkeypatch.setattr(runs, "_RUN_ROWS", 10)
    monkeypatch.setattr(runs, "_BLOCK_ROWS", 3)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def pages(ids, size=4):
    """Tables of *size* rows, as they come from a source; a row's value is its place among them."""
    rows = [{"id": id_, "value": place} for place, id_ in enumerate(ids)]
    for start in range(0, len(rows), size):
        yield pa.Table.from_pylist(rows[start : start + size], schema=SCHEMA)


def ordered(ids):
    """The rows of *ids* in order, and the pairs that were given twice."""
    twice = []
    with hands() as pool:
        table = in_order(pages(ids), SCHEMA, "id", lambda *found: twice.append(found), pool)
    return table, twice


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 100, 403])
def test_rows_come_back_in_order_none_lost_and_none_twice(count):
    """Whatever their number and order, rows are those that came, by id, with their own values."""
    ids = [f"u-{number:04}" for number in range(count)]
    shuffled = random.Random(count).sample(ids, count)  # noqa: S311 - an order, not a secret

    table, twice = ordered(shuffled)

    assert table.schema == SCHEMA
    assert table.to_pylist() == [{"id": id_, "value": shuffled.index(id_)} for id_ in ids]
    assert twice == []


def test_the_order_is_that_of_bytes():
    """Texts stand as their UTF-8 bytes do: capitals first, and an emoji behind the last of the two-byte forms."""
    ids = ["é", "\U0001f6a2", "Z", "a", "\uffee", "", "aa"]

    table, _ = ordered(ids)

    assert table["id"].to_pylist() == sorted(ids, key=str.encode) == ["", "Z", "a", "aa", "é", "\uffee", "\U0001f6a2"]


@pytest.mark.parametrize(("first", "second"), [(0, 1), (0, 59), (17, 18), (3, 40), (58, 59)])
def test_an_id_that_two_rows_have_is_found_wherever_they_are(first, second):
    """In one page, in two, at the ends: both rows are told, the earlier one first."""
    ids = [f"u-{number * 7 % 61:02}" for number in range(60)]
    ids[second] = ids[first]

    _, twice = ordered(ids)

    assert twice == [(ids[first], first, second)]


def test_equal_ids_are_found_across_pieces():
    """Where one id fills more than a block of each run, it is still found."""
    _, twice = ordered(["same"] * 50)

    assert twice
    assert {id_ for id_, _, _ in twice} == {"same"}


def test_nothing_is_left_on_disk(tmp_path):
    """The file has no name while it is read, whether the reading ended well or not."""
    table, _ = ordered([f"{number}" for number in range(100)])
    assert table.num_rows == 100
    assert list(tmp_path.iterdir()) == []

    with pytest.raises(ZeroDivisionError), hands() as pool:
        in_order((1 / 0 for _ in range(1)), SCHEMA, "id", print, pool)
    assert list(tmp_path.iterdir()) == []


def test_no_room_for_temporary_files_is_said(monkeypatch, tmp_path):
    """The message names the folder, and the variable that names another one."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))

    with pytest.raises(StoreUnwritable, match=r"gone \(TMPDIR names another\) could not be written: No such file"):
        ordered(["a"])


PEAK = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from quarterdeck.config import load_company
from quarterdeck.snapshot import take_snapshot
from quarterdeck.sources import Collected
from quarterdeck.sources.canonical import content_hash
from quarterdeck.sources.dynamodb_json import Items, Origin
from quarterdeck.sources.tables import typed_table

folder, count, now = Path(sys.argv[1]), int(sys.argv[2]), datetime(2026, 11, 24, tzinfo=UTC)
columns = "{user_id: id, kind: {value: customer}, created_at: at, channel: channel}"
settings = "{slug: s, name: S, currency: EUR, time_zone: UTC, sources: {tables: {users: {table: users, columns: %s}}}}"
(folder / "company.yaml").write_text(settings % columns)
company = load_company(folder)

def pages(attributes):
    for start in range(0, count, 1000):
        ids = (number * 7919 % count for number in range(start, start + 1000))
        at, web = {"S": "2026-11-01T10:00:00Z"}, {"S": "web"}
        items = [{"id": {"S": f"u-{id_:08}"}, "at": at, "channel": web} for id_ in ids]
        yield Items(Origin("users", "item", range(1, 1001)), items)

table, _ = typed_table("users", pages, company)
content_hash("users", table)
collected = Collected({"users": table}, (), {})
take_snapshot(collected, company, as_of=now, store=folder / "snapshots", collected_at=now)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_ten_times_the_rows_take_a_tenth_more_memory_at_most(tmp_path):
    """From typed pages to the frozen snapshot, memory is that of pages and runs, not that of the table."""

    def peak(count):
        folder = tmp_path / str(count)
        folder.mkdir()
        ended = subprocess.run(
            [sys.executable, "-c", PEAK, str(folder), str(count)], check=True, capture_output=True, text=True
        )
        return int(ended.stdout)

    assert peak(100_000) <= 1.1 * peak(10_000)
