"""Stamping a frozen body, and the outbox: what leaves, and what is refused before it can."""

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import SMTP
from pathlib import Path
from random import Random

import pytest

from quarterdeck.errors import InputInvalid, MailRefused
from quarterdeck.mail import Envelope, Mailer, Outbox, check_tags, frozen_body, stamp, text_of


@dataclass(frozen=True)
class Body:
    """A frozen body, as the renderer makes one."""

    subject: str = "CFO · week 47 · Cash falls to $84.6k"
    mime: bytes = (
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.b64encode("Kurz – 項目\r\n".encode())
    )


ENVELOPE = Envelope(
    sender="Harbour Day Charters <reports@example.com>",
    to=("cfo@example.com",),
    date=datetime(2026, 11, 23, 5, 10, tzinfo=timezone(timedelta(hours=-8))),
    message_id="<a1@quarterdeck.example.com>",
    reply_to="finance@example.com",
    edition="cfo/2026-W47",
    snapshot="3f9a2c71",
)
TAGS = {"report": "cfo", "period": "2026-W47"}


def parsed(message):
    return message_from_bytes(message, policy=SMTP)


def send(outbox: Mailer, message=b"X-Quarterdeck-Edition: cfo/2026-W47\r\n\r\nHello", **given):
    said = {"sender": "reports@example.com", "to": "cfo@example.com", "bcc": (), "tags": TAGS}
    return outbox.send(message, **{**said, **given})


# --- stamping ----------------------------------------------------------------------------------------------------


def test_every_recipient_gets_the_same_body():
    """Stamping for two recipients on two days changes headers only: the body is the same bytes."""
    one = stamp(Body(), ENVELOPE)
    two = stamp(
        Body(),
        replace(
            ENVELOPE, to=("ceo@example.com",), date=datetime(2026, 12, 1, tzinfo=UTC), message_id="<b2@example.com>"
        ),
    )

    assert one != two
    assert one.endswith(b"\r\nMIME-Version: 1.0\r\n" + Body().mime)
    assert two.endswith(b"\r\nMIME-Version: 1.0\r\n" + Body().mime)
    assert parsed(one).get_content() == parsed(two).get_content() == "Kurz – 項目\r\n"


def test_same_envelope_gives_the_same_bytes():
    """Nothing but the envelope decides the headers: no clock and no chance."""
    assert stamp(Body(), ENVELOPE) == stamp(Body(), ENVELOPE)


def test_headers_say_what_a_mail_program_needs():
    """Date, id, sender, recipients, reply address, subject, that a machine wrote it, and which edition it is."""
    mail = parsed(stamp(Body(), replace(ENVELOPE, to=("cfo@example.com", "Ana Pérez <ana@example.com>"))))

    assert mail["Date"] == "Mon, 23 Nov 2026 05:10:00 -0800"
    assert mail["Message-ID"] == "<a1@quarterdeck.example.com>"
    assert mail["From"] == "Harbour Day Charters <reports@example.com>"
    assert mail["To"] == "cfo@example.com, Ana Pérez <ana@example.com>"
    assert mail["Reply-To"] == "finance@example.com"
    assert mail["Subject"] == "CFO · week 47 · Cash falls to $84.6k"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Quarterdeck-Edition"] == "cfo/2026-W47"
    assert mail["X-Quarterdeck-Snapshot"] == "3f9a2c71"
    assert not {"Bcc", "Cc"} & set(mail.keys())


def test_recipients_stand_in_brackets():
    """A bare address is written as mail programs write it, in brackets: spam filters hold a mail without against it."""
    message = stamp(Body(), replace(ENVELOPE, to=("cfo@example.com", "Ana Pérez <ana@example.com>")))

    assert b"\r\nTo: <cfo@example.com>,\r\n =?utf-8?q?Ana_P=C3=A9rez?=\r\n <ana@example.com>\r\n" in message


@pytest.mark.parametrize(
    ("way", "one_click"),
    [
        ("mailto:stop@example.com", None),
        ("https://example.com/stop", "List-Unsubscribe=One-Click"),
        (f"https://example.com/stop?list=reports,weekly;token={'a1' * 60}", "List-Unsubscribe=One-Click"),
    ],
)
def test_way_out_stands_in_the_header(way, one_click):
    """A mail program's own Unsubscribe leads where the report says; by https with the one click of RFC 8058."""
    message = stamp(Body(), replace(ENVELOPE, unsubscribe=way))
    mail = parsed(message)

    assert f"\r\nList-Unsubscribe: <{way}>\r\n".encode() in message  # an encoded word is no address (RFC 2369)
    assert mail["List-Unsubscribe-Post"] == one_click


def test_lines_end_with_cr_lf_and_are_short():
    """Headers are folded: 40 recipients make no line that a server would refuse."""
    many = tuple(f"person.number{number}@example.com" for number in range(40))

    message = stamp(Body(subject="CFO · " + "long – " * 40), replace(ENVELOPE, to=many))

    assert b"\n" not in message.replace(b"\r\n", b"")
    assert max(map(len, message.split(b"\r\n"))) <= 78
    assert [address.addr_spec for address in parsed(message)["To"].addresses] == list(many)


def test_subjects_and_names_arrive_word_by_word():
    """Whatever words are beside each other, and wherever a line ends, old and new parsers read what was written."""
    words = ["Cash", "−$84.6k,", "€15.4k", "under", "é", "Ünïcode", "“plan”", "−", "港口", "гостиницы", "=?utf-8?q?x?="]
    random = Random(1)  # noqa: S311 - nothing is kept secret by it
    for _ in range(300):
        text = " ".join(random.choice(words) for _ in range(random.randint(1, 16)))
        message = stamp(Body(subject=text), replace(ENVELOPE, sender="reports@example.com", company=text))

        assert max(map(len, message.split(b"\r\n"))) <= 78
        assert parsed(message)["Subject"] == text
        for name, starts in (("Subject", text), ("From", f"{text} <reports@")):
            assert str(make_header(decode_header(message_from_bytes(message)[name]))).startswith(starts)


@pytest.mark.parametrize("name", ['"Charters, Harbour"', "O’Brien & Søn", "Reports (weekly)", '"A \\"quoted\\" name"'])
def test_display_names_survive(name):
    """A comma, a quote or an accent in a sender's name stays in the name."""
    sender = parsed(stamp(Body(), replace(ENVELOPE, sender=f"{name} <reports@example.com>")))["From"].addresses[0]

    assert sender.addr_spec == "reports@example.com"
    assert sender.display_name in (
        "Charters, Harbour",
        "O’Brien & Søn",
        "Reports (weekly)",
        "Reports",
        'A "quoted" name',
    )


@pytest.mark.parametrize(
    "company",
    ["Harbour Day Charters", "Charters, Harbour", "O’Brien & Søn, Ltd.", 'A "quoted" name', "x <y@example.com>"],
)
def test_sender_without_a_name_has_the_companys(company):
    """A bare sender gets the company's name, whatever is in it, and stays one address; its own name wins."""
    bare, own = (
        parsed(stamp(Body(), replace(ENVELOPE, sender=sender, company=company)))["From"].addresses
        for sender in ("reports@example.com", "Reports <reports@example.com>")
    )

    assert [(one.display_name, one.addr_spec) for one in bare] == [(company, "reports@example.com")]
    assert [(one.display_name, one.addr_spec) for one in own] == [("Reports", "reports@example.com")]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("company", "Reports\r\nBcc: all@example.com", "company: found"),
        ("sender", "Reports\r\nBcc: all@example.com <reports@example.com>", "sender: found"),
        ("sender", "no address", "expected one address such as Reports <reports@example.com>"),
        ("sender", "", "sender: found ''"),
        ("sender", "a@b@example.com", "expected one address"),
        ("to", ("cfo@example.com\nX-Evil: 1",), "to: found"),
        ("to", ("local", "cfo@example.com"), "to: found 'local'"),
        ("to", ("a@example.com, b@example.com",), "to: found"),
        ("to", (), "to: found no address, expected at least one recipient"),
        ("reply_to", "finance@example.com\u2028", "reply to: found"),
        ("edition", "cfo/2026-W47\r\nX: 1", "edition: found 'cfo/2026-W47\\r\\nX: 1', expected one line"),
        ("snapshot", "3f9a\x00", "snapshot: found"),
        ("snapshot", "3f9á", "snapshot: found '3f9á', expected letters of ASCII without blanks"),
        ("unsubscribe", "https://example.com/a b", "unsubscribe: found"),
        ("date", datetime(2026, 11, 23), "expected an instant with its time zone"),  # noqa: DTZ001 - that is the fault
        ("message_id", "a1@example.com", "message id: found 'a1@example.com', expected <name@host>"),
        ("message_id", "<a1@example.com>\r\nX: 1", "message id: found"),
    ],
)
def test_what_would_break_out_of_a_header_is_refused(field, value, message):
    """A line break in a name could write headers of its own, so it stops the mail and is shown."""
    with pytest.raises(InputInvalid) as refusal:
        stamp(Body(), replace(ENVELOPE, **{field: value}))

    assert message in str(refusal.value)


def test_subject_with_a_line_break_is_refused():
    """The edition's own subject is not trusted either."""
    with pytest.raises(InputInvalid) as refusal:
        stamp(Body(subject="Cash\r\nBcc: all@example.com"), ENVELOPE)

    assert "subject: found 'Cash\\r\\nBcc" in str(refusal.value)


def test_body_comes_back_out_of_a_message_as_it_went_in():
    """What was kept as message.eml can be stamped anew for another recipient: subject, bytes and hash are the same."""
    message = stamp(Body(), ENVELOPE)

    body = frozen_body(message, "message.eml")

    assert (body.subject, body.mime) == (Body().subject, Body().mime)
    assert body.sha256 == hashlib.sha256(Body().mime).hexdigest()
    assert stamp(body, ENVELOPE) == message


@pytest.mark.parametrize(
    "message", [b"", b"Subject: x\r\n\r\nHello", b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n"]
)
def test_message_of_somebody_else_has_no_frozen_body(message):
    """A file that stamp did not write is refused by name, and nothing of it is sent."""
    with pytest.raises(InputInvalid) as refusal:
        frozen_body(message, "2026-W47/cfo/message.eml")

    assert "2026-W47/cfo/message.eml: found no message of ours" in str(refusal.value)


def test_text_of_a_message_is_its_text_part():
    """A dry run shows what a reader without pictures gets; a message without text shows nothing."""
    assert text_of(stamp(Body(), ENVELOPE)) == "Kurz – 項目\r\n"
    assert text_of(b"Content-Type: image/png\r\n\r\n") == ""


# --- the outbox --------------------------------------------------------------------------------------------------


def test_outbox_writes_the_message_as_it_is(tmp_path):
    """A mail in the outbox is the message, byte for byte, in a file that a mail program opens."""
    message = stamp(Body(), ENVELOPE)

    name = send(Outbox(tmp_path / "outbox"), message)

    assert name.startswith("cfo-2026-W47-")
    assert (tmp_path / "outbox" / f"{name}.eml").read_bytes() == message
    assert [path.name for path in (tmp_path / "outbox").iterdir()] == [f"{name}.eml"]


def test_outbox_holds_one_file_for_one_message(tmp_path):
    """The same message for the same people is the same file; for others it is another."""
    outbox = Outbox(tmp_path)

    names = [send(outbox), send(outbox), send(outbox, to="ceo@example.com"), send(outbox, bcc=("audit@example.com",))]

    assert names[0] == names[1]
    assert len(set(names)) == 3
    assert len(list(tmp_path.iterdir())) == 3


def test_outbox_that_cannot_be_written_is_a_clear_no(tmp_path):
    """No file means that nobody got it: the refusal names edition, recipient, reason; nothing is half-written."""
    place = tmp_path / "outbox"
    place.write_text("a file where the folder should be")

    with pytest.raises(MailRefused) as refusal:
        send(Outbox(place))

    assert refusal.value.edition == "cfo/2026-W47"
    assert refusal.value.recipient == "cfo@example.com"
    assert "outbox" in refusal.value.reason
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("tags", [{"report": "cfo/2026"}, {"re port": "cfo"}, {"report": ""}, {"report": "x" * 257}])
def test_tags_that_a_mail_service_refuses_are_refused(tmp_path, tags):
    """What a dry run lets pass must pass the mail service too."""
    with pytest.raises(InputInvalid) as refusal:
        send(Outbox(tmp_path), tags=tags)

    assert "1 to 256 of the characters A-Z a-z 0-9 _ -" in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_tags_of_the_allowed_characters_pass():
    """Letters, digits, hyphens and underscores, 256 of them at most."""
    assert check_tags({"report": "cfo", "Delivery_1": "x" * 256}) is None


def test_outbox_is_a_mailer():
    """The outbox keeps what every mailer promises, as a type checker sees it."""
    mailer: Mailer = Outbox(Path("outbox"))

    assert mailer == Outbox(Path("outbox"))
