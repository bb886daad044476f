"""
Lambda sources: which environment variables they need, read from the source as text; nothing of it is run.

How a source is read: `program` knows which document imports which; the interpreter follows each of them over the
`values` that can be told from the source alone (`reads`, `expressions`, `functions`, `calls`, `names`, `statements`,
`routines`, each on top of the one before; `settings` for pydantic); `redaction` says what may be shown of a default.
"""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections.abc import Iterable

from quarterdeck.redaction import REDACTED, shown_default
from quarterdeck.sources.lambdas.program import Program, Read
from quarterdeck.sources.lambdas.reads import Frame, TooLong
from quarterdeck.sources.lambdas.routines import Interpreter
from quarterdeck.sources.lambdas.values import Place, Scope
from quarterdeck.sources.reading import Document, Finding, Reading, table_of

__all__ = ["LAMBDA_PATTERNS", "LAMBDA_TABLES", "REDACTED", "read_lambdas"]

LAMBDA_PATTERNS = ("**/*.py",)
LAMBDA_TABLES = ("functions", "variables")

# Python's own words and lines change with its version, and the id of a snapshot must not.
_NOT_PYTHON = "it does not parse as Python"


def read_lambdas(documents: Iterable[Document]) -> Reading:
    """
    Read the environment variables that Python sources use.

    Args:
        documents: Python files, in any order; one that does not parse is a finding and stops no other.

    Returns:
        `functions`, one row a file, with its number of lines and why it does not parse; and `variables`, one row for
        each variable and line that reads it, where `is_required` says that its absence raises there. A default that
        looks like a secret is shown as `REDACTED`. Findings name document and, where it parses, line.

    Source:
        `lambdas/**/*.py`.
    """
    functions: list[dict[str, object]] = []
    findings: list[Finding] = []
    hashes: dict[str, str] = {}
    trees: dict[str, ast.Module] = {}
    for document in sorted(documents, key=lambda document: document.name):
        hashes[document.name] = hashlib.sha256(document.content).hexdigest()
        try:
            trees[document.name], error = _parsed(document.content), None
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # which of them: by the version of Python
            error = _NOT_PYTHON
            message = f"{error}, so its variables are not known: python -m py_compile says where"
            findings.append(Finding("lambdas", "error", message, document.name))
        lines = len(document.content.splitlines())
        functions.append({"function": document.name, "lines": lines, "parse_error": error})
    program = Program(trees, _follow)
    program.run()
    variables = [_row(place, read) for place, read in sorted(program.reads.items())]
    tables = {"functions": table_of("functions", functions), "variables": table_of("variables", variables)}
    return Reading(tables, [*findings, *program.findings], hashes)


def _parsed(content: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "invalid escape sequence" and the like are the author's affair
        return ast.parse(content)


def _follow(program: Program, document: str, scope: Scope) -> None:
    try:
        Interpreter(program, Frame(scope, document), document).follow(program.trees[document].body)
    except (TooLong, RecursionError):
        program.note(document, 1, "is too long or too deep to be followed to its end: variables may be missing")


def _row(place: Place, read: Read) -> dict[str, object]:
    document, name, line = place
    default = None if read.default is None or (read.is_required and not read.default) else str(read.default)
    shown, is_secret = shown_default(name, default, is_secret=read.is_secret_type)
    return {
        "function": document,
        "name": _plain(name),
        "is_required": read.is_required,
        "default": None if shown is None else _plain(shown),
        "is_secret": is_secret,
        "document": document,
        "line": line,
    }


def _plain(text: str) -> str:
    """*text* without the lone surrogates that a Python literal may hold and UTF-8 may not."""
    return text.encode("utf-8", "replace").decode("utf-8")
