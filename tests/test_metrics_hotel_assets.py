"""What a real hotel's folder says about books, zones and handoffs: what is not there is said, not guessed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from quarterdeck import metrics
from quarterdeck.config import load_company
from quarterdeck.inventory import NotAvailable
from quarterdeck.period import Period
from quarterdeck.snapshot import open_snapshot, take_snapshot
from quarterdeck.sources import collect

FOLDER = Path(__file__).parent / "data" / "hotel-2016"
P = Period.parse("2016-W51", "Europe/Lisbon")  # ends on Monday 26 December 2016


@pytest.fixture(scope="module")
def hotel(tmp_path_factory):
    company = load_company(FOLDER)
    folder = take_snapshot(
        collect(company, FOLDER),
        company,
        as_of=company.as_of,
        store=tmp_path_factory.mktemp("snapshots"),
        collected_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return open_snapshot(folder)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("direct_cost", "the company's folder has no expenses"),
        ("operating_cost", "the company's folder has no expenses"),
        ("uncategorised_expenses", "the company's folder has no expenses"),
        ("gross_margin", "the source of claims holds no rows"),
        ("gross_margin_rate", "the source of claims holds no rows"),
        ("operating_result", "the source of claims holds no rows"),
        ("result_variance_ytd", "the source of claims holds no rows"),
        ("plan_variance", "the company's folder has no plan"),
        ("plan_variance_ytd", "the company's folder has no plan"),
        ("cost_variance_ytd", "the company's folder has no expenses"),
        ("cost_per_booking", "the company's folder has no expenses"),
        ("cash", "the company's folder has no balances"),
        ("lowest_cash", "the company's folder has no balances"),
        ("runway_weeks", "the company's folder has no balances"),
        ("running_cost_actual", "the company's folder has no expenses"),
        ("access_risks", "the source of users does not say: mfa enabled and last active at"),
    ],
)
@pytest.mark.parametrize("week", ["2016-W30", "2016-W38", "2016-W45", "2016-W51"])
def test_without_books_no_figure_of_the_books_is_shown(hotel, name, reason, week):
    """A hotel without books, crew or administrators gets the reason, never a zero, in every week."""
    figure = getattr(metrics, name)(hotel, Period.parse(week, "Europe/Lisbon"))

    is_refused = getattr(metrics, name).now and week != "2016-W51"
    assert (figure.value, figure.by) == (None, None)
    assert figure.reason == ("known only for the latest full week of the data" if is_refused else reason)


def test_the_hotels_zones_fail_what_their_records_lack(hotel):
    """The main zone has SPF and MX but neither DMARC nor CAA; the staff's zone has nothing but its name servers."""
    assert metrics.zones_at_risk(hotel, P).value == 2
    assert metrics.posture_by_zone(hotel, P).set_index("domain")["fails"].to_dict() == {
        "resort-staff.example": "SPF, DMARC, null MX, CAA",
        "resort.example": "DMARC, CAA",
    }


def test_the_web_shops_handoff_is_stale(hotel):
    """On 26 December the front desk's handoff of 2 November is 54 days old, the web shop's of 14 October 73."""
    assert metrics.stale_handoffs(hotel, P).value == 1
    assert metrics.maturity_by_project(hotel, P)["age_days"].tolist() == [54, 73]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("margin_by_business", "the source of claims holds no rows"),
        ("result_bridge", "the company's folder has no plan"),
        ("expenses_by_account", "the company's folder has no expenses"),
        ("cash_forecast", "the company's folder has no balances"),
        ("cash_sensitivity", "the company's folder has no balances"),
        ("commitments", "the source of claims holds no rows"),
        ("uncategorised_by_expense", "the company's folder has no expenses"),
    ],
)
def test_tables_of_the_books_say_why_they_are_not_there(hotel, frame, reason):
    """A section without its source gets a sentence to show in its place."""
    with pytest.raises(NotAvailable) as absent:
        getattr(metrics, frame)(hotel, P)

    assert str(absent.value) == reason


def test_tie_outs_of_the_bookings_are_made_without_books(hotel):
    """Every stay took place and is paid: the checks on bookings find nothing, what the hotel does not keep has none."""
    checks = metrics.tie_outs(hotel, P).set_index("check")
    not_made = checks["reason"].dropna().to_dict()

    assert checks.loc[checks["reason"].isna(), "rows"].tolist() == [0] * 5
    assert not_made == {
        "Money kept on cancelled events": "the source keeps no cancelled events",
        "Same vendor, date and amount": "the company's folder has no expenses",
    }
