"""Zones, records and registrations, as `aws route53 list-…` and `aws route53domains list-domains` print them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import TypeVar

from quarterdeck.errors import InputInvalid
from quarterdeck.sources.decoding import json_values
from quarterdeck.sources.reading import Document, Finding, Reading, table_of
from quarterdeck.sources.values import NotUnderstood, epoch_from, instant_from

DOMAIN_PATTERNS = ("*.json",)
ZONES = "hosted-zones.json"
REGISTRATIONS = "domains.json"

# Under these names the CLI and the API say that there is more than what they printed.
_CUT_OFF = ("IsTruncated", "NextToken", "NextPageMarker", "NextMarker", "NextRecordName")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(\d{3}|.)")

_Object = Mapping[str, object]
_T = TypeVar("_T")


def read_domains(documents: Iterable[Document]) -> Reading:
    """
    Zones, records and registrations from what the AWS CLI prints.

    Args:
        documents: `hosted-zones.json`, `<zone>.json` for each zone, and `domains.json` where there is one.

    Returns:
        `zones`; `records` where at least one zone has its file; `registrations` where `domains.json` is there. A
        zone without its file, and a file without its zone, is a finding.

    Raises:
        InputInvalid: `hosted-zones.json` is missing, or a file is not what the CLI prints, or was cut off.
    """
    files = {document.name: document for document in documents}
    if ZONES not in files:
        raise InputInvalid(
            "company.yaml, sources.domains", f"no {ZONES} there", "the output of aws route53 list-hosted-zones"
        )
    zones = [_zone(entry, place) for place, entry in _entries(files[ZONES], "HostedZones")]
    names = Counter(str(zone["zone"]) for zone in zones)
    records: list[dict[str, object]] = []
    for zone in sorted(name for name in names if f"{name}.json" in files):
        for place, entry in _entries(files[f"{zone}.json"], "ResourceRecordSets"):
            records.extend(_records(zone, entry, place))
    tables = {"zones": table_of("zones", zones)}
    if any(f"{name}.json" in files for name in names):
        tables["records"] = table_of("records", records)
    if REGISTRATIONS in files:
        registrations = [_registration(entry, place) for place, entry in _entries(files[REGISTRATIONS], "Domains")]
        tables["registrations"] = table_of("registrations", registrations)
    hashes = {name: sha256(document.content).hexdigest() for name, document in files.items()}
    return Reading(tables, tuple(_findings(names, files)), hashes)


def _entries(document: Document, key: str) -> Iterator[tuple[str, _Object]]:
    """The entries under *key* of all pages in *document*, each with its place."""
    pages = list(json_values(document))
    if not pages:
        raise InputInvalid(document.place, "an empty file", f"JSON with {key}")
    count = 0
    more: str | None = None
    for line, page in pages:
        match page:
            case {**named} if isinstance(entries := named.get(key), list):
                more = next((cut for cut in _CUT_OFF if named.get(cut)), None)
            case _:
                raise InputInvalid(f"{document.place}, line {line}", f"JSON without the list {key}", f"JSON with {key}")
        for entry in entries:
            count += 1
            place = f"{document.place}, {key} {count}"
            yield place, _object(entry, place)
    if more:
        raise InputInvalid(document.place, f"a list that was cut off ({more} is given)", f"all {key}")


def _zone(entry: _Object, place: str) -> dict[str, object]:
    config = _optional(entry, "Config", dict, place) or {}
    return {
        "zone": zone_name(_required(entry, "Name", str, place)),
        "is_private": bool(_optional(config, "PrivateZone", bool, f"{place}, Config")),
        "record_count": _required(entry, "ResourceRecordSetCount", int, place),
    }


def _records(zone: str, entry: _Object, place: str) -> Iterator[dict[str, object]]:
    """One row a value; an alias is one row."""
    kind = _required(entry, "Type", str, place)
    row = {
        "zone": zone,
        "name": zone_name(_required(entry, "Name", str, place)),
        "type": kind,
        "ttl": _optional(entry, "TTL", int, place),
    }
    for value in _values(entry, place):
        yield {**row, "value": _unquoted(value) if kind in ("TXT", "SPF") else value}


def _values(entry: _Object, place: str) -> Sequence[str]:
    if alias := _optional(entry, "AliasTarget", dict, place):
        return [f"ALIAS {zone_name(_required(alias, 'DNSName', str, f'{place}, AliasTarget'))}"]
    values = _required(entry, "ResourceRecords", list, place)
    return [_required(_object(value, place), "Value", str, f"{place}, ResourceRecords") for value in values]


def _registration(entry: _Object, place: str) -> dict[str, object]:
    return {
        "domain": zone_name(_required(entry, "DomainName", str, place)),
        "expires_on": _expiry(entry.get("Expiry"), f"{place}, Expiry"),
        "auto_renew": _required(entry, "AutoRenew", bool, place),
        "transfer_lock": _optional(entry, "TransferLock", bool, place),
    }


def _expiry(written: object, place: str) -> date:
    """The UTC day; version 1 of the CLI prints seconds since 1970, version 2 an ISO 8601 time."""
    try:
        match written:
            case int() | Decimal():
                return epoch_from(str(written), per_second=1).date()
            case str():
                return instant_from(written).date()
    except NotUnderstood as error:
        raise InputInvalid(place, repr(str(written)), error.expected) from error
    raise InputInvalid(place, _found(written), "a time, as the AWS CLI prints it")


def zone_name(written: str) -> str:
    """A name as Route 53 writes it, without the root's dot, and with the wildcard as people write it."""
    return written.replace("\\052", "*").removesuffix(".").lower()


def _unquoted(written: str) -> str:
    """The text of a TXT record: its quoted strings, joined; a value without quotes stands as it is."""
    strings = _QUOTED.findall(written)
    return "".join(_ESCAPED.sub(_character, string) for string in strings) if strings else written


def _character(escaped: re.Match[str]) -> str:
    return chr(int(escaped[1], 8)) if escaped[1].isdigit() and len(escaped[1]) == 3 else escaped[1]


def _findings(names: Counter[str], files: Mapping[str, Document]) -> Iterator[Finding]:
    for name in sorted(names):
        if f"{name}.json" not in files:
            yield Finding("domains", "warning", f"the zone {name} is listed, but its records ({name}.json) are missing")
        elif names[name] > 1:
            message = f"the zone {name} is listed {names[name]} times; {name}.json is taken for its public records"
            yield Finding("domains", "info", message)
    known = {ZONES, REGISTRATIONS, *(f"{name}.json" for name in names)}
    for file in sorted(set(files) - known):
        yield Finding("domains", "info", f"{file} belongs to no listed zone, and was not read")


def _required(entry: _Object, key: str, kind: type[_T], place: str) -> _T:
    value = _optional(entry, key, kind, place)
    if value is None:
        raise InputInvalid(place, f"no {key}", "it, as the AWS CLI prints it")
    return value


def _optional(entry: _Object, key: str, kind: type[_T], place: str) -> _T | None:
    """The value of *key*; None where it is missing."""
    value = entry.get(key)
    # To Python, true is a number as well
    if value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
        raise InputInvalid(f"{place}, {key}", _found(value), f"a value of type {kind.__name__}")
    return value


def _object(value: object, place: str) -> _Object:
    if not isinstance(value, dict):
        raise InputInvalid(place, _found(value), "an object, as the AWS CLI prints it")
    return value


def _found(value: object) -> str:
    """The value as it stands, shortened."""
    text = "no value" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
