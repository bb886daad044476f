"""The accountant's notebook: the sample's planted faults are found, and every section says its news."""

import csv
import gzip
import json
import re
import shutil
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import nbformat
import pytest
from blocks_read import texts
from nbclient import NotebookClient

from quarterdeck.blocks import BLOCK, MIME

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "accounting.ipynb"
SAMPLE = ROOT / "sample"
HOTEL = ROOT / "tests" / "data" / "hotel-2016"
ZONE = ZoneInfo("America/Los_Angeles")
WEEK_END = datetime(2026, 11, 23, tzinfo=ZONE)


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(NOTEBOOK, 4)


@pytest.fixture(scope="module")
def say(notebook):
    """A function (parameters) → the blocks that the notebook's cells give, run in this process, in order."""

    def run(**parameters):
        blocks = []
        with pytest.MonkeyPatch.context() as patch:
            for module in ("report", "cell"):
                patch.setattr(f"quarterdeck.notebook.{module}.show", blocks.append)
            names = {}
            for cell in notebook.cells:
                if cell.cell_type == "code":
                    exec(compile(cell.source, "cell", "exec"), names)  # noqa: S102 - the notebook under test
                    if "parameters" in cell.metadata.get("tags", []):
                        names |= parameters
        return blocks

    return run


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The notebook, run cell by cell on a kernel from its defaults, in its own folder: the sample's last week."""
    run = nbformat.read(NOTEBOOK, 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUARTERDECK_STORE", str(tmp_path_factory.mktemp("store")))
        patch.delenv("QUARTERDECK_COMPANY", raising=False)
        NotebookClient(run, timeout=120, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    return run


@pytest.fixture(scope="module")
def sample(executed):
    """The blocks of the sample's last week."""
    return [BLOCK.validate_python(output.data[MIME]) for cell in executed.cells for output in cell.get("outputs", [])]


@pytest.fixture(scope="module")
def hotel(say, snapshot_of):
    """The blocks of the hotel, by week."""
    snapshot = str(snapshot_of(HOTEL))
    weeks = ("2016-W30", "2016-W38", "2016-W45", "2016-W51")
    return {week: say(snapshot=snapshot, period=week, previous="") for week in weeks}


def table(blocks, head):
    """The table whose first column has this head."""
    return next(block for block in blocks if block.block == "table" and block.columns[0].head == head)


def rows(block):
    """The cells of a table as a reader sees them, a smaller line in brackets."""
    return [[cell.text + (f" ({cell.detail})" if cell.detail else "") for cell in row] for row in block.rows]


def chart(blocks, words):
    """The chart whose subtitle holds *words*."""
    return next(block for block in blocks if block.block == "chart" and words in block.subtitle)


def scan(folder, name):
    """The items of one table of a company, as DynamoDB has them."""
    return json.loads(gzip.decompress((folder / "tables" / f"{name}.json.gz").read_bytes()))["Items"]


def test_it_runs_from_its_defaults(executed):
    """In JupyterLab, without the runner, every cell runs on the sample company and shows blocks alone."""
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]

    assert all(cell.execution_count for cell in code)
    assert {output.output_type for output in outputs} == {"display_data"}
    assert all({"text/html", "text/plain", MIME} <= set(output.data) for output in outputs)


def test_it_says_first_what_changed_then_what_is(sample):
    """Headline, what changed, five figures, then four charts of three kinds with tables, agenda and provenance."""
    order = [block.block for block in sample]

    assert order[:4] == ["headline", "since", "kpis", "chart"]
    assert order[-3:] == ["actions", "note", "provenance"]
    assert (order.count("chart"), order.count("table")) == (4, 8)
    assert [kpi.id for kpi in sample[2].kpis] == [
        "recognised_revenue",
        "deferred_revenue",
        "receivables",
        "uncategorised_expenses",
        "unclosed_events",
    ]
    for block in sample:
        if block.block == "chart":
            assert re.search(r"\d", block.title)
            assert 40 < len(block.alt) <= 350
    assert len(sample[0].text) <= 90


def test_the_headline_is_what_means_most_money(sample):
    """Of all that fails, $31,500 owed for over 60 days is most; the lead says what revenue and costs lack."""
    assert sample[0].text == "$31.5k has been owed for more than 60 days, $12.6k of it by one customer"
    assert sample[0].lead == (
        "Revenue lacks $2.0k of events over and not closed, costs lack $3.0k of expenses without an account."
    )


def test_the_customer_who_owes_most_is_named_under_receivables(sample):
    """The one guest who owes $12,600 for over 60 days leads the table of customers, which sums to what is owed."""
    ages = chart(sample, "Unpaid balance by days since the event")
    owing = table(sample, "Customer")

    assert ages.title == "$31.5k of the $61.6k owed to us is more than 60 days old"
    assert "61–90 days $19.4k, over 90 days $12.1k" in ages.alt
    assert owing.title == "C-02314 owes $12,600.00, the most of 28 customers"
    assert rows(owing)[0] == ["C-02314", "75", "$12,600.00", "$12,600.00"]
    assert [cell.text for cell in owing.total] == ["Total", "", "$61,600.00", "$31,500.00"]


def test_single_items_stand_with_their_check(sample):
    """The events not closed, the booking paid over its price, the one without price and the double bill are listed."""
    items = table(sample, "Check")

    assert chart(sample, "Money in failed checks").title == (
        "6 of 7 checks fail; “Completed, not fully paid” holds most, $61.6k"
    )
    assert items.title == "6 items are to be settled one by one, $2,416.40 together"
    assert rows(items) == [
        ["Over, not completed", "T-05780 (Whale Watch)", "17 Nov 2026", "$720.00"],
        ["Over, not completed", "T-05735 (Bay Sails)", "12 Nov 2026", "$690.00"],
        ["Over, not completed", "T-05850 (Bay Sails)", "19 Nov 2026", "$580.00"],
        ["Paid over price", "T-05630 (Harbour Lights)", "17 Oct 2026", "$240.00"],
        ["Booked without price", "T-05141 (Harbour Lights)", "9 Dec 2026", "–"],
        ["Same vendor, date and amount", "Bayline Marine Fuels", "18 Nov 2026", "$186.40"],
    ]
    assert "Clean: “Cancelled without date”." in texts(sample)


def test_expenses_without_an_account_have_a_likely_one_and_why(sample):
    """All ten are on the page, with the account that their vendor's other payments are on, where there are any."""
    stray = table(sample, "Vendor")
    found = rows(stray)

    assert stray.title == "10 expenses have no account; 9 of them have a likely one"
    assert stray.subtitle.endswith("; $1,910.00 of it this week")
    assert len(found) == 10
    assert found[0] == ["Pier Nine Fuel (16 Nov, diesel, card 2)", "Fuel (as its 453 other payments)", "$612.40"]
    assert found[7][1] == "Charter supplies (5299 is not in the chart; as its 453 other payments)"
    assert found[9] == [
        "Mudlark Diving (21 Nov, hull cleaning)",
        "– (it has no other payment with an account)",
        "$95.00",
    ]


def test_deferred_revenue_is_that_of_the_bookings(sample):
    """The months are those of the trips' ends in the raw scan, cent by cent, before they are rounded."""
    months = Counter()
    for trip in scan(SAMPLE, "Events"):
        ends = datetime.fromisoformat(trip["returnLocal"]["S"]).replace(tzinfo=ZONE)
        booked = (
            datetime.fromtimestamp(int(trip["bookedEpoch"]["N"]), UTC) if "N" in trip.get("bookedEpoch", {}) else None
        )
        if trip["state"]["S"] == "confirmed" and booked and booked < WEEK_END:
            months[f"{ends:%b %Y}"] += int(trip["paidCents"]["N"])

    ahead = chart(sample, "Payments for booked events")
    deferred = next(kpi for kpi in sample[2].kpis if kpi.id == "deferred_revenue")

    assert sum(months.values()) == sample[2].metrics["deferred_revenue"].value
    assert deferred.value == f"${sum(months.values()) / 100_000:.1f}k"
    for month, cents in months.items():
        assert f"{month} ${cents / 100_000:.1f}k" in ahead.alt
    assert ahead.title == "$48.3k of the $129.3k paid ahead is earned in November 2026"
    assert ahead.note == "$2.0k of it is for events that are over and not closed: it is earned already."


def test_accounts_stand_against_their_plan(sample):
    """Vessel maintenance is furthest over its plan; actual and plan are those of the raw books, to the cent."""
    accounts = {row["name"]: row["account"] for row in books("chart_of_accounts")}
    first, end = date(2026, 1, 1), WEEK_END.date()
    ledger = table(sample, "Account")
    name, actual, plan, over = rows(ledger)[0]
    spent = sum(
        Decimal(row["amount"])
        for row in books("expenses")
        if row["account"] == accounts[name] and first <= date.fromisoformat(row["date"]) < end
    )
    months = {row["month"]: Decimal(row["amount"]) for row in books("plan") if row["account"] == accounts[name]}
    whole = sum(amount for month, amount in months.items() if "2026-01" <= month <= "2026-10")
    cents, left = divmod(int(months["2026-11"] * 100), 30)
    planned = whole + Decimal(22 * cents + min(left, 22)) / 100

    assert (name, actual, plan) == ("Vessel maintenance", f"${spent:,.2f}", f"${planned:,.2f}")
    assert over == f"+${spent - planned:,.2f}" == "+$21,098.72"
    assert ledger.rows[0][3].tone == "worse"
    assert ledger.title == "8 of 15 accounts together cost $28,893.87 more than planned"
    assert (len(ledger.rows), ledger.mail_rows, ledger.left_out) == (15, 3, "and 12 more, on the page")
    assert chart(sample, "cost by account").title == (
        "Vessel maintenance is $21.1k over its plan this year; all costs together are $1.8k under"
    )


def books(name):
    with (SAMPLE / "books" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_kept_money_gaps_and_the_next_quarter(sample):
    """Money kept, gaps of the books alone, the quarter's plan against bookings, and what is promised for it."""
    kept, gaps, promised = table(sample, "Event"), table(sample, "Gap"), table(sample, "Due")

    assert kept.title == "$18.6k of the $29.5k kept on cancelled events is from before this fiscal year"
    assert (len(kept.rows), kept.total[-1].text) == (53, "$29,459.00")
    assert [row[0] for row in rows(gaps)] == [
        "Nothing stops a balance from being paid twice; $240 came in twice in October (Payments)",
        "Bank lines are booked without an account when the vendor's name is spelled differently (Payments)",
        "Promo codes are not stored with the booking (Booking site)",
        "Refunds are typed by hand (Payments)",
    ]
    assert table(sample, "Month").title == (
        "$166.0k of the $408.7k revenue planned for January to March 2027 is booked"
    )
    assert [row[0] for row in rows(promised)] == ["15 Jan 2027", "29 Jan 2027", "26 Feb 2027", "31 Mar 2027"]


def test_the_agenda_holds_what_the_books_need(sample):
    """Collecting, closing and putting on an account: nothing else, late ones first."""
    agenda = next(block for block in sample if block.block == "actions")
    actions = [action.action for action in agenda.actions]

    assert agenda.actions[0].late
    assert {"Put 10 expenses on an account", "Close 3 events that are over"} <= set(actions)
    assert "Agree a payment date with Kestrel Offsites for three September evenings" in actions
    assert not any("captain" in action or "DMARC" in action for action in actions)


def test_a_figure_has_one_value(sample):
    """Whatever block shows a metric, it shows the same value."""
    seen = {}
    for block in sample:
        for name, record in block.metrics.items():
            assert seen.setdefault(name, record) == record

    assert {"recognised_revenue", "deferred_revenue", "receivables", "refund_liability"} <= set(seen)


@pytest.mark.parametrize(
    ("week", "checks", "printed", "cents"),
    [
        ("2016-W30", 3, "€212.8k", 21280125),
        ("2016-W38", 3, "€108.3k", 10832751),
        ("2016-W45", 3, "€57.3k", 5732431),
        ("2016-W51", 5, "€18.8k", 1877737),
    ],
)
def test_the_hotel_is_told_what_is_known(hotel, week, checks, printed, cents):
    """Without books the headline is what can be checked and what was earned, to the cent of the published data."""
    blocks = hotel[week]
    headline = f"None of the {checks} checks that can be made fails; recognised revenue is {printed}"

    assert blocks[0].text == headline
    assert blocks[0].lead == "Expenses, accounts and plan need books; the folder holds none."
    assert blocks[2].metrics["recognised_revenue"].value == cents
    assert "Not available: expenses without an account. The company's folder has no expenses." in texts(blocks)
    assert "“Same vendor, date and amount” (the company's folder has no expenses)" in texts(blocks)
    assert blocks[-1].block == "provenance"


def test_what_the_hotel_knows_of_now_alone(hotel):
    """In the last week what was paid ahead and owed is known; in an earlier one each section says that it is not."""
    last, earlier = hotel["2016-W51"], hotel["2016-W45"]

    assert (
        chart(last, "Payments for booked events").title == "€92.4k of the €150.6k paid ahead is earned in January 2017"
    )
    assert "Every served event is paid." in texts(last)
    assert "Not available: money kept. The source keeps no cancelled events." in texts(last)
    assert "No single item is to be settled." in texts(last)
    assert table(last, "Gap").title == "1 gap in what the books are made from"
    assert table(last, "Month").title == "€92.4k is booked for January to March 2017, all of it paid"
    assert [column.head for column in table(last, "Month").columns] == ["Month", "Booked", "Of it paid"]
    assert "No handoff promises anything for the next fiscal quarter." in texts(last)
    for what in ("deferred revenue by month", "receivables", "the next fiscal quarter", "the agenda"):
        assert f"Not available: {what}. Known only for the latest full week of the data." in texts(earlier)


def test_nothing_unreadable_reaches_a_reader(sample, hotel):
    """No nan, None, column name or unfilled brace stands in any text of either company."""
    for blocks in (sample, *hotel.values()):
        assert not re.findall(r"\bnan\b|\bNone\b|<NA>|NaT|\w*_minor|[{}]", texts(blocks).replace("None of the", ""))


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """A function (change of an event's attributes, as-of) → a folder: the sample's bookings and books, changed."""

    def make(change, as_of=None):
        folder = tmp_path_factory.mktemp("company")
        for path in ("books", "tables"):
            shutil.copytree(SAMPLE / path, folder / path)
        settings = (SAMPLE / "company.yaml").read_text(encoding="utf-8")
        settings = re.sub(r"^  (?:handoffs|lambdas|domains):.*\n", "", settings, flags=re.MULTILINE)
        settings = settings.replace("2026-11-23T13:10:00Z", as_of or "2026-11-23T13:10:00Z")
        (folder / "company.yaml").write_text(settings, encoding="utf-8")
        items = scan(folder, "Events")
        for item in items:
            change(item)
        packed = gzip.compress(json.dumps({"Items": items}).encode())
        (folder / "tables" / "Events.json.gz").write_bytes(packed)
        return folder

    return make


def settle(trip):
    """Everybody who sailed has paid, and nothing is kept of what was cancelled."""
    if trip["state"]["S"] == "sailed":
        trip["paidCents"] = {"N": str(int(Decimal(trip["priceUsd"]["N"]) * 100))}
    elif "N" in trip.get("cancelledMs", {}):
        trip["paidCents"] = {"N": "0"}


def test_a_changed_company_changes_headline_and_ranking(say, snapshot_of, changed):
    """When all is paid and refunded, expenses without account matter most, and the chart says what is left."""
    blocks = say(snapshot=str(snapshot_of(changed(settle))), period=None, previous="")

    assert blocks[0].text == "10 expenses have no account: costs lack $3.0k"
    assert "Every served event is paid." in texts(blocks)
    assert "No cancelled event holds money." in texts(blocks)
    left = chart(blocks, "Money in failed checks")
    assert left.title == "3 of 7 checks fail; “Over, not completed” holds most, $2.0k"
    assert "Not available: gaps of the bookkeeping systems. The company's folder has no projects." in texts(blocks)


def reopen(trip):
    """Last week two trips that have sailed were not closed, and one that is paid twice now was paid once."""
    if trip["tripId"]["S"] in ("T-04830", "T-05819"):
        trip["state"] = {"S": "confirmed"}
    if trip["tripId"]["S"] == "T-05630":
        trip["paidCents"] = {"N": "462000"}


def test_what_moved_since_last_weeks_edition(say, snapshot_of, changed, tmp_path):
    """With last week's snapshot the report says what was recognised late, what is new, and what is settled."""
    before = snapshot_of(changed(reopen, "2026-11-16T13:10:00Z"), tmp_path / "snapshots")
    edition = tmp_path / "2026-W46" / "accounting"
    edition.mkdir(parents=True)
    told = {"company": "harbour-day", "period": "2026-W46", "snapshot": before.name}
    receivables = {"value": 6_000_000, "unit": "minor"}
    manifest = json.dumps({**told, "metrics": {"receivables": receivables}})
    (edition / "manifest.json").write_text(manifest, encoding="utf-8")

    blocks = say(snapshot=str(snapshot_of(SAMPLE)), period=None, previous=str(edition))

    assert any(change.fact == "Receivables up $1.6k to $61.6k." for change in blocks[1].changes)
    moved = blocks[2].text
    assert moved.startswith("Recognised late: +$5.5k for 2 events of earlier weeks. ")
    assert re.search(r"\b\d+ items fail a check that did not last week, \$[\d.]+k in all\.", moved)
    assert "2 items of last week are settled." in moved
    late = next(block for block in blocks if block.block == "table" and "Recognised late" in block.subtitle)
    assert rows(late) == [
        ["T-04830 (Bay Sails)", "4 Nov 2026", "+$2,800.00"],
        ["T-05819 (Harbour Lights)", "12 Nov 2026", "+$2,740.00"],
    ]
    assert late.title == "Earlier weeks earn $5,540.00 more than last week's edition said"
