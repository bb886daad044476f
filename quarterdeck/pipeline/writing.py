"""Write: what an executed notebook becomes, and its message made again where only the rest of it was kept."""

from __future__ import annotations

from pathlib import Path

from quarterdeck.errors import CommandRefused
from quarterdeck.files import write_beside_then_rename
from quarterdeck.inventory import AssetInventory
from quarterdeck.mail import Envelope, message_id_of, stamp
from quarterdeck.pipeline.manifest import MANIFEST, had_previous, is_looked_at, is_made_from, shows
from quarterdeck.pipeline.plan import Plan, Report
from quarterdeck.render import Rendered, identity_of, render
from quarterdeck.store import Store

# Sender and recipient of a preview, where none is configured: a message needs both to be opened.
_SENDER = "quarterdeck@example.com"
_RECIPIENT = "reader@example.com"

_CHANGED = "this machine makes another page or mail of it than was looked at: its code, libraries or fonts differ"


def rendered_from(
    plan: Plan, inventory: AssetInventory, report: Report, folder: Path, *, has_previous: bool
) -> tuple[Rendered, bytes]:
    """What the executed notebook in *folder* becomes, and its message as the dry run shows it; nothing is written."""
    edition = plan.edition(report)
    identity = identity_of(report.params, inventory, plan.period, has_previous=has_previous)
    rendered = render(folder / "executed.ipynb", identity)
    sender = plan.environment.sender or _SENDER
    envelope = Envelope(
        sender=sender,
        to=plan.recipients(report) or (_RECIPIENT,),
        date=inventory.as_of,
        message_id=message_id_of(f"{edition.replace('/', '.')}.{inventory.snapshot}", sender=sender),
        reply_to=report.params.owner,
        edition=edition,
        snapshot=inventory.snapshot,
        unsubscribe=report.params.unsubscribe or "",
        company=inventory.company.name,
    )
    return rendered, stamp(rendered.body, envelope)


def restore_released(plan: Plan, inventory: AssetInventory, report: Report, store: Store) -> None:
    """
    See that the message of a released edition is on this machine: a store in a bucket keeps all but that.

    The store is asked first: what this machine built is not the edition where another has built it since. The
    message is rendered again from the executed notebook, which gives the same bytes anywhere, and that is checked.

    Raises:
        CommandRefused: What comes out is not what was looked at, the store has no whole edition, or it was made
            from other data than was released.
    """
    edition = plan.edition(report)
    folder = store.fetch_edition(edition)
    instead = f"python runner.py show {edition}"
    if not all((folder / name).is_file() for name in (MANIFEST, "executed.ipynb")):
        raise CommandRefused(f"mailing {edition}", f"it is not whole in {store.address(folder)}", instead)
    if not is_made_from(folder, inventory.snapshot):
        because = f"in {store.address(folder)} is one of other data than was released (snapshot {inventory.snapshot})"
        raise CommandRefused(f"mailing {edition}", f"{because}. Send from the outputs that have it", instead)
    if is_looked_at(folder):
        return
    rendered, message = rendered_from(plan, inventory, report, folder, has_previous=had_previous(folder))
    if not shows(folder, rendered):
        raise CommandRefused(f"mailing {edition}", f"{_CHANGED}. Send from the machine or image that built it", instead)
    write_beside_then_rename(folder / "message.eml", message)


def refuse_another_look(plan: Plan, report: Report, folder: Path, rendered: Rendered) -> None:
    """
    What a send is about to mail is what was looked at when it was built.

    Raises:
        CommandRefused: It is not; a build makes, checks and shows it anew.
    """
    if plan.purpose == "send" and not shows(folder, rendered):
        instead = f"python runner.py run {report.name} --period {plan.period}"
        raise CommandRefused(f"mailing {plan.edition(report)}", _CHANGED, instead)
