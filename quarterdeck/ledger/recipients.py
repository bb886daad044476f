"""
How a recipient stands in the ledger: recognisable to the operator, readable to nobody.

The hash is keyed with a random salt of the ledger. Whoever opens the ledger finds the salt there, so
the same address has the same hash for everyone who joins a batch, and an SES event can be matched; but
a table of hashes made beforehand is useless, and one address cannot be followed through two ledgers.
It is no protection against somebody who holds the ledger and guesses an address: a guess can be
confirmed, however slow the hash (a company has few addresses, and they follow a pattern). Against that
stands only who may read the ledger.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from quarterdeck.errors import InputInvalid
from quarterdeck.redaction import bare


def normalised(address: str) -> str:
    """
    The one spelling of *address* under which it is claimed.

    The whole address is lower-cased. RFC 5321 lets a host tell `CFO@` from `cfo@`, and no mail service
    in use does: taking them for one errs on the side of a mail too few, never of the same mail twice.
    A name before it (`Jada Okafor <cfo@example.com>`) is no part of it.

    Raises:
        InputInvalid: There is nothing on one side of a single `@`.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", bare(address)).strip().lower())
    local, at, domain = text.partition("@")
    domain = domain.rstrip(".")
    if not (local and at and domain) or "@" in domain:
        raise InputInvalid("recipient", repr(address), "one e-mail address such as cfo@example.com")
    return f"{local}@{_ascii(domain)}"


def hashed(address: str, salt: str) -> str:
    """128 bits in hex of the normalised *address*, keyed with *salt*: part of a key, and of an SES tag."""
    digest = hmac.new(salt.encode(), normalised(address).encode(), hashlib.sha256)
    return digest.hexdigest()[:32]


def _ascii(domain: str) -> str:
    """The domain as DNS has it; what IDNA cannot encode stays as it is, and mail to it will be refused."""
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return domain
