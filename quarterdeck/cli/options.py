"""Options that several subcommands have, each said once; and what `-p` is given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from quarterdeck.errors import InputInvalid

company_option = click.option(
    "--company",
    type=click.Path(path_type=Path),
    help="Company folder, with company.yaml.  [default: $QUARTERDECK_COMPANY, else sample]",
)


def _folder(_: click.Context, __: click.Parameter, value: str | None) -> Path | None:
    """A Path would fold `s3://bucket` into a folder `s3:/bucket`."""
    if value is not None and value.startswith("s3://"):
        mend = f"QUARTERDECK_STORE={value} python runner.py run"
        raise InputInvalid("--outputs", repr(value), "a folder; a bucket is QUARTERDECK_STORE", mend)
    return None if value is None else Path(value)


outputs_option = click.option(
    "--outputs",
    metavar="FOLDER",
    callback=_folder,
    help="Where editions and snapshots are kept.  [default: $QUARTERDECK_STORE, else outputs]",
)
port_option = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8017,
    show_default=True,
    help="Where the page is served: http://127.0.0.1:PORT/. 0 finds a free port.",
)

_PARAMETER = "python runner.py run cfo -p agenda_rows=5"


def given_parameters(given: tuple[str, ...]) -> Mapping[str, object]:
    """`KEY=VALUE`, the value read as YAML reads a scalar: 12 is a number, "12" a text."""
    import yaml  # noqa: PLC0415 - `--help` answers at once

    parameters: dict[str, object] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key.isidentifier():
            raise InputInvalid("-p", repr(text), "KEY=VALUE", _PARAMETER)
        try:
            parameters[key] = yaml.safe_load(value)
        except yaml.YAMLError:
            parameters[key] = ...  # refused below, with what else is no scalar
        if not isinstance(parameters[key], str | int | float | bool | None):
            raise InputInvalid(f"-p {key}", repr(value), "a number, a text, true or false", _PARAMETER)
    return parameters
