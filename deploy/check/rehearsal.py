"""
The stack, made on MiniStack and read back: that the parts find one another, by the names that CloudFormation gives.

MiniStack keeps neither point-in-time recovery, the bucket's rules and encryption, what follows a failed start, nor
reserved concurrency of a stack; those are held by the rules and by checkov alone.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stand_ins import boto3_variables, serving_ministack
from template import PARAMETERS, Template

from quarterdeck.ledger.dynamodb import DynamoTable

_STACK = "quarterdeck"
_WAIT_S, _STEP_S = 60, 0.2


def rehearsal_faults(template: Template) -> Iterator[str]:
    """Make the stack of *template*, and compare what stands there with what it says."""
    kept = dict(os.environ)
    with tempfile.TemporaryDirectory() as scratch, serving_ministack(Path(scratch) / "log") as endpoint:
        os.environ.update(boto3_variables(endpoint, Path(scratch)))
        try:
            yield from _made(template)
        finally:
            os.environ.clear()
            os.environ.update(kept)


def _client(service: str) -> Any:  # noqa: ANN401 - of seven services, whose types are not installed
    from boto3.session import Session  # noqa: PLC0415 - the other checks need no boto3

    return Session(region_name=os.environ["AWS_REGION"]).client(service)  # type: ignore[call-overload]  # any service


def _made(template: Template) -> Iterator[str]:
    cloudformation = _client("cloudformation")
    cloudformation.create_stack(
        StackName=_STACK,
        TemplateBody=template.text,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in PARAMETERS.items()],
    )
    stack = _ended(cloudformation)
    if stack["StackStatus"] != "CREATE_COMPLETE":
        events = cloudformation.describe_stack_events(StackName=_STACK)["StackEvents"]
        reasons = [
            f"{one['LogicalResourceId']}: {one['ResourceStatusReason']}"
            for one in events
            if one.get("ResourceStatusReason")
        ]
        yield f"the stack is {stack['StackStatus']}: {'; '.join(reasons[:3])}"
        return
    listed = cloudformation.describe_stack_resources(StackName=_STACK)["StackResources"]
    made = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in listed}
    missing = set(template.said["Resources"]) - set(made)
    yield from (f"{name} was not made" for name in sorted(missing))
    yield from _ledger(made, {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]})
    yield from _start(made)
    yield from _mail_events(made)
    yield from _alarms(template, made)


def _ended(cloudformation: Any) -> dict[str, Any]:  # noqa: ANN401 - as `_client`
    for _ in range(int(_WAIT_S / _STEP_S)):
        (stack,) = cloudformation.describe_stacks(StackName=_STACK)["Stacks"]
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            break
        time.sleep(_STEP_S)
    ended: dict[str, Any] = stack
    return ended


def _ledger(made: dict[str, str], outputs: dict[str, str]) -> Iterator[str]:
    """Our own code opens the table, and the function is pointed at it."""
    DynamoTable(outputs["LedgerTable"])
    variables = _client("lambda").get_function(FunctionName=made["Batch"])["Configuration"]["Environment"]["Variables"]
    wanted = {
        "QUARTERDECK_LEDGER": f"dynamodb:{made['Ledger']}",
        "QUARTERDECK_STORE": f"s3://{made['Store']}/quarterdeck",
        "SES_CONFIGURATION_SET": made["ConfigurationSet"],
        "OPS_ALERTS_TOPIC_ARN": made["OpsAlerts"],
        "SES_EVENTS_TOPIC_ARN": made["MailEventsTopic"],
        "SES_SENDER_EMAIL": PARAMETERS["Sender"],
    }
    yield from (
        f"the batch's {name} is {variables.get(name)}" for name in wanted if variables.get(name) != wanted[name]
    )
    s3 = _client("s3")
    if s3.get_bucket_versioning(Bucket=made["Store"]).get("Status") != "Enabled":
        yield "the bucket keeps no versions"
    if not all(s3.get_public_access_block(Bucket=made["Store"])["PublicAccessBlockConfiguration"].values()):
        yield "the bucket could be opened to the public"


def _start(made: dict[str, str]) -> Iterator[str]:
    schedule = _client("scheduler").get_schedule(Name=made["WeeklyStart"])
    target = schedule["Target"]
    if (schedule["State"], schedule["ScheduleExpressionTimezone"]) != ("ENABLED", "UTC"):
        yield f"the schedule is {schedule['State']} in {schedule['ScheduleExpressionTimezone']}"
    if not target["Arn"].endswith(f":function:{made['Batch']}"):
        yield f"the schedule starts {target['Arn']}"
    if "<aws.scheduler.scheduled-time>" not in target["Input"]:
        yield f"the schedule says {target['Input']}"
    if made["FailedStarts"].rpartition("/")[2] not in target["DeadLetterConfig"]["Arn"]:
        yield "a start that nobody took is lost"


def _mail_events(made: dict[str, str]) -> Iterator[str]:
    """SES tells the topic, and the topic the function."""
    destinations = _client("sesv2").get_configuration_set_event_destinations(
        ConfigurationSetName=made["ConfigurationSet"]
    )
    (told,) = destinations["EventDestinations"]
    if told["SnsDestination"]["TopicArn"] != made["MailEventsTopic"] or not told["Enabled"]:
        yield f"SES tells {told}"
    wanted = {"SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT", "DELIVERY_DELAY"}
    if set(told["MatchingEventTypes"]) != wanted:
        yield f"SES tells of {', '.join(told['MatchingEventTypes'])}"
    subscribed = _client("sns").list_subscriptions()["Subscriptions"]
    pairs = {(one["TopicArn"], one["Endpoint"].rpartition(":")[2]) for one in subscribed}
    if pairs != {(made["MailEventsTopic"], made["MailEvents"])}:
        yield f"the topics tell {pairs}"


def _alarms(template: Template, made: dict[str, str]) -> Iterator[str]:
    alarms = {one["AlarmName"]: one for one in _client("cloudwatch").describe_alarms()["MetricAlarms"]}
    for name in template.resources("AWS::CloudWatch::Alarm"):
        alarm = alarms.get(made[name])
        if alarm is None or alarm["AlarmActions"] != [made["OpsAlerts"]]:
            yield f"{name} tells nobody"
