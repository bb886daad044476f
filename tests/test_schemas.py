import copy
import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from quarterdeck.cli.schemas import schemas

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / "docs" / "schemas"
FILES = [
    *sorted((ROOT / "params").glob("*.yaml")),
    ROOT / "sample/company.yaml",
    ROOT / "tests/data/hotel-2016/company.yaml",
]


class _AsEditorsRead(yaml.SafeLoader):
    """YAML 1.2, as the YAML language server reads it: an instant is a text there."""


_AsEditorsRead.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path):
    return yaml.load(path.read_text(encoding="utf-8"), _AsEditorsRead)  # noqa: S506 - a SafeLoader


def validator(name):
    return Draft202012Validator(json.loads((SCHEMAS / name).read_text(encoding="utf-8")))


def test_the_schemas_are_those_of_the_code():
    """What is committed is what `make schemas` writes."""
    written = {path.name: path.read_text(encoding="utf-8") for path in SCHEMAS.iterdir()}

    assert written == schemas()


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_file_names_its_schema_and_satisfies_it(path):
    """The first line leads an editor to the schema, and nothing that the file says is marked."""
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    schema = (path.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve()

    assert schema.parent == SCHEMAS
    assert list(validator(schema.name).iter_errors(read(path))) == []


@pytest.mark.parametrize(
    ("name", "path", "keys", "value"),
    [
        ("company.json", "sample/company.yaml", ["surces"], {}),
        ("company.json", "sample/company.yaml", ["fiscal_year_start"], 13),
        ("company.json", "sample/company.yaml", ["sources", "tables", "events", "columns", "evnt_id"], "tripId"),
        (
            "company.json",
            "sample/company.yaml",
            ["sources", "tables", "events", "columns", "price_minor"],
            {"fro": "x"},
        ),
        ("company.json", "sample/company.yaml", ["sources", "tables", "guests"], {"columns": {}}),
        ("params.json", "params/cfo.yaml", ["needs", "events"], {"max_age_hours": 0}),
        ("params.json", "params/cfo.yaml", ["attach"], ["docx"]),
    ],
)
def test_an_editor_marks_what_the_command_would_refuse(name, path, keys, value):
    """A misspelt key, a column that no table has and a value out of its range are errors of the schema too."""
    content = copy.deepcopy(read(ROOT / path))
    place = content
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value

    assert list(validator(name).iter_errors(content))


def test_every_key_is_explained():
    """Each key of each schema has a sentence to show, so that an editor teaches while one types."""

    def unexplained(schema, place):
        for name, field in schema.get("properties", {}).items():
            if isinstance(field, dict) and "description" not in field and "$ref" not in field and place != "tables":
                yield f"{place}.{name}"

    found = []
    for name, text in schemas().items():
        whole = json.loads(text)
        for title, part in {name: whole, **whole["$defs"]}.items():
            found += unexplained(part, title)

    assert found == []
