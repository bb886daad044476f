"""One `run`: what was built is shown where nothing has changed since; else the batch is built, and shown."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from quarterdeck.cli.door import Door, now
from quarterdeck.cli.lines import err, print_lines, print_mails
from quarterdeck.errors import CommandRefused, InputInvalid
from quarterdeck.standing import Command

if TYPE_CHECKING:
    from quarterdeck.pipeline import Outcome, Plan
    from quarterdeck.request import Request
    from quarterdeck.store import Store


def run_batch_of(door: Door, request: Request, *, with_mails: bool) -> int:
    """
    Build the batch of *request*, mail it where it says so, and print what came of it; the exit code.

    Args:
        with_mails: Print each mail's text too.
    """
    command = Command.of(request, door.settings(), now())  # of what there is now, not of what changes meanwhile
    if command is not None and _is_standing(command, with_mails=with_mails):
        return 0
    outcome = _built(door, request)
    if command is not None and outcome.is_all_done:
        from quarterdeck.cli.terminal import line_of

        command.keep(outcome.snapshot, [line_of(built) for built in outcome.editions])
    if with_mails:
        print_mails(
            (built.edition, (built.folder / "message.eml").read_bytes()) for built in outcome.editions if built.shown
        )
    return outcome.exit_code


def _is_standing(command: Command, *, with_mails: bool) -> bool:
    """Whether *command* built all of it before, and nothing has changed since; then it is shown."""
    standing = command.standing()
    if standing is None:
        return False
    err.print(f"Nothing has changed since {standing.made_at:%Y-%m-%d %H:%M} UTC. To make it anew, add --force.")
    print_lines(standing.lines)
    if with_mails:
        print_mails((edition, command.message(edition)) for edition in standing.editions)
    return True


def _built(door: Door, request: Request) -> Outcome:
    """The batch of *request*, built, mailed where it says so, and shown; the archive knows of it afterwards."""
    from quarterdeck.kernels import prepare_kernels

    if request.purpose == "build":
        prepare_kernels()  # while this process imports what follows, and collects
    from quarterdeck.cli.terminal import Watch, print_outcome
    from quarterdeck.pipeline.start import Doors, run_and_tell
    from quarterdeck.store import open_store

    environment = door.environment()
    opened: list[Store] = []  # the store, once something may be in it

    def store(plan: Plan) -> Store:
        opened.append(open_store(request.store, plan.company.slug))
        return opened[0]

    doors = Doors(
        ledger=door.ledger,
        store=store,
        mailer=lambda: door.mailer(environment),
        watch=lambda plan: Watch([plan.edition(report) for report in plan.reports]),
        now=now,
        process=os.environ,
    )
    try:
        outcome = run_and_tell(request, environment, doors)
    except (InputInvalid, CommandRefused):  # nothing was done
        raise
    except Exception:
        if opened:
            door.write_archive(request)
        raise
    print_outcome(outcome)
    door.write_archive(request)
    return outcome
