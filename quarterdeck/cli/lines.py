"""The lines that a run ends with: one an edition, and each mail's text; nothing heavy is needed for them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from quarterdeck.standing import Line

_LOG_WIDTH = 160  # columns where no terminal says how many it has


def _console(*, stderr: bool = False) -> Console:
    console = Console(stderr=stderr, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _LOG_WIDTH
    return console


out = _console()
err = _console(stderr=True)


def print_lines(lines: Iterable[Line]) -> None:
    """The table of editions on standard output."""
    table = table_of("report", "headline", ">mail", ">seconds", "state", "path")
    for line in lines:
        size = f"{line.size / 1024:.0f} KB" if line.size else ""
        cells = (line.title, line.headline, size, f"{line.seconds:.1f}", line.state, _short(line.kept))
        table.add_row(*map(escape, cells))
    out.print(table)


def print_mails(mails: Iterable[tuple[str, bytes]]) -> None:
    """Each edition's name over its mail's text part, as it would leave."""
    from quarterdeck.mail import text_of  # noqa: PLC0415 - of what is printed without mails, none is taken apart

    for edition, message in mails:
        out.rule(escape(edition), align="left", characters="─")
        out.print(text_of(message), markup=False)


def _short(address: str) -> str:
    """A path relative to where the person stands, if it lies below."""
    here, path = Path.cwd(), Path(address)
    return str(path.relative_to(here)) if path.is_relative_to(here) else address


def table_of(*heads: str) -> Table:
    """A plain table; a head with `>` stands right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for head in heads:
        table.add_column(head.lstrip(">"), justify="right" if head.startswith(">") else "left", overflow="fold")
    return table
