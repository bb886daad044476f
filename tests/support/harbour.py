"""A small company of its own in a folder, which several test modules build and mail."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from quarterdeck.config import Environment
from quarterdeck.errors import MailRefused
from quarterdeck.ledger import Ledger, open_ledger
from quarterdeck.pipeline import Outcome, Request, freeze, make_plan, run_batch
from quarterdeck.pipeline.time_left import no_end
from quarterdeck.store import FolderStore

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
SENDER = Environment(sender="reports@harbour.invalid-tld", recipient="cfo@harbour.boats", bcc="audit@harbour.boats")

COMPANY = """\
slug: harbour
name: Harbour
currency: USD
time_zone: America/Los_Angeles
as_of: 2026-11-23T13:00:00Z
release: {release}
sources:
  tables:
    events:
      path: Events.json
      columns:
        event_id: id
        business: {{value: Sails}}
        status: state
        created_at: made
        starts_at: starts
        price_minor: {{from: price, unit: major}}
"""

PARAMETERS = 'snapshot = ""\nperiod = ""\nprevious = ""\nrows = 1  # rows, 1-9'
SAYS = """\
from pathlib import Path
from quarterdeck.blocks import MIME, FigureRecord, Headline
from quarterdeck import metrics
from quarterdeck.period import Period
from quarterdeck.snapshot import open_snapshot
inventory = open_snapshot(Path(snapshot))
figure = metrics.recognised_revenue(inventory, Period.parse(period, inventory.company.time_zone))
text = "{words} ${{:,.2f}}".format(figure.value / 100)
headline = Headline(text=text, metrics={{"recognised_revenue": figure.record()}})
display({{MIME: headline.model_dump(mode="json"), "text/plain": text}}, raw=True)
"""


@dataclass
class Harbour:
    """A small project of its own in a folder: real notebooks, a real store, a real ledger."""

    root: Path
    clock: datetime = NOW
    ledger_url: str = ""
    said: list[tuple[str, str]] = field(default_factory=list)

    def report(self, name: str, *cells: str, params: str = "", owner: str = "owner@example.com") -> None:
        notebook = new_notebook(cells=[new_code_cell(PARAMETERS), *(new_code_cell(cell) for cell in cells)])
        notebook.cells[0].metadata["tags"] = ["parameters"]
        for number, cell in enumerate(notebook.cells):
            cell["id"] = f"cell-{number}"
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, self.root / "notebooks" / f"{name}.ipynb")
        text = f"report: {name}\ntitle: {name.upper()}\nowner: {owner}\n{params}"
        (self.root / "params" / f"{name}.yaml").write_text(text)

    def events(self, *prices: str, made: str = "2026-11-20T09:00:00Z") -> None:
        items = [
            {
                "id": {"S": f"E{number}"},
                "state": {"S": "completed"},
                "made": {"S": made},
                "starts": {"S": "2026-11-18T18:00:00Z"},
                "price": {"N": price},
            }
            for number, price in enumerate(prices)
        ]
        (self.root / "company" / "Events.json").write_text(json.dumps({"Items": items}))

    def event_of_the_week_before(self, price: str) -> None:
        """One more event, in 2026-W46, so that last week can be built too."""
        file = self.root / "company" / "Events.json"
        items = json.loads(file.read_text())["Items"]
        times = {"made": {"S": "2026-11-02T09:00:00Z"}, "starts": {"S": "2026-11-11T18:00:00Z"}}
        event = {"id": {"S": "E-before"}, "state": {"S": "completed"}, "price": {"N": price}, **times}
        file.write_text(json.dumps({"Items": [*items, event]}))

    def company(self, release: str = "all", **changes: str) -> None:
        text = COMPANY.format(release=release)
        for old, new in changes.items():
            text = re.sub(rf"^{old}: .*$", f"{old}: {new}", text, flags=re.MULTILINE)
        (self.root / "company" / "company.yaml").write_text(text)

    @property
    def ledger(self) -> Ledger:
        url = self.ledger_url or f"sqlite:{self.root / 'ledger.db'}"
        return open_ledger(url, "harbour", lambda: self.clock)

    def run(
        self, *reports: str, mailer=None, environment: Environment = SENDER, seconds_left=no_end, **request
    ) -> Outcome:
        asked = self.request(*reports, **request)
        if mailer is not None:
            asked = replace(asked, purpose="send")
        plan = make_plan(asked, environment, self.clock)
        store = FolderStore(self.root / "outputs", "harbour")
        return run_batch(
            plan,
            ledger=self.ledger,
            store=store,
            mailer=mailer,
            progress=lambda *said: self.said.append(said),
            seconds_left=seconds_left,
        )

    def freeze(self) -> None:
        """Collect the company, so that the next run finds it unchanged and reads nothing."""
        store = FolderStore(self.root / "outputs", "harbour")
        freeze(make_plan(self.request(), SENDER, self.clock), store, lambda _: None)

    def request(self, *reports: str, **request) -> Request:
        return Request(self.root, self.root / "company", True, self.root / "outputs", reports, **request)  # noqa: FBT003

    def folder(self, edition: str) -> Path:
        report, _, period = edition.partition("/")
        return self.root / "outputs" / period / report


@dataclass
class FakeMailer:
    """Keeps what it accepts; refuses or loses its answer for chosen recipients."""

    refuse: tuple[str, ...] = ()
    lose: tuple[str, ...] = ()
    accepted: list[tuple[str, bytes, Sequence[str], Mapping[str, str]]] = field(default_factory=list)

    def check(self, *, sender: str, bcc: Sequence[str], recipients: Sequence[str] = ()) -> None:
        """Nothing stands in the way."""

    def prepare(self, to: str, *, bcc: Sequence[str]) -> None:
        """Nothing is to be asked."""

    def send(self, message: bytes, *, sender: str, to: str, bcc: Sequence[str], tags: Mapping[str, str]) -> str:  # noqa: ARG002 - the protocol's
        if to in self.refuse:
            raise MailRefused("edition", to, "suppressed")
        self.accepted.append((to, message, bcc, tags))
        if to in self.lose:
            raise TimeoutError("no answer")
        return f"id-{len(self.accepted)}"


def make_harbour(root: Path) -> Harbour:
    """A company with two events in 2026-W47 and a report `cfo` that says what was recognised."""
    for folder in ("notebooks", "params", "company"):
        (root / folder).mkdir()
    made = Harbour(root)
    made.company()
    made.events("100.00", "250.50")
    made.report("cfo", SAYS.format(words="Recognised"))
    return made
