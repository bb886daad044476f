"""When customers come: how full, or how busy, each weekday of each season is."""

from __future__ import annotations

import pandas as pd

from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.crew import served_by_season_weekday
from quarterdeck.period import Period

TOLD_LEAST = 4
"""Events that a cell needs for a report to speak of it: one full boat makes no full season."""


def demand_by_season_weekday(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    How full the events of 52 weeks were by season and weekday; where no capacity is known, how many there were.

    Returns:
        28 rows in the order of `served_by_season_weekday`: `season`, `weekday` (0 is Monday), `value` (Float64, may
        be missing), `is_share` (bool, one for all: `value` is the utilisation, 0 to 1, else events a day),
        `is_told` (bool: the highest and the lowest value, of equals the first, of those that rest on at least 4
        events; none where they are one). No rows where nothing was served.

    Raises:
        NotAvailable: There are no events that early.
    """
    cells = served_by_season_weekday(inventory, period)
    is_share = bool(cells["utilisation"].notna().any())
    cells["value"] = cells["utilisation" if is_share else "per_day"]
    weighty = cells.loc[(cells["events"] >= TOLD_LEAST) & cells["value"].notna(), "value"]
    told = {weighty.idxmax(), weighty.idxmin()} if weighty.nunique() > 1 else set()
    shown = cells.assign(is_share=is_share, is_told=cells.index.isin(told))
    columns = ["season", "weekday", "value", "is_share", "is_told"]
    return shown.loc[:, columns] if cells["events"].sum() else shown.loc[[], columns]
