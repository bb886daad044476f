"""
The story of one batch: plan → collect → snapshot → execute → render → gates → deliver.

    sources ──collect──▶ snapshot ──execute──▶ notebooks ──render──▶ pages + messages ──gates──▶ deliver

Everything left of `deliver` can be repeated freely.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from quarterdeck.errors import CommandRefused, DataNotReady
from quarterdeck.inventory import AssetInventory
from quarterdeck.kernels import prepare_kernels
from quarterdeck.ledger import Batch, Ledger
from quarterdeck.mail import Mailer
from quarterdeck.pipeline.alarm import Alarm
from quarterdeck.pipeline.build import build
from quarterdeck.pipeline.deliver import Delivered, Post
from quarterdeck.pipeline.freezing import freeze, refuse_period_without_data
from quarterdeck.pipeline.joining import answered, joined, wait_for_another
from quarterdeck.pipeline.looking import Look, Looking
from quarterdeck.pipeline.observing import observe_events
from quarterdeck.pipeline.outcome import Outcome
from quarterdeck.pipeline.plan import Plan, Report, make_plan, recipients_of
from quarterdeck.pipeline.release import let_go, mail
from quarterdeck.pipeline.resend import resend
from quarterdeck.pipeline.time_left import TimeLeft, no_end
from quarterdeck.pipeline.workshop import Built, Progress, Workshop
from quarterdeck.request import Purpose, Request
from quarterdeck.snapshot import open_snapshot
from quarterdeck.sources import Told
from quarterdeck.store import Store

__all__ = [
    "Alarm",
    "Built",
    "Delivered",
    "Look",
    "Looking",
    "Outcome",
    "Plan",
    "Post",
    "Purpose",
    "Report",
    "Request",
    "freeze",
    "make_plan",
    "observe_events",
    "recipients_of",
    "resend",
    "run_batch",
]


def run_batch(
    plan: Plan,
    *,
    ledger: Ledger,
    store: Store,
    mailer: Mailer | None,
    progress: Progress,
    seconds_left: Callable[[], float] = no_end,
) -> Outcome:
    """
    Make the editions of *plan*, and mail them where it says so.

    Args:
        mailer: Needed to `send` only.
        progress: Told of every step as (edition or "", stage).
        seconds_left: Tells how much time this start still has. What could not end in time is not begun: no run
            is opened for it, no delivery claimed, and the outcome's `left_for_next` names it.

    Raises:
        QuarterdeckError: What stops the whole batch. What stops one edition stands in the outcome.
    """
    time_left = TimeLeft(seconds_left)
    if plan.purpose == "rerun":
        _refuse_what_was_released(plan, ledger)
    if plan.purpose == "send" and mailer is not None and _is_unreleased(plan, ledger):
        progress("", "asking whether mail would be taken")
        mailer.check(sender=plan.environment.sender or "", bcc=plan.copies, recipients=_to_be_mailed(plan, ledger))

    def attempt() -> Outcome:
        with store.at_work(str(plan.period), partial(wait_for_another, plan, time_left, progress)):
            outcome = _made(plan, ledger, store, progress, time_left)
        return let_go(plan, outcome, ledger) if plan.purpose == "send" and mailer is not None else outcome

    outcome = joined(attempt, ledger, time_left, progress)
    if plan.purpose != "send" or mailer is None:
        return outcome
    mailed = mail(plan, outcome, Post(mailer, ledger, plan.now, time_left))
    return answered(mailed, ledger, time_left, progress)


def _made(plan: Plan, ledger: Ledger, store: Store, progress: Progress, time_left: TimeLeft) -> Outcome:
    """The editions of *plan*, over the snapshot that all of the batch read."""
    if _is_to_be_executed(plan, ledger):
        prepare_kernels()  # while this process collects
    progress("", "collecting")
    snapshot = _snapshot_of_batch(plan, ledger, store, partial(progress, ""), time_left)
    inventory = open_snapshot(snapshot)
    if plan.purpose == "send":
        _refuse_week_seen_in_part(plan, inventory)
    built = build(Workshop(plan, inventory, snapshot, store, ledger, progress, time_left))
    return Outcome(plan.period, snapshot, plan.period.is_over_at(inventory.as_of), tuple(built))


def _is_unreleased(plan: Plan, ledger: Ledger) -> bool:
    """Whether an edition is still to be let go; with none left, a send must be able to say so and end well."""
    standing = [ledger.edition(plan.edition(report)) for report in plan.reports]
    return any(edition is None or edition.state != "released" for edition in standing)


def _to_be_mailed(plan: Plan, ledger: Ledger) -> list[str]:
    every = [(plan.edition(report), recipient) for report in plan.reports for recipient in plan.recipients(report)]
    return [recipient for edition, recipient in every if ledger.is_to_be_mailed(edition, recipient)]


def _is_to_be_executed(plan: Plan, ledger: Ledger) -> bool:
    """Whether a notebook is, as far as can be known so early; a build is begun where something has changed."""
    stays = ("released",) if plan.purpose == "build" else ("ready", "held", "released")
    standing = [ledger.edition(plan.edition(report)) for report in plan.reports]
    return any(edition is None or edition.state not in stays for edition in standing)


def _refuse_what_was_released(plan: Plan, ledger: Ledger) -> None:
    """What readers got is what is kept: a released edition is not made again, whatever it was made from."""
    for report in plan.reports:
        edition = ledger.edition(plan.edition(report))
        if edition is not None and edition.state == "released":
            raise CommandRefused(
                f"rerun {edition.name}",
                "it was released, and what its readers got is what is kept: it is not made again",
                f'python runner.py resend {edition.name} --to ADDRESS --because "…"',
            )


def _snapshot_of_batch(plan: Plan, ledger: Ledger, store: Store, told: Told, time_left: TimeLeft) -> Path:
    """
    The snapshot that all of the batch read.

    A build decides it: it collects, and puts what it found under the batch. A send or rerun joins: what was
    looked at is what leaves. Once mail has begun to leave, every later start joins, so that all readers get
    one set of numbers.
    """
    batch = ledger.batch(str(plan.period))
    if batch is not None and (plan.purpose != "build" or batch.release_began_at is not None):
        return _existing(store, batch)
    if plan.purpose == "rerun":
        because = "no batch of that week was built, so there is no snapshot to make it from again"
        raise CommandRefused(f"rerun in {plan.period}", because, f"python runner.py run --period {plan.period}")
    snapshot = freeze(plan, store, told, time_left)
    refuse_period_without_data(plan.period, open_snapshot(snapshot))  # before a batch is opened for it
    opened = ledger.open_batch(str(plan.period), snapshot.name)
    if opened.snapshot == snapshot.name:
        return snapshot
    if plan.purpose == "send":
        return _existing(store, opened)  # another start was first: its snapshot is the batch's
    ledger.restart_batch(str(plan.period), snapshot.name)
    return snapshot


def _existing(store: Store, batch: Batch) -> Path:
    folder = store.snapshot(batch.snapshot)
    if folder is None:
        raise CommandRefused(
            f"the batch of {batch.period}",
            f"it reads snapshot {batch.snapshot}, which is not in {store.address(store.snapshots)}",
            f"python runner.py run --period {batch.period} --outputs FOLDER_THAT_HAS_IT",
        )
    return folder


def _refuse_week_seen_in_part(plan: Plan, inventory: AssetInventory) -> None:
    """The batch that a send joins may have been built before its week was over: that was for looking only."""
    if not plan.period.is_over_at(inventory.as_of):
        raise DataNotReady(
            str(plan.period),
            f"it was built from data of {inventory.as_of:%Y-%m-%d %H:%M} UTC, before the week was over",
            f"python runner.py run --period {plan.period}",
        )
