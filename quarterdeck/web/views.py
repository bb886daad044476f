"""Views: one edition in the forms in which a reader, or a mail program, can get to see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email import message_from_bytes
from email.policy import SMTP
from html import escape
from pathlib import Path

from quarterdeck.mail import html_of, text_of

# A media query asks the machine; here it is told the answer, so that both can be seen on one.
_DARK = "(prefers-color-scheme:dark)"
_ANSWERS = {"light": "not all", "dark": "all"}

# A text part has 78 columns of 0.6 em: beside another, on a laptop, none of its lines is broken.
_PLAIN = """\
<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>:root{{color-scheme:light dark}}body{{margin:16px;
font:clamp(12px,calc((100vw - 34px)/47),14px)/1.45 ui-monospace,Menlo,Consolas,monospace}}
pre{{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}}</style><pre>{text}</pre></html>
"""


def view_of(folder: Path, view: str) -> str | None:
    """
    The edition in *folder* (`page.html`, `message.eml`) as HTML that can be shown; None where it has no such form.

    Raises:
        KeyError: There is no view of that name.
    """
    name, show = VIEWS[view]
    try:
        content = (folder / name).read_bytes()
    except OSError:
        return None
    return show(content)


def _mail(message: bytes, scheme: str) -> str:
    html = html_of(message)
    return html.replace(f"@media {_DARK}", f"@media {_ANSWERS[scheme]}").replace(
        "</head>", f"<style>:root{{color-scheme:{scheme} only}}</style></head>", 1
    )


def _text(message: bytes) -> str:
    return _PLAIN.format(title="Text part", text=escape(text_of(message)))


def _headers(message: bytes) -> str:
    headers = message_from_bytes(message, policy=SMTP).items()
    return _PLAIN.format(title="Headers", text=escape("\n".join(f"{name}: {value}" for name, value in headers)))


def _source(message: bytes) -> str:
    return _PLAIN.format(title="Source", text=escape(message.decode("ascii", errors="replace")))


VIEWS: Mapping[str, tuple[str, Callable[[bytes], str]]] = {
    "desktop": ("message.eml", lambda message: _mail(message, "light")),
    "phone": ("message.eml", lambda message: _mail(message, "light")),
    "dark": ("message.eml", lambda message: _mail(message, "dark")),
    "text": ("message.eml", _text),
    "source": ("message.eml", _source),
    "headers": ("message.eml", _headers),
    "page": ("page.html", bytes.decode),
}
