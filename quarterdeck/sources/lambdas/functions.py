"""What Python's own functions and methods do to values: only those that names of variables go through."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from quarterdeck.sources.lambdas.values import (
    Accessor,
    Environ,
    Items,
    Options,
    Pairs,
    Place,
    Routine,
    Unknown,
    Value,
    constant,
)

if TYPE_CHECKING:
    from quarterdeck.sources.lambdas.calls import Calls

    _Function = Callable[[Calls, ast.Call, Sequence[Value]], Value]

_TEXT_METHODS = ("upper", "lower", "strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "replace", "title")
_LONGEST_TEXT = 500
_MOST_ELEMENTS = 200


def builtin(interpreter: Calls, name: str, node: ast.Call, arguments: Sequence[Value]) -> Value | None:
    """What calling the function *name* gives; None where that does not matter."""
    function = _FUNCTIONS.get(name)
    return function(interpreter, node, arguments) if function and arguments else None


def method_of(interpreter: Calls, node: ast.Call, base: Value, name: str) -> Value | None:
    """What `base.name(…)` gives, for environments, collections and texts; None for anything else."""
    match base.what:
        case Environ():
            return _method_of_environ(interpreter, node, base, name)
        case Pairs(pairs):
            return _method_of_pairs(interpreter, node, pairs, name)
        case Items():
            return _method_of_items(interpreter, node, base, name)
        case Options():
            return _method_of_text(interpreter, node, base, name)
    if base.if_absent and name in _TEXT_METHODS:
        arguments = interpreter.arguments(node)
        interpreter.raises_if_none(base)
        texts = {p: _applied(v, name, arguments) for p, v in base.if_absent.items() if isinstance(v, str)}
        return Value(Unknown(node), base.origins, {p: text for p, text in texts.items() if text is not None})
    return _appended(interpreter, node, base) if name == "append" else None


def _method_of_environ(interpreter: Calls, node: ast.Call, base: Value, name: str) -> Value | None:
    if name in ("copy", "keys"):
        return base
    if name == "__contains__" and node.args:
        return interpreter.asked(interpreter.value(node.args[0]), node, if_absent=False)
    if name in ("items", "values"):
        interpreter.program.note(interpreter.frame.document, node.lineno, "looks at all variables there are")
        return Value(Unknown(node))
    return None


def _not_for_none(interpreter: Calls, node: ast.Call, arguments: Sequence[Value]) -> Value:
    """`int(None)` raises."""
    interpreter.raises_if_none(arguments[0])
    return Value(Unknown(node), arguments[0].origins)


def _len(interpreter: Calls, node: ast.Call, arguments: Sequence[Value]) -> Value:
    interpreter.raises_if_none(arguments[0])
    sizes = {p: len(v) for p, v in arguments[0].if_absent.items() if isinstance(v, str | tuple)}
    return Value(Unknown(node), if_absent=sizes)


def _converted(convert: Callable[[object], object]) -> _Function:
    """`str(value)`, `bool(value)`: of an absent variable's value, too."""

    def call(_interpreter: Calls, node: ast.Call, arguments: Sequence[Value]) -> Value:
        absent = {place: convert(value) for place, value in arguments[0].if_absent.items()}
        return Value(Unknown(node), arguments[0].origins, absent)

    return call


def _collection(interpreter: Calls, node: ast.Call, arguments: Sequence[Value]) -> Value:
    first = arguments[0]
    return first if isinstance(first.what, Environ | Items) or first.if_absent else interpreter.one_of(first, node)


def _cast(_interpreter: Calls, node: ast.Call, arguments: Sequence[Value]) -> Value:
    return arguments[1] if len(arguments) > 1 else Value(Unknown(node))


def _partial(interpreter: Calls, node: ast.Call, arguments: Sequence[Value]) -> Value:
    """`partial(os.getenv, "NAME")` is read where it is made; without a name it is the function itself."""
    function = arguments[0]
    named = {keyword.arg: interpreter.value(keyword.value) for keyword in node.keywords if keyword.arg}
    if isinstance(function.what, Accessor) and len(arguments) > 1:
        default = arguments[2] if len(arguments) > 2 else named.get("default")
        return interpreter.read(function.what.method, arguments[1], default, node)
    if isinstance(function.what, Routine) and len(arguments) > 1:
        return interpreter.enter(function.what, arguments[1:], named, node)
    if isinstance(function.what, Routine):
        return replace(function, what=replace(function.what, defaults={**function.what.defaults, **named}))
    return function


def _import(interpreter: Calls, node: ast.Call, arguments: Sequence[Value]) -> Value:
    return interpreter.library(arguments[0].names[0]) if arguments[0].names else Value(Unknown(node))


def _getattr(interpreter: Calls, node: ast.Call, arguments: Sequence[Value]) -> Value:
    names = arguments[1].names if len(arguments) > 1 else ()
    return interpreter.attribute(arguments[0], names[0], node) if names else Value(Unknown(node))


def _dict(_interpreter: Calls, node: ast.Call, arguments: Sequence[Value]) -> Value:
    first = arguments[0]
    return first if isinstance(first.what, Environ | Pairs) else Value(Unknown(node))


def _all_or_any(*, is_all: bool) -> _Function:
    """`all(name in os.environ for name in NAMES)`: false when one of them is absent."""

    def call(_interpreter: Calls, node: ast.Call, arguments: Sequence[Value]) -> Value:
        absent: dict[Place, object] = {}
        for element in arguments[0].elements() or ():
            absent |= {place: not is_all for place, truth in element.decided.items() if truth is not is_all}
        return Value(Unknown(node), if_absent=absent)

    return call


def _enumerate(_interpreter: Calls, node: ast.Call, arguments: Sequence[Value]) -> Value:
    elements = arguments[0].elements()
    if elements is None:
        return Value(Unknown(node))
    return Value(Items(tuple(Value(Items((constant(place), element))) for place, element in enumerate(elements))))


def _zip(_interpreter: Calls, node: ast.Call, arguments: Sequence[Value]) -> Value:
    columns = [column for argument in arguments if (column := argument.elements()) is not None]
    if len(columns) < len(arguments):
        return Value(Unknown(node))
    return Value(Items(tuple(Value(Items(row)) for row in zip(*columns, strict=False))))


def _map(interpreter: Calls, node: ast.Call, arguments: Sequence[Value]) -> Value:
    """`map(os.getenv, NAMES)`"""
    function = arguments[0]
    elements = interpreter.turns(arguments[1]) if len(arguments) == 2 else None
    if elements is None or not isinstance(function.what, Accessor | Routine):
        return Value(Unknown(node))
    if isinstance(function.what, Accessor):
        return Value(Items(tuple(interpreter.read(function.what.method, name, None, node) for name in elements)))
    return Value(Items(tuple(interpreter.enter(function.what, [name], {}, node) for name in elements)))


def _method_of_pairs(
    interpreter: Calls, node: ast.Call, pairs: Sequence[tuple[Value, Value]], name: str
) -> Value | None:
    match name:
        case "items":
            return Value(Items(tuple(Value(Items(pair)) for pair in pairs)))
        case "keys":
            return Value(Items(tuple(key for key, _ in pairs)))
        case "values":
            return Value(Items(tuple(value for _, value in pairs)))
        case "get":
            arguments = interpreter.arguments(node)
            wanted = arguments[0].constants if arguments else ()
            found = [value for key, value in pairs if key.constants == wanted and wanted]
            return found[-1] if found else arguments[1] if len(arguments) > 1 else Value(Unknown(node))
    interpreter.forget(node.func)  # it may have changed
    return None


def _method_of_items(interpreter: Calls, node: ast.Call, base: Value, name: str) -> Value | None:
    if name in ("append", "add"):
        return _appended(interpreter, node, base)
    if name in ("issubset", "difference"):
        arguments = interpreter.arguments(node)
        if arguments and isinstance(arguments[0].what, Environ):
            return interpreter.compared_with_environ(node, base, is_subset=name == "issubset")
        return Value(Unknown(node))
    if name == "copy":
        return base
    if name not in ("index", "count"):
        interpreter.forget(node.func)
    return None


def _appended(interpreter: Calls, node: ast.Call, base: Value) -> Value:
    """`missing.append(name)` where the variable is absent: then the list is not empty."""
    arguments = interpreter.arguments(node)
    elements = base.elements()
    what = Items((*elements, *arguments)) if elements is not None and len(elements) < 200 else Unknown(node)
    absent = {**base.if_absent, **dict.fromkeys(interpreter.frame.absent, ("…",))}
    target = node.func.value if isinstance(node.func, ast.Attribute) else None
    if isinstance(target, ast.Name):
        interpreter.bind(target, replace(base, what=what, if_absent=absent))
    return constant(None)


def _method_of_text(interpreter: Calls, node: ast.Call, base: Value, name: str) -> Value | None:
    arguments = interpreter.arguments(node)
    text = base.constants[0] if base.is_constant else None
    if not isinstance(text, str):
        return None
    if name in _TEXT_METHODS:
        made = _applied(text, name, arguments)
        return Value(Unknown(node)) if made is None else replace(constant(made), given=base.given)
    if name == "split":
        separators = [argument.names[0] for argument in arguments if argument.names]
        words = text.split(separators[0] if separators and separators[0] else None)[:_MOST_ELEMENTS]
        return Value(Items(tuple(constant(word) for word in words)))
    if name == "join" and arguments:
        return _joined(interpreter, node, text, arguments[0])
    if name == "format" and not node.keywords and text.count("{") == text.count("{}") == len(arguments):
        return interpreter.made_of(node, arguments, lambda texts: text.format(*texts))
    return Value(Unknown(node))


def _joined(interpreter: Calls, node: ast.Call, separator: str, words: Value) -> Value:
    elements = words.elements()
    if elements is None:
        return interpreter.one_of(words, node)
    parts = [part for element in elements for part in (constant(separator), element)][1:]
    return interpreter.made_of(node, parts, lambda texts: "".join(map(str, texts)))


def _applied(text: object, name: str, arguments: Sequence[Value]) -> str | None:
    """`text.name(…)`; None where the arguments are not plain texts, or do not fit."""
    if len(str(text)) > _LONGEST_TEXT:
        return None
    plain = [argument.names[0] for argument in arguments if argument.is_constant and argument.names]
    if len(plain) != len(arguments):
        return None
    try:
        made = str(getattr(str(text), name)(*plain))
    except (TypeError, ValueError):
        return None
    return made if len(made) <= _LONGEST_TEXT else None


_FUNCTIONS: Mapping[str, _Function] = {
    **dict.fromkeys(("int", "float", "Decimal", "loads", "Path"), _not_for_none),
    **dict.fromkeys(("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter"), _collection),
    "len": _len,
    "str": _converted(str),
    "bool": _converted(bool),
    "dict": _dict,
    "all": _all_or_any(is_all=True),
    "any": _all_or_any(is_all=False),
    "enumerate": _enumerate,
    "zip": _zip,
    "map": _map,
    "cast": _cast,
    "partial": _partial,
    "getattr": _getattr,
    "__import__": _import,
    "import_module": _import,
}
