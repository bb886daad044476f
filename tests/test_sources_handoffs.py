import textwrap
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.config import Company
from quarterdeck.inventory import TABLES
from quarterdeck.sources.handoffs import HANDOFF_PATTERNS, HANDOFF_TABLES, read_handoffs
from quarterdeck.sources.handoffs.days import UnclearDay, read_day
from quarterdeck.sources.handoffs.money import MoneyReader, UnclearAmount
from quarterdeck.sources.handoffs.words import heading_of, names_tests, state_of
from quarterdeck.sources.reading import Document, documents_in

DATA = Path(__file__).parent / "data" / "handoffs" / "projects"


def company(currency="EUR", locale="en_GB"):
    settings_ = {"slug": "hotel", "name": "Hotel", "time_zone": "Europe/Lisbon", "sources": {}}
    return Company.model_validate({**settings_, "currency": currency, "locale": locale})


def document(name, text):
    return Document(name, text.encode() if isinstance(text, str) else text, f"handoffs/{name}")


def read(text, **money):
    """The reading of one document; a text that opens with a new line is indented as the test is."""
    if isinstance(text, str) and text.startswith("\n    "):
        text = textwrap.dedent(text).removeprefix("\n")
    return read_handoffs([document("a.md", text)], company(**money))


def read_file(stem):
    """The reading of one of the test documents."""
    return read_handoffs(documents_in(DATA, f"{stem}.md"), company())


def rows(reading, table):
    """What a table says, without where it says it, and without what is missing."""
    return [
        {key: value for key, value in row.items() if value is not None and key not in ("project", "document", "line")}
        for row in reading.tables[table].to_pylist()
    ]


def lines(reading, table):
    return [row["line"] for row in reading.tables[table].to_pylist()]


def notes(reading):
    return [(finding.line, finding.message) for finding in reading.findings]


def project(reading):
    (row,) = reading.tables["projects"].to_pylist()
    return row


# -- whole documents


def test_the_hotels_front_desk_is_read_whole():
    """Front matter, a stack with a cost in it, a table of gaps and a task list become rows with their lines."""
    reading = read_file("front-desk")

    assert project(reading) == {
        "project": "Front desk",
        "business": None,
        "status": "live",
        "owner": "Night audit",
        "updated_on": date(2016, 11, 2),
        "summary": "Check-in, check-out and the night audit run on one PC behind the counter.",
        "has_tests_or_ci": False,
        "document": "front-desk.md",
        "line": 2,
    }
    assert rows(reading, "stack") == [
        {"component": "Opera (on premises, out of vendor support since 2015)", "version": "5"},
        {"component": "Nightly export to DynamoDB through checkin"},
        {"component": "AWS eu-west-1"},
    ]
    assert rows(reading, "costs") == [{"service": "AWS eu-west-1", "monthly_minor": 4120}]
    assert rows(reading, "gaps") == [
        {
            "area": "security",
            "severity": "high",
            "gap": "Card numbers are still typed into a free-text field",
            "owner": "Front office",
            "due_on": date(2016, 11, 30),
            "is_open": True,
        },
        {
            "area": "process",
            "severity": "medium",
            "gap": "No second operator knows the night audit",
            "owner": "HR",
            "is_open": True,
        },
    ]
    assert rows(reading, "actions") == [
        {"action": "Order the new PMS licence", "due_on": date(2016, 12, 15), "is_done": False},
        {"action": "Label the wiring cupboard", "is_done": True},
    ]
    assert [lines(reading, table) for table in HANDOFF_TABLES] == [[2], [12, 13, 14], [14], [], [19, 20], [23, 24]]
    assert reading.findings == []


def test_the_hotels_web_shop_is_read_whole():
    """Bold lines, an emoji as state, headings in other words and prose become the same rows; a share is no amount."""
    reading = read_file("web-shop")

    assert project(reading)["project"] == "Web shop"
    assert (project(reading)["status"], project(reading)["owner"]) == ("degraded", "Marketing")
    assert project(reading)["updated_on"] == date(2016, 10, 14)
    assert project(reading)["summary"].startswith("Direct bookings through our own site: cheaper for us")
    assert rows(reading, "stack") == [
        {"component": "WordPress", "version": "4.6"},
        {"component": "MySQL"},
        {"component": "VPS"},
        {"component": "Domain and DNS in Route 53"},
    ]
    assert rows(reading, "costs") == [
        {"service": "VPS", "monthly_minor": 1200},
        {"service": "Google Ads budget", "monthly_minor": 90000},
    ]
    assert rows(reading, "revenue_streams") == [{"stream": "Direct channel revenue", "note": "see the Events table"}]
    assert rows(reading, "gaps") == [
        {
            "area": "security",
            "severity": "unknown",
            "gap": "TLS certificate is renewed by hand, expires 2016-12-04",
            "due_on": date(2016, 12, 4),
            "is_open": True,
        },
        {
            "area": "ux",
            "severity": "unknown",
            "gap": "Booking form loses the promo code on mobile",
            "is_open": True,
        },
    ]
    assert [row["action"] for row in rows(reading, "actions")] == [
        "move the form to the checkin API",
        "ask the agency for the Analytics login",
    ]
    assert lines(reading, "costs") == [10, 14]
    assert reading.findings == []


def test_bold_lines_emoji_headings_and_remarks_in_brackets():
    """Owners, days, amounts and severities in brackets, behind dashes or before a colon are taken out of the text."""
    reading = read_file("bold-lines")

    assert project(reading)["project"] == "Boat hire"
    assert (project(reading)["status"], project(reading)["owner"]) == ("building", "Marta Reis")
    assert project(reading)["has_tests_or_ci"] is True
    assert [(row["component"], row.get("version")) for row in rows(reading, "stack")] == [
        ("Python", "3.11"),
        ("FastAPI", "0.103"),
        ("SQLite", None),
        ("React", "18"),
        ("TypeScript", "5.2"),
        ("Hetzner CX21", None),
        ("pytest and GitHub Actions on every push", None),
        ("python-dateutil", "2.9.0"),
        ("Ubuntu", "22.04 LTS"),
    ]
    assert [(row["service"], row["monthly_minor"]) for row in rows(reading, "costs")] == [
        ("Hetzner CX21", 583),
        ("Domain", 100),
        ("SMS gateway (Twilio)", 2000),
        ("Map tiles", 0),
    ]
    assert rows(reading, "gaps") == [
        {
            "area": "other",
            "severity": "high",
            "gap": "Deposits are not refunded by themselves",
            "owner": "Marta Reis",
            "due_on": date(2016, 12, 1),
            "amount_minor": 25000,
            "is_open": True,
        },
        {"area": "ux", "severity": "low", "gap": "Buttons too small on phones", "is_open": False},
        {"area": "other", "severity": "unknown", "gap": "Calendar shows yesterday", "is_open": False},
        {
            "area": "data",
            "severity": "high",
            "gap": "No backup of the SQLite file",
            "owner": "marta",
            "opened_on": date(2016, 10, 1),
            "is_open": True,
        },
    ]
    assert rows(reading, "actions") == [
        {"action": "Turn on backups", "owner": "marta", "is_done": False},
        {"action": "Ask the harbour for a fourth berth", "due_on": date(2016, 11, 18), "is_done": False},
        {"action": "Paint the boats", "is_done": True},
    ]
    assert reading.findings == []


def test_everything_may_stand_in_the_front_matter():
    """Lists and mappings under known keys are read as lists and tables are, each with the line of its YAML."""
    reading = read_file("front-matter")

    assert project(reading)["project"] == "Spa <script>alert('spa')</script>"
    assert (project(reading)["business"], project(reading)["status"]) == ("Wellness", "paused")
    assert (project(reading)["owner"], project(reading)["has_tests_or_ci"]) == ("Joana, Rui", False)
    assert [(row["component"], row.get("version")) for row in rows(reading, "stack")] == [
        ("PHP", "5.6"),
        ("MySQL", "5.5"),
        ("Windows Server", "2008 R2"),
    ]
    assert rows(reading, "costs") == [
        {"service": "hosting", "monthly_minor": 3000},
        {"service": "licence", "monthly_minor": 10000},
    ]
    assert rows(reading, "revenue_streams") == [
        {"stream": "Treatments", "monthly_minor": 450000, "note": "before tips"}
    ]
    assert [(row["gap"], row["severity"], row.get("opened_on")) for row in rows(reading, "gaps")] == [
        ("Guests' allergies are kept in a spreadsheet", "critical", date(2016, 2, 29)),
        ("PHP 5.6 ends its life on 31 Dec 2018", "unknown", None),
    ]
    assert rows(reading, "actions") == [
        {
            "action": "Move the bookings to the front desk's system",
            "owner": "Rui",
            "due_on": date(2016, 12, 15),
            "amount_minor": 150000,
            "is_done": False,
        },
        {"action": "Tell the guests", "is_done": True},
    ]
    assert [lines(reading, table) for table in HANDOFF_TABLES] == [
        [2],
        [10, 11, 12],
        [14, 15],
        [17],
        [21, 26],
        [28, 32],
    ]
    assert reading.findings == []


def test_tables_are_read_by_their_heads_in_any_order():
    """The head may be a table; columns stand in any order; a cell not understood is a finding, and its row is kept."""
    reading = read_file("head-table")

    assert project(reading)["project"] == "Night audit"
    assert (project(reading)["status"], project(reading)["owner"]) == ("paused", "Night team")
    assert project(reading)["updated_on"] == date(2016, 11, 3)
    assert project(reading)["summary"] == "Closes the day at three in the morning."
    assert project(reading)["has_tests_or_ci"] is True
    assert rows(reading, "stack") == [
        {"component": "COBOL", "version": "85"},
        {"component": "Informix"},
        {"component": "Rabbit MQ 3.6", "version": "3.6.5"},
    ]
    assert rows(reading, "costs") == [{"service": "Informix", "monthly_minor": 21000}]
    gaps = rows(reading, "gaps")
    assert gaps[0] == {
        "area": "process",
        "severity": "critical",
        "gap": "Nobody left who reads COBOL",
        "owner": "Night team",
        "due_on": date(2016, 12, 20),
        "amount_minor": 1200000,
        "is_open": True,
    }
    assert [(row["gap"], row["severity"], row["area"], row["is_open"]) for row in gaps[1:]] == [
        ("Invoices are printed twice", "medium", "cost", True),
        ("Shift plan on paper", "low", "other", False),
        ("Printer jams", "unknown", "other", True),
    ]
    assert notes(reading) == [
        (30, "gap “Printer jams”: “annoying” is no severity: critical, high, medium, low or P1 to P4"),
        (30, "gap “Printer jams”: “soon” is no date such as 2026-11-30 or 30 Nov 2026"),
        (30, "gap “Printer jams”: “a lot” is no amount"),
        (30, "gap “Printer jams”: “perhaps” says neither open nor closed"),
    ]


def test_a_document_without_headings_is_read_by_its_labels():
    """`Owner: x` lines, `Stack: a, b`, and labels over lists do for headings."""
    reading = read_file("plain-lines")

    assert project(reading)["project"] == "Crew rota"
    assert (project(reading)["status"], project(reading)["owner"]) == ("live", "Sara Pinto")
    assert project(reading)["updated_on"] == date(2016, 11, 12)
    assert project(reading)["summary"] == "Plans who works when."
    assert [row["component"] for row in rows(reading, "stack")] == ["Google Sheets", "Apps Script"]
    assert rows(reading, "costs") == [{"service": "Costs", "monthly_minor": 0}]
    assert [(row["gap"], row["severity"], row.get("opened_on")) for row in rows(reading, "gaps")] == [
        ("two people can take one shift, opened 2016-08-15", "high", date(2016, 8, 15)),
        ("phones show an old plan", "unknown", None),
    ]
    assert [(row["action"], row["due_on"]) for row in rows(reading, "actions")] == [
        ("write down how it works by 2016-12-01", date(2016, 12, 1)),
        ("Sara: give everybody a login", date(2016, 11, 20)),
    ]
    assert lines(reading, "gaps") + lines(reading, "actions") == [11, 12, 14, 15]
    assert reading.findings == []


def test_amounts_that_are_no_monthly_amount_are_findings():
    """Ranges, bounds, other currencies, prices per user, amounts without a period are said, and not counted."""
    reading = read_file("one-line")

    assert (project(reading)["status"], project(reading)["owner"]) == ("live", "IT")
    assert rows(reading, "costs") == [
        {"service": "Line, 1 Gbit", "monthly_minor": 9900},
        {"service": "Support", "monthly_minor": 10000},
    ]
    assert rows(reading, "revenue_streams") == [
        {"stream": "Premium pass", "monthly_minor": 135050, "note": "(July only)"},
        {"stream": "Goodwill of guests"},
        {"stream": "Conference rooms"},
    ]
    assert notes(reading) == [
        (10, "cost “Access points, 12 ×”: “€4 a month” is the price of one of several; it is not counted"),
        (12, "cost “Firewall”: “€40” is one end of a range; it is not counted"),
        (13, "cost “Backup line”: “up to €15 a month” is a bound, not an amount; it is not counted"),
        (14, "cost “Roaming”: “$9 per month” is in USD, and the company's currency is EUR; it is not counted"),
        (15, "cost “Licences”: “€3 per user per month” is per user, not per month; it is not counted"),
        (16, "cost “Old line”: “€19.90” does not say whether it is per month; it is not counted"),
        (17, "cost “Insurance”: “€100 a year” cannot be divided exactly into months; it is not counted"),
        (22, "revenue “Conference rooms”: “CHF 500 / month” is in CHF, and the company's currency is EUR"),
    ]
    assert [(row["gap"], row["area"], row["severity"]) for row in rows(reading, "gaps")] == [
        ("default password on two switches", "security", "unknown"),
        ("guest net is not separated", "security", "critical"),
        ("captive portal asks twice", "ux", "unknown"),
    ]
    assert rows(reading, "actions") == [{"action": "replaced the router", "is_done": True}]


def test_headings_below_gaps_are_groups_or_gaps():
    """`High`, `Security` and `Resolved` are groups; any other heading below gaps is a gap, described by its lines."""
    reading = read_file("by-heading")

    assert project(reading)["project"] == "by-heading"
    assert [(row["gap"], row["area"], row["severity"], row["is_open"]) for row in rows(reading, "gaps")] == [
        ("The tills stop when the line is down", "other", "high", True),
        ("Keys of the safe are kept in the safe", "security", "unknown", True),
        ("The card reader forgets its certificate", "security", "medium", True),
        ("Drawer of till two sticks", "other", "unknown", False),
    ]
    assert rows(reading, "gaps")[2]["owner"] == "Till team"
    assert rows(reading, "gaps")[2]["due_on"] == date(2016, 12, 5)
    assert rows(reading, "actions") == [
        {"action": "New tills", "amount_minor": 1800000, "is_done": False},
        {"action": "Self-checkout", "is_done": False},
    ]
    assert [(row["component"], row.get("version")) for row in rows(reading, "stack")] == [
        ("Debian", "12"),
        ("ThinkPad T460", None),
        ("Windows", "10"),
    ]
    assert reading.findings == []


def test_nested_lists_are_groups_descriptions_or_tasks_of_their_own():
    """What is nested describes what is above it, unless that is a group, or it has a box of its own."""
    reading = read_file("nested")

    assert (project(reading)["owner"], project(reading)["status"]) == ("Housekeeping", "live")
    assert [row["component"] for row in rows(reading, "stack")] == ["Washing machines, 4", "Label printer"]
    assert [(row["gap"], row["area"], row["severity"], row["is_open"]) for row in rows(reading, "gaps")] == [
        ("chemicals are not locked away", "security", "unknown", True),
        ("Sheets come back grey", "other", "medium", True),
        ("Machine three leaks", "other", "high", True),
        ("call the plumber", "other", "high", False),
    ]
    assert rows(reading, "gaps")[1]["opened_on"] == date(2016, 11, 1)
    assert rows(reading, "actions") == [
        {"action": "Buy bleach", "owner": "ana", "due_on": date(2016, 11, 30), "is_done": False},
        {"action": "Count the towels", "is_done": False},
        {"action": "Wash the curtains", "is_done": True},
    ]
    assert notes(reading) == [
        (14, "a remark below “Sheets come back grey” is not kept"),
        (26, "a remark below “Wash the curtains” is not kept"),
    ]


def test_a_day_that_is_not_certain_is_a_finding_and_never_a_guess():
    """Ambiguous, impossible, yearless, doubled and wordy days are said with their line; their rows have no day."""
    reading = read_file("odd-dates")

    assert (project(reading)["status"], project(reading)["updated_on"]) == ("unknown", None)
    assert [(row["action"], row["due_on"]) for row in rows(reading, "actions") if "due_on" in row] == [
        ("Check the fridges", date(2016, 11, 1)),
        ("Pay the bill", date(2016, 11, 5)),
        ("Change the locks", date(2016, 12, 25)),
        ("Sign", date(2016, 5, 5)),
    ]
    assert len(rows(reading, "actions")) == 12
    assert [(row.get("opened_on"), row.get("due_on")) for row in rows(reading, "gaps")] == [
        (None, None),
        (None, None),
        (date(2016, 5, 1), None),
        (None, None),
    ]
    assert notes(reading) == [
        (4, "“not live yet” is not one of the states live, degraded, building, paused, retired"),
        (3, "when it was updated is not understood: “03/04/2016” can be read with the day first or the month first"),
        (12, "action “Count the nuts”: “31 Feb 2016” is no day of the calendar"),
        (13, "action “Order beer”: “12 Dec” has no year"),
        (15, "action “Lock the doors”: “Thursday 1 Nov 2016” is a Tuesday"),
        (16, "action “Print prices”: “2016-13-01” is no day of the calendar"),
        (17, "action “Ask for keys”: “end of November” is no date such as 2026-11-30 or 30 Nov 2026"),
        (18, "action “Clean”: “1 Nov 2016 or 2 Nov 2016” holds 2 dates"),
        (
            25,
            (
                "gap “Prices change on 1 January and nobody knows them (2016-10-1…”: "
                "“2016-10-10” does not say whether it is when it was opened or when it is due"
            ),
        ),
        (
            26,
            (
                "gap “Expired chocolate, due by 12/11/2016”: "
                "“12/11/2016” can be read with the day first or the month first"
            ),
        ),
        (
            27,
            (
                "gap “Bottles vanish, since 1 May 2016, due 1 June 2016, due 2 Ju…”: "
                "it says two things as its due day: 2016-06-01 and 2016-06-02"
            ),
        ),
        (28, "gap “No list of rooms, before Christmas”: “before Christmas” is no date"),
        (32, "action “Ask the guests”: the box [?] is neither open nor ticked"),
        (33, "action “Half done”: the box [~] is neither open nor ticked"),
    ]


def test_html_is_text_and_nothing_else():
    """Tags in a name, an owner or a gap stay as the text that they are; comments are not there; blocks are findings."""
    reading = read_file("html")

    assert project(reading)["project"] == "<img src=x onerror=alert(1)> Shop & Co <b>"
    assert project(reading)["owner"] == '<script>alert("owner")</script>'
    assert project(reading)["status"] == "live"
    assert [row["gap"] for row in rows(reading, "gaps")] == [
        '<b onmouseover="x()">Prices</b> are typed by hand',
        "[Link](javascript:alert(1)) to the old shop",
    ]
    assert rows(reading, "costs") == [{"service": "rm -rf | hosting", "monthly_minor": 1000}]
    assert notes(reading) == [
        (14, "HTML under “Gaps” is not read"),
        (16, "a code block under “Gaps” is not read"),
    ]


def test_sections_that_say_nothing_or_two_things():
    """Under Money a line must say what it is; mixed headings are findings, `None known` and unknown ones are not."""
    reading = read_file("old-style")

    assert project(reading)["project"] == "Guest book"
    assert (project(reading)["status"], project(reading)["owner"]) == ("retired", "Reception")
    assert project(reading)["has_tests_or_ci"] is False
    assert rows(reading, "revenue_streams") == [{"stream": "Revenue from postcards", "monthly_minor": 3500}]
    assert rows(reading, "costs") == [{"service": "Paper: rent of the shelf", "monthly_minor": 200}]
    assert rows(reading, "gaps") == rows(reading, "actions") == rows(reading, "stack") == []
    assert [line for line, _ in notes(reading)] == [15, 16, 17, 24]
    assert notes(reading)[0][1] == "“Ink” under “Money” says neither that it is a cost nor that it is revenue"
    assert notes(reading)[3][1] == (
        "“Gaps and next steps” announces several things at once, so nothing below it was read"
    )


# -- documents that cannot be read


def test_a_document_that_is_not_utf8_is_named_with_its_byte_and_the_others_go_on():
    """The finding names the document and the byte's place; the document is skipped, and its hash is kept."""
    documents = [
        document("bad.md", b"# Caf\xe9\n"),
        document("good.md", "# Bar\n"),
        document("utf16.md", b"\xff\xfe#\0"),
    ]

    reading = read_handoffs(documents, company())

    assert [row["project"] for row in reading.tables["projects"].to_pylist()] == ["Bar"]
    assert [(finding.source, finding.severity, finding.document, finding.message) for finding in reading.findings] == [
        ("handoffs", "error", "bad.md", "not UTF-8: byte 5 is 0xe9; the document was not read"),
        ("handoffs", "error", "utf16.md", "not UTF-8: byte 0 is 0xff; the document was not read"),
    ]
    assert sorted(reading.hashes) == ["bad.md", "good.md", "utf16.md"]


@pytest.mark.parametrize("text", ["", " \n\t\n", "\ufeff"])
def test_an_empty_document_is_a_finding(text):
    """A document without a word gives no project, and says so."""
    reading = read(text)

    assert rows(reading, "projects") == []
    assert notes(reading) == [(None, "the document is empty")]


@pytest.mark.parametrize(
    ("front", "line", "message"),
    [
        ("owner: @marta", 2, "the front matter is not YAML: found character '@' that cannot start any token"),
        ("a: b\nowner: [x", 3, "the front matter is not YAML: expected ',' or ']', but got '<stream end>'"),
        ("just words", 2, "the front matter holds no key: value lines"),
        ("a: b\x07", 2, "the front matter is not YAML: a forbidden character"),
        ("owner: A\nowner: B", 3, "the key “owner” stands twice: only the first one counts"),
        ("a: " + "[" * 3000, 2, "the front matter is nested too deep to be read"),
    ],
)
def test_front_matter_that_is_no_yaml_is_a_finding_with_its_line(front, line, message):
    """The rest of the document is read all the same."""
    reading = read(f"---\n{front}\n---\n# Bar\n\n## Next\n- mop\n")

    assert (line, message) in notes(reading)
    assert rows(reading, "actions") == [{"action": "mop", "is_done": False}]
    assert project(reading)["project"] == "Bar"


def test_front_matter_without_an_end_is_a_finding():
    """Three dashes that nothing closes are said, and the document is read as text."""
    reading = read("---\nowner: Rui\n\n# Bar\n")

    assert notes(reading) == [(1, "the front matter has no closing ---, so it is read as text")]
    assert (project(reading)["project"], project(reading)["owner"]) == ("Bar", "Rui")


def test_odd_yaml_breaks_nothing():
    """Lone surrogates, anchors, nulls, nested mappings and an empty front matter are read as text or not at all."""
    reading = read(
        '---\nproject: "\\ud800x"\nowner: ~\nstatus: &s live\nsummary: *s\nstack: {a: {b: c}, d: [1]}\n? [k]\n: v\n'
        "---\n"
    )

    assert project(reading)["project"] == "\ufffdx"
    assert (project(reading)["owner"], project(reading)["status"], project(reading)["summary"]) == (
        None,
        "live",
        "live",
    )
    assert project(read("---\n---\n# Bar\n"))["project"] == "Bar"


def test_windows_files_are_read_with_the_same_lines():
    """A byte-order mark and carriage returns change nothing, no line number either."""
    text = (DATA / "front-desk.md").read_text(encoding="utf-8")
    unix = read(text)

    windows = read_handoffs([document("a.md", b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())], company())

    assert {name: table.to_pylist() for name, table in windows.tables.items()} == {
        name: table.to_pylist() for name, table in unix.tables.items()
    }


def test_two_documents_for_one_project_are_both_kept_with_a_finding():
    """The second of them, by name, says which document describes the project as well."""
    documents = [
        document("b.md", "# web Shop\n"),
        document("a.md", "# Web shop — handoff\n"),
        document("c.md", "# Bar\n"),
    ]

    reading = read_handoffs(documents, company())

    assert [row["project"] for row in reading.tables["projects"].to_pylist()] == ["Web shop", "web Shop", "Bar"]
    assert [(finding.severity, finding.document, finding.line, finding.message) for finding in reading.findings] == [
        ("warning", "b.md", 1, "“web Shop” is described by a.md as well; both were kept")
    ]


def test_all_columns_are_there_and_the_order_of_documents_does_not_matter():
    """An empty folder gives six empty tables; shuffled documents give the same tables and findings."""
    documents = list(documents_in(DATA, *HANDOFF_PATTERNS))

    nothing = read_handoffs([], company())
    forwards, backwards = read_handoffs(documents, company()), read_handoffs(documents[::-1], company())

    for name in HANDOFF_TABLES:
        assert tuple(nothing.tables[name].column_names) == tuple(TABLES[name].columns)
        assert nothing.tables[name].num_rows == 0
        assert forwards.tables[name].equals(backwards.tables[name])
        TABLES[name].schema(name).validate(
            forwards.tables[name].to_pandas(types_mapper=None).astype(TABLES[name].dtypes())
        )
    assert list(forwards.findings) == list(backwards.findings)
    assert len(documents) == 12


# -- words


@pytest.mark.parametrize(
    ("text", "minor", "every"),
    [
        ("$41.20 / month", 4120, "month"),
        ("about $41.20/mo", 4120, "month"),
        ("USD 900/month", 90000, "month"),
        ("1.2k", 120000, None),
        ("$1.2k", 120000, None),
        ("1.5 million USD", 150000000, None),
        ("$2m", 200000000, None),
        ("1,234.5", 123450, None),
        ("1.234,50 USD", 123450, None),
        ("$1 234,50", 123450, None),
        ("$1,200", 120000, None),
        ("$1,200,000", 120000000, None),
        ("12 dollars a month", 1200, "month"),
        ("$12 p.m.", 1200, "month"),
        ("$12 (monthly)", 1200, "month"),
        ("$120 per annum", 12000, "year"),
        ("$30 quarterly", 3000, "quarter"),
        ("~ $5", 500, None),
        ("free", 0, None),
        ("US$ 5 every month", 500, "month"),
        ("$5 per booking", 500, "booking"),
    ],
)
def test_an_amount_is_exact_in_cents(text, minor, every):
    """Amounts as people write them, with what they are per."""
    amount = MoneyReader(company("USD", "en_US")).read(text)

    assert (amount.minor, amount.every) == (minor, every)


@pytest.mark.parametrize("text", ["", "—", "n/a", "tbd", "?", "unknown"])
def test_an_amount_that_is_not_known_is_missing(text):
    """A cell that says that it says nothing is no finding."""
    amount = MoneyReader(company()).read(text)

    assert amount is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("€5", "“€5” is in EUR, and the company's currency is USD"),
        ("CA$5", "“CA$5” is in CAD, and the company's currency is USD"),
        ("A$5", "“A$5” is in AUD, and the company's currency is USD"),
        ("THB 5 / month", "“THB 5 / month” is in THB, and the company's currency is USD"),
        ("THB 5", "“THB 5” is no amount"),
        ("$1.200", "“$1.200” can be read as thousands or as a fraction"),
        ("$1.2345", "“$1.2345” is no whole number of the smallest coin"),
        ("$-5", "“$-5” is negative"),
        ("−$5", "“−$5” is negative"),
        ("$5-10", "“$5” is one end of a range"),
        ("5 to 10 USD", "“10 USD” is one end of a range"),
        ("under $5", "“under $5” is a bound, not an amount"),
        ("$5 each", "“$5” is the price of one of several"),
        ("$99999999999999999999", "“$99999999999999999999” is more than can be believed"),
        ("$5 and $6", "“$5 and $6” is 2 amounts"),
        ("15 %", "“15 %” is no amount"),
        ("$15%", "“$15%” is no amount"),
        ("five", "“five” is no amount"),
    ],
)
def test_an_amount_that_is_not_certain_says_why(text, problem):
    """No guess: the reason is told, ready for a finding."""
    with pytest.raises(UnclearAmount) as unclear:
        MoneyReader(company("USD", "en_US")).read(text)

    assert str(unclear.value) == problem


@pytest.mark.parametrize(
    ("currency", "locale", "text", "minor"),
    [
        ("USD", "en_GB", "$5", 500),
        ("CAD", "en_CA", "$5", 500),
        ("CAD", "en_CA", "5 dollars", 500),
        ("AUD", "en_US", "A$5", 500),
        ("CHF", "de_CH", "CHF 1’200.50", 120050),
        ("EUR", "de_DE", "1.200 €", 120000),
        ("JPY", "ja_JP", "¥1,200", 1200),
        ("SEK", "sv_SE", "1 200 kr / month", 120000),
        ("PLN", "pl_PL", "5 zł", 500),
        ("GBP", "en_GB", "£5", 500),
        ("KWD", "en_US", "KWD 1.5", 1500),
    ],
)
def test_signs_and_separators_are_those_of_the_companys_locale(currency, locale, text, minor):
    """`$` is the Canadian company's own, a point may group thousands, and a yen has no cents."""
    amount = MoneyReader(company(currency, locale)).read(text)

    assert amount.minor == minor


@pytest.mark.parametrize(
    ("currency", "locale", "text", "other"),
    [
        ("CAD", "en_US", "$5", "USD"),
        ("EUR", "en_GB", "$5", "USD"),
        ("CHF", "de_CH", "$5", "USD"),
        ("DKK", "da_DK", "5 kr", "SEK"),
    ],
)
def test_a_sign_that_is_anothers_is_another_currency(currency, locale, text, other):
    """`$` is not the company's where its locale writes it for another one, or for none."""
    with pytest.raises(UnclearAmount, match=f"is in {other}, and the company's currency is {currency}"):
        MoneyReader(company(currency, locale)).read(text)


THE_SAME_DAY = (
    "2016-12-15",
    "2016/12/15",
    "2016.12.15",
    "15 Dec 2016",
    "15th of December 2016",
    "15. Dec 2016",
    "Dec 15, 2016",
    "December 15 2016",
    "15-Dec-2016",
    "15/12/2016",
    "12/15/2016",
    "15.12.2016",
    "Thursday, 15 Dec 2016",
    "(before 15 Dec 2016)",
    "2016-12-15T10:00Z",
    "due 15 december 2016.",
    "Thu 15 Dec 2016 10:00",
)


@pytest.mark.parametrize("text", THE_SAME_DAY)
def test_a_day_is_understood_however_it_is_written(text):
    """Sixteen ways to write one day."""
    day = read_day(text)

    assert day == date(2016, 12, 15)


@pytest.mark.parametrize("text", ["", " ", "—", "n/a", "TBD", "?", "none", "open"])
def test_a_day_that_is_not_known_is_missing(text):
    """A cell that says that it says nothing is no finding."""
    day = read_day(text)

    assert day is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("15 Dec '16", "“15 Dec '16” has a year of two digits"),
        ("3/4/16", "“3/4/16” has a year of two digits"),
        ("13/13/2016", "“13/13/2016” is no day of the calendar"),
        ("0000-01-01", "“0000-01-01” is no day of the calendar"),
        ("Dec 15", "“Dec 15” has no year"),
        ("2016-W48", "“2016-W48” is no date such as 2026-11-30 or 30 Nov 2026"),
        ("Nov 2016", "“Nov 2016” is no date such as 2026-11-30 or 30 Nov 2026"),
        ("version 1.2.3", "“version 1.2.3” is no date such as 2026-11-30 or 30 Nov 2026"),
        ("24/7", "“24/7” is no date such as 2026-11-30 or 30 Nov 2026"),
    ],
)
def test_a_day_that_is_not_certain_says_why(text, problem):
    """No guess: the reason is told, ready for a finding."""
    with pytest.raises(UnclearDay) as unclear:
        read_day(text)

    assert str(unclear.value) == problem


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("live", "live"),
        ("🟢", "live"),
        ("In production since 2015", "live"),
        ("🟡 degraded", "degraded"),
        ("🔴 down", "degraded"),
        ("🔴", "degraded"),
        ("🚧 building", "building"),
        ("WIP", "building"),
        ("⏸️ paused", "paused"),
        ("🟢 paused", "paused"),
        ("on hold (budget)", "paused"),
        ("Retired.", "retired"),
        ("🔴 retired", "retired"),
        ("live but degraded", None),
        ("🚧 live", None),
        ("not live", None),
        ("was live until May", None),
        ("inactive", None),
        ("🤷", None),
    ],
)
def test_a_state_is_one_word_or_one_picture(text, state):
    """A word wins over a traffic light; two states, or a "not", are none."""
    said = state_of(text)

    assert said == state


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Stack", "stack"),
        ("3. Tech stack 🧱", "stack"),
        ("What it runs on", "stack"),
        ("Running costs (monthly)", "costs"),
        ("Costs & revenue", "money"),
        ("Known issues:", "gaps"),
        ("Open security gaps", "gaps"),
        ("What’s next?", "actions"),
        ("Next steps for the next quarter", "actions"),
        ("TODO", "actions"),
        ("Project status", "status"),
        ("Status and owner", "about"),
        ("Overview", "summary"),
        ("Why we left the old stack", None),
        ("Gaps and next steps", None),
        ("Security", None),
        ("Team", None),
        ("", None),
    ],
)
def test_a_heading_is_known_when_all_of_its_words_are(text, kind):
    """Headings in many words, and prose that only contains one of them."""
    heading = heading_of(text)

    assert heading.kind == kind


TESTED = (
    "Tests: pytest",
    "GitHub Actions on every push",
    "We have unit tests",
    "CI/CD",
    "covered by a test suite, no linter",
    "ci: gitlab ci",
    "not much, but tests run nightly",
)


@pytest.mark.parametrize("text", TESTED)
def test_tests_or_ci_are_named(text):
    """A word for automated tests or CI in a clause that does not deny it."""
    named = names_tests(text)

    assert named


UNTESTED = (
    "No tests",
    "Tests: none",
    "there are no automated tests",
    "needs CI",
    "without tests, sadly",
    "Tests are missing",
    "add pytest",
    "tests by hand",
    "tests: false",
    "A/B tests",
    "the latest contest",
    "Cisco",
    "we test the waters account",
    "test account",
    "CI is planned",
    "we don't have tests",
)


@pytest.mark.parametrize("text", UNTESTED)
def test_no_tests_are_no_tests(text):
    """A denial, a plan, or another meaning of the word."""
    named = names_tests(text)

    assert not named


# -- smaller shapes


def gap(text):
    """The one gap that a list item *text* gives, and what was found about it."""
    reading = read(f"## Gaps\n- {text}\n")
    (row,) = rows(reading, "gaps")
    return row, [message.partition("”: ")[2] for _, message in notes(reading)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Keys lost (owner Rui; severity: high; area: cost)", {"owner": "Rui", "severity": "high", "area": "cost"}),
        ("Keys lost (Rui Costa, by 2016-12-01)", {"owner": "Rui Costa", "due_on": date(2016, 12, 1)}),
        ("Keys lost — high — Rui@example.com", {"severity": "unknown"}),
        ("Keys lost — assigned to Rui — since 2016-10-01", {"owner": "Rui", "opened_on": date(2016, 10, 1)}),
        ("Keys lost (by Oct 14, 2016, @rui)", {"due_on": date(2016, 10, 14), "owner": "rui"}),
        ("Keys lost — Rui Costa — due 2016-12-01", {"owner": "Rui Costa", "gap": "Keys lost"}),
        ("Keys lost — Rui Costa", {"gap": "Keys lost — Rui Costa"}),
        ("Keys lost [Rui] [due 2016-12-01]", {"owner": "Rui", "gap": "Keys lost"}),
        ("~~Keys lost~~ done 2016-12-01", {"is_open": False, "gap": "Keys lost"}),
        ("~~Keys~~ lost", {"is_open": True, "gap": "Keys lost"}),
        ("Keys ~~lost~~", {"is_open": True, "gap": "Keys lost"}),
        ("Keys lost (closed 2016-10-01)", {"is_open": False}),
        ("Keys lost (fixed)", {"is_open": False}),
        ("Keys lost (open)", {"is_open": True}),
        ("✅ Keys lost", {"is_open": False}),
        ("Fixed: keys lost", {"is_open": False}),
        ("@rui: keys lost", {"owner": "rui"}),
        ("P1: keys lost", {"severity": "critical"}),
        ("[medium] keys lost", {"severity": "medium"}),
        ("**Low** – keys lost", {"severity": "low"}),
        ("In high season keys get lost", {"severity": "unknown"}),
        ("Password of the safe is on a note", {"area": "security"}),
        ("Keys lost (security)", {"area": "security"}),
        ("Keys lost (€50)", {"amount_minor": 5000}),
        ("Keys lost, about €50 so far", {"amount_minor": 5000}),
        ("Keys lost (see page 3)", {"gap": "Keys lost (see page 3)"}),
        ("Keys lost (owner: nobody)", {"gap": "Keys lost"}),
        ("Keys lost (owner: rui@example.com)", {"owner": "rui"}),
        ("Keys lost (owner: Rui <rui@example.com>)", {"owner": "Rui"}),
        ("Ask for keys with @rui", {"gap": "Ask for keys with @rui"}),
        ("Mail goes to desk@example.com", {"gap": "Mail goes to desk@example.com"}),
    ],
)
def test_what_a_gap_says_beside_its_text(text, expected):
    """Marks in brackets, behind dashes, in front, or in the words."""
    row, _ = gap(text)

    assert {key: row[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Keys lost, $50", "“$50” is in USD, and the company's currency is EUR"),
        ("Keys lost: €50 or €60", "it names 2 amounts: which one is at stake is not said"),
        ("Keys lost, €5 per guest", "“€5 per guest” is per guest"),
        ("Keys lost (due: 31 Feb 2016)", "“31 Feb 2016” is no day of the calendar"),
        ("Keys lost (owner: Rui, owner: Ana)", "it says two things as owner: Rui and Ana"),
        (
            "Keys lost, due 1 June 2016, due 2 June 2016, due 3 June 2016",
            "it says two things as its due day: 2016-06-01 and 2016-06-02",
        ),
        ("Keys lost by Friday", "“by Friday” is no date"),
        ("Keys lost (severity: huge)", "“huge” is no severity: critical, high, medium, low or P1 to P4"),
    ],
)
def test_what_a_gap_does_not_say_clearly_is_a_finding(text, problem):
    """The gap is kept, the mark is missing, and the finding says why."""
    row, problems = gap(text)

    assert row["gap"].startswith("Keys lost")
    assert problems == [problem]
    assert not {"owner", "due_on", "amount_minor"} & set(row)


def test_an_actions_lone_day_is_when_it_is_due():
    """A day in brackets behind an open action can be nothing else; behind a ticked one it says when it was done."""
    reading = read("## Next\n- mop (2016-12-01)\n- [x] dust (2016-12-01)\n- restore the backup of 2016-11-02\n")

    assert [(row["action"], row.get("due_on")) for row in rows(reading, "actions")] == [
        ("mop", date(2016, 12, 1)),
        ("dust", None),
        ("restore the backup of 2016-11-02", None),
    ]


def test_a_table_without_a_head_that_says_what_it_lists_is_a_finding():
    """No row is read from it; where only one column is left, that one is what it lists."""
    reading = read(
        "## Gaps\n| a | b |\n|---|---|\n| x | y |\n\n## Stack\n| a | b |\n|---|---|\n| x | y |\n\n"
        "## Costs\n| a | b |\n|---|---|\n| x | y |\n\n## Money\n| item | € |\n|---|---|\n| x | 1 |\n\n"
        "## Next\n| Who | Promise |\n|---|---|\n| Rui | [x] mop |\n| Ana | none |\n| Eva | ~~dust~~ |\n"
    )

    assert [message for _, message in notes(reading)] == [
        "no column of this table under “Gaps” says which gaps it lists",
        "no column of this table under “Stack” names a component",
        "no column of this table under “Costs” names what is paid",
        "“x” under “Money” says neither that it is a cost nor that it is revenue",
    ]
    assert rows(reading, "actions") == [
        {"action": "mop", "owner": "Rui", "is_done": True},
        {"action": "dust", "owner": "Eva", "is_done": True},
    ]


def test_tables_of_money_are_read_by_their_heads():
    """The head gives currency and period; what has neither, or no amount, is a finding; the monthly column wins."""
    reading = read("""
        ## Costs
        | Vendor | Per year | Monthly (€) |
        |---|---|---|
        | Line | 240 | 20 |
        | Till | 120 | |
        | Total | | 30 |

        ## What we pay
        | Cost | Item |
        |---|---|
        | 5 | Milk |
        | $5 / month | Tea |
        | | Jam |

        ## Income (monthly)
        | Source | Amount in USD | Note |
        |---|---|---|
        | Bar | 7 | only in summer |
        | Shop | n/a | |

        ## Running costs per year
        - Roof: €1,200
        """)

    assert rows(reading, "costs") == [
        {"service": "Line", "monthly_minor": 2000},
        {"service": "Roof", "monthly_minor": 10000},
    ]
    assert rows(reading, "revenue_streams") == [{"stream": "Bar", "note": "only in summer"}, {"stream": "Shop"}]
    assert notes(reading) == [
        (5, "cost “Till”: the table gives no amount"),
        (11, "cost “Milk”: “5” does not say whether it is per month"),
        (12, "cost “Tea”: “$5 / month” is in USD, and the company's currency is EUR"),
        (13, "cost “Jam”: the table gives no amount"),
        (18, "revenue “Bar”: “7” is in USD, and the company's currency is EUR"),
    ]


def test_lists_of_money_are_read_line_by_line():
    """Sentences, sums, nested lines, two ways to say one amount; an amount is counted once or not at all."""
    reading = read("""
        ## Costs
        We pay €20 a month for milk. It is
        fresh. About EUR 30 / month for tea.

        - Cloud:
          - EC2 €5 / month
          - S3 — €1/month

          see the bill
        - Phones €12 / month
          - of it SIM cards €2 / month
        - Site €24 a year (€2 a month)
        - Sand €2 a month or €3 a month
        - Salt €2 a month, €3 a month
        - Sum: €99 / month
        - €7 / month

        ## Revenue
        Tips bring joy.
        - €5 / month
        - Bar: $3 / month, in summer
        """)

    assert [(row["service"], row["monthly_minor"]) for row in rows(reading, "costs")] == [
        ("milk", 2000),
        ("tea", 3000),
        ("EC2", 500),
        ("S3", 100),
        ("Phones", 1200),
        ("Site", 200),
        ("Costs", 700),
    ]
    assert rows(reading, "revenue_streams") == [{"stream": "Bar", "note": "in summer"}]
    assert notes(reading) == [
        (2, "“It is fresh.” under “Costs” names no amount"),
        (9, "a remark below “Cloud:” is not kept"),
        (11, "a remark below “Phones €12 / month” is not kept, and its amounts are not added"),
        (13, "cost “Sand”: “€2 a month” is one end of a range; it is not counted"),
        (14, "cost “Salt”: it names 2 amounts; it is not counted"),
        (19, "“Tips bring joy.” under “Revenue” names no amount"),
        (20, "“€5 / month” names no revenue stream"),
        (21, "revenue “Bar”: “$3 / month” is in USD, and the company's currency is EUR"),
    ]
    assert lines(reading, "costs") == [2, 3, 6, 7, 10, 12, 16]


def test_a_stated_total_counts_only_where_no_cost_is_listed():
    """`Monthly cost: €40` is the project's cost where it lists none; beside listed ones it is never added."""
    alone = read("Monthly cost: €40\n")
    beside = read("""
        ---
        monthly_cost: 45 EUR
        ---
        # Bar
        Cost: lots

        ## Costs
        - Cost: €30/month (ice)
        - Lemons cost €10 a month
        """)
    same = read("---\nmonthly_cost: 30 EUR\n---\n# Bar\n\n## Costs\n- Ice: €30/month\n")

    assert rows(alone, "costs") == [{"service": "Monthly cost", "monthly_minor": 4000}]
    assert rows(beside, "costs") == [
        {"service": "ice", "monthly_minor": 3000},
        {"service": "Lemons", "monthly_minor": 1000},
    ]
    assert notes(beside) == [
        (5, "cost “Cost: lots”: it names no amount; it is not counted"),
        (2, "“monthly_cost” is a total, and is not added to the costs that are listed"),
    ]
    assert rows(same, "costs") == [{"service": "Ice", "monthly_minor": 3000}]
    assert same.findings == []


def test_a_table_of_money_may_say_on_each_row_what_it_is():
    """Under Money a column `Type`, or a word of the row, tells costs and revenue apart."""
    reading = read("""
        ## Costs & revenue
        | Item | Type | Monthly |
        |---|---|---|
        | SMS | cost | €41.25 |
        | Extras | revenue | €1.2k |
        | Shop rent | | €5 |
        | Gifts | fun | €1 |

        - Revenue: none
        """)

    assert [(row["service"], row["monthly_minor"]) for row in rows(reading, "costs")] == [
        ("SMS", 4125),
        ("Shop rent", 500),
    ]
    assert rows(reading, "revenue_streams") == [{"stream": "Extras", "monthly_minor": 120000}]
    assert notes(reading) == [
        (7, "“Gifts” under “Costs & revenue” says neither that it is a cost nor that it is revenue")
    ]


def test_stack_lines_are_taken_apart_where_they_are_lists():
    """Versions, names that end in a number, remarks, roles; a sentence is not a component."""
    reading = read("""
        ## Stack
        It runs on an old Dell 3020 in the cellar. Nobody ever dared to look at the thing there.

        - Database: PostgreSQL v15.2, on RDS (two nodes), €30 / month
        - Microsoft 365
        - react@18.2.0
        - Node ≥ 20
        - Lambda: receives what the sensors of the pool send every minute, all day
        - MySQL since 2015
        - Twilio (about $5)
        - Apache 2.4 + mod_php
          - plugins

            old ones
        - no cache

        | Tool | Monthly |
        |---|---|
        | Slack | free |
        | Zoom | lots |
        | | 5 |
        | Miro | €8 |
        """)

    assert [(row["component"], row.get("version")) for row in rows(reading, "stack")] == [
        ("old Dell in the cellar", "3020"),
        ("PostgreSQL, on RDS (two nodes)", "v15.2"),
        ("Microsoft 365", None),
        ("react", "18.2.0"),
        ("Node ≥", "20"),
        ("Lambda: receives what the sensors of the pool send every minute, all day", None),
        ("MySQL since 2015", None),
        ("Twilio", None),
        ("Apache", "2.4"),
        ("mod_php", None),
        ("plugins", None),
        ("Slack", None),
        ("Zoom", None),
        ("Miro", None),
    ]
    assert rows(reading, "costs") == [
        {"service": "PostgreSQL", "monthly_minor": 3000},
        {"service": "Slack", "monthly_minor": 0},
        {"service": "Miro", "monthly_minor": 800},
    ]
    assert [message for _, message in notes(reading)] == [
        "“Nobody ever dared to look at the thing there” under “Stack” is not read: it is more than a component's name",
        "cost “Twilio”: “about $5” is in USD, and the company's currency is EUR; it is not counted",
        "a remark below “plugins” is not kept",
        "cost “Zoom”: “lots” is no amount; it is not counted",
    ]


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        ("# Handoff: Bar\n", "Bar", 1),
        ("# Bar (handover notes)\n", "Bar", 1),
        ("# Project: Bar\n", "Bar", 1),
        ("# Handoff\n\n**Project:** Bar\n", "Bar", 3),
        ("text\n\nBar\n===\n", "Bar", 3),
        ("# Handoff\n", "a", 1),
        ("## Stack\n- x\n", "a", 1),
        ("# Hosting\n\n## Gaps\n- x\n", "Hosting", 1),
        ("# Gaps\n- x\n\n# Next\n- y\n", "a", 1),
        ("---\ntitle: Bar\n---\n## Stack\n- x\n", "Bar", 2),
        ("---\ntitle: Old bar\n---\n# Bar\n", "Bar", 4),
        ("just text\n", "a", 1),
        ("# Bar &amp; *Grill* `x`\n", "Bar & Grill x", 1),
    ],
)
def test_a_project_is_named_by_key_title_or_file(text, name, line):
    """The key `project` before the first heading, and the heading before the file's name."""
    reading = read(text)

    assert (project(reading)["project"], project(reading)["line"]) == (name, line)


def test_the_head_is_read_wherever_it_stands():
    """Sections named after a key, keys on one line, a table with keys in its head; what is said twice is a finding."""
    reading = read("""
        # Bar

        Owner: Rui · **Status:** live, Business: Drinks
        Owner: Ana

        ## Status
        Paused. Until spring.

        ## Details
        | Owner | Last change |
        |---|---|
        | Rui | 2016-11-01 |

        ## Summary
        Serves drinks.

        ## Gaps
        - ice (high)

        Last updated: 2016-11-02
        """)

    assert project(reading)["owner"] == "Rui"
    assert (project(reading)["status"], project(reading)["business"]) == ("live", "Drinks")
    assert project(reading)["updated_on"] == date(2016, 11, 1)
    assert project(reading)["summary"] == "Serves drinks."
    assert notes(reading) == [
        (4, "“Ana” is a second owner: “Rui” of line 3 counts"),
        (6, "“Paused” is a second status: “live” of line 3 counts"),
        (20, "“2016-11-02” is a second day of its last update: “2016-11-01” of line 12 counts"),
    ]


def test_sections_may_be_named_after_what_they_say():
    """`## Owner`, `## Current status`, `## Tests`, `## Owner: x` and lists of keys are read as lines of the head."""
    reading = read("""
        # Bar

        ## Owner
        Eva

        ## Current status
        - running

        ## Tests
        run in CI

        ![map of the bar](x.png)

        ## Business: Drinks
        ## Facts
        - Last updated 2016-11-01
        - Purpose: drinks
        """)

    assert (project(reading)["owner"], project(reading)["status"]) == ("Eva", "live")
    assert (project(reading)["business"], project(reading)["summary"]) == ("Drinks", "drinks")
    assert (project(reading)["updated_on"], project(reading)["has_tests_or_ci"]) == (date(2016, 11, 1), True)
    assert reading.findings == []


def test_paragraphs_under_gaps_are_said_not_to_be_read():
    """A line that introduces a list is none; a paragraph of its own is, and so is a gap or action without words."""
    reading = read("""
        ## Gaps

        These are known:

        - ice
        - (high)

        The rest is fine, we think.

        ## Next
        - [ ]
        - —
        """)

    assert [row["gap"] for row in rows(reading, "gaps")] == ["ice"]
    assert notes(reading) == [
        (6, "this gap has no text"),
        (8, "this paragraph under “Gaps” is not read: its gaps are read from lists"),
        (11, "this action has no text"),
    ]


_LINES = [line for path in sorted(DATA.glob("*.md")) for line in path.read_text(encoding="utf-8").splitlines()]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(_LINES), st.text(max_size=30)), max_size=40))
def test_no_text_breaks_the_reader(chosen):
    """Whatever lines stand together, the tables fit their schemas and every line is one of the document's."""
    text = "\n".join(chosen)

    reading = read(text.encode("utf-8", "replace"))

    for name in HANDOFF_TABLES:
        for row in reading.tables[name].to_pylist():
            assert 1 <= row["line"] <= text.count("\n") + text.count("\r") + 1
    assert all(finding.line is None or finding.line >= 1 for finding in reading.findings)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(content):
    """Bytes that are no text are a finding at worst."""
    reading = read(content)

    assert reading.tables["projects"].num_rows <= 1
