"""The 13-week cash forecast: what is already booked, owed, recurring or planned, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import accumulate, pairwise

import pandas as pd

from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.balances import cash_balances
from quarterdeck.metrics.crew import claim_amounts, known_claims
from quarterdeck.metrics.days import Days, end_day
from quarterdeck.metrics.exact import totals_by
from quarterdeck.metrics.expenses import account_names
from quarterdeck.metrics.figure import Result, metric
from quarterdeck.metrics.plan import months_in, planned_months, share_of_month
from quarterdeck.metrics.recurring import payment_days, recurring_expenses
from quarterdeck.metrics.state import end_of, is_booked, is_served, local_days, require_now
from quarterdeck.period import Period

WEEKS = 13
CREW_PAID_AFTER_DAYS = 7

Weekly = tuple[int, ...]
"""An amount in minor units for each of the 13 weeks."""


@dataclass(frozen=True)
class Outlook:
    """
    What the next 13 weeks bring and take, in minor units a week; all amounts are 0 or more but the opening.

    Args:
        first: The company's day in which t lies: week 1 is it and the six days after it.
        opening: Cash at t.
        balances: In: what is unpaid of booked events.
        receivables: In: what is unpaid of served events.
        crew: Out: claims.
        recurring: Out: recurring expenses.
        planned: Out: planned costs beyond the recurring ones.
    """

    first: date
    opening: int
    balances: Weekly
    receivables: Weekly
    crew: Weekly
    recurring: Weekly
    planned: Weekly

    @property
    def weeks(self) -> list[Days]:
        """The days of each week."""
        return weeks_from(self.first)

    @property
    def closings(self) -> Weekly:
        """Cash at the end of each week."""
        lines = zip(self.balances, self.receivables, self.crew, self.recurring, self.planned, strict=True)
        changes = [
            balances + receivables - crew - recurring - planned
            for balances, receivables, crew, recurring, planned in lines
        ]
        return tuple(accumulate(changes, initial=self.opening))[1:]

    def lowest(self) -> tuple[int, int]:
        """The lowest week's end, and the number of that week (1 to 13, the first of equals)."""
        amount = min(self.closings)
        return amount, self.closings.index(amount) + 1

    def first_below(self, minimum_minor: int) -> int | None:
        """The number of the first week that ends under *minimum_minor*; None where none does."""
        return next((week for week, closing in enumerate(self.closings, start=1) if closing < minimum_minor), None)

    def with_balances_at(self, percent: int) -> Outlook:
        """The same with *percent* of each week's balances of booked events, rounded half-even."""
        return replace(self, balances=tuple(round(Fraction(amount * percent, 100)) for amount in self.balances))

    def with_receipts_later(self, weeks: int) -> Outlook:
        """The same with every receipt, balances and receivables, *weeks* later; the last ones leave the 13 weeks."""
        late = (0,) * weeks
        return replace(
            self,
            balances=(late + self.balances)[:WEEKS],
            receivables=(late + self.receivables)[:WEEKS],
        )


@metric(unit="minor", label="Lowest cash", better="more", now=True)
def lowest_cash(inventory: AssetInventory, period: Period) -> Result:
    """
    The lowest week's end of the 13-week cash forecast.

    Formula:
        Minimum over 13 weeks from t of cash + receipts − payments so far, by the lines of `outlook`.
        Nothing is counted for bookings not yet made.

    Source:
        events, claims, expenses, accounts, plan, balances
    """
    return outlook(inventory, period).lowest()[0]


@metric(unit="weeks", label="Runway", better="more", now=True, null_means="beyond 13 weeks")
def runway_weeks(inventory: AssetInventory, period: Period) -> Result:
    """
    The first week of the cash forecast that ends under the company's minimum.

    Formula:
        Number of the first of the 13 weeks from t whose end is under `minimum_cash`; none: beyond 13 weeks.

    Source:
        events, claims, expenses, accounts, plan, balances
    """
    return outlook(inventory, period).first_below(inventory.company.minimum_cash_minor)


def outlook(inventory: AssetInventory, period: Period) -> Outlook:
    """
    The cash forecast's lines, from what is known at t.

    Weeks are 7 of the company's days each, the first begins with the day in which t lies. What is overdue
    falls in week 1; what is due after week 13 is left out.

    - Balances: price − paid, where both are known and it is over 0, of events booked at t and not served,
      `balance_due_days` before the day they start. An event that is over but not closed is overdue.
    - Receivables: the same of events served at t, `collection_days` after the day they end.
    - Crew: claims `completed` and `confirmed` on events booked at t (served ones are), a week after the
      day the event ends. `paid` claims are paid.
    - Recurring: `recurring_expenses`, by `payment_days`. One whose day in t's month has passed unpaid is overdue.
    - Planned: for each account of kind `cogs` or `opex` and each month max(0, plan − what recurs on it in a
      month), spread over the days of the month; the days from t count.

    Raises:
        NotAvailable: One of the tables is absent, or the plan does not cover the 13 weeks.
    """
    return inventory.known(("outlook", period), lambda: _outlook(inventory, period))


def _outlook(inventory: AssetInventory, period: Period) -> Outlook:
    first, t = end_day(inventory, period), inventory.moment(period)
    opening = sum(balance for balance in cash_balances(inventory, first).values() if balance is not None)
    return Outlook(
        first,
        opening,
        balances=by_week(balances_due(inventory, t), first),
        receivables=by_week(receivables_due(inventory, t), first),
        crew=by_week(crew_due(inventory, t), first),
        recurring=by_week(recurring_due(inventory, period), first),
        planned=planned_by_week(inventory, period),
    )


def weeks_from(first: date) -> list[Days]:
    """The 13 weeks of the forecast, 7 days each, the first from *first*."""
    starts = [first + timedelta(weeks=week) for week in range(WEEKS + 1)]
    return [Days(start, end) for start, end in pairwise(starts)]


def by_week(due: pd.DataFrame, first: date) -> Weekly:
    """The sums of `amount_minor` by the week from *first* in which `due_on` lies, overdue ones in the first."""
    weeks = ((due["due_on"] - pd.Timestamp(first)).dt.days // 7).clip(lower=0)
    sums: list[int] = [0] * WEEKS
    for week, amount in zip(weeks, due["amount_minor"], strict=True):
        if week < WEEKS:
            sums[week] += int(amount)
    return tuple(sums)


def balances_due(inventory: AssetInventory, t: datetime) -> pd.DataFrame:
    """What is unpaid of each event booked at *t* and not served: `due_on`, `amount_minor`."""
    events = inventory.table("events", "paid_minor")
    ahead = events[is_booked(events, t) & ~is_served(events, t)]
    days = local_days(ahead["starts_at"], inventory.company.time_zone)
    return _unpaid(ahead, days - timedelta(days=inventory.company.policies.balance_due_days))


def receivables_due(inventory: AssetInventory, t: datetime) -> pd.DataFrame:
    """What is unpaid of each event served at *t*: `due_on`, `amount_minor`."""
    events = inventory.table("events", "paid_minor")
    served = events[is_served(events, t)]
    days = local_days(end_of(served), inventory.company.time_zone)
    return _unpaid(served, days + timedelta(days=inventory.company.policies.collection_days))


def crew_due(inventory: AssetInventory, t: datetime) -> pd.DataFrame:
    """What each claim done or confirmed on an event booked at *t* costs: `status`, `due_on`, `amount_minor`."""
    events = inventory.table("events")
    booked = events[is_booked(events, t)]
    ended = booked.assign(due_on=local_days(end_of(booked), inventory.company.time_zone))[["event_id", "due_on"]]
    claims = known_claims(inventory, t, "completed", "confirmed").merge(ended, on="event_id")
    return pd.DataFrame(
        {
            "status": claims["status"],
            "due_on": claims["due_on"] + timedelta(days=CREW_PAID_AFTER_DAYS),
            "amount_minor": claim_amounts(claims),
        }
    )


def recurring_due(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """Each payment of a recurring expense in the 13 weeks: `vendor`, `account`, `due_on`, `amount_minor`."""
    horizon = _horizon(inventory, period)
    rows = [
        (vendor, account, day, amount)
        for vendor, account, amount, _, last in recurring_expenses(inventory, period).itertuples(index=False)
        for day in payment_days(last.date(), horizon)
    ]
    frame = pd.DataFrame(rows, columns=["vendor", "account", "due_on", "amount_minor"])
    return frame.astype({"vendor": "str", "account": "str", "due_on": "datetime64[s]", "amount_minor": "Int64"})


def planned_by_week(inventory: AssetInventory, period: Period) -> Weekly:
    """The planned direct and operating costs of each week beyond what recurs."""
    horizon = _horizon(inventory, period)
    recurring = recurring_expenses(inventory, period)
    monthly = totals_by(recurring["account"], recurring["monthly_minor"])
    plan = planned_months(inventory, horizon, "cogs", "opex")
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for month, account, amount in zip(plan["month"], plan["account"], plan["amount_minor"].tolist(), strict=True):
        sums[month, account] += amount
    rest: dict[str, list[int]] = defaultdict(list)
    for (month, account), amount in sums.items():
        rest[month].append(max(0, amount - monthly.get(account, 0)))
    return tuple(
        sum(share_of_month(amount, part) for month, part in months_in(week) for amount in rest[month])
        for week in weeks_from(horizon.first)
    )


def cash_forecast(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The forecast as a table, one row a week.

    Returns:
        13 rows: `week` (1 to 13), `starts_on`, `ends_on` (its last day), `opening_minor`, `balances_minor`,
        `receivables_minor` (in), `crew_minor`, `recurring_minor`, `planned_minor` (out, positive),
        `closing_minor` (Int64: opening + in − out). The least `closing_minor` is `lowest_cash`.

    Raises:
        NotAvailable: As `outlook`, or *period* is before the snapshot's last week.
    """
    require_now(inventory, period)
    expected = outlook(inventory, period)
    frame = pd.DataFrame(
        {
            "week": range(1, WEEKS + 1),
            "starts_on": [week.first for week in expected.weeks],
            "ends_on": [week.end - timedelta(days=1) for week in expected.weeks],
            "opening_minor": (expected.opening, *expected.closings[:-1]),
            "balances_minor": expected.balances,
            "receivables_minor": expected.receivables,
            "crew_minor": expected.crew,
            "recurring_minor": expected.recurring,
            "planned_minor": expected.planned,
            "closing_minor": expected.closings,
        }
    )
    days = {"starts_on": "datetime64[s]", "ends_on": "datetime64[s]"}
    return frame.astype(days | dict.fromkeys(frame.filter(like="_minor").columns, "Int64"))


def cash_sensitivity(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What the forecast becomes when bookings pay more or less, or customers pay later.

    Returns:
        4 rows: `case` (`As expected`, `Bookings 10% higher`, `Bookings 10% lower`, `Receipts 14 days
        later`), `lowest_minor` (Int64), `lowest_week` (1 to 13), `lowest_starts_on`, `runway_weeks`
        (Int64, missing: beyond 13 weeks), `closing_minor` (Int64, after 13 weeks). Bookings are the
        balances of booked events. Receipts in week 1 come in week 3, overdue ones too.

    Raises:
        NotAvailable: As `cash_forecast`.
    """
    require_now(inventory, period)
    expected = outlook(inventory, period)
    cases = {
        "As expected": expected,
        "Bookings 10% higher": expected.with_balances_at(110),
        "Bookings 10% lower": expected.with_balances_at(90),
        "Receipts 14 days later": expected.with_receipts_later(2),
    }
    minimum = inventory.company.minimum_cash_minor
    rows = [
        (name, *case.lowest(), case.weeks[case.lowest()[1] - 1].first, case.first_below(minimum), case.closings[-1])
        for name, case in cases.items()
    ]
    columns = ["case", "lowest_minor", "lowest_week", "lowest_starts_on", "runway_weeks", "closing_minor"]
    types = {
        "lowest_minor": "Int64",
        "lowest_starts_on": "datetime64[s]",
        "runway_weeks": "Int64",
        "closing_minor": "Int64",
    }
    return pd.DataFrame(rows, columns=columns).astype(types)


def commitments(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What the company is bound to pay in the 13 weeks of the forecast: crews, and each recurring vendor.

    Returns:
        Largest first: `commitment` (`Crew, work done` for claims completed and unpaid, `Crew, confirmed`,
        or the vendor), `account` (its name, missing for crews and where none is known), `payments` (int),
        `next_on` (datetime64, before t where it is overdue), `amount_minor` (Int64, over 0). They sum to `crew_minor`
        and `recurring_minor` of `cash_forecast`.

    Raises:
        NotAvailable: There are no events, claims, expenses or accounts, or *period* is before the
            snapshot's last week.
    """
    require_now(inventory, period)
    crew, recurring = crew_due(inventory, inventory.moment(period)), recurring_due(inventory, period)
    names = account_names(inventory)
    rows = pd.concat(
        [
            crew.assign(
                commitment=crew["status"].map({"completed": "Crew, work done", "confirmed": "Crew, confirmed"})
            ),
            recurring.assign(commitment=recurring["vendor"], account=recurring["account"].map(names)),
        ]
    ).reindex(columns=["commitment", "account", "due_on", "amount_minor"])
    rows = rows[rows["due_on"] < pd.Timestamp(_horizon(inventory, period).end)]
    listed = rows.groupby("commitment", as_index=False).agg(
        account=("account", "first"),
        payments=("due_on", "size"),
        next_on=("due_on", "min"),
        amount_minor=("amount_minor", "sum"),
    )
    return listed.sort_values(["amount_minor", "commitment"], ascending=[False, True], ignore_index=True)


def _horizon(inventory: AssetInventory, period: Period) -> Days:
    first = end_day(inventory, period)
    return Days(first, first + timedelta(weeks=WEEKS))


def _unpaid(events: pd.DataFrame, due_on: pd.Series[pd.Timestamp]) -> pd.DataFrame:
    """What is unpaid of each event where price and payment are known: `due_on`, `amount_minor`, over 0."""
    unpaid = events["price_minor"] - events["paid_minor"]
    rows = pd.DataFrame({"due_on": due_on, "amount_minor": unpaid})
    return rows[(unpaid > 0).fillna(value=False)]
