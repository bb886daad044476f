"""
What holds for every notebook that analysts edit: the lint behind `make lint-notebooks`.

A notebook reads its snapshot and nothing else, so it gives the same report tomorrow and on another machine. What
it may not do is found by reading it, cell by cell; nothing of it is run.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from quarterdeck.execute import STANDARD_PARAMETERS

MOST_LINES = 15  # of a code cell: one question, one chart or table

_NOW = {"now", "today", "utcnow"}  # of datetime, date and Timestamp, however they were imported
_CLOCK = {
    *(f"time.{name}" for name in ("asctime", "clock_gettime", "ctime", "gmtime", "localtime", "strftime")),
    *(f"time.{name}{unit}" for name in ("monotonic", "perf_counter", "process_time", "time") for unit in ("", "_ns")),
}
# They take the word "now" or "today".
_MOMENTS = {
    *("DatetimeIndex", "Period", "PeriodIndex", "Timestamp", "bdate_range", "date_range", "datetime64", "period_range"),
    "to_datetime",
}
_EXIT = {"sys.exit", "os._exit", "os.abort", "exit", "quit", "SystemExit"}
_PROGRAMS = re.compile(r"os\.(exec|fork|popen|posix_spawn|spawn|startfile|system)")
_DATABASES = re.compile(r"(^|\.)read_(gbq|sql)")
_ADDRESS = re.compile(r"\w[\w+.-]*://")
_NETWORK = {
    *("aiohttp", "asyncio", "boto3", "botocore", "fsspec", "ftplib", "http", "httpx", "imaplib", "paramiko"),
    *("requests", "s3fs", "smtplib", "socket", "ssl", "subprocess", "urllib", "urllib3", "websocket", "xmlrpc"),
}
_REMOTE = ("pyarrow.fs", "quarterdeck.aws", "quarterdeck.sources", "quarterdeck.store")  # parts of what is no harm else
_HIDING = {"__import__", "eval", "exec", "get_ipython"}  # what runs by them cannot be read here, nor by who reviews it


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
    """A code cell that parses; *imported* has the whole notebook's names, each with what it stands for."""

    number: int
    cell: nbformat.NotebookNode
    tree: ast.Module
    imported: Mapping[str, str]

    def meant(self, node: ast.expr) -> str:
        """`pandas.read_csv` for `pd.read_csv`, however it was imported."""
        first, dot, rest = ast.unparse(node).partition(".")
        return self.imported.get(first, first) + dot + rest


_CLOCK_READ = "reads the clock by {}; the report is about report.period"
_NOTHING_ELSE = "a notebook reads its snapshot and nothing else"
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
    imported: dict[str, str] = {}
    wrong: list[tuple[int, int, str]] = []
    for number, cell in enumerate(cells, start=1):
        if cell.cell_type != "code":
            continue
        try:
            parsed.append(_Code(number, cell, ast.parse(cell.source), imported))
            imported |= _imported(parsed[-1].tree)
        except SyntaxError as error:
            says = "is not plain Python; magics and shell lines reach past the snapshot"
            wrong.append((number, error.lineno or 1, says))
    return parsed, wrong


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                yield from ((alias.asname, alias.name) for alias in aliases if alias.asname)
            case ast.ImportFrom(module=str(module), names=aliases):
                yield from ((alias.asname or alias.name, f"{module}.{alias.name}") for alias in aliases)


def _headings(cells: Sequence[nbformat.NotebookNode]) -> _Found:
    """A title first, and no level left out below it: the page's contents are made of them."""
    level = 0
    for number, cell in enumerate(cells, start=1):
        if cell.cell_type != "markdown":
            continue
        is_code = False
        for line, text in enumerate(cell.source.splitlines(), start=1):
            is_code ^= text.lstrip().startswith(("```", "~~~"))
            match = re.match(r" {0,3}(#{1,6})\s", text)
            if match is None or is_code:
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
    tokens = tokenize.generate_tokens(io.StringIO(code.cell.source).readline)
    commented = {token.start[0] for token in tokens if token.type == tokenize.COMMENT}
    names = set()
    for node in code.tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                names.add(name)
                if not _is_literal(value):
                    yield code.number, node.lineno, f"{name} is no literal; write a number, a text, True, False or None"
            case _:
                yield code.number, node.lineno, "assigns no literal to a name; move it to the next cell"
        if (node.end_lineno or node.lineno) not in commented:
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
            case ast.ImportFrom(module=str(module), names=aliases):
                modules = [module, *(part for alias in aliases if (part := f"{module}.{alias.name}") in _REMOTE)]
                if aliases[0].name == "*":
                    yield code.number, node.lineno, f"imports all of {module}; import by name what it uses"
            case _:
                continue
        for top, module in ((module.partition(".")[0], module) for module in modules):
            if top in _NETWORK or module.startswith(_REMOTE):
                yield code.number, node.lineno, f"imports {module}; {_NOTHING_ELSE}"
            elif top == "importlib":
                yield code.number, node.lineno, f"imports {module}; write a plain import, which can be read"


def _clock_and_exit(code: _Code) -> _Found:
    """The clock, an early end, other programs and hidden code, whatever they are called here."""
    called = {id(node.func) for node in ast.walk(code.tree) if isinstance(node, ast.Call)}
    for node in ast.walk(code.tree):
        if not isinstance(node, ast.Attribute | ast.Name) or not isinstance(node.ctx, ast.Load):
            continue
        name, meant = ast.unparse(node), code.meant(node)
        if meant in _CLOCK or (isinstance(node, ast.Attribute) and node.attr in _NOW and id(node) in called):
            yield code.number, node.lineno, _CLOCK_READ.format(name)
        elif meant in _EXIT:
            yield code.number, node.lineno, f"ends early by {name}, which papermill takes for success; raise an error"
        elif _PROGRAMS.match(meant):
            yield code.number, node.lineno, f"starts a program by {name}; {_NOTHING_ELSE}"
        elif _DATABASES.search(meant):
            yield code.number, node.lineno, f"asks a database by {name}; {_NOTHING_ELSE}"
        elif meant.removeprefix("builtins.") in _HIDING:
            yield code.number, node.lineno, f"hides by {name} what it runs; write it plainly"


def _moments(code: _Code) -> _Found:
    """A call that is given a word that stands for the present."""
    for node in ast.walk(code.tree):
        if not isinstance(node, ast.Call) or code.meant(node.func).rpartition(".")[2] not in _MOMENTS:
            continue
        for value in [part for given in (*node.args, *node.keywords) for part in ast.walk(given)]:
            if isinstance(value, ast.Constant) and value.value in ("now", "today"):
                word = f"{ast.unparse(node.func)}({ast.unparse(value)})"
                yield code.number, node.lineno, _CLOCK_READ.format(word)


def _addresses(code: _Code) -> _Found:
    """A text that begins as an address, whatever it is called or joined to until something reads from it."""
    for node in ast.walk(code.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ADDRESS.match(node.value):
            yield code.number, node.lineno, f"has the address {node.value}; {_NOTHING_ELSE}"


def _defined_twice(path: Path, parsed: Sequence[_Code], defined: dict[str, Path]) -> _Found:
    """A function that a second notebook defines too; *defined* grows with each notebook."""
    for code in parsed:
        for name, line in _definitions(code.tree):
            first = defined.setdefault(name, path)
            if first != path:
                says = f"{name} is defined in {first.name} too; move it to the package, and import it in both"
                yield code.number, line, says


def _definitions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Functions and classes, and lambdas that have a name, each with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node.lineno
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda()):
                yield name, node.lineno


_OF_A_CELL: tuple[Callable[[_Code], _Found], ...] = (
    _too_long,
    _imports,
    _clock_and_exit,
    _moments,
    _addresses,
)


def main(arguments: Sequence[str]) -> int:
    """Print every fault of the notebooks in the folders *arguments*: 0 without one, 1 with, 2 without a notebook."""
    paths = sorted(path for folder in arguments for path in Path(folder).glob("[!.]*.ipynb"))
    if not paths:
        sys.stderr.write(f"no notebook in {' '.join(arguments) or 'no folder'}; type: make lint-notebooks\n")
        return 2
    faults = lint(paths)
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
