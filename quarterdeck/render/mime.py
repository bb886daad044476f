"""
The message's body: text, HTML and pictures as one MIME tree, frozen to the byte.

Nothing in it depends on when, where or for whom it is made: boundaries and content ids come from the
content, so the same edition is the same bytes, and its hash says what was sent.
"""

from __future__ import annotations

import base64
import hashlib
import quopri
from collections.abc import Sequence
from dataclasses import dataclass, field

_LINE = 76  # characters of an encoded line, RFC 2045


@dataclass(frozen=True)
class Image:
    """One picture of a message: `cid` without brackets, `subtype` `png` or `jpeg`."""

    cid: str
    data: bytes
    subtype: str


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message: `kind` is its MIME type, `name` ASCII without quotes."""

    name: str
    kind: str
    data: bytes


@dataclass(frozen=True)
class MessageBody:
    """
    What every recipient of an edition gets, byte for byte.

    Args:
        subject: In the clear; the mail's only header that belongs to the edition.
        preheader: What an inbox shows behind the subject.
        text: The text part, lines ended by LF.
        html: The HTML part, with `cid:` pictures.
        images: The pictures that it names.
        attachments: The files that go with it.
        mime: The tree as it leaves, from its own `Content-Type` header on; CRLF.
        sha256: Of `mime`, lower-case hex.
    """

    subject: str
    preheader: str
    text: str
    html: str
    images: tuple[Image, ...]
    attachments: tuple[Attachment, ...] = ()
    mime: bytes = field(init=False, repr=False)
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        mime = _with_attachments(_tree(self.text, self.html, self.images), self.attachments)
        object.__setattr__(self, "mime", mime)
        object.__setattr__(self, "sha256", hashlib.sha256(mime).hexdigest())


def content_id(data: bytes) -> str:
    """The id of a picture: the same picture is one part, however often it is shown."""
    return f"{hashlib.sha256(data).hexdigest()[:24]}@quarterdeck"


def encoded(text: str) -> tuple[str, bytes]:
    """
    *text* as it travels: the name of its transfer encoding, and CRLF lines of at most 76 characters.

    Quoted-printable, unless base64 is shorter, as it is for Arabic or Chinese.
    """
    data = text.encode()
    quoted = quopri.encodestring(data).replace(b"\n", b"\r\n")
    based = _base64(text.replace("\n", "\r\n").encode())
    return ("quoted-printable", quoted) if len(quoted) <= len(based) else ("base64", based)


def _tree(text: str, html: str, images: Sequence[Image]) -> bytes:
    """`alternative[text, related[html, images]]`; without pictures `alternative[text, html]`."""
    content = hashlib.sha256("\0".join([text, html, *(image.cid for image in images)]).encode()).hexdigest()[:24]
    page = _leaf(b'text/html; charset="utf-8"', *encoded(html))
    if images:
        parts = [page, *(_image(image, number) for number, image in enumerate(images, start=1))]
        page = _multipart(b'multipart/related; type="text/html"', f"related-{content}", parts)
    plain = _leaf(b'text/plain; charset="utf-8"', *encoded(text))
    return _multipart(b"multipart/alternative", f"alternative-{content}", [plain, page])


def _with_attachments(body: bytes, attachments: Sequence[Attachment]) -> bytes:
    """`mixed[body, file, …]`; without files the body alone."""
    if not attachments:
        return body
    files = [
        _leaf(
            f'{each.kind}\r\nContent-Disposition: attachment; filename="{each.name}"'.encode(),
            "base64",
            _base64(each.data),
        )
        for each in attachments
    ]
    content = hashlib.sha256(b"\0".join([body, *files])).hexdigest()[:24]
    return _multipart(b"multipart/mixed", f"mixed-{content}", [body, *files])


def _multipart(kind: bytes, boundary: str, parts: Sequence[bytes]) -> bytes:
    edge = b"--" + boundary.encode()
    head = b"Content-Type: " + kind + b';\r\n boundary="' + boundary.encode() + b'"\r\n\r\n'
    return head + b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts) + edge + b"--\r\n"


def _leaf(kind: bytes, encoding: str, payload: bytes) -> bytes:
    return b"Content-Type: " + kind + b"\r\nContent-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n" + payload


def _image(image: Image, number: int) -> bytes:
    kind = (
        f"image/{image.subtype}\r\nContent-ID: <{image.cid}>\r\n"
        f'Content-Disposition: inline; filename="chart-{number}.{image.subtype}"'
    )
    return _leaf(kind.encode(), "base64", _base64(image.data))


def _base64(data: bytes) -> bytes:
    text = base64.b64encode(data)
    return b"".join(text[at : at + _LINE] + b"\r\n" for at in range(0, len(text), _LINE))
