"""
Mail: a frozen body is stamped for one recipient, and handed to a mailer.

The body is the same bytes for everybody; only headers are added. A mailer says a clear yes, by the
message's id, or a clear no, by `MailRefused`. Anything else may be a yes that was not heard.
"""

from __future__ import annotations

from quarterdeck.mail.frozen import FrozenBody, frozen_body, html_of, parsed, text_of
from quarterdeck.mail.mailer import Mailer, check_tags
from quarterdeck.mail.outbox import Outbox
from quarterdeck.mail.stamp import Body, Envelope, bare_address, message_id_of, stamp

__all__ = [
    "Body",
    "Envelope",
    "FrozenBody",
    "Mailer",
    "Outbox",
    "bare_address",
    "check_tags",
    "frozen_body",
    "html_of",
    "message_id_of",
    "parsed",
    "stamp",
    "text_of",
]
