"""
Functions and classes: followed on their own, and from each call.

A helper that wraps a read is followed from each call, with the call's arguments, so that each caller has its own
row; every function is also followed on its own, for what it reads whatever its arguments are.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from quarterdeck.sources.lambdas.calls import decorators
from quarterdeck.sources.lambdas.reads import Frame
from quarterdeck.sources.lambdas.settings import read_settings
from quarterdeck.sources.lambdas.statements import Statements
from quarterdeck.sources.lambdas.values import (
    Class,
    Instance,
    Items,
    Pairs,
    Place,
    Routine,
    Scope,
    Unknown,
    Value,
    constant,
    given_at,
    joined,
)

_DEEPEST_CALL = 12
_MOST_OBJECTS = 100
_MOST_STEPS_IN_CALLS = 50_000  # each function is still followed on its own


class Interpreter(Statements):
    """Follows a module, its functions, and calls between them."""

    _entered: tuple[ast.AST, ...] = ()

    def follow(self, body: Sequence[ast.stmt]) -> None:
        """Follow *body*, then the functions that it defines, each on its own."""
        self.block(body)
        self._follow_pending()

    def _follow_pending(self) -> None:
        pending, self.frame.pending = self.frame.pending, []
        for routine in pending:
            self._alone(routine)

    def _on_functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.value(decorator)
        self.frame.scope.names[node.name] = Value(self.routine(node))

    _on_asyncfunctiondef = _on_functiondef

    def routine(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Routine:
        """The function that *node* defines here; it is followed on its own when the block around it ends."""
        arguments = node.args
        by_place = [*arguments.posonlyargs, *arguments.args]
        defaults = dict(
            zip(reversed([one.arg for one in by_place]), map(self.value, reversed(arguments.defaults)), strict=False)
        )
        for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if default is not None:
                defaults[one.arg] = self.value(default)
        routine = Routine(node, self.frame.scope, self.frame.document, defaults)
        self.frame.pending.append(routine)
        return routine

    def _on_classdef(self, node: ast.ClassDef) -> None:
        bases = tuple(self.value(base) for base in node.bases)
        scope = Scope(self.frame.scope, is_class=True)
        first = len(self.frame.pending)
        outer, self.frame.scope = self.frame.scope, scope
        try:
            self.block(node.body)
        finally:
            self.frame.scope = outer
        of = read_settings(self, node, bases, scope)
        outer.names[node.name] = Value(of)
        some = Value(Instance(of, Scope()))  # one `self` for all methods, so that they see what `__init__` assigns
        for place, routine in enumerate(self.frame.pending[first:], first):
            if routine.scope is scope and not isinstance(routine.node, ast.Lambda):
                kinds = decorators(routine.node)
                own = None if "staticmethod" in kinds else Value(of) if "classmethod" in kinds else some
                self.frame.pending[place] = replace(routine, bound=own)

    def _alone(self, routine: Routine) -> None:
        """Follow a function for what it reads whatever its arguments are; a method, for each object that was made."""
        self._follow_alone(routine)
        if routine.bound is None or not isinstance(routine.bound.what, Instance):
            return
        if getattr(routine.node, "name", "") != "__init__":
            of = routine.bound.what.of
            for made in self.made.copy():
                if made.of.is_a(of) and self.steps <= _MOST_STEPS_IN_CALLS:
                    self._follow_alone(replace(routine, bound=Value(made)))

    def _follow_alone(self, routine: Routine) -> None:
        names = {one.arg: Value(Unknown(routine.node, is_parameter=True)) for one in _parameters(routine.node.args)}
        names |= routine.defaults
        by_place = [*routine.node.args.posonlyargs, *routine.node.args.args]
        if routine.bound is not None and by_place:
            names[by_place[0].arg] = routine.bound
        outer, self.frame = self.frame, Frame(Scope(routine.scope, names), routine.document)
        try:
            if isinstance(routine.node, ast.Lambda):
                self.value(routine.node.body)
                self._follow_pending()
            else:
                self.follow(routine.node.body)
            self._returned(self.frame.returns, routine.node)
        finally:
            self.frame = outer

    def call(self, routine: Routine, node: ast.Call) -> Value:
        """Follow a call into *routine*."""
        arguments: list[Value] = []
        for argument in node.args:
            value = self.value(argument)
            inner = value.elements() if isinstance(argument, ast.Starred) else (value,)
            arguments += (self.one_of(value, argument),) if inner is None else inner
        named: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value)
            if keyword.arg is not None:
                named[keyword.arg] = value
            elif isinstance(value.what, Pairs):
                named |= {key.names[0]: inner for key, inner in value.what.pairs if key.is_constant and key.names}
        return self.enter(routine, arguments, named, node)

    def create(self, of: Class, node: ast.Call) -> Value:
        """An object of a class of the documents; its `__init__` is followed with the call's arguments."""
        made = Instance(of, Scope())
        if len(self.made) < _MOST_OBJECTS and made.of.scope.outermost is self.frame.scope.outermost:
            self.made.append(made)
        self.program.called |= of.scopes()
        initial = self.attribute(Value(made), "__init__", node)
        if isinstance(initial.what, Routine):
            self.call(initial.what, node)
        else:
            arguments = [given_at(value, self.frame.document, node.lineno) for value in self.arguments(node)]
            made.attributes.names |= dict(zip(of.fields, arguments, strict=False))
            for keyword in node.keywords:
                if keyword.arg in of.fields:
                    given = given_at(self.value(keyword.value), self.frame.document, node.lineno)
                    made.attributes.names[str(keyword.arg)] = given
        return Value(made)

    def enter(self, routine: Routine, arguments: Sequence[Value], named: Mapping[str, Value], node: ast.expr) -> Value:
        """What *routine* gives for these arguments; what it reads by them is read where they were written."""
        self._last_call = None
        if self.steps > _MOST_STEPS_IN_CALLS:
            self.program.note(self.document, 1, "makes more calls than are followed: variables may be missing")
            return Value(Unknown(node))
        if routine.node in self._entered or len(self._entered) >= _DEEPEST_CALL:
            return Value(Unknown(node))
        self.program.called.add(routine.node)
        names = self._bound_names(routine, arguments, named, node)
        outer, entered = self.frame, self._entered
        self._entered = (*entered, routine.node)
        self.frame = Frame(
            Scope(routine.scope, names), routine.document, outer.present, outer.absent, outer.catching, is_call=True
        )
        try:
            if isinstance(routine.node, ast.Lambda):
                return self.value(routine.node.body)
            ended = self._each(routine.node.body)
            if ended is None:
                self.frame.returns.append((constant(None), self.frame.absent))
            self._follow_pending()
            returns = self.frame.returns
        finally:
            self.frame, self._entered = outer, entered
        self._last_call = "raises" if ended and not returns else None
        return self._returned(returns, node)

    def _bound_names(
        self, routine: Routine, arguments: Sequence[Value], named: Mapping[str, Value], node: ast.expr
    ) -> dict[str, Value]:
        """The parameters of *routine* with the arguments of a call."""
        arguments = [given_at(argument, self.frame.document, node.lineno) for argument in arguments]
        if routine.bound is not None:
            arguments = [routine.bound, *arguments]
        signature = routine.node.args
        names = {one.arg: Value(Unknown(node)) for one in _parameters(signature)}
        names |= routine.defaults
        by_place = [one.arg for one in (*signature.posonlyargs, *signature.args)]
        names |= dict(zip(by_place, arguments, strict=False))
        if signature.vararg is not None:
            names[signature.vararg.arg] = Value(Items(tuple(arguments[len(by_place) :])))
        given = {name: given_at(value, self.frame.document, node.lineno) for name, value in named.items()}
        names |= {name: value for name, value in given.items() if name in names}
        if signature.kwarg is not None:
            rest = [
                (replace(constant(name), given=value.given), value)
                for name, value in given.items()
                if name not in by_place
            ]
            names[signature.kwarg.arg] = Value(Pairs(tuple(rest)))
        return names

    def _returned(self, returns: Sequence[tuple[Value, frozenset[Place]]], node: ast.AST) -> Value:
        """What a call gives, of all that its function returns; and what it gives when a variable is absent."""
        if not returns:
            return Value(Unknown(node))
        value = returns[0][0]
        alone: dict[Place, object] = dict(value.if_absent)
        for other, _ in returns[1:]:
            value = joined(value, other)
            alone |= other.if_absent
        for returned, absent in returns:
            for place in absent if returned.is_constant else ():
                alone[place] = returned.constants[0]
                same = [origin for origin in value.origins if origin[:2] == place[:2]]
                self.default((place, *same) if same else (), returned.constants[0])
        return replace(value, if_absent=alone, given=None)


def _parameters(signature: ast.arguments) -> list[ast.arg]:
    starred = [one for one in (signature.vararg, signature.kwarg) if one is not None]
    return [*signature.posonlyargs, *signature.args, *signature.kwonlyargs, *starred]
