"""
What a notebook says, as blocks: `report.headline(…)`, `report.chart(…)`, one call a block.

Each call displays one output that carries three forms at once: HTML for JupyterLab, text, and the block as JSON,
from which page and mail are made. Outside of IPython it returns the block.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from quarterdeck.blocks import (
    Actions,
    Block,
    Chart,
    Headline,
    Kpi,
    Kpis,
    Note,
    SinceLastWeek,
    Table,
)
from quarterdeck.charts import DARK, LIGHT, Drawing
from quarterdeck.charts.layout import ALT_LIMIT
from quarterdeck.display import NOT_AVAILABLE, cut_at_word
from quarterdeck.inventory import NotAvailable
from quarterdeck.metrics import Metric
from quarterdeck.metrics.tasks import require_rows
from quarterdeck.notebook.cell import show
from quarterdeck.notebook.comparison import PreviousEdition, kpi_of
from quarterdeck.notebook.desk import desk
from quarterdeck.notebook.figures import Figures
from quarterdeck.notebook.movements import came_and_went
from quarterdeck.notebook.opening import inventory_for
from quarterdeck.notebook.origin import provenance_of
from quarterdeck.notebook.sentences import Said, Say, Sentence
from quarterdeck.notebook.tables import Column, Rows, actions_of
from quarterdeck.period import Period

MAIL_ROWS = 12
KPIS_SHOWN = 6
_FIRST_EDITION_OF_ROWS = (
    "There is no previous edition: what came and went is not known, and figures known only for their own week have"
    " nothing beside them."
)
_FIRST_EDITION = "There is no previous edition: figures known only for their own week have nothing beside them."


def open_report(snapshot: str | None = None, period: str | None = None, previous: str = "") -> Report:
    """
    The report that a notebook writes: its data, its week, and the way to say things.

        report = open_report(snapshot=snapshot, period=period, previous=previous)

    Args:
        snapshot: Folder of a snapshot. Without one the company of the environment, else the sample company, is
            frozen now: so a notebook runs in JupyterLab as it is.
        period: Week such as `2026-W48`; without one the last full week before the snapshot's as-of.
        previous: Folder of last week's edition; empty when there is none.

    Raises:
        InputInvalid: One of them does not exist, or cannot be used.
        SnapshotDamaged: The snapshot is not what was frozen.
    """
    desk()  # what this and every later cell puts out is kept for the mail that an analyst is shown
    inventory = inventory_for(snapshot)
    company = inventory.company
    week = Period.parse(period, company.time_zone) if period else Period.last_full(inventory.as_of, company.time_zone)
    edition = PreviousEdition.read(Path(previous), company=company.slug, before=week) if previous else None
    return Report(inventory, week, edition)


@dataclass(frozen=True)
class Report(Figures):
    """
    One report for one week over one snapshot: what `open_report` gives.

    Args:
        inventory: The company's tables.
        period: The week that it is about.
        previous: Last week's edition, None for the first one.
    """

    def frame(
        self, make: Callable[..., pd.DataFrame], what: str, *arguments: object, empty: Say = ""
    ) -> pd.DataFrame | None:
        """
        The rows that *make* gives for the week; where there are none, a sentence says why in their place.

            late = report.frame(metrics.overdue_items, "checks", empty="Every check is done, or not due yet.")
            if late is not None:
                report.table(late, [column("item", "Check")], title="Checks that are late")

        Args:
            make: A function of `metrics` that takes an inventory and a period.
            what: What is missing then: `the cash forecast`.
            arguments: What *make* takes besides, such as a report's name for `metrics.agenda`.
            empty: What to say where all is known and there are no rows: `Every served event is paid.`

        Returns:
            The frame with at least one row, or None: then the cell has nothing more to show.
        """
        try:
            rows = make(self.inventory, self.period, *arguments)
        except NotAvailable as absent:
            show(Note(text=_not_available([what], str(absent))))
            return None
        if rows.empty:
            said = self._speaker.say(empty or f"Nothing to show: {what}.", "empty")
            show(Note(text=said.text, metrics=said.metrics))
            return None
        return rows

    def headline(self, *choice: Say, lead: Say = "") -> Block | None:
        """
        The one sentence with a number, and the one thing that changes how to read it.

            report.headline(
                "Cash falls to {lowest_cash} in the week of {low_week}",
                "Nothing is known of the cash of {week}",
            )

        Args:
            choice: Sentences, of which the first that holds and whose figures are available is said. Braces name a
                metric or a fact, and after a colon how it is printed: see `quarterdeck.notebook.sentences`.
            lead: A smaller sentence under it, chosen likewise; left out where none can be said.

        Raises:
            InputInvalid: No sentence of *choice* can be said, or one names what there is not.
        """
        text = self._speaker.say(_flat(choice), "headline")
        under = self._speaker.try_to_say(lead, "lead") or Said("", {})
        return show(Headline(text=text.text, lead=under.text, metrics={**text.metrics, **under.metrics}))

    def since_last_week(self, *metrics: Metric, rows: Sequence[str] = ()) -> Block | None:
        """
        What changed most of *metrics* since the week before, with the parts that moved it; at most three.

            report.since_last_week(metrics.cash, metrics.receivables, rows=["gaps"])

        Args:
            metrics: To be compared by the rules for comparisons.
            rows: Tables whose rows are compared with the previous edition's snapshot, each with a bullet of its
                own: `projects`, `gaps`, `actions`, `zones`, `variables`. See `quarterdeck.notebook.movements`.

        Raises:
            InputInvalid: *rows* names another table.
        """
        changes = self._comparison.changes({metric: self.figure(metric) for metric in metrics})
        note = "" if self.previous else _FIRST_EDITION_OF_ROWS if rows else _FIRST_EDITION
        if self.previous and rows:
            moved, note = came_and_went(self.inventory, self.period, self.before, rows)
            changes += moved
        if not self.period.is_over_at(self.inventory.as_of):
            note = "The week is not over: it is not compared with whole weeks."
        if not changes and not note:
            is_known = any(self.change(metric) is not None for metric in metrics) or rows
            note = f"Nothing that this report compares {'has changed' if is_known else 'is known of both weeks'}."
        return show(SinceLastWeek(changes=tuple(changes), note=note, metrics=self._records(metrics)))

    def kpis(self, *metrics: Metric, otherwise: Sequence[Metric] = ()) -> Block | None:
        """
        Up to six figures, the question's answer first, each beside last week and last year.

            report.kpis(metrics.runway_weeks, metrics.cash, otherwise=[metrics.bookings_value])

        Args:
            metrics: In the order in which they are shown; `python runner.py metrics` lists them.
            otherwise: What is shown in place of one that is not available, the first excepted: that one says why.
                A note below names what made room.
        """
        spare = [metric for metric in otherwise if self.figure(metric).value is not None]
        shown: list[Metric] = []
        replaced: list[Metric] = []
        for metric in metrics[:KPIS_SHOWN]:
            is_known = not shown or self._is_said(metric) or not spare
            shown.append(metric if is_known else spare.pop(0))
            if not is_known:
                replaced.append(metric)
        block = show(Kpis(kpis=tuple(map(self._kpi, shown)), metrics=self._records(shown)))
        if replaced:
            self._note_absent(replaced)
        return block

    def chart(
        self,
        drawing: Drawing,
        *,
        title: Say,
        subtitle: Say = "",
        note: Say = "",
        alt: str = "",
        shows: Sequence[Metric] = (),
    ) -> Block | None:
        """
        A picture with the message in its title.

            shares = report.frame(metrics.revenue_shares, "revenue by channel", "channel")
            rows = [charts.Bar(*row) for row in charts.records(shares, "name", "revenue_minor")]
            bars = charts.bars(rows, subject="revenue by channel", show=report.display.money)
            report.chart(bars, title="{largest_channel} brings most", subtitle="Revenue by channel, {currency}")

        Args:
            drawing: From `quarterdeck.charts`; it is drawn in light and in dark.
            title: The message, with its number.
            subtitle: Measure, unit, period.
            note: What the picture assumes, below it.
            alt: Instead of the drawing's own words, at most 350 characters.
            shows: Metrics that the picture shows, to be recorded.

        Raises:
            InputInvalid: No sentence of *title* or *subtitle* can be said, or one names what there is not.
        """
        said = {name: self._speaker.say(choice, name) for name, choice in (("title", title), ("subtitle", subtitle))}
        below = self._speaker.try_to_say(note, "note") or Said("", {})
        block = Chart(
            title=said["title"].text,
            subtitle=said["subtitle"].text,
            note=below.text,
            alt=cut_at_word(alt or drawing.alt, ALT_LIMIT),
            png=base64.b64encode(drawing.png(LIGHT)).decode(),
            png_dark=base64.b64encode(drawing.png(DARK)).decode(),
            width=drawing.width,
            height=drawing.height,
            metrics={**self._records(shows), **said["title"].metrics, **said["subtitle"].metrics, **below.metrics},
        )
        return show(block)

    def table(
        self,
        frame: pd.DataFrame,
        columns: Sequence[Column],
        *,
        title: Say,
        subtitle: Say = "",
        mail_rows: int = MAIL_ROWS,
        shows: Sequence[Metric] = (),
    ) -> Block | None:
        """
        Rows under a title that says the message; a mail shows the first *mail_rows* of them.

            owed = report.frame(metrics.receivables_by_age, "receivables")
            columns = [column("band", "Days since event"), column("open_minor", "Owed", "money", total=True)]
            report.table(owed, columns, title="{receivables} is owed to us", subtitle="{currency}, {last_day}")

        Args:
            frame: Values, in the order in which they are shown; money in minor units (cents), rates as ratios.
            columns: What is shown of it, see `column`.
            title: The message, with its number.
            subtitle: Measure, unit, date.
            mail_rows: How many rows the mail shows, 1 to 12; the page shows all.
            shows: Metrics that the table shows, to be recorded.

        Raises:
            InputInvalid: *frame* lacks a column, *mail_rows* is no number from 1 to 12, or no title can be said.
        """
        require_rows(mail_rows, "mail_rows")
        rows = Rows(frame, columns, self.display)
        said = {name: self._speaker.say(choice, name) for name, choice in (("title", title), ("subtitle", subtitle))}
        block = Table(
            title=said["title"].text,
            subtitle=said["subtitle"].text,
            columns=tuple(column.block for column in columns),
            rows=rows.cells(),
            total=rows.total(),
            mail_rows=mail_rows,
            left_out=rows.left_out(mail_rows),
            metrics={**self._records(shows), **said["title"].metrics, **said["subtitle"].metrics},
        )
        return show(block)

    def actions(self, frame: pd.DataFrame, *, title: str = "", mail_rows: int = MAIL_ROWS) -> Block | None:
        """
        The agenda: who does what by when, late ones first, then by date.

            tasks = report.frame(metrics.agenda, "the agenda", "cfo", empty="Nothing is due in the next 30 days.")
            if tasks is not None:
                report.actions(tasks, mail_rows=agenda_rows)

        Args:
            frame: One row a task, columns as `metrics.agenda` gives them.
            title: Instead of the section's own.
            mail_rows: How many tasks the mail shows, 1 to 12; the page shows all.

        Raises:
            InputInvalid: *frame* lacks a column, or *mail_rows* is no number from 1 to 12.
        """
        require_rows(mail_rows)
        today = self.display.local_day(self.inventory.moment(self.period))
        actions = actions_of(frame, today, self.display)
        left_out = f"and {len(actions) - mail_rows} more, on the page" if len(actions) > mail_rows else ""
        note = "" if actions else "Nothing is due in the next 30 days."
        return show(Actions(title=title, actions=actions, mail_rows=mail_rows, left_out=left_out, note=note))

    def note(self, *choice: Say, title: str = "", weight: Literal["care", "plain"] = "plain") -> Block | None:
        """
        All sentences of *choice* that hold and can be said, as one paragraph; nothing where none can.

            report.note("The newest bank balance is {balances_age} old.", title="Read with care.", weight="care")

        Args:
            choice: Sentences; one whose figures are not available is left out.
            title: Words before the first, in bold.
            weight: `care` for what changes how figures must be read.

        Raises:
            InputInvalid: A sentence names what there is not.
        """
        said = list(self._speaker.all_that_hold(_flat(choice), "note"))
        if not said:
            return None
        metrics = {name: record for one in said for name, record in one.metrics.items()}
        return show(Note(title=title, text=" ".join(one.text for one in said), weight=weight, metrics=metrics))

    def provenance(self, *tables: str) -> Block | None:
        """
        Where the figures come from, how old that is, and what was not understood: the last block of a report.

            report.provenance("events", "actions")

        Args:
            tables: Those that the report uses; all when none is given.
        """
        return show(provenance_of(self.inventory, self.display, tables))

    def _is_said(self, metric: Metric) -> bool:
        """Whether a reader gets a value: also `13+ weeks`, where all inputs are there and none is the answer."""
        return self._kpi(metric).value != NOT_AVAILABLE

    def _kpi(self, metric: Metric) -> Kpi:
        return kpi_of(metric, self.figure(metric), self._comparison)

    def _note_absent(self, metrics: Sequence[Metric]) -> None:
        by_reason: dict[str, list[str]] = {}
        for metric in metrics:
            label = metric.label[:1].lower() + metric.label[1:]
            by_reason.setdefault(self.figure(metric).reason or "", []).append(label)
        sentences = [_not_available(labels, reason) for reason, labels in by_reason.items()]
        show(Note(text=" ".join(sentences), metrics=self._records(metrics)))


def _flat(choice: Sequence[Say]) -> list[str | Sentence]:
    return [one for each in choice for one in ([each] if isinstance(each, str | Sentence) else each)]


def _not_available(what: Sequence[str], reason: str) -> str:
    """`Not available: the cash forecast. The company's folder has no balances.`"""
    return f"Not available: {', '.join(what)}. {reason[:1].upper()}{reason[1:]}."
