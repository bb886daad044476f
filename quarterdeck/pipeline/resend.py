"""Resend: one more mail of a released edition to one of its readers, by the word of a person."""

from __future__ import annotations

from quarterdeck.errors import CommandRefused
from quarterdeck.ledger import Edition, Ledger
from quarterdeck.mail import bare_address, frozen_body
from quarterdeck.pipeline.deliver import Delivered, Letter, Post, deliver_once_more, letter_of, refuse_another_body
from quarterdeck.pipeline.manifest import looked_at
from quarterdeck.pipeline.plan import Plan, Report
from quarterdeck.pipeline.writing import restore_released
from quarterdeck.snapshot import open_snapshot
from quarterdeck.store import Store


def resend(plan: Plan, recipient: str, post: Post, *, store: Store, because: str, by: str) -> Delivered:
    """
    Mail the one edition of *plan*, which was released, once more to *recipient*: the body that its readers got.

    Args:
        plan: To `send` one report.
        because: Why, in a person's words; it is kept with the claim.
        by: Who says so.

    Raises:
        InputInvalid: *recipient* is no address, no reason is given, or the edition is not as it was built.
        CommandRefused: The edition is not released, *recipient* was never mailed, or is being mailed right now.
        SendingRefused: The mail service would take no mail.
    """
    report = plan.reports[0]
    address = bare_address("--to", recipient)
    edition = _released(plan, report, post.ledger)
    letter = _letter(plan, report, edition, post.ledger, store)
    post.mailer.check(sender=letter.sender, bcc=letter.bcc)
    delivered = deliver_once_more(letter, address, post, because=because, by=by)
    if delivered.result == "being sent":
        raise _refused(edition.name, f"a mail to {delivered.shown} is being sent right now")
    return delivered


def _released(plan: Plan, report: Report, ledger: Ledger) -> Edition:
    name = plan.edition(report)
    edition = ledger.edition(name)
    if edition is None or edition.state != "released":
        because = f"it is {edition.state}, not released" if edition else "no run of it was ever started"
        raise _refused(name, because)
    return edition


def _letter(plan: Plan, report: Report, edition: Edition, ledger: Ledger, store: Store) -> Letter:
    """The edition's letter, which is what those who were mailed before got."""
    snapshot = store.snapshot(edition.snapshot)
    if snapshot is not None:  # a store in a bucket keeps no messages: they are made again
        restore_released(plan, open_snapshot(snapshot), report, store)
    folder = store.edition(edition.name)
    letter = letter_of(plan, report, edition.snapshot, frozen_body(looked_at(folder), str(folder / "message.eml")))
    refuse_another_body(f"resend {edition.name}", letter, folder, ledger)
    return letter


def _refused(edition: str, because: str) -> CommandRefused:
    return CommandRefused(f"resend {edition}", because, f"python runner.py show {edition}")
