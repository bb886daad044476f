import pickle
from datetime import UTC, datetime

import pytest

from quarterdeck import errors

EVERY_ERROR = [
    errors.InputInvalid("company.yaml, line 4, currency", "'XXY'", "an ISO 4217 code such as EUR"),
    errors.CommandRefused("--send", "the sample company can never be sent", "python runner.py run --dry-run"),
    errors.SnapshotDamaged("outputs/snapshots/ab12", "events.parquet is not what was frozen"),
    errors.StoreUnwritable("outputs/2026-W48/cfo/page.html", "No space left on device"),
    errors.AwsUnavailable("DynamoDB table quarterdeck", "no region is set", "Set AWS_REGION"),
    errors.CollectingOverdue("DynamoDB table scc-events in eu-west-1", "1,200 items", "2026-W48"),
    errors.EventsLeft(("event 2: SES event, reject: found str, expected an object",), 3),
    errors.DataNotReady("cfo/2026-W48", "events are 50 h old, 30 h are allowed", "python runner.py run cfo"),
    errors.NotebookFailed("cfo/2026-W48", 4, "1 / 0", "ZeroDivisionError: division by zero", "", "failed.ipynb"),
    errors.ReportOverdue("cfo/2026-W48", 4, "1 / 0", "ZeroDivisionError: division by zero", "", "failed.ipynb"),
    errors.SendingRefused(("sending is paused; mend it with aws sesv2 put-account-sending-attributes",)),
    errors.MailRefused("cfo/2026-W48", "c•••@example.com", "suppressed"),
    errors.MailRefused("cfo/2026-W48", "c•••@example.com", "suppressed", ("a•••@example.com",)),
    errors.MailDeferred("cfo/2026-W48", "c•••@example.com", "quota", datetime(2026, 11, 24, tzinfo=UTC), ()),
    errors.DeliveryUnknown("cfo/2026-W48", "ReadTimeoutError()"),
    errors.EditionHeld("cfo/2026-W48", ("the text says 'nan'",)),
    errors.StartUnfinished("2026-W48", '{"left_for_next": ["cfo/2026-W48"]}', 0),
]


@pytest.mark.parametrize("error", EVERY_ERROR, ids=lambda error: type(error).__name__)
def test_every_error_survives_the_way_between_processes(error):
    """Pickling keeps class, message and exit code, since errors cross processes."""
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert copy.exit_code == error.exit_code


@pytest.mark.parametrize("error", EVERY_ERROR, ids=lambda error: type(error).__name__)
def test_every_error_says_what_to_type_next(error):
    """Each message holds a command of this project."""
    assert "python runner.py " in str(error)


def test_every_error_class_is_tried_here():
    """A class that is added to the tree is added to these tests."""
    classes = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)}

    assert {type(error) for error in EVERY_ERROR} == classes - {errors.QuarterdeckError}


def test_the_code_that_needs_a_person_soonest_wins():
    """Several at once: 6 before 5 before 7 before 4 before 3, and nothing wrong is 0."""
    assert errors.worst_exit_code([3, 4, 7, 5, 6]) == 6
    assert errors.worst_exit_code([3, 4, 7, 5]) == 5
    assert errors.worst_exit_code([3, 4, 7]) == 7
    assert errors.worst_exit_code([0, 3, 4]) == 4
    assert errors.worst_exit_code([0, 3]) == 3
    assert errors.worst_exit_code([0, 0]) == 0
    assert errors.worst_exit_code([]) == 0


def test_a_long_cell_is_shortened_to_its_ends():
    """The message of a failed notebook shows the first and last five lines of a long cell."""
    source = "\n".join(f"line_{number}" for number in range(40))

    message = str(errors.NotebookFailed("cfo/2026-W48", 3, source, "boom", "", "failed.ipynb"))

    assert "line_4\n" in message
    assert "line_35" in message
    assert "line_20" not in message


def test_a_refused_mail_says_who_has_the_edition():
    """Known only when all were tried: then those who got it are named, or that nobody did."""
    refusal = errors.MailRefused("cfo/2026-W48", "c•••@example.com", "suppressed")
    put_off = errors.MailDeferred("cfo/2026-W48", "c•••@example.com", "quota", datetime(2026, 11, 24, 7, tzinfo=UTC))

    assert "the edition" not in str(refusal)
    assert "Who has the edition: a•••@example.com, b•••@example.com." in str(
        refusal.knowing(("a•••@example.com", "b•••@example.com"))
    )
    assert "Nobody has the edition yet." in str(put_off.knowing(()))
    assert "again at 2026-11-24 07:00 UTC" in str(put_off.knowing(()))
