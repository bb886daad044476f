"""What every mailer promises, whatever carries the message."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from quarterdeck.errors import InputInvalid

# SES refuses any other character, and botocore does not look: what a dry run lets pass must pass there.
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Mailer(Protocol):
    """Hands one message over, once."""

    def send(self, message: bytes, *, sender: str, to: str, bcc: Sequence[str], tags: Mapping[str, str]) -> str:
        """
        Hand *message* over for *to*, with silent copies for *bcc*; the answer is its id there.

        It is tried once: no protocol for mail knows how to take a second try for the first.

        Raises:
            MailRefused: A clear no: nobody got it. Every other exception means that it is unknown.
        """
        ...


def check_tags(tags: Mapping[str, str]) -> None:
    """
    Refuse tags that a mail service would.

    Raises:
        InputInvalid: A name or value is empty, longer than 256 characters, or has others than `A-Za-z0-9_-`.
    """
    for name, value in tags.items():
        for what in (name, value):
            if not _TAG.fullmatch(what):
                raise InputInvalid(f"mail tag {name!r}", repr(what), "1 to 256 of the characters A-Z a-z 0-9 _ -")
