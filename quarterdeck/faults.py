"""
Words that only a program writes: a missing value, a trace, a placeholder, the name of a column.

A person may write them too. A handoff says "KeyError: 'price' when a guest books" of a fault that is to be mended, and
that is news. So what a source says is let pass where it is quoted as it stands there, and nothing else is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from quarterdeck.inventory import TABLES, AssetInventory
from quarterdeck.metrics.figure import CATALOGUE

# A person may be called Nan and a sentence may start with "None of the": so case counts, and "None" alone fails where
# it stands for a value.
_MISSING = re.compile(
    r"(?<![\w.<])(?:nan|NaN|NaT|inf)[km]?(?![\w>])|<NA>"
    r"|^None$|[$€£¥₹=(+−-] ?None\b|(?<=[a-z,] )None\b|(?<=: )None\b(?! of\b)|\bNone ?(?=%|(?:pt|weeks?|days?|[km])\b)"
)
_TRACE = re.compile(r"Traceback \(most recent call last\)|\bFile \"[^\"]+\", line \d+|\b[A-Z]\w*(?:Error|Exception): ")
# Not after a letter, a bracket or a backslash: there it is LaTeX.
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{%|%\}|(?<![\w\\}^])\{[A-Za-z_][\w.]*(?:[:!][^{}\s]*)?\}")
_CODE_NAME = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")
_WORD = re.compile(r"[^\W_]")
_CUT = "…"

Fault = tuple[str, str]  # what it is, and the words


def words_of_a_program(
    whole: Mapping[str, Sequence[str]],
    lines: Mapping[str, Sequence[str]],
    metrics: Iterable[str],
    inventory: AssetInventory | None,
) -> Iterator[str]:
    """
    What no person wrote, each fault once with how often it stands there and where first.

    Args:
        whole: Texts by place, each as it was said: the paragraphs and cells of HTML. The mail is the first.
        lines: Texts by place that are cut anywhere, as those of the text part: of these as many faults pass as the
            mail quotes.
        metrics: Ids that the edition records.
        inventory: What the sources say; None where nothing is a quotation.
    """
    names = _names_of_code(metrics)
    allowed: list[Counter[Fault]] = []
    for where, texts in {**whole, **lines}.items():
        found: Counter[Fault] = Counter()
        quoted: Counter[Fault] = Counter()
        first: dict[Fault, str] = {}
        for what, match in (fault for text in texts for fault in _faults(text.strip(), names)):
            fault = what, match[0].strip()
            if _is_quoted(match, inventory):
                quoted[fault] += 1
            else:
                found[fault] += 1
                first.setdefault(fault, _around(match))
        allowed.append(quoted)
        if where in lines:
            found -= allowed[0] - quoted
        for (what, words), count in found.items():
            times = f", {count} times" if count > 1 else ""
            yield f"{where} shows {what}, “{words}”{times}: “{first[what, words]}”"


def is_name_of_code(text: str) -> bool:
    """Whether *text* has a name with underscores: in the head of a table one that somebody forgot to write out."""
    return bool(_CODE_NAME.search(text))


def _is_quoted(match: re.Match[str], inventory: AssetInventory | None) -> bool:
    """
    Whether the words around *match* are a source's own: all of a text of *inventory*, or its beginning up to a `…`.

    A text without another word than the fault is no quotation: `nan` in a source is a missing value there too.
    """
    if inventory is None:
        return False
    fault = match[0].strip()
    before, after = match.string[: match.start()].casefold(), match.string[match.end() :].casefold()
    for text in _texts_with(inventory, fault):
        for at in _whole(fault).finditer(text):
            begun, rest = text[: at.start()].casefold(), text[at.end() :].casefold()
            if before.endswith(begun) and _goes_on(after, rest, is_begun=bool(begun)):
                return True
    return False


def _whole(fault: str) -> re.Pattern[str]:
    """*fault* as it is written, where it is no part of a longer word: `Nancy` does not say `nan`."""
    left, right = (r"\b" if edge.isalnum() else "" for edge in (fault[0], fault[-1]))
    return re.compile(left + re.escape(fault) + right)


def _goes_on(after: str, rest: str, *, is_begun: bool) -> bool:
    """
    Whether *after* begins with the *rest* of a text, its full stop aside, or with as much of it as was not cut.

    Of a text that is cut a word has to be left besides the fault: before it (*is_begun*), or after.
    """
    shown, cut, _ = after.lstrip().partition(_CUT)
    whole = rest.strip().rstrip(".")
    if after.lstrip().startswith(whole):
        return True
    return bool(cut) and whole.startswith(shown) and (is_begun or bool(_WORD.search(shown)))


def _texts_with(inventory: AssetInventory, fault: str) -> list[str]:
    """Every text of the sources with *fault* in it and a word besides; all tables are read, on a fault only."""
    return inventory.known(("texts with", fault), lambda: list(_search(inventory, fault)))


def _search(inventory: AssetInventory, fault: str) -> Iterator[str]:
    for table in (name for name, rows in inventory.row_counts.items() if rows):
        frame = inventory.table(table).select_dtypes(["object", "string"])
        for column in (frame[name] for name in frame):
            texts = (" ".join(str(value).split()) for value in column.dropna().unique())
            yield from (text for text in texts if fault in text and _WORD.search(_whole(fault).sub(" ", text)))


def _names_of_code(metrics: Iterable[str]) -> frozenset[str]:
    """Column names and metric ids, which are no words: `price_minor`."""
    columns = {column for table in TABLES.values() for column in table.columns}
    return frozenset(name for name in {*columns, *CATALOGUE, *metrics} if "_" in name)


def _faults(text: str, names: frozenset[str]) -> Iterator[tuple[str, re.Match[str]]]:
    for what, pattern in (
        ("a missing value", _MISSING),
        ("an error", _TRACE),
        ("an unfilled placeholder", _PLACEHOLDER),
    ):
        for match in pattern.finditer(text):
            yield what, match
    for match in _CODE_NAME.finditer(text):
        if match[0] in names or match[0].endswith("_minor"):
            yield "a name from the code", match


def _around(match: re.Match[str], reach: int = 40) -> str:
    """The words around a fault: enough to find it."""
    start, end = max(0, match.start() - reach), match.end() + reach
    return (_CUT if start else "") + match.string[start:end].strip() + (_CUT if end < len(match.string) else "")
