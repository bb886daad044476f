"""
The command. Each subcommand reads what was typed, calls the pipeline or the ledger, and says what came of it.

Everything heavy is imported inside the subcommand that needs it, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from quarterdeck import __version__
from quarterdeck.cli.door import Door, now
from quarterdeck.cli.hints import completed
from quarterdeck.cli.options import company_option, given_parameters, outputs_option, port_option
from quarterdeck.errors import CommandRefused, InputInvalid, QuarterdeckError

_HELP = """\
Five notebooks, one frozen snapshot of the company, five executive e-mails a week.

\b
examples:
  python runner.py run                               all reports of the sample company's last full week
  python runner.py run cfo --dry-run                 one report, and its mail's text as it would leave
  python runner.py run --company tests/data/hotel-2016 --period 2016-W45
  python runner.py show                              what the ledger knows

\b
exit codes:
  0 done                   4 a notebook failed
  2 params or command      5 a delivery refused or deferred, none in doubt
    wrong                  6 perhaps sent: look, then settle
  3 data not ready         7 held
"""


def main(root: Path) -> None:
    """
    Run the command line of the project in *root*, and exit with its code.

    A known error prints its message to standard error, without a traceback.
    """
    try:
        cli.main(prog_name="python runner.py", obj=root, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt) as stopped:
        click.echo("Stopped. Kernels are ended, and no mail was begun after this.", err=True)
        for doubt in getattr(stopped.__cause__ or stopped, "__notes__", ()):  # click's Abort has ours as its cause
            click.echo("\n" + completed(doubt, sys.argv[1:]), err=True)
        sys.exit(130)
    except QuarterdeckError as error:
        click.echo(completed(str(error), sys.argv[1:]), err=True)
        sys.exit(error.exit_code)


@click.group(help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="quarterdeck")
@click.option(
    "--env-file",
    type=click.Path(path_type=Path),
    help="File of NAME=value lines, read as .env is; the process's own variables win.",
)
@click.pass_context
def cli(context: click.Context, env_file: Path | None) -> None:
    """Keep what all subcommands share; its help is `_HELP`."""
    context.obj = Door(context.obj, env_file)


@cli.command(
    epilog="\b\nexamples:\n"
    "  python runner.py run cfo --period 2026-W47\n"
    "  python runner.py run cfo --dry-run -p agenda_rows=5"
)
@click.argument("reports", metavar="[REPORT]...", nargs=-1)
@click.option("--period", help="ISO week, such as 2026-W47.  [default: the last full week]")
@company_option
@outputs_option
@click.option("--dry-run", is_flag=True, help="Also print each mail's text as it would leave; nothing is called.")
@click.option("--force", is_flag=True, help="Collect, and execute every notebook, also where nothing has changed.")
@click.option("--send", is_flag=True, help="Mail what was built, at most once to each recipient.")
@click.option(
    "-p", "parameters", metavar="KEY=VALUE", multiple=True, help="A value for the notebooks' parameters cell."
)
@click.pass_obj
def run(
    door: Door,
    /,
    reports: tuple[str, ...],
    period: str | None,
    company: Path | None,
    outputs: Path | None,
    **flags: Any,  # noqa: ANN401 - click's: dry_run, force, send, parameters
) -> None:
    """Build the reports of one week; with --send, mail them once."""
    if flags["dry_run"] and flags["send"]:
        raise CommandRefused("--dry-run --send", "one calls nothing, the other mails", "python runner.py run --dry-run")
    if flags["force"] and flags["send"]:
        because = "what leaves is what was looked at, and --force makes it anew"
        raise CommandRefused("--force --send", because, "python runner.py run --force")
    from quarterdeck.cli.run import run_batch_of

    request = door.request(
        company,
        outputs,
        reports=reports,
        period=period,
        purpose="send" if flags["send"] else "build",
        overrides=given_parameters(flags["parameters"]),
        is_forced=flags["force"],
    )
    sys.exit(run_batch_of(door, request, with_mails=flags["dry_run"]))


@cli.command(epilog="\b\nexample:\n  python runner.py collect --company sample")
@company_option
@outputs_option
@click.pass_obj
def collect(door: Door, /, company: Path | None, outputs: Path | None) -> None:
    """Take a snapshot of the company, print its folder or s3:// address, and stop."""
    from quarterdeck.pipeline import freeze, make_plan
    from quarterdeck.store import open_store

    plan = make_plan(door.request(company, outputs), door.environment(), now())
    store = open_store(plan.store, plan.company.slug)
    told = partial(click.echo, err=True)  # standard output is for the address alone
    click.echo(store.address(freeze(plan, store, told)))


@cli.command(epilog="\b\nexample:\n  python runner.py check --company sample")
@company_option
@outputs_option
@click.pass_obj
def check(door: Door, /, company: Path | None, outputs: Path | None) -> None:
    """Say of everything that a run needs whether it is right."""
    from quarterdeck.cli.check import checks
    from quarterdeck.cli.terminal import print_checks

    sys.exit(print_checks(checks(door.request(company, outputs), door.environment(), now())))


@cli.command(
    epilog="\b\nexamples:\n  python runner.py show\n  python runner.py show cfo/2026-W47\n  python runner.py show --web"
)
@click.argument("what", metavar="[PERIOD | EDITION]", required=False)
@company_option
@outputs_option
@click.option("--web", is_flag=True, help="All editions, in the browser; on this machine only.")
@port_option
@click.pass_obj
def show(door: Door, /, what: str | None, company: Path | None, **browser: Any) -> None:  # noqa: ANN401 - click's: outputs, web, port
    """Print what the ledger knows of periods, editions and runs; with --web, show it."""
    from quarterdeck.cli.terminal import print_edition, print_periods

    if browser["web"]:
        if what is not None:
            because = "the page shows all periods and editions"
            raise CommandRefused(f"show {what} --web", because, "python runner.py show --web")
        from quarterdeck.cli.browser import archive_of

        archive_of(door, port=browser["port"], company=company, outputs=browser["outputs"])
        return
    settings = door.company(company)
    ledger = door.ledger(settings)
    if what is None:
        print_periods(ledger, settings)
    else:
        editions = [what] if "/" in what else [edition.name for edition in ledger.editions(what)]
        known = [edition for edition in map(ledger.edition, editions) if edition is not None]
        if not known:
            raise InputInvalid("show", repr(what), "a period or edition that was built", "python runner.py show")
        for edition in known:
            print_edition(ledger, settings, edition)


@cli.command(epilog="\b\nexamples:\n  python runner.py metrics\n  python runner.py metrics cash")
@click.argument("words", metavar="[WORD]...", nargs=-1)
@click.pass_obj
def metrics(door: Door, /, words: tuple[str, ...]) -> None:
    """Print each figure's id, unit, formula, source and reports; with words, only of those that have them."""
    from quarterdeck.cli.catalogue import chosen, lines_of, reports_by_metric

    used = reports_by_metric(door.root / "notebooks")
    paragraphs = ["\n".join(lines_of(metric, used[metric.id])) for metric in chosen(words)]
    click.echo("\n\n".join(paragraphs))


@cli.command(
    epilog='\b\nexample:\n  python runner.py new safety --title Safety --question "What could hurt a guest next week?"'
)
@click.argument("name", metavar="REPORT")
@click.option("--title", required=True, help="What its mails' subjects begin with, at most 40 characters.")
@click.option("--question", required=True, help="What its reader wants to know.")
@click.option(
    "--owner", metavar="ADDRESS", default="owner@example.com", show_default=True, help="Who gets mail when it fails."
)
@click.pass_obj
def new(door: Door, /, name: str, title: str, question: str, owner: str) -> None:
    """Write a new report: a notebook that works as it is, its params file, and its test."""
    from quarterdeck.cli.new_report import NewReport, write

    for path in write(NewReport(name, title, question, owner), door.root):
        click.echo(path)
    click.echo(f"It runs as it is:\n  python runner.py run {name}", err=True)


@cli.command(epilog="\b\nexamples:\n  python runner.py preview\n  python runner.py preview cfo --port 8018")
@click.argument("report", required=False)
@click.option("--period", help="ISO week, such as 2026-W47.  [default: the last full week]")
@company_option
@outputs_option
@port_option
@click.pass_obj
def preview(door: Door, /, report: str | None, period: str | None, port: int, **where: Path | None) -> None:
    """
    Show the mail and the page of a report in the browser, made anew with each save.

    On this machine only. Notebooks, params, templates, code and the company's folder are watched. Nothing is
    recorded in the ledger, and nothing can leave.
    """
    from quarterdeck.cli.browser import preview_of

    preview_of(door, report, period=period, port=port, **where)


@cli.command(epilog='\b\nexample:\n  python runner.py approve cfo/2026-W47 --because "the bank confirmed the balance"')
@click.argument("edition")
@click.option("--because", required=True, help="Why it may leave; it is recorded with your name.")
@company_option
@outputs_option
@click.pass_obj
def approve(door: Door, /, edition: str, because: str, company: Path | None, outputs: Path | None) -> None:
    """Let an edition go that a gate holds back."""
    import getpass

    approved = door.ledger(door.company(company)).approve(edition, because=because, by=getpass.getuser())
    leaves = completed(f"python runner.py run --period {approved.period} --send", sys.argv[1:])
    door.write_archive(door.request(company, outputs))
    click.echo(f"{edition} is {approved.state}. What was found, and your reason, are kept. It leaves with\n  {leaves}")


@cli.command(epilog="\b\nexample:\n  python runner.py rerun cfo/2026-W47")
@click.argument("edition")
@company_option
@outputs_option
@click.pass_obj
def rerun(door: Door, /, edition: str, company: Path | None, outputs: Path | None) -> None:
    """
    Make an edition again from its week's snapshot, also when nothing changed.

    Nothing is collected and nothing is mailed. One that was released is refused: what its readers got is kept.
    """
    from quarterdeck.cli.terminal import Watch, print_outcome
    from quarterdeck.config import edition_parts
    from quarterdeck.pipeline import make_plan, run_batch
    from quarterdeck.store import open_store

    report, period = edition_parts(edition)
    request = door.request(company, outputs, reports=(report,), period=period, purpose="rerun")
    plan = make_plan(request, door.environment(), now())
    store = open_store(request.store, plan.company.slug)
    with Watch([edition]) as watch:
        outcome = run_batch(plan, ledger=door.ledger(plan.company), store=store, mailer=None, progress=watch)
    print_outcome(outcome)
    door.write_archive(request)
    sys.exit(outcome.exit_code)


@cli.command(
    epilog="\b\nexample:\n"
    '  python runner.py resend cfo/2026-W47 --to cfo@example.com --because "she deleted it" --company FOLDER'
)
@click.argument("edition")
@click.option("--to", "recipient", metavar="ADDRESS", required=True, help="Who was mailed, and is mailed once more.")
@click.option("--because", required=True, help="Why; it is recorded with your name.")
@company_option
@outputs_option
@click.pass_obj
def resend(door: Door, /, edition: str, recipient: str, because: str, **where: Path | None) -> None:
    """Mail a released edition once more to one of its readers."""
    import getpass

    from quarterdeck.cli.terminal import print_delivered
    from quarterdeck.config import edition_parts
    from quarterdeck.pipeline import Post, make_plan
    from quarterdeck.pipeline import resend as mail_once_more
    from quarterdeck.store import open_store

    report, period = edition_parts(edition)
    request = door.request(where["company"], where["outputs"], reports=(report,), period=period, purpose="send")
    environment = door.environment()
    plan = make_plan(request, environment, now())
    post = Post(door.mailer(environment), door.ledger(plan.company), plan.now)
    store = open_store(request.store, plan.company.slug)
    done = mail_once_more(plan, recipient, post, store=store, because=because, by=getpass.getuser())
    code = print_delivered(done, plan.period)
    door.write_archive(request)
    sys.exit(code)


@cli.command(epilog="\b\nexample:\n  python runner.py settle cfo/2026-W47 --to cfo@example.com --not-sent")
@click.argument("edition")
@click.option("--to", "recipient", metavar="ADDRESS", help="Only the delivery to this address.")
@click.option("--sent/--not-sent", "sent", default=None, help="What you found when you looked; one of them is needed.")
@company_option
@outputs_option
@click.pass_obj
def settle(door: Door, /, edition: str, recipient: str | None, sent: bool | None, **where: Path | None) -> None:  # noqa: FBT001 - click's
    """Tell the ledger whether a mail in doubt arrived."""
    if sent is None:
        mend = (
            f"python runner.py settle {edition} --sent, or --not-sent where it did not arrive: then it is mailed again"
        )
        raise InputInvalid("settle", "neither --sent nor --not-sent", "what you found in the reader's mailbox", mend)
    settled = door.ledger(door.company(where["company"])).settle(edition, sent=sent, recipient=recipient)
    door.write_archive(door.request(where["company"], where["outputs"]))
    for delivery in settled:
        click.echo(f"{edition} to {delivery.shown} is {delivery.state}.")
