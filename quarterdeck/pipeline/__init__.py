"""
The story of one batch: plan → collect → snapshot → execute → render → gates → deliver.

    sources ──collect──▶ snapshot ──execute──▶ notebooks ──render──▶ pages + messages ──gates──▶ deliver

Everything left of `deliver` can be repeated freely.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from quarterdeck.errors import CommandRefused, DataNotReady, QuarterdeckError, worst_exit_code
from quarterdeck.inventory import AssetInventory
from quarterdeck.ledger import Batch, Ledger
from quarterdeck.log import bound
from quarterdeck.mail import Mailer, frozen_body
from quarterdeck.period import Period
from quarterdeck.pipeline.alarm import Alarm
from quarterdeck.pipeline.build import Built, Progress, Workshop, build
from quarterdeck.pipeline.deliver import Delivered, Post, deliver_to_all, letter_of
from quarterdeck.pipeline.freezing import freeze, refuse_period_without_data
from quarterdeck.pipeline.looking import Look, Looking
from quarterdeck.pipeline.manifest import looked_at
from quarterdeck.pipeline.observing import observe_events
from quarterdeck.pipeline.plan import Plan, Purpose, Report, Request, make_plan, recipients_of
from quarterdeck.pipeline.resend import resend
from quarterdeck.pipeline.time_left import TimeLeft, no_end
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


@dataclass(frozen=True)
class Outcome:
    """
    What a batch came to.

    Args:
        is_complete: Whether the period was over at the as-of.
        kept_back: Why nothing was mailed although it was asked for; empty otherwise.

    A start that ran out of time has done no wrong: what it did not begin is `left_for_next`, and no problem.
    Whoever started it starts the same batch again until nothing is left.
    """

    period: Period
    snapshot: Path
    is_complete: bool
    editions: tuple[Built, ...]
    deliveries: tuple[Delivered, ...] = ()
    kept_back: str = ""

    @property
    def problems(self) -> list[QuarterdeckError]:
        """Every error of the batch, editions first."""
        of_editions = [problem for built in self.editions for problem in built.problems]
        return of_editions + [one.problem for one in self.deliveries if one.problem is not None]

    @property
    def left_for_next(self) -> tuple[str, ...]:
        """The editions that were not begun, or not mailed to all, because the time would not have sufficed."""
        not_made = [built.edition for built in self.editions if built.state == "not begun"]
        not_mailed = [one.edition for one in self.deliveries if one.result == "not begun"]
        return tuple(dict.fromkeys([*not_made, *not_mailed]))

    @property
    def exit_code(self) -> int:
        """Of what happened; that something is left for the next start is 0 by itself."""
        return worst_exit_code(problem.exit_code for problem in self.problems)


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
        mailer.check(sender=plan.environment.sender or "", bcc=plan.copies)
    progress("", "collecting")
    snapshot = _snapshot_of_batch(plan, ledger, store, partial(progress, ""))
    inventory = open_snapshot(snapshot)
    if plan.purpose == "send":
        _refuse_week_seen_in_part(plan, inventory)
    built = build(Workshop(plan, inventory, snapshot, store, ledger, progress, time_left))
    outcome = Outcome(plan.period, snapshot, plan.period.is_over_at(inventory.as_of), tuple(built))
    if plan.purpose != "send" or mailer is None:
        return outcome
    return _released(plan, outcome, ledger, mailer, time_left)


def _is_unreleased(plan: Plan, ledger: Ledger) -> bool:
    """Whether an edition is still to be let go; with none left, a send must be able to say so and end well."""
    standing = [ledger.edition(plan.edition(report)) for report in plan.reports]
    return any(edition is None or edition.state != "released" for edition in standing)


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


def _snapshot_of_batch(plan: Plan, ledger: Ledger, store: Store, told: Told) -> Path:
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
    snapshot = freeze(plan, store, told)
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


def _released(plan: Plan, outcome: Outcome, ledger: Ledger, mailer: Mailer, time_left: TimeLeft) -> Outcome:
    """Let the batch go as the company's release rule says, and deliver what went."""
    if outcome.left_for_next:  # the gates look at all of a batch before any of it leaves
        names = ", ".join(outcome.left_for_next)
        return replace(outcome, kept_back=f"Nothing was mailed yet: there was no time to begin {names}.")
    kept = [built for built in outcome.editions if built.state in ("held", "failed")]
    if kept and plan.company.release == "all":
        names = ", ".join(f"{built.edition} is {built.state}" for built in kept)
        return replace(outcome, kept_back=f"Nothing was mailed: {names}, and the company releases all or none.")
    editions: list[Built] = []
    deliveries: list[Delivered] = []
    for built in outcome.editions:
        let_go, delivered = (built, []) if built in kept else _let_go(plan, built, ledger, mailer, time_left)
        editions.append(let_go)
        deliveries += delivered
    return replace(outcome, editions=tuple(editions), deliveries=tuple(deliveries))


def _not_made_here(plan: Plan, built: Built, ledger: Ledger) -> tuple[Built, list[Delivered]]:
    """A released edition whose mail this machine cannot make: no trouble where all its readers have it."""
    mailed = [ledger.mailed(built.edition, recipient) for recipient in plan.recipients(built.report)]
    had = [Delivered(built.edition, one.shown, "sent before", standing=one) for one in mailed if one is not None]
    return (replace(built, problems=()) if len(had) == len(mailed) else built), had


def _let_go(
    plan: Plan, built: Built, ledger: Ledger, mailer: Mailer, time_left: TimeLeft
) -> tuple[Built, list[Delivered]]:
    """
    Release one edition and mail it; what stops it stands with it, and hides nothing of the others.

    What leaves is what the gates saw: a message that was changed since is not sent.
    """
    if built.problems:
        return _not_made_here(plan, built, ledger)
    try:
        message = looked_at(built.folder)
        if built.run is not None:
            ledger.release(built.edition, built.run.id)
    except QuarterdeckError as error:
        return replace(built, problems=(*built.problems, error)), []
    letter = letter_of(plan, built.report, built.snapshot, frozen_body(message, str(built.folder / "message.eml")))
    post = Post(mailer, ledger, plan.now, time_left)
    with bound(run=built.run.id if built.run else None):
        return built, deliver_to_all(letter, plan.recipients(built.report), post)
