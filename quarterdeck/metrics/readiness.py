"""Whether the checklists of events are done in time."""

from __future__ import annotations

import pandas as pd

from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.exact import ratio
from quarterdeck.metrics.figure import Result, metric
from quarterdeck.metrics.state import starting_within
from quarterdeck.period import Period

OVERDUE_DAYS = 14


@metric(unit="ratio", label="Readiness", better="more", null_means="no required item was due in this week")
def readiness_rate(inventory: AssetInventory, period: Period) -> Result:
    """
    The share of required checklist items that were done in time.

    Formula:
        Required items due in P and before t, completed no later than they were due ÷ all of them.

    Source:
        checklists
    """
    items = inventory.table("checklists", "completed_at")
    start, t = period.start, inventory.moment(period)
    due = items[items["is_required"] & (items["due_at"] >= start) & (items["due_at"] < t)]
    return ratio(int((due["completed_at"] <= due["due_at"]).sum()), len(due))


def overdue_items(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The required items that are overdue at t, of booked events of the next 14 days, the first to start first.

    Returns:
        `checklist_id`, `event_id`, `business`, `item`, `due_at`, `starts_at` (of the event), `days_late`
        (whole days to t, int).

    Raises:
        NotAvailable: There are no checklists or no events, or the checklists do not say what is completed.
    """
    t = inventory.moment(period)
    items = inventory.table("checklists", "completed_at")
    is_open = ~(items["completed_at"] < t)
    overdue = items[items["is_required"] & (items["due_at"] < t) & is_open]
    events = starting_within(inventory, t, OVERDUE_DAYS)[["event_id", "business", "starts_at"]]
    listed = overdue.merge(events, on="event_id")
    listed["days_late"] = (t - listed["due_at"]).dt.days
    columns = ["checklist_id", "event_id", "business", "item", "due_at", "starts_at", "days_late"]
    return listed[columns].sort_values(["starts_at", "event_id", "due_at", "checklist_id"], ignore_index=True)
