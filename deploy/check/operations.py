"""Which actions of IAM the package's own calls need, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name

SERVICES = ("dynamodb", "route53", "route53domains", "s3", "sesv2", "sns", "sts")

# Called by the person who types `check`, with rights of their own, or by tests; never by a function on Lambda
_BY_PEOPLE = ("cli",)
_FOR_TESTS = {"dynamodb:CreateTable"}

# Where the action is not named after the operation
_ACTIONS = {
    "s3:GetBucketEncryption": {"s3:GetEncryptionConfiguration"},
    "s3:HeadBucket": {"s3:ListBucket"},
    "s3:HeadObject": {"s3:GetObject"},
    "s3:ListObjectsV2": {"s3:ListBucket"},
    "ses:SendEmail": {"ses:SendEmail", "ses:SendRawEmail"},  # as Raw it is authorised as the latter
    "sts:GetCallerIdentity": set(),  # needs no permission
}


@cache
def called_actions(package: Path) -> set[str]:
    """The actions behind each operation of boto3 that a module of *package* calls, but those of people and tests."""
    modules = [path for path in package.rglob("*.py") if path.relative_to(package).parts[0] not in _BY_PEOPLE]
    called = {operation for path in modules for operation in called_operations(path.read_text(encoding="utf-8"))}
    return set().union(*(_ACTIONS.get(one, {one}) for one in called)) - _FOR_TESTS


def called_operations(source: str) -> Iterator[str]:
    """
    The operations, as `dynamodb:GetItem`, that *source* calls: as a method, by a paginator or by a waiter.

    Only a source that has to do with boto3's clients is looked at: `table.query(…)` is a method of ours elsewhere.
    """
    services = [service for service in SERVICES if f'"{service}"' in source or f"types_boto3_{service}." in source]
    if not services:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):  # handed on (`account.get_account`) as well as called
            name = node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = node.value
        else:
            continue
        for service in services:
            operation = _operations(service).get(name)
            if operation:
                yield f"{'ses' if service == 'sesv2' else service}:{operation}"


@cache
def _operations(service: str) -> dict[str, str]:
    """The operations of a service, by the names that boto3 gives them."""
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name): name for name in model.operation_names}
