"""What the handoff documents say about each project: how fresh and how mature it is, what is open."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

import pandas as pd

from quarterdeck.inventory import TABLES, AssetInventory
from quarterdeck.metrics.days import end_day, fiscal_year_start, month_after
from quarterdeck.metrics.figure import Result, metric
from quarterdeck.metrics.state import require_now
from quarterdeck.period import Period

STALE_DAYS = 60
HIGH = ("critical", "high")
_BOOKS = re.compile(
    r"\b(?:account(?:s|ing)?|audit|balances?|bank|bill(?:s|ed|ing)?|book(?:s|keep\w*)|deposits?|invoices?|ledgers?|"
    r"paid|payments?|payouts?|payroll|prices?|receipts?|reconcil\w*|refund(?:s|ed)?|tax(?:es)?|VAT)\b",
    re.IGNORECASE,
)
_KEYS = re.compile(r"\b(?:keys?|passwords?|secrets?|tokens?)\b", re.IGNORECASE)
# An amount at a text's end has a column of its own: "…, $12,600", "…, 640 €".
_AMOUNT = re.compile(r",\s*(?:[$€£]\s?\d[\d.,]*[km]?|\d[\d.,]*[km]?\s?€)\s*$")
_SINCE = re.compile(r",\s*since\s[^,;]*\d[^,;]*$", re.IGNORECASE)  # so has the day since when a gap is open
_SEVERITIES = {severity: rank for rank, severity in enumerate(("critical", "high", "medium", "low", "unknown"))}


@metric(unit="count", label="Stale handoffs", better="less", now=True)
def stale_handoffs(inventory: AssetInventory, period: Period) -> Result:
    """
    Handoff documents that nobody has touched for over 60 days.

    A document that does not say when it was updated has no age and does not count. It is known only for
    the snapshot's own last week: a document that was updated since does not say how old it was before.

    Formula:
        Count of handoff documents updated more than 60 days before t's day.

    Source:
        projects
    """
    inventory.require("projects")
    ages = _ages(_rows(inventory, "projects"), end_day(inventory, period))
    return int((ages > STALE_DAYS).sum())


def maturity_by_project(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    How well each project's development is kept, by the signs its handoff shows; shown, not added into one score.

    Returns:
        One row a project, in the order of names: `project`, `business` (missing where none is named), `status`,
        `age_days` (Int64, since the handoff was updated, missing where it does not say), `is_stale` (bool),
        `has_owner`, `has_stack`, `has_tests_or_ci` (bool), `high_gaps` (int: open, critical or high),
        `actions_open`, `actions_done`, `actions_overdue` (int; overdue ones are open too). Of two documents
        about one project the newer one speaks.

    Raises:
        NotAvailable: There are no handoffs, or *period* is before the snapshot's last week.
    """
    require_now(inventory, period)
    day = end_day(inventory, period)
    projects = _newest(inventory)
    gaps, actions = open_gaps(inventory, period), _rows(inventory, "actions")
    open_actions = actions[~actions["is_done"]]
    ages = _ages(projects, day)
    frame = pd.DataFrame(
        {
            "project": projects["project"],
            "business": projects["business"],
            "status": projects["status"],
            "age_days": ages,
            "is_stale": (ages > STALE_DAYS).fillna(value=False).astype("bool"),
            "has_owner": projects["owner"].notna(),
            "has_stack": projects["project"].isin(_rows(inventory, "stack")["project"]),
            "has_tests_or_ci": projects["has_tests_or_ci"].astype("bool"),
            "high_gaps": _count(projects, gaps[gaps["severity"].isin(HIGH)]),
            "actions_open": _count(projects, open_actions),
            "actions_done": _count(projects, actions[actions["is_done"]]),
            "actions_overdue": _count(projects, open_actions[open_actions["due_on"] < pd.Timestamp(day)]),
        }
    )
    return frame.reset_index(drop=True)


def stack_by_project(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What each project runs on, as its handoff lists it.

    Returns:
        One row a project, in the order of names: `project`, `status`, `owner` (missing where none is named),
        `components` (such as `Opera 5, MySQL`; empty where the handoff lists none), `count` and `unversioned`
        (int: components, and those of them without a version), `document`, `line`.

    Raises:
        NotAvailable: There are no handoffs, or *period* is before the snapshot's last week.
    """
    require_now(inventory, period)
    projects = _newest(inventory)
    stack = _rows(inventory, "stack").drop_duplicates(["project", "component", "version"])
    shown = stack["component"] + (" " + stack["version"]).fillna("")
    listed = shown.groupby(stack["project"]).agg(", ".join)
    frame = projects[["project", "status", "owner"]].assign(
        components=projects["project"].map(listed).fillna("").astype("str"),
        count=_count(projects, stack),
        unversioned=_count(projects, stack[stack["version"].isna()]),
    )
    return frame.join(projects[["document", "line"]]).reset_index(drop=True)


def open_gaps(
    inventory: AssetInventory, period: Period, first_seen: Mapping[tuple[str, str], date] | None = None
) -> pd.DataFrame:
    """
    The open gaps, the most severe first, then the oldest.

    Args:
        inventory: With handoffs.
        period: A gap opened on or after t's day is left out.
        first_seen: By project and gap, the day of the first snapshot that has it: its age counts from there
            where the handoff does not say since when it is open.

    Returns:
        The columns of the table `gaps` but `is_open`, and `age_days` (Int64, missing where unknown), `is_overdue`
        (bool: due before t's day).

    Raises:
        NotAvailable: There are no handoffs, or *period* is before the snapshot's last week.
    """
    require_now(inventory, period)
    inventory.require("projects")
    day = pd.Timestamp(end_day(inventory, period))
    gaps = _rows(inventory, "gaps")
    gaps = gaps[gaps["is_open"] & ~(gaps["opened_on"] >= day)]
    seen = [(first_seen or {}).get(key) for key in zip(gaps["project"], gaps["gap"], strict=True)]
    since = gaps["opened_on"].fillna(pd.Series(seen, index=gaps.index, dtype="datetime64[s]"))
    gaps = gaps.assign(
        age_days=(day - since).dt.days.astype("Int64"),
        is_overdue=gaps["due_on"] < day,
        rank=gaps["severity"].map(_SEVERITIES),
    )
    order = ["rank", "age_days", "project", "gap"]
    ranked = gaps.sort_values(order, ascending=[True, False, True, True], ignore_index=True)
    return ranked.drop(columns=["rank", "is_open"])


def bookkeeping_gaps(
    inventory: AssetInventory, period: Period, first_seen: Mapping[tuple[str, str], date] | None = None
) -> pd.DataFrame:
    """
    The open gaps through which the books come out wrong, the most severe first, then the oldest.

    Those of the area `data`, since what is not stored cannot be booked; and those of `process` and `other` that speak
    of money or books: of accounts, bills, deposits, refunds and the like. Security, cost and the user's experience
    are told elsewhere, and so is what a gap says of keys and secrets.

    Takes (*first_seen*) and raises what `open_gaps` does, and returns its columns; of `gap` the words that have no
    other column.
    """
    gaps = open_gaps(inventory, period, first_seen)
    speaks = gaps["gap"].str.contains(_BOOKS) & ~gaps["gap"].str.contains(_KEYS)
    found = gaps[(gaps["area"] == "data") | (gaps["area"].isin(["process", "other"]) & speaks)]
    return found.assign(gap=_sentences(found["gap"], found["opened_on"])).reset_index(drop=True)


def open_actions(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The actions that are not done, those due first first, then those without a day.

    Returns:
        The columns of the table `actions` but `is_done`.

    Raises:
        NotAvailable: There are no handoffs, or *period* is before the snapshot's last week.
    """
    require_now(inventory, period)
    inventory.require("projects")
    actions = _rows(inventory, "actions")
    waiting = actions[~actions["is_done"]].drop(columns="is_done")
    return waiting.sort_values(["due_on", "project", "action"], ignore_index=True)


def roadmap(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What the handoffs promise for the next fiscal quarter: open actions and gaps that are due in it.

    Returns:
        By due date: `due_on`, `kind` (`action` or `gap`), `project`, `what` (the words that have no other column),
        `owner` and `amount_minor` (missing where the handoff does not say), `document`, `line`. The quarter is the
        one after that in which t's last day lies, counted from the start of the fiscal year.

    Raises:
        NotAvailable: There are no handoffs, or *period* is before the snapshot's last week.
    """
    require_now(inventory, period)
    first, end = next_quarter(end_day(inventory, period) - timedelta(days=1), inventory.company.fiscal_year_start)
    actions = _rows(inventory, "actions")
    promised = pd.concat(
        [
            actions[~actions["is_done"]].assign(kind="action", what=actions["action"]),
            open_gaps(inventory, period).assign(kind="gap").rename(columns={"gap": "what"}),
        ]
    )
    due = (promised["due_on"] >= pd.Timestamp(first)) & (promised["due_on"] < pd.Timestamp(end))
    columns = ["due_on", "kind", "project", "what", "owner", "amount_minor", "document", "line"]
    promised["what"] = _sentences(promised["what"], promised["opened_on"])
    return promised.loc[due, columns].sort_values(["due_on", "kind", "project", "what"], ignore_index=True)


def told_once(text: str, *, is_dated: bool) -> str:
    """What a handoff says of an action or gap, without the amount, and if *is_dated* the day, at its end."""
    return _AMOUNT.sub("", _SINCE.sub("", text) if is_dated else text)


def next_quarter(day: date, first_month: int) -> tuple[date, date]:
    """The first day of the fiscal quarter after that of *day*, and the first day after it."""
    year = fiscal_year_start(day, first_month)
    months = (day.year - year.year) * 12 + day.month - year.month
    first = month_after(year, months // 3 * 3 + 3)
    return first, month_after(first, 3)


def _newest(inventory: AssetInventory) -> pd.DataFrame:
    """One row a project, from the newest of its documents; all columns."""
    inventory.require("projects")
    order = _rows(inventory, "projects").sort_values(["project", "updated_on", "document"], na_position="first")
    return order.drop_duplicates("project", keep="last")


def _rows(inventory: AssetInventory, table: str) -> pd.DataFrame:
    """A table of the handoffs with all its columns; no rows where no handoff has any, which is known, not absent."""
    empty = TABLES[table].empty_frame()
    if not inventory.has(table):
        return empty
    rows = inventory.table(table)
    missing = empty.drop(columns=list(rows.columns)).reindex(rows.index)
    return rows.join(missing)[list(empty.columns)]


def _ages(projects: pd.DataFrame, day: date) -> pd.Series[int]:
    """Whole days since each document was updated, missing where it does not say, or was updated after *day*."""
    updated = projects["updated_on"]
    ages: pd.Series[int] = (pd.Timestamp(day) - updated).dt.days.where(updated <= pd.Timestamp(day)).astype("Int64")
    return ages


def _sentences(texts: pd.Series[str], days: pd.Series[pd.Timestamp]) -> pd.Series[str]:
    """*texts* as a table shows them; each may have a day of its own in *days*."""
    told = [told_once(text, is_dated=known) for text, known in zip(texts, days.notna(), strict=True)]
    return pd.Series([text[:1].upper() + text[1:] for text in told], index=texts.index, dtype="str")


def _count(projects: pd.DataFrame, rows: pd.DataFrame) -> pd.Series[int]:
    return projects["project"].map(rows["project"].value_counts()).fillna(0).astype("int64")
