"""The facade: sentences, comparisons, tables and the three forms of a block, against small companies."""

import dataclasses
import json
from datetime import date, timedelta

import nbformat
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient

from quarterdeck import charts, metrics
from quarterdeck.blocks import BLOCK, MIME, Actions, Chart, Headline, Kpis, Note, Provenance, SinceLastWeek, Table
from quarterdeck.display import Display
from quarterdeck.errors import InputInvalid
from quarterdeck.inventory import NotAvailable
from quarterdeck.metrics import Figure
from quarterdeck.notebook import PreviousEdition, Report, column, open_report, sentence
from quarterdeck.notebook.cell import show
from quarterdeck.notebook.comparison import delta_of, kpi_of
from quarterdeck.notebook.forms import html_of, text_of
from quarterdeck.notebook.origin import age_words
from quarterdeck.period import Period
from quarterdeck.wording import printed

AS_OF = "2026-11-23 13:10"
WEEK = Period(2026, 47, "UTC")


def event(number, day, price, **more):
    return {
        "event_id": f"E{number}",
        "business": "Bay Sails",
        "status": "completed",
        "created_at": "2025-01-01 00:00",
        "booked_at": "2025-01-02 00:00",
        "starts_at": f"{day} 10:00",
        "ends_at": f"{day} 12:00",
        "price_minor": price,
        "paid_minor": price,
        **more,
    }


@pytest.fixture(scope="session")
def company(inventory_of):
    """A company that earned $400 in week 47, $1,000 in week 46 and $250 in week 47 of 2025, with plan and expenses."""
    return inventory_of(
        AS_OF,
        settings={"slug": "bay", "name": "Bay & Sons", "sample": True},
        events=[
            event(1, "2025-11-20", 25_000),
            event(2, "2026-11-10", 100_000, business="Whale Watch"),
            event(3, "2026-11-18", 30_000, paid_minor=5_000),
            event(4, "2026-11-19", 10_000, business="Whale Watch"),
        ],
        claims=[],
        plan=[
            {"month": "2026-11", "account": "4000", "amount_minor": 300_000},
            {"month": "2026-11", "account": "5000", "amount_minor": 30_000},
        ],
        accounts=[
            {"account": "4000", "name": "Sales", "kind": "revenue"},
            {"account": "5000", "name": "Food", "kind": "cogs"},
        ],
        expenses=[{"date": "2026-11-17", "vendor": "Baker", "amount_minor": 4_000, "account": "5000"}],
        findings=[
            {"source": "handoffs", "document": "a.md", "line": 3, "severity": "warning", "message": "no date <b>"},
            {"source": "lambdas", "document": None, "line": None, "severity": "info", "message": "empty"},
        ],
    )


@pytest.fixture
def report(company):
    return Report(company, WEEK)


@pytest.fixture
def edition(tmp_path):
    """A function that writes last week's manifest and gives its folder."""

    def write(**changes):
        manifest = {
            "edition": "cfo/2026-W46",
            "period": "2026-W46",
            "company": "bay",
            "snapshot": "0123",
            "metrics": {
                "receivables": {"value": 10_000, "unit": "minor", "by": {"0–30": 10_000, "31–60": 0, "61–90": None}},
                "runway_weeks": {"value": None, "unit": "weeks", "reason": "beyond 13 weeks"},
            },
            **changes,
        }
        (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        return tmp_path

    return write


def said(report, *choice, **more):
    block = report.headline(*choice, **more)
    assert isinstance(block, Headline)
    return block


def test_figures_are_filled_in_and_recorded(report):
    """A sentence names metrics by id; each is printed by its unit and recorded with its value."""
    block = said(report, "Revenue is {recognised_revenue}, {plan_variance:abs} {plan_variance:over,under} plan")

    assert block.text == "Revenue is $400, $300 under plan"
    assert block.metrics["recognised_revenue"].value == 40_000
    assert block.metrics["plan_variance"].value == -30_000


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{plan_variance:signed}", "−$300"),
        ("{recognised_revenue:exact}", "$400.00"),
        ("{recognised_revenue:signed}", "+$400"),
        ("{unclosed_events:event is/events are} open", "0 events are open"),
        ("{recognised_revenue:rises,falls}", "rises"),
        ("{recognised_revenue_change:abs} {recognised_revenue_change:more,less}", "$600 less"),
        ("{recognised_revenue_change:signed}", "−$600"),
        ("{old_events} and {overdue_minor}: {largest_business}, {largest_business_share:whole}", None),
        ("{recognised_revenue:some}", "$400"),
        ("{company} in {week}, {dates}, {currency}", "Bay & Sons in week 47, 16 to 22 November 2026, USD"),
        ("{last_day}; {year_to_date}", "22 November 2026; 1 January to 22 November 2026"),
    ],
)
def test_specs_print_figures(report, template, text):
    """What follows the colon decides sign, precision or word; changes and facts have names too."""
    assert said(report, template, "else").text == (text or "else")


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ({"x": "Bay {Sails}"}, "Bay {Sails}"),
        ({"x": date(2027, 2, 1)}, "1 February"),
        ({"x": pd.Timestamp("2027-02-01")}, "1 February"),
        ({"x": 1_904}, "1,904"),
        ({"x": 0.412}, "41.2%"),
    ],
)
def test_words_print_by_their_kind(report, word, text):
    """Text stands as it is, with its braces; dates, counts and shares are printed for the company."""
    assert said(report, sentence("{x}", **word)).text == text


def test_minor_words_are_money(report):
    """A word whose name ends with _minor is an amount; `whole` prints a share without decimals."""
    block = said(report, sentence("{short_minor} and {share:whole}", short_minor=1_540_000, share=0.388))

    assert block.text == "$15.4k and 39%"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Website", "Website brings 4"),
        ("Boat shows", "Boat shows bring 4"),
        ("Press", "Press brings 4"),
        ("Campus", "Campus brings 4"),
    ],
)
def test_a_verb_goes_with_its_name(report, name, text):
    """Whether a name is of one or of several is told by its last letters."""
    assert said(report, sentence("{who} {who:brings/bring} 4", who=name)).text == text


def test_a_name_has_no_precision(report):
    """A spec of figures after a name is a mistake of the notebook, and refused."""
    with pytest.raises(InputInvalid) as refused:
        report.headline("{largest_business:whole}")

    assert "found the spec 'whole' of a name, expected brings/bring, or none" in str(refused.value)


def test_the_first_sentence_that_can_be_said_is_said(report):
    """A figure that is not available, a missing word or a false condition leave a sentence out; the next one counts."""
    block = said(
        report,
        "Cash is {cash}",
        sentence("{name} leads", name=None),
        sentence("{amount_minor} is short", amount_minor=pd.NA),
        sentence("It rains", when=0),
        "{unclosed_revenue:some} is open",
        "{cash_change} more",
        "{receivables_change} more",
        "Cash is lowest in the week of {low_week}",
        "The plan is {plan_age} old",
        ["Revenue is {recognised_revenue}", "never reached"],
        lead=["{cash} is in the bank"],
    )

    assert block.text == "Revenue is $400"
    assert block.lead == ""
    assert set(block.metrics) == {"recognised_revenue"}


def test_a_difference_of_nothing_is_not_said(report):
    """A sentence that would end in "$0 under plan" gives way to the next."""
    block = said(report, sentence("It is {off_minor:abs} {off_minor:over,under} plan", off_minor=-30), "It is on plan")

    assert block.text == "It is on plan"


def test_facts_are_names_that_a_sentence_may_use(report):
    """They are computed once for a report, and printed by their kind: text, share or money."""
    block = said(report, "{largest_business} earned {largest_business_share:whole} of the year")
    again = said(report, "{largest_business}")

    assert block.text == "Whale Watch earned 79% of the year"
    assert again.text == "Whale Watch"
    assert block.metrics == {}


def test_a_headline_that_cannot_be_said_is_refused(report):
    """Where no sentence holds, the notebook stops and is told to add one without figures."""
    with pytest.raises(InputInvalid) as refused:
        report.headline("Cash is {cash}")

    assert str(refused.value).startswith(
        "headline: found no sentence whose figures are all available, expected a last one that needs none."
    )


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{recognized_revenue}", "found the unknown name {recognized_revenue}, expected {recognised_revenue}"),
        ("{zebra}", "expected a metric's id, a fact, or a word given beside the sentence"),
        ("{recognised_revenue:loud}", "found the unknown spec 'loud', expected abs, signed, exact, whole"),
    ],
)
def test_a_typo_in_a_sentence_is_refused(report, template, message):
    """An unknown name or spec never reaches a reader; the error says what was meant."""
    with pytest.raises(InputInvalid) as refused:
        report.headline(template)

    assert message in str(refused.value)


def test_kpis_stand_beside_last_week_and_last_year(report):
    """A figure carries its differences, with sign, direction and whether they are good news."""
    block = report.kpis(metrics.recognised_revenue)

    assert isinstance(block, Kpis)
    kpi = block.kpis[0]
    assert (kpi.label, kpi.value, kpi.unit) == ("Recognised revenue", "$400", "")
    assert [(delta.text, delta.basis, delta.direction, delta.tone) for delta in kpi.deltas] == [
        ("−$600", "on week", "down", "worse"),
        ("+$150", "on year", "up", "better"),
    ]


def test_no_change_is_said_as_such(report):
    """What did not move is `0` without colour, never a plus or a minus."""
    block = report.kpis(metrics.unclosed_events)

    assert [(delta.text, delta.direction, delta.tone) for delta in block.kpis[0].deltas] == [
        ("0", "same", "neutral")
    ] * 2


def test_kpi_that_is_not_available_says_why(report):
    """Its value is n/a, the reason stands in place of the deltas, and it is recorded without a value."""
    block = report.kpis(metrics.cash)

    assert block.kpis[0].value == "n/a"
    assert block.kpis[0].reason == "the company's folder has no balances"
    assert block.kpis[0].deltas == ()
    assert block.metrics["cash"].value is None


def test_kpis_make_room_for_what_is_known(report, monkeypatch):
    """The question's answer stays though it is n/a; others make room, and a note says which and why."""
    shown = []
    monkeypatch.setattr("quarterdeck.notebook.report.show", lambda block: shown.append(block) or block)

    report.kpis(metrics.runway_weeks, metrics.cash, metrics.direct_cost, otherwise=[metrics.recognised_revenue])

    kpis, note = shown
    assert [kpi.id for kpi in kpis.kpis] == ["runway_weeks", "recognised_revenue", "direct_cost"]
    assert note.text == "Not available: cash. The company's folder has no balances."
    assert set(note.metrics) == {"cash"}


def test_now_figures_are_compared_with_last_weeks_edition(company, edition):
    """What is known only for its own week is compared with what last week's edition said, never computed back."""
    report = open_with(company, edition())

    kpi = report.kpis(metrics.receivables).kpis[0]

    assert kpi.value == "$250"
    assert [(delta.text, delta.basis, delta.tone) for delta in kpi.deltas] == [("+$150", "on week", "worse")]
    assert report.change(metrics.receivables) == 15_000
    assert report.change_by(metrics.receivables) == {"0–30": 15_000, "31–60": 0}


def test_the_snapshot_of_last_weeks_edition_can_be_opened(desk):
    """It lies beside the editions; a first edition has none, and one that was cleared away is none either."""
    now = open_report()
    edition = desk / "outputs" / "2026-W46" / "cfo"
    edition.mkdir(parents=True)
    told = {"company": now.inventory.company.slug, "period": "2026-W46", "snapshot": now.inventory.snapshot}
    (edition / "manifest.json").write_text(json.dumps({**told, "metrics": {}}), encoding="utf-8")

    kept = PreviousEdition.read(edition, company=told["company"], before=now.period)

    assert now.before is None
    assert Report(now.inventory, now.period, kept).before.snapshot == now.inventory.snapshot
    assert dataclasses.replace(kept, snapshot="0" * 16).inventory() is None


def test_a_year_that_the_source_does_not_hold_is_no_comparison(inventory_of):
    """What was booked a year ago for events that came later is not all that was booked then: growth is not made up."""
    young = inventory_of(
        AS_OF,
        events=[
            event(1, "2026-06-01", 90_000, booked_at="2025-11-20 10:00"),
            event(2, "2026-11-18", 20_000, booked_at="2026-11-18 08:00"),
        ],
    )

    kpi = Report(young, WEEK).kpis(metrics.bookings_value).kpis[0]

    assert kpi.value == "$200"
    assert [delta.basis for delta in kpi.deltas] == ["on week"]


def test_without_a_previous_edition_now_figures_stand_alone(report):
    """There is nothing to compare them with, and nothing is made up."""
    assert report.kpis(metrics.receivables).kpis[0].deltas == ()
    assert report.change(metrics.receivables) is None
    assert report.change_by(metrics.receivables) == {}


def open_with(company, folder):
    return Report(company, WEEK, PreviousEdition.read(folder, company="bay", before=WEEK))


def test_changes_are_ranked_by_money_and_name_their_cause(company, edition):
    """The largest change comes first, with the parts that moved it; what did not change is left out."""
    report = open_with(company, edition())

    block = report.since_last_week(
        metrics.unclosed_events, metrics.receivables, metrics.cash, metrics.recognised_revenue, metrics.runway_weeks
    )

    assert isinstance(block, SinceLastWeek)
    assert [(change.fact, change.cause, change.direction, change.tone) for change in block.changes] == [
        ("Recognised revenue down $600 to $400.", "Whale Watch −$900.", "down", "worse"),
        ("Receivables up $150 to $250.", "", "up", "worse"),
    ]
    assert block.note == ""
    assert "receivables" in block.metrics


def test_what_is_no_longer_there_is_a_cause(inventory_of):
    """A part that brought something last week and nothing now has moved the sum, though this week does not name it."""
    gone = inventory_of(
        AS_OF,
        events=[
            event(1, "2026-11-10", 60_000, business="Whale Watch"),
            event(2, "2026-11-10", 50_000),
            event(3, "2026-11-18", 20_000),
        ],
    )

    block = Report(gone, WEEK).since_last_week(metrics.recognised_revenue)

    assert block.changes[0].cause == "Whale Watch −$600; Bay Sails −$300."


def test_a_rate_is_ranked_by_the_revenue_it_means(inventory_of):
    """A margin that moved by points is told in points, and weighs as much as they are of a week's revenue."""
    later = inventory_of(
        AS_OF,
        events=[event(1, "2026-11-10", 100_000), event(2, "2026-11-18", 200_000)],
        claims=[{"claim_id": "C", "event_id": "E9", "role": "cook", "status": "paid", "hours": 1, "rate_minor": 1}],
        accounts=[{"account": "5", "name": "Food", "kind": "cogs"}],
        expenses=[
            {"date": "2026-11-10", "vendor": "B", "amount_minor": 50_000, "account": "5", "business": "Bay Sails"},
            {"date": "2026-11-18", "vendor": "B", "amount_minor": 20_000, "account": "5", "business": "Bay Sails"},
        ],
    )

    block = Report(later, WEEK).since_last_week(metrics.direct_cost, metrics.gross_margin_rate)

    assert [change.fact for change in block.changes] == [
        "Gross margin up 40.0 points to 90.0%.",
        "Direct cost down $300 to $200.",
    ]


def test_the_first_edition_says_that_there_is_no_previous_one(report):
    """It still tells what one snapshot can compare with itself."""
    block = report.since_last_week(metrics.recognised_revenue)

    assert block.note.startswith("There is no previous edition")
    assert len(block.changes) == 1


def test_a_week_without_change_is_said(company, edition):
    """An empty list is never shown in its place."""
    block = open_with(company, edition()).since_last_week(metrics.unclosed_events)

    assert block.note == "Nothing that this report compares has changed."


BROKEN = {
    "another company": ({"company": "hotel"}, "found hotel in 2026-W46, expected bay in 2026-W46"),
    "another week": ({"period": "2026-W44"}, "found bay in 2026-W44, expected bay in 2026-W46"),
    "no figures": ({"metrics": [1]}, "found a manifest that cannot be read, expected one that a run wrote"),
}


@pytest.mark.parametrize(("changes", "message"), BROKEN.values(), ids=BROKEN)
def test_a_previous_edition_that_does_not_fit_is_refused(edition, changes, message):
    """Figures of another company or week are never set beside this week's."""
    with pytest.raises(InputInvalid) as refused:
        PreviousEdition.read(edition(**changes), company="bay", before=WEEK)

    assert message in str(refused.value)


def test_a_missing_previous_edition_is_refused(tmp_path):
    """A folder without a manifest is no edition."""
    with pytest.raises(InputInvalid) as refused:
        PreviousEdition.read(tmp_path, company="bay", before=WEEK)

    assert f"{tmp_path / 'manifest.json'}: found no such file" in str(refused.value)


FRAME = pd.DataFrame(
    {
        "name": ["A", "B", None],
        "count": pd.Series([1, 2, None], dtype="Int64"),
        "minor": pd.Series([1_020_000, -31_000, 0], dtype="Int64"),
        "share": [1 / 3, 1 / 3, 1 / 3],
        "value": [0.25, float("nan"), 3],
        "day": pd.to_datetime(["2026-11-20", "2026-11-23", None]),
    }
)


def test_a_column_has_one_unit_and_shares_sum_to_a_hundred(report):
    """Amounts are printed in the unit of the largest, missing values are a dash, totals are sums before rounding."""
    block = report.table(
        FRAME,
        [
            column("name", "Name"),
            column("count", "Count", "count", total=True),
            column("minor", "Amount", "money", total=True),
            column("share", "Share", "percent", total=True),
        ],
        title="Three rows",
        subtitle="{currency}",
    )

    assert isinstance(block, Table)
    assert [[cell.text for cell in row] for row in block.rows] == [
        ["A", "1", "$10.2k", "34%"],
        ["B", "2", "−$0.3k", "33%"],
        ["–", "–", "$0", "33%"],
    ]
    assert [cell.text for cell in block.total] == ["Total", "3", "$9.9k", "100%"]
    assert [(head.head, head.align) for head in block.columns][:2] == [("Name", "left"), ("Count", "right")]
    assert [cell.sort for cell in block.rows[0]] == [None, 1, 1_020_000, 1 / 3]
    assert block.subtitle == "USD"


def test_the_sum_of_what_nobody_knows_is_not_zero(report):
    """A column without any value has a dash for its total, and rows left out without value name no money."""
    frame = FRAME.assign(minor=pd.Series([None] * 3, dtype="Int64"))
    columns = [column("name", "Name"), column("minor", "Amount", "money", total=True)]

    block = report.table(frame, columns, title="Nothing known", mail_rows=1)

    assert [cell.text for cell in block.total] == ["Total", "–"]
    assert block.left_out == "and 2 more, on the page"


def test_other_kinds_of_cells(report):
    """Exact money keeps its cents, a change its sign and tone, days their month."""
    block = report.table(
        FRAME,
        [
            column("minor", "Exact", "money_exact"),
            column("minor", "Change", "change", better="less"),
            column("value", "Value", "number"),
            column("day", "Day", "day"),
            column("day", "Due", "weekday"),
            column("minor", "To the cent", "change_exact", better="less"),
            column("minor", "In full", "money_whole"),
        ],
        title="Kinds",
    )

    texts = [cell.text for cell in block.rows[0]]
    assert texts == ["$10,200.00", "+$10.2k", "0.2", "20 Nov 2026", "Fri 20 Nov", "+$10,200.00", "$10,200"]
    assert [(row[1].tone, row[5].tone) for row in block.rows] == [
        ("worse", "worse"),
        ("better", "better"),
        ("neutral", "neutral"),
    ]
    assert [row[2].text for row in block.rows] == ["0.2", "–", "3.0"]
    assert block.rows[1][3].sort == "2026-11-23"
    assert block.total is None


def test_a_value_may_have_a_smaller_line_under_it(report):
    """Another column gives the line under each value; where it is missing, there is none."""
    block = report.table(FRAME, [column("count", "Count", "count", detail="name")], title="With details")

    assert [row[0].detail for row in block.rows] == ["A", "B", ""]
    with pytest.raises(InputInvalid, match="no column 'why' in its frame"):
        report.table(FRAME, [column("name", "Name", detail="why")], title="No such column")


def test_what_a_mail_leaves_out_is_counted_with_its_money(report):
    """The line under a cut table names how many rows the page has more, and what they sum to."""
    columns = [column("name", "Name"), column("minor", "Amount", "money", total=True)]

    with_money = report.table(FRAME, columns, title="Cut", mail_rows=1)
    without = report.table(FRAME, columns[:1], title="Cut", mail_rows=1)

    assert with_money.left_out == "and 2 more, −$310, on the page"
    assert without.left_out == "and 2 more, on the page"


def test_wrong_columns_are_refused(report):
    """A column that the frame does not have, or a total of words, stops the notebook with its name."""
    with pytest.raises(InputInvalid) as unknown:
        report.table(FRAME, [column("nmae", "Name")], title="Typo")
    with pytest.raises(InputInvalid) as words:
        column("name", "Name", "text", total=True)

    assert "no column 'nmae' in its frame, expected one of name, count" in str(unknown.value)
    assert "column name: found a total of kind 'text'" in str(words.value)


def test_an_agenda_without_rows_in_the_mail_is_refused(report):
    """`-p agenda_rows=0` stops the notebook instead of mailing an empty list."""
    frame = pd.DataFrame(columns=["action", "owner", "due_on", "amount_minor"])

    with pytest.raises(InputInvalid, match="agenda_rows: found 0"):
        report.actions(frame, mail_rows=0)


def test_a_table_with_more_rows_than_a_mail_has_is_refused(report):
    """A notebook that asks for 30 rows in the mail is told how many there may be, not given 12 in silence."""
    columns = [column("name", "Name"), column("count", "Count", "count")]

    with pytest.raises(InputInvalid, match="mail_rows: found 30, expected a whole number from 1 to 12"):
        report.table(FRAME, columns, title="All of them", mail_rows=30)


def test_the_agenda_puts_late_ones_first(report):
    """Late by date, then due by date, then what has no date by its money; who has none is said so in words."""
    tasks = pd.DataFrame(
        {
            "action": ["c", "whether to sell", "a", "e", "d"],
            "owner": [None, "M. Tran", "D. Okafor", None, "X"],
            "due_on": pd.to_datetime(["2026-11-27", "2026-11-30", "2026-11-20", None, None]),
            "amount_minor": pd.Series([None, 1_800_000, 1_260_000, None, 500], dtype="Int64"),
            "is_decision": [False, True, False, False, False],
            "evidence": ["a.md, line 1", None, None, None, None],
        }
    )

    block = report.actions(tasks, mail_rows=2)

    assert isinstance(block, Actions)
    assert [(line.action, line.due, line.late, line.owner, line.at_stake, line.decide) for line in block.actions] == [
        ("a", "Fri 20 Nov", "3 days late", "D. Okafor", "$12.6k", False),
        ("c", "Fri 27 Nov", "", "No owner", "", False),
        ("whether to sell", "Mon 30 Nov", "", "You", "$18.0k", True),
        ("d", "No date yet", "", "X", "$5", False),
        ("e", "No date yet", "", "No owner", "", False),
    ]
    assert block.actions[1].evidence == "a.md, line 1"
    assert block.left_out == "and 3 more, on the page"


def test_an_empty_agenda_says_so(report):
    """No task is a sentence, not an empty list; a frame without its columns is refused."""
    empty = pd.DataFrame(columns=["action", "owner", "due_on", "amount_minor"])

    assert report.actions(empty).note == "Nothing is due in the next 30 days."
    with pytest.raises(InputInvalid, match="no column 'due_on'"):
        report.actions(empty.drop(columns="due_on"))


def test_a_day_late_is_one_day(report):
    """One day is not `1 days`."""
    frame = pd.DataFrame(
        {"action": ["a"], "owner": [None], "due_on": pd.to_datetime(["2026-11-22"]), "amount_minor": [1]}
    )

    assert report.actions(frame).actions[0].late == "1 day late"


def test_a_note_says_all_that_holds(report):
    """Sentences that cannot be said are left out; where none can, there is no note."""
    block = report.note(
        "{cash} is there.",
        sentence("{recognised_revenue} was earned.", when=True),
        sentence("Never.", when=False),
        "The rest is known.",
        title="Read with care.",
        weight="care",
    )

    assert isinstance(block, Note)
    assert (block.title, block.text, block.weight) == ("Read with care.", "$400 was earned. The rest is known.", "care")
    assert set(block.metrics) == {"recognised_revenue"}
    assert report.note("{cash} is there.") is None


def test_a_section_without_its_source_says_why(report, monkeypatch):
    """A frame that is not available, or has no rows, becomes a sentence; the cell gets None."""
    shown = []
    monkeypatch.setattr("quarterdeck.notebook.report.show", lambda block: shown.append(block) or block)

    def absent(*_):
        raise NotAvailable("the company's folder has no {balances}")

    def empty(_, __, wanted):
        return FRAME[FRAME["name"] == wanted]

    assert report.frame(absent, "the cash forecast") is None
    assert report.frame(empty, "rows", "Z") is None
    assert report.frame(empty, "rows", "Z", empty="All is paid.") is None
    assert report.frame(empty, "rows", "Z", empty="No row in {weeks_known}.") is None
    assert len(report.frame(empty, "rows", "A")) == 1
    assert [block.text for block in shown] == [
        "Not available: the cash forecast. The company's folder has no {balances}.",
        "Nothing to show: rows.",
        "All is paid.",
        "No row in 52 weeks.",
    ]


BARS = charts.bars([charts.Bar("A", 5)], subject="things", show=str)


def test_a_chart_is_drawn_twice_and_records_what_it_shows(report):
    """Light for the mail, dark for the page, each 1184 pixels wide for 592; alt text comes from the drawing."""
    block = report.chart(
        BARS,
        title=["{cash} is there", "Revenue is {recognised_revenue}"],
        subtitle="Things, {dates}",
        note="{cash} is assumed",
        shows=[metrics.plan_variance],
    )

    assert isinstance(block, Chart)
    assert block.title == "Revenue is $400"
    assert block.alt == "Horizontal bars of things. A 5."
    assert block.note == ""
    assert block.png != block.png_dark
    assert (block.width, block.height) == (592, BARS.height)
    assert set(block.metrics) == {"recognised_revenue", "plan_variance"}
    assert report.chart(BARS, title="x", alt="y" * 400).alt == "y" * 349 + "…"
    assert report.chart(BARS, title="x", alt="words " * 80).alt == "words " * 57 + "words…"


def test_provenance_names_rows_ages_and_what_was_not_understood(report):
    """Every report ends with its snapshot, its sources with their age, absent ones, and the findings."""
    block = report.provenance("events", "claims", "balances")

    assert isinstance(block, Provenance)
    assert block.snapshot == "unsaved"
    assert block.as_of == "23 November 2026, 13:10 UTC"
    assert [(source.name, source.rows, source.age) for source in block.sources] == [
        ("Events", 4, "age unknown"),
        ("Claims", 0, "age unknown"),
    ]
    assert block.absent == ("Not in the company's folder: balances.",)
    assert block.findings == ("a.md, line 3: no date <b>", "lambdas: empty")
    assert block.sample
    assert len(report.provenance().sources) == 5


def test_blocks_have_html_and_text_without_foreign_markup(report):
    """Both forms hold the words of the block; what came from data is escaped, never markup."""
    tasks = pd.DataFrame(
        {
            "action": ["<script>alert(1)</script>"],
            "owner": ["A"],
            "due_on": pd.to_datetime(["2026-11-20"]),
            "amount_minor": [5],
            "is_decision": [True],
        }
    )
    blocks = [
        report.headline("{company} & <i>"),
        report.since_last_week(metrics.recognised_revenue),
        report.kpis(metrics.recognised_revenue, metrics.cash),
        report.chart(BARS, title="<b>"),
        report.table(FRAME, [column("name", "<Name>"), column("minor", "Amount", "money", total=True)], title="T"),
        report.actions(tasks),
        report.actions(tasks.iloc[:0]),
        report.note("<img src=x>"),
        report.provenance(),
    ]

    html, text = "\n".join(map(html_of, blocks)), "\n".join(map(text_of, blocks))

    assert "<script>" not in html
    assert "<img src=x>" not in html
    assert "<i>" not in html
    assert "Bay & Sons & <i>" in text
    assert "Decide: <script>alert(1)</script>" in text
    assert "Cash: n/a, the company's folder has no balances" in text
    assert "▼ −$600 worse on week" in text
    assert "Total | $9.9k" in text
    for block in blocks:
        assert BLOCK.validate_python(block.model_dump(mode="json")) == block


def test_in_ipython_a_block_is_one_output_of_three_forms(report, monkeypatch):
    """HTML, text and JSON travel together, a chart's picture beside them; nothing is returned to be echoed."""
    shell = InteractiveShell()
    sent = []
    monkeypatch.setattr("quarterdeck.notebook.cell.get_ipython", lambda: shell)
    monkeypatch.setattr("quarterdeck.notebook.cell.display", lambda forms, **more: sent.append((forms, more)))

    assert show(report_block := Note(text="Said.")) is None
    assert report.chart(BARS, title="Bars") is None

    forms, _ = sent[0]
    assert forms == {
        "text/plain": "Said.",
        "text/html": "<p><b></b> Said.</p>",
        MIME: report_block.model_dump(mode="json"),
    }
    picture, more = sent[1]
    assert set(picture) == {"text/plain", "text/html", MIME, "image/png"}
    assert more["metadata"]["image/png"]["width"] == 592


COMPANY = """
slug: tiny
name: Tiny
currency: EUR
time_zone: Europe/Lisbon
as_of: 2026-11-23T09:00:00Z
sources: {}
"""


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A project folder with a company in it, and a notebook's folder beside."""
    (tmp_path / "sample").mkdir()
    (tmp_path / "sample" / "company.yaml").write_text(COMPANY, encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    for name in ("QUARTERDECK_COMPANY", "QUARTERDECK_STORE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_at_a_desk_the_sample_company_is_frozen(desk):
    """Without a snapshot the company found above the notebook is used, for its last full week."""
    report = open_report()

    assert str(report.period) == "2026-W47"
    assert report.inventory.company.slug == "tiny"
    assert (desk / "outputs" / "snapshots" / report.inventory.snapshot / "manifest.json").is_file()
    assert report.previous is None


def test_a_dotenv_above_the_notebook_names_the_company(desk):
    """The project's .env is read as the runner reads it, though a notebook runs in a folder below."""
    (desk / "other").mkdir()
    (desk / "other" / "company.yaml").write_text(COMPANY.replace("tiny", "other"), encoding="utf-8")
    (desk / ".env").write_text(f"QUARTERDECK_COMPANY=other\nQUARTERDECK_STORE={desk / 'kept'}\n", encoding="utf-8")

    report = open_report(period="2026-W40")

    assert report.inventory.company.slug == "other"
    assert str(report.period) == "2026-W40"
    assert list((desk / "kept" / "snapshots").iterdir())


def test_a_named_snapshot_is_opened(desk, edition):
    """The runner names snapshot, week and previous edition; nothing else is looked for."""
    folder = next((desk / "outputs" / "snapshots").iterdir()) if open_report() else None
    (desk / "sample" / "company.yaml").unlink()

    report = open_report(str(folder), "2026-W47", str(edition(company="tiny")))

    assert report.inventory.snapshot == folder.name
    assert report.previous.snapshot == "0123"


def test_without_any_company_the_error_says_what_to_name(desk):
    """A desk without a company stops with the place that was searched."""
    (desk / "sample" / "company.yaml").unlink()

    with pytest.raises(InputInvalid) as refused:
        open_report()

    assert f"company folder sample: found no company.yaml in it, in {desk / 'notebooks'} or above" in str(refused.value)


def test_a_real_kernel_gets_the_outputs(desk):
    """In a kernel each call is one output, and the last one of a cell is not echoed."""
    source = 'from quarterdeck.notebook import open_report\nreport = open_report()\nreport.note("Said in {week}.")'
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])

    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(desk / "notebooks")}}).execute()

    (output,) = notebook.cells[0].outputs
    assert output.output_type == "display_data"
    assert output.data[MIME]["text"] == "Said in week 47."
    assert output.data["text/plain"] == "Said in week 47."


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1, "weeks", "1 week"),
        (10, "weeks", "10 weeks"),
        (12.5, "days", "12.5 days"),
        (0.382, "ratio", "38.2%"),
        (7, "count", "7"),
    ],
)
def test_a_figure_in_prose_carries_its_unit(value, unit, text):
    """One week is singular, half a day keeps its decimal, a rate has one."""
    assert printed(Display("en_US", "USD", "UTC"), value, unit) == text


@pytest.mark.parametrize(
    ("difference", "unit", "text"), [(-1, "weeks", "−1 wk"), (2.5, "days", "+2.5 d"), (0.012, "ratio", "+1.2 pt")]
)
def test_differences_are_short(difference, unit, text):
    """A delta beside a figure has the short unit, points for rates."""
    metric = dataclasses.replace(metrics.runway_weeks, unit=unit)

    assert delta_of(Display("en_US", "USD", "UTC"), difference, metric, "on week").text == text


def test_what_is_neither_good_nor_bad_has_no_colour(company, edition):
    """Deferred revenue that rises is no good news, and no bad one."""
    folder = edition(metrics={"deferred_revenue": {"value": -500, "unit": "minor"}})

    assert open_with(company, folder).kpis(metrics.deferred_revenue).kpis[0].deltas[0].tone == "neutral"


def test_a_runway_beyond_the_forecast_is_a_value():
    """No week under the minimum is good news: 13+ weeks, never n/a."""
    figure = Figure("runway_weeks", "weeks", None, "beyond 13 weeks")

    kpi = kpi_of(metrics.runway_weeks, figure, None)

    assert (kpi.value, kpi.unit, kpi.reason) == ("13+", "weeks", "")


def test_a_runway_in_weeks_shows_its_unit_apart(company):
    """The unit stands beside the value, so that it can be set smaller."""
    comparison = Report(company, WEEK)._comparison

    kpi = kpi_of(metrics.runway_weeks, Figure("runway_weeks", "weeks", 10), comparison)

    assert (kpi.value, kpi.unit) == ("10", "weeks")


@pytest.mark.parametrize(
    ("hours", "words"), [(0.5, "under 1 hour"), (1, "1 hour"), (47, "47 hours"), (48, "2 days"), (80, "3 days")]
)
def test_ages_are_told_in_hours_then_days(hours, words):
    """Two days are where a reader begins to count in days."""
    assert age_words(timedelta(hours=hours), "days", "hours") == words


def test_the_age_of_a_source_is_known_from_its_newest_row(company):
    """A table without a sign of life has no age, and says so."""
    aged = dataclasses.replace(company, newest={"events": company.as_of - timedelta(days=3)})
    report = Report(aged, WEEK)

    assert report.age("events") == "3 days"
    assert report.age("plan") is None
    assert said(report, "The plan is {plan_age} old", "Events are {events_age} old").text == "Events are 3 days old"
    assert [source.age for source in report.provenance("events", "plan").sources] == ["3 d old", "age unknown"]
    without = dataclasses.replace(aged, row_counts={**aged.row_counts, "findings": 0})
    assert Report(without, WEEK).provenance().findings == ()
