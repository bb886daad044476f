"""
One task once, though two sources speak of it.

Two say the same
- where a handoff names an item of a need (an event, a domain and what it lacks, a vendor): for that item;
- where an action or gap has the very amount of a need, or holds the words by which one speaks of all its items;
- where an action answers a gap of its own project: by the same amount, a name that both write (a domain, an id), or two
  words that both use.

The action keeps its words, its owner and its day; what it does not say comes from the gap, then from the figure. Of
several actions the one that is due first takes a need. What nobody promised stands as the figure's own task.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from quarterdeck.metrics.tasks.promises import what_is_decided
from quarterdeck.metrics.tasks.task import SEVERITIES, Item, Need, Promise, Task, speaker_of

_SAME_WORDS = 2
_WORD = re.compile(r"[^\W\d_]{4,}")
_STEM_LETTERS = 5  # compare and compared, cancelled and cancellations
# Domains, ids such as T-05823, names such as crew_roster; no dates and no amounts.
_NAME = re.compile(r"\b(?:[\w-]+(?:\.[a-z][\w-]*)+|[A-Za-z]+-\d+|[A-Za-z]+(?:_\w+)+)\b")
_COMMON = frozenset(  # in four letters and more, as `_WORD` finds them
    (
        "again", "been", "before", "cannot", "each", "either", "every", "from", "have", "into", "just", "less", "more",
        "must", "next", "nobody", "only", "other", "over", "same", "should", "since", "some", "still", "than", "that",
        "their", "them", "then", "there", "these", "they", "this", "those", "under", "until", "when", "where", "which",
        "while", "will", "with", "without", "would",
    )
)  # fmt: skip


def merge(promises: Sequence[Promise], needs: Sequence[Need]) -> list[Task]:
    """
    The tasks that *promises* and *needs* come to, each once.

    Args:
        promises: Actions in the order in which they take needs, then gaps.
        needs: What the figures ask for.
    """
    heads = _heads(promises)
    shares: dict[Promise, list[Need]] = defaultdict(list)
    left: list[Need] = []
    for need in needs:
        taken: dict[Promise | None, list[Item]] = defaultdict(list)
        for item, said_by in zip(need.items, _said_by(need, promises), strict=True):
            head = heads.get(said_by[0]) if said_by else None
            taken[head].append(item)
            if head:  # gaps that say the same and answer to nobody else stand under the same head
                heads.update({gap: head for gap in said_by if gap.is_gap and heads[gap] == gap and gap not in shares})
        for head, items in taken.items():
            (left if head is None else shares[head]).append(need.of(items))
    under: dict[Promise, list[Promise]] = defaultdict(list)
    for promise in promises:
        under[heads[heads[promise]]].append(promise)
    promised = [_promised(head, members, shares[head]) for head, members in under.items()]
    return [*promised, *(_derived(need) for need in left)]


def _heads(promises: Sequence[Promise]) -> dict[Promise, Promise]:
    """The promise under which each stands: of those with the same words the first, of a gap the action it is met by."""
    actions = [promise for promise in promises if not promise.is_gap]
    first_with: dict[tuple[bool, str], Promise] = {}
    heads: dict[Promise, Promise] = {}
    for promise in promises:
        words = " ".join(promise.text.casefold().split())
        first = first_with.setdefault((promise.is_gap, words), promise)
        heads[promise] = _answer(first, actions) if first.is_gap else first
    return {promise: heads[head] for promise, head in heads.items()}


def _answer(gap: Promise, actions: Sequence[Promise]) -> Promise:
    """The action that has most in common with *gap*, of equals the first; the gap itself where none has enough."""
    alike = {action: _likeness(action, gap) for action in actions if action.project == gap.project}
    return max(alike, key=alike.__getitem__) if any(alike.values()) else gap


def _likeness(action: Promise, gap: Promise) -> int:
    """How much *action* has in common with a gap that it may answer; 0 where that is not enough."""
    is_same_amount = action.amount_minor is not None and action.amount_minor == gap.amount_minor
    names = set(_NAME.findall(action.text)) & set(_NAME.findall(gap.text))
    words = _stems(action.text) & _stems(gap.text)
    if is_same_amount or names or len(words) >= _SAME_WORDS:
        return 1 + len(words) + len(names) + is_same_amount
    return 0


def _stems(text: str) -> set[str]:
    return {word[:_STEM_LETTERS] for word in _WORD.findall(text.casefold()) if word not in _COMMON}


def _said_by(need: Need, promises: Sequence[Promise]) -> list[list[Promise]]:
    """Of each item of *need*, who speaks of it: those that name it, else those that speak of all."""
    within = [promise for promise in promises if need.project in (None, promise.project)]
    named = []
    for item in need.items:
        speaks_of = speaker_of(item.words)
        named.append([promise for promise in within if speaks_of(promise.text)])
    naming = {promise for each in named for promise in each}
    speaks_of_all = speaker_of(need.words)
    whole = [
        promise
        for promise in within
        if promise not in naming
        and (_has_its_amount(promise, need) or (not promise.is_gap and speaks_of_all(promise.text)))
    ]
    return [each or whole for each in named]


def _has_its_amount(promise: Promise, need: Need) -> bool:
    return need.amount_minor is not None and promise.amount_minor == need.amount_minor


def _promised(head: Promise, members: Sequence[Promise], needs: Sequence[Need]) -> Task:
    """A handoff's task, with what gaps and figures know besides."""
    gaps = [member for member in members if member.is_gap]
    decided = None if head.is_gap else what_is_decided(head.text)
    by_need = needs[0].say(needs[0].items) if needs else f"Close the gap: {head.text}"
    action = by_need if head.is_gap else decided or head.text[:1].upper() + head.text[1:]
    sources = [head, *(member for member in members if member is not head)]
    known: list[Promise | Need] = [*sources, *needs]
    return Task(
        action=action,
        kind=needs[0].kind if needs else "project",
        severity=_worst([*(member.severity for member in members), *(need.severity for need in needs)]),
        texts=tuple(member.text for member in sources),
        projects=tuple(member.project for member in sources),
        evidence=(*_places(sources), *(need.evidence for need in needs)),
        area=next((gap.area for gap in gaps), ""),
        owner=next((member.owner for member in sources if member.owner), None),
        due_on=next((each.due_on for each in known if each.due_on), None),
        amount_minor=next((each.amount_minor for each in known if each.amount_minor is not None), None),
        is_decision=decided is not None or any(need.is_decision for need in needs),
    )


def _places(sources: Sequence[Promise]) -> list[str]:
    """`crm-move.md, lines 31 and 24`: each document once."""
    lines: dict[str, list[str]] = defaultdict(list)
    for source in sources:
        lines[source.document].append(str(source.line))
    return [f"{document}, line{'s' if len(each) > 1 else ''} {' and '.join(each)}" for document, each in lines.items()]


def _derived(need: Need) -> Task:
    action = need.say(need.items)
    return Task(
        action=action,
        kind=need.kind,
        severity=need.severity,
        texts=(action,),
        evidence=(need.evidence,),
        due_on=need.due_on,
        amount_minor=need.amount_minor,
        is_decision=need.is_decision,
    )


def _worst(severities: Iterable[str]) -> str:
    return min(severities, key=SEVERITIES.index)
