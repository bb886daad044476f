"""Whatever a company folder gets wrong is said with file, row, value, what was expected, and what to type next."""

import json
from pathlib import Path

import pytest
import yaml

from quarterdeck.config import load_company
from quarterdeck.errors import InputInvalid
from quarterdeck.sources import collect

EVENT = {
    "id": {"S": "E-1"},
    "state": {"S": "booked"},
    "start": {"S": "2026-12-01T18:00:00-08:00"},
    "end": {"S": "2026-12-01T21:00:00-08:00"},
    "price": {"N": "412.50"},
    "currency": {"S": "USD"},
}
COLUMNS = {
    "event_id": "id",
    "business": {"value": "Whale Watch"},
    "status": "state",
    "starts_at": "start",
    "ends_at": "end",
    "price_minor": "price",
    "currency": "currency",
}


@pytest.fixture
def folder(tmp_path):
    """A good company folder with events, zones and books; each test spoils it."""
    write(tmp_path / "company.yaml", yaml.safe_dump(settings()))
    write(tmp_path / "tables" / "Events.json", json.dumps({"Items": [EVENT]}))
    write(tmp_path / "route53" / "hosted-zones.json", json.dumps({"HostedZones": []}))
    write(tmp_path / "books" / "expenses.csv", "date,vendor,amount\n2026-11-20,Fuel Dock,412.50\n")
    return tmp_path


def settings(**sources):
    tables = {"events": {"path": "tables/Events.json", "columns": COLUMNS}}
    listed = {"domains": {"path": "route53"}, "tables": tables, "books": {"path": "books"}, **sources}
    return {
        "slug": "harbour",
        "name": "Harbour",
        "currency": "USD",
        "time_zone": "America/Los_Angeles",
        "sources": listed,
    }


def write(path, content):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def spoil_event(folder, **attributes):
    second = {**EVENT, "id": {"S": "E-2"}, **attributes}
    write(folder / "tables" / "Events.json", json.dumps({"Items": [EVENT, second]}))


def refusal(folder):
    """What a person reads: all of the message, with the folder's own path left out."""
    with pytest.raises(InputInvalid) as refused:
        collect(load_company(folder), folder)
    assert refused.value.exit_code == 2
    return str(refused.value).replace(f"{folder}/", "")


def test_a_good_folder_is_collected(folder):
    """The folder that the other tests spoil is good, and an absolute path is as good as a relative one."""
    write(folder / "company.yaml", yaml.safe_dump(settings(books={"path": str(folder / "books")})))

    collected = collect(load_company(folder), folder)

    assert collected.findings == ()
    assert {name: table.num_rows for name, table in collected.tables.items()} == {
        "events": 1,
        "zones": 0,
        "expenses": 1,
        "findings": 0,
    }


def test_the_message_says_where_what_and_what_next(folder):
    """A refusal names the place, the value and what was expected, says what is true now, and ends with a command."""
    spoil_event(folder, price={"S": "a lot"})

    assert refusal(folder) == (
        "tables/Events.json, item 2 (event_id 'E-2'), price: found 'a lot', expected a number such as 1234.50.\n"
        "Nothing was sent, and nothing half-written was kept.\n"
        "Correct it, then run\n"
        "  python runner.py check"
    )


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"price": {"N": "412.505"}}, "price: found '412.505', expected an amount with at most 2 decimals."),
        ({"currency": {"S": "EUR"}}, "currency: found 'EUR', expected USD, the company's only currency."),
        (
            {"start": {"S": "2026-12-01T18:00:00"}},
            "start: found '2026-12-01T18:00:00', expected an ISO 8601 time with offset",
        ),
        (
            {"start": {"S": "2026-02-30T18:00:00Z"}},
            "start: found '2026-02-30T18:00:00Z', expected an ISO 8601 time with",
        ),
        (
            {"state": {"S": "maybe"}},
            "state: found 'maybe', expected one of inquiry, quoted, booked, completed, cancelled",
        ),
    ],
)
def test_a_wrong_value_in_a_table(folder, attributes, said):
    """Money, currency, time, date and state are refused with file, item, event and attribute."""
    spoil_event(folder, **attributes)

    assert refusal(folder).startswith(f"tables/Events.json, item 2 (event_id 'E-2'), {said}")


def test_an_event_that_ends_before_it_starts(folder):
    """The event is named with both instants."""
    spoil_event(folder, end={"S": "2026-12-01T17:00:00-08:00"})

    assert refusal(folder).startswith(
        "tables/Events.json, item 2 (event_id 'E-2'): "
        "found an end (2026-12-02T01:00:00Z) before the start (2026-12-02T02:00:00Z)"
    )


def test_duplicate_ids(folder):
    """The id and both of its places are named."""
    spoil_event(folder, id={"S": "E-1"})

    assert "Events.json, item 2: found event_id 'E-1' a second time (first: " in refusal(folder)


def test_malformed_dynamodb_json(folder):
    """The line is named, of a file with an item a line as well."""
    write(folder / "tables" / "Events.json", json.dumps({"Item": EVENT}) + "\n{'Item': {}}\n")

    assert refusal(folder).startswith("tables/Events.json, line 2, column 2: found malformed JSON (")


def test_a_csv_with_a_missing_column(folder):
    """The file and the column are named."""
    write(folder / "books" / "expenses.csv", "date,amount\n2026-11-20,412.50\n")

    assert refusal(folder).startswith("books/expenses.csv, line 1: found no column 'vendor'")


def test_a_second_currency_in_the_books(folder):
    """A currency column must hold the company's currency."""
    write(folder / "books" / "expenses.csv", "date,vendor,amount,currency\n2026-11-20,Fuel Dock,412.50,EUR\n")

    assert refusal(folder).startswith("books/expenses.csv, line 2, currency: found 'EUR', expected USD")


def test_a_date_that_is_no_date(folder):
    """The line and the column are named."""
    write(folder / "books" / "expenses.csv", "date,vendor,amount\n2026-02-29,Fuel Dock,412.50\n")

    assert refusal(folder).startswith("books/expenses.csv, line 2, date: found '2026-02-29', expected a day such as")


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ({"books": {"path": "book"}}, "company.yaml, sources.books.path: found 'book', which does not exist"),
        ({"handoffs": {"path": "gone"}}, "company.yaml, sources.handoffs.path: found 'gone', which does not exist"),
        (
            {"domains": {"path": "company.yaml"}},
            "sources.domains.path: found 'company.yaml', which is a file, expected a",
        ),
        ({"domains": {"path": "books"}}, "company.yaml, sources.domains: found no hosted-zones.json there"),
        (
            {"tables": {"events": {"path": "Events", "columns": COLUMNS}}},
            "company.yaml, sources.tables.events.path: found 'Events', which does not exist",
        ),
        (
            {"tables": {"events": {"path": "books", "columns": COLUMNS}}},
            "sources.tables.events.path: found 'books', a folder without data/*.json.gz, expected a file, or an export",
        ),
    ],
)
def test_a_listed_path_must_exist_and_be_what_it_should(folder, sources, said):
    """The key in company.yaml and the path are named."""
    write(folder / "company.yaml", yaml.safe_dump(settings(**sources)))

    assert said in refusal(folder)


def test_a_file_that_cannot_be_read(folder):
    """What the operating system does not let us read is named, not skipped."""
    mended = folder / "books" / "expenses.csv"
    mended.unlink()
    mended.symlink_to("/proc/self/mem")
    if not mended.is_file():
        pytest.skip("this system has no file that cannot be read")

    assert refusal(folder).startswith("books/expenses.csv: found a file that cannot be read (")


def test_one_document_that_cannot_be_read_stops_nothing(folder):
    """A handoff that is not UTF-8 and a Lambda source that does not parse are findings; the others are read."""
    write(folder / "handoffs" / "web.md", "# Web shop\n\n**Status:** live\n")
    write(folder / "handoffs" / "old.md", b"# Caf\xe9\n")
    write(folder / "lambdas" / "good.py", 'import os\nTABLE = os.environ["TABLE"]\n')
    write(folder / "lambdas" / "broken.py", "def handler(:\n")
    listed = settings(handoffs={"path": "handoffs"}, lambdas={"path": "lambdas"})
    write(folder / "company.yaml", yaml.safe_dump(listed))

    collected = collect(load_company(folder), folder)

    assert collected.tables["projects"]["project"].to_pylist() == ["Web shop"]
    assert collected.tables["functions"]["function"].to_pylist() == ["broken.py", "good.py"]
    assert collected.tables["variables"]["name"].to_pylist() == ["TABLE"]
    assert {(found.source, found.document) for found in collected.findings} == {
        ("handoffs", "old.md"),
        ("lambdas", "broken.py"),
    }


def test_an_empty_folder_is_a_finding(folder):
    """A listed folder in which the source finds nothing to read is no error, and is reported."""
    (folder / "empty").mkdir()
    write(folder / "company.yaml", yaml.safe_dump(settings(books={"path": "empty"})))

    collected = collect(load_company(folder), folder)

    assert [(found.source, found.message) for found in collected.findings] == [
        ("books", "the folder holds nothing that this source reads")
    ]
    assert collected.tables["findings"]["source"].to_pylist() == ["books"]


def test_a_name_with_glob_characters_is_one_file(folder):
    """A table's file may be called `Events[1].json`."""
    (folder / "tables" / "Events.json").rename(folder / "tables" / "Events[1].json")
    tables = {"events": {"path": "tables/Events[1].json", "columns": COLUMNS}}
    write(folder / "company.yaml", yaml.safe_dump(settings(tables=tables)))

    assert collect(load_company(folder), folder).tables["events"].num_rows == 1
    assert Path("Events[1].json").name in collect(load_company(folder), folder).provenance["tables.events"].documents
