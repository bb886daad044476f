"""Documents from S3: what lies below a prefix, read as if it lay in a folder; and a table's newest export."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
        InputInvalid: *url* is no address on S3, no full export there is finished, it is in Amazon Ion, or its files
            hold another number of items than its manifest says.
        AwsUnavailable: There is no such bucket, a permission is missing, or S3 does not answer.
    """
    folder = _place(place, url)
    summaries = [_object(folder.read(name)) for name in folder.keys([_SUMMARY])]
    full = [one for one in summaries if (one.get("exportType", _READABLE[0]), one.get("outputFormat")) == _READABLE]
    if not full:
        found = f"{url!r}, with {len(summaries)} finished exports, none of them full and in DynamoDB JSON"
        raise InputInvalid(place, found, "aws dynamodb export-table-to-point-in-time --export-format DYNAMODB_JSON")
    summary = max(full, key=lambda one: str(one.get("exportTime", "")))
    whole = _Place(folder.s3, folder.bucket, "")
    files = [_entry(line) for _, line in json_values(whole.read(str(summary["manifestFilesS3Key"])))]
    counted = sum(int(str(file["itemCount"])) for file in files)
    if counted != int(str(summary["itemCount"])):
        found = f"{counted:,} items in its files"
        raise InputInvalid(folder.url(str(summary["manifestFilesS3Key"])), found, f"{summary['itemCount']:,} items")
    for file in files:
        document = whole.read(str(file["dataFileS3Key"]))
        yield Document(document.name.removeprefix(folder.prefix), document.content, document.place)


def _place(place: str, url: str) -> _Place:
    bucket, _, prefix = url.removeprefix(_SCHEME).partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise InputInvalid(place, repr(url), "s3://bucket/prefix")
    prefix = prefix.rstrip("/")
    return _Place(client("s3"), bucket, f"{prefix}/" if prefix else "")


def _object(document: Document) -> Mapping[str, Any]:
    (found,) = (value for _, value in json_values(document))
    return _entry(found)


def _entry(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InputInvalid("an export's manifest", type(value).__name__, "an object, as DynamoDB writes it")
    return value


def _expression(pattern: str) -> re.Pattern[str]:
    """`**/` is any number of folders, none included; `*` stays within one."""
    parts = re.split(r"(\*\*/|\*)", pattern)
    means = {"**/": r"(?:.*/)?", "*": r"[^/]*"}
    return re.compile("".join(means.get(part, re.escape(part)) for part in parts))
