import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from quarterdeck.cli import cli
from quarterdeck.config import load_company
from quarterdeck.errors import EXIT_CODES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ python (runner\.py .*)$", README, re.MULTILINE)


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """One ledger and one store for all of the README's commands, in their order."""
    folder = tmp_path_factory.mktemp("readme")
    known = {name: value for name, value in os.environ.items() if not re.match("SES_|QUARTERDECK_|AWS_|XDG_", name)}
    return known | {"XDG_STATE_HOME": str(folder / "state"), "QUARTERDECK_STORE": str(folder / "out")}


def test_the_readme_shows_commands():
    """There is something to execute: a README without commands would pass all that follows."""
    assert len(COMMANDS) >= 3


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_readme_works_when_pasted(environment, command):
    """Each runs from the project's folder and ends with 0."""
    done = subprocess.run(
        [sys.executable, *command.split()], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_company_file_of_the_docs_is_one(tmp_path):
    """What docs/company.md shows is read as it stands, with every kind of source in it."""
    (written,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "company.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "company.yaml").write_text(written, encoding="utf-8")

    sources = load_company(tmp_path).sources

    assert (sources.tables["events"].table, sources.tables["users"].export) == (
        "resort-events",
        "s3://resort-exports/users",
    )
    assert sources.domains.aws is True


def test_the_readme_is_read_in_one_sitting():
    """A screen and a half: 95 lines at most, none wider than 130 columns but rows of a table."""
    lines = README.splitlines()

    assert len(lines) <= 95
    assert [
        line
        for line in lines
        if len(line) > 130 and not line.startswith(("|", "CEO", "CFO", "CMO", "CTO", "Accounting"))
    ] == []


def test_every_exit_code_is_explained():
    """One row an exit code, and no row without a code, on the page to which README leads."""
    page = "docs/how-to/recover.md"
    rows = [int(code) for code in re.findall(r"^\| (\d) \|", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)]

    assert f"]({page})" in README

    assert rows == sorted(EXIT_CODES)


def test_every_command_stands_in_the_readme():
    """A command that the README does not know would not be found."""
    assert [name for name in cli.commands if f"runner.py {name}" not in README] == []


def test_every_link_of_the_docs_leads_somewhere():
    """Relative links of README, CHANGELOG and docs name files that exist; the site's build looks at its reference."""
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"), ROOT / "sample" / "README.md"]

    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if not target.startswith(("http", "reference/")) and not (page.parent / target).exists()
    ]

    assert broken == []
