"""Whom the company may write to."""

from __future__ import annotations

import pandas as pd

from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.exact import NOT_RECORDED, channels_of, totals_by
from quarterdeck.metrics.state import exists, require_now
from quarterdeck.period import Period

ANSWERS = ("consented", "declined", "not_asked")


def reachable_audience(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The customers who exist at t, by channel and by what they said about marketing mail.

    Returns:
        `channel`, `consented`, `declined`, `not_asked` (int; not asked: the source does not say), most
        customers first, those without a channel last. All stand under `Not recorded` where the source names
        no channels of users.

    Raises:
        NotAvailable: There are no users, they do not say whether they consent, or *period* is before the
            snapshot's last week.
    """
    require_now(inventory, period)
    users = inventory.table("users", "marketing_consent")
    customers = users[(users["kind"] == "customer") & exists(users, inventory.moment(period))]
    nowhere = pd.Series(NOT_RECORDED, index=customers.index, dtype="str")
    channels = channels_of(customers) if "channel" in customers else nowhere
    said = customers["marketing_consent"]
    consent = pd.Series("not_asked", index=customers.index, dtype="str")
    consent = consent.mask(said.fillna(value=False), "consented").mask(~said.fillna(value=True), "declined")
    counts = pd.crosstab(channels, consent).reindex(columns=list(ANSWERS), fill_value=0)
    order = totals_by(channels, pd.Series(1, index=channels.index))
    return counts.reindex(list(order)).rename_axis(index="channel", columns=None).reset_index()
