"""
Blocks: what a notebook says, once, in a form that every medium can be made from.

A notebook's calls display blocks as `application/vnd.quarterdeck.block+json`; the renderers read them
back from the executed notebook. A block holds finished words and numbers as a reader sees them,
never markup: each medium escapes them for itself. This module is the whole contract between the
notebook and the renderers, so it stands below both (ADR 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

MIME = "application/vnd.quarterdeck.block+json"
PREVIEW = "application/vnd.quarterdeck.preview+json"  # an output that shows the mail, and is no part of it

Unit = Literal["minor", "count", "ratio", "days", "weeks"]
Tone = Literal["better", "worse", "neutral"]
Direction = Literal["up", "down", "same"]
Number = int | float


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FigureRecord(_Block):
    """
    One metric as an edition's manifest records it.

    Money (`minor`) and counts are whole; `ratio` is 0 to 1; `days` and `weeks` may be broken. Not
    available is `value: null` with its `reason`. `by` holds the parts of a split metric.
    """

    value: Number | None
    unit: Unit
    reason: str | None = None
    by: Mapping[str, Number | None] | None = None


class _Recording(_Block):
    """A block that shows metrics: it records each with its id."""

    metrics: Mapping[str, FigureRecord] = Field(default_factory=dict)


class Headline(_Recording):
    """The one sentence with a number, and the one thing that changes how to read it."""

    block: Literal["headline"] = "headline"
    text: str
    lead: str = ""


class Change(_Block):
    """One bullet of *Since last week*: a bold fact, its cause, and whether it is good news."""

    fact: str
    cause: str = ""
    direction: Direction = "same"
    tone: Tone = "neutral"


class SinceLastWeek(_Recording):
    """What changed; or, in `note`, that there is no previous edition to compare with."""

    block: Literal["since"] = "since"
    changes: tuple[Change, ...] = ()
    note: str = ""


class Delta(_Block):
    """A difference beside a KPI: `▼ −$8.4k on week`, without its arrow."""

    text: str
    basis: str  # "on week", "on year"
    direction: Direction
    tone: Tone


class Kpi(_Block):
    """One figure with its name; `reason` stands in place of the deltas when the value is not available."""

    id: str
    label: str
    value: str
    unit: str = ""
    deltas: tuple[Delta, ...] = ()
    reason: str = ""


class Kpis(_Recording):
    """Four to six figures, the question's answer first."""

    block: Literal["kpis"] = "kpis"
    kpis: tuple[Kpi, ...]


class Chart(_Recording):
    """
    A picture of marks and labels; its title and subtitle are text.

    `png` is the light drawing for the mail and `png_dark` the dark one for the page, both base64
    without line breaks. `width` and `height` are in CSS pixels: the drawing has twice as many.
    """

    block: Literal["chart"] = "chart"
    title: str
    subtitle: str
    alt: str
    note: str = ""
    png: str
    png_dark: str
    width: int
    height: int


class Cell(_Block):
    """One cell of a table, as it is read."""

    text: str
    tone: Tone = "neutral"
    detail: str = ""  # a smaller second line
    sort: Number | str | None = None  # what the page sorts by, where the text does not


class TableColumn(_Block):
    """A column's head, with its unit; figures and their heads stand right."""

    head: str
    align: Literal["left", "right"] = "left"


class Table(_Recording):
    """Rows of finished text under a title that says the message; the mail shows `mail_rows` of them."""

    block: Literal["table"] = "table"
    title: str
    subtitle: str = ""
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None
    mail_rows: int = 12
    left_out: str = ""  # "and 23 more, $8.1k, on the page"

    @model_validator(mode="after")
    def _as_wide_as_its_head(self) -> Table:
        lines = [*self.rows, self.total] if self.total is not None else self.rows
        wrong = next((line for line in lines if len(line) != len(self.columns)), None)
        if wrong is not None:
            raise ValueError(f"a row of {len(wrong)} cells in a table of {len(self.columns)} columns")
        return self


class Action(_Block):
    """One line of an agenda; `decide` marks what the reader decides."""

    action: str
    owner: str = ""
    due: str = ""  # "Fri 20 Nov"
    late: str = ""  # "3 days late"
    at_stake: str = ""
    decide: bool = False
    evidence: str = ""  # where it comes from: "booking-site.md, line 12"


class Actions(_Recording):
    """The agenda: what is to be done, late first, then by date."""

    block: Literal["actions"] = "actions"
    title: str = ""
    actions: tuple[Action, ...]
    mail_rows: int = 12
    left_out: str = ""
    note: str = ""  # said in place of an empty list


class Note(_Recording):
    """A paragraph that is to be read with care, or a sentence in place of what is not available."""

    block: Literal["note"] = "note"
    title: str = ""
    text: str
    weight: Literal["care", "plain"] = "plain"


class Source(_Block):
    """One line of provenance: `Events 1,904 rows, 2 h old`."""

    name: str
    rows: int
    age: str


class Provenance(_Recording):
    """Where the figures come from: the last block of every report."""

    block: Literal["provenance"] = "provenance"
    snapshot: str
    as_of: str
    sources: tuple[Source, ...]
    absent: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    sample: bool = False


Block = Annotated[
    Headline | SinceLastWeek | Kpis | Chart | Table | Actions | Note | Provenance, Field(discriminator="block")
]

BLOCK: TypeAdapter[Block] = TypeAdapter(Block)
