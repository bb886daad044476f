"""Mails that were put off for one reason are told in one sentence: how many, until when, and which."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, timedelta

from quarterdeck.errors import MailDeferred


def told_in_one(problems: Sequence[Exception], said: Callable[[Exception], str]) -> Iterator[str]:
    """Each of *problems* as *said* has it, but several mails that were put off for one reason as one."""
    alike: dict[str, list[MailDeferred]] = {}
    for problem in problems:
        if isinstance(problem, MailDeferred):
            alike.setdefault(problem.reason, []).append(problem)
    for problem in problems:
        mails = alike[problem.reason] if isinstance(problem, MailDeferred) else []
        if len(mails) < 2:
            yield said(problem)
        elif problem is mails[0]:
            yield _in_one(mails)


def _in_one(mails: Sequence[MailDeferred]) -> str:
    until = max(one.again_at for one in mails).astimezone(UTC) + timedelta(seconds=59)  # a minute not begun
    named = ", ".join(f"{one.edition} to {one.recipient}" for one in mails)
    return (
        f"{len(mails)} mails were put off until {until:%Y-%m-%d %H:%M} UTC ({mails[0].reason}): {named}.\n"
        "None of them has left. Run the same command again then: by then they are taken, and only they are tried. "
        f"See who got what with\n  python runner.py show {mails[0].edition.partition('/')[2]}"
    )
