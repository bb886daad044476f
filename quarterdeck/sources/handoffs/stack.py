"""What a project runs on: one row a component, with its version and, where it is said, its cost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from quarterdeck.sources.handoffs.money import Amount, UnclearAmount
from quarterdeck.sources.handoffs.outline import Grid, Item, Prose
from quarterdeck.sources.handoffs.parts import Part
from quarterdeck.sources.handoffs.rows import Rows, columns_of, to_read
from quarterdeck.sources.handoffs.sums import SumReader, trimmed
from quarterdeck.sources.handoffs.vocabulary import ROLES
from quarterdeck.sources.handoffs.words import words_of

_ROLE = re.compile(r"([^:()]{1,40}?)\s*(?::|\s[—–-])\s+(?=\S)")
_VERSION = re.compile(
    r"[~^<>=]{0,2}v?[0-9]+(?:\.(?:[0-9]+|x))*(?:[-.]?(?:lts|rc|beta|alpha|sp|r)[0-9]*)?", re.IGNORECASE
)
# Names that end in a number, and words before a number that is no version.
_NUMBER_IS_NAME = ("route 53", "microsoft 365", "office 365", "dynamics 365", "google workspace 365")
_NO_VERSION_AFTER = frozenset(
    ("since", "in", "from", "until", "of", "to", "for", "port", "x", "×", "about", "and", "at", "on", "by", "or")
)
_LEAD = re.compile(
    r"(?:(?:and\s+)?(?:(?:it|we|this|the site|everything)\s+)?"
    r"(?:(?:runs?|running|built|hosted|written|deployed)\s+(?:on|with|in|by)|uses?|using)\s+)?(?:(?:an?|the|one)\s+)?",
    re.IGNORECASE,
)
# What stands behind a component's name and version: `Astro 5.2 on CloudFront`, `Opera 5 (on premises)`.
_REMARK = re.compile(
    r"(.*?)((?:,?\s(?:on|in|at|behind|via|run by|hosted|managed)\s.*|,\s.*|\s*\([^()]*\))?)", re.DOTALL
)
_REMARK_WORDS = (
    "table", "tables", "bucket", "buckets", "cloud", "region", "on", "in", "at", "with", "for", "via", "from", "behind",
    "run", "managed", "hosted", "self-hosted", "out", "which", "where",
)  # fmt: skip
_GLUED = re.compile(r"([\w./-]+?)(?:@|[=~>]=|\^)(v?[0-9][\w.]*)")
_PLACE = "\0"  # stands for an amount; Markdown lets no such character through
_LONGEST_COMPONENT = 6


@dataclass(frozen=True)
class StackReader:
    """Reads parts into rows of `stack`, and into `costs` where a component says what it costs."""

    rows: Rows

    def read(self, part: Part) -> None:
        for entry in to_read(part, self.rows):
            match entry:
                case Item():
                    self._item(entry, part)
                case Grid():
                    self._grid(entry, part)
                case Prose():
                    for sentence, line in entry.sentences():
                        self._pieces(sentence, line, part, is_prose=True)

    def _item(self, item: Item, part: Part) -> None:
        self._pieces(item.text, item.line, part, is_prose=False)
        for child in item.children:
            if isinstance(child, Item):
                self._item(child, part)
            else:
                self.rows.note(child.line, f"a remark below “{item.text}” is not kept", "info")

    def _pieces(self, text: str, line: int, part: Part, *, is_prose: bool) -> None:
        """The components of a line: `Backend: Python 3.11, FastAPI, about $40 / month` names two and one cost."""
        amounts = self.rows.money.find(text)
        text = _with_places(text, amounts)
        role = _ROLE.match(text)
        if role and words_of(role[1]) in ROLES:
            text = text[role.end() :]
        pieces = _pieces_of(text.rstrip(" ."))
        if not is_prose and any(len(piece.split()) > _LONGEST_COMPONENT for piece in pieces):
            pieces = [text]
        name, left = "", list(amounts)
        pieces = _with_remarks(pieces)
        for piece in pieces:
            own = [left.pop(0) for _ in range(piece.count(_PLACE))]
            said = " ".join(filter(None, (trimmed(half) for half in piece.split(_PLACE))))
            said = said[_LEAD.match(said).end() :]  # type: ignore[union-attr] # it matches nothing, too
            if is_prose and len(said.split()) > _LONGEST_COMPONENT:
                self.rows.note(
                    line, f"“{said}” under “{part.title}” is not read: it is more than a component's name", "info"
                )
            elif said and not said.lower().startswith("no "):
                name = self._component(said, line)
            if own:
                SumReader(self.rows).cost(name or part.title, own, line, part.heading.every)

    def _component(self, text: str, line: int, version: str | None = None) -> str:
        """Add the component that *text* names, with a version at its end; gives its name."""
        name, remark = _REMARK.fullmatch(text).groups()  # type: ignore[union-attr] # the remark may be empty
        if version is None:
            name, version = _versioned(name)
        self.rows.add("stack", line, component=name + remark, version=version or None)
        return name

    def _grid(self, grid: Grid, part: Part) -> None:
        columns = columns_of(
            grid.head, ("component", "version", "amount", "text"), ("component", "text"), self.rows.money
        )
        main = columns.first(("component", "text"))
        if main is None:
            self.rows.note(grid.line, f"no column of this table under “{part.title}” names a component")
            return
        for row in grid.rows:
            text = columns.cell(main, row).strip()
            if not text:
                continue
            name = self._component(
                text, row.line, columns.cell("version", row).strip() if "version" in columns.index else None
            )
            try:
                amount = self.rows.money.read(columns.cell("amount", row), currency=columns.currency)
            except UnclearAmount as unclear:
                self.rows.note(row.line, f"cost “{name}”: {unclear}; it is not counted")
                continue
            if amount is not None:
                SumReader(self.rows).cost(name, [amount], row.line, columns.every or part.heading.every)


def _with_places(text: str, amounts: Sequence[Amount]) -> str:
    """*text* with a sign in the place of each amount, so that no comma of an amount splits it."""
    for amount in reversed(amounts):
        text = text[: amount.start] + _PLACE + text[amount.end :]
    return text


def _pieces_of(text: str) -> list[str]:
    """*text* at its commas, semicolons and plus signs, but not inside brackets."""
    pieces, depth, start = [], 0, 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")" and depth > 0)
        if depth == 0 and (sign in ",;" or text[place - 1 : place + 2] == " + ") and text[place + 1 : place + 2] == " ":
            pieces.append(text[start:place])
            start = place + 1
    return [piece for piece in (*pieces, text[start:]) if piece.strip()]


def _with_remarks(pieces: Sequence[str]) -> list[str]:
    """*pieces*, with those that only say more joined to the one before: `DynamoDB, table Events` is one component."""
    joined: list[str] = []
    for piece in pieces:
        if joined and (piece.split()[0].lower() in _REMARK_WORDS or not re.search(r"[^\W\d_]|\0", piece)):
            joined[-1] += "," + piece
        else:
            joined.append(piece)
    return joined


def _versioned(name: str) -> tuple[str, str | None]:
    """`Python 3.11` apart, as name and version; `Route 53` is a name."""
    glued = _GLUED.fullmatch(name)
    if glued:
        return glued[1], glued[2]
    words = name.split()
    suffix = words.pop() if len(words) > 2 and words[-1].upper() in ("LTS", "R2", "SP1", "SP2") else ""
    is_version = len(words) > 1 and _VERSION.fullmatch(words[-1]) and words[-2].lower() not in _NO_VERSION_AFTER
    if not is_version or name.lower().endswith(_NUMBER_IS_NAME):
        return name, None
    return " ".join(words[:-1]).rstrip(":,"), f"{words[-1]} {suffix}".strip()
