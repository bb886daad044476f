"""
The page as PDF: WeasyPrint, wrapped once and imported only where a report asks for it (ADR 14).

It draws with Pango, a library of the system: who attaches no PDF needs neither.
"""

from __future__ import annotations

import logging

from quarterdeck.errors import InputInvalid

_INSTALL = "WeasyPrint (python -m pip install weasyprint) and Pango (sudo apt-get install libpangoft2-1.0-0)"


def page_as_pdf(page: str, edition: str) -> bytes:
    """
    *page* on paper, by its own print style; the same page gives the same bytes on one machine.

    Raises:
        InputInvalid: WeasyPrint or Pango is not installed; it says what to install.
    """
    try:
        from weasyprint import HTML, URLFetcher  # noqa: PLC0415 - half a second, and a library of the system
    except (ImportError, OSError) as error:  # OSError: Pango is what is missing
        cause = str(error).partition("\n")[0]
        raise InputInvalid(f"attach of {edition}", f"pdf, and nothing to write it ({cause})", _INSTALL) from error
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)  # properties of browsers that paper does not need
    written = HTML(string=page, url_fetcher=URLFetcher(allowed_protocols={"data"})).write_pdf()
    return bytes(written)
