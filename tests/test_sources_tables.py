import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.config import Company
from quarterdeck.errors import InputInvalid
from quarterdeck.sources.reading import Document
from quarterdeck.sources.tables import read_table
from quarterdeck.sources.values import NotUnderstood, count_from, day_from, epoch_from, minor_from

EVENT_COLUMNS = {
    "event_id": "id",
    "business": {"value": "Harbour"},
    "status": {"from": "state", "values": {"confirmed": "booked", "done": "completed"}},
    "starts_at": "start",
    "ends_at": "end",
    "price_minor": {"from": "price", "unit": "major"},
}


def company(columns, *, table="events", currency="EUR", time_zone="Europe/Lisbon"):
    return Company.model_validate(
        {
            "slug": "harbour",
            "name": "Harbour",
            "currency": currency,
            "time_zone": time_zone,
            "sources": {"tables": {table: {"path": "T.json", "columns": columns}}},
        }
    )


def event(number="1", **attributes):
    typed = {
        "id": {"S": f"E-{number}"},
        "state": {"S": "booked"},
        "start": {"S": "2026-11-23T18:30:00Z"},
        "price": {"N": "110.5"},
        **attributes,
    }
    return {name: value for name, value in typed.items() if value is not None}


def scan(*items, **rest):
    return document(json.dumps({"Items": list(items), "Count": len(items), **rest}))


def document(text, name="T.json"):
    content = text if isinstance(text, bytes) else text.encode()
    return Document(name, content, f"tables/{name}")


def events(*items, columns=None, **settings):
    """The rows of events read from one scan of *items*, and the findings' messages."""
    reading = read_table("events", [scan(*items)], company({**EVENT_COLUMNS, **(columns or {})}, **settings))
    return reading.tables["events"].to_pylist(), [finding.message for finding in reading.findings]


def refusal(*items, columns=None, documents=None, table="events", **settings):
    columns = {**EVENT_COLUMNS, **(columns or {})} if table == "events" else columns
    columns = {ours: theirs for ours, theirs in columns.items() if theirs}
    with pytest.raises(InputInvalid) as refused:
        read_table(table, documents or [scan(*items)], company(columns, table=table, **settings))
    return str(refused.value).splitlines()[0]


# Forms


def test_both_forms_gzipped_or_not_give_the_same_rows():
    """A scan, its pages one behind the other, and the lines of an export say the same, gzipped or not."""
    items = [event("1"), event("2"), event("3")]
    lines = "\n".join(json.dumps({"Item": item}) for item in items)
    pages = json.dumps({"Items": items[:2], "LastEvaluatedKey": {"id": {"S": "E-2"}}}, indent=2) + json.dumps(
        {"Items": items[2:]}
    )
    forms = [[scan(*items)], [document(lines)], [document(pages)], [document(gzip.compress(lines.encode()))]]
    forms.append([document(f"\ufeff{json.dumps({'Items': items})}\n")])
    forms.append([document(json.dumps({"Item": item}), f"data/{number}.json.gz") for number, item in enumerate(items)])

    tables = [read_table("events", form, company(EVENT_COLUMNS)).tables["events"] for form in forms]

    assert tables[0].num_rows == 3
    assert all(table.equals(tables[0]) for table in tables)


def test_all_attribute_types_can_stand_beside_the_mapped_ones():
    """Attributes of every type may stand in an item: what is not mapped is not looked at, and NULL is missing."""
    others = {
        "b": {"B": "AAEC"},
        "yes": {"BOOL": True},
        "ss": {"SS": ["a"]},
        "ns": {"NS": ["1"]},
        "bs": {"BS": ["AA=="]},
        "l": {"L": [{"S": "x"}]},
        "m": {"M": {"street": {"S": "x"}}},
        "end": {"NULL": True},
    }

    rows, findings = events(event(**others))

    assert rows[0]["ends_at"] is None
    assert set(rows[0]) == set(EVENT_COLUMNS)
    assert findings == ["events: no row has the attribute end (ends_at)"]


def test_an_empty_table_is_there_with_its_columns():
    """A table without items is present and empty, which differs from absent."""
    rows = read_table("events", [scan()], company(EVENT_COLUMNS)).tables["events"]

    assert rows.num_rows == 0
    assert rows.column_names == list(EVENT_COLUMNS)


def test_an_empty_part_of_an_export_is_no_fault():
    """An export may hold data files without items; a file of no bytes at all is refused."""
    parts = [
        document(gzip.compress(b"", mtime=0), "data/0.json.gz"),
        document(json.dumps({"Item": event()}), "data/1.json.gz"),
    ]

    rows = read_table("events", parts, company(EVENT_COLUMNS)).tables["events"]

    assert rows.num_rows == 1
    assert "T.json: found an empty file" in refusal(documents=[document("")])


# Values


@pytest.mark.parametrize("kind", ["S", "N"])
def test_money_is_read_from_texts_and_numbers(kind):
    """An amount that is S in one row and N in another is read in both, to the last cent of 64 bits."""
    rows, _ = events(
        event("1", price={kind: "1234.50"}),
        event("2", price={"N": "7"}),
        event("3", price={kind: f"{2**63 // 100}.07"}),
    )

    assert [row["price_minor"] for row in rows] == [123450, 700, 2**63 - 1]


def test_money_without_unit_is_in_major_units():
    """`price_minor: price` and `{from: price, unit: major}` are the same; `unit: minor` takes cents."""
    short, _ = events(event(price={"N": "12"}), columns={"price_minor": "price"})
    minor, _ = events(event(price={"N": "12"}), columns={"price_minor": {"from": "price", "unit": "minor"}})

    assert short[0]["price_minor"] == 1200
    assert minor[0]["price_minor"] == 12


def test_the_currency_decides_the_decimals():
    """A yen has no cents: 1200 JPY are 1200 minor units, and 0.5 is refused."""
    rows, _ = events(event(price={"N": "1200"}), currency="JPY")

    assert rows[0]["price_minor"] == 1200
    assert "found '0.5', expected a whole number" in refusal(event(price={"N": "0.5"}), currency="JPY")


def test_a_missing_price_is_missing():
    """An event that has no price yet has a missing price, not zero."""
    rows, _ = events(event(price=None))

    assert rows[0]["price_minor"] is None


def test_times_are_read_in_every_unit():
    """ISO with offset, epoch seconds, epoch milliseconds and local clock time name the same instant."""
    columns = {
        "created_at": {"from": "seconds", "unit": "epoch_seconds"},
        "quoted_at": {"from": "millis", "unit": "epoch_millis"},
        "booked_at": {"from": "local", "unit": "local"},
        "cancelled_at": "iso",
    }
    item = event(
        seconds={"N": "1782907200.000001"},
        millis={"N": "1782907200000.001"},
        local={"S": "2026-07-01T13:00:00.000001"},
        iso={"S": "2026-07-01T05:00:00.000001-07:00"},
    )

    rows, _ = events(item, columns=columns)

    instant = datetime(2026, 7, 1, 12, 0, 0, 1, tzinfo=UTC)
    assert [rows[0][column] for column in columns] == [instant] * 4


def test_a_local_time_that_the_clock_shows_twice_is_the_first_and_is_reported():
    """When summer time ends an hour comes twice: it is read as the first, and the finding names the event."""
    rows, findings = events(event(start={"S": "2026-10-25T01:30:00"}), columns={"starts_at": _local("start")})

    assert rows[0]["starts_at"] == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert "events: 1 local time of starts_at stand twice on the clock, read as the first: E-1" in findings


def _local(attribute):
    return {"from": attribute, "unit": "local"}


def test_local_times_that_say_something_else_are_refused():
    """A local time with an offset, or one that the clocks skip, is refused."""
    columns = {"starts_at": _local("start")}

    skipped = refusal(event(start={"S": "2026-03-29T01:30:00"}), columns=columns)
    with_offset = refusal(event(start={"S": "2026-03-29T03:30:00Z"}), columns=columns)

    assert "found '2026-03-29T01:30:00', expected a time that the clocks of Europe/Lisbon show" in skipped
    assert "found '2026-03-29T03:30:00Z', expected a local ISO 8601 time without offset" in with_offset
    assert "expected a local ISO 8601 time" in refusal(event(start={"S": "noon"}), columns=columns)


def test_a_local_day_is_its_midnight():
    """Of a day without time, under unit: local, the instant is its 00:00."""
    rows, _ = events(event(start={"S": "2026-07-01"}), columns={"starts_at": _local("start")})

    assert rows[0]["starts_at"] == datetime(2026, 6, 30, 23, 0, tzinfo=UTC)


def test_values_rename_theirs_to_ours():
    """A state is renamed by values:, and passes unnamed where it is ours already; a flag can be renamed as well."""
    renamed, _ = events(event("1", state={"S": "done"}), event("2", state={"S": "quoted"}))
    columns = {"status": {"from": "state", "values": {"true": "cancelled", "false": "booked"}}}
    flagged, _ = events(event(state={"BOOL": True}), columns=columns)

    assert [row["status"] for row in renamed] == ["completed", "quoted"]
    assert flagged[0]["status"] == "cancelled"


def test_a_stand_in_for_never_is_mapped_to_missing():
    """A value that stands for none is renamed to the empty text, and then is missing."""
    columns = {"ends_at": {"from": "end", "values": {"9999-12-31T00:00:00Z": ""}}}

    rows, _ = events(event(end={"S": "9999-12-31T00:00:00Z"}), columns=columns)

    assert rows[0]["ends_at"] is None


def test_claims_keep_hours_exact():
    """Hours are decimals to the millionth, never floats."""
    columns = {name: name for name in ("claim_id", "event_id", "role", "status", "hours")} | {"rate_minor": "rate"}
    item = {
        "claim_id": {"N": "17"},
        "event_id": {"S": "E-1"},
        "role": {"S": "mate"},
        "status": {"S": "open"},
        "hours": {"N": "7.333333"},
        "rate": {"N": "24.10"},
    }

    rows = read_table("claims", [scan(item)], company(columns, table="claims")).tables["claims"].to_pylist()

    assert rows[0]["hours"] == Decimal("7.333333")
    assert rows[0]["rate_minor"] == 2410
    assert rows[0]["claim_id"] == "17"
    for hours in ("0.3333333", "1E+12", "-1"):
        item["hours"] = {"N": hours}
        assert f"(claim_id '17'), hours: found '{hours}'" in refusal(item, columns=columns, table="claims")


def test_users_flags_are_flags_or_the_words_true_and_false():
    """A flag is BOOL or true or false; any other word is missing until it is mapped, and is reported."""
    columns = {
        "user_id": "id",
        "kind": {"value": "customer"},
        "mfa_enabled": "mfa",
        "marketing_consent": {"value": True},
    }
    items = [
        {"id": {"S": f"U-{number}"}, "mfa": mfa}
        for number, mfa in enumerate([{"BOOL": False}, {"S": "true"}, {"S": "on"}, {"L": []}])
    ]

    reading = read_table("users", [scan(*items)], company(columns, table="users"))

    assert reading.tables["users"]["mfa_enabled"].to_pylist() == [False, True, None, None]
    assert reading.tables["users"]["marketing_consent"].to_pylist() == [True] * 4
    assert [finding.message for finding in reading.findings] == [
        "users: 2 values of mfa_enabled could not be read and are missing: U-2, U-3"
    ]


def test_a_wrong_optional_value_is_missing_and_reported_whatever_the_order_of_rows():
    """Wrong guests or channels do not stop the batch; the finding counts them and names the first ids by name."""
    columns = {"guests": "guests", "channel": "channel"}
    items = [event(f"{number:02}", guests={"S": "four"}, channel={"M": {}}) for number in range(12)]
    items.append(event("99", guests={"N": "4"}, channel={"S": "direct"}))

    rows, findings = events(*items, columns=columns)
    _, backwards = events(*reversed(items), columns=columns)

    first_ten = ", ".join(f"E-{number:02}" for number in range(10))
    assert [row["guests"] for row in rows] == [None] * 12 + [4]
    assert f"events: 12 values of guests could not be read and are missing: {first_ten} and 2 more" in findings
    assert f"events: 12 values of channel could not be read and are missing: {first_ten} and 2 more" in findings
    assert findings == backwards


def test_cancelled_without_date_is_a_finding():
    """Cancelled events without a date are one finding that names them, also where no date is mapped at all."""
    items = [
        event("1", state={"S": "cancelled"}),
        event("2", state={"S": "cancelled"}, gone={"S": "2026-11-01T09:00:00Z"}),
    ]

    _, dated = events(*items, columns={"cancelled_at": "gone"})
    _, undated = events(*items)

    said = "without date, counted as not booked"
    assert f"events: cancelled without date: 1 cancelled event {said}: E-1" in dated
    assert f"events: cancelled without date: 2 cancelled events {said}: E-1, E-2" in undated


@given(st.integers(-(10**18) + 1, 10**18 - 1), st.sampled_from([0, 2, 3]))
def test_money_comes_back_to_the_cent(minor, digits):
    """Any amount of up to 18 digits, written in major units, is read back exactly."""
    text = str(Decimal(minor).scaleb(-digits))

    assert minor_from(text, digits) == minor
    assert minor_from(f"{text}{'0' * 15 if '.' in text else ''}", digits) == minor
    assert minor_from(str(minor), digits, unit="minor") == minor


@given(st.text("0123456789.eE+-_ ١", max_size=12))
def test_money_is_a_number_or_refused(text):
    """A text is read as the amount it writes, or refused; nothing else happens."""
    try:
        minor = minor_from(text, 2)
    except NotUnderstood:
        return

    assert text.isascii()
    assert Decimal(minor) == Decimal(text) * 100


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "1_000", "١٢", "1,000.00", " 1", "€5", "", "0x1f", "1e9999", "--1"]
)
def test_what_python_takes_for_a_number_is_refused_where_people_would_not(text):
    """NaN, infinity, underscores, other scripts' digits, separators and blanks are no amounts."""
    with pytest.raises(NotUnderstood, match="a number such as"):
        minor_from(text, 2)


@pytest.mark.parametrize("text", ["92233720368547758.08", "1E999", "-1E+30"])
def test_money_beyond_64_bits_is_refused(text):
    """An amount that does not fit 64 bits in cents is refused, however it is written."""
    with pytest.raises(NotUnderstood, match="64 bits"):
        minor_from(text, 2)


def test_the_largest_amount_is_exact():
    """The largest amount that fits is read to the cent; tiny exponents of zero are zero."""
    assert minor_from("92233720368547758.07", 2) == 2**63 - 1
    with pytest.raises(NotUnderstood, match="a number of at most 200 digits"):
        minor_from("1" * 201, 2)
    assert minor_from("0E-999", 2) == 0
    assert count_from("12.0") == 12


def test_epochs_in_the_wrong_unit_are_refused():
    """Seconds read as milliseconds, milliseconds read as seconds, and zero for never, are refused."""
    for text, per_second in [("1782907200", 1000), ("1782907200000", 1), ("0", 1), ("9" * 20, 1), ("9" * 15, 1)]:
        with pytest.raises(NotUnderstood, match="is the unit right"):
            epoch_from(text, per_second=per_second)


def test_days_have_a_year_that_can_be_meant():
    """A day in the year 1 is a stand-in, not a day."""
    with pytest.raises(NotUnderstood, match="a year from 1971 to 2199"):
        day_from("0001-01-01")


# Refusals that a person has to act on: file, row, attribute, value, and what was expected


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"price": {"S": "12.345"}}, "price: found '12.345', expected an amount with at most 2 decimals"),
        ({"price": {"S": "a lot"}}, "price: found 'a lot', expected a number such as 1234.50"),
        ({"price": {"BOOL": True}}, "price: found the flag true, expected an amount of money"),
        ({"price": {"L": []}}, "price: found a list (L), expected an amount of money"),
        ({"price": {"N": "-1"}}, "price: found '-1', expected at least 0"),
        ({"state": {"S": "sold"}}, "state: found 'sold', expected one of inquiry, quoted, booked"),
        ({"state": None}, "state: found no value, expected a text: every row needs status"),
        ({"state": {"S": ""}}, "state: found '', expected a text: every row needs status"),
        ({"start": {"S": "2026-11-23T18:30:00"}}, "start: found '2026-11-23T18:30:00', expected an ISO 8601 time with"),
        ({"start": {"S": "2026-11-31T18:30:00Z"}}, "start: found '2026-11-31T18:30:00Z', expected an ISO 8601 time"),
        ({"start": {"S": "1970-01-01T00:00:00Z"}}, "start: found '1970-01-01T00:00:00Z', expected a year from 1971"),
    ],
)
def test_a_wrong_value_is_named_with_its_row(attributes, said):
    """The message names file, item, event id, attribute, value and what was expected."""
    message = refusal(event("1"), event("2", **attributes))

    assert message.startswith(f"tables/T.json, item 2 (event_id 'E-2'), {said}")


def test_an_event_that_ends_before_it_starts_is_refused():
    """An end before the start stops the reading and names the event; an end at the start is allowed."""
    message = refusal(event("1", end={"S": "2026-11-23T18:30:00Z"}), event("2", end={"S": "2026-11-23T18:29:59Z"}))

    assert message == (
        "tables/T.json, item 2 (event_id 'E-2'): found an end (2026-11-23T18:29:59Z) before the start "
        "(2026-11-23T18:30:00Z), expected an end at or after the start."
    )


def test_duplicate_ids_are_refused_across_files():
    """An id that comes twice is refused, and both places are named."""
    lines = "\n".join(json.dumps({"Item": event(number)}) for number in "23")
    message = refusal(documents=[scan(event("1"), event("2")), document(lines, "U.json")])

    assert message.startswith(
        "tables/U.json, line 1: found event_id 'E-2' a second time (first: tables/T.json, item 2)"
    )


def test_a_second_currency_is_refused_with_its_row():
    """A mapped currency must be the company's on every row that has one; it is no column of ours."""
    columns = {"currency": "cur"}
    rows, _ = events(event("1", cur={"S": "EUR"}), event("2"), columns=columns)

    assert "currency" not in rows[0]
    assert "item 2 (event_id 'E-2'), cur: found 'USD', expected EUR, the company's only currency" in refusal(
        event("1"), event("2", cur={"S": "USD"}), columns=columns
    )
    assert "company.yaml, sources.tables.events.columns.currency.value: found 'USD'" in refusal(
        columns={"currency": {"value": "USD"}}
    )


def test_malformed_json_is_named_with_its_line():
    """JSON that breaks off is named with file, line and column."""
    broken = json.dumps({"Item": event("1")}) + '\n{"Item": {"id": {"S": "E-2"}, }}'

    assert refusal(documents=[document(broken)]).startswith("tables/T.json, line 2, column 31: found malformed JSON (")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"Items": [{}], "Count": 3}', "line 1: found 1 items, expected 3, as its Count says"),
        ('{"Count": 3}', "line 1: found JSON without Items or Item (Count), expected the output of aws dynamodb scan"),
        ('\n\n["a"]', "line 3: found JSON without Items or Item (list)"),
        ('{"Items": ["a"]}', "item 1: found str, expected an item"),
        ('{"Item": {"id": "E-1"}}', "line 1, id: found 'E-1', expected a typed value"),
        ('{"Items": [{"id": {"N": 1}}]}', "item 1, id: found {'N': 1}, expected a typed value"),
        ('{"Items": [{"id": {"S": "x", "N": "1"}}]}', "item 1, id: found {'S': 'x', 'N': '1'}, expected a typed value"),
        ('{"Items": [{"id": {"X": "x"}}]}', "item 1, id: found {'X': 'x'}, expected a typed value"),
        (json.dumps({"Items": [{"id": {"S": ["x" * 99]}}]}), "item 1, id: found {'S': ['xxx"),
        ('{"Items": [], "NextToken": "x"}', ": found a scan that was cut off (NextToken is given), expected all pages"),
        (b'{"Items": [\n"\xff"]}', "line 2: found the byte 0xff, which is not UTF-8, expected UTF-8 text"),
        (b"\x1f\x8b rest", ": found damaged gzip ("),
        (gzip.compress(b'{"Items": []}', mtime=0)[:-4], ": found damaged gzip ("),
        ("[" * 200_000, "line 1: found JSON nested too deeply"),
        ('{"Items": [], "Count": ' + "1" * 5_000 + "}", "line 1: found JSON that cannot be read (Exceeds the limit"),
        ('{"Items": [{"id": {"S": "\\ud800"}}]}', "item 1, id: found '\\ud800', expected text that UTF-8 can write"),
    ],
)
def test_what_is_no_dynamodb_json_is_refused(content, said):
    """Whatever else the file holds, the message names the file, the line or item, and what was expected."""
    assert said in refusal(documents=[document(content)])


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"prise_minor": "price"},
            ".prise_minor: found the unknown column 'prise_minor', expected one of event_id, bus",
        ),
        ({"starts_at": None}, ": found no column 'starts_at', expected it to be mapped: every row of events needs it"),
        (
            {"starts_at": {"from": "start", "unit": "minor"}},
            ".starts_at.unit: found 'minor', expected one of epoch_sec",
        ),
        (
            {"channel": {"from": "c", "unit": "local"}},
            ".channel.unit: found 'local', expected no unit: channel is a te",
        ),
        ({"price_minor": {"value": "free"}}, ".price_minor.value: found 'free', expected a number such as 1234.50"),
        ({"status": {"value": True}}, ".status.value: found True, expected a text"),
    ],
)
def test_a_column_map_that_cannot_be_used_is_refused_before_any_row(columns, said):
    """A wrong column map is named with its key in company.yaml, whatever the rows say."""
    assert refusal(columns=columns).startswith(f"company.yaml, sources.tables.events.columns{said}")


def test_checklists_have_no_currency():
    """A currency is refused where the table has no money."""
    columns = {"checklist_id": "id", "currency": "c"}

    assert "found the unknown column 'currency'" in refusal(columns=columns, table="checklists")
