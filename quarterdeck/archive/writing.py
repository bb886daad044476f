"""Write: the archive's pages beside the editions, with links to what of each is there."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from quarterdeck.archive.facts import MOST_WEEKS, Archived, archived, kpis_of
from quarterdeck.archive.sparklines import Sparkline, sparkline
from quarterdeck.config import Company, edition_parts, load_params
from quarterdeck.display import Display
from quarterdeck.errors import AwsUnavailable, InputInvalid, QuarterdeckError
from quarterdeck.ledger import Ledger
from quarterdeck.mail import frozen_body, html_of, parsed, text_of
from quarterdeck.period import Period
from quarterdeck.store import ArchiveFiles, Store
from quarterdeck.store.archiving import INDEX, page_of

_HERE = Path(__file__).parent
_ATTEMPTS = 8  # of those who write it at once one gets through each time; more than a few are no accident
# What a mail carries besides itself, and what it is called here.
_ATTACHED = {"application/pdf": "page.pdf"}
_TONES = {
    **dict.fromkeys(("released", "sent", "delivered"), "better"),
    **dict.fromkeys(("held", "failed", "refused", "deferred", "unknown", "bounced", "complained"), "worse"),
}


@dataclass(frozen=True)
class _House:
    """What all pages of one archive share: whose it is, how it prints, and its reports' titles."""

    company: Company
    display: Display
    params: Path

    def title(self, report: str) -> str:
        """As readers know it; the name of one whose params are gone, or broken."""
        name, at, variant = report.partition("@")
        try:
            return load_params(self.params, name).title + at + variant
        except QuarterdeckError:
            return report

    def week(self, period: str) -> str:
        """`16 to 22 November 2026`"""
        week = Period.parse(period, self.company.time_zone)
        return self.display.days(week.first_day, week.last_day)


def write_archive(store: Store, company: Company, ledger: Ledger, params: Path) -> None:
    """
    Write the archive of *company*'s editions into *store*, where they are kept.

    Args:
        params: The folder of the reports' params, which name them.

    Raises:
        StoreUnwritable: The disk is full, or the folder read-only.
        AwsUnavailable: The store is a bucket that does not let us, or others write the archive again and again.
    """
    house = _House(company, Display(company.locale, company.currency, company.time_zone), params)
    for _ in range(_ATTEMPTS):
        # In this order: what another start writes after this moment keeps us from writing what is older over it
        archive = store.archive()
        with archive.held():
            if _is_written(archive, house, archived(ledger, archive)):
                return
    raise AwsUnavailable("the archive", "others write it at the same time, again and again", "Look who writes there")


def _is_written(archive: ArchiveFiles, house: _House, editions: Sequence[Archived]) -> bool:
    """The editions' pages and, last, the index; False as soon as another start has written one meanwhile."""
    known = {*archive.editions(), *(one.edition.name for one in editions)}
    weeks = _weeks({edition_parts(edition)[1] for edition in known}, house.company)
    shown = [one for one in editions if one.period in weeks]
    reports = sorted({one.report for one in shown})
    earlier = _by_period(known - {one.edition.name for one in shown})
    return all(_is_edition_written(archive, house, one) for one in editions) and archive.write(
        INDEX,
        _draw(
            "index.html.j2",
            company=house.company,
            weeks={period: house.week(period) for period in reversed(weeks)},
            reports=reports,
            titles={report: house.title(report) for report in {*reports, *chain.from_iterable(earlier.values())}},
            editions={(one.period, one.report): one for one in shown},
            kpis={
                report: _kpis(archive, [one for one in shown if one.report == report], weeks, house.display)
                for report in reports
            },
            earlier=earlier,
        ),
    )


def _is_edition_written(archive: ArchiveFiles, house: _House, one: Archived) -> bool:
    edition = one.edition.name
    forms = dict(archive.forms(edition, one.body))
    for name, content in _mail_forms(archive.message(edition), one.body).items() if not forms else ():
        forms[name] = archive.form(edition, name, one.body)
        if not archive.write(forms[name], content):
            return False
    page = _draw(
        "edition.html.j2",
        company=house.company,
        display=house.display,
        one=one,
        title=house.title(one.report),
        week=house.week(one.period),
        files={**one.files, **forms},
    )
    return archive.write(page_of(edition), page)


def _mail_forms(message: bytes | None, body: str) -> Mapping[str, bytes]:
    """
    The mail as it is seen, its text, and what is attached; nothing of who gets it.

    None where *message* is not of that *body* (its hash): another's mail must not stand for the edition's.
    """
    try:
        if message is None or frozen_body(message, "message.eml").sha256 != body:
            return {}
    except InputInvalid:
        return {}
    forms = {"mail.html": html_of(message).encode(), "mail.txt": text_of(message).encode()}
    for part in parsed(message).iter_attachments():
        if name := _ATTACHED.get(part.get_content_type()):
            forms[name] = part.get_content()
    return forms


def _kpis(
    archive: ArchiveFiles, editions: Sequence[Archived], weeks: Sequence[str], display: Display
) -> tuple[Sparkline, ...]:
    """The KPIs of the latest of one report's *editions* that has some, each over all *weeks*."""
    own = {one.period: one for one in editions}
    executed = (archive.read(one.files.get("executed.ipynb", "")) or b"" for one in own.values())
    labels = next((labels for notebook in executed if (labels := kpis_of(notebook))), {})
    return tuple(
        sparkline(
            label,
            weeks,
            [own[period].figures.get(metric) if period in own else None for period in weeks],
            display,
        )
        for metric, label in labels.items()
    )


def _weeks(periods: Collection[str], company: Company) -> list[str]:
    """
    The latest of *periods* and the weeks before it, a year at most, back to the first of *periods*.

    One in which nothing was built is among them: it is a gap, and shown as one.
    """
    week, weeks = max(periods, default=""), list[str]()
    while week and week >= min(periods) and len(weeks) < MOST_WEEKS:
        weeks.append(week)
        week = str(Period.parse(week, company.time_zone).shifted(-1))
    return weeks[::-1]


def _by_period(editions: Collection[str]) -> Mapping[str, Sequence[str]]:
    """The reports of *editions* by period, the latest first."""
    found: dict[str, list[str]] = {}
    for report, period in sorted(map(edition_parts, editions)):
        found.setdefault(period, []).append(report)
    return dict(sorted(found.items(), reverse=True))


def _draw(template: str, **facts: object) -> bytes:
    return _environment().get_template(template).render(**facts).encode()


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
