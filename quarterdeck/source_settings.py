"""What `company.yaml` says of the five sources: where each is, and how their names become ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

TableName = Literal["events", "users", "checklists", "claims"]


class Settings(BaseModel):
    """Frozen, and strict about keys: what is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnSource(Settings):
    """
    Where one of our columns comes from, when its name alone does not say it.

    `from` names their attribute and `value` a constant; exactly one of them is given. `unit` says how
    their value is written: `major` or `minor` for money, `epoch_seconds`, `epoch_millis` or `local`
    (the company's time zone) for instants. `values` renames their values to ours.
    """

    attribute: str | None = Field(default=None, alias="from")
    value: str | int | bool | None = None
    unit: Literal["major", "minor", "epoch_seconds", "epoch_millis", "local"] | None = None
    values: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnSource:
        if (self.attribute is None) == (self.value is None):
            raise ValueError("either from: (their attribute) or value: (a constant)")
        return self


def _long_form(theirs: object) -> object:
    """`ours: theirs` is short for `ours: {from: theirs}`."""
    return {"from": theirs} if isinstance(theirs, str) else theirs


class PathSource(Settings):
    """A source in a file or folder, relative to the company folder, or at `s3://bucket/prefix`."""

    path: str


class DomainsSource(Settings):
    """Zones, records and registrations: files that the AWS CLI printed at `path`, or `aws: true`, Route 53 itself."""

    path: str | None = None
    aws: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> DomainsSource:
        if (self.path is None) == (not self.aws):
            raise ValueError("either path: (a folder or s3://bucket/prefix) or aws: true")
        return self


class TableSource(Settings):
    """
    One table: where it is, and which of their attributes are our columns (ours: theirs).

    It is at `path` (a file or folder, also on S3), it is the DynamoDB table `table`, or it is the newest finished
    export below `export` (`s3://bucket/prefix`). `segments` of a table are read side by side, and consume together
    no more than `capacity_per_second` read units a second, where that is given.
    """

    path: str | None = None
    table: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{3,255}$")] | None = None
    export: Annotated[str, StringConstraints(pattern=r"^s3://")] | None = None
    segments: int = Field(default=4, ge=1, le=64)
    capacity_per_second: int | None = Field(default=None, ge=1)
    columns: Mapping[str, Annotated[ColumnSource, BeforeValidator(_long_form)]]

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
    lambdas: PathSource | None = None
    domains: DomainsSource | None = None
    tables: Mapping[TableName, TableSource] = Field(default_factory=dict)
    books: PathSource | None = None
