"""Each gate goes red for the fault that it is there for, and lets good editions through."""

import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from identities import IDENTITY, envelope_of
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image as Pillow

from quarterdeck.blocks import (
    MIME,
    Action,
    Actions,
    Cell,
    Chart,
    FigureRecord,
    Headline,
    Kpi,
    Kpis,
    Note,
    Table,
    TableColumn,
)
from quarterdeck.gates import check_edition, reconcile
from quarterdeck.mail import stamp
from quarterdeck.render import Attachment, Image, render

DATA = Path(__file__).parent / "data" / "render"
ENVELOPE = envelope_of(IDENTITY)


def png(colour="#FBFAF7", size=(1184, 380)):
    written = io.BytesIO()
    Pillow.new("RGB", size, colour).save(written, "PNG")
    return written.getvalue()


CHART = Chart(
    title="Cash falls",
    subtitle="USD",
    alt="Area chart of cash.",
    png=base64.b64encode(png()).decode(),
    png_dark=base64.b64encode(png("black")).decode(),
    width=592,
    height=190,
)
CASH = Kpi(id="cash", label="Cash today", value="$212.4k")


@pytest.fixture
def edition(tmp_path):
    """A function (blocks) → the edition of a notebook that shows them."""

    def build(*blocks, identity=IDENTITY):
        outputs = [new_output("display_data", data={MIME: json.loads(block.model_dump_json())}) for block in blocks]
        path = tmp_path / "cfo.ipynb"
        nbformat.write(new_notebook(cells=[new_code_cell("", outputs=outputs)]), path)
        return render(path, identity)

    return build


@pytest.fixture
def good(edition):
    """An edition that may leave."""
    return edition(Headline(text="Cash is $212.4k"), Kpis(kpis=(CASH,)), CHART)


def findings_of(rendered, **headers):
    return check_edition(rendered, stamp(rendered.body, replace(ENVELOPE, **headers)))


def with_html(rendered, old, new):
    """*rendered* with its mail's HTML tampered with."""
    assert old in rendered.body.html
    return replace(rendered, body=replace(rendered.body, html=rendered.body.html.replace(old, new, 1)))


def with_text(rendered, old, new):
    assert old in rendered.body.text
    return replace(rendered, body=replace(rendered.body, text=rendered.body.text.replace(old, new, 1)))


def with_page(rendered, old, new):
    assert old in rendered.page
    return replace(rendered, page=rendered.page.replace(old, new, 1))


# --- what may leave ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cfo", "foreign"])
def test_good_editions_leave(name):
    """A report with all its parts, and a notebook nobody wrote for Quarterdeck, pass every gate."""
    assert findings_of(render(DATA / f"{name}.ipynb", IDENTITY)) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "None of the six charters has a crew.",
        "There are 6; None of them has a crew.",
        "Crew: None of them is confirmed.",
        "Nan Tran and Nana Okafor sailed; info follows in the inferior cabin.",
        "The finance team nanny booked Banana Boat.",
        "Sum over {1, 2} and a set {}.",
        "Errors: none. The file was read in line 12.",
        "STRIPE_SECRET_KEY is read by send_reminder, and booking_site has no owner.",
        "Nonesuch Charters paid.",
    ],
)
def test_sentences_of_people_leave(edition, sentence):
    """Words that only look like a program's pass: names, sentences that begin with None, names of functions."""
    cells = ((Cell(text=sentence), Cell(text="1")),)
    table = Table(title="T", columns=(TableColumn(head="What"), TableColumn(head="n")), rows=cells)

    assert findings_of(edition(Headline(text="Cash is $5k"), Note(text=sentence), table)) == []


# --- words of the sources ------------------------------------------------------------------------------------------

GAPS = (
    "KeyError: 'price' when a guest books without a coupon.",
    "Confirmation mail shows {{guest_name}} and {{guest_mail}}",
    "The import leaves booked_at empty",
    "Ask nan@harbour.example, who knows; the export says None for all of them",
)


# No quotation could be of these: a fault alone, or a longer word that begins like one.
WORDLESS = ("(None)", "None.", "Nancy Miller knows", "booked_at is empty at times")


@pytest.fixture
def inventory(inventory_of):
    """A company whose handoffs speak of faults in its software."""
    gap = {"project": "Site", "area": "data", "severity": "high", "is_open": True, "document": "site.md", "line": 4}
    site = {"project": "Site", "status": "live", "has_tests_or_ci": True, "document": "site.md", "line": 1}
    return inventory_of("2026-11-23T12:00", projects=[site], gaps=[{**gap, "gap": text} for text in (*GAPS, *WORDLESS)])


def shown_gaps(*texts):
    """What reports make of gaps: whole in a table, in a sentence, as a task, and cut at a word."""
    rows = tuple((Cell(text=text), Cell(text="High")) for text in texts)
    tasks = tuple(Action(action=f"Close the gap: {text[:1].lower()}{text[1:].rstrip('.')}") for text in texts)
    return (
        Table(title="Gaps", columns=(TableColumn(head="Gap"), TableColumn(head="Severity")), rows=rows),
        Note(text=" ".join(f"Opened: {text.rstrip('.')} (Site)." for text in texts)),
        Actions(actions=tasks),
        Note(text="; ".join(f"{text[:42]}…" for text in texts)),
    )


def test_a_sources_own_words_leave(edition, inventory):
    """A trace, a placeholder, a column or a missing value that a handoff speaks of is news, and keeps nothing back."""
    rendered = edition(Headline(text="Cash is $5k"), *shown_gaps(*GAPS))
    message = stamp(rendered.body, ENVELOPE)

    assert check_edition(rendered, message, inventory) == []
    assert len(check_edition(rendered, message)) > 9  # of nobody's words they are faults


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("booked_at", "booked_at"),
        ("By booked_at", "booked_at"),
        ("KeyError: 'price'", "KeyError:"),
        ("KeyError: 'cost' when a guest books without a coupon.", "KeyError:"),
        ("Confirmation mail shows {{headline}}", "{{"),
        ("nan", "nan"),
        ("All of nan@", "nan"),
        ("It says None for all of them", "None"),
        ("(None)", "(None"),
        ("It falls to None.", "None"),
        ("nan…", "nan"),
        ("booked_at…", "booked_at"),
    ],
)
def test_words_that_no_source_says_are_kept_back_beside_those_that_one_says(edition, inventory, text, fault):
    """What a program wrote is found in every part also where a source has the same word in another sentence."""
    rendered = edition(Headline(text="Cash is $5k"), *shown_gaps(*GAPS), Note(text=text))

    found = check_edition(rendered, stamp(rendered.body, ENVELOPE), inventory)

    for where in ("the text part", "the mail", "the page"):
        assert any(finding.startswith(f"{where} shows ") and f"“{fault}”" in finding for finding in found), found


# --- words that only a program writes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "what", "fault"),
    [
        ("None", "a missing value", "None"),
        ("nan", "a missing value", "nan"),
        ("NaN", "a missing value", "NaN"),
        ("NaT", "a missing value", "NaT"),
        ("<NA>", "a missing value", "<NA>"),
        ("inf", "a missing value", "inf"),
        ("−inf", "a missing value", "inf"),
        ("$nan", "a missing value", "nan"),
        ("€nank", "a missing value", "nank"),
        ("nan%", "a missing value", "nan"),
        ("$None", "a missing value", "$None"),
        ("+None", "a missing value", "+None"),
        ("None weeks", "a missing value", "None"),
        ("None%", "a missing value", "None"),
        ("Margin falls to None", "a missing value", "None"),
        ("Owner: None", "a missing value", "None"),
        ("Traceback (most recent call last):", "an error", "Traceback (most recent call last)"),
        ('File "cfo.py", line 3', "an error", 'File "cfo.py", line 3'),
        ("KeyError: 'price'", "an error", "KeyError:"),
        ("{{ headline }}", "an unfilled placeholder", "{{"),
        ("{% if x %}", "an unfilled placeholder", "{%"),
        ("under {plan_variance}", "an unfilled placeholder", "{plan_variance}"),
        ("{cash:.1f}", "an unfilled placeholder", "{cash:.1f}"),
        ("Sum of price_minor", "a name from the code", "price_minor"),
        ("gross_margin fell", "a name from the code", "gross_margin"),
        ("by booked_at", "a name from the code", "booked_at"),
        ("some_new_minor", "a name from the code", "some_new_minor"),
    ],
)
def test_words_of_a_program_are_found_in_every_medium(edition, text, what, fault):
    """A missing value, a trace, a placeholder or a column's name keeps the edition back, in each part that shows it."""
    cells = ((Cell(text="a"), Cell(text=text)),)
    table = Table(title="T", columns=(TableColumn(head="What"), TableColumn(head="n")), rows=cells)

    found = findings_of(
        edition(
            Headline(text="Cash is $5k", metrics={"gross_margin": FigureRecord(value=1, unit="minor")}),
            table,
        )
    )

    for where in ("the text part", "the mail", "the page"):
        assert any(finding.startswith(f"{where} shows {what}, “{fault}") for finding in found)


def test_fault_in_many_rows_is_one_finding(edition):
    """Two thousand missing values are one sentence with their number, not two thousand."""
    rows = tuple((Cell(text=f"B{number}"), Cell(text="None")) for number in range(2000))
    table = Table(title="T", columns=(TableColumn(head="What"), TableColumn(head="n")), rows=rows)

    found = findings_of(edition(table))

    assert [finding for finding in found if "the page" in finding] == [
        "the page shows a missing value, “None”, 2000 times: “None”"
    ]


def test_fault_is_quoted_with_the_words_around_it(edition):
    """A finding quotes enough to find its place, and no more."""
    found = findings_of(
        edition(Note(text="A sentence of many words. " * 20 + "It falls to None, " + "and more words. " * 20))
    )

    (finding,) = (finding for finding in found if finding.startswith("the mail"))
    assert "“None”: “…. A sentence of many words. It falls to None, and more words." in finding
    assert len(finding) < 140


@pytest.mark.parametrize("head", ["weeks_left", "Owed price_total"])
def test_heads_of_tables_are_words(edition, head):
    """In a head, any name with underscores is one that somebody forgot to write out."""
    table = Table(title="T", columns=(TableColumn(head=head),), rows=((Cell(text="1"),),))

    found = findings_of(edition(table))

    assert f"the mail has the head “{head}”: a reader needs words there" in found
    assert f"the page has the head “{head}”: a reader needs words there" in found


def test_labels_of_kpis_are_words(edition):
    """A KPI named by its id is kept back."""
    found = findings_of(edition(Kpis(kpis=(Kpi(id="x", label="weeks_left", value="3"),))))

    assert "the mail has the head “weeks_left”: a reader needs words there" in found


def test_both_parts_have_each_kpi(good):
    """A text part that lacks a KPI's value does not say what the mail says."""
    assert "the text part lacks the value of “Cash today”, $212.4k" in findings_of(
        with_text(with_text(good, "$212.4k", "$1"), "$212.4k", "$1")
    )
    assert "the mail lacks the value of “Cash today”, $212.4k" in findings_of(
        replace(good, body=replace(good.body, html=good.body.html.replace("$212.4k", "$1")))
    )


def test_a_kpi_of_one_digit_stands_beside_its_name(edition):
    """A "3" is somewhere in every mail: it counts where the KPI's name is before it, and nothing after it."""
    made = edition(Kpis(kpis=(Kpi(id="x", label="Zones at risk", value="3"),)), Note(text="In 3 of 33 zones."))
    assert findings_of(made) == []
    (before, after) = made.body.html.split(">3<")  # the KPI's own, for the sentence is one piece of text
    for shown in ("4", "33"):
        another = replace(made, body=replace(made.body, html=f"{before}>{shown}<{after}"))
        assert "the mail lacks the value of “Zones at risk”, 3" in findings_of(another)
    assert "the text part lacks the value of “Zones at risk”, 3" in findings_of(
        with_text(made, "Zones at risk  3", "Zones at risk  4")
    )


def test_value_with_no_break_spaces_is_found(edition):
    """`1 234 €` is one value, whichever spaces a medium sets in it."""
    assert findings_of(edition(Kpis(kpis=(Kpi(id="x", label="Cash", value="1\u202f234\u00a0€"),)))) == []


# --- what a mail may carry ---------------------------------------------------------------------------------------


def test_picture_that_is_not_carried_is_found(good):
    """A chart that the message does not carry would be an empty frame."""
    cid = good.body.images[0].cid

    found = findings_of(with_html(good, f"cid:{cid}", "cid:gone@quarterdeck"))

    assert "the mail shows the picture cid:gone@quarterdeck, which the message does not carry" in found
    assert f"the message carries the picture cid:{cid}, which the mail does not show" in found


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("https://example.com/a.png", "the mail has a picture from 'https://example.com/a.png'"),
        ("data:image/png;base64,AAAA", "the mail has a picture from 'data:image/png;base64,AAAA'"),
    ],
)
def test_remote_and_embedded_pictures_are_found(good, source, finding):
    """Gmail shows no embedded picture, and a remote one tells its server who reads, also as a ground."""
    cid = f"cid:{good.body.images[0].cid}"
    grounds = f'</h1><table background="{source}"></table>'

    for found in (
        findings_of(with_html(good, cid, source)),
        findings_of(with_html(good, "</h1>", grounds)),
        findings_of(with_html(good, f'src="{cid}"', f'src="{cid}" srcset="{source}"')),
    ):
        assert any(each.startswith(finding) for each in found)


@pytest.mark.parametrize("alt", ["", " ", "No description has been provided for this image"])
def test_picture_without_words_is_found(good, alt):
    """No picture leaves without words of its own; nbconvert's placeholder is none."""
    mail = findings_of(with_html(good, "Area chart of cash.", alt))
    page = findings_of(with_page(good, "Area chart of cash.", alt))

    assert any("has no alternative text" in each for each in mail)
    assert "a picture of the page has no alternative text" in page


@pytest.mark.parametrize("width", ["", 'width="5000"', 'width="0"', 'width="100%"', 'width="-5"'])
def test_picture_without_width_is_found(good, width):
    """Outlook shows a picture at its own size unless the attribute says otherwise, and one 0 wide is not seen."""
    found = findings_of(with_html(good, 'width="592"', width))

    assert any("has no width attribute" in each for each in found)


@pytest.mark.parametrize(
    ("markup", "finding"),
    [
        ("<script>x</script>", "the mail has a <script>"),
        ("<svg></svg>", "the mail has a <svg>"),
        ("<form></form>", "the mail has a <form>"),
        ("<select></select>", "the mail has a <select>"),
        ("<textarea></textarea>", "the mail has a <textarea>"),
        ('<meta http-equiv="Refresh" content="0">', "the mail has a <meta refresh>"),
        ('<link rel="stylesheet" href="x">', "the mail has a <link>"),
        ('<p onclick="x()">a</p>', "the mail has the event handler onclick"),
        ('<a href="javascript:x()">a</a>', "the mail links to 'javascript:x()'"),
        ('<p style="background:url(https://example.com/a)">a</p>', "the mail's style loads something"),
        ("<style>@import 'x'</style>", "the mail's style loads something"),
    ],
)
def test_what_no_mail_may_carry_is_found(good, markup, finding):
    """Scripts, drawings, forms, handlers and styles that load something never leave."""
    assert finding in findings_of(with_html(good, "</h1>", f"</h1>{markup}"))


@pytest.mark.parametrize(
    ("markup", "finding"),
    [
        ("<script>x</script>", "the page has a <script> besides its own"),
        ('<link rel="preload" href="a">', "the page has a <link>"),
        ("<iframe></iframe>", "the page has a <iframe>"),
        ('<img src="https://example.com/a.png" alt="a">', "the page loads 'https://example.com/a.png'"),
        ('<p style="background:url(a)">a</p>', "the page's style loads something"),
    ],
)
def test_page_that_needs_the_network_is_found(good, markup, finding):
    """A page is whole without a network, and runs nothing."""
    assert finding in findings_of(with_page(good, "</h1>", f"</h1>{markup}"))


@pytest.mark.parametrize(
    "other", ["<script>fetch('https://example.com')</script>", '<script src="data:text/javascript,x"></script>']
)
def test_page_with_a_script_in_place_of_its_own_is_found(good, other):
    """The one script that a page may have is ours to the letter: another in its place is found, too."""
    start, end = good.page.index("<script>"), good.page.index("</script>") + len("</script>")

    findings = findings_of(replace(good, page=good.page[:start] + other + good.page[end:]))

    assert "the page has a <script> besides its own" in findings


def test_page_with_an_event_handler_is_found(good):
    """Code in an attribute is code."""
    assert "the page has the event handler onerror" in findings_of(with_page(good, "<h1", '<h1 onerror="x()"'))


def test_text_part_lacks_nothing_that_the_mail_shows(edition):
    """A heading, the words of a picture, an owner, a day or a figure that only one part has is found."""
    task = Action(action="Pay the pier", owner="Dana Okafor", due="Fri 20 Nov", at_stake="$12.6k")
    good = edition(Headline(text="Cash is $212.4k"), Kpis(kpis=(CASH,)), CHART, Actions(actions=(task,)))
    text = good.body.text

    def said(old, new):
        assert old in text
        return findings_of(replace(good, body=replace(good.body, text=text.replace(old, new))))

    assert findings_of(good) == []
    assert any(
        "lacks the heading “Cash is $212.4k”" in each for each in said("Cash is $212.4k", "Cash is $212.4k."[:9])
    )
    assert any("lacks the words of a picture" in each for each in said(f"[{CHART.alt[:9]}", "[Bars"))
    assert any("lacks what the mail shows: okafor" in each for each in said("Okafor", "Tran"))
    assert any("lacks what the mail shows: fri" in each for each in said("Fri 20", "Sat 20"))
    assert any("lacks what the mail shows: $12.6k" in each for each in said("$12.6k", "$21.6k"))
    assert any("figures that the mail does not show: $21.6k" in each for each in said("$12.6k", "$21.6k"))


def test_links_for_people_pass(good):
    """A mail may lead to a page and to a person."""
    links = '<a href="https://example.com/x">a</a><a href="mailto:a@example.com">b</a><a>c</a>'

    assert not any("links to" in finding for finding in findings_of(with_html(good, "</h1>", f"</h1>{links}")))


def test_clipped_mail_is_found(good):
    """HTML of more than 80 KB as it travels is clipped by Gmail, and nobody sees the end."""
    found = findings_of(with_html(good, "</h1>", "</h1>" + "<p>word word</p>" * 6000))

    assert any(each.startswith("the mail's HTML is ") and "Gmail clips it above 80,000" in each for each in found)


def test_heavy_message_is_found(good):
    """A message of more than 3 MB is kept back, whatever makes it heavy."""
    heavy = Image(good.body.images[0].cid, bytes(3_000_000), "png")

    found = findings_of(replace(good, body=replace(good.body, images=(heavy,))))

    assert any("more than 3,000,000" in each for each in found)


def test_message_of_another_form_is_found(good):
    """Pictures beside the text instead of inside the HTML show as a heap of attachments."""
    message = stamp(good.body, ENVELOPE).replace(b"multipart/alternative", b"multipart/mixed")

    found = check_edition(good, message)

    assert any(each.startswith("the message is multipart/mixed[text/plain, multipart/related") for each in found)
    assert "the message does not carry the body that was frozen" in found


def test_message_of_text_alone_is_found(good):
    """A message without HTML lacks what most readers see."""
    found = check_edition(good, b"Subject: x\r\nContent-Type: text/plain\r\n\r\n$212.4k")

    assert "the message has 0 headers Date, and needs one" in found
    assert "the mail lacks the value of “Cash today”, $212.4k" in found
    assert any(each.startswith("the message is text/plain, and charts") for each in found)


@pytest.mark.parametrize(
    ("header", "finding"),
    [
        (b"Bcc: audit@example.com\r\n", "the message has a header Bcc, which tells every reader who else got it"),
        (b"Subject: again\r\n", "the message has 2 headers Subject, and needs one"),
        (b"X-Long: " + b"x" * 1000 + b"\r\n", "the message has a line of more than 998 bytes"),
        (b"X-Bare: a\nX-Other: b\r\n", "the message has a line that ends without CR LF"),
    ],
)
def test_headers_that_must_not_be_are_found(good, header, finding):
    """A copy that readers could see, a header twice, or a line that servers refuse keeps the message back."""
    assert finding in check_edition(good, header + stamp(good.body, ENVELOPE))


# --- two editions ------------------------------------------------------------------------------------------------


def money(value, **by):
    return FigureRecord(value=value, unit="minor", by=by or None)


def test_editions_that_agree_are_reconciled():
    """One value for each figure over all editions; a total alone does not contradict one with its parts."""
    editions = {
        "cfo/2026-W47": {"cash": money(100, bay=40, sea=60), "runway_weeks": FigureRecord(value=10, unit="weeks")},
        "ceo/2026-W47": {"cash": money(100)},
        "cto/2026-W47": {"access_risks": FigureRecord(value=1, unit="count")},
    }

    assert reconcile(editions) == {}


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (money(100), money(101), "cash is 100 minor here, in ceo/2026-W47 101 minor"),
        (money(1), FigureRecord(value=1, unit="count"), "cash is 1 minor here, in ceo/2026-W47 1 count"),
        (money(0), money(None), "cash is 0 minor here, in ceo/2026-W47 not available"),
        (
            money(100, bay=40, sea=60),
            money(100, bay=41, sea=59),
            "cash is 100 minor (bay 40, sea 60) here, in ceo/2026-W47 100 minor (bay 41, sea 59)",
        ),
    ],
)
def test_editions_that_contradict_each_other_are_both_found(one, other, said):
    """A figure with two values keeps back every edition that shows it, and each hears what the other says."""
    found = reconcile({"cfo/2026-W47": {"cash": one}, "ceo/2026-W47": {"cash": other}, "cmo/2026-W47": {}})

    assert found["cfo/2026-W47"] == [said]
    assert set(found) == {"cfo/2026-W47", "ceo/2026-W47"}


def stamped(rendered, old=b"", new=b""):
    """The message of *rendered*, its bytes tampered with."""
    message = stamp(rendered.body, ENVELOPE)
    assert old in message
    return message.replace(old, new, 1)


@pytest.mark.parametrize(
    "name",
    [
        "Date",
        "Message-ID",
        "From",
        "To",
        "Reply-To",
        "Auto-Submitted",
        "X-Quarterdeck-Edition",
        "X-Quarterdeck-Snapshot",
        "MIME-Version",
    ],
)
def test_header_that_is_missing_is_found(good, name):
    """Each header that a mail program, or whoever looks for the edition, goes by must be there."""
    message = stamped(good, f"{name}:".encode(), b"X-Other:")

    assert f"the message has 0 headers {name}, and needs one" in check_edition(good, message)


def test_sender_without_a_name_is_found(good):
    """An inbox shows a bare sender as the first half of its address, so nobody knows who writes."""
    found = findings_of(good, sender="reports@example.com")

    assert found == ["the header From has no name before the address, and readers see who writes by it"]


def test_subject_that_is_not_the_editions_is_found(good):
    """A subject that lost a blank on its way into the header says something else than the mail."""
    message = stamp(replace(good.body, subject=good.body.subject.replace(" ", "", 1)), ENVELOPE)

    (finding,) = check_edition(good, message)

    assert finding.startswith("the header Subject reads ")


@pytest.mark.parametrize("name", ["Bcc", "Resent-Bcc", "X-Bcc"])
def test_header_that_reveals_the_copy_for_audit_is_found(good, name):
    """Whatever a header is called, it names nobody who gets a copy."""
    message = stamped(good, b"Subject:", f"{name}: audit@example.com\r\nSubject:".encode())

    assert f"the message has a header {name}, which tells every reader who else got it" in check_edition(good, message)


@pytest.mark.parametrize(
    "way",
    [
        "mailto:a@example.com",
        "<javascript:x>",
        "<http://example.com/stop>",
        "<https://>",
        "=?utf-8?q?=3Chttps=3A//example=2Ecom/stop=3E?=",
        "<https://example.com/\r\n stop>",
    ],
)
def test_unsubscribe_that_no_program_follows_is_found(good, way):
    """List-Unsubscribe has an address in angle brackets, by mail or by https."""
    message = stamped(good, b"Subject:", f"List-Unsubscribe: {way}\r\nSubject:".encode())

    assert any("the header List-Unsubscribe has" in finding for finding in check_edition(good, message))


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (r' alt="[^"]+"( width="592")', r' alt=""\1'),  # what is shown has no words
        (r'( alt="") width="0"', r'\1 width="592"'),  # what has no words is shown
        (r' alt=""( width="0")', r"\1"),  # nothing says that the words of another are meant
        (r'(<img[^>]* alt="[^"]+"[^>]*>)(.*)(<img[^>]* width="0"[^>]*>)', r"\3\2\1"),  # no words stand before it
    ],
)
def test_a_picture_out_of_sight_needs_the_words_of_the_one_before(good, was, becomes):
    """Only a chart's second drawing, out of sight and right behind the first, may have no words of its own."""
    html = re.sub(was, becomes, good.body.html, count=1, flags=re.DOTALL)

    assert html != good.body.html
    assert any("has no alternative text" in each for each in findings_of(with_html(good, good.body.html, html)))


def test_message_with_attachments_may_leave(good):
    """The page as HTML and as PDF stand beside the body, where charts still show in place."""
    files = (Attachment("cfo.html", "text/html", good.page.encode()), Attachment("cfo.pdf", "application/pdf", b"%PDF"))

    assert findings_of(replace(good, body=replace(good.body, attachments=files))) == []


def test_attachment_of_another_kind_is_found(good):
    """No mail of ours carries a program, an archive or a table."""
    odd = (Attachment("cfo.zip", "application/zip", b"PK"),)

    (finding,) = findings_of(replace(good, body=replace(good.body, attachments=odd)))

    assert "application/zip" in finding


def test_picture_that_is_not_what_it_says_is_found(good):
    """WebP under the name of PNG shows in some programs and is a hole in others."""
    light, dark = good.body.images
    webp = replace(light, data=b"RIFF\0\0\0\0WEBP")

    findings = findings_of(replace(good, body=replace(good.body, images=(webp, dark))))

    assert any("is not the image/png that it says it is" in finding for finding in findings)


def test_style_sheet_that_gmail_ignores_is_found(good):
    """Over 16 KB of style Gmail takes none, and a phone gets the wide layout."""
    heavy = with_html(good, "</head>", "<style>" + ".x{color:#000}" * 1200 + "</style></head>")

    assert any("style sheets are" in finding for finding in findings_of(heavy))
