"""
The door that Lambda opens: an event in, a small account of what came of it out.

    {"scheduled_time": "2026-11-30T08:00:00Z"}          the batch of the last week that was over at that instant
    {"rerun": "cfo/2026-W48"}                           one edition made again, on its batch's snapshot; no mail
    {"Records": [{"EventSource": "aws:sns", "Sns": …}]} what SES tells of mails that left

Scheduler, Lambda and SNS deliver at least once. The same event names the same period whenever it comes, so a
second start joins the first and sends nothing again. A start that ends badly, or too early, raises once all is
recorded: Lambda then counts an error and hands the event to the queue of failed starts.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from quarterdeck.archive import write_archive
from quarterdeck.config import Company, Environment, edition_parts, load_company
from quarterdeck.errors import InputInvalid, QuarterdeckError, StartUnfinished
from quarterdeck.ledger import Ledger, open_ledger, without_addresses
from quarterdeck.log import configure, logger
from quarterdeck.mail import Mailer
from quarterdeck.period import Period
from quarterdeck.pipeline import Alarm, Outcome, Request, observe_events
from quarterdeck.pipeline.start import Doors, run_and_tell
from quarterdeck.redaction import Redactor
from quarterdeck.store import open_store

_log = logger()


class Context(Protocol):
    """What we ask of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """How long this invocation may go on."""


class _Event(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _as_text(instant: object) -> object:
    """A number is no instant: pydantic would take it as seconds, or thousandths of them."""
    if not isinstance(instant, str):
        raise ValueError("an instant such as 2026-11-30T08:00:00Z")  # noqa: TRY004 - what pydantic reports
    return instant


class ScheduledStart(_Event):
    """EventBridge Scheduler's start; `scheduled_time` is its `<aws.scheduler.scheduled-time>`, not the clock."""

    scheduled_time: Annotated[AwareDatetime, BeforeValidator(_as_text)]


class Rerun(_Event):
    """A person's wish to have one edition made again."""

    rerun: Annotated[str, Field(max_length=200)]


class _Record(BaseModel):
    """SNS writes more beside these."""

    model_config = ConfigDict(extra="allow", frozen=True)

    event_source: Literal["aws:sns"] = Field(alias="EventSource")
    sns: Mapping[str, Any] = Field(alias="Sns")


class MailEvents(_Event):
    """SES's events, as SNS hands them over."""

    records: tuple[_Record, ...] = Field(alias="Records", min_length=1)


_EVENTS: TypeAdapter[ScheduledStart | Rerun | MailEvents] = TypeAdapter(ScheduledStart | Rerun | MailEvents)


def handler(event: object, context: Context) -> dict[str, Any]:
    """
    Do what *event* asks for.

    Returns:
        JSON without an address: what was done, and how it stands.

    Raises:
        InputInvalid: It is no event of ours; nothing was done.
        StartUnfinished: The batch has problems, or its time was over; all that was done is recorded.
        QuarterdeckError: What stopped the whole of it.
        RuntimeError: What nobody foresaw, by its name alone.
    """
    configure(os.environ)
    try:
        return _done(event, context)
    except QuarterdeckError as error:
        raise _without_addresses(error)  # noqa: B904 - itself, as Lambda's log may show it
    except Exception as error:  # noqa: BLE001 - what nobody foresaw may quote anything
        _log.error("start broke", exc_info=True)  # our log masks it; the runtime's would not
        raise RuntimeError(f"{type(error).__name__}; what it said is in the log, at 'start broke'") from None


def _done(event: object, context: Context) -> dict[str, Any]:
    environment = Environment.read()
    _refuse_what_is_forgotten(environment)
    asked = _parsed(event)
    company = load_company(_company_folder(environment))
    match asked:
        case ScheduledStart() as start:
            period = period_of(start, company.time_zone)
            request = _request(environment, period=str(period), purpose="send")
        case Rerun(rerun=edition):
            report, week = edition_parts(edition)
            request = _request(environment, period=week, reports=(report,), purpose="rerun")
        case MailEvents() as told:
            records = [record.model_dump(by_alias=True) for record in told.records]
            ledger = open_ledger(environment.ledger, company.slug, _now)
            observed = observe_events(records, ledger=ledger, alarm=_alarm(company, environment))
            return {"observed": [one.outcome for one in observed]}
    outcome = run_and_tell(request, environment, _doors(environment, context))
    _tell_alarm(open_ledger(environment.ledger, company.slug, _now), outcome, company)
    if not outcome.left_for_next:  # else this start has no time left, and the next writes it
        _write_archive(environment, company, context)
    return _account_of(outcome)


def _without_addresses(error: QuarterdeckError) -> QuarterdeckError:
    """*error*, with every address in its words masked: Lambda's runtime prints them past our log."""
    for name, value in vars(error).items():
        if isinstance(value, str):
            setattr(error, name, without_addresses(value))
    return error


def period_of(start: ScheduledStart, time_zone: str) -> Period:
    """The last week that was over in *time_zone* when *start* was due: a retry a day later is the same batch."""
    return Period.last_full(start.scheduled_time, time_zone)


def _parsed(event: object) -> ScheduledStart | Rerun | MailEvents:
    try:
        return _EVENTS.validate_python(event)
    except ValidationError as error:
        keys = ", ".join(sorted(map(str, event))) if isinstance(event, Mapping) else type(event).__name__
        # Its values are not quoted: an event that is not ours may hold anything
        raise InputInvalid(
            "event",
            f"one with {keys or 'nothing'}",
            'scheduled_time, rerun or Records, as {"scheduled_time": "2026-11-30T08:00:00Z"}',
        ) from error


def _root() -> Path:
    """Where the image keeps the package, notebooks/, params/ and the company folder."""
    return Path(os.environ.get("LAMBDA_TASK_ROOT") or Path(__file__).resolve().parent.parent)


def _company_folder(environment: Environment) -> Path:
    return _root() / (environment.company or "")


def _refuse_what_is_forgotten(environment: Environment) -> None:
    """What lies in /tmp goes with the machine: a ledger there would forget who was mailed."""
    if not environment.company:
        raise InputInvalid("QUARTERDECK_COMPANY", "nothing", "the company folder inside the image, such as company")
    if not (environment.ledger or "").startswith("dynamodb:"):
        raise InputInvalid("QUARTERDECK_LEDGER", repr(environment.ledger), "dynamodb:TABLE on Lambda")
    if not (environment.store or "").startswith("s3://"):
        raise InputInvalid("QUARTERDECK_STORE", repr(environment.store), "s3://bucket/prefix on Lambda")


def _request(environment: Environment, **asked: Any) -> Request:  # noqa: ANN401 - Request's own fields
    return Request(
        root=_root(),
        company=_company_folder(environment),
        is_company_named=True,
        store=environment.store or "",
        **asked,
    )


def _doors(environment: Environment, context: Context) -> Doors:
    return Doors(
        ledger=lambda company: open_ledger(environment.ledger, company.slug, _now),
        store=lambda plan: open_store(plan.store, plan.company.slug, _seconds_left(context)),
        mailer=lambda: _mailer(environment),
        watch=lambda _: nullcontext(_say),
        now=_now,
        process=os.environ,
        seconds_left=_seconds_left(context),
        is_watched=False,
    )


def _seconds_left(context: Context) -> Callable[[], float]:
    return lambda: context.get_remaining_time_in_millis() / 1000


def _say(edition: str, stage: str) -> None:
    _log.info(stage, edition=edition)


def _mailer(environment: Environment) -> Mailer:
    from quarterdeck.mail.ses import SesMailer  # noqa: PLC0415 - a rerun that ends well mails nobody

    return SesMailer(environment.configuration_set, now=_now, sleep=time.sleep)


def _alarm(company: Company, environment: Environment) -> Alarm:
    redactor = Redactor.knowing(os.environ)
    return Alarm(company.name, environment, _root() / "params", redactor, _now, _mailer(environment))


def _now() -> datetime:
    """The one place of a Lambda that reads the clock."""
    return datetime.now(UTC)


def _write_archive(environment: Environment, company: Company, context: Context) -> None:
    """Bring the archive beside the editions up to date; that it cannot be is logged, and changes nothing else."""
    ledger = open_ledger(environment.ledger, company.slug, _now)
    try:
        store = open_store(environment.store or "", company.slug, _seconds_left(context))
        write_archive(store, company, ledger, _root() / "params")
    except QuarterdeckError as error:
        _log.warning("archive not written", reason=without_addresses(str(error).partition("\n")[0]))


def _tell_alarm(ledger: Ledger, outcome: Outcome, company: Company) -> None:
    """
    Say that the batch is released, as a line of CloudWatch's embedded metric format, to the dead-man alarm.

    It bears the moment of release, not of this start: whoever joins a batch days later does not postpone the
    alarm, and a start that ended before it could say so is made good by the next.
    """
    batch = ledger.batch(str(outcome.period))
    if batch is None or batch.state != "released" or batch.release_began_at is None:
        return
    metric = {"Namespace": "Quarterdeck", "Dimensions": [["Company"]], "Metrics": [{"Name": "BatchReleased"}]}
    released_at = int(batch.release_began_at.timestamp() * 1000)
    said = {"_aws": {"Timestamp": released_at, "CloudWatchMetrics": [metric]}, "Company": company.slug}
    # Standard output on its own line: the format has to be the whole of a line of the log
    sys.stdout.write(json.dumps(said | {"BatchReleased": 1, "Period": batch.period}) + "\n")
    sys.stdout.flush()


def _account_of(outcome: Outcome) -> dict[str, Any]:
    """
    What came of a batch, in a few words.

    Raises:
        StartUnfinished: Not all of it came to a good end.
    """
    results = [one.result for one in outcome.deliveries]
    account = {
        "period": str(outcome.period),
        "snapshot": outcome.snapshot.name,
        "editions": {built.edition: built.state for built in outcome.editions},
        "deliveries": {result: results.count(result) for result in sorted(set(results))},
        "exit_code": outcome.exit_code,
        "left_for_next": list(outcome.left_for_next),
    }
    if outcome.exit_code or outcome.left_for_next:
        raise StartUnfinished(str(outcome.period), json.dumps(account), outcome.exit_code)
    return account
