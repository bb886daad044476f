"""From a company's folder to the inbox, by a small SES that can lose an answer, by moto, and by the command."""

import base64
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from harbour import SAYS, make_harbour
from small_ses import Clock, kept_by

from quarterdeck.cli.check import Checked
from quarterdeck.cli.check_aws import aws_checks
from quarterdeck.cli.terminal import print_checks
from quarterdeck.config import Environment
from quarterdeck.errors import (
    CommandRefused,
    InputInvalid,
    SendingRefused,
)
from quarterdeck.ledger import Ledger, open_ledger
from quarterdeck.mail import Mailer, frozen_body
from quarterdeck.mail.ses import SesMailer
from quarterdeck.pipeline import Outcome, Request, make_plan, run_batch
from quarterdeck.put_off import told_in_one
from quarterdeck.store import FolderStore

ADDRESSES = Environment(sender="reports@harbour.boats", recipient="cfo@harbour.boats", bcc="audit@harbour.boats")
EDITION = "cfo/2026-W47"
# Ctrl-C is heard also where whoever runs the tests does not hear it
COMMAND = """
import signal, sys
from pathlib import Path
from quarterdeck.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main(Path(sys.argv.pop(1)))
"""


@dataclass
class Harbour:
    """A project with one report, its ledger, and a clock of its own."""

    root: Path
    clock: Clock

    @property
    def ledger(self) -> Ledger:
        return open_ledger(f"sqlite:{self.root / 'ledger.db'}", "harbour", self.clock.now)

    def readers(self, *addresses: str) -> None:
        delivery = f"delivery: {{to: [{', '.join(addresses)}]}}\n" if addresses else ""
        text = f"report: cfo\ntitle: CFO\nowner: owner@harbour.boats\n{delivery}"
        (self.root / "params" / "cfo.yaml").write_text(text)

    def run(self, mailer: Mailer | None, environment: Environment = ADDRESSES) -> Outcome:
        request = Request(self.root, self.root / "company", True, self.root / "outputs", purpose="send")  # noqa: FBT003
        if mailer is None:
            request = replace(request, purpose="build")
        plan = make_plan(request, environment, self.clock.now())
        store = FolderStore(self.root / "outputs", "harbour")
        return run_batch(plan, ledger=self.ledger, store=store, mailer=mailer, progress=lambda *_: None)

    def command(self, *arguments: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
        """The real command on this project; a variable that is None is not set."""
        with self.begin(*arguments, **environment) as begun:
            said, trouble = begun.communicate()
        return subprocess.CompletedProcess(begun.args, begun.returncode, said, trouble)

    def begin(self, *arguments: str, **environment: str | None) -> subprocess.Popen[str]:
        own = {
            "QUARTERDECK_COMPANY": str(self.root / "company"),
            "QUARTERDECK_LEDGER": f"sqlite:{self.root / 'ledger.db'}",
            "QUARTERDECK_STORE": str(self.root / "outputs"),
        }
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, str(self.root), *arguments],
            cwd=self.root,
            env={name: value for name, value in (os.environ | own | environment).items() if value is not None},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The project with its edition built, once for all tests: a send joins what was built."""
    root = tmp_path_factory.mktemp("harbour")
    make_harbour(root).report("cfo", SAYS.format(words="More than last week – recognised"))
    harbour = Harbour(root, Clock())
    harbour.readers()
    assert harbour.run(None).exit_code == 0
    return root


@pytest.fixture
def harbour(built, tmp_path, clock) -> Harbour:
    shutil.copytree(built, tmp_path / "harbour")
    return Harbour(tmp_path / "harbour", clock)


def body_of(message: bytes) -> bytes:
    return frozen_body(message, "message").mime


def test_what_leaves_is_the_message_that_was_looked_at(harbour, ses, mailer):
    """The body is message.eml's, byte for byte; a second send mails nothing, asks nothing, and exits 0."""
    first = harbour.run(mailer)
    asked = len(ses.asked)
    second = harbour.run(mailer)

    (post,) = ses.posts
    looked_at = (harbour.root / "outputs" / "2026-W47" / "cfo" / "message.eml").read_bytes()
    assert body_of(base64.b64decode(post["Content"]["Raw"]["Data"])) == body_of(looked_at)
    assert post["Destination"]["BccAddresses"] == ["audit@harbour.boats"]
    assert {tag["Name"] for tag in post["EmailTags"]} == {"report", "period", "delivery"}
    assert [one.result for one in (*first.deliveries, *second.deliveries)] == ["sent", "sent before"]
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert harbour.ledger.deliveries(EDITION)[0].message_id == "ses-1"
    assert len(ses.asked) == asked


def test_on_moto_the_same_mail_leaves_once(harbour, moto, on_moto):
    """A second implementation: envelope, copy, and the body that was looked at; two sends are one mail."""
    outcomes = [harbour.run(on_moto) for _ in range(2)]

    (mail,) = kept_by(moto)
    looked_at = (harbour.root / "outputs" / "2026-W47" / "cfo" / "message.eml").read_bytes()
    assert body_of(mail["raw_data"].encode()) == body_of(looked_at)
    assert set(mail["destinations"]) == {"cfo@harbour.boats", "audit@harbour.boats"}
    assert [outcome.exit_code for outcome in outcomes] == [0, 0]


@pytest.mark.parametrize("answer", ["lose", "hang", "page", "no id", "garbage", (500, "InternalFailure", "")])
def test_a_mail_in_doubt_is_exit_6_and_never_sent_again(harbour, ses, mailer, answer):
    """The next run sends nothing, and both say how to settle it."""
    ses.answers = [answer]

    outcomes = [harbour.run(mailer) for _ in range(2)]

    assert len(ses.posts) == 1
    assert [outcome.exit_code for outcome in outcomes] == [6, 6]
    assert all("runner.py settle cfo/2026-W47" in str(outcome.problems[0]) for outcome in outcomes)


def test_a_full_day_is_exit_5_and_the_next_run_tries_again(harbour, ses, clock):
    """The delivery is deferred, the message says until when; a day later the same command mails it once."""
    ses.account["SendQuota"]["SentLast24Hours"] = 49999.0

    full = harbour.run(SesMailer(None, now=clock.now, sleep=clock.sleep))
    deferred = harbour.ledger.deliveries(EDITION)[0]
    clock.time += timedelta(hours=24)
    ses.account["SendQuota"]["SentLast24Hours"] = 0.0
    next_day = harbour.run(SesMailer(None, now=clock.now, sleep=clock.sleep))

    assert (full.exit_code, full.deliveries[0].result, deferred.state) == (5, "deferred", "deferred")
    assert "Run the same command again at 2026-11-24 13:00 UTC" in str(full.problems[0])
    assert "Nobody has the edition yet" in str(full.problems[0])
    assert (next_day.exit_code, next_day.deliveries[0].result) == (0, "sent")
    assert len(ses.posts) == 1


def test_what_fits_into_the_day_leaves_and_the_rest_is_told_in_one_sentence(harbour, ses, mailer):
    """Room for one mail of four: three are put off, SES is not asked about them again, and number and time are said."""
    harbour.readers(*(f"{name}@harbour.boats" for name in "abcd"))
    ses.account["SendQuota"] = {"Max24HourSend": 200.0, "MaxSendRate": 14.0, "SentLast24Hours": 197.0}

    outcome = harbour.run(mailer)

    (said,) = told_in_one(outcome.problems, str)
    assert ([one.result for one in outcome.deliveries], outcome.exit_code) == (["sent"] + ["deferred"] * 3, 5)
    assert said.startswith(
        "3 mails were put off until 2026-11-24 13:00 UTC (the day's quota has room for 1 more, "
        f"and a mail with its copies needs 2): {EDITION} to b•••@h•••.boats, {EDITION} to c•••"
    )
    assert "python runner.py show 2026-W47" in said
    assert (len(ses.posts), ses.asked.count("suppression")) == (1, 6)  # all five before, then the first reader


def test_a_day_that_ses_ends_is_told_in_its_words_and_asked_no_more(harbour, ses, mailer):
    """Where SES says that the day is full, the mails after it are put off by the same words, and not posted."""
    harbour.readers("a@harbour.boats", "b@harbour.boats", "c@harbour.boats")
    ses.answers = ["take", (429, "TooManyRequestsException", "Daily message quota exceeded.")]

    outcome = harbour.run(mailer)

    (said,) = told_in_one(outcome.problems, str)
    assert said.startswith("2 mails were put off until 2026-11-24 13:00 UTC (TooManyRequestsException: Daily")
    assert [one.result for one in outcome.deliveries] == ["sent", "deferred", "deferred"]
    assert len(ses.posts) == 2


def test_only_who_was_refused_is_mailed_again_and_no_address_is_said(harbour, ses, mailer):
    """SES's words quote an address, ours do not; the message says who has the edition."""
    harbour.readers("a@harbour.boats", "b@harbour.boats")
    ses.answers = ["take", (400, "MessageRejected", "Email address is not verified: b@harbour.boats")]

    first = harbour.run(mailer)
    second = harbour.run(mailer)

    said = str(first.problems[0])
    assert first.exit_code == 5
    assert "MessageRejected: Email address is not verified: b•••@h•••.boats" in said
    assert "Who has the edition: a•••@h•••.boats." in said
    assert "b@harbour.boats" not in said
    assert [post["Destination"]["ToAddresses"] for post in ses.posts] == [
        ["a@harbour.boats"],
        ["b@harbour.boats"],
        ["b@harbour.boats"],
    ]
    assert second.exit_code == 0


def test_what_our_own_code_refuses_after_the_claim_is_a_clear_no(harbour):
    """Nobody was asked, so nobody got it: refused and not in doubt, without the address that was quoted."""

    class Strict:
        def check(self, **_) -> None:
            """Nothing stands in the way."""

        def prepare(self, to: str, *, bcc: Sequence[str]) -> None:
            """Nothing is to be asked."""

        def send(self, *_, to: str, **__) -> str:
            raise InputInvalid("recipient", repr(to), "another one")

    outcome = harbour.run(Strict())

    (delivery,) = harbour.ledger.deliveries(EDITION)
    assert (outcome.exit_code, delivery.state) == (5, "refused")
    assert delivery.reason == "recipient: found 'c•••@h•••.boats', expected another one"


def test_what_is_asked_of_ses_costs_no_claim(harbour, ses, mailer, clock):
    """A second start whose questions are not answered claims nothing: what was refused before stands as it was."""
    ses.answers = [(400, "MessageRejected", "not now")]
    harbour.run(mailer)
    ses.refuses_all_with = "InvalidClientTokenId"

    second = harbour.run(SesMailer(None, now=clock.now, sleep=clock.sleep))
    (delivery,) = harbour.ledger.deliveries(EDITION)
    ses.refuses_all_with = ""
    third = harbour.run(SesMailer(None, now=clock.now, sleep=clock.sleep))

    assert (delivery.state, delivery.claims) == ("refused", 1)
    assert (second.deliveries[0].result, second.exit_code, second.left_for_next) == ("not begun", 2, (EDITION,))
    assert "the credentials are not known there" in str(second.problems[0])
    assert (third.exit_code, len(ses.posts)) == (0, 2)


@pytest.mark.parametrize("question", ["account", "suppression"])
def test_each_question_is_asked_before_the_claim(harbour, ses, mailer, wire, on_aws, question):
    """A second start that hears nothing of one question alone has claimed nothing: the first start's no stands."""
    ses.answers = [(400, "MessageRejected", "not now")]
    harbour.run(mailer)
    cut = wire(ses.endpoint, lambda call: "request lost" if f"/{question}" in call.operation else None)
    on_aws(cut.endpoint)

    second = harbour.run(SesMailer(None, now=harbour.clock.now, sleep=harbour.clock.sleep))

    (delivery,) = harbour.ledger.deliveries(EDITION)
    assert (delivery.state, delivery.claims) == ("refused", 1)
    assert (second.deliveries[0].result, second.exit_code) == ("not begun", 2)
    assert len(ses.posts) == 1


def test_who_has_the_edition_is_not_asked_about(harbour, ses, mailer, clock):
    """Where nothing is left to mail, an SES that does not answer stops nobody from hearing so."""
    harbour.run(mailer)
    asked = len(ses.asked)
    ses.refuses_all_with = "InvalidClientTokenId"

    again = harbour.run(SesMailer(None, now=clock.now, sleep=clock.sleep))

    assert (again.exit_code, again.deliveries[0].result, len(ses.asked)) == (0, "sent before", asked)


def test_a_reader_whom_the_sandbox_keeps_off_is_found_before_anybody_is_mailed(harbour, ses, mailer):
    """Half of a week's readers would get it else; who is it is said masked, and nothing is claimed."""
    harbour.readers("a@harbour.boats", "b@elsewhere.boats")
    ses.account["ProductionAccessEnabled"] = False

    with pytest.raises(SendingRefused, match=r"not verified are b•••@e•••\.boats") as refusal:
        harbour.run(mailer)

    assert "@elsewhere" not in str(refusal.value)
    assert (ses.posts, harbour.ledger.deliveries(EDITION)) == ([], ())


def test_a_copy_that_is_suppressed_keeps_no_reader_from_the_mail(harbour, ses, mailer, caplog):
    """SES leaves out the copy alone: one bounce of the audit's mailbox must not stop every week's mails."""
    ses.suppressed = {"audit@harbour.boats": "BOUNCE"}

    with caplog.at_level("WARNING", logger="quarterdeck"):
        outcome = harbour.run(mailer)

    assert (outcome.exit_code, len(ses.posts)) == (0, 1)
    assert "SES delivers nothing to $SES_BCC_EMAIL after a bounce" in caplog.text


def test_an_account_that_takes_nothing_leaves_the_edition_unreleased(harbour, ses, mailer):
    """Found before anything is claimed: the week's snapshot is not bound yet, and the next run is free."""
    ses.account["SendingEnabled"] = False

    with pytest.raises(SendingRefused):
        harbour.run(mailer)

    assert harbour.ledger.edition(EDITION).state == "ready"
    assert harbour.ledger.deliveries(EDITION) == ()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"sender": 'Har"bour <reports@harbour.boats>'}, "SES_SENDER_EMAIL: found"),
        ({"recipient": "cfo@harbour.boats\nBcc: all@harbour.boats"}, "the recipient of cfo: found"),
        ({"recipient": "CFO <cfo@harbour.boats>"}, "expected an address without a name"),
        ({"bcc": "audit"}, "SES_BCC_EMAIL: found 'audit'"),
    ],
)
def test_an_address_that_is_none_is_refused_before_anything_is_made(harbour, ses, mailer, changed, says):
    """Exit 2, with the setting that holds it; SES is not asked."""
    with pytest.raises(InputInvalid) as refusal:
        harbour.run(mailer, replace(ADDRESSES, **changed))

    assert says in str(refusal.value)
    assert ses.asked == []


def test_addresses_of_examples_are_for_stand_ins_only(harbour, ses, mailer):
    """To example.com nothing is sent, but to a server that stands in for AWS."""
    example = replace(ADDRESSES, recipient="cfo@example.com")

    with pytest.raises(CommandRefused, match="exists in examples only"):
        harbour.run(mailer, example)
    to_a_stand_in = harbour.run(mailer, replace(example, endpoint=ses.endpoint))

    assert to_a_stand_in.exit_code == 0
    assert [post["Destination"]["ToAddresses"] for post in ses.posts] == [["cfo@example.com"]]


# --- the command -------------------------------------------------------------------------------------------------

SET = {"SES_SENDER_EMAIL": "reports@harbour.boats", "SES_RECIPIENT_EMAIL": "cfo@example.com"}


def test_the_command_mails_once_and_says_who_got_it(harbour, ses):
    """`run --send` mails; the second start says that it was sent before. What boto3 needs may stand in the file."""
    own = {"AWS_ENDPOINT_URL": None, "AWS_REGION": None}
    lines = [f"{name}={value}" for name, value in {**SET, "SES_CONFIGURATION_SET": "weekly"}.items()]
    (harbour.root / "repos.env").write_text(
        "\n".join([*lines, f"AWS_ENDPOINT_URL={ses.endpoint}", "AWS_REGION=eu-west-1"])
    )
    ses.sets = {"weekly": True}

    done = [harbour.command("--env-file", "repos.env", "run", "--send", **own) for _ in range(2)]

    assert [one.returncode for one in done] == [0, 0], done[0].stderr
    assert "cfo/2026-W47 to c•••@e•••.com: sent\n" in done[0].stdout
    assert "cfo/2026-W47 to c•••@e•••.com: sent before" in done[1].stdout
    assert [post["ConfigurationSetName"] for post in ses.posts] == ["weekly"]


def test_a_mail_that_was_stopped_on_its_way_is_in_doubt_at_once(harbour, ses, mailer):
    """Ctrl-C in mid-post is exit 130 with what to type; the next start says so too, and mails nobody."""
    ses.answers = ["hang"]
    begun = harbour.begin("run", "--send", "--company", str(harbour.root / "company"), **SET)
    while not ses.posts:
        time.sleep(0.05)
        assert begun.poll() is None, begun.communicate()

    begun.send_signal(signal.SIGINT)
    _, trouble = begun.communicate(timeout=60)
    next_start = harbour.run(mailer, replace(ADDRESSES, recipient="cfo@example.com", endpoint=ses.endpoint))

    assert begun.returncode == 130, trouble
    assert f"python runner.py settle {EDITION} --not-sent --company {harbour.root / 'company'}\n" in trouble
    assert [(one.state, one.reason) for one in harbour.ledger.deliveries(EDITION)] == [
        ("unknown", "it was stopped by KeyboardInterrupt")
    ]
    assert (next_start.exit_code, len(ses.posts)) == (6, 1)


def test_check_says_of_everything_a_mail_needs_whether_it_is_right(harbour, ses):
    """Account and region, sender, sandbox, quota, suppression, configuration set: one line each."""
    ses.sets = {"weekly": True}

    done = harbour.command("check", **SET, SES_BCC_EMAIL="audit@harbour.boats", SES_CONFIGURATION_SET="weekly")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-8:] == [
        "OK    mail: from reports@harbour.boats to cfo@example.com",
        "OK    aws: account 123456789012 in eu-west-1, as user/ops",
        "OK    mail account: may send, 14 recipients a second",
        "OK    mail sandbox: no: everybody can be reached",
        "OK    mail quota: 49,880 of 50,000 recipients a day are left, 2 are needed",
        "OK    mail sender: of harbour.boats, verified in eu-west-1",
        "OK    mail suppression: no address is on the list",
        "OK    mail configuration set: weekly",
    ]


def checked(harbour: Harbour, **environment: str) -> list[Checked]:
    request = Request(harbour.root, harbour.root / "company", True, harbour.root / "outputs")  # noqa: FBT003
    return list(aws_checks(request, replace(ADDRESSES, bcc=None, **environment)))


def test_check_says_what_is_wrong_and_what_mends_it(harbour, ses):
    """In the sandbox, with a full day and a suppressed reader: each with its command; what is denied is said so."""
    ses.account |= {
        "ProductionAccessEnabled": False,
        "EnforcementStatus": "PROBATION",
        "SendQuota": {"Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": 200.0},
    }
    ses.suppressed = {"cfo@other.boats": "BOUNCE"}
    ses.denied = {"configuration-sets"}

    found = {one.name: one for one in checked(harbour, recipient="cfo@other.boats", configuration_set="weekly")}

    wrong = {name: one.said for name, one in found.items() if one.is_right is False}
    assert set(wrong) == {"mail sandbox", "mail quota", "mail suppression"}
    assert "not verified are cfo@other.boats" in wrong["mail sandbox"]
    assert "0 of 200 recipients a day are left, 1 are needed; it counts the last 24 hours" in wrong["mail quota"]
    assert wrong["mail suppression"].endswith(
        "\n  aws sesv2 delete-suppressed-destination --email-address cfo@other.boats --region eu-west-1"
    )
    assert "under review by AWS (PROBATION)" in found["mail account"].said
    assert found["mail configuration set"].is_right is None
    assert "could not be asked" in found["mail configuration set"].said


def test_check_in_a_sandbox_whose_readers_are_verified_is_right(harbour, ses):
    """Verified recipients are reached from the sandbox too; no limit a day is said so."""
    ses.account |= {"ProductionAccessEnabled": False, "SendQuota": {"Max24HourSend": -1.0, "MaxSendRate": 1.0}}

    found = {one.name: one for one in checked(harbour)}

    assert all(one.is_right for one in found.values())
    assert found["mail sandbox"].said == "yes: verified recipients only can be reached"
    assert found["mail quota"].said == "without limit"


def test_check_without_credentials_or_reader_says_both(harbour, ses, monkeypatch):
    """Nobody is logged in, and nobody would get it: neither is found out on Monday."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    (harbour.root / "params" / "broken.yaml").write_text("report: other")

    nobody, stopped = checked(harbour, recipient=None)

    assert (nobody.is_right, stopped.is_right) == (False, False)
    assert nobody.said.startswith("cfo would go to nobody. Set SES_RECIPIENT_EMAIL")
    assert "AWS credentials: no credentials were found" in stopped.said
    assert ses.asked == []


def test_what_could_not_be_asked_is_neither_right_nor_wrong(capsys):
    """A mark of its own, on standard output; the exit code is that of the others."""
    code = print_checks([Checked("mail account", "could not be asked: HTTP 404", None)])

    assert code == 0
    assert capsys.readouterr().out == "?     mail account: could not be asked: HTTP 404\n"


def test_a_run_and_a_check_without_aws_never_load_boto3(harbour):
    """Who needs no AWS does not wait for it: neither boto3 nor botocore is imported by either."""
    code = """
import sys
from pathlib import Path
from quarterdeck.cli import main
for command in ("run", "check"):
    sys.argv = ["runner.py", command, "--company", "company", "--outputs", "outputs"]
    try:
        main(Path.cwd())
    except SystemExit as ended:
        print("ended", command, ended.code)
print("loaded", sorted({name.partition(".")[0] for name in sys.modules} & {"boto3", "botocore"}))
"""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("SES_", "AWS_", "QUARTERDECK_"))}
    known["QUARTERDECK_LEDGER"] = "sqlite:ledger.db"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=harbour.root, env=known, capture_output=True, text=True, check=True
    )

    assert [line for line in done.stdout.splitlines() if line.startswith(("ended", "loaded"))] == [
        "ended run 0",
        "ended check 0",
        "loaded []",
    ]
