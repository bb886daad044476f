"""The CEO's notebook: finds the sample's story, ranks what matters, says what a company without books cannot show."""

import dataclasses
import re
from pathlib import Path

import nbformat
import pytest
from blocks_read import texts
from nbclient import NotebookClient

from quarterdeck import metrics
from quarterdeck.blocks import BLOCK, MIME
from quarterdeck.inventory import AssetInventory
from quarterdeck.period import Period
from quarterdeck.snapshot import open_snapshot

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "ceo.ipynb"
HOTEL = ROOT / "tests" / "data" / "hotel-2016"
SAILS = "Bay Sails"


@pytest.fixture(scope="module")
def sample(snapshot_of):
    return open_snapshot(snapshot_of(ROOT / "sample"))


@pytest.fixture(scope="module")
def hotel(snapshot_of):
    return snapshot_of(HOTEL)


def run_on_kernel(snapshot):
    """The blocks of the notebook, run cell by cell on a kernel for *snapshot*."""
    run = nbformat.read(NOTEBOOK, 4)
    parameters = next(cell for cell in run.cells if "parameters" in cell.metadata.get("tags", []))
    parameters.source += f"\nsnapshot = {str(snapshot)!r}"
    NotebookClient(run, timeout=120, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    outputs = [output for cell in run.cells for output in cell.get("outputs", [])]
    assert {output.output_type for output in outputs} == {"display_data"}
    return [BLOCK.validate_python(output.data[MIME]) for output in outputs]


@pytest.fixture(scope="module")
def told(snapshot_of):
    """What the notebook tells of the sample."""
    return run_on_kernel(snapshot_of(ROOT / "sample"))


@pytest.fixture
def say(monkeypatch):
    """A function (inventory or snapshot folder, period) → the blocks, run in this process."""

    def run(company, period=None):
        blocks = []
        for module in ("report", "cell"):
            monkeypatch.setattr(f"quarterdeck.notebook.{module}.show", blocks.append)
        if isinstance(company, AssetInventory):
            monkeypatch.setattr("quarterdeck.notebook.report.inventory_for", lambda _: company)
        names = {}
        given = {"snapshot": str(company), "period": period}
        for cell in nbformat.read(NOTEBOOK, 4).cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, "cell", "exec"), names)  # noqa: S102 - the notebook under test
                names |= given
        return blocks

    return run


def changed(inventory, *, minimum_cash_minor=None, **tables):
    """The same company with other tables: each a function (frame) → frame."""
    frames = {name: inventory.table(name) for name in inventory.row_counts if inventory.has(name)}
    frames |= {name: change(frames[name].copy()) for name, change in tables.items()}
    company = inventory.company
    if minimum_cash_minor is not None:
        company = dataclasses.replace(company, minimum_cash_minor=minimum_cash_minor)
    return AssetInventory.from_frames(company, inventory.as_of, frames)


def planned(factor, *businesses):
    """A change of the plan: the revenue of *businesses*, of all when none is named, times *factor* in percent."""

    def change(plan):
        wanted = (plan["account"] == "4000") & (plan["business"].isin(businesses) if businesses else True)
        plan.loc[wanted, "amount_minor"] = plan.loc[wanted, "amount_minor"] * factor // 100
        return plan

    return change


def crewed(claims):
    """A change of the claims: nobody is missing."""
    return claims.assign(status=claims["status"].mask(claims["status"] == "open", "declined"))


def only(blocks, kind):
    return [block for block in blocks if block.block == kind]


def cells(table):
    return [[cell.text for cell in row] for row in table.rows]


def table_of(blocks, head):
    return next(block for block in only(blocks, "table") if block.columns[0].head == head)


def test_it_says_what_the_ceo_asks(told):
    """Headline, what changed, six figures, four charts, two tables, agenda, care and provenance, in that order."""
    assert [block.block for block in told] == [
        "headline",
        "since",
        "kpis",
        "chart",
        "chart",
        "chart",
        "chart",
        "table",
        "table",
        "actions",
        "note",
        "note",
        "provenance",
    ]
    assert [kpi.id for kpi in told[2].kpis] == [
        "recognised_revenue",
        "plan_variance",
        "bookings_value",
        "gross_margin_rate",
        "runway_weeks",
        "unfilled_places",
    ]
    assert len({chart.png for chart in only(told, "chart")}) == 4
    for chart in only(told, "chart"):
        assert re.search(r"\d", chart.title)
        assert 40 < len(chart.alt) <= 350


def test_the_headline_is_the_samples_largest_matter(told):
    """Bay Sails is under plan, and six bookings lack a captain; with the money, the first day, and the cash to come."""
    headline = told[0]

    assert headline.text == "Bay Sails is $53.6k under plan this year; no crew yet for 6 bookings worth $18.3k"
    assert len(headline.text) <= 90
    assert headline.lead == (
        "The first of them is on 28 November. Cash is lowest in the week of 1 February, $13.2k under its minimum."
    )


def test_titles_say_what_charts_show(told):
    """Each title's numbers stand in its chart's words too."""
    titles = {chart.title: chart.alt for chart in only(told, "chart")}

    assert list(titles) == [
        "Revenue has been under plan for 9 weeks, by $23.7k in all",
        "Bay Sails is $53.6k under plan, Harbour Lights $20.6k over",
        "816 places of the next 4 weeks unsold, 483 of them at Harbour Lights",
        "Quotes worth $977.5k were lost, 44% of it from Marketplaces",
    ]
    by_week, by_business, _, lost = titles.values()
    assert "9 weeks under plan: −$23.7k" in by_week
    assert "−$53.6k against plan" in by_business
    assert "+$20.6k against plan" in by_business
    assert "Marketplaces $434.5k (199)" in lost


def test_blockers_are_ranked_with_their_evidence(told):
    """Old money, the wave of cancellations, Bay Sails' margin, the overspent account, missing crews, the boat shows."""
    table = table_of(told, "Blocker")

    assert table.title == "Money owed for over 60 days: $31.5k, the largest of 10 blockers"
    assert [row[0] for row in cells(table)] == [
        "Money owed for over 60 days",
        "Cancellations from Marketplaces",
        "Margin of Bay Sails under plan",
        "Vessel maintenance over plan",
        "Bookings without crew",
        "More spent on Boat shows than booked",
        "Expenses without account",
        "Margin of Whale Watch under plan",
        "Events over, not closed",
        "Idle projects are paid for",
    ]
    assert ["Cancellations from Marketplaces", "15 bookings in 4 weeks, none in the 4 before", "$30.3k"] in cells(table)
    assert all(re.search(r"\d|month", row[1]) for row in cells(table))


def test_holdings_name_what_to_watch(told):
    """Businesses, assets, projects, domains and functions, each with its state; what needs an eye by name."""
    rows = {row[0]: row[1:] for row in cells(table_of(told, "What"))}

    assert list(rows) == ["Businesses", "Assets", "Projects", "Domains", "Functions"]
    assert rows["Projects"] == [
        "4 live, 2 degraded, 1 building, 1 paused, 1 retired, 1 unknown",
        "Crew app, Marketplace sync, Weather watch (stale handoff)",
    ]
    assert "whale-watch.example (expires in 47 days, no auto-renew)" in rows["Domains"][1]
    assert rows["Functions"][1] == "crew_roster, payments, reminders"


def test_the_agenda_holds_what_needs_the_ceo(told):
    """Twelve tasks, late ones first: crews with their money and owner, three decisions, the domain about to expire."""
    (agenda,) = only(told, "actions")
    tasks = {task.action: task for task in agenda.actions}

    assert len(tasks) == 12
    crew = tasks["Call captains for the charters of the next two weeks"]
    assert (crew.due, crew.owner, crew.at_stake) == ("Wed 25 Nov", "Robin Lindqvist", "$18.3k")
    assert [task.action for task in agenda.actions if task.decide] == [
        "whether the haul-out moves from January to March",
        "whether to sign TripHarbor's new terms",
        "how to keep cash over the minimum",
    ]
    assert "Renew whale-watch.example before 9 January 2027" in tasks
    assert [bool(task.late) for task in agenda.actions] == sorted(
        (bool(task.late) for task in agenda.actions), reverse=True
    )
    assert all(task.evidence for task in agenda.actions)


def test_what_the_agenda_leaves_out_is_counted(told, sample):
    """The note says how many tasks are not shown and how many nobody owns."""
    every = metrics.agenda(sample, Period.parse("2026-W47", sample.company.time_zone), "ceo")
    note = only(told, "note")[0].text

    assert note == f"2 tasks have no owner. {len(every) - 12} tasks of less weight are left out."


def test_a_changed_plan_changes_what_matters(say, sample):
    """With Bay Sails' plan halved the missing crews matter most; headline, lead and titles follow."""
    blocks = say(changed(sample, plan=planned(50, SAILS)))

    assert blocks[0].text == "6 bookings lack crew, $18.3k in all, first on 28 November"
    assert blocks[0].lead == "Cash is lowest in the week of 1 February, $13.2k under its minimum."
    assert only(blocks, "chart")[1].title == "Bay Sails is $309.9k over plan"
    assert "Margin of Bay Sails" not in texts(blocks)


def test_a_low_of_cash_matters_when_the_rest_is_well(say, sample):
    """With crews found and all plans met the low under the minimum is the headline; the agenda has no crew to find."""
    well = changed(sample, plan=planned(50), claims=crewed)

    blocks = say(well)

    assert re.fullmatch(r"Cash falls to \$[\d.]+k in the week of \d+ \w+, \$[\d.]+k under the minimum", blocks[0].text)
    assert re.fullmatch(r"The year's revenue is \$[\d.]+m over plan\.", blocks[0].lead)
    assert "Bookings without crew" not in texts(blocks)
    (agenda,) = only(blocks, "actions")
    assert all("captains for the charters" not in task.action for task in agenda.actions)
    assert any(task.action == "how to keep cash over the minimum" for task in agenda.actions)


def test_a_company_on_course_hears_so(say, sample):
    """Nothing under plan, no crew missing, no minimum: the headline is revenue over plan, with no decision on cash."""
    blocks = say(changed(sample, plan=planned(50), claims=crewed, minimum_cash_minor=0))

    assert re.fullmatch(r"Recognised revenue is \$45.0k, \$[\d.]+k over plan", blocks[0].text)
    assert only(blocks, "chart")[0].title == blocks[0].text.replace(
        "Recognised revenue is $45.0k,", "The week's revenue is"
    )
    assert "how to keep cash over the minimum" not in texts(blocks)


def test_all_businesses_under_plan_are_one_gap(say, sample):
    """Where the whole is further under plan than any business, the headline names both."""
    blocks = say(changed(sample, plan=planned(150)))

    assert re.fullmatch(r"Revenue is \$1.\d+m under plan this year, \$[\d.]+k of it at [\w ]+", blocks[0].text)
    assert "The first of them" not in blocks[0].lead


def test_a_plan_that_names_no_business_is_the_companys(say, sample):
    """Where the plan is for all together, headline and chart speak of all."""

    def nameless(plan):
        return plan.assign(business=plan["business"].mask(plan["account"] == "4000"))

    blocks = say(changed(sample, plan=nameless))

    assert blocks[0].text == "Revenue is $37.5k under plan this year"
    assert only(blocks, "chart")[1].title == "Revenue is $37.5k under plan this year"


def test_a_paid_debt_leaves_the_ranking(say, sample):
    """When everything is paid the wave of cancellations is the largest blocker, and nobody has to collect."""

    def paid(events):
        return events.assign(paid_minor=events["price_minor"].fillna(0))

    blocks = say(changed(sample, events=paid))

    assert table_of(blocks, "Blocker").title.startswith("Cancellations from Marketplaces: $30.3k, the largest of ")
    assert "Collect" not in texts(only(blocks, "actions"))


@pytest.mark.parametrize(
    ("period", "headline"),
    [
        ("2016-W30", "Recognised revenue is €212.8k, €12.8k more than the week before"),
        ("2016-W38", "Recognised revenue is €108.3k"),
        ("2016-W45", "Recognised revenue is €57.3k"),
        ("2016-W51", "Recognised revenue is €18.8k, €4.9k less than the week before"),
    ],
)
def test_the_hotel_is_told_what_is_known(say, hotel, period, headline):
    """Without plan, books or crew the headline is revenue, and each section says which source it lacks."""
    blocks = say(hotel, period)

    assert blocks[0].text.startswith(headline)
    assert blocks[0].lead == "There is no plan to hold revenue against."
    said = texts(blocks)
    assert "Not available: revenue against plan by business. The company's folder has no plan." in said
    assert "Not available: unsold places. The source of events does not say: capacity." in said
    assert "Not available: lost quotes." in said
    assert blocks[-1].block == "provenance"


def test_the_hotel_on_a_kernel_has_an_agenda_and_holdings(hotel):
    """Its handoffs and domains give tasks and states, although it has no money to speak of."""
    blocks = run_on_kernel(hotel)

    rows = {row[0]: row[1:] for row in cells(table_of(blocks, "What"))}
    assert rows["Domains"][0] == "2 at risk"
    assert rows["Businesses"] == ["no plan to compare with", "–"]
    (agenda,) = only(blocks, "actions")
    assert agenda.actions[0].action == "Close the gap: Card numbers are still typed into a free-text field"
    assert agenda.actions[0].late == "26 days late"
    assert not any(task.at_stake for task in agenda.actions)
    assert not re.findall(r"\bnan\b|\bNone\b|<NA>|NaT|\w*_minor|[{}]", texts(blocks))


def test_nothing_unreadable_reaches_a_reader(told):
    """No nan, None, column name or unfilled brace stands in any text."""
    assert not re.findall(r"\bnan\b|\bNone\b|<NA>|NaT|\w*_minor|[{}]", texts(told))


def test_a_figure_has_one_value(told):
    """Whatever block shows a metric, it shows the same value."""
    seen = {}
    for block in told:
        for name, record in block.metrics.items():
            assert seen.setdefault(name, record) == record

    assert {"recognised_revenue", "plan_variance", "unfilled_revenue", "lowest_cash", "zones_at_risk"} <= set(seen)
