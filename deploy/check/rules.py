"""What no validator knows: that the template fits the code. Each rule gives one sentence for each fault."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import yaml
from aws_croniter import AwsCroniter
from operations import called_actions
from template import ROOT, Template, statements

from quarterdeck.ledger.dynamodb import SCHEMA

# The variables of the command's own table, all but those that Lambda and the image set
VARIABLES = {
    "QUARTERDECK_COMPANY",
    "QUARTERDECK_LEDGER",
    "QUARTERDECK_STORE",
    "SES_SENDER_EMAIL",
    "SES_RECIPIENT_EMAIL",
    "SES_BCC_EMAIL",
    "SES_CONFIGURATION_SET",
    "OPS_ALERTS_TOPIC_ARN",
    "SES_EVENTS_TOPIC_ARN",
}

# What AWS itself counts, of that which we look at
_METRICS = {
    "AWS/Lambda": ({"FunctionName"}, {"Errors", "Throttles", "Duration"}),
    "AWS/SQS": ({"QueueName"}, {"NumberOfMessagesSent"}),
}
_WEEK_S, _DAY_S, _HOUR_S = 604_800, 86_400, 3_600
_BREACHING_ONCE_SCHEDULED = {"Fn::If": ["IsScheduled", "breaching", "notBreaching"]}

# Actions without a narrower resource, by the service authorization reference
_ON_EVERYTHING = {
    "route53:ListHostedZones",
    "route53domains:ListDomains",
    "ses:GetAccount",
    "ses:GetSuppressedDestination",
}
# What Lambda does with a function's role, besides our own calls: its log, its failures, and SNS under our key
_BY_LAMBDA = {
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:SendMessage",
}


def schedule_faults(template: Template) -> Iterator[str]:
    """The next year of starts is one every Monday at 08:00 UTC, and each takes its scheduled time along."""
    ((_, schedule),) = template.resources("AWS::Scheduler::Schedule").items()
    expression = str(template.filled_in(schedule["ScheduleExpression"]))
    if not expression.startswith("cron(") or not expression.endswith(")"):
        yield f"{expression} is no cron(…)"
        return
    try:
        starts = AwsCroniter(expression[5:-1]).get_next(datetime(2026, 11, 24, tzinfo=UTC), 53)
    except Exception as error:  # noqa: BLE001 - its errors have no common base
        yield f"AWS would refuse {expression}: {error or type(error).__name__}"
        return
    wrong = [start for start in starts if (start.weekday(), start.hour, start.minute) != (0, 8, 0)]
    if wrong or (starts[-1] - starts[0]).days != 52 * 7:
        yield f"{expression} is not every Monday at 08:00: {(wrong or starts)[0]:%A %H:%M}"
    if schedule.get("ScheduleExpressionTimezone") != "UTC":
        yield "the schedule's time zone is not UTC"
    if json.loads(schedule["Target"]["Input"]) != {"scheduled_time": "<aws.scheduler.scheduled-time>"}:
        yield "the start does not take the scheduled time along: a repeated start would not know its period"


def ledger_faults(template: Template) -> Iterator[str]:
    """The table is the one that the code makes for tests, and it cannot be lost."""
    table = template.resources("AWS::DynamoDB::Table")["Ledger"]
    for part, wanted in SCHEMA.items():
        if table.get(part) != wanted:
            yield f"the ledger's {part} is {table.get(part)}, but the code has {wanted}"
    if not table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
        yield "the ledger has no point-in-time recovery"
    if not table.get("DeletionProtectionEnabled"):
        yield "the ledger can be deleted by one call"
    if "TimeToLiveSpecification" in table:
        yield "the ledger forgets deliveries, and what is forgotten is mailed again"


def retention_faults(template: Template) -> Iterator[str]:
    """What holds data outlives the stack."""
    for name in ("Ledger", "Store", "TopicsKey", "BatchLog"):
        resource = template.said["Resources"][name]
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if resource.get(policy) != "Retain":
                yield f"{name} has no {policy}: Retain"


def start_faults(template: Template) -> Iterator[str]:
    """A start is never repeated by machine, never beside another, and never lost in silence."""
    batch = template.resources("AWS::Serverless::Function")["Batch"]
    invoked = batch.get("EventInvokeConfig", {})
    if invoked.get("MaximumRetryAttempts") != 0:
        yield "Lambda would run a failed batch again"
    if invoked.get("DestinationConfig", {}).get("OnFailure", {}).get("Type") != "SQS":
        yield "a start that failed leaves nothing behind"
    if batch.get("ReservedConcurrentExecutions") != 1:
        yield "two batches may run at once"
    if batch.get("Timeout") != 900:
        yield f"the batch has {batch.get('Timeout')} seconds of the 900 that Lambda gives"


def variable_faults(template: Template) -> Iterator[str]:
    """The functions get each variable that the code reads, and none that it does not."""
    given = set(template.said["Globals"]["Function"]["Environment"]["Variables"])
    yield from (f"the functions do not get {name}" for name in sorted(VARIABLES - given))
    yield from (f"the code does not read {name}" for name in sorted(given - VARIABLES))


def alarm_faults(template: Template) -> Iterator[str]:
    """Each alarm watches what somebody counts, as far back as CloudWatch looks, and tells the people on duty."""
    for name, alarm in template.resources("AWS::CloudWatch::Alarm").items():
        dimensions = {one["Name"] for one in alarm["Dimensions"]}
        namespace, metric = alarm["Namespace"], alarm["MetricName"]
        wanted, metrics = _METRICS.get(namespace, ({"Company"}, _emitted()))
        if metric not in metrics or dimensions != wanted:
            yield f"{name} waits for {namespace} {metric} by {', '.join(sorted(dimensions))}, which nobody counts"
        looked_at = alarm["Period"] * alarm["EvaluationPeriods"]
        if looked_at > (_WEEK_S if alarm["Period"] >= _HOUR_S else _DAY_S):
            yield f"{name} looks back {looked_at:,} s: CloudWatch refuses more than a week, or a day of short periods"
        if alarm.get("AlarmActions") != [{"Ref": "OpsAlerts"}]:
            yield f"{name} tells nobody"
    silence = template.resources("AWS::CloudWatch::Alarm")["NothingReleased"]
    if (
        silence.get("TreatMissingData") != _BREACHING_ONCE_SCHEDULED
        or silence["EvaluationPeriods"] * silence["Period"] != _WEEK_S
    ):
        yield "NothingReleased does not ring when a week is silent"
    if "WallClockWindow" not in silence.get("EvaluationWindow", {}) or silence["Period"] != _DAY_S:
        yield "NothingReleased does not count whole days: it rings when a batch is minutes later than last week's"


def policy_faults(template: Template) -> Iterator[str]:
    """The functions may do what the code calls: nothing is missing, nothing is left over, nothing has a wildcard."""
    allowed: set[str] = set()
    for role in ("BatchRole", "MailEventsRole"):
        if {"Ref": "Shared"} not in template.resources("AWS::IAM::Role")[role].get("ManagedPolicyArns", []):
            yield f"{role} lacks Shared: its function may neither write the ledger, nor mail, nor tell anybody"
    policies = dict(template.policies_of("BatchRole")) | dict(template.policies_of("MailEventsRole"))
    for name, document in policies.items():
        for statement in statements(document):
            allowed.update(statement["Action"])
            for action in statement["Action"]:
                if "*" in action:
                    yield f"{name}, {statement['Sid']}: {action} has a wildcard"
                elif "*" in statement["Resource"] and action not in _ON_EVERYTHING:
                    yield f"{name}, {statement['Sid']}: {action} on everything"
    called = called_actions(ROOT / "quarterdeck")
    yield from (f"the code calls {action}, which no policy allows" for action in sorted(called - allowed))
    yield from (f"{action} is allowed, and no code calls it" for action in sorted(allowed - called - _BY_LAMBDA))


def text_faults(template: Template) -> Iterator[str]:
    """No YAML alias stands in it: CloudFormation refuses them, and no validator here says so."""
    for event in yaml.parse(template.text):
        if isinstance(event, yaml.AliasEvent) and event.start_mark is not None:
            yield f"line {event.start_mark.line + 1}: an alias, which CloudFormation does not take"


RULES: dict[str, Callable[[Template], Iterator[str]]] = {
    "schedule": schedule_faults,
    "ledger": ledger_faults,
    "retention": retention_faults,
    "starts": start_faults,
    "variables": variable_faults,
    "alarms": alarm_faults,
    "policies": policy_faults,
    "text": text_faults,
}


def _emitted() -> set[str]:
    """The metrics that our code counts: their names as they stand in it."""
    texts = "".join(path.read_text(encoding="utf-8") for path in Path(ROOT / "quarterdeck").rglob("*.py"))
    return {name for name in ("BatchReleased",) if f'"{name}"' in texts}
