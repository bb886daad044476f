"""Mail and DNS posture: what each public zone fails, and which registrations run out."""

from __future__ import annotations

from datetime import date

import pandas as pd

from quarterdeck.inventory import TABLES, AssetInventory, NotAvailable
from quarterdeck.metrics.days import end_day
from quarterdeck.metrics.figure import Result, Split, metric
from quarterdeck.metrics.state import require_now
from quarterdeck.period import Period

EXPIRY_DAYS = 60
NULL_MX = "0 ."  # RFC 7505
_NO_MAIL_SPF = "v=spf1 -all"


@metric(unit="count", label="Zones at risk", better="less", now=True)
def zones_at_risk(inventory: AssetInventory, period: Period) -> Result:
    """
    Domains that others can send mail as, get certificates for, or that may lapse.

    A name counts once, whatever it fails, and though it is both a zone and a registration. The parts are
    how much each of them fails, and do not sum to the value. A zone whose records were not read is
    unknown and does not count. Policies that a parent zone sets are not looked up: each zone stands for itself.

    Formula:
        Count of public zones that fail one of SPF (one `v=spf1` record with `-all` or `~all`), DMARC (one
        record at `_dmarc` with p=quarantine or p=reject), CAA (a record of the zone itself), and, where
        there is no MX: null MX (`0 .`) and SPF exactly `v=spf1 -all`; and of registrations that expire
        within 60 days of t, or do not renew by themselves.

    Source:
        zones, records, registrations
    """
    at_risk = _posture(inventory, period)
    failing = at_risk[at_risk["failures"] > 0]
    return Split(len(failing), dict(zip(failing["domain"], failing["failures"].tolist(), strict=True)))


def posture_by_zone(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    """
    Every public zone and registration with what it fails, the worst first.

    Returns:
        `domain`, `fails` (such as `SPF, CAA, expires in 41 days`; empty where it fails nothing),
        `failures` (int), `is_known` (bool, False for a public zone whose records were not read),
        `expires_on` (datetime64) and `auto_renew` (boolean), missing where there is no registration.

    Raises:
        NotAvailable: There are no zones or no records, or *period* is before the snapshot's last week.
    """
    require_now(inventory, period)
    return _posture(inventory, period)


def zone_failures(zone: str, records: pd.DataFrame) -> list[str]:
    """
    What a public zone fails, of `SPF`, `DMARC`, `null MX` and `CAA`.

    Args:
        zone: Its name, without the root's dot.
        records: All its records: `name`, `type`, `value` (TXT without quotes).
    """
    own = records[records["name"] == zone]
    exchangers = [" ".join(value.split()) for value in _values(own, "MX")]
    takes_mail = any(exchanger != NULL_MX for exchanger in exchangers)
    dmarc = _values(records[records["name"] == f"_dmarc.{zone}"], "TXT")
    passed = {
        "SPF": _is_spf_strict(_values(own, "TXT"), takes_mail=takes_mail),
        "DMARC": _is_dmarc_enforced(dmarc),
        "null MX": bool(exchangers),
        "CAA": bool(_values(own, "CAA")),
    }
    return [check for check, is_passed in passed.items() if not is_passed]


def registration_failures(expires_on: date, *, auto_renew: bool, day: date) -> list[str]:
    """What a registration fails on *day*: `expired`, `expires in 41 days`, `no auto-renew`."""
    failures = []
    left = (expires_on - day).days
    if left <= EXPIRY_DAYS:
        failures.append(f"expires in {left} days" if left >= 0 else "expired")
    if not auto_renew:
        failures.append("no auto-renew")
    return failures


def failures_said(rows: pd.DataFrame) -> pd.Series[str]:
    """What each of *rows*, those of `posture_by_zone`, fails: `nothing`, or `not known` where its records are not."""
    words = rows["is_known"].map({True: "nothing", False: "not known"})
    return rows["fails"].mask(rows["fails"] == "", words).astype("str")


def _posture(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    found = inventory.known(("posture", period), lambda: _posture_found(inventory, period))
    return found.copy(deep=False)  # a caller's change copies what it changes


def _posture_found(inventory: AssetInventory, period: Period) -> pd.DataFrame:
    zones = inventory.table("zones")
    records = inventory.table("records")
    fails: dict[str, list[str]] = {}
    unknown = set()
    by_zone = dict(iter(records.groupby("zone")))
    for zone in zones.loc[~zones["is_private"], "zone"].unique():
        fails[zone] = zone_failures(zone, by_zone[zone]) if zone in by_zone else []
        if zone not in by_zone:
            unknown.add(zone)
    if unknown and len(unknown) == len(fails):
        raise NotAvailable("the records of no public zone were read")
    registrations = _registrations(inventory)
    day = end_day(inventory, period)
    expiries = zip(
        registrations["domain"], registrations["expires_on"].dt.date, registrations["auto_renew"], strict=True
    )
    for domain, expires_on, auto_renew in expiries:
        found = registration_failures(expires_on, auto_renew=bool(auto_renew), day=day)
        fails[domain] = [*fails.get(domain, []), *found]
    frame = pd.DataFrame(
        {
            "domain": pd.Series(list(fails), dtype="str"),
            "fails": pd.Series([", ".join(found) for found in fails.values()], dtype="str"),
            "failures": pd.Series([len(found) for found in fails.values()], dtype="int64"),
            "is_known": pd.Series([domain not in unknown for domain in fails], dtype="bool"),
        }
    ).merge(registrations, on="domain", how="left")
    return frame.sort_values(["failures", "domain"], ascending=[False, True], ignore_index=True)


def _registrations(inventory: AssetInventory) -> pd.DataFrame:
    """When each domain expires and whether it renews; no rows where the source has no registrations."""
    known = inventory.has("registrations")
    registrations = inventory.table("registrations") if known else TABLES["registrations"].empty_frame()
    return registrations[["domain", "expires_on", "auto_renew"]]


def _values(records: pd.DataFrame, kind: str) -> list[str]:
    values: list[str] = records.loc[records["type"] == kind, "value"].tolist()
    return values


def _is_spf_strict(texts: list[str], *, takes_mail: bool) -> bool:
    """Whether there is one SPF record (RFC 7208: two are an error) and it refuses the mail of others."""
    policies = [text.lower().split() for text in texts if text.lower().split()[:1] == ["v=spf1"]]
    if len(policies) != 1:
        return False
    if not takes_mail:
        return " ".join(policies[0]) == _NO_MAIL_SPF
    return any(term in ("-all", "~all") for term in policies[0])


def _is_dmarc_enforced(texts: list[str]) -> bool:
    """Whether there is one DMARC record (RFC 7489: two are none) and its policy is quarantine or reject."""
    policies = [tags for text in texts if (tags := _tags(text)).get("v") == "dmarc1"]
    return len(policies) == 1 and policies[0].get("p") in ("quarantine", "reject")


def _tags(text: str) -> dict[str, str]:
    """The tags of a DMARC record, in lower case."""
    pairs = (tag.partition("=") for tag in text.lower().split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}
