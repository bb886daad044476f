"""The outbox: a mailer whose mails are files, for dry runs and for companies without a mail service."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quarterdeck.errors import MailRefused, StoreUnwritable
from quarterdeck.files import write_beside_then_rename
from quarterdeck.mail.mailer import check_tags, edition_of


@dataclass(frozen=True)
class Outbox:
    """
    Puts each message into *folder* as an `.eml` file that any mail program opens.

    A file's name comes from its content, so that the same message put there twice is one file.
    """

    folder: Path

    def check(self, *, sender: str, bcc: Sequence[str], recipients: Sequence[str] = ()) -> None:
        """A folder takes whatever is put there."""

    def prepare(self, to: str, *, bcc: Sequence[str]) -> None:
        """There is nothing to ask."""

    def send(self, message: bytes, *, sender: str, to: str, bcc: Sequence[str], tags: Mapping[str, str]) -> str:  # noqa: ARG002 - the message says who sent it
        """
        Write *message*, whole or not at all; its id is the file's name without `.eml`.

        Raises:
            MailRefused: It could not be written: there is no file, and nobody got anything.
            InputInvalid: A tag is one that a mail service would refuse.
        """
        check_tags(tags)
        copies = "\0".join([to, *bcc]).encode()
        name = "-".join([*tags.values(), hashlib.sha256(message + copies).hexdigest()[:16]])
        try:
            write_beside_then_rename(self.folder / f"{name}.eml", message)
        except StoreUnwritable as error:
            raise MailRefused(edition_of(message), to, str(error).splitlines()[0]) from error
        return name
