"""The time that one start of a batch has: what cannot end in time is not begun, and left for the next start."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

# Kept free at the end: to end kernels, render what they made, and record how all of it stands.
WRAP_UP_S = 30.0
# Of what a start was given, kept free when it collects: what was read is frozen in less than half the time that reading
# it took, and kept.
_TO_FREEZE = 1 / 4
# The longest that one mail may be on its way, in seconds. A claim that is cut off is in doubt for ever.
# SES's account and suppression list: each asked 4 times, 5 s to connect and 10 s to answer, 1 + 2 + 4 s between: 134
# Its pace is waited for (1 + 2 + 4 + 8 + 16 s): 31. After these 165 s the mailer posts no more (`mail/ses.py`).
# The last post, 5 s to connect and 60 s to answer: 65. What came of it is recorded in the wrap-up.
SEND_S = 134.0 + 31.0 + 65.0 + WRAP_UP_S


def no_end() -> float:
    """What a start on a machine of one's own has: all the time."""
    return math.inf


@dataclass(frozen=True)
class TimeLeft:
    """
    What is left of a start's time.

    Args:
        seconds_left: Tells how many seconds are left, whenever it is asked; it is the only clock here.
    """

    seconds_left: Callable[[], float] = no_end
    given_s: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "given_s", self.seconds_left())

    def for_a_report(self, limit_s: float) -> float | None:
        """
        How many seconds a report may take that would begin now; None: it is not to begin.

        It begins where its own limit fits in, or half of what the start was given: a limit is what a report
        may take at worst, and one that no start could hold must not keep it from ever being tried.
        """
        left_s = self.seconds_left() - WRAP_UP_S
        return left_s if left_s >= min(limit_s, self.given_s / 2) else None

    @property
    def is_enough_to_collect(self) -> bool:
        """Whether more may be read: what is read has to be frozen too. A short start reads for half of its time."""
        return self.seconds_left() >= min(WRAP_UP_S + self.given_s * _TO_FREEZE, self.given_s / 2)

    @property
    def is_enough_for_a_mail(self) -> bool:
        return self.seconds_left() >= SEND_S


WITHOUT_END = TimeLeft()
