"""A start that has little time: what cannot end in time is not begun, and the next start goes on."""

import itertools
import json
import math
import secrets
from datetime import timedelta

import pytest
from harbour import SAYS, FakeMailer

from quarterdeck.errors import CollectingOverdue
from quarterdeck.ledger import open_ledger
from quarterdeck.ledger.dynamodb import create_table
from quarterdeck.mail import FrozenBody
from quarterdeck.pipeline import Post
from quarterdeck.pipeline.deliver import Letter, deliver
from quarterdeck.pipeline.time_left import SEND_S, WRAP_UP_S, TimeLeft

EDITION = "cfo/2026-W47"
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
    harbour.freeze()

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
    harbour.freeze()
    mailer = FakeMailer()

    first = harbour.run("cfo", "zzz", mailer=mailer, seconds_left=after(900, 900, then=200))
    before = len(mailer.accepted)
    second = harbour.run("cfo", "zzz", mailer=mailer)

    assert (before, first.kept_back) == (0, "Nothing was mailed yet: there was no time to begin zzz/2026-W47.")
    assert (len(mailer.accepted), second.exit_code, second.left_for_next) == (2, 0, ())


def test_a_mail_that_could_not_be_answered_in_time_is_not_claimed(harbour):
    """The time for one mail mails one reader; the other is not claimed, and the next start mails that one alone."""
    harbour.report("cfo", CFO, params=TWO_READERS)
    harbour.freeze()
    mailer = FakeMailer()

    first = harbour.run(mailer=mailer, seconds_left=after(900, 900, SEND_S, then=SEND_S - 1))
    claimed = harbour.ledger.deliveries("cfo/2026-W47")
    second = harbour.run(mailer=mailer)

    assert [one.result for one in first.deliveries] == ["sent", "not begun"]
    assert (first.exit_code, first.left_for_next, len(claimed)) == (0, ("cfo/2026-W47",), 1)
    assert "b@harbour.boats" not in first.deliveries[1].shown
    assert [one.result for one in second.deliveries] == ["sent before", "sent"]
    assert [to for to, *_ in mailer.accepted] == ["a@harbour.boats", "b@harbour.boats"]


@pytest.fixture(params=["sqlite", "dynamodb"])
def mailing(request, harbour):
    """A harbour whose edition another start mails to the first of two readers, by either ledger; and that claim."""
    if request.param == "dynamodb":
        request.getfixturevalue("on_moto")
        harbour.ledger_url = f"dynamodb:ledger-{secrets.token_hex(6)}"
        create_table(harbour.ledger_url.partition(":")[2])
    harbour.report("cfo", CFO, params=TWO_READERS)
    harbour.run()
    harbour.ledger.release(EDITION, harbour.ledger.edition(EDITION).run)
    body = json.loads((harbour.folder(EDITION) / "manifest.json").read_bytes())["message"]["body"]
    return harbour, harbour.ledger.claim(EDITION, "a@harbour.boats", body_hash=body, owner="other").delivery


def passing(harbour, *, then=lambda: None):
    """Seconds left for a start on a machine of one's own, where four minutes pass between any two looks."""
    looks = itertools.count(1)

    def seconds_left() -> float:
        harbour.clock += timedelta(minutes=4)
        if next(looks) == 3:  # the first two are those of its begin and of a mail
            then()
        return math.inf

    return seconds_left


def test_a_mail_whose_sender_died_is_waited_for_and_then_in_doubt(mailing):
    """The other reader is mailed first; when the dead sender's time is over it is exit 6 and never a second mail."""
    harbour, _ = mailing
    mailer = FakeMailer()

    outcome = harbour.run(mailer=mailer, seconds_left=passing(harbour))

    assert [one.result for one in outcome.deliveries] == ["unknown", "sent"]
    assert (outcome.exit_code, outcome.is_all_done, outcome.left_for_next) == (6, False, ())
    assert f"runner.py settle {EDITION}" in str(outcome.problems[0])
    assert [to for to, *_ in mailer.accepted] == ["b@harbour.boats"]
    assert "Ctrl-C is safe" in harbour.said[-1][1]


@pytest.mark.parametrize(("answer", "result", "code"), [("sent", "sent before", 0), ("refused", "refused", 5)])
def test_two_starts_end_alike_when_the_sender_lives(mailing, answer, result, code):
    """Who waits for the other's answer ends as the other does."""
    harbour, claimed = mailing
    answers = {"sent": "settle_sent", "refused": "settle_refused"}

    outcome = harbour.run(
        mailer=FakeMailer(),
        seconds_left=passing(harbour, then=lambda: getattr(harbour.ledger, answers[answer])(claimed, "its words")),
    )

    assert ([one.result for one in outcome.deliveries], outcome.exit_code) == ([result, "sent"], code)


def test_a_start_without_time_to_wait_leaves_the_mail_to_the_next(mailing):
    """Nothing is known of it yet: no doubt, and not done, so that Lambda's start counts as unfinished."""
    harbour, _ = mailing

    outcome = harbour.run(mailer=FakeMailer(), seconds_left=after(900, 900, then=2 * WRAP_UP_S - 1))

    assert outcome.deliveries[0].result == "being sent"
    assert (outcome.exit_code, outcome.is_all_done, outcome.left_for_next) == (0, False, (EDITION,))


def test_a_claim_whose_time_is_nearly_over_is_not_posted(mailing):
    """A machine that slept after its claim mails nobody: a clear no, and the next start mails that reader."""
    harbour, claimed = mailing
    mailer = FakeMailer()
    body = FrozenBody("Revenue", b"Content-Type: text/plain\r\n\r\nRevenue", claimed.body_hash)
    letter = Letter(EDITION, "snapshot-1", body, "reports@harbour.boats", "owner@harbour.boats", ())

    def asleep():
        harbour.clock += timedelta(minutes=14)
        return harbour.clock

    slept = open_ledger(harbour.ledger_url or f"sqlite:{harbour.root / 'ledger.db'}", "harbour", asleep)
    late, again = (
        deliver(letter, "b@harbour.boats", Post(mailer, ledger, harbour.clock)) for ledger in (slept, harbour.ledger)
    )

    assert (late.result, again.result, len(mailer.accepted)) == ("refused", "sent", 1)


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


def test_collecting_ends_in_time_and_leaves_nothing(harbour):
    """A start whose time is over while it reads says what it read, begins no batch, and is not taken for done."""
    with pytest.raises(
        CollectingOverdue, match=r"^sources\.tables\.events, .*Events\.json: 0 items were read"
    ) as overdue:
        harbour.run(mailer=FakeMailer(), seconds_left=after(900, then=254))

    assert (overdue.value.exit_code, harbour.ledger.batches()) == (2, ())
    assert "runner.py run --period 2026-W47" in str(overdue.value)
    assert list((harbour.root / "outputs").glob("snapshots/*")) == []


@pytest.mark.parametrize(
    ("given", "left", "is_enough"),
    [(900, 255, True), (900, 254, False), (20, 10, True), (20, 9, False), (math.inf, math.inf, True)],
)
def test_collecting_leaves_time_to_freeze(given, left, is_enough):
    """A quarter of the start and its wrap-up are kept free; a short start may read for half of it."""
    assert TimeLeft(after(given, then=left)).is_enough_to_collect == is_enough


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
