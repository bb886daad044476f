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
import re
import unicodedata

from quarterdeck.errors import InputInvalid

_HIDDEN = "•••"
_NAMED = re.compile(r"[^<>]*<([^<>]*)>\s*")
# Not an edition of a variant (`cfo@jada/2026-W48`); possessive, so that no shorter part of one matches.
_ADDRESS = re.compile(r"""[^\s<>()\[\]{},;:"'@•]++@[^\s<>()\[\]{},;:"'@•/]++(?!/\d{4}-W\d)""")


def normalised(address: str) -> str:
    """
    The one spelling of *address* under which it is claimed.

    The whole address is lower-cased. RFC 5321 lets a host tell `CFO@` from `cfo@`, and no mail service
    in use does: taking them for one errs on the side of a mail too few, never of the same mail twice.
    A name before it (`Jada Okafor <cfo@example.com>`) is no part of it.

    Raises:
        InputInvalid: There is nothing on one side of a single `@`.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", _bare(address)).strip().lower())
    local, at, domain = text.partition("@")
    domain = domain.rstrip(".")
    if not (local and at and domain) or "@" in domain:
        raise InputInvalid("recipient", repr(address), "one e-mail address such as cfo@example.com")
    return f"{local}@{_ascii(domain)}"


def masked(address: str) -> str:
    """`c•••@e•••.com`: enough to tell one's own recipients apart."""
    local, _, domain = _bare(address).strip().partition("@")
    _, dot, top = domain.rstrip(".").rpartition(".")
    return f"{local[:1]}{_HIDDEN}@{domain[:1]}{_HIDDEN}{dot}{top if dot else ''}"


def hashed(address: str, salt: str) -> str:
    """128 bits in hex of the normalised *address*, keyed with *salt*: part of a key, and of an SES tag."""
    digest = hmac.new(salt.encode(), normalised(address).encode(), hashlib.sha256)
    return digest.hexdigest()[:32]


def without_addresses(text: str) -> str:
    """*text* with every address masked: a mail service's refusal quotes the address that it refuses."""
    return _ADDRESS.sub(lambda match: masked(match[0]), text)


def _bare(text: str) -> str:
    named = _NAMED.fullmatch(text)
    return named[1] if named else text


def _ascii(domain: str) -> str:
    """The domain as DNS has it; what IDNA cannot encode stays as it is, and mail to it will be refused."""
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return domain
