"""The archive in a real browser: from a folder as it lies, and from the server."""

import http.client
import json
import os
import re
import shutil
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes.util import find_library
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest
import uvicorn
from checkers import seen_on
from harbour import SAYS, FakeMailer, Harbour, make_harbour
from hostile import listener
from stand_ins import new_bucket

from quarterdeck.archive import write_archive
from quarterdeck.archive.facts import MOST_WEEKS
from quarterdeck.archive.sparklines import sparkline
from quarterdeck.aws import client
from quarterdeck.blocks import FigureRecord
from quarterdeck.config import load_company
from quarterdeck.display import Display
from quarterdeck.files import held_alone
from quarterdeck.period import Period
from quarterdeck.store import FolderStore, Store, open_store
from quarterdeck.web.archive_app import archive_app
from quarterdeck.web.listening import listen

KPIS = """\
from quarterdeck.blocks import Kpi, Kpis
kpi = Kpi(id="recognised_revenue", label="Revenue", value=text)
kpis = Kpis(kpis=(kpi,), metrics={"recognised_revenue": figure.record()})
display({MIME: kpis.model_dump(mode="json"), "text/plain": text}, raw=True)
"""
RELEASED, FAILED = "cfo/2026-W47", "cto/2026-W47"


def write(harbour: Harbour, store: Store) -> None:
    """Write the archive of *harbour*'s company into *store*."""
    write_archive(store, load_company(harbour.root / "company"), harbour.ledger, harbour.root / "params")


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
    write(made, FolderStore(made.root / "outputs", "harbour"))
    return made


@pytest.fixture
def page(browser):
    context = browser.new_context(bypass_csp=True)
    yield context.new_page()
    context.close()


def test_it_is_a_calendar_of_states_in_words(page, project):
    """Weeks stand below one another, reports beside, by their titles; each says its state, or that it was not built."""
    page.goto((project.root / "outputs" / "index.html").as_uri())
    rows = [row.inner_text().split() for row in page.locator(".calendar tbody tr").all()]

    assert page.get_by_role("columnheader").all_inner_texts() == ["Week", "CFO", "CTO"]
    assert [row[0] for row in rows] == ["2026-W47", "2026-W46"]
    assert rows[0][-2:] == ["released", "failed"]
    assert rows[1][-3:] == ["ready", "not", "built"]


@pytest.mark.parametrize("place", ["index.html", "archive/2026-W47/cfo/index.html", "archive/2026-W47/cto/index.html"])
def test_on_a_phone_nothing_is_scrolled_sideways(page, project, place):
    """At 360 pixels a row stands as a block, in which each value is below what it is; a wide screen has columns."""
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto((project.root / "outputs" / place).as_uri())

    widths = page.evaluate("[...document.querySelectorAll('*')].map(one => one.getBoundingClientRect().right)")
    cell = page.locator(".folds td").first
    said = "one => getComputedStyle(one, '::before').content"

    assert max(widths) <= 360
    assert cell.evaluate(said) == f'"{cell.get_attribute("data-head")}"' != '""'
    page.set_viewport_size({"width": 1280, "height": 800})
    assert cell.evaluate(said) == "none"


def test_a_report_without_params_goes_by_its_name(harbour):
    """Its params file went, or is broken: the archive stands, and heads its column by the name."""
    harbour.run("cfo")
    (harbour.root / "params" / "cfo.yaml").write_text("no params")

    assert '<th role="columnheader" scope="col">cfo</th>' in archive_of(harbour)


def test_what_is_older_than_a_year_is_linked_below_the_calendar(harbour):
    """The calendar has a year's weeks and no more; an edition before it has a page too, also where none was written."""
    harbour.events("100.00", made="2025-07-01T09:00:00Z")
    harbour.run("cfo", period="2025-W30")
    first = Period.parse("2025-W46", "UTC")
    for week in range(MOST_WEEKS):
        harbour.ledger.open_batch(str(first.shifted(week)), "a-snapshot")
    harbour.run("cfo")

    index = archive_of(harbour)

    rows = re.findall(r'"row">(\S+)<span', index)
    assert (len(rows), rows[0], rows[-1]) == (MOST_WEEKS, "2026-W47", "2025-W47")
    assert 'href="archive/2025-W30/cfo/index.html" aria-label="CFO, 2025-W30"' in index
    assert (harbour.root / "outputs" / "archive" / "2025-W30" / "cfo" / "index.html").is_file()
    assert archive_of(harbour) == index


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
    assert line.dots == ()
    assert (line.latest, line.end) == ("n/a", None)
    assert line.said == "from $1 in 2026-W41 to $4 in 2026-W45"


def test_a_week_in_which_nothing_ran_is_a_row_of_its_own(harbour):
    """Between two built weeks it stands as not built, and the lines are broken there."""
    harbour.events("100.00")
    harbour.event_of_the_week_before("80.00")
    events = harbour.root / "company" / "Events.json"
    events.write_text(events.read_text().replace("2026-11-11", "2026-11-04"))
    harbour.report("cfo", SAYS.format(words="Recognised"), KPIS)
    harbour.run("cfo")
    harbour.run("cfo", period="2026-W45")

    index = archive_of(harbour)

    assert re.findall(r'"row">(\S+)<span', index) == ["2026-W47", "2026-W46", "2026-W45"]
    assert "not built" in index
    assert "from $80 in 2026-W45 to $100 in 2026-W47" in index
    assert ("<polyline" in index, index.count("<circle")) == (False, 2)


def test_one_week_is_no_line(harbour):
    """Of the first week the value stands alone, without a picture."""
    harbour.report("cfo", SAYS.format(words="Recognised"), KPIS)
    harbour.run("cfo")

    index = archive_of(harbour)

    assert "<b>$350</b>" in index
    assert "<svg" not in index


def test_a_failed_edition_shows_no_earlier_figures_as_its_own(harbour):
    """What a good build left is said to be of that one, and its KPI is in no line."""
    harbour.report("cfo", SAYS.format(words="Recognised"), KPIS)
    harbour.run("cfo")
    harbour.report("cfo", "1 / 0")
    harbour.run("cfo")

    index = archive_of(harbour)

    edition = (harbour.root / "outputs" / "archive" / "2026-W47" / "cfo" / "index.html").read_text(encoding="utf-8")
    assert "These are of the build before, which did not fail; the failed notebook is of the last one." in edition
    assert '<p class="headline">CFO</p>' in edition
    assert "$350" not in index


def archive_of(harbour: Harbour) -> str:
    """The index of the archive, written now."""
    outputs = harbour.root / "outputs"
    write(harbour, FolderStore(outputs, "harbour"))
    return (outputs / "index.html").read_text(encoding="utf-8")


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

    write(project, FolderStore(outputs, "harbour"))

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


@contextmanager
def serving(project: Harbour) -> Iterator[Served]:
    """The archive of *project* on a server, as `show --web` has it."""
    outputs = project.root / "outputs"
    store = FolderStore(outputs, "harbour")
    with listen(0, "") as opened:
        port = opened.getsockname()[1]
        app = archive_app(outputs, port, lambda: write(project, store))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]})
        thread.start()
        yield Served(port)
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def served(project):
    with serving(project) as started:
        yield started


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


def test_a_script_that_a_notebook_put_out_is_never_run(browser, tmp_path):
    """
    Scripts, handlers, frames and addresses in an executed notebook's output: its words are shown, nothing happens.

    So from the folder, and from the server, which also shows a page sandboxed that foreign hands have written; the
    notebook itself is a file to save there.
    """
    context = browser.new_context()  # with every policy in force
    page = context.new_page()
    seen = []

    def look(address: str) -> None:
        page.goto(address)
        page.wait_for_timeout(300)
        seen.append((page.inner_text("main"), page.title(), page.evaluate("window.mark")))

    made = make_harbour(tmp_path)
    with listener() as outside:
        made.report("cfo", SAYS.format(words="Recognised"), outside.cell("for people"))
        made.run("cfo")
        write(made, FolderStore(made.root / "outputs", "harbour"))
        with serving(made) as served:
            for place in (f"http://127.0.0.1:{served.port}/", f"{(made.root / 'outputs').as_uri()}/"):
                look(f"{place}2026-W47/cfo/page.html")
            page.goto(f"http://127.0.0.1:{served.port}/archive/2026-W47/cfo/index.html")
            with page.expect_download() as saved:
                page.get_by_role("link", name="Executed notebook").click()
            (made.folder("cfo/2026-W47") / "page.html").write_text(f"<main>{outside.html('for people')}</main>")
            look(f"http://127.0.0.1:{served.port}/2026-W47/cfo/page.html")
    context.close()

    assert all("for people" in words for words, _, _ in seen)
    assert "owned" not in str([told for _, *told in seen])
    assert (len(seen), outside.asked) == (3, [])  # the third is what foreign hands wrote
    assert saved.value.suggested_filename == "2026-W47-cfo-executed.ipynb"


@pytest.mark.parametrize(
    "path",
    [
        "/snapshots/",
        "/.company",
        "/2026-W47/cfo/other.html",
        "/2026-W47/cfo",
        "//etc/passwd",
        "/2026-W47/nobody/page.html",
        f"/{'a' * 300}.html",
    ],
)
def test_the_server_has_no_other_files(served, path):
    """What the archive does not link to is not served: no snapshot, no marker, no listing."""
    assert served.get(path)[0] == 404


def test_who_waits_to_write_tells_what_is_true_then(harbour):
    """Of two starts the second reads the ledger when the first has written: no older state goes over a newer one."""
    harbour.report("cfo", SAYS.format(words="nan is"))
    harbour.run("cfo")
    store = FolderStore(harbour.root / "outputs", "harbour")
    second = threading.Thread(target=write, args=(harbour, store))
    with held_alone(harbour.root / "outputs" / "archive"):
        second.start()
        second.join(timeout=1)
        assert second.is_alive()
        harbour.ledger.approve(RELEASED, because="it is a name", by="jo")
    second.join()

    assert "CFO, 2026-W47: ready" in (harbour.root / "outputs" / "index.html").read_text(encoding="utf-8")


def test_an_archive_that_cannot_be_written_says_why(harbour):
    """A ledger that cannot be read is told in the browser, in the words of the command, and no traceback is."""
    harbour.run("cfo")
    (harbour.root / "ledger.db").write_bytes(b"no database" * 100)
    with serving(harbour) as broken:
        status, _, body = broken.get("/")

    assert status == 503
    assert body.startswith("The archive is as it was.")
    assert "ledger.db" in body


def test_the_server_refuses_what_is_foreign(served):
    """A path that climbs, and a foreign Host."""
    assert served.get("/../ledger.db")[0] == 403
    assert served.get("/", Host="archive.attacker.example")[0] == 403


def test_an_edition_whose_files_are_gone_still_tells_its_story(page, project, tmp_path):
    """With outputs emptied the ledger's half of the archive stands: states, runs, deliveries."""
    write(project, FolderStore(tmp_path, "harbour"))
    page.goto((tmp_path / "archive" / "2026-W47" / "cfo" / "index.html").as_uri())

    assert page.locator(".forms a").count() == 0
    assert "released" in page.inner_text("main")


def test_a_mail_of_another_edition_is_not_shown_as_this_ones(page, project, tmp_path):
    """A message that has not the body that the manifest names does not get into the archive."""
    copy = tmp_path / "outputs"
    shutil.copytree(project.root / "outputs", copy, ignore=shutil.ignore_patterns("archive"))
    shutil.copyfile(project.folder("cfo/2026-W46") / "message.eml", copy / "2026-W47" / "cfo" / "message.eml")

    write(project, FolderStore(copy, "harbour"))

    page.goto((copy / "archive" / "2026-W47" / "cfo" / "index.html").as_uri())
    assert page.get_by_role("link", name="Page").count() == 1
    assert page.get_by_role("link", name="Mail").count() == 0


def test_an_archive_of_nothing_says_how_to_begin(page, tmp_path, harbour):
    """Before the first run there is a page, with the command to type."""
    write(harbour, FolderStore(tmp_path, "harbour"))
    page.goto((tmp_path / "index.html").as_uri())

    assert "python runner.py run" in page.inner_text("main")
    assert seen_on(page) == []


# In a bucket.


@dataclass
class InBucket:
    """The project's editions in a bucket, as a machine of that name put them there."""

    project: Harbour
    endpoint: str
    name: str
    cache: Callable[[str], None]

    def on(self, machine: str) -> Store:
        self.cache(machine)
        return open_store(f"s3://{self.name}/weekly", "harbour")

    def write(self, store: Store) -> None:
        write(self.project, store)

    def tags(self) -> dict[str, str]:
        """S3's name for the bytes of each object."""
        listed = client("s3").list_objects_v2(Bucket=self.name, Prefix="weekly/")["Contents"]
        return {one["Key"].removeprefix("weekly/"): one["ETag"] for one in listed}

    def address(self, name: str) -> str:
        return f"{self.endpoint}/{self.name}/weekly/{name}"


@pytest.fixture(params=["moto", "ministack"])
def in_bucket(request, project, on_aws, monkeypatch, tmp_path) -> InBucket:
    """The project's editions put into a bucket of each stand-in by the machine that built them, with their archive."""
    endpoint = request.getfixturevalue(request.param)
    on_aws(endpoint)
    name = new_bucket()
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    policy = {"Version": "2012-10-17", "Statement": [everybody]}  # as the door for readers before it would be allowed
    client("s3").put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    made = InBucket(project, endpoint, name, lambda one: monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / one)))
    store = made.on("builder")
    for edition in ("cfo/2026-W46", RELEASED):
        shutil.copytree(project.folder(edition), store.edition(edition))
        assert store.keep_edition(edition, lambda: True)
    failed = project.ledger.edition(FAILED)
    store.keep_failed(FAILED, failed.run, project.folder(FAILED) / "failed.ipynb")
    made.write(store)
    return made


def links_below(endpoint: str, start: str) -> dict[str, tuple[int, str]]:
    """Status and kind of every page that links lead to from *start*, by its path; none leads away."""
    found: dict[str, tuple[int, str]] = {}
    to_ask = [start]
    while to_ask:
        url = to_ask.pop()
        assert url.startswith(endpoint)
        path = urllib.parse.urlsplit(url).path
        if path in found:
            continue
        with urllib.request.urlopen(url) as answer:  # noqa: S310 - our own http://127.0.0.1
            found[path], body = (answer.status, answer.headers["Content-Type"]), answer.read().decode(errors="replace")
        links = re.findall(r'href="([^"]+)"', body) if path.endswith("/index.html") else []
        to_ask += [urllib.parse.urljoin(url, link) for link in links if link != "data:,"]
    return found


def test_in_a_bucket_every_link_leads_to_what_is_there(in_bucket):
    """From the index each page, mail, text, manifest and notebook of every edition is reached, and no message is."""
    reached = links_below(in_bucket.endpoint, in_bucket.address("index.html"))

    below = f"/{in_bucket.name}/weekly/"
    kinds = {re.sub(r"-[0-9a-f]{16}\.", ".", path.removeprefix(below)): kind for path, (_, kind) in reached.items()}
    for week in ("2026-W46", "2026-W47"):
        assert kinds[f"{week}/cfo/page.html"] == kinds[f"archive/{week}/cfo/mail.html"] == "text/html; charset=utf-8"
        assert kinds[f"archive/{week}/cfo/mail.txt"] == "text/plain; charset=utf-8"
        assert {f"{week}/cfo/manifest.json", f"{week}/cfo/executed.ipynb"} <= set(kinds)
    assert [name for name in kinds if name.startswith("2026-W47/cto/failed-")]
    assert not [name for name in (*kinds, *in_bucket.tags()) if "message" in name]


def test_a_browser_goes_through_the_bucket(page, in_bucket):
    """Over the bucket's own server: from the calendar to an edition, to its mail, and back."""
    page.goto(in_bucket.address("index.html"))
    page.get_by_role("link", name="cfo, 2026-W47: released").click()
    assert "sent" in page.inner_text("main")
    page.get_by_role("link", name="Mail").click()
    assert "Recognised $350.50" in page.inner_text("h1")
    page.go_back()
    page.get_by_role("link", name="All editions").click()

    assert page.url == in_bucket.address("index.html")
    assert page.get_by_role("img").first.get_attribute("aria-label").startswith("Revenue, from $80")


def test_a_machine_without_the_messages_keeps_the_mails_in_the_archive(in_bucket):
    """Another machine, as next week's start on Lambda, writes the same archive: not one object is another."""
    before = in_bucket.tags()

    in_bucket.write(in_bucket.on("another"))

    assert in_bucket.tags() == before


def test_an_older_state_is_not_written_over_a_newer_one(in_bucket):
    """Who read the bucket before another start wrote a page cannot write that page, and is told so."""
    slower, faster = in_bucket.on("slower").archive(), in_bucket.on("faster").archive()

    assert faster.write("index.html", b"newer")

    assert not slower.write("index.html", b"older")
    assert in_bucket.on("third").archive().read("index.html") == b"newer"


def test_a_copy_of_the_bucket_opens_from_a_file_path(page, in_bucket, tmp_path):
    """What `aws s3 sync` brings here leads to the same pages without a server."""
    copy = tmp_path / "a copy"
    for name in in_bucket.tags():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        client("s3").download_file(in_bucket.name, f"weekly/{name}", str(copy / name))
    page.goto((copy / "index.html").as_uri())
    page.get_by_role("link", name="cfo, 2026-W46").click()
    page.get_by_role("link", name="Page").click()

    assert "Recognised $80.00" in page.inner_text("h1")


# On paper.


@pytest.fixture(scope="module")
def printed(tmp_path_factory) -> Harbour:
    """A report whose mail has its page with it as PDF."""
    if find_library("pangoft2-1.0") is None and "CI" not in os.environ:
        pytest.skip("Pango, which draws PDF, is not installed")
    made = make_harbour(tmp_path_factory.mktemp("printed"))
    made.report("cfo", SAYS.format(words="Recognised"), params="attach: [pdf]\n")
    made.run("cfo")
    write(made, FolderStore(made.root / "outputs", "harbour"))
    return made


def test_a_pdf_that_went_with_the_mail_is_among_its_forms(page, printed):
    """The archive links to it, and it is the mail's own, to the byte."""
    outputs = printed.root / "outputs"
    page.goto((outputs / "archive" / "2026-W47" / "cfo" / "index.html").as_uri())
    linked = page.get_by_role("link", name="PDF").evaluate("link => link.href")
    mail = message_from_bytes((printed.folder(RELEASED) / "message.eml").read_bytes(), policy=SMTP)
    (attached,) = mail.iter_attachments()

    content = Path(urllib.request.url2pathname(urllib.parse.urlsplit(linked).path)).read_bytes()

    assert content.startswith(b"%PDF-")
    assert content == attached.get_content()


def test_show_hands_the_pdf_over_as_a_file(printed):
    """`show --web` has the same link, which is a file to save under a name that says which edition it is."""
    with serving(printed) as served:
        listed = served.get("/archive/2026-W47/cfo/index.html")[2]
        status, headers, body = served.get("/archive/2026-W47/cfo/page.pdf")

    assert 'href="../../../archive/2026-W47/cfo/page.pdf"' in listed
    assert (status, headers["content-type"]) == (200, "application/pdf")
    assert headers["content-disposition"] == 'attachment; filename="2026-W47-cfo-page.pdf"'
    assert body.startswith("%PDF-")
