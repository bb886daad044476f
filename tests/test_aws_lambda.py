from pathlib import Path

import pytest

from quarterdeck.aws_lambda import ScheduledStart, handler, period_of
from quarterdeck.errors import InputInvalid

HOTEL = Path(__file__).parent / "data" / "hotel-2016"
START = {"scheduled_time": "2016-12-26T08:00:00Z"}


@pytest.fixture
def function(moto, on_aws, monkeypatch):
    """The handler with a table, a bucket's name and the hotel, on moto."""
    on_aws(moto)
    for variable, value in {
        "QUARTERDECK_COMPANY": str(HOTEL),
        "QUARTERDECK_LEDGER": "dynamodb:nowhere",
        "QUARTERDECK_STORE": "s3://nowhere/weekly",
    }.items():
        monkeypatch.setenv(variable, value)
    return handler


@pytest.mark.parametrize(
    ("zone", "instant", "week"),
    [
        ("Europe/Lisbon", "2026-11-23T08:00:00Z", "2026-W47"),
        ("Europe/Lisbon", "2026-11-22T23:59:59Z", "2026-W46"),  # Sunday, one second before the week is over
        ("Europe/Lisbon", "2026-11-23T00:00:00Z", "2026-W47"),
        ("America/Los_Angeles", "2026-11-23T07:59:59Z", "2026-W46"),  # still Sunday there
        ("America/Los_Angeles", "2026-11-23T08:00:00Z", "2026-W47"),
        ("Europe/Lisbon", "2026-10-25T23:59:59Z", "2026-W42"),  # the clock went back that night
        ("Europe/Lisbon", "2026-10-26T00:00:00Z", "2026-W43"),
        ("Europe/Lisbon", "2026-03-29T23:00:00Z", "2026-W13"),  # Monday 00:00 of summer time
        ("Europe/Lisbon", "2026-03-29T22:59:59Z", "2026-W12"),
        ("Europe/Lisbon", "2026-11-23T09:30:00+01:00", "2026-W47"),
    ],
)
def test_the_period_is_the_last_week_over_at_the_scheduled_time(zone, instant, week):
    """In the company's time zone, over daylight saving and to the second, whatever the clock says."""
    assert str(period_of(ScheduledStart(scheduled_time=instant), zone)) == week


@pytest.mark.parametrize(
    "event",
    [
        {},
        None,
        [START],
        {"detail-type": "Scheduled Event", "time": "2026-11-23T08:00:00Z"},
        {**START, "purpose": "send"},
        {"scheduled_time": "2026-11-23T08:00:00"},
        {"scheduled_time": "<aws.scheduler.scheduled-time>"},
        {"scheduled_time": 1795000000},
        {"Records": []},
        {"Records": [{"eventSource": "aws:s3", "s3": {}}]},
    ],
)
def test_an_event_that_is_not_ours_is_refused(function, event):
    """Before anything is opened: there is neither table nor bucket here, and neither is missed."""
    with pytest.raises(InputInvalid, match="event"):
        function(event, None)


@pytest.mark.parametrize("variable", ["QUARTERDECK_LEDGER", "QUARTERDECK_STORE", "QUARTERDECK_COMPANY"])
def test_what_a_lambda_would_forget_is_refused(function, monkeypatch, variable):
    """Without a table or a bucket, the next start would mail everybody again."""
    monkeypatch.delenv(variable)

    with pytest.raises(InputInvalid, match=variable):
        function(START, None)
