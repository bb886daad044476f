"""
Faults that are put into the template by hand, each with the check that has to find it.

A check that finds nothing may be content, or blind. This says which: it runs with every `make deploy-check`, and
what needs no tool runs with the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import groupby

from template import Template


@dataclass(frozen=True)
class Fault:
    """
    One change of the template's text.

    Args:
        what: What would happen.
        found_by: The name of a rule or a tool.
        said: Words of its that are about this fault.
    """

    what: str
    found_by: str
    said: str
    before: str
    after: str

    def put_into(self, text: str) -> str:
        if self.before not in text:
            raise ValueError(f"{self.before!r} stands nowhere in the template: this fault has to be put elsewhere")
        return text.replace(self.before, self.after, 1)


# Those of one tool are put in together, as each start of it takes seconds.
OF_TOOLS = (
    Fault("a section is misspelt", "sam validate", "Functions", "Globals:\n  Function:", "Globals:\n  Functions:"),
    Fault(
        "a function's property is misspelt", "sam validate --lint", "MemorySizes", "MemorySize: 10", "MemorySizes: 10"
    ),
    Fault("a queue's property is misspelt", "cfn-lint", "SqsManagedSse", "SqsManagedSseEnabled", "SqsManagedSse"),
    Fault("a resource is not there", "cfn-lint", "Nowhere", "Topics: [!Ref OpsAlerts]", "Topics: [!Ref Nowhere]"),
    Fault("an action is misspelt", "parliament", "GetMailIdentity", "ses:GetEmailIdentity", "ses:GetMailIdentity"),
    Fault("a condition key is misspelt", "parliament", "FromAdress", '{"ses:FromAddress"', '{"ses:FromAdress"'),
    Fault(
        "mail without recipients passes",
        "iam-simulate",
        "{'ses:FromAddress': 'reports@example.com'} is Allowed",
        '              "Null": {"ses:Recipients": "false"}',
        "             ",
    ),
    Fault(
        "any sender passes",
        "iam-simulate",
        "'payroll@example.com'",
        'StringEquals: {"ses:FromAddress": !Ref Sender}',
        'StringLike: {"ses:FromAddress": "*"}',
    ),
    Fault("the ledger has no way back", "checkov", "CKV_AWS_28", "RecoveryEnabled: true", "RecoveryEnabled: false"),
    Fault("the bucket is open", "checkov", "CKV_AWS_53", "BlockPublicAcls: true", "BlockPublicAcls: false"),
)
_DELETE = "- dynamodb:PutItem\n              - dynamodb:DeleteItem"
OF_RULES = (
    Fault("an action has a wildcard", "policies", "wildcard", "Action: dynamodb:Query", 'Action: "dynamodb:*"'),
    Fault("a function may delete", "policies", "DeleteItem is allowed", "- dynamodb:PutItem", _DELETE),
    Fault("the batch loses ledger and mail", "policies", "BatchRole", "ManagedPolicyArns: [!Ref Shared]", "Path: /"),
    Fault("a call is not allowed", "policies", "BatchGetItem", "              - dynamodb:BatchGetItem\n", ""),
    Fault("the ledger has no way back", "ledger", "point-in-time", "RecoveryEnabled: true", "RecoveryEnabled: false"),
    Fault("the ledger has another index", "ledger", "by-place", "IndexName: listed", "IndexName: by-place"),
    Fault("the ledger goes with the stack", "retention", "Retain", "DeletionPolicy: Retain", "DeletionPolicy: Delete"),
    Fault("the clock has five fields", "schedule", "refuse", "cron(0 8 ? * MON *)", "cron(0 8 ? * MON)"),
    Fault("the clock has both days", "schedule", "refuse", "cron(0 8 ? * MON *)", "cron(0 8 * * MON *)"),
    Fault("the clock strikes every day", "schedule", "not every Monday", "cron(0 8 ? * MON *)", "cron(0 8 * * ? *)"),
    Fault("a start does not know its time", "schedule", "its period", "<aws.scheduler.scheduled-time>", "now"),
    Fault("nobody counts it", "alarms", "nobody counts", "MetricName: BatchReleased", "MetricName: BatchesReleased"),
    Fault("an alarm looks back too far", "alarms", "691,200 s", "EvaluationPeriods: 7", "EvaluationPeriods: 8"),
    Fault("silence is taken for peace", "alarms", "silent", "led, breaching", "led, notBreaching"),
    Fault("a failed batch runs again", "starts", "again", "MaximumRetryAttempts: 0", "MaximumRetryAttempts: 2"),
    Fault("a variable is misspelt", "variables", "SES_BCC_MAIL", "SES_BCC_EMAIL: !Ref", "SES_BCC_MAIL: !Ref"),
    Fault(
        "two lines share a YAML alias",
        "text",
        "alias",
        "Properties: {RetentionInDays: 400}",
        "Properties: &a {A: [*a]}",
    ),
)


def unseen(template: Template, checks: Mapping[str, Callable[[Template], Iterator[str]]]) -> Iterator[str]:
    """The faults that *checks* do not see, of those that are theirs to find."""
    together = [tuple(faults) for _, faults in groupby(OF_TOOLS, lambda fault: fault.found_by)]
    for faults in (*together, *((fault,) for fault in OF_RULES)):
        check = checks.get(faults[0].found_by)
        if check is None:
            continue
        faulty = Template(reduce(lambda text, fault: fault.put_into(text), faults, template.text))
        found = " ".join(check(faulty))
        yield from (f"{one.found_by} does not see that {one.what}" for one in faults if one.said not in found)
