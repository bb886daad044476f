import ast
import configparser
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from rattler import MatchSpec, PackageRecord
from rattler.package.build_string import BuildString

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MODULES = sorted((ROOT / "quarterdeck").rglob("*.py"))

FUNCTION_LINES, MODULE_LINES, PARAMETERS, NESTING = 40, 400, 6, 3


def committed_texts() -> Iterator[tuple[str, str]]:
    """Every committed file that is text, with its path."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        try:
            yield name, path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # pictures, gzipped tables, and what is deleted but not yet committed


# Notebooks


def test_notebooks_are_committed_without_outputs():
    """No notebook carries an output or a count: figures of a company never come into the repository."""
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))

    for path in notebooks:
        for number, cell in enumerate(nbformat.read(path, as_version=4).cells):
            if cell.cell_type == "code":
                assert (cell.outputs, cell.execution_count) == ([], None), f"{path.name}, cell {number}"
    assert notebooks


def test_the_hook_that_empties_notebooks_needs_no_network():
    """pre-commit strips notebooks, and every hook runs a program of the lock: none is fetched from a repository."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]

    assert {repository["repo"] for repository in config["repos"]} == {"local"}
    assert {hook["language"] for hook in hooks} == {"system"}
    assert "nbstripout" in [hook["id"] for hook in hooks]
    for hook in hooks:
        assert (BIN / Path(hook["entry"].split()[0]).name).is_file(), hook["id"]


# One environment, said three times

# What conda calls by another name than PyPI.
IN_CONDA = {"matplotlib": "matplotlib-base", "tzdata": "python-tzdata", "playwright": "playwright-python"}


def required() -> dict[str, SpecifierSet]:
    """Name and range of everything that pyproject.toml asks for."""
    groups = PROJECT["project"]["optional-dependencies"].values()
    lines = [*PROJECT["project"]["dependencies"], *(line for group in groups for line in group)]
    return {canonicalize_name(requirement.name): requirement.specifier for requirement in map(Requirement, lines)}


def locked() -> dict[str, set[str]]:
    """Name and versions of everything in requirements.lock; some differ by Python."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            requirement = Requirement(line.rstrip("\\ "))
            (pin,) = requirement.specifier
            assert pin.operator == "==", line
            found.setdefault(canonicalize_name(requirement.name), set()).add(pin.version)
    return found


def in_conda() -> tuple[dict[str, MatchSpec], dict[str, SpecifierSet]]:
    """What environment.yml takes from conda, and what it takes from PyPI."""
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (pip,) = [entry["pip"] for entry in dependencies if isinstance(entry, dict)]
    specs = {entry.split()[0]: MatchSpec(entry) for entry in dependencies if isinstance(entry, str)}
    return specs, {canonicalize_name(one.name): one.specifier for one in map(Requirement, pip)}


def test_the_lock_has_what_is_required_within_its_ranges():
    """Everything in pyproject.toml is locked, at versions inside the range that it gives."""
    versions = locked()

    for name, allowed in required().items():
        assert name in versions, f"{name} is not locked: make lock"
        for version in versions[name]:
            assert allowed.contains(version), f"{name} {version} is outside {allowed}"


def test_conda_gets_the_same_names_and_ranges():
    """environment.yml asks for what pyproject.toml asks for, in conda's names, and nothing else."""
    from_conda, from_pip = in_conda()
    wanted = {IN_CONDA.get(name, name): specifier for name, specifier in required().items() if name not in from_pip} | {
        "python": SpecifierSet(PROJECT["project"]["requires-python"])
    }

    assert {name: SpecifierSet(spec.version or "") for name, spec in from_conda.items() if name != "pip"} == wanted
    assert {name: required().get(name) for name in from_pip} == from_pip


def test_conda_would_take_the_locked_versions():
    """By conda's own rules, the versions that were tested match what environment.yml asks for."""
    from_conda, _ = in_conda()
    pypi_names = {conda: pypi for pypi, conda in IN_CONDA.items()}
    versions = locked()

    tried = 0
    for name, spec in from_conda.items():
        for version in versions.get(pypi_names.get(name, name), ()):
            record = PackageRecord(name=name, version=version, build=BuildString("0"), build_number=0, subdir="noarch")
            assert spec.matches(record), f"{name} {version} does not match {spec.version}"
            tried += 1
    assert tried >= len(from_conda) - 2  # all but Python and pip


def test_the_lock_has_hashes_and_names_no_host():
    """Each locked package has at least one SHA-256, and the lock says nowhere where it comes from."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())

    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry.splitlines()[0]
    assert "://" not in text
    assert not re.search(r"^\s*(--|-[ifc]\b)(?!hash)", text, re.MULTILINE)


# What no file says

_PATHS = "|".join(("home", "root", "work"))
FORBIDDEN = {
    "a path of one machine": re.compile(rf"(?<![\w.$~}}/-])/(?:{_PATHS})/"),
    "a registry's host": re.compile(
        r"://[\w.-]*(?:pypi|pythonhosted|anaconda|npmjs|registry|mirror|artifactory)", re.IGNORECASE
    ),
    "a registry's option": re.compile(r"(?<!emit-)(?:extra-)?index-url\b|--find-links|--trusted-host", re.IGNORECASE),
}


def test_no_file_says_where_it_was_made():
    """No committed file names a registry's host or a path of the machine that it was written on."""
    found = [
        f"{name}, line {text.count(chr(10), 0, match.start()) + 1}: {what} ({match[0]})"
        for name, text in committed_texts()
        if name != "tests/test_repository.py"
        for what, pattern in FORBIDDEN.items()
        for match in [pattern.search(text)]
        if match
    ]

    assert found == []


@pytest.mark.parametrize(
    ("text", "is_forbidden"),
    [
        ("see /" + "home/jada/quarterdeck", True),
        ('path = "/' + 'root/.cache"', True),
        ("https://pypi.example.com/simple", True),
        ("pip install --index-" + "url x", True),
        ("--no-emit-index-" + "url", False),
        ("the team's homework/root/work", False),
        ("/opt/quarterdeck", False),
    ],
)
def test_the_search_for_places_finds_them(text, is_forbidden):
    """The patterns catch what they are for, and nothing that only looks like it."""
    assert any(pattern.search(text) for pattern in FORBIDDEN.values()) == is_forbidden


def test_every_address_is_an_example():
    """Addresses in code and settings are reserved ones: no mail can reach a person by mistake."""
    address = re.compile(r"[\w.+-]+@((?:[\w-]+\.)+[a-z]{2,})\b")
    reserved = re.compile(r"(^|\.)(example(\.(com|net|org))?|test|invalid|localhost)$")
    found = [
        f"{name}: {match[0]}"
        for name, text in committed_texts()
        if name.startswith(("quarterdeck/", "sample/", "params/", "notebooks/", "docs/", "deploy/")) or "/" not in name
        for match in address.finditer(text)
        if not reserved.search(match[1])
    ]

    assert found == []


def test_the_licence_is_apache_2():
    """LICENSE is the standard text, unchanged, and the package says the same."""
    digest = hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest()

    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
    assert PROJECT["project"]["license"] == "Apache-2.0"


# The house


def test_no_file_imports_from_above_its_floor():
    """import-linter finds every floor of the house in order."""
    ended = subprocess.run([BIN / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout + ended.stderr


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return iter(sorted(found, key=lambda function: function.lineno))


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring."""
    total = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        total -= function.body[0].end_lineno - function.body[0].lineno + 1
    return total


def parameters_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many a caller can give, without self and cls."""
    given = function.args
    names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg) if one]
    return len([name for name in names if name not in ("self", "cls")])


BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)


def nesting_of(node: ast.AST) -> int:
    """The deepest stack of blocks inside *node*; an `elif` is on the level of its `if`, a function begins anew."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        deepest = max(deepest, nesting_of(child) + (isinstance(child, BLOCKS) and not is_elif))
    return deepest


def over_budget(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    place = path.relative_to(ROOT)
    lines = text.count("\n")
    if lines > MODULE_LINES:
        yield f"{place}: {lines} lines, {MODULE_LINES} allowed"
    for function in functions(ast.parse(text)):
        where = f"{place}:{function.lineno} {function.name}"
        for what, found, allowed in (
            ("lines", lines_of(function), FUNCTION_LINES),
            ("parameters", parameters_of(function), PARAMETERS),
            ("levels of nesting", nesting_of(function), NESTING),
        ):
            if found > allowed:
                yield f"{where}: {found} {what}, {allowed} allowed"


def test_the_budgets_of_the_house_style_are_kept():
    """Functions of 40 lines without docstring, modules of 400, 6 parameters, 3 levels of nesting: none has more."""
    found = [finding for path in MODULES for finding in over_budget(path)]

    assert not found, "\n".join(["over budget:", *found])


def test_the_budgets_are_measured_as_they_are_meant(tmp_path, monkeypatch):
    """Docstrings and self are free, an elif is no deeper, and a finding names file, line and function."""
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    body = "\n".join(f"        a{number} = {number}" for number in range(39))
    fine = f'class C:\n    def fine(self, a, b, c, d, e, *, f):\n        """One\n\n        two.\n        """\n{body}\n'
    long = f"class D:\n    def long(self, a, b, c, d, e, f, *g):\n        pass\n{body}\n"
    deep = (
        "def deep(a):\n    for b in a:\n        if b:\n            pass\n        elif a:\n"
        "            while a:\n                with a:\n                    pass\n"
    )
    (tmp_path / "m.py").write_text(fine + long + deep, encoding="utf-8")

    assert list(over_budget(tmp_path / "m.py")) == [
        "m.py:47 long: 41 lines, 40 allowed",
        "m.py:47 long: 7 parameters, 6 allowed",
        "m.py:88 deep: 4 levels of nesting, 3 allowed",
    ]


# The weekly batch without AWS


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read_string((ROOT / "deploy" / "systemd" / name).read_text(encoding="utf-8"))
    return parser


def test_the_timer_starts_the_batch_on_mondays():
    """Monday 08:00 UTC, made up for after a machine was off; the service runs in the project's environment."""
    timer, service = unit("quarterdeck.timer")["Timer"], unit("quarterdeck.service")["Service"]

    assert (timer["OnCalendar"], timer["Persistent"]) == ("Mon *-*-* 08:00:00 UTC", "true")
    assert service["ExecStart"] == f"{service['WorkingDirectory']}/.venv/bin/python runner.py run"
    assert service["WorkingDirectory"] == "/opt/quarterdeck"
    assert "Restart" not in service


def test_cron_starts_the_same_command():
    """The cron line runs what the service runs, at the same hour."""
    lines = (ROOT / "deploy" / "crontab").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if line[:1].isdigit()]

    assert line.startswith("0 8 * * 1 ")
    assert "cd /opt/quarterdeck && .venv/bin/python runner.py run" in line


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here")
def test_systemd_understands_every_line(tmp_path):
    """The units pass systemd's own check, without an unknown key, with the program where this one is."""
    python = BIN / "python"
    for name in ("quarterdeck.service", "quarterdeck.timer"):
        text = (ROOT / "deploy" / "systemd" / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("/opt/quarterdeck/.venv/bin/python", str(python)), encoding="utf-8")

    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(map(str, tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_clone_with_hooks_shows_notebooks_by_cell(tmp_path):
    """After `make hooks` git diffs a notebook by nbdime, and commits go through pre-commit."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    source = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    (tmp_path / "a.ipynb").write_text(source, encoding="utf-8")
    (tmp_path / ".gitattributes").write_bytes((ROOT / ".gitattributes").read_bytes())
    make = ["make", "-f", str(ROOT / "Makefile"), "-o", "setup", "hooks", f"BIN={BIN}"]
    for command in (["git", "init", "-q"], make, ["git", "add", "."]):
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    (tmp_path / "a.ipynb").write_text(source.replace('"metadata": {}', '"metadata": {"x": 1}'), encoding="utf-8")

    shown = subprocess.run(["git", "diff"], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)

    assert shown.stdout.startswith("nbdiff ")
    assert (tmp_path / ".git" / "hooks" / "pre-commit").is_file()
