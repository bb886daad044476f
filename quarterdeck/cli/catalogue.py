"""The catalogue of metrics, as a person at a terminal reads it: what each figure is, and which reports show it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import nbformat

from quarterdeck.errors import InputInvalid
from quarterdeck.metrics import CATALOGUE, Metric

_PLACEHOLDER = re.compile(r"\{([a-z_]+)")  # of a headline or a title, which takes a figure by its name
_UNITS = {"minor": "money"}


def chosen(words: Iterable[str]) -> list[Metric]:
    """
    The metrics whose id or summary has all *words*, by id; all of them without a word.

    Raises:
        InputInvalid: There is none.
    """
    wanted = [word.lower() for word in words]
    found = [
        metric
        for _, metric in sorted(CATALOGUE.items())
        if all(word in f"{metric.id} {metric.label} {metric.summary}".lower() for word in wanted)
    ]
    if not found:
        raise InputInvalid("metrics", repr(" ".join(wanted)), "words of a metric's id", "python runner.py metrics")
    return found


def lines_of(metric: Metric, reports: Iterable[str]) -> Iterator[str]:
    """What a person reads of *metric*, shown by *reports*."""
    when = ", known for the latest week only" if metric.now else ""
    yield f"{metric.id}  ({_UNITS.get(metric.unit, metric.unit)}{when})"
    yield f"  {metric.summary}"
    yield f"  formula  {metric.formula}"
    yield f"  source   {metric.source}"
    yield f"  used in  {', '.join(sorted(reports)) or 'no report'}"


def reports_by_metric(notebooks: Path) -> Mapping[str, set[str]]:
    """
    For each metric's id the reports that name it: as `metrics.cash`, or as `{cash}` in a sentence.

    Args:
        notebooks: The folder of the notebooks, one `<report>.ipynb` each.

    Raises:
        InputInvalid: A notebook cannot be read.
    """
    used: dict[str, set[str]] = {name: set() for name in CATALOGUE}
    for path in sorted(notebooks.glob("*.ipynb")):
        for name in _names(path) & used.keys():
            used[name].add(path.stem)
    return used


def _names(path: Path) -> set[str]:
    try:
        cells = nbformat.read(path, as_version=4).cells
        trees = [ast.parse(cell.source) for cell in cells if cell.cell_type == "code"]
    except (OSError, ValueError, TypeError, AttributeError, nbformat.ValidationError, SyntaxError) as error:
        # Of nbformat's many kinds those that `[]`, `null` and cells that are numbers lead to are among them
        raise InputInvalid(str(path), "what cannot be read as a notebook", "one that JupyterLab opens") from error
    names: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        match node:
            case ast.Attribute(value=ast.Name(id="metrics"), attr=name):
                names.add(name)
            case ast.Constant(value=str(text)):
                names.update(_PLACEHOLDER.findall(text))
    return names
