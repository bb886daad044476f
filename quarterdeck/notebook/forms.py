"""
A block in the forms that JupyterLab shows: HTML for the cell's output, and plain text.

Neither is what readers get. Pages and mails are rendered from the block itself, by their own templates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any

from quarterdeck.blocks import (
    Action,
    Actions,
    Block,
    Cell,
    Change,
    Chart,
    Headline,
    Kpi,
    Kpis,
    Note,
    Provenance,
    SinceLastWeek,
    Table,
)

_COLOURS = {"better": "#1A7193", "worse": "#B23F17", "neutral": "inherit"}
_ARROWS = {"up": "▲", "down": "▼", "same": "="}
_SMALL = "font-size:13px"


def html_of(block: Block) -> str:
    """*block* as a fragment of HTML for a cell's output; every text in it is escaped."""
    return _HTML[type(block)](block)


def text_of(block: Block) -> str:
    """*block* as plain text."""
    return _TEXT[type(block)](block)


def _headline_html(block: Headline) -> str:
    return f"<h2 style='font:400 28px/34px Georgia,serif'>{escape(block.text)}</h2><p>{escape(block.lead)}</p>"


def _since_html(block: SinceLastWeek) -> str:
    items = "".join(
        f"<li>{_mark_html(one)} <b>{escape(one.fact)}</b> {escape(one.cause)}</li>" for one in block.changes
    )
    return f"<b>Since last week</b><ul>{items}</ul><p>{escape(block.note)}</p>"


def _mark_html(change: Change) -> str:
    return _toned(_marked(_ARROWS[change.direction], change.tone), change.tone)


def _chart_html(block: Chart) -> str:
    return (
        f"{_titles_html(block.title, block.subtitle)}<br>"
        f"<img width='{block.width}' alt='{escape(block.alt)}' src='data:image/png;base64,{block.png}'>"
        f"<p style='{_SMALL}'>{escape(block.note)}</p>"
    )


def _table_html(block: Table) -> str:
    rows = [*block.rows, *([block.total] if block.total else [])]
    heads = [escape(column.head) for column in block.columns]
    drawn = _html_table(heads, [[_cell_html(cell) for cell in row] for row in rows])
    return _titles_html(block.title, block.subtitle) + drawn


def _actions_html(block: Actions) -> str:
    lines = [[escape(text) for text in _action_cells(action)] for action in block.actions]
    drawn = _html_table(["Due", "Action", "Owner", "At stake"], lines) if lines else ""
    return f"<b>{escape(block.title)}</b>{drawn}<p>{escape(block.note)}</p>"


def _since_text(block: SinceLastWeek) -> str:
    facts = [f"{_marked(_ARROWS[one.direction], one.tone)} {one.fact} {one.cause}".rstrip() for one in block.changes]
    return _lines("Since last week", *facts, block.note)


def _table_text(block: Table) -> str:
    rows = [*block.rows, *([block.total] if block.total else [])]
    heads = " | ".join(column.head for column in block.columns)
    return _lines(block.title, block.subtitle, heads, *(_row_text(row) for row in rows))


def _actions_text(block: Actions) -> str:
    lines = (" · ".join(filter(None, _action_cells(action))) for action in block.actions)
    return _lines(block.title, *lines, block.note)


def _titles_html(title: str, subtitle: str) -> str:
    return f"<b>{escape(title)}</b><br><span style='{_SMALL}'>{escape(subtitle)}</span>"


def _lines(*lines: str) -> str:
    return "\n".join(filter(None, lines))


def _marked(text: str, tone: str) -> str:
    """*text* and whether it is good news, for who sees no colour."""
    return text if tone == "neutral" else f"{text} {tone}"


def _toned(text: str, tone: str) -> str:
    return f"<span style='color:{_COLOURS[tone]}'>{escape(text)}</span>"


def _html_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{text}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{text}</td>" for text in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _kpi_html(kpi: Kpi) -> str:
    deltas = "<br>".join(
        f"{_toned(_marked(f'{_ARROWS[delta.direction]} {delta.text}', delta.tone), delta.tone)} {escape(delta.basis)}"
        for delta in kpi.deltas
    )
    value = f"<span style='font-size:24px'>{escape(kpi.value)}</span> {escape(kpi.unit)}"
    return f"{escape(kpi.label)}<br>{value}<br>{deltas or escape(kpi.reason)}"


def _kpi_text(kpi: Kpi) -> str:
    deltas = [f"{_ARROWS[one.direction]} {_marked(one.text, one.tone)} {one.basis}" for one in kpi.deltas]
    return f"{kpi.label}: " + ", ".join(filter(None, [f"{kpi.value} {kpi.unit}".strip(), *deltas, kpi.reason]))


def _cell_html(cell: Cell) -> str:
    return _toned(_marked(cell.text, cell.tone), cell.tone) + (f"<br>{escape(cell.detail)}" if cell.detail else "")


def _row_text(row: Iterable[Cell]) -> str:
    return " | ".join(f"{_marked(cell.text, cell.tone)} {cell.detail}".strip() for cell in row)


def _action_cells(action: Action) -> list[str]:
    due = f"{action.due} ({action.late})" if action.late else action.due
    return [due, f"Decide: {action.action}" if action.decide else action.action, action.owner, action.at_stake]


def _provenance_lines(block: Provenance) -> list[str]:
    sources = [f"{source.name} {source.rows:,} rows, {source.age}" for source in block.sources]
    lines = [f"Snapshot {block.snapshot}, as of {block.as_of}.", " · ".join(sources), *block.absent]
    return [line for line in [*lines, *block.findings, "Sample data." if block.sample else ""] if line]


_HTML: Mapping[type, Callable[[Any], str]] = {
    Headline: _headline_html,
    SinceLastWeek: _since_html,
    Kpis: lambda block: _html_table([], [[_kpi_html(kpi) for kpi in block.kpis]]),
    Chart: _chart_html,
    Table: _table_html,
    Actions: _actions_html,
    Note: lambda block: f"<p><b>{escape(block.title)}</b> {escape(block.text)}</p>",
    Provenance: lambda block: "".join(f"<p style='{_SMALL}'>{escape(line)}</p>" for line in _provenance_lines(block)),
}
_TEXT: Mapping[type, Callable[[Any], str]] = {
    Headline: lambda block: _lines(block.text, block.lead),
    SinceLastWeek: _since_text,
    Kpis: lambda block: _lines(*(_kpi_text(kpi) for kpi in block.kpis)),
    Chart: lambda block: _lines(block.title, block.subtitle, block.alt, block.note),
    Table: _table_text,
    Actions: _actions_text,
    Note: lambda block: f"{block.title} {block.text}".strip(),
    Provenance: lambda block: _lines(*_provenance_lines(block)),
}
