"""What came and went since last week's edition: two snapshots of one small company, a week apart."""

import dataclasses
import json
import shutil
from datetime import UTC, datetime

import pytest

from quarterdeck.config import load_company
from quarterdeck.errors import InputInvalid
from quarterdeck.metrics import stale_handoffs
from quarterdeck.notebook import PreviousEdition, Report, open_report
from quarterdeck.notebook.movements import TRACKED
from quarterdeck.period import Period
from quarterdeck.snapshot import take_snapshot
from quarterdeck.sources import collect

WEEK = Period(2026, 47, "UTC")


def project(name):
    return {"project": name, "status": "live", "has_tests_or_ci": True, "document": f"{name}.md", "line": 1}


def gap(name, text, *, is_open=True):
    where = {"document": f"{name}.md", "line": 9}
    return {"project": name, "area": "ux", "severity": "high", "gap": text, "is_open": is_open, **where}


def action(name, text, *, is_done=False):
    return {"project": name, "action": text, "is_done": is_done, "document": f"{name}.md", "line": 12}


def variable(function, name):
    where = {"document": function, "line": 3}
    return {"function": function, "name": name, "is_required": True, "default": None, "is_secret": False, **where}


def function(path, error=None):
    return {"function": path, "lines": 10, "parse_error": error}


def zone(name):
    return {"zone": name, "is_private": False, "record_count": 3}


@pytest.fixture
def since(inventory_of, monkeypatch):
    """A function (tables of last week, tables of this week) → the block that this week's edition says."""

    def say(before, now, *rows, as_of="2026-11-23 09:00"):
        last, this = (inventory_of(when, **tables) for when, tables in (("2026-11-16", before), (as_of, now)))
        report = Report(dataclasses.replace(this, snapshot="this"), WEEK, PreviousEdition(None, "", "last", {}))
        monkeypatch.setattr(PreviousEdition, "inventory", lambda _: dataclasses.replace(last, snapshot="last"))
        return report.since_last_week(rows=rows or TRACKED)

    return say


def facts(block):
    return [change.fact for change in block.changes]


def test_gaps_and_actions_that_came_and_went_are_told_by_name(since):
    """New gaps are opened, gaps that are no longer open are closed, and both are named with their project."""
    before = {
        "projects": [project("Site")],
        "gaps": [gap("Site", "No runbook."), gap("Site", "Slow"), gap("Site", "Old", is_open=False)],
        "actions": [action("Site", "Ship it"), action("Site", "Drop it")],
    }
    now = {
        "projects": [project("Site")],
        "gaps": [gap("Site", "No runbook."), gap("Site", "Slow", is_open=False), gap("Site", "A"), gap("Site", "B")],
        "actions": [action("Site", "Ship it", is_done=True), action("Site", "Test it")],
    }

    block = since(before, now)

    assert facts(block) == ["Gaps: 2 opened, 1 closed.", "Actions: 1 added, 2 done or dropped."]
    assert block.changes[0].cause == "Opened: A (Site); B (Site). Closed: Slow (Site)."
    assert block.changes[1].cause == "Added: Test it (Site). Done or dropped: Drop it (Site); Ship it (Site)."
    assert [(change.direction, change.tone) for change in block.changes] == [("up", "worse"), ("down", "neutral")]
    assert block.note == ""


def test_fewer_gaps_are_good_news(since):
    """When more gaps close than open, the bullet is better; when as many, it is neither."""
    site, two = [project("Site")], [gap("Site", "A"), gap("Site", "B")]

    fewer = since({"projects": site, "gaps": two}, {"projects": site, "gaps": two[:1]}, "gaps")
    same = since({"projects": site, "gaps": two[:1]}, {"projects": site, "gaps": two[1:]}, "gaps")

    assert [(change.direction, change.tone) for change in fewer.changes] == [("down", "better")]
    assert [(change.direction, change.tone) for change in same.changes] == [("same", "neutral")]


def test_projects_zones_and_variables_are_told(since):
    """A new project, a zone that is gone and a variable that a function newly needs have a bullet each."""
    before = {
        "projects": [project("Site")],
        "zones": [zone("a.example"), zone("b.example")],
        "functions": [function("pay/app.py")],
        "variables": [variable("pay/app.py", "KEY")],
    }
    now = {
        **before,
        "projects": [project("Site"), project("App")],
        "zones": [zone("a.example")],
        "variables": [variable("pay/app.py", "KEY"), variable("pay/app.py", "URL")],
    }

    block = since(before, now)

    assert [(change.fact, change.cause) for change in block.changes] == [
        ("Projects: 1 new.", "New: App."),
        ("Zones: 1 gone.", "Gone: b.example."),
        ("Variables: 1 new.", "New: URL of pay/app.py."),
    ]


def test_many_are_counted_and_long_words_are_cut(since):
    """Two of each kind are named, the rest is counted, and no name is longer than a line."""
    site = [project("Site")]
    many = [gap("Site", f"{number} {'very long words ' * 20}") for number in range(5)]

    (change,) = since({"projects": site, "gaps": []}, {"projects": site, "gaps": many}, "gaps").changes

    assert change.fact == "Gaps: 5 opened."
    assert change.cause.endswith(" and 3 more.")
    assert len(change.cause) < 2 * 100


def test_what_was_not_read_did_not_go(since):
    """A handoff that is gone closes no gaps, and a function that cannot be read needs no fewer variables, nor more."""
    before = {
        "projects": [project("Site"), project("App")],
        "gaps": [gap("App", "Slow")],
        "functions": [function("a.py"), function("b.py", "line 3")],
        "variables": [variable("a.py", "KEY")],
    }
    now = {
        "projects": [project("Site")],
        "gaps": [],
        "functions": [function("a.py", "line 1"), function("b.py")],
        "variables": [variable("b.py", "URL")],
    }

    block = since(before, now)

    assert facts(block) == ["Projects: 1 gone."]


def test_a_source_that_is_new_is_not_compared(since):
    """Zones that last week's snapshot did not hold are no news; the note says that they were not compared."""
    block = since({"projects": [project("Site")]}, {"projects": [project("Site")], "zones": [zone("a.example")]})

    assert block.changes == ()
    assert block.note == "Not in last week's snapshot, so not compared: zones."


def test_nothing_moved_is_said(since):
    """Where all is as it was, the block says that nothing has changed."""
    tables = {"projects": [project("Site")], "gaps": [gap("Site", "A")]}

    assert since(tables, tables).note == "Nothing that this report compares has changed."


def test_an_earlier_week_does_not_know_what_moved(since):
    """The snapshot shows rows as they are now: for a week long over, what came and went is not known."""
    tables = {"projects": [project("Site")]}

    block = since(tables, tables, as_of="2026-12-23")

    assert block.note == "What came and went is known only for the latest full week of the data."


def test_the_first_edition_says_that_there_is_none(inventory_of):
    """Without a previous edition there are no bullets and one sentence."""
    block = Report(inventory_of("2026-11-23", projects=[project("Site")]), WEEK).since_last_week(rows=TRACKED)

    assert block.changes == ()
    assert block.note.startswith("There is no previous edition: what came and went is not known")


def test_an_unknown_table_is_refused(since):
    """A table that is not tracked stops the cell, and the message lists those that are."""
    with pytest.raises(InputInvalid) as refused:
        since({}, {}, "events")

    assert "no rows 'events'" in str(refused.value)
    assert "projects, gaps, actions, zones, variables" in str(refused.value)


SETTINGS = """
slug: bay
name: Bay
currency: USD
time_zone: UTC
sources: {handoffs: {path: handoffs}}
"""
HANDOFF = """# Site
Owner: Ada
Status: live
Updated: 2026-11-{day}

## Gaps
- high: {gap}
"""


@pytest.fixture
def frozen(tmp_path):
    """A function (day of November, gap) → folder of the company's snapshot, in one store."""

    def freeze(day, gap):
        folder = tmp_path / "company"
        (folder / "handoffs").mkdir(parents=True, exist_ok=True)
        (folder / "company.yaml").write_text(SETTINGS, encoding="utf-8")
        (folder / "handoffs" / "site.md").write_text(HANDOFF.format(day=day, gap=gap), encoding="utf-8")
        company, as_of = load_company(folder), datetime(2026, 11, day, 9, tzinfo=UTC)
        store = tmp_path / "outputs" / "snapshots"
        return take_snapshot(collect(company, folder), company, as_of=as_of, store=store, collected_at=as_of)

    return freeze


@pytest.fixture
def edition_of(tmp_path):
    """A function (snapshot) → last week's edition in the store, which showed four stale handoffs."""

    def write(snapshot):
        folder = tmp_path / "outputs" / "2026-W46" / "cto"
        folder.mkdir(parents=True)
        manifest = {"edition": "cto/2026-W46", "period": "2026-W46", "company": "bay", "snapshot": snapshot}
        figures = {"stale_handoffs": {"value": 4, "unit": "count"}}
        (folder / "manifest.json").write_text(json.dumps({**manifest, "metrics": figures}), encoding="utf-8")
        return str(folder)

    return write


def test_the_previous_edition_leads_to_its_snapshot(frozen, edition_of):
    """Two real snapshots: figures are compared with last week's manifest, rows with the snapshot it names."""
    before, now = frozen(16, "No runbook"), frozen(23, "No tests")

    block = open_report(str(now), "2026-W47", edition_of(before.name)).since_last_week(stale_handoffs, rows=TRACKED)

    assert facts(block) == ["Stale handoffs down 4 to 0.", "Gaps: 1 opened, 1 closed."]
    assert block.changes[1].cause == "Opened: No tests (Site). Closed: No runbook (Site)."


@pytest.mark.parametrize("harm", ["removed", "damaged"])
def test_a_lost_snapshot_costs_only_what_moved(frozen, edition_of, harm):
    """Where last week's snapshot was cleared away or changed, figures are compared still, and a sentence says so."""
    before, now = frozen(16, "No runbook"), frozen(23, "No tests")
    if harm == "removed":
        shutil.rmtree(before)
    else:
        (before / "gaps.parquet").write_bytes(b"PAR1")

    block = open_report(str(now), "2026-W47", edition_of(before.name)).since_last_week(stale_handoffs, rows=TRACKED)

    assert facts(block) == ["Stale handoffs down 4 to 0."]
    assert block.note == "The snapshot of last week's edition is not at hand: what came and went is not known."


def test_two_weeks_over_one_snapshot_have_nothing_to_compare(frozen, edition_of):
    """Last week's edition made from the same snapshot knows nothing that this one does not."""
    now = frozen(23, "No tests")

    block = open_report(str(now), "2026-W47", edition_of(now.name)).since_last_week(rows=TRACKED)

    assert block.note == "Last week's edition was made from the same snapshot: what came and went is not known."
