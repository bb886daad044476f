"""JSON Schemas of what people write, for their editors: `make schemas` writes them to `docs/schemas/`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic.json_schema import GenerateJsonSchema

from quarterdeck.config import Company, Params
from quarterdeck.schema import TABLES
from quarterdeck.source_settings import TableName


class _WithoutTitles(GenerateJsonSchema):
    """An editor shows a key's own name; a title made from it would say it twice."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - pydantic's signature
        return False


def schemas() -> Mapping[str, str]:
    """File name to text: the schema of `company.yaml`, and of the files in `params/`."""
    company = Company.model_json_schema(schema_generator=_WithoutTitles)
    tables = company["$defs"]["Sources"]["properties"]["tables"]
    del tables["additionalProperties"], tables["propertyNames"]
    tables["properties"] = {name: _table(name) for name in get_args(TableName)}
    tables["additionalProperties"] = False
    params = Params.model_json_schema(schema_generator=_WithoutTitles)
    return {"company.json": _text(company), "params.json": _text(params)}


def _table(name: str) -> dict[str, Any]:
    """One table's settings, with the columns that it can have, of which an editor offers the rest of a word."""
    ours = [*TABLES[name].columns, "currency"]
    return {"$ref": "#/$defs/TableSource", "properties": {"columns": {"propertyNames": {"enum": ours}}}}


def _text(schema: Mapping[str, Any]) -> str:
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def main(folder: Path) -> None:
    """Write the schemas into *folder*."""
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
