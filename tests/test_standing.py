"""When a command that was typed before finds what it built, and when it builds anew."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from quarterdeck.archive import write_archive
from quarterdeck.cli.terminal import line_of
from quarterdeck.config import Environment, load_company
from quarterdeck.errors import SnapshotDamaged
from quarterdeck.pipeline import freeze, make_plan
from quarterdeck.standing import Command
from quarterdeck.store import FolderStore

W47 = "cfo/2026-W47"


class Desk:
    """A harbour's `run` as it would be typed now: what it finds of before, and building it."""

    def __init__(self, harbour) -> None:
        self.harbour = harbour
        self.environment = Environment(ledger=f"sqlite:{harbour.root / 'ledger.db'}", recipient="cfo@harbour.boats")
        self.typed: dict[str, object] = {}

    def command(self) -> Command | None:
        return Command.of(self.harbour.request(**self.typed), self.environment, self.harbour.clock)

    def finds(self) -> bool:
        command = self.command()
        return command is not None and command.standing() is not None

    def build(self) -> None:
        command = self.command()
        outcome = self.harbour.run(environment=self.environment, **self.typed)
        assert outcome.is_all_done
        write_archive(
            FolderStore(self.harbour.root / "outputs", "harbour"),
            load_company(self.harbour.root / "company"),
            self.harbour.ledger,
            self.harbour.root / "params",
        )
        assert command is not None
        command.keep(outcome.snapshot, [line_of(built) for built in outcome.editions])


@pytest.fixture
def desk(harbour, package) -> Desk:
    """What was built is there, and nothing has changed."""
    assert package.is_dir()
    (harbour.root / "requirements.lock").write_text("numpy==2\n")
    built = Desk(harbour)
    built.build()
    return built


def added(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(path.read_text() + "\n" if path.exists() else "new: 1\n")


def test_what_was_built_is_found_again(desk):
    """Its lines are those of the run, without a second spent; its mail is the one that was written."""
    command = desk.command()
    (line,) = command.standing().lines

    assert (line.edition, line.title, line.state, line.seconds) == (W47, "CFO", "ready", 0.0)
    assert line.kept == str(desk.harbour.folder(W47))
    assert command.message(W47) == (desk.harbour.folder(W47) / "message.eml").read_bytes()
    assert line.size == len(command.message(W47))


@pytest.mark.parametrize(
    "changed",
    [
        "company/Events.json",
        "company/company.yaml",
        "company/new/file.csv",
        "notebooks/cfo.ipynb",
        "notebooks/new.py",
        "params/cfo.yaml",
        "requirements.lock",
        "package/metrics/cash.py",
        "package/render/templates/mail.css",
        "outputs/2026-W47/cfo/page.html",
        "outputs/2026-W47/cfo/message.eml",
        "outputs/2026-W47/cfo/executed.ipynb",
        "outputs/2026-W47/cfo/manifest.json",
        "outputs/2026-W46/cfo/manifest.json",
    ],
)
def test_a_byte_that_was_read_or_written_is_changed(desk, changed):
    """One byte more in a file that was, or a file that was not: nothing is found."""
    assert desk.finds()

    added(desk.harbour.root / changed)

    assert not desk.finds()


@pytest.mark.parametrize(
    "gone", ["snapshots/*/events.parquet", "2026-W47/cfo/message.eml", "index.html", ".standing/*"]
)
def test_a_file_that_was_written_is_gone(desk, gone):
    """Also the archive's index, which a run writes."""
    (path,) = (desk.harbour.root / "outputs").glob(gone)

    path.unlink()

    assert not desk.finds()


def test_another_command_finds_nothing(desk):
    """Other parameters, another week or report named, other readers, and what must be made anew or mailed."""
    for typed in ({"overrides": {"rows": 2}}, {"period": "2026-W47"}, {"is_forced": True}, {"purpose": "send"}):
        desk.typed = typed
        assert not desk.finds(), typed
    desk.typed = {}
    desk.environment = replace(desk.environment, recipient="other@harbour.boats")

    assert not desk.finds()


def test_a_forced_run_is_found_by_the_next(desk):
    """What it built is what the same command without force would build."""
    desk.typed = {"is_forced": True}
    desk.build()
    desk.typed = {}

    assert desk.finds()


def test_the_ledger_has_another_run_or_forgot_it(desk):
    """A rerun makes another edition of the same bytes; an empty ledger must be filled again."""
    desk.harbour.run("cfo", purpose="rerun", period="2026-W47", environment=desk.environment)
    after_rerun = desk.finds()
    desk.build()
    (desk.harbour.root / "ledger.db").unlink()

    assert not after_rerun
    assert not desk.finds()


def test_a_new_week_is_another_batch(harbour, package):
    """Without an as-of of its own a company is collected again when another week is over, and when time ran back."""
    assert package.is_dir()
    text = (harbour.root / "company" / "company.yaml").read_text()
    (harbour.root / "company" / "company.yaml").write_text(text.replace("as_of: 2026-11-23T13:00:00Z\n", ""))
    desk = Desk(harbour)
    desk.build()
    built_at = harbour.clock

    found = {}
    for name, later in {"the same day": 0.2, "a day before": -1, "a week later": 7}.items():
        harbour.clock = built_at + timedelta(days=later)
        found[name] = desk.finds()

    assert found == {"the same day": True, "a day before": False, "a week later": False}


def test_a_source_outside_the_company_folder_counts(desk, tmp_path):
    """Named by its path, and behind a link: what is changed there is seen."""
    company = desk.harbour.root / "company"
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (company / "Events.json").rename(outside / "Events.json")
    (company / "tables").symlink_to(outside)
    for path in ("tables/Events.json", str(outside / "Events.json")):
        text = (company / "company.yaml").read_text()
        (company / "company.yaml").write_text(
            "".join(f"      path: {path}\n" if " path: " in line else f"{line}\n" for line in text.splitlines())
        )
        desk.build()
        assert desk.finds(), path
        added(outside / "Events.json")
        assert not desk.finds(), path


def test_a_linked_folder_counts(desk, tmp_path):
    """What a folder behind a link holds may be read, and so is compared."""
    (tmp_path / "elsewhere" / "sub").mkdir(parents=True)
    (desk.harbour.root / "company" / "linked").symlink_to(tmp_path / "elsewhere")
    desk.build()
    before = desk.finds()

    added(tmp_path / "elsewhere" / "sub" / "file.csv")

    assert before
    assert not desk.finds()


@pytest.mark.parametrize("source", ["table: Events", "export: s3://bucket/exports", "path: s3://bucket/Events.json"])
def test_nothing_is_found_where_aws_would_have_to_be_asked(desk, source):
    """A table or a bucket may have changed without a byte that changed here."""
    company = desk.harbour.root / "company" / "company.yaml"
    company.write_text(company.read_text().replace("path: Events.json", source))

    assert desk.command() is None


@pytest.fixture
def frozen_twice(harbour, package):
    """Freeze the harbour now; told where the note lies, and the id of an older snapshot of other data."""
    assert package.is_dir()
    store = FolderStore(harbour.root / "outputs", "harbour")

    def freeze_now(**typed) -> str:
        plan = make_plan(harbour.request(**typed), Environment(), harbour.clock)
        return freeze(plan, store, lambda _: None).name

    harbour.events("1.00")
    older = freeze_now()
    harbour.events("2.00")
    freeze_now()
    return freeze_now, store.snapshots / ".collected.json", older


def test_sources_that_have_not_changed_are_not_read_again(frozen_twice):
    """What is noted of the same bytes is taken as it stands, whatever it is: nobody looks what they hold."""
    freeze_now, note, older = frozen_twice
    newest = freeze_now()
    note.write_text(note.read_text().replace(newest, older))

    assert newest != older
    assert freeze_now() == older
    assert freeze_now(is_forced=True) == newest
    assert freeze_now() == newest


def test_a_byte_of_a_source_is_read_again(harbour, frozen_twice):
    """A changed source, and code that may read it otherwise: it is collected, and the note is of that."""
    freeze_now, note, older = frozen_twice
    newest = freeze_now()
    for changed in ("company/Events.json", "package/metrics/cash.py"):
        note.write_text(note.read_text().replace(newest, older))
        added(harbour.root / changed)
        assert freeze_now() == newest, changed


def test_a_note_of_a_damaged_snapshot_is_not_believed(frozen_twice):
    """What was changed since it was frozen is said as ever."""
    freeze_now, note, _ = frozen_twice
    table = note.parent / freeze_now() / "events.parquet"
    table.chmod(0o644)
    table.write_bytes(table.read_bytes() + b"x")

    with pytest.raises(SnapshotDamaged):
        freeze_now()
