"""Hosted zones and registrations as `aws route53 list-…` and `aws route53domains list-domains` print them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_NAMESERVERS = ("ns-112.dns.example.net.", "ns-918.dns.example.org.")
_MAILBOX = '"v=spf1 include:mail.example.net include:amazonses.com -all"'

Record = tuple[str, str, int, Sequence[str]]  # name before the zone, type, ttl, values

_SITE: Sequence[Record] = (
    ("", "NS", 172800, _NAMESERVERS),
    ("", "SOA", 900, ("ns-112.dns.example.net. hostmaster.example.net. 1 7200 900 1209600 86400",)),
    ("", "A", 300, ("192.0.2.41",)),
    ("www", "CNAME", 300, ("{zone}.",)),
)
_CAA: Record = ("", "CAA", 3600, ('0 issue "amazon.com"', '0 iodef "mailto:security@example.com"'))
_MX: Record = ("", "MX", 3600, ("10 mx1.mail.example.net.", "20 mx2.mail.example.net."))

ZONES: dict[str, Sequence[Record]] = {
    "harbour-day.example": (
        *_SITE,
        _CAA,
        _MX,
        ("", "TXT", 3600, (_MAILBOX, '"site-verification=not-a-real-token"')),
        ("_dmarc", "TXT", 3600, ('"v=DMARC1; p=reject; rua=mailto:dmarc@example.com"',)),
        ("\\052.staging", "CNAME", 300, ("{zone}.",)),
    ),
    "harbour-lights.example": (
        *_SITE,
        _CAA,
        _MX,
        ("", "TXT", 3600, ('"v=spf1 include:mail.example.net ~all"',)),
        ("_dmarc", "TXT", 3600, ('"v=DMARC1; p=quarantine; pct=100; " "rua=mailto:dmarc@example.com"',)),
        ("book", "CNAME", 300, ("booking.harbour-day.example.",)),
    ),
    "bay-sails.example": (  # planted: mail can be forged, no DMARC
        *_SITE,
        _CAA,
        _MX,
        ("", "TXT", 3600, (_MAILBOX,)),
        ("book", "CNAME", 300, ("booking.harbour-day.example.",)),
    ),
    "whale-watch.example": (  # sends no mail, and says so
        *_SITE,
        _CAA,
        ("", "MX", 3600, ("0 .",)),
        ("", "TXT", 3600, ('"v=spf1 -all"',)),
        ("_dmarc", "TXT", 3600, ('"v=DMARC1; p=reject"',)),
    ),
    "crew.harbour-day.internal": (*_SITE[:2], ("roster", "A", 60, ("198.51.100.7",))),
}
# Domain, expiry, renewed by itself, locked.
_REGISTRATIONS = (
    ("bay-sails.example", "2027-06-30T16:04:11+00:00", True, True),
    ("harbour-day.example", "2028-03-14T09:12:45+00:00", True, True),
    ("harbour-lights.example", "2027-09-02T11:30:00+00:00", False, True),  # planted: will not renew by itself
    ("whale-watch.example", "2027-01-09T18:20:05+00:00", False, False),  # planted: expires in 47 days
)


def write_zones(folder: Path) -> None:
    """Write hosted-zones.json, one file a zone, and domains.json into *folder*."""
    hosted = [
        {
            "Id": f"/hostedzone/Z0HARBOURDAY{number:03}",
            "Name": f"{zone}.",
            "CallerReference": f"2023-04-03-{number:04}",
            "Config": {"Comment": "invented", "PrivateZone": zone.endswith(".internal")},
            "ResourceRecordSetCount": len(records),
        }
        for number, (zone, records) in enumerate(ZONES.items(), start=1)
    ]
    _write(folder / "hosted-zones.json", {"HostedZones": hosted})
    for zone, records in ZONES.items():
        _write(folder / f"{zone}.json", {"ResourceRecordSets": [_record(zone, record) for record in records]})
    domains = [
        {"DomainName": domain, "AutoRenew": renewed, "TransferLock": locked, "Expiry": expiry}
        for domain, expiry, renewed, locked in _REGISTRATIONS
    ]
    _write(folder / "domains.json", {"Domains": domains})


def _record(zone: str, record: Record) -> dict[str, Any]:
    before, kind, ttl, values = record
    return {
        "Name": f"{before}.{zone}." if before else f"{zone}.",
        "Type": kind,
        "TTL": ttl,
        "ResourceRecords": [{"Value": value.format(zone=zone) if kind == "CNAME" else value} for value in values],
    }


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=4) + "\n", encoding="utf-8")
