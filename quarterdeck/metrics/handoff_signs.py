"""What the handoffs show of how things are run: signs of maturity by project, and open gaps by severity and age."""

from __future__ import annotations

import bisect
from typing import Literal

import pandas as pd

from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.handoffs import HIGH, maturity_by_project, open_gaps, stack_by_project, told_once
from quarterdeck.metrics.tasks.task import SEVERITIES, listed
from quarterdeck.period import Period

UNKNOWN = "Age unknown"
GAP_BANDS = ("To 30 days", "31–60", "61–90", "Over 90", UNKNOWN)
SIGNS = ("Days", "Owner", "Stack", "Tests", "Gaps", "Done", "Late")
_BAND_ENDS = [30, 60, 90]
_AGE_CONCERNS = [15, 31, 61, 91]  # days: where concern is a step higher; over 60 a handoff is stale
_MISSING_SIGN = 3  # no owner, no stack, no tests named


def maturity_signs(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The signs of `maturity_by_project` one by one, as cells of a heat map: shown side by side, never added up.

    Returns:
        For each project, the longest untouched first and those of unknown age last, one row for each of `SIGNS`:
        `project`, `sign`, `text` (what stands in the cell: days, `yes`, `no`, a count, `1 of 3` actions, `–` where
        there is nothing to say), `concern` (Int64, 0 to 4, missing where there is nothing to judge: what is done, an
        unknown age, tests of a project that names no stack), `is_told` (bool: the age of the handoff that is longest
        untouched, if it is stale, and every lack of tests: what a title speaks of).

    Raises:
        NotAvailable: As `maturity_by_project`.
    """
    rows = maturity_by_project(inventory, period)
    rows = rows.sort_values(["age_days", "project"], ascending=[False, True])
    cells: list[tuple[str, str, str, int | None, bool]] = []
    for row in rows.to_dict("records"):
        told = {
            SIGNS[0]: _age(row["age_days"]),
            SIGNS[1]: _named(row["has_owner"]),
            SIGNS[2]: _named(row["has_stack"]),
            SIGNS[3]: _named(row["has_tests_or_ci"]) if row["has_stack"] or row["has_tests_or_ci"] else ("–", None),
            SIGNS[4]: _counted(row["high_gaps"]),
            SIGNS[5]: (_share(row["actions_done"], row["actions_open"]), None),
            SIGNS[6]: _counted(row["actions_overdue"]),
        }
        is_stalest = row["is_stale"] and not cells
        for sign, (text, concern) in told.items():
            is_told = is_stalest if sign == SIGNS[0] else sign == SIGNS[3] and concern == _MISSING_SIGN
            cells.append((row["project"], sign, text, concern, is_told))
    frame = pd.DataFrame(cells, columns=["project", "sign", "text", "concern", "is_told"])
    return frame.astype({"project": "str", "sign": "str", "text": "str", "concern": "Int64", "is_told": "bool"})


def gaps_by_age(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    How many gaps are open, by severity and by how long.

    Returns:
        One row a severity that has any, the most severe first: `severity` (`Critical` and so on), and a column for
        each of `GAP_BANDS` (int). The column of gaps whose age is unknown is left out where there are none.

    Raises:
        NotAvailable: As `open_gaps`.
    """
    gaps = open_gaps(inventory, period)
    bands = [UNKNOWN if pd.isna(days) else GAP_BANDS[bisect.bisect_left(_BAND_ENDS, days)] for days in gaps["age_days"]]
    shown = [severity for severity in SEVERITIES if (gaps["severity"] == severity).any()]
    heads = [band for band in GAP_BANDS if band != UNKNOWN or UNKNOWN in bands]
    counts = pd.crosstab(gaps["severity"], pd.Series(bands, index=gaps.index, dtype="str"))
    frame = counts.reindex(index=shown, columns=heads, fill_value=0).astype("int64").reset_index(drop=True)
    frame.columns.name = None
    frame.insert(0, "severity", pd.Series([severity.capitalize() for severity in shown], dtype="str"))
    return frame


def gap_list(inventory: AssetInventory, period: Period, which: Literal["high", "ux"]) -> pd.DataFrame:
    """
    Open gaps to be read one by one: the critical and high ones, or those of the user experience, as *which* says.

    Returns:
        In the order of `open_gaps`: `gap` (the words that have no other column, beginning with a capital), `about`
        (its project and owner), `severity` (`Critical` and so on), `age_days` (Int64, missing where unknown),
        `due_on` (missing where there is no day).

    Raises:
        NotAvailable: As `open_gaps`.
    """
    gaps = open_gaps(inventory, period)
    gaps = gaps[gaps["severity"].isin(HIGH) if which == "high" else gaps["area"] == "ux"]
    frame = gaps.assign(
        gap=[_sentence(*gap) for gap in zip(gaps["gap"], gaps["opened_on"].notna(), strict=True)],
        about=gaps["project"] + (", " + gaps["owner"]).fillna(", no owner"),
        severity=gaps["severity"].str.capitalize(),
    )
    return frame[["gap", "about", "severity", "age_days", "due_on"]].reset_index(drop=True)


def stack_audit(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What each project runs on and how well it says so, those with most components of unknown version first.

    Returns:
        `project`, `status` (`Live` and so on), `runs_on` (three components with their versions, and how many more
        there are; missing where none is named), `components`, `unversioned` (int), `document`, `line`.

    Raises:
        NotAvailable: As `stack_by_project`.
    """
    rows = stack_by_project(inventory, period)
    runs_on = {project: listed(names) for project, names in _components(inventory).items()}
    frame = rows.assign(
        status=rows["status"].str.capitalize(),
        runs_on=rows["project"].map(runs_on).astype("str"),
        components=rows["count"],
    )
    ordered = frame.sort_values(["unversioned", "components", "project"], ascending=[False, False, True])
    return ordered[["project", "status", "runs_on", "components", "unversioned", "document", "line"]].reset_index(
        drop=True
    )


def _components(inventory: AssetInventory) -> dict[str, list[str]]:
    """Each project's components with their versions."""
    if not inventory.has("stack"):
        return {}
    stack = inventory.table("stack")
    versions = stack["version"] if "version" in stack else pd.Series(pd.NA, index=stack.index, dtype="str")
    shown = stack["component"] + (" " + versions).fillna("")
    return {str(project): names.tolist() for project, names in shown.groupby(stack["project"])}


def _sentence(text: str, is_dated: bool) -> str:  # noqa: FBT001 - of a row
    """A gap's words as a table shows them; a name such as `bay-sails.example` keeps its small letter."""
    words = told_once(text, is_dated=is_dated)
    return words[:1].upper() + words[1:] if words.split(" ", 1)[0].isalpha() else words


def _age(days: int | None) -> tuple[str, int | None]:
    return ("–", None) if pd.isna(days) else (str(days), bisect.bisect_right(_AGE_CONCERNS, days))


def _named(is_named: bool) -> tuple[str, int | None]:  # noqa: FBT001 - a cell's value
    return ("yes", 0) if is_named else ("no", _MISSING_SIGN)


def _counted(count: int) -> tuple[str, int | None]:
    """None is no concern, one is some, three and more are the most."""
    return str(count), min(count + 1, 4) if count else 0


def _share(done: int, waiting: int) -> str:
    return f"{done} of {done + waiting}" if done + waiting else "–"
