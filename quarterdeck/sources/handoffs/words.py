"""What words mean in a handoff document: pure functions over the lists of `vocabulary`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from quarterdeck.sources.handoffs.vocabulary import (
    AREAS,
    CLOSED_HEADINGS,
    CLOSED_WORDS,
    HEADING_FILLERS,
    HEADINGS,
    KEYS,
    LIGHTS,
    OPEN_WORDS,
    PICTURES,
    SEVERITIES,
    STATES,
    SectionKind,
)

_SEVERITY_NOUNS = frozenset(("severity", "priority", "prio", "risk", "risks", "impact"))
_NOT_NOW = re.compile(
    r"\b(?:not|never|no longer|isn't|isn’t|until|was|were|before|soon|almost|nearly|to be|will be)\b", re.IGNORECASE
)
_NOTHING = re.compile(
    r"(?:none|nothing|nil|n/?a|no|not any)\b(?:[\s,]+(?:known|open|new|more|other|at|the|moment|present|for|now|yet|so"
    r"|far|gaps?|issues?|problems?|risks?|actions?|tasks?|costs?|revenue|of|note|that|we|know|right|left|to|do|here|"
    r"currently))*[\s.!–—-]*|[-–—\s]+",
    re.IGNORECASE,
)
_TESTED = re.compile(
    r"(?<!a/b )\btests\b|\b(?:(?:unit|integration|regression|automated|end-to-end) test(?:ing)?|test suite|pytest"
    r"|unittest|tox|nox"
    r"|jest|vitest|mocha|cypress|playwright|selenium|junit|phpunit|rspec|github actions|gitlab ci|jenkins|circleci"
    r"|travis|azure pipelines|bitbucket pipelines|codebuild|codepipeline|buildkite|teamcity|continuous integration)\b",
    re.IGNORECASE,
)
_CI = re.compile(r"\bCI(?:/CD)?\b|^ci(?:[/_ -]cd)?:")
_UNTESTED = re.compile(
    r"\b(?:no|not|none|never|without|lacks?|lacking|missing|needs?|should|must|want|wants|wanted|todo|to do|plan|plans"
    r"|planned|yet|absent|false|n/a|skip|skipped|manual|manually|by hand|instead|add|write|wish|once|someday|cannot"
    r"|nobody|disabled|removed|off)\b|n['’]t\b",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[.;,]\s|\n|\bbut\b|[()]|\s[–—-]\s")


@dataclass(frozen=True)
class Heading:
    """
    What a heading announces, and what it says of everything below it.

    Args:
        kind: The section, or None where it is prose.
        is_mixed: It announces two kinds that cannot be told apart line by line.
        is_closed: What stands below is over: `Done`, `Fixed issues`.
        every: The period of its amounts, `month` or `year`.
        area: Of its gaps.
        severity: Of its gaps.
    """

    kind: SectionKind | None = None
    is_mixed: bool = False
    is_closed: bool = False
    every: str | None = None
    area: str | None = None
    severity: str | None = None


def words_of(text: str) -> str:
    """The words of *text* alone, in small letters: `3. What's next? 🚀` is `what is next`."""
    plain = re.sub(r"['’]s\b", " is", text.lower())
    plain = re.sub(r"^\W*[0-9]+(?:\.[0-9]+)*[.):]?\s+(?=\D)", "", plain)
    return " ".join(re.findall(r"[^\W_]+", plain))


def heading_of(text: str) -> Heading:
    """What heading *text* announces; its brackets do not count."""
    words = words_of(re.sub(r"\([^()]*\)", " ", text))
    kinds, left = _kinds_in(words)
    severity = severity_of(words)
    areas = [name for name, phrases in AREAS.items() if _any_in(phrases, f" {words} ")]
    area = areas[0] if len(areas) == 1 else None
    is_closed = not CLOSED_HEADINGS.isdisjoint(words.split())
    every = (
        "month"
        if {"month", "monthly"} & set(words.split())
        else "year"
        if {"year", "yearly", "annual"} & set(words.split())
        else None
    )
    known = HEADING_FILLERS | CLOSED_HEADINGS | {"month", "monthly", "year", "yearly", "annual"}
    if "gaps" in kinds:
        known |= {
            word for phrases in (*AREAS.values(), *SEVERITIES.values()) for phrase in phrases for word in phrase.split()
        }
    if not kinds or not all(word in known or word.isdigit() for word in left):
        return Heading(is_closed=is_closed, every=every, area=area, severity=severity)
    kind = _one_kind(kinds)
    return Heading(kind, kind is None, is_closed, every, area, severity)


def key_of(text: str, wanted: Collection[str]) -> str | None:
    """Which of the keys *wanted* the words of *text* name; the first of them in its order."""
    words = words_of(text)
    return next((key for key in wanted if words in KEYS[key]), None)


def severity_of(text: str) -> str | None:
    """The severity that *text* is, as `high`, `P2` or `high priority`; None where it says more, or something else."""
    words = " ".join(word for word in words_of(text).split() if word not in _SEVERITY_NOUNS)
    return next((severity for severity, phrases in SEVERITIES.items() if words in phrases), None)


def area_of(text: str) -> str | None:
    """The first area with a whole word in *text*, or None."""
    words = f" {words_of(text)} "
    return next((area for area, phrases in AREAS.items() if _any_in(phrases, words)), None)


def state_of(text: str) -> str | None:
    """The project state that *text* says, by word or emoji; None where it says none, two, or a "not yet"."""
    words = f" {words_of(text)} "
    said = {state for state, phrases in STATES.items() if _any_in(phrases, words)}
    pictures = {state for sign, state in PICTURES.items() if sign in text}
    lights = {state for sign, state in LIGHTS.items() if sign in text}
    meant = said | pictures or lights
    if len(meant) != 1 or _NOT_NOW.search(text):
        return None
    return meant.pop()


def closed_of(text: str) -> bool | None:
    """Whether a row's status *text* says that it is over; None where it says neither."""
    words = words_of(text)
    if any(sign in text for sign in "✅✔☑✓"):
        return True
    if any(sign in text for sign in "☐⬜🔲"):
        return False
    if words in CLOSED_WORDS:
        return True
    return False if words in OPEN_WORDS else None


def says_nothing(text: str) -> bool:
    """Whether *text* only says that there is nothing to list: `None at the moment.`, `—`."""
    return _NOTHING.fullmatch(text.strip()) is not None


def names_tests(text: str) -> bool:
    """
    Whether *text* says that there are automated tests or CI.

    A clause with a "no", "needs", "planned" or the like says nothing for them.
    """
    clauses = _CLAUSE_END.split(text)
    return any((_TESTED.search(clause) or _CI.search(clause)) and not _UNTESTED.search(clause) for clause in clauses)


def has_word(text: str, phrases: Iterable[str]) -> bool:
    """Whether one of *phrases* stands in *text* as whole words."""
    return _any_in(phrases, f" {words_of(text)} ")


def _any_in(phrases: Iterable[str], words: str) -> bool:
    return any(f" {phrase} " in words for phrase in phrases)


def _longest_first(lists: Mapping[SectionKind, Sequence[str]]) -> list[tuple[SectionKind, str]]:
    pairs = [(kind, phrase) for kind, phrases in lists.items() for phrase in phrases]
    return sorted(pairs, key=lambda pair: -len(pair[1]))


_HEADING_PHRASES = _longest_first(HEADINGS)


def _kinds_in(words: str) -> tuple[set[SectionKind], list[str]]:
    """The sections that *words* name, and the words that name none."""
    left = f" {words} "
    kinds: set[SectionKind] = set()
    for kind, phrase in _HEADING_PHRASES:
        if f" {phrase} " in left:
            kinds.add(kind)
            left = left.replace(f" {phrase} ", "  ")
    return kinds, left.split()


def _one_kind(kinds: set[SectionKind]) -> SectionKind | None:
    """The kind of a heading that names all of *kinds*; None where its lines could be either."""
    if kinds <= {"costs", "revenue", "money"}:
        return kinds.pop() if len(kinds) == 1 else "money"
    content = kinds - {"about", "summary", "status", "owner"}
    if len(content) == 1:
        return content.pop()
    if content:
        return None
    head = kinds - {"about"} or kinds
    return head.pop() if len(head) == 1 else "about"
