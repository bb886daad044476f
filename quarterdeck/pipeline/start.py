"""A start of a batch from any door: plan, run, tell. The terminal and Lambda share it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from quarterdeck.config import Company, Environment
from quarterdeck.errors import QuarterdeckError
from quarterdeck.ledger import Ledger
from quarterdeck.log import bound, logger
from quarterdeck.mail import Mailer
from quarterdeck.pipeline import Outcome, run_batch
from quarterdeck.pipeline.alarm import Alarm
from quarterdeck.pipeline.plan import Plan, make_plan
from quarterdeck.pipeline.telling import Trouble, tell
from quarterdeck.pipeline.time_left import TimeLeft, no_end
from quarterdeck.pipeline.workshop import Progress
from quarterdeck.redaction import Redactor
from quarterdeck.request import Request
from quarterdeck.store import Store

_log = logger()


@dataclass(frozen=True)
class Doors:
    """
    How a start reaches the world; each is opened when it is needed, and not before.

    Args:
        mailer: Opened to `send` only.
        watch: Shows the progress of a plan while its batch runs.
        now: Tells the time, tz-aware.
        process: The process's environment, whose secrets must not leave.
        is_watched: Whether somebody looks at what comes back: what a build or rerun has to say is told to nobody else.
        seconds_left: Tells how much time this start still has.
    """

    ledger: Callable[[Company], Ledger]
    store: Callable[[Plan], Store]
    mailer: Callable[[], Mailer]
    watch: Callable[[Plan], AbstractContextManager[Progress]]
    now: Callable[[], datetime]
    process: Mapping[str, str]
    seconds_left: Callable[[], float] = no_end
    is_watched: bool = True


def run_and_tell(request: Request, environment: Environment, doors: Doors) -> Outcome:
    """
    Run the batch that *request* asks for; where it mails, or nobody watches, tell people of what they have to act on.

    That telling fails is logged, and changes neither what comes back nor what is raised.

    Raises:
        QuarterdeckError: What stops the whole batch.
    """
    start = _Start(request, environment, doors)
    try:
        outcome = start.run()
    except Exception as error:
        start.tell(error)
        raise
    start.tell(outcome)
    return outcome


@dataclass
class _Start:
    """What one start has come to know, so that what stops it can be told with as much of it as there is."""

    request: Request
    environment: Environment
    doors: Doors
    plan: Plan | None = None
    ledger: Ledger | None = None
    mailer: Mailer | None = None

    def run(self) -> Outcome:
        self.plan = plan = make_plan(self.request, self.environment, self.doors.now())
        with bound(batch=str(plan.period)):
            _log.info("batch started", company=plan.company.slug, purpose=plan.purpose)
            if plan.purpose == "send":
                self.mailer = self.doors.mailer()
            store = self.doors.store(plan)
            self.ledger = self.doors.ledger(plan.company)
            with self.doors.watch(plan) as progress:
                outcome = run_batch(
                    plan,
                    ledger=self.ledger,
                    store=store,
                    mailer=self.mailer,
                    progress=progress,
                    seconds_left=self.doors.seconds_left,
                )
            _log.info("batch ended", snapshot=outcome.snapshot.name, exit_code=outcome.exit_code)
        return outcome

    def tell(self, came: Outcome | Exception) -> None:
        """Tell of what stopped the batch, or of what its outcome holds; a build's is for whoever watches it."""
        period = str(self.plan.period) if self.plan else self.request.period or "of last week"
        with bound(batch=period):
            if isinstance(came, Exception):
                kind = type(came).__name__
                known = isinstance(came, QuarterdeckError)
                # Whoever watches reads it from the error itself
                log = _log.info if self.doors.is_watched else _log.error
                log("batch stopped", reason=str(came).partition("\n")[0] if known else kind, exc_info=not known)
            if self.request.purpose != "send" and self.doors.is_watched:
                return
            try:
                tell(self._trouble(came, period), self._alarm())
            except Exception as error:  # noqa: BLE001 - telling must not hide what there is to tell
                _log.error("alert not published", reason=type(error).__name__)

    def _trouble(self, came: Outcome | Exception, period: str) -> Trouble:
        company = self.plan.company.slug if self.plan else self.request.company.name
        is_asked_for = self.request.purpose == "rerun"
        if isinstance(came, Exception):
            return Trouble(company, period, self.ledger, [came], is_asked_for=is_asked_for)
        snapshots = {built.edition: built.snapshot for built in came.editions}
        return Trouble(company, period, self.ledger, came.problems, came.kept_back, snapshots, is_asked_for)

    def _alarm(self) -> Alarm:
        company = self.plan.company.name if self.plan else self.request.company.name
        redactor = Redactor.knowing(self.doors.process)
        # What mails nobody opened none; its failures are mailed to owners all the same
        mailer = self.mailer if self.request.purpose == "send" else self.doors.mailer()
        time_left = TimeLeft(self.doors.seconds_left)
        params = self.request.root / "params"
        return Alarm(company, self.environment, params, redactor, self.doors.now, mailer, time_left)
