"""The CMO's notebook: finds the sample's story by channel, says what to do more of, and what it cannot show."""

import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from blocks_read import texts
from nbclient import NotebookClient

from quarterdeck.blocks import BLOCK, MIME
from quarterdeck.inventory import AssetInventory
from quarterdeck.snapshot import open_snapshot

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "cmo.ipynb"
HOTEL = ROOT / "tests" / "data" / "hotel-2016"
WEEKS = ["2016-W30", "2016-W38", "2016-W45", "2016-W51"]


@pytest.fixture(scope="module")
def sample_folder(snapshot_of):
    return snapshot_of(ROOT / "sample")


@pytest.fixture(scope="module")
def sample(sample_folder):
    return open_snapshot(sample_folder)


def run_on_kernel(**parameters):
    """The blocks of the notebook, run cell by cell on a kernel."""
    run = nbformat.read(NOTEBOOK, 4)
    cell = next(cell for cell in run.cells if "parameters" in cell.metadata.get("tags", []))
    cell.source += "".join(f"\n{name} = {str(value)!r}" for name, value in parameters.items())
    NotebookClient(run, timeout=120, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    outputs = [output for cell in run.cells for output in cell.get("outputs", [])]
    assert {output.output_type for output in outputs} == {"display_data"}
    return [BLOCK.validate_python(output.data[MIME]) for output in outputs]


@pytest.fixture(scope="module")
def told(sample_folder):
    """What the notebook tells of the sample."""
    return run_on_kernel(snapshot=sample_folder)


@pytest.fixture(scope="module")
def say():
    """A function (inventory, period) → the blocks, run in this process."""

    def run(company, period=None):
        blocks = []
        with pytest.MonkeyPatch.context() as patch:
            for module in ("report", "cell"):
                patch.setattr(f"quarterdeck.notebook.{module}.show", blocks.append)
            patch.setattr("quarterdeck.notebook.report.inventory_for", lambda _: company)
            names = {}
            for cell in nbformat.read(NOTEBOOK, 4).cells:
                if cell.cell_type == "code":
                    exec(compile(cell.source, "cell", "exec"), names)  # noqa: S102 - the notebook under test
                    names |= {"period": period} if "parameters" in cell.metadata.get("tags", []) else {}
        return blocks

    return run


@pytest.fixture(scope="module")
def hotel(snapshot_of, say):
    """What the notebook tells of each of the hotel's weeks."""
    inventory = open_snapshot(snapshot_of(HOTEL))
    return {period: say(inventory, period) for period in WEEKS}


def changed(inventory, **tables):
    """The same company with other tables: each a function (frame) → frame, None to leave it out."""
    frames = {name: inventory.table(name) for name in inventory.row_counts if inventory.has(name)}
    for name, change in tables.items():
        if change is None:
            del frames[name]
        else:
            frames[name] = change(frames[name].copy())
    return AssetInventory.from_frames(inventory.company, inventory.as_of, frames)


def only(blocks, kind):
    return [block for block in blocks if block.block == kind]


def cells(table):
    return [[cell.text for cell in row] for row in table.rows]


def titles(blocks):
    return [block.title for block in blocks if block.block in ("chart", "table")]


def test_it_says_what_the_cmo_asks(told):
    """Headline, what changed, five figures, six charts of six kinds, three tables, agenda, care and provenance."""
    assert [block.block for block in told] == [
        "headline",
        "since",
        "kpis",
        "table",
        "chart",
        "chart",
        "chart",
        "table",
        "chart",
        "chart",
        "chart",
        "table",
        "actions",
        "note",
        "provenance",
    ]
    assert [kpi.id for kpi in told[2].kpis] == [
        "bookings_value",
        "conversion_rate",
        "cost_per_booking",
        "repeat_rate",
        "lead_time_median_days",
    ]
    charts = only(told, "chart")
    assert [chart.alt.split(" of ")[0] for chart in charts] == [
        "6 panels",
        "Funnel",
        "Horizontal bars",
        "Ranges",
        "Heat map",
        "Bars",
    ]
    assert len({chart.png for chart in charts}) == 6
    assert all(re.search(r"\d", chart.title) and 40 < len(chart.alt) <= 350 for chart in charts)


def test_the_headline_is_the_wave_and_the_lead_the_answer(told):
    """Marketplaces cancel more than they bring; what to do more of stands under it, with its evidence."""
    headline = told[0]

    assert headline.text == "Marketplaces cancel 7 bookings worth $14.4k in a week that brings them $5.9k"
    assert headline.lead == (
        "Do more of Phone and Referral: an inquiry is worth $1.5k and $1.3k there, $695 on average."
    )
    assert len(headline.text) <= 90


def test_what_changed_comes_first_with_the_channels_that_moved_it(told):
    """Bookings fell where Marketplaces and the hotel desks brought less, though the latter brought nothing at all."""
    facts = [(change.fact, change.cause) for change in told[1].changes]

    assert facts[:2] == [
        ("Bookings down $8.9k to $35.6k.", "Marketplaces −$7.5k; Hotel desks −$6.0k."),
        ("Cancellations up $3.4k to $14.4k.", "Marketplaces +$5.0k."),
    ]


def test_the_wave_of_cancellations_is_shown_week_by_week(told):
    """Three, five and seven bookings of Marketplaces in three weeks, hardly any others."""
    wave = only(told, "table")[0]

    assert wave.title == "Marketplaces have cancelled 15 bookings worth $30.3k in four weeks"
    assert [column.head for column in wave.columns] == ["Channel", "1 Nov", "8 Nov", "15 Nov", "22 Nov"]
    assert cells(wave) == [
        ["Marketplaces", "$0", "$6.4k", "$9.5k", "$14.4k"],
        ["Website", "$0", "$2.8k", "$1.6k", "$0"],
    ]
    assert [cell.text for cell in wave.total] == ["Total", "$0", "$9.2k", "$11.1k", "$14.4k"]
    assert wave.metrics["cancellations_count"].by == {"Marketplaces": 7}


def test_titles_say_what_charts_show(told):
    """Each title's numbers stand in its chart's words too: many inquiries and few bookings, and a show that costs."""
    alts = {chart.title: chart.alt for chart in only(told, "chart")}

    assert list(alts) == [
        "Website brings 38% of bookings, Phone 25%",
        "Marketplaces bring 41% of inquiries and 22% of bookings",
        "A booking through Boat shows costs $5.7k, through Phone $6",
        "Through Phone customers book 105 days ahead, through Hotel desks 8",
        "Saturdays in Jun–Aug are 94% full, Tuesdays in Dec–Feb 21%",
        "1,775 of 2,947 customers may be written to, 662 of them from Marketplaces",
    ]
    sources, funnel, costs, ahead, seasons, audience = alts.values()
    assert "Website: $524.3k in all" in sources
    assert "Marketplaces 305, 249, 50 (16%)" in funnel
    assert costs.startswith("Horizontal bars of cost per booking, 13 weeks. Boat shows $5.7k (22%)")
    assert "Phone 105, half of them 41 to 135" in ahead
    assert "Dec–Feb, Tue: 21%; Jun–Aug, Sat: 94%." in seasons
    assert "Marketplaces: Consented 662, Declined 455" in audience


def test_a_channel_that_costs_more_than_it_brings_is_told(told):
    """The boat shows' money stands under the costs, and last among what to do more of."""
    costs = only(told, "chart")[2]
    worth = only(told, "table")[1]

    assert costs.note == "$11.4k was spent on Boat shows, which brought $4.1k of bookings."
    assert worth.title == "Through Phone an inquiry is worth $1.5k, through Boat shows −$818"
    assert cells(worth) == [
        ["Phone", "$158.4k", "$0", "$0.3k", "$1,535"],
        ["Referral", "$55.2k", "$4.1k", "$1.4k", "$1,308"],
        ["Website", "$225.9k", "$11.7k", "$12.9k", "$923"],
        ["Hotel desks", "$62.8k", "$0", "$11.3k", "$804"],
        ["Marketplaces", "$114.5k", "$32.1k", "$23.1k", "$194"],
        ["Boat shows", "$4.1k", "$0", "$11.4k", "−$818"],
    ]
    assert "Boat shows brought fewer than 10 bookings in 13 weeks" in only(told, "note")[-1].text


def test_presence_and_agenda_name_what_runs_out(told):
    """The domain about to expire, the one that others can write as, and the marketplace's new terms."""
    domains = only(told, "table")[2]
    (agenda,) = only(told, "actions")
    tasks = {task.action: task for task in agenda.actions}

    assert domains.title == "Of 4 domains 3 need mending, whale-watch.example by 9 January"
    assert ["bay-sails.example", "30 Jun 2027", "DMARC"] in cells(domains)
    assert tasks["whether to sign TripHarbor's new terms"].at_stake == "$30.3k"
    assert "Renew whale-watch.example before 9 January 2027" in tasks
    assert agenda.mail_rows == 8


def test_a_figure_has_one_value(told):
    """Whatever block shows a metric, it shows the same value."""
    seen = {}
    for block in told:
        for name, record in getattr(block, "metrics", {}).items():
            assert seen.setdefault(name, record) == record

    assert {"bookings_value", "cancellations_value", "conversion_rate", "cost_per_booking"} <= set(seen)


def test_the_sources_are_those_of_a_recount(told, sample):
    """What the headline says, counted again from the rows: booked before, cancelled in the week, by that channel."""
    events = sample.table("events")
    start, end = (
        pd.Timestamp("2026-11-16", tz="America/Los_Angeles"),
        pd.Timestamp("2026-11-23", tz="America/Los_Angeles"),
    )
    of_channel = events[events["channel"] == "Marketplaces"]
    gone = of_channel[(of_channel["cancelled_at"] >= start) & (of_channel["cancelled_at"] < end)].dropna(
        subset="booked_at"
    )
    came = of_channel[(of_channel["booked_at"] >= start) & (of_channel["booked_at"] < end)]

    assert (len(gone), gone["price_minor"].sum(), came["price_minor"].sum()) == (7, 1_445_000, 592_000)
    assert told[0].text.count("$14.4k") == told[0].text.count("$5.9k") == 1


def without_wave(events):
    """Nothing of Marketplaces is cancelled any more."""
    is_gone = (events["channel"] == "Marketplaces") & (events["status"] == "cancelled") & events["booked_at"].notna()
    events.loc[is_gone, "status"] = "booked"
    events.loc[is_gone, "cancelled_at"] = pd.NaT
    return events


def without_shows(expenses):
    return expenses[expenses["channel"] != "Boat shows"]


def test_a_changed_company_changes_headline_and_ranking(sample, say):
    """Without the wave the boat shows are the story, without their costs the gap between inquiries and bookings."""
    loss = say(changed(sample, events=without_wave))
    gap = say(changed(sample, events=without_wave, expenses=without_shows))

    assert loss[0].text == "Boat shows cost $11.4k in 13 weeks and bring $4.1k of bookings"
    assert only(loss, "table")[0].title == "0 bookings were cancelled this week, worth $0"
    assert gap[0].text == "Marketplaces bring 41% of inquiries and 22% of bookings"
    assert only(gap, "chart")[2].title == "A booking through Hotel desks costs $491, through Phone $6"
    assert only(gap, "chart")[2].note == ""


def test_what_to_do_more_of_follows_the_figures(sample, say):
    """With half the price on the phone another channel leads the table, the title and the lead."""

    def cheaper(events):
        events.loc[events["channel"] == "Phone", "price_minor"] //= 2
        return events

    blocks = say(changed(sample, events=cheaper))

    assert blocks[0].lead.startswith("Do more of Referral and Website: an inquiry is worth $1.3k and $923 there")
    assert only(blocks, "table")[1].title.startswith("Through Referral an inquiry is worth $1.3k")
    assert [row[0] for row in cells(only(blocks, "table")[1])][:2] == ["Referral", "Website"]


@pytest.mark.parametrize(
    ("period", "headline", "lead"),
    [
        ("2016-W30", "58% of the week's €89.4k", "Direct, €811 a booking"),
        ("2016-W38", "44% of the week's €60.9k", "Direct, €491 a booking"),
        ("2016-W45", "49% of the week's €21.3k", "Offline travel agent, €282 a booking"),
        ("2016-W51", "54% of the week's €5.4k", "Offline travel agent, €267 a booking"),
    ],
)
def test_the_hotel_is_told_what_is_known(hotel, period, headline, lead):
    """Without losses and books the week's largest channel is told, and each section says which source it lacks."""
    blocks = hotel[period]
    said = texts(blocks)

    assert blocks[0].text == f"Online travel agent brings {headline} of bookings"
    assert blocks[0].lead == f"Bookings are worth most through {lead}; what channels cost is not known."
    assert "Not available: cancellations by channel. The source of events does not say: cancelled at." in said
    assert "Not available: the funnel by channel. The source keeps only what was booked" in said
    assert "Not available: cost per booking by channel. The company's folder has no expenses." in said
    assert "Not available: the reachable audience." in said
    assert "No event in the source starts after 31 December" in said
    assert "What was cancelled is not known: bookings are counted as made." in said
    assert [len(only(blocks, kind)) for kind in ("chart", "provenance")] == [3, 1]


def test_the_hotels_channels_have_readers_names(hotel):
    """No raw name reaches a reader, in any week; the manifest keeps the data's own names."""
    for blocks in hotel.values():
        assert "Offline travel agent" in texts(blocks)
        assert "_" not in texts([block for block in blocks if block.block != "actions"])
        assert "online_travel_agent" in blocks[2].metrics["bookings_value"].by


def test_the_hotel_is_not_compared_with_what_its_source_does_not_hold(hotel):
    """The source begins in July: nothing is compared with a year before, and a season without a day has no figure."""
    for period, blocks in hotel.items():
        assert {delta.basis for kpi in blocks[2].kpis for delta in kpi.deltas} <= {"on week"}, period
        seasons = only(blocks, "chart")[-1]
        assert "Mar–May" in seasons.note
        assert "who was served before that counts as new" in texts(blocks)
    assert "Mondays in Jun–Aug bring 45.2 events, Sundays in Dec–Feb 9.0" in titles(hotel["2016-W51"])


def test_nothing_unreadable_reaches_a_reader(told, hotel):
    """No nan, None, column name or unfilled brace stands in any text of either company."""
    for blocks in (told, *hotel.values()):
        assert not re.findall(r"\bnan\b|\bNone\b|<NA>|NaT|\w*_minor|[{}]", texts(blocks))


def test_a_company_without_channels_or_users_is_told_so(sample, say):
    """Each section says what its source lacks, and the headline what is known."""
    bare = say(changed(sample, events=lambda events: events.drop(columns="channel"), users=None, zones=None))
    said = texts(bare)

    assert bare[0].text == "The week brings $35.6k of bookings"
    assert bare[0].lead == ""
    assert "Not available: bookings by channel. The source of events does not say: channel." in said
    assert "Not available: the reachable audience. The company's folder has no users." in said
    assert only(bare, "chart")[0].title == "Saturdays in Jun–Aug are 94% full, Tuesdays in Dec–Feb 21%"


def test_a_company_without_events_still_has_a_report(sample, say):
    """The headline says that no booking figure is available, and nothing stops."""
    blank = say(changed(sample, events=None, claims=None, checklists=None))

    assert blank[0].text == "No booking figure is available for week 47"
    assert blank[-1].block == "provenance"
