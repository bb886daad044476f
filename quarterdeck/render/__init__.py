"""
Render: one executed notebook becomes a page and the body of a mail.

Both are drawn from one document, which is read from the notebook's blocks, or from whatever a notebook
that nobody wrote for Quarterdeck puts out. The same notebook gives the same bytes anywhere, any time.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import quarterdeck.without  # noqa: F401 - before what it spares us

# isort: split
import nbformat

from quarterdeck.blocks import FigureRecord, Kpi
from quarterdeck.errors import InputInvalid
from quarterdeck.render.document import read_document
from quarterdeck.render.identity import EditionIdentity, identity_of
from quarterdeck.render.letter import MOST_HTML_BYTES, MOST_MESSAGE_BYTES, headline_of, write_letter
from quarterdeck.render.mime import Attachment, Image, MessageBody, encoded
from quarterdeck.render.pdf import page_as_pdf
from quarterdeck.render.shipped import PAGE_SCRIPT

if TYPE_CHECKING:
    from quarterdeck.render.exporter import PageExporter

__all__ = [
    "MOST_HTML_BYTES",
    "MOST_MESSAGE_BYTES",
    "PAGE_SCRIPT",
    "Attachment",
    "EditionIdentity",
    "Image",
    "MessageBody",
    "Rendered",
    "encoded",
    "identity_of",
    "render",
    "render_notebook",
]


@dataclass(frozen=True)
class Rendered:
    """
    One edition as its readers get it.

    Args:
        page: The whole web page; it needs no network and no script.
        body: The mail's body, frozen.
        metrics: Every figure that the notebook shows, by id.
        kpis: The KPIs as they are printed.
        headline: The sentence with the number.
        dropped: What the notebook holds and the mail does not, each with its cell.
    """

    page: str
    body: MessageBody
    metrics: Mapping[str, FigureRecord]
    kpis: tuple[Kpi, ...]
    headline: str
    dropped: tuple[str, ...]


def render(executed: Path, identity: EditionIdentity) -> Rendered:
    """
    The page and the mail's body of one edition.

    Args:
        executed: An executed notebook; it is read, never written.
        identity: Which edition it is.

    Raises:
        InputInvalid: The file is no notebook, a cell ended in an error, a block is malformed, the notebook contradicts
            itself (two headlines, one metric with two values), or a PDF is asked for and cannot be written.
    """
    return render_notebook(_read(executed, identity), identity, name=executed.name)


def render_notebook(executed: nbformat.NotebookNode, identity: EditionIdentity, *, name: str) -> Rendered:
    """As `render`, of a notebook that was read already; *name* is what errors call it."""
    document = read_document(executed, name=name)
    # nbconvert copies a notebook three times before it looks at it, which takes seconds where tables are
    # long. The document has all of it, so it gets an empty one.
    nothing = nbformat.v4.new_notebook()
    page, _ = _exporter().from_notebook_node(nothing, {"identity": identity, "document": document})
    body, dropped = write_letter(document, identity, [_attached(page, form, identity) for form in identity.attach])
    return Rendered(page, body, document.metrics, document.kpis, headline_of(document, identity), dropped)


def _attached(page: str, form: str, identity: EditionIdentity) -> Attachment:
    """The *page* as a file: `cfo-2026-W48.html`, or `.pdf`."""
    name = identity.edition.replace("/", "-").replace("@", "-")
    if form == "pdf":
        return Attachment(f"{name}.pdf", "application/pdf", page_as_pdf(page, identity.edition))
    return Attachment(f"{name}.html", 'text/html; charset="utf-8"', page.encode())


@functools.cache
def _exporter() -> PageExporter:
    """One for all editions: its templates are compiled once."""
    from quarterdeck.render.exporter import PageExporter  # noqa: PLC0415 - nbconvert takes a second, while kernels run

    return PageExporter()


def _read(executed: Path, identity: EditionIdentity) -> nbformat.NotebookNode:
    """The notebook in *executed*, of whatever format it is."""
    mend = f"python runner.py run {identity.report}"
    try:
        with warnings.catch_warnings():
            # Notebooks of before 2020 have no cell ids; that is no fault in them.
            warnings.simplefilter("ignore", nbformat.warnings.MissingIDFieldWarning)
            notebook: nbformat.NotebookNode = nbformat.read(executed, as_version=4)
    except FileNotFoundError as error:
        raise InputInvalid(str(executed), "nothing", "an executed notebook", mend) from error
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError) as error:
        raise InputInvalid(str(executed), f"{str(error)[:200]!r}", "an executed notebook", mend) from error
    return notebook
