"""Which edition is rendered, and for whom its numbers and dates are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from quarterdeck.config import Params
from quarterdeck.display import Display
from quarterdeck.inventory import AssetInventory
from quarterdeck.period import Period


@dataclass(frozen=True)
class EditionIdentity:
    """
    What the pipeline knows of an edition, and its notebook does not say.

    Args:
        edition: `cfo/2026-W48`.
        title: The role as readers know it: `CFO`.
        company: The company's name.
        period: The week that is reported.
        display: The company's way of printing numbers and dates.
        snapshot: Id of the frozen inputs.
        as_of: Instant (tz-aware) that the snapshot describes.
        sample: Whether the company is invented; readers are told.
        owner: Address of who answers for the report: the mail's Reply-To.
        has_previous: Whether the week before has an edition that the page can lead to.
        attach: The forms of the page that go with the mail: `page`, `pdf`.
    """

    edition: str
    title: str
    company: str
    period: Period
    display: Display
    snapshot: str
    as_of: datetime
    sample: bool
    owner: str
    has_previous: bool = False
    attach: Sequence[str] = ()

    @property
    def report(self) -> str:
        """The edition's report, with its variant where it has one: `cfo`, `cfo@jada`."""
        return self.edition.partition("/")[0]

    @property
    def week(self) -> str:
        """`Week 48, 2026`"""
        return f"Week {self.period.week}, {self.period.year}"

    @property
    def dates(self) -> str:
        """
        `16 to 22 November`; with years in a week that does not lie in its ISO year alone.

        A week that was not over when the data was taken says so wherever its dates stand.
        """
        first, last = self.period.first_day, self.period.last_day
        shown = self.display.days(first, last)
        plain = first.year == last.year == self.period.year
        dates = shown.removesuffix(f" {last.year}") if plain else shown
        if self.period.is_over_at(self.as_of):
            return dates
        return f"{dates}, not over: as of {self.display.day(self.display.local_day(self.as_of), weekday=True)}"

    @property
    def subject_start(self) -> str:
        """`CFO · week 48`: the period stands in the subject, so that weeks do not thread into one."""
        return f"{self.title} · week {self.period.week}"


def identity_of(params: Params, inventory: AssetInventory, period: Period, *, has_previous: bool) -> EditionIdentity:
    """Which edition the report with *params* is for *period* over *inventory*."""
    settings = inventory.company
    return EditionIdentity(
        edition=f"{params.report}/{period}",
        title=params.title,
        company=settings.name,
        period=period,
        display=Display(settings.locale, settings.currency, settings.time_zone),
        snapshot=inventory.snapshot,
        as_of=inventory.as_of,
        sample=settings.sample,
        owner=params.owner,
        has_previous=has_previous,
        attach=params.attach,
    )
