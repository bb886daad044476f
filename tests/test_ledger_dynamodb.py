import itertools
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from quarterdeck import aws
from quarterdeck.errors import AwsUnavailable, InputInvalid
from quarterdeck.ledger import Ledger, open_ledger
from quarterdeck.ledger.dynamodb import SCHEMA, DynamoTable, create_table
from quarterdeck.ledger.table import Item, Key, Listing

CFO = "cfo/2026-W48"
READER = "cfo@example.com"


def now() -> datetime:
    return datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


def item(sort: str = "STATE", stamp: str = "1", listing: Listing | None = None, **content) -> Item:
    return Item(Key(f"EDITION#{CFO}", sort), listing, stamp, content)


@pytest.fixture(params=["moto", "ministack"])
def stand_in(request, on_aws):
    """The endpoint of a DynamoDB, and boto3 pointed there."""
    endpoint = request.getfixturevalue(request.param)
    on_aws(endpoint)
    return endpoint


@pytest.fixture
def name(stand_in):  # noqa: ARG001 - the table is made there
    """The name of an empty table of a ledger."""
    name = f"ledger-{secrets.token_hex(8)}"
    create_table(name)
    return name


@pytest.fixture
def table(name):
    return DynamoTable(name)


@pytest.fixture
def behind(name, stand_in, wire, on_aws):
    """A function fate → (wire, ledger): the ledger speaks to its table over the wire, its edition released before."""

    def lay(fate):
        bring_released(open_ledger(f"dynamodb:{name}", "resort", now))
        laid = wire(stand_in, fate)
        on_aws(laid.endpoint)
        ledger = open_ledger(f"dynamodb:{name}", "resort", now)
        laid.calls.clear()
        return laid, ledger

    return lay


@pytest.fixture
def impatient(monkeypatch):
    """boto3 tries twice, so that a test need not wait for six."""
    monkeypatch.setattr(aws, "_ATTEMPTS", 2)


def bring_released(ledger: Ledger) -> None:
    ledger.open_batch("2026-W48", "snapshot-1")
    run = ledger.start_run(CFO, timedelta(hours=1))
    ledger.finish_run(run, "ready", seconds=1)
    ledger.mark_ready(CFO, run.id)
    ledger.release(CFO, run.id)


def claim(ledger: Ledger, owner: str = "owner-1"):
    return ledger.claim(CFO, READER, body_hash="b0d1", owner=owner)


def lost(operation: str, *numbers: int, what: str = "answer lost"):
    """The fate that loses those calls of *operation*, counted from 1."""
    return lambda call: what if call.operation == operation and call.number in numbers else None


# Lost answers


def test_a_claim_whose_answer_was_lost_won(behind):
    """boto3 writes again, the condition fails on our own write, and the stamp tells that it is ours."""
    wire, ledger = behind(lost("PutItem", 1))

    won = claim(ledger)

    assert won.outcome == "claimed"
    assert wire.operations().count("PutItem") == 2
    assert ledger.deliveries(CFO) == (won.delivery,)
    assert claim(ledger, "owner-2").outcome == "being_sent"


def test_the_table_knows_its_own_write_again(name, stand_in, wire, on_aws):
    """A condition that failed on what this very call wrote is no failure, for a new item and for a change."""
    on_aws(wire(stand_in, lost("PutItem", 1, 3)).endpoint)
    table = DynamoTable(name)

    assert table.put_if(item(stamp="1"), None)
    assert table.put_if(item(stamp="2"), "1")
    assert table.get(item().key) == item(stamp="2")


def test_every_write_of_a_delivery_may_lose_its_answer(behind):
    """Claim, refusal, claim anew, sending, and once more by a person: each answer is lost once, and nothing differs."""
    is_first = itertools.cycle([True, False])
    wire, ledger = behind(lambda call: "answer lost" if call.operation == "PutItem" and next(is_first) else None)

    first = claim(ledger)
    refused = ledger.settle_refused(first.delivery, "suppressed")
    second = claim(ledger, "owner-2")
    sent = ledger.settle_sent(second.delivery, "0100-ses")
    again = ledger.resend(CFO, READER, body_hash="b0d1", owner="owner-3", because="she lost it", by="jada")

    assert [first.outcome, second.outcome, again.outcome] == ["claimed"] * 3
    assert (refused.state, sent.state, sent.claims) == ("refused", "sent", 2)
    assert [one.state for one in ledger.deliveries(CFO)] == ["sent", "sending"]
    assert wire.operations().count("PutItem") == 2 * 6  # the second claim writes twice: its place is taken


def test_a_claim_that_another_made_meanwhile_is_lost(behind, name):
    """When the request itself was lost and another claims before boto3 writes again, the other one sends."""

    def fate(call):
        if (call.operation, call.number) != ("PutItem", 1):
            return None
        claim(Ledger(behind_the_wire, "resort", now), "owner-2")
        return "request lost"

    behind_the_wire = DynamoTable(name)
    _, ledger = behind(fate)

    assert claim(ledger, "owner-1").outcome == "being_sent"
    assert [one.owner for one in ledger.deliveries(CFO)] == ["owner-2"]


@pytest.mark.usefixtures("impatient")
def test_a_claim_whose_every_answer_is_lost_is_kept_from_others(behind):
    """Nothing is sent, the claim stands, nobody else gets it, and its owner still does."""
    wire, ledger = behind(lost("PutItem", 1, 2))

    with pytest.raises(AwsUnavailable) as refusal:
        claim(ledger, "owner-1")

    assert "it does not answer" in str(refusal.value)
    assert "What was recorded before stands" in str(refusal.value)
    assert wire.operations().count("PutItem") == 2
    assert claim(ledger, "owner-2").outcome == "being_sent"
    assert claim(ledger, "owner-1").outcome == "claimed"


def test_a_read_that_is_lost_is_read_again(behind):
    """Reads change nothing, and are repeated until they are heard."""
    wire, ledger = behind(lost("GetItem", 1, what="request lost"))

    assert ledger.edition(CFO).state == "released"
    assert wire.operations().count("GetItem") > 1


# Trouble


def test_a_throttle_that_passes_is_waited_for(behind):
    """A table that is asked too often is asked again, more slowly."""
    throttled = (400, "ProvisionedThroughputExceededException", "slow down")
    wire, ledger = behind(lambda call: throttled if call.operation == "PutItem" and call.number < 3 else None)

    assert claim(ledger).outcome == "claimed"
    assert wire.operations().count("PutItem") == 3


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("refused", "said"),
    [
        ("ProvisionedThroughputExceededException", "it is asked too often at the moment"),
        ("ExpiredTokenException", "the credentials have expired"),
        ("AccessDeniedException", "the permission {permission} is missing"),
        ("ResourceNotFoundException", "there is none in this account and region"),
    ],
)
def test_what_the_table_refuses_names_table_and_permission(behind, name, refused, said):
    """Each operation's refusal says which table of which region it was, and which permission it needed."""
    deciding = {
        "dynamodb:GetItem": lambda ledger: ledger.edition(CFO),
        "dynamodb:PutItem": lambda ledger: ledger.open_batch("2026-W49", "snapshot-2"),
        "dynamodb:Query": lambda ledger: ledger.deliveries(CFO),
        "dynamodb:Query (table and index listed)": lambda ledger: ledger.batches(),
        "dynamodb:BatchGetItem": lambda ledger: ledger.batches(),
        "dynamodb:DescribeTable": lambda _: DynamoTable(name),
    }
    failing = ""
    _, ledger = behind(lambda call: (400, refused, "no") if call.operation == failing else None)

    for permission, act in deciding.items():
        failing = permission.split(" ")[0].removeprefix("dynamodb:")
        with pytest.raises(AwsUnavailable) as refusal:
            act(ledger)
        expected = said.format(permission=permission)
        assert f"DynamoDB table {name} in eu-west-1: {expected} ({refused})." in str(refusal.value)


def test_a_missing_table_is_said(stand_in):  # noqa: ARG001 - asked there
    """The stand-ins' own answer: the table is named, and nothing is made."""
    with pytest.raises(AwsUnavailable) as refusal:
        open_ledger("dynamodb:no-such-ledger", "resort", now)

    assert "DynamoDB table no-such-ledger in eu-west-1: there is none in this account and region" in str(refusal.value)
    assert "Make it, or name the right one" in str(refusal.value)


def test_a_table_that_is_there_is_not_made_again(name):
    """Making a ledger where one is changes nothing, and says so."""
    with pytest.raises(AwsUnavailable) as refusal:
        create_table(name)

    assert f"DynamoDB table {name} in eu-west-1: ResourceInUseException" in str(refusal.value)


@pytest.mark.parametrize("table", ["l", "no/ledger", "a b", "x" * 256])
def test_what_is_no_tables_name_is_refused(table):
    """A name that DynamoDB cannot have is refused before anything is asked."""
    with pytest.raises(InputInvalid) as refusal:
        open_ledger(f"dynamodb:{table}", "resort", now)

    assert f"found 'dynamodb:{table}', expected dynamodb:TABLE, a name of 3 to 255 characters" in str(refusal.value)


# A table of something else


def schema(keys: dict[str, str], index: dict[str, str], kind: str = "S") -> dict[str, object]:
    described = {
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": kind} for key in (*keys, *index)],
        "KeySchema": [{"AttributeName": key, "KeyType": role} for key, role in keys.items()],
        "BillingMode": "PAY_PER_REQUEST",
    }
    if index:
        key_schema = [{"AttributeName": key, "KeyType": role} for key, role in index.items()]
        listed = {"IndexName": "listed", "KeySchema": key_schema, "Projection": {"ProjectionType": "KEYS_ONLY"}}
        described["GlobalSecondaryIndexes"] = [listed]
    return described


KEYS, INDEX = {"partition": "HASH", "sort": "RANGE"}, {"head": "HASH", "place": "RANGE"}


def test_the_ledgers_own_schema_is_this(name):
    """Two keys of text, an index of keys only, paid by request, and no time to live."""
    dynamodb = aws.client("dynamodb")

    assert schema(KEYS, INDEX) == SCHEMA
    assert dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED"


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize(
    ("described", "found"),
    [
        (schema({"eventId": "HASH"}, {}), "keys has eventId (HASH S)"),
        (schema({"partition": "HASH"}, INDEX), "keys has partition (HASH S)"),
        (schema(KEYS, INDEX, kind="N"), "keys has partition (HASH N), sort (RANGE N)"),
        (schema(KEYS, {}), "index 'listed' has none"),
        (schema(KEYS, {"head": "HASH"}), "index 'listed' has head (HASH S)"),
    ],
)
def test_a_table_of_another_schema_is_refused_and_left_alone(described, found):
    """A table that was made for something else is told from a ledger before anything is written to it."""
    name = f"other-{secrets.token_hex(8)}"
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(TableName=name, **described)

    with pytest.raises(InputInvalid) as refusal:
        open_ledger(f"dynamodb:{name}", "resort", now)

    assert f"found dynamodb:{name}, a table whose {found}, expected a ledger's: " in str(refusal.value)
    assert dynamodb.scan(TableName=name)["Count"] == 0


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        ({"content": {"M": {}}}, "KeyError: 'stamp'"),
        ({"stamp": {"S": "1"}, "content": {"B": b"x"}}, "ValueError: an attribute of type B"),
        ({"stamp": {"S": "1"}, "content": {"M": {"n": {"N": "1.5"}}}}, "ValueError: invalid literal for int()"),
    ],
)
def test_an_item_of_a_stranger_is_named(table, name, broken, found):
    """What no release wrote is refused with its key, and nothing is guessed from it."""
    key = {"partition": {"S": "EDITION#x"}, "sort": {"S": "STATE"}}
    aws.client("dynamodb").put_item(TableName=name, Item=key | broken)

    with pytest.raises(InputInvalid) as refusal:
        table.get(Key("EDITION#x", "STATE"))

    assert f"dynamodb:{name}, EDITION#x STATE: found {found}" in str(refusal.value)


# The store's four operations


def test_an_item_is_written_only_where_it_is_as_expected(table):
    """A new item needs an empty place, a change the stamp that was read; both say whether they were done."""
    assert table.put_if(item(stamp="1", state="building"), None)
    assert not table.put_if(item(stamp="2", state="held"), None)
    assert not table.put_if(item(stamp="3", state="held"), "2")
    assert table.put_if(item(stamp="4", state="ready"), "1")
    assert not table.put_if(item("RUN#1", stamp="5"), "1")
    assert table.get(item().key) == item(stamp="4", state="ready")
    assert table.get(item("RUN#1").key) is None


def test_content_comes_back_as_it_was(table):
    """Texts of any language, whole numbers of any size that a ledger has, and nested lists survive exactly."""
    written = item(text="Süd „x“ 数\n", empty="", number=10**18 + 1, less=-5, nested=[{"at": ["a", 1, []]}, {}])

    table.put_if(written, None)

    assert table.get(written.key) == written


def test_a_partition_of_several_pages_is_read_whole(table):
    """More than DynamoDB answers at once (1 MB) comes back in one list, in the order of its keys."""
    for number in range(4):
        table.put_if(item(f"RUN#{number}", text="x" * 350_000), None)
    table.put_if(item("STATE"), None)

    assert [found.key.sort for found in table.query(f"EDITION#{CFO}", "RUN#")] == [f"RUN#{n}" for n in range(4)]


def test_a_list_longer_than_a_batch_is_read_whole(table):
    """More items than one request can name are listed in the order of their places, and none of another list."""
    for number in reversed(range(103)):
        table.put_if(Item(Key(f"BATCH#{number}", "STATE"), Listing("BATCHES", f"{number:03}"), "1", {}), None)
    table.put_if(Item(Key("EDITION#x", "STATE"), Listing("EDITIONS", "000"), "1", {}), None)

    found = table.listed("BATCHES")

    assert [one.listing for one in found] == [Listing("BATCHES", f"{number:03}") for number in range(103)]
    assert table.listed("NOTHING") == []


def test_what_a_list_did_not_get_it_asks_for_again(behind):
    """Items that DynamoDB left out of an answer are asked for until they are there."""

    def fate(call):
        is_first = (call.operation, call.number) == ("BatchGetItem", 1)
        return {"Responses": {}, "UnprocessedKeys": call.said["RequestItems"]} if is_first else None

    wire, ledger = behind(fate)

    assert [batch.period for batch in ledger.batches()] == ["2026-W48"]
    assert wire.operations().count("BatchGetItem") == 2


def test_a_list_that_is_never_given_whole_ends(behind):
    """A table that is throttled for good is said to be, after some seconds; it is not asked for ever."""
    wire, ledger = behind(
        lambda call: (
            {"Responses": {}, "UnprocessedKeys": call.said["RequestItems"]}
            if call.operation == "BatchGetItem"
            else None
        )
    )

    with pytest.raises(AwsUnavailable, match="it is throttled"):
        ledger.batches()

    assert wire.operations().count("BatchGetItem") == 8


def test_an_index_that_lags_shows_no_old_state(behind, name):
    """What the index says is late: the list of batches may miss the newest, and shows each as it stands by now."""
    ledger = open_ledger(f"dynamodb:{name}", "resort", now)
    ledger.open_batch("2026-W48", "snapshot-1")
    key = {"partition": {"S": "BATCH#2026-W48"}, "sort": {"S": "STATE"}}
    old = {"Items": [key | {"head": {"S": "BATCHES"}, "content": {"M": {"snapshot": {"S": "snapshot-0"}}}}]}
    _, ledger = behind(lambda call: old if "IndexName" in call.said else None)
    ledger.open_batch("2026-W49", "snapshot-2")

    (batch,) = ledger.batches()

    assert (batch.period, batch.snapshot, batch.state) == ("2026-W48", "snapshot-1", "released")


def test_what_a_batch_is_does_not_depend_on_the_index(behind):
    """An edition that was begun a moment ago counts: its gate is compared with it, and nobody hears of a release."""
    wire, ledger = behind(lambda call: {"Items": []} if "IndexName" in call.said else None)
    before = ledger.batch("2026-W48").state

    ledger.start_run("ceo/2026-W48", timedelta(hours=1))

    assert [one.name for one in ledger.editions("2026-W48")] == [CFO, "ceo/2026-W48"]
    assert (before, ledger.batch("2026-W48").state) == ("released", "open")
    assert not [call for call in wire.calls if "IndexName" in call.said]


def test_what_decides_is_read_consistently(behind):
    """Every read but the index's is of the last finished write."""
    wire, ledger = behind(lambda _: None)

    ledger.batches()
    ledger.runs(CFO)
    claim(ledger)
    claim(ledger)

    reads = [call.said for call in wire.calls if call.operation in ("GetItem", "Query", "BatchGetItem")]
    asked = [said["RequestItems"].popitem()[1] if "RequestItems" in said else said for said in reads]
    assert {said.get("ConsistentRead", False) for said in asked if "IndexName" not in said} == {True}
    assert len(asked) > 6
