"""All sources of a folder as one program: which module imports which, and what was found to be read where."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from quarterdeck.sources.lambdas.values import Place, Scope
from quarterdeck.sources.reading import Finding


@dataclass
class Read:
    """One place where a variable is read: whether its absence raises there, and what stands in for it."""

    is_required: bool = False
    default: object = None
    is_secret_type: bool = False


@dataclass
class Program:
    """
    What is known of all documents while they are followed.

    Args:
        trees: Document name to its syntax tree; documents that do not parse are not here.
        follow: Follows one document; called once for each, importers wait for what they import.
    """

    trees: Mapping[str, ast.Module]
    follow: Callable[[Program, str, Scope], None]
    reads: dict[Place, Read] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    called: set[object] = field(default_factory=set)
    undecided: dict[object, set[tuple[str, int]]] = field(default_factory=dict)
    _scopes: dict[str, Scope] = field(default_factory=dict)

    def run(self) -> None:
        """Follow all documents."""
        for document in self.trees:
            self.scope_of(document)
        for routine, places in self.undecided.items():
            if routine not in self.called:  # else each call said which name it is, or is a finding itself
                for document, line in places:
                    self.note(document, line, "reads a variable whose name its callers give, and no call of it is here")

    def scope_of(self, document: str) -> Scope:
        """The names of a document's module; half-filled while it is being followed, as in a circular import."""
        if document not in self._scopes:
            self._scopes[document] = Scope()
            self.follow(self, document, self._scopes[document])
        return self._scopes[document]

    def note(self, document: str, line: int, message: str) -> None:
        finding = Finding("lambdas", "info", message, document, line)
        if finding not in self.findings:
            self.findings.append(finding)

    def read_at(self, place: Place) -> Read:
        return self.reads.setdefault(place, Read())

    def module_of(self, importer: str, dotted: str, level: int = 0) -> str | None:
        """
        The document that *importer* means by `import dotted`, or None where it is not among the documents.

        A module is looked for beside the importer, in the folders above it, and in a Lambda layer's `python/`.
        """
        folder = PurePosixPath(importer).parent
        for _ in range(level - 1):
            folder = folder.parent
        folders = [folder] if level else [folder, *folder.parents]
        tail = dotted.replace(".", "/")
        for root in folders:
            for name in (f"{tail}.py", f"{tail}/__init__.py" if tail else "__init__.py"):
                candidate = (root / name).as_posix()
                if candidate in self.trees and candidate != importer:
                    return candidate
        if level:
            return None
        in_layers = [
            name for name in self.trees if name.endswith((f"/python/{tail}.py", f"/python/{tail}/__init__.py"))
        ]
        return in_layers[0] if len(in_layers) == 1 else None
