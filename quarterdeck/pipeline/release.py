"""Release: a batch that the gates saw is let go, all or what passed, and mailed."""

from __future__ import annotations

from dataclasses import replace

from quarterdeck.errors import CommandRefused, QuarterdeckError
from quarterdeck.ledger import Ledger
from quarterdeck.log import bound
from quarterdeck.mail import frozen_body
from quarterdeck.pipeline.deliver import Delivered, Post, as_it_stands, deliver_to_all, letter_of, refuse_another_body
from quarterdeck.pipeline.manifest import looked_at
from quarterdeck.pipeline.outcome import Outcome
from quarterdeck.pipeline.plan import Plan
from quarterdeck.pipeline.workshop import Built, is_overtaken


def let_go(plan: Plan, outcome: Outcome, ledger: Ledger) -> Outcome:
    """Release the batch as the company's rule says; nothing is mailed yet, and what was kept back never is."""
    if outcome.left_for_next:  # the gates look at all of a batch before any of it leaves
        names = ", ".join(outcome.left_for_next)
        return replace(outcome, kept_back=f"Nothing was mailed yet: there was no time to begin {names}.")
    kept = [built for built in outcome.editions if built.state in ("held", "failed")]
    if kept and plan.company.release == "all":
        names = ", ".join(f"{built.edition} is {built.state}" for built in kept)
        return replace(outcome, kept_back=f"Nothing was mailed: {names}, and the company releases all or none.")
    return replace(
        outcome,
        editions=tuple(
            built if built in kept or built.problems else _let_go(built, ledger) for built in outcome.editions
        ),
    )


def _let_go(built: Built, ledger: Ledger) -> Built:
    """One edition, released with the message that the gates saw: one that was changed since does not leave."""
    try:
        message = looked_at(built.folder)
        if built.run is not None:
            ledger.release(built.edition, built.run.id)
    except QuarterdeckError as error:
        if is_overtaken(ledger, built):
            return replace(built, state="overtaken")
        return replace(built, problems=(*built.problems, error))
    # Released by the start that took it over: then that one's message is what its readers get
    return replace(built, state="overtaken") if is_overtaken(ledger, built) else replace(built, message=message)


def mail(plan: Plan, outcome: Outcome, post: Post) -> Outcome:
    """Mail what was let go; what stops one edition stands with it, and hides nothing of the others."""
    if outcome.kept_back:
        return outcome
    editions: list[Built] = []
    deliveries: list[Delivered] = []
    for built in outcome.editions:
        try:
            kept, delivered = _mailed(plan, built, post)
        except QuarterdeckError as error:  # of the ledger, before a mail of this edition was tried
            kept, delivered = replace(built, problems=(*built.problems, error)), []
        editions.append(kept)
        deliveries += delivered
    return replace(outcome, editions=tuple(editions), deliveries=tuple(deliveries))


def _mailed(plan: Plan, built: Built, post: Post) -> tuple[Built, list[Delivered]]:
    if built.problems or built.state not in ("ready", "released"):
        return _not_made_here(plan, built, post.ledger) if built.state == "released" else (built, [])
    body = frozen_body(built.message, str(built.folder / "message.eml"))
    letter = letter_of(plan, built.report, built.snapshot, body)
    try:
        refuse_another_body(f"mailing {built.edition}", letter, built.folder, post.ledger)
    except CommandRefused as refused:
        return _not_made_here(plan, replace(built, problems=(refused,)), post.ledger)
    with bound(run=built.run.id if built.run else None):
        return built, deliver_to_all(letter, plan.recipients(built.report), post)


def _not_made_here(plan: Plan, built: Built, ledger: Ledger) -> tuple[Built, list[Delivered]]:
    """A released edition whose mail this machine must not make: no trouble where all have it; a doubt stays one."""
    mailed = [ledger.mailed(built.edition, recipient) for recipient in plan.recipients(built.report)]
    had = [Delivered(built.edition, one.shown, "sent before", standing=one) for one in mailed if one is not None]
    doubts = [
        as_it_stands(one)
        for one in ledger.deliveries(built.edition)
        if one.state in ("sending", "unknown") and not one.resend
    ]
    return (replace(built, problems=()) if len(had) == len(mailed) else built), [*had, *doubts]
