"""Bad input, all of it in one edition: its mail stays in the budget and readable."""

import base64
import io
import json
import random
import re
from email import message_from_bytes
from email.policy import SMTP
from html import unescape

import nbformat
import pytest
from checkers import html_of, pictures_of, seen_in, with_pictures
from identities import IDENTITY, envelope_of
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image as Pillow

from quarterdeck.blocks import MIME, Action, Actions, Cell, Headline, Kpi, Kpis, Note, Table, TableColumn
from quarterdeck.gates import check_edition
from quarterdeck.mail import stamp
from quarterdeck.render import MOST_HTML_BYTES, MOST_MESSAGE_BYTES, encoded, render

NAME = "Harbour_lights_" * 26 + "and evening tours"  # more than 400 letters
NAMES = (
    "مرحبا بالعالم من الميناء",
    "港口日间租船公司的预订",
    "👩‍✈️🎉⛵ Regatta",
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(2)">',
)
HEADLINE = "Cash falls to $86.8k " + "and the week after it falls again " * 26


def photograph():
    """A PNG of more than 20 MB: of noise, which nothing makes smaller."""
    noise = random.Random(1).randbytes(2700 * 2700 * 3)  # noqa: S311 - nothing is kept secret by it
    written = io.BytesIO()
    Pillow.frombytes("RGB", (2700, 2700), noise).save(written, "PNG", compress_level=0)
    assert written.tell() > 20_000_000
    return base64.b64encode(written.getvalue()).decode()


def block(it):
    return new_output("display_data", data={MIME: json.loads(it.model_dump_json())})


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    """What is rendered of a notebook that holds all of it, and its mail."""
    columns = (TableColumn(head="Project"), TableColumn(head="Owed", align="right"))
    names = tuple((Cell(text=name), Cell(text=f"${at}.0k")) for at, name in enumerate([NAME, *NAMES]))
    many = tuple((Cell(text=f"Booking {at}"), Cell(text=f"${at}")) for at in range(2000))
    outputs = [
        block(Headline(text=HEADLINE.strip(), lead="The rest is bad input.")),
        block(Kpis(kpis=(Kpi(id="cash", label="Cash", value="$86.8k"),))),
        block(Table(title=f"{NAME} owes most", columns=columns, rows=names)),
        block(Actions(actions=(Action(action=f"Call {NAME}", owner=NAMES[0], due="Fri 27 Nov"),))),
        block(Table(title="2,000 bookings", columns=columns, rows=many)),
        block(Note(text="Nothing to show: revenue by channel.")),  # what a report says where a chart has no data
        new_output("display_data", data={"image/png": photograph()}),
        new_output("stream", name="stdout", text="printed line of a cell\n" * 45_000),
    ]
    folder = tmp_path_factory.mktemp("bad")
    nbformat.write(new_notebook(cells=[new_code_cell("", outputs=outputs)]), folder / "cfo.ipynb")
    rendered = render(folder / "cfo.ipynb", IDENTITY)
    return rendered, stamp(rendered.body, envelope_of(IDENTITY))


def test_a_mail_of_bad_input_stays_in_its_budget(bad):
    """With all of it at once the gates let the mail go: 80 KB of HTML, 3 MB in all, one picture that travels."""
    rendered, message = bad
    mail = message_from_bytes(message, policy=SMTP)

    assert check_edition(rendered, message) == []
    assert len(encoded(rendered.body.html)[1]) <= MOST_HTML_BYTES
    assert len(message) <= MOST_MESSAGE_BYTES
    assert len(pictures_of(mail)) == 1


def test_a_mail_of_bad_input_says_what_there_is_and_what_is_missing(bad):
    """Names stay whole as far as they are shown, rows and lines that are left out are counted, and nothing runs."""
    rendered, _ = bad
    html = re.sub(r'<span style="display:inline-block">(.*?)</span>', r"\1", rendered.body.html)

    for text in (rendered.body.text, unescape(html)):
        whole = " ".join(text.split())
        assert "Cash falls to $86.8k and the week after it falls again" in whole
        assert "and 1988 more, on the page" in whole
        assert "printed line of a cell" in whole
        assert re.search(r"and 44,?960 more lines, on the page", whole)
        assert "Nothing to show: revenue by channel." in whole
        assert all(name in whole for name in NAMES)
    assert "<script" not in rendered.body.html
    assert "<img src=x" not in rendered.body.html
    assert "<img src=x" not in rendered.page
    assert len(rendered.body.subject) <= 100
    assert any(each.startswith("the headline after ") for each in rendered.dropped)
    assert rendered.page.count("Booking ") == 2000
    assert rendered.page.count("printed line of a cell") == 45_000


def test_a_mail_of_bad_input_is_seen_whole(browser, bad):
    """axe-core finds nothing in it, and nothing is wider than a phone, a pane or a desktop, light and dark."""
    _, message = bad
    mail = message_from_bytes(message, policy=SMTP)

    assert seen_in(browser, with_pictures(html_of(mail), mail), is_mail=True) == []
