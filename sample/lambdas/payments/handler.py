"""Card payments: takes deposits and balances, and listens to the processor's webhook."""

import hashlib
import hmac
import json
from os import environ, getenv

import boto3


def required(name):
    """One place that says which variable is missing."""
    value = environ.get(name)
    if value is None:
        raise RuntimeError(f"{name} is not set")
    return value


API_KEY = required("PAYMENT_API_KEY")
LEDGER_TABLE = required("LEDGER_TABLE")
# Invented, and no secret of anybody: it stood here so that the tests would pass, and it stayed.
WEBHOOK_SECRET = getenv("WEBHOOK_SECRET", "whsec_obviously_fake_do_not_use_0000")
DEPOSIT_PERCENT = int(getenv("DEPOSIT_PERCENT", "30"))


def is_genuine(body, signature):
    expected = hmac.new(WEBHOOK_SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)


def handler(event, context):
    if not is_genuine(event["body"], event["headers"].get("x-signature", "")):
        return {"statusCode": 403}
    payment = json.loads(event["body"])
    boto3.resource("dynamodb").Table(LEDGER_TABLE).put_item(Item=payment)
    return {"statusCode": 200}
