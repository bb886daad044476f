"""Two machines with one bucket and one ledger: what one built, the other mails."""

import json
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from harbour import NOW, Harbour, make_harbour
from harbour import SAYS as RECOGNISED

from quarterdeck.aws import client
from quarterdeck.config import Environment
from quarterdeck.errors import CommandRefused
from quarterdeck.ledger import Ledger, open_ledger
from quarterdeck.ledger.dynamodb import create_table
from quarterdeck.mail import frozen_body
from quarterdeck.pipeline import Outcome, Request, make_plan, run_batch
from quarterdeck.store import open_store

SENDER = Environment(sender="reports@harbour.invalid-tld", recipient="cfo@harbour.boats")

SAYS = """\
from quarterdeck.blocks import MIME, Headline
headline = Headline(text="All is well", metrics={})
display({MIME: headline.model_dump(mode="json"), "text/plain": "All is well"}, raw=True)
"""


@dataclass
class Mailer:
    """Keeps what it is given."""

    accepted: list[bytes] = field(default_factory=list)

    def check(self, *, sender: str, bcc: object, recipients: object = ()) -> None:
        """Nothing stands in the way."""

    def prepare(self, to: str, *, bcc: Sequence[str]) -> None:
        """Nothing is to be asked."""

    def send(self, message: bytes, **_rest: object) -> str:
        self.accepted.append(message)
        return f"id-{len(self.accepted)}"


@dataclass
class Fleet:
    """One company, one bucket, one ledger, and any number of machines."""

    root: Path
    bucket: str
    cache: object
    harbour: Harbour
    clock: datetime = NOW

    def start(
        self,
        machine: str,
        mailer: Mailer | None = None,
        environment: Environment = SENDER,
        progress: Callable[[str, str], None] = lambda *_: None,
    ) -> Outcome:
        self.cache("XDG_CACHE_HOME", str(self.root / machine))
        address = f"s3://{self.bucket}/harbour"
        request = Request(self.root, self.root / "company", True, address)  # noqa: FBT003 - is_company_named
        environment = replace(environment, ledger=self.harbour.ledger_url)
        plan = make_plan(replace(request, purpose="send" if mailer else "build"), environment, self.clock)
        store = open_store(address, "harbour")
        return run_batch(plan, ledger=self.ledger, store=store, mailer=mailer, progress=progress)

    @property
    def ledger(self) -> Ledger:
        return open_ledger(self.harbour.ledger_url, "harbour", lambda: self.clock)

    def objects(self) -> dict[str, bytes]:
        s3 = client("s3")
        listed = s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return {
            entry["Key"].removeprefix("harbour/"): s3.get_object(Bucket=self.bucket, Key=entry["Key"])["Body"].read()
            for entry in listed
        }

    def let_it_be_rendered_otherwise(self) -> None:
        """As if the machine that built it had other libraries than all others: its body had another hash."""
        manifest = json.loads(self.objects()["2026-W47/cfo/manifest.json"])
        manifest["message"]["body"] = "0" * 64
        key = "harbour/2026-W47/cfo/manifest.json"
        client("s3").put_object(Bucket=self.bucket, Key=key, Body=json.dumps(manifest).encode())


@pytest.fixture(params=["moto", "ministack"])
def fleet(request, tmp_path, monkeypatch, on_aws) -> Fleet:
    on_aws(request.getfixturevalue(request.param))
    bucket = f"fleet-{secrets.token_hex(6)}"
    s3 = client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:eu-west-1:123456789012:key/fleet"}
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": by_default}]},
    )
    create_table(bucket)  # the ledger that all of them share
    harbour = make_harbour(tmp_path)
    harbour.ledger_url = f"dynamodb:{bucket}"
    harbour.company(as_of="null")  # whoever collects looks for the snapshot that was kept last
    harbour.report("cfo", SAYS)
    return Fleet(tmp_path, bucket, monkeypatch.setenv, harbour)


def test_an_empty_machine_mails_what_another_built(fleet):
    """
    The send executes nothing again: it renders the kept notebook to the same bytes, and mails what was looked at.

    A third machine, also empty, then mails nothing: neither as it is, nor with other libraries, when it could not.
    """
    built = fleet.start("one").editions[0]
    message = (built.folder / "message.eml").read_bytes()
    before, mailer, late = fleet.objects(), Mailer(), Mailer()

    sent = fleet.start("other", mailer)
    after = fleet.objects()
    again = fleet.start("third", late)
    fleet.let_it_be_rendered_otherwise()
    otherwise = fleet.start("fourth", late)
    fleet.clock += timedelta(minutes=1)
    joined = replace(SENDER, recipient="new@harbour.boats")
    to_somebody_new = fleet.start("fourth", late, joined)

    assert built.state == "ready"
    assert built.kept == f"s3://{fleet.bucket}/harbour/2026-W47/cfo"
    assert (sent.exit_code, sent.editions[0].seconds, sent.editions[0].message) == (0, 0.0, message)
    looked_at = frozen_body(message, "message.eml")
    assert [frozen_body(message, "mailed").sha256 for message in mailer.accepted] == [looked_at.sha256]
    assert after == before
    assert not any(key.endswith(".eml") or b"cfo@harbour.boats" in content for key, content in after.items())
    assert (again.exit_code, [one.result for one in again.deliveries], late.accepted) == (0, ["sent before"], [])
    assert (otherwise.exit_code, [one.result for one in otherwise.deliveries]) == (0, ["sent before"])
    assert "Send from the machine or image that built it" in str(to_somebody_new.problems[0])
    assert (to_somebody_new.exit_code, late.accepted) == (2, [])


def test_a_machine_that_renders_otherwise_mails_nothing(fleet):
    """Other libraries or fonts than when it was looked at: refused, exit 2, with the build that looks anew."""
    fleet.start("one")
    fleet.let_it_be_rendered_otherwise()
    mailer = Mailer()

    refused = fleet.start("other", mailer)
    built = fleet.start("other")
    sent = fleet.start("third", mailer)

    assert refused.exit_code == 2
    assert isinstance(refused.problems[0], CommandRefused)
    assert "another page or mail of it than was looked at" in str(refused.problems[0])
    assert "python runner.py run cfo --period 2026-W47" in str(refused.problems[0])
    assert (built.exit_code, built.editions[0].seconds) == (0, 0.0)
    assert (sent.exit_code, len(mailer.accepted)) == (0, 1)


def test_a_failed_notebook_is_kept_in_the_bucket(fleet):
    """What ran is named by its address in the error and in the outcome, and is there with its traceback."""
    fleet.harbour.report("cfo", "1 / 0")

    outcome = fleet.start("one")

    kept = outcome.editions[0].kept
    assert outcome.exit_code == 4
    assert kept.startswith(f"s3://{fleet.bucket}/harbour/2026-W47/cfo/failed-")
    assert kept in str(outcome.problems[0])
    assert b"ZeroDivisionError" in fleet.objects()[kept.removeprefix(f"s3://{fleet.bucket}/harbour/")]


def test_a_machine_that_is_overtaken_waits_and_ends_well(fleet):
    """
    A second start takes over what the first has begun: the first waits, uses what that one made, and ends with 0.

    Each report is mailed once by whoever comes first, and what is kept is what was mailed.
    """
    fleet.harbour.report("ceo", SAYS)
    mailers = {"one": Mailer(), "other": Mailer()}
    begun: dict[str, list[str]] = {"one": [], "other": []}
    first, second = threading.Event(), threading.Event()

    def one(edition: str, stage: str) -> None:
        """Begins both; goes on when the other has taken over `ceo`."""
        if stage == "rendering" and edition.startswith("ceo"):
            first.set()
            second.wait(60)
        begun["one"].append(f"{stage} {edition}")

    def other(edition: str, stage: str) -> None:
        if stage == "executing":
            second.set()
        begun["other"].append(f"{stage} {edition}")

    def start(machine: str, progress) -> Outcome:
        return fleet.start(machine, mailers[machine], progress=progress)

    with ThreadPoolExecutor(2) as both:
        early = both.submit(start, "one", one)
        assert first.wait(60)
        late = both.submit(start, "other", other)
        outcomes = [early.result(120), late.result(120)]

    assert [outcome.exit_code for outcome in outcomes] == [0, 0]
    assert [outcome.problems for outcome in outcomes] == [[], []]
    assert "waiting for another start ceo/2026-W47" in begun["one"]
    mailed = [message for mailer in mailers.values() for message in mailer.accepted]
    assert len(mailed) == 2
    kept = {json.loads(fleet.objects()[f"2026-W47/{name}/manifest.json"])["message"]["body"] for name in ("ceo", "cfo")}
    assert {frozen_body(message, "mailed").sha256 for message in mailed} == kept


def test_what_a_machine_built_before_is_not_mailed_for_what_another_released(fleet):
    """
    One machine builds, another corrects the data, builds anew and mails a reader; the first mails the next reader.

    Both get the second's body, and the ledger has one hash for the edition.
    """
    fleet.harbour.report("cfo", RECOGNISED.format(words="Recognised"))
    mailer = Mailer()
    stale = (fleet.start("one").editions[0].folder / "message.eml").read_bytes()
    fleet.harbour.events("999.00")
    fleet.clock += timedelta(minutes=1)
    fresh = (fleet.start("other").editions[0].folder / "message.eml").read_bytes()
    fleet.start("other", mailer)
    fleet.clock += timedelta(minutes=1)

    late = fleet.start("one", mailer, replace(SENDER, recipient="new@harbour.boats"))

    bodies = [frozen_body(message, "mailed").sha256 for message in mailer.accepted]
    wanted = frozen_body(fresh, "built").sha256
    assert frozen_body(stale, "built").sha256 != wanted
    assert (late.exit_code, bodies) == (0, [wanted, wanted])
    assert fleet.ledger.bodies("cfo/2026-W47") == {wanted}
