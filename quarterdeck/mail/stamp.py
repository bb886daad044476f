"""Headers for one delivery, put before a body that is not touched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address
from email.utils import format_datetime, getaddresses, parseaddr
from typing import Protocol

from quarterdeck.errors import InputInvalid

# A line break in a name would let it write headers of its own; other controls have no business there.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")
_MESSAGE_ID = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")
_LINE = 76


class Body(Protocol):
    """What is stamped: the renderer's frozen body."""

    @property
    def subject(self) -> str: ...

    @property
    def mime(self) -> bytes: ...


@dataclass(frozen=True)
class Envelope:
    """
    What belongs to one delivery, and not to the edition.

    Args:
        sender: `reports@example.com` or `Harbour Day Charters <reports@example.com>`.
        to: Addresses, each with or without a name. Copies for audit never stand in a header.
        date: Instant (tz-aware).
        message_id: `<…@…>`, with its brackets.
        reply_to: Who answers for the report.
        edition: `cfo/2026-W48`.
        snapshot: Id of the frozen inputs.
        unsubscribe: `mailto:…` or `https://…`, where a mail program's own *Unsubscribe* leads; empty for none.
        company: The name that readers see where *sender* has none of its own; empty for none.
    """

    sender: str
    to: Sequence[str]
    date: datetime
    message_id: str
    reply_to: str
    edition: str
    snapshot: str
    unsubscribe: str = ""
    company: str = ""


def stamp(body: Body, envelope: Envelope) -> bytes:
    """
    The message as it leaves: *envelope*'s headers, then *body*'s bytes as they are.

    Raises:
        InputInvalid: An address is none, there is no recipient, a value would break out of its header, the
            date has no zone, or the message id is none.
    """
    if not envelope.to:
        raise InputInvalid("to", "no address", "at least one recipient")
    if envelope.date.tzinfo is None:
        raise InputInvalid("date", envelope.date.isoformat(), "an instant with its time zone")
    if not _MESSAGE_ID.fullmatch(envelope.message_id):
        raise InputInvalid("message id", repr(envelope.message_id), "<name@host>")
    # Not by EmailMessage: it loses blanks of a long subject, and makes a long link an encoded word, which is none.
    headers = {
        "Date": format_datetime(envelope.date),
        "Message-ID": envelope.message_id,
        "From": _written(_named(_address("sender", envelope.sender), _one_line("company", envelope.company))),
        "To": ",\r\n ".join(_in_brackets(_address("to", recipient)) for recipient in envelope.to),
        "Reply-To": _written(_address("reply to", envelope.reply_to)),
        "Subject": _words("subject", body.subject),
        "Auto-Submitted": "auto-generated",
        "X-Quarterdeck-Edition": _token("edition", envelope.edition),
        "X-Quarterdeck-Snapshot": _token("snapshot", envelope.snapshot),
    }
    if envelope.unsubscribe:
        headers["List-Unsubscribe"] = f"<{_token('unsubscribe', envelope.unsubscribe)}>"
        if envelope.unsubscribe.startswith("https:"):
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # without it Gmail shows no link (RFC 8058)
    headers["MIME-Version"] = "1.0"
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii") + body.mime


def message_id_of(name: str, *, sender: str) -> str:
    """`<name@…>` at the domain of *sender*: a host without a dot looks made up, and costs a mail its good name."""
    return f"<{name}@{parseaddr(sender)[1].rpartition('@')[2]}>"


def bare_address(what: str, text: str) -> str:
    """
    The address in *text*, without its name: `reports@example.com` of `Reports <reports@example.com>`.

    Raises:
        InputInvalid: It is no address, or more than one; *what* names it.
    """
    return _address(what, text).addr_spec


def _named(address: Address, name: str) -> Address:
    """*address* with its own name, else with *name*: an inbox shows a bare one as `reports`, which tells nobody who."""
    return address if address.display_name else Address(display_name=name, addr_spec=address.addr_spec)


def _in_brackets(address: Address) -> str:
    """As mail programs write it: `<cfo@example.com>`, or with its name before. Without, a filter thinks of a script."""
    return _written(address) if address.display_name else f"<{address.addr_spec}>"


def _written(address: Address) -> str:
    if _is_plain(address.display_name):
        return str(address)
    return f"{_words('name', address.display_name)}\r\n <{address.addr_spec}>"


def _words(what: str, text: str) -> str:
    """*text* as a header carries it: as it is, or all of it in encoded words, so that no blank stands between two."""
    coding = "us-ascii" if _is_plain(_one_line(what, text)) else "utf-8"
    header = Header(text, coding, maxlinelen=_LINE, header_name=what)
    return header.encode(splitchars=" ", linesep="\r\n")


def _token(what: str, text: str) -> str:
    """*text* that a program reads, and that no header may encode or fold."""
    if not text.isascii() or " " in _one_line(what, text):
        raise InputInvalid(what, repr(text), "letters of ASCII without blanks")
    return text


def _is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text


def _one_line(what: str, text: str) -> str:
    if _CONTROL.search(text):
        raise InputInvalid(what, repr(text), "one line without control characters")
    return text


def _address(what: str, text: str) -> Address:
    expected = "one address such as Reports <reports@example.com>"
    parsed = getaddresses([_one_line(what, text)])
    if len(parsed) != 1:
        raise InputInvalid(what, repr(text), expected)
    name, address = parsed[0]
    if not address.isascii():  # a header would carry it encoded, and no mail server takes that for an address
        raise InputInvalid(what, repr(text), "an address in ASCII, with a domain such as xn--bcher-kva.example")
    try:
        return Address(display_name=name, addr_spec=address)
    except (HeaderParseError, ValueError, IndexError) as error:  # IndexError: the parser's answer to ""
        raise InputInvalid(what, repr(text), expected) from error
