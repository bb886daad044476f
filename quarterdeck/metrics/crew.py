"""What crews cost, which places have none, and how full the events are."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.days import end_day
from quarterdeck.metrics.exact import ratio, total, totals_by
from quarterdeck.metrics.figure import Result, Split, metric
from quarterdeck.metrics.state import local_days, require_now, served_between, starting_within
from quarterdeck.period import Period

ACCRUED = ("completed", "paid", "confirmed")
"""A claim in one of these states is owed for once its event is served."""

UNFILLED_DAYS = 14
UNSOLD_DAYS = 28
SEASON_WEEKS = 52

SEASONS = ("Dec–Feb", "Mar–May", "Jun–Aug", "Sep–Nov")
_SEASON_OF_MONTH = {month: SEASONS[month % 12 // 3] for month in range(1, 13)}


def claim_amounts(claims: pd.DataFrame) -> pd.Series[int]:
    """
    What each claim costs: hours × rate in minor units, `Int64`, rounded half-even once a claim.

    Args:
        claims: Rows of the table `claims`, with `hours` (Arrow decimal) and `rate_minor`.
    """
    hours = pa.array(claims["hours"], type=pa.decimal128(18, 6))
    rates = pa.array(claims["rate_minor"], type=pa.int64()).cast(pa.decimal128(19, 0))
    amounts = pc.round(pc.multiply(hours, rates), ndigits=0, round_mode="half_to_even").cast(pa.int64())
    return pd.Series(amounts.to_pylist(), index=claims.index, dtype="Int64")


def known_claims(inventory: AssetInventory, t: datetime, *states: str) -> pd.DataFrame:
    """
    The claims in one of *states*, as of the snapshot, that were not made at *t* or later.

    Raises:
        NotAvailable: There are no claims.
    """
    claims = inventory.table("claims")
    known = claims["status"].isin(states)
    if "claimed_at" in claims:
        known &= ~(claims["claimed_at"] >= t)
    return claims[known]


def labour_between(inventory: AssetInventory, start: datetime, end: datetime, t: datetime) -> pd.DataFrame:
    """
    What is owed for crew on the events served with their end in [*start*, *end*).

    Args:
        inventory: With `claims` and `events`.
        start: With a zone; inside the window.
        end: With a zone; outside the window.
        t: A claim whose `claimed_at` is not before it is left out.

    Returns:
        One row a claim that is `completed`, `paid` or `confirmed`: `claim_id`, `event_id`, `business`,
        `role`, `status`, `amount_minor` (Int64). No rows when nothing was served.

    Raises:
        NotAvailable: There are no claims, or no events.
    """
    claims = known_claims(inventory, t, *ACCRUED)
    served = served_between(inventory, start, end)[["event_id", "business"]]
    owed = claims.merge(served, on="event_id")
    owed["amount_minor"] = claim_amounts(owed)
    return owed[["claim_id", "event_id", "business", "role", "status", "amount_minor"]]


@metric(unit="minor", label="Labour", better="neither")
def labour_cost(inventory: AssetInventory, period: Period) -> Result:
    """
    What crews are owed for the events of the week, by business.

    Formula:
        Σ hours × rate, rounded half-even per claim, over claims completed, paid or confirmed on events
        served with their end in P. The parts sum to it; a business without claims has none.

    Source:
        claims, events
    """
    t = inventory.moment(period)
    owed = labour_between(inventory, period.start, t, t)
    return Split(total(owed["amount_minor"]), totals_by(owed["business"], owed["amount_minor"]))


@metric(unit="count", label="Uncrewed places", better="less", now=True)
def unfilled_places(inventory: AssetInventory, period: Period) -> Result:
    """
    Places without crew on booked events of the next 14 days.

    Formula:
        Count of claims open on events booked at t that start in [t, t + 14 d).

    Source:
        claims, events
    """
    return len(_open_places(inventory, period))


@metric(unit="minor", label="Uncrewed revenue", better="less", now=True)
def unfilled_revenue(inventory: AssetInventory, period: Period) -> Result:
    """
    The price of the booked events of the next 14 days that lack crew.

    Formula:
        Σ price of the distinct events with an open claim, booked at t, that start in [t, t + 14 d).
        A missing price is skipped.

    Source:
        claims, events
    """
    return total(_open_places(inventory, period).drop_duplicates("event_id")["price_minor"])


def unfilled_by_event(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The booked events of the next 14 days that lack crew, the first to start first.

    Returns:
        `event_id`, `business`, `asset` (missing where the source has none), `starts_at`, `roles`
        (such as `captain, deckhand × 2`), `places` (int), `price_minor` (Int64, may be missing).
        `places` sum to `unfilled_places`, `price_minor` to `unfilled_revenue`.

    Raises:
        NotAvailable: There are no claims or no events, or *period* is before the snapshot's last week.
    """
    require_now(inventory, period)
    open_places = _open_places(inventory, period)
    events = open_places.drop_duplicates("event_id").set_index("event_id")
    roles = open_places.groupby("event_id")["role"]
    events["roles"] = roles.agg(_listed).astype("str")
    events["places"] = roles.size()
    columns = ["event_id", "business", "asset", "starts_at", "roles", "places", "price_minor"]
    return events.reset_index().reindex(columns=columns).sort_values(["starts_at", "event_id"], ignore_index=True)


@metric(unit="ratio", label="Utilisation", better="more")
def utilisation(inventory: AssetInventory, period: Period) -> Result:
    """
    How full the events of the week were.

    Formula:
        Σ guests ÷ Σ capacity of events served with their end in P, where both are known.

    Source:
        events
    """
    inventory.require("events", "guests", "capacity")
    served = _with_both(served_between(inventory, period.start, inventory.moment(period)))
    return ratio(total(served["guests"]), total(served["capacity"]))


@metric(unit="count", label="Unsold places", better="less")
def unsold_places(inventory: AssetInventory, period: Period) -> Result:
    """
    Places still free on booked events of the next 28 days, by business.

    Formula:
        Σ (capacity − guests) of events booked at t that start in [t, t + 28 d), where both are known.
        The parts sum to it; an overbooked event counts against it.

    Source:
        events
    """
    unsold = _unsold(inventory, period)
    return Split(total(unsold["unsold"]), totals_by(unsold["business"], unsold["unsold"]))


def unsold_by_event(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The booked events of the next 28 days of which guests and capacity are known, the first to start first.

    Returns:
        `event_id`, `business`, `asset` (missing where the source has none), `starts_at`, `guests`,
        `capacity`, `unsold` (Int64; negative where an event is overbooked). `unsold` sums to `unsold_places`.

    Raises:
        NotAvailable: There are no events, or they do not have guests and capacity.
    """
    columns = ["event_id", "business", "asset", "starts_at", "guests", "capacity", "unsold"]
    unsold = _unsold(inventory, period).reindex(columns=columns)
    return unsold.sort_values(["starts_at", "event_id"], ignore_index=True)


def _open_places(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """One row an open claim, with its role and what its event says."""
    t = inventory.moment(period)
    claims = known_claims(inventory, t, "open")[["claim_id", "event_id", "role"]]
    return claims.merge(starting_within(inventory, t, UNFILLED_DAYS), on="event_id")


def served_by_season_weekday(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    When customers come: the events served in the 52 weeks that end with *period*, by season and weekday of their start.

    Returns:
        28 rows, one for each season (`Dec–Feb`, `Mar–May`, `Jun–Aug`, `Sep–Nov`: months, for seasons turn with the
        hemisphere) and `weekday` (0 is Monday): `events` (Int64), `guests` and `capacity` (Int64, of the events of
        which both are known), `utilisation` (Float64; missing where no capacity is known), `per_day` (Float64:
        events ÷ the days of that season and weekday that the source covers; missing where it covers none).

    Raises:
        NotAvailable: There are no events that early.
    """
    served = served_between(inventory, period.window_start(SEASON_WEEKS), inventory.moment(period))
    served = served.reindex(columns=["starts_at", "guests", "capacity"]).astype(
        {"guests": "Int64", "capacity": "Int64"}
    )
    keys = _season_and_weekday(local_days(served["starts_at"], inventory.company.time_zone))
    both = served[["guests", "capacity"]].where(served["guests"].notna() & served["capacity"].notna())
    cells = both.groupby(keys).sum()
    cells.insert(0, "events", served.groupby(keys).size())
    grid = pd.MultiIndex.from_product([SEASONS, range(7)], names=["season", "weekday"])
    cells = cells.reindex(grid, fill_value=0).astype("Int64")
    cells["utilisation"] = cells["guests"] / cells["capacity"].where(cells["capacity"] > 0)
    covered = _days_covered(inventory, period).reindex(grid, fill_value=0).astype("Int64")
    cells["per_day"] = cells["events"] / covered.where(covered > 0)
    return cells.reset_index()


def _days_covered(inventory: AssetInventory, period: Period) -> pd.Series[int]:
    """How many days of each season and weekday lie in the 52 weeks that end with *period* and the source's time."""
    zone = inventory.company.time_zone
    first = local_days(inventory.table("events")["starts_at"], zone).min()
    start = max(first, pd.Timestamp(period.shifted(1 - SEASON_WEEKS).first_day))
    days = pd.date_range(start, pd.Timestamp(end_day(inventory, period)), inclusive="left").to_series()
    return days.groupby(_season_and_weekday(days)).size()


def _season_and_weekday(days: pd.Series[pd.Timestamp]) -> list[pd.Series[Any]]:
    return [days.dt.month.map(_SEASON_OF_MONTH).rename("season"), days.dt.day_of_week.rename("weekday")]


def _unsold(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    inventory.require("events", "guests", "capacity")
    events = _with_both(starting_within(inventory, inventory.moment(period), UNSOLD_DAYS))
    return events.assign(unsold=events["capacity"] - events["guests"])


def _with_both(events: pd.DataFrame) -> pd.DataFrame:
    return events[events["guests"].notna() & events["capacity"].notna()]


def _listed(roles: pd.Series[str]) -> str:
    counts = sorted(Counter(roles).items())
    return ", ".join(role if count == 1 else f"{role} × {count}" for role, count in counts)
