"""What a preview follows and when it ends, without a browser."""

import asyncio
import io
import json
import shutil
import signal
import urllib.request
from contextlib import aclosing
from datetime import datetime, timedelta

import pytest
from harbour import NOW, SAYS
from previewing import preview
from starlette.responses import PlainTextResponse

from quarterdeck.config import Environment
from quarterdeck.pipeline import Looking, make_plan
from quarterdeck.store import FolderStore
from quarterdeck.web.builder import Builder
from quarterdeck.web.guard import Guard
from quarterdeck.web.previewing import Preview
from quarterdeck.web.settings import Settings
from quarterdeck.web.watching import Changes, changes

_LONGEST_S = 120  # a machine with other work to do once took more than 30 to end a process


@pytest.fixture
def settings(harbour, tmp_path) -> Settings:
    root = harbour.root
    (root / "test.env").write_text(f"QUARTERDECK_LEDGER='sqlite:{root / 'ledger.db'}'\n", encoding="utf-8")
    work = str(tmp_path / "work")
    return Settings(str(root), str(root / "company"), str(root / "outputs"), str(root / "test.env"), ("cfo",), "", work)


def test_a_change_of_the_company_outlives_a_look_that_could_not_be_made(harbour, settings):
    """The params were broken when the company changed: mended, the report is of the new data."""
    harbour.report("cfo", SAYS.format(words="Recognised"))
    harbour.events("100.00")
    builder, params = Builder(settings, io.StringIO()), harbour.root / "params" / "cfo.yaml"

    def headline(*, collects: bool) -> str:
        builder.answer({"report": "cfo", "now": NOW.isoformat(), "collects": collects})
        return json.loads(builder.out.getvalue().splitlines()[-1]).get("headline", "none")

    before, whole = headline(collects=False), params.read_text()
    harbour.events("250.50")
    params.write_text("no params")
    between = headline(collects=True)
    params.write_text(whole)

    assert (before, between, headline(collects=False)) == ("Recognised $100.00", "none", "Recognised $250.50")


def test_a_preview_left_open_into_the_next_week_collects_anew(harbour, settings):
    """On Monday the report is about another week, over the data of that day, also where no change was seen."""
    harbour.report("cfo", SAYS.format(words="Recognised"))
    text = (harbour.root / "company" / "company.yaml").read_text()
    (harbour.root / "company" / "company.yaml").write_text(text.replace("as_of: 2026-11-23T13:00:00Z\n", ""))
    builder, events = Builder(settings, io.StringIO()), harbour.root / "company" / "Events.json"

    def look(day: datetime) -> tuple[str, str]:
        builder.answer({"report": "cfo", "now": day.isoformat(), "collects": False})
        said = json.loads(builder.out.getvalue().splitlines()[-1])
        return said["edition"], said["headline"]

    first = look(NOW)
    events.write_text(events.read_text().replace("2026-11-18", "2026-11-25"))

    assert first == ("cfo/2026-W47", "Recognised $350.50")
    assert look(NOW + timedelta(days=7)) == ("cfo/2026-W48", "Recognised $350.50")


def test_a_notebook_saved_before_it_is_read_is_kept_under_its_own_key(harbour, tmp_path):
    """Saved between the hash and the execution, its outputs are shown as its own, and never as those of the other."""
    plan = make_plan(harbour.request("cfo"), Environment(), NOW)
    looking = Looking(tmp_path / "work", FolderStore(tmp_path / "out", "harbour"), harbour.ledger)
    saves = [lambda: harbour.report("cfo", SAYS.format(words="Second"))]

    def saved(_: str, stage: str) -> None:
        if stage == "executing" and saves:
            saves.pop()()

    first = looking.look(plan, plan.reports[0], saved).rendered.headline
    harbour.report("cfo", SAYS.format(words="Recognised"))
    undone = looking.look(plan, plan.reports[0], saved).rendered.headline

    assert (first, undone) == ("Second $350.50", "Recognised $350.50")


def test_last_week_that_failed_is_not_said_to_be_unbuilt(harbour, settings):
    """In its place stand its state and a command about this company, these outputs and this ledger."""
    harbour.event_of_the_week_before("80.00")
    harbour.report("cfo", "1 / 0")
    harbour.run("cfo", period="2026-W46")
    harbour.report("cfo", SAYS.format(words="Recognised"))
    builder = Builder(settings, io.StringIO())

    builder.answer({"report": "cfo", "now": NOW.isoformat(), "collects": False})

    command = f"--env-file {settings.env_file} show cfo/2026-W46 --company {settings.company}"
    shown = json.loads(builder.out.getvalue().splitlines()[-1])
    assert shown["before_none"] == f"Failed. python runner.py {command} --outputs {settings.store} says why."


def followed(settings: Settings, *acts) -> list[Changes]:
    """What is told after each of *acts*, one after the other."""

    async def told() -> list[Changes]:
        heard = []
        async with aclosing(changes(settings)) as stream:
            for act in acts:
                heard_next = asyncio.create_task(anext(stream))
                await asyncio.sleep(0.5)  # until it is watched
                act()
                heard.append(await asyncio.wait_for(heard_next, _LONGEST_S))
        return heard

    return asyncio.run(told())


def test_a_folder_that_was_away_is_watched_again(harbour, settings):
    """Removed and put back, as a change of branch does: what is saved in it afterwards is seen."""
    notebooks = harbour.root / "notebooks"
    harbour.report("cfo", "1")

    def away_and_back() -> None:
        notebooks.rename(harbour.root / "away")
        shutil.copytree(harbour.root / "away", notebooks)

    heard = followed(settings, away_and_back, lambda: harbour.report("cfo", "2"))

    assert heard[1:] == [Changes(frozenset({"cfo"}))]


def test_sources_elsewhere_are_watched_as_the_company_is(harbour, settings):
    """
    A file beside the company's folder, replaced as programs save, and one in a folder there, are new data.

    A further source that is on AWS changes nothing of it.
    """
    company, elsewhere = harbour.root / "company", harbour.root / "else where"
    elsewhere.mkdir()
    harbour.events("1.00")
    beside = shutil.move(company / "Events.json", harbour.root / "Events.json")
    text = (company / "company.yaml").read_text().replace("path: Events.json", "path: ../Events.json")
    (company / "company.yaml").write_text(f"{text}  books: {{path: ../else where}}\n  domains: {{aws: true}}\n")

    def replaced() -> None:
        (harbour.root / "new").write_text("{}")
        (harbour.root / "new").replace(beside)

    heard = followed(settings, replaced, lambda: (elsewhere / "journal.csv").write_text("id\n"))

    assert heard == [Changes(data=True)] * 2


def test_a_project_below_a_hidden_folder_is_watched(harbour, tmp_path):
    """Where the project lies is no matter, be it below `node_modules`; what an editor keeps for itself is none's."""
    root = shutil.copytree(harbour.root, tmp_path / "node_modules" / "project")
    below = Settings(str(root), str(root / "company"), "", "", (), "")

    def saved() -> None:
        (root / "company" / ".Events.json.swp").write_text("")
        (root / "params" / "cfo.yaml").write_text("report: cfo")

    assert followed(below, saved) == [Changes(frozenset({"cfo"}))]


def test_a_preview_that_can_follow_nothing_more_says_so_and_ends(settings):
    """Listeners are told why, and the server is ended with the error: no old picture stands for a new one."""
    stopped = []

    def now():
        raise OSError("OS file watch limit reached")

    async def run() -> dict:
        made = Preview(settings, now)
        async with made.running(), made.listening("cfo") as states:
            await states.get()
            return await asyncio.wait_for(states.get(), _LONGEST_S) | {"failure of it": made.failure}

    before = signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    try:
        told = asyncio.run(run())
    finally:
        signal.signal(signal.SIGTERM, before)

    assert told["failure"]["title"] == "The preview has ended: OS file watch limit reached"
    assert isinstance(told["failure of it"], OSError)
    assert stopped == [signal.SIGTERM]


@pytest.mark.parametrize(
    ("port", "host", "status"),
    [(80, "localhost", 200), (80, "127.0.0.1:80", 200), (80, "attacker.example", 403), (8017, "localhost", 403)],
)
def test_on_port_80_a_host_has_no_port(port, host, status):
    """Browsers leave the port 80 out of Host, and no other."""
    answered = []

    async def send(message) -> None:
        answered.append(message.get("status"))

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", host.encode())]}
    asyncio.run(Guard(PlainTextResponse("shown"), port)(scope, None, send))

    assert answered[0] == status


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_nothing_of_a_preview_is_left_behind(settings, tmp_path, monkeypatch, number):
    """A closed terminal window ends it in order too: the company's snapshot does not stay in the temporary folder."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    before = signal.signal(number, signal.SIG_DFL)  # under nohup SIGHUP is ignored, also by whom a test starts
    with preview(settings) as served:
        signal.signal(number, before)
        urllib.request.urlopen(served.address).close()  # noqa: S310 - our own http://127.0.0.1
        assert list(temporary.glob("qd-*"))
        served.process.send_signal(number)
        served.process.wait(timeout=_LONGEST_S)

    assert list(temporary.glob("qd-*")) == []
