"""
What an expression of a source may be, as far as it matters for its environment.

A value carries, beside what it is, which variables it came from and what it would be if one of them were absent:
that is how `if not value: raise` makes a variable required, and `or "prod"` gives it a default.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

# One place where one variable is read: document, name, line.
Place = tuple[str, str, int]

_MOST_OPTIONS = 64


@dataclass(frozen=True)
class Options:
    """One of these constants; mostly one."""

    constants: tuple[object, ...]


@dataclass(frozen=True)
class Items:
    """A list, tuple or set whose elements are known."""

    elements: tuple[Value, ...]


@dataclass(frozen=True)
class Pairs:
    """A dict whose keys and values are known."""

    pairs: tuple[tuple[Value, Value], ...]


@dataclass(frozen=True)
class Environ:
    """`os.environ`, under whatever name; or a copy of it, which reads the same."""


@dataclass(frozen=True)
class Accessor:
    """A function of `os` or `os.environ` that reads: `getenv`, `get`, `pop`, `setdefault`, `__getitem__`."""

    method: str


@dataclass(frozen=True)
class Library:
    """An imported module that is not among the documents."""

    name: str


@dataclass(frozen=True)
class Module:
    """An imported module that is one of the documents."""

    scope: Scope


@dataclass(frozen=True)
class Routine:
    """
    A function, method or lambda.

    Args:
        node: Its definition.
        scope: Where it was defined.
        document: In which document.
        defaults: The values of its parameters' defaults, by name.
        bound: What its first parameter is, for a method.
    """

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    document: str
    defaults: Mapping[str, Value] = field(default_factory=dict)
    bound: Value | None = None


@dataclass(frozen=True)
class Class:
    """
    A class.

    Args:
        scope: Its names.
        bases: Those of its bases that are classes of the documents.
        is_settings: pydantic fills it from the environment, with the prefix and case that it inherits.
        prefix: Of its variables.
        case_sensitive: Its fields are variables as they are written, not in capitals.
        fields: Its annotated names and those of its bases, in their order: the arguments of a dataclass.
    """

    scope: Scope
    bases: tuple[Class, ...] = ()
    is_settings: bool = False
    prefix: str = ""
    case_sensitive: bool = False
    fields: tuple[str, ...] = ()

    def is_a(self, other: Class) -> bool:
        return other.scope in self.scopes()

    def scopes(self) -> set[Scope]:
        """Its own scope and those of its bases."""
        return {self.scope}.union(*(base.scopes() for base in self.bases))


@dataclass(frozen=True)
class Instance:
    """An object of a class, with what was assigned to its attributes; `self`, where no object is known."""

    of: Class
    attributes: Scope


@dataclass(frozen=True)
class Unknown:
    """Anything else; two are the same object when their marks are. *is_parameter*: the caller decides."""

    mark: object = None
    is_parameter: bool = False


What = Options | Items | Pairs | Environ | Accessor | Library | Module | Routine | Class | Instance | Unknown


@dataclass(frozen=True)
class Value:
    """
    What an expression may be.

    Args:
        what: Its kind and content.
        origins: The reads whose value it is.
        if_absent: What it is when the variable of a read is absent; a read that would raise is not here.
        given: Document and line of the call that gave it, for an argument: there it is read.
    """

    what: What
    origins: frozenset[Place] = frozenset()
    if_absent: Mapping[Place, object] = field(default_factory=dict)
    given: tuple[str, int] | None = None

    @property
    def constants(self) -> tuple[object, ...]:
        return self.what.constants if isinstance(self.what, Options) else ()

    @property
    def names(self) -> tuple[str, ...]:
        """The strings that it may be; none unless all that it may be are strings."""
        constants = self.constants
        return tuple(str(constant) for constant in constants) if all(isinstance(c, str) for c in constants) else ()

    @property
    def is_constant(self) -> bool:
        return len(self.constants) == 1

    @property
    def truth(self) -> bool | None:
        """Whether it counts as true, where that is certain whatever the environment."""
        if isinstance(self.what, Options):
            truths = {bool(constant) for constant in self.constants}
            return truths.pop() if len(truths) == 1 else None
        if isinstance(self.what, Items | Pairs):
            return bool(self.what.elements if isinstance(self.what, Items) else self.what.pairs)
        return None

    @property
    def decided(self) -> dict[Place, bool]:
        """As a condition: whether it is true when a variable is absent."""
        return {place: bool(value) for place, value in self.if_absent.items()}

    def elements(self) -> tuple[Value, ...] | None:
        """What iterating over it gives, or None where that is not known."""
        match self.what:
            case Items(elements):
                return elements
            case Pairs(pairs):
                return tuple(key for key, _ in pairs)
        return None


_TELLING = (Environ, Accessor, Library, Module, Routine, Class, Instance)

UNKNOWN = Value(Unknown())


def constant(*constants: object) -> Value:
    """A value that is one of *constants*."""
    return Value(Options(constants))


def joined(first: Value | None, second: Value | None) -> Value:
    """What a name is after two branches, of which one was taken."""
    if first is None or second is None:
        return first or second or UNKNOWN
    if first == second:
        return first
    what: What = Unknown()
    if isinstance(first.what, Options) and isinstance(second.what, Options):
        options = tuple(dict.fromkeys((*first.constants, *second.constants)))
        what = Options(options) if len(options) <= _MOST_OPTIONS else Unknown()
    else:  # `env or os.environ`: it may be the environment, so what is read from it is read
        telling = (one.what for one in (first, second) if isinstance(one.what, _TELLING))
        what = next(telling, what)
    common = {
        place: value
        for place, value in first.if_absent.items()
        if place in second.if_absent and second.if_absent[place] == value
    }
    return Value(what, first.origins | second.origins, common, first.given or second.given)


def value_if_absent(value: Value, place: Place) -> Mapping[Place, object]:
    """What *value* is when the variable of *place* is absent, as far as that can be told: one entry or none."""
    if place in value.if_absent:
        return {place: value.if_absent[place]}
    if value.is_constant:
        return {place: value.constants[0]}
    elements = value.elements()
    return {} if elements is None else {place: ("…",) * bool(elements)}


@dataclass
class Scope:
    """The names of a module, class or function, and the scope around it."""

    parent: Scope | None = None
    names: dict[str, Value] = field(default_factory=dict)
    is_class: bool = False

    def __eq__(self, other: object) -> bool:
        return self is other  # two scopes with the same names are still two

    __hash__ = object.__hash__

    def find(self, name: str) -> Value | None:
        """What *name* is here; a class's names are not seen by the functions in it."""
        for scope in self._outward():
            if name in scope.names:
                return scope.names[name]
        return None

    def _outward(self) -> Iterator[Scope]:
        scope: Scope | None = self
        while scope is not None:
            if scope is self or not scope.is_class:
                yield scope
            scope = scope.parent

    @property
    def outermost(self) -> Scope:
        return self if self.parent is None else self.parent.outermost


def given_at(value: Value, document: str, line: int) -> Value:
    """*value* as an argument: it is read where the outermost caller wrote it down."""
    if value.given is not None:
        return value
    what = value.what
    if isinstance(what, Items):
        what = Items(tuple(given_at(element, document, line) for element in what.elements))
    return replace(value, what=what, given=(document, line))
