from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import InputInvalid
from quarterdeck.period import Period

ZONES = ("UTC", "Europe/Lisbon", "America/Los_Angeles", "Pacific/Apia", "America/Sao_Paulo")


def test_a_week_begins_on_monday_midnight_of_the_company():
    """The period's instants are Monday 00:00 in the company's zone, given in UTC."""
    period = Period.parse("2026-W47", "America/Los_Angeles")

    assert period.start == datetime(2026, 11, 16, 8, tzinfo=UTC)
    assert period.end == datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_the_week_of_a_clock_change_is_an_hour_longer():
    """When clocks go back, the week has 169 hours: its ends are days of the company, not multiples of 24 h."""
    period = Period.parse("2026-W44", "America/Los_Angeles")

    assert period.end - period.start == timedelta(days=7, hours=1)


@pytest.mark.parametrize("text", ["2026-48", "W48", "2026-W4", "2026-w48", "", "2026-W48 ", "0000-W01", "2026-W00"])
def test_what_is_no_week_is_refused_with_an_example(text):
    """A malformed period is refused, and the message shows what one looks like."""
    with pytest.raises(InputInvalid) as refusal:
        Period.parse(text, "UTC")

    assert "W" in str(refusal.value)
    assert repr(text) in str(refusal.value)


def test_a_week_that_the_year_does_not_have_is_refused():
    """2025 has 52 weeks: the message says so and names the last one."""
    with pytest.raises(InputInvalid) as refusal:
        Period.parse("2025-W53", "UTC")

    assert "found '2025-W53', expected a week of 2025, W01 to W52" in str(refusal.value)


def test_the_year_before_is_364_days_before():
    """A week is compared with the same weekdays of the year before, across a 53-week year."""
    assert str(Period.parse("2027-W01", "UTC").shifted(-52)) == "2026-W02"


@given(st.datetimes(datetime(2000, 1, 10), datetime(2090, 1, 1)), st.sampled_from(ZONES))  # noqa: DTZ001 - made aware below
def test_every_instant_lies_in_its_own_period(naive, zone):
    """The period that contains an instant contains it, half-open, and the last full week ends at or before it."""
    instant = naive.replace(tzinfo=UTC)

    period = Period.containing(instant, zone)
    last = Period.last_full(instant, zone)

    assert period.start <= instant < period.end
    assert last.end == period.start
    assert last.is_over_at(instant)
    assert Period.parse(str(period), zone) == period


def test_thirteen_weeks_end_with_the_period():
    """A 13-week window starts twelve weeks before the period's own start."""
    period = Period.parse("2026-W47", "UTC")

    assert period.window_start(13) == period.start - timedelta(weeks=12)
