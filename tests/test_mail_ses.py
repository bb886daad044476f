"""
Mail by SES, against servers that speak its protocol: moto, and a small SES of our own that can lose an answer.

Every test counts what was posted: a second post is a second mail.
"""

import base64
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
from harbour import NOW, SAYS, make_harbour

from quarterdeck.aws import client
from quarterdeck.cli.check import Checked
from quarterdeck.cli.check_aws import aws_checks
from quarterdeck.cli.terminal import print_checks
from quarterdeck.config import Environment
from quarterdeck.errors import (
    AwsUnavailable,
    CommandRefused,
    DeliveryUnknown,
    InputInvalid,
    MailDeferred,
    MailRefused,
    SendingRefused,
)
from quarterdeck.ledger import Ledger, open_ledger
from quarterdeck.mail import Envelope, FrozenBody, Mailer, frozen_body, stamp
from quarterdeck.mail.ses import SesMailer
from quarterdeck.pipeline import Outcome, Request, make_plan, run_batch
from quarterdeck.store import FolderStore

BODY = FrozenBody("CFO · week 47", b"Content-Type: text/plain\r\n\r\nCash lasts.\r\n", "")
MESSAGE = stamp(
    BODY,
    Envelope(
        sender='"Harbour \\"Day\\" Charters" <reports@harbour.boats>',
        to=("cfo@harbour.boats",),
        date=NOW,
        message_id="<a1@quarterdeck>",
        reply_to="owner@harbour.boats",
        edition="cfo/2026-W47",
        snapshot="3f9a2c71",
    ),
)
TAGS = {"report": "cfo", "period": "2026-W47", "delivery": "9f" * 16}
HEALTHY = {
    "ProductionAccessEnabled": True,
    "SendingEnabled": True,
    "EnforcementStatus": "HEALTHY",
    "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 120.0},
}
THROTTLED = (429, "TooManyRequestsException", "Maximum sending rate exceeded.")
STS = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/ops</Arn><UserId>U</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


# --- a small SES -------------------------------------------------------------------------------------------------


@dataclass
class FakeSes:
    """
    As much of SES as a mailer meets. What it does to the next posts stands in `answers`, the first one first.

    An answer is `(status, code, message)`, or one of `take`, `lose` (reads it, and hangs up), `hang` (says
    nothing for long), `page` (somebody else's answer, in HTML), `no id`.
    """

    endpoint: str = ""
    account: dict | None = field(default_factory=lambda: json.loads(json.dumps(HEALTHY)))
    identities: dict[str, bool] = field(default_factory=lambda: {"harbour.boats": True})
    suppressed: dict[str, str] = field(default_factory=dict)
    sets: dict[str, bool] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    answers: list = field(default_factory=list)
    refuses_all_with: str = ""
    is_going_away: bool = False
    asked: list[str] = field(default_factory=list)
    posts: list[dict] = field(default_factory=list)
    callers: list[int] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def looked_up(self, what: str, name: str):
        """The status and content of the answer to a question."""
        if self.refuses_all_with or what in self.denied:
            return 403, self.refuses_all_with or "AccessDeniedException", f"not for {what}"
        match what:
            case "account" if self.account is not None:
                return 200, self.account
            case "identities" if name in self.identities:
                return 200, {"VerifiedForSendingStatus": self.identities[name]}
            case "suppression" if name in self.suppressed:
                return 200, {
                    "SuppressedDestination": {
                        "EmailAddress": name,
                        "Reason": self.suppressed[name],
                        "LastUpdateTime": 1763900000,
                    }
                }
            case "configuration-sets" if name in self.sets:
                return 200, {"SendingOptions": {"SendingEnabled": self.sets[name]}}
        return 404, "NotFoundException", f"{name} does not exist."


class Handler(BaseHTTPRequestHandler):
    """One connection to the fake; HTTP/1.1, so that a client may keep it."""

    protocol_version = "HTTP/1.1"
    ses: FakeSes

    def log_message(self, *said) -> None:
        """Say nothing: a test's output is not the place."""

    def reply(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def answer(self, status: int, *said) -> None:
        match said:
            case (content,):
                self.reply(status, json.dumps(content).encode(), Content_Type="application/json")
            case code, message:
                self.reply(status, json.dumps({"message": message}).encode(), x_amzn_ErrorType=code)

    def do_GET(self) -> None:
        _, _, _, what, *rest = self.path.split("/")
        name = unquote(rest[-1]) if rest else ""
        self.ses.asked.append(what)
        if self.ses.is_going_away and what == "suppression":
            self.server.socket.shutdown(socket.SHUT_RDWR)  # answers this one, and takes no connection after it
        self.answer(*self.ses.looked_up(what, name))
        self.close_connection = self.ses.is_going_away

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/":
            self.reply(200, STS.encode(), Content_Type="text/xml")
            return
        self.ses.posts.append(json.loads(body))
        self.ses.callers.append(self.client_address[1])
        match self.ses.answers.pop(0) if self.ses.answers else "take":
            case "take":
                self.answer(200, {"MessageId": f"ses-{len(self.ses.posts)}"})
            case "no id":
                self.answer(200, {})
            case "garbage":
                self.reply(200, b"<<<", Content_Type="application/json")
            case "page":
                self.reply(403, b"<html>blocked by the company's proxy</html>", Content_Type="text/html")
            case "hang":
                self.ses.released.wait(20)
                self.close_connection = True
            case "lose":
                self.close_connection = True
            case status, code, message:
                self.answer(status, code, message)


@pytest.fixture
def ses(on_aws) -> Iterator[FakeSes]:
    """A small SES of our own on a free port of this machine, and boto3 pointed at it."""
    fake = FakeSes()
    handler = type("Own", (Handler,), {"ses": fake})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        fake.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        on_aws(fake.endpoint)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield fake
        fake.released.set()
        server.shutdown()
        thread.join()


@dataclass
class Clock:
    """Time that passes only while somebody sleeps."""

    time: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mailer(ses, clock) -> SesMailer:  # noqa: ARG001 - boto3 is pointed there
    """A mailer that waits half a second for SES, and on no clock but ours."""
    return SesMailer(None, now=clock.now, sleep=clock.sleep, answer_within_s=0.5)


def send(mailer: Mailer, **given) -> str:
    said = {"sender": "Reports <reports@harbour.boats>", "to": "cfo@harbour.boats", "bcc": (), "tags": TAGS}
    return mailer.send(MESSAGE, **{**said, **given})


def check(mailer: Mailer, **given) -> None:
    mailer.check(**{"sender": "Reports <reports@harbour.boats>", "bcc": ("audit@harbour.boats",), **given})


# --- what is posted ----------------------------------------------------------------------------------------------


def test_a_mail_is_our_own_bytes_to_one_recipient(ses, clock):
    """SES gets the message byte for byte, the copy in the envelope only, the tags, the set, and the bare sender."""
    mailer: Mailer = SesMailer("weekly", now=clock.now, sleep=clock.sleep)

    answer = send(mailer, bcc=("audit@harbour.boats",))

    (post,) = ses.posts
    message = base64.b64decode(post["Content"]["Raw"]["Data"])
    assert answer == "ses-1"
    assert message == MESSAGE
    assert post["Destination"] == {"ToAddresses": ["cfo@harbour.boats"], "BccAddresses": ["audit@harbour.boats"]}
    assert post["FromEmailAddress"] == "reports@harbour.boats"
    assert post["ConfigurationSetName"] == "weekly"
    assert {tag["Name"]: tag["Value"] for tag in post["EmailTags"]} == TAGS
    assert message_from_bytes(message, policy=SMTP)["From"].addresses[0].display_name == 'Harbour "Day" Charters'
    assert b"audit" not in message


def test_without_a_configuration_set_none_is_named(ses, mailer):
    """An empty name would be refused by SES."""
    send(mailer)

    assert "ConfigurationSetName" not in ses.posts[0]


def test_every_mail_has_a_connection_of_its_own(ses, mailer):
    """A kept connection that went stale would take a mail and lose the answer."""
    for _ in range(3):
        send(mailer)

    assert len(set(ses.callers)) == 3


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"bcc": tuple(f"r{number}@harbour.boats" for number in range(50))},
            "recipients: found 51, expected 50 at most",
        ),
        ({"to": "cfo@harbour.boats\nBcc: all@harbour.boats"}, "recipient: found 'cfo@harbour.boats\\nBcc"),
        ({"to": "cfo@harbour.boats, ceo@harbour.boats"}, "recipient: found"),
        ({"to": ""}, "recipient: found ''"),
        ({"to": "CFO <cfo@harbour.boats>"}, "expected an address without a name"),
        ({"to": "cfo@hörbour.boats"}, "expected an address in ASCII"),
        ({"bcc": ("audit@harbour.boats\r\nX: 1",)}, "copy: found"),
        ({"sender": 'Har"bour <reports@harbour.boats>'}, "sender: found 'Har\"bour"),
        ({"tags": {"report": "cfo/2026"}}, "1 to 256 of the characters"),
    ],
)
def test_what_ses_would_refuse_is_refused_before_any_call(ses, mailer, given, says):
    """Nobody is asked about 51 recipients, a line break, a stray quote, no recipient, or a bad tag."""
    with pytest.raises(InputInvalid) as refusal:
        send(mailer, **given)

    assert says in str(refusal.value)
    assert (ses.posts, ses.asked) == ([], [])


# --- what SES answers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("lose", "ConnectionClosedError"),
        ("hang", "ReadTimeoutError"),
        ((500, "InternalServiceErrorException", "oops"), "HTTP 500 InternalServiceErrorException"),
        ((503, "ThrottlingException", "Maximum sending rate exceeded."), "HTTP 503"),
        ("page", "HTTP 403"),
        ("no id", "without a message id"),
    ],
)
def test_an_answer_that_is_no_clear_no_leaves_it_unknown(ses, mailer, answer, says):
    """A lost, slow or broken answer, and one that somebody on the way gave, is never taken for a no: one post."""
    ses.answers = [answer]

    with pytest.raises(DeliveryUnknown) as doubt:
        send(mailer)

    assert says in doubt.value.cause
    assert doubt.value.edition == "cfo/2026-W47"
    assert len(ses.posts) == 1


def test_no_setting_of_boto3_posts_a_lost_mail_again(ses, clock, monkeypatch):
    """Whatever the machine's configuration says of attempts, a mail is posted once."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    mailer = SesMailer(None, now=clock.now, sleep=clock.sleep)
    ses.answers = ["lose", (500, "InternalFailure", "")]

    for _ in range(2):
        with pytest.raises(DeliveryUnknown):
            send(mailer)

    assert len(ses.posts) == 2


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((400, "MessageRejected", "Email address is not verified."), "MessageRejected: Email address is not verified."),
        ((400, "AccountSuspendedException", "Suspended."), "AccountSuspendedException"),
        ((400, "SendingPausedException", "Paused."), "SendingPausedException: Paused."),
        ((400, "MailFromDomainNotVerifiedException", ""), "MailFromDomainNotVerifiedException"),
        ((404, "NotFoundException", "Configuration set <x> does not exist."), "Configuration set <x> does not exist."),
        ((400, "BadRequestException", "Missing final '@domain'"), "BadRequestException: Missing final"),
        ((403, "AccessDeniedException", ""), "the permission ses:SendEmail and ses:SendRawEmail is missing"),
        ((403, "ExpiredTokenException", ""), "the credentials have expired (ExpiredTokenException): log in again"),
        ((403, "InvalidSignatureException", "Signature expired: 20261123"), "this machine's clock is off"),
    ],
)
def test_a_clear_no_is_a_refusal_and_is_not_tried_again(ses, mailer, answer, says):
    """What SES refuses is refused, with its words or what mends it: one post."""
    ses.answers = [answer]

    with pytest.raises(MailRefused) as refusal:
        send(mailer)

    assert says in refusal.value.reason
    assert not isinstance(refusal.value, MailDeferred)
    assert (refusal.value.edition, refusal.value.recipient) == ("cfo/2026-W47", "cfo@harbour.boats")
    assert len(ses.posts) == 1


def test_too_fast_is_tried_again_after_a_while(ses, mailer, clock):
    """SES said that it took nothing: waits grow, and the third post is the mail."""
    ses.answers = [THROTTLED, (400, "ThrottlingException", "Maximum sending rate exceeded.")]

    answer = send(mailer)

    assert answer == "ses-3"
    assert clock.slept == [1, 2]


def test_too_fast_for_ever_is_put_off(ses, mailer, clock):
    """After six posts that SES did not take, the mail waits for the next run."""
    ses.answers = [THROTTLED] * 20

    with pytest.raises(MailDeferred) as put_off:
        send(mailer)

    assert len(ses.posts) == 6
    assert clock.slept == [1, 2, 4, 8, 16]
    assert put_off.value.again_at == clock.time + timedelta(minutes=5)
    assert "Maximum sending rate exceeded" in str(put_off.value)


def test_a_lost_answer_among_throttles_ends_the_trying(ses, mailer):
    """Only what SES said it did not take is posted again."""
    ses.answers = [THROTTLED, "lose"]

    with pytest.raises(DeliveryUnknown):
        send(mailer)

    assert len(ses.posts) == 2


@pytest.mark.parametrize(
    "answer",
    [
        (429, "TooManyRequestsException", "Daily message quota exceeded."),
        (400, "ThrottlingException", "Daily message quota exceeded"),
        (400, "LimitExceededException", "There are too many instances"),
    ],
)
def test_a_day_that_is_full_puts_off_this_mail_and_those_after_it(ses, mailer, answer):
    """The message says when it is taken again; SES is not asked a second time that day."""
    ses.answers = [answer]

    with pytest.raises(MailDeferred) as first:
        send(mailer)
    with pytest.raises(MailDeferred):
        send(mailer)

    assert first.value.again_at == NOW + timedelta(hours=24)
    assert "2026-11-24 13:00 UTC" in str(first.value)
    assert first.value.exit_code == 5
    assert len(ses.posts) == 1


def test_where_nobody_listens_it_is_a_clear_no(ses, mailer):
    """No connection was made for the post, so nobody got it."""
    ses.is_going_away = True

    with pytest.raises(MailRefused) as refusal:
        send(mailer)

    assert "it does not answer (EndpointConnectionError)" in refusal.value.reason
    assert ses.posts == []


def test_an_account_that_cannot_be_reached_refuses_before_the_post(on_aws, clock):
    """Without an answer to the questions nothing is posted: a clear no."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, and not listening
        on_aws(f"http://127.0.0.1:{closed.getsockname()[1]}")
        mailer = SesMailer(None, now=clock.now, sleep=clock.sleep)

        with pytest.raises(MailRefused) as refusal:
            send(mailer)
        with pytest.raises(AwsUnavailable):
            check(mailer)

    assert "SES: it does not answer" in refusal.value.reason


def test_without_credentials_nothing_is_asked(ses, clock, monkeypatch):
    """Nobody is logged in: the message says what to do, and SES hears nothing."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    mailer = SesMailer(None, now=clock.now, sleep=clock.sleep)

    with pytest.raises(AwsUnavailable) as unavailable:
        check(mailer)

    assert "no credentials were found" in str(unavailable.value)
    assert (ses.asked, ses.posts) == ([], [])


@pytest.mark.parametrize(
    ("code", "says"),
    [("ExpiredTokenException", "the credentials have expired"), ("UnrecognizedClientException", "are not known there")],
)
def test_credentials_that_ses_does_not_take_end_the_run_before_it_begins(ses, mailer, code, says):
    """A denied question decides nothing; unknown or expired credentials do, and nothing is built for nothing."""
    ses.refuses_all_with = code

    with pytest.raises(AwsUnavailable) as unavailable:
        check(mailer)

    assert says in str(unavailable.value)
    assert unavailable.value.exit_code == 2


# --- pace, quota, suppression ------------------------------------------------------------------------------------


def test_mails_leave_at_the_accounts_pace(ses, mailer, clock):
    """With 14 recipients a second, a mail with a copy takes two fourteenths; time that passed anyway is not waited."""
    for _ in range(3):
        send(mailer, bcc=("audit@harbour.boats",))
    clock.time += timedelta(seconds=1)
    send(mailer)

    assert clock.slept == [0.143, 0.143]
    assert ses.asked.count("account") == 1


def test_a_clock_that_is_put_back_makes_nobody_wait_longer(ses, mailer, clock):
    """The wait is never longer than the pace asks."""
    ses.account["SendQuota"]["MaxSendRate"] = 1.0
    send(mailer)
    clock.time -= timedelta(hours=1)

    send(mailer)

    assert clock.slept == [1]


@pytest.mark.parametrize("account", [None, {**HEALTHY, "SendQuota": {"Max24HourSend": -1.0}}])
def test_an_unknown_pace_is_the_slowest(ses, mailer, clock, account):
    """Where the account does not say, one recipient a second: nobody's limit is lower."""
    ses.account = account

    for _ in range(2):
        send(mailer, bcc=("audit@harbour.boats",))

    assert clock.slept == [2]


def test_the_quota_counts_copies_and_is_never_begun_to_be_exceeded(ses, mailer):
    """Three recipients are left: one mail with its copy leaves, the next is put off and not posted."""
    ses.account["SendQuota"] = {"Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": 197.0}

    send(mailer, bcc=("audit@harbour.boats",))
    with pytest.raises(MailDeferred) as put_off:
        send(mailer, bcc=("audit@harbour.boats",))

    assert "1 recipients of the day's quota are left" in str(put_off.value)
    assert put_off.value.again_at == NOW + timedelta(hours=24)
    assert len(ses.posts) == 1


def test_a_suppressed_recipient_is_refused_before_the_post(ses, mailer):
    """SES would take the mail, count it and not deliver it."""
    ses.suppressed = {"cfo@harbour.boats": "BOUNCE"}

    with pytest.raises(MailRefused) as refusal:
        send(mailer)
    other = send(mailer, to="ceo@harbour.boats")

    assert "suppression list after a bounce" in refusal.value.reason
    assert other == "ses-1"


def test_who_may_only_send_still_sends_and_says_what_could_not_be_asked(ses, mailer, caplog):
    """Each denied question is a warning, once, with the permission; the mails leave."""
    ses.denied = {"account", "identities", "suppression"}

    with caplog.at_level(logging.WARNING, logger="quarterdeck"):
        check(mailer)
        send(mailer)
        send(mailer)

    said = [record.getMessage() for record in caplog.records]
    assert len(ses.posts) == 2
    assert [text.partition(":")[0] for text in said] == [
        "mail account could not be asked",
        "mail sender could not be asked",
        "mail suppression could not be asked",
    ]
    for permission, text in zip(("GetAccount", "GetEmailIdentity", "GetSuppressedDestination"), said, strict=True):
        assert f"the permission ses:{permission} is missing" in text


# --- what is found before a mail is claimed ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "says", "mend"),
    [
        ({"account": {**HEALTHY, "SendingEnabled": False}}, "sending is paused in eu-west-1", "put-account-sending-"),
        ({"account": {**HEALTHY, "EnforcementStatus": "SHUTDOWN"}}, "AWS has shut down", "aws sesv2 get-account"),
        ({"identities": {"harbour.boats": False}}, "nor its domain harbour.boats is verified", "create-email-identity"),
        ({"identities": {}}, "is verified in eu-west-1", "--email-identity harbour.boats"),
        ({"suppressed": {"audit@harbour.boats": "COMPLAINT"}}, "after a complaint", "--email-address $SES_BCC_EMAIL"),
        ({"sets": {}}, "there is none named weekly", "aws sesv2 create-configuration-set"),
        ({"sets": {"weekly": False}}, "the sending of weekly is paused", "--sending-enabled"),
        (
            {"account": {**HEALTHY, "ProductionAccessEnabled": False}, "identities": {"reports@harbour.boats": True}},
            "not verified are $SES_BCC_EMAIL",
            "--production-access-enabled",
        ),
    ],
)
def test_what_stands_in_the_way_is_found_with_what_mends_it(ses, clock, changed, says, mend):
    """Paused, shut down, unverified, suppressed, sandboxed, no such set: exit 5, no address said, nothing posted."""
    ses.sets = {"weekly": True}
    for name, value in changed.items():
        setattr(ses, name, value)
    mailer = SesMailer("weekly", now=clock.now, sleep=clock.sleep)

    with pytest.raises(SendingRefused) as refusal:
        check(mailer)

    assert says in str(refusal.value)
    assert mend in str(refusal.value)
    assert "@harbour.boats" not in str(refusal.value)
    assert refusal.value.exit_code == 5
    assert ses.posts == []


@pytest.mark.parametrize(
    "identities", [{"reports@harbour.boats": True}, {"harbour.boats": True}, {"boats": True, "harbour.boats": True}]
)
def test_a_sender_is_verified_by_itself_or_by_its_domain(ses, mailer, identities):
    """Either lets the account send."""
    ses.identities = identities

    assert check(mailer) is None


def test_a_sender_below_a_verified_domain_is_verified(ses, mailer):
    """SES lets a verified domain send for those below it; each level is asked for, the sender first."""
    assert check(mailer, sender="reports@mail.harbour.boats") is None
    assert ses.asked.count("identities") == 3


# --- on moto -----------------------------------------------------------------------------------------------------


@pytest.fixture
def on_moto(moto, on_aws, clock) -> SesMailer:
    """A mailer on a moto that was emptied and knows the sender."""
    on_aws(moto)
    reset = urllib.request.Request(f"{moto}/moto-api/reset", method="POST")  # noqa: S310 - our own server
    urllib.request.urlopen(reset).close()  # noqa: S310 - likewise
    client("sesv2").create_email_identity(EmailIdentity="reports@harbour.boats")
    return SesMailer(None, now=clock.now, sleep=clock.sleep)


def kept_by(moto: str) -> list[dict]:
    with urllib.request.urlopen(f"{moto}/moto-api/data.json") as answer:  # noqa: S310 - likewise
        return json.load(answer).get("ses", {}).get("RawMessage", [])


def test_moto_keeps_the_mail_byte_for_byte(moto, on_moto):
    """A second implementation of SES takes it: envelope and bytes are ours."""
    answer = send(on_moto, bcc=("audit@harbour.boats",))

    (mail,) = kept_by(moto)
    assert mail["id"] == answer
    assert mail["raw_data"].encode() == MESSAGE
    assert mail["source"] == "reports@harbour.boats"
    assert {"cfo@harbour.boats", "audit@harbour.boats"} == set(mail["destinations"])


def test_moto_refuses_a_sender_that_is_not_verified(moto, on_moto):
    """Found before, and a clear no if it is sent all the same."""
    with pytest.raises(SendingRefused):
        check(on_moto, sender="other@elsewhere.boats")
    with pytest.raises(MailRefused, match="MessageRejected"):
        send(on_moto, sender="other@elsewhere.boats")

    assert kept_by(moto) == []


def test_moto_lacks_some_questions_and_the_mail_leaves(on_moto, caplog):
    """An answer that is a page decides nothing."""
    with caplog.at_level(logging.WARNING, logger="quarterdeck"):
        check(on_moto)

    assert {record.getMessage() for record in caplog.records} == {
        "mail account could not be asked: HTTP 404",
        "mail suppression could not be asked: HTTP 404",
    }


def test_ministack_answers_every_question_and_takes_the_mail(ministack, on_aws, clock, caplog):
    """A third implementation: what is missing is found; once it is made, nothing is unasked, and the mail leaves."""
    on_aws(ministack)
    reset = urllib.request.Request(f"{ministack}/_ministack/reset", method="POST")  # noqa: S310 - our own server
    urllib.request.urlopen(reset).close()  # noqa: S310 - likewise
    mailer = SesMailer("weekly", now=clock.now, sleep=clock.sleep)

    with pytest.raises(SendingRefused) as refusal:
        check(mailer)
    client("sesv2").create_email_identity(EmailIdentity="harbour.boats")
    client("sesv2").create_configuration_set(ConfigurationSetName="weekly")
    with caplog.at_level(logging.WARNING, logger="quarterdeck"):
        check(mailer)
        answer = send(mailer, bcc=("audit@harbour.boats",))

    assert len(refusal.value.findings) == 2
    assert caplog.records == []
    assert answer


# --- from a company's folder to the inbox ------------------------------------------------------------------------

ADDRESSES = Environment(sender="reports@harbour.boats", recipient="cfo@harbour.boats", bcc="audit@harbour.boats")
EDITION = "cfo/2026-W47"


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
        code = "import sys; from pathlib import Path; from quarterdeck.cli import main; main(Path(sys.argv.pop(1)))"
        own = {
            "QUARTERDECK_COMPANY": str(self.root / "company"),
            "QUARTERDECK_LEDGER": f"sqlite:{self.root / 'ledger.db'}",
            "QUARTERDECK_STORE": str(self.root / "outputs"),
        }
        return subprocess.run(
            [sys.executable, "-c", code, str(self.root), *arguments],
            cwd=self.root,
            env={name: value for name, value in (os.environ | own | environment).items() if value is not None},
            capture_output=True,
            text=True,
            check=False,
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

        def send(self, *_, to: str, **__) -> str:
            raise InputInvalid("recipient", repr(to), "another one")

    outcome = harbour.run(Strict())

    (delivery,) = harbour.ledger.deliveries(EDITION)
    assert (outcome.exit_code, delivery.state) == (5, "refused")
    assert delivery.reason == "recipient: found 'c•••@h•••.boats', expected another one"


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
        "\n  aws sesv2 delete-suppressed-destination --email-address cfo@other.boats"
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
