"""The whole way from an executed notebook to its page and its mail; what a reader gets is what is asserted."""

import base64
import hashlib
import html
import io
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
from ctypes.util import find_library
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP
from html.parser import HTMLParser
from pathlib import Path

import nbconvert.exporters
import nbformat
import pytest
from identities import IDENTITY, ZONE
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image as Pillow

from quarterdeck.blocks import (
    MIME,
    Action,
    Actions,
    Cell,
    Change,
    Chart,
    Delta,
    FigureRecord,
    Headline,
    Kpi,
    Kpis,
    Note,
    Provenance,
    SinceLastWeek,
    Source,
    Table,
    TableColumn,
)
from quarterdeck.errors import InputInvalid
from quarterdeck.metrics.figure import CATALOGUE, Metric
from quarterdeck.period import Period
from quarterdeck.render import MOST_HTML_BYTES, MOST_MESSAGE_BYTES, encoded, render
from quarterdeck.render.exporter import PageExporter
from quarterdeck.render.shipped import TEMPLATES
from quarterdeck.render.tokens import colours
from quarterdeck.theme import contrast

DATA = Path(__file__).parent / "data" / "render"


def png(width=1184, height=380, mode="RGB", colour="#FBFAF7", kind="PNG"):
    written = io.BytesIO()
    Pillow.new(mode, (width, height), colour).save(written, kind)
    return written.getvalue()


def b64(data):
    return base64.b64encode(data).decode()


def chart(title="Cash falls", **given):
    picture = b64(png(colour=given.pop("colour", "#FBFAF7")))
    said = {"subtitle": "USD", "alt": "Area chart of cash.", "png": picture, "png_dark": picture}
    return Chart(title=title, width=592, height=190, **{**said, **given})


def table(rows, heads=("Booking", "Owed"), **given):
    columns = tuple(TableColumn(head=head, align="right" if at else "left") for at, head in enumerate(heads))
    cells = tuple(tuple(Cell(text=text) for text in row) for row in rows)
    return Table(columns=columns, rows=cells, **{"title": "Who owes", **given})


def kpi(**given):
    return Kpi(**{"id": "cash", "label": "Cash today", "value": "$212.4k", **given})


def code(*outputs, tags=(), source="secret_source = 1"):
    made = [
        new_output("display_data", data={MIME: json.loads(each.model_dump_json()), "text/plain": "as text"})
        if hasattr(each, "model_dump_json")
        else each
        for each in outputs
    ]
    return new_code_cell(source, outputs=made, execution_count=1, metadata={"tags": list(tags)} if tags else {})


def displayed(**data):
    return new_output("display_data", data={name.replace("__", "/"): value for name, value in data.items()})


def printed(text, name="stdout"):
    return new_output("stream", name=name, text=text)


@pytest.fixture
def rendered(tmp_path):
    """A function (cells or blocks) → what `render` makes of a notebook of them."""

    def build(*cells, identity=IDENTITY):
        made = [cell if "cell_type" in cell else code(cell) for cell in cells]
        path = tmp_path / "cfo.ipynb"
        nbformat.write(new_notebook(cells=made), path)
        return render(path, identity)

    return build


@pytest.fixture(scope="module")
def cfo():
    """A whole report, its charts included."""
    return render(DATA / "cfo.ipynb", replace(IDENTITY, sample=True, has_previous=True))


@pytest.fixture(scope="module")
def foreign():
    """A notebook whose author knew nothing of Quarterdeck."""
    return render(DATA / "foreign.ipynb", IDENTITY)


def in_order(text, *parts):
    at = -1
    for part in parts:
        at = text.find(part, at + 1)
        assert at >= 0, f"{part!r} is missing, or stands too early"
    return True


def media(rendered):
    """The three texts that readers see, with all white space alike and long words whole."""
    whole = re.sub(r'<span style="display:inline-block">(.*?)</span>', r"\1", rendered.body.html)
    return tuple(plain(text) for text in (rendered.page, whole, rendered.body.text))


def plain(text):
    return re.sub(r"\s+", " ", html.unescape(text))


class Markup(HTMLParser):
    """The tags of a page or mail, and the names of their attributes."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


# --- the edition ---------------------------------------------------------------------------------------------


def test_what_changed_comes_before_what_is(cfo):
    """Every medium says headline, lead, last week, KPIs, charts, table, agenda, care and origin in that order."""
    for text in media(cfo):
        assert in_order(
            text[text.find("</style>") + 1 :],
            "Cash falls to $84.6k",
            "The forecast already counts",
            "Lowest cash down",
            "Result to plan, YTD",
            "Area chart of cash",
            "Half of the $61.6k",
            "Kestrel Offsites",
            "Read with care.",
            "Where the figures come from.",
        )


def test_subject_names_the_week_and_is_cut_at_a_word(rendered):
    """A subject carries the period, so that weeks do not thread, and never half a word."""
    subject = rendered(Headline(text="Receivables are rising " * 20)).body.subject

    assert subject.startswith("CFO · week 47 · Receivables are rising")
    assert len(subject) <= 100
    assert subject.endswith(("rising…", "are…", "Receivables…"))


def test_every_recorded_figure_is_in_the_metrics(cfo):
    """A manifest can record every figure that a report shows, also one that only its headline names."""
    assert cfo.metrics["lowest_cash"] == FigureRecord(value=8460000, unit="minor")
    assert set(cfo.metrics) == {
        "cash",
        "gross_margin_rate",
        "lowest_cash",
        "receivables",
        "result_variance_ytd",
        "runway_weeks",
    }
    assert cfo.headline.startswith("Cash falls to $84.6k")
    assert cfo.dropped == ()


def test_sample_company_is_said_to_be_one(cfo, rendered):
    """Nobody takes the sample's figures for a company's, and a company's are not called a sample."""
    real = rendered(Headline(text="Cash is $5k"))

    assert all("Sample data" in text or "SAMPLE DATA" in text for text in media(cfo))
    assert not any("sample data" in text.lower() for text in media(real))


def test_code_and_parameters_are_never_shown(rendered):
    """Cells' sources, and all of the parameter cells, stay with the analyst."""
    edition = rendered(
        code(printed("hidden output"), tags=["parameters"]),
        code(printed("injected output"), tags=["injected-parameters"]),
        code(printed("shown output")),
    )

    for text in media(edition):
        assert "shown output" in text
        assert not re.search("secret_source|hidden output|injected output", text)


def test_words_above_the_headline_are_the_analysts(rendered):
    """What the notebook says of itself before its headline is not sent to its reader."""
    edition = rendered(
        new_markdown_cell("# Will the cash last?\n\nOwner: finance"),
        Headline(text="Cash is $5k"),
        new_markdown_cell("So."),
    )

    for text in media(edition):
        assert "Owner: finance" not in text
        assert "So." in text


def test_output_above_the_headline_is_kept(rendered):
    """A figure shown before the headline is still shown: only prose is for analysts alone."""
    edition = rendered(new_markdown_cell("Intro"), Kpis(kpis=(kpi(),)), Headline(text="Cash is $5k"))

    assert all("$212.4k" in text for text in media(edition))


def test_headings_name_sections_and_agenda_names_itself(rendered):
    """A heading opens a section; what changed and the agenda have theirs, and a heading above them is theirs."""
    text = rendered(
        Headline(text="Cash is $5k"),
        SinceLastWeek(note="There is no last week."),
        Kpis(kpis=(kpi(),)),
        chart("A chart of no section"),
        new_markdown_cell("## Cash & *more*"),
        chart(),
        Actions(title="Roadmap", actions=(Action(action="Do it"),)),
        new_markdown_cell("## To do"),
        Actions(title="For you", actions=(), note="Nothing is due."),
        Actions(actions=(Action(action="Do that"),), note="All else is done."),
    ).body.text

    assert in_order(
        text,
        "SINCE LAST WEEK",
        "There is no last week.",
        "$212.4k",
        "A chart of no section",
        "CASH & MORE",
        "ROADMAP",
        "TO DO",
        "For you",
        "Nothing is due.",
        "THE NEXT 30 DAYS",
        "All else is done.",
    )
    assert text.count("Roadmap") == 0


def test_notes_stay_where_they_are_said_and_care_stands_last(rendered):
    """A plain note explains what is above it; what is to be read with care is said at the end."""
    text = rendered(
        Kpis(kpis=(kpi(),)),
        Note(weight="care", text="Margin is overstated."),
        Note(title="Channels.", text="Not available."),
        chart(),
    ).body.text

    assert in_order(text, "$212.4k", "Channels. Not available.", "Cash falls", "Read with care. Margin is overstated.")


def test_absent_kpi_says_why_in_place_of_its_deltas(rendered):
    """What is not available is "n/a" with its reason in every medium, never a zero and never empty."""
    edition = rendered(Kpis(kpis=(kpi(value="n/a", reason="the books have no balances"),)))

    for text in media(edition):
        assert in_order(text, "Cash today", "n/a", "the books have no balances")


def test_kpis_are_columns_of_text(rendered):
    """A delta has arrow, sign and verdict under its basis; one without a change is an equals sign; figures line up."""
    worse = Delta(text="+$1.2k", basis="on week", direction="up", tone="worse")
    same = Delta(text="0", basis="on year", direction="same", tone="neutral")
    kpis = (
        kpi(deltas=(worse, same)),
        kpi(label="Runway", value="11", unit="weeks", deltas=(same,)),
        kpi(label="Margin", value="n/a", reason="The books of this company have no balances, so nothing is known."),
    )

    text = rendered(Kpis(kpis=kpis)).body.text

    assert [line for line in text.split("\n") if re.match(r"  +(?:on|is) |Cash|Runway|Margin", line)] == [
        "                      on week         on year",
        "Cash today   $212.4k  ▲ +$1.2k worse  = 0",
        "Runway      11 weeks                  = 0",
        "Margin           n/a  The books of this company have no balances, so nothing",
        "                      is known.",
    ]


class Judged(HTMLParser):
    """What stands in each coloured element of a mail or page, with the words of the paragraph or cell around it."""

    BLOCKS = ("p", "li", "td")

    def __init__(self, text):
        super().__init__()
        self.found, self._open, self._marks = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.handle_data(" ")  # what stands on a line of its own is a word of its own
        if tag in self.BLOCKS:
            self._open.append("")
        style = dict(attrs).get("class") or dict(attrs).get("style") or ""
        for tone, colour in (("better", "#1A7193"), ("worse", "#B23F17")):
            if tone in style.split() or f"color: {colour}" in style or f"color:{colour}" in style.replace(" ", ""):
                self._marks.append((len(self._open), tone))

    def handle_data(self, data):
        if self._open:
            self._open[-1] += data

    def handle_endtag(self, tag):
        if tag in self.BLOCKS:
            text = self._open.pop()
            self.found += [(tone, plain(text).strip()) for depth, tone in self._marks if depth == len(self._open) + 1]
            self._marks = [(depth, tone) for depth, tone in self._marks if depth <= len(self._open)]


TONED = ("better", "worse", "neutral")


def test_no_verdict_is_told_by_colour_alone(rendered):
    """Whatever is coloured as good or bad has the word beside it: changes, KPIs, cells and totals, in every medium."""
    deltas = [Delta(text=f"+{tone[0]}1", basis="on week", direction="up", tone=tone) for tone in TONED]
    cells = [(Cell(text=tone[0]), Cell(text=f"+{tone[0]}2", tone=tone, detail="paid")) for tone in TONED]
    blocks = (
        SinceLastWeek(changes=tuple(Change(fact=f"{tone[0]}3.", direction="up", tone=tone) for tone in TONED)),
        Kpis(kpis=tuple(kpi(label=each.text, deltas=(each,)) for each in deltas)),
        Table(title="T", columns=(TableColumn(head="A"), TableColumn(head="B")), rows=tuple(cells), total=cells[1]),
    )
    edition = rendered(*blocks)

    for markup in (edition.page, edition.body.html):
        found = Judged(markup).found
        assert sorted(tone for tone, _ in found) == ["better"] * 3 + ["worse"] * 4
        assert [text for tone, text in found if tone not in text.split()] == []
    text = edition.body.text
    assert re.findall(r"▲.*|\+\w2", text)[:3] == ["▲ better b3.", "▲ worse  w3.", "▲        n3."]
    assert in_order(text, "▲ +b1 better", "▲ +w1 worse", "▲ +n1\n")
    assert in_order(
        text, "b  +b2\n   better\n   paid", "w  +w2\n   worse\n   paid", "n  +n2\n   paid", "w  +w2\n   worse"
    )


def test_the_mails_of_a_report_tell_nothing_by_colour_alone(cfo):
    """Of a whole report too; what is late says so in days."""
    for markup in (cfo.page, cfo.body.html):
        found = Judged(markup).found
        assert len(found) > 5
        assert [
            text for tone, text in found if tone not in text.split() and not re.search(r"\d days? late", text)
        ] == []


def test_empty_table_says_so(rendered):
    """A table without rows is a sentence, not a head over nothing."""
    assert all("Nothing to list." in text for text in media(rendered(table([]))))


def test_week_across_new_year_shows_both_years():
    """The year is left out of a week's dates only where it is plain."""
    plain = IDENTITY.dates
    across = replace(IDENTITY, period=Period(2026, 53, ZONE), as_of=datetime(2027, 1, 5, tzinfo=UTC)).dates
    unfinished = replace(IDENTITY, period=Period(2026, 48, ZONE)).dates

    assert plain == "16 to 22 November"
    assert across == "28 December 2026 to 3 January 2027"
    assert unfinished == "23 to 29 November, not over: as of Mon 23 Nov"


# --- notebooks that contradict themselves, or are none ---------------------------------------------------------


def test_one_metric_with_two_values_is_refused(rendered):
    """A notebook that shows a figure with two values is refused, and both cells are named."""
    with pytest.raises(InputInvalid) as refusal:
        rendered(
            Kpis(kpis=(), metrics={"cash": FigureRecord(value=14, unit="minor")}),
            Headline(text="Cash", metrics={"cash": FigureRecord(value=12, unit="minor")}),
        )

    assert "cfo.ipynb, cell 2: found cash = 12 minor, expected the 14 minor that cell 1 shows" in str(refusal.value)


def test_second_headline_is_refused(rendered):
    """A report has one headline."""
    with pytest.raises(InputInvalid) as refusal:
        rendered(Headline(text="One is $1"), Headline(text="Two are $2"))

    assert "cell 2: found a second headline, 'Two are $2', expected one headline in a notebook" in str(refusal.value)


def test_malformed_block_is_refused_with_its_field(rendered):
    """A block that is none is refused with cell and field, and is not shown as something else."""
    broken = new_output("display_data", data={MIME: {"block": "headline", "txt": "Cash"}, "text/plain": "Cash"})

    with pytest.raises(InputInvalid) as refusal:
        rendered(code(broken))

    assert "cfo.ipynb, cell 1: found a block with headline.text" in str(refusal.value)
    assert "expected Field required" in str(refusal.value)


def test_chart_that_is_no_picture_is_refused(rendered):
    """A chart whose picture cannot be decoded stops the edition: it would be a hole in the mail."""
    with pytest.raises(InputInvalid) as refusal:
        rendered(chart(png="!!"))

    assert "found a picture that is no base64, '!!'" in str(refusal.value)


def test_notebook_with_an_error_is_refused(rendered):
    """A traceback never reaches a reader."""
    failed = new_output("error", ename="KeyError", evalue="'price'", traceback=["KeyError"])

    with pytest.raises(InputInvalid) as refusal:
        rendered(code(failed))

    assert "cell 1: found KeyError: 'price', expected a notebook that ran to its end" in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "found"), [(None, "found nothing"), ("{half", "Notebook does not appear to be JSON")]
)
def test_file_that_is_no_notebook_is_refused(tmp_path, content, found):
    """A missing or half-written notebook is named with the command that makes it."""
    path = tmp_path / "executed.ipynb"
    if content is not None:
        path.write_text(content)

    with pytest.raises(InputInvalid) as refusal:
        render(path, IDENTITY)

    assert "executed.ipynb" in str(refusal.value)
    assert found in str(refusal.value)
    assert "python runner.py run cfo" in str(refusal.value)


def test_notebook_of_an_older_format_is_read(tmp_path):
    """A notebook written before cells had ids renders without a warning."""
    path = tmp_path / "old.ipynb"
    cell = {"cell_type": "markdown", "metadata": {}, "source": ["# Old words"]}
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": [cell]}))

    assert render(path, IDENTITY).headline == "Old words"


# --- the page ------------------------------------------------------------------------------------------------


def test_page_needs_nothing_but_itself(cfo, foreign):
    """A page loads nothing, runs its own script alone, and forbids the rest."""
    for page in (cfo.page, foreign.page):
        assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in page
        assert page.count("<script>") == 1
        assert not re.search(r"<script\s|<link|@import|url\(|\son\w+=", page)
        sources = re.findall(r'(?:src|srcset)="([^"]{0,30})', page)
        assert sources
        assert all(source.startswith("data:image/") for source in sources)


def test_page_shows_a_second_drawing_in_the_dark(cfo):
    """Each chart of a page has a drawing for dark screens, which print and light screens do not use."""
    dark = re.findall(r'<source media="screen and \(prefers-color-scheme:dark\)" srcset="data:image/png', cfo.page)

    assert len(dark) == 3


def test_page_has_all_rows_and_the_mail_twelve(rendered):
    """The page has every row; the mail has twelve and says how many more there are, in the table's own words."""
    rows = [(f"B{number:04}", f"${number}") for number in range(2000)]

    edition = rendered(
        table(rows, left_out="and 1,988 more, $1.9m, on the page", total=(Cell(text="Total"), Cell(text="$2.0m")))
    )

    assert "B1999" in edition.page
    assert "more, $1.9m" not in edition.page
    for text in media(edition)[1:]:
        assert in_order(text, "B0011", "and 1,988 more, $1.9m, on the page", "$2.0m")
        assert "B0012" not in text


def test_mail_has_twelve_rows_whatever_a_block_asks_for(rendered):
    """A block that asks for 30 rows gets 12, and the line below counts from there."""
    rows = [(f"B{number:04}", f"${number}") for number in range(35)]

    edition = rendered(table(rows, mail_rows=30, left_out="and 5 more, $165, on the page"))

    for text in media(edition)[1:]:
        assert in_order(text, "B0011", "and 23 more, on the page")
        assert "B0012" not in text


def test_contents_line_leads_to_the_sections(rendered):
    """The contents line has a link for each named section, and two sections of one name have two places."""
    page = rendered(
        Headline(text="Cash is $5k"),
        new_markdown_cell("## Cash"),
        chart(),
        new_markdown_cell("## Cash"),
        chart(),
        new_markdown_cell("## …"),
        chart(),
    ).page

    for anchor in ("cash", "cash-2", "section"):
        assert f'href="#{anchor}"' in page
        assert f'<section id="{anchor}">' in page


def test_page_leads_to_last_week_only_if_there_was_one(cfo, rendered):
    """A link to an edition that never was would be a dead one; of the next, which is none yet, it says the day."""
    first = rendered(Headline(text="Cash is $5k"))

    assert 'href="../../2026-W46/cfo/page.html"' in cfo.page
    assert "The next edition is due on 30 November." in plain(cfo.page)
    assert "2026-W46" not in first.page
    assert "2026-W48" not in cfo.page


def test_page_defines_its_figures_in_words(rendered, monkeypatch):
    """Behind each KPI's name stands how it is made, without a name that only the code knows."""

    def cash_made(inventory, period):
        """
        Money in the bank.

        Formula:
            Σ of `balance_minor` less other_metric.

        Source:
            balances
        """

    for name, label in (("cash", "Cash"), ("other_metric", "Money owed")):
        metric = Metric(name, "minor", label, "more", now=False, null_means="", compute=cash_made)
        monkeypatch.setitem(CATALOGUE, name, metric)

    page = rendered(Kpis(kpis=(kpi(), kpi(id="undefined", label="No metric")))).page

    assert "figure-undefined" not in page
    assert 'href="#figure-cash"' in page
    assert "Money in the bank. Formula: Σ of balance minor less money owed. Source: balances." in page


def test_a_template_that_changed_is_read_again(tmp_path):
    """One exporter draws by the templates as they are now: the preview shows each save of one."""
    templates = shutil.copytree(TEMPLATES, tmp_path / "templates")
    notebook = tmp_path / "plain.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Plain")]), notebook)
    exporter = PageExporter(extra_template_basedirs=[str(templates)])
    before, _ = exporter.from_filename(str(notebook))
    for name in ("index.html.j2", "page.css.j2"):
        changed = templates / "quarterdeck-page" / name
        changed.write_text(changed.read_text().replace("</main>", "<hr id=saved></main>") + "/* saved */")

    after, _ = exporter.from_filename(str(notebook))

    assert "id=saved" not in before
    assert "id=saved" in after


def test_nbconvert_knows_the_exporter():
    """`jupyter nbconvert --to quarterdeck-page` makes a page of any notebook, without an edition."""
    exporter = nbconvert.exporters.get_exporter("quarterdeck-page")

    page, resources = exporter().from_filename(str(DATA / "foreign.ipynb"))

    assert exporter is PageExporter
    assert resources["output_extension"] == ".html"
    assert "<h1>Ferry occupancy, a plain notebook</h1>" in page
    assert 'class="masthead"' not in page


def test_page_of_an_untitled_notebook_is_called_after_its_file(tmp_path):
    """Even a notebook without a word has a title."""
    path = tmp_path / "Weekly numbers.ipynb"
    nbformat.write(new_notebook(cells=[code(printed("1"), Provenance(snapshot="a", as_of="b", sources=()))]), path)

    page, _ = PageExporter().from_filename(str(path))

    assert "<h1>Weekly numbers</h1>" in page


# --- the mail ------------------------------------------------------------------------------------------------


def test_mail_begins_with_its_hidden_preheader(cfo):
    """What an inbox shows behind the subject is headline and lead, and the mail opens with it unseen."""
    body = cfo.body.html[cfo.body.html.index("<body") :]

    assert cfo.body.preheader.startswith("Cash falls to $84.6k in the week of 1 February, $15.4k under the minimum The")
    assert re.search(r'<body[^>]*>\s*<div class="preheader" style="display:none', body)
    assert len(cfo.body.preheader) <= 200


def test_mail_uses_only_what_mail_programs_know(cfo, foreign):
    """No variables, flex, grid, scripts, remote or embedded pictures; all but media queries stands inline."""
    for text in (cfo.body.html, foreign.body.html):
        assert not re.search(r"var\(|display:\s*(?:flex|grid)|<script|<svg|\"data:|src=\"http|data-css-inline", text)
        assert text.count("<style") == 1
        assert re.search(r"<style>\s*@media", text)
        assert '<meta name="color-scheme" content="light dark">' in text
        assert all('role="presentation"' in tag or 'class="data' in tag for tag in re.findall("<table[^>]*>", text))


def test_rules_in_ink_are_of_the_texts_colour(cfo):
    """The rules of masthead, sections, heads and totals have no colour: programs that recolour text recolour them."""
    bodies = cfo.body.html.partition("<body")[2]
    ruled = re.findall(r'<(?:td|th)[^>]*class="(?:rule|top|(?:\w )*t)"[^>]*>|<th [^>]*>', bodies)

    assert len(ruled) > 8
    assert any(' t"' in tag for tag in ruled)
    for tag in ruled:
        assert re.search(r"border-(?:top|bottom):\s?[13]px solid(?:;|\")", tag), tag


def test_a_light_chart_has_a_margin_where_thunderbird_makes_the_ground_dark(cfo):
    """In Thunderbird's own box a chart has a border of its ground: it recolours grounds, and neither borders nor it."""
    assert re.search(r"\.moz-text-html \.drawing img\{border:8px solid #FBFAF7!important", cfo.body.html)


def test_a_total_that_is_better_or_worse_keeps_its_rule(rendered):
    """The colour of a total is its words': the rule above it, which takes the text's colour, is in ink."""
    cells = (Cell(text="All"), Cell(text="−$3k", tone="worse"))
    columns = (TableColumn(head="What"), TableColumn(head="On week", align="right"))
    edition = rendered(Table(title="T", columns=columns, rows=(cells,), total=cells))

    row, total = re.findall(r"<td[^>]*>(?:<span[^>]*>)?−\$3k", edition.body.html)

    assert [bool(re.search(r'[";]\s*color:', cell.partition("<span")[0])) for cell in (row, total)] == [True, False]
    assert re.search(r'[";]\s*color:', total.partition("<span")[2])


def test_mail_pictures_have_width_alt_and_a_part(cfo):
    """Every chart is two parts of the message, one at 592 px with its words, one out of sight and without."""
    tags = re.findall("<img[^>]*>", cfo.body.html)
    light, dark = tags[::2], tags[1::2]

    assert len(light) == len(dark) == 3
    for tag, image in zip([*light, *dark], cfo.body.images, strict=True):
        assert f'src="cid:{image.cid}"' in tag
        assert f'width="{592 if tag in light else 0}"' in tag
        assert "max-width:592px" in tag
        words = re.search('alt="([^"]*)"', tag)[1]
        assert len(words) > 60 if tag in light else words == ""


def test_same_picture_twice_is_one_part(rendered):
    """A chart that is shown twice travels once."""
    body = rendered(chart("One"), chart("Two"), chart("Three", colour="red")).body

    assert len(body.images) == 2
    assert body.html.count("<img") == 3


def test_mail_stays_small_whatever_the_tables(rendered):
    """Over 80 KB the mail loses table rows first, says so in both parts, and the page keeps them."""
    rows = [(f"B{number:04} " + "long words " * 30, f"${number}") for number in range(40)]
    agenda = Actions(actions=tuple(Action(action="Act " + "again " * 60, at_stake="$1") for _ in range(40)))

    edition = rendered(Headline(text="Cash is $5k"), *[table(rows) for _ in range(30)], agenda)

    size = len(encoded(edition.body.html)[1])
    assert size <= MOST_HTML_BYTES
    assert size > MOST_HTML_BYTES / 4  # it loses no more than it has to
    for text in media(edition)[1:]:
        assert "rows left out to keep the mail small; all are on the page" in text
    assert edition.page.count("B0039") == 30


def test_mail_stays_small_whatever_is_printed_or_written(rendered):
    """A cell that prints a megabyte and a chapter of prose leave a mail that can be read, and say what is missing."""
    edition = rendered(
        code(printed("one line\n" * 100_000)), code(printed("x" * 300)), new_markdown_cell("A long word. " * 20_000)
    )

    assert len(encoded(edition.body.html)[1]) <= MOST_HTML_BYTES
    assert "and 99960 more lines, on the page" in edition.body.text
    assert "A text left out to keep the mail small; it is on the page." in edition.body.text


HUGE = "long words " * 100_000  # 1.1 MB


@pytest.mark.parametrize(
    "block",
    [
        Headline(text="Cash is $5k", lead=HUGE),
        Kpis(kpis=(Kpi(id="cash", label=HUGE, value="$5k"),)),
        Kpis(
            kpis=tuple(Kpi(id=f"k{n}", label="Cash " * 20, value="$5k", reason="It is so. " * 90) for n in range(400))
        ),
        SinceLastWeek(changes=tuple(Change(fact="Cash is down. " * 60) for _ in range(200))),
        Note(text=HUGE, weight="care"),
        Note(title=HUGE, text="x" * 1_000_000),
        Actions(actions=(Action(action=HUGE, owner=HUGE),)),
        table([(HUGE, "$1"), ("x" * 1_000_000, "$2")], title=HUGE),
        table([("A 400-letter name " * 22, "$1")] * 2000),
        table([("B1", "$1")], heads=(HUGE, "x" * 1_000_000)),
        Provenance(
            snapshot="3f9a",
            as_of="Monday",
            sources=(),
            absent=(HUGE, "Books are absent. " * 60),
            findings=("cost.md, line 3: " + HUGE,) * 2,
        ),
    ],
    ids=lambda block: type(block).__name__,
)
def test_mail_stays_small_whatever_stands_in_a_block(rendered, block):
    """A megabyte in any one text, or hundreds of parts, leave a mail within its budget, and the loss is said."""
    edition = rendered(block)

    assert len(encoded(edition.body.html)[1]) <= MOST_HTML_BYTES
    assert len(edition.body.text) < MOST_HTML_BYTES
    assert any("cut in the mail" in each for each in edition.dropped) or "on the page" in edition.body.text


def test_mail_of_five_hundred_parts_says_how_many_more_there_are(rendered):
    """A notebook that never ends is a mail that does."""
    edition = rendered(*(Note(text=f"Note {number} " + "is long " * 100) for number in range(500)))

    assert len(encoded(edition.body.html)[1]) <= MOST_HTML_BYTES
    assert re.search(r"\d+ more parts are on the page", edition.body.text)


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (Kpis(kpis=(kpi(label="Cash is what it is", reason="It is so. " * 90),) * 400), "more figures are on the page"),
        (SinceLastWeek(changes=(Change(fact="Cash is down. " * 60),) * 400), "more changes are on the page"),
        (Provenance(snapshot="3f9a", as_of="", sources=(), absent=("No books. " * 90,) * 400), "more absences are on"),
    ],
    ids=["figures", "changes", "absences"],
)
def test_mail_says_how_many_figures_and_changes_it_left_out(rendered, block, said):
    """What has no line of its own for the rest of it gets a sentence after it: nothing is lost in silence."""
    edition = rendered(block)

    assert all(re.search(rf"\d+ {said}", text) for text in media(edition)[1:])


def test_sections_that_a_mail_has_no_room_for_are_counted(rendered):
    """When the room ends with a section, the parts of those after it are counted, too."""
    cells = [cell for n in range(90) for cell in (new_markdown_cell(f"## Part {n}"), Note(text="It is so. " * 90))]

    edition = rendered(Headline(text="Cash is $5k"), *cells)

    shown = len(re.findall("PART [0-9]+", edition.body.text))
    assert f"{90 - shown} more parts are on the page." in edition.body.text


def test_names_of_all_scripts_stay_whole(rendered):
    """Right-to-left, Chinese and emoji are read as they are written, in all three media; markup in data is text."""
    names = ("مرحبا بالعالم", "港口日间租船有限公司", "Crew 👩‍✈️ party 🎉", HOSTILE)

    edition = rendered(Headline(text="Cash is $5k"), table([(name, "$1") for name in names]))

    mail = re.sub(r"<wbr>|</?span[^>]*>", "", edition.body.html)  # the places where a long word may break
    for text in (plain(edition.page), plain(mail), edition.body.text):
        assert all(name in text for name in names)
    assert "<script" not in edition.body.html
    assert edition.page.count("<script") == 1  # its own, which sorts tables
    assert "<img" not in edition.body.html


def test_heavy_pictures_leave_a_message_that_travels(rendered, monkeypatch):
    """A picture of 20 MB is made small, and where the message is full a sentence stands in the place of the next."""
    pixels, noise = io.BytesIO(), io.BytesIO()
    Pillow.new("RGB", (2900, 2400), "#FBFAF7").save(pixels, "PNG", compress_level=0)
    Pillow.effect_noise((300, 200), 90).convert("RGB").save(noise, "JPEG")
    monkeypatch.setattr("quarterdeck.render.excerpt._MOST_PICTURE_BYTES", 30_000)
    assert len(pixels.getvalue()) > 20_000_000

    edition = rendered(
        code(displayed(image__png=b64(pixels.getvalue()))),
        code(*(displayed(image__jpeg=b64(noise.getvalue() + bytes(at))) for at in range(3))),
    )

    assert edition.body.images
    assert len(edition.body.mime) < 100_000
    assert "left out to keep the message small; it is on the page" in edition.body.text
    assert any(each.startswith("a picture, to keep the message small") for each in edition.dropped)


def test_chart_without_a_drawing_is_said_to_be_on_the_page(rendered):
    """A chart whose picture is nothing leaves a sentence, never a hole."""
    edition = rendered(Headline(text="Cash is $5k"), chart(png="", png_dark=""))

    assert edition.body.images == ()
    assert "only the page can show this drawing" in edition.body.text


def test_page_goes_with_the_mail(rendered):
    """A report that asks for it sends its page along, whole, behind the body that shows charts in place."""
    edition = rendered(Headline(text="Cash is $5k"), chart(), identity=replace(IDENTITY, attach=("page",)))

    mail = message_from_bytes(edition.body.mime, policy=SMTP)
    (page,) = mail.iter_attachments()
    assert mail.get_content_type() == "multipart/mixed"
    assert page.get_filename() == "cfo-2026-W47.html"
    assert page.get_content() == edition.page
    for text in media(edition)[1:]:
        assert "Definitions and all rows are on the attached page, cfo-2026-W47.html." in text


def test_page_too_heavy_for_a_mail_stays_behind(rendered):
    """A page that would take the message over 3 MB is left out, and both parts and the list of drops say so."""
    noise = io.BytesIO()
    Pillow.effect_noise((2600, 2400), 90).save(noise, "PNG", compress_level=0)
    assert len(noise.getvalue()) > 6_000_000

    edition = rendered(code(displayed(image__png=b64(noise.getvalue()))), identity=replace(IDENTITY, attach=("page",)))

    assert edition.body.attachments == ()
    assert len(edition.body.mime) < MOST_MESSAGE_BYTES
    for text in media(edition)[1:]:
        assert "Too large to go with this mail: cfo-2026-W47.html." in text
        assert "all rows are on the page of this edition" in text
    assert edition.dropped[-1] == "the file cfo-2026-W47.html, to keep the message small"


@pytest.mark.skipif(
    find_library("pangoft2-1.0") is None and "CI" not in os.environ, reason="Pango, which draws PDF, is not installed"
)
def test_page_goes_with_the_mail_as_pdf(rendered):
    """The page on paper is the same bytes each time, or a message built again would be another one."""
    asked = replace(IDENTITY, attach=("pdf",))

    first, again = (rendered(Headline(text="Cash is $5k"), chart(), identity=asked) for _ in range(2))

    assert first.body.attachments[0].name == "cfo-2026-W47.pdf"
    assert first.body.attachments[0].data.startswith(b"%PDF-")
    assert first.body.sha256 == again.body.sha256


def test_pdf_without_its_library_is_refused_with_what_to_install(tmp_path):
    """WeasyPrint is optional: who asks for a PDF without it is told what to type."""
    (tmp_path / "weasyprint.py").write_text("raise OSError('cannot load library libpango-1.0-0')")
    ask = "from quarterdeck.render.pdf import page_as_pdf; page_as_pdf('<p>x', 'cfo/2026-W47')"

    asked = subprocess.run(
        [sys.executable, "-c", ask],
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert "InputInvalid: attach of cfo/2026-W47: found pdf, and nothing to write it" in asked.stderr
    assert "pip install weasyprint" in asked.stderr


def test_long_output_is_cut_and_said(rendered):
    """Forty lines of a print are enough for a mail; a line that runs on is cut."""
    edition = rendered(code(printed("\n".join(f"line {n}" for n in range(42)))), code(printed("word " * 100)))

    text = edition.body.text
    assert in_order(text, "line 39", "and 2 more lines, on the page", "word word", "long lines are cut; all of them")
    assert "line 41" in edition.page


def test_headline_of_900_characters_is_cut_in_the_mail_only(rendered):
    """The page has a long headline whole; the mail has its start, and the loss is listed."""
    headline = "Revenue is $5k and " * 50

    edition = rendered(Headline(text=headline.strip()))

    page, mail, _ = media(edition)
    assert headline.strip() in page
    assert headline.strip() not in mail
    assert any(each.startswith("the headline after") for each in edition.dropped)


def test_agenda_marks_what_is_late_and_what_the_reader_decides(cfo):
    """Late is a word beside the date, and a decision begins with the word."""
    assert in_order(
        cfo.body.text, "Fri 20 Nov   Agree a payment date", "3 days late  D. Okafor", "Decide: move the Bay Sails"
    )
    assert in_order(plain(cfo.body.html), "Fri 20 Nov", "3 days late", "<b", "Decide:")


def test_wide_table_keeps_the_columns_that_fit(rendered):
    """A mail cannot scroll: columns that do not fit are left to the page, and the mail says how many."""
    heads = ["Booking", *(f"Month {number}" for number in range(12))]

    edition = rendered(table([["B1", *["$1,234.50"] * 12]], heads, total=tuple(Cell(text=h) for h in heads)))

    assert "Month 4" in edition.body.html
    assert "Month 7" not in edition.body.html
    assert "6 more columns are on the page" in edition.body.text
    assert "Month 11" in edition.page


def test_provenance_names_sources_absences_and_findings(rendered):
    """The end of a report says which data it is made of, what is absent, and what nobody could read."""
    edition = rendered(
        Provenance(
            snapshot="abc123",
            as_of="23 November 2026, 05:10 PST",
            sources=(Source(name="Events", rows=1904, age="2 h old"), Source(name="Zones", rows=1, age="unknown")),
            absent=("Books are absent: no margin.",),
            findings=tuple(f"a.md, line {n}: odd" for n in range(7)),
        )
    )

    for text in media(edition):
        assert in_order(
            text, "abc123", "Events 1,904 rows, 2 h old · Zones 1 row, unknown.", "Books are absent", "line 2: odd"
        )
    assert "line 2: odd; and 4 more, on the page" in plain(edition.body.text)
    assert "line 6: odd" in edition.page


# --- what nobody should trust ----------------------------------------------------------------------------------

HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>"


def test_names_from_data_are_text_in_every_place(rendered):
    """HTML in a project's name is shown as it is written, wherever a block can hold it."""
    edition = rendered(
        Headline(text=HOSTILE, lead=HOSTILE),
        SinceLastWeek(changes=(Change(fact=HOSTILE, cause=HOSTILE),), note=HOSTILE),
        Kpis(kpis=(kpi(label=HOSTILE, value=HOSTILE, unit=HOSTILE, reason=HOSTILE),)),
        chart(HOSTILE, subtitle=HOSTILE, alt='">' + HOSTILE, note=HOSTILE),
        table([[HOSTILE, HOSTILE]], [HOSTILE, "x"], title='">' + HOSTILE, left_out=HOSTILE, mail_rows=0),
        Actions(
            title=HOSTILE, actions=(Action(action=HOSTILE, owner=HOSTILE, due=HOSTILE, evidence=HOSTILE),), note=HOSTILE
        ),
        Note(title=HOSTILE, text=HOSTILE),
        Note(weight="care", text=HOSTILE),
        Provenance(snapshot=HOSTILE, as_of=HOSTILE, sources=(), absent=(HOSTILE,), findings=(HOSTILE,)),
        identity=replace(IDENTITY, company=HOSTILE, title=HOSTILE, edition=f"cfo{HOSTILE}/2026-W47"),
    )

    assert edition.page.count("<script") == 1  # the page's own
    assert "script" not in Markup(edition.body.html).tags
    for text in (edition.page, edition.body.html):
        assert "onerror" not in Markup(text).attributes
    for text in media(edition):
        assert text.count(HOSTILE) >= 15


def test_control_characters_do_not_reach_a_reader(rendered):
    """Terminal codes, controls and direction overrides in data are taken out; no-break spaces are not."""
    edition = rendered(Note(text="a\x00b\x1b[31mred\x1b[0m \u202egnp.exe\u202c 1\u202f234 €\nend"))

    assert "abred gnp.exe\u202c 1\u202f234 € end" in edition.body.text


def test_right_to_left_names_are_set_right_to_left(rendered):
    """A Hebrew or Arabic name says its direction; Latin ones carry no mark."""
    edition = rendered(table([["مشروع الميناء 2!", "1"], ["Harbour", "2"]]))

    for text in (edition.page, edition.body.html):
        assert re.search(r'<td[^>]* dir="auto"[^>]*>مشروع', text)
        assert not re.search(r'<td[^>]* dir="auto"[^>]*>Harbour', text)


def test_long_names_may_break_and_short_ones_may_not(rendered):
    """A name of 400 letters is broken, so that it widens no table; a word of usual length never is."""
    edition = rendered(table([["A" * 400, "1"], ["Harbour Lights", "2"]]))

    assert re.search(r">A{24}<span style=\"display:inline-block\">A{24}</span>A", edition.body.html)
    assert re.search(r">Harbour Lights</td>", edition.body.html)
    assert max(map(len, edition.body.text.splitlines())) <= 78


# --- a notebook nobody wrote for Quarterdeck -------------------------------------------------------------------


def test_foreign_notebook_has_title_and_sections(foreign):
    """The first heading is the headline, the next ones name sections, prose is prose."""
    assert foreign.headline == "Ferry occupancy, a plain notebook"
    assert foreign.body.subject == "CFO · week 47 · Ferry occupancy, a plain notebook"
    assert in_order(foreign.body.text, "It costs $12 a seat and\n$15 at weekends.", "- first point\n- second point")
    assert "1. one\n2. two" in foreign.body.text
    assert in_order(foreign.body.text, "NUMBERS", "A smaller heading", "PICTURES")


def test_foreign_frame_is_a_table_like_all_others(foreign):
    """A DataFrame has words as heads, figures right, n/a for what is missing, and twelve rows in the mail."""
    assert "    route     seats sold  share  when\n" in foreign.body.text
    assert " 3  Route 3          220    n/a  2026-11-04\n" in foreign.body.text
    assert in_order(foreign.body.text, "11  Route 11", "and 18 more, on the page")
    assert in_order(foreign.page, "Route 12<", "Route 29<")
    assert "NaN" not in foreign.page.partition("<script>")[0]
    assert "dataframe" not in foreign.body.html
    assert re.search(r'<th class="r" scope="col"[^>]*text-align:right[^>]*>seats sold</th>', foreign.body.html)


def test_foreign_pivot_joins_the_levels_of_its_heads(foreign):
    """A head of two levels is one head, and its table fits by wrapping heads, never figures."""
    assert re.search(r">seats sold · Friday</th>", foreign.body.html)
    assert "lower" in foreign.body.text
    assert "582.5" in foreign.body.text


def test_foreign_pictures_are_parts_with_words(foreign):
    """Pictures of `plt.show()` travel with the mail, numbered where they have no words of their own."""
    assert [image.subtype for image in foreign.body.images] == ["png"] * 3
    assert 'alt="Chart 1 of 4: Pictures"' in foreign.body.html
    assert "[Chart 2 of 4: Pictures]" in foreign.body.text
    assert "No description has been provided" not in foreign.page


def test_foreign_svg_is_on_the_page_and_said_in_the_mail(foreign):
    """No mail program shows SVG: the page does, as a picture that can run nothing."""
    assert "data:image/svg+xml;base64," in foreign.page
    assert "Chart 4 of 4: Pictures: only the page can show this drawing." in foreign.body.text
    assert any("svg+xml" in each for each in foreign.dropped)


def test_foreign_prints_are_read_as_a_terminal_would(foreign):
    """Colours are taken away and a progress bar shows its last state."""
    assert "\nred and plain\n100%\n" in foreign.body.text


def test_foreign_losses_are_listed(foreign):
    """Scripts, forms, frames, remote pictures and standard error are left out, and each is listed with its cell."""
    for loss in (
        "cell 3: remote picture (logo)",
        "cell 3: script",
        "cell 14: 1 line written to standard error",
        "cell 16: event handler",
        "cell 16: form",
        "cell 16: frame",
        "cell 16: an output of type application/javascript",
        "cell 19: colours of cells",
    ):
        assert loss in foreign.dropped
    assert "alert(" not in foreign.page + foreign.body.html + foreign.body.text
    assert "cell 16: frame" in foreign.page
    assert "9 parts of the notebook that a mail cannot carry are left out" in plain(foreign.body.text)


def test_a_heading_keeps_its_words_and_what_else_it_had_is_listed(rendered):
    """Names of sections are words, read as all others: where a link led, and a picture, is told to be missing."""
    heading = "## 10<sup>6</sup> of [the plan](https://example.com/plan) ~~$40k~~ $50k<b hidden>no</b> ![a](a.png)"
    edition = rendered(Headline(text="Cash is $5k"), new_markdown_cell(f"{heading}\n\nText."))

    assert "10⁶ of the plan [deleted: $40k] $50k" in plain(edition.body.html)
    assert "example.com/plan" not in edition.body.html
    assert set(edition.dropped) >= {
        "cell 2: hidden text",
        "cell 2: link in a heading",
        "cell 2: picture in a heading",
    }


def test_controls_and_raw_cells_are_listed(rendered):
    """A widget's text is how a program writes it, and a raw cell is for another converter: both are only listed."""
    raw = nbformat.v4.new_raw_cell("\\newpage")
    widget = {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "HBox(children=(IntProgress(value=0),))"}
    edition = rendered(Headline(text="Cash is $5k"), raw, code(new_output("display_data", data=widget)))

    assert edition.dropped == ("cell 2: a raw cell", "cell 3: interactive control")
    assert "HBox" not in edition.page + edition.body.html + edition.body.text


def test_struck_out_and_high_figures_agree_in_all_media(rendered):
    """Prose says of a struck-out price that it is, in the text part too, and 10⁶ is 10⁶ there."""
    edition = rendered(Headline(text="Cash is $5k"), new_markdown_cell("It is ~~$40k~~ $50k, or 10<sup>6</sup> cents."))

    assert "[deleted: $40k] $50k, or 10⁶ cents" in edition.body.text
    assert re.search(r"<(?:del|s)>\$40k</(?:del|s)> \$50k, or 10⁶ cents", edition.page)


def test_formulas_are_text_as_they_were_typed(rendered):
    """A formula keeps its braces, blanks and line breaks, and a price is none."""
    written = "Load $t_i \\in \\{1, 2\\}$, from $12 to *$18* a seat\n\n$$\nc_i \\, n \\\\ < C\n$$"

    edition = rendered(Headline(text="Cash is $5k"), new_markdown_cell(written))

    for text in media(edition):
        assert "Load $t_i \\in \\{1, 2\\}$, from $12 to" in text
        assert "$$ c_i \\, n \\\\ < C $$" in plain(text.replace("$$c_i", "$$ c_i").replace("C$$", "C $$"))
    assert "<em>$18</em>" in edition.page


def test_chart_that_a_script_would_draw_leaves_a_sentence(rendered):
    """Where plotly or altair put no picture beside its script, the reader is told, once, and the analyst which cell."""
    place = '<div id="a"></div><script src="https://example.com/plotly.js"></script>'

    edition = rendered(
        code(displayed(**{"application/vnd.plotly.v1+json": {}, "text/html": place})),
        code(displayed(text__html=place, text__plain="alt.Chart(...)")),
        code(displayed(**{"application/vnd.plotly.v1+json": {}, "image/png": base64.b64encode(png()).decode()})),
    )

    for text in media(edition):
        assert text.count("[An interactive chart, which only the notebook can show]") == 2
        assert "alt.Chart" not in text
    assert edition.dropped == tuple(f"cell {at}: interactive chart without a picture" for at in (1, 2))
    assert len(edition.body.images) == 1


def test_code_and_prints_need_nothing_that_outlook_lacks(foreign):
    """A mail has no `<pre>`, whose lines Outlook does not break; what was typed keeps its lines and columns."""
    assert "<pre" not in foreign.body.html
    assert re.search("Route.0\u00a0{4} 732<br>Route.1\u00a0{5} 86<br>", html.unescape(foreign.body.html))


def test_name_of_an_object_is_no_output(rendered):
    """`<Axes: >` and its like say nothing to a reader and differ from run to run."""
    names = (
        "<Axes: >",
        "[<matplotlib.lines.Line2D at 0x7f00>]",
        "Text(0.5, 1.0, 'Seats')",
        "<Figure size 640x480 with 1 Axes>",
    )

    edition = rendered(
        *[code(displayed(text__plain=name)) for name in names], code(displayed(text__plain="{'a': '<b>'}"))
    )

    for text in media(edition):
        assert not re.search(r"Axes|Line2D|Text\(", text)
    assert "{'a': '<b>'}" in edition.body.text
    assert edition.dropped == ()


def test_pieces_of_one_print_are_one_text(rendered):
    """A kernel cuts a stream where it likes, and a reader sees no seam."""
    edition = rendered(
        code(printed("one"), printed(" text\n"), printed("!", "stderr"), printed("   \n")),
    )

    assert "\none text\n" in edition.body.text
    assert edition.dropped == ("cell 1: 1 line written to standard error",)
    assert not any("for LaTeX alone" in text for text in media(edition))


def test_prose_reads_well_as_text(rendered):
    """Lists in lists, breaks, code and links are what a person would type."""
    source = (
        "Title\nof two lines  \nand a break\n\n- a\n  1. b\n  2. c\n- d\n\n<https://example.com/x>\n\n"
        "    code_of = 1\n\n* * *\n\n#### Small\n\n|h|\n|-|\n|1|"
    )

    text = rendered(Headline(text="Cash is $5k"), new_markdown_cell(source)).body.text

    assert (
        "Title of two lines\nand a break\n\n- a\n1. b\n2. c\n- d\n\nhttps://example.com/x\n\ncode_of = 1\n\nSmall\n\n"
        in text
    )
    assert "h\n-\n1\n" in text


def test_untitled_notebook_is_called_by_role_and_week(rendered):
    """A mail without a headline still says what it is."""
    edition = rendered(code(printed("1")))

    assert edition.headline == "CFO, Week 47, 2026"
    assert edition.body.subject == "CFO · week 47 · CFO, Week 47, 2026"


def test_mail_without_pictures_is_two_parts(rendered):
    """Where there is no picture there is no empty container for one."""
    mail = message_from_bytes(rendered(Headline(text="Cash is $5k")).body.mime, policy=SMTP)

    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


# --- bytes ---------------------------------------------------------------------------------------------------


def test_body_is_read_back_as_it_was_written(cfo):
    """What a mail program decodes is the text, the HTML and the pictures, to the byte."""
    mail = message_from_bytes(cfo.body.mime, policy=SMTP)
    text, related = mail.iter_parts()
    letter, *images = related.iter_parts()

    assert mail.get_content_type() == "multipart/alternative"
    assert related.get_content_type() == "multipart/related"
    assert text.get_content().replace("\r\n", "\n") == cfo.body.text
    assert letter.get_content().replace("\r\n", "\n") == cfo.body.html
    assert [image.get_content() for image in images] == [image.data for image in cfo.body.images]
    assert [image["Content-ID"] for image in images] == [f"<{image.cid}>" for image in cfo.body.images]
    assert max(map(len, cfo.body.mime.split(b"\r\n"))) <= 78
    assert b"\n" not in cfo.body.mime.replace(b"\r\n", b"")


@pytest.mark.parametrize(("text", "encoding"), [("Cash – $5k\n", "quoted-printable"), ("項目管理\n" * 50, "base64")])
def test_text_travels_in_the_shorter_encoding(text, encoding):
    """Chinese in quoted-printable would be three times as long, and the mail clipped."""
    name, payload = encoded(text)

    assert name == encoding
    assert max(map(len, payload.split(b"\r\n"))) <= 76


def test_same_notebook_gives_the_same_bytes_anywhere(tmp_path, cfo):
    """Another process, folder, time zone, locale and hash seed change no byte of page or body."""
    script = """
import hashlib, pickle, sys
from pathlib import Path
from quarterdeck.render import render

made = render(Path(sys.argv[1]), pickle.loads(bytes.fromhex(sys.argv[2])))
print(hashlib.sha256(made.page.encode()).hexdigest(), made.body.sha256)
"""
    identity = replace(IDENTITY, sample=True, has_previous=True)
    copy = tmp_path / "elsewhere" / "executed.ipynb"
    copy.parent.mkdir()
    copy.write_bytes((DATA / "cfo.ipynb").read_bytes())
    elsewhere = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "7"}

    answer = subprocess.run(
        [sys.executable, "-c", script, str(copy), pickle.dumps(identity).hex()],
        cwd=tmp_path,
        env={**os.environ, **elsewhere},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    again = render(DATA / "cfo.ipynb", identity)
    assert (again.page, again.body.mime) == (cfo.page, cfo.body.mime)
    assert answer == [hashlib.sha256(cfo.page.encode()).hexdigest(), cfo.body.sha256]


# --- the house style -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_colour_can_be_read_on_both_grounds(scheme):
    """Text has a contrast of at least 4.5 to the sheet and to the tint, in light and in dark."""
    used = colours(scheme)

    for name in ("ink", "ink_2", "ink_3", "better", "worse", "link"):
        assert contrast(used[name], used["sheet"]) >= 4.5
        assert contrast(used[name], used["tint"]) >= 4.5


def test_no_text_is_smaller_than_twelve_pixels(cfo):
    """Nothing that is seen in a mail or on a page is set under 12 px."""
    for text in (cfo.body.html, cfo.page):
        seen = re.sub(r'<td class="gap".*?</td>|<div class="preheader".*?</div>', "", text, flags=re.DOTALL)
        sizes = {float(size) for size in re.findall(r"font(?:-size)?:[^;\"]*?([\d.]+)px", seen)}
        assert min(sizes) >= 12
