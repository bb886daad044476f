"""
May it leave? What a reader would take for a fault keeps an edition back.

Each gate says in one sentence what is wrong and where; none repairs anything. They look at what leaves
(the message's bytes, taken apart as a mail program does it) and at the page, never at how it was made.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.parser import BytesHeaderParser
from email.policy import SMTP, compat32
from html.parser import HTMLParser

from quarterdeck.blocks import FigureRecord
from quarterdeck.faults import is_name_of_code, words_of_a_program
from quarterdeck.inventory import AssetInventory
from quarterdeck.render import MOST_HTML_BYTES, MOST_MESSAGE_BYTES, PAGE_SCRIPT, Rendered
from quarterdeck.render.text import NARROWEST, display_width
from quarterdeck.render.tokens import CONTENT_WIDTH

_MOST_LINE_BYTES = 998  # RFC 5322; SES refuses more

_HEADERS = (
    "Date",
    "Message-ID",
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Auto-Submitted",
    "X-Quarterdeck-Edition",
    "X-Quarterdeck-Snapshot",
    "MIME-Version",
)
_MOST_STYLE_BYTES = 16_000  # Gmail reads no more of a mail's style sheets
_SIGNATURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_FILES = r"(?:, (?:text/html|application/pdf))+"
_WRITTEN_BY_NBCONVERT = "No description has been provided for this image"
_FORBIDDEN_TAGS = frozenset(
    {"script", "link", "iframe", "object", "embed", "form", "input", "button", "select", "textarea", "svg", "math"}
    | {"video", "audio", "canvas", "base", "meta refresh"}
)
_INLINE_TAGS = frozenset({"a", "b", "strong", "i", "em", "u", "s", "del", "ins", "sub", "sup", "code", "span"})
_VOID_TAGS = frozenset({"br", "hr", "img", "meta", "source", "wbr", "col"})

_EDGES = "[](){}.,;:!?…“”‘’«»\"'"  # of a word in a sentence
_LIST_MARK = re.compile(r"^ *\d+\. ", re.MULTILINE)
_LOADS = re.compile(r"url\(|@import|expression\(", re.IGNORECASE)


def check_edition(rendered: Rendered, message: bytes, inventory: AssetInventory | None = None) -> list[str]:
    """
    What keeps an edition back, one sentence each; an empty list lets it go.

    Args:
        rendered: The edition.
        message: Its mail as it would leave, headers included.
        inventory: What its figures come from; what a source says in its own words is no fault of the edition's.
    """
    mail = message_from_bytes(message, policy=SMTP)
    html = mail.get_body(("html",))
    text = mail.get_body(("plain",))
    letter = _Reader(html.get_content() if html else "")
    page = _Reader(rendered.page)
    plain = text.get_content() if text else ""
    alts = [image.get("alt") or "" for image in letter.images]
    whole = {"the mail": [*letter.texts, *alts], "the page": page.texts}
    lines = {"the text part": re.split(r" {2,}|\n", plain)}
    return [
        *words_of_a_program(whole, lines, rendered.metrics, inventory),
        *_heads("the mail", [*letter.heads, *(kpi.label for kpi in rendered.kpis)]),
        *_heads("the page", page.heads),
        *_kpis(rendered, plain, " ".join(letter.texts)),
        *_agreement(letter, plain),
        *_structure(mail),
        *_headers(mail, rendered.body.subject),
        *_way_out(message),
        *_bytes(rendered, message, html),
        *_pictures(mail, letter),
        *_loads(letter),
        *_page_loads(page),
    ]


def reconcile(editions: Mapping[str, Mapping[str, FigureRecord]]) -> dict[str, list[str]]:
    """
    A figure that two editions show has one value.

    Args:
        editions: Edition → its figures by id, all of one batch.

    Returns:
        For each edition that contradicts another, what it says and what the others say; empty when all agree.
    """
    findings: dict[str, list[str]] = {}
    for metric in sorted({metric for figures in editions.values() for metric in figures}):
        shown = {edition: figures[metric] for edition, figures in editions.items() if metric in figures}
        for edition, record in shown.items():
            others = [f"{other} {_said(it)}" for other, it in shown.items() if not _agree(record, it)]
            if others:
                findings.setdefault(edition, []).append(f"{metric} is {_said(record)} here, in {', '.join(others)}")
    return findings


def _agree(one: FigureRecord, other: FigureRecord) -> bool:
    """Parts count where both have them: a report may show a total alone."""
    by_one, by_other = one.by, other.by
    return (one.value, one.unit) == (other.value, other.unit) and (not by_one or not by_other or by_one == by_other)


def _said(record: FigureRecord) -> str:
    value = "not available" if record.value is None else f"{record.value} {record.unit}"
    parts = ", ".join(f"{name} {part}" for name, part in (record.by or {}).items())
    return f"{value} ({parts})" if parts else value


def _heads(where: str, heads: Iterable[str]) -> Iterator[str]:
    """In the head of a table any name with underscores is one that somebody forgot to write out."""
    for head in dict.fromkeys(heads):
        if is_name_of_code(head):
            yield f"{where} has the head “{head}”: a reader needs words there"


def _kpis(rendered: Rendered, plain: str, html: str) -> Iterator[str]:
    for kpi in rendered.kpis:
        # Beside its name, for a "3" is everywhere; white space alike, for a value may hold a no-break space: "1 234 €"
        beside = re.compile(rf"{re.escape(' '.join(f'{kpi.label} {kpi.value}'.split()))}(?!\w)")
        for where, text in (("the text part", plain), ("the mail", html)):
            if not beside.search(" ".join(text.split())):
                yield f"{where} lacks the value of “{kpi.label}”, {kpi.value}"


def _agreement(letter: _Reader, plain: str) -> Iterator[str]:
    """The text part has each heading, each picture's words and each short word of the mail, and no figure besides."""
    alts = [image.get("alt") or "" for image in letter.images]
    whole = _squeezed(plain)
    for what, said in [
        *(("heading", text) for text in letter.headings),
        *(("words of a picture", alt) for alt in alts),
    ]:
        if _squeezed(said) not in whole:
            yield f"the text part lacks the {what} “{said[:80]}”"
    shown = _words_of(" ".join([*letter.texts, *alts, *letter.links]))
    told, unmarked = _words_of(plain), _words_of(_LIST_MARK.sub("", plain))
    # A column of the text part may break what is longer.
    long = [word for word in shown if display_width(word) > NARROWEST]
    lacking = shown - told - set(long)
    besides = {word for word in unmarked - shown if re.search(r"\d", word) and not any(word in each for each in long)}
    for words, finding in (
        (lacking, "lacks what the mail shows"),
        (besides, "has figures that the mail does not show"),
    ):
        if words:
            yield f"the text part {finding}: {', '.join(sorted(words)[:5])}{', …' if len(words) > 5 else ''}"


def _squeezed(text: str) -> str:
    return "".join(text.split()).casefold()


def _words_of(text: str) -> set[str]:
    return {word.strip(_EDGES).casefold() for word in text.split()}


def _structure(mail: EmailMessage) -> Iterator[str]:
    tree = _tree(mail)
    alone = "multipart/alternative[text/plain, text/html]"
    pictured = r"multipart/alternative\[text/plain, multipart/related\[text/html(?:, image/(?:png|jpeg))+\]\]"
    body = rf"(?:{re.escape(alone)}|{pictured})"
    if not re.fullmatch(rf"{body}|multipart/mixed\[{body}{_FILES}\]", tree):
        yield f"the message is {tree}, and charts show only in alternative[text, related[html, pictures]]"


def _tree(part: MIMEPart) -> str:
    kind = part.get_content_type()
    if not part.is_multipart():
        return kind
    return f"{kind}[{', '.join(_tree(each) for each in part.iter_parts())}]"


def _headers(mail: EmailMessage, subject: str) -> Iterator[str]:
    for name in _HEADERS:
        count = len(mail.get_all(name, []))
        if count != 1:
            yield f"the message has {count} headers {name}, and needs one"
    if mail["From"] and not all(sender.display_name for sender in mail["From"].addresses):
        yield "the header From has no name before the address, and readers see who writes by it"
    for name in mail.keys():  # noqa: SIM118 - a message yields no names by itself
        if name.lower().endswith("bcc"):
            yield f"the message has a header {name}, which tells every reader who else got it"
    if mail["Subject"] and mail["Subject"] != subject:
        yield f"the header Subject reads {str(mail['Subject'])[:80]!r}, and the edition's is {subject[:80]!r}"


def _way_out(message: bytes) -> Iterator[str]:
    """As the bytes have it: mail programs decode a link no more than they would unfold one."""
    ways = str(BytesHeaderParser(policy=compat32).parsebytes(message).get("List-Unsubscribe", "<mailto:none>"))
    for way in re.split(r",\s*(?=<)", ways):
        if not re.fullmatch(r"<(?:mailto:|https://)[^<>\s]+>", way):
            yield f"the header List-Unsubscribe has {way[:40]!r}, and needs <mailto:…> or <https://…>"


def _bytes(rendered: Rendered, message: bytes, html: MIMEPart | None) -> Iterator[str]:
    if not message.endswith(rendered.body.mime):
        yield "the message does not carry the body that was frozen"
    size = len(str(html.get_payload()).replace("\n", "\r\n").encode()) if html else 0
    if size > MOST_HTML_BYTES:
        yield f"the mail's HTML is {size:,} bytes as it travels; Gmail clips it above {MOST_HTML_BYTES:,}"
    if len(message) > MOST_MESSAGE_BYTES:
        yield f"the message is {len(message):,} bytes, more than {MOST_MESSAGE_BYTES:,}"
    lines = message.split(b"\r\n")
    if any(len(line) > _MOST_LINE_BYTES for line in lines):
        yield f"the message has a line of more than {_MOST_LINE_BYTES} bytes"
    if any(b"\n" in line for line in lines):
        yield "the message has a line that ends without CR LF"


def _pictures(mail: EmailMessage, letter: _Reader) -> Iterator[str]:
    carried = [part["Content-ID"].strip("<>") for part in mail.walk() if part["Content-ID"]]
    used = {source.removeprefix("cid:") for source in letter.sources if source.startswith("cid:")}
    for cid in sorted(used - set(carried)):
        yield f"the mail shows the picture cid:{cid}, which the message does not carry"
    for cid in sorted(set(carried) - used):
        yield f"the message carries the picture cid:{cid}, which the mail does not show"
    for part in mail.walk():
        signature = _SIGNATURES.get(part.get_content_type())
        if signature and not part.get_content().startswith(signature):
            yield f"the picture {part['Content-ID']} is not the {part.get_content_type()} that it says it is"
    for source in letter.sources:
        if not source.startswith("cid:"):
            yield f"the mail has a picture from {source[:40]!r}: Gmail and Outlook show parts of the message only"
    for before, image in itertools.pairwise([{}, *letter.images]):
        source = image.get("src") or ""
        if not _has_words(image) and not (_is_for_the_dark(image) and _has_words(before)):
            yield f"the picture {source[:40]} has no alternative text"
        width = image.get("width") or ""
        if not width.isdecimal() or int(width) > CONTENT_WIDTH or (int(width) == 0 and not _is_for_the_dark(image)):
            yield f"the picture {source[:40]} has no width attribute up to {CONTENT_WIDTH}, which Outlook obeys alone"


def _has_words(image: Mapping[str, str | None]) -> bool:
    return bool((image.get("alt") or "").strip()) and image.get("alt") != _WRITTEN_BY_NBCONVERT


def _is_for_the_dark(image: Mapping[str, str | None]) -> bool:
    """Whether it is out of sight and says that it has no words of its own: a chart's second drawing."""
    return image.get("width") == "0" and image.get("alt") == ""


def _loads(letter: _Reader) -> Iterator[str]:
    for tag in sorted(_FORBIDDEN_TAGS & letter.tags):
        yield f"the mail has a <{tag}>"
    for name in sorted(letter.handlers):
        yield f"the mail has the event handler {name}"
    for address in letter.links:
        if not address.startswith(("https:", "http:", "mailto:", "#")):
            yield f"the mail links to {address[:40]!r}"
    if any(_LOADS.search(style) for style in letter.styles):
        yield "the mail's style loads something"
    size = sum(len(sheet.encode()) for sheet in letter.sheets)
    if size > _MOST_STYLE_BYTES:
        yield f"the mail's style sheets are {size:,} bytes; Gmail ignores them above {_MOST_STYLE_BYTES:,}"


def _page_loads(page: _Reader) -> Iterator[str]:
    if any(script != PAGE_SCRIPT for script in page.scripts) or len(page.scripts) > 1:
        yield "the page has a <script> besides its own"
    for name in sorted(page.handlers):
        yield f"the page has the event handler {name}"
    for tag in sorted({"link", "iframe", "object", "embed"} & page.tags):
        yield f"the page has a <{tag}>"
    for source in page.sources:
        if not source.startswith("data:image/"):
            yield f"the page loads {source[:40]!r}"
    for image in page.images:
        if not _has_words(image):
            yield "a picture of the page has no alternative text"
    if any(_LOADS.search(style) for style in page.styles):
        yield "the page's style loads something"


class _Reader(HTMLParser):
    """What a reader, and a mail program, finds in HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []  # one for each paragraph, cell or heading
        self.heads: list[str] = []  # of tables
        self.headings: list[str] = []
        self.images: list[Mapping[str, str | None]] = []
        self.sources: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.scripts: list[str] = []
        self.handlers: set[str] = set()
        self.styles: list[str] = []  # sheets, and what stands at a tag
        self.sheets: list[str] = []
        self._words: list[str] = []
        self._open = ""
        self.feed(html)
        self.close()
        self._text_ends()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add("meta refresh" if (given.get("http-equiv") or "").lower() == "refresh" else tag)
        if tag == "script":  # one that is fetched from elsewhere is no script of ours, whatever it is
            self.scripts.append("".join(f"{name}={value} " for name, value in attrs))
        self.handlers |= {name for name in given if name.startswith("on")}
        self.styles += [given["style"] or ""] if "style" in given else []
        self.sources += [given[name] or "" for name in ("src", "srcset", "background", "poster") if name in given]
        if tag == "img":
            self.images.append(given)
        if tag == "a" and "href" in given:
            self.links.append(given["href"] or "")
        if tag not in _INLINE_TAGS:
            self._text_ends()
            self._open = self._open if tag in _VOID_TAGS else tag

    def handle_endtag(self, tag: str) -> None:
        if tag not in _INLINE_TAGS:
            self._text_ends()
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "style":
            self.styles.append(data)
            self.sheets.append(data)
        elif self._open == "script":
            self.scripts[-1] += data
        else:
            self._words.append(data)

    def _text_ends(self) -> None:
        text = " ".join("".join(self._words).split())
        self._words = []
        if text:
            self.texts.append(text)
            if self._open == "th":
                self.heads.append(text)
            if self._open in ("h1", "h2", "h3"):
                self.headings.append(text)
