"""The definitions of the figures that a page shows, from the functions that make them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from quarterdeck.metrics.figure import CATALOGUE
from quarterdeck.render.items import Document

_CODE_NAME = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")


@dataclass(frozen=True)
class Definition:
    """One figure's name as the report shows it, and how it is made, in words."""

    label: str
    text: str


def definitions_of(document: Document) -> dict[str, Definition]:
    """Of each KPI whose metric is known: its summary, formula and source, by id, in the report's order."""
    found = {}
    for kpi in document.kpis:
        metric = CATALOGUE.get(kpi.id)
        if metric is not None:
            words = (metric.summary, f"Formula: {metric.formula}", f"Source: {metric.source}")
            text = " ".join(sentence.rstrip(".") + "." for sentence in words)
            found[kpi.id] = Definition(kpi.label, _CODE_NAME.sub(_in_words, text).replace("`", ""))
    return found


def _in_words(name: re.Match[str]) -> str:
    """A metric's id is its label to a reader, and a column's name has spaces."""
    metric = CATALOGUE.get(name[0])
    return metric.label.lower() if metric else name[0].replace("_", " ")
