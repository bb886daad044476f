"""
What the documentation says of the code, taken from the code: the pages below `reference/`, and the list of decisions.

MkDocs calls the functions `on_…` while it builds the site.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from quarterdeck.cli import cli
from quarterdeck.cli.catalogue import lines_of, reports_by_metric
from quarterdeck.cli.schemas import schemas
from quarterdeck.config import VARIABLES
from quarterdeck.metrics import CATALOGUE

ROOT = Path(__file__).resolve().parent.parent

_OUTSIDE = re.compile(r"\[([^\]]*)\]\((?:\.\./)+(?:deploy|params|sample|quarterdeck|notebooks|tests)\b[^)]*\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List every decision in the navigation, by its number."""
    decisions = sorted(path.name for path in (ROOT / "docs" / "adr").glob("*.md"))
    (explanation,) = (part["Explanation"] for part in config.nav or [] if "Explanation" in part)
    explanation.append({"Decisions": [f"adr/{name}" for name in decisions]})
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are written here."""
    pages = {"command": _command(), "settings": _settings(), "metrics": _metrics()}
    for name, lines in pages.items():
        files.append(File.generated(config, f"reference/{name}.md", content="\n".join(lines) + "\n"))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - MkDocs'
    """Name what lies outside of `docs/` without a link: in the project it leads there, on the site nowhere."""
    return _OUTSIDE.sub(r"\1", markdown)


def _command() -> Iterator[str]:
    yield "# The command\n"
    yield from ("```text", _help(cli, "python runner.py"), "```\n")
    for name, command in sorted(cli.commands.items()):
        yield from (f"## {name}\n", "```text", _help(command, f"python runner.py {name}"), "```\n")


def _help(command: click.Command, name: str) -> str:
    return command.get_help(click.Context(command, info_name=name, max_content_width=100, terminal_width=100))


def _settings() -> Iterator[str]:
    yield "# Settings\n"
    yield "Keys that are not listed are refused, with file, line and key.\n"
    for file, title in (("company.json", "company.yaml"), ("params.json", "params/REPORT.yaml")):
        schema = json.loads(schemas()[file])
        yield f"## {title}\n"
        yield from _keys(schema)
        for name, part in schema["$defs"].items():
            yield f"### {title}: {name}\n"
            yield f"{part.get('description', '')}\n"
            yield from _keys(part)
    yield "## Environment\n"
    yield "From the process, else from `.env` or the file of `--env-file`; boto3 finds its own `AWS_…` there too.\n"
    yield from ("| variable | is |", "|---|---|")
    yield from (f"| `{name}` | {meaning} |" for name, meaning in VARIABLES.values())


def _keys(schema: Mapping[str, Any]) -> Iterator[str]:
    yield from ("| key | is | |", "|---|---|---|")
    for key, field in schema.get("properties", {}).items():
        needed = "needed" if key in schema.get("required", ()) else _default(field)
        yield f"| `{key}` | {field.get('description', '')} | {needed} |"
    yield ""


def _default(field: Mapping[str, Any]) -> str:
    default = field.get("default")
    return f"else {default}" if isinstance(default, str | int) and not isinstance(default, bool) else ""


def _metrics() -> Iterator[str]:
    yield "# Metrics\n"
    yield "Each figure is defined once; `python runner.py metrics` prints the same.\n"
    used = reports_by_metric(ROOT / "notebooks")
    for name, metric in sorted(CATALOGUE.items()):
        head, *lines = lines_of(metric, used[name])
        yield f"## {name}\n"
        yield from ("```text", head.removeprefix(name).strip(" ()"), *(line.strip() for line in lines), "```\n")
