"""Write: the archive's pages beside the editions. What stands there already, and is the same, is left alone."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from quarterdeck.archive.facts import Archived, archived, kpis_of
from quarterdeck.archive.sparklines import Sparkline, sparkline
from quarterdeck.config import Company
from quarterdeck.display import Display
from quarterdeck.files import write_beside_then_rename
from quarterdeck.ledger import Ledger
from quarterdeck.mail import html_of, text_of
from quarterdeck.period import Period

INDEX = "index.html"
_FOLDER = "archive"
_HERE = Path(__file__).parent
_MOST_PERIODS = 53  # a year's weeks
# What a mail carries besides itself, and what it is called here.
_ATTACHED = {"application/pdf": "page.pdf"}
_TONES = {
    **dict.fromkeys(("released", "sent", "delivered"), "better"),
    **dict.fromkeys(("held", "failed", "refused", "deferred", "unknown", "bounced", "complained"), "worse"),
}


def write_archive(outputs: Path, company: Company, ledger: Ledger) -> Path:
    """
    Write the archive of *company*'s editions into *outputs*, where they lie; the path of its index.

    Raises:
        StoreUnwritable: The disk is full, or the folder read-only.
    """
    editions = archived(ledger, outputs)
    display = Display(company.locale, company.currency, company.time_zone)
    for one in editions:
        _write_edition(outputs, company, display, one)
    periods = list(dict.fromkeys(one.period for one in editions))[:_MOST_PERIODS]
    reports = sorted({one.report for one in editions})
    page = _draw(
        "index.html.j2",
        company=company,
        weeks={period: _week(period, company, display) for period in periods},
        reports=reports,
        editions={(one.period, one.report): one for one in editions},
        kpis={report: _kpis(report, periods, editions, display) for report in reports},
    )
    _write(outputs / INDEX, page.encode())
    return outputs / INDEX


def _write_edition(outputs: Path, company: Company, display: Display, one: Archived) -> None:
    folder = outputs / _FOLDER / one.period / one.report
    forms = _mail_forms(one.folder / "message.eml")
    for name, content in forms.items():
        _write(folder / name, content)
    week = _week(one.period, company, display)
    page = _draw("edition.html.j2", company=company, one=one, week=week, forms=set(forms), display=display)
    _write(folder / INDEX, page.encode())


def _mail_forms(message: Path) -> Mapping[str, bytes]:
    """The mail as it is seen, its text, and what is attached; nothing of who gets it."""
    try:
        content = message.read_bytes()
    except OSError:
        return {}
    mail: EmailMessage = message_from_bytes(content, policy=SMTP)
    forms = {"mail.html": html_of(content).encode(), "mail.txt": text_of(content).encode()}
    for part in mail.iter_attachments():
        if name := _ATTACHED.get(part.get_content_type()):
            forms[name] = part.get_content()
    return forms


def _kpis(report: str, periods: Sequence[str], editions: Sequence[Archived], display: Display) -> tuple[Sparkline, ...]:
    """The KPIs of the latest edition of *report* that has some, each over *periods*, which begin with the latest."""
    own = {one.period: one for one in editions if one.report == report}
    labels = next((labels for one in own.values() if (labels := kpis_of(one.folder))), {})
    oldest_first = list(reversed(periods))
    return tuple(
        sparkline(
            label,
            oldest_first,
            [own[period].figures.get(metric) if period in own else None for period in oldest_first],
            display,
        )
        for metric, label in labels.items()
    )


def _week(period: str, company: Company, display: Display) -> str:
    """`16 to 22 November 2026`"""
    week = Period.parse(period, company.time_zone)
    return display.days(week.first_day, week.last_day)


def _write(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        write_beside_then_rename(path, content)


def _draw(template: str, **facts: object) -> str:
    return _environment().get_template(template).render(**facts)


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(style=style(), tones=_TONES)
    return environment


@functools.cache
def style() -> str:
    """The style sheet of the desk's own pages."""
    return (_HERE / "desk.css").read_text(encoding="utf-8")
