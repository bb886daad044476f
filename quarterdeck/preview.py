"""
The mail inside JupyterLab: what the cells have said so far, as the executive gets it.

    from quarterdeck.preview import show_mail

    show_mail(report)
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from IPython.display import display

from quarterdeck.blocks import PREVIEW
from quarterdeck.config import load_params
from quarterdeck.notebook.desk import desk

if TYPE_CHECKING:
    from quarterdeck.notebook import Report
    from quarterdeck.render import MessageBody

_HEIGHT = 900  # CSS pixels; a longer mail is scrolled
_WIDTH = 760


def show_mail(report: Report) -> None:
    """
    Show the mail that this notebook makes of its cells' outputs, in the order in which they stand in its file.

    It is drawn by the code that draws the real one. Under papermill nothing happens: the cell has no output, and
    page and mail are the same bytes with it or without it.

    Args:
        report: What `open_report` gave.

    Raises:
        InputInvalid: The notebook was not saved yet, or has no params file.
    """
    at_desk = desk()
    if at_desk is None or not at_desk.cell:
        return
    # Only where somebody looks: a report's own kernel draws no mail, and loads nothing that does
    from quarterdeck.mail import html_of  # noqa: PLC0415
    from quarterdeck.render import identity_of, render_notebook  # noqa: PLC0415

    notebook, unsaved = at_desk.as_shown()
    params = load_params(_params_of(at_desk.notebook), at_desk.notebook.stem)
    has_previous = report.previous is not None
    identity = identity_of(params, report.inventory, report.period, has_previous=has_previous)
    body = render_notebook(notebook, identity, name=at_desk.notebook.name).body
    note = ""
    if unsaved:
        cells = "1 cell that ran is" if unsaved == 1 else f"{unsaved} cells that ran are"
        note = f"{cells} not in the saved notebook, and not in this mail: save it, and run this cell again."
    forms = {
        "text/html": _html(body, html_of(body.mime), note),
        "text/plain": f"{body.subject}\n\n{body.text}",
        PREVIEW: {},
    }
    cast("Any", display)(forms, raw=True)  # IPython carries no types


def _params_of(notebook: Path) -> Path:
    return notebook.parent.parent / "params"


def _html(body: MessageBody, mail: str, note: str) -> str:
    """The mail in a frame of its own, where no style of JupyterLab reaches it and no script runs."""
    size = f"{len(body.mime) / 1024:.0f} KB"
    return (
        f"<p><b>{escape(body.subject)}</b><br>{escape(body.preheader)}<br><small>{size}</small></p>"
        + (f"<p role='status'><b>{escape(note)}</b></p>" if note else "")
        + f"<iframe title='The mail' sandbox srcdoc='{escape(mail)}' width='{_WIDTH}' height='{_HEIGHT}'"
        " style='max-width:100%;border:1px solid #999'></iframe>"
    )
