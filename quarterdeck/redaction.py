"""
What may be shown of a text: no secret, and no address.

A secret is known by its variable's name and by its default.

By name: a part of the name says secret (`ADMIN_TOKEN`, `SENTRY_DSN`, `PMS_API_KEY`), and no part says that the
variable only speaks of one (`TOKEN_TTL`, `SECRET_ARN`, `KEY_COUNT`, `PARTITION_KEY`). By its default: the forms of
well-known providers, a password in an address, or a long run of mixed letters and digits.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

REDACTED = "••••"  # the same for every secret: not even its length is told

_SECRET_PARTS = frozenset(
    (
        "SECRET", "SECRETS", "TOKEN", "TOKENS", "PASSWORD", "PASSWORDS", "PASSWD", "PASSPHRASE", "PASSCODE", "PWD",
        "DSN", "CREDENTIAL", "CREDENTIALS", "APIKEY", "SALT", "PEPPER", "JWT", "BEARER", "PIN",
    )
)  # fmt: skip
_SECRET_ENDS = ("PASSWORD", "PASSWD", "APIKEY", "SECRET", "TOKEN")
_LAST_ONLY = frozenset(("KEY", "KEYS", "PASS", "AUTH", "CREDS"))  # a KEY_COUNT or a BOARDING_PASS_URL is none
# A last part that makes it a fact about a secret, and a first part that makes it a switch or a bound.
_ABOUT_LAST = frozenset(
    (
        "ARN", "ID", "IDS", "NAME", "NAMES", "URL", "URI", "ENDPOINT", "HOST", "PATH", "FILE", "DIR", "PREFIX",
        "SUFFIX", "HEADER", "FIELD", "COLUMN", "COUNT", "LENGTH", "SIZE", "LIMIT", "MAX", "MIN", "TTL", "AGE",
        "EXPIRY", "EXPIRES", "EXPIRATION", "SECONDS", "SECS", "MINUTES", "MINUTE", "HOURS", "HOUR", "DAYS", "DAY",
        "MS", "TIMEOUT", "LIFETIME", "INTERVAL", "ROTATION", "TYPE", "ALGORITHM", "ALG", "VERSION", "ENABLED",
        "DISABLED", "REQUIRED", "ISSUER", "AUDIENCE", "POLICY", "REGION", "TABLE", "BUCKET", "PARAMETER", "PARAM",
        "PROVIDER", "STORE", "BACKEND", "MODE", "SCOPE", "SCOPES", "ALIAS", "ROUNDS",
    )
)  # fmt: skip
_ABOUT_FIRST = frozenset(
    ("MAX", "MIN", "NUM", "USE", "ENABLE", "DISABLE", "HAS", "IS", "REQUIRE", "ALLOW", "SKIP", "ROTATE")
)
# Keys of data, not of doors.
_DATA_KEYS = frozenset(
    (
        "PARTITION", "SORT", "PRIMARY", "FOREIGN", "PUBLIC", "CACHE", "S3", "OBJECT", "BUCKET", "HASH", "RANGE", "ROW",
        "IDEMPOTENCY", "DEDUP", "GROUP", "INDEX", "LOOKUP", "STATE", "LOCK", "QUEUE", "REDIS", "TABLE", "ITEM", "FILE",
    )
)  # fmt: skip

_FORMS = re.compile(
    r"(?:AKIA|ASIA)[0-9A-Z]{16}"  # AWS access key ids
    r"|\b[sr]k_(?:live|test)_|\bwhsec_|\bsk-[A-Za-z0-9]"  # Stripe, OpenAI and their like
    r"|\bgh[opsu]_[A-Za-z0-9]{8}|\bgithub_pat_|\bglpat-"
    r"|\bxox[abeprs]-|hooks\.slack\.com/services/"
    r"|\bAIza[0-9A-Za-z_-]{30}|\bSG\.[\w-]{16}|\bkey-[0-9a-f]{32}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\."  # JSON web tokens
    r"|[a-z][a-z0-9+.-]*://[^\s/:@]*:[^\s/@]+@"  # an address with a password in it
    r"|\b(?:password|passwd|pwd|secret|accountkey|sharedaccesskey|token)=[^;&\s]{3,}",
    re.IGNORECASE,
)
_HIDDEN = "•••"
_NAMED = re.compile(r"[^<>]*<([^<>]*)>\s*")
# Not an edition of a variant (`cfo@jada/2026-W48`); possessive, so that no shorter part of one matches. A local
# part may hold an apostrophe between letters (`o'neill`), or be quoted, and a domain may be `[10.0.0.1]`.
_ADDRESS = re.compile(
    r"""(?:"[^"\n@]*"|(?:[^\s<>()\[\]{},;:"'@•]|(?<=\w)'(?=\w))++)"""
    r"""@(?:\[[^\]\s]*\]|[^\s<>()\[\]{},;:"'@•/]++)(?!/\d{4}-W\d)"""
)

# The forms say where a secret begins; it ends where a text, a header or a line of code would end it.
_FORM_TO_ITS_END = re.compile(rf"(?:{_FORMS.pattern})[^\s'\"<>,;)&]*", re.IGNORECASE)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_ASSIGNED = re.compile(
    r"""(?P<name>[A-Za-z_][\w-]*)(?P<between>["'\])]*\s*[:=]\s*[bru]?)(?P<quote>["'])(?P<value>.+?)(?P=quote)"""
)
_SHORTEST = 4  # characters: a shorter value stands in half the words there are

_RUN = re.compile(r"[A-Za-z0-9+/]{20,}={0,2}")
_PATH_PART = re.compile(r"[a-z0-9]*|[A-Z]?[a-z]+[0-9]*|[A-Z]+")
_NOT_RANDOM_LAST = frozenset(
    ("ID", "IDS", "ARN", "HASH", "SHA", "SHA256", "DIGEST", "COMMIT", "VERSION", "ZONE", "CHECKSUM")
)


def parts_of(name: str) -> list[str]:
    """`pmsApiKey2` and `PMS_API_KEY` as `PMS`, `API`, `KEY`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return [part.rstrip("0123456789") or part for part in re.split(r"[^A-Za-z0-9]+", spaced.upper()) if part]


def is_secret_name(name: str) -> bool:
    """Whether a variable of this *name* holds a secret."""
    parts = parts_of(name)
    if not parts or parts[-1] in _ABOUT_LAST or parts[0] in _ABOUT_FIRST or "PER" in parts:
        return False
    if parts[-1] in _LAST_ONLY:
        return len(parts) < 2 or parts[-2] not in _DATA_KEYS
    return any(part in _SECRET_PARTS or part.endswith(_SECRET_ENDS) for part in parts)


def looks_secret(name: str, default: str) -> bool:
    """Whether *default*, of the variable *name*, is a secret by its form, whatever the name says."""
    if _FORMS.search(default):
        return True
    parts = parts_of(name)
    if (parts and parts[-1] in _NOT_RANDOM_LAST) or re.search(r"\s", default):
        return False
    return any(_is_random(run) for run in _RUN.findall(default))


def shown_default(name: str, default: str | None, *, is_secret: bool = False) -> tuple[str | None, bool]:
    """
    What may be shown of *default*, and whether the variable holds a secret; *is_secret* where its type says so.

    No character of a secret leaves this function. An empty default of a secret is none.
    """
    is_secret = is_secret or is_secret_name(name) or (default is not None and looks_secret(name, default))
    if default is None or (is_secret and not default):
        return None, is_secret
    return (REDACTED if is_secret else default), is_secret


def masked(address: str) -> str:
    """`c•••@e•••.com`: enough to tell one's own recipients apart."""
    local, _, domain = bare(address).strip().partition("@")
    _, dot, top = domain.rstrip(".").rpartition(".")
    return f"{local[:1]}{_HIDDEN}@{domain[:1]}{_HIDDEN}{dot}{top if dot else ''}"


def without_addresses(text: str) -> str:
    """*text* with every address masked: a mail service's refusal quotes the address that it refuses."""
    return _ADDRESS.sub(lambda match: masked(match[0]), text)


def bare(text: str) -> str:
    """The address in *text*, without the name that may stand before it."""
    named = _NAMED.fullmatch(text)
    return named[1] if named else text


@dataclass(frozen=True)
class Redactor:
    """
    Takes out of a text what must not leave: secrets, and addresses.

    Args:
        values: Secrets that are known as such, the longest first.
    """

    values: tuple[str, ...] = ()

    @classmethod
    def knowing(cls, environment: Mapping[str, str]) -> Redactor:
        """One that knows the secrets among the variables of *environment*, by their names and forms."""
        found = {
            form
            for name, value in environment.items()
            if len(value) >= _SHORTEST and (is_secret_name(name) or looks_secret(name, value))
            for form in (value, repr(value)[1:-1], quote(value, safe=""), *_long_lines(value))
        }
        return cls(tuple(sorted(found, key=len, reverse=True)))

    def text(self, text: str) -> str:
        """*text* without secrets and addresses; ids and hashes of ours stay."""
        for value in self.values:
            text = text.replace(value, REDACTED)
        text = _FORM_TO_ITS_END.sub(REDACTED, _PRIVATE_KEY.sub(REDACTED, text))
        return without_addresses(text)

    def code(self, text: str) -> str:
        """Likewise of what a program wrote or printed: also what it gives to a secret's name, and what is random."""
        text = _RUN.sub(lambda run: REDACTED if _is_random(run[0]) else run[0], self.text(text))
        return _ASSIGNED.sub(_unassigned, text)


def _long_lines(value: str) -> Iterator[str]:
    """The lines of a secret of several: a traceback shows them one by one."""
    lines = value.splitlines()
    yield from (line for line in lines if len(lines) > 1 and len(line) >= 4 * _SHORTEST)


def _unassigned(match: re.Match[str]) -> str:
    if not is_secret_name(match["name"]):
        return match[0]
    return f"{match['name']}{match['between']}{match['quote']}{REDACTED}{match['quote']}"


def _is_random(run: str) -> bool:
    """A run of letters and digits that no person would write: mixed, and with much surprise in each character."""
    if "/" in run and all(_PATH_PART.fullmatch(part) for part in run.split("/")):
        return False
    has_digit, has_letter = re.search(r"[0-9]", run), re.search(r"[A-Za-z]", run)
    if not (has_digit and has_letter):
        return False
    is_hex = re.fullmatch(r"[0-9a-fA-F]+", run) is not None
    if is_hex and len(run) < 32:
        return False
    counts = Counter(run)
    bits = -sum(count / len(run) * math.log2(count / len(run)) for count in counts.values())
    return bits >= (3.0 if is_hex else 3.5)
