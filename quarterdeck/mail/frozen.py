"""The frozen body, taken back out of a message: what was looked at is what leaves, byte for byte."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from email.policy import SMTP

from quarterdeck.errors import InputInvalid

_LAST_OF_THE_STAMP = b"MIME-Version: 1.0\r\n"


@dataclass(frozen=True)
class FrozenBody:
    """A body as `stamp` takes it; `sha256` is of `mime`, lower-case hex."""

    subject: str
    mime: bytes
    sha256: str


def frozen_body(message: bytes, place: str) -> FrozenBody:
    """
    The body that was stamped into *message*, an `.eml` of ours; *place* names it in errors.

    Raises:
        InputInvalid: It is not a message that `stamp` made.
    """
    stamp, end, mime = message.partition(_LAST_OF_THE_STAMP)
    subject = BytesHeaderParser(policy=SMTP).parsebytes(stamp + end)["Subject"]
    if not end or subject is None or not mime.startswith(b"Content-Type: "):
        raise InputInvalid(place, "no message of ours", "a message.eml that run wrote", "python runner.py run")
    return FrozenBody(str(subject), mime, hashlib.sha256(mime).hexdigest())


@functools.lru_cache(maxsize=1)
def parsed(message: bytes) -> EmailMessage:
    """*message*, to be read and never changed: taken apart once, for its pictures are long, whatever is then asked."""
    return BytesParser(policy=SMTP).parsebytes(message)


def text_of(message: bytes) -> str:
    """The text part of *message*, as a reader without pictures gets it."""
    part = parsed(message).get_body(("plain",))
    return str(part.get_content()) if part is not None else ""


def html_of(message: bytes) -> str:
    """The HTML part of *message* with its pictures inside it, for who knows no `cid:`; empty where there is none."""
    mail = parsed(message)
    part = mail.get_body(("html",))
    html = str(part.get_content()) if part is not None else ""
    for picture in mail.walk():
        if picture["Content-ID"]:
            cid, kind = picture["Content-ID"].strip("<>"), picture.get_content_type()
            html = html.replace(f"cid:{cid}", f"data:{kind};base64,{''.join(str(picture.get_payload()).split())}")
    return html
