import shutil

import pytest
from hotel_on_aws import HOTEL

from quarterdeck.config import load_company
from quarterdeck.sources import KeptReadings, Watch, collect
from quarterdeck.sources.reading import Finding, Reading


@pytest.fixture
def folder(tmp_path):
    """A company that a test may change."""
    return shutil.copytree(HOTEL, tmp_path / "hotel")


@pytest.fixture
def read(folder, tmp_path):
    """Collect from the folder with what was kept; the outcome, and the sources that were read for it."""

    def collected(*, made_by="this code", is_believed=True):
        seen = []
        watch = Watch(go_on=lambda source, _: seen.append(source.partition(",")[0].removeprefix("sources.")))
        kept = KeptReadings(tmp_path / "kept", made_by, is_believed)
        found = collect(load_company(folder), folder, watch, kept)
        return found, sorted(set(seen))

    return collected


def as_values(collected):
    tables = {name: table.to_pylist() for name, table in collected.tables.items()}
    return tables, collected.findings, collected.provenance


def test_what_has_not_changed_is_not_read_again(folder, read):
    """The same tables, findings and provenance come back without a document being read."""
    fresh = as_values(collect(load_company(folder), folder))
    first, all_sources = read()
    second, again = read()

    assert len(all_sources) > 2
    assert again == []
    assert as_values(first) == as_values(second) == fresh


def test_one_changed_file_is_no_reason_to_read_the_other_sources(folder, read):
    """Its own source is read again, whole, and gives what is there now."""
    read()
    handoff = next((folder / "handoffs").rglob("*.md"))
    handoff.write_text(handoff.read_text() + "\n\nA last line.\n")

    found, again = read()

    assert again == ["handoffs"]
    assert as_values(found) == as_values(collect(load_company(folder), folder))


def test_settings_and_code_are_inputs_too(folder, read):
    """A currency may change what every source means, and so may another version of what reads."""
    _, all_sources = read()
    settings = folder / "company.yaml"
    settings.write_text(settings.read_text().replace("currency: EUR", "currency: CHF"))

    _, after_settings = read()
    _, after_code = read(made_by="other code")
    _, forced = read(made_by="other code", is_believed=False)

    assert "currency: CHF" in settings.read_text()
    assert after_settings == after_code == forced == all_sources


@pytest.mark.parametrize("damage", ["cut", "turned", "gone", "no JSON"])
def test_what_is_not_whole_is_read_again(read, tmp_path, damage):
    """Whatever has happened to what was kept, what comes back is what the source gives."""
    first, _ = read()
    kept = max((tmp_path / "kept").glob("*.arrow"), key=lambda path: path.stat().st_size)
    source = kept.name.rpartition("-")[0]
    match damage:
        case "cut":
            kept.write_bytes(kept.read_bytes()[:-100])
        case "turned":
            content = bytearray(kept.read_bytes())
            content[len(content) // 2] ^= 1
            kept.write_bytes(content)
        case "gone":
            kept.unlink()
        case _:
            (tmp_path / "kept" / f"{source}.json").write_text("{")

    second, again = read()

    assert again == [source]
    assert as_values(second) == as_values(first)
    assert read()[1] == []


def test_what_changes_while_it_is_read_is_not_kept(tmp_path):
    """Of which of two files it came, nobody can say: undone, the change would give the new rows as the old file's."""
    file, kept = tmp_path / "rows", KeptReadings(tmp_path / "kept", "this code")
    file.write_text("old")

    def read():
        found = file.read_text()
        file.write_text("new")
        return Reading({}, [Finding("books", "info", found)])

    def given(reads=read):
        (finding,) = kept.of("books", lambda: [file.read_text()], reads).findings
        return finding.message

    assert given() == "old"  # and "new" stands there now
    file.write_text("old")
    assert given(lambda: Reading({}, [Finding("books", "info", "read again")])) == "read again"


def test_without_room_a_reading_is_given_and_not_kept(tmp_path, read, caplog):
    """What was read is in hand: that it cannot be kept costs time only, and is told."""
    (tmp_path / "kept").write_text("a file where the folder should be")

    found, first = read()
    _, again = read()

    assert found.tables["events"].num_rows > 0
    assert again == first
    assert "what a source gave is not kept" in caplog.text
