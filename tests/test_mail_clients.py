"""
The mails of five reports and two companies, and of two notebooks that nobody wrote for Quarterdeck, as those who carry,
judge and show them see them.

Each checker is also given a mail that it must find fault with: one that cannot fail finds nothing.
"""

import base64
import re
from email import message_from_bytes
from email.policy import SMTP
from html import unescape
from html.parser import HTMLParser

import dkim
import pytest
from checkers import (
    html_of,
    overflow_of,
    pictures_of,
    read_mail,
    seen_in,
    spam_points,
    unsupported,
    with_pictures,
)
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from foreign import foreign_editions
from gmail import MOST_HTML_BYTES, as_gmail_shows

from quarterdeck.render.text import display_width

WEEKS = (("sample", "2026-W47"), ("hotel", "2016-W38"))

# What some programs do not know and the mails use all the same, at most five. Without it a mail is still read.
ALLOWED = {
    "<body> element": "Programs on the web put a <div> in its place; only margin and ground stand on it.",
    "@media": "Phones and dark screens get a better layout by it; without it the layout is the fluid one, in light.",
    "role attribute": "Tells a screen reader that a table only places things; without it it counts rows.",
    "aria-hidden attribute": "Keeps a screen reader from spelling out ▲; the sign stands in the text beside it.",
    "display:none": "Hides the preheader; where it is not hidden, the mail begins with its headline twice.",
}


@pytest.fixture(scope="module")
def mails(week_of, tmp_path_factory):
    """The twelve mails by edition: five of the sample company's week, five of the hotel's, two of foreign notebooks."""
    folders = [folder for week in WEEKS for folder in sorted(week_of(*week).iterdir()) if folder.is_dir()]
    folders += foreign_editions(tmp_path_factory.mktemp("foreign"))
    return {f"{folder.name}/{folder.parent.name}": read_mail(folder) for folder in folders}


# Seen


def test_mails_are_accessible_and_fit_on_every_screen(browser, mails):
    """axe-core finds nothing in any mail, and nothing is wider than the window, at three widths, light and dark."""
    for edition, mail in mails.items():
        assert seen_in(browser, with_pictures(html_of(mail), mail), is_mail=True) == [], edition


@pytest.mark.parametrize(
    ("was", "becomes", "found"),
    [
        (r'alt="[^"]+"', "", "image-alt"),
        (r'<html lang="en">', "<html>", "html-has-lang"),
        (r"</h1>", "</h1><p style='color:#BBB'>Too pale to be read</p>", "color-contrast"),
        (r"</h1>", "</h1><div style='width:1200px'>wide</div>", "px wider than the window"),
        (r"</h1>", "</h1><h4>Two levels down</h4>", "heading-order"),
    ],
)
def test_the_eyes_see_a_bad_mail(browser, mails, was, becomes, found):
    """A mail that is spoiled in one place is found out, by the rule that is meant for it."""
    mail = mails["cfo/2026-W47"]
    spoiled = re.sub(was, becomes, with_pictures(html_of(mail), mail), count=1)

    assert any(found in finding for finding in seen_in(browser, spoiled, is_mail=True, widths=[600]))


# Known to mail programs


def test_mails_use_what_mail_programs_know(mails):
    """Beyond five features, each with its reason, Gmail, Outlook, Apple Mail, Samsung and Yahoo know all of it."""
    for edition, mail in mails.items():
        unknown = {name: programs for name, programs in unsupported(html_of(mail)).items() if name not in ALLOWED}
        assert unknown == {}, edition
    assert len(ALLOWED) <= 5


def test_the_list_of_mail_programs_knows_a_bad_mail(mails):
    """A layout by grid is found, and who does not know it."""
    spoiled = html_of(mails["cfo/2026-W47"]).replace("</h1>", '</h1><div style="display:grid">two</div>')

    assert {"outlook.windows", "samsung-email.android"} & unsupported(spoiled)["display:grid"]


# As Gmail shows it


class _Shown(HTMLParser):
    """What a reader gets of HTML: its text outside of style sheets, and its pictures."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.pictures: list[str] = []
        self._text: list[str] = []
        self._is_style = False
        self.feed(html)
        self.text = " ".join(" ".join(self._text).split())

    def handle_starttag(self, tag, attrs):
        self._is_style = tag == "style"
        if tag == "img":
            self.pictures.append(dict(attrs).get("src") or "")

    def handle_endtag(self, tag):
        self._is_style &= tag != "style"

    def handle_data(self, data):
        if not self._is_style:
            self._text.append(data)


@pytest.mark.parametrize("is_googles", [True, False], ids=["Google's accounts", "accounts of others"])
def test_gmail_leaves_all_charts_and_figures(browser, mails, is_googles):
    """After Gmail's filter every word, every figure and every chart is there, and a phone shows it whole."""
    for edition, mail in mails.items():
        sent, left = html_of(mail), as_gmail_shows(html_of(mail), is_googles=is_googles)

        assert _Shown(left).text == _Shown(sent).text, edition
        assert {f"cid:{cid}" for cid in pictures_of(mail)} == set(_Shown(left).pictures), edition
        assert overflow_of(browser, with_pictures(left, mail), 360) == 0, edition


@pytest.mark.parametrize("is_googles", [True, False], ids=["Google's accounts", "accounts of others"])
def test_kpis_are_a_row_and_fold_on_a_phone(browser, mails, is_googles):
    """The cash KPIs stand in one row of 640 pixels, and on a phone in several, with a style sheet and without."""
    mail = mails["cfo/2026-W47"]
    page = browser.new_page()
    page.set_content(with_pictures(as_gmail_shows(html_of(mail), is_googles=is_googles), mail))

    rows = {}
    for width in (640, 360):
        page.set_viewport_size({"width": width, "height": 900})
        tops = page.locator(".kpi").evaluate_all("cells => cells.map(cell => cell.getBoundingClientRect().top)")
        rows[width] = len(set(tops))

    assert len(tops) == 5
    assert rows[640] == 1
    assert rows[360] >= 3
    page.close()


def test_text_parts_read_well_in_a_terminal(mails):
    """A terminal of 80 columns shows each line whole, in columns that line up, with nothing that only HTML needs."""
    for edition, mail in mails.items():
        lines = mail.get_body(("plain",)).get_content().splitlines()
        tables = [at for at, line in enumerate(lines) if at and re.fullmatch("-{20,}", line) and lines[at - 1].strip()]

        assert [line for line in lines if display_width(line) > 78] == [], edition
        assert [line for line in lines if line != line.rstrip() or "\t" in line or "\r" in line] == [], edition
        assert "\n\n\n" not in "\n".join(lines), edition
        assert not re.search(r"&\w+;|</?(?:p|td|b|span)\b|\u00a0\n", "\n".join(lines)), edition
        for at in tables:  # a head stands no further right than the rule below it
            assert display_width(lines[at - 1]) <= len(lines[at]), edition


def as_without_display(html: str) -> str:
    """*html* as Gmail's site on a phone shows it: no style sheet, and no `display`."""
    return re.sub(r"display:none", "", as_gmail_shows(html, is_googles=False))


@pytest.mark.parametrize(
    ("program", "scheme", "drawing"),
    [
        (str, "light", "light"),
        (str, "dark", "dark"),
        (as_gmail_shows, "light", "light"),
        (lambda html: as_gmail_shows(html, is_googles=False), "dark", "light"),
        (as_without_display, "dark", "light"),
    ],
    ids=["a light screen", "a dark screen", "Gmail", "Gmail, accounts of others", "Gmail's site on a phone"],
)
def test_each_chart_is_seen_once(browser, mails, program, scheme, drawing):
    """Of a chart's two drawings a program shows one: the dark one where it knows dark screens; words are heard once."""
    mail = mails["cmo/2026-W47"]
    page = browser.new_page(color_scheme=scheme)
    page.set_content(with_pictures(program(html_of(mail)), mail))

    def seen(place):
        return page.locator(f"{place} img").evaluate_all(
            "all => all.filter(it => it.offsetWidth * it.offsetHeight > 1).length"
        )

    page.set_viewport_size({"width": 360, "height": 900})
    widths = page.locator("img").evaluate_all("all => all.map(it => it.offsetWidth).filter(width => width > 1)")
    assert set(widths) == {344 if "<style" in program(html_of(mail)) else 328}

    charts = page.locator(".day").count()
    assert charts == page.locator(".night").count() >= 3
    assert (seen(".day"), seen(".night")) == ((0, charts) if drawing == "dark" else (charts, 0))
    words = re.findall(r'alt="([^"]+)"', html_of(mail))
    assert page.get_by_role("img").evaluate_all("all => all.map(it => it.alt)") == list(map(unescape, words))
    page.close()


def test_gmails_filter_spoils_a_bad_mail(mails):
    """What Gmail drops is dropped: a chart inside the HTML, a sheet in the body or of 16 KB, the end of a long mail."""
    mail = mails["cfo/2026-W47"]
    sheet = "<style>p{color:red}</style>"
    inside = as_gmail_shows(with_pictures(html_of(mail), mail))
    late = as_gmail_shows(f"<body>{sheet}<p style='color:red;mix-blend-mode:screen'>a</p></body>")
    heavy = as_gmail_shows(f"<head><style>{'p{color:red}' * 1500}</style></head><body>a</body>")
    long = as_gmail_shows(f"<body>{'a' * MOST_HTML_BYTES}<p>the end</p></body>")

    assert not any(_Shown(inside).pictures)
    assert late == '<body><p style="color:red">a</p></body>'
    assert "style" not in heavy
    assert "the end" not in long


# Judged


def test_mails_are_no_spam(mails, tmp_path):
    """SpamAssassin gives each of the twelve at most half a point; it takes five for spam."""
    assert len(mails) == 12
    for edition, mail in mails.items():
        points, report = spam_points(mail.as_bytes(), tmp_path)
        assert points <= 0.5, f"{edition}: {report}"


def test_the_spam_filter_knows_spam(mails, tmp_path):
    """The test string that every spam filter knows is spam, and a mail without a date loses points."""
    message = mails["cfo/2026-W47"].as_bytes()
    known = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

    assert spam_points(b"Subject: x\r\n\r\n" + known + b"\r\n", tmp_path)[0] > 100
    assert spam_points(re.sub(rb"Date: .*\r\n", b"", message, count=1), tmp_path)[0] > 0.5


# Carried


@pytest.fixture(scope="module")
def key():
    """A DKIM key pair, the public half as a record in DNS has it."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return pem, b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


def signed(message: bytes, pem: bytes) -> bytes:
    headers = [b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type"]
    signature = dkim.sign(
        message, b"q", b"example.com", pem, canonicalize=(b"relaxed", b"simple"), include_headers=headers
    )
    return signature + message


def is_verified(message: bytes, record: bytes) -> bool:
    return dkim.verify(message, dnsfunc=lambda *_, **__: record)


def test_a_signature_survives_the_way(mails, key):
    """Signed with DKIM, parsed and written out again, each mail still verifies; simple body, so each byte counts."""
    pem, record = key

    for edition, mail in mails.items():
        arrived = message_from_bytes(signed(mail.as_bytes(), pem), policy=SMTP).as_bytes()
        assert is_verified(arrived, record), edition


def test_a_changed_mail_does_not_verify(mails, key):
    """One figure changed on the way breaks the signature."""
    pem, record = key
    message = signed(mails["cfo/2026-W47"].as_bytes(), pem)

    assert is_verified(message, record)
    assert not is_verified(message.replace(b"86.8k", b"96.8k"), record)
