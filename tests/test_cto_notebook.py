"""The CTO's notebook: finds what the sample has planted, the worst first, and says what a company cannot show."""

import json
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
NOTEBOOK = ROOT / "notebooks" / "cto.ipynb"
HOTEL = ROOT / "tests" / "data" / "hotel-2016"
SECRETS = ("whsec_obviously_fake", "changeme-not-a-real", "fake-password-for", "changeme-123")


@pytest.fixture(scope="module")
def snapshot(snapshot_of):
    """The sample's snapshot."""
    return snapshot_of(ROOT / "sample")


@pytest.fixture(scope="module")
def hotel(snapshot_of):
    return snapshot_of(HOTEL)


@pytest.fixture(scope="module")
def executed(snapshot):
    """The notebook, run cell by cell on a kernel for the sample."""
    run = nbformat.read(NOTEBOOK, 4)
    parameters = next(cell for cell in run.cells if "parameters" in cell.metadata.get("tags", []))
    parameters.source += f"\nsnapshot = {str(snapshot)!r}"
    NotebookClient(run, timeout=120, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    return run


@pytest.fixture(scope="module")
def told(executed):
    """What the notebook tells of the sample, block by block."""
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    assert {output.output_type for output in outputs} == {"display_data"}
    return [BLOCK.validate_python(output.data[MIME]) for output in outputs]


def cells_run(company, period=None, previous=""):
    """The blocks of the notebook for an inventory or a snapshot's folder, its cells run in this process."""
    blocks = []
    with pytest.MonkeyPatch.context() as patch:
        for module in ("report", "cell"):
            patch.setattr(f"quarterdeck.notebook.{module}.show", blocks.append)
        if isinstance(company, AssetInventory):
            patch.setattr("quarterdeck.notebook.report.inventory_for", lambda _: company)
        names = {}
        for cell in nbformat.read(NOTEBOOK, 4).cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, "cell", "exec"), names)  # noqa: S102 - the notebook under test
                names |= {"snapshot": str(company), "period": period, "previous": previous}
    return blocks


@pytest.fixture(scope="module")
def hotel_told(hotel):
    """What the notebook tells of the hotel's last full week."""
    return cells_run(hotel, "2016-W51")


@pytest.fixture(scope="module")
def mended(snapshot):
    """What the notebook tells of the sample once its domains renew, its secrets are gone and its gaps are closed."""
    inventory = open_snapshot(snapshot)
    changed = {
        "registrations": inventory.table("registrations").assign(auto_renew=True).astype({"auto_renew": "boolean"}),
        "variables": inventory.table("variables").assign(default=pd.NA).astype({"default": "str"}),
        "gaps": inventory.table("gaps").assign(is_open=False).astype({"is_open": "boolean"}),
        "projects": inventory.table("projects").assign(updated_on=pd.Timestamp("2026-11-20").as_unit("s")),
    }
    frames = {name: inventory.table(name) for name in inventory.row_counts if inventory.has(name)} | changed
    return cells_run(AssetInventory.from_frames(inventory.company, inventory.as_of, frames))


def table_with(blocks, head):
    """The rows of the table whose first column is *head*, cell by cell, with each cell's second line."""
    table = next(block for block in blocks if block.block == "table" and block.columns[0].head == head)
    return [[f"{cell.text} | {cell.detail}" if cell.detail else cell.text for cell in row] for row in table.rows]


def test_it_says_what_the_cto_asks(told):
    """Headline, what changed, figures, then dangers, leaks, access, gaps, costs, maturity, tasks, care, provenance."""
    assert [block.block for block in told] == [
        "headline", "since", "kpis",
        "table",
        "chart",
        "table", "table",
        "chart", "table",
        "table",
        "chart", "table",
        "chart", "table",
        "actions", "note", "note", "provenance",
    ]  # fmt: skip
    assert [(kpi.id, kpi.value) for kpi in told[2].kpis] == [
        ("configuration_risks", "21"),
        ("zones_at_risk", "3"),
        ("access_risks", "2"),
        ("stale_handoffs", "1"),
        ("running_cost_actual", "$2.8k"),
    ]


def test_the_headline_is_the_most_dangerous_thing(told):
    """A domain that runs out comes first, then a critical gap and what leaks; each with its number."""
    assert told[0].text == "whale-watch.example expires in 47 days and does not renew by itself"
    assert (
        told[0].lead == "Next: Crew app has 1 critical gap, open for 35 days; 3 functions keep secrets in their source."
    )
    assert len(told[0].text) <= 90
    ranked = [row[0].partition(" | ")[0] for row in table_with(told, "Danger")]
    assert ranked[:5] == [
        "whale-watch.example expires in 47 days and does not renew by itself",
        "Crew app has 1 critical gap, open for 35 days",
        "3 functions keep secrets in their source",
        "1 administrator has no second factor",
        "1 domain lets anybody write mail in its name",
    ]


def test_the_planted_story_is_in_its_place(told):
    """Zone without DMARC, domain that lapses, admin without second factor, handoff untouched: each has its section."""
    zones = {row[0]: row[1:] for row in table_with(told, "Domain")}
    assert zones["bay-sails.example"] == ["DMARC", "30 Jun 2027"]
    assert zones["whale-watch.example"] == ["expires in 47 days, no auto-renew", "9 Jan 2027"]
    assert zones["harbour-day.example"][0] == "nothing"
    assert table_with(told, "Administrator") == [["A-48", "yes", "131"], ["A-47", "no", "4"]]
    charts = [block for block in told if block.block == "chart"]
    assert [chart.title for chart in charts] == [
        "3 functions keep a secret in the source; marketplace_sync stops without 6 variables",
        "Of 21 open gaps 8 are critical or high, 3 of them for over 60 days",
        "$829 of the $2.8k paid a month goes to 2 projects paused or retired",
        "Weather watch has not been touched for 97 days; 6 of 8 stacks without tests",
    ]
    assert "crew_roster: Secret in source 1, No default 3;" in charts[0].alt
    assert "CRM move, paused $640 (stated $640)" in charts[2].alt
    assert "Weather watch, Days: 97;" in charts[3].alt
    assert all(re.search(r"\d", chart.alt) and len(chart.alt) <= 350 for chart in charts)


def test_gaps_and_savings_are_read_one_by_one(told):
    """Critical and high gaps with project, owner, age and day; those of the user experience; what would save most."""
    high, ux = (block for block in told if block.block == "table" and block.columns[0].head == "Gap")
    assert [cell.text for cell in high.rows[1]] == [
        "The admin token has a default in the source of crew_roster",
        "High",
        "146",
        "Fri 4 Dec",
    ]
    assert high.rows[1][0].detail == "Crew app, Sol Ibarra"
    assert high.title.startswith("2 of 8 critical or high gaps without an owner")
    assert len(ux.rows) == 3
    assert [row[0] for row in table_with(told, "Service")] == [
        "Keelson CRM | CRM move",
        "Giftwell | Gift cards",
        "satellite feed | sightings log (Whale Watch)",
    ]
    assert "Up to $904 a month can be saved, $829 of it on projects that are paused or retired" in texts(told)


def test_the_agenda_holds_what_the_headline_asks_for(told):
    """Of all tasks those of most weight are shown: the renewal is among them, with its owner and its day."""
    agenda = next(block for block in told if block.block == "actions")
    tasks = {action.action: action for action in agenda.actions}

    assert len(tasks) == 12
    assert tasks["Renew whale-watch.example before 9 January 2027"].due == "Fri 18 Dec"
    assert tasks["Give Casey Whitlock a second factor"].owner == "Sol Ibarra"
    assert "16 tasks of less weight are left out." in texts(told)


def test_no_secret_is_shown(executed, told, hotel_told):
    """No value of a secret stands in the executed notebook, nor in any block: their names alone do."""
    written = json.dumps(executed) + texts(told) + texts(hotel_told)

    assert [secret for secret in SECRETS if secret in written] == []
    assert "REMINDERS_SMTP_PASSWORD" in written


def test_a_mended_company_changes_headline_ranking_and_agenda(mended, told):
    """When domains renew, secrets are gone and gaps closed, the next danger is the headline, and titles follow."""
    assert mended[0].text == "1 administrator has no second factor"
    assert mended[0].lead.startswith("Next: 1 domain lets anybody write mail in its name; ")
    assert table_with(mended, "Danger")[0][0].startswith("1 administrator has no second factor")
    said = texts(mended)
    assert "marketplace_sync stops without 6 variables; no source holds a secret" in said
    assert "No handoff has an open gap." in said
    assert "6 of 8 stacks without tests" in said
    assert "Renew whale-watch.example" in texts(told)
    assert "Take the secret" not in said


def test_the_hotel_is_told_what_is_known(hotel_told):
    """Without books, registrations and activity of users each section says so, and the rest is ranked as ever."""
    said = texts(hotel_told)

    assert hotel_told[0].text == "1 function keeps a secret in its source"
    assert "2 domains let anybody write mail in their name" in hotel_told[0].lead
    assert "Not available: access risks. The source of users does not say: mfa enabled and last active at." in said
    assert "Not available: access of administrators." in said
    assert "Handoffs state €953 a month; what is paid is not known" in said
    assert "No cost is stated for a project that is paused or retired." in said
    assert "Web shop has not been touched for 73 days; 2 of 2 stacks without tests" in said
    assert table_with(hotel_told, "Domain")[0] == ["resort-staff.example", "SPF, DMARC, null MX, CAA", "–"]
    assert [kpi.value for kpi in hotel_told[2].kpis] == ["2", "2", "€953", "1", "n/a"]
    assert "0 cost money" not in said


@pytest.mark.parametrize("week", [30, 38, 45])
def test_earlier_weeks_are_not_known_any_more(hotel, week):
    """Handoffs, functions and zones have no history: for a week long over every section says so in a sentence."""
    blocks = cells_run(hotel, f"2016-W{week}")

    assert blocks[0].text == f"What could break, leak or cost too much in week {week} is not known any more"
    assert blocks[0].lead.startswith("Projects, functions, domains and administrators are known as they are now")
    assert {kpi.value for kpi in blocks[2].kpis} == {"n/a"}
    notes = [block.text for block in blocks if block.block == "note"]
    assert len(notes) == 8
    assert all("Known only for the latest full week of the data." in note for note in notes)
    assert {block.block for block in blocks} == {"headline", "since", "kpis", "note", "provenance"}


def test_what_changed_since_last_week_comes_first(snapshot, tmp_path):
    """Beside last week's edition figures have their changes; one snapshot for both weeks knows no rows that moved."""
    edition = {"period": "2026-W46", "company": "harbour-day", "snapshot": snapshot.name}
    parts = {"Required, no default": 17, "Secret as default": 1, "Shared secret": 1}
    figures = {"configuration_risks": {"value": 19, "unit": "count", "by": parts}}
    (tmp_path / "manifest.json").write_text(json.dumps({**edition, "metrics": figures}), encoding="utf-8")
    inventory = open_snapshot(snapshot)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("quarterdeck.notebook.comparison.open_snapshot", lambda _: inventory)
        blocks = cells_run(snapshot, "2026-W47", str(tmp_path))

    assert blocks[1].block == "since"
    assert blocks[1].changes[0].fact == "Configuration risk up 2 to 21."
    assert blocks[1].changes[0].tone == "worse"
    assert blocks[1].note == "Last week's edition was made from the same snapshot: what came and went is not known."
    assert [delta.text for delta in blocks[2].kpis[0].deltas] == ["+2"]


def test_nothing_unreadable_reaches_a_reader(told, hotel_told, mended):
    """No nan, None, column name or unfilled brace stands in any text of any company."""
    for blocks in (told, hotel_told, mended):
        assert not re.findall(r"\bnan\b|\bNone\b|<NA>|NaT|\w*_minor|[{}]", texts(blocks))


def test_a_figure_has_one_value(told):
    """Whatever block shows a metric, it shows the same value; the figures of all sections are recorded."""
    seen = {}
    for block in told:
        for name, record in block.metrics.items():
            assert seen.setdefault(name, record) == record

    assert {"configuration_risks", "zones_at_risk", "access_risks", "stale_handoffs", "running_cost_actual"} <= set(
        seen
    )
