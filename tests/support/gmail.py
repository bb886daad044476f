"""
What Gmail leaves of a mail, as far as it is documented and measured: a worst case to hold mails against.

It keeps `<style>` in the head up to 16 KB in all and none in the body, drops properties that it does not
know and pictures inside the HTML, and clips what is long. For accounts of others it keeps no `<style>` at all.
"""

import re
from html import escape
from html.parser import HTMLParser

MOST_STYLE_BYTES = 16 * 1024
MOST_HTML_BYTES = 102 * 1024

# Of the list that Google publishes, what a mail could use.
_KNOWN = (
    "background background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width "
    "border-collapse border-color border-left border-left-color border-left-style border-left-width border-right "
    "border-right-color border-right-style border-right-width border-spacing border-style border-top border-top-color "
    "border-top-style border-top-width border-width box-sizing caption-side clear color direction display float font "
    "font-family font-feature-settings font-size font-style font-variant font-weight height letter-spacing "
    "line-height list-style list-style-position list-style-type margin margin-bottom margin-left margin-right "
    "margin-top max-height max-width min-height min-width opacity overflow overflow-x overflow-y padding "
    "padding-bottom padding-left padding-right padding-top table-layout text-align text-decoration text-indent "
    "text-overflow text-transform unicode-bidi vertical-align white-space width word-break word-spacing word-wrap "
)
PROPERTIES = frozenset(_KNOWN.split())
_VOID = frozenset({"br", "hr", "img", "meta", "wbr", "col", "link", "input"})
_DROPPED = frozenset({"script", "iframe", "object", "embed", "svg", "form", "link", "base"})


def as_gmail_shows(html: str, *, is_googles: bool = True) -> str:
    """
    What is left of *html*.

    Args:
        html: A mail's HTML part.
        is_googles: Whether the account is one of Google's; if not, no style sheet is kept.
    """
    clipped = html.encode()[:MOST_HTML_BYTES].decode(errors="ignore")
    reader = _Filter(MOST_STYLE_BYTES if is_googles else 0)
    reader.feed(clipped)
    reader.close()
    return "".join(reader.parts)


class _Filter(HTMLParser):
    def __init__(self, style_bytes: int) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self._style_bytes = style_bytes
        self._is_body = False
        self._inside = ""  # the element whose text is no text of the mail

    def handle_decl(self, decl: str) -> None:
        self.parts.append(f"<!{decl}>")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_body |= tag == "body"
        if tag == "style" or tag in _DROPPED:
            self._inside = tag
            return
        kept = []
        for name, value in attrs:
            if name == "style":
                kept.append((name, known_properties(value or "")))
            elif not name.startswith("on") and not (name in ("src", "background") and "data:" in (value or "")):
                kept.append((name, value))
        said = "".join(f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in kept)
        self.parts.append(f"<{tag}{said}>")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""
        elif tag not in _VOID | _DROPPED and tag != "style":
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.parts.append(data)
        elif self._inside == "style" and not self._is_body:
            self._style_bytes -= len(data.encode())
            # Gmail drops a whole sheet where one of its rules is more than it understands.
            if self._style_bytes >= 0:
                self.parts.append(f"<style>{data}</style>")

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")


def known_properties(style: str) -> str:
    """The declarations of *style* that Gmail keeps; it drops those that load something, too."""
    kept = []
    for declaration in style.split(";"):
        name, _, value = declaration.partition(":")
        if name.strip().lower() in PROPERTIES and not re.search(r"url\(|expression\(", value, re.IGNORECASE):
            kept.append(f"{name.strip()}:{value.strip()}")
    return ";".join(kept)
