"""The mail: one excerpt of the document as HTML and as text, small enough for every client."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import replace
from html import unescape

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from quarterdeck.display import cut_at_word
from quarterdeck.render.excerpt import BUDGETS, Excerpt, Excerpter
from quarterdeck.render.identity import EditionIdentity
from quarterdeck.render.items import Document
from quarterdeck.render.looks import ATOM, equip, nice, sources, unbroken
from quarterdeck.render.mime import Attachment, MessageBody, encoded
from quarterdeck.render.shipped import TEMPLATES
from quarterdeck.render.text import write_text

# Gmail clips what is longer than about 102 KB. Encoded is what counts there.
MOST_HTML_BYTES = 80_000
# What a gate lets through, headers included; a message to many readers has long ones.
MOST_MESSAGE_BYTES = 3_000_000
_HEADERS = 50_000  # bytes

_TOO_LARGE = "Too large to go with this mail:"
_SUBJECT = 100  # characters
_PREHEADER = 200
_MOST_SOURCES = 1000
# Where a long word may go on in the next line: inside a name, `whale-watch.example`, but never inside a figure,
# and in a word of more letters than this anywhere.
_WORD = re.compile(r"(\s+)")
_MARK = re.compile(r"(?<=\w[._/@:])(?=[^\W\d])")
_MOST = 24  # letters
_MOST_OF_A_KPI = 13  # the same in a KPI's column
_PRE = re.compile(r"<pre>(.*?)</pre>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_BLANKS = re.compile(r"^ +| {2,}")


def write_letter(
    document: Document, edition: EditionIdentity, files: Sequence[Attachment] = ()
) -> tuple[MessageBody, tuple[str, ...]]:
    """
    The body of the mail with those of *files* that fit, and what of the document and of them it had to leave out.

    A message is at most `MOST_MESSAGE_BYTES`: a file that would make it larger stays behind, and the footer says so.
    """
    body, dropped = _written(document, edition, [file.name for file in files])
    going: list[Attachment] = []
    heavy: list[str] = []
    for file in files:
        if len(replace(body, attachments=(*going, file)).mime) <= MOST_MESSAGE_BYTES - _HEADERS:
            going.append(file)
        else:
            heavy.append(file.name)
    if heavy:
        body, dropped = _written(document, edition, [file.name for file in going], heavy)
    left_behind = (f"the file {name}, to keep the message small" for name in heavy)
    return replace(body, attachments=tuple(going)), (*dropped, *left_behind)


def _written(
    document: Document, edition: EditionIdentity, going: Sequence[str], heavy: Sequence[str] = ()
) -> tuple[MessageBody, tuple[str, ...]]:
    """
    As `write_letter`, without files; the footer says that those named *going* go along, and those named *heavy* do not.

    The HTML is at most `MOST_HTML_BYTES` as it travels: table rows go first, and where they stood it is
    said how many are on the page.
    """
    headline = headline_of(document, edition)
    subject = cut_at_word(f"{edition.subject_start} · {headline}", _SUBJECT)
    preheader = cut_at_word(f"{headline} {document.lead}".strip(), _PREHEADER)
    excerpter = Excerpter(document, headline)
    for budget in BUDGETS:
        excerpt = excerpter.excerpt(budget)
        footer = [*_footer(document, excerpt, edition, going), *(f"{_TOO_LARGE} {name}." for name in heavy)]
        html = _html(excerpt, edition, subject=subject, preheader=preheader, footer=footer)
        if len(encoded(html)[1]) <= MOST_HTML_BYTES:
            break
    text = write_text(excerpt, edition, footer)
    body = MessageBody(subject, preheader, text, html, excerpt.images)
    return body, (*document.dropped, *excerpt.dropped)


def headline_of(document: Document, edition: EditionIdentity) -> str:
    """The document's headline; for a notebook without one, what it is."""
    return document.headline or f"{edition.title}, {edition.week}"


def _html(excerpt: Excerpt, edition: EditionIdentity, *, subject: str, preheader: str, footer: list[str]) -> str:
    template = _environment().get_template("message.html.j2")
    drawn = template.render(excerpt=excerpt, edition=edition, subject=subject, preheader=preheader, footer=footer)
    return _inliner().inline(drawn).replace(' data-css-inline="keep"', "")


def _footer(document: Document, excerpt: Excerpt, edition: EditionIdentity, going: Sequence[str]) -> list[str]:
    """Provenance, one paragraph a line."""
    origin = document.provenance
    snapshot = origin.snapshot if origin else edition.snapshot
    as_of = origin.as_of if origin else edition.display.instant(edition.as_of)
    listed = cut_at_word(sources(origin, edition), _MOST_SOURCES) if origin else ""
    lines = [f"Where the figures come from. Snapshot {snapshot}, as of {as_of}. {listed}".rstrip()]
    lines += excerpt.absent
    if excerpt.findings:
        more = f"; and {excerpt.findings_left_out} more, on the page" if excerpt.findings_left_out else ""
        lines.append(f"Not understood in the sources: {'; '.join(excerpt.findings)}{more}.")
    if document.dropped:
        parts = len(document.dropped)
        what = (
            "part of the notebook that a mail cannot carry is"
            if parts == 1
            else "parts of the notebook that a mail cannot carry are"
        )
        lines.append(f"{parts} {what} left out, and listed on the page.")
    where = f"the attached page, {going[0]}" if going else f"the page of this edition, {edition.edition}"
    lines.append(f"Definitions and all rows are on {where}.")
    if edition.sample:
        lines.append("Sample data: this company and its figures are invented.")
    return lines


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / "mail"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    equip(environment)
    environment.filters.update(
        nice=_breakable,
        narrow=functools.partial(_breakable, most=_MOST_OF_A_KPI),
        whole=_whole,
        typed=_typed,
        without_pre=_without_pre,
    )
    return environment


def _whole(text: str) -> str:
    """*text* on one line. Outlook and Samsung's program know no `white-space`, but all know this space."""
    return text.replace(" ", "\u00a0")


def _breakable(text: str, most: int = _MOST) -> Markup:
    """
    *text* whose long words may be broken, with what every program knows.

    Gmail and Outlook drop `overflow-wrap`, Outlook `<wbr>`, and a space without width would go along when a
    name is copied.
    """
    words = [_pieces(word, most) for word in _WORD.split(nice(text))]
    if all(len(pieces) <= 1 for pieces in words):
        return unbroken(text)
    return Markup("").join(
        ATOM.format(piece) if at % 2 else piece for pieces in words for at, piece in enumerate(pieces)
    )


def _typed(text: str) -> Markup:
    """
    *text* with its lines and blanks as they were typed, and long lines broken.

    Outlook and Samsung's program break no line of a `<pre>`, and the mail would be as wide as the longest.
    """
    return Markup("<br>").join(_breakable(_BLANKS.sub(_kept, line)) for line in text.split("\n"))


def _kept(blanks: re.Match[str]) -> str:
    """Blanks that stay; inside a line it may break behind the last of them."""
    return _whole(blanks[0][1:]) + (" " if blanks.start() else _whole(" "))


def _without_pre(prose: str) -> Markup:
    """Cleaned *prose* whose code every program can show; in it, emphasis and links are lost."""

    def paragraph(pre: re.Match[str]) -> Markup:
        return Markup('<p class="typed">{}</p>').format(_typed(unescape(_TAG.sub("", pre[1])).strip("\n")))

    return Markup(_PRE.sub(paragraph, prose))  # noqa: S704 - it was cleaned


def _pieces(word: str, most: int) -> list[str]:
    parts = _MARK.split(word)
    return [part[at : at + most] for part in parts for at in range(0, len(part), most)]


@functools.cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False, minify_css=True)
