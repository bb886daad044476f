"""What page and mail templates have in common: small words for marks, and the measures of the house style."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from jinja2 import Environment
from markupsafe import Markup

from quarterdeck.blocks import Delta, Direction, Provenance, Tone
from quarterdeck.render import tokens
from quarterdeck.render.columns import breaks, keeps, phone_fit, places
from quarterdeck.render.identity import EditionIdentity
from quarterdeck.render.items import Item, Picture, runs_right_to_left

ARROWS: Mapping[Direction, str] = {"up": "▲", "down": "▼", "same": "="}
# Style classes, which the dark colours hang on, and the words for who sees no colours: one is never without the other.
TONES: Mapping[Tone, str] = {"better": "better", "worse": "worse", "neutral": ""}

# An empty table would look like one that failed.
EMPTY = "Nothing to list."
NEGATIVE = re.compile(r"(−[^\w\s]\S*)")
ATOM = Markup('<span style="display:inline-block">{}</span>')  # every mail program knows it, as not `white-space`
_NUMBER_AND_WORD = re.compile(r"(?<=\d) (?=[^\W\d_])")


def equip(environment: Environment) -> None:
    """Give *environment* the filters, tests and globals that the templates use."""
    environment.filters.update(
        kind=kind,
        arrow=ARROWS.__getitem__,
        tone=TONES.__getitem__,
        verdict=verdict,
        nice=unbroken,
        direction=direction,
        data_uri=data_uri,
        sources=sources,
        phone_fit=phone_fit,
        breaks=breaks,
        keeps=keeps,
        places=places,
    )
    environment.globals.update(light=tokens.colours("light"), dark=tokens.colours("dark"), tokens=tokens, EMPTY=EMPTY)
    environment.trim_blocks = environment.lstrip_blocks = True


def kind(item: Item) -> str:
    """`kpis`, `chart`, `prose`: which template draws it."""
    return type(item).__name__.lower()


def verdict(delta: Delta) -> str:
    """`worse on week`: what stands behind a difference; of one that is neither good nor bad `on week`."""
    return f"{TONES[delta.tone]} {delta.basis}".strip()


def nice(text: str) -> str:
    """*text* with each number kept beside its word, so that no line ends in `1` of `1 February`."""
    return _NUMBER_AND_WORD.sub("\u00a0", text)


def unbroken(text: str) -> Markup:
    """*text*, `nice`, whose `−$20.7k` stand on one line: browsers break behind the minus."""
    return Markup("").join(ATOM.format(part) if at % 2 else part for at, part in enumerate(NEGATIVE.split(nice(text))))


def direction(text: str) -> Markup:
    """The attribute that sets right-to-left text right, and none for other text."""
    return Markup(' dir="auto"') if runs_right_to_left(text) else Markup("")


def data_uri(picture: Picture | str) -> str:
    """A picture, or a chart's base64 PNG, as an address that needs no network."""
    if isinstance(picture, str):
        return f"data:image/png;base64,{picture}"
    return f"data:image/{picture.subtype};base64,{base64.b64encode(picture.data).decode()}"


def sources(origin: Provenance, edition: EditionIdentity | None) -> str:
    """`Events 1,904 rows, 2 h old · Claims 5,212 rows, 2 h old.`"""

    def rows(count: int) -> str:
        shown = edition.display.count(count) if edition else str(count)
        return f"{shown} {'row' if count == 1 else 'rows'}"

    listed = [f"{source.name} {rows(source.rows)}, {source.age}" for source in origin.sources]
    return " · ".join(listed) + "." if listed else ""
