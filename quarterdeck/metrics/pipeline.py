"""What may still be booked, and how many inquiries become bookings."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

import pandas as pd

from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.exact import NOT_RECORDED, channels_of, ratio, total
from quarterdeck.metrics.figure import Result, Split, metric
from quarterdeck.metrics.state import booked_from, exists, is_cancelled
from quarterdeck.period import Period

CONVERSION_WEEKS = 13
WEIGHT_WEEKS = 52
_NOTHING_DECIDED = "no inquiry was decided in these 13 weeks"


@metric(unit="minor", label="Pipeline", better="more", now=True)
def pipeline_value(inventory: AssetInventory, period: Period) -> Result:
    """
    The price of what was asked for and is not decided yet.

    Formula:
        Σ price of events that exist at t, not booked, not cancelled, start at t or later. A missing price
        is skipped. None is 0, but not available where no event was ever lost: such a source keeps only
        what was booked.

    Source:
        events
    """
    return total(_undecided(inventory, period)["price_minor"])


@metric(
    unit="minor",
    label="Pipeline, weighted",
    better="more",
    now=True,
    null_means="no inquiry was decided in these 52 weeks",
)
def pipeline_weighted_value(inventory: AssetInventory, period: Period) -> Result:
    """
    The pipeline, each event counted by how often its like was booked in the last 52 weeks.

    Formula:
        Σ price × share booked, of the events of `pipeline_value`. Share of a quoted event: booked ÷ decided
        among those decided in the 52 weeks that end with P with `quoted_at` before the decision; of an
        inquiry: booked ÷ decided among all. One share, that of all, where nothing decided has a
        `quoted_at`. Rounded half-even once. "Decided" as in `conversion_rate`.

    Source:
        events
    """
    t = inventory.moment(period)
    decided = decided_between(inventory, period.window_start(WEIGHT_WEEKS), t)
    if decided.empty:
        return None
    of_all = _share(decided)
    quoted = decided[decided["was_quoted"]]
    of_quoted = of_all if quoted.empty else _share(quoted)
    pipeline = _undecided(inventory, period)
    is_quoted = _is_quoted(pipeline, t)
    return round(
        of_quoted * total(pipeline.loc[is_quoted, "price_minor"])
        + of_all * total(pipeline.loc[~is_quoted, "price_minor"])
    )


@metric(unit="ratio", label="Conversion", better="more", null_means=_NOTHING_DECIDED)
def conversion_rate(inventory: AssetInventory, period: Period) -> Result:
    """
    The share of inquiries that became bookings, by channel.

    Formula:
        Booked ÷ decided, of the events decided in the 13 weeks that end with P. An event is decided when
        it is booked, cancelled without booking, or its start passed unbooked, whichever is first; its
        outcome is what decided it. Not available where no event was ever lost: such a source keeps only
        winners.

    Source:
        events
    """
    decided = _decided_of_the_quarter(inventory, period)
    value = ratio(int(decided["is_won"].sum()), len(decided))
    if "channel" not in decided:
        return value
    funnel = _funnel(decided, decided["channel"].fillna(NOT_RECORDED))
    return Split(value, dict(zip(funnel["channel"], funnel["conversion_rate"], strict=True)))


def funnel_by_channel(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    How far the inquiries decided in the 13 weeks that end with *period* got, by channel.

    Returns:
        `channel`, `inquiries` (all that were decided), `quoted` (missing where the source has no
        `quoted_at`), `booked` (Int64; some are booked without a quote) and `conversion_rate` (0 to 1,
        booked ÷ inquiries): the channel with most inquiries first, those without a channel last. No rows when
        nothing was decided.

    Raises:
        NotAvailable: There are no events, they do not name channels or the time of booking, or none was
            ever lost.
    """
    inventory.require("events", "channel")
    decided = _decided_of_the_quarter(inventory, period)
    return _funnel(decided, channels_of(decided))


def lost_quotes(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The quotes that were lost in the 13 weeks that end with *period*, the largest first.

    Returns:
        `event_id`, `business`, `channel` (missing where the source has none), `quoted_at`, `lost_at`,
        `how` (`cancelled`, or `start passed`), `price_minor` (Int64, may be missing).

    Raises:
        NotAvailable: There are no events, they do not have the times of quote and booking, or none was
            ever lost.
    """
    inventory.require("events", "quoted_at")
    decided = _decided_of_the_quarter(inventory, period)
    lost = decided[decided["was_quoted"] & ~decided["is_won"]].rename(columns={"decided_at": "lost_at"})
    lost["how"] = (lost["lost_at"] == lost["starts_at"]).map({True: "start passed", False: "cancelled"}).astype("str")
    columns = ["event_id", "business", "channel", "quoted_at", "lost_at", "how", "price_minor"]
    return lost.reindex(columns=columns).sort_values(
        ["price_minor", "event_id"], ascending=[False, True], ignore_index=True
    )


def decided_between(inventory: AssetInventory, start: datetime, end: datetime) -> pd.DataFrame:
    """
    The events decided in [*start*, *end*), with `decided_at`, `is_won` and `was_quoted` (before the decision).

    Raises:
        NotAvailable: There are no events, they have no `booked_at`, or none was lost before *end*.
    """
    events = _with_decisions(inventory.table("events", "booked_at"))
    _require_losses(events, end)
    return events[(events["decided_at"] >= start) & (events["decided_at"] < end)]


def _with_decisions(events: pd.DataFrame) -> pd.DataFrame:
    booked = booked_from(events)
    decisions = {"booked": booked, "passed": events["starts_at"]}
    if "cancelled_at" in events:
        decisions["cancelled"] = events["cancelled_at"]
    decided_at = pd.DataFrame(decisions).min(axis="columns")
    quoted = events["quoted_at"] < decided_at if "quoted_at" in events else False
    return events.assign(decided_at=decided_at, is_won=booked <= decided_at, was_quoted=quoted)


def _require_losses(decided: pd.DataFrame, t: datetime) -> None:
    """Go on only where some event was lost before *t*: a source of winners cannot know what was asked for."""
    if not (~decided["is_won"] & (decided["decided_at"] < t)).any():
        raise NotAvailable("the source keeps only what was booked: no event was ever lost")


def _decided_of_the_quarter(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    return decided_between(inventory, period.window_start(CONVERSION_WEEKS), inventory.moment(period))


def _undecided(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    events, t = inventory.table("events"), inventory.moment(period)
    was_booked = booked_from(events) < t
    undecided = events[exists(events, t) & ~was_booked & ~is_cancelled(events, t) & (events["starts_at"] >= t)]
    if undecided.empty:
        _require_losses(_with_decisions(events), t)
    return undecided


def _is_quoted(pipeline: pd.DataFrame, t: datetime) -> pd.Series[bool]:
    """Whether each event was quoted before *t*; where the time is missing, what the snapshot's status says."""
    if "quoted_at" not in pipeline:
        return pipeline["status"] == "quoted"
    return (pipeline["quoted_at"] < t) | (pipeline["quoted_at"].isna() & (pipeline["status"] == "quoted"))


def _share(decided: pd.DataFrame) -> Fraction:
    return Fraction(int(decided["is_won"].sum()), len(decided))


def _funnel(decided: pd.DataFrame, channels: pd.Series[str]) -> pd.DataFrame:
    by_channel = decided.groupby(channels.rename("channel"))
    counts = pd.DataFrame(
        {
            "inquiries": by_channel.size(),
            "quoted": by_channel["was_quoted"].sum(),
            "booked": by_channel["is_won"].sum(),
        }
    ).astype("Int64")
    if "quoted_at" not in decided:
        counts["quoted"] = pd.NA
    counts["conversion_rate"] = (counts["booked"] / counts["inquiries"]).astype("float64")
    counts["is_unknown"] = counts.index == NOT_RECORDED
    ordered = counts.rename_axis("channel").reset_index()
    ordered = ordered.sort_values(
        ["is_unknown", "inquiries", "channel"], ascending=[True, False, True], ignore_index=True
    )
    return ordered.drop(columns="is_unknown")
