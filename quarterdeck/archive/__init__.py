"""
The archive: every edition that was built, as pages without script that need no server and no network.

    outputs/index.html                          periods × reports, and the KPIs over the periods
    outputs/archive/2026-W48/cfo/index.html     one edition: its forms, its runs, its deliveries
    outputs/archive/2026-W48/cfo/mail.html      the mail as a reader sees it; mail.txt, its text; its attachments

All links are relative, so a copy of the folder works wherever it lies, in a bucket too.
"""

from __future__ import annotations

from quarterdeck.archive.writing import INDEX, write_archive

__all__ = ["INDEX", "write_archive"]
