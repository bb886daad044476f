"""From frames to the blocks of tables and agendas: every cell a finished text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple

import pandas as pd

from quarterdeck.blocks import Action, Cell, TableColumn
from quarterdeck.charts.frames import Plain, plain
from quarterdeck.display import Display
from quarterdeck.errors import InputInvalid
from quarterdeck.notebook.comparison import tone_of

Kind = Literal[
    "text", "count", "money", "money_exact", "money_whole", "change", "change_exact", "percent", "number", "day",
    "weekday",
]  # fmt: skip

_LEFT = ("text", "day", "weekday")
_CHANGES = ("change", "change_exact")
_SUMMED = ("count", "money", "money_exact", "money_whole", *_CHANGES, "percent")
_MISSING = "–"
NO_OWNER, NO_DATE = "No owner", "No date yet"
ACTION_COLUMNS = ("action", "owner", "due_on", "amount_minor")


class _Line(NamedTuple):
    """One row of an agenda, outside of pandas."""

    action: Any
    owner: Any
    due_on: Any
    amount_minor: Any
    is_decision: Any
    evidence: Any


@dataclass(frozen=True)
class Column:
    """A column of a table; `column` makes it, and explains name, head, kind, better, total and detail."""

    name: str
    head: str
    kind: Kind = "text"
    better: Literal["more", "less", "neither"] = "neither"
    total: bool = False
    detail: str = ""

    @property
    def block(self) -> TableColumn:
        return TableColumn(head=self.head, align="left" if self.kind in _LEFT else "right")


def column(
    name: str,
    head: str,
    kind: Kind = "text",
    *,
    better: Literal["more", "less", "neither"] = "neither",
    total: bool = False,
    detail: str = "",
) -> Column:
    """
    One column of `report.table`.

        column("owed_minor", "Owed", "money", total=True)

    Args:
        name: In the frame.
        head: What a reader sees, with the unit where the values do not carry it.
        kind: How its values are printed: `money` in one unit for the whole column, `money_exact` to the cent,
            `money_whole` in full without cents, `change` and `change_exact` as `money` and `money_exact` with sign and
            tone, `percent` from a ratio, `number` with one decimal, `day` as `20 Nov 2026`, `weekday` as `Fri 20 Nov`.
        better: Of a `change`: whether more or less is good news.
        total: Whether the total row has its sum.
        detail: Another column of the frame, of texts: a smaller line under each value, none where it is missing.

    Raises:
        InputInvalid: A total is asked for of values that have none.
    """
    if total and kind not in _SUMMED:
        raise InputInvalid(f"column {name}", f"a total of kind {kind!r}", "one of " + ", ".join(_SUMMED), _MEND)
    return Column(name, head, kind, better, total, detail)


_MEND = "python runner.py run"


@dataclass(frozen=True)
class Rows:
    """
    The finished rows of a table, its total, and what is said of rows that a mail leaves out.

    Args:
        frame: The values.
        columns: In display order; all of them are in *frame*.
        display: The company's way to print.
    """

    frame: pd.DataFrame
    columns: Sequence[Column]
    display: Display

    def __post_init__(self) -> None:
        wanted = [name for column in self.columns for name in (column.name, column.detail) if name]
        missing = [name for name in wanted if name not in self.frame]
        if missing:
            expected = "one of " + ", ".join(map(str, self.frame.columns))
            raise InputInvalid("table", f"no column {missing[0]!r} in its frame", expected, _MEND)

    def cells(self) -> tuple[tuple[Cell, ...], ...]:
        columns = [self._with_details(column, self._column(column)) for column in self.columns]
        return tuple(zip(*columns, strict=True))

    def total(self) -> tuple[Cell, ...] | None:
        """The last row: `Total` in the first column, sums where the columns ask for them."""
        if not any(column.total for column in self.columns) or self.frame.empty:
            return None
        sums = [self._sum(column) for column in self.columns]
        return (Cell(text="Total"), *sums[1:])

    def left_out(self, mail_rows: int) -> str:
        """`and 23 more, $8.1k, on the page`; empty when a mail shows all rows."""
        rest = self.frame.iloc[mail_rows:]
        if rest.empty:
            return ""
        summed = next((one for one in self.columns if one.total and one.kind in ("money", "money_exact")), None)
        is_known = summed is not None and rest[summed.name].notna().any()
        amount = f"{self.display.money(_sum_of(rest[summed.name]))}, " if summed and is_known else ""
        return f"and {self.display.count(len(rest))} more, {amount}on the page"

    def _column(self, column: Column) -> list[Cell]:
        values = [plain(value) for value in self.frame[column.name]]
        if column.kind == "percent" and column.total and None not in values:
            shares = self.frame[column.name].tolist()
            return [
                Cell(text=text, sort=share) for text, share in zip(self.display.shares(shares), shares, strict=True)
            ]
        # One unit to a column: that of its largest amount, or of its total.
        known = [abs(value) for value in values if isinstance(value, int)]
        like = max([*known, abs(_sum_of(self.frame[column.name])) if column.total else 0], default=0)
        return [self._cell(column, value, like) for value in values]

    def _with_details(self, column: Column, cells: list[Cell]) -> list[Cell]:
        if not column.detail:
            return cells
        details = [plain(value) or "" for value in self.frame[column.detail]]
        return [cell.model_copy(update={"detail": str(detail)}) for cell, detail in zip(cells, details, strict=True)]

    def _sum(self, column: Column) -> Cell:
        if not column.total:
            return Cell(text="")
        values = self.frame[column.name]
        if values.isna().all():  # the sum of what nobody knows is not zero
            return self._cell(column, None, 0)
        if column.kind == "percent":
            return self._cell(column, float(values.sum()), 0)
        sum_ = _sum_of(values)
        known = [abs(int(value)) for value in values.dropna()]
        return self._cell(column, sum_, max([abs(sum_), *known]))

    def _cell(self, column: Column, value: Plain, like: int) -> Cell:
        if value is None:
            return Cell(text=_MISSING)
        sort = value.isoformat() if isinstance(value, date) else value
        tone = tone_of(value, column.better) if column.kind in _CHANGES and isinstance(value, int) else "neutral"
        return Cell(text=self._text(column.kind, value, like), tone=tone, sort=None if column.kind == "text" else sort)

    def _text(self, kind: Kind, value: Any, like: int) -> str:  # noqa: ANN401 - what the kind takes
        display = self.display
        printers: Mapping[Kind, Callable[[], str]] = {
            "text": lambda: str(value),
            "count": lambda: display.count(value),
            "money": lambda: display.money(value, like=like),
            "money_exact": lambda: display.money_exact(value),
            "money_whole": lambda: display.money_whole(value),
            "change": lambda: display.money(value, sign=True, like=like),
            "change_exact": lambda: display.money_exact(value, sign=True),
            "percent": lambda: display.percent(float(value), 0),
            "number": lambda: display.number(float(value)),
            "day": lambda: display.day(value, year=True),
            "weekday": lambda: display.day(value, weekday=True),
        }
        return printers[kind]()


def actions_of(frame: pd.DataFrame, today: date, display: Display) -> tuple[Action, ...]:
    """
    The agenda's lines: late ones first, then by date, then what has none by the money at stake.

    Args:
        frame: `action` (starts with a verb), `owner`, `due_on`, `amount_minor` (may be missing), and if there
            are: `is_decision` (the reader decides it), `evidence`.
        today: The day from which days of lateness are counted.
        display: The company's way to print.

    Raises:
        InputInvalid: *frame* lacks a column.
    """
    missing = [name for name in ACTION_COLUMNS if name not in frame]
    if missing:
        raise InputInvalid("actions", f"no column {missing[0]!r}", ", ".join(ACTION_COLUMNS), _MEND)
    lines = [_Line(*(plain(row.get(name)) for name in _Line._fields)) for row in frame.to_dict("records")]
    lines.sort(key=lambda line: (line.due_on is None, line.due_on or today, -(line.amount_minor or 0)))
    return tuple(_action(line, today, display) for line in lines)


def _action(line: _Line, today: date, display: Display) -> Action:
    days = (today - line.due_on).days if line.due_on else 0
    return Action(
        action=line.action,
        owner="You" if line.is_decision else line.owner or NO_OWNER,
        due=display.day(line.due_on, weekday=True) if line.due_on else NO_DATE,
        late=f"{days} {'day' if days == 1 else 'days'} late" if days > 0 else "",
        at_stake="" if line.amount_minor is None else display.money(line.amount_minor),
        decide=bool(line.is_decision),
        evidence=line.evidence or "",
    )


def _sum_of(values: pd.Series[Any]) -> int:
    return sum(int(value) for value in values.dropna())
