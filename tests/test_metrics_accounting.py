"""What the accountant's report is made of: items of failed checks, schedules, gaps of the books, and its words."""

import itertools
from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck import metrics
from quarterdeck.inventory import NotAvailable
from quarterdeck.period import Period

# P is Monday 23 to Sunday 29 November 2026, t its end; the snapshot was taken on the Tuesday after.
P = Period.parse("2026-W48", "UTC")
AS_OF = "2026-12-01"
CHART = [
    {"account": "4000", "name": "Charters", "kind": "revenue"},
    {"account": "5000", "name": "Fuel", "kind": "cogs"},
    {"account": "5500", "name": "Crew", "kind": "labour"},
    {"account": "6000", "name": "Rent", "kind": "opex"},
]
_numbers = itertools.count(1)


def event(**columns):
    """One completed, paid event of P that cost 10.00; *columns* change it."""
    usual = {
        "event_id": f"e{next(_numbers):06}",
        "business": "Bay Sails",
        "status": "completed",
        "booked_at": "2026-10-01",
        "starts_at": "2026-11-24 09:00",
        "ends_at": "2026-11-24 12:00",
        "price_minor": 1000,
        "paid_minor": 1000,
        "cancelled_at": None,
    }
    return usual | columns


def coming(day, paid, **columns):
    usual = {"status": "booked", "starts_at": f"{day} 09:00", "ends_at": f"{day} 12:00", "paid_minor": paid}
    return event(**(usual | columns))


def owed(number, days, amount, customer=None):
    ended = (pd.Timestamp("2026-11-30") - pd.Timedelta(days=days)).strftime("%Y-%m-%d")
    times = {"starts_at": ended, "ends_at": ended}
    return event(event_id=f"o{number}", price_minor=amount, paid_minor=0, customer_id=customer, **times)


def bill(amount, account="5000", day="2026-11-25", vendor="Acme"):
    return {"date": day, "vendor": vendor, "amount_minor": amount, "account": account}


def failing():
    """One event or more for each check of bookings."""
    return [
        event(event_id="unclosed", status="booked", business="Whale Watch", price_minor=500, paid_minor=450),
        event(event_id="over", paid_minor=1300),
        event(event_id="owed", paid_minor=100),
        event(event_id="priceless", price_minor=None),
        event(event_id="kept 1", status="cancelled", cancelled_at="2025-12-31 23:00", paid_minor=70),
        event(event_id="kept 2", status="cancelled", cancelled_at="2026-01-01", paid_minor=80),
        event(event_id="undated", status="cancelled", paid_minor=0, price_minor=60),
    ]


def test_items_name_what_fails_each_check(inventory_of):
    """Each failing row stands with its day of the company's zone; of each check they sum to what it counts."""
    inventory = inventory_of(
        AS_OF, settings={"time_zone": "Asia/Tokyo"}, events=failing(), accounts=CHART, expenses=[bill(40), bill(40)]
    )
    week = Period.parse("2026-W48", "Asia/Tokyo")

    items = metrics.tie_out_items(inventory, week)
    checks = metrics.tie_outs(inventory, week).set_index("check")

    assert items["item"].tolist() == ["unclosed", "over", "owed", "priceless", "kept 2", "kept 1", "undated", "Acme"]
    assert items["business"].fillna("none").tolist() == ["Whale Watch", *["Bay Sails"] * 6, "none"]
    assert items["amount_minor"].fillna(-1).tolist() == [500, 300, 900, -1, 80, 70, 60, 40]
    # 23:00 UTC on the last of December is New Year in Tokyo
    assert items.loc[items["item"] == "kept 1", "on"].tolist() == [pd.Timestamp("2026-01-01")]
    for check, rows in items.groupby("check"):
        assert len(rows) == checks.loc[check, "rows"]
        assert rows["amount_minor"].isna().all() or rows["amount_minor"].sum() == checks.loc[check, "amount_minor"]


def test_items_of_some_checks(inventory_of):
    """Only the checks that are asked for are listed; where none of them can be made, the reason is said."""
    inventory = inventory_of(AS_OF, events=failing())

    assert metrics.tie_out_items(inventory, P, "kept")["item"].tolist() == ["kept 2", "kept 1"]
    assert metrics.tie_out_items(inventory, P, "overpaid", "twice")["item"].tolist() == ["over"]
    with pytest.raises(NotAvailable, match="the company's folder has no expenses"):
        metrics.tie_out_items(inventory, P, "twice")


def test_money_kept_nobody_knows_since_when_is_listed(inventory_of):
    """A source without a time of cancelling has the item without a day, and nothing of it is known to be old."""
    undated = {name: value for name, value in event(status="cancelled").items() if name != "cancelled_at"}
    inventory = inventory_of(AS_OF, events=[undated])

    items = metrics.tie_out_items(inventory, P, "kept")

    assert items["on"].isna().tolist() == [True]
    assert metrics.item_facts(inventory, P)["kept_events"] == 1
    assert metrics.item_facts(inventory, P)["kept_old_minor"] is None


def test_what_came_and_what_went(inventory_of):
    """An item that failed last week and no longer does is settled, one that did not is new, others have not moved."""
    stays, closed = event(event_id="stays", status="booked"), event(event_id="closed", status="booked")
    times = {"starts_at": "2026-11-17", "ends_at": "2026-11-17"}
    before = inventory_of("2026-11-24", events=[stays | times, closed | times])
    now = inventory_of(
        AS_OF,
        events=[stays | times, closed | times | {"status": "completed"}, event(event_id="new", status="booked")],
        expenses=[bill(40), bill(40)],
    )
    object.__setattr__(now, "snapshot", "other")

    moved = metrics.tie_out_changes(now, before, P)

    assert moved[["item", "change"]].to_numpy().tolist() == [["new", "new"], ["closed", "settled"]]
    assert metrics.moved_facts(now, before, P) == {
        "late_events": 1,
        "late_minor": 1000,
        "new_items": 1,
        "new_minor": 1000,
        "settled_items": 1,
        "settled_minor": 1000,
    }


def test_what_moved_needs_two_snapshots(inventory_of):
    """Without last week's snapshot, with the same one, or with one that cannot tell, nothing is said to have moved."""
    inventory, empty = inventory_of(AS_OF, events=failing()), inventory_of(AS_OF, users=[])
    object.__setattr__(empty, "snapshot", "other")

    assert set(metrics.moved_facts(inventory, None, P).values()) == {None}
    assert set(metrics.moved_facts(inventory, inventory, P).values()) == {None}
    assert set(metrics.moved_facts(inventory, empty, P).values()) == {None}
    with pytest.raises(NotAvailable, match="last week's edition was made from the same snapshot"):
        metrics.tie_out_changes(inventory, inventory, P)
    with pytest.raises(NotAvailable, match="no check can be made in both snapshots"):
        metrics.tie_out_changes(inventory, empty, P)


def test_deferred_revenue_by_month_of_service(inventory_of):
    """
    What was paid ahead stands in the month in which the event ends, with empty months between.

    An event that is over and not completed stands in its own month; what is served, cancelled or unpaid in none.
    """
    inventory = inventory_of(
        AS_OF,
        events=[
            event(),
            coming("2026-10-31", 50),
            coming("2026-12-31", 300, ends_at="2027-01-01 02:00"),
            coming("2027-01-31", 20),
            coming("2027-01-30", 0),
            coming("2027-02-01", None),
            coming("2026-12-05", 90, cancelled_at="2026-11-01"),
        ],
    )

    months = metrics.deferred_by_month(inventory, P)

    assert months["month"].dt.strftime("%Y-%m").tolist() == ["2026-10", "2026-11", "2026-12", "2027-01"]
    assert months["paid_minor"].tolist() == [50, 0, 0, 320]
    assert months["events"].tolist() == [1, 0, 0, 2]
    assert months["paid_minor"].sum() == metrics.deferred_revenue(inventory, P).value
    assert metrics.deferred_by_month(inventory_of(AS_OF, events=[event()]), P).empty
    with pytest.raises(NotAvailable, match="latest full week"):
        metrics.deferred_by_month(inventory, P.shifted(-1))


@settings(deadline=None, max_examples=20)
@given(
    bookings=st.lists(
        st.tuples(st.dates(date(2026, 10, 1), date(2027, 6, 30)), st.integers(0, 10**12) | st.none()), max_size=12
    )
)
def test_months_of_deferred_revenue_sum_to_it(inventory_of, bookings):
    """Whatever was paid for whichever days, the months sum to the figure, and follow each other without a gap."""
    inventory = inventory_of(AS_OF, events=[event(), *(coming(day, paid) for day, paid in bookings)])

    months = metrics.deferred_by_month(inventory, P)

    assert months["paid_minor"].sum() == metrics.deferred_revenue(inventory, P).value
    if len(months):
        assert pd.date_range(months["month"].min(), months["month"].max(), freq="MS").tolist() == list(months["month"])


def test_receivables_by_customer(inventory_of):
    """Who owes most comes first, whoever is not named is one row, and only what is over 60 days old is old."""
    inventory = inventory_of(
        AS_OF, events=[owed(1, 60, 500, "a"), owed(2, 61, 40, "a"), owed(3, 5, 540, "b"), owed(4, 90, 7), owed(5, 1, 8)]
    )

    frame = metrics.receivables_by_customer(inventory, P)

    assert frame["customer"].tolist() == ["a", "b", "Not recorded"]
    assert frame["events"].tolist() == [2, 1, 2]
    assert frame["oldest_days"].tolist() == [61, 5, 90]
    assert frame["old_minor"].tolist() == [40, 0, 7]
    assert frame["open_minor"].tolist() == [540, 540, 15]
    assert frame["open_minor"].sum() == metrics.receivables(inventory, P).value


def test_the_next_fiscal_quarter_by_month(inventory_of):
    """Of each month what is planned, booked and paid; where the plan does not reach, it is missing and not zero."""
    plan = [
        *({"month": f"2027-0{month}", "account": "4000", "amount_minor": 3100 * month} for month in (1, 2)),
        *({"month": "2027-01", "account": account, "amount_minor": 310} for account in ("5000", "5500", "6000")),
    ]
    inventory = inventory_of(
        AS_OF,
        accounts=CHART,
        plan=plan,
        events=[
            event(),
            coming("2026-12-31", 1),
            coming("2027-01-01", 20, price_minor=700),
            coming("2027-03-31", None, price_minor=None),
            coming("2027-03-31", 30, price_minor=800),
            coming("2027-04-01", 4),
        ],
    )

    frame = metrics.next_quarter_by_month(inventory, P)

    assert frame["month"].dt.strftime("%Y-%m").tolist() == ["2027-01", "2027-02", "2027-03"]
    assert frame["planned_minor"].fillna(-1).tolist() == [3100, 6200, -1]
    assert frame["costs_minor"].fillna(-1).tolist() == [930, -1, -1]
    assert frame["booked_minor"].tolist() == [700, 0, 800]
    assert frame["paid_minor"].tolist() == [20, 0, 30]


def test_gaps_through_which_the_books_come_out_wrong(inventory_of):
    """Gaps of data all, of process and others those that speak of books; none of security, cost, or of keys."""

    def gap(text, area, **columns):
        place = {"document": "a.md", "line": next(_numbers), "severity": "low", "is_open": True}
        return {"project": "Till", "area": area, "gap": text} | place | columns

    inventory = inventory_of(
        AS_OF,
        projects=[{"project": "Till", "status": "live", "has_tests_or_ci": True, "document": "a.md", "line": 1}],
        gaps=[
            gap("colours are not stored", "data"),
            gap("refunds are typed by hand, since 3 May 2026", "process", opened_on="2026-05-03"),
            gap("Nobody knows the night audit", "process"),
            gap("there is no runbook", "process"),
            gap("Paid twice, $40", "other", amount_minor=4000),
            gap("The payment key is shared", "other"),
            gap("Accounts are open to all", "security"),
            gap("seats are paid and unused", "cost"),
            gap("prices are shown late", "ux"),
            gap("deposits were lost", "process", is_open=False),
        ],
    )

    gaps = metrics.bookkeeping_gaps(inventory, P)

    assert gaps["gap"].tolist() == [
        "Refunds are typed by hand",
        "Nobody knows the night audit",
        "Paid twice",
        "Colours are not stored",
    ]


OLD, STRAY = owed(1, 61, 5000, "c1"), bill(4000, None)


@pytest.mark.parametrize(
    ("events", "expenses", "finding"),
    [
        ([OLD], [STRAY], "unpaid"),
        ([owed(1, 60, 5000)], [STRAY], "no_account"),
        ([owed(1, 60, 5000)], [bill(1)], None),
        ([OLD, event(status="cancelled", cancelled_at="2026-11-01", paid_minor=5001)], [STRAY], "kept"),
        ([event(status="booked", price_minor=4001), OLD | {"price_minor": 4000}], [STRAY], "unclosed"),
        ([event(status="booked", price_minor=4000)], [STRAY], "unclosed"),
        ([event(paid_minor=5001)], [STRAY], "overpaid"),
        ([event(status="cancelled", price_minor=4001, paid_minor=0)], [STRAY], "undated"),
        ([event()], [bill(9), bill(9)], "twice"),
        ([event(price_minor=None)], [bill(9), bill(9)], "twice"),
        ([event(price_minor=None)], [bill(9)], "priceless"),
    ],
)
def test_what_matters_most_is_what_means_most_money(inventory_of, events, expenses, finding):
    """Of all that fails the largest sum is named; what is owed counts when it is old, equals go by order."""
    inventory = inventory_of(AS_OF, accounts=CHART, events=events, expenses=expenses)

    assert metrics.check_facts(inventory, P)["top_finding"] == finding


def test_checks_in_words(inventory_of):
    """How many could be made and fail, which holds most, which are clean, and why the others could not be made."""
    facts = metrics.check_facts(inventory_of(AS_OF, events=failing()), P)
    clean = metrics.check_facts(inventory_of(AS_OF, events=[event()]), P.shifted(-1))

    assert (facts["checks_made"], facts["checks_failed"]) == (6, 6)
    assert (facts["largest_check"], facts["largest_check_minor"]) == ("Completed, not fully paid", 900)
    assert facts["clean_checks"] is None
    assert facts["unmade_checks"] == "“Same vendor, date and amount” (the company's folder has no expenses)"
    assert (clean["checks_made"], clean["checks_failed"], clean["largest_check"]) == (3, None, None)
    assert clean["clean_checks"] == "“Over, not completed”, “Booked without price”, “Cancelled without date”"
    assert clean["unmade_checks"].startswith("“Paid over price”, “Completed, not fully paid”, “Money kept on cancelled")


def test_items_in_words(inventory_of):
    """Numbers and sums of single items, what is kept from earlier years, what is deferred and earned already."""
    inventory = inventory_of(AS_OF, events=failing(), accounts=CHART, expenses=[bill(40), bill(40), bill(40)])

    assert metrics.item_facts(inventory, P) == {
        "overpaid_events": 1,
        "overpaid_minor": 300,
        "twice_bills": 1,
        "twice_minor": 80,
        "priceless_events": 1,
        "kept_events": 2,
        "kept_old_minor": 70,
        "undated_events": 1,
        "undated_minor": 60,
        "unclosed_paid_minor": 450,
    }
    assert set(metrics.item_facts(inventory_of(AS_OF, events=[event()]), P).values()) == {None}


def test_expenses_and_accounts_in_words(inventory_of):
    """How many expenses have no account and a likely one, and which accounts are furthest from their plan."""
    plan = [
        {"month": f"2026-{month:02}", "account": account, "amount_minor": 0 if account == "4000" else 1000}
        for month in range(1, 13)
        for account in ("4000", "5000", "6000")
    ]
    expenses = [bill(20_000), bill(30, None), bill(50, "9999", vendor="Other"), bill(100, "6000", vendor="Landlord")]
    inventory = inventory_of(AS_OF, accounts=CHART, plan=plan, expenses=expenses)

    assert metrics.expense_facts(inventory, P) == {
        "no_account": 2,
        "no_account_minor": 80,
        "no_account_suggested": 1,
    }
    # ten months and 29 of November's 30 days are 10,967: the first 10 days have a cent more
    assert metrics.account_facts(inventory, P) == {
        "account_worst": "Fuel",
        "account_worst_minor": 20_000 - 10_967,
        "account_best": "Rent",
        "account_best_minor": 10_967 - 100,
        "accounts_over": 1,
    }


def test_schedules_in_words(inventory_of):
    """The month in which most is earned, and the next fiscal quarter by its months."""
    events = [event(), coming("2026-12-03", 30), coming("2027-01-04", 70), coming("2027-02-04", None)]
    inventory = inventory_of(AS_OF, events=events, settings={"fiscal_year_start": 2})

    assert metrics.schedule_facts(inventory, P) == {
        "deferred_month": "January 2027",
        "deferred_month_minor": 70,
        "deferred_share": 0.7,
        "quarter": "February to April 2027",
        "quarter_planned_minor": None,
        "quarter_booked_minor": 1000,
        "quarter_paid_minor": 0,
    }
    assert metrics.schedule_facts(inventory_of(AS_OF, events=[event()]), P)["deferred_month"] is None
