"""An SNS topic that a queue is subscribed to: what was published arrives there, in the envelope that SNS makes."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from typing import Any

import boto3


def service(name: str) -> Any:
    """boto3's client of *name*, at the stand-in."""
    return boto3.client(name, region_name=os.environ["AWS_REGION"])


@dataclass(frozen=True)
class Topic:
    """A topic's ARN, and the URL of the queue behind it."""

    arn: str
    queue: str

    def arrived(self) -> list[dict[str, Any]]:
        """The notifications that arrived since, in their order, as SNS hands them over."""
        sqs = service("sqs")
        found: list[dict[str, Any]] = []
        while messages := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(message["Body"]))
        return found


def subscribed_topic(name: str = "") -> Topic:
    """A new topic at the stand-in that boto3 points at, with a queue of its own."""
    name = name or f"alerts-{secrets.token_hex(6)}"
    sns, sqs = service("sns"), service("sqs")
    arn = sns.create_topic(Name=name)["TopicArn"]
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=attributes["QueueArn"])
    return Topic(arn, queue)
