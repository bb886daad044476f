"""
What the CMO's sentences need: which channel is this week's story, what it is worth, who books when, who may be reached.

As `quarterdeck.metrics.facts` has it: each function gives the same names always, None for what does not apply.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, SupportsIndex
from zoneinfo import ZoneInfo

import pandas as pd

from quarterdeck.display import Display, in_words
from quarterdeck.inventory import AssetInventory, NotAvailable
from quarterdeck.metrics.audience import ANSWERS, reachable_audience
from quarterdeck.metrics.bookings import (
    bookings_by_channel_week,
    bookings_value,
    cancellations_count,
    cancellations_value,
    lead_time_by_channel,
    lead_time_quartiles,
)
from quarterdeck.metrics.channels import WAVE_LEAST, cancellation_waves, channel_returns, losing_channels
from quarterdeck.metrics.crew import SEASON_WEEKS, SEASONS
from quarterdeck.metrics.domains import posture_by_zone
from quarterdeck.metrics.exact import NOT_RECORDED, ratio, total, totals_by
from quarterdeck.metrics.facts import Facts, facts
from quarterdeck.metrics.figure import Figure
from quarterdeck.metrics.pipeline import funnel_by_channel
from quarterdeck.metrics.seasons import demand_by_season_weekday
from quarterdeck.metrics.state import booked_from
from quarterdeck.period import Period

WORTH_LEAST = 10
"""Bookings in 13 weeks that a channel needs before a report says to do more of it."""

GAP_LEAST = Fraction(1, 10)
"""How much more of the inquiries than of the bookings a channel brings before that is a story."""

WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


@facts(
    "channel_story", "wave_channel", "wave_count", "wave_minor", "wave_booked_minor", "wave_4_weeks_count",
    "wave_4_weeks_minor", "loss_channel", "loss_spent_minor", "loss_booked_minor",
)  # fmt: skip
def channel_story_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    What a channel costs the company that it should not, and which of it is this week's story.

    Of these the one with most money is the story: a wave of cancellations that goes on, with at least 3 in the week
    (the money: what the channel cancelled in 4 weeks); a channel that costs more in 13 weeks than its bookings are
    worth (the money: the difference). Where there is neither, it is the gap of `funnel_facts`.

    Returns:
        `channel_story` (`wave`, `loss`, `gap`, or None); of the wave with most money `wave_channel`, `wave_count`,
        `wave_minor`, `wave_booked_minor` (what it cancelled and booked in the week), `wave_4_weeks_count`,
        `wave_4_weeks_minor`; of the largest loss `loss_channel`, `loss_spent_minor`, `loss_booked_minor`. A wave or
        loss that is not the story has its names too.
    """
    wave, in_wave = _wave(inventory, period)
    loss, in_loss = _loss(inventory, period)
    has_gap = funnel_facts(inventory, period)["gap_channel"] is not None
    story = "wave" if in_wave >= in_loss else "loss"
    found = story if in_wave or in_loss else "gap" if has_gap else None
    return {**wave, **loss, "channel_story": found}


@facts("week_channel", "week_share", "top_channel", "top_share", "second_channel", "second_share")
def source_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    Where bookings come from.

    Returns:
        `week_channel`, `week_share` (the channel with most of the week's `bookings_value`, and its share of it),
        `top_channel`, `top_share`, `second_channel`, `second_share` (the two with most of 26 weeks' money).
    """
    found: Facts = {}
    cells = bookings_by_channel_week(inventory, period)
    of_26_weeks = totals_by(cells["channel"], cells["value_minor"])
    of_week = {in_words(name): int(part or 0) for name, part in (bookings_value(inventory, period).by or {}).items()}
    for names, parts in ((("week",), of_week), (("top", "second"), of_26_weeks)):
        largest = [(name, part) for name, part in parts.items() if part and name != NOT_RECORDED]
        for of, (name, part) in zip(names, largest, strict=False):
            found |= {f"{of}_channel": name, f"{of}_share": ratio(part, sum(parts.values()))}
    return found


@facts("gap_channel", "gap_inquiry_share", "gap_booking_share", "best_rate_channel", "best_rate")
def funnel_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    Which inquiries become bookings.

    Returns:
        `gap_channel`, `gap_inquiry_share`, `gap_booking_share` (the channel whose share of the inquiries is most
        above its share of the bookings, both of 13 weeks; None where that is under 10 points),
        `best_rate_channel`, `best_rate` (the highest conversion of those with 10 bookings or more).
    """
    rows = funnel_by_channel(inventory, period)
    rows = rows[rows["channel"] != NOT_RECORDED]
    asked, booked = total(rows["inquiries"]), total(rows["booked"])
    if not asked or not booked:
        return {}
    found: Facts = {}
    shares = {
        name: (Fraction(inquiries, asked), Fraction(bookings, booked))
        for name, inquiries, bookings in rows[["channel", "inquiries", "booked"]].itertuples(index=False)
    }
    widest = max(shares, key=lambda name: shares[name][0] - shares[name][1])
    of_inquiries, of_bookings = shares[widest]
    if of_inquiries - of_bookings >= GAP_LEAST:
        found = {
            "gap_channel": widest,
            "gap_inquiry_share": float(of_inquiries),
            "gap_booking_share": float(of_bookings),
        }
    often = rows[rows["booked"] >= WORTH_LEAST]
    if len(often):
        best = _row(often, often["conversion_rate"].argmax())
        found |= {"best_rate_channel": best["channel"], "best_rate": best["conversion_rate"]}
    return found


@facts(
    "one_more", "more_channel", "more_minor", "also_channel", "also_minor", "mean_minor", "less_channel", "less_minor",
    "dearest_channel", "dearest_minor", "cheapest_channel", "cheapest_minor", "rare_channels",
)  # fmt: skip
def worth_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    What to do more of, by what 13 weeks left of each inquiry: `worth_minor` of `channel_returns`.

    Only channels with at least 10 bookings are called for; the least is that of any channel that has an inquiry.

    Returns:
        `one_more` (`an inquiry`, or `a booking` where inquiries are not known), `more_channel`, `more_minor` (the
        channel where it is worth most), `also_channel`, `also_minor` (the next one; both only where it is worth
        something, and more than the average), `mean_minor` (of all channels), `less_channel`, `less_minor` (where it is
        worth least); `dearest_channel`, `dearest_minor`, `cheapest_channel`, `cheapest_minor` (by `cost_minor`);
        `rare_channels` (those with fewer than 10 bookings, as one text; None for none).
    """
    rows = channel_returns(inventory, period)
    rows = rows[rows["channel"] != NOT_RECORDED]
    by = "bookings" if rows["inquiries"].isna().all() else "inquiries"
    known = rows.dropna(subset="worth_minor").sort_values(["worth_minor", "channel"], ascending=[False, True])
    often = known[known["bookings"] >= WORTH_LEAST]
    rare = rows.loc[rows["bookings"] < WORTH_LEAST, "channel"].tolist()
    found = {**_dearest_and_cheapest(rows), "rare_channels": " and ".join(rare) or None}
    if len(often) and len(known) > 1:
        booked, cancelled, spent = (total(known[name]) for name in ("booked_minor", "cancelled_minor", "spent_minor"))
        mean = round(Fraction(booked - cancelled - spent, total(known[by])))
        found |= {"one_more": "a booking" if by == "bookings" else "an inquiry", "mean_minor": mean}
        for of, row in (("more", _row(often, 0)), ("also", _row(often[1:], 0)), ("less", _row(known, -1))):
            if row and (of == "less" or row["worth_minor"] > max(mean, 0)):
                found |= {f"{of}_channel": row["channel"], f"{of}_minor": row["worth_minor"]}
    return found


@facts(
    "early_channel", "early_days", "late_channel", "late_days", "week_low_days", "week_high_days", "source_begins_on",
    "source_ends_on",
)  # fmt: skip
def ahead_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    How far ahead events are booked.

    Returns:
        `early_channel`, `early_days`, `late_channel`, `late_days` (the longest and the shortest median of 13 weeks, in
        whole days; None for one channel alone), `week_low_days`, `week_high_days` (the quartiles of the week),
        `source_begins_on` (the day of the first event, where that is in the last 52 weeks), `source_ends_on` (the day
        of the last one, where a quarter of all bookings are made for later than that: the latest weeks lack them).
    """
    found: Facts = {"source_begins_on": _start_of_source(inventory, period)}
    found["source_ends_on"] = _end_of_source(inventory, period)
    week = _row(lead_time_quartiles(inventory, period), 0)
    if week:
        found["week_low_days"] = round(week["first_quartile_days"])
        found["week_high_days"] = round(week["third_quartile_days"])
    try:
        rows = lead_time_by_channel(inventory, period)
    except NotAvailable:
        return found
    if len(rows) > 1:
        for of, row in (("early", _row(rows, 0)), ("late", _row(rows, -1))):
            found |= {f"{of}_channel": row["channel"], f"{of}_days": round(row["median_days"])}
    return found


@facts("busy_days", "busy_share", "busy_events", "quiet_days", "quiet_share", "quiet_events", "unknown_seasons")
def season_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    When customers come, over 52 weeks.

    Returns:
        `busy_days` (`Saturdays in Jun–Aug`), and `busy_share` (how full their events were) or, where no capacity is
        known, `busy_events` (how many a day, printed); the same of the quietest days; `unknown_seasons` (`Mar–May`:
        those of which the source holds no day; None for none).
    """
    cells = demand_by_season_weekday(inventory, period)
    company = inventory.company
    display = Display(company.locale, company.currency, company.time_zone)
    known = cells.groupby("season")["value"].count() if len(cells) else pd.Series(1, index=SEASONS)
    unknown = [season for season in SEASONS if not known[season]]
    found: Facts = {"unknown_seasons": ", ".join(unknown) or None}
    told = cells[cells["is_told"]].sort_values("value", ascending=False)
    for of, (season, weekday, value, is_share) in zip(
        ("busy", "quiet"), told[["season", "weekday", "value", "is_share"]].itertuples(index=False), strict=False
    ):
        found[f"{of}_days"] = f"{WEEKDAYS[weekday]} in {season}"
        found |= {f"{of}_share": float(value)} if is_share else {f"{of}_events": display.number(float(value))}
    return found


@facts(
    "customers", "reachable_customers", "reachable_share", "reach_channel", "reach_channel_customers",
    "unasked_customers",
)  # fmt: skip
def audience_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    Whom the company may write to.

    Returns:
        `customers` (all of them), `reachable_customers`, `reachable_share` (who consented), `reach_channel`,
        `reach_channel_customers` (the channel that most of these came by), `unasked_customers` (who did not say;
        None for none).
    """
    rows = reachable_audience(inventory, period)
    sums = {answer: int(rows[answer].sum()) for answer in ANSWERS}
    everyone = sum(sums.values())
    found: Facts = {
        "customers": everyone,
        "reachable_customers": sums["consented"],
        "reachable_share": ratio(sums["consented"], everyone),
        "unasked_customers": sums["not_asked"] or None,
    }
    named = rows[(rows["channel"] != NOT_RECORDED) & (rows["consented"] > 0)]
    if len(named):
        most = _row(named, named["consented"].argmax())
        found |= {"reach_channel": most["channel"], "reach_channel_customers": most["consented"]}
    return found


@facts("domains_count", "domains_read", "domains_to_mend", "lapsing_domain", "lapses_on")
def presence_facts(inventory: AssetInventory, period: Period) -> Facts:
    """
    The domains by which the company is found.

    Returns:
        `domains_count`, `domains_read` (those whose records are known), `domains_to_mend` (of all; None for none),
        `lapsing_domain`, `lapses_on` (the one that expires first, where that is within 60 days or over).
    """
    rows = posture_by_zone(inventory, period)
    found: Facts = {
        "domains_count": len(rows),
        "domains_read": int(rows["is_known"].sum()),
        "domains_to_mend": int((rows["failures"] > 0).sum()) or None,
    }
    lapsing = rows[rows["fails"].str.contains("expire")].sort_values(["expires_on", "domain"])
    if len(lapsing):
        first = _row(lapsing, 0)
        found |= {"lapsing_domain": first["domain"], "lapses_on": first["expires_on"].date()}
    return found


def _wave(inventory: AssetInventory, period: Period) -> tuple[Facts, int]:
    """The wave with most money of those that go on in the week, and that money; none where it is not known either."""
    try:
        waves = cancellation_waves(inventory, period)
    except NotAvailable:
        return {}, 0
    counts, lost = (_by_words(metric(inventory, period)) for metric in (cancellations_count, cancellations_value))
    booked = _by_words(bookings_value(inventory, period))
    for channel, count, _, amount in waves.itertuples(index=False):
        if counts.get(channel, 0) >= WAVE_LEAST:
            found: Facts = {
                "wave_channel": channel,
                "wave_count": counts[channel],
                "wave_minor": lost[channel],
                "wave_booked_minor": booked.get(channel, 0),
                "wave_4_weeks_count": int(count),
                "wave_4_weeks_minor": int(amount),
            }
            return found, int(amount)
    return {}, 0


def _loss(inventory: AssetInventory, period: Period) -> tuple[Facts, int]:
    """The channel that loses most, and how much; none where what channels cost is not known either."""
    try:
        worst = _row(losing_channels(inventory, period), 0)
    except NotAvailable:
        return {}, 0
    if not worst:
        return {}, 0
    found: Facts = {f"loss_{name}": worst[name] for name in ("channel", "spent_minor", "booked_minor")}
    return found, worst["loss_minor"]


def _by_words(figure: Figure) -> dict[str, int]:
    """The known parts of *figure*, by what a reader calls them."""
    return {in_words(name): int(part) for name, part in (figure.by or {}).items() if part is not None}


def _dearest_and_cheapest(rows: pd.DataFrame) -> Facts:
    costs = rows.dropna(subset="cost_minor").sort_values(["cost_minor", "channel"])
    if len(costs) < 2:
        return {}
    found: Facts = {}
    for of, row in (("cheapest", _row(costs, 0)), ("dearest", _row(costs, -1))):
        found |= {f"{of}_channel": row["channel"], f"{of}_minor": row["cost_minor"]}
    return found


def _row(rows: pd.DataFrame, at: SupportsIndex) -> Mapping[Any, Any]:
    """The row of *rows* at place *at*, with Python's values; empty where there are no rows."""
    return rows.iloc[[operator.index(at)]].astype("object").to_dict("records")[0] if len(rows) else {}


def _start_of_source(inventory: AssetInventory, period: Period) -> date | None:
    """The day of the first event, where it is in the 52 weeks that end with *period*."""
    first: datetime = inventory.table("events")["starts_at"].min()
    if not period.window_start(SEASON_WEEKS) <= first < inventory.moment(period):
        return None
    return first.astimezone(ZoneInfo(inventory.company.time_zone)).date()


def _end_of_source(inventory: AssetInventory, period: Period) -> date | None:
    """The day of the last event, where a quarter of the bookings made until then reach further from t than it."""
    events, t = inventory.table("events", "booked_at"), inventory.moment(period)
    booked = booked_from(events)
    lead = (events["starts_at"] - booked)[booked < t] / timedelta(days=1)
    last: datetime = events["starts_at"].max()
    if lead.empty or (last - t) / timedelta(days=1) >= lead.quantile(0.75):
        return None
    return last.astimezone(ZoneInfo(inventory.company.time_zone)).date()
