"""Route 53 and Route 53 Domains, asked for what the AWS CLI prints of them: documents for the same reader."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from quarterdeck.aws import client, in_our_words
from quarterdeck.sources.domains import REGISTRATIONS, ZONES, zone_name
from quarterdeck.sources.reading import Document

_ABOUT = "Route 53"
# Route 53 Domains is answered there and nowhere else.
_DOMAINS_REGION = "us-east-1"


def documents_of_route53() -> Iterator[Document]:
    """
    All hosted zones, the records of each, and all registrations of the account.

    Of two zones with one name the public one's records are taken, as `domains` says of files.

    Raises:
        AwsUnavailable: A permission is missing, or AWS does not answer.
    """
    route53 = client("route53")
    with in_our_words(_ABOUT, permission="route53:ListHostedZones"):
        zones = [zone for page in route53.get_paginator("list_hosted_zones").paginate() for zone in page["HostedZones"]]
    yield _document(ZONES, {"HostedZones": zones})
    chosen: dict[str, Mapping[str, Any]] = {}
    for zone in sorted(zones, key=_is_private):
        chosen.setdefault(zone_name(zone["Name"]), zone)
    for name, its_zone in sorted(chosen.items()):
        with in_our_words(f"{_ABOUT}, zone {name}", permission="route53:ListResourceRecordSets"):
            pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=its_zone["Id"])
            records = [record for page in pages for record in page["ResourceRecordSets"]]
        yield _document(f"{name}.json", {"ResourceRecordSets": records})
    domains = client("route53domains", region=_DOMAINS_REGION)
    with in_our_words("Route 53 Domains", permission="route53domains:ListDomains"):
        found = [one for page in domains.get_paginator("list_domains").paginate() for one in page["Domains"]]
    yield _document(REGISTRATIONS, {"Domains": found})


def _is_private(zone: Mapping[str, Any]) -> bool:
    return bool(zone.get("Config", {}).get("PrivateZone"))


def _document(name: str, content: Mapping[str, object]) -> Document:
    written = json.dumps(content, sort_keys=True, default=_instant)
    return Document(name, written.encode(), f"{_ABOUT}, {name}")


def _instant(value: object) -> str:
    """An instant as version 2 of the CLI prints it."""
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
