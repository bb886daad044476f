"""What attributes, subscripts, calls and comprehensions are: where most variables are read."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from quarterdeck.sources.lambdas.expressions import Expressions
from quarterdeck.sources.lambdas.functions import builtin, method_of
from quarterdeck.sources.lambdas.values import (
    UNKNOWN,
    Accessor,
    Class,
    Environ,
    Instance,
    Items,
    Library,
    Module,
    Options,
    Pairs,
    Place,
    Routine,
    Scope,
    Unknown,
    Value,
)

_READERS = ("get", "pop", "setdefault", "__getitem__")
_MOST_ELEMENTS = 200
_NONE_HAS = frozenset(dir(None))


class Calls(Expressions):
    """Attributes, subscripts, comprehensions, and calls of what is not a function of these documents."""

    # -- attributes and subscripts

    def _on_attribute(self, node: ast.Attribute) -> Value:
        return self.attribute(self.value(node.value), node.attr, node)

    def attribute(self, base: Value, name: str, node: ast.expr) -> Value:
        """What `base.name` is."""
        match base.what:
            case Library(library):
                return self.library(f"{library}.{name}")
            case Environ() if name in _READERS:
                return Value(Accessor(name))
            case Module(scope):
                return scope.names.get(name, Value(Unknown(node)))
            case Class() | Instance():
                return self._member(base, name) or _given_by_makers(base, node)
            case Options() if name in ("value", "name") and not base.if_absent:
                return base  # an Enum's member, by its value
        if name not in _NONE_HAS:
            self.raises_if_none(base)
        return Value(Unknown(node))

    def library(self, dotted: str) -> Value:
        """What an imported name is: the environment, a document's module, or nothing that matters."""
        match dotted:
            case "os.environ":
                return Value(Environ())
            case "os.getenv":
                return Value(Accessor("getenv"))
        document = self.program.module_of(self.frame.document, dotted)
        if document is not None:
            return Value(Module(self.program.scope_of(document)))
        return Value(Library(dotted))

    def _member(self, base: Value, name: str) -> Value | None:
        if isinstance(base.what, Instance) and name in base.what.attributes.names:
            return base.what.attributes.names[name]
        of = base.what.of if isinstance(base.what, Instance) else base.what
        found = _in_class(of, name) if isinstance(of, Class) else None
        if found is None or not isinstance(found.what, Routine):
            return found
        kinds = decorators(found.what.node)
        if "staticmethod" in kinds or (isinstance(base.what, Class) and "classmethod" not in kinds):
            return found
        return replace(found, what=replace(found.what, bound=base))

    def _on_subscript(self, node: ast.Subscript) -> Value:
        base, index = self.value(node.value), self.value(node.slice)
        match base.what:
            case Environ():
                return self.read("__getitem__", index, None, node)
            case Pairs(pairs):
                found = [value for key, value in pairs if key.constants == index.constants and key.is_constant]
                return found[-1] if found else Value(Unknown(node))
            case Items(elements) if index.is_constant and isinstance(index.constants[0], int):
                place = index.constants[0]
                return elements[place] if -len(elements) <= place < len(elements) else Value(Unknown(node))
        self.raises_if_none(base)
        return self.made_of(node, [base], None)

    # -- the environment as a whole

    def compared_with_environ(self, node: ast.expr, names: Value, *, is_subset: bool) -> Value:
        """`set(NAMES) <= set(os.environ)` is false when one is absent, `set(NAMES) - set(os.environ)` not empty."""
        absent: dict[Place, object] = {}
        for name in names.elements() or ():
            absent |= self.asked(name, node, if_absent=False if is_subset else ("…",)).if_absent
        return Value(Unknown(node), if_absent=absent)

    def forget(self, function: ast.expr) -> None:
        """What is known of `name` is over after `name.sort()` and the like."""
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            self.bind(function.value, Value(Unknown(function)))

    # -- comprehensions

    def _on_listcomp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value:
        elements, is_known, absent = self._comprehended(node.generators, lambda: self.value(node.elt))
        if not is_known:
            return Value(Unknown(node), if_absent=absent)
        return Value(Items(tuple(elements)), if_absent=absent)

    _on_setcomp = _on_generatorexp = _on_listcomp

    def _on_dictcomp(self, node: ast.DictComp) -> Value:
        pairs, is_known, _ = self._comprehended(
            node.generators, lambda: Value(Items((self.value(node.key), self.value(node.value))))
        )
        if not is_known:
            return Value(Unknown(node))
        return Value(Pairs(tuple(_two(pair) for pair in pairs)))

    def _comprehended(
        self, generators: Sequence[ast.comprehension], make: Callable[[], Value]
    ) -> tuple[list[Value], bool, dict[Place, object]]:
        """
        The elements of a comprehension, one for each turn.

        Returns:
            The elements; whether they are all, whatever the environment; and for each variable whose absence
            lets an element in, that it is not empty then.
        """
        made: list[Value] = []
        is_known = True
        absent: dict[Place, object] = {}

        def turn(depth: int) -> None:
            nonlocal is_known
            if depth == len(generators):
                made.append(make())
                return
            generator = generators[depth]
            iterable = self.value(generator.iter) if depth else first
            elements = self.turns(iterable)
            is_known = is_known and elements is not None
            for element in (self.one_of(iterable, generator.iter),) if elements is None else elements:
                self.bind(generator.target, element)
                conditions(depth, generator.ifs)

        def conditions(depth: int, tests: Sequence[ast.expr]) -> None:
            nonlocal is_known
            if not tests:
                turn(depth + 1)
                return
            test = self.value(tests[0])
            is_known = is_known and test.truth is True
            absent.update({place: ("…",) for place, truth in test.decided.items() if truth})
            with self.branch(test.decided, taken=True, is_certain=test.truth is True):
                conditions(depth, tests[1:])

        first = self.value(generators[0].iter)  # the only part that sees the names of a class around it
        outer, self.frame.scope = self.frame.scope, Scope(self.frame.scope)
        try:
            turn(0)
        finally:
            self.frame.scope = outer
        return made, is_known, absent

    def turns(self, iterable: Value) -> tuple[Value, ...] | None:
        """The values that a loop over *iterable* takes one by one; None where they are not known, or too many."""
        elements = iterable.elements()
        if elements is None or len(elements) > _MOST_ELEMENTS:
            return None
        return tuple(replace(element, given=element.given or iterable.given) for element in elements)

    def one_of(self, iterable: Value, node: ast.AST) -> Value:
        """Some element of an *iterable* that is not known: the caller's affair, where that is an argument."""
        return self.made_of(node, [iterable], None)

    # -- calls

    def _on_call(self, node: ast.Call) -> Value:
        base = None
        if isinstance(node.func, ast.Attribute):
            base = self.value(node.func.value)
            own = method_of(self, node, base, node.func.attr)
            if own is not None:
                return own
            callee = self.attribute(base, node.func.attr, node.func)
        else:
            callee = self.value(node.func)
        match callee.what:
            case Accessor(method):
                return self._access(node, method)
            case Routine():
                return self.call(callee.what, node)
            case Class():
                return self.create(callee.what, node)
        arguments = self.arguments(node)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if isinstance(callee.what, Library):
            name = callee.what.name.rpartition(".")[2]
        made = builtin(self, name, node, arguments)
        # `names.split(",")` of a parameter is the caller's affair, too
        return made or (self.one_of(base, node) if base is not None else Value(Unknown(node)))

    def arguments(self, node: ast.Call) -> list[Value]:
        """The values of a call's arguments; those by keyword are only looked into."""
        values: list[Value] = []
        for argument in node.args:
            value = self.value(argument)
            inner = value.elements() if isinstance(argument, ast.Starred) else None
            values += [value] if inner is None else inner
        for keyword in node.keywords:
            self.value(keyword.value)
        return values

    def _access(self, node: ast.Call, method: str) -> Value:
        """`os.getenv(name, default)` and the methods of `os.environ`, by place or by keyword."""
        arguments = self.arguments(node)
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        name = arguments[0] if arguments else self.value(named.get("key"))
        default = arguments[1] if len(arguments) > 1 else self.value(named["default"]) if "default" in named else None
        if not arguments and "key" not in named:
            return Value(Unknown(node))
        return self.read(method, name, default, node)

    # -- what `routines.Interpreter` adds

    @abstractmethod
    def call(self, routine: Routine, node: ast.Call) -> Value:
        """Follow a call."""

    @abstractmethod
    def enter(self, routine: Routine, arguments: Sequence[Value], named: Mapping[str, Value], node: ast.expr) -> Value:
        """Follow a function with these arguments."""

    @abstractmethod
    def create(self, of: Class, node: ast.Call) -> Value:
        """Make an object."""


def _given_by_makers(base: Value, node: ast.expr) -> Value:
    """An attribute that is not known: of an object, those who make one give it, as callers give a parameter."""
    is_object = isinstance(base.what, Instance)
    return Value(Unknown(base.what.of.scope if isinstance(base.what, Instance) else node, is_parameter=is_object))


def _in_class(of: Class, name: str) -> Value | None:
    if name in of.scope.names:
        return of.scope.names[name]
    return next((found for base in of.bases if (found := _in_class(base, name)) is not None), None)


def decorators(node: ast.AST) -> set[str]:
    """The plain names that decorate a function, such as `staticmethod`."""
    names = getattr(node, "decorator_list", [])
    return {name.id for name in names if isinstance(name, ast.Name)}


def _two(pair: Value) -> tuple[Value, Value]:
    key, value = pair.elements() or (UNKNOWN, UNKNOWN)
    return key, value
