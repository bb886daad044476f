"""A mail fits into 80 KB, whatever its document holds."""

import base64
from random import Random

import pytest
from identities import IDENTITY

from quarterdeck import charts
from quarterdeck.blocks import (
    Action,
    Actions,
    Cell,
    Change,
    Chart,
    Delta,
    Kpi,
    Kpis,
    Note,
    Provenance,
    SinceLastWeek,
    Source,
    Table,
    TableColumn,
)
from quarterdeck.render import MOST_HTML_BYTES, encoded
from quarterdeck.render.items import Document, Printed, Prose, Section
from quarterdeck.render.letter import write_letter

PIECES = (
    "Cash is down ",
    "x",
    "&<>\"'",
    "港口日间租船",
    "مرحبا بالعالم ",
    "👩‍✈️🎉",
    "<script>alert(1)</script>",
    "= 3D.\n",
)


class Wild:
    """Makes what no notebook should: any text, in any place, any number of times."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - nothing is kept secret by it

    def text(self) -> str:
        return self.random.choice(PIECES) * self.random.choice([0, 1, 3, 60, 400])

    def many(self, make):
        """The same thing again and again: to make each anew would take longer than the mail."""
        return (make(),) * self.random.choice([0, 1, 13, 40])

    def table(self) -> Table:
        columns = self.random.choice([1, 2, 5, 12])
        row = tuple(Cell(text=self.text(), detail=self.text()) for _ in range(columns))
        heads = tuple(TableColumn(head=self.text(), align="right" if at else "left") for at in range(columns))
        return Table(title=self.text(), columns=heads, rows=self.many(lambda: row), total=row, mail_rows=30)

    def item(self):
        text = self.text
        makers = (
            self.table,
            lambda: Kpis(kpis=self.many(lambda: Kpi(id="cash", label=text(), value=text(), reason=text()))),
            lambda: SinceLastWeek(changes=self.many(lambda: Change(fact=text(), cause=text())), note=text()),
            lambda: Actions(actions=self.many(lambda: Action(action=text(), owner=text(), due=text())), note=text()),
            lambda: Note(title=text(), text=text()),
            lambda: Printed(text()),
            lambda: Prose(f"<p>{text().replace('&', '').replace('<', '')}</p>"),
        )
        return self.random.choice(makers)()

    def document(self) -> Document:
        sections = [Section(self.text(), "a", self.many(self.item)) for _ in range(3)]
        origin = Provenance(
            snapshot="3f9a2c71",
            as_of="Monday",
            sources=self.many(lambda: Source(name=self.text(), rows=3, age=self.text())),
            absent=self.many(self.text),
            findings=self.many(self.text),
        )
        care = self.many(lambda: Note(text=self.text()))
        return Document(self.text(), self.text(), tuple(sections), care, origin, {}, self.many(self.text))


def drawn() -> Chart:
    """A chart as the reports have them, in both schemes."""
    bars = [charts.Bar(f"Harbour {number}", number) for number in range(12)]
    drawing = charts.bars(bars, subject="revenue by harbour", show=str)
    light, dark = (base64.b64encode(drawing.png(theme)).decode() for theme in (charts.LIGHT, charts.DARK))
    return Chart(
        title="Harbour 11 earns most",
        subtitle="USD",
        alt=drawing.alt,
        png=light,
        png_dark=dark,
        width=drawing.width,
        height=drawing.height,
    )


def test_charts_stay_in_both_schemes_beside_wild_texts():
    """Among texts that must be cut a chart keeps its place, its words, and a drawing for each scheme, in full."""
    wild, chart = Wild(seed=1), drawn()
    rest = Wild(seed=2).document()
    sections = (Section("Charts", "charts", (chart, wild.table(), chart, wild.table())), *rest.sections)

    body, _ = write_letter(Document("Headline", "", sections, rest.care, None, {}, ()), IDENTITY)

    assert [image.data for image in body.images] == [base64.b64decode(chart.png), base64.b64decode(chart.png_dark)]
    for image in body.images:
        assert body.html.count(f"cid:{image.cid}") == 2
    assert body.text.count("Harbour 11 earns most") == 2
    assert len(encoded(body.html)[1]) <= MOST_HTML_BYTES


def test_a_delta_beside_a_kpi_is_cut_at_a_word():
    """Whatever a notebook puts beside a figure, 24 letters of it stand there, and end with a whole word."""
    delta = Delta(text="+$1.2k more than anybody had expected", basis="on week", direction="up", tone="worse")
    kpis = Kpis(kpis=(Kpi(id="cash", label="Cash", value="$5k", deltas=(delta,)),))

    body, _ = write_letter(Document("Cash", "", (Section("", "a", (kpis,)),), (), None, {}, ()), IDENTITY)

    assert "▲ +$1.2k more than… worse\n" in body.text
    assert "more than…</b>" in body.html
    assert "anybody" not in body.text + body.html


def test_a_long_text_takes_no_rows_with_it():
    """Where prose alone is too long, it goes: the tables beside it keep their rows."""
    row = (Cell(text="Second Wind"), Cell(text="$4.1k"))
    table = Table(title="T", columns=(TableColumn(head="Boat"), TableColumn(head="Earned")), rows=(row,) * 5)
    prose = Prose(f"<p>{'words ' * 15_000}</p>")

    body, _ = write_letter(Document("Boats", "", (Section("", "a", (prose, table)),), (), None, {}, ()), IDENTITY)

    assert body.html.count("$4.1k") == 5
    assert "A text left out to keep the mail small" in body.html
    assert len(encoded(body.html)[1]) <= MOST_HTML_BYTES


@pytest.mark.parametrize("seed", range(6))
def test_a_mail_fits_whatever_it_says(seed):
    """Of any texts, in any number, in any place, a mail is made that no program clips, with lines that travel."""
    body, _ = write_letter(Wild(seed).document(), IDENTITY)

    assert len(encoded(body.html)[1]) <= MOST_HTML_BYTES
    assert len(body.text) <= MOST_HTML_BYTES
    assert len(body.subject) <= 100
    assert max(map(len, body.mime.split(b"\r\n"))) <= 78
