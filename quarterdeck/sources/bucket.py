"""Documents from S3: what lies below a prefix, read as if it lay in a folder; and a table's newest export."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from quarterdeck.aws import client, in_our_words
from quarterdeck.errors import InputInvalid
from quarterdeck.sources.decoding import json_values
from quarterdeck.sources.reading import Document

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_SCHEME = "s3://"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SUMMARY = "**/manifest-summary.json"  # DynamoDB writes it last: an export that has one is finished
_READABLE = ("FULL_EXPORT", "DYNAMODB_JSON")
_EXPORT = "aws dynamodb export-table-to-point-in-time --export-format DYNAMODB_JSON"


class _Written(BaseModel):
    """What DynamoDB writes about an export, as far as we read it."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, extra="ignore")


class _Summary(_Written):
    table_arn: str = ""
    export_time: str
    item_count: int
    manifest_files_s3_key: str


class _File(_Written):
    item_count: int
    data_file_s3_key: str


W = TypeVar("W", bound=_Written)


def is_in_bucket(path: str) -> bool:
    """Whether *path*, as `company.yaml` writes it, is an address on S3."""
    return path.startswith(_SCHEME)


@dataclass(frozen=True)
class _Place:
    """A bucket, and what all keys of a source begin with: nothing, or a prefix that ends with a slash."""

    s3: S3Client
    bucket: str
    prefix: str

    def url(self, key: str) -> str:
        return f"{_SCHEME}{self.bucket}/{key}"

    def keys(self, patterns: Sequence[str]) -> list[str]:
        """The keys below the prefix that match one of *patterns*, as `Path.glob` reads them, by name."""
        wanted = [_expression(pattern) for pattern in patterns]
        with in_our_words(self.url(self.prefix), permission="s3:ListBucket"):
            pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
            names = [found["Key"].removeprefix(self.prefix) for page in pages for found in page.get("Contents", [])]
        return sorted(name for name in names if any(one.fullmatch(name) for one in wanted))

    def read(self, name: str) -> Document:
        key = self.prefix + name
        with in_our_words(self.url(key), permission="s3:GetObject"):
            content = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return Document(name, content, self.url(key))


def documents_in_bucket(place: str, url: str, *patterns: str) -> Iterator[Document]:
    """
    The objects below *url* whose names match one of *patterns*, by name, one at a time.

    Args:
        place: The key of `company.yaml` that names it, for error messages.
        url: `s3://bucket/prefix`, or the address of one object, which is then all there is.
        patterns: As for `reading.documents_in`; names are relative to the prefix, as files' are to their folder.

    Raises:
        InputInvalid: *url* is no address on S3, or nothing lies there.
        AwsUnavailable: There is no such bucket, a permission is missing, or S3 does not answer.
    """
    folder = _place(place, url)
    names = folder.keys(patterns)
    if names:
        yield from map(folder.read, names)
        return
    at, _, name = folder.prefix.removesuffix("/").rpartition("/")
    beside = _Place(folder.s3, folder.bucket, f"{at}/" if at else "")
    if name and beside.keys([name]):
        yield beside.read(name)
        return
    if not folder.keys(["**/*"]):
        raise InputInvalid(place, f"{url!r}, below which nothing lies", "an address that holds the source")


def newest_export(place: str, url: str) -> Iterator[Document]:
    """
    The data files of the newest finished full export of a DynamoDB table below *url*.

    Raises:
        InputInvalid: *url* is no address on S3, no full export there is finished, there are some of several tables,
            it is in Amazon Ion, or its files hold another number of items than its manifest says.
        AwsUnavailable: There is no such bucket, a permission is missing, or S3 does not answer.
    """
    folder = _place(place, url)
    summaries = [_summary(folder.read(name)) for name in folder.keys([_SUMMARY])]
    full = [found for found in summaries if found is not None]
    if not full:
        found = f"{url!r}, with {len(summaries)} finished exports, none of them full and in DynamoDB JSON"
        raise InputInvalid(place, found, _EXPORT)
    tables = sorted({one.table_arn.rpartition("/")[2] for one in full})
    if len(tables) > 1:
        found = f"{url!r}, with exports of {len(tables)} tables: {', '.join(map(repr, tables))}"
        raise InputInvalid(place, found, "the prefix of one table's exports")
    summary = max(full, key=lambda one: one.export_time)
    whole = _Place(folder.s3, folder.bucket, "")
    listing = whole.read(summary.manifest_files_s3_key)
    files = [_checked(_File, written, f"{listing.place}, line {line}") for line, written in json_values(listing)]
    counted = sum(file.item_count for file in files)
    if counted != summary.item_count:
        raise InputInvalid(listing.place, f"{counted:,} items in its files", f"{summary.item_count:,} items")
    for file in files:
        document = whole.read(file.data_file_s3_key)
        yield Document(document.name.removeprefix(folder.prefix), document.content, document.place)


def _place(place: str, url: str) -> _Place:
    bucket, _, prefix = url.removeprefix(_SCHEME).partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise InputInvalid(place, repr(url), "s3://bucket/prefix")
    prefix = prefix.rstrip("/")
    return _Place(client("s3"), bucket, f"{prefix}/" if prefix else "")


def _summary(document: Document) -> _Summary | None:
    """What the summary of an export says; None where it is no full one, or not in DynamoDB JSON."""
    written = [value for _, value in json_values(document)]
    alone = written[0] if len(written) == 1 else written
    if isinstance(alone, dict) and (alone.get("exportType", _READABLE[0]), alone.get("outputFormat")) != _READABLE:
        return None
    return _checked(_Summary, alone, document.place)


def _checked(kind: type[W], written: object, place: str) -> W:
    try:
        return kind.model_validate(written)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ", ".join([place, *map(str, problem["loc"])])
        found = reprlib.repr(problem["input"]) if written and problem["type"] != "missing" else "nothing"
        expected = f"an export's manifest as DynamoDB writes it; take that export away, or make a new one by {_EXPORT}"
        raise InputInvalid(where, found, expected) from error


def _expression(pattern: str) -> re.Pattern[str]:
    """`**/` is any number of folders, none included; `*` stays within one."""
    parts = re.split(r"(\*\*/|\*)", pattern)
    means = {"**/": r"(?:.*/)?", "*": r"[^/]*"}
    return re.compile("".join(means.get(part, re.escape(part)) for part in parts))
