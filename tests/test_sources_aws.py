import base64
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hotel_on_aws import (
    HOTEL,
    company_on_aws,
    fill_table,
    items_of,
    load_bucket,
    load_tables,
    make_table,
)
from wire import sent_on

from quarterdeck.aws import client
from quarterdeck.config import load_company
from quarterdeck.errors import AwsUnavailable, CollectingOverdue, InputInvalid
from quarterdeck.snapshot import reusable_snapshot, take_snapshot
from quarterdeck.sources import Collected, Watch, collect
from quarterdeck.sources.route53 import documents_of_route53

ROOT = Path(__file__).parent.parent
TABLES = {"events": "Events", "users": "Users", "checklists": "Checklists", "claims": "Claims"}
STAND_INS = ["moto", "ministack"]


@pytest.fixture(scope="module")
def loaded() -> dict[str, str]:
    """Stand-in → the prefix of what was loaded there; filled when first asked for."""
    return {}


@pytest.fixture(params=STAND_INS)
def hotel(request, on_aws, loaded) -> str:
    """The hotel on one of the stand-ins: tables `<prefix>Events` …, and the bucket `<prefix>files`."""
    on_aws(request.getfixturevalue(request.param))
    if request.param not in loaded:
        prefix = f"hotel-{uuid.uuid4().hex[:8]}-"
        load_tables(prefix)
        load_bucket(f"{prefix}files", "weekly/")
        loaded[request.param] = prefix
    return loaded[request.param]


@pytest.fixture
def account(request, on_aws) -> Callable[[str], str]:
    """A function stand-in → a prefix of names that nobody else uses; boto3 is pointed there."""

    def open_(stand_in: str) -> str:
        on_aws(request.getfixturevalue(stand_in))
        return f"own-{uuid.uuid4().hex[:8]}-"

    return open_


def snapshot_id(folder: Path, collected: Collected, store: Path) -> str:
    company = load_company(folder)
    assert company.as_of is not None
    return take_snapshot(collected, company, as_of=company.as_of, store=store, collected_at=company.as_of).name


def ending(within: int = 100_000) -> Watch:
    """A watch that ends a scan of more items than any table here has: one that asks for the same page for ever."""

    def go_on(source: str, so_far: str) -> None:
        assert int(so_far.split(maxsplit=1)[0].replace(",", "")) <= within, f"{source} has no end: {so_far} were read"

    return Watch(go_on=go_on)


def of(folder: Path, watch: Watch | None = None) -> Collected:
    return collect(load_company(folder), folder, watch=watch or ending())


def test_the_hotel_in_dynamodb_is_the_hotel_in_files(hotel, tmp_path):
    """Tables that are scanned, and documents from a bucket, give the snapshot that the folder gives, id and all."""
    where = f"s3://{hotel}files/weekly"
    folder = company_on_aws(
        tmp_path / "company",
        {ours: {"table": f"{hotel}{theirs}", "segments": 3} for ours, theirs in TABLES.items()},
        handoffs={"path": f"{where}/handoffs/projects"},
        lambdas={"path": f"{where}/lambdas/"},
        domains={"path": f"{where}/route53"},
    )

    on_aws, in_files = of(folder), of(HOTEL)

    assert on_aws.findings == in_files.findings
    assert {name: table.num_rows for name, table in on_aws.tables.items()} == {
        name: table.num_rows for name, table in in_files.tables.items()
    }
    assert snapshot_id(folder, on_aws, tmp_path / "aws") == snapshot_id(HOTEL, in_files, tmp_path / "files")
    readers = {name: one.reader for name, one in on_aws.provenance.items()}
    assert readers == {
        "handoffs": "s3",
        "lambdas": "s3",
        "domains": "s3",
        **{f"tables.{ours}": "dynamodb" for ours in TABLES},
    }
    assert on_aws.provenance["handoffs"].documents == in_files.provenance["handoffs"].documents


def test_one_file_in_a_bucket_is_a_table_too(hotel, tmp_path):
    """`path:` may be one object, gzipped or not: the same rows as from the file."""
    place = {"path": f"s3://{hotel}files/weekly/tables/Events.json.gz"}

    found = of(company_on_aws(tmp_path / "company", {"events": place}))

    assert found.tables["events"].equals(of(HOTEL).tables["events"])
    assert list(found.provenance["tables.events"].documents) == ["Events.json.gz"]


def export_of(prefix: str, bucket: str, *, at: str, items: list[dict], **changed: object) -> None:
    """What DynamoDB writes when it exports: two data files, the list of files, and last the summary."""
    s3, root = client("s3"), f"{prefix}AWSDynamoDB/{at}"
    files = []
    for number, part in enumerate((items[::2], items[1::2])):
        content = gzip.compress("".join(json.dumps({"Item": item}) + "\n" for item in part).encode())
        key = f"{root}/data/{number}.json.gz"
        s3.put_object(Bucket=bucket, Key=key, Body=content)
        md5 = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        files.append({"itemCount": len(part), "md5Checksum": md5, "dataFileS3Key": key})
    listing = f"{root}/manifest-files.json"
    s3.put_object(Bucket=bucket, Key=listing, Body="\n".join(map(json.dumps, files)).encode())
    summary = {
        "tableArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/Users",
        "exportTime": at,
        "outputFormat": "DYNAMODB_JSON",
        "exportType": "FULL_EXPORT",
        "manifestFilesS3Key": listing,
        "itemCount": len(items),
        **changed,
    }
    if changed.get("itemCount") != 0:  # none: it is still being written
        s3.put_object(Bucket=bucket, Key=f"{root}/manifest-summary.json", Body=json.dumps(summary).encode())


@pytest.mark.parametrize("stand_in", STAND_INS)
def test_the_newest_finished_export_is_read(account, stand_in, tmp_path):
    """Older ones, incremental ones, and one that is still being written are left alone."""
    bucket = account(stand_in) + "exports"
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    items = items_of("Users")
    export_of("weekly/", bucket, at="2016-12-24T00:00:00Z", items=items[:10])
    export_of("weekly/", bucket, at="2016-12-31T00:00:00Z", items=items)
    export_of("weekly/", bucket, at="2017-01-01T00:00:00Z", items=items[:5], exportType="INCREMENTAL_EXPORT")
    export_of("weekly/", bucket, at="2017-01-02T00:00:00Z", items=items[:7], itemCount=0)
    folder = company_on_aws(tmp_path / "company", {"users": {"export": f"s3://{bucket}/weekly"}})

    found = of(folder)

    assert rows(found, "users") == rows(of(HOTEL), "users")
    assert found.provenance["tables.users"].reader == "s3 export"
    assert all("2016-12-31" in name for name in found.provenance["tables.users"].documents)


def rows(found: Collected, table: str) -> list[dict]:
    return sorted(found.tables[table].to_pylist(), key=str)


def test_exports_of_two_tables_below_one_prefix_are_refused(account, tmp_path):
    """The newest of them would be another table's rows; which is meant, its prefix says."""
    bucket = account("moto") + "exports"
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    table = "arn:aws:dynamodb:eu-west-1:123456789012:table/"
    export_of("", bucket, at="2016-12-30T00:00:00Z", items=items_of("Users"), tableArn=f"{table}Users")
    export_of("", bucket, at="2016-12-31T00:00:00Z", items=items_of("Users")[:3], tableArn=f"{table}Users-test")
    folder = company_on_aws(tmp_path / "company", {"users": {"export": f"s3://{bucket}"}})

    with pytest.raises(InputInvalid, match="exports of 2 tables: 'Users', 'Users-test', expected the prefix of one"):
        of(folder)


def test_an_export_that_lacks_items_is_refused(account, tmp_path):
    """A data file that is not in the list would be rows that nobody misses."""
    bucket = account("moto") + "exports"
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    export_of("", bucket, at="2016-12-31T00:00:00Z", items=items_of("Users")[:10], itemCount=11)
    folder = company_on_aws(tmp_path / "company", {"users": {"export": f"s3://{bucket}"}})

    with pytest.raises(InputInvalid, match="found 10 items in its files, expected 11 items"):
        of(folder)


@pytest.mark.parametrize(
    ("of_manifest", "content", "says"),
    [
        ("summary.json", b"<Error/>", r"summary\.json, line 1, column 1: found malformed JSON"),
        ("summary.json", b"", r"summary\.json: found nothing"),
        ("summary.json", b"7", r"summary\.json: found 7"),
        ("summary.json", b'{"outputFormat": "DYNAMODB_JSON"}', r"summary\.json, exportTime: found nothing"),
        ("summary.json", b'{"itemCount": "ten"', r"summary\.json, line 1, column 20: found malformed JSON"),
        ("files.json", b"{}", r"files\.json, line 1, itemCount: found nothing"),
        ("files.json", b'{"itemCount": 5, "dataFileS3Key": 7}', r"files\.json, line 1, dataFileS3Key: found 7"),
        ("files.json", b'{"itemCount": "5", "dataFileS3Key": "x"}', r"files\.json, line 1, itemCount: found '5'"),
        ("files.json", b"7", r"files\.json, line 1: found 7"),
        ("files.json", b"\xff", r"files\.json, line 1: found the byte 0xff"),
    ],
)
@pytest.mark.parametrize("stand_in", STAND_INS)
def test_an_exports_manifest_that_is_none_is_named(account, tmp_path, stand_in, of_manifest, content, says):
    """Bucket, key, line and what is missing there are said, and how to make an export."""
    bucket = account(stand_in) + "exports"
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    export_of("weekly/", bucket, at="2016-12-31T00:00:00Z", items=items_of("Users")[:10])
    key = f"weekly/AWSDynamoDB/2016-12-31T00:00:00Z/manifest-{of_manifest}"
    client("s3").put_object(Bucket=bucket, Key=key, Body=content)
    folder = company_on_aws(tmp_path / "company", {"users": {"export": f"s3://{bucket}/weekly"}})

    with pytest.raises(InputInvalid, match=says) as refused:
        of(folder)

    assert str(refused.value).startswith(f"s3://{bucket}/{key}")
    assert "malformed" in says or "0xff" in says or "export-table-to-point-in-time" in str(refused.value)


def test_an_export_without_one_of_its_files_names_it(account, tmp_path):
    """What a lifecycle rule took away is said with bucket and key."""
    bucket = account("moto") + "exports"
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    export_of("", bucket, at="2016-12-31T00:00:00Z", items=items_of("Users")[:10])
    key = "AWSDynamoDB/2016-12-31T00:00:00Z/data/1.json.gz"
    client("s3").delete_object(Bucket=bucket, Key=key)
    folder = company_on_aws(tmp_path / "company", {"users": {"export": f"s3://{bucket}"}})

    with pytest.raises(AwsUnavailable) as refused:
        of(folder)

    assert str(refused.value).startswith(f"s3://{bucket}/{key}: there is none in this account and region (NoSuchKey)")


@pytest.mark.parametrize("stand_in", STAND_INS)
def test_route53_itself_is_what_the_cli_prints_of_it(account, wire, monkeypatch, stand_in, tmp_path):
    """
    Zones, records and registrations, however many pages they are, become the tables that files give.

    No stand-in has registrations to list: two pages of them are the wire's own.
    """
    account(stand_in)
    pages = [
        {"Domains": [{"DomainName": "One.example", "AutoRenew": True, "Expiry": 1798761600}], "NextPageMarker": "more"},
        {"Domains": [{"DomainName": "two.example", "AutoRenew": False, "Expiry": 1798761600.5}]},
    ]
    registrar = wire("http://127.0.0.1:9", lambda call: pages[call.number - 1])
    monkeypatch.setenv("AWS_ENDPOINT_URL_ROUTE_53_DOMAINS", registrar.endpoint)
    route53 = client("route53")
    zone = route53.create_hosted_zone(Name=f"{uuid.uuid4().hex[:8]}.example", CallerReference=uuid.uuid4().hex)[
        "HostedZone"
    ]
    records = [
        {
            "Name": f"host-{number:03}.{zone['Name']}",
            "Type": "A",
            "TTL": 300,
            "ResourceRecords": [{"Value": "192.0.2.1"}],
        }
        for number in range(320)
    ]
    for some in (records[:160], records[160:]):
        changes = [{"Action": "CREATE", "ResourceRecordSet": record} for record in some]
        route53.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch={"Changes": changes})
    folder = company_on_aws(tmp_path / "company", {}, domains={"aws": True})
    name = zone["Name"].removesuffix(".")

    found = of(folder)

    mine = [row for row in rows(found, "records") if row["zone"] == name]
    assert len([row for row in mine if row["type"] == "A"]) == 320
    assert {row["ttl"] for row in mine if row["type"] == "A"} == {300}
    assert [row["zone"] for row in rows(found, "zones")].count(name) == 1
    assert [
        (row["domain"], row["auto_renew"], row["expires_on"].isoformat()) for row in rows(found, "registrations")
    ] == [
        ("one.example", True, "2027-01-01"),
        ("two.example", False, "2027-01-01"),
    ]
    assert found.provenance["domains"].reader == "route53"
    assert {"hosted-zones.json", "domains.json", f"{name}.json"} <= set(found.provenance["domains"].documents)


def test_zones_of_more_than_a_page_are_all_there(account):
    """Route 53 lists a hundred at once; the hundred and first is one of the company's too."""
    account("moto")
    route53 = client("route53")
    mine = [f"zone-{number}-{uuid.uuid4().hex[:8]}.example" for number in range(101)]
    made = [route53.create_hosted_zone(Name=name, CallerReference=name)["HostedZone"]["Id"] for name in mine]

    listed = json.loads(next(documents_of_route53()).content)["HostedZones"]
    for zone in made:
        route53.delete_hosted_zone(Id=zone)

    assert {f"{name}." for name in mine} <= {zone["Name"] for zone in listed}


# --- how a scan asks ---------------------------------------------------------------------------------------------


def load_crowd(table: str) -> None:
    """3,000 users, in items that are large for what is not mapped: addresses."""
    make_table(table, "userId")
    padding = {"note": {"S": "guest@example.com " * 40}}
    made = [{"userId": {"S": f"u{number:05}"}, "kind": {"S": "customer"}, **padding} for number in range(3_000)]
    fill_table(table, iter(made))


@pytest.fixture
def scanned(wire, moto, on_aws, tmp_path, loaded):
    """
    A function (fate, **keys of the table's source) → what came of reading 3,000 users through a wire, and the wire.

    The table is larger than a page, so that there is a second one to ask for.
    """
    on_aws(moto)
    if "crowd" not in loaded:
        loaded["crowd"] = f"users-{uuid.uuid4().hex[:8]}"
        load_crowd(loaded["crowd"])

    def read(fate, *, watch=None, **keys):
        laid = wire(moto, fate)
        on_aws(laid.endpoint)
        folder = company_on_aws(tmp_path / "company", {"users": {"table": loaded["crowd"], "segments": 1, **keys}})
        text = (folder / "company.yaml").read_text()
        (folder / "company.yaml").write_text(
            text.replace("created_at: createdAt\n", "").replace("channel: channel\n", "")
        )
        try:
            return of(folder, watch=watch), laid
        except (AwsUnavailable, CollectingOverdue, InputInvalid) as error:
            return error, laid

    return read


def test_only_mapped_attributes_cross_the_wire(scanned):
    """The request names them, so that addresses and notes beside them never leave the table."""
    found, laid = scanned(lambda _: None)

    said = laid.calls[0].said
    assert set(said["ExpressionAttributeNames"].values()) == {"userId", "kind"}
    assert said["ProjectionExpression"] == "#a0, #a1"
    assert found.tables["users"].num_rows == 3_000
    assert len(laid.calls) > 1
    assert [call.said.get("ExclusiveStartKey") is None for call in laid.calls] == [True] + [False] * (
        len(laid.calls) - 1
    )


def test_segments_are_read_side_by_side_and_nothing_twice(scanned):
    """Each of them has its own pages; together they are the table."""
    found, laid = scanned(lambda _: None, segments=5)

    assert {call.said["Segment"] for call in laid.calls} == set(range(5))
    assert {call.said["TotalSegments"] for call in laid.calls} == {5}
    assert len(set(found.tables["users"]["user_id"].to_pylist())) == 3_000


def test_after_a_throttle_the_scan_goes_on_where_it_was(scanned, monkeypatch):
    """A page that was refused is asked for again, with the same key; those before it are not."""
    monkeypatch.setattr("quarterdeck.sources.scan._WAITS_S", (0.01,))

    def fate(call):
        throttled = call.number in range(2, 9)  # longer than botocore's own attempts last
        return (400, "ProvisionedThroughputExceededException", "slow down") if throttled else None

    found, laid = scanned(fate)

    assert found.tables["users"].num_rows == 3_000
    keys = [json.dumps(call.said.get("ExclusiveStartKey")) for call in laid.calls]
    assert len(set(keys[1:9])) == 1
    assert keys.count("null") == 1
    answered = [keys[0], *keys[8:]]
    assert len(set(answered)) == len(answered)


def no_time_after(pages: int) -> tuple[Watch, list[str]]:
    """A watch whose time is over when it was asked for more than *pages*, and what it was told that was read."""
    read: list[str] = []

    def go_on(source: str, so_far: str) -> None:
        read.append(so_far)
        if len(set(read)) > pages:
            raise CollectingOverdue(source, so_far, "2016-W52")

    return Watch(go_on=go_on), read


def test_a_scan_whose_time_is_over_stops_and_asks_no_more(scanned):
    """It names the table, how far it was read and what to do; no further page is asked for."""
    watch, read = no_time_after(1)

    error, laid = scanned(lambda _: None, watch=watch)
    asked = len(laid.calls)
    time.sleep(0.2)

    assert isinstance(error, CollectingOverdue)
    assert re.match(r"DynamoDB table users-\w+ in eu-west-1: [\d,]+ items were read when the time", str(error))
    assert read[-1] != "0 items"
    assert "runner.py run --period 2016-W52" in str(error)
    assert len(laid.calls) == asked < 4


def test_a_scan_that_hears_nothing_is_stopped_too(scanned, monkeypatch):
    """The time is looked at while no page comes, and nobody waits for the answer."""
    monkeypatch.setattr("quarterdeck.sources.scan._LOOK_EVERY_S", 0.05)
    monkeypatch.setattr("quarterdeck.sources.scan._ENDED_WITHIN_S", 0.1)
    began = time.monotonic()

    def go_on(source: str, so_far: str) -> None:
        if time.monotonic() > began + 0.5:
            raise CollectingOverdue(source, so_far, "2016-W52")

    error, _ = scanned(lambda _: time.sleep(4), watch=Watch(go_on=go_on))

    assert str(error).partition(":")[2].startswith(" 0 items were read when the time to collect was over.")
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("source", ["events", "handoffs", "lambdas", "domains", "books"])
def test_every_source_can_run_out_of_time(source):
    """Documents as well as tables: what is said names the source and how much of it was read."""

    def go_on(name: str, so_far: str) -> None:
        if source in name:
            raise CollectingOverdue(name, so_far, "2016-W52")

    with pytest.raises(CollectingOverdue, match=rf"^sources\.(tables\.)?{source}.*: [01] (items|documents) were read"):
        of(ROOT / "sample", watch=Watch(go_on=go_on))


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("ProvisionedThroughputExceededException", "it is asked too often at the moment"),
        ("AccessDeniedException", "the permission dynamodb:Scan is missing"),
        ("ExpiredTokenException", "the credentials have expired"),
        ("ResourceNotFoundException", "there is none in this account and region"),
    ],
)
def test_what_stops_a_scan_names_the_table_and_what_is_missing(scanned, monkeypatch, code, says):
    """In its middle as at its start: the table, its region, and what to mend."""
    monkeypatch.setattr("quarterdeck.sources.scan._WAITS_S", ())

    error, _ = scanned(lambda call: (400, code, "no") if call.number > 1 else None)

    assert isinstance(error, AwsUnavailable)
    assert str(error).startswith("DynamoDB table users-")
    assert "in eu-west-1" in str(error)
    assert says in str(error)


def test_a_table_deleted_in_mid_scan_stops_it(scanned, loaded):
    """What was read of it is no table: nothing is collected, and the message names it."""

    def fate(call):
        if call.operation == "Scan" and call.number == 2:
            client("dynamodb").delete_table(TableName=call.said["TableName"])

    error, laid = scanned(fate)
    del loaded["crowd"]

    assert laid.operations().count("Scan") == 2
    assert isinstance(error, AwsUnavailable)
    assert "there is none in this account and region (ResourceNotFoundException)" in str(error)


def test_a_fault_of_the_service_that_passes_loses_nothing(scanned):
    """A 500 and a broken line in mid-scan are asked again: every page is there, once."""
    fates = {2: (500, "InternalServerError", "try again"), 3: "answer lost"}

    found, laid = scanned(lambda call: fates.get(call.number))

    assert len(set(found.tables["users"]["user_id"].to_pylist())) == found.tables["users"].num_rows == 3_000
    assert [call.said.get("ExclusiveStartKey") for call in laid.calls].count(None) == 1


@pytest.mark.parametrize(
    ("fate", "says"),
    [
        ((500, "InternalServerError", "out of order"), "InternalServerError: out of order"),
        ("slow", "it does not answer (ReadTimeoutError)"),
        ("answer lost", "it does not answer ("),
    ],
)
def test_a_fault_that_stays_stops_the_scan(scanned, monkeypatch, fate, says):
    """Where the service is out of order or without a word for longer than we wait, the table is named."""
    monkeypatch.setattr("quarterdeck.aws._ATTEMPTS", 1)
    monkeypatch.setattr("quarterdeck.sources.scan._ANSWER_WITHIN_S", 1.0 if fate == "slow" else 30.0)

    def becomes(call):
        if fate == "slow":
            time.sleep(2)
        return None if fate == "slow" or call.number == 1 else fate

    error, _ = scanned(becomes)

    assert isinstance(error, AwsUnavailable)
    assert str(error).startswith("DynamoDB table users-")
    assert says in str(error)


@pytest.mark.parametrize("stand_in", STAND_INS)
@pytest.mark.parametrize("what", ["name", "region"])
def test_a_table_that_is_not_there_is_named_with_its_region(account, monkeypatch, stand_in, what, tmp_path):
    """A wrong name and a wrong region look the same to AWS: the message says both."""
    name = account(stand_in) + "users"
    if what == "region":
        make_table(name, "userId")
        monkeypatch.setenv("AWS_REGION", "eu-north-1")
    folder = company_on_aws(tmp_path / "company", {"users": {"table": name}})

    with pytest.raises(AwsUnavailable) as refused:
        of(folder)

    region = "eu-north-1" if what == "region" else "eu-west-1"
    assert f"DynamoDB table {name} in {region}" in str(refused.value)
    assert "there is none in this account and region" in str(refused.value)


@pytest.mark.parametrize(
    ("sources", "subject"),
    [
        ({"tables": {"users": {"table": "users"}}}, "DynamoDB table users in eu-west-1"),
        ({"handoffs": {"path": "s3://weekly-files/handoffs"}}, "s3://weekly-files/handoffs/"),
        ({"domains": {"aws": True}}, "Route 53"),
    ],
)
def test_without_credentials_every_source_says_so(account, monkeypatch, tmp_path, sources, subject):
    """Nobody is logged in: what was asked for, and what to do."""
    account("moto")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    folder = company_on_aws(tmp_path / "company", sources.pop("tables", {}), **sources)

    with pytest.raises(AwsUnavailable) as refused:
        of(folder)

    assert str(refused.value).startswith(subject)
    assert "no credentials were found" in str(refused.value)
    assert "Log in, or set AWS_PROFILE" in str(refused.value)


@pytest.fixture
def denied(wire, moto, on_aws, tmp_path):
    """
    A function (end of an operation, code) → what is said when S3 or Route 53 refuse what ends so by that code.

    Behind the wire lie a bucket with one handoff document, and a zone.
    """
    on_aws(moto)
    bucket = f"own-{uuid.uuid4().hex[:8]}-files"
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client("s3").put_object(Bucket=bucket, Key="handoffs/bar.md", Body=b"# Bar\n")
    client("route53").create_hosted_zone(Name="bar.example", CallerReference=uuid.uuid4().hex)

    def read(part: str, code: str, **source: object) -> str:
        laid = wire(moto, lambda call: (403, code, "no") if call.operation.endswith(part) else None)
        on_aws(laid.endpoint)
        source = source or {"handoffs": {"path": f"s3://{bucket}/handoffs"}}
        with pytest.raises(AwsUnavailable) as refused:
            of(company_on_aws(tmp_path / "company", {}, **source))
        return str(refused.value).replace(bucket, "BUCKET")

    return read


@pytest.mark.parametrize(
    ("part", "code", "says"),
    [
        ("-files", "AccessDenied", "s3://BUCKET/handoffs/: the permission s3:ListBucket is missing"),
        ("bar.md", "AccessDenied", "s3://BUCKET/handoffs/bar.md: the permission s3:GetObject is missing"),
        ("bar.md", "ExpiredToken", "s3://BUCKET/handoffs/bar.md: the credentials have expired"),
        ("-files", "InvalidAccessKeyId", "s3://BUCKET/handoffs/: the credentials are not known there"),
        ("-files", "RequestTimeTooSkewed", "s3://BUCKET/handoffs/: this machine's clock is off"),
    ],
)
def test_a_bucket_that_may_not_be_read_is_named_with_the_permission(denied, part, code, says):
    """To list it and to read one object of it are two permissions: the message names the one that is missing."""
    assert says in denied(part, code)


def test_a_bucket_of_another_region_is_read(account, wire, on_aws, tmp_path):
    """S3 sends whoever asks in the wrong region on, and the documents are read from where they lie."""
    bucket = account("moto") + "far"
    far = client("s3", region="eu-north-1")
    far.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
    far.put_object(Bucket=bucket, Key="handoffs/bar.md", Body=b"# Bar\n")
    laid = wire(os.environ["AWS_ENDPOINT_URL"], sent_on(bucket, "eu-north-1"))
    on_aws(laid.endpoint)

    found = of(company_on_aws(tmp_path / "company", {}, handoffs={"path": f"s3://{bucket}/handoffs"}))

    assert found.tables["projects"]["project"].to_pylist() == ["Bar"]
    assert [call.signed_for for call in laid.calls][:1] == ["eu-west-1"]
    assert laid.calls[-1].signed_for == "eu-north-1"


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ("/hostedzone", "Route 53: the permission route53:ListHostedZones is missing"),
        ("/rrset", r"Route 53, zone \S+\.example: the permission route53:ListResourceRecordSets is missing"),
        ("ListDomains", "Route 53 Domains: the permission route53domains:ListDomains is missing"),
    ],
)
def test_what_route53_denies_is_named_with_the_permission(denied, part, says):
    """Zones, the records of one zone, and registrations are three permissions."""
    assert re.match(says, denied(part, "AccessDeniedException", domains={"aws": True}))


def test_a_page_that_lost_items_is_refused(scanned):
    """DynamoDB says how many there are: a proxy that cuts an answer must not cut the company."""
    page = {"Items": [{"userId": {"S": "u1"}, "kind": {"S": "customer"}}], "Count": 2, "ScannedCount": 2}

    error, _ = scanned(lambda _: page)

    assert isinstance(error, InputInvalid)
    assert "segment 1 of 1: found a page of 1 items, expected 2, as it says itself" in str(error)


def test_a_required_attribute_that_the_table_lacks_is_named(scanned):
    """Table, item and attribute are said, and no value of another attribute."""
    page = {"Items": [{"userId": {"S": "u1"}}], "Count": 1, "ScannedCount": 1}

    error, _ = scanned(lambda _: page)

    assert isinstance(error, InputInvalid)
    assert "segment 1 of 1, item 1 (user_id 'u1'), kind: found no value" in str(error)


def test_a_table_is_spared(scanned):
    """With a limit of read units a second, a page waits until the one before it is paid for."""
    page = {
        "Items": [],
        "Count": 0,
        "ScannedCount": 0,
        "ConsumedCapacity": {"CapacityUnits": 20.0},
        "LastEvaluatedKey": {"userId": {"S": "u1"}},
    }
    times = []

    def fate(call):
        times.append(datetime.now(UTC))
        return page if call.number < 4 else {**page, "LastEvaluatedKey": None}

    scanned(fate, capacity_per_second=100)

    assert len(times) == 4
    assert (
        times[-1] - times[0]
    ).total_seconds() >= 0.4  # three pages of 20 units at 100 a second, less what asking took


def test_progress_is_said_every_ten_thousand_items(scanned):
    """Whoever waits for a large table sees it move; a small one says nothing."""
    told: list[str] = []

    def fate(call):
        first = (call.number - 1) * 4_000
        items = [{"userId": {"S": f"u{first + n}"}, "kind": {"S": "customer"}} for n in range(4_000)]
        more = {"LastEvaluatedKey": {"userId": {"S": f"u{first}"}}} if call.number < 6 else {}
        return {"Items": items, "Count": 4_000, "ScannedCount": 4_000, **more}

    found, _ = scanned(fate, watch=Watch(told.append))

    assert found.tables["users"].num_rows == 24_000
    assert told == ["collecting: users, 12,000 items so far", "collecting: users, 20,000 items so far"]


# --- what is refused before anything is asked --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ({"path": "a.json", "table": "weekly"}, "one of path: (a file), table: (in DynamoDB) and export:"),
        ({}, "one of path: (a file), table: (in DynamoDB) and export:"),
        ({"path": "a.json", "segments": 2}, "segments: and capacity_per_second: with table: only"),
        ({"table": "weekly", "segments": 0}, "greater than or equal to 1"),
        ({"table": "a b"}, "String should match pattern"),
        ({"export": "bucket/prefix"}, "String should match pattern"),
        ({"tabel": "weekly"}, "the unknown key 'tabel'"),
    ],
)
def test_a_table_is_in_one_place(tmp_path, source, says):
    """Two origins, none, or a key that does nothing there stop the reading with the line."""
    folder = company_on_aws(tmp_path / "company", {"users": source})

    with pytest.raises(InputInvalid) as refused:
        load_company(folder)

    assert "company.yaml, line" in str(refused.value)
    assert says in str(refused.value)


def test_domains_are_in_one_place(tmp_path):
    """Files or Route 53, not both and not neither."""
    for domains in ({"aws": True, "path": "route53"}, {"aws": False}):
        folder = company_on_aws(tmp_path / "company", {}, domains=domains)
        with pytest.raises(InputInvalid, match=r"either path: .* or aws: true"):
            load_company(folder)


@pytest.mark.parametrize(
    ("path", "error", "says"),
    [
        ("s3://nobodys-bucket-here/x", AwsUnavailable, "there is none in this account and region"),
        ("s3://{bucket}/nothing-here", InputInvalid, "below which nothing lies"),
        ("s3://UPPER/x", InputInvalid, "expected s3://bucket/prefix"),
    ],
)
def test_a_place_on_s3_that_holds_nothing_is_named(account, tmp_path, path, error, says):
    """A missing bucket, an empty prefix and what is no address: each names the key of company.yaml or the address."""
    bucket = account("moto") + "files"
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    folder = company_on_aws(tmp_path / "company", {}, handoffs={"path": path.format(bucket=bucket)})

    with pytest.raises(error) as refused:
        of(folder)

    assert says in str(refused.value)
    assert "s3://" in str(refused.value)


def test_a_table_that_changed_is_a_new_snapshot(account, tmp_path):
    """Unchanged rows give the last snapshot again; one more row does not, though no document tells."""
    name = account("moto") + "users"
    make_table(name, "userId")
    fill_table(name, iter(items_of("Users")[:5]))
    folder = company_on_aws(tmp_path / "company", {"users": {"table": name}})
    text = (folder / "company.yaml").read_text()
    (folder / "company.yaml").write_text("\n".join(line for line in text.splitlines() if not line.startswith("as_of")))
    company, store, now = load_company(folder), tmp_path / "snapshots", datetime(2017, 1, 3, tzinfo=UTC)
    taken = take_snapshot(of(folder), company, as_of=now, store=store, collected_at=now)

    again = reusable_snapshot(of(folder), company, now=now, store=store)
    fill_table(name, iter(items_of("Users")[5:6]))
    changed = reusable_snapshot(of(folder), company, now=now, store=store)

    assert again == taken
    assert changed is None


def test_collecting_from_files_never_loads_boto3():
    """A company in a folder needs no AWS, and does not wait for it."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom quarterdeck.config import load_company\n"
        "from quarterdeck.sources import collect\n"
        "folder = Path(sys.argv[1])\ncollect(load_company(folder), folder)\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'boto3', 'botocore'}))"
    )

    done = subprocess.run([sys.executable, "-c", code, str(HOTEL)], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
