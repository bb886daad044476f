"""Settings classes of pydantic: each field is a variable, by the rules of pydantic-settings and of pydantic 1."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quarterdeck.sources.lambdas.values import Class, Library, Scope, Value

if TYPE_CHECKING:
    from quarterdeck.sources.lambdas.calls import Calls

_CONFIGS = ("model_config", "Config")
_SECRET_TYPES = ("SecretStr", "SecretBytes")


@dataclass(frozen=True)
class _Config:
    prefix: str
    case_sensitive: bool


def read_settings(interpreter: Calls, node: ast.ClassDef, bases: Sequence[Value], scope: Scope) -> Class:
    """The class that *node* defines; where pydantic fills it from the environment, its fields are noted as reads."""
    own = tuple(base.what for base in bases if isinstance(base.what, Class))
    lines = [line.target for line in node.body if isinstance(line, ast.AnnAssign)]
    inherited_fields = [name for base in own for name in base.fields]
    fields = tuple(dict.fromkeys([*inherited_fields, *(name.id for name in lines if isinstance(name, ast.Name))]))
    is_settings = any(base.is_settings for base in own) or any(_is_base_settings(base) for base in bases)
    if not is_settings:
        return Class(scope, own, fields=fields)
    inherited = next((base for base in own if base.is_settings), Class(scope))
    config = _config_of(interpreter, node, _Config(inherited.prefix, inherited.case_sensitive))
    for field in node.body:
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and _is_field(field.target.id, field)
        ):
            _note(interpreter, field.target.id, field, config)
    return Class(
        scope, own, is_settings=True, prefix=config.prefix, case_sensitive=config.case_sensitive, fields=fields
    )


def _is_base_settings(base: Value) -> bool:
    what = base.what
    return isinstance(what, Library) and what.name.startswith("pydantic") and what.name.endswith(".BaseSettings")


def _is_field(name: str, field: ast.AnnAssign) -> bool:
    return not name.startswith("_") and name not in _CONFIGS and "ClassVar" not in ast.unparse(field.annotation)


def _config_of(interpreter: Calls, node: ast.ClassDef, inherited: _Config) -> _Config:
    """Prefix and case, from `model_config`, `class Config` or the class's own keywords."""
    given = dict(_options(interpreter, node))
    prefix, case = given.get("env_prefix"), given.get("case_sensitive")
    return _Config(
        inherited.prefix if prefix is None else str(prefix), inherited.case_sensitive if case is None else bool(case)
    )


def _options(interpreter: Calls, node: ast.ClassDef) -> Iterator[tuple[str, object]]:
    for keyword in node.keywords:
        yield from _option(interpreter, keyword.arg, keyword.value)
    for statement in node.body:
        if isinstance(statement, ast.ClassDef) and statement.name == "Config":
            yield from _assigned_in(interpreter, statement)
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        if isinstance(target, ast.Name) and target.id == "model_config":
            yield from _pairs_in(interpreter, getattr(statement, "value", None))


def _assigned_in(interpreter: Calls, config: ast.ClassDef) -> Iterator[tuple[str, object]]:
    for line in config.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            yield from _option(interpreter, line.targets[0].id, line.value)


def _pairs_in(interpreter: Calls, value: ast.expr | None) -> Iterator[tuple[str, object]]:
    if isinstance(value, ast.Call):
        for keyword in value.keywords:
            yield from _option(interpreter, keyword.arg, keyword.value)
    elif isinstance(value, ast.Dict):
        for key, inner in zip(value.keys, value.values, strict=True):
            yield from _option(interpreter, key.value if isinstance(key, ast.Constant) else None, inner)


def _option(interpreter: Calls, name: object, value: ast.expr) -> Iterator[tuple[str, object]]:
    known = interpreter.value(value) if name in ("env_prefix", "case_sensitive") else None
    if known is not None and known.is_constant:
        yield str(name), known.constants[0]


def _note(interpreter: Calls, name: str, field: ast.AnnAssign, config: _Config) -> None:
    call = _field_call(field)
    keywords = {keyword.arg: keyword.value for keyword in call.keywords} if call else {}
    aliases = list(_aliases(interpreter, keywords))
    written = aliases or [config.prefix + name]
    default, has_default = _default_of(field, call, keywords)
    value = interpreter.value(_unwrapped(default)) if default is not None else None
    for variable in written:
        read = interpreter.program.read_at((interpreter.frame.document, _cased(variable, config), field.lineno))
        # any one of several aliases is enough, so none of them is required
        read.is_required = read.is_required or (not has_default and len(written) == 1)
        read.is_secret_type = any(secret in ast.unparse(field.annotation) for secret in _SECRET_TYPES)
        if value is not None and value.is_constant and value.constants[0] is not None:
            read.default = value.constants[0]


def _cased(variable: str, config: _Config) -> str:
    return variable if config.case_sensitive else variable.upper()


def _field_call(field: ast.AnnAssign) -> ast.Call | None:
    """`Field(…)`, as the value or in `Annotated[…]`."""
    for node in (field.value, *ast.walk(field.annotation)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Field":
            return node
    return None


def _aliases(interpreter: Calls, keywords: Mapping[str | None, ast.expr]) -> Iterator[str]:
    """Names that stand for the field's own; `env` is pydantic 1's."""
    named = keywords.get("validation_alias") or keywords.get("alias") or keywords.get("env")
    if named is None:
        return
    choices = (
        named.args
        if isinstance(named, ast.Call)
        else named.elts
        if isinstance(named, ast.List | ast.Tuple)
        else [named]
    )
    for choice in choices:
        yield from interpreter.value(choice).names


def _default_of(
    field: ast.AnnAssign, call: ast.Call | None, keywords: Mapping[str | None, ast.expr]
) -> tuple[ast.expr | None, bool]:
    """A field's default, and whether it has one; `…` stands for none."""
    default = field.value
    if call is not None and default is call:
        default = keywords.get("default") or (call.args[0] if call.args else None)
    if isinstance(default, ast.Constant) and default.value is ...:
        default = None
    return default, default is not None or "default_factory" in keywords or (
        call is not field.value and "default" in keywords
    )


def _unwrapped(default: ast.expr) -> ast.expr:
    """The text in `SecretStr("…")`."""
    if not isinstance(default, ast.Call) or len(default.args) != 1:
        return default
    return default.args[0] if ast.unparse(default.func).rpartition(".")[2] in _SECRET_TYPES else default
