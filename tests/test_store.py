from pathlib import Path

import pytest

from quarterdeck.errors import CommandRefused, InputInvalid, StoreUnwritable
from quarterdeck.store import FolderStore, Store


@pytest.fixture
def store(tmp_path) -> FolderStore:
    return FolderStore(tmp_path / "outputs", "resort")


def complete(folder: Path) -> Path:
    """Make *folder* a complete edition: one with a manifest."""
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    return folder


def test_a_store_is_one_companys(store):
    """Outputs that hold another slug are refused with both named, exit 2 and a folder that would do."""
    with pytest.raises(CommandRefused) as refusal:
        FolderStore(store.root, "harbour")

    assert f"outputs in {store.root}: they are resort's, and this company is harbour" in str(refusal.value)
    assert f"python runner.py run --outputs {store.root}-harbour" in str(refusal.value)
    assert refusal.value.exit_code == 2


def test_the_company_itself_comes_back(store):
    """The same company opens its store again, with what lies in it."""
    folder = complete(store.edition("cfo/2026-W48"))

    again = FolderStore(store.root, "resort")

    assert again.edition("cfo/2026-W48") == folder


def test_everything_has_its_place(store):
    """Period, then report with its variant; snapshots beside the periods."""
    as_store: Store = store

    assert as_store.edition("cfo/2026-W48") == store.root / "2026-W48" / "cfo"
    assert as_store.edition("cfo@jada/2026-W48") == store.root / "2026-W48" / "cfo@jada"
    assert as_store.snapshots == store.root / "snapshots"


@pytest.mark.parametrize("name", ["../cfo/2026-W48", "cfo/..", "/etc/2026-W48", "cfo/2026-W48/../.."])
def test_no_name_leads_out_of_the_store(store, name):
    """A name that is no edition's is refused before it becomes a path."""
    with pytest.raises(InputInvalid) as refusal:
        store.edition(name)

    assert f"edition: found {name!r}" in str(refusal.value)


@pytest.mark.parametrize(
    ("edition", "before"),
    [
        ("cfo/2026-W48", "cfo/2026-W47"),
        ("cfo/2026-W01", "cfo/2025-W52"),
        ("cfo/2027-W01", "cfo/2026-W53"),
        ("cfo@jada/2026-W48", "cfo@jada/2026-W47"),
    ],
)
def test_the_previous_edition_is_that_of_the_week_before(store, edition, before):
    """The week before is found across the turn of the year, of the same report and variant."""
    folder = complete(store.edition(before))

    assert store.previous(edition) == folder


def test_there_is_no_previous_edition_without_a_manifest(store):
    """An edition that is not complete, of another report or of an earlier week, is not compared with."""
    store.edition("cfo/2026-W47").mkdir(parents=True)
    complete(store.edition("ceo/2026-W47"))
    complete(store.edition("cfo@jada/2026-W47"))
    complete(store.edition("cfo/2026-W46"))

    assert store.previous("cfo/2026-W48") is None


def test_a_store_that_cannot_be_made_is_said(tmp_path):
    """A file in the store's place is an error with path, cause and the next command."""
    (tmp_path / "outputs").write_text("", encoding="utf-8")

    with pytest.raises(StoreUnwritable) as refusal:
        FolderStore(tmp_path / "outputs", "resort")

    assert "could not be written: " in str(refusal.value)
    assert "python runner.py run --outputs FOLDER" in str(refusal.value)
