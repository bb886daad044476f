"""
The rehearsal: from an empty account to the readers' inboxes and back, on MiniStack and on moto.

Every step is what a person or a machine would do: the command in a process of its own, and the function in Lambda's
Runtime Interface Emulator, inside a sandbox like Lambda's. Run by `make rehearsal`; it says of each claim whether
it holds, and ends with 1 when one does not.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import nbformat
from hotel_on_aws import HOTEL, company_on_aws, load_bucket, load_tables
from lambda_sandbox import Emulator, can_be_made
from nbformat.v4 import new_code_cell, new_notebook
from stand_ins import boto3_variables, serving_ministack, serving_moto
from topics import Topic, subscribed_topic

from quarterdeck.aws import client
from quarterdeck.ledger.dynamodb import create_table
from quarterdeck.mail import frozen_body

ROOT = Path(__file__).parent.parent

REPORTS = ("accounting", "ceo", "cfo", "cmo", "cto")
SENDER, READER, COPY, OWNER = "reports@example.com", "reader@example.com", "audit@example.com", "owner@example.com"
LEDGER, BUCKET, SOURCES = "rehearsal-ledger", "rehearsal-store", "rehearsal-sources"
WORKING = f"quarterdeck/stores/{BUCKET}/weekly/@resort"  # of a store in a bucket, below the user's cache
BY_COMMAND, BY_LAMBDA, FAILING = "2016-W50", "2016-W51", "2016-W49"
MONDAY_AFTER = "2016-12-26T08:00:00Z"  # of the week that the function mails


@dataclass(frozen=True)
class Mail:
    """One mail as a stand-in keeps it: whom it went to, and as much of what it says as was kept."""

    readers: frozenset[str]
    copies: frozenset[str]
    text: str
    html: str
    body: bytes | None = None


@dataclass
class Told:
    """The claims of one stand-in, as they are tried."""

    where: str
    failures: int = 0
    started: float = field(default_factory=time.monotonic)

    def claim(self, what: str, problem: str) -> None:
        """Say that *what* holds, or which *problem* it has."""
        self.failures += bool(problem)
        seconds = time.monotonic() - self.started
        print(f"{'WRONG' if problem else 'OK   '} {self.where:<9} {seconds:5.1f} s  {what}")  # noqa: T201 - its report
        if problem:
            print("      " + problem.strip().replace("\n", "\n      "))  # noqa: T201 - likewise


def inbox_of_moto(endpoint: str) -> list[Mail]:
    """What moto kept: each mail byte for byte."""
    return [
        Mail(
            frozenset(kept["destinations"]) - {COPY},
            frozenset(kept["destinations"]) & {COPY},
            *said(raw := kept["raw_data"].encode()),
            body=frozen_body(raw, "mail").mime,
        )
        for kept in answer_of(f"{endpoint}/moto-api/data.json").get("ses", {}).get("RawMessage", [])
    ]


def inbox_of_ministack(endpoint: str) -> list[Mail]:
    """What MiniStack kept: a text and an HTML of each, and no other byte."""
    kept = [one for mails in answer_of(f"{endpoint}/_ministack/ses/messages")["messages"].values() for one in mails]
    return [Mail(frozenset(one["To"]), frozenset(one["BCC"]), one["BodyText"], one["BodyHtml"]) for one in kept]


STAND_INS: dict[str, tuple[Callable, Callable[[str], list[Mail]]]] = {
    "ministack": (serving_ministack, inbox_of_ministack),
    "moto": (serving_moto, inbox_of_moto),
}


def answer_of(address: str) -> dict:
    with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - our own http://127.0.0.1
        return json.load(answer)


def said(raw: bytes) -> tuple[str, str]:
    """
    The text of a message and its last HTML, decoded: as MiniStack keeps them.

    Where the page goes along, the last HTML is the page; the mail's own is looked at where the whole body is.
    """
    parts = {part.get_content_type(): part for part in message_from_bytes(raw, policy=default).walk()}
    return tuple(parts[kind].get_content() if kind in parts else "" for kind in ("text/plain", "text/html"))


def variables(endpoint: str, folder: Path, topic: str) -> dict[str, str]:
    """What the template sets, and what points boto3 at the stand-in."""
    return {
        **boto3_variables(endpoint, folder),
        "QUARTERDECK_COMPANY": "company",
        "QUARTERDECK_LEDGER": f"dynamodb:{LEDGER}",
        "QUARTERDECK_STORE": f"s3://{BUCKET}/weekly",
        "SES_SENDER_EMAIL": SENDER,
        "SES_RECIPIENT_EMAIL": READER,
        "SES_BCC_EMAIL": COPY,
        "OPS_ALERTS_TOPIC_ARN": topic,
    }


@contextmanager
def pointed_at(endpoint: str, folder: Path) -> Iterator[None]:
    """The boto3 of this process, pointed at *endpoint*."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= boto3_variables(endpoint, folder)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before


def opened_account(task: Path) -> Topic:
    """Make what the template makes, and the company's data; the topic for failures, with a queue that hears it."""
    create_table(LEDGER)
    region = {"LocationConstraint": os.environ["AWS_REGION"]}
    client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=region)
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    by_key = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    client("s3").put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [by_key]})
    for address in (SENDER, COPY):
        client("sesv2").create_email_identity(EmailIdentity=address)
    for folder in ("quarterdeck", "notebooks", "params"):
        shutil.copytree(ROOT / folder, task / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "runner.py", task)
    load_tables("hotel-")
    load_bucket(SOURCES, "weekly/")
    company_on_aws(
        task / "company",
        {table: {"table": f"hotel-{table.capitalize()}"} for table in ("events", "users", "checklists", "claims")},
        handoffs={"path": f"s3://{SOURCES}/weekly/handoffs/projects"},
        lambdas={"path": f"s3://{SOURCES}/weekly/lambdas"},
        domains={"path": f"s3://{SOURCES}/weekly/route53"},
    )
    return subscribed_topic("ops-alerts")


def command(task: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, as a person types it in a clone."""
    known = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "runner.py", *arguments],
        cwd=task,
        env={**known, **environment, "PYTHONHASHSEED": "0", "XDG_CACHE_HOME": str(task.parent / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )


def name_of(collected: subprocess.CompletedProcess[str]) -> str:
    """The snapshot's id; a command that failed has none, and none is like another's."""
    return Path(collected.stdout.strip()).name or str(id(collected))


def why_not_the_five(mails: list[Mail], cache: Path, period: str) -> str:
    """What is wrong with *mails*, which are to be the messages of *period* below *cache*; empty: nothing."""
    wrong = [] if len(mails) == len(REPORTS) else [f"{len(mails)} mails instead of {len(REPORTS)}"]
    envelopes = {(mail.readers, mail.copies) for mail in mails} - {(frozenset({READER}), frozenset({COPY}))}
    wrong += [f"to {sorted(readers)}, copies to {sorted(copies)}" for readers, copies in envelopes]
    for report in REPORTS:
        message = cache / WORKING / period / report / "message.eml"
        if not message.is_file():
            wrong.append(f"there is no {message}")
            continue
        raw = message.read_bytes()
        text, html = said(raw)
        body = frozen_body(raw, report).mime
        same = [one for one in mails if (one.text, one.html) == (text, html) and one.body in (None, body)]
        if len(same) != 1:
            wrong.append(f"{report}: {len(same)} mails have the body of its message.eml")
    return "\n".join(wrong)


def rehearse(told: Told, endpoint: str, inbox: Callable[[str], list[Mail]], work: Path) -> None:
    """Everything on one stand-in: first by the command, then by the function."""
    task = work / "task"
    task.mkdir()
    with pointed_at(endpoint, work):
        topic = opened_account(task)
        environment = variables(endpoint, work, topic.arn)
    told.claim("an empty account is set up, and the company's data loaded", "")
    on_aws, in_files = (
        command(task, environment, "collect", *options)
        for options in ((), ("--company", str(HOTEL), "--outputs", str(work / "files")))
    )
    told.claim(
        "tables, files and zones on AWS are the snapshot that the folder is",
        ""
        if Path(on_aws.stdout.strip()).name == Path(in_files.stdout.strip()).name
        else on_aws.stderr + in_files.stderr,
    )
    mailing = ("run", "--send", "--period", BY_COMMAND)
    first = command(task, environment, *mailing)
    told.claim("run --send ends with 0", first.stderr if first.returncode else "")
    sent = inbox(endpoint)
    told.claim(
        "the five reports are mailed: envelope, copy for audit, body of message.eml",
        why_not_the_five(sent, work / "cache", BY_COMMAND),
    )
    second = command(task, environment, *mailing)
    told.claim("a second run --send ends with 0", second.stderr if second.returncode else "")
    told.claim("and mails nothing", said_more(sent, inbox(endpoint)))
    with pointed_at(endpoint, work):
        told.claim("pages and notebooks are in the bucket, messages are not", why_not_kept())
    with pointed_at(endpoint, work):
        one_fails(told, lambda: failed_start(task, environment), topic, lambda: inbox(endpoint)[len(sent) :])
    if why_not := can_be_made():
        print(f"---   {told.where:<9} Lambda's sandbox did not run: {why_not}")  # noqa: T201 - its report
        return
    by_lambda(told, Emulator(task, environment, work / "lambda"), endpoint, inbox)


def one_fails(told: Told, start: Callable[[], int], topic: Topic, mails: Callable[[], list[Mail]]) -> None:
    """A report that fails, sent twice: who is told, and of what."""
    told.claim("all went well, so nobody is told", ", ".join(alert["Subject"] for alert in topic.arrived()))
    codes = [start(), start()]
    told.claim("a report that fails ends with 4", "" if codes == [4, 4] else f"exit codes {codes}")
    told.claim("two such starts tell the topic once, without a traceback", why_not_one_alert(topic.arrived()))
    told.claim("its owner alone is mailed the traceback, once", why_not_the_owner(mails()))


def failed_start(task: Path, environment: dict[str, str]) -> int:
    """Send a report whose notebook fails, in a week of its own; the exit code."""
    notebook = new_notebook(cells=[new_code_cell("1 / 0")])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = {
        task / "notebooks" / "broken.ipynb": nbformat.writes(notebook),
        task / "params" / "broken.yaml": f"report: broken\ntitle: Broken\nowner: {OWNER}\n",
    }
    for path, text in made.items():
        path.write_text(text)
    done = command(task, environment, "run", "broken", "--send", "--period", FAILING)
    for path in made:
        path.unlink()
    return done.returncode


def why_not_one_alert(alerts: list[dict]) -> str:
    """What is wrong with *alerts*, which are to be the one of the failed report."""
    if [alert["Subject"] for alert in alerts] != [f"Quarterdeck resort {FAILING}: 1 failed"]:
        return f"{len(alerts)} alerts: {[alert['Subject'] for alert in alerts]}"
    text = alerts[0]["Message"]
    wanted = (f"broken/{FAILING} is failed", "ZeroDivisionError", "python runner.py run broken")
    lacking = [f"it lacks {words}" for words in wanted if words not in text]
    return "\n".join(lacking + [f"it has {words}" for words in ("Traceback", "@example.com") if words in text])


def why_not_the_owner(mails: list[Mail]) -> str:
    if [mail.readers | mail.copies for mail in mails] != [{OWNER}]:
        return f"mails to {[sorted(mail.readers | mail.copies) for mail in mails]}"
    return "" if "Traceback" in mails[0].text else mails[0].text


def why_not_kept() -> str:
    """What the bucket lacks of the command's week, or should not hold."""
    listed = client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"weekly/{BY_COMMAND}/")
    keys = (one["Key"].removeprefix(f"weekly/{BY_COMMAND}/") for one in listed.get("Contents", ()))
    found = {re.sub("-[0-9a-f]{16}[.]", ".", key) for key in keys}  # without the hash that each name holds
    wanted = {f"{report}/{name}" for report in REPORTS for name in ("page.html", "executed.ipynb", "manifest.json")}
    return ", ".join(sorted(wanted ^ found))


def said_more(before: list[Mail], after: list[Mail]) -> str:
    return f"{len(after) - len(before)} more mails" if len(after) != len(before) else ""


def by_lambda(told: Told, emulator: Emulator, endpoint: str, inbox: Callable[[str], list[Mail]]) -> None:
    """The same, started by the scheduler's event, with another week."""
    before = inbox(endpoint)
    with emulator as function:
        account = function.invoke({"scheduled_time": MONDAY_AFTER})
        told.claim(
            "a scheduled start mails the week before it",
            "" if account.get("deliveries") == {"sent": 5} else f"{json.dumps(account)}\n{function.log()}",
        )
        mails = inbox(endpoint)[len(before) :]
        told.claim(
            "the five reports are mailed from Lambda",
            why_not_the_five(mails, function.cache(), BY_LAMBDA),
        )
        told.claim(
            "the dead-man alarm is told of the release",
            "" if '"BatchReleased": 1' in function.log() else function.log(),
        )
        again = function.invoke({"scheduled_time": MONDAY_AFTER})
        told.claim(
            "the same event again ends well",
            "" if again.get("deliveries") == {"sent before": 5} else f"{json.dumps(again)}\n{function.log()}",
        )
        told.claim("and mails nothing", said_more(mails, inbox(endpoint)[len(before) :]))
        refused = function.invoke({"detail-type": "Scheduled Event"})
        told.claim(
            "an event that is not ours is refused",
            "" if refused.get("errorType") == "InputInvalid" else json.dumps(refused),
        )
        told.claim("no address stands in the log", function.log() if "@example.com" in function.log() else "")
        told.claim("nothing is left of a start but its outputs", ", ".join(function.left_behind()))


def main() -> int:
    """Rehearse on the stand-ins that were asked for; the exit code."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("stand_ins", nargs="*", choices=[*STAND_INS, []], help="default: all")
    failures = 0
    for name in asked.parse_args().stand_ins or STAND_INS:
        serving, inbox = STAND_INS[name]
        told = Told(name)
        with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
            work = Path(folder)
            with serving(work / "log") as endpoint:
                rehearse(told, endpoint, inbox, work)
        failures += told.failures
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
