"""What the company holds, in one small table: businesses, assets, projects, domains and functions with their state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd

from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.config_risk import configuration_by_function
from quarterdeck.metrics.course import revenue_to_plan_by_business
from quarterdeck.metrics.domains import posture_by_zone
from quarterdeck.metrics.handoffs import maturity_by_project
from quarterdeck.metrics.state import require_now, served_between, starting_within
from quarterdeck.period import Period

HOLDING_WEEKS = 52  # what served nothing in a year is no business or asset of today
BOOKED_DAYS = 28
_STATES = ("live", "degraded", "building", "paused", "retired", "unknown")


class Holding(NamedTuple):
    """One kind of thing: how many, in which states, and which of them to watch."""

    holding: str
    number: int | None
    state: str
    watch: str | None


def holdings(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What the company holds and how it is.

    Returns:
        Five rows, always the same ones in the same order: `holding` (`Businesses`, `Assets`, `Projects`, `Domains`,
        `Functions`), `number` (Int64), `state` (such as `5 live, 2 degraded`), `watch` (the names of those that need
        an eye: under plan to date, without a booking in the next 4 weeks, degraded or not touched for 60 days,
        failing a check, with a secret as default). `number` and `watch` are missing where the source is absent, and
        `state` then says why; `watch` also where nothing needs an eye.

    Raises:
        NotAvailable: *period* is before the snapshot's last week.
    """
    require_now(inventory, period)
    rows = []
    for name, find in _HOLDINGS.items():
        try:
            rows.append(find(inventory, period))
        except NotAvailable as absent:
            rows.append(Holding(name, None, f"not available: {absent}", None))
    frame = pd.DataFrame(rows, columns=list(Holding._fields))
    return frame.astype({"holding": "str", "number": "Int64", "state": "str", "watch": "str"})


def _businesses(inventory: AssetInventory, period: Period) -> Holding:
    names = _in_use(inventory, period, "business")
    try:
        plan = revenue_to_plan_by_business(inventory, period)
    except NotAvailable:
        return Holding("Businesses", len(names), "no plan to compare with", None)
    under = plan.loc[plan["business"].isin(names) & (plan["variance_minor"] < 0), "business"].tolist()
    state = _counts((len(names) - len(under), "on plan or over"), (len(under), "under")) + ", year to date"
    return Holding("Businesses", len(names), state, _names(under))


def _assets(inventory: AssetInventory, period: Period) -> Holding:
    inventory.require("events", "asset")
    names = _in_use(inventory, period, "asset")
    booked = set(starting_within(inventory, inventory.moment(period), BOOKED_DAYS)["asset"].dropna())
    idle = [name for name in names if name not in booked]
    state = _counts((len(names) - len(idle), f"booked in the next {BOOKED_DAYS // 7} weeks"), (len(idle), "not"))
    return Holding("Assets", len(names), state, _names(idle))


def _projects(inventory: AssetInventory, period: Period) -> Holding:
    rows = maturity_by_project(inventory, period)
    states = Counter(rows["status"].tolist())
    said = _counts(*((states[state], state) for state in _STATES))
    degraded = rows.loc[rows["status"] == "degraded", "project"].tolist()
    stale = rows.loc[rows["is_stale"] & ~rows["project"].isin(degraded), "project"].tolist()
    return Holding("Projects", len(rows), said, _names([*degraded, *(f"{name} (stale handoff)" for name in stale)]))


def _domains(inventory: AssetInventory, period: Period) -> Holding:
    rows = posture_by_zone(inventory, period)
    failing = rows[rows["failures"] > 0]
    unknown = int((~rows["is_known"] & (rows["failures"] == 0)).sum())
    in_order = len(rows) - len(failing) - unknown
    state = _counts((in_order, "in order"), (len(failing), "at risk"), (unknown, "not known"))
    watch = [f"{domain} ({fails})" for domain, fails in zip(failing["domain"], failing["fails"], strict=True)]
    return Holding("Domains", len(rows), state, _names(watch, 2))


def _functions(inventory: AssetInventory, period: Period) -> Holding:
    rows = configuration_by_function(inventory, period)
    leaking = rows.loc[rows["leaks"] > 0, "name"].tolist()
    state = f"{len(leaking) or 'none'} with a secret in the source"
    return Holding("Functions", len(rows), state, _names(leaking))


def _in_use(inventory: AssetInventory, period: Period, column: str) -> list[str]:
    """The names that served something in the last 52 weeks, or are booked."""
    t = inventory.moment(period)
    served = served_between(inventory, period.window_start(HOLDING_WEEKS), t)
    booked = starting_within(inventory, t, HOLDING_WEEKS * 7)
    names: list[str] = pd.concat([served[column], booked[column]]).dropna().unique().tolist()
    return sorted(names)


def _counts(*counts: tuple[int, str]) -> str:
    """`5 live, 2 degraded`: what there is none of is left out."""
    return ", ".join(f"{number} {state}" for number, state in counts if number) or "none"


def _names(names: Sequence[str], shown: int = 3) -> str | None:
    rest = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + rest if names else None


_HOLDINGS: dict[str, Callable[[AssetInventory, Period], Holding]] = {
    "Businesses": _businesses,
    "Assets": _assets,
    "Projects": _projects,
    "Domains": _domains,
    "Functions": _functions,
}
