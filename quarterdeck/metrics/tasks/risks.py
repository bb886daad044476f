"""What the figures need somebody to do about domains, secrets and administrators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial

from quarterdeck.inventory import AssetInventory
from quarterdeck.metrics.access import admin_access
from quarterdeck.metrics.config_risk import risky_variables
from quarterdeck.metrics.days import end_day
from quarterdeck.metrics.domains import EXPIRY_DAYS, posture_by_zone
from quarterdeck.metrics.tasks.task import Item, Need, Words, counted, day_words, name_in_text
from quarterdeck.period import Period

# One month before: the first notice that a registrar must send (ICANN, Expired Registration Recovery Policy, 2.1).
RENEW_DAYS = 30
_RENEWAL = r"renew|expir|lapse"
_CHECKS = {"SPF": r"\bSPF\b", "DMARC": r"\bDMARC\b", "null MX": r"\bMX\b", "CAA": r"\bCAA\b"}
_SECOND_FACTOR = r"second factor|two.factor|multi.factor|\b2FA\b|\bMFA\b"
_IDLE_ADMIN = ("admin", r"idle|unused|inactive|former|left")
_WORD_LETTERS = 4


def domain_needs(inventory: AssetInventory, period: Period) -> list[Need]:
    """
    Domains that may lapse, and records that a zone lacks.

    A registration that expires within 60 days is to be renewed a month before. A handoff speaks of it when it
    names the domain, and that it is renewed or expires; of a record when it names the domain and the record.
    """
    needs = []
    day, say_day = end_day(inventory, period), day_words(inventory)
    for row in posture_by_zone(inventory, period).to_dict("records"):
        domain, fails = str(row["domain"]), str(row["fails"]).split(", ")
        checks = [check for check in fails if check in _CHECKS]
        if checks:
            items = tuple(Item(check, ((name_in_text(domain), _CHECKS[check]),)) for check in checks)
            needs.append(Need("domain", items, partial(_publish, domain), f"records of {domain}:", severity="high"))
        if set(fails) - set(checks) - {""}:
            needs.append(_renewal(domain, row["expires_on"].date(), day, say_day))
    return needs


def secret_needs(inventory: AssetInventory, period: Period) -> list[Need]:
    """
    Defaults that look like secrets, one need each.

    A handoff speaks of one when it names the variable, or all its longer words: the webhook secret is `WEBHOOK_SECRET`.
    """
    risky = risky_variables(inventory, period)
    needs = []
    for row in risky[risky["risk"] == "secret as default"].to_dict("records"):
        name, function = str(row["name"]), str(row["function"])
        words = tuple(rf"(?<![^\W_]){word}" for word in name.split("_") if len(word) >= _WORD_LETTERS)
        item = Item(f"{row['document']}, line {row['line']}", (words or (name_in_text(name),), (name_in_text(name),)))
        needs.append(Need("secret", (item,), partial(_take_out, name, function), severity="high"))
    return needs


def access_needs(inventory: AssetInventory, period: Period) -> list[Need]:
    """
    Administrators without a second factor, and those not seen for over 90 days.

    Handoffs name people and the table of users does not: an action speaks of administrators when it says what is
    wrong and there is one whom it can mean, or by their ids.
    """
    admins = admin_access(inventory, period)
    needs = []
    for column, say, words, severity in (
        ("lacks_mfa", _protect, (_SECOND_FACTOR,), "high"),
        ("is_idle", _remove, _IDLE_ADMIN, "medium"),
    ):
        users = admins.loc[admins[column], "user_id"].tolist()
        items = tuple(Item(user, ((name_in_text(user), *words),)) for user in users)
        whole: tuple[Words, ...] = (words,) if len(users) == 1 else ()
        if items:
            needs.append(Need("access", items, say, "users", whole, severity=severity))
    return needs


def _renewal(domain: str, expires_on: date, day: date, say_day: Callable[[date], str]) -> Need:
    words = ((name_in_text(domain), _RENEWAL),)
    if (expires_on - day).days > EXPIRY_DAYS:
        return Need("domain", (Item(domain, words),), partial(_switch_on, domain), "registration of", severity="medium")
    item = Item(domain, words, due_on=max(day, expires_on - timedelta(days=RENEW_DAYS)))
    is_over = expires_on < day
    say = partial(_renew, domain, f"it {'expired' if is_over else 'expires'} on {say_day(expires_on)}")
    return Need("domain", (item,), say, "registration of", severity="critical")


def _publish(domain: str, items: Sequence[Item]) -> str:
    *most, last = [item.name for item in items]
    return f"Put {', '.join(most)}{' and ' if most else ''}{last} in order for {domain}"


def _renew(domain: str, when: str, _: Sequence[Item]) -> str:
    return f"Renew {domain}: {when}"


def _switch_on(domain: str, _: Sequence[Item]) -> str:
    return f"Let {domain} renew by itself"


def _take_out(name: str, function: str, _: Sequence[Item]) -> str:
    return f"Take the secret {name} out of the source of {function}"


def _protect(items: Sequence[Item]) -> str:
    return f"Give {counted(len(items), 'administrator', 'administrators')} a second factor"


def _remove(items: Sequence[Item]) -> str:
    return f"Close the access of {counted(len(items), 'administrator', 'administrators')} not seen for over 90 days"
