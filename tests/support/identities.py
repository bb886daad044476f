"""The edition that tests of rendering write about, and the envelope in which its mail goes."""

from datetime import datetime
from zoneinfo import ZoneInfo

from quarterdeck.display import Display
from quarterdeck.mail import Envelope
from quarterdeck.period import Period
from quarterdeck.render import EditionIdentity

ZONE = "America/Los_Angeles"
IDENTITY = EditionIdentity(
    edition="cfo/2026-W47",
    title="CFO",
    company="Harbour Day Charters",
    period=Period(2026, 47, ZONE),
    display=Display("en_US", "USD", ZONE),
    snapshot="3f9a2c71",
    as_of=datetime(2026, 11, 23, 5, 10, tzinfo=ZoneInfo(ZONE)),
    sample=False,
    owner="finance@example.com",
)


def envelope_of(identity: EditionIdentity) -> Envelope:
    """From Reports to one reader, dated as the data is."""
    return Envelope(
        sender="Reports <reports@example.com>",
        to=("cfo@example.com",),
        date=identity.as_of,
        message_id=f"<{identity.edition.replace('/', '.')}@example.com>",
        reply_to=identity.owner,
        edition=identity.edition,
        snapshot=identity.snapshot,
    )
