import json
from datetime import date

import pytest

from quarterdeck.errors import InputInvalid
from quarterdeck.sources.domains import read_domains
from quarterdeck.sources.reading import Document

ZONE = {"Name": "resort.example.", "Config": {"PrivateZone": False}, "ResourceRecordSetCount": 2}
RECORD = {"Name": "resort.example.", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.1"}]}
DOMAIN = {
    "DomainName": "resort.example",
    "AutoRenew": True,
    "TransferLock": True,
    "Expiry": "2027-01-15T00:30:00+01:00",
}


def document(name, content):
    text = content if isinstance(content, str) else json.dumps(content)
    return Document(name, text.encode(), f"route53/{name}")


def zones(*entries, **rest):
    return document("hosted-zones.json", {"HostedZones": list(entries), **rest})


def records(*entries, zone="resort.example"):
    return document(f"{zone}.json", {"ResourceRecordSets": list(entries)})


def domains(*entries):
    return document("domains.json", {"Domains": list(entries)})


def refusal(*documents):
    with pytest.raises(InputInvalid) as refused:
        read_domains(documents)
    return str(refused.value).splitlines()[0]


def values(*entries):
    return read_domains([zones(ZONE), records(*entries)]).tables["records"].to_pylist()


def test_zones_are_named_as_people_write_them():
    """A zone loses the root's dot and keeps whether it is private and how many records it has."""
    private = {"Name": "Staff.Example.", "Config": {"PrivateZone": True}, "ResourceRecordSetCount": 1}
    unsaid = {"Name": "shop.example.", "ResourceRecordSetCount": 3}

    reading = read_domains([zones(ZONE, private, unsaid)])

    assert reading.tables["zones"].to_pylist() == [
        {"zone": "resort.example", "is_private": False, "record_count": 2},
        {"zone": "staff.example", "is_private": True, "record_count": 1},
        {"zone": "shop.example", "is_private": False, "record_count": 3},
    ]
    assert set(reading.tables) == {"zones"}
    assert set(reading.hashes) == {"hosted-zones.json"}


def test_every_value_is_a_row():
    """A record with two values is two rows, a wildcard is a star, an alias is one row without ttl."""
    rows = values(
        {**RECORD, "Type": "MX", "ResourceRecords": [{"Value": "10 mx1.example."}, {"Value": "20 mx2.example."}]},
        {**RECORD, "Name": "\\052.resort.example."},
        {"Name": "www.resort.example.", "Type": "A", "AliasTarget": {"DNSName": "D1.cloudfront.example."}},
    )

    assert [(row["name"], row["type"], row["ttl"], row["value"]) for row in rows] == [
        ("resort.example", "MX", 300, "10 mx1.example."),
        ("resort.example", "MX", 300, "20 mx2.example."),
        ("*.resort.example", "A", 300, "192.0.2.1"),
        ("www.resort.example", "A", None, "ALIAS d1.cloudfront.example"),
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"v=spf1 -all"', "v=spf1 -all"),
        ('"v=DKIM1; p=AB" "CD"', "v=DKIM1; p=ABCD"),
        (r'"say \"hi\" \\ \050"', r'say "hi" \ ('),
        ("v=spf1", "v=spf1"),
    ],
)
def test_text_records_are_read_without_their_quotes(written, meant):
    """The strings of a TXT record are joined, and their escapes undone."""
    rows = values({**RECORD, "Type": "TXT", "ResourceRecords": [{"Value": written}]})

    assert rows[0]["value"] == meant


def test_registrations_expire_on_a_utc_day():
    """Both versions of the CLI give the day, in UTC, on which a registration ends; a lock may be unknown."""
    older = {"DomainName": "Shop.example", "AutoRenew": False, "Expiry": 1799971200.0}

    rows = read_domains([zones(), domains(DOMAIN, older)]).tables["registrations"].to_pylist()

    assert rows == [
        {"domain": "resort.example", "expires_on": date(2027, 1, 14), "auto_renew": True, "transfer_lock": True},
        {"domain": "shop.example", "expires_on": date(2027, 1, 15), "auto_renew": False, "transfer_lock": None},
    ]


def test_a_listed_zone_without_its_records_is_a_finding():
    """The zone stays, the finding names the file that is missing, and another file's zone is asked for."""
    reading = read_domains([zones(ZONE), records(RECORD, zone="old.example")])

    assert "records" not in reading.tables
    assert [finding.message for finding in reading.findings] == [
        "the zone resort.example is listed, but its records (resort.example.json) are missing",
        "old.example.json belongs to no listed zone, and was not read",
    ]


def test_a_public_and_a_private_zone_of_one_name_share_a_file():
    """Route 53 allows two zones of one name: both are listed, the records are the public one's, and it is said."""
    private = {**ZONE, "Config": {"PrivateZone": True}}

    reading = read_domains([zones(ZONE, private), records(RECORD)])

    assert reading.tables["zones"]["is_private"].to_pylist() == [False, True]
    assert reading.tables["records"].num_rows == 1
    assert [finding.message for finding in reading.findings] == [
        "the zone resort.example is listed 2 times; resort.example.json is taken for its public records"
    ]


def test_pages_of_a_list_are_read_together():
    """Pages that were written one behind the other are one list."""
    page = json.dumps({"HostedZones": [ZONE], "IsTruncated": True, "NextMarker": "Z2"})
    both = page + json.dumps({"HostedZones": [{**ZONE, "Name": "shop.example."}], "IsTruncated": False})

    assert read_domains([document("hosted-zones.json", both)]).tables["zones"].num_rows == 2
    assert "hosted-zones.json: found a list that was cut off (IsTruncated is given)" in refusal(
        document("hosted-zones.json", page)
    )


@pytest.mark.parametrize(
    ("documents", "said"),
    [
        ([], "company.yaml, sources.domains: found no hosted-zones.json there, expected the output of aws route53"),
        ([document("hosted-zones.json", "")], "hosted-zones.json: found an empty file, expected JSON with HostedZones"),
        ([document("hosted-zones.json", "{,")], "hosted-zones.json, line 1, column 2: found malformed JSON"),
        ([document("hosted-zones.json", [])], "hosted-zones.json, line 1: found JSON without the list HostedZones"),
        ([document("hosted-zones.json", {"HostedZones": 3})], "line 1: found JSON without the list HostedZones"),
        ([zones("resort")], "HostedZones 1: found 'resort', expected an object"),
        ([zones({**ZONE, "Name": None})], "HostedZones 1: found no Name, expected it, as the AWS CLI prints it"),
        ([zones({**ZONE, "Name": 5})], "HostedZones 1, Name: found 5, expected a value of type str"),
        ([zones({**ZONE, "ResourceRecordSetCount": True})], "ResourceRecordSetCount: found True, expected a value of"),
        ([zones({**ZONE, "Config": {"PrivateZone": "no"}})], "1, Config, PrivateZone: found 'no', expected a value of"),
        ([zones(ZONE), records({"Name": "a.", "Type": "A"})], "ResourceRecordSets 1: found no ResourceRecords"),
        (
            [zones(ZONE), records({**RECORD, "ResourceRecords": [5]})],
            "ResourceRecordSets 1: found 5, expected an object",
        ),
        (
            [zones(), domains({**DOMAIN, "Expiry": "soon"})],
            "Domains 1, Expiry: found 'soon', expected an ISO 8601 time",
        ),
        ([zones(), domains({**DOMAIN, "Expiry": None})], "Domains 1, Expiry: found no value, expected a time"),
        ([zones(), domains({**DOMAIN, "Expiry": ["x" * 99]})], "Domains 1, Expiry: found ['xxxx"),
    ],
)
def test_what_the_cli_does_not_print_is_refused(documents, said):
    """The message names file and entry, what was found and what was expected."""
    assert said in refusal(*documents)
