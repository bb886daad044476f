import gzip
import json
import os
import random
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
import yaml

from quarterdeck import snapshot
from quarterdeck.config import load_company
from quarterdeck.errors import InputInvalid, SnapshotDamaged, StoreUnwritable
from quarterdeck.inventory import TABLES, NotAvailable
from quarterdeck.snapshot import open_snapshot, read_manifest, reusable_snapshot, take_snapshot
from quarterdeck.sources import Collected, collect
from quarterdeck.sources.canonical import content_hash
from quarterdeck.sources.reading import table_of

HOTEL = Path(__file__).parent / "data" / "hotel-2016"
AS_OF = datetime(2026, 11, 23, 13, 10, tzinfo=UTC)
COLLECTED_AT = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)

SETTINGS = {
    "slug": "harbour",
    "name": "Harbour",
    "currency": "USD",
    "time_zone": "America/Los_Angeles",
    "policies": {"minimum_cash": 25000},
    "sources": {
        "domains": {"path": "route53"},
        "tables": {
            "events": {
                "path": "Events.json",
                "columns": {
                    "event_id": "id",
                    "business": {"value": "Whale Watch"},
                    "status": "state",
                    "booked_at": "booked",
                    "starts_at": "start",
                    "channel": "channel",
                    "price_minor": "price",
                },
            }
        },
        "books": {"path": "books"},
    },
}
EXPENSES = ["2026-11-20,Fuel Dock,412.50,5100", "2026-11-20,Fuel Dock,412.50,", "2026-11-24,Chandler,18.05,5200"]


def item(number):
    return {
        "id": {"S": f"E-{number:03}"},
        "state": {"S": "booked"},
        "booked": {"S": f"2026-11-{1 + number % 28:02}T17:00:00Z"},
        "start": {"S": f"2026-12-{1 + number % 28:02}T18:00:00-08:00"},
        "price": {"N": f"{100 + number}.5"},
        **({} if number % 3 else {"channel": {"S": "Wébsite"}}),
    }


ITEMS = [item(number) for number in range(40)]


@pytest.fixture
def harbour(tmp_path):
    """A function (changes) → a company folder with events, books and a zone that lacks its records."""
    made = iter(range(100))

    def write(items=ITEMS, *, expenses=EXPENSES, settings=None):
        folder = tmp_path / f"harbour-{next(made)}"
        (folder / "books").mkdir(parents=True)
        (folder / "route53").mkdir()
        (folder / "company.yaml").write_text(yaml.safe_dump({**SETTINGS, **(settings or {})}))
        (folder / "Events.json").write_text(json.dumps({"Items": items}))
        (folder / "books" / "expenses.csv").write_text("date,vendor,amount,account\n" + "\n".join(expenses))
        zones = {"HostedZones": [{"Name": "harbour.example.", "ResourceRecordSetCount": 2}]}
        (folder / "route53" / "hosted-zones.json").write_text(json.dumps(zones))
        return folder

    return write


@pytest.fixture
def freeze(tmp_path):
    """A function (company folder) → the folder of its snapshot."""

    def take(folder, *, as_of=AS_OF, store=None, collected_at=COLLECTED_AT):
        company = load_company(folder)
        store = store or tmp_path / "snapshots"
        return take_snapshot(collect(company, folder), company, as_of=as_of, store=store, collected_at=collected_at)

    return take


@pytest.fixture
def frozen(harbour, freeze):
    return freeze(harbour())


def with_columns(**columns):
    """The company's settings, with more or other columns of events."""
    settings = json.loads(json.dumps(SETTINGS))
    settings["sources"]["tables"]["events"]["columns"] |= columns
    return settings


# The id


def test_the_same_data_has_the_same_id_in_every_form_and_order(harbour, freeze):
    """Shuffled rows, gzip, pages, an export's files and lines, shuffled CSV: one id."""
    expected = freeze(harbour()).name
    shuffled = random.Random(7).sample(ITEMS, len(ITEMS))  # noqa: S311 - an order, not a secret

    folders = [harbour(shuffled, expenses=EXPENSES[::-1])]
    folders.append(harbour())
    content = gzip.compress((folders[-1] / "Events.json").read_bytes())
    (folders[-1] / "Events.json").write_bytes(content)
    folders.append(harbour())
    (folders[-1] / "Events.json").write_text("\n".join(json.dumps({"Items": [one]}) for one in shuffled))
    folders.append(harbour())
    (folders[-1] / "Events.json").unlink()
    data = folders[-1] / "Events.json" / "AWSDynamoDB" / "0176" / "data"
    data.mkdir(parents=True)
    for number in range(4):
        lines = "\n".join(json.dumps({"Item": one}) for one in shuffled[number::4])
        (data / f"{number}.json.gz").write_bytes(gzip.compress(lines.encode()))
    (data.parent / "manifest-summary.json").write_text("{}")

    assert [freeze(folder).name for folder in folders] == [expected] * 4


def test_the_export_s_folder_may_be_given_at_any_depth(harbour, freeze):
    """`data/*.json.gz` directly under the path, and gunzipped files, are read as well."""
    expected = freeze(harbour()).name
    folder = harbour()
    (folder / "Events.json").unlink()
    (folder / "Events.json" / "data").mkdir(parents=True)
    lines = "\n".join(json.dumps({"Item": one}) for one in ITEMS)
    (folder / "Events.json" / "data" / "a.json").write_text(lines)

    assert freeze(folder).name == expected


@pytest.mark.parametrize(
    "change",
    [
        {"items": [*ITEMS[:-1], {**ITEMS[-1], "price": {"N": "139.51"}}]},
        {"items": [*ITEMS[:-1], {**ITEMS[-1], "price": {"NULL": True}}]},
        {"items": ITEMS[:-1]},
        {"expenses": EXPENSES[:-1]},
        {"settings": {"policies": {"minimum_cash": 25000, "collection_days": 31}}},
        {"settings": {"name": "Harbor"}},
        {"settings": {"time_zone": "America/Vancouver"}},
        {"settings": with_columns(ends_at="end")},
    ],
    ids=["cent", "price", "row", "expense", "policy", "name", "zone", "column"],
)
def test_any_change_of_content_is_another_id(harbour, freeze, change):
    """One cent, a missing price, a row, a policy, the company's name or one more column: another snapshot."""
    assert freeze(harbour(**change)).name != freeze(harbour()).name


def test_another_as_of_is_another_id(harbour, freeze):
    """The as-of is content: the same rows a second later are another snapshot."""
    folder = harbour()

    assert freeze(folder).name != freeze(folder, as_of=AS_OF + timedelta(seconds=1)).name


def test_one_amount_written_in_two_ways_is_one_id(harbour, freeze):
    """A policy of 25000 and of 25000.00 is the same amount, and so is an as-of in another zone."""
    folder = harbour(settings={"policies": {"minimum_cash": 25000.00}})
    elsewhere = AS_OF.astimezone(datetime.fromisoformat("2026-11-23T00:00:00+09:00").tzinfo)

    assert freeze(folder, as_of=elsewhere).name == freeze(harbour()).name


def test_content_tells_missing_from_zero_and_where_texts_end():
    """A missing count is not 0, a missing text not empty, and `ab`,`c` not `a`,`bc`."""

    def hash_of(*rows):
        return content_hash(
            "revenue_streams", table_of("revenue_streams", [dict(zip(keys, row, strict=True)) for row in rows])
        )

    keys = ("project", "stream", "monthly_minor", "note", "document", "line")
    hashes = [
        hash_of(("p", "ab", 0, "", "d", 1), ("p", "c", 0, "", "d", 1)),
        hash_of(("p", "a", 0, "", "d", 1), ("p", "bc", 0, "", "d", 1)),
        hash_of(("p", "ab", None, "", "d", 1), ("p", "c", 0, "", "d", 1)),
        hash_of(("p", "ab", 0, None, "d", 1), ("p", "c", 0, "", "d", 1)),
        hash_of(("p", "ab", 0, "", "d", 1), ("p", "c", 0, "", "d", 1), ("p", "c", 0, "", "d", 1)),
        hash_of(),
    ]

    assert len(set(hashes)) == len(hashes)


def test_content_does_not_depend_on_chunks():
    """Rows in one piece, in several, or cut out of a longer table have one hash, for every kind of column."""
    rows = [
        {
            "claim_id": f"é{number}",
            "event_id": "E-1",
            "user_id": None if number % 2 else "U-1",
            "role": "mate",
            "status": "open",
            "hours": Decimal(number) / 8,
            "rate_minor": number,
            "claimed_at": None if number % 3 else AS_OF,
        }
        for number in range(9)
    ]
    flags = [
        {"user_id": f"{number}", "kind": "crew", "mfa_enabled": (True, False, None)[number % 3]} for number in range(9)
    ]

    for name, table in (("claims", table_of("claims", rows)), ("users", table_of("users", flags, flags[0]))):
        whole = content_hash(name, table.slice(2, 5))
        assert content_hash(name, pa.concat_tables([table.slice(2, 2), table.slice(4, 3)])) == whole
        assert content_hash(name, pa.Table.from_pylist(table.to_pylist()[2:7], schema=table.schema)) == whole


def test_the_id_is_the_same_in_another_process_locale_and_zone(harbour, freeze):
    """Locale, TZ, hash seed and working folder of the process do not reach the id."""
    folder = harbour()
    expected = freeze(folder).name
    script = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC;"
        "from quarterdeck.config import load_company; from quarterdeck.sources import collect;"
        "from quarterdeck.snapshot import take_snapshot;"
        "folder = Path(sys.argv[1]); company = load_company(folder); at = datetime.fromisoformat(sys.argv[2]);"
        "print(take_snapshot(collect(company, folder), company, as_of=at, store=Path('s'), collected_at=at).name)"
    )
    environment = {**os.environ, "TZ": "Asia/Tokyo", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "17"}

    printed = subprocess.run(
        [sys.executable, "-c", script, str(folder), AS_OF.isoformat()],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
    ).stdout

    assert printed.strip() == expected


# What is read back


def test_a_table_comes_back_typed_and_in_key_order(harbour, freeze):
    """Whatever the order of the source, rows are in key order, with the types of TABLES, exact."""
    inventory = open_snapshot(freeze(harbour(ITEMS[::-1], expenses=EXPENSES[::-1])))

    events, expenses = inventory.table("events"), inventory.table("expenses")

    assert events["event_id"].tolist() == [f"E-{number:03}" for number in range(40)]
    assert events["price_minor"].tolist() == [10050 + 100 * number for number in range(40)]
    assert events["channel"].isna().sum() == 26
    assert expenses["account"].fillna("").tolist() == ["5100", "", "5200"]
    for name, frame in (("events", events), ("expenses", expenses), ("findings", inventory.table("findings"))):
        dtypes = TABLES[name].dtypes()
        assert [str(dtype) for dtype in frame.dtypes] == [str(pd.Series(dtype=dtypes[c]).dtype) for c in frame.columns]
        TABLES[name].schema(name).validate(frame)


def test_every_table_survives_the_way_to_parquet_and_back(tmp_path, harbour):
    """Empty tables of all twenty kinds are frozen and read back with their columns and types."""
    company = load_company(harbour())
    tables = {name: table_of(name, []) for name in TABLES}

    folder = take_snapshot(
        Collected(tables, (), {}), company, as_of=AS_OF, store=tmp_path / "s", collected_at=COLLECTED_AT
    )
    inventory = open_snapshot(folder)

    assert inventory.columns_present == {name: tuple(rule.columns) for name, rule in TABLES.items()}
    for name in TABLES:
        frame = inventory.readers[name](None)
        assert frame.dtypes.to_dict() == TABLES[name].empty_frame().dtypes.to_dict()


@pytest.mark.parametrize("kept_whole", [200_000, 0])
def test_a_window_reads_its_rows_only(frozen, monkeypatch, kept_whole):
    """A window is half-open, and the same whether cut from a kept table or read from its file."""
    monkeypatch.setattr("quarterdeck.inventory._READ_WHOLE", kept_whole)
    inventory = open_snapshot(frozen)
    start, end = datetime(2026, 11, 3, 17, tzinfo=UTC), datetime(2026, 11, 5, 17, tzinfo=UTC)

    window = inventory.events_between(start, end, by="booked_at")

    assert window["event_id"].tolist() == ["E-002", "E-003", "E-030", "E-031"]
    assert str(window["booked_at"].dtype) == "datetime64[us, UTC]"


def test_a_folder_called_like_a_partition_adds_no_column(tmp_path, harbour, freeze):
    """A store under `region=west` gives the same columns as any other."""
    inventory = open_snapshot(freeze(harbour(), store=tmp_path / "region=west"))

    assert "region" not in inventory.table("events").columns


def test_the_manifest_carries_settings_and_provenance(harbour, freeze):
    """A notebook finds the settings in the snapshot; documents, arguments, time and kit stand beside them."""
    folder = freeze(harbour())
    inventory, manifest = open_snapshot(folder), read_manifest(folder)

    assert inventory.snapshot == folder.name == manifest.content[:16]
    assert inventory.as_of == AS_OF
    assert inventory.company == snapshot.settings_of(load_company(harbour()))
    assert inventory.company.minimum_cash_minor == 2500000
    assert manifest.collected_at == COLLECTED_AT
    assert set(manifest.sources) == {"domains", "tables.events", "books"}
    assert manifest.sources["tables.events"].arguments["columns"]["price_minor"] == {"from": "price"}
    assert len(manifest.sources["books"].documents["expenses.csv"]) == 64
    assert manifest.tables["events"].rows == inventory.row_counts["events"] == 40


def test_absent_tables_are_absent_and_findings_are_always_there(frozen):
    """What no source gave is absent; the findings say what was not understood."""
    inventory = open_snapshot(frozen)

    messages = inventory.table("findings")["message"].tolist()

    assert messages == [
        "the zone harbour.example is listed, but its records (harbour.example.json) are missing",
    ]
    with pytest.raises(NotAvailable):
        inventory.table("plan")


def test_age_is_measured_from_the_newest_sign_of_life_before_the_as_of(harbour, freeze):
    """A booking or expense dated after the as-of says nothing about the age; a table without times has none."""
    inventory = open_snapshot(freeze(harbour()))

    assert inventory.newest["events"] == datetime(2026, 11, 23, 17, tzinfo=UTC) - timedelta(days=1)
    assert inventory.age("events") == timedelta(hours=20, minutes=10)
    assert inventory.newest["expenses"] == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert inventory.age("zones") is None
    assert open_snapshot(freeze(harbour(), as_of=datetime(2020, 1, 1, tzinfo=UTC))).age("events") is None


# Damage


def flip(path, position):
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("position", [0, 0.3, 0.7, -1])
def test_one_flipped_byte_in_a_table_is_refused(frozen, position):
    """A changed byte anywhere in any table's file is refused when that table is first read, whole or by window."""
    names = sorted(path.stem for path in frozen.glob("*.parquet"))
    for name in names:
        path = frozen / f"{name}.parquet"
        flip(path, int(position * path.stat().st_size) if position >= 0 else -1)

    inventory = open_snapshot(frozen)

    assert names == ["events", "expenses", "findings", "zones"]
    for name in names:
        with pytest.raises(SnapshotDamaged, match=rf"{name}\.parquet is not the one that was written"):
            inventory.table(name)
    with pytest.raises(SnapshotDamaged):
        inventory.events_between(AS_OF, AS_OF)


def test_one_flipped_byte_in_the_manifest_is_refused(frozen):
    """Every byte of the manifest counts, the blanks between values as well."""
    manifest = frozen / "manifest.json"
    original = manifest.read_bytes()

    believed = []
    for position in [*range(0, len(original), 29), original.index(b" "), len(original) - 1]:
        flip(manifest, position)
        try:
            open_snapshot(frozen)
            believed.append(position)
        except SnapshotDamaged:
            pass
        manifest.write_bytes(original)

    assert believed == []
    assert open_snapshot(frozen).snapshot == frozen.name


def test_a_manifest_that_only_looks_the_same_is_refused(frozen):
    """A blank more, or a tab for a blank, means the same to JSON, and is refused all the same."""
    manifest = frozen / "manifest.json"
    original = manifest.read_bytes()

    for other in (original + b"\n", original.replace(b": ", b":\t", 1), original.replace(b"2026", b"\\u0032026", 1)):
        manifest.write_bytes(other)
        with pytest.raises(SnapshotDamaged, match=r"manifest\.json is not the one that was written"):
            open_snapshot(frozen)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"null"])
def test_a_manifest_that_is_none_is_refused(frozen, content):
    """An empty or foreign manifest is damage, with the command that makes a new snapshot."""
    (frozen / "manifest.json").write_bytes(content)

    with pytest.raises(SnapshotDamaged) as refused:
        open_snapshot(frozen)

    assert "manifest.json is not the one that was written" in str(refused.value)
    assert "python runner.py collect" in str(refused.value)


def test_a_manifest_of_another_schema_is_refused(frozen, monkeypatch):
    """A snapshot of another version of the tables is refused, and the message names both versions."""
    monkeypatch.setattr(snapshot, "SCHEMA_VERSION", 2)

    with pytest.raises(SnapshotDamaged, match="it has version 1 of the tables, and this kit reads version 2"):
        open_snapshot(frozen)


def test_missing_parts_are_refused(frozen, tmp_path):
    """No folder, no manifest, no table's file: each is told apart."""
    inventory = open_snapshot(frozen)
    (frozen / "events.parquet").unlink()
    with pytest.raises(SnapshotDamaged, match=r"events\.parquet cannot be read"):
        inventory.table("events")

    (frozen / "manifest.json").unlink()
    with pytest.raises(SnapshotDamaged, match=r"it has no readable manifest\.json"):
        open_snapshot(frozen)

    with pytest.raises(InputInvalid, match="no such folder"):
        open_snapshot(tmp_path / "elsewhere")


# Writing


def test_a_snapshot_that_exists_is_used_again(harbour, freeze):
    """The same content collected later is the same folder, untouched: files and manifest keep their bytes and times."""
    first = freeze(harbour())
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in first.iterdir()}

    second = freeze(harbour(), collected_at=COLLECTED_AT + timedelta(days=1))

    assert second == first
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in second.iterdir()} == before


def test_a_damaged_snapshot_is_not_used_again(harbour, freeze):
    """Where the same content was frozen and then changed, collecting again says so instead of believing it."""
    flip(freeze(harbour()) / "zones.parquet", 40)

    with pytest.raises(SnapshotDamaged, match=r"zones\.parquet"):
        freeze(harbour())


def test_two_processes_that_freeze_the_same_content_get_one_folder(harbour, freeze, tmp_path):
    """Who comes second finds the first one's folder complete, checks it, and leaves nothing beside it."""
    store = tmp_path / "snapshots"
    folder = freeze(harbour(), store=tmp_path / "other")
    meant = store / folder.name

    with snapshot._beside(meant) as beside:
        shutil.copytree(folder, beside, dirs_exist_ok=True)
        first = freeze(harbour(), store=store)

    assert first == meant
    assert [path.name for path in store.iterdir()] == [meant.name]
    assert open_snapshot(meant).row_counts["events"] == 40


def test_a_rename_that_fails_is_an_error(tmp_path):
    """A temporary folder that vanished is not taken for a snapshot."""
    with pytest.raises(FileNotFoundError), snapshot._beside(tmp_path / "store" / "id") as beside:
        beside.rmdir()

    assert list((tmp_path / "store").iterdir()) == []


FREEZE = """
import resource, signal, sys
from datetime import datetime
from pathlib import Path
from quarterdeck.config import load_company
from quarterdeck.errors import QuarterdeckError
from quarterdeck.snapshot import take_snapshot
from quarterdeck.sources import collect

folder, store, at, limit = Path(sys.argv[1]), Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3]), int(sys.argv[4])
company = load_company(folder)
collected = collect(company, folder)
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    take_snapshot(collected, company, as_of=at, store=store, collected_at=at)
except QuarterdeckError as error:
    print(type(error).__name__, error)
    sys.exit(error.exit_code)
"""


@pytest.mark.parametrize("limit", [300, 2000])
def test_a_file_that_cannot_be_written_whole_leaves_nothing(harbour, tmp_path, limit):
    """Where writing stops at a size, no folder is left, the message says what to do, and the exit code is 2."""
    store = tmp_path / "snapshots"
    arguments = [sys.executable, "-c", FREEZE, str(harbour()), str(store), AS_OF.isoformat(), str(limit)]

    ended = subprocess.run(arguments, check=False, capture_output=True, text=True)

    assert (ended.returncode, ended.stderr) == (2, "")
    assert ended.stdout.startswith("StoreUnwritable ")
    assert "File too large" in ended.stdout
    assert "Nothing half-written was kept" in ended.stdout
    assert list(store.iterdir()) == []


@pytest.mark.skipif(shutil.which("unshare") is None, reason="no unshare here")
def test_a_full_disk_leaves_nothing(tmp_path):
    """On a disk of 64 KiB the hotel's snapshot does not fit: nothing is left that could be believed."""
    store = tmp_path / "small"
    store.mkdir()
    freeze_hotel = [sys.executable, "-c", FREEZE, str(HOTEL), str(store), AS_OF.isoformat(), "0"]
    on_small_disk = 'mount -t tmpfs -o size=64k none "$0" || exit 77; "$@"; code=$?; ls -A "$0" >&2; exit $code'

    ended = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", on_small_disk, str(store), *freeze_hotel],
        check=False,
        capture_output=True,
        text=True,
    )
    if ended.returncode == 77 or ended.stderr.startswith("unshare"):
        pytest.skip("this machine lets nobody mount a small disk")

    assert (ended.returncode, ended.stderr) == (2, "")
    assert ended.stdout.startswith("StoreUnwritable ")
    assert "No space left on device" in ended.stdout


def test_a_store_that_is_a_file_is_refused(harbour, freeze, tmp_path):
    """A store that cannot be a folder is said to be unwritable."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreUnwritable, match=r"Not a directory|File exists"):
        freeze(harbour(), store=tmp_path / "file" / "snapshots")


def test_a_table_that_breaks_its_schema_is_refused_with_row_and_value(tmp_path, harbour):
    """The last door before freezing names table, key, column, value and rule, whichever reader let it through."""
    company = load_company(harbour())
    stack = {"project": "web", "component": "PMS", "version": None, "document": "web.md", "line": 0}
    column = table_of("accounts", [], ["account", "name"])
    twice = [{"account": "1", "name": "Bank", "kind": "cash"}] * 2

    def refused(name, table):
        with pytest.raises(InputInvalid) as error:
            take_snapshot(
                Collected({name: table}, (), {}), company, as_of=AS_OF, store=tmp_path / "s", collected_at=COLLECTED_AT
            )
        return str(error.value).splitlines()[0]

    assert refused("stack", table_of("stack", [stack])) == (
        "table stack, project 'web', component 'PMS', line: found 0, expected greater_than_or_equal_to(1)."
    )
    assert refused("accounts", table_of("accounts", twice)).startswith(
        "table accounts, account '1', account: found '1'"
    )
    assert refused("accounts", column).startswith("table accounts: found kind, expected column_in_dataframe")
    assert not (tmp_path / "s").exists()


# Using the last one again


@pytest.fixture
def reuse(tmp_path):
    """A function (company folder, now) → the snapshot that would be used again, from the store of `freeze`."""

    def find(folder, now):
        company = load_company(folder)
        return reusable_snapshot(collect(company, folder), company, now=now, store=tmp_path / "snapshots")

    return find


def test_the_last_snapshot_is_used_again_while_nothing_changed(harbour, freeze, reuse):
    """Unchanged sources in the same week: the last snapshot, of several."""
    folder = harbour()
    assert reuse(folder, AS_OF) is None

    freeze(folder)
    last = freeze(folder, as_of=AS_OF + timedelta(hours=2))
    (last.parent / ".left.behind.part").mkdir()
    (last.parent / "notes.txt").write_text("")

    assert reuse(folder, AS_OF + timedelta(days=1)) == last


def test_the_last_snapshot_is_not_used_after_a_change(harbour, freeze, reuse):
    """A changed document, setting, column map, a new week, or another company: a new snapshot is due."""
    folder = harbour()
    freeze(folder)
    now = AS_OF + timedelta(hours=1)

    changed = [
        harbour(ITEMS[::-1]),
        harbour(settings={"locale": "en_GB"}),
        harbour(settings=with_columns(asset="vessel")),
        harbour(settings={"slug": "other"}),
    ]

    assert reuse(folder, now) is not None
    assert [reuse(other, now) for other in changed] == [None] * 4
    assert reuse(folder, AS_OF + timedelta(days=7)) is None
    assert reuse(folder, AS_OF - timedelta(hours=1)) is None


def test_a_new_kit_takes_a_new_snapshot(harbour, freeze, reuse, monkeypatch):
    """Another version may read the same documents differently."""
    folder = harbour()
    freeze(folder)
    monkeypatch.setattr(snapshot, "__version__", "999")

    assert reuse(folder, AS_OF) is None


def test_a_damaged_snapshot_is_no_candidate(harbour, freeze, reuse):
    """A snapshot whose manifest was changed is not used again."""
    folder = harbour()
    flip(freeze(folder) / "manifest.json", 5)

    assert reuse(folder, AS_OF) is None


# A real company


def test_the_hotel_s_bookings_add_up_to_the_cent(freeze):
    """Stays, customers, the price of all stays, and by channel, are those of the data set."""
    inventory = open_snapshot(freeze(HOTEL, as_of=load_company(HOTEL).as_of))
    events = inventory.table("events")

    by_channel = events.groupby("channel")["price_minor"].sum()

    assert len(events) == 6471
    assert events["customer_id"].nunique() == len(inventory.table("users")) == 6267
    assert events["price_minor"].sum() == 307127576
    assert by_channel.to_dict() == {
        "corporate": 2530100,
        "direct": 65406126,
        "groups": 23535472,
        "offline_travel_agent": 77185553,
        "online_travel_agent": 138470325,
    }
    assert inventory.row_counts["claims"] == 0
    assert {"projects", "variables", "zones", "records"} <= set(inventory.columns_present)
    assert "expenses" not in inventory.columns_present
