"""The archive in a real browser: from a folder as it lies, and from the server."""

import http.client
import re
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from checkers import seen_on
from harbour import SAYS, FakeMailer, Harbour, make_harbour

from quarterdeck.archive import write_archive
from quarterdeck.archive.sparklines import sparkline
from quarterdeck.blocks import FigureRecord
from quarterdeck.config import load_company
from quarterdeck.display import Display
from quarterdeck.web.archive_app import archive_app
from quarterdeck.web.listening import listen

KPIS = """\
from quarterdeck.blocks import Kpi, Kpis
kpi = Kpi(id="recognised_revenue", label="Revenue", value=text)
kpis = Kpis(kpis=(kpi,), metrics={"recognised_revenue": figure.record()})
display({MIME: kpis.model_dump(mode="json"), "text/plain": text}, raw=True)
"""
RELEASED, FAILED = "cfo/2026-W47", "cto/2026-W47"


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Harbour:
    """Two weeks of the CFO's report, the second of them mailed; the CTO's failed in the second."""
    folder = tmp_path_factory.mktemp("a") / "Archiv für alle"
    folder.mkdir()
    made = make_harbour(folder)
    made.events("100.00", "250.50")
    made.event_of_the_week_before("80.00")
    made.report("cfo", SAYS.format(words="Recognised"), KPIS)
    made.run("cfo", period="2026-W46")
    made.company(release="passed")
    made.report("cto", "1 / 0")
    made.run("cfo", "cto", mailer=FakeMailer())
    write_archive(made.root / "outputs", load_company(made.root / "company"), made.ledger)
    return made


@pytest.fixture
def page(browser):
    context = browser.new_context(bypass_csp=True)
    yield context.new_page()
    context.close()


def test_it_is_a_calendar_of_states_in_words(page, project):
    """Weeks stand below one another, reports beside; each edition says its state, and a week without one says so."""
    page.goto((project.root / "outputs" / "index.html").as_uri())
    rows = [row.inner_text().split() for row in page.locator(".calendar tbody tr").all()]

    assert [row[0] for row in rows] == ["2026-W47", "2026-W46"]
    assert rows[0][-2:] == ["released", "failed"]
    assert rows[1][-3:] == ["ready", "not", "built"]


def test_it_leads_to_every_form_of_an_edition_by_keyboard(page, project):
    """From the index by Tab and Enter to an edition, whose links all lead to files that are there."""
    page.goto((project.root / "outputs" / "index.html").as_uri())
    link = page.get_by_role("link", name=f"{RELEASED.replace('/', ', ')}: released")
    while page.evaluate("document.activeElement.getAttribute('href')") != link.get_attribute("href"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/archive/2026-W47/cfo/index.html")

    forms = {one.inner_text(): one.evaluate("link => link.href") for one in page.locator(".forms a").all()}

    assert list(forms) == ["Page", "Mail", "Text", "Message", "Manifest", "Executed notebook"]
    page.goto(forms["Mail"])
    assert "Recognised $350.50" in page.inner_text("h1")
    page.goto(forms["Text"])
    assert "Recognised $350.50" in page.inner_text("body")


def test_an_edition_tells_its_runs_and_deliveries(page, project):
    """Runs with their duration and why they failed, deliveries with their state and a masked address."""
    outputs = project.root / "outputs"
    page.goto((outputs / "archive" / RELEASED.split("/")[1] / "cfo" / "index.html").as_uri())
    told = page.inner_text("main")
    page.goto((outputs / "archive" / "2026-W47" / "cto" / "index.html").as_uri())
    failed = page.inner_text("main")

    assert "sent" in told
    assert "cfo@harbour.boats" not in page.content() + told
    assert re.search(r"ready\s+\d+\.\d", told)
    assert "NotebookFailed in cell 2" in failed
    assert "mailed to nobody" in failed


def test_kpis_are_lines_over_the_weeks(page, project):
    """A KPI's line says in words from what to what it goes."""
    page.goto((project.root / "outputs" / "index.html").as_uri())

    said = page.get_by_role("img").first.get_attribute("aria-label")

    assert said == "Revenue, from $80 in 2026-W46 to $350 in 2026-W47"


def test_a_week_without_the_figure_interrupts_the_line():
    """Where a week has no edition, or the figure is not available there, nothing is drawn."""
    display = Display("en_US", "USD", "UTC")
    weeks = [f"2026-W{number}" for number in range(41, 47)]
    values = [100, 200, None, 300, 400, None]
    records = [FigureRecord(value=value, unit="minor", reason=None if value else "no books") for value in values]

    line = sparkline("Cash", weeks, [*records[:5], None], display)

    assert len(line.lines) == 2
    assert (line.latest, line.end) == ("n/a", None)
    assert line.said == "from $1 in 2026-W41 to $4 in 2026-W45"


def test_it_is_accessible_on_every_screen_and_asks_no_network(page, project):
    """axe-core finds nothing, from 360 pixels on, and nothing but the folder's files is asked for."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    outputs = project.root / "outputs"
    for each in (outputs / "index.html", outputs / "archive" / "2026-W47" / "cfo" / "index.html"):
        page.goto(each.as_uri())
        assert seen_on(page) == [], each

    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_its_own_policy_stops_nothing_that_it_does(browser, project):
    """With its policy in force a browser has nothing to complain of."""
    page = browser.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto((project.root / "outputs" / "index.html").as_uri())

    assert said == []
    page.close()


def test_it_works_where_it_was_copied_to(page, project, tmp_path):
    """A copy of the folder, as in a bucket, leads to the same pages."""
    copy = tmp_path / "elsewhere"
    shutil.copytree(project.root / "outputs", copy)
    page.goto((copy / "index.html").as_uri())
    page.get_by_role("link", name="cfo, 2026-W46").click()
    page.get_by_role("link", name="Page").click()

    assert page.url == (copy / "2026-W46" / "cfo" / "page.html").as_uri()


def test_written_again_it_is_the_same(project):
    """What did not change is not written: a copy to a bucket takes along what is new."""
    outputs = project.root / "outputs"
    before = {path: path.stat().st_mtime_ns for path in outputs.rglob("*") if path.is_file()}

    write_archive(outputs, load_company(project.root / "company"), project.ledger)

    assert {path: path.stat().st_mtime_ns for path in outputs.rglob("*") if path.is_file()} == before


@dataclass
class Served:
    """The archive's server."""

    port: int

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
        connection.close()
        return answer.status, dict(answer.getheaders()), body


@pytest.fixture(scope="module")
def served(project):
    outputs = project.root / "outputs"
    company = load_company(project.root / "company")
    with listen(0, "") as opened:
        port = opened.getsockname()[1]
        app = archive_app(outputs, port, lambda: write_archive(outputs, company, project.ledger))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]})
        thread.start()
        yield Served(port)
        server.should_exit = True
        thread.join()


def test_the_server_shows_pages_sandboxed_and_hands_notebooks_over(served):
    """The page of an edition can run nothing, an executed notebook is a file to save, and the index is ours."""
    page = served.get("/2026-W47/cfo/page.html")
    notebook = served.get("/2026-W47/cfo/executed.ipynb")
    index = served.get("/")

    assert (page[0], notebook[0], index[0]) == (200, 200, 200)
    assert "sandbox" in page[1]["content-security-policy"]
    assert "script-src" not in page[1]["content-security-policy"]
    assert notebook[1]["content-disposition"].startswith("attachment")
    assert "released" in index[2]


@pytest.mark.parametrize(
    "path",
    [
        "/snapshots/",
        "/.company",
        "/2026-W47/cfo/other.html",
        "/2026-W47/cfo",
        "//etc/passwd",
        "/2026-W47/nobody/page.html",
    ],
)
def test_the_server_has_no_other_files(served, path):
    """What the archive does not link to is not served: no snapshot, no marker, no listing."""
    assert served.get(path)[0] == 404


def test_the_server_refuses_what_is_foreign(served):
    """A path that climbs, and a foreign Host."""
    assert served.get("/../ledger.db")[0] == 403
    assert served.get("/", Host="archive.attacker.example")[0] == 403


def test_an_edition_whose_files_are_gone_still_tells_its_story(page, project, tmp_path):
    """With outputs emptied the ledger's half of the archive stands: states, runs, deliveries."""
    write_archive(tmp_path, load_company(project.root / "company"), project.ledger)
    page.goto((tmp_path / "archive" / "2026-W47" / "cfo" / "index.html").as_uri())

    assert page.locator(".forms a").count() == 0
    assert "released" in page.inner_text("main")


def test_an_archive_of_nothing_says_how_to_begin(page, tmp_path, harbour):
    """Before the first run there is a page, with the command to type."""
    write_archive(tmp_path, load_company(Path(harbour.root) / "company"), harbour.ledger)
    page.goto((tmp_path / "index.html").as_uri())

    assert "python runner.py run" in page.inner_text("main")
    assert seen_on(page) == []
