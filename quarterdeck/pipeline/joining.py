"""Joining: of two starts of one batch, each waits for the runs and the mails of the other, and both end alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from quarterdeck.errors import CommandRefused, QuarterdeckError
from quarterdeck.ledger import Delivery, Ledger
from quarterdeck.pipeline.deliver import Delivered, as_it_stands
from quarterdeck.pipeline.outcome import Outcome
from quarterdeck.pipeline.plan import Plan
from quarterdeck.pipeline.time_left import WRAP_UP_S, TimeLeft
from quarterdeck.pipeline.workshop import Built, Progress, lease_of

_LOOK_EVERY_S = 1.0
# Two starts take each other's editions over once, in what both had begun. Whoever does it again and again differs.
_MOST_TIMES = 3


def joined(attempt: Callable[[], Outcome], ledger: Ledger, time_left: TimeLeft, progress: Progress) -> Outcome:
    """
    What *attempt* comes to once no other start is at its editions.

    What another start has taken over is waited for, and *attempt* is made again: it finds what the other made,
    and makes what is missing. Two that took over different editions from each other both end with all of them.
    """
    for _ in range(_MOST_TIMES):
        outcome = attempt()
        taken = [built for built in outcome.editions if built.state == "overtaken"]
        if not taken:
            return outcome
        for built in taken:
            progress(built.edition, "waiting for another start")
            if not _is_over(built, ledger, time_left):
                return outcome
    return replace(outcome, editions=tuple(map(_given_up, outcome.editions)))


def wait_for_another(plan: Plan, time_left: TimeLeft, progress: Progress) -> None:
    """
    Wait a moment for another start of this machine, which is at work on the same week.

    Raises:
        CommandRefused: Our time is over.
    """
    progress("", "waiting for another start on this machine")
    if time_left.seconds_left() < 2 * WRAP_UP_S:
        because = "another start on this machine is at work on it, and the time of this one is over"
        raise CommandRefused(f"the batch of {plan.period}", because, f"python runner.py show {plan.period}")
    time.sleep(_LOOK_EVERY_S)


def answered(outcome: Outcome, ledger: Ledger, time_left: TimeLeft, progress: Progress) -> Outcome:
    """
    *outcome* once every mail that another start is sending was answered, or is in doubt, as its sender is dead.

    Nobody can tell a dead sender from a slow one before the lease of its claim ends. Where our time is over first,
    the mail is still `being sent`, and left for the next start.
    """

    def waited_for(one: Delivered) -> Delivered:
        if one.result != "being sent" or one.standing is None:
            return one
        until = f"{one.standing.lease_until:%H:%M} UTC at most; Ctrl-C is safe"
        progress(one.edition, f"waiting for another start, which mails {one.shown}, until {until}")
        try:
            return _answered(one.standing, ledger, time_left)
        except QuarterdeckError as error:  # of the ledger: nothing of the others is lost with it
            return replace(one, problem=error)

    return replace(outcome, deliveries=tuple(map(waited_for, outcome.deliveries)))


def _answered(standing: Delivery, ledger: Ledger, time_left: TimeLeft) -> Delivered:
    """What became of *standing*, which another start claimed, once that is known or our time is over."""
    while standing.state == "sending" and time_left.seconds_left() >= 2 * WRAP_UP_S:
        time.sleep(_LOOK_EVERY_S)
        standing = next(one for one in ledger.deliveries(standing.edition) if one.key == standing.key)
    return as_it_stands(standing)


def _is_over(built: Built, ledger: Ledger, time_left: TimeLeft) -> bool:
    """Wait until the run that took *built*'s edition over has ended, or its lease has; False: our time is over."""
    for _ in range(int(lease_of(built.report).total_seconds() / _LOOK_EVERY_S)):
        standing = ledger.edition(built.edition)
        run = next((one for one in ledger.runs(built.edition) if standing and one.id == standing.run), None)
        if standing is None or standing.state != "building" or run is None or run.state == "failed":
            return True
        if time_left.seconds_left() < 2 * WRAP_UP_S:
            return False
        time.sleep(_LOOK_EVERY_S)
    return True


def _given_up(built: Built) -> Built:
    if built.state != "overtaken":
        return built
    because = "other starts, with other parameters or code, took it over again and again"
    return replace(built, problems=(CommandRefused(built.edition, because, f"python runner.py show {built.edition}"),))
