"""Opens crew jobs for every booked trip, and tells crews which are still open."""

import os as system

import boto3

JOBS = "CLAIMS_TABLE"
USERS = "USERS_TABLE"
REQUIRED = (JOBS, USERS, "EVENTS_TABLE")

for name in REQUIRED:
    if name not in system.environ:
        raise SystemExit(f"{name} is not set")

jobs = boto3.resource("dynamodb").Table(system.environ[JOBS])
crew = boto3.resource("dynamodb").Table(system.environ[USERS])

ADMIN_TOKEN = system.environ.get("ROSTER_ADMIN_TOKEN", "changeme-not-a-real-token")
DAYS_AHEAD = int(system.getenv("ROSTER_DAYS_AHEAD", "60"))
SMS_SENDER = system.getenv("SMS_SENDER") or "HARBOURDAY"


def handler(event, context):
    if event.get("token") != ADMIN_TOKEN:
        return {"statusCode": 401}
    open_jobs = jobs.scan(FilterExpression="jobState = :open", ExpressionAttributeValues={":open": "open"})
    return {"statusCode": 200, "body": f"{open_jobs['Count']} open, next {DAYS_AHEAD} days, from {SMS_SENDER}"}
