"""What names are bound to: assignments and imports, and writes to the environment."""

from __future__ import annotations

import ast

from quarterdeck.sources.lambdas.calls import Calls
from quarterdeck.sources.lambdas.values import (
    UNKNOWN,
    Accessor,
    Environ,
    Instance,
    Items,
    Module,
    Pairs,
    Unknown,
    Value,
)


class Names(Calls):
    """Assignments, imports, deletions."""

    def bind(self, target: ast.expr, value: Value) -> None:
        """Give *target* of an assignment, loop or `with` its value."""
        match target:
            case ast.Name():
                scope = self.frame.scope
                (scope.outermost if target.id in self.frame.outer_names else scope).names[target.id] = value
            case ast.Tuple() | ast.List():
                elements = value.elements()
                fits = elements is not None and len(elements) == len(target.elts)
                is_starred = any(isinstance(element, ast.Starred) for element in target.elts)
                for place, element in enumerate(target.elts):
                    known = elements[place] if elements is not None and fits and not is_starred else None
                    self.bind(element, known or self.one_of(value, target))
            case ast.Starred():
                self.bind(target.value, Value(Unknown(target)))
            case ast.Attribute():
                base = self.value(target.value)
                if isinstance(base.what, Instance):
                    base.what.attributes.names[target.attr] = value
            case ast.Subscript():
                self._store(target, value)

    def _store(self, target: ast.Subscript, value: Value) -> None:
        base, index = self.value(target.value), self.value(target.slice)
        if isinstance(base.what, Environ):
            self._written(index, value)
        elif isinstance(target.value, ast.Name) and isinstance(base.what, Pairs) and len(base.what.pairs) < 200:
            self.bind(target.value, Value(Pairs((*base.what.pairs, (index, value)))))
        elif isinstance(target.value, ast.Name) and isinstance(base.what, Items | Pairs):
            self.bind(target.value, Value(Unknown(target)))

    def _written(self, names: Value, value: Value) -> None:
        """A variable that is written is there from then on; written where it was absent, it has a default."""
        for name in names.names:
            self.frame.present |= {name}
            self.frame.filled.add(name)
            if value.is_constant:
                self.default([place for place in self.frame.absent if place[1] == name], value.constants[0])

    def _on_assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.bind(target, value)

    def _on_annassign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.bind(node.target, self.value(node.value))

    def _on_augassign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            here = ast.copy_location(ast.Name(node.target.id, ast.Load()), node)
            self.bind(node.target, self.value(ast.copy_location(ast.BinOp(here, node.op, node.value), node)))
            return
        value = self.value(node.value)
        if isinstance(node.target, ast.Subscript):
            base = self.value(node.target.value)
            if isinstance(base.what, Environ):
                self.read("__getitem__", self.value(node.target.slice), None, node.target)
            self._store(node.target, Value(Unknown(node), value.origins))
        else:
            self.bind(node.target, Value(Unknown(node)))

    def _on_delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.frame.scope.names.pop(target.id, None)
            else:
                self._other(target)

    def _on_global(self, node: ast.Global) -> None:
        self.frame.outer_names |= set(node.names)

    def _on_import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.name if alias.asname else alias.name.partition(".")[0]
            self.frame.scope.names[alias.asname or name] = self.library(name)

    def _on_importfrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        document = self.program.module_of(self.frame.document, module, node.level)
        names = self.frame.scope.names
        for alias in node.names:
            if alias.name == "*":
                names |= {"environ": Value(Environ()), "getenv": Value(Accessor("getenv"))} if module == "os" else {}
                names |= self.program.scope_of(document).names if document else {}
                continue
            found = self.program.scope_of(document).names.get(alias.name) if document else None
            names[alias.asname or alias.name] = found or self._imported(f"{module}.{alias.name}".strip("."), node.level)

    def _imported(self, dotted: str, level: int) -> Value:
        """A name of a module that is not among the documents, or a document in a package."""
        if level == 0:
            return self.library(dotted)
        document = self.program.module_of(self.frame.document, dotted, level)
        return Value(Module(self.program.scope_of(document))) if document else UNKNOWN
