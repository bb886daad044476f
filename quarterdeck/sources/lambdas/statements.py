"""What becomes of a block: branches, loops, `try`, and the ways in which they end."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal

from quarterdeck.sources.lambdas.names import Names
from quarterdeck.sources.lambdas.values import (
    Place,
    Unknown,
    Value,
    constant,
    joined,
    value_if_absent,
)

# How a block ends before its end: by an error, or by return, break, continue.
Exit = Literal["raises", "leaves"] | None

_EXITS = ("sys.exit", "exit", "quit", "os._exit", "SystemExit")
_KEY_ERRORS = frozenset(("KeyError", "LookupError", "Exception", "BaseException"))


class Statements(Names):
    """Follows blocks of statements."""

    _last_call: Exit = None

    def block(self, statements: Sequence[ast.stmt]) -> Exit:
        """Follow a block; what is known to be present or absent in it ends with it."""
        before = self.frame.present, self.frame.absent
        ended = self._each(statements)
        self.frame.present, self.frame.absent = before
        return ended

    def _each(self, statements: Sequence[ast.stmt]) -> Exit:
        ended: Exit = None
        for statement in statements:
            self.step()
            handler: Callable[[ast.stmt], Exit] = getattr(self, f"_on_{type(statement).__name__.lower()}", self._simple)
            ended = handler(statement) or ended
            if ended and self.frame.is_call:
                break  # what no call reaches is read where the function is followed on its own
        return ended

    def _simple(self, node: ast.stmt) -> None:
        """Any other statement: what is read in it matters."""
        self._other(node)

    def _on_if(self, node: ast.If) -> Exit:
        test = self.value(node.test)
        truth = test.truth if self.frame.is_call else None
        before = dict(self.frame.scope.names)
        with self.branch(test.decided, taken=True, is_certain=truth is True):
            body = self.block(node.body) if truth is not False else None
        after_body, self.frame.scope.names = self.frame.scope.names, before
        with self.branch(test.decided, taken=False, is_certain=truth is False):
            orelse = self.block(node.orelse) if truth is not True else None
        if truth is not None:
            if truth:
                self.frame.scope.names = after_body
            return body if truth else orelse
        self._joined_names(after_body, body, orelse, test.decided)
        for place, leads_to_body in test.decided.items():
            if_absent, if_present = (body, orelse) if leads_to_body else (orelse, body)
            if if_absent == "leaves" or place[1] in self.frame.filled:
                self.frame.present |= {place[1]}
            if if_present:
                self.frame.absent |= {place}
        return body and orelse

    def _joined_names(
        self, body: dict[str, Value], body_exit: Exit, else_exit: Exit, decided: Mapping[Place, bool]
    ) -> None:
        """The names after a condition: of the branch that goes on, or of both."""
        orelse = self.frame.scope.names
        if body_exit:
            return
        if else_exit:
            self.frame.scope.names = body
            return
        for name in {**body, **orelse}:
            first, second = body.get(name), orelse.get(name)
            if first is not second:
                orelse[name] = self._met(first, second, decided)

    def _met(self, body: Value | None, orelse: Value | None, decided: Mapping[Place, bool]) -> Value:
        """What a name is after two branches: with what each absence makes of it, which may be its default."""
        alone: dict[Place, object] = {}
        for place, leads_to_body in decided.items():
            taken, other = (body, orelse) if leads_to_body else (orelse, body)
            if taken is None:
                continue
            alone |= value_if_absent(taken, place)
            same = [origin for origin in other.origins if origin[:2] == place[:2]] if other else []
            if taken.is_constant and same:
                self.default((place, *same), taken.constants[0])
        met = joined(body, orelse)
        return replace(met, if_absent={**met.if_absent, **alone})

    def _on_while(self, node: ast.While) -> None:
        test = self.value(node.test)
        with self.branch(test.decided, taken=True, is_certain=False):
            self.block(node.body)
        self.block(node.orelse)

    def _on_for(self, node: ast.For | ast.AsyncFor) -> None:
        iterable = self.value(node.iter)
        elements = self.turns(iterable)
        for element in elements or ():
            self.bind(node.target, element)
            self.block(node.body)
        if elements is None:
            with self.branch({}, taken=True, is_certain=False):
                self.bind(node.target, self.one_of(iterable, node.iter))
                self.block(node.body)
        self.block(node.orelse)

    _on_asyncfor = _on_for

    @contextmanager
    def _catching(self, *, is_on: bool) -> Iterator[list[Place]]:
        """Collect what raises inside, where a KeyError is caught."""
        raised: list[Place] = []
        if is_on:
            self.frame.catching.append(raised)
        try:
            yield raised
        finally:
            if is_on:
                self.frame.catching.pop()

    def _on_with(self, node: ast.With | ast.AsyncWith) -> Exit:
        suppresses = False
        for item in node.items:
            value = self.value(item.context_expr)
            call = item.context_expr
            if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "suppress":
                suppresses = suppresses or any(_is_key_error(argument) for argument in call.args)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, Value(Unknown(value)))
        with self._catching(is_on=suppresses):
            ended = self.block(node.body)
        return None if suppresses else ended

    _on_asyncwith = _on_with

    def _on_try(self, node: ast.Try) -> Exit:
        with self._catching(is_on=any(_catches(handler) for handler in node.handlers)) as raised:
            ended = self.block(node.body)
        ended = self.block(node.orelse) or ended
        all_end = bool(ended)
        after = self.frame.scope.names
        for handler in node.handlers:
            decided = dict.fromkeys(raised, True) if _catches(handler) else {}
            self.frame.scope.names = dict(after)
            with self.branch(decided, taken=True, is_certain=False):
                handled = self._handler(handler)
            if handled == "leaves":
                self.frame.present |= {place[1] for place in decided}
            if handled is None and not ended:
                mended = self.frame.scope.names
                after = {name: self._met(mended.get(name), after.get(name), decided) for name in {**mended, **after}}
            elif handled is None:
                after = self.frame.scope.names
            all_end = all_end and bool(handled)
        self.frame.scope.names = after
        return self.block(node.finalbody) or (ended if all_end else None)

    _on_trystar = _on_try

    def _handler(self, handler: ast.ExceptHandler) -> Exit:
        self.value(handler.type)
        if handler.name:
            self.frame.scope.names[handler.name] = Value(Unknown(handler))
        return self.block(handler.body)

    def _on_match(self, node: ast.Match) -> None:
        self.value(node.subject)
        before = dict(self.frame.scope.names)
        for case in node.cases:
            names = self.frame.scope.names
            self.frame.scope.names = dict(before)
            for part in ast.walk(case.pattern):
                name = (
                    getattr(part, "rest", None) if isinstance(part, ast.MatchMapping) else getattr(part, "name", None)
                )
                if isinstance(name, str):
                    self.frame.scope.names[name] = Value(Unknown(part))
            with self.branch({}, taken=True, is_certain=False):
                self.value(case.guard)
                ended = self.block(case.body)
            if ended:
                self.frame.scope.names = names
            else:
                here = self.frame.scope.names
                self.frame.scope.names = {name: joined(names.get(name), here.get(name)) for name in {**names, **here}}

    # -- the ends of a block

    def _on_return(self, node: ast.Return) -> Exit:
        value = constant(None) if node.value is None else self.value(node.value)
        self.frame.returns.append((value, self.frame.absent))
        return "leaves"

    def _on_raise(self, node: ast.Raise) -> Exit:
        self._other(node)
        self.raises(self.frame.absent)
        return "raises"

    def _on_assert(self, node: ast.Assert) -> None:
        test = self.value(node.test)
        self.raises([place for place, truth in test.decided.items() if not truth])
        self.value(node.msg)

    def _on_continue(self, _node: ast.Continue | ast.Break) -> Exit:
        return "leaves"

    _on_break = _on_continue

    def _on_expr(self, node: ast.Expr) -> Exit:
        self._last_call = None
        self.value(node.value)
        if isinstance(node.value, ast.Call) and ast.unparse(node.value.func) in _EXITS:
            self.raises(self.frame.absent)
            return "raises"
        return "raises" if isinstance(node.value, ast.Call) and self._last_call == "raises" else None


def _catches(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or _is_key_error(handler.type)


def _is_key_error(node: ast.expr) -> bool:
    """Whether an `except` of *node* catches what `os.environ[name]` raises."""
    if isinstance(node, ast.Tuple):
        return any(_is_key_error(element) for element in node.elts)
    return ast.unparse(node).rpartition(".")[2] in _KEY_ERRORS
