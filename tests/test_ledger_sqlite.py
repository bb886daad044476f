import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime

import pytest

from quarterdeck.errors import InputInvalid, StoreUnwritable
from quarterdeck.ledger import open_ledger
from quarterdeck.ledger.sqlite import SqliteTable
from quarterdeck.ledger.table import Item, Key, Listing


def now() -> datetime:
    return datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


def item(sort: str = "STATE", stamp: str = "1", listing: Listing | None = None, **content) -> Item:
    return Item(Key("EDITION#cfo/2026-W48", sort), listing, stamp, content)


def test_the_default_ledger_outlives_clone_and_outputs(tmp_path, monkeypatch):
    """Without a URL the ledger stands in the user's state folder, named after the company."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    open_ledger(None, "resort", now).open_batch("2026-W48", "snapshot-1")

    assert (tmp_path / "quarterdeck" / "resort.db").is_file()
    assert open_ledger(None, "resort", now).batch("2026-W48").snapshot == "snapshot-1"


def test_a_path_may_begin_at_home(tmp_path, monkeypatch):
    """`~` is the user's home, as a shell has it."""
    monkeypatch.setenv("HOME", str(tmp_path))

    open_ledger("sqlite:~/ledger.db", "resort", now)

    assert (tmp_path / "ledger.db").is_file()


@pytest.mark.parametrize("url", ["", "sqlite:", "dynamodb:", "ledger.db", "postgres:quarterdeck"])
def test_what_names_no_ledger_is_refused(url):
    """A URL that names no ledger is refused with the form that would be accepted."""
    with pytest.raises(InputInvalid) as refusal:
        open_ledger(url, "resort", now)

    assert f"QUARTERDECK_LEDGER: found {url!r}, expected sqlite:PATH or dynamodb:TABLE" in str(refusal.value)


def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path):
    """A path that leads to some other file is named, and not a byte of it is changed."""
    path = tmp_path / "README.md"
    path.write_text("# Quarterdeck\n" * 100, encoding="utf-8")

    with pytest.raises(InputInvalid) as refusal:
        open_ledger(f"sqlite:{path}", "resort", now)

    assert f"found {path}, which is no readable ledger" in str(refusal.value)
    assert path.read_text(encoding="utf-8") == "# Quarterdeck\n" * 100


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    """A file where the ledger's folder should be is an error with path and cause."""
    (tmp_path / "state").write_text("", encoding="utf-8")

    with pytest.raises(StoreUnwritable) as refusal:
        open_ledger(f"sqlite:{tmp_path}/state/quarterdeck/resort.db", "resort", now)

    assert "resort.db could not be written: Not a directory" in str(refusal.value)


def test_a_folder_in_the_place_of_the_file_is_said(tmp_path):
    """SQLite's refusal to open is ours, with the path."""
    with pytest.raises(StoreUnwritable) as refusal:
        open_ledger(f"sqlite:{tmp_path}", "resort", now)

    assert f"{tmp_path} could not be written: unable to open database file" in str(refusal.value)


FILL_THE_DISK = """
import resource, sys
from datetime import UTC, datetime
from quarterdeck.errors import StoreUnwritable
from quarterdeck.ledger import open_ledger
ledger = open_ledger(sys.argv[1], "resort", lambda: datetime(2026, 11, 30, tzinfo=UTC))
ledger.open_batch("2026-W48", "snapshot-1")
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # no file grows beyond a page: as on a full disk
try:
    ledger.open_batch("2026-W49", "snapshot-2")
except StoreUnwritable as error:
    print(error)
"""


def test_a_full_disk_leaves_the_ledger_as_it_was(tmp_path):
    """A write for which there is no room is an error, and what stood there stands there still."""
    url = f"sqlite:{tmp_path}/resort.db"

    ended = subprocess.run([sys.executable, "-c", FILL_THE_DISK, url], capture_output=True, text=True, check=False)

    assert f"{tmp_path}/resort.db could not be written: " in ended.stdout
    assert [batch.period for batch in open_ledger(url, "resort", now).batches()] == ["2026-W48"]


def test_a_write_waits_for_another_processs_write(tmp_path):
    """A lock that somebody holds for a moment is waited for, not reported."""
    path = tmp_path / "resort.db"
    table = SqliteTable(path)
    script = (
        "import sqlite3, sys, time; connection = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "connection.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); time.sleep(0.3); connection.commit()"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "locked\n"

        written = table.put_if(item(), None)

    assert written
    assert holder.returncode == 0


def test_an_item_is_written_only_where_it_is_as_expected(tmp_path):
    """A new item needs an empty place, a change the stamp that was read; both say whether they were done."""
    table = SqliteTable(tmp_path / "resort.db")

    assert table.put_if(item(stamp="1", state="building"), None)
    assert not table.put_if(item(stamp="2", state="held"), None)
    assert not table.put_if(item(stamp="3", state="held"), "2")
    assert table.put_if(item(stamp="4", state="ready"), "1")
    assert not table.put_if(item("RUN#1", stamp="5"), "1")
    assert table.get(item().key) == item(stamp="4", state="ready")
    assert table.get(item("RUN#1").key) is None


def test_items_are_found_by_the_beginning_of_their_sort_key(tmp_path):
    """A query gives its partition's items in the order of their keys, and characters of patterns mean themselves."""
    table = SqliteTable(tmp_path / "resort.db")
    for sort in ("TO#b#1", "STATE", "TO#a#1", "TO%", "T_"):
        table.put_if(item(sort), None)
    table.put_if(Item(Key("EDITION#ceo/2026-W48", "TO#c#1"), None, "1", {}), None)

    assert [found.key.sort for found in table.query("EDITION#cfo/2026-W48", "TO#")] == ["TO#a#1", "TO#b#1"]
    assert [found.key.sort for found in table.query("EDITION#cfo/2026-W48", "TO%")] == ["TO%"]


def test_items_are_listed_by_place_and_only_under_their_head(tmp_path):
    """The index keeps what is listed in the order of its places; what has no listing is not in it."""
    table = SqliteTable(tmp_path / "resort.db")
    for sort, listing in (("a", Listing("X", "2")), ("b", Listing("X", "1")), ("c", Listing("Y", "0")), ("d", None)):
        table.put_if(item(sort, listing=listing), None)

    assert [found.key.sort for found in table.listed("X")] == ["b", "a"]
    assert [found.listing for found in table.listed("Y")] == [Listing("Y", "0")]


def test_content_comes_back_as_it_was(tmp_path):
    """Texts of any language, whole numbers of any size and nested lists survive exactly."""
    table = SqliteTable(tmp_path / "resort.db")
    written = item(text="Süd „x“ 数\n", number=10**18 + 1, nested=[{"at": ["a", 1]}])

    table.put_if(written, None)

    assert table.get(written.key) == written


def test_the_ledger_is_one_file_that_can_be_copied(tmp_path):
    """After any write nothing but the one file lies there: a copy of it is a copy of the ledger."""
    ledger = open_ledger(f"sqlite:{tmp_path}/resort.db", "resort", now)

    ledger.open_batch("2026-W48", "snapshot-1")

    assert [path.name for path in tmp_path.iterdir()] == ["resort.db"]
    with closing(sqlite3.connect(tmp_path / "resort.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
