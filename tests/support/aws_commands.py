"""Commands of the AWS CLI, held against botocore's models, which the CLI is made from."""

from __future__ import annotations

import shlex

import botocore.session
from botocore import xform_name

# What the CLI adds to every command, and adds or renames in these; `aws s3 …` is all its own
RENAMED = {"s3api": "s3"}
GLOBAL = {"region", "query", "output", "profile"}
ADDED = {"get-login-password": set(), "invoke": {"cli-binary-format"}, "subscribe": {"notification-endpoint"}}


def faults_of(command: str) -> set[str]:
    """Options of *command* that it does not have, or has to have and was not given; all of it where there is none."""
    _, service, name, *rest = shlex.split(command)
    given = {word[2:].partition("=")[0] for word in rest if word.startswith("--")} - GLOBAL
    if service == "s3" or (name in ADDED and not ADDED[name]):
        return set() if service != "s3" or name in ("mb", "sync") else {name}

    model = botocore.session.get_session().get_service_model(RENAMED.get(service, service))
    operation = {xform_name(one, "-"): one for one in model.operation_names}.get(name)
    if operation is None:
        return {name}
    shape = model.operation_model(operation).input_shape
    options = {xform_name(member, "-") for member in (shape.members if shape else ())}
    required = {xform_name(member, "-") for member in (shape.required_members if shape else ())}
    unknown = {one.removeprefix("no-") for one in given} - options - ADDED.get(name, set())
    return unknown | (required - given)
