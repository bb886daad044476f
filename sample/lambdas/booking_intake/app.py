"""Takes an inquiry from the booking site and writes it to the Events table."""

import json
import os

import boto3

EVENTS_TABLE = os.environ["EVENTS_TABLE"]
STAGE = os.environ.get("STAGE", "prod")
SES_SENDER = os.environ["SES_SENDER"]
PAYMENT_API_KEY = os.environ["PAYMENT_API_KEY"]
MAX_GUESTS = int(os.environ.get("MAX_GUESTS", "60"))


def handler(event, context):
    inquiry = json.loads(event["body"])
    if int(inquiry["party"]) > MAX_GUESTS:
        return {"statusCode": 422, "body": "too many guests for any of our vessels"}
    region = os.environ.get("AWS_REGION") or "us-west-2"
    table = boto3.resource("dynamodb", region_name=region).Table(EVENTS_TABLE)
    table.put_item(Item={**inquiry, "state": "inquiry", "stage": STAGE})
    if "SENTRY_DSN" in os.environ:
        import sentry_sdk

        sentry_sdk.init(os.environ["SENTRY_DSN"])
    return {"statusCode": 202}
