"""Costs and revenue streams, with what each is for one month."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from quarterdeck.sources.handoffs.money import Amount, MoneyReader, UnclearAmount
from quarterdeck.sources.handoffs.outline import Grid, Item, Prose
from quarterdeck.sources.handoffs.parts import Part
from quarterdeck.sources.handoffs.rows import Rows, columns_of, to_read
from quarterdeck.sources.handoffs.vocabulary import COST_WORDS, REVENUE_WORDS
from quarterdeck.sources.handoffs.words import has_word, heading_of

_TOTAL = re.compile(r"\W*(?:(?:sub|grand )?total|sum|all in|together|altogether)\b", re.IGNORECASE)
_TIES = frozenset(
    ("at", "for", "cost", "costs", "costing", "is", "are", "of", "from", "with", "currently", "and", "about")
)
_REMARK = re.compile(r":\s+|\s+[—–-]\s+|\s*[;(]")


@dataclass(frozen=True)
class SumReader:
    """Reads parts about money into rows of `costs` and `revenue_streams`; adds nothing up, and leaves out totals."""

    rows: Rows

    def read(self, part: Part) -> None:
        for entry in to_read(part, self.rows):
            match entry:
                case Item():
                    self._item(entry, part, str(part.heading.kind))
                case Grid():
                    self._grid(entry, part)
                case Prose():
                    for sentence, line in entry.sentences():
                        self._sentence(sentence, line, part)

    def cost(self, service: str, amounts: Sequence[Amount], line: int, every: str | None) -> None:
        """Add what *service* costs a month; a finding instead where *amounts* do not say it."""
        try:
            monthly = monthly_of(amounts, self.rows.money, every)
        except UnclearAmount as unclear:
            self.rows.note(line, f"cost “{service}”: {unclear}; it is not counted")
            return
        self.rows.add("costs", line, service=service, monthly_minor=monthly)

    def _sentence(self, text: str, line: int, part: Part) -> None:
        if self.rows.money.find(text, bare=True):
            self._line(text, line, part, str(part.heading.kind))
        else:
            self.rows.note(line, f"“{text}” under “{part.title}” names no amount", "info")

    def _item(self, item: Item, part: Part, kind: str) -> None:
        amounts = self.rows.money.find(item.text, bare=True)
        if item.children and not amounts:
            named = heading_of(item.text).kind
            for child in item.children:
                if isinstance(child, Item):
                    self._item(child, part, named if named in ("costs", "revenue") else kind)
                else:
                    self.rows.note(child.line, f"a remark below “{item.text}” is not kept", "info")
            return
        for child in item.children:
            self.rows.note(
                child.line, f"a remark below “{item.text}” is not kept, and its amounts are not added", "info"
            )
        self._line(item.text, item.line, part, kind)

    def _line(self, text: str, line: int, part: Part, kind: str) -> None:
        if _TOTAL.match(text):
            return
        if kind == "money":
            earns, costs = has_word(text, REVENUE_WORDS), has_word(text, COST_WORDS)
            if earns == costs:
                self.rows.note(
                    line, f"“{text}” under “{part.title}” says neither that it is a cost nor that it is revenue"
                )
                return
            kind = "revenue" if earns else "costs"
        amounts = self.rows.money.find(text, bare=True)
        if kind == "costs":
            self.cost(named(text, amounts) or part.title, amounts, line, part.heading.every)
        else:
            self._stream(text, amounts, line, part.heading.every)

    def _stream(self, text: str, amounts: Sequence[Amount], line: int, every: str | None) -> None:
        lead = named(text, amounts)
        remark = _REMARK.search(lead)
        stream = lead[: remark.start()].strip() if remark else lead
        after = text[amounts[-1].end :] if amounts and text.startswith(stream) else ""
        note = " ".join(filter(None, (trimmed(lead[remark.end() :]) if remark else "", trimmed(after))))
        monthly = None
        if amounts:
            try:
                monthly = monthly_of(amounts, self.rows.money, every)
            except UnclearAmount as unclear:
                self.rows.note(line, f"revenue “{stream}”: {unclear}")
        if not stream:
            self.rows.note(line, f"“{text}” names no revenue stream")
            return
        self.rows.add("revenue_streams", line, stream=stream, monthly_minor=monthly, note=note or None)

    def _grid(self, grid: Grid, part: Part) -> None:
        if part.heading.kind == "money":
            self.rows.note(grid.line, f"this table under “{part.title}” says neither that it lists costs nor revenue")
            return
        main = "service" if part.heading.kind == "costs" else "stream"
        columns = columns_of(grid.head, ("amount", main, "text", "note"), (main, "text"), self.rows.money)
        named = columns.first((main, "text"))
        if named is None:
            self.rows.note(grid.line, f"no column of this table under “{part.title}” names what is paid")
            return
        for row in grid.rows:
            name = columns.cell(named, row)
            if not name.strip() or _TOTAL.match(name):
                continue
            try:
                amount = self.rows.money.read(columns.cell("amount", row), currency=columns.currency)
                every = columns.every or part.heading.every
                monthly = None if amount is None else self.rows.money.monthly(amount, otherwise=every)
                problem = "the table gives no amount" if amount is None and main == "service" else ""
            except UnclearAmount as unclear:
                monthly, problem = None, str(unclear)
            if problem:
                self.rows.note(row.line, f"{main} “{name}”: {problem}")
            if main == "stream":
                note = columns.cell("note", row) or None
                self.rows.add("revenue_streams", row.line, stream=name, monthly_minor=monthly, note=note)
            elif monthly is not None:
                self.rows.add("costs", row.line, service=name, monthly_minor=monthly)


def monthly_of(amounts: Sequence[Amount], money: MoneyReader, every: str | None) -> int:
    """
    What *amounts*, of one line, come to in a month: one amount, or several ways to say the same one.

    Raises:
        UnclearAmount: There is none, they differ, or one has no value for a month.
    """
    if not amounts:
        raise UnclearAmount("it names no amount")
    months = {money.monthly(amount, otherwise=every) for amount in amounts}
    if len(months) > 1:
        raise UnclearAmount(f"it names {len(amounts)} amounts")
    return months.pop()


def named(text: str, amounts: Sequence[Amount]) -> str:
    """What *amounts* are for: the words before the first, or where there are none, those after the last."""
    if not amounts:
        return trimmed(text)
    return trimmed(text[: amounts[0].start]) or trimmed(text[amounts[-1].end :])


def trimmed(text: str) -> str:
    """*text* without marks and small words at its ends; brackets that it closes itself stay."""
    before = None
    while text != before:
        before = text
        text = text.strip().lstrip("),;:.!=—–-/|] ").rstrip("(,;:.!=—–-/|[ ")
        words = text.split(" ")
        if words[-1].lower() in _TIES:
            text = " ".join(words[:-1])
        elif words[0].lower() in _TIES:
            text = " ".join(words[1:])
        else:
            text = re.sub(r"^(?:we pay|we spend|it costs)(?:\s|$)", "", text, flags=re.IGNORECASE)
    return text
