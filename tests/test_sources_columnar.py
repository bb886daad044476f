import gzip
import json
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.config import Company
from quarterdeck.errors import InputInvalid
from quarterdeck.inventory import TABLES
from quarterdeck.sources.columnar import typed_columns
from quarterdeck.sources.dynamodb_json import Answer, Items, Kinds, Lines, Origin, rows_of
from quarterdeck.sources.fields import fields_of
from quarterdeck.sources.reading import Document
from quarterdeck.sources.tables import read_table, typed_table

COLUMNS = {
    "event_id": "id",
    "business": {"value": "Harbour"},
    "status": {"from": "state", "values": {"confirmed": "booked"}},
    "created_at": "created",
    "quoted_at": {"from": "quoted", "unit": "epoch_seconds"},
    "booked_at": {"from": "booked", "unit": "epoch_millis"},
    "starts_at": "start",
    "cancelled_at": {"from": "cancelled", "unit": "local"},
    "customer_id": "customer",
    "channel": {"from": "online", "values": {"true": "web", "shop": "counter"}},
    "guests": "guests",
    "price_minor": "price",
    "paid_minor": {"from": "paid", "unit": "minor"},
}
COMPANY = Company.model_validate(
    {
        "slug": "harbour",
        "name": "Harbour",
        "currency": "EUR",
        "time_zone": "Europe/Lisbon",
        "sources": {"tables": {"events": {"path": "T.json", "columns": COLUMNS}}},
    }
)
FIELDS = fields_of("events", COMPANY)
ATTRIBUTES = sorted(one.source.attribute for one in FIELDS if one.source.attribute)
ZONE = ZoneInfo(COMPANY.time_zone)


def item(number=1, **attributes):
    """An event as most are: nothing in it is to be read alone."""
    plain = {
        "id": {"S": f"E-{number}"},
        "state": {"S": "confirmed"},
        "created": {"S": f"2026-11-0{number % 9 + 1}T10:00:{number % 60:02}.25+01:00"},
        "quoted": {"N": str(1_790_000_000 + number)},
        "booked": {"N": str(1_790_000_000_000 + number)},
        "start": {"S": f"2026-12-01T10:{number % 60:02}:00Z"},
        "customer": {"S": f"c-{number}"},
        "online": {"BOOL": True},
        "guests": {"N": str(number)},
        "price": {"N": f"{number}.50"},
        "paid": {"N": str(number)},
        "phone": {"S": "never kept"},
    }
    return {name: value for name, value in {**plain, **attributes}.items() if value is not None}


@dataclass(frozen=True)
class Alone:
    """Rows that pyarrow would not take, so that each is read alone."""

    rows: Items

    @property
    def origin(self):
        return self.rows.origin

    def columns(self, _kinds):
        return None

    def page(self, rows, attributes):
        return self.rows.page(rows, attributes)


def items(*given):
    return Items(Origin("T", "item", range(1, len(given) + 1)), given)


def lines(*given):
    text = "".join(json.dumps({"Item": one}, ensure_ascii=False) + "\n" for one in given).encode()
    return Lines(Origin("T", "line", range(1, len(given) + 1)), text)


def answer(*given):
    return Answer(Origin("T", "item", range(1, len(given) + 1)), json.dumps({"Items": given, "Count": 1}).encode())


def outcome(*rows):
    """The table and the findings that *rows* give, or that they were refused."""
    try:
        table, findings = typed_table("events", lambda _: rows, COMPANY)
    except InputInvalid:
        return "refused"
    return table.to_pylist(), [finding.message for finding in findings]


TEXTS = st.sampled_from(
    [
        *("", "0", "-0", "7", "+7", " 7", "007", "7.0", "7.", ".5", "1e3", "12.345", "123456789012345678", "-3", "NaN"),
        *("9007199254740993", "92233720368547758.07", "92233720368547758.08", "1" * 19, "9" * 40, "1" * 201, "٣"),
        *("2026-11-01T10:00:00Z", "2026-11-01 10:00:00Z", "2026-11-01T10:00Z", "2026-11-01T10:00:00.1234567Z"),
        *("2026-02-30T10:00:00Z", "2026-11-01T10:00:60Z", "2026-11-01T24:00:00Z", "2026-11-01T10:00:00", "2026-11-01"),
        *("2026-11-01T10:00:00+25:00", "2026-11-01T10:00:00-03:30", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"),
        *("1970-12-31T23:30:00-01:00", "2026-10-25T01:30:00", "2026-03-29T01:30:00", "1790000000", "1790000000000"),
        *(
            "31535999",
            "31536000",
            "7258118399",
            "7258118400",
            "confirmed",
            "booked",
            "lost",
            "true",
            "shop",
            "é",
            "a\x00b",
        ),
        *("shop", "\ud800", "1." + "1" * 205),
    ]
)
VALUES = st.one_of(
    st.none(),
    TEXTS.map(lambda text: {"S": text}),
    TEXTS.map(lambda text: {"N": text}),
    st.sampled_from(
        [
            *({"BOOL": True}, {"BOOL": False}, {"NULL": True}, {"NULL": False}, {"M": {}}, {"L": []}, {"SS": ["a"]}),
            *({"B": "aGk="}, {}, [], "text", 5, True, {"S": 5}, {"N": 5}, {"BOOL": "true"}, {"BOOL": 1}, {"S": None}),
        ]
    ),
)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.dictionaries(st.sampled_from(ATTRIBUTES), VALUES, max_size=2), min_size=1, max_size=4))
def test_at_once_or_alone_gives_the_same(spoilt):
    """
    Whatever stands in the attributes, three ways to type them at once give what typing each alone gives.

    So they do after ordinary rows, of which pyarrow has learned what to look for.
    """
    ordinary = [item(number) for number in (11, 12)]
    given_items = [item(number, **attributes) for number, attributes in enumerate(spoilt)]
    alone = outcome(Alone(items(*ordinary)), Alone(items(*given_items)))

    assert outcome(items(*ordinary), items(*given_items)) == alone
    assert outcome(items(*ordinary, *given_items)) == alone
    assert outcome(answer(*ordinary), answer(*given_items)) == alone
    if "\\ud" not in json.dumps(given_items):  # half of a pair cannot be written but as an escape
        assert outcome(lines(*ordinary), lines(*given_items)) == alone


@pytest.mark.parametrize("rows_from", [items, lines, answer])
def test_what_is_written_as_most_is_typed_at_once(rows_from):
    """No row of ordinary values is read alone: that would give the same, many times slower."""
    rows = rows_from(*[item(number) for number in range(200)])

    typed = typed_columns(rows.columns(Kinds(ATTRIBUTES)), FIELDS, TABLES["events"].arrow_schema(COLUMNS), ZONE)

    assert typed.table.num_rows == 200
    assert not typed.alone


@pytest.mark.parametrize(
    "strange",
    [
        {"state": {"S": "lost"}},
        {"id": None},
        {"id": {"S": ""}},
        {"id": {"BOOL": True}},
        {"created": {"S": "2026-11-01T10:00Z"}},
        {"created": {"S": "2026-11-01T10:00:00.1234567Z"}},
        {"created": {"S": "2026-02-30T10:00:00Z"}},
        {"created": {"S": "1970-01-01T00:00:00Z"}},
        {"quoted": {"N": "1790000000.5"}},
        {"booked": {"N": "1790000000"}},
        {"start": {"M": {}}},
        {"cancelled": {"S": "2026-10-25T01:30:00"}},
        {"guests": {"N": "-1"}},
        {"online": {"BOOL": False}},
        {"price": {"N": "1e3"}},
        {"price": {"N": "12.345"}},
        {"paid": {"N": "1" * 19}},
    ],
)
@pytest.mark.parametrize("rows_from", [items, lines, answer])
def test_what_is_written_otherwise_is_read_alone(rows_from, strange):
    """One strange value among ordinary ones holds its own row back, and no other."""
    rows = rows_from(*[item(number, **(strange if number == 90 else {})) for number in range(200)])

    typed = typed_columns(rows.columns(Kinds(ATTRIBUTES)), FIELDS, TABLES["events"].arrow_schema(COLUMNS), ZONE)

    assert "2026-02-30" in str(strange) or typed.alone == [90]
    assert 90 in typed.alone
    assert typed.table.num_rows == 200 - len(typed.alone)


@pytest.mark.parametrize("rows_from", [items, lines, answer])
def test_a_kind_that_is_new_is_looked_for_from_then_on(rows_from):
    """Where an attribute is a number in the first rows and a text in the next, those too are typed at once."""
    kinds = Kinds(ATTRIBUTES)
    rows_from(*[item(number) for number in range(20)]).columns(kinds)
    learned = kinds.item()
    texts = rows_from(*[item(number, price={"S": f"{number}.25"}) for number in range(20)])

    typed = typed_columns(texts.columns(kinds), FIELDS, TABLES["events"].arrow_schema(COLUMNS), ZONE)

    assert learned.field("price").type.names == ["N"]
    assert typed.table["price_minor"].to_pylist() == [100 * number + 25 for number in range(20)]
    assert not typed.alone
    assert kinds.item().field("price").type.names == ["S", "N", "BOOL", "NULL"]
    assert kinds.item().field("guests").type.names == ["N"]


def test_eighteen_digits_are_exact():
    """Amounts with more digits than a float holds come out to the cent, signed as they were."""
    prices = {"1": "1234567890123456.78", "2": "9007199254740993.01", "3": "0.01", "4": "9999999999999999.99"}
    given_items = [item(int(number), id={"S": number}, price={"N": price}) for number, price in prices.items()]

    table, _ = typed_table("events", lambda _: [lines(*given_items)], COMPANY)

    assert table["price_minor"].to_pylist() == [123456789012345678, 900719925474099301, 1, 999999999999999999]


def export(*given, name="data/1.json.gz"):
    text = "".join(json.dumps({"Item": one}) + "\n" for one in given)
    return Document(name, gzip.compress(text.encode()), f"events/{name}")


def test_a_large_export_is_read_in_pieces(monkeypatch):
    """Rows of many pieces are all there, and a fault in a late one is named by its line."""
    monkeypatch.setattr("quarterdeck.sources.decoding._PIECE_BYTES", 1_000)
    good = [item(number) for number in range(300)]
    assert len(list(rows_of(export(*good)))) > 50

    assert read_table("events", [export(*good)], COMPANY).tables["events"].num_rows == 300

    bad = [*good[:250], item(250, start={"S": "soon"}), *good[251:]]
    with pytest.raises(
        InputInvalid, match=r"events/data/1.json.gz, line 251 \(event_id 'E-250'\), start: found 'soon'"
    ):
        read_table("events", [export(*bad)], COMPANY)


def test_a_line_that_is_no_json_is_named(monkeypatch):
    """Also where lines before it were read at once, in another piece."""
    monkeypatch.setattr("quarterdeck.sources.decoding._PIECE_BYTES", 1_000)
    text = "".join(json.dumps({"Item": item(number)}) + "\n" for number in range(50)) + '{"Item": {"id": {"S"}}}\n'

    with pytest.raises(InputInvalid, match=r"T.json, line 51, column 21: found malformed JSON"):
        read_table("events", [Document("T.json", text.encode(), "T.json")], COMPANY)


def test_two_values_on_a_line_are_two_rows():
    """No export is written so; still no row is lost, and each has its line."""
    one_line = json.dumps({"Item": item(1)}) + " " + json.dumps({"Item": item(2)})
    document = Document("T.json", f"{one_line}\n{json.dumps({'Item': item(3)})}\n".encode(), "T.json")

    assert read_table("events", [document], COMPANY).tables["events"].num_rows == 3

    twice = replace(document, content=document.content.replace(b"E-3", b"E-1"))
    with pytest.raises(InputInvalid, match=r"line 2: found event_id 'E-1' a second time \(first: T.json, line 1\)"):
        read_table("events", [twice], COMPANY)


def test_an_export_behind_another_form_is_read_to_its_end():
    """Lines, then a scan's page: whatever the order of the forms, all rows are read."""
    text = json.dumps({"Item": item(1)}) + "\n" + json.dumps({"Items": [item(2), item(3)]}, indent=1)

    table = read_table("events", [Document("T.json", text.encode(), "T.json")], COMPANY).tables["events"]

    assert table["event_id"].to_pylist() == ["E-1", "E-2", "E-3"]


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_damaged_gzip_is_refused_wherever_it_ends(monkeypatch, cut):
    """A file that came over in part says so; none of its rows is believed."""
    monkeypatch.setattr("quarterdeck.sources.decoding._PIECE_BYTES", 1_000)
    whole = export(*[item(number) for number in range(300)])
    part = replace(whole, content=whole.content[: int(len(whole.content) * cut)])

    with pytest.raises(InputInvalid, match=r"events/data/1.json.gz: found damaged gzip"):
        read_table("events", [part], COMPANY)


def test_gzip_members_behind_one_another_are_one_text():
    """As gzip itself reads them."""
    first, second = export(item(1)), export(item(2))

    both = replace(first, content=first.content + second.content)

    assert read_table("events", [both], COMPANY).tables["events"].num_rows == 2


def test_bytes_that_are_no_text_are_named_by_their_line(monkeypatch):
    """Also in an attribute that is not mapped."""
    monkeypatch.setattr("quarterdeck.sources.decoding._PIECE_BYTES", 1_000)
    text = b"".join(json.dumps({"Item": item(number)}).encode() + b"\n" for number in range(50))

    spoilt = Document("T.json", text[:-40] + b"\xff" + text[-39:], "T.json")

    with pytest.raises(InputInvalid, match=r"T.json, line 50: found the byte 0xff"):
        read_table("events", [spoilt], COMPANY)
