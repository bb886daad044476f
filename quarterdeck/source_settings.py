"""What `company.yaml` says of the five sources: where each is, and how their names become ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

TableName = Literal["events", "users", "checklists", "claims"]
TableWithAge = Literal["events", "users", "claims", "projects", "expenses", "balances"]
"""Those whose newest row tells how old they are."""


class Settings(BaseModel):
    """
    Frozen, and strict about keys: what is not known is refused.

    The text under a field is what an editor says of its key, by the schemas of `make schemas`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ColumnSource(Settings):
    """Where one of our columns comes from, when its name alone does not say it: `from` or `value`, one of them."""

    attribute: str | None = Field(default=None, alias="from")
    """Their attribute."""
    value: str | int | bool | None = None
    """A constant for all rows."""
    unit: Literal["major", "minor", "epoch_seconds", "epoch_millis", "local"] | None = None
    """How theirs is written: money in major (12.50) or minor (1250) units, instants as epochs or local time."""
    values: Mapping[str, str] = Field(default_factory=dict)
    """Their values to ours, such as confirmed: booked."""

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnSource:
        if (self.attribute is None) == (self.value is None):
            raise ValueError("either from: (their attribute) or value: (a constant)")
        return self


_Column = str | ColumnSource


def _long_form(theirs: object) -> object:
    """`ours: theirs` is short for `ours: {from: theirs}`."""
    return {"from": theirs} if isinstance(theirs, str) else theirs


class PathSource(Settings):
    """A source in a file or folder, relative to the company folder, or at `s3://bucket/prefix`."""

    path: str
    """A file or folder beside company.yaml, or s3://bucket/prefix."""


class DomainsSource(Settings):
    """Zones, records and registrations: files that the AWS CLI printed at `path`, or `aws: true`, Route 53 itself."""

    path: str | None = None
    """The folder of what `aws route53 list-…` printed, or s3://bucket/prefix."""
    aws: bool = False
    """Ask Route 53 and Route 53 Domains themselves."""

    @model_validator(mode="after")
    def _one_origin(self) -> DomainsSource:
        if (self.path is None) == (not self.aws):
            raise ValueError("either path: (a folder or s3://bucket/prefix) or aws: true")
        return self


class TableSource(Settings):
    """One table: where it is (one of `path`, `table`, `export`), and which of their attributes are our columns."""

    path: str | None = None
    """A file or folder of `aws dynamodb scan` output, also at s3://bucket/prefix."""
    table: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{3,255}$")] | None = None
    """A DynamoDB table, scanned live."""
    export: Annotated[str, StringConstraints(pattern=r"^s3://")] | None = None
    """s3://bucket/prefix below which the newest finished export of the table lies."""
    segments: int = Field(default=4, ge=1, le=64)
    """Parts of a table that are read side by side."""
    capacity_per_second: int | None = Field(default=None, ge=1)
    """Read units a second that all segments together may use; left out: as many as there are."""
    columns: Mapping[str, Annotated[ColumnSource, BeforeValidator(_long_form, json_schema_input_type=_Column)]]
    """Our column to their attribute, or to where it comes from."""

    @model_validator(mode="after")
    def _one_origin(self) -> TableSource:
        if sum(origin is not None for origin in (self.path, self.table, self.export)) != 1:
            raise ValueError("one of path: (a file), table: (in DynamoDB) and export: (s3://bucket/prefix)")
        if self.table is None and self.model_fields_set & {"segments", "capacity_per_second"}:
            raise ValueError("segments: and capacity_per_second: with table: only, which is scanned")
        return self


class Sources(Settings):
    """The five sources; one that is not listed is absent, and the reports say so."""

    handoffs: PathSource | None = None
    """A folder for each project, with its handoff documents."""
    lambdas: PathSource | None = None
    """A folder for each function, with its source."""
    domains: DomainsSource | None = None
    """Zones, records and registrations."""
    tables: Mapping[TableName, TableSource] = Field(default_factory=dict)
    """Events, users, checklists and claims."""
    books: PathSource | None = None
    """The folder of the books' CSV files."""

    @property
    def files(self) -> tuple[str, ...] | None:
        """The paths of all sources, as they are written; None where one of them is on AWS."""
        return None if None in self._paths else self.here

    @property
    def here(self) -> tuple[str, ...]:
        """The paths of those sources that are not on AWS, as they are written."""
        return tuple(path for path in self._paths if path is not None)

    @property
    def _paths(self) -> tuple[str | None, ...]:
        """Each source's path, None for one on AWS."""
        listed = (self.handoffs, self.lambdas, self.domains, self.books, *self.tables.values())
        paths = [source.path for source in listed if source is not None]
        return tuple(None if not path or path.startswith("s3://") else path for path in paths)
