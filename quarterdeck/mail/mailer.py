"""What every mailer promises, whatever carries the message."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from email.parser import BytesHeaderParser
from typing import Protocol

from quarterdeck.errors import InputInvalid

# SES refuses any other character, and botocore does not look: what a dry run lets pass must pass there.
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Mailer(Protocol):
    """Hands one message over, once."""

    def check(self, *, sender: str, bcc: Sequence[str], recipients: Sequence[str] = ()) -> None:
        """
        Ask, before anything is claimed, whether mail from *sender* with copies for *bcc* would be taken.

        Args:
            recipients: Who is to be mailed, where that is known.

        Raises:
            SendingRefused: It would not: the account or the sender has to be mended first.
            AwsUnavailable: Nobody is logged in, or there is no answer.
        """
        ...

    def prepare(self, to: str, *, bcc: Sequence[str]) -> None:
        """
        Ask what there is to ask about a mail to *to* and *bcc* before it is claimed: a claim waits for its post alone.

        Raises:
            AwsUnavailable: Nobody is logged in, or there is no answer.
        """
        ...

    def send(self, message: bytes, *, sender: str, to: str, bcc: Sequence[str], tags: Mapping[str, str]) -> str:
        """
        Hand *message* over for *to*, with silent copies for *bcc*; the answer is its id there.

        It is tried once: no protocol for mail knows how to take a second try for the first.

        Args:
            sender: An address, with or without a name.
            to: An address without a name; so is each of *bcc*.

        Raises:
            MailRefused: A clear no: nobody got it.
            MailDeferred: A clear no for now, which passes by itself.
            InputInvalid: An address or tag was refused before anybody was asked: nobody got it either.
                Every other exception means that it is unknown.
        """
        ...


def edition_of(message: bytes) -> str:
    """The edition that *message* says it is, for errors."""
    return str(BytesHeaderParser().parsebytes(message).get("X-Quarterdeck-Edition", "an edition"))


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
