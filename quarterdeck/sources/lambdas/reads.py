"""Where variables are read, and what follows from their absence: the ground of the interpreter."""

from __future__ import annotations

import ast
from abc import ABC
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from quarterdeck.sources.lambdas.program import Program
from quarterdeck.sources.lambdas.values import UNKNOWN, Instance, Place, Routine, Scope, Unknown, Value

_MOST_STEPS = 200_000


class TooLong(Exception):
    """A source takes more steps to follow than any that people write."""


@dataclass
class Frame:
    """
    Where the interpreter stands.

    Args:
        scope: Its names.
        document: Whose code it is.
        present: Variables that are known to be there.
        absent: Reads whose variable is absent whenever this line is reached, and whose absence leads here.
        catching: For each `try` around it that catches a KeyError, the reads that raised inside.
        is_call: The parameters hold a call's arguments, so conditions on them are decided.
        returns: What was returned, and under which absence.
        pending: Functions defined here, to be followed on their own.
        outer_names: Names that `global` and `nonlocal` put into the module.
        filled: Variables that were written where they were absent.
    """

    scope: Scope
    document: str
    present: frozenset[str] = frozenset()
    absent: frozenset[Place] = frozenset()
    catching: list[list[Place]] = field(default_factory=list)
    is_call: bool = False
    returns: list[tuple[Value, frozenset[Place]]] = field(default_factory=list)
    pending: list[Routine] = field(default_factory=list)
    outer_names: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)


@dataclass
class Reads(ABC):
    """
    Notes reads, and keeps track of what is known to be present or absent.

    Args:
        program: Where reads are noted.
        frame: Where the interpreter stands; a call may lead it into another document.
        document: The one that is followed.
        steps: How many expressions and statements were looked at.
        made: Objects of the document's own classes.
    """

    program: Program
    frame: Frame
    document: str
    steps: int = 0
    made: list[Instance] = field(default_factory=list)

    def value(self, node: ast.expr | None) -> Value:
        """
        What *node* is; reads in it are noted on the way.

        Raises:
            TooLong: The source takes too many steps.
        """
        if node is None:
            return UNKNOWN
        self.step()
        handler: Callable[[ast.AST], Value] = getattr(self, f"_on_{type(node).__name__.lower()}", self._other)
        return handler(node)

    def step(self) -> None:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise TooLong

    def _other(self, node: ast.AST) -> Value:
        """Any other kind of expression: what it is does not matter, what is read in it does."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child)
            else:
                self._other(child)
        return Value(Unknown(node))

    def read(self, method: str, name: Value, default: Value | None, node: ast.expr) -> Value:
        """
        Note that the variable *name* is read by *method* of the environment.

        A name that is an argument is read where the call gave it, so that each caller of a helper has its own row.
        """
        if not name.names:
            self._nameless(name, node)
            return Value(Unknown(node))
        document, line = name.given or (self.frame.document, node.lineno)
        places = [(document, variable, line) for variable in name.names]
        if_absent: dict[Place, object] = {}
        for place in places:
            self.program.read_at(place)
            if place[1] in self.frame.present:
                continue
            if method == "__getitem__" or (method == "pop" and default is None):
                self.raises((place,))
            elif default is None:
                if_absent[place] = None
            elif default.is_constant:
                if_absent[place] = default.constants[0]
        if default is not None and default.is_constant:
            self.default(places, default.constants[0])
        return Value(Unknown(node), frozenset(places), if_absent)

    def asked(self, name: Value, node: ast.expr, *, if_absent: object) -> Value:
        """Note that it is asked whether *name* is there: a read that needs nothing; *if_absent* is the answer then."""
        if not name.names:
            self._nameless(name, node)
            return Value(Unknown(node))
        document, line = name.given or (self.frame.document, node.lineno)
        places = [(document, variable, line) for variable in name.names]
        for place in places:
            self.program.read_at(place)
        known = [place for place in places if place[1] not in self.frame.present]
        return Value(Unknown(node), if_absent=dict.fromkeys(known, if_absent))

    def _nameless(self, name: Value, node: ast.expr) -> None:
        document, line = name.given or (self.frame.document, node.lineno)
        if isinstance(name.what, Unknown) and name.what.is_parameter:
            self.program.undecided.setdefault(name.what.mark, set()).add((document, line))
        else:
            self.program.note(document, line, "reads a variable whose name is known only when it runs")

    def default(self, places: Iterable[Place], constant: object) -> None:
        """Note what stands in for an absent variable; None stands in for nothing."""
        for place in places:
            if constant is not None:
                self.program.read_at(place).default = constant

    def raises(self, places: Iterable[Place]) -> None:
        """Note that the absence of a variable raises here: it is required, unless a `try` around this line mends it."""
        for place in places:
            if self.frame.catching:
                self.frame.catching[-1].append(place)
            else:
                self.program.read_at(place).is_required = True

    def raises_if_none(self, value: Value) -> None:
        """Note that *value* is used in a way that None does not allow."""
        self.raises([place for place, alone in value.if_absent.items() if alone is None])

    @contextmanager
    def branch(self, decided: Mapping[Place, bool], *, taken: bool, is_certain: bool) -> Iterator[None]:
        """
        Stand in the branch that is *taken* where a condition is true, or false.

        Args:
            decided: What the condition is when a variable is absent.
            taken: Which branch.
            is_certain: The condition is decided whatever the environment, so all that was known before still is.
        """
        frame, before = self.frame, (self.frame.present, self.frame.absent)
        leads_here = frozenset(place for place, truth in decided.items() if truth is taken)
        frame.present |= {place[1] for place, truth in decided.items() if truth is not taken}
        frame.absent = leads_here | (frame.absent if is_certain else frozenset())
        try:
            yield
        finally:
            frame.present, frame.absent = before
