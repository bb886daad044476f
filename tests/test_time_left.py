"""A start that has little time: what cannot end in time is not begun, and the next start goes on."""

import itertools

import pytest
from harbour import SAYS, FakeMailer

from quarterdeck.pipeline.time_left import SEND_S, WRAP_UP_S, TimeLeft

CFO = SAYS.format(words="Recognised")
TWO_READERS = "delivery: {to: [a@harbour.boats, b@harbour.boats]}\n"


def after(*first: float, then: float):
    """Seconds left as a start would be told them: *first* one by one, and *then* for ever."""
    told = itertools.chain(first, itertools.repeat(then))
    return lambda: next(told)


def states(outcome) -> dict[str, str]:
    return {built.report.name: built.state for built in outcome.editions}


def test_what_was_not_begun_is_made_by_the_next_start(harbour):
    """Without time for the last report no run is opened for it; the next start executes that one alone."""
    harbour.report("zzz", CFO)

    first = harbour.run("cfo", "zzz", seconds_left=after(900, 900, then=200))
    opened = harbour.ledger.edition("zzz/2026-W47")
    second = harbour.run("cfo", "zzz")

    assert states(first) == {"cfo": "ready", "zzz": "not begun"}
    assert (first.exit_code, first.left_for_next, opened) == (0, ("zzz/2026-W47",), None)
    assert states(second) == {"cfo": "ready", "zzz": "ready"}
    assert (second.left_for_next, [built.seconds > 0 for built in second.editions]) == ((), [False, True])


@pytest.mark.parametrize("release", ["all", "passed"])
def test_nothing_leaves_before_all_was_made(harbour, release):
    """The gates look over all of a batch: a send that could not make all of it mails nothing, and says so."""
    harbour.company(release)
    harbour.report("zzz", CFO)
    mailer = FakeMailer()

    first = harbour.run("cfo", "zzz", mailer=mailer, seconds_left=after(900, 900, then=200))
    before = len(mailer.accepted)
    second = harbour.run("cfo", "zzz", mailer=mailer)

    assert (before, first.kept_back) == (0, "Nothing was mailed yet: there was no time to begin zzz/2026-W47.")
    assert (len(mailer.accepted), second.exit_code, second.left_for_next) == (2, 0, ())


def test_a_mail_that_could_not_be_answered_in_time_is_not_claimed(harbour):
    """The time for one mail mails one reader; the other is not claimed, and the next start mails that one alone."""
    harbour.report("cfo", CFO, params=TWO_READERS)
    mailer = FakeMailer()

    first = harbour.run(mailer=mailer, seconds_left=after(900, 900, SEND_S, then=SEND_S - 1))
    claimed = harbour.ledger.deliveries("cfo/2026-W47")
    second = harbour.run(mailer=mailer)

    assert [one.result for one in first.deliveries] == ["sent", "not begun"]
    assert (first.exit_code, first.left_for_next, len(claimed)) == (0, ("cfo/2026-W47",), 1)
    assert "b@harbour.boats" not in first.deliveries[1].shown
    assert [one.result for one in second.deliveries] == ["sent before", "sent"]
    assert [to for to, *_ in mailer.accepted] == ["a@harbour.boats", "b@harbour.boats"]


def test_a_cell_that_runs_when_the_time_is_over_is_ended(harbour):
    """Its kernel is killed, its run is failed with that reason, exit 4; the next start executes it anew."""
    harbour.report("slow", f"import time, pathlib\npathlib.Path('ran').exists() or time.sleep(600)\n{CFO}")

    first = harbour.run("slow", seconds_left=after(4, then=WRAP_UP_S + 3))
    (harbour.root / "notebooks" / "ran").touch()
    second = harbour.run("slow")

    assert (states(first), first.exit_code) == ({"slow": "failed"}, 4)
    assert "it was ended after 3 s, when the time of this start was over" in str(first.problems[0])
    # The clock of the tests stands still, and of two runs of one moment either may be listed first
    assert sorted((run.state, run.reason) for run in harbour.ledger.runs("slow/2026-W47")) == [
        ("failed", "it was ended after 3 s, when the time of this start was over in cell 2"),
        ("ready", ""),
    ]
    assert states(second) == {"slow": "ready"}


@pytest.mark.parametrize(
    ("given", "left", "limit", "allowed"),
    [
        (900, 900, 600, 870),
        (900, 500, 900, 470),  # no start could hold its limit: half of what the start was given is enough
        (900, 470, 900, None),
        (900, 60, 20, 30),
        (900, 40, 20, None),
    ],
)
def test_a_report_begins_where_its_limit_or_half_of_the_start_is_left(given, left, limit, allowed):
    """The end of the start is kept free, and no limit keeps a report from ever being tried."""
    assert TimeLeft(after(given, then=left)).for_a_report(limit) == allowed
