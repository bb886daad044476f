"""Costs and revenue streams, with what each is for one month."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from quarterdeck.sources.handoffs.money import Amount, MoneyReader, UnclearAmount
from quarterdeck.sources.handoffs.outline import Grid, Item, Prose, Row
from quarterdeck.sources.handoffs.parts import Part
from quarterdeck.sources.handoffs.rows import Columns, Rows, columns_of, to_read
from quarterdeck.sources.handoffs.vocabulary import COST_WORDS, REVENUE_WORDS
from quarterdeck.sources.handoffs.words import has_word, heading_of, says_nothing

_TOTAL = re.compile(r"\W*(?:(?:sub|grand )?total|sum|all in|together|altogether)\b", re.IGNORECASE)
_TIES = frozenset(
    ("at", "for", "cost", "costs", "costing", "is", "are", "of", "from", "with", "currently", "and", "about")
)
_MAINS = ("service", "stream", "text")
_COLUMNS = {
    "costs": ("amount", "service", "text", "note"),
    "revenue": ("amount", "stream", "text", "note"),
    "money": ("amount", "service", "stream", "area", "text", "note"),
}
_NEITHER = "“{text}” under “{title}” says neither that it is a cost nor that it is revenue"
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

    def _named_cost(self, text: str, amounts: Sequence[Amount], line: int, part: Part) -> None:
        """Add the cost of a line; one that only says "monthly cost" is the project's total, and waits for the end."""
        service = named(text, amounts)
        if service and heading_of(service).kind == "costs":
            try:
                monthly = monthly_of(amounts, self.rows.money, part.heading.every or heading_of(service).every)
            except UnclearAmount as unclear:
                self.rows.note(line, f"cost “{service}”: {unclear}; it is not counted")
                return
            self.rows.totals.append((line, service, monthly))
        else:
            self.cost(service or part.title, amounts, line, part.heading.every)

    def add_total(self) -> None:
        """At the end of a document: its stated total is its cost where it lists no other."""
        for line, service, monthly in self.rows.totals:
            if "costs" not in self.rows.tables:
                self.rows.add("costs", line, service=service, monthly_minor=monthly)
            elif [monthly] != [row["monthly_minor"] for row in self.rows.tables["costs"]]:
                self.rows.note(line, f"“{service}” is a total, and is not added to the costs that are listed", "info")

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
        if _TOTAL.match(text) or says_nothing(text.partition(":")[2].strip() or "something"):
            return
        if kind == "money":
            kind = self._kind_of(text) or ""
            if not kind:
                self.rows.note(line, _NEITHER.format(text=text, title=part.title))
                return
        amounts = self.rows.money.find(text, bare=True)
        if kind == "costs":
            self._named_cost(text, amounts, line, part)
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
        columns = columns_of(grid.head, _COLUMNS[str(part.heading.kind)], _MAINS, self.rows.money)
        main = columns.first(_MAINS)
        if main is None:
            self.rows.note(grid.line, f"no column of this table under “{part.title}” names what is paid")
            return
        for row in grid.rows:
            name = columns.cell(main, row)
            kind = str(part.heading.kind)
            if kind == "money":
                kind = self._kind_of(columns.cell("area", row)) or self._kind_of(name) or ""
            if not name.strip() or _TOTAL.match(name):
                continue
            if not kind:
                self.rows.note(row.line, _NEITHER.format(text=name, title=part.title))
                continue
            self._row(name, kind, columns, row, columns.every or part.heading.every)

    def _row(self, name: str, kind: str, columns: Columns, row: Row, every: str | None) -> None:
        monthly, problem = None, ""
        try:
            amount = self.rows.money.read(columns.cell("amount", row), currency=columns.currency)
            if amount is not None:
                monthly = self.rows.money.monthly(amount, otherwise=every)
            elif kind == "costs":
                problem = "the table gives no amount"
        except UnclearAmount as unclear:
            problem = str(unclear)
        if problem:
            self.rows.note(row.line, f"{'cost' if kind == 'costs' else 'revenue'} “{name}”: {problem}")
        if kind == "revenue":
            note = columns.cell("note", row) or None
            self.rows.add("revenue_streams", row.line, stream=name, monthly_minor=monthly, note=note)
        elif monthly is not None:
            self.rows.add("costs", row.line, service=name, monthly_minor=monthly)

    @staticmethod
    def _kind_of(text: str) -> str | None:
        """`revenue` or `costs`, by a word of *text*; None where it has none, or one for each."""
        earns, costs = has_word(text, REVENUE_WORDS), has_word(text, COST_WORDS)
        return None if earns == costs else "revenue" if earns else "costs"


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
    before, after = text[: amounts[0].start].rstrip(), trimmed(text[amounts[-1].end :])
    # "Monthly cost: $40" is named as it stands, "Twilio costs $40" is about Twilio
    lead = before.strip(" :=—–-") if before.endswith((":", "=", "—", "–", "-")) else trimmed(before)
    if after and heading_of(lead).kind == "costs":
        return after.strip("()")
    return lead or after


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
