"""What each channel brings, loses and costs, and what one more of its inquiries may be worth."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd

from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.bookings import cancelled_between
from quarterdeck.metrics.days import days_of
from quarterdeck.metrics.exact import NOT_RECORDED, channels_of, total
from quarterdeck.metrics.expenses import CHANNEL_WEEKS, dated_in
from quarterdeck.metrics.pipeline import funnel_by_channel
from quarterdeck.metrics.state import booked_between, require_history
from quarterdeck.period import Period

WAVE_WEEKS = 4
WAVE_LEAST = 3

_COUNTS = ("bookings", "inquiries")
_AMOUNTS = ("booked_minor", "cancelled_minor", "spent_minor")


def channel_returns(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    What each channel brought in the 13 weeks that end with *period*, what it lost and cost, and what that leaves.

    Returns:
        The channel with most money booked first, what names none last; where nothing is known a value is missing:
        `channel`, `bookings`, `booked_minor` (as `bookings_value`), `cancelled_minor` (as `cancellations_value`),
        `spent_minor` (expenses that name the channel), `cost_minor` (spent ÷ bookings, as `cost_per_booking`),
        `inquiries`, `conversion_rate` (as `funnel_by_channel`; Float64), and `worth_minor`: booked less cancelled
        less spent, as far as they are known, ÷ inquiries; ÷ bookings where no channel's inquiries are known. It may
        be negative, and is missing where there is nothing to divide by. All but the rate are Int64, quotients are
        rounded half-even. No rows where nothing was booked, asked for or spent.

    Raises:
        NotAvailable: There are no events, they do not name channels or the time of booking, or the first was booked
            later.
    """
    inventory.require("events", "channel")
    booked = booked_between(inventory, period.window_start(CHANNEL_WEEKS), inventory.moment(period))
    known: list[pd.DataFrame | pd.Series[int]] = [_sums(booked, "booked_minor", counted="bookings")]
    for find in (_cancelled, _spent, _asked):
        try:
            known.append(find(inventory, period))
        except NotAvailable:
            continue
    columns = [*_COUNTS, *_AMOUNTS, "conversion_rate"]
    rows = pd.concat(known, axis="columns").reindex(columns=columns)
    rows[["bookings", "booked_minor"]] = rows[["bookings", "booked_minor"]].fillna(0)
    for column in ("cancelled_minor", "inquiries"):  # known for one channel, they are known for all
        if rows[column].notna().any():
            rows[column] = rows[column].fillna(0)
    rows = rows.astype({**dict.fromkeys(columns, "Int64"), "conversion_rate": "Float64"})
    return _with_quotients(rows.rename_axis("channel").reset_index().astype({"channel": "str"}))


def cost_by_channel(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The channels of which the books name a cost in these 13 weeks.

    Returns:
        As `channel_returns`, and `loss_minor` (Int64: spent − booked, before any cancellation; negative where the
        channel brought more than it cost).

    Raises:
        NotAvailable: As `channel_returns`, or there are no expenses that early, or they do not name channels.
    """
    _spent(inventory, period)  # says why, where the books do not tell what a channel costs
    rows = channel_returns(inventory, period)
    rows["loss_minor"] = rows["spent_minor"] - rows["booked_minor"]
    return rows[rows["spent_minor"].notna()].reset_index(drop=True)


def losing_channels(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The channels that cost more in 13 weeks than the bookings they brought are worth, before any cancellation.

    Returns:
        As `cost_by_channel`, the largest loss first.

    Raises:
        NotAvailable: As `cost_by_channel`.
    """
    rows = cost_by_channel(inventory, period)
    losing = rows[rows["loss_minor"] > 0]
    return losing.sort_values(["loss_minor", "channel"], ascending=[False, True], ignore_index=True)


def cancellation_waves(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    The channels that cancelled at least 3 bookings in the 4 weeks that end with *period*, twice as many as before.

    Returns:
        Most money first: `channel`, `cancelled`, `before` (int: bookings cancelled in these 4 weeks, and in the 4
        before them), `cancelled_minor` (Int64: the price of the former). No rows where no channel does.

    Raises:
        NotAvailable: There are no events, they do not name channels, the time of booking and of cancelling, or the
            first was booked later than 8 weeks ago: there is nothing to compare with.
    """
    inventory.require("events", "channel")
    require_history(inventory, period.window_start(2 * WAVE_WEEKS), by="booked_at")
    middle, t = period.window_start(WAVE_WEEKS), inventory.moment(period)
    rows = _sums(cancelled_between(inventory, middle, t), "cancelled_minor", counted="cancelled")
    earlier = channels_of(cancelled_between(inventory, period.window_start(2 * WAVE_WEEKS), middle))
    rows["before"] = earlier.value_counts().reindex(rows.index, fill_value=0)
    rows = rows.drop(index=NOT_RECORDED, errors="ignore")  # a wave from nowhere tells nobody what to do
    is_wave = (rows["cancelled"] >= WAVE_LEAST) & (rows["cancelled"] >= 2 * rows["before"])
    found = rows[is_wave].astype({"cancelled": "int64", "before": "int64"}).rename_axis("channel").reset_index()
    ordered = found.sort_values(["cancelled_minor", "channel"], ascending=[False, True], ignore_index=True)
    return ordered[["channel", "cancelled", "before", "cancelled_minor"]].astype({"channel": "str"})


def _sums(events: pd.DataFrame, amount: str, *, counted: str = "") -> pd.DataFrame:
    """The price of *events* by channel as column *amount*, and their number as *counted* where it has a name."""
    by_channel = events.groupby(channels_of(events))["price_minor"]
    sums = by_channel.agg(total).astype("Int64").rename(amount).to_frame()
    return sums.assign(**{counted: by_channel.size()}) if counted else sums


def _cancelled(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    window = period.window_start(CHANNEL_WEEKS), inventory.moment(period)
    return _sums(cancelled_between(inventory, *window), "cancelled_minor")


def _spent(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    expenses = dated_in(inventory, days_of(inventory, period, CHANNEL_WEEKS), "channel")
    named = expenses[expenses["channel"].notna()]
    return named.groupby(channels_of(named))["amount_minor"].agg(total).rename("spent_minor").to_frame()


def _asked(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    return funnel_by_channel(inventory, period).set_index("channel")[["inquiries", "conversion_rate"]]


def _with_quotients(rows: pd.DataFrame) -> pd.DataFrame:
    """*rows* with `cost_minor` and `worth_minor`, in the order in which they are shown."""
    divisor = "bookings" if rows["inquiries"].isna().all() else "inquiries"
    left = rows["booked_minor"] - rows["cancelled_minor"].fillna(0) - rows["spent_minor"].fillna(0)
    rows["cost_minor"] = _quotients(rows["spent_minor"], rows["bookings"])
    rows["worth_minor"] = _quotients(left, rows[divisor])
    is_last = rows["channel"] == NOT_RECORDED
    ordered = rows.assign(is_last=is_last).sort_values(
        ["is_last", "booked_minor", "channel"], ascending=[True, False, True], ignore_index=True
    )
    return ordered[["channel", "bookings", *_AMOUNTS, "cost_minor", "inquiries", "conversion_rate", "worth_minor"]]


def _quotients(amounts: pd.Series[int], counts: pd.Series[int]) -> pd.Series[int]:
    """Each amount ÷ its count in minor units; missing where either is, and where the count is 0."""
    pairs = zip(amounts.tolist(), counts.tolist(), strict=True)
    found = [
        None if pd.isna(amount) or pd.isna(count) or not count else round(Fraction(int(amount), int(count)))
        for amount, count in pairs
    ]
    return pd.Series(found, index=amounts.index, dtype="Int64")
