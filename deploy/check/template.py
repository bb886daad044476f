"""deploy/template.yaml as it is read here: its short tags spelt out, and its references filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "deploy" / "template.yaml"

ACCOUNT, REGION = "123456789012", "eu-west-1"
_PSEUDO = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws", "AWS::StackName": "quarterdeck"}

# What a stack is rehearsed with: the parameters that have no default, and those whose default leaves a part out.
PARAMETERS = {
    "Company": "resort",
    "ImageUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/quarterdeck@sha256:{'0' * 64}",
    "Sender": "reports@example.com",
    "SenderIdentity": "example.com",
    "Recipients": "ceo@example.com",
    "CopyTo": "audit@example.com",
    "MayReceive": "*@example.com",
    "ScheduleState": "ENABLED",
    "SourcesBucket": "resort-sources",
}

_ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/{name}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{name}",
    "AWS::Serverless::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
}


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags: `!Ref x` becomes `{"Ref": "x"}`, as JSON spells it."""


def _spelt_out(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if tag == "GetAtt":
            value = str(value).split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]  # the third kind of node
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _spelt_out)


@dataclass(frozen=True)
class Template:
    """
    A template's text, and what it says.

    Args:
        text: YAML with CloudFormation's tags.
        parameters: Values in the place of defaults.
    """

    text: str
    parameters: Mapping[str, str] = field(default_factory=lambda: PARAMETERS)

    @cached_property
    def said(self) -> dict[str, Any]:
        loaded: dict[str, Any] = yaml.load(self.text, _Loader)  # noqa: S506 - a SafeLoader with tags of its own
        return loaded

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of each resource of a type, by its name."""
        found = self.said["Resources"].items()
        return {name: one.get("Properties", {}) for name, one in found if one["Type"] == kind}

    def policies_of(self, role: str) -> list[tuple[str, dict[str, Any]]]:
        """What a role may do: its own policies and the shared ones, their references filled in."""
        properties = self.resources("AWS::IAM::Role")[role]
        own = [(f"{role} {one['PolicyName']}", one["PolicyDocument"]) for one in properties["Policies"]]
        shared = self.resources("AWS::IAM::ManagedPolicy")
        names = [one["Ref"] for one in properties.get("ManagedPolicyArns", ())]
        return [
            (name, self.filled_in(document))
            for name, document in (*own, *((name, shared[name]["PolicyDocument"]) for name in names))
        ]

    def filled_in(self, value: Any) -> Any:  # noqa: ANN401, PLR0911 - JSON in, JSON out; a line for each function
        """*value* with parameters, pseudo parameters and made-up names of resources in its references' place."""
        match value:
            case {"Ref": "AWS::NoValue"}:
                return None
            case {"Ref": str(name)}:
                return self._reference(name)
            case {"Fn::GetAtt": [str(name), "Arn"]}:
                return self._arn(name)
            case {"Fn::GetAtt": [str(name), str()]}:
                return name
            case {"Fn::Sub": [str(text), dict(names)]}:
                return self._substituted(text, {name: self.filled_in(one) for name, one in names.items()})
            case {"Fn::Sub": str(text)}:
                return self._substituted(text, {})
            case {"Fn::If": [str(condition), yes, no]}:
                return self.filled_in(yes if self._holds(condition) else no)
            case dict():
                return {key: self.filled_in(one) for key, one in value.items()}
            case list():
                return [one for one in map(self.filled_in, value) if one is not None]
            case _:
                return value

    def _reference(self, name: str) -> str | list[str]:
        if name in _PSEUDO:
            return _PSEUDO[name]
        declared = self.said["Parameters"].get(name)
        if declared is None:
            # A topic is the one resource here whose reference is its ARN
            return self._arn(name) if self.said["Resources"][name]["Type"] == "AWS::SNS::Topic" else name
        value = self.parameters.get(name, declared.get("Default"))
        return str(value).split(",") if declared["Type"] == "CommaDelimitedList" else str(value)

    def _arn(self, name: str) -> str:
        kind = self.said["Resources"][name]["Type"]
        return _ARNS[kind].format(name=name, region=REGION, account=ACCOUNT)

    def _substituted(self, text: str, names: Mapping[str, Any]) -> str:
        def value(match: re.Match[str]) -> str:
            name, _, attribute = match[1].partition(".")
            return str(names.get(name) or (self._arn(name) if attribute else self._reference(name)))

        return re.sub(r"\$\{([^}]+)\}", value, text)

    def _holds(self, condition: str) -> bool:
        match self.said["Conditions"][condition]:
            case {"Fn::Equals": [one, other]}:
                return bool(self.filled_in(one) == self.filled_in(other))
            case {"Fn::Not": [{"Fn::Equals": [one, other]}]}:
                return bool(self.filled_in(one) != self.filled_in(other))
            case other:
                raise ValueError(f"a condition that is not read here: {other}")


def statements(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The statements of a policy, their actions and resources as lists."""
    for statement in document["Statement"]:
        lists = {key: [one] if isinstance(one := statement[key], str) else one for key in ("Action", "Resource")}
        yield {**statement, **lists}
