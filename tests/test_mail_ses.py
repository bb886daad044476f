"""
Mail by SES, against servers that speak its protocol: moto, and a small SES of our own that can lose an answer.

Every test counts what was posted: a second post is a second mail.
"""

import base64
import logging
import socket
import urllib.request
from datetime import timedelta
from email import message_from_bytes
from email.policy import SMTP

import pytest
from harbour import NOW
from small_ses import HEALTHY, THROTTLED, kept_by

from quarterdeck.aws import client
from quarterdeck.errors import (
    AwsUnavailable,
    DeliveryUnknown,
    InputInvalid,
    MailDeferred,
    MailRefused,
    SendingRefused,
)
from quarterdeck.mail import Envelope, FrozenBody, Mailer, stamp
from quarterdeck.mail.ses import SesMailer

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


def test_a_machine_that_slept_posts_no_more(ses, clock):
    """By the time that it wakes up from a wait the claim may be another's: the mail is put off."""
    ses.answers = [THROTTLED]
    mailer = SesMailer(None, now=clock.now, sleep=lambda _: clock.sleep(3600))

    with pytest.raises(MailDeferred):
        send(mailer)

    assert len(ses.posts) == 1


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

    assert "the day's quota has room for 1 more, and a mail with its copies needs 2" in str(put_off.value)
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
    """Paused, shut down, unverified, sandboxed, no such set: exit 5, no address said, nothing posted."""
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
