"""
The pages of five reports and two companies, and of two foreign notebooks, in a browser.

Each checker is also given a page that it must find fault with.
"""

import re

import pytest
from checkers import WIDTHS, html_faults, printed_pages, seen_in
from foreign import foreign_editions

from quarterdeck.render import PAGE_SCRIPT

WEEKS = (("sample", "2026-W47"), ("hotel", "2016-W38"))


@pytest.fixture(scope="module")
def pages(week_of, tmp_path_factory):
    own = [page for week in WEEKS for page in sorted(week_of(*week).glob("*/page.html"))]
    return own + [folder / "page.html" for folder in foreign_editions(tmp_path_factory.mktemp("foreign"))]


def test_pages_are_accessible_and_fit_on_every_screen(browser, pages):
    """axe-core finds nothing in any page, and nothing is wider than the window, at three widths, light and dark."""
    assert len(pages) == 12
    for page in pages:
        assert seen_in(browser, page.read_text(encoding="utf-8"), is_mail=False) == [], page.parent


def test_pages_are_html(pages, tmp_path):
    """The Nu HTML checker finds no error in any page, and one in a page that is spoiled."""
    spoiled = tmp_path / "page.html"
    spoiled.write_text(pages[0].read_text(encoding="utf-8").replace("<main>", "<main><p><table></p>"), encoding="utf-8")

    faults = html_faults([*pages, spoiled])

    assert faults
    assert {fault.partition(":")[0] for fault in faults} == {tmp_path.name}


def test_pages_ask_no_network_and_break_no_rule_of_their_own(browser, pages):
    """A page requests nothing but itself, and its policy stops nothing that it does."""
    for path in pages:
        asked, said = [], []
        page = browser.new_page()
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.on("console", lambda message, said=said: said.append(message.text))
        page.goto(path.as_uri())

        assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
        assert said == []
        page.close()


def test_nothing_is_cut_at_an_edge(browser, pages):
    """A phone shows every column of a table of six, and where it is wide enough, the contents show every section."""
    for path in pages:
        page = browser.new_page()
        page.goto(path.as_uri())
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            # A phone's contents are one line, which fades where it goes on.
            held = ".table:not(.wide) .scroll" + (", .contents ul" if width >= 600 else "")
            cut = page.locator(held).evaluate_all(
                "all => all.filter(each => each.scrollWidth > each.clientWidth).map(each => each.innerText)"
            )
            assert cut == [], f"{path.parent}, {width} px"
        page.close()


def test_links_lead_somewhere(browser, pages):
    """Every link of a page leads to a place on it, or to a file that is there."""
    for path in pages:
        page = browser.new_page()
        page.goto(path.as_uri())
        links = page.locator("a").evaluate_all("all => all.map(each => each.getAttribute('href'))")
        page.close()

        places = [link[1:] for link in links if link.startswith("#")]
        html = path.read_text(encoding="utf-8")
        assert places
        assert all(f'id="{place}"' in html for place in places), path.parent
        others = [link for link in links if not link.startswith(("#", "https:", "mailto:"))]
        assert all((path.parent / link).is_file() for link in others), others


def test_tables_are_sorted_by_their_heads(browser, pages):
    """One click sorts upwards, a second downwards, a third puts the report's order back; a screen reader is told."""
    page = browser.new_page()
    page.goto(next(path for path in pages if path.parent.name == "cto").as_uri())
    table = page.locator("table[data-sorts]").first
    first = table.locator("tbody td:first-child")
    written = first.all_inner_texts()
    head = table.locator("th").first

    seen = []
    for _ in range(3):
        head.locator("button").click()
        seen.append((head.get_attribute("aria-sort"), first.all_inner_texts()))

    assert [order for order, _ in seen] == ["ascending", "descending", None]
    assert seen[0][1] == seen[1][1][::-1] != written
    assert seen[2][1] == written
    page.close()


def test_what_is_missing_is_sorted_last(browser):
    """A dash, n/a and an empty cell stand last, whichever way the figures run."""
    cells = ['data-sort="1200">$1,200', ">–", 'data-sort="9">$9', ">n/a", ">", 'data-sort="-4">−$4']
    rows = "".join(f"<tr><td {cell}</td></tr>" for cell in cells)
    page = browser.new_page()
    page.set_content(
        "<table data-sorts><thead><tr><th>Owed</th></tr></thead>"
        f"<tbody>{rows}</tbody></table><script>{PAGE_SCRIPT}</script>"
    )

    seen = []
    for _ in range(2):
        page.locator("th button").click()
        seen.append(page.locator("tbody td").all_inner_texts())

    assert [order[:3] for order in seen] == [["−$4", "$9", "$1,200"], ["$1,200", "$9", "−$4"]]
    page.close()


def test_contents_stay_in_sight(browser, pages):
    """Wherever a reader is on a page, its contents are in sight, above the text or beside it, and hide none of it."""
    page = browser.new_page()
    page.goto(pages[0].as_uri())
    for width in (360, 1024, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        page.locator("section[id]").last.evaluate("section => section.scrollIntoView()")
        menu, section = page.locator(".contents").bounding_box(), page.locator("section[id]").last.bounding_box()

        assert 0 <= menu["y"] <= 24, width
        assert menu["y"] + menu["height"] <= section["y"] or menu["x"] + menu["width"] <= section["x"], width
    page.close()


def test_charts_are_larger_on_the_page_than_in_the_mail(browser, pages):
    """A chart that a mail shows 592 pixels wide is wider on the page, and as sharp as it was drawn."""
    page = browser.new_page(viewport={"width": 1024, "height": 900})
    page.goto(pages[0].as_uri())
    wide = page.locator("figure.chart img").evaluate_all("all => all.map(one => [one.clientWidth, one.naturalWidth])")

    assert len(wide) >= 4
    assert {shown for shown, _ in wide} == {680}
    assert {drawn for _, drawn in wide} == {1184}
    page.close()


def test_pages_work_without_scripts(browser, pages):
    """With JavaScript off every row stands there, in the report's order, and no head pretends to be a button."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pages[0].as_uri())
    html = pages[0].read_text(encoding="utf-8")

    assert page.locator("tbody tr").count() == len(
        re.findall(r"<tr>", html.replace("<thead><tr>", "").replace("<tfoot><tr>", ""))
    )
    assert page.locator("th button").count() == 0
    link = page.locator(".contents a").nth(1)
    link.click()
    assert 0 <= page.locator(link.get_attribute("href")).bounding_box()["y"] <= 120
    context.close()


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_pages_print_whole(browser, pages, tmp_path, paper):
    """On paper a page has its headline, its last line, every row and no menu, and no sheet is empty or cut."""
    sheets = printed_pages(browser, pages[0], tmp_path, paper=paper)
    text = " ".join(" ".join(sheets).split())

    assert 2 <= len(sheets) <= 20
    assert "owed for more than 60 days" in " ".join(sheets[0].split())
    assert "Edition accounting/2026-W47" in text
    assert "next edition" not in text
    assert "Since last week Does everything tie out?" not in text
    assert min(len(sheet.split()) for sheet in sheets) > 10
    html = pages[0].read_text(encoding="utf-8")
    figures = re.findall(r'<td class="r[^"]*"[^>]*>(\$[\d,.]+)</td>', html)
    assert len(figures) > 50
    assert [figure for figure in figures if figure not in text] == []
