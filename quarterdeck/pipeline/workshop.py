"""The workshop: what every step of a build works with, and how an edition stands after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

from quarterdeck.blocks import FigureRecord
from quarterdeck.errors import QuarterdeckError
from quarterdeck.inventory import AssetInventory
from quarterdeck.ledger import Ledger, Run
from quarterdeck.log import logger
from quarterdeck.pipeline.plan import Plan, Report
from quarterdeck.pipeline.time_left import TimeLeft
from quarterdeck.store import Store

_log = logger()

# Told to whoever watches: (edition, stage), the stage in words that a person reads.
Progress = Callable[[str, str], None]
State = Literal["ready", "held", "failed", "released", "not begun", "overtaken"]


@dataclass(frozen=True)
class Workshop:
    """What every step of a build needs: the plan, the frozen data, and where things are written."""

    plan: Plan
    inventory: AssetInventory
    snapshot: Path
    store: Store
    ledger: Ledger
    progress: Progress
    time_left: TimeLeft


@dataclass(frozen=True)
class Shown:
    """
    An edition without its page and mail, which lie in its folder: those of a large batch would fill the memory.

    Args:
        size: Of `message.eml`, in bytes.
        findings: What the gates found in page and mail.
    """

    headline: str
    metrics: Mapping[str, FigureRecord]
    size: int
    findings: tuple[str, ...]


@dataclass(frozen=True)
class Built:
    """
    One edition as it stands after the build.

    Args:
        state: "overtaken" where another start has begun a later run of it meanwhile: that one's is the edition.
        run: The attempt that made it; None where it had left before, or time was too short to begin one.
        seconds: Spent on its notebook; 0 where nothing had changed since it was executed.
        shown: What is to be known of it to judge it and to tell of it; None where nothing was rendered.
        message: `message.eml`, from its release on.
        kept: Where a person finds it: a path or an `s3://` address.
        problems: Why it is not ready.
    """

    edition: str
    report: Report
    folder: Path
    snapshot: str
    state: State
    run: Run | None = None
    seconds: float = 0.0
    shown: Shown | None = None
    message: bytes = b""
    kept: str = ""
    problems: tuple[QuarterdeckError, ...] = ()


def lease_of(report: Report) -> timedelta:
    """How long nothing may be heard of a run of *report* before it counts as failed."""
    return timedelta(seconds=report.params.limits.report_seconds + 300)


def is_overtaken(ledger: Ledger, built: Built) -> bool:
    """Whether a later run than *built*'s has taken its edition over."""
    standing = ledger.edition(built.edition)
    return built.run is not None and standing is not None and standing.run != built.run.id


def overtaken(workshop: Workshop, built: Built) -> Built:
    """*built*, which is another start's now: nothing of ours is shown or judged."""
    if built.run is not None:
        workshop.ledger.finish_run(built.run, "failed", seconds=built.seconds, reason="another start took it over")
    _log.info("edition overtaken", edition=built.edition)
    return replace(built, state="overtaken", shown=None, problems=())
