"""
HTML that nobody wrote for Quarterdeck, taken apart into what a mail and a page may carry.

Nothing here is trusted: nh3 takes away what is not plain text, lists, links and tables, and what was
taken away is counted, so that a reader's loss is never silent. Tables become tables of our own, drawn
like all others; pictures become parts of the message.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

import nh3

from quarterdeck.blocks import Table
from quarterdeck.render.frames import Captured, as_table
from quarterdeck.render.items import Picture, Prose, readable

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = frozenset({"p", "ul", "ol", "dl", "pre", "blockquote", *_HEADINGS})
_INLINE = frozenset({"a", "b", "strong", "i", "em", "u", "s", "del", "ins", "sub", "sup", "code", "kbd", "samp"})
_TODAY = {"strike": "s"}  # a tag of old to the one of now
_INNER = frozenset({"li", "dt", "dd"})
_TABLE = frozenset({"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"})
_BOXES = frozenset({"div", "section", "article", "details", "summary", "figure", "figcaption"})
_VOID = frozenset({"br", "hr", "img"})
_ALLOWED = _BLOCKS | _INLINE | _INNER | _TABLE | _BOXES | _VOID | {"span", *_TODAY}
_ATTRIBUTES = {
    "*": {"hidden", "style"},  # for whether it is seen; neither goes further
    "a": {"href"},
    "img": {"src", "alt"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_UNSEEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_LINKS = ("http:", "https:", "mailto:")
_RUNS = ("javascript:", "vbscript:", "data:")

# Letters that stand high or low by themselves: 10<sup>6</sup> is 10⁶ in a cell and in the text part too, and never 106.
_HIGH = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_LOW = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")

# Gone with all that stands inside them; the words are those of the list that a reader gets.
_REMOVED_WHOLE = {
    "script": "script",
    "style": "style sheet",
    "svg": "SVG drawing",
    "iframe": "frame",
    "object": "plug-in",
    "video": "video",
    "audio": "sound",
    "canvas": "canvas",
    "select": "form control",
    "textarea": "form control",
    "button": "form control",
    "template": "template",
    "noscript": "text for browsers without script",
    "math": "formula in MathML",
    "title": "page title",
}
_REMOVED_TAG = {
    "form": "form",
    "input": "form control",
    "embed": "plug-in",
    "link": "style sheet",
    "base": "base address",
}
_GAUGES = frozenset({"meter", "progress"})

# Word's `<![if !mso]>` and the like. Python's parser fails on those that it does not know; to nh3 they are comments.
_MARKED_SECTION = re.compile(r"<!\[[^>]*>?")
_EMBEDDED = re.compile(r"data:image/(png|jpeg);base64,(.*)", re.DOTALL)


_LINK_IN_TABLE = "links in a table, of which the words are left"


def _leads_somewhere(address: str) -> bool:
    """Whether a reader of a mail can follow it; only the notebook knows where one without a host leads."""
    return address.strip().lower().startswith(_LINKS)


@dataclass(frozen=True)
class Fragment:
    """What one piece of HTML holds, in order, and what was taken away."""

    items: tuple[Prose | Table | Picture, ...]
    dropped: tuple[str, ...]


def read_fragment(source: str, attachments: Mapping[str, Mapping[str, str]] | None = None) -> Fragment:
    """
    Take *source* (any HTML) apart.

    Args:
        source: HTML as a notebook's output or its markdown gives it.
        attachments: The markdown cell's own pictures: name → MIME type → base64.
    """
    census = _Census()
    census.feed(_MARKED_SECTION.sub("", source))
    clean = nh3.clean(
        source,
        tags=set(_ALLOWED),
        clean_content_tags=set(_REMOVED_WHOLE),
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "data", "attachment"},
        link_rel=None,
    )
    splitter = _Splitter(attachments or {})
    splitter.feed(clean)
    splitter.close()
    splitter.finish()
    return Fragment(tuple(splitter.items), (*_counted(census.removed), *splitter.dropped))


def _apart(tag: str) -> str:
    """What keeps a cell of an inner table from the one before it."""
    return " " if tag in _TABLE | _BLOCKS | _BOXES | {"br"} else ""


def _in_small_letters(text: str, tag: str) -> str:
    """*text* as it stands in *tag*; what has no small letters is marked if it has figures: the `th` of 4th has none."""
    letters, mark = (_HIGH, "^") if tag == "sup" else (_LOW, "_")
    if all(ord(letter) in letters for letter in text):
        return text.translate(letters)
    return f"{mark}({text})" if any(letter.isdigit() for letter in text) else text


def _counted(removed: Counter[str]) -> list[str]:
    return [f"{count} × {what}" if count > 1 else what for what, count in sorted(removed.items())]


class _Census(HTMLParser):
    """Counts what will be taken away, before it is."""

    def __init__(self) -> None:
        super().__init__()
        self.removed: Counter[str] = Counter()
        self._tables = 0  # open ones
        self._is_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        what = _REMOVED_WHOLE.get(tag) or _REMOVED_TAG.get(tag)
        # pandas puts a style sheet before every table that it prints: not worth a line.
        if what and tag != "style":
            self.removed[what] += 1
        if any(name.startswith("on") for name, _ in attrs):
            self.removed["event handler"] += 1
        given = dict(attrs)
        if tag in _GAUGES:
            self.removed[f"gauge ({given.get('value') or '?'} of {given.get('max') or '1'})"] += 1
        self._link((given.get("href") or "").strip() if tag == "a" else "")
        self._open_table(+1 if tag == "table" else 0)
        self._is_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._open_table(-1 if tag == "table" else 0)

    def handle_data(self, data: str) -> None:
        if self._is_style and "color:" in data.replace(" ", ""):
            self.removed["colours of cells"] += 1
        self._is_style = False

    def _link(self, address: str) -> None:
        if address.lower().startswith(_RUNS):
            self.removed["link that runs a script"] += 1
        elif address and not _leads_somewhere(address):
            self.removed[f"link to {readable(address)[:60]}"] += 1

    def _open_table(self, by: int) -> None:
        self._tables = max(0, self._tables + by)
        if by > 0 and self._tables > 1:
            self.removed["table inside a table, whose cells are text of its cell"] += 1


@dataclass
class _Splitter(HTMLParser):
    """Splits clean HTML into prose, tables and pictures; every text of the prose stands in a block."""

    attachments: Mapping[str, Mapping[str, str]]
    items: list[Prose | Table | Picture] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._markup: list[str] = []
        self._open: list[str] = []
        self._pictures: list[Picture] = []
        self._table: Captured | None = None
        self._depth = 0  # of tables inside tables
        self._unseen = 0  # of elements inside one that nobody sees
        self._has_unseen_text = False
        self._small: list[list[str]] = []  # what stands high or low, and in it

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given, tag = dict(attrs), _TODAY.get(tag, tag)
        if self._unseen or "hidden" in given or _UNSEEN.search(given.get("style") or ""):
            self._unseen += tag not in _VOID
        elif tag in ("sup", "sub"):
            self._small.append([])
        elif tag == "table":
            self._table_opens()
        elif tag == "img":
            self._picture(given.get("src") or "", readable(given.get("alt") or ""))
        elif self._table is not None:
            self._table.opens(tag, given) if self._depth == 1 else self._table.text(_apart(tag))
            if _leads_somewhere(given.get("href") or "") and _LINK_IN_TABLE not in self.dropped:
                self.dropped.append(_LINK_IN_TABLE)  # once, however many rows have one
        elif tag in _BOXES:
            self._close_all()
        elif tag == "hr":
            self._close_all()
            self._markup.append("<hr>")
        elif tag == "br":
            self._paragraph()
            self._markup.append("<br>")
        else:
            self._prose_opens(tag, given)

    def handle_endtag(self, tag: str) -> None:
        tag = _TODAY.get(tag, tag)
        if self._unseen:
            self._unseen -= 1
            self._unseen_ends()
        elif tag in ("sup", "sub"):
            said = readable("".join(self._small.pop())) if self._small else ""
            self.handle_data(_in_small_letters(said, tag))
        elif tag == "table":
            self._table_closes()
        elif self._table is not None:
            if self._depth == 1:
                self._table.closes(tag)
        elif tag in _BOXES:
            self._close_all()
        else:
            self._prose_closes("h3" if tag in _HEADINGS else tag)

    def handle_data(self, data: str) -> None:
        if self._unseen:
            self._has_unseen_text |= bool(data.strip())
        elif self._small:
            self._small[-1].append(data)
        elif self._table is not None:
            self._table.text(data)
        elif data.strip() or self._open:
            self._paragraph()
            self._markup.append(html.escape(readable(data, keep_lines=True), quote=False))

    def _unseen_ends(self) -> None:
        if not self._unseen and self._has_unseen_text:
            self.dropped.append("hidden text")
            self._has_unseen_text = False

    def finish(self) -> None:
        """Hand over what is still open; nh3 has closed every tag."""
        self._flush()

    def _prose_opens(self, tag: str, given: Mapping[str, str | None]) -> None:
        if tag in _BLOCKS and self._open[:1] in (["p"], ["h3"]):
            self._close_all()  # a paragraph holds no block
        if tag in _INLINE:
            self._paragraph()
        if tag in _INNER and not {"ul", "ol", "dl"} & set(self._open):
            tag = "p"
        name = "h3" if tag in _HEADINGS else tag  # the section's name stands over it
        href = (given.get("href") or "").strip()
        if tag == "span" or (tag == "a" and not _leads_somewhere(href)):
            return
        self._markup.append(f'<a href="{html.escape(href)}">' if tag == "a" else f"<{name}>")
        self._open.append(name)

    def _prose_closes(self, name: str) -> None:
        if name not in self._open:
            return
        while True:
            last = self._open.pop()
            self._markup.append(f"</{last}>")
            if last == name:
                break
        if not self._open:
            self._pictures_out()

    def _paragraph(self) -> None:
        if not self._open:
            self._markup.append("<p>")
            self._open.append("p")

    def _close_all(self) -> None:
        while self._open:
            self._markup.append(f"</{self._open.pop()}>")
        self._pictures_out()

    def _pictures_out(self) -> None:
        if self._pictures:
            pictures, self._pictures = self._pictures, []
            self._flush()
            self.items.extend(pictures)

    def _flush(self) -> None:
        self._close_all()
        markup = re.sub(r"<(p|h3)>\s*</\1>", "", "".join(self._markup)).strip()
        self._markup = []
        if markup:
            self.items.append(Prose(markup))

    def _table_opens(self) -> None:
        self._depth += 1
        if self._table is None:
            self._flush()
            self._table = Captured()

    def _table_closes(self) -> None:
        self._depth = max(0, self._depth - 1)
        if self._table is None or self._depth:
            return
        table = as_table(self._table)
        self._table = None
        if table is not None:
            self.items.append(table)
        self._pictures_out()

    def _picture(self, source: str, alt: str) -> None:
        data = self._picture_data(source)
        if data is not None:
            self._pictures.append(Picture(*data, alt=alt))
            return
        kind = "remote picture" if source.startswith(("http:", "https:")) else "picture that the notebook does not hold"
        self.dropped.append(f"{kind}{f' ({alt})' if alt else ''}")
        if alt and self._table is None:
            self._paragraph()
            self._markup.append(f"[{html.escape(alt, quote=False)}]")

    def _picture_data(self, source: str) -> tuple[bytes, str] | None:
        if source.startswith("attachment:"):
            held = self.attachments.get(source.removeprefix("attachment:"), {})
            found = next(((held[mime], mime) for mime in ("image/png", "image/jpeg") if mime in held), None)
            encoded, subtype = (found[0], found[1].partition("/")[2]) if found else ("", "")
        else:
            match = _EMBEDDED.fullmatch(source)
            encoded, subtype = (match[2], match[1]) if match else ("", "")
        try:
            return (base64.b64decode("".join(encoded.split()), validate=True), subtype) if encoded else None
        except binascii.Error:
            return None
