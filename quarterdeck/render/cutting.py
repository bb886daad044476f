"""
Texts cut to a length that a mail can carry, whatever a source put into them: a name of 400 letters, a cell of 1 MB.

Every text of every block is cut alike, so a new field of a block needs no line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from quarterdeck.blocks import Cell, Delta
from quarterdeck.display import cut_at_word
from quarterdeck.render.items import Printed, Prose

_MOST: Mapping[type, int] = {Cell: 160, Delta: 24}  # letters, of what stands in a narrow place
_WHOLE = (Prose, Printed)  # markup cannot be cut by letters, and what was printed is cut by lines

T = TypeVar("T")


class Scissors:
    """Cuts texts to *letters* each, and counts those that were cut."""

    def __init__(self, letters: int) -> None:
        self._letters = letters
        self.cuts = 0

    def text(self, text: str, most: int | None = None) -> str:
        """*text*, or its first words with an ellipsis."""
        shown = cut_at_word(text, min(self._letters, most or self._letters))
        self.cuts += shown != text
        return shown

    def block(self, block: T) -> T:
        """A copy of *block* with every text in it cut; what is in a cell or beside a KPI is cut shorter."""
        found: Any = block
        if isinstance(found, _WHOLE):
            return block
        if isinstance(found, BaseModel):
            found = found.model_copy(update=self._changed(found, tuple(type(found).model_fields)))
        elif is_dataclass(found) and not isinstance(found, type):
            found = replace(found, **self._changed(found, tuple(each.name for each in fields(found))))
        return cast("T", found)

    def _changed(self, block: object, names: tuple[str, ...]) -> dict[str, object]:
        """The texts of *block* that are not what they were, and what holds such."""
        most = _MOST.get(type(block))
        values = {name: getattr(block, name) for name in names if name != "metrics"}
        cut = {name: self._value(value, most) for name, value in values.items()}
        return {name: value for name, value in cut.items() if value is not values[name]}

    def _value(self, value: object, most: int | None) -> object:
        if isinstance(value, str):
            return self.text(value, most)
        if isinstance(value, tuple):
            parts = tuple(self._value(part, most) for part in value)
            return value if all(one is other for one, other in zip(parts, value, strict=True)) else parts
        return self.block(value)
