import json
import re
from pathlib import Path

import pytest
import yaml
from faults import OF_RULES, unseen
from operations import called_operations
from packaging.requirements import Requirement
from rules import RULES, VARIABLES
from template import TEMPLATE, Template

from quarterdeck import config

ROOT = Path(__file__).parent.parent
TOOLS = ("ministack", "sam", "checkov")


@pytest.fixture(scope="module")
def template() -> Template:
    return Template(TEMPLATE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("rule", RULES)
def test_the_template_fits_the_code(template, rule):
    """Schedule, ledger, alarms, variables and policies are what the code needs; `make deploy-check` asks the tools."""
    assert list(RULES[rule](template)) == []


@pytest.mark.parametrize("rule", RULES)
def test_a_fault_in_the_template_is_found(template, rule):
    """Each rule sees the faults that are its own to find, and there is one for each."""
    assert any(fault.found_by == rule for fault in OF_RULES)
    assert list(unseen(template, {rule: RULES[rule]})) == []


def test_the_variables_are_those_that_the_code_reads():
    """What the functions are given is what `Environment` asks for, but for what Lambda sets, and the image."""
    read = {name for name, _ in config.VARIABLES.values()}

    assert {name for name in read if not name.startswith("AWS_")} == VARIABLES | {"QUARTERDECK_COMMIT"}


@pytest.mark.parametrize(
    ("source", "operations"),
    [
        ('client("dynamodb").get_item(TableName="t")', ["dynamodb:GetItem"]),
        ('client("dynamodb").get_paginator("scan")', ["dynamodb:Scan"]),
        ('ask("ses:GetAccount", client("sesv2").get_account)', ["ses:GetAccount"]),
        ("table.query(head)", []),
    ],
)
def test_calls_of_aws_are_found_in_the_source(source, operations):
    """As a method, handed on, or by a paginator; a method of ours with the same name is none."""
    assert list(called_operations(source)) == operations


def test_every_tool_is_locked_within_its_range_and_by_hashes():
    """Each tool's environment is built of pinned and hashed packages only, its versions inside what is asked for."""
    for tool in (*TOOLS, "ploomber"):
        asked = (ROOT / f"requirements-{tool}.in").read_text(encoding="utf-8").splitlines()
        wanted = [Requirement(line) for line in asked if line and not line.startswith("#")]
        text = (ROOT / f"requirements-{tool}.lock").read_text(encoding="utf-8")
        lock = [line for line in text.replace("\\\n", "").splitlines() if line and not line.startswith("#")]
        pins = {(pin := Requirement(line.partition(" --hash")[0])).name: pin for line in lock}

        for requirement in wanted:
            (version,) = pins[requirement.name].specifier
            assert requirement.specifier.contains(version.version)
        assert all("--hash=sha256:" in line and "==" in line for line in lock)


def test_what_simulates_iam_is_locked_by_hashes():
    """The lock for Node has the version asked for, a hash for each package, and says nowhere where it comes from."""
    folder = ROOT / "deploy" / "check"
    asked = json.loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    packages = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]

    assert {name: packages[f"node_modules/{name}"]["version"] for name in asked} == asked
    assert all(one["integrity"].startswith("sha512-") for name, one in packages.items() if name)
    assert not any("resolved" in one for one in packages.values())


def test_what_checkov_passes_over_has_a_reason(template):
    """Each check that is skipped says why, in the template."""
    skips = [
        skip
        for resource in template.said["Resources"].values()
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", ())
    ]

    assert skips
    assert all(len(skip["comment"]) > 5 for skip in skips)


def test_the_calls_that_are_simulated_are_not_in_vain():
    """Each statement in calls.yaml has a call that is refused, and each that is given one that is allowed."""
    known = yaml.safe_load((ROOT / "deploy" / "check" / "calls.yaml").read_text(encoding="utf-8"))

    for by_statement in known.values():
        for statement, calls in by_statement.items():
            assert calls["refused"]
            assert statement == "" or calls["allowed"]


def test_ci_checks_the_deployment():
    """CI runs `make deploy-check`, in which nothing can be skipped: each tool's environment is built first."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (line,) = re.findall(r"^deploy-check: (.*?)  ##", makefile, re.MULTILINE)

    assert "\nmake deploy-check\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert {f".venv-{tool}/.complete" for tool in TOOLS} < set(line.split())
