"""A mail fits into 80 KB, whatever its document holds."""

from random import Random

import pytest
from identities import IDENTITY

from quarterdeck.blocks import (
    Action,
    Actions,
    Cell,
    Change,
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


@pytest.mark.parametrize("seed", range(6))
def test_a_mail_fits_whatever_it_says(seed):
    """Of any texts, in any number, in any place, a mail is made that no program clips, with lines that travel."""
    body, _ = write_letter(Wild(seed).document(), IDENTITY)

    assert len(encoded(body.html)[1]) <= MOST_HTML_BYTES
    assert len(body.text) <= MOST_HTML_BYTES
    assert len(body.subject) <= 100
    assert max(map(len, body.mime.split(b"\r\n"))) <= 78
