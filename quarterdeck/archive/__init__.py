"""
The archive: every edition that was built, as pages without script that need no server and no network.

    outputs/index.html                          periods × reports, and the KPIs over the periods
    outputs/archive/2026-W48/cfo/index.html     one edition: its forms, its runs, its deliveries
    outputs/archive/2026-W48/cfo/mail.html      the mail as a reader sees it; mail.txt, its text; its attachments

All links are relative, so a copy of the folder works wherever it lies. In a bucket the links have the names that
things have there (`page-3f2a9c0b1d4e5f60.html`), and there is none to a message, which never leaves its machine.
"""

from __future__ import annotations

from quarterdeck.archive.writing import write_archive

__all__ = ["write_archive"]
