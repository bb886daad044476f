"""What is said about a gap or an action beside its text: severity, owner, days, an amount, that it is over."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from quarterdeck.sources.handoffs.days import UnclearDay, find_days, read_day
from quarterdeck.sources.handoffs.money import MoneyReader, UnclearAmount
from quarterdeck.sources.handoffs.vocabulary import AREAS
from quarterdeck.sources.handoffs.words import area_of, closed_of, key_of, severity_of

MARK_KEYS = ("severity", "area", "owner", "due", "opened", "amount", "status")

_DUE = r"due|by|before|until|till|deadline|no later than|not later than|on or before|target|finish by|needed by"
_TO_DUE = re.compile(
    rf"\b(?:{_DUE}|expire[sd]?|expiring|expires|ends?|runs out)(?:\s(?:on|by|date|is))?:?\s*$", re.IGNORECASE
)
_TO_OPENED = re.compile(
    r"\b(?:since|opened|found|reported|raised|noticed|first seen|known since|open since)(?:\son)?:?\s*$", re.IGNORECASE
)
_TO_CLOSED = re.compile(
    r"^(?:closed|fixed|done|resolved|solved|completed|finished|shipped)(?:\s(?:on|in))?:?\s*$", re.IGNORECASE
)
_VAGUE = re.compile(
    r"\b(?:due|by|before|until)\s(?:the\s)?(?:end of \w+|next \w+|tomorrow|q[1-4]\b[\w ]*|christmas|easter"
    r"|(?:early|late|mid)[ -]\w+|(?:mon|tues|wednes|thurs|fri|satur|sun)day|spring|summer|autumn|winter"
    r"|(?:january|february|march|april|june|july|august|september|october|november|december)(?: [0-9]{4})?)\b"
    r"(?!\s[0-9])",
    re.IGNORECASE,
)
_OWNER = re.compile(r"(?:owner|owned by|assigned to|assignee|responsible|lead)\s+(\S.*)", re.IGNORECASE)
_HANDLE = re.compile(r"@([A-Za-z][\w.-]*)")
# "Turn on backups @marta" names who does it; "ask @marta" does not.
_ASSIGNED = re.compile(
    r"(.*(?<!\bask)(?<!\bwith)(?<!\bfrom)(?<!\bto)(?<!\bfor)(?<!\band)(?<!\btell)(?<!\bby))\s@([A-Za-z][\w.-]*)"
)
_KEYED = re.compile(r"([A-Za-z][A-Za-z ]{1,20}?)\s*[:=]\s*(\S.*)")
_NAME = re.compile(r"[A-Z][\w'’.-]*(?: [A-Z][\w'’.-]*){0,3}")
_GROUP = re.compile(r"\s*(?:\(([^()]*)\)|\[([^\[\]]*)\])")
# "[Lena] [2026-12-15]" at the end belongs together
_LAST_GROUPS = re.compile(r"(?:\s*(?:\([^()]*\)|\[[^\[\]]*\])){2,4}\s*$")
_BRACKETS = re.compile(r"[\[\]()]+\s*[\[(]?")
_PARTS = re.compile(r"\s*[;·|]\s*|,\s+(?![0-9]{4}(?![0-9/.-]))")  # no comma of "Oct 14, 2016"
_DASH = re.compile(r"\s+(?:[—–|·-]+|->|→)\s+")
_LABEL = re.compile(r"[^\w@]*(@?[\w ]{1,20}?)\W{0,3}?(?::|\s[—–-])\s+(?=\S)")
_ADDRESS = re.compile(r"[<(\[]?\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+[>)\]]?")
_NOBODY = re.compile(
    r"[-–—?.\s]*|none|nobody|no one|no-one|n/?a|tb[adc]|unknown|unassigned|open|vacant|not assigned", re.IGNORECASE
)
_SPOKEN = {
    "due_on": "its due day",
    "opened_on": "its opening day",
    "amount_minor": "its amount",
    "is_closed": "its status",
}
_SPACES = re.compile(r"\s+")


@dataclass
class Marks:
    """
    What one gap or action says of itself, collected from its columns, keys, brackets and words.

    Args:
        money: Reads the company's amounts.
        lone_day: What a day in brackets is without a word: of an open action when it is due, of a ticked one when
            it was done; of a gap it is not certain.
    """

    money: MoneyReader
    lone_day: Literal["due", "closed", "unclear"] = "unclear"
    severity: str | None = None
    area: str | None = None
    owner: str | None = None
    due_on: date | None = None
    opened_on: date | None = None
    amount_minor: int | None = None
    is_closed: bool | None = None
    problems: list[str] = field(default_factory=list)
    _unsure: set[str] = field(default_factory=set)

    def take(self, key: str, text: str, *, currency: str | None = None) -> None:
        """Understand *text* as the value of *key*, one of `MARK_KEYS`; what it is not becomes a problem."""
        text = text.strip()
        if not text:
            return
        match key:
            case "severity":
                self._set(
                    "severity", severity_of(text), f"“{text}” is no severity: critical, high, medium, low or P1 to P4"
                )
            case "area":
                self._set("area", area_of(text) or "other")
            case "owner":
                self._set("owner", owner_of(text))
            case "due" | "opened":
                self._take_day(f"{key}_on", text)
            case "amount":
                self._take_amount(text, currency)
            case "status":
                self._set("is_closed", closed_of(text), f"“{text}” says neither open nor closed")

    def strip(self, text: str) -> str:
        """
        *text* without the brackets and trailing remarks that are wholly understood; days and amounts in it are taken.

        Words stay where they are: `renewed by hand, expires 2016-12-04` gives a day and keeps its text.
        """
        last = _LAST_GROUPS.search(text)
        if last and self.understands(_BRACKETS.sub(";", last[0])):
            text = text[: last.start()]
        kept = self._without_label(_GROUP.sub(self._group, text))
        segments = _DASH.split(kept)
        understood = 0
        while len(segments) > 1 and (self.understands(segments[-1]) or (understood and self._names(segments[-1]))):
            understood += 1
            kept = kept[: kept.rindex(segments.pop())]
            kept = re.sub(r"\s+(?:[—–|·-]+|->|→)\s+$", "", kept)
        kept = _SPACES.sub(" ", kept).strip(" \t,;:—–")
        assigned = _ASSIGNED.fullmatch(kept)
        if assigned and self.owner is None:
            self.take("owner", assigned[2])
            kept = assigned[1]
        self._scan_days(kept)
        self._scan_amounts(kept)
        return kept

    def _set(self, name: str, value: object, problem: str = "") -> None:
        known = getattr(self, name)
        if value is None:
            if problem:
                self._problem(problem)
        elif known is not None and known != value:
            self._problem(f"it says two things as {_SPOKEN.get(name, name)}: {known} and {value}")
            self._unsure.add(name)
            setattr(self, name, None)
        elif name not in self._unsure:
            setattr(self, name, value)

    def _problem(self, text: str) -> None:
        if text not in self.problems:
            self.problems.append(text)

    def _take_day(self, name: str, text: str) -> None:
        try:
            self._set(name, read_day(text))
        except UnclearDay as unclear:
            self._problem(str(unclear))

    def _take_amount(self, text: str, currency: str | None) -> None:
        try:
            amount = self.money.read(text, currency=currency)
        except UnclearAmount as unclear:
            self._problem(str(unclear))
            return
        if amount is None:
            return
        if amount.is_rate_of_something:
            self._problem(f"“{amount.text}” is per {amount.every}")
        else:
            self._set("amount_minor", amount.minor)

    def _group(self, match: re.Match[str]) -> str:
        return "" if self.understands(match[1] or match[2] or "") else match[0]

    def understands(self, text: str) -> bool:
        """Take the marks of a bracket or remark, `high, due 2016-11-30`; False, and none taken, when it says more."""
        parts = [part.strip() for part in _PARTS.split(text) if part.strip()]
        trial = Marks(self.money, self.lone_day)
        unclear = [part for part in parts if not trial._part(part)]
        if len(unclear) == 1 < len(parts) and _NAME.fullmatch(unclear[0]):
            self.take("owner", unclear[0])  # "(Sol Ibarra, due 2026-12-18)": a name beside a day says who
        elif not parts or unclear:
            for problem in trial.problems:
                self._problem(problem)
            return False
        for part in parts:
            self._part(part)
        return True

    def _names(self, text: str) -> bool:
        """Take a name that stands beside other marks: `— Priya N. — due 2026-11-30`."""
        if self.owner is not None or not _NAME.fullmatch(text.strip()):
            return False
        self.take("owner", text)
        return True

    def _part(self, part: str) -> bool:
        """Take one part of a bracket; False where it is anything but one mark."""
        keyed = _KEYED.fullmatch(part)
        key = key_of(keyed[1], MARK_KEYS) if keyed else None
        if keyed and key:
            self.take(key, keyed[2])
            return True
        owner = _OWNER.fullmatch(part) or _HANDLE.fullmatch(part)
        if owner:
            self.take("owner", owner[1])
            return True
        return self._lone_word(part) or self._lone_day(part) or self._lone_amount(part)

    def _lone_word(self, part: str) -> bool:
        severity, closed = severity_of(part), closed_of(part)
        if severity:
            self._set("severity", severity)
        elif closed is not None and part.lower() not in ("yes", "no", "x", "new"):
            self._set("is_closed", closed)
        elif part.lower() in AREAS:
            self._set("area", part.lower())
        else:
            return False
        return True

    def _lone_day(self, part: str) -> bool:
        days = find_days(part)
        if len(days) != 1 or days[0].day is None or part[days[0].end :].strip(" ."):
            return False
        before = part[: days[0].start]
        if re.fullmatch(rf"(?:{_DUE})(?:\s(?:on|by|date))?:?\s*", before, re.IGNORECASE):
            self._set("due_on", days[0].day)
        elif _TO_OPENED.fullmatch(before):
            self._set("opened_on", days[0].day)
        elif _TO_CLOSED.match(before):
            self._set("is_closed", value=True)
        elif not before.strip() and self.lone_day != "unclear":
            self._set("due_on", days[0].day if self.lone_day == "due" else None)
        else:
            if not before.strip():
                self._problem(f"“{part}” does not say whether it is when it was opened or when it is due")
            return False
        return True

    def _lone_amount(self, part: str) -> bool:
        amounts = self.money.find(part)
        if len(amounts) != 1 or (amounts[0].start, amounts[0].end) != (0, len(part)):
            return False
        self._take_amount(part, None)
        return True

    def _without_label(self, text: str) -> str:
        """*text* without a severity, a state or an @owner in front of it."""
        text = text.strip()
        if text[:1] in ("✅", "☑", "✔"):
            self._set("is_closed", value=True)
            text = text[1:].lstrip("\ufe0f ")
        label = _LABEL.match(text)
        if not label:
            return text
        word = label[1]
        if severity_of(word):
            self._set("severity", severity_of(word))
        elif word.lower() in ("fixed", "done", "closed", "resolved"):
            self._set("is_closed", value=True)
        elif _HANDLE.fullmatch(word):
            self.take("owner", word)
        else:
            return text
        return text[label.end() :]

    def _scan_days(self, text: str) -> None:
        known = {name for name in ("due_on", "opened_on") if getattr(self, name) is not None}
        for written in find_days(text):
            before = text[max(0, written.start - 40) : written.start]
            name = "due_on" if _TO_DUE.search(before) else "opened_on" if _TO_OPENED.search(before) else None
            if name and name not in known:  # a column or bracket says it better than the text
                self._set(name, written.day, written.problem)
        vague = _VAGUE.search(text)
        if vague and self.due_on is None:
            self._problem(f"“{vague[0]}” is no date")

    def _scan_amounts(self, text: str) -> None:
        if self.amount_minor is not None:
            return
        amounts = self.money.find(text)
        if len(amounts) > 1:
            self._problem(f"it names {len(amounts)} amounts: which one is at stake is not said")
        elif amounts:
            self._take_amount(amounts[0].text, None)


def owner_of(text: str) -> str | None:
    """Who *text* names, without an address; None where it names nobody."""
    without = _SPACES.sub(" ", _ADDRESS.sub("", text)).strip(" ,;@")
    if not without:  # nothing but an address: who it is stands before the @
        without = text.strip(" <>").partition("@")[0]
    return None if _NOBODY.fullmatch(without) else without
