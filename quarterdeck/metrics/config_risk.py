"""Configuration risk: what functions need from their environment, and what they give away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

import pandas as pd

from quarterdeck.inventory import TABLES, AssetInventory
from quarterdeck.metrics.figure import Result, Split, metric
from quarterdeck.metrics.state import require_now
from quarterdeck.period import Period


@metric(unit="count", label="Configuration risk", better="less", now=True)
def configuration_risks(inventory: AssetInventory, period: Period) -> Result:  # noqa: ARG001 - known only as of the snapshot
    """
    Ways in which functions can fail or leak by their environment, by kind.

    A variable that a function reads in several places counts once a function. The parts sum to the value.

    Formula:
        Count of variables required without default, plus defaults that look like secrets, plus names of
        secrets that are read by more than one function.

    Source:
        variables, functions
    """
    variables = _variables(inventory)
    parts = {
        "Required, no default": int(variables["needs_value"].sum()),
        "Secret as default": int(variables["leaks"].sum()),
        "Shared secret": int(variables.loc[variables["is_shared"], "name"].nunique()),
    }
    return Split(sum(parts.values()), parts)


def configuration_by_function(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    Every function with its variables and what is risky about them, the riskiest first.

    Returns:
        `function`, `name` (what people call it), `lines` (Int64), `parse_error` (missing where it parsed), `variables`,
        `needs_value`, `leaks`, `shared` (int: how many distinct variables it reads, of them without default, with a
        secret as default, secrets that other functions read too).

    Raises:
        NotAvailable: There are no functions, or *period* is before the snapshot's last week.
    """
    require_now(inventory, period)
    functions = inventory.table("functions").reindex(columns=["function", "lines", "parse_error"])
    counts = (
        _variables(inventory)
        .groupby("function")
        .agg(
            variables=("name", "size"),
            needs_value=("needs_value", "sum"),
            leaks=("leaks", "sum"),
            shared=("is_shared", "sum"),
        )
    )
    functions.insert(1, "name", functions["function"].map(function_names(functions["function"])))
    frame = functions.merge(counts, on="function", how="left")
    frame = frame.fillna(dict.fromkeys(counts.columns, 0)).astype(dict.fromkeys(counts.columns, "int64"))
    order = ["leaks", "needs_value", "shared", "function"]
    return frame.sort_values(order, ascending=[False, False, False, True], ignore_index=True)


def risky_variables(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    Every variable that is a risk, with where it is read: the evidence.

    Returns:
        `function`, `name`, `risk` (`secret as default`, `required, no default`, `shared secret`; of several the
        first of these), `document`, `line` (the first place). Secrets as defaults first, then by name and function.

    Raises:
        NotAvailable: There are no functions, or *period* is before the snapshot's last week.
    """
    require_now(inventory, period)
    variables = _variables(inventory)
    risks = {"leaks": "secret as default", "needs_value": "required, no default", "is_shared": "shared secret"}
    risk = pd.Series(pd.NA, index=variables.index, dtype="str")
    for column, text in risks.items():
        risk = risk.mask(risk.isna() & variables[column], text)
    risky = variables.assign(risk=risk)[risk.notna()]
    rank = risky["risk"].map({text: place for place, text in enumerate(risks.values())})
    risky = risky.assign(rank=rank).sort_values(["rank", "name", "function"], ignore_index=True)
    return risky[["function", "name", "risk", "document", "line"]]


def shared_secrets(inventory: AssetInventory, period: Period) -> dict[str, int]:
    """
    By name, how many functions read each secret that more than one reads; most readers first.

    Raises:
        NotAvailable: There are no functions, or *period* is before the snapshot's last week.
    """
    require_now(inventory, period)
    variables = _variables(inventory)
    readers = variables.loc[variables["is_shared"], "name"].value_counts().to_dict()
    return dict(sorted(readers.items(), key=lambda entry: (-entry[1], entry[0])))


def function_names(functions: Iterable[str]) -> dict[str, str]:
    """
    What people call each function, by its path: its folder, or its file where it lies in none.

    Where two would have one name, each keeps its whole path.
    """
    paths = {path: PurePosixPath(path) for path in functions}
    short = {path: parts.parent.name or parts.stem for path, parts in paths.items()}
    uses = Counter(short.values())
    return {path: name if uses[name] == 1 else path for path, name in short.items()}


def _variables(inventory: AssetInventory) -> pd.DataFrame:
    """One row a variable of a function: `needs_value`, `leaks`, `is_shared` (bool), and where it is first read."""
    inventory.require("functions")
    # functions that read nothing from their environment are known, and risk nothing
    known = inventory.has("variables")
    variables = inventory.table("variables") if known else TABLES["variables"].empty_frame()
    if "default" not in variables:
        variables = variables.assign(default=pd.Series(pd.NA, index=variables.index, dtype="str"))
    has_default = variables["default"].notna()
    rows = variables.assign(
        needs_value=(variables["is_required"] & ~has_default).astype("bool"),
        leaks=(variables["is_secret"] & has_default & (variables["default"] != "")).astype("bool"),
    ).sort_values(["function", "name", "document", "line"])
    each = rows.groupby(["function", "name"], as_index=False).agg(
        needs_value=("needs_value", "any"),
        leaks=("leaks", "any"),
        is_secret=("is_secret", "any"),
        document=("document", "first"),
        line=("line", "first"),
    )
    readers = each.groupby("name")["function"].transform("nunique")
    return each.assign(is_shared=(each["is_secret"] & (readers > 1)).astype("bool"))
