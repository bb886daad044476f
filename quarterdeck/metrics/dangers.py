"""
What is most dangerous: everything that can break, leak or cost too much, the worst first.

The order is fixed, so that two weeks can be compared. What is certain and dated stands before what is possible, what
strikes a whole business before what strikes one part, and what can be used today before what needs a second mistake:

| | danger | can | why it stands there |
|---|---|---|---|
| 1 | registrations that expired, or do within 60 days and do not renew by themselves | break | the day is known, and a business loses its site and its mail |
| 2 | open gaps that their project calls critical | break or leak | whoever knows it best says that work stops |
| 3 | defaults that look like secrets | leak | whoever reads the source holds the key, today |
| 4 | administrators without a second factor | leak | one stolen password opens everything |
| 5 | domains without working SPF or DMARC | leak | anybody can write to customers in their name, and ask for passwords |
| 6 | open gaps of high severity | break or leak | their project says so |
| 7 | administrators idle for over 90 days | leak | nobody would notice that they are used |
| 8 | secrets that several functions read | leak | who breaks into one has the others |
| 9 | registrations that do not renew by themselves, and expire later | break | there is time |
| 10 | monthly costs of paused and retired projects | cost | money for nothing, every month |
| 11 | handoffs not touched for over 60 days | break | nobody knows how it works by now |
| 12 | variables without default | break | a function stops where one is not set, and says so at once |
| 13 | domains without CAA, or without null MX where they take no mail | leak | needs another's mistake as well |
"""  # noqa: E501 - a row of a table is one line

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pandas as pd

from quarterdeck.display import Display
from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.access import IDLE_DAYS, admin_access
from quarterdeck.metrics.config_risk import configuration_by_function, risky_variables, shared_secrets
from quarterdeck.metrics.days import end_day
from quarterdeck.metrics.domains import EXPIRY_DAYS, posture_by_zone
from quarterdeck.metrics.exact import total
from quarterdeck.metrics.handoffs import STALE_DAYS, maturity_by_project, open_gaps
from quarterdeck.metrics.running_cost import idle_costs
from quarterdeck.metrics.state import require_now
from quarterdeck.metrics.tasks.task import counted, listed
from quarterdeck.period import Period


class Danger(NamedTuple):
    """One danger: a sentence without its full stop, what it can do (`break`, `leak`, `cost`), and what shows it."""

    danger: str
    can: str
    evidence: str


Find = Callable[[AssetInventory, Period], Iterator[Danger]]


def dangers(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What can break, leak or cost too much, the most dangerous first; the order is that of the table above.

    Returns:
        `danger` (a sentence with its number, without full stop), `can` (`break`, `leak` or `cost`), `evidence`. What
        a source is missing for is not there. No rows where there is no danger.

    Raises:
        NotAvailable: *period* is before the snapshot's last week, or there is no source at all.
    """
    require_now(inventory, period)
    found: list[Danger] = []
    reasons: list[str] = []
    for find in _DANGERS:
        try:
            found += find(inventory, period)
        except NotAvailable as absent:
            reasons.append(str(absent))
    if len(reasons) == len(_DANGERS):
        raise NotAvailable(reasons[0])
    return pd.DataFrame(found, columns=list(Danger._fields)).astype("str")


def _lapses(inventory: AssetInventory, period: Period) -> Iterator[Danger]:
    rows = _lapsing(inventory, period).sort_values(["left", "domain"])
    if rows.empty:
        return
    first, left = rows["domain"].iloc[0], int(rows["left"].iloc[0])
    when = f"expired {counted(-left, 'day', 'days')} ago" if left < 0 else f"expires {_in_days(left)}"
    said = f"{first} {when} and does not renew by itself"
    if len(rows) > 1:
        said = f"{len(rows)} domains lapse without renewal: {first} {when}"
    yield Danger(said, "break", f"registrations: {listed(rows['domain'].tolist())}")


def _critical_gaps(inventory: AssetInventory, period: Period) -> Iterator[Danger]:
    yield from _gaps(inventory, period, "critical", "critical gap", "critical gaps")


def _high_gaps(inventory: AssetInventory, period: Period) -> Iterator[Danger]:
    yield from _gaps(inventory, period, "high", "gap of high severity", "gaps of high severity")


def _secrets(inventory: AssetInventory, period: Period) -> Iterator[Danger]:
    rows = risky_variables(inventory, period)
    leaks = rows[rows["risk"] == "secret as default"]
    if len(leaks):
        functions = counted(
            leaks["function"].nunique(), "function keeps a secret in its", "functions keep secrets in their"
        )
        yield Danger(f"{functions} source", "leak", _places(leaks))


def _without_factor(inventory: AssetInventory, period: Period) -> Iterator[Danger]:
    said = "administrator has no second factor", "administrators have no second factor"
    yield from _admins(inventory, period, "lacks_mfa", said)


def _idle_admins(inventory: AssetInventory, period: Period) -> Iterator[Danger]:
    said = tuple(
        f"{who} not been seen for over {IDLE_DAYS} days" for who in ("administrator has", "administrators have")
    )
    yield from _admins(inventory, period, "is_idle", said)


def _forgeable(inventory: AssetInventory, period: Period) -> Iterator[Danger]:
    said = "domain lets anybody write mail in its name", "domains let anybody write mail in their name"
    yield from _zones(inventory, period, ("SPF", "DMARC"), said)


def _loose_zones(inventory: AssetInventory, period: Period) -> Iterator[Danger]:
    said = "domain lacks CAA or null MX", "domains lack CAA or null MX"
    yield from _zones(inventory, period, ("CAA", "null MX"), said)


def _shared_secrets(inventory: AssetInventory, period: Period) -> Iterator[Danger]:
    readers = shared_secrets(inventory, period)
    if readers:
        by = f"{max(readers.values())} functions" if len(readers) == 1 else "several functions each"
        yield Danger(
            f"{counted(len(readers), 'secret is', 'secrets are')} shared by {by}", "leak", listed(list(readers))
        )


def _unrenewed(inventory: AssetInventory, period: Period) -> Iterator[Danger]:
    rows = posture_by_zone(inventory, period).dropna(subset="auto_renew")
    soon = _lapsing(inventory, period)["domain"]
    later = rows.loc[~rows["auto_renew"].astype("bool") & ~rows["domain"].isin(soon), "domain"].tolist()
    if later:
        said = counted(len(later), "more domain does not renew by itself", "more domains do not renew by themselves")
        yield Danger(said if len(soon) else said.replace(" more", ""), "break", f"registrations: {listed(later)}")


def _idle_projects(inventory: AssetInventory, period: Period) -> Iterator[Danger]:
    rows = idle_costs(inventory, period)
    if len(rows):
        company = inventory.company
        money = Display(company.locale, company.currency, company.time_zone).money(total(rows["monthly_minor"]))
        projects = counted(rows["project"].nunique(), "project that is", "projects that are")
        yield Danger(f"{money} a month goes to {projects} paused or retired", "cost", _places(rows))


def _stale(inventory: AssetInventory, period: Period) -> Iterator[Danger]:
    rows = maturity_by_project(inventory, period)
    stale = rows[rows["is_stale"]].sort_values(["age_days", "project"], ascending=[False, True])
    if len(stale):
        said = counted(len(stale), "handoff has", "handoffs have")
        named = [f"{name}, {days} days" for name, days in zip(stale["project"], stale["age_days"], strict=True)]
        yield Danger(f"{said} not been touched for over {STALE_DAYS} days", "break", listed(named))


def _required(inventory: AssetInventory, period: Period) -> Iterator[Danger]:
    rows = configuration_by_function(inventory, period)
    needy = rows[rows["needs_value"] > 0].sort_values(["needs_value", "function"], ascending=[False, True])
    if len(needy):
        variables = counted(int(needy["needs_value"].sum()), "variable has", "variables have")
        functions = counted(len(needy), "function stops", "functions stop")
        said = f"{functions} where a variable is not set: {variables} no default"
        yield Danger(said, "break", listed(needy["function"].tolist()))


# In the order of the table above.
_DANGERS: tuple[Find, ...] = (
    _lapses,
    _critical_gaps,
    _secrets,
    _without_factor,
    _forgeable,
    _high_gaps,
    _idle_admins,
    _shared_secrets,
    _unrenewed,
    _idle_projects,
    _stale,
    _required,
    _loose_zones,
)


def _lapsing(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """The registrations that are over, or will be within 60 days unrenewed, with `left`: whole days to then."""
    rows = posture_by_zone(inventory, period).dropna(subset="expires_on")
    left = (rows["expires_on"] - pd.Timestamp(end_day(inventory, period))).dt.days
    is_kept = rows["auto_renew"].fillna(value=False).astype("bool") & (left >= 0)
    return rows.assign(left=left)[(left <= EXPIRY_DAYS) & ~is_kept]


def _gaps(inventory: AssetInventory, period: Period, severity: str, one: str, several: str) -> Iterator[Danger]:
    gaps = open_gaps(inventory, period)
    rows = gaps[gaps["severity"] == severity]
    if rows.empty:
        return
    secure, late = int((rows["area"] == "security").sum()), int(rows["is_overdue"].sum())
    oldest = rows["age_days"].max()
    days = None if pd.isna(oldest) else counted(int(oldest), "day", "days")
    if len(rows) == 1:
        told = [f"open for {days}" if days else "open", *["overdue"][:late]]
        said = f"{rows['project'].iloc[0]} has 1 {one}, {' and '.join(told)}"
    else:
        told = [f"{secure} of them about security"] if secure else []
        told += [f"{late} overdue"] if late else []
        told += [f"the oldest for {days}"] if days else []
        said = ", ".join([f"{len(rows)} {several} are open", *told])
    yield Danger(said, "leak" if secure else "break", _places(rows))


def _admins(inventory: AssetInventory, period: Period, column: str, said: tuple[str, ...]) -> Iterator[Danger]:
    rows = admin_access(inventory, period)
    users = rows.loc[rows[column], "user_id"].tolist()
    if users:
        yield Danger(counted(len(users), *said), "leak", f"users {listed(users)}")


def _zones(
    inventory: AssetInventory, period: Period, checks: tuple[str, ...], said: tuple[str, str]
) -> Iterator[Danger]:
    rows = posture_by_zone(inventory, period)
    failing = {
        domain: failed
        for domain, fails in zip(rows["domain"], rows["fails"], strict=True)
        if (failed := [check for check in fails.split(", ") if check in checks])
    }
    if failing:
        named = [f"{domain} ({', '.join(failed)})" for domain, failed in failing.items()]
        yield Danger(counted(len(failing), *said), "leak", f"records of {listed(named)}")


def _places(rows: pd.DataFrame) -> str:
    return listed([f"{document} line {line}" for document, line in zip(rows["document"], rows["line"], strict=True)])


def _in_days(days: int) -> str:
    return "today" if days == 0 else f"in {counted(days, 'day', 'days')}"
