import json
import shutil
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import nbformat
import pytest
from harbour import SAYS, SENDER, FakeMailer
from nbformat.v4 import new_code_cell, new_notebook

from quarterdeck.errors import CommandRefused, DataNotReady, DeliveryUnknown, InputInvalid
from quarterdeck.pipeline import Outcome, make_plan, run_batch
from quarterdeck.pipeline.room import workers
from quarterdeck.store import FolderStore


def states(outcome: Outcome) -> dict[str, str]:
    return {built.report.name: built.state for built in outcome.editions}


def test_a_run_leaves_an_edition_with_its_manifest(harbour):
    """Page, message, executed notebook and manifest are there; the manifest says what was made from what."""
    outcome = harbour.run()

    folder = harbour.folder("cfo/2026-W47")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert sorted(path.name for path in folder.iterdir()) == [
        "executed.ipynb",
        "manifest.json",
        "message.eml",
        "page.html",
    ]
    assert (outcome.exit_code, states(outcome)) == (0, {"cfo": "ready"})
    assert "Recognised $350.50" in (folder / "page.html").read_text()
    assert manifest["edition"] == "cfo/2026-W47"
    assert manifest["company"] == "harbour"
    assert manifest["currency"] == "USD"
    assert manifest["as_of"] == "2026-11-23T08:00:00+00:00"
    assert manifest["metrics"]["recognised_revenue"] == {"value": 35050, "unit": "minor", "by": {"Sails": 35050}}
    assert manifest["snapshot"] == outcome.snapshot.name
    assert set(manifest["outputs"]) == {"executed.ipynb", "message.eml", "page.html"}
    assert {
        "notebooks/cfo.ipynb",
        "params/cfo.yaml",
        "parameters",
        "snapshot",
        "helpers",
        "python",
        "quarterdeck",
    } == set(manifest["inputs"])
    assert str(harbour.root) not in (folder / "manifest.json").read_text()


def test_without_a_checkout_the_commit_is_what_the_image_says(harbour):
    """An edition tells what code it was made by also on Lambda, where there is no git."""
    harbour.run(environment=replace(SENDER, commit="0123abc"))

    assert json.loads((harbour.folder("cfo/2026-W47") / "manifest.json").read_text())["commit"] == "0123abc"


def test_a_run_is_written_to_the_ledger_and_claims_nothing(harbour):
    """Batch, edition and run are there; no delivery, since nothing was sent."""
    outcome = harbour.run()

    ledger = harbour.ledger
    assert ledger.batch("2026-W47").state == "ready"
    assert ledger.batch("2026-W47").snapshot == outcome.snapshot.name
    assert ledger.edition("cfo/2026-W47").state == "ready"
    assert [run.state for run in ledger.runs("cfo/2026-W47")] == ["ready"]
    assert ledger.deliveries("cfo/2026-W47") == ()


def test_what_is_unchanged_is_not_executed_again(harbour):
    """A second run with the same notebook, parameters, snapshot and code executes nothing and adds no run."""
    harbour.run()
    before = (harbour.folder("cfo/2026-W47") / "executed.ipynb").read_bytes()

    again = harbour.run()

    assert states(again) == {"cfo": "ready"}
    assert again.editions[0].seconds == 0
    assert (harbour.folder("cfo/2026-W47") / "executed.ipynb").read_bytes() == before
    assert len(harbour.ledger.runs("cfo/2026-W47")) == 1


@pytest.mark.parametrize("change", ["notebook", "params", "parameter", "data", "helper", "output"])
def test_each_change_executes_again(harbour, change):
    """A changed notebook, file beside it, params file, parameter or source, or a tampered output: a new run."""
    harbour.run()
    overrides = {}
    match change:
        case "notebook":
            harbour.report("cfo", SAYS.format(words="We recognised"))
        case "params":
            harbour.report("cfo", SAYS.format(words="Recognised"), params="limits: {cell_seconds: 60}\n")
        case "parameter":
            overrides = {"rows": 2}
        case "data":
            harbour.events("100.00", "250.51")
        case "helper":
            (harbour.root / "notebooks" / "helpers.py").write_text("rate = 1\n")
        case "output":
            (harbour.folder("cfo/2026-W47") / "page.html").write_text("changed by hand")

    harbour.run(overrides=overrides)

    assert len(harbour.ledger.runs("cfo/2026-W47")) == 2


def test_a_notebook_saved_amid_its_execution_is_executed_again(harbour):
    """Nobody knows which of the two was executed; undone, the save must not make its figures those of the old one."""
    save = "path = __import__('pathlib').Path('cfo.ipynb')\npath.write_text(path.read_text() + ' ')"
    harbour.report("cfo", save, SAYS.format(words="Recognised"))
    notebook = harbour.root / "notebooks" / "cfo.ipynb"
    hashed = notebook.read_bytes()
    harbour.run()
    assert notebook.read_bytes() != hashed
    notebook.write_bytes(hashed)

    harbour.run()

    assert len(harbour.ledger.runs("cfo/2026-W47")) == 2


def test_one_failing_notebook_leaves_the_others_and_exits_4(harbour):
    """The good edition is ready, the failing one is kept with its traceback, and the exit code is 4."""
    harbour.report("bad", "1 / 0")

    outcome = harbour.run()

    assert states(outcome) == {"bad": "failed", "cfo": "ready"}
    assert outcome.exit_code == 4
    assert "ZeroDivisionError" in str(outcome.problems[0])
    assert (harbour.folder("bad/2026-W47") / "failed.ipynb").is_file()
    assert not (harbour.folder("bad/2026-W47") / "manifest.json").exists()
    assert harbour.ledger.batch("2026-W47").state == "failed"


@pytest.mark.parametrize(("release", "mailed"), [("all", []), ("passed", ["cfo@harbour.boats"])])
def test_the_release_rule_decides_whether_the_others_may_leave(harbour, release, mailed):
    """With `all` one failed report keeps back the other; with `passed` the good one leaves."""
    harbour.company(release)
    harbour.report("bad", "1 / 0")
    mailer = FakeMailer()

    outcome = harbour.run(mailer=mailer)

    assert [to for to, *_ in mailer.accepted] == mailed
    assert outcome.exit_code == 4
    assert bool(outcome.kept_back) == (release == "all")


def test_a_gate_holds_an_edition_until_a_person_approves(harbour):
    """An edition that says nan is held with exit 7 and never mailed; once approved, what was looked at leaves."""
    harbour.report("cfo", SAYS.format(words="Recognised nan of"))
    mailer = FakeMailer()

    held = harbour.run(mailer=mailer)
    harbour.clock += timedelta(minutes=5)
    harbour.ledger.approve("cfo/2026-W47", because="it is a product's name", by="jo")
    approved = harbour.run(mailer=mailer)

    assert (held.exit_code, states(held)) == (7, {"cfo": "held"})
    assert "nan" in str(held.problems[0])
    assert (approved.exit_code, [one.result for one in approved.deliveries]) == (0, ["sent"])
    assert len(harbour.ledger.runs("cfo/2026-W47")) == 1
    assert harbour.ledger.edition("cfo/2026-W47").approvals[0].because == "it is a product's name"


def test_an_approval_ends_with_what_it_approved(harbour):
    """When the notebook changes, the same finding holds the new run: the approval was for the old one."""
    harbour.report("cfo", SAYS.format(words="Recognised nan of"))
    harbour.run()
    harbour.clock += timedelta(minutes=5)
    harbour.ledger.approve("cfo/2026-W47", because="a name", by="jo")
    harbour.clock += timedelta(minutes=5)
    harbour.report("cfo", SAYS.format(words="Recognised again nan of"))

    assert states(harbour.run()) == {"cfo": "held"}


OTHERWISE = SAYS.format(words="Recognised").replace(
    "figure.record()", "figure.record().model_copy(update={'value': 1, 'by': None})"
)


def test_two_editions_that_disagree_are_both_held(harbour):
    """One metric with two values in one batch keeps both editions back, and the message names both."""
    harbour.report("ceo", OTHERWISE)

    outcome = harbour.run()

    assert states(outcome) == {"ceo": "held", "cfo": "held"}
    assert all("recognised_revenue" in str(problem) for problem in outcome.problems)


def test_each_recipient_gets_the_same_body_once(harbour):
    """One message per recipient, all with the body of message.eml; the BCC stands in no header."""
    harbour.report(
        "cfo", SAYS.format(words="Recognised"), params="delivery: {to: [a@harbour.boats, b@harbour.boats]}\n"
    )
    mailer = FakeMailer()

    first = harbour.run(mailer=mailer)
    second = harbour.run(mailer=mailer)

    bodies = {message.partition(b"MIME-Version: 1.0\r\n")[2] for _, message, _, _ in mailer.accepted}
    kept = (harbour.folder("cfo/2026-W47") / "message.eml").read_bytes().partition(b"MIME-Version: 1.0\r\n")[2]
    assert [to for to, *_ in mailer.accepted] == ["a@harbour.boats", "b@harbour.boats"]
    assert bodies == {kept}
    assert all(message_from_bytes(message)["To"] == f"<{to}>" for to, message, *_ in mailer.accepted)
    assert all(b"\r\nFrom: Harbour <reports@harbour" in message for _, message, *_ in mailer.accepted)
    assert all(bcc == ("audit@harbour.boats",) and b"audit" not in message for _, message, bcc, _ in mailer.accepted)
    assert [one.result for one in first.deliveries] == ["sent", "sent"]
    assert [one.result for one in second.deliveries] == ["sent before", "sent before"]
    assert second.exit_code == 0


def test_a_lost_answer_is_never_resent(harbour):
    """When the answer is lost, the next run sends nothing, exits 6 and says how to settle it."""
    mailer = FakeMailer(lose=("cfo@harbour.boats",))

    first = harbour.run(mailer=mailer)
    second = harbour.run(mailer=mailer)

    assert len(mailer.accepted) == 1
    assert (first.exit_code, second.exit_code) == (6, 6)
    assert all(isinstance(outcome.problems[0], DeliveryUnknown) for outcome in (first, second))
    assert "runner.py settle cfo/2026-W47" in str(second.problems[0])


@dataclass(kw_only=True)
class Breaking(FakeMailer):
    """Takes the mail, and breaks the ledger's *file* meanwhile."""

    file: Path

    def send(self, message: bytes, **rest) -> str:
        self.file.unlink()
        self.file.mkdir()
        return super().send(message, **rest)


def test_a_mail_that_left_while_the_ledger_broke_is_in_doubt(harbour):
    """When the ledger cannot be written after a send, the exit is 6, not a claim that nothing was done."""
    outcome = harbour.run(mailer=Breaking(file=harbour.root / "ledger.db"))

    assert outcome.exit_code == 6
    assert "the answer was “sent”, but the ledger could not be written" in str(outcome.problems[0])


@pytest.mark.parametrize(("fate", "code"), [("lose", 6), ("refuse", 6)])
def test_an_answer_that_cannot_be_recorded_is_in_doubt(harbour, fate, code):
    """Whatever the answer was: when the ledger cannot keep it, the exit is 6, and other results are not lost."""
    outcome = harbour.run(mailer=Breaking(file=harbour.root / "ledger.db", **{fate: ("cfo@harbour.boats",)}))

    assert outcome.exit_code == code
    assert "the ledger could not be written" in str(outcome.problems[0])


def test_a_ledger_that_breaks_between_two_readers_hides_no_doubt(harbour):
    """One reader's answer is lost, then the ledger breaks: exit 6, and both readers and the next edition are told."""
    for name in ("cfo", "cmo"):
        harbour.report(name, SAYS.format(words="So"), params="delivery: {to: [a@harbour.boats, b@harbour.boats]}\n")

    mailer = Breaking(file=harbour.root / "ledger.db", lose=("a@harbour.boats",))
    outcome = harbour.run(mailer=mailer)

    assert (outcome.exit_code, len(mailer.accepted)) == (6, 1)
    assert [(one.edition, one.result) for one in outcome.deliveries] == [
        ("cfo/2026-W47", "unknown"),
        ("cfo/2026-W47", "not begun"),
    ]
    assert [type(problem) for problem in outcome.problems].count(DeliveryUnknown) == 1
    assert [bool(built.problems) for built in outcome.editions] == [False, True]


def test_a_week_that_was_built_before_its_end_is_not_mailed_after_it(harbour):
    """A send that joins Wednesday's snapshot on Monday is refused: half a week leaves for nobody."""
    harbour.company(as_of="2026-11-18T20:00:00Z")
    harbour.run(period="2026-W47")
    harbour.company()
    mailer = FakeMailer()

    with pytest.raises(DataNotReady, match="before the week was over"):
        harbour.run(period="2026-W47", mailer=mailer)

    assert mailer.accepted == []


def test_a_snapshot_that_is_put_under_the_batch_meanwhile_stops_the_send(harbour):
    """Figures of one snapshot never leave under another's name."""
    harbour.run()
    other = harbour.ledger
    harbour.report("cfo", SAYS.format(words="Recognised anew"))
    mailer = FakeMailer()

    @dataclass
    class Store(FolderStore):
        def __init__(self) -> None:
            super().__init__(harbour.root / "outputs", "harbour")

        def previous(self, edition: str):
            other.restart_batch("2026-W47", "f" * 16)
            return super().previous(edition)

    plan = make_plan(
        replace(harbour.request(), purpose="send"),
        SENDER,
        harbour.clock,
    )
    with pytest.raises(CommandRefused, match=r"another start has put snapshot f+ under its batch"):
        run_batch(plan, ledger=harbour.ledger, store=Store(), mailer=mailer, progress=lambda *_: None)

    assert mailer.accepted == []


def test_one_edition_that_cannot_be_let_go_hides_no_delivery_in_doubt(harbour):
    """A message that was changed since the gates is not sent; the other's lost answer is still exit 6."""
    harbour.company(release="passed")
    harbour.report("zzz", SAYS.format(words="Recognised"))

    class Tampered(FolderStore):
        def keep_edition(self, edition: str, is_still_ours) -> bool:
            if edition == "zzz/2026-W47":
                (self.edition(edition) / "message.eml").write_bytes(b"changed by hand")
            return super().keep_edition(edition, is_still_ours)

    plan = make_plan(replace(harbour.request(), purpose="send"), SENDER, harbour.clock)
    store = Tampered(harbour.root / "outputs", "harbour")
    mailer = FakeMailer(lose=("cfo@harbour.boats",))
    outcome = run_batch(plan, ledger=harbour.ledger, store=store, mailer=mailer, progress=lambda *_: None)

    assert outcome.exit_code == 6
    assert any("a message that was changed since" in str(problem) for problem in outcome.problems)
    assert [one.result for one in outcome.deliveries] == ["unknown"]


def test_what_leaves_is_what_was_looked_at_whatever_lies_there_by_then(harbour):
    """A message that is changed on the disk while others are mailed changes no mail."""
    harbour.report("zzz", SAYS.format(words="Recognised"))

    class Tampering(FakeMailer):
        def send(self, message: bytes, **rest) -> str:
            (harbour.folder("zzz/2026-W47") / "message.eml").write_bytes(b"changed by hand")
            return super().send(message, **rest)

    mailer = Tampering()
    outcome = harbour.run(mailer=mailer)

    assert (outcome.exit_code, len(mailer.accepted)) == (0, 2)
    assert not any(b"changed by hand" in message for _, message, *_ in mailer.accepted)


def test_a_report_that_is_made_alone_agrees_with_those_made_before(harbour):
    """Who names one report is told where it contradicts what the batch's others say, and mails nothing of it."""
    harbour.report("zzz", SAYS.format(words="Recognised"))
    harbour.run()
    harbour.report("cfo", OTHERWISE)
    mailer = FakeMailer()

    outcome = harbour.run("cfo", mailer=mailer)

    assert (outcome.exit_code, states(outcome), mailer.accepted) == (7, {"cfo": "held"}, [])
    assert "recognised_revenue is 1 minor here, in zzz/2026-W47 35050 minor" in str(outcome.problems[0])


def test_a_notebook_whose_output_cannot_be_rendered_leaves_the_others(harbour):
    """A malformed block is that report's failure, exit 4; the other edition is ready."""
    bad = 'display({"application/vnd.quarterdeck.block+json": {"block": "table"}}, raw=True)'
    harbour.report("bad", bad)

    outcome = harbour.run()

    assert states(outcome) == {"bad": "failed", "cfo": "ready"}
    assert outcome.exit_code == 4
    assert "cannot be rendered" in str(outcome.problems[0])


def test_an_unfinished_week_is_nobodys_week_before(harbour):
    """An edition that was built before its week was over is not compared with."""
    harbour.company(as_of="2026-11-19T20:00:00Z")
    harbour.run(period="2026-W47")
    harbour.company()

    harbour.run(period="2026-W48")

    manifest = json.loads((harbour.folder("cfo/2026-W48") / "manifest.json").read_text())
    assert "previous" not in manifest["inputs"]


def test_a_refused_week_leaves_no_batch(harbour):
    """A week without data is refused before anything is opened for it."""
    with pytest.raises(InputInvalid):
        harbour.run(period="2019-W05")

    assert harbour.ledger.batches() == ()


def test_after_settling_as_not_sent_the_next_run_sends(harbour):
    """A person found that it did not arrive: it may be claimed again, and is sent once."""
    harbour.run(mailer=FakeMailer(lose=("cfo@harbour.boats",)))
    harbour.ledger.settle("cfo/2026-W47", sent=False)
    mailer = FakeMailer()

    outcome = harbour.run(mailer=mailer)

    assert len(mailer.accepted) == 1
    assert outcome.exit_code == 0


def test_only_the_refused_recipient_is_tried_again(harbour):
    """A clear no is exit 5; the next run sends to that one alone, and never says an address aloud."""
    harbour.report(
        "cfo", SAYS.format(words="Recognised"), params="delivery: {to: [a@harbour.boats, b@harbour.boats]}\n"
    )

    first = harbour.run(mailer=FakeMailer(refuse=("b@harbour.boats",)))
    mailer = FakeMailer()
    second = harbour.run(mailer=mailer)

    assert first.exit_code == 5
    assert "b@harbour.boats" not in str(first.problems[0])
    assert [to for to, *_ in mailer.accepted] == ["b@harbour.boats"]
    assert second.exit_code == 0


def test_what_leaves_is_what_was_looked_at(harbour):
    """A send joins the batch that was built: data that changed since is not in it."""
    built = harbour.run()
    harbour.events("999.00")
    mailer = FakeMailer()

    sent = harbour.run(mailer=mailer)

    assert sent.snapshot == built.snapshot
    assert b"350.50" in mailer.accepted[0][1]


def test_after_the_first_mail_the_batch_keeps_its_snapshot_and_edition(harbour):
    """Once mail has left, a build changes neither numbers nor pages of that week."""
    sent = harbour.run(mailer=FakeMailer())
    page = (harbour.folder("cfo/2026-W47") / "page.html").read_bytes()
    harbour.events("999.00")

    again = harbour.run()

    assert again.snapshot == sent.snapshot
    assert states(again) == {"cfo": "released"}
    assert (harbour.folder("cfo/2026-W47") / "page.html").read_bytes() == page


def test_a_send_without_its_snapshot_says_where_to_look(harbour):
    """When the batch's snapshot is not in the store, nothing is collected in its place."""
    harbour.run()
    shutil.rmtree(harbour.root / "outputs" / "snapshots")

    with pytest.raises(CommandRefused, match="which is not in"):
        harbour.run(mailer=FakeMailer())


def test_stale_data_is_built_and_kept_back(harbour):
    """Events older than the report's needs allow: the edition is there, held, exit 3, and no mail leaves."""
    harbour.report(
        "cfo",
        SAYS.format(words="Recognised"),
        params="needs: {events: {max_age_hours: 30}, claims: {max_age_hours: 1}}\n",
    )
    mailer = FakeMailer()

    outcome = harbour.run(mailer=mailer)

    assert (outcome.exit_code, states(outcome)) == (3, {"cfo": "held"})
    assert isinstance(outcome.problems[0], DataNotReady)
    assert "the newest of its events is 76 h old, and it allows 30 h" in str(outcome.problems[0])
    assert mailer.accepted == []


def test_data_of_unknown_age_is_kept_back(harbour):
    """Where a report needs fresh rows and nothing says how old they are, no mail leaves."""
    text = (harbour.root / "company" / "company.yaml").read_text()
    (harbour.root / "company" / "company.yaml").write_text(text.replace("        created_at: made\n", ""))
    harbour.report("cfo", SAYS.format(words="Recognised"), params="needs: {events: {max_age_hours: 30}}\n")

    outcome = harbour.run()

    assert (outcome.exit_code, states(outcome)) == (3, {"cfo": "held"})
    assert "how old its events are is not known" in str(outcome.problems[0])


def test_a_week_that_is_not_over_is_built_and_never_sent(harbour):
    """The current week is built, marked incomplete, and refused by send with exit 3."""
    outcome = harbour.run(period="2026-W48")

    assert not outcome.is_complete
    assert states(outcome) == {"cfo": "ready"}
    for shown in ("page.html", "message.eml"):
        assert b"not over" in (harbour.folder("cfo/2026-W48") / shown).read_bytes()
    with pytest.raises(DataNotReady) as refusal:
        harbour.run(period="2026-W48", mailer=FakeMailer())
    assert refusal.value.exit_code == 3


@pytest.mark.parametrize(
    ("period", "says"),
    [
        ("2025-W53", "expected a week of 2025, W01 to W52"),
        ("2019-W05", "2019-W05, before the first data, expected a week from 2026-W47 to 2026-W47"),
        ("2027-W05", "expected a week that had begun at 2026-11-23"),
    ],
)
def test_a_period_without_data_is_refused(harbour, period, says):
    """A week that does not exist, lies before all data or in the future is no report of zeros."""
    with pytest.raises(InputInvalid) as refusal:
        harbour.run(period=period)

    assert says in str(refusal.value)


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        (replace(SENDER, sender=None), "SES_SENDER_EMAIL is not set"),
        (replace(SENDER, recipient=None), "cfo has no recipient"),
        (replace(SENDER, recipient="cfo@example.com"), "exists in examples only"),
    ],
)
def test_a_send_without_sender_or_reader_is_refused_before_anything_is_made(harbour, environment, says):
    """The refusal comes before collecting: nothing is written."""
    with pytest.raises(CommandRefused, match=says):
        harbour.run(mailer=FakeMailer(), environment=environment)

    assert not (harbour.root / "outputs" / "snapshots").exists()


def test_a_sample_can_never_be_sent(harbour):
    """`sample: true` refuses a send, whoever asks."""
    text = (harbour.root / "company" / "company.yaml").read_text()
    (harbour.root / "company" / "company.yaml").write_text(text + "sample: true\n")

    with pytest.raises(CommandRefused, match="is a sample and can never be sent"):
        harbour.run(mailer=FakeMailer())


def test_an_unknown_parameter_stops_the_run_before_it_starts(harbour):
    """A typo in -p is refused, and no run is opened."""
    with pytest.raises(InputInvalid, match="the unknown parameter 'rwos', expected one of rows"):
        harbour.run(overrides={"rwos": 3})

    assert harbour.ledger.batches() == ()


def test_the_next_week_knows_the_edition_before(harbour):
    """The edition of the week before is given to the notebook, and stands among the inputs."""
    harbour.events("100.00")
    harbour.run(period="2026-W47")

    harbour.run(period="2026-W48")

    manifest = json.loads((harbour.folder("cfo/2026-W48") / "manifest.json").read_text())
    executed = (harbour.folder("cfo/2026-W48") / "executed.ipynb").read_text()
    assert "previous" in manifest["inputs"]
    assert f'previous = \\"{harbour.folder("cfo/2026-W47")}' in executed


def test_a_held_edition_is_nobodys_week_before(harbour):
    """Readers never got a held edition: the next week does not compare with it."""
    harbour.report("cfo", SAYS.format(words="Recognised nan of"))
    harbour.run(period="2026-W47")
    harbour.report("cfo", SAYS.format(words="Recognised"))

    harbour.run(period="2026-W48")

    manifest = json.loads((harbour.folder("cfo/2026-W48") / "manifest.json").read_text())
    assert "previous" not in manifest["inputs"]


def test_a_foreign_notebook_becomes_an_edition(harbour):
    """A notebook without parameters cell or blocks is built and rendered; it is given no parameters."""
    notebook = new_notebook(
        cells=[new_code_cell("import pandas as pd\npd.DataFrame({'boat': ['Ann', 'Bea'], 'trips': [3, 4]})")]
    )
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, harbour.root / "notebooks" / "cfo.ipynb")

    outcome = harbour.run()

    assert states(outcome) == {"cfo": "ready"}
    assert "Bea" in (harbour.folder("cfo/2026-W47") / "page.html").read_text()


def test_what_took_longest_before_begins_first(harbour):
    """By last week's runs, so that no long notebook is left to run alone; one that never ran may be the longest."""
    names = [f"report{number}" for number in range(workers() + 2)]
    for name in names:
        harbour.report(name, "1")
    harbour.report(names[-1], "import time; time.sleep(3)")
    harbour.event_of_the_week_before("10")
    harbour.run(*names, period="2026-W46")
    harbour.report("new", "1")
    harbour.said.clear()

    harbour.run(*names, "new")

    begun = [edition.partition("/")[0] for edition, stage in harbour.said if stage == "executing"]
    assert {names[-1], "new"} <= set(begun[: workers()])  # by name they would be the last


def test_of_what_never_ran_the_largest_begins_first(harbour):
    """Before there is a run to go by, the notebook with most in it is taken for the longest."""
    names = [f"report{number}" for number in range(workers() + 2)]
    for name in names:
        harbour.report(name, "1")
    harbour.report(names[-1], "# " + "a long story " * 100)

    harbour.run(*names)

    begun = [edition.partition("/")[0] for edition, stage in harbour.said if stage == "executing"]
    assert names[-1] in begun[: workers()]  # by name it would be the last
