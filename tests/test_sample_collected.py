from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from quarterdeck import metrics
from quarterdeck.config import load_company
from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.forecast import outlook
from quarterdeck.period import Period
from quarterdeck.snapshot import settings_of
from quarterdeck.sources import collect
from quarterdeck.sources.canonical import frame_of

SAMPLE = Path(__file__).parent.parent / "sample"
TODAY = date(2026, 11, 23)
ZONE = "America/Los_Angeles"
WEEK = Period(2026, 47, ZONE)


@pytest.fixture(scope="module")
def collected():
    return collect(load_company(SAMPLE), SAMPLE)


@pytest.fixture(scope="module")
def inventory(collected):
    """The sample as the reports see it, without the way through files."""
    company = load_company(SAMPLE)
    frames = {name: frame_of(name, table) for name, table in collected.tables.items()}
    return AssetInventory.from_frames(settings_of(company), company.as_of, frames)


def test_last_full_week_is_the_one_of_the_story(inventory):
    """The sample's as-of lies in the morning after week 47."""
    assert Period.last_full(inventory.as_of, ZONE) == WEEK


def test_only_the_sloppy_handoff_is_not_understood(collected):
    """Every finding is one of those planted in the log of sightings: a state, two dates, an amount in euros, a word."""
    assert {finding.document for finding in collected.findings} == {"sightings-log.md"}
    assert sum("day first or the month first" in finding.message for finding in collected.findings) == 2
    assert sum("in EUR" in finding.message for finding in collected.findings) == 1
    assert len(collected.findings) == 5


def test_handoffs_are_understood(inventory):
    """Ten projects in six states; one handoff is stale; two dozen gaps, actions and costs keep their lines."""
    projects = inventory.table("projects")

    assert len(projects) == 10
    assert set(projects["status"]) == {"live", "degraded", "building", "paused", "retired", "unknown"}
    assert metrics.stale_handoffs(inventory, WEEK).value == 1
    assert len(inventory.table("gaps")) == 21
    assert len(inventory.table("actions")) == 31
    assert metrics.running_cost_stated(inventory, WEEK).value == 287_400


def test_functions_risk_what_is_planted(inventory):
    """Six functions: three defaults that look like secrets and come in redacted, and one key that four of them read."""
    variables = inventory.table("variables")
    risks = metrics.configuration_risks(inventory, WEEK).by
    leaking = variables[variables["is_secret"] & variables["default"].notna()]

    assert len(inventory.table("functions")) == 6
    assert (risks["Secret as default"], risks["Shared secret"]) == (3, 1)
    assert set(leaking["name"]) == {"ROSTER_ADMIN_TOKEN", "WEBHOOK_SECRET", "REMINDERS_SMTP_PASSWORD"}
    assert not leaking["default"].str.contains("fake|real", regex=True).any()


def test_names_and_addresses_stay_outside(inventory):
    """Nothing in any table is an address, a phone number or a guest's name, though the files hold all three."""
    texts = set()
    for name in ("events", "users", "checklists", "claims"):
        frame = inventory.table(name)
        for column in frame.select_dtypes("string"):
            texts |= set(frame[column].dropna())

    assert not [text for text in texts if "@" in text or text.startswith("555-") or "Quill" in text]


def test_column_map_brings_their_words_into_ours(inventory):
    """Their codes become the names that reports show, their clocks become UTC, their dollars become cents."""
    events = inventory.table("events")

    assert set(events["business"]) == {"Harbour Lights", "Bay Sails", "Whale Watch"}
    assert set(events["status"]) == {"inquiry", "quoted", "booked", "completed", "cancelled"}
    assert set(events["channel"]) == {"Website", "Phone", "Referral", "Hotel desks", "Marketplaces", "Boat shows"}
    assert ((events["ends_at"] - events["starts_at"]) <= timedelta(hours=7)).all()
    assert events["price_minor"].max() < 1_000_000


def test_week_is_worth_reading(inventory):
    """The week's main figures are those of a company that one can believe in."""
    revenue = metrics.recognised_revenue(inventory, WEEK).value
    margin = metrics.gross_margin_rate(inventory, WEEK)

    assert 4_300_000 < revenue < 5_000_000
    assert 0.35 < margin.value < 0.45
    assert margin.by["Bay Sails"] < margin.by["Whale Watch"] < margin.by["Harbour Lights"]
    assert metrics.cash(inventory, WEEK).value == 21_240_000
    assert -4_000_000 < metrics.result_variance_ytd(inventory, WEEK).value < -1_000_000


def cents_by_week(days, amounts):
    """Cents by week from today; what is overdue falls in the first."""
    weeks = ((days - pd.Timestamp(TODAY)).dt.days // 7).clip(lower=0)
    return amounts.groupby(weeks).sum().reindex(range(13), fill_value=0)


def local_days(instants):
    return instants.dt.tz_convert(ZONE).dt.tz_localize(None).dt.normalize()


def fixed_bills(inventory):
    """Vendors that cost the same to 20 % in three of the months July to October: cents, account, day of the month."""
    expenses = inventory.table("expenses")
    expenses = expenses[(expenses["date"] >= "2026-07-01") & (expenses["date"] < "2026-11-23")]
    full = expenses[expenses["date"] < "2026-11-01"]
    months = full.groupby(["vendor", full["date"].dt.month])["amount_minor"].sum().unstack().astype("float64")
    median = months.median(axis="columns")
    same = months.sub(median, axis="index").abs().le(median / 5, axis="index").sum(axis="columns")
    latest = expenses.sort_values("date").drop_duplicates("vendor", keep="last").set_index("vendor")
    bills = latest.loc[same.index[same >= 3]]
    return bills.assign(amount=median.round().astype("int64"), day=bills["date"].dt.day)[["amount", "account", "day"]]


def planned_costs(inventory, bills):
    """Cents by week of the plan's costs that are not among *bills*."""
    plan, chart = inventory.table("plan"), inventory.table("accounts").set_index("account")["kind"]
    plan = plan[plan["account"].map(chart).isin(["cogs", "opex"])]
    by_month = plan.groupby(["month", "account"])["amount_minor"].sum().astype("float64").unstack()
    beyond = (by_month - bills.groupby("account")["amount"].sum().reindex(by_month.columns, fill_value=0)).clip(lower=0)
    days = pd.Series(pd.date_range(TODAY, periods=91))
    each = beyond.sum(axis="columns").reindex(days.dt.strftime("%Y-%m")).to_numpy() / days.dt.days_in_month
    return cents_by_week(days, each)


def test_cash_falls_under_the_minimum(inventory):
    """
    Cash is lowest in the week of 1 February, between nothing and the minimum of $100k, and recovers after.

    The forecast is worked out once more here, in floats, and agrees with the metric to a few cents.
    """
    events, claims = inventory.table("events"), inventory.table("claims")
    unpaid = (events["price_minor"] - events["paid_minor"]).clip(lower=0).fillna(0)
    booked, served = events["status"] == "booked", events["status"] == "completed"
    crew = claims[claims["status"].isin(["completed", "confirmed"])]
    crew_days = crew["event_id"].map(events.set_index("event_id")["ends_at"])
    wages = (crew["hours"].astype("float64") * crew["rate_minor"].astype("float64")).round()
    bills = fixed_bills(inventory)
    due = [
        (pd.Timestamp(y, m, day), amount)
        for y, m in ((2026, 11), (2026, 12), (2027, 1), (2027, 2))
        for day, amount in zip(bills["day"], bills["amount"], strict=True)
    ]
    due = pd.DataFrame([row for row in due if row[0] >= pd.Timestamp(TODAY)], columns=["day", "amount"])

    flow = (
        cents_by_week(local_days(events["starts_at"])[booked] - timedelta(days=7), unpaid[booked])
        + cents_by_week(local_days(events["ends_at"])[served] + timedelta(days=30), unpaid[served])
        - cents_by_week(local_days(crew_days) + timedelta(days=7), wages)
        - cents_by_week(due["day"], due["amount"])
        - planned_costs(inventory, bills)
    )
    ends = 21_240_000 + flow.astype("float64").cumsum()

    assert ends.idxmin() == 10
    assert TODAY + timedelta(weeks=10) == date(2027, 2, 1)
    assert 7_500_000 < ends.min() < 9_500_000
    assert ends[9] > 10_000_000
    assert ends[12] > ends.min() + 1_000_000
    assert outlook(inventory, WEEK).closings == pytest.approx(list(ends), abs=100)
    assert metrics.runway_weeks(inventory, WEEK).value == 11


def test_only_fixed_bills_recur(inventory):
    """What the forecast repeats every month is rent, salaries and the like, never diesel or commissions."""
    bills = fixed_bills(inventory)
    kinds = bills["account"].map(inventory.table("accounts").set_index("account")["kind"])

    assert set(kinds) == {"opex"}
    assert "Ledgerline Payroll" in bills.index
    assert len(bills) == 15
