"""What literals, texts and conditions are, as far as the source alone tells; nothing is run."""

from __future__ import annotations

import ast
import re
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace

from quarterdeck.sources.lambdas.reads import Reads
from quarterdeck.sources.lambdas.values import (
    Class,
    Environ,
    Instance,
    Items,
    Options,
    Pairs,
    Place,
    Routine,
    Unknown,
    Value,
    constant,
    joined,
    value_if_absent,
)

_MOST_OPTIONS = 64
_LONGEST_TEXT = 500
_LONGEST_NUMBER = 1000  # bits; Python refuses to write out an integer of more than 4,300 digits


class Expressions(Reads):
    """Literals, texts and conditions."""

    # -- what the classes below add

    @abstractmethod
    def bind(self, target: ast.expr, value: Value) -> None:
        """Give *target* its value."""

    @abstractmethod
    def routine(self, node: ast.Lambda) -> Routine:
        """The function that *node* defines."""

    @abstractmethod
    def compared_with_environ(self, node: ast.expr, names: Value, *, is_subset: bool) -> Value:
        """What comparing *names* with the environment gives."""

    # -- names and literals

    def _on_constant(self, node: ast.Constant) -> Value:
        if isinstance(node.value, int) and node.value.bit_length() > _LONGEST_NUMBER:
            return Value(Unknown(node))
        return constant(node.value)

    def _on_name(self, node: ast.Name) -> Value:
        return self.frame.scope.find(node.id) or Value(Unknown(node))

    def _on_list(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        elements: list[Value] = []
        is_known = True
        for element in node.elts:
            value = self.value(element.value if isinstance(element, ast.Starred) else element)
            inner = value.elements() if isinstance(element, ast.Starred) else (value,)
            is_known = is_known and inner is not None
            elements += inner or ()
        return Value(Items(tuple(elements))) if is_known else Value(Unknown(node))

    _on_tuple = _on_set = _on_list

    def _on_dict(self, node: ast.Dict) -> Value:
        pairs: list[tuple[Value, Value]] = []
        for key, inner in zip(node.keys, node.values, strict=True):
            value = self.value(inner)
            if key is not None:
                pairs.append((self.value(key), value))
            elif isinstance(value.what, Pairs):
                pairs += value.what.pairs
            else:  # {**os.environ} reads like the environment itself
                return Value(value.what if isinstance(value.what, Environ) else Unknown(node))
        return Value(Pairs(tuple(pairs)))

    def _on_lambda(self, node: ast.Lambda) -> Value:
        return Value(self.routine(node))

    def _on_namedexpr(self, node: ast.NamedExpr) -> Value:
        value = self.value(node.value)
        self.bind(node.target, value)
        return value

    def _on_starred(self, node: ast.Starred) -> Value:
        return self.value(node.value)

    def _on_await(self, node: ast.Await) -> Value:
        return self.value(node.value)

    # -- texts

    def _on_joinedstr(self, node: ast.JoinedStr) -> Value:
        parts = []
        for part in node.values:
            value = self.value(part.value if isinstance(part, ast.FormattedValue) else part)
            is_plain = not isinstance(part, ast.FormattedValue) or (part.format_spec is None and part.conversion == -1)
            parts.append(value if is_plain else Value(Unknown(node)))
        return self.made_of(node, parts, lambda texts: "".join(map(str, texts)))

    def _on_binop(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Sub) and isinstance(right.what, Environ):
            return self.compared_with_environ(node, left, is_subset=False)
        if isinstance(node.op, ast.Add):
            if isinstance(left.what, Items) and isinstance(right.what, Items):
                return Value(Items((*left.what.elements, *right.what.elements)))
            if left.names and right.names:
                return self.made_of(node, [left, right], lambda texts: f"{texts[0]}{texts[1]}")
        if isinstance(node.op, ast.Mod) and left.is_constant and re.fullmatch(r"(?:[^%]|%s)*", str(left.constants[0])):
            parts = list(right.what.elements) if isinstance(right.what, Items) else [right]
            if str(left.constants[0]).count("%s") == len(parts):
                return self.made_of(node, parts, lambda texts: str(left.constants[0]) % tuple(texts))
        if isinstance(node.op, ast.BitOr) and (isinstance(left.what, Environ) or isinstance(right.what, Environ)):
            return Value(Environ())
        return self.made_of(node, [left, right], None)

    def made_of(
        self, node: ast.AST, parts: Sequence[Value], combine: Callable[[Sequence[object]], object] | None
    ) -> Value:
        """A text made of *parts*; unknown unless all are known, and a caller's affair where one of them is."""
        given = next((part.given for part in parts if part.given), None)
        lengths = [max((len(str(one)) for one in part.constants), default=_LONGEST_TEXT + 1) for part in parts]
        if combine and sum(lengths) <= _LONGEST_TEXT:  # which also means that all of them are known
            made: list[tuple[object, ...]] = [()]
            for part in parts:
                made = [(*before, one) for before in made for one in part.constants][:_MOST_OPTIONS]
            return Value(Options(tuple(combine(texts) for texts in made)), given=given)
        callers = next((part.what for part in parts if isinstance(part.what, Unknown) and part.what.is_parameter), None)
        return Value(callers or Unknown(node), given=given)

    # -- conditions

    def _on_boolop(self, node: ast.BoolOp) -> Value:
        return self._chain(node.values, is_or=isinstance(node.op, ast.Or))

    def _chain(self, operands: Sequence[ast.expr], *, is_or: bool) -> Value:
        """`a or (b or c)`: each operand is looked at only where those before it did not decide."""
        left = self.value(operands[0])
        if len(operands) == 1:
            return left
        with self.branch(left.decided, taken=not is_or, is_certain=left.truth is (not is_or)):
            right = self._chain(operands[1:], is_or=is_or)
        if left.truth is not None and not left.if_absent:
            return left if left.truth is is_or else right
        if_absent: dict[Place, object] = {}
        for place, alone in left.if_absent.items():
            if bool(alone) is is_or:
                if_absent[place] = alone
            else:
                if_absent |= value_if_absent(right, place)
                if is_or and place in left.origins and right.is_constant:
                    self.default((place,), right.constants[0])
        what = right.what if isinstance(right.what, Environ | Routine) else joined(left, right).what
        return Value(what, left.origins | (right.origins if is_or else frozenset()), if_absent)

    def _on_unaryop(self, node: ast.UnaryOp) -> Value:
        value = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            truth = value.truth
            what = Unknown(node) if truth is None else Options((not truth,))
            return Value(what, if_absent={place: not alone for place, alone in value.if_absent.items()})
        number = value.constants[0] if value.is_constant else None
        if isinstance(node.op, ast.USub) and isinstance(number, int | float) and not isinstance(number, bool):
            return constant(-number)
        return Value(Unknown(node))

    def _on_compare(self, node: ast.Compare) -> Value:
        left, rights = self.value(node.left), [self.value(right) for right in node.comparators]
        if len(rights) > 1:
            return Value(Unknown(node))
        operator, right = node.ops[0], rights[0]
        if isinstance(right.what, Environ):
            if isinstance(operator, ast.In | ast.NotIn):
                return self.asked(left, node, if_absent=isinstance(operator, ast.NotIn))
            if isinstance(operator, ast.LtE | ast.Lt):
                return self.compared_with_environ(node, left, is_subset=True)
        return self._comparison(node, left, operator, right)

    def _comparison(self, node: ast.Compare, left: Value, operator: ast.cmpop, right: Value) -> Value:
        if isinstance(operator, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
            return self._equality(node, left, operator, right)
        if isinstance(operator, ast.In | ast.NotIn):
            return self._inclusion(node, left, right, is_in=isinstance(operator, ast.In))
        alone = {}
        if right.is_constant:
            alone = {p: _ordered(v, operator, right.constants[0]) for p, v in left.if_absent.items()}
        return Value(Unknown(node), if_absent={place: truth for place, truth in alone.items() if truth is not None})

    def _equality(self, node: ast.Compare, left: Value, operator: ast.cmpop, right: Value) -> Value:
        is_equal = isinstance(operator, ast.Is | ast.Eq)
        if right.is_constant:
            other = right.constants[0]
            alone = {place: (value == other) is is_equal for place, value in left.if_absent.items()}
            if left.is_constant:
                return Value(Options(((left.constants[0] == other) is is_equal,)), if_absent=alone)
            return Value(Unknown(node), if_absent=alone)
        if _is_sentinel(right):
            if left.what == right.what:
                return constant(is_equal)
            if left.is_constant:
                return constant(not is_equal)
        return Value(Unknown(node))

    def _inclusion(self, node: ast.Compare, left: Value, right: Value, *, is_in: bool) -> Value:
        elements = right.elements()
        if elements is None or not all(element.is_constant for element in elements):
            return Value(Unknown(node))
        known = [element.constants[0] for element in elements]
        if left.is_constant:
            return constant((left.constants[0] in known) is is_in)
        return Value(Unknown(node), if_absent={p: (v in known) is is_in for p, v in left.if_absent.items()})

    def _on_ifexp(self, node: ast.IfExp) -> Value:
        test = self.value(node.test)
        if test.truth is not None and self.frame.is_call:
            return self.value(node.body if test.truth else node.orelse)
        with self.branch(test.decided, taken=True, is_certain=test.truth is True):
            body = self.value(node.body)
        with self.branch(test.decided, taken=False, is_certain=test.truth is False):
            orelse = self.value(node.orelse)
        value = joined(body, orelse)
        alone: dict[Place, object] = {}
        for place, leads_to_body in test.decided.items():
            taken, other = (body, orelse) if leads_to_body else (orelse, body)
            alone |= value_if_absent(taken, place)
            same = [origin for origin in other.origins if origin[:2] == place[:2]]
            if taken.is_constant and same:
                self.default((place, *same), taken.constants[0])
        return replace(value, if_absent={**value.if_absent, **alone})


def _is_sentinel(value: Value) -> bool:
    """`object()`, or a class or object of the documents: it is equal to itself, and to no constant."""
    if isinstance(value.what, Class | Instance):
        return True
    mark = value.what.mark if isinstance(value.what, Unknown) else None
    return isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "object"


def _ordered(value: object, operator: ast.cmpop, other: object) -> bool | None:
    """How two numbers compare; None where one of them is none."""
    if not isinstance(value, int | float) or not isinstance(other, int | float):
        return None
    match operator:
        case ast.Gt():
            return value > other
        case ast.GtE():
            return value >= other
        case ast.Lt():
            return value < other
    return value <= other
