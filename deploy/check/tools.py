"""What others' tools find in a template: each as a function, template in, one line for each fault out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from template import ACCOUNT, REGION, ROOT, Template, statements

_HERE = Path(__file__).resolve().parent
_SAM, _CHECKOV = ROOT / ".venv-sam" / "bin", ROOT / ".venv-checkov" / "bin"
ROLES = ("BatchRole", "MailEventsRole", "StartRole")
_PATIENCE_S = 120


def sam(template: Template) -> Iterator[str]:
    """`sam validate`: whether it is a SAM template at all."""
    with _file(template.text, "template.yaml") as path:
        yield from _faults([_SAM / "sam", "validate", "--template-file", path, "--region", REGION])


def sam_lint(template: Template) -> Iterator[str]:
    """`sam validate --lint`: it passes what `sam validate` refuses, and the other way round."""
    with _file(template.text, "template.yaml") as path:
        yield from _faults([_SAM / "sam", "validate", "--lint", "--template-file", path, "--region", REGION])


def cfn_lint(template: Template) -> Iterator[str]:
    """cfn-lint on the CloudFormation that it becomes: on the SAM text it finds little."""
    with _file(template.text, "template.yaml") as path:
        translated = _run([_SAM / "python", _HERE / "translate.py", path])
    if translated.returncode:
        yield f"it does not translate: {translated.stderr.strip().splitlines()[-1]}"
        return
    with _file(translated.stdout, "template.json") as path:
        yield from _faults([_SAM / "cfn-lint", "--format", "parseable", "--regions", REGION, "--", path])


def checkov(template: Template) -> Iterator[str]:
    """checkov, whose skips stand in the template with their reasons."""
    options = ["--framework", "cloudformation", "--skip-download", "--quiet", "--compact", "--output", "json"]
    with _file(template.text, "template.yaml") as path:
        done = _run([_CHECKOV / "checkov", *options, "--file", path])
    try:
        said = json.loads(done.stdout)
        failed, unread = said["results"]["failed_checks"], said["summary"]["parsing_errors"]
    except (ValueError, KeyError):
        yield f"checkov did not read it: {(done.stderr or done.stdout).strip()[-300:]}"
        return
    yield from (f"{one['check_id']} {one['resource']}: {one['check_name']}" for one in failed)
    if unread or not said["summary"]["passed"]:
        yield "checkov understood nothing of it"


def parliament(template: Template) -> Iterator[str]:
    """parliament: actions, resources and condition keys that AWS does not know."""
    with tempfile.TemporaryDirectory() as folder:
        for name, document in _policies(template):
            (Path(folder) / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
        found = _run([_SAM / "parliament", "--json", "--directory", folder, "--include_policy_extension", "json"])
    if found.returncode > 1 or (found.returncode and not found.stdout.strip()):
        yield f"parliament did not read them: {found.stderr.strip()[-300:]}"
    for fault in map(json.loads, found.stdout.splitlines()):
        where = Path(fault["location"].get("filepath") or "a policy").stem
        yield f"{where}: {fault['title']} {fault.get('detail') or ''}".strip()


def iam(template: Template) -> Iterator[str]:
    """Each call of calls.yaml is allowed or refused as it says, and each statement has both."""
    known = yaml.safe_load((_HERE / "calls.yaml").read_text(encoding="utf-8"))
    tried = {sid for role in known for sid, both in known[role].items() if {*both} == {"allowed", "refused"}}
    for name, document in _policies(template):
        sids = {statement["Sid"] for statement in statements(document)}
        yield from (f"calls.yaml tries nothing of {name}, {sid}" for sid in sorted(sids - tried))
    calls = [
        {"role": role, "sid": sid, "expected": expected, **call}
        for role, by_statement in known.items()
        for sid, both in by_statement.items()
        for expected, ours in both.items()
        for call in ours
    ]
    for call, verdict in zip(calls, _simulated(template, calls), strict=True):
        if verdict not in _VERDICTS[call["expected"]]:
            about = f"{call['role']}, {call['sid']}: {call['action']} on {call['resource']} with {call.get('context')}"
            yield f"{about} is {verdict}, not {call['expected']}"


_VERDICTS = {"allowed": ("Allowed",), "refused": ("ImplicitlyDenied", "ExplicitlyDenied")}


def _simulated(template: Template, calls: Sequence[Any]) -> list[str]:
    key = template.resources("AWS::KMS::Key")["TopicsKey"]
    asked = {
        "account": ACCOUNT,
        "keyPolicy": template.filled_in(key["KeyPolicy"]),
        "policies": {
            role: [{"name": name, "policy": document} for name, document in template.policies_of(role)]
            for role in ROLES
        },
        "calls": calls,
    }
    done = _run(["node", _HERE / "simulate.mjs"], said=json.dumps(asked))
    if done.returncode:
        return [f"not simulated ({done.stderr.strip()[-300:]})"] * len(calls)
    verdicts: list[str] = json.loads(done.stdout)
    return verdicts


def _policies(template: Template) -> Iterator[tuple[str, Any]]:
    """Every policy of a role, once."""
    yield from {name: (name, document) for role in ROLES for name, document in template.policies_of(role)}.values()


TOOLS: dict[str, Callable[[Template], Iterator[str]]] = {
    "sam validate": sam,
    "sam validate --lint": sam_lint,
    "cfn-lint": cfn_lint,
    "checkov": checkov,
    "parliament": parliament,
    "iam-simulate": iam,
}


@contextmanager
def _file(text: str, name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8")
        yield path


def _faults(command: Sequence[object]) -> Iterator[str]:
    """What a tool says when it is not content."""
    done = _run(command)
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        yield re.sub(r"\s+", " ", said) or f"{command[0]} ended with {done.returncode}"


def _run(command: Sequence[object], *, said: str | None = None) -> subprocess.CompletedProcess[str]:
    # Without credentials and without a line home: what is checked here needs neither
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": REGION, "PYTHONWARNINGS": "ignore"}
    return subprocess.run(  # noqa: S603 - the project's own tools
        [str(part) for part in command],
        input=said,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=_PATIENCE_S,
        cwd=_HERE,
    )
