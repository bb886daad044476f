"""Editions of notebooks that nobody wrote for Quarterdeck, in the files that a run would write."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from quarterdeck.display import Display
from quarterdeck.gates import check_edition
from quarterdeck.mail import Envelope, stamp
from quarterdeck.period import Period
from quarterdeck.render import EditionIdentity, render

DATA = Path(__file__).parent.parent / "data" / "render"
NOTEBOOKS = ("foreign", "survey")
ZONE = "America/Los_Angeles"


def foreign_editions(folder: Path) -> list[Path]:
    """A folder for each of `NOTEBOOKS` inside *folder*, with its page and its message; the gates let all through."""
    return [_edition(name, folder / name) for name in NOTEBOOKS]


def _edition(name: str, folder: Path) -> Path:
    identity = EditionIdentity(
        edition=f"{name}/2026-W47",
        title=name.capitalize(),
        company="Harbour Day Charters",
        period=Period(2026, 47, ZONE),
        display=Display("en_US", "USD", ZONE),
        snapshot="3f9a2c71",
        as_of=datetime(2026, 11, 23, 5, 10, tzinfo=ZoneInfo(ZONE)),
        sample=True,
        owner="owner@example.com",
    )
    envelope = Envelope(
        sender="Reports <reports@example.com>",
        to=("reader@example.com",),
        date=identity.as_of,
        message_id=f"<{name}.2026-W47@example.com>",
        reply_to=identity.owner,
        edition=identity.edition,
        snapshot=identity.snapshot,
    )
    rendered = render(DATA / f"{name}.ipynb", identity)
    message = stamp(rendered.body, envelope)
    assert not check_edition(rendered, message)
    folder.mkdir()
    (folder / "page.html").write_text(rendered.page, encoding="utf-8")
    (folder / "message.eml").write_bytes(message)
    return folder
