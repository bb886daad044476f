"""
What people set: `company.yaml`, `params/<report>.yaml`, and the environment.

Everything is checked when it is read, unknown keys are refused, and an error names the file, the
line and the key, so that a typo can never become a default.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast
from zoneinfo import available_timezones

import yaml
from babel import Locale, UnknownLocaleError
from babel.numbers import get_currency_precision, list_currencies
from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from quarterdeck.errors import InputInvalid
from quarterdeck.period import Period
from quarterdeck.source_settings import Settings, Sources, TableWithAge

SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"

_EDITION = re.compile(rf"({SLUG}(?:@{SLUG})?)/(\d{{4}}-W\d{{2}})")

ReleaseRule = Literal["all", "passed"]


def _time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("an IANA time zone such as Europe/Lisbon")
    return name


def _currency(code: str) -> str:
    if code not in list_currencies():
        raise ValueError("an ISO 4217 code such as EUR")
    return code


def _locale(name: str) -> str:
    try:
        Locale.parse(name)
    except (UnknownLocaleError, ValueError) as error:
        raise ValueError("a locale such as en_GB") from error
    return name


def _address(text: str) -> str:
    if not re.fullmatch(r"[^@\s<>,;:\"\\]+@[^@\s<>,;:\"\\]+", text):
        raise ValueError("one e-mail address such as cfo@example.com")
    return text


def _way_out(link: str) -> str:
    if not re.fullmatch(r"(?:mailto:[^@<>\s]+@|https://)[!-;=?-~]+", link):
        raise ValueError("mailto:someone@example.com, or an https:// address that takes the POST of RFC 8058")
    return link


Slug = Annotated[str, StringConstraints(pattern=f"^{SLUG}$")]
Address = Annotated[str, AfterValidator(_address)]


class Policies(Settings):
    """Numbers that several reports share."""

    minimum_cash: Decimal = Decimal(0)
    """Cash that must not be undercut, in major units of the company's currency."""
    balance_due_days: int = Field(default=7, ge=0, le=365)
    """Days before an event's start by which its balance is due."""
    collection_days: int = Field(default=30, ge=0, le=365)
    """Days after an event's end in which what is left of its price comes in."""


class Company(Settings):
    """`company.yaml`: who the company is, and where its five sources are."""

    slug: Slug
    """Its name in folders, ledgers and alarms: a-z, 0-9 and hyphens; not to be changed later."""
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    """Its name as readers see it."""
    currency: Annotated[str, AfterValidator(_currency)]
    """ISO 4217, such as EUR; money in another currency is refused."""
    time_zone: Annotated[str, AfterValidator(_time_zone)]
    """IANA name such as Europe/Lisbon: weeks and days are those of this zone."""
    locale: Annotated[str, AfterValidator(_locale)] = "en_US"
    """How numbers and dates are written, such as en_GB."""
    fiscal_year_start: int = Field(default=1, ge=1, le=12)
    """The month in which the fiscal year begins."""
    as_of: AwareDatetime | None = None
    """The moment at which the data stands still, with its offset; left out: when it is collected."""
    sample: bool = False
    """An example, which is never mailed."""
    policies: Policies = Policies()
    """Numbers that several reports share."""
    sources: Sources
    """Where the company's data is."""
    release: ReleaseRule = "all"
    """all: no report leaves while one is held or failed; passed: each leaves that passed its gates."""

    @model_validator(mode="after")
    def _whole_minor_units(self) -> Company:
        if self.policies.minimum_cash != round(self.policies.minimum_cash, self.minor_digits):
            raise ValueError(f"policies.minimum_cash with at most {self.minor_digits} decimals, as {self.currency} has")
        return self

    @property
    def minor_digits(self) -> int:
        """How many decimals the currency's major unit has: 2 for USD, 0 for JPY."""
        return int(get_currency_precision(self.currency))

    @property
    def minimum_cash_minor(self) -> int:
        return int(self.policies.minimum_cash.scaleb(self.minor_digits))


class Need(Settings):
    """How old the newest row of a table may be at the snapshot's as-of, in hours."""

    max_age_hours: int = Field(gt=0, strict=True)
    """Hours between its newest row and the snapshot's as-of."""


class Delivery(Settings):
    """Who gets the report, instead of `SES_RECIPIENT_EMAIL`."""

    to: tuple[Address, ...] = Field(min_length=1, max_length=50)
    """Addresses, one mail each."""


class Limits(Settings):
    """How long one cell, and the whole report, may run before its kernel is killed."""

    cell_seconds: int = Field(default=300, gt=0, strict=True)
    """Seconds for one cell."""
    report_seconds: int = Field(default=900, gt=0, strict=True)
    """Seconds for the whole notebook."""


class Params(Settings):
    """`params/<report>.yaml`: owner, needs, values, List-Unsubscribe, and the forms of the page that go along."""

    report: Slug
    """The notebook's name: cfo is notebooks/cfo.ipynb."""
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
    """What the subject begins with, at most 40 characters."""
    owner: Address
    """Who gets mail when the notebook fails, and replies of readers; never the report itself."""
    needs: Mapping[TableWithAge, Need] = Field(default_factory=dict)
    """How fresh each table must be before the report may leave."""
    parameters: Mapping[str, str | int | Decimal | bool | None] = Field(default_factory=dict)
    """Values for the notebook's parameters cell, injected as they are."""
    limits: Limits = Limits()
    """How long it may run."""
    delivery: Delivery | None = None
    """Who gets it; left out: SES_RECIPIENT_EMAIL."""
    unsubscribe: Annotated[str, AfterValidator(_way_out)] | None = None
    """List-Unsubscribe: mailto:someone@example.com, or an https:// address that takes a POST."""
    attach: tuple[Literal["page", "pdf"], ...] = ()
    """Forms of the page that go along."""


@dataclass(frozen=True)
class Environment:
    """
    The variables in `VARIABLES`, read once: nothing else in the package looks at `os.environ`.

    Secrets are not among them: boto3 reads its own. `endpoint` is where all of AWS is looked for instead
    of at AWS, as boto3 sees it too.
    """

    company: str | None = None
    sender: str | None = None
    recipient: str | None = None
    bcc: str | None = None
    ledger: str | None = None
    store: str | None = None
    configuration_set: str | None = None
    alerts_topic: str | None = None
    events_topic: str | None = None
    endpoint: str | None = None
    commit: str | None = None

    @classmethod
    def read(cls, env_file: Path | None = None) -> Environment:
        """
        The process's environment over *env_file*, or over `.env` where it exists.

        Raises:
            InputInvalid: *env_file* was named and is not there.
        """
        if env_file is not None and not env_file.is_file():
            raise InputInvalid(str(env_file), "no such file", "a file of NAME=value lines", "python runner.py run")
        values = {**dotenv_values(env_file or ".env"), **os.environ}
        named = {field: values.get(name) for field, (name, _) in VARIABLES.items()}
        # Not from the file: boto3 would not see it there, and mails for a stand-in would reach AWS
        named["endpoint"] = os.environ.get("AWS_ENDPOINT_URL")
        return cls(**{key: value for key, value in named.items() if value})


VARIABLES: Mapping[str, tuple[str, str]] = {
    "company": ("QUARTERDECK_COMPANY", "the company folder, where --company does not name one; else sample"),
    "store": (
        "QUARTERDECK_STORE",
        "where snapshots and editions are: a folder, or s3://bucket/prefix; else outputs",
    ),
    "ledger": ("QUARTERDECK_LEDGER", "sqlite:FILE or dynamodb:TABLE; else a file in the user's state folder"),
    "sender": ("SES_SENDER_EMAIL", "From: of every mail, a verified identity of SES"),
    "recipient": ("SES_RECIPIENT_EMAIL", "who gets the reports whose params name nobody"),
    "bcc": ("SES_BCC_EMAIL", "who gets a copy of every mail, for audit"),
    "configuration_set": ("SES_CONFIGURATION_SET", "the configuration set that SES's events come from"),
    "alerts_topic": ("OPS_ALERTS_TOPIC_ARN", "the SNS topic that is told when a person is needed"),
    "events_topic": ("SES_EVENTS_TOPIC_ARN", "the SNS topic whose events about mails are believed"),
    "commit": ("QUARTERDECK_COMMIT", "the commit of the code, where it lies without its checkout, as in the image"),
    "endpoint": ("AWS_ENDPOINT_URL", "a stand-in for all of AWS; from the process only, not from a file"),
}
"""Field of `Environment` to its variable, and what it is for."""


def lend_to_boto3(env_file: Path | None = None) -> None:
    """
    Put the `AWS_…` variables of *env_file*, or of `.env`, into the process's environment, where boto3 looks.

    What the process has of its own wins.
    """
    for name, value in dotenv_values(env_file or ".env").items():
        if name.startswith("AWS_") and value:
            os.environ.setdefault(name, value)


def load_company(folder: Path) -> Company:
    """
    The settings in *folder*`/company.yaml`.

    Raises:
        InputInvalid: The folder or file is missing, or the file says something we do not know.
    """
    if not folder.is_dir():
        found = "a file" if folder.exists() else "no such folder"
        mend = "python runner.py run --company sample"
        raise InputInvalid(str(folder), found, "a company folder with company.yaml", mend)
    return _load(folder / "company.yaml", Company)


def load_params(folder: Path, report: str) -> Params:
    """
    The params of *report*, from *folder*`/<report>.yaml`.

    Raises:
        InputInvalid: No such report, an unknown key, or a file that names another report.
    """
    known = report_names(folder)
    if report not in known:
        raise InputInvalid(
            "report",
            repr(report),
            "one of " + ", ".join(known),
            f"python runner.py run {known[0] if known else ''}".strip(),
        )
    path = folder / f"{report}.yaml"
    params = _load(path, Params)
    if params.report != report:
        raise InputInvalid(f"{path}, report", repr(params.report), f"{report!r}, as the file is named")
    return params


def report_names(folder: Path) -> list[str]:
    """The reports that have a params file in *folder*, by name; what editors leave there (`.#cfo.yaml`) is none."""
    return sorted(path.stem for path in folder.glob("*.yaml") if not path.name.startswith("."))


def edition_parts(edition: str) -> tuple[str, str]:
    """
    The report (with its variant, if any) and the period of an edition: `cfo/2026-W48`, `cfo@jada/2026-W48`.

    Raises:
        InputInvalid: That is no edition's name. What passes is safe as part of a path.
    """
    match = _EDITION.fullmatch(edition)
    if match is None:
        raise InputInvalid(
            "edition", repr(edition), "a report and its period such as cfo/2026-W48", "python runner.py show"
        )
    Period.parse(match[2], "UTC")
    return match[1], match[2]


class _Loader(yaml.SafeLoader):
    """YAML with exact decimals, and without keys given twice (of which YAML would keep the last)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key that is no plain text", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands here twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_Loader.add_constructor(
    "tag:yaml.org,2002:float", lambda loader, node: Decimal(str(loader.construct_scalar(cast("yaml.ScalarNode", node))))
)

_Model = TypeVar("_Model", bound=Settings)


def _load(path: Path, model: type[_Model]) -> _Model:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputInvalid(str(path), "no such file", "a YAML file") from error
    except OSError as error:
        raise InputInvalid(str(path), f"what cannot be read ({error.strerror})", "a YAML file") from error
    except UnicodeDecodeError as error:
        raise InputInvalid(str(path), f"a byte that is not UTF-8 at {error.start}", "UTF-8 text") from error
    try:
        content = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
        lines = _lines(yaml.compose(text, yaml.SafeLoader))
    except (yaml.YAMLError, ArithmeticError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise InputInvalid(place, str(getattr(error, "problem", None) or error), "well-formed YAML") from error
    if not isinstance(content, dict):
        raise InputInvalid(str(path), "no keys", "a mapping such as report: cfo")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _first_problem(path, error, lines) from error


def _first_problem(path: Path, error: ValidationError, lines: Mapping[tuple[str, ...], int]) -> InputInvalid:
    # A misspelt key is missing under its right name too: the misspelling is what helps
    problem = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    key = tuple(str(part) for part in problem["loc"])
    known = [key[:length] for length in range(len(key), 0, -1) if key[:length] in lines]
    line = f", line {lines[known[0]]}" if known else ""
    place = f"{path}{line}, {'.'.join(key)}"
    match problem["type"]:
        case "extra_forbidden":
            parent = ".".join(key[:-1]) or "this file"
            return InputInvalid(place, f"the unknown key {key[-1]!r}", f"a key that {parent} has")
        case "missing":
            return InputInvalid(f"{path}{line}", f"no key {'.'.join(key)!r}", "it to be given")
        case "value_error":
            expected = str(problem["ctx"]["error"])
        case _:
            expected = problem["msg"].removeprefix("Input should be ")
    return InputInvalid(place, repr(problem["input"]), expected)


def _lines(node: yaml.Node | None, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], int]:
    """The line of every key of a YAML document, counted from 1."""
    found: dict[tuple[str, ...], int] = {}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            found[here] = key.start_mark.line + 1
            found |= _lines(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            found |= _lines(value, (*path, str(number)))
    return found
