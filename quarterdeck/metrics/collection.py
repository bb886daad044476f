"""What there is to collect: money owed by age, and what of it is overdue."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.days import end_day
from quarterdeck.metrics.exact import total
from quarterdeck.metrics.owed import AGE_BANDS, open_receivables
from quarterdeck.metrics.state import local_days
from quarterdeck.period import Period


def receivables_by_age(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What customers owe for served events, by how long ago they ended.

    Returns:
        One row an age, also where nothing is owed: `band` (`AGE_BANDS`), `events` (int), `open_minor` (Int64; they
        sum to `receivables`), `share` (of the sum, 0 to 1). No rows where nothing is owed at all.

    Raises:
        NotAvailable: As `open_receivables`.
    """
    owed = open_receivables(inventory, period)
    amounts = [total(owed.loc[owed["band"] == band, "open_minor"]) for band in AGE_BANDS]
    whole = sum(amounts)
    frame = pd.DataFrame(
        {
            "band": AGE_BANDS,
            "events": [int((owed["band"] == band).sum()) for band in AGE_BANDS],
            "open_minor": pd.Series(amounts, dtype="Int64"),
            "share": [amount / whole if whole else 0.0 for amount in amounts],
        }
    )
    return frame if whole else frame.iloc[:0]


def overdue_receivables(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What is owed although `collection_days` have passed since the event ended, with the day it was due.

    Returns:
        The rows and columns of `open_receivables` that are overdue, and `due_on`, the longest overdue first.

    Raises:
        NotAvailable: As `open_receivables`.
    """
    owed = open_receivables(inventory, period)
    ended = local_days(owed["ended_at"], inventory.company.time_zone)
    due_on = ended + timedelta(days=inventory.company.policies.collection_days)
    return owed.assign(due_on=due_on)[due_on < pd.Timestamp(end_day(inventory, period))].reset_index(drop=True)
