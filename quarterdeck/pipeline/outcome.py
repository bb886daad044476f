"""The outcome: what one start of a batch came to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from quarterdeck.errors import QuarterdeckError, worst_exit_code
from quarterdeck.period import Period
from quarterdeck.pipeline.deliver import Delivered
from quarterdeck.pipeline.workshop import Built


@dataclass(frozen=True)
class Outcome:
    """
    What a batch came to.

    Args:
        is_complete: Whether the period was over at the as-of.
        kept_back: Why nothing was mailed although it was asked for; empty otherwise.

    A start that ran out of time has done no wrong: what it did not begin, or another start took over or is mailing
    and did not end in time, is `left_for_next`, and no problem.
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
        """The editions that were not made, or not known to be mailed to all, as time or ledger did not suffice."""
        not_made = [built.edition for built in self.editions if built.state in ("not begun", "overtaken")]
        not_mailed = [one.edition for one in self.deliveries if one.result in ("not begun", "being sent")]
        return tuple(dict.fromkeys([*not_made, *not_mailed]))

    @property
    def is_all_done(self) -> bool:
        """Whether a whole week was made of it, without a problem and with nothing left to do."""
        return self.is_complete and not (self.problems or self.left_for_next or self.kept_back)

    @property
    def exit_code(self) -> int:
        """Of what happened; that something is left for the next start is 0 by itself."""
        return worst_exit_code(problem.exit_code for problem in self.problems)
