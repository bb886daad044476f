"""Laws that hold for every company, however odd its tables: found by search, not by example."""

from datetime import timedelta
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from quarterdeck import metrics
from quarterdeck.display import in_words
from quarterdeck.inventory import EVENT_STATES
from quarterdeck.metrics.figure import CATALOGUE
from quarterdeck.period import Period

# Summer time ended in Los Angeles on 1 November, inside the four weeks that follow P.
ZONE = "America/Los_Angeles"
P = Period.parse("2026-W43", ZONE)
T = P.end
AS_OF = T + timedelta(hours=8)

# The parts of these are rates or prices of one booking: they do not sum to the value.
NOT_ADDITIVE = {"conversion_rate", "cost_per_booking", "gross_margin_rate"}
WINDOWED = {  # and nothing in the window makes them 0 or not available
    "recognised_revenue",
    "bookings_value",
    "bookings_count",
    "cancellations_value",
    "cancellations_count",
    "cancellation_rate",
    "net_bookings_value",
    "conversion_rate",
    "pipeline_weighted_value",
    "labour_cost",
    "utilisation",
    "unsold_places",
    "unfilled_places",
    "unfilled_revenue",
    "repeat_rate",
    "lead_time_median_days",
    "concentration_customer",
    "concentration_channel",
    "concentration_business",
    "readiness_rate",
}

# Every example computes the whole catalogue, twice: few but crowded companies find as much as many small ones.
# derandomize: CI sees the same companies every time. No shrinking: it would take minutes.
search = settings(max_examples=6, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])


def maybe(values):
    return st.none() | values


# Quarters of a day around t, which is one of them; now and then a year away.
around = st.integers(-80, 80).map(lambda quarter: T + timedelta(hours=6 * quarter))
far = st.integers(-60, 60).map(lambda weeks: T + timedelta(weeks=weeks, hours=7))
instants = around | around | far
after_t = st.integers(0, 200).map(lambda quarter: T + timedelta(hours=6 * quarter))


def events_of(times, created, starts, ends_after):
    """A strategy for events without id; the keys are always there, values may be missing."""
    rows = st.fixed_dictionaries(
        {
            "business": st.sampled_from(["Bay Sails", "Whale Watch"]),
            "status": st.sampled_from(EVENT_STATES),
            "created_at": created,
            "quoted_at": maybe(times),
            "booked_at": maybe(times),
            "cancelled_at": maybe(times),
            "starts_at": starts,
            "ends_at": maybe(ends_after),
            "customer_id": maybe(st.sampled_from(["c1", "c2", "c3"])),
            "channel": maybe(st.sampled_from(["web", "agent"])),
            "guests": maybe(st.integers(0, 9)),
            "capacity": maybe(st.integers(0, 9)),
            "price_minor": maybe(st.integers(0, 10**6) | st.just(10**17 + 1)),
            "paid_minor": maybe(st.integers(0, 10**6)),
        }
    )
    return rows.map(
        lambda row: row | {"ends_at": None if row["ends_at"] is None else row["starts_at"] + row["ends_at"]}
    )


lengths = st.integers(0, 9).map(lambda quarter: timedelta(hours=6 * quarter))
any_events = events_of(instants, maybe(instants), instants, lengths)
later_events = events_of(after_t, after_t, after_t, lengths)
claim_rows = st.fixed_dictionaries(
    {
        "event": st.integers(0, 9),
        "role": st.sampled_from(["captain", "deckhand"]),
        "status": st.sampled_from(["open", "claimed", "confirmed", "declined", "completed", "paid"]),
        "hours": st.integers(0, 96).map(lambda eighths: Decimal(eighths) / 8),
        "rate_minor": st.integers(0, 9999),
        "claimed_at": maybe(instants),
    }
)
item_rows = st.fixed_dictionaries(
    {
        "event": st.integers(0, 9),
        "item": st.just("Life jackets"),
        "is_required": st.booleans(),
        "due_at": instants,
        "completed_at": maybe(instants),
    }
)

user_rows = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["customer", "crew", "admin"]),
        "created_at": maybe(instants),
        "last_active_at": maybe(instants),
        "mfa_enabled": maybe(st.booleans()),
    }
)

BOOKS = {
    "accounts": [
        {"account": "4000", "name": "Charters", "kind": "revenue"},
        {"account": "5000", "name": "Fuel", "kind": "cogs"},
        {"account": "6000", "name": "Rent", "kind": "opex"},
        {"account": "1000", "name": "Bank", "kind": "cash"},
    ],
    "expenses": [
        {"date": "2026-10-20", "vendor": "Dock", "amount_minor": 5001, "account": "5000", "business": "Bay Sails"},
        {"date": "2026-10-21", "vendor": "Rent", "amount_minor": 700, "account": "6000", "channel": "agent"},
        {"date": "2026-10-22", "vendor": "?", "amount_minor": 60, "account": None},
    ],
    "plan": [
        {"month": "2026-10", "account": "4000", "business": "Bay Sails", "amount_minor": 310000},
        {"month": "2026-11", "account": "6000", "business": None, "amount_minor": 70001},
    ],
    "balances": [{"date": "2026-10-20", "account": "1000", "balance_minor": 123456}],
}
LATER_BOOKS = {
    "expenses": [{"date": "2026-10-26", "vendor": "Dock", "amount_minor": 999, "account": "5000", "channel": "web"}],
    "balances": [{"date": "2026-10-26", "account": "1000", "balance_minor": 1}],
}


def numbered(rows, prefix, first=0):
    """Rows with ids of their own, those of claims and checklists bound to one of the first ten events."""
    key = {"e": "event_id", "c": "claim_id", "k": "checklist_id", "u": "user_id"}[prefix]
    with_ids = []
    for number, row in enumerate(rows, first):
        own = {name: value for name, value in row.items() if name != "event"}
        bound = {"event_id": f"e{row['event']:03}"} if "event" in row else {}
        with_ids.append({key: f"{prefix}{number:03}"} | own | bound)
    return with_ids


def lists(rows, largest):
    return st.lists(rows, min_size=1, max_size=largest)


@st.composite
def companies(draw):
    """The tables of one company: up to 20 events around t, with claims, checklists, users and small books."""
    return {
        "events": numbered(draw(lists(any_events, 20)), "e"),
        "claims": numbered(draw(lists(claim_rows, 12)), "c"),
        "checklists": numbered(draw(lists(item_rows, 12)), "k"),
        "users": numbered(draw(lists(user_rows, 3)), "u"),
        **BOOKS,
    }


@st.composite
def later_rows(draw):
    """Rows that all happen at t or later."""
    return {
        "events": numbered(draw(lists(later_events, 4)), "e", 100),
        "claims": numbered([row | {"claimed_at": draw(after_t)} for row in draw(lists(claim_rows, 3))], "c", 100),
        "checklists": numbered([row | {"due_at": draw(after_t)} for row in draw(lists(item_rows, 3))], "k", 100),
        "users": numbered([row | {"created_at": draw(after_t)} for row in draw(lists(user_rows, 2))], "u", 100),
        **LATER_BOOKS,
    }


@pytest.fixture(scope="session")
def figures_of(inventory_of):
    """A function (tables, period) → every figure of the catalogue by id."""

    def compute(tables, period=P):
        inventory = company_of(inventory_of, tables)
        return {name: defined(inventory, period) for name, defined in CATALOGUE.items()}

    return compute


def company_of(inventory_of, tables, as_of=AS_OF):
    return inventory_of(as_of.isoformat(), settings={"time_zone": ZONE}, **tables)


@search
@given(tables=companies())
def test_parts_sum_to_their_total(figures_of, tables):
    """The parts of every split of money or counts sum to its value, to the cent."""
    for name, figure in figures_of(tables).items():
        if figure.by is not None and name not in NOT_ADDITIVE:
            assert sum(part for part in figure.by.values() if part is not None) == figure.value, name


@search
@given(tables=companies(), later=later_rows())
def test_what_happens_after_t_changes_no_figure_at_t(figures_of, tables, later):
    """Rows whose timestamps lie at t or later leave every figure at t as it was, part by part."""
    with_later = {name: rows + later.get(name, []) for name, rows in tables.items()}

    assert figures_of(with_later) == figures_of(tables)


@search
@given(tables=companies(), seed=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(figures_of, tables, seed):
    """Shuffled tables give the same figures, their parts in the same order."""
    shuffled = {name: seed.sample(rows, len(rows)) for name, rows in tables.items()}

    before, after = figures_of(tables), figures_of(shuffled)

    assert after == before
    assert [list(figure.by or ()) for figure in after.values()] == [list(figure.by or ()) for figure in before.values()]


@search
@given(tables=companies(), weeks=st.sampled_from([-200, 200]))
def test_a_period_without_rows_is_zero_or_not_available(inventory_of, tables, weeks):
    """Years before the first row and after the last one no metric fails, and the windowed ones are 0 or absent."""
    inventory = company_of(inventory_of, tables, as_of=P.shifted(201).start)

    for name, defined in CATALOGUE.items():
        figure = defined(inventory, P.shifted(weeks))
        assert (figure.value is None) == (figure.reason is not None), name
        assert name not in WINDOWED or not figure.value, name


def test_empty_tables_make_no_figure_at_all(figures_of):
    """A company whose tables hold no rows has no figure, and every one says why."""
    figures = figures_of({name: [] for name in ("events", "claims", "checklists", "users", *BOOKS)})

    assert {name: figure.value for name, figure in figures.items() if figure.value is not None} == {}
    assert all(figure.reason for figure in figures.values())


@search
@given(tables=companies())
def test_lists_and_series_add_up_to_their_figures(inventory_of, tables):
    """What stands beside a figure (a list, a series, a funnel) is made of the same rows as the figure."""
    inventory = company_of(inventory_of, tables)
    weekly = metrics.recognised_by_week(inventory, P, weeks=4)
    recognised = [metrics.recognised_revenue(inventory, P.shifted(back)).value for back in (-3, -2, -1, 0)]

    assert [None if week is pd.NA else week for week in weekly["recognised_minor"]] == recognised
    assert metrics.unclosed_by_event(inventory, P)["price_minor"].sum() == metrics.unclosed_revenue(inventory, P).value
    assert metrics.unfilled_by_event(inventory, P)["places"].sum() == metrics.unfilled_places(inventory, P).value
    assert metrics.unsold_by_event(inventory, P)["unsold"].sum() == metrics.unsold_places(inventory, P).value
    assert metrics.open_receivables(inventory, P)["open_minor"].sum() == metrics.receivables(inventory, P).value
    assert metrics.kept_on_cancelled(inventory, P)["paid_minor"].sum() == metrics.refund_liability(inventory, P).value


@search
@given(tables=companies())
def test_the_funnel_and_the_grid_hold_the_same_events_as_their_rates(inventory_of, tables):
    """The funnel's booked ÷ inquiries is the conversion rate, and the last week of the grid the week's bookings."""
    inventory = company_of(inventory_of, tables)
    conversion, count = metrics.conversion_rate(inventory, P), metrics.bookings_count(inventory, P)

    if conversion.value is not None:
        funnel = metrics.funnel_by_channel(inventory, P)
        assert funnel["booked"].sum() / funnel["inquiries"].sum() == conversion.value
        by_channel = {in_words(channel): rate for channel, rate in conversion.by.items()}
        assert dict(zip(funnel["channel"], funnel["conversion_rate"], strict=True)) == by_channel
    if count.value is not None:
        grid = metrics.bookings_by_channel_week(inventory, P)
        assert grid.loc[grid["week"] == str(P), "bookings"].sum() == count.value
        assert metrics.net_bookings_value(inventory, P).value == (
            metrics.bookings_value(inventory, P).value - metrics.cancellations_value(inventory, P).value
        )
