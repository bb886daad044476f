"""Access risk: administrators that are badly protected, or no longer there."""

from __future__ import annotations

import pandas as pd

from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.figure import Result, Split, metric
from quarterdeck.metrics.state import days_after, require_now
from quarterdeck.period import Period

IDLE_DAYS = 90


@metric(unit="count", label="Access risks", better="less", now=True)
def access_risks(inventory: AssetInventory, period: Period) -> Result:
    """
    Administrators without a second factor, and administrators that have been idle for over 90 days.

    Who is both counts twice: there are two things to do. Where it is not known whether somebody has a
    second factor, or when they were last active, it does not count. The parts sum to the value.

    Formula:
        Count of users of kind `admin` created before t without MFA, and of those last active more than 90
        days before t.

    Source:
        users
    """
    admins = _admins(inventory, period)
    parts = {"Without MFA": int(admins["lacks_mfa"].sum()), "Idle over 90 days": int(admins["is_idle"].sum())}
    return Split(sum(parts.values()), parts)


def admin_access(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    Every administrator with what is wrong, the longest idle first.

    Returns:
        `user_id`, `mfa_enabled` (boolean, missing where unknown), `last_active_at` (missing where unknown or after t),
        `idle_days` (Int64, whole days to t), `lacks_mfa`, `is_idle` (bool; they sum to the parts of `access_risks`).

    Raises:
        NotAvailable: There are no users, they do not have MFA and activity, or *period* is before the
            snapshot's last week.
    """
    require_now(inventory, period)
    admins = _admins(inventory, period)
    columns = ["user_id", "mfa_enabled", "last_active_at", "idle_days", "lacks_mfa", "is_idle"]
    return admins[columns].sort_values(["idle_days", "user_id"], ascending=[False, True], ignore_index=True)


def admins_at_risk(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The administrators of `access_risks`, each once, in the order of `admin_access`.

    Returns:
        `user_id`, `factor` (`yes`, `no`, missing where unknown), `idle_days` (Int64, missing where unknown).

    Raises:
        NotAvailable: As `admin_access`.
    """
    admins = admin_access(inventory, period)
    admins = admins.assign(factor=admins["mfa_enabled"].map({True: "yes", False: "no"}).astype("str"))
    is_at_risk = admins["lacks_mfa"] | admins["is_idle"]
    return admins.loc[is_at_risk, ["user_id", "factor", "idle_days"]].reset_index(drop=True)


def _admins(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    users = inventory.table("users", "mfa_enabled", "last_active_at")
    t = inventory.moment(period)
    admins = users[users["kind"] == "admin"]
    if "created_at" in admins:
        admins = admins[~(admins["created_at"] >= t)]
    last = admins["last_active_at"].where(admins["last_active_at"] < t)
    cut = days_after(t, -IDLE_DAYS, inventory.company.time_zone)
    return admins.assign(
        last_active_at=last,
        idle_days=(t - last).dt.days.astype("Int64"),
        lacks_mfa=(~admins["mfa_enabled"]).fillna(value=False).astype("bool"),
        is_idle=last < cut,
    )
