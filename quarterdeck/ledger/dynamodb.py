"""
The ledger on DynamoDB: one table for whoever takes part, on however many machines.

Rules decide by reading single items and partitions, consistently. The one index lags behind the table,
and is asked only *which* items belong to a list; how they stand is then read from the table. So a list may
miss what was added within the last second, and never shows an old state. An item's place in a list does
not change, so writing it again costs the index nothing.

The table has no time to live: a delivery that is forgotten is a mail sent twice.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from quarterdeck.aws import client, in_our_words
from quarterdeck.errors import AwsUnavailable, InputInvalid
from quarterdeck.ledger.table import Item, Key, Listing, Value

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, TableDescriptionTypeDef

_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_KEYS = {"partition": "HASH", "sort": "RANGE"}
_INDEX = "listed"
_INDEX_KEYS = {"head": "HASH", "place": "RANGE"}
_BATCH = 100  # items of one BatchGetItem
_WAITS_S = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)  # after each of its answers that was not whole

# What `create_table` makes, and what a template on AWS has to make: nothing more is needed.
SCHEMA: dict[str, Any] = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in (*_KEYS, *_INDEX_KEYS)],
    "KeySchema": [{"AttributeName": name, "KeyType": role} for name, role in _KEYS.items()],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": _INDEX,
            "KeySchema": [{"AttributeName": name, "KeyType": role} for name, role in _INDEX_KEYS.items()],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


def create_table(name: str) -> None:
    """
    Make the empty table of a ledger, for tests and stand-ins; on AWS the template makes it.

    Raises:
        AwsUnavailable: It is there already, or AWS does not let us.
    """
    dynamodb = client("dynamodb")
    with in_our_words(f"DynamoDB table {name} in {dynamodb.meta.region_name}", permission="dynamodb:CreateTable"):
        dynamodb.create_table(TableName=name, **SCHEMA)
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


class DynamoTable:
    """
    An `ItemTable` in the DynamoDB table *table*, which is there. Threads may share it; a process makes its own.

    It needs the permissions DescribeTable, GetItem, BatchGetItem, PutItem, and Query on table and index.

    Raises:
        InputInvalid: *table* is no table's name, or a table of something else.
        AwsUnavailable: It is missing, a permission is, or AWS does not answer; so too from each method.
    """

    def __init__(self, table: str) -> None:
        if not _NAME.fullmatch(table):
            expected = "dynamodb:TABLE, a name of 3 to 255 characters A-Z a-z 0-9 _ . -"
            raise InputInvalid("QUARTERDECK_LEDGER", repr(f"dynamodb:{table}"), expected)
        self._table = table
        self._client = client("dynamodb")
        self._subject = f"DynamoDB table {table} in {self._client.meta.region_name}"
        with in_our_words(self._subject, permission="dynamodb:DescribeTable"):
            described = self._client.describe_table(TableName=table)["Table"]
        _check_schema(self.name, described)

    @property
    def name(self) -> str:
        return f"dynamodb:{self._table}"

    def get(self, key: Key) -> Item | None:
        with in_our_words(self._subject, permission="dynamodb:GetItem"):
            answer = self._client.get_item(TableName=self._table, Key=_key(key), ConsistentRead=True)
        return self._item(answer["Item"]) if "Item" in answer else None

    def put_if(self, item: Item, stamp: str | None) -> bool:
        """
        As `ItemTable` says. When an answer was lost and boto3 wrote again, the condition fails on our own
        write: DynamoDB then says what stands there, and its stamp is ours.
        """
        condition: dict[str, Any] = {
            "ConditionExpression": "attribute_not_exists(#known)",
            "ExpressionAttributeNames": {"#known": "partition"},
        }
        if stamp is not None:
            condition = {
                "ConditionExpression": "#known = :stamp",
                "ExpressionAttributeNames": {"#known": "stamp"},
                "ExpressionAttributeValues": {":stamp": {"S": stamp}},
            }
        with in_our_words(self._subject, permission="dynamodb:PutItem"):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=_attributes(item),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **condition,
                )
            except self._client.exceptions.ConditionalCheckFailedException as failed:
                return _stamp_of(failed) == item.stamp
        return True

    def query(self, partition: str, sort_prefix: str) -> list[Item]:
        with in_our_words(self._subject, permission="dynamodb:Query"):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="#partition = :partition AND begins_with(#sort, :prefix)",
                ExpressionAttributeNames={"#partition": "partition", "#sort": "sort"},
                ExpressionAttributeValues={":partition": {"S": partition}, ":prefix": {"S": sort_prefix}},
                ConsistentRead=True,
            )
            return [self._item(found) for page in pages for found in page["Items"]]

    def listed(self, head: str) -> list[Item]:
        with in_our_words(self._subject, permission=f"dynamodb:Query (table and index {_INDEX})"):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                IndexName=_INDEX,
                KeyConditionExpression="#head = :head",
                ExpressionAttributeNames={"#head": "head"},
                ExpressionAttributeValues={":head": {"S": head}},
            )
            keys = [{name: found[name] for name in _KEYS} for page in pages for found in page["Items"]]
        items = [item for start in range(0, len(keys), _BATCH) for item in self._all_of(keys[start : start + _BATCH])]
        return sorted(items, key=lambda item: (item.listing or (), item.key))

    def _all_of(self, keys: Sequence[Mapping[str, AttributeValueTypeDef]]) -> list[Item]:
        """The items of at most `_BATCH` keys, in any order."""
        items = []
        with in_our_words(self._subject, permission="dynamodb:BatchGetItem"):
            for wait_s in _WAITS_S:  # what does not fit into one answer, or is throttled, comes back as not processed
                answer = self._client.batch_get_item(RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}})
                items += [self._item(found) for found in answer["Responses"].get(self._table, ())]
                keys = answer["UnprocessedKeys"].get(self._table, {"Keys": []})["Keys"]
                if not keys:
                    return items
                time.sleep(wait_s)
        reason = f"{len(keys)} items were not given in {len(_WAITS_S)} answers: it is throttled"
        raise AwsUnavailable(self._subject, reason, "Wait a moment")

    def _item(self, attributes: Mapping[str, AttributeValueTypeDef]) -> Item:
        try:
            plain: dict[str, Any] = {name: _plain(value) for name, value in attributes.items()}
            listing = Listing(plain["head"], plain["place"]) if "head" in plain else None
            return Item(Key(plain["partition"], plain["sort"]), listing, plain["stamp"], plain["content"])
        except (KeyError, ValueError) as error:
            key = " ".join(str(attributes.get(name, {}).get("S")) for name in _KEYS)
            raise InputInvalid(
                f"{self.name}, {key}",
                f"{type(error).__name__}: {error}",
                "an item as this release writes it",
            ) from error


def _stamp_of(failed: ClientError) -> str:
    """The stamp of the item on which a condition failed; empty where none stands."""
    response: Mapping[str, Any] = failed.response
    return str(response.get("Item", {}).get("stamp", {}).get("S", ""))


def _check_schema(name: str, table: TableDescriptionTypeDef) -> None:
    """Refuse a table that was made for something else before anything is written to it."""
    types = {one["AttributeName"]: one["AttributeType"] for one in table.get("AttributeDefinitions", ())}
    indexes = {one.get("IndexName"): one for one in table.get("GlobalSecondaryIndexes", ())}

    def told(keys: Mapping[str, str]) -> str:
        return ", ".join(f"{key} ({role} {types.get(key, 'S')})" for key, role in keys.items()) or "none"

    for what, found, wanted in (
        ("keys", table.get("KeySchema", ()), _KEYS),
        (f"index {_INDEX!r}", indexes.get(_INDEX, {}).get("KeySchema", ()), _INDEX_KEYS),
    ):
        keys = {one["AttributeName"]: str(one["KeyType"]) for one in found}
        if keys != wanted or any(types.get(key) != "S" for key in keys):
            raise InputInvalid(
                "QUARTERDECK_LEDGER",
                f"{name}, a table whose {what} has {told(keys)}",
                f"a ledger's: {', '.join(f'{key} ({role} S)' for key, role in wanted.items())}",
                "QUARTERDECK_LEDGER=dynamodb:TABLE python runner.py check",
            )


def _key(key: Key) -> dict[str, AttributeValueTypeDef]:
    return {"partition": {"S": key.partition}, "sort": {"S": key.sort}}


def _attributes(item: Item) -> dict[str, AttributeValueTypeDef]:
    listing = {"head": item.listing.head, "place": item.listing.place} if item.listing else {}
    return {name: _wrapped(value) for name, value in (*item.key._asdict().items(), *listing.items())} | {
        "stamp": _wrapped(item.stamp),
        "content": _wrapped(item.content),
    }


def _wrapped(value: Value) -> AttributeValueTypeDef:
    """A value as DynamoDB takes it; boto3's own serializer takes floats apart, and gives numbers back as Decimal."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, Mapping):
        return {"M": {name: _wrapped(inner) for name, inner in value.items()}}
    return {"L": [_wrapped(inner) for inner in value]}


def _plain(attribute: Mapping[str, Any]) -> Value:
    ((kind, value),) = attribute.items()
    match kind:
        case "S":
            return str(value)
        case "N":
            return int(value)
        case "M":
            return {name: _plain(inner) for name, inner in value.items()}
        case "L":
            return [_plain(inner) for inner in value]
        case _:
            raise ValueError(f"an attribute of type {kind}")
