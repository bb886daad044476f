"""The hotel, loaded into an empty account: tables, bucket and zones that hold what its folder holds."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from quarterdeck.aws import client

HOTEL = Path(__file__).parent.parent / "data" / "hotel-2016"
KEYS = {"Events": "eventId", "Users": "userId", "Checklists": "checklistId", "Claims": "claimId"}
_AT_ONCE = 25  # items of one BatchWriteItem


def items_of(table: str) -> list[dict[str, Any]]:
    """The items of a table of the hotel, as the AWS CLI printed them."""
    return json.loads(gzip.decompress((HOTEL / "tables" / f"{table}.json.gz").read_bytes()))["Items"]


def load_tables(prefix: str) -> None:
    """Make and fill `<prefix>Events`, `<prefix>Users`, `<prefix>Checklists` and `<prefix>Claims`."""
    for table, key in KEYS.items():
        make_table(f"{prefix}{table}", key)
        fill_table(f"{prefix}{table}", iter(items_of(table)))


def make_table(name: str, key: str) -> None:
    """An empty table with one key, a text."""
    client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def fill_table(name: str, items: Iterator[Mapping[str, Any]]) -> None:
    """Put *items* into the table."""
    dynamodb = client("dynamodb")
    while some := list(islice(items, _AT_ONCE)):
        left = {name: [{"PutRequest": {"Item": item}} for item in some]}
        while left:
            left = dynamodb.batch_write_item(RequestItems=left).get("UnprocessedItems", {})


def load_bucket(bucket: str, prefix: str) -> None:
    """Put the hotel's folder into a new bucket, below *prefix*, which ends with a slash or is empty."""
    s3 = client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for path in sorted(HOTEL.rglob("*")):
        if path.is_file():
            s3.put_object(Bucket=bucket, Key=prefix + path.relative_to(HOTEL).as_posix(), Body=path.read_bytes())


def company_on_aws(folder: Path, tables: Mapping[str, Mapping[str, object]], **sources: object) -> Path:
    """
    A company folder with nothing but `company.yaml`: the hotel's, with its sources elsewhere.

    Args:
        tables: For each of our tables, what stands in `path`'s place: `{"table": "hotel-Events"}`.
        sources: The same for the other sources; those that are not given are absent.
    """
    settings = yaml.safe_load((HOTEL / "company.yaml").read_text(encoding="utf-8"))
    own = settings["sources"]["tables"]
    settings["sources"] = {
        **sources,
        "tables": {name: {**place, "columns": own[name]["columns"]} for name, place in tables.items()},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "company.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return folder
