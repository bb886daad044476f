"""The preview in a real browser, over a small project in a folder whose name has spaces and Unicode."""

import http.client
import re
import shutil
import socket
from pathlib import Path

import psutil
import pytest
from checkers import seen_on
from harbour import SAYS, Harbour, make_harbour
from hostile import listener
from playwright.sync_api import Page, expect
from previewing import Served, preview

import quarterdeck
from quarterdeck.errors import CommandRefused
from quarterdeck.web.listening import listen
from quarterdeck.web.settings import Settings
from quarterdeck.web.watching import Changes, concerning

LONG_MS = 180_000  # a machine with other work to do takes that long for a notebook


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Harbour:
    folder = tmp_path_factory.mktemp("a") / "Hafen Übersee & Söhne"
    folder.mkdir()
    made = make_harbour(folder)
    made.report("cto", SAYS.format(words="Nothing new, only"))
    return made


def settings_of(project: Harbour, *reports: str) -> Settings:
    root = project.root
    return Settings(str(root), str(root / "company"), str(root / "outputs"), str(environment_of(root)), reports, "")


def environment_of(root: Path) -> Path:
    file = root / "test.env"
    file.write_text(f"QUARTERDECK_LEDGER='sqlite:{root / 'ledger.db'}'\n", encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def served(project):
    with preview(settings_of(project)) as started:
        yield started


@pytest.fixture
def page(browser, served, project):
    """The CFO's preview, shown; a mark in the tab tells whether it was loaded again."""
    project.report("cfo", SAYS.format(words="Recognised"))
    project.events("100.00", "250.50")
    project.event_of_the_week_before("80.00")
    context = browser.new_context(bypass_csp=True)
    opened = context.new_page()
    opened.goto(f"{served.address}?report=cfo")
    opened.evaluate("window.mark = 'the same tab'")
    expect(mail(opened)).to_contain_text("Recognised $350.50", timeout=LONG_MS)
    yield opened
    context.close()


def mail(page: Page):
    return page.frame_locator("#now").locator("h1")


def test_a_save_changes_the_picture_and_not_the_tab(page, project):
    """A notebook that is saved with other words shows them, and the tab was not loaded again."""
    project.report("cfo", SAYS.format(words="We earned"))

    expect(mail(page)).to_contain_text("We earned $350.50", timeout=LONG_MS)
    expect(page.locator("#headline")).to_have_text("We earned $350.50")
    expect(page.locator("#status")).to_contain_text("executed in")
    assert page.evaluate("window.mark") == "the same tab"


def test_a_failing_notebook_shows_its_cell_above_the_last_good_edition(page, project):
    """While a notebook fails, cell and traceback stand over the last good edition; mended, they are gone."""
    project.report("cfo", "crews = 3\ncrews / 0  # shared out")

    failure = page.get_by_role("alert", name="What failed")
    expect(failure).to_contain_text("Cell 2 failed: ZeroDivisionError", timeout=LONG_MS)
    expect(failure.locator("#failure-source")).to_contain_text("crews / 0  # shared out")
    expect(failure.locator("#failure-traceback")).to_contain_text("division by zero")
    expect(mail(page)).to_contain_text("Recognised $350.50")
    below = [page.locator(place).bounding_box()["y"] for place in ("#failure", "#headline", "#now")]
    assert below == sorted(below)

    project.report("cfo", SAYS.format(words="Mended:"))
    expect(mail(page)).to_contain_text("Mended: $350.50", timeout=LONG_MS)
    expect(failure).to_be_hidden()


def test_a_notebook_saved_by_half_is_waited_for(page, project):
    """Half of a notebook is no failure: the last good edition stays, and the other half brings the new one."""
    notebook = project.root / "notebooks" / "cfo.ipynb"
    project.report("cfo", SAYS.format(words="Whole again,"))
    whole = notebook.read_text(encoding="utf-8")
    notebook.write_text(whole[: len(whole) // 2], encoding="utf-8")

    expect(page.locator("#status")).to_contain_text("is being saved", timeout=LONG_MS)
    expect(page.locator("#failure")).to_be_hidden()
    expect(mail(page)).to_contain_text("$350.50")

    notebook.write_text(whole, encoding="utf-8")
    expect(mail(page)).to_contain_text("Whole again, $350.50", timeout=LONG_MS)
    expect(page.locator("#failure")).to_be_hidden()


def test_a_notebook_that_stays_half_is_a_failure(page, project):
    """After two seconds nobody is writing it any more: it says so above the last good edition, until it is mended."""
    notebook = project.root / "notebooks" / "cfo.ipynb"
    whole = notebook.read_text(encoding="utf-8")
    notebook.write_text(f"<<<<<<< HEAD\n{whole}", encoding="utf-8")

    failure = page.get_by_role("alert", name="What failed")
    expect(failure).to_contain_text("cfo.ipynb: found no JSON", timeout=LONG_MS)
    expect(failure).to_contain_text("<<<<<<<")
    expect(mail(page)).to_contain_text("Recognised $350.50")

    notebook.write_text(whole, encoding="utf-8")
    expect(failure).to_be_hidden(timeout=LONG_MS)


def test_params_that_change_no_figure_execute_nothing(page, project):
    """Another title stands in the mail at once: the notebook is not executed for it."""
    params = project.root / "params" / "cfo.yaml"
    params.write_text(params.read_text().replace("title: CFO", "title: Treasurer"))

    expect(page.frame_locator("#now").locator("body")).to_contain_text("Treasurer", timeout=LONG_MS)
    expect(page.locator("#status")).to_contain_text("not executed again")


def test_a_params_file_that_is_gone_is_named(page, project):
    """Its absence is said, with the last good edition behind; with it back all is well."""
    params = project.root / "params" / "cfo.yaml"
    kept = params.read_text()
    params.unlink()

    expect(page.locator("#failure")).to_contain_text("'cfo'", timeout=LONG_MS)
    expect(mail(page)).to_contain_text("Recognised $350.50")

    params.write_text(kept)
    expect(page.locator("#failure")).to_be_hidden(timeout=LONG_MS)


def test_a_change_of_the_company_changes_the_figures(page, project):
    """Other rows in the company's folder are collected, and the report is executed over them."""
    project.events("100.00", "50.00")

    expect(mail(page)).to_contain_text("Recognised $150.00", timeout=LONG_MS)


def test_views_are_reached_by_keyboard_alone(page):
    """Tab leads to the reports, then to the views; an arrow chooses the next view, and the frame shows it."""
    page.locator("nav a").first.focus()
    for _ in range(page.locator("nav a").count()):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == "desktop"

    for _ in range(3):
        page.keyboard.press("ArrowRight")

    expect(page.frame_locator("#now").locator("pre")).to_contain_text("Recognised $350.50")
    assert page.evaluate("document.activeElement.value") == "text"
    assert page.locator("nav a").last.get_attribute("href").endswith("#text")


def test_a_text_part_is_shown_as_it_is_broken(page):
    """On a laptop no line of it is broken once more, though last week's stands beside."""
    page.set_viewport_size({"width": 1280, "height": 800})
    page.locator("input[value=text]").check()
    text = page.frame_locator("#now").locator("pre")
    expect(text).to_contain_text("Recognised $350.50")

    lines = text.evaluate("pre => pre.clientHeight / parseFloat(getComputedStyle(pre).lineHeight)")
    longest = max(text.inner_text().splitlines(), key=len)

    assert round(lines) == len(text.inner_text().splitlines())
    assert len(longest) >= 70


def test_the_dark_mail_is_dark_and_the_desktop_light(page):
    """Each shows its scheme, whatever the machine prefers."""
    grounds = {}
    for view in ("desktop", "dark"):
        page.locator(f"input[value={view}]").check()
        expect(page.locator(f"#now[data-shown][data-kind={view}]")).to_be_visible()
        page.wait_for_timeout(200)
        body = page.frame_locator("#now").locator("body")
        grounds[view] = body.evaluate("body => getComputedStyle(body).backgroundColor")

    assert grounds == {"desktop": "rgb(251, 250, 247)", "dark": "rgb(19, 26, 34)"}


def test_the_preview_is_accessible_on_every_screen(page, project):
    """axe-core finds nothing, at 360 pixels and above, with an edition and with a failure."""
    assert seen_on(page) == []
    project.report("cfo", "1 / 0")
    expect(page.locator("#failure")).to_be_visible(timeout=LONG_MS)

    assert seen_on(page) == []


@pytest.mark.usefixtures("page")
def test_a_script_in_an_edition_is_shown_and_never_run(browser, served, project):
    """Last week's page has a script and no policy of its own, as foreign hands could write it: it is not run."""
    project.run("cfo", period="2026-W46")
    before = project.folder("cfo/2026-W46") / "page.html"
    hostile = "<script>top.document.title = 'owned'</script><img src=x onerror=\"top.document.title = 'owned'\">"
    before.write_text(f"<!DOCTYPE html><title>a page</title><main>{hostile}shown</main>", encoding="utf-8")
    context = browser.new_context()  # with every policy in force
    opened = context.new_page()
    refused = []
    opened.on("console", lambda message: refused.append(message.text))
    opened.goto(f"{served.address}?report=cfo#page")

    expect(opened.frame_locator("#before").locator("main")).to_be_visible(timeout=LONG_MS)
    opened.wait_for_timeout(300)

    assert opened.title() == "cfo · preview"
    assert any("Blocked script execution" in text or "Refused" in text or "violates" in text for text in refused)
    frames = opened.locator("iframe").evaluate_all("frames => frames.map(frame => frame.getAttribute('sandbox'))")
    assert frames == ["allow-same-origin"] * 2
    opened.goto(f"{served.address}show/before/cfo/page")  # without the frame, whose attribute keeps scripts back too
    assert opened.title() != "owned"
    assert hostile.partition("<img")[0] in opened.content()
    context.close()


@pytest.mark.usefixtures("page")
def test_a_script_that_a_notebook_puts_out_is_never_run(browser, served, project):
    """Of scripts, handlers, frames and addresses in an executed notebook's output the words are shown, and no more."""
    context = browser.new_context()  # with every policy in force
    with listener() as outside:
        project.report("cfo", SAYS.format(words="Recognised"), outside.cell("for people"))
        opened = context.new_page()
        opened.goto(f"{served.address}?report=cfo#page")
        expect(opened.frame_locator("#now").locator("main")).to_contain_text("for people", timeout=LONG_MS)
        seen = [(opened.title(), opened.evaluate("window.mark"))]
        for view in ("desktop", "phone", "dark", "text", "source", "headers", "page"):
            opened.goto(f"{served.address}show/now/cfo/{view}")  # without the frame, whose attribute keeps scripts back
            opened.wait_for_timeout(200)
            seen.append((opened.title(), opened.evaluate("window.mark")))
    context.close()

    assert "owned" not in str(seen)
    assert (len(seen), outside.asked) == (8, [])


def test_last_weeks_edition_stands_beside(page, project, served):
    """Where last week was built it is shown beside, and named; where it was not, the command that builds it is."""
    project.run("cfo", period="2026-W46")
    page.reload()

    expect(page.locator("#before-title")).to_have_text("cfo/2026-W46")
    expect(page.frame_locator("#before").locator("h1")).to_contain_text("Recognised $80.00")

    page.goto(f"{served.address}?report=cto")

    expect(page.locator("#before-which")).to_contain_text("run cto --period 2026-W46 --company", timeout=LONG_MS)


def test_what_the_gates_find_stands_above(page, project):
    """An edition that would be held says why."""
    project.report("cfo", SAYS.format(words="nan is"))

    expect(page.get_by_role("region", name="The gates would hold it")).to_contain_text("nan", timeout=LONG_MS)
    expect(page.locator("#status")).to_contain_text("Held")


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    """A copy of the package, to be changed."""
    copy = tmp_path_factory.mktemp("ein Paket") / "quarterdeck"
    return shutil.copytree(Path(quarterdeck.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))


def test_code_and_templates_that_are_saved_are_in_the_picture(browser, project, package):
    """
    A template draws the same outputs anew, a module executes them anew, also amid a look; a broken one is a failure.

    Of code that the preview itself has loaded it says that it goes on with the old.
    """
    project.report("cfo", SAYS.format(words="Recognised"))
    template = package / "render" / "templates" / "mail" / "message.html.j2"
    revenue, letter = package / "metrics" / "revenue.py", package / "render" / "letter.py"
    code = revenue.read_text(encoding="utf-8")
    with preview(settings_of(project, "cfo"), package=package.parent) as served:
        page = browser.new_page()
        page.goto(served.address)
        body = page.frame_locator("#now").locator("body")
        expect(mail(page)).to_contain_text("Recognised $350.50", timeout=LONG_MS)

        template.write_text(template.read_text(encoding="utf-8").replace("</h1>", ", as drawn anew</h1>"))
        expect(mail(page)).to_contain_text("as drawn anew", timeout=LONG_MS)
        expect(page.locator("#status")).to_contain_text("not executed again")

        letter.write_text((sound := letter.read_text(encoding="utf-8")) + "\n1 / 0  # a slip\n", encoding="utf-8")
        expect(page.locator("#failure-title")).to_contain_text("division by zero", timeout=LONG_MS)
        expect(body).to_contain_text("as drawn anew")
        letter.write_text(sound, encoding="utf-8")
        expect(page.locator("#failure")).to_be_hidden(timeout=LONG_MS)

        revenue.write_text(f"{code}\n_AN = 1\n", encoding="utf-8")
        expect(page.locator("#status")).to_contain_text("…", timeout=LONG_MS)  # amid a look
        revenue.write_text(f"{code}\n_AN = 2\n", encoding="utf-8")
        # What was being executed may have been of the second writing already: then there is nothing to execute again
        expect(page.locator("#status")).to_contain_text(re.compile(", (not )?executed"), timeout=LONG_MS)
        expect(page.locator("#old")).to_be_hidden()

        (package / "web" / "views.py").write_text((package / "web" / "views.py").read_text() + "\n", encoding="utf-8")
        expect(page.locator("#old")).to_contain_text("End it, and start it again", timeout=LONG_MS)
        page.close()


@pytest.mark.usefixtures("page")
def test_nothing_of_it_is_recorded(project):
    """A preview opens no batch, records no run, and writes no edition."""
    assert [batch.period for batch in project.ledger.batches()] in ([], ["2026-W46"])
    assert not project.folder("cfo/2026-W47").exists()


@pytest.mark.parametrize(
    ("method", "path", "headers", "why"),
    [
        ("GET", "/", {"Host": "preview.attacker.example"}, "127.0.0.1 and localhost only"),
        ("GET", "/", {"Host": "127.0.0.1:1"}, "127.0.0.1 and localhost only"),
        ("GET", "/?report=cfo", {"Origin": "https://attacker.example"}, "another page"),
        ("GET", "/?report=cfo", {"Origin": "null"}, "another page"),
        ("GET", "/events?report=cfo", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, "another page"),
        ("GET", "/events?report=cfo", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, "another page"),
        ("GET", "/show/now/../../etc/passwd", {}, "a path with .."),
        ("GET", "/show/now/%2e%2e/desktop", {}, "a path with .."),
        ("GET", "/static/%252e%252e%252fpreview_app.py", {}, "a path with .."),
        ("POST", "/", {}, "nothing to change"),
    ],
)
def test_a_foreign_request_is_refused(served, method, path, headers, why):
    """A foreign Host (DNS rebinding), a foreign Origin, a path that climbs, and what would change something."""
    status, body = answer(served, method, path, headers)

    assert (status, why in body) == (403, True), body


def answer(served: Served, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
    connection.request(method, path, headers=headers)
    answered = connection.getresponse()
    body = answered.read().decode()
    connection.close()
    return answered.status, body


def test_a_link_that_a_person_followed_is_answered(served):
    """A link of another page, such as one in a chat, leads to the preview."""
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}

    assert answer(served, "GET", "/?report=cfo", followed)[0] == 200


@pytest.mark.usefixtures("page")
def test_tabs_that_nobody_sees_keep_no_connection(browser, served):
    """A browser has six connections to one server: six tabs behind the one that is looked at leave it its own."""
    context = browser.new_context(bypass_csp=True)
    context.add_init_script(
        "if (location.hash === '#behind') Object.defineProperty(document, 'visibilityState', {get: () => 'hidden'})"
    )
    for _ in range(6):
        context.new_page().goto(f"{served.address}?report=cfo#behind")
    seen = context.new_page()
    seen.goto(f"{served.address}?report=cfo")

    expect(mail(seen)).to_contain_text("Recognised $350.50", timeout=LONG_MS)
    context.close()


@pytest.mark.parametrize("path", ["/?report=nobody", "/show/now/nobody/desktop", "/show/now/cfo/nothing", "/static/x"])
def test_what_is_not_there_is_not_found(served, path):
    """A report or view that does not exist leads to one that does, or to 404; never to a file."""
    status, _ = answer(served, "GET", path, {})

    assert status == (307 if path.startswith("/?") else 404)


def test_a_port_in_use_is_said_with_what_to_type():
    """The error names the port, and a command with one that is free."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(CommandRefused) as refused:
            listen(port, "python runner.py preview")

    assert f"port {port}: it cannot be opened" in str(refused.value)
    other = int(re.search(r"python runner.py preview --port (\d+)", str(refused.value))[1])
    listen(other, "").close()


def test_two_previews_stand_side_by_side_and_end_with_all_they_began(browser, project):
    """A second preview of the same project shows the same; ended, neither builder nor kernel of it is left."""
    project.report("cfo", SAYS.format(words="Twice"))
    with preview(settings_of(project, "cfo")) as second:
        page = browser.new_page()
        page.goto(second.address)
        expect(mail(page)).to_contain_text("Twice $", timeout=LONG_MS)
        begun = psutil.Process(second.process.pid).children(recursive=True)
        page.close()

    assert begun
    assert not [one for one in begun if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize(
    ("saved", "concerned"),
    [
        ("notebooks/cfo.ipynb", Changes(frozenset({"cfo"}))),
        ("params/cto.yaml", Changes(frozenset({"cto"}))),
        ("package/render/templates/mail/style.css.j2", Changes(everything=True)),
        ("package/metrics/nobody_loads_it.py", Changes(code=True)),
        ("package/web/watching.py", Changes(code=True, server=True)),
        ("package/render/templates/quarterdeck-page/sort.js", Changes(code=True)),
        ("company/tables/Events.json", Changes(data=True)),
        ("notebooks/.cfo.ipynb.part", Changes()),
        ("notebooks/.ipynb_checkpoints/cfo-checkpoint.ipynb", Changes()),
    ],
)
def test_a_save_concerns_what_it_is_part_of(tmp_path, saved, concerned):
    """A notebook or params file is one report's, a template and a module are all's, the company's data is new data."""
    settings = Settings(str(tmp_path), str(tmp_path / "company"), "", "", (), "")

    assert concerning(settings, tmp_path / "package", [tmp_path / saved]) == concerned
