"""What keeps profit away: each blocker with the money at stake, and with what shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pandas as pd

from quarterdeck.display import Display
from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.channels import WAVE_WEEKS, cancellation_waves, losing_channels
from quarterdeck.metrics.crew import unfilled_by_event
from quarterdeck.metrics.days import year_to_date
from quarterdeck.metrics.exact import total
from quarterdeck.metrics.expenses import UNALLOCATED
from quarterdeck.metrics.facts import OLD_DAYS, reach_facts
from quarterdeck.metrics.owed import open_receivables
from quarterdeck.metrics.revenue import unclosed_by_event
from quarterdeck.metrics.running_cost import IDLE_STATES, savings
from quarterdeck.metrics.state import local_days, require_now
from quarterdeck.metrics.statements import expenses_by_account, margin_by_business
from quarterdeck.metrics.tieouts import uncategorised_by_expense
from quarterdeck.period import Period

OVER_PLAN = 10  # percent of the plan: an account that is further over it is a blocker


class Blocker(NamedTuple):
    """One blocker: what it is, what shows it, and the money at stake in minor units."""

    blocker: str
    evidence: str
    amount_minor: int


Find = Callable[[AssetInventory, Period, Display], Iterator[Blocker]]


def blockers(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What keeps profit away, ranked by the money at stake.

    Businesses under their margin plan and accounts a tenth over their cost plan, both year to date; channels that
    cancel at least three bookings in 4 weeks, twice as many as in the 4 before; channels that cost more in 13 weeks
    than the bookings they brought are worth; bookings of 14 days without crew; what is owed for over 60 days; expenses
    without account; events over and not closed; what paused and retired projects cost a month. The amounts cover the
    time that their evidence names, and are not to be added.

    Returns:
        Most money first: `blocker`, `evidence`, `amount_minor` (Int64, over 0). What a source is missing for is not
        there. No rows where nothing blocks.

    Raises:
        NotAvailable: *period* is before the snapshot's last week, or no blocker could be looked for.
    """
    require_now(inventory, period)
    company = inventory.company
    display = Display(company.locale, company.currency, company.time_zone)
    found: list[Blocker] = []
    reasons: list[str] = []
    for find in _BLOCKERS:
        try:
            found += find(inventory, period, display)
        except NotAvailable as absent:
            reasons.append(str(absent))
    if len(reasons) == len(_BLOCKERS):
        raise NotAvailable(reasons[0])
    frame = pd.DataFrame([each for each in found if each.amount_minor > 0], columns=list(Blocker._fields))
    frame = frame.astype({"blocker": "str", "evidence": "str", "amount_minor": "Int64"})
    return frame.sort_values(["amount_minor", "blocker"], ascending=[False, True], ignore_index=True)


def _margins(inventory: AssetInventory, period: Period, display: Display) -> Iterator[Blocker]:
    rows = margin_by_business(inventory, period, year_to_date(inventory, period))
    for business, margin, plan in rows[["business", "margin_minor", "planned_minor"]].itertuples(index=False):
        if business != UNALLOCATED and not pd.isna(plan) and margin < plan:
            evidence = f"{display.money(margin)} of {display.money(plan)} planned, year to date"
            yield Blocker(f"Margin of {business} under plan", evidence, plan - margin)


def _accounts(inventory: AssetInventory, period: Period, display: Display) -> Iterator[Blocker]:
    rows = expenses_by_account(inventory, period).dropna(subset="planned_ytd_minor")
    for name, actual, plan in rows[["name", "ytd_minor", "planned_ytd_minor"]].itertuples(index=False):
        if plan > 0 and (actual - plan) * 100 >= plan * OVER_PLAN:
            evidence = f"{display.money(actual)} against {display.money(plan)} planned, year to date"
            yield Blocker(f"{name} over plan", evidence, actual - plan)


def _cancellations(inventory: AssetInventory, period: Period, _: Display) -> Iterator[Blocker]:
    waves = cancellation_waves(inventory, period)
    for channel, count, before, amount in waves.itertuples(index=False):
        evidence = f"{count} bookings in {WAVE_WEEKS} weeks, {before or 'none'} in the {WAVE_WEEKS} before"
        yield Blocker(f"Cancellations from {channel}", evidence, amount)


def _channels(inventory: AssetInventory, period: Period, display: Display) -> Iterator[Blocker]:
    rows = losing_channels(inventory, period)[["channel", "spent_minor", "booked_minor", "loss_minor"]]
    for channel, spent, booked, loss in rows.itertuples(index=False):
        weeks = reach_facts(inventory, period)["booked_weeks"]
        evidence = f"{display.money(spent)} spent, {display.money(booked)} booked, {weeks}"
        yield Blocker(f"More spent on {channel} than booked", evidence, loss)


def _crewless(inventory: AssetInventory, period: Period, display: Display) -> Iterator[Blocker]:
    rows = unfilled_by_event(inventory, period)
    if len(rows):
        first = local_days(rows["starts_at"], inventory.company.time_zone).min().date()
        evidence = f"{_counted(rows, 'booking')} of the next 14 days, the first on {display.day_in_prose(first)}"
        yield Blocker("Bookings without crew", evidence, total(rows["price_minor"]))


def _owed(inventory: AssetInventory, period: Period, display: Display) -> Iterator[Blocker]:
    owed = open_receivables(inventory, period)
    old = owed[owed["days"] > OLD_DAYS]
    if len(old):
        largest = old.groupby("customer_id")["open_minor"].sum().max()
        one = "" if pd.isna(largest) else f", {display.money(int(largest))} by one customer"
        yield Blocker(
            f"Money owed for over {OLD_DAYS} days", f"{_counted(old, 'event')}{one}", total(old["open_minor"])
        )


def _uncategorised(inventory: AssetInventory, period: Period, _: Display) -> Iterator[Blocker]:
    rows = uncategorised_by_expense(inventory, period)
    if len(rows):
        evidence = f"{_counted(rows, 'expense')}, {int(rows['in_period'].sum())} of them of this week"
        yield Blocker("Expenses without account", evidence, total(rows["amount_minor"]))


def _unclosed(inventory: AssetInventory, period: Period, _: Display) -> Iterator[Blocker]:
    rows = unclosed_by_event(inventory, period)
    if len(rows):
        evidence = f"{_counted(rows, 'event')}; not in revenue yet"
        yield Blocker("Events over, not closed", evidence, total(rows["price_minor"]))


def _idle(inventory: AssetInventory, period: Period, _: Display) -> Iterator[Blocker]:
    rows = savings(inventory, period)
    idle = rows[rows["why"].isin([f"the project is {state}" for state in IDLE_STATES])]
    if len(idle):
        evidence = f"{' and '.join(dict.fromkeys(idle['project']))}, every month"
        yield Blocker("Idle projects are paid for", evidence, total(idle["monthly_minor"]))


def _counted(rows: pd.DataFrame, one: str) -> str:
    return f"{len(rows)} {one}{'' if len(rows) == 1 else 's'}"


_BLOCKERS: tuple[Find, ...] = (
    _margins,
    _accounts,
    _cancellations,
    _channels,
    _crewless,
    _owed,
    _uncategorised,
    _unclosed,
    _idle,
)
