"""Editions of notebooks that nobody wrote for Quarterdeck, in the files that a run would write."""

from dataclasses import replace
from pathlib import Path

from identities import IDENTITY, envelope_of

from quarterdeck.gates import check_edition
from quarterdeck.mail import stamp
from quarterdeck.render import render

DATA = Path(__file__).parent.parent / "data" / "render"
NOTEBOOKS = ("foreign", "survey")


def foreign_editions(folder: Path) -> list[Path]:
    """A folder for each of `NOTEBOOKS` inside *folder*, with its page and its message; the gates let all through."""
    return [_edition(name, folder / name) for name in NOTEBOOKS]


def _edition(name: str, folder: Path) -> Path:
    identity = replace(IDENTITY, edition=f"{name}/2026-W47", title=name.capitalize(), sample=True)
    rendered = render(DATA / f"{name}.ipynb", identity)
    message = stamp(rendered.body, envelope_of(identity))
    assert not check_edition(rendered, message)
    folder.mkdir()
    (folder / "page.html").write_text(rendered.page, encoding="utf-8")
    (folder / "message.eml").write_bytes(message)
    return folder
