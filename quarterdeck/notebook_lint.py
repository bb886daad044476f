"""
What holds for every notebook that analysts edit: the lint behind `make lint-notebooks`.

A notebook reads its snapshot and nothing else, so it gives the same report tomorrow and on another machine. What
it may not do is found by reading it, cell by cell; nothing of it is run.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from quarterdeck.execute import STANDARD_PARAMETERS

MOST_LINES = 15  # of a code cell: one question, one chart or table

_NOW = {"now", "today", "utcnow"}  # of datetime, date and Timestamp, however they were imported
_CLOCK = {"time.gmtime", "time.localtime", "time.monotonic", "time.strftime", "time.time"}
_EXIT = {"sys.exit", "os._exit", "exit", "quit", "SystemExit"}
_NETWORK = {
    *("aiohttp", "boto3", "botocore", "ftplib", "http", "httpx", "imaplib", "paramiko", "requests", "smtplib"),
    *("socket", "subprocess", "urllib", "urllib3"),
}


@dataclass(frozen=True)
class Fault:
    """One broken rule. `cell` counts all cells from 1 and `line` those of the cell; 0: it is of the whole."""

    path: Path
    cell: int
    line: int
    says: str

    def __str__(self) -> str:
        cell = f", cell {self.cell}" if self.cell else ""
        line = f", line {self.line}" if self.line else ""
        return f"{self.path}{cell}{line}: {self.says}"


@dataclass(frozen=True)
class _Code:
    """A code cell that parses."""

    number: int
    cell: nbformat.NotebookNode
    tree: ast.Module


_Found = Iterator[tuple[int, int, str]]  # cell, line, what is wrong and what to do


def lint(paths: Iterable[Path]) -> list[Fault]:
    """Every broken rule of the notebooks at *paths*, in the order in which a person mends them."""
    faults: list[Fault] = []
    defined: dict[str, Path] = {}
    for path in paths:
        try:
            notebook = nbformat.read(path, as_version=4)
            nbformat.validate(notebook)
        except (OSError, ValueError, TypeError, AttributeError, nbformat.ValidationError):  # nbformat has no one kind
            faults.append(Fault(path, 0, 0, "cannot be read as a notebook; open it in JupyterLab and save it"))
            continue
        cells: Sequence[nbformat.NotebookNode] = notebook.cells
        parsed, found = _parsed(cells)
        rules: list[_Found] = [iter(found), _headings(cells), _parameters(parsed), _outputs(notebook)]
        rules += [rule(code) for code in parsed for rule in _OF_A_CELL]
        rules.append(_defined_twice(path, parsed, defined))
        faults += [Fault(path, *fault) for fault in sorted(fault for rule in rules for fault in rule)]
    return faults


def _parsed(cells: Sequence[nbformat.NotebookNode]) -> tuple[list[_Code], list[tuple[int, int, str]]]:
    parsed: list[_Code] = []
    wrong: list[tuple[int, int, str]] = []
    for number, cell in enumerate(cells, start=1):
        if cell.cell_type != "code":
            continue
        try:
            parsed.append(_Code(number, cell, ast.parse(cell.source)))
        except SyntaxError as error:
            says = "is not plain Python; magics and shell lines reach past the snapshot"
            wrong.append((number, error.lineno or 1, says))
    return parsed, wrong


def _headings(cells: Sequence[nbformat.NotebookNode]) -> _Found:
    """A title first, and no level left out below it: the page's contents are made of them."""
    level = 0
    for number, cell in enumerate(cells, start=1):
        if cell.cell_type != "markdown":
            continue
        for line, text in enumerate(cell.source.splitlines(), start=1):
            match = re.match(r"(#{1,6})\s", text)
            if match is None:
                continue
            here = len(match[1])
            if here > level + 1:
                yield number, line, f"a heading of level {here} after one of level {level}; use {'#' * (level + 1)}"
            elif here == 1 and level:
                yield number, line, "a second title; use ## for a section"
            level = here
    if not cells or cells[0].cell_type != "markdown" or not cells[0].source.startswith("# "):
        yield 1, 1, "does not begin with a title; make it a markdown cell: # title, the question, the owner"


def _parameters(parsed: Sequence[_Code]) -> _Found:
    """One cell tagged `parameters`, the first of the code: literals, each with its comment."""
    tagged = [code for code in parsed if "parameters" in code.cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        yield 0, 0, f"has {len(tagged)} cells tagged parameters; tag one, right after the title"
        return
    (code,) = tagged
    if code is not parsed[0]:
        yield code.number, 0, "comes after other code; make the parameters the first code cell"
    names = set()
    for node in code.tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                names.add(name)
                if not _is_literal(value):
                    yield code.number, node.lineno, f"{name} is no literal; write a number, a text, True, False or None"
            case _:
                yield code.number, node.lineno, "assigns no literal to a name; move it to the next cell"
        if "#" not in code.cell.source.splitlines()[(node.end_lineno or node.lineno) - 1]:
            yield code.number, node.lineno, "has no comment; say what it is, with unit and range"
    for name in STANDARD_PARAMETERS:
        if name not in names:
            yield code.number, 0, f"lacks {name}; every notebook has {', '.join(STANDARD_PARAMETERS)}"


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError):  # of a list as a key
        return False
    return True


def _outputs(notebook: nbformat.NotebookNode) -> _Found:
    """Outputs live in editions; the source has none, and names no kernel of one machine."""
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield 0, 0, "is not of the kernel python3; choose it in JupyterLab and save"
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None):
            yield number, 0, "has outputs; run .venv/bin/nbstripout --keep-id on the notebook"


def _too_long(code: _Code) -> _Found:
    lines = len(code.cell.source.splitlines())
    if lines > MOST_LINES:
        says = f"has {lines} lines, and {MOST_LINES} are the most; move what has a name of its own to the package"
        yield code.number, MOST_LINES + 1, says


def _imports(code: _Code) -> _Found:
    for node in ast.walk(code.tree):
        match node:
            case ast.Import(names=aliases):
                modules = [alias.name for alias in aliases]
            case ast.ImportFrom(module=str(module)):
                modules = [module]
            case _:
                continue
        for module in modules:
            if module.partition(".")[0] in _NETWORK:
                yield code.number, node.lineno, f"imports {module}; a notebook reads its snapshot and nothing else"


def _clock_and_exit(code: _Code) -> _Found:
    """The clock and an early end, by the names that people call them by."""
    for node in ast.walk(code.tree):
        if not isinstance(node, ast.Attribute | ast.Name):
            continue
        name = ast.unparse(node)
        if name in _CLOCK or (isinstance(node, ast.Attribute) and node.attr in _NOW):
            yield (
                code.number,
                node.lineno,
                f"reads the clock by {name}; the report is about report.period",
            )
        elif name in _EXIT:
            yield code.number, node.lineno, f"ends early by {name}, which papermill takes for success; raise an error"


def _defined_twice(path: Path, parsed: Sequence[_Code], defined: dict[str, Path]) -> _Found:
    """A function that a second notebook defines too; *defined* grows with each notebook."""
    for code in parsed:
        for node in ast.walk(code.tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            first = defined.setdefault(node.name, path)
            if first != path:
                says = f"{node.name} is defined in {first.name} too; move it to the package, and import it in both"
                yield code.number, node.lineno, says


_OF_A_CELL: tuple[Callable[[_Code], _Found], ...] = (_too_long, _imports, _clock_and_exit)


def main(arguments: Sequence[str]) -> int:
    """Print every fault of the notebooks in the folders *arguments*: 0 without one, 1 with, 2 without a notebook."""
    paths = sorted(path for folder in arguments for path in Path(folder).glob("*.ipynb"))
    if not paths:
        sys.stderr.write(f"no notebook in {' '.join(arguments) or 'no folder'}; type: make lint-notebooks\n")
        return 2
    faults = lint(paths)
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
