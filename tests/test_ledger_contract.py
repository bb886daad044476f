import itertools
import json
import secrets
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import ClassVar

import pytest

from quarterdeck import aws
from quarterdeck.errors import CommandRefused, InputInvalid
from quarterdeck.ledger import SEND_LEASE, Ledger, dynamodb, open_ledger, records
from quarterdeck.mail.events import parse_event

CFO = "cfo/2026-W48"
CEO = "ceo/2026-W48"
WEEK = "2026-W48"
READER = "cfo@example.com"
AN_HOUR = timedelta(hours=1)


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def passes(self, time: timedelta) -> None:
        self.now += time


class SqliteFile:
    """The embedded store: its URL, and everything that lies on the disk."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._folder = request.getfixturevalue("tmp_path") / "state"
        self.url = f"sqlite:{self._folder / 'resort.db'}"

    def everything(self) -> bytes:
        return b"".join(path.read_bytes() for path in self._folder.iterdir())


class DynamoDb:
    """A fresh table of the DynamoDB at a stand-in: its URL, and every attribute of every item."""

    clients: ClassVar = {}  # making one takes a tenth of a second, and threads may share it

    def __init__(self, request: pytest.FixtureRequest, server: str) -> None:
        request.getfixturevalue("on_aws")(request.getfixturevalue(server))
        if server not in self.clients:
            self.clients[server] = aws.client("dynamodb")
        self._client = self.clients[server]
        request.getfixturevalue("monkeypatch").setattr(dynamodb, "client", lambda _: self._client)
        self._table = f"ledger-{secrets.token_hex(8)}"
        self.url = f"dynamodb:{self._table}"
        dynamodb.create_table(self._table)

    def everything(self) -> bytes:
        pages = self._client.get_paginator("scan").paginate(TableName=self._table)
        return json.dumps([page["Items"] for page in pages], ensure_ascii=False).encode()


STORES = {
    "sqlite": SqliteFile,
    "moto": partial(DynamoDb, server="moto"),
    "ministack": partial(DynamoDb, server="ministack"),
}


@pytest.fixture(params=STORES.values(), ids=STORES)
def store(request):
    return request.param(request)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(store, clock):
    return open_ledger(store.url, "resort", clock)


@pytest.fixture
def released(ledger):
    """The ledger with a released CFO's edition: deliveries can be claimed."""
    return bring_edition(ledger, "released")


def bring_edition(ledger: Ledger, state: str, name: str = CFO) -> Ledger:
    """Take the edition *name* to *state* by the doors that lead there."""
    ledger.open_batch(WEEK, "snapshot-1")
    run = ledger.start_run(name, AN_HOUR)
    if state != "building":
        ledger.finish_run(run, "failed" if state == "failed" else "ready", seconds=2.5, reason="cell 4")
    if state == "held":
        ledger.hold(name, run.id, ["the text says 'nan'"])
    if state in ("ready", "released"):
        ledger.mark_ready(name, run.id)
    if state == "released":
        ledger.release(name, run.id)
    return ledger


def claim(ledger: Ledger, owner: str = "owner-1", recipient: str = READER, edition: str = CFO):
    return ledger.claim(edition, recipient, body_hash="b0d1", owner=owner)


def states(ledger: Ledger, edition: str = CFO) -> list[str]:
    return [delivery.state for delivery in ledger.deliveries(edition)]


# Whose ledger


@pytest.mark.usefixtures("ledger")
def test_a_ledger_is_one_companys(store, clock):
    """A ledger that holds another slug is refused, with both named, and exit 2."""
    with pytest.raises(CommandRefused) as refusal:
        open_ledger(store.url, "harbour", clock)

    assert "it holds the company 'resort', not 'harbour'" in str(refusal.value)
    assert refusal.value.exit_code == 2


def test_a_later_layout_is_refused(ledger, store, clock):
    """A ledger that a later release wrote is not misread by this one."""
    standing = ledger._shelf.get(records.Book, records.book_key())
    ledger._shelf.replace(replace(standing.record, layout=2), standing.stamp)

    with pytest.raises(CommandRefused) as refusal:
        open_ledger(store.url, "resort", clock)

    assert "its layout is 2, and this release writes 1" in str(refusal.value)


def test_everybody_who_opens_a_new_ledger_hashes_alike(store, clock):
    """Sixteen at once: one salt wins, and a recipient has one hash for all."""
    with ThreadPoolExecutor(16) as pool:
        opened = list(pool.map(lambda _: open_ledger(store.url, "resort", clock), range(16)))

    assert len({ledger._book.salt for ledger in opened}) == 1


def test_what_a_stranger_wrote_is_refused_with_its_key(ledger):
    """An item that this release does not understand is named, and nothing is guessed from it."""
    ledger.open_batch(WEEK, "snapshot-1")
    item = ledger._shelf._table.get(records.batch_key(WEEK))
    broken = item._replace(content={**item.content, "opened_at": "last Monday"}, stamp="x")
    ledger._shelf._table.put_if(broken, item.stamp)

    with pytest.raises(InputInvalid) as refusal:
        ledger.batch(WEEK)

    assert "BATCH#2026-W48 STATE, opened_at: found 'last Monday'" in str(refusal.value)


def test_what_was_deleted_by_hand_is_said(ledger):
    """A record that was there before and is gone is an error that names it."""
    with pytest.raises(InputInvalid) as refusal:
        ledger._shelf.require(records.Run, records.edition_key(CFO))

    assert "found no EDITION#cfo/2026-W48 STATE any more" in str(refusal.value)


# Batches


def test_whoever_joins_a_batch_uses_its_snapshot(ledger, clock):
    """The second to open a batch gets the first one's snapshot back, and changes nothing."""
    first = ledger.open_batch(WEEK, "snapshot-1")
    clock.passes(AN_HOUR)

    joined = ledger.open_batch(WEEK, "snapshot-2")

    assert joined == first
    assert joined.snapshot == "snapshot-1"
    assert (joined.company, joined.state) == ("resort", "open")


def test_one_of_many_snapshots_wins_a_batch(ledger):
    """Sixteen open the batch at once with a snapshot each: all are told the same one."""
    with ThreadPoolExecutor(16) as pool:
        batches = list(pool.map(lambda number: ledger.open_batch(WEEK, f"snapshot-{number}"), range(16)))

    assert len({batch.snapshot for batch in batches}) == 1


@pytest.mark.parametrize("state", ["building", "ready", "held", "failed"])
def test_a_new_snapshot_restarts_every_edition(ledger, state):
    """Before mail leaves, another snapshot puts every edition back to building, with no finding left."""
    bring_edition(ledger, state)
    bring_edition(ledger, "ready", CEO)

    batch = ledger.restart_batch(WEEK, "snapshot-2")

    assert (batch.snapshot, batch.state) == ("snapshot-2", "open")
    assert {(one.name, one.state, one.findings) for one in ledger.editions(WEEK)} == {
        (CFO, "building", ()),
        (CEO, "building", ()),
    }
    assert ledger.edition(CFO).state == "building"


def test_an_edition_over_the_old_snapshot_cannot_be_released(ledger):
    """A run that ends after the restart is recorded, but its edition stays to be built."""
    ledger.open_batch(WEEK, "snapshot-1")
    run = ledger.start_run(CFO, AN_HOUR)
    ledger.restart_batch(WEEK, "snapshot-2")

    ledger.finish_run(run, "ready", seconds=2)
    standing = ledger.mark_ready(CFO, run.id)
    with pytest.raises(CommandRefused) as refusal:
        ledger.release(CFO, run.id)

    assert standing.state == "building"
    assert "it is building, not ready" in str(refusal.value)


def test_a_new_snapshot_is_refused_once_a_delivery_is_claimed(released):
    """When mail has begun to leave, the batch keeps its snapshot: all readers get the same numbers."""
    claim(released)

    with pytest.raises(CommandRefused) as refusal:
        released.restart_batch(WEEK, "snapshot-2")

    assert "its mail began to leave over snapshot snapshot-1 at 2026-11-30 08:00 UTC" in str(refusal.value)
    assert released.batch(WEEK).snapshot == "snapshot-1"
    assert released.restart_batch(WEEK, "snapshot-1").state == "released"


@pytest.mark.parametrize("attempt", range(8))
def test_a_restart_and_a_release_never_both_win(ledger, attempt):
    """However they race, one of them is refused, and an edition that is released reads the batch's snapshot."""
    bring_edition(ledger, "ready")
    run = ledger.edition(CFO).run
    acts = [lambda: ledger.restart_batch(WEEK, "snapshot-2"), lambda: ledger.release(CFO, run)]

    with ThreadPoolExecutor(2) as pool:
        refusals = [pool.submit(act).exception() for act in (acts if attempt % 2 else reversed(acts))]

    edition = ledger.edition(CFO)
    assert sorted(type(refusal).__name__ for refusal in refusals) == ["CommandRefused", "NoneType"]
    assert edition.snapshot == ledger.batch(WEEK).snapshot or edition.state == "building"


def test_a_batch_that_was_never_opened_is_refused(ledger):
    """No run starts, and no snapshot is replaced, without a batch: the next command is said."""
    with pytest.raises(CommandRefused) as run_refused:
        ledger.start_run(CFO, AN_HOUR)
    with pytest.raises(CommandRefused) as restart_refused:
        ledger.restart_batch(WEEK, "snapshot-1")

    assert "python runner.py run --period 2026-W48" in str(run_refused.value)
    assert "no batch is open" in str(restart_refused.value)
    assert ledger.batch(WEEK) is None


@pytest.mark.parametrize(
    ("editions", "state"),
    [
        ([], "open"),
        (["building", "failed"], "open"),
        (["ready", "ready"], "ready"),
        (["ready", "released"], "ready"),
        (["released", "released"], "released"),
        (["released", "failed"], "failed"),
        (["ready", "failed", "held"], "held"),
    ],
)
def test_a_batch_is_what_its_editions_are(ledger, editions, state):
    """The batch's state is computed from its editions, the one that needs a person soonest first."""
    ledger.open_batch(WEEK, "snapshot-1")
    for number, wanted in enumerate(editions):
        bring_edition(ledger, wanted, f"report-{number}/{WEEK}")

    assert ledger.batch(WEEK).state == state


def test_batches_are_listed_from_the_latest_period(ledger):
    """Periods stand newest first, each with its state, whenever they were built."""
    bring_edition(ledger, "ready")
    ledger.open_batch("2026-W53", "snapshot-9")
    ledger.open_batch("2026-W09", "snapshot-2")

    assert [(batch.period, batch.state) for batch in ledger.batches()] == [
        ("2026-W53", "open"),
        ("2026-W48", "ready"),
        ("2026-W09", "open"),
    ]


def test_a_periods_editions_are_its_own(ledger, clock):
    """Editions are listed by the time of their first run, variants among them, and no other period's."""
    ledger.open_batch("2026-W47", "snapshot-0")
    ledger.start_run("cfo/2026-W47", AN_HOUR)
    for name in (CEO, CFO, "cfo@jada/2026-W48"):
        clock.passes(AN_HOUR)
        bring_edition(ledger, "ready", name)

    assert [edition.name for edition in ledger.editions(WEEK)] == [CEO, CFO, "cfo@jada/2026-W48"]


# Editions and runs

EDITION_MOVES = {
    ("building", "building"),
    ("building", "ready"),
    ("building", "held"),
    ("building", "failed"),
    ("ready", "building"),
    ("ready", "held"),
    ("ready", "released"),
    ("held", "building"),
    ("held", "ready"),
    ("failed", "building"),
}
EDITION_STATES = ("building", "ready", "held", "failed", "released")
RUN_MOVES = {("executing", "ready"), ("executing", "failed")}
RUN_STATES = ("executing", "ready", "failed")
DELIVERY_MOVES = {
    ("sending", "sent"),
    ("sending", "refused"),
    ("sending", "deferred"),
    ("sending", "unknown"),
    ("refused", "sending"),
    ("deferred", "sending"),
    ("unknown", "sent"),
    ("unknown", "refused"),
    ("sent", "delivered"),
    ("sent", "bounced"),
    ("sent", "complained"),
    ("delivered", "bounced"),
    ("delivered", "complained"),
}
DELIVERY_STATES = ("sending", "sent", "refused", "deferred", "unknown", "delivered", "bounced", "complained")


@pytest.mark.parametrize(
    ("moves", "known", "allowed"),
    [
        (records.EDITION_MOVES, EDITION_STATES, EDITION_MOVES),
        (records.RUN_MOVES, RUN_STATES, RUN_MOVES),
        (records.DELIVERY_MOVES, DELIVERY_STATES, DELIVERY_MOVES),
    ],
    ids=["edition", "run", "delivery"],
)
def test_the_moves_are_these_and_no_others(moves, known, allowed):
    """Of all pairs of states exactly the listed ones may follow each other."""
    pairs = itertools.product(known, known)

    assert {pair for pair in pairs if records.may_move(moves, *pair)} == allowed
    assert set(moves) == set(known)


@pytest.mark.parametrize(("here", "there"), [*itertools.product(EDITION_STATES, ("ready", "held", "failed"))])
def test_an_edition_moves_by_the_table(ledger, here, there):
    """Through the doors an edition goes where the table lets it, stays released, and refuses the rest."""
    bring_edition(ledger, here)
    run = ledger.edition(CFO).run
    doors = {
        "ready": lambda: ledger.mark_ready(CFO, run),
        "held": lambda: ledger.hold(CFO, run, ["late"]),
        "failed": lambda: ledger._follow(CFO, run, "failed", ("cell 4",)),
    }

    if here in ("released", there):
        assert doors[there]().state == here
    elif (here, there) in EDITION_MOVES:
        assert doors[there]().state == there
    else:
        with pytest.raises(CommandRefused) as refusal:
            doors[there]()
        assert f"{CFO}, {there}: it is {here}" in str(refusal.value)
    assert ledger.edition(CFO).state in (here, there)


@pytest.mark.parametrize("here", EDITION_STATES)
def test_a_run_takes_an_edition_over_unless_it_is_released(ledger, here):
    """A new run puts its edition back to building; what is released stays, and the run is recorded beside it."""
    bring_edition(ledger, here)
    before = ledger.edition(CFO)

    run = ledger.start_run(CFO, AN_HOUR)
    after = ledger.edition(CFO)

    if here == "released":
        assert after == before
    else:
        assert (after.state, after.run, after.findings) == ("building", run.id, ())
    assert len(ledger.runs(CFO)) == 2
    assert after.revision == 1


@pytest.mark.parametrize("here", EDITION_STATES)
def test_only_a_ready_edition_is_released(ledger, here):
    """Release is refused from any state but ready, with the state named; a second release changes nothing."""
    bring_edition(ledger, here)
    run = ledger.edition(CFO).run

    if here in ("ready", "released"):
        assert ledger.release(CFO, run).state == "released"
        assert ledger.release(CFO, run) == ledger.edition(CFO)
    else:
        with pytest.raises(CommandRefused) as refusal:
            ledger.release(CFO, run)
        assert f"release {CFO}: it is {here}, not ready" in str(refusal.value)


def test_an_edition_follows_its_latest_run_only(ledger):
    """A run that was overtaken is recorded, and neither moves, holds, fails nor releases the edition."""
    ledger.open_batch(WEEK, "snapshot-1")
    overtaken = ledger.start_run(CFO, AN_HOUR)
    latest = ledger.start_run(CFO, AN_HOUR)

    assert ledger.mark_ready(CFO, overtaken.id).state == "building"
    assert ledger.hold(CFO, overtaken.id, ["late"]).state == "building"
    assert ledger.finish_run(overtaken, "failed", seconds=1, reason="killed").state == "failed"
    assert ledger.edition(CFO).state == "building"
    assert ledger.mark_ready(CFO, latest.id).state == "ready"
    with pytest.raises(CommandRefused) as refusal:
        ledger.release(CFO, overtaken.id)
    assert f"run {latest.id} has taken it over from {overtaken.id}" in str(refusal.value)


def test_a_failed_run_fails_its_edition_with_the_reason(ledger):
    """The edition of a failed run is failed, and says why."""
    bring_edition(ledger, "failed")

    edition = ledger.edition(CFO)

    assert (edition.state, edition.findings) == ("failed", ("cell 4",))


def test_runs_are_added_in_time_order_and_never_reused(ledger, clock):
    """Each attempt is a run of its own; their ids sort by time, and an end once recorded stays."""
    ledger.open_batch(WEEK, "snapshot-1")
    started = []
    for _ in range(3):
        started.append(ledger.start_run(CFO, AN_HOUR))
        clock.passes(timedelta(milliseconds=1))
    ledger.finish_run(started[0], "failed", seconds=2.5, reason="cell 4")

    again = ledger.finish_run(started[0], "ready", seconds=9)

    assert (again.state, again.milliseconds, again.reason) == ("failed", 2500, "cell 4")
    assert [run.id for run in ledger.runs(CFO)] == [run.id for run in started]
    assert [run.state for run in ledger.runs(CFO)] == ["failed", "executing", "executing"]


@pytest.mark.parametrize(("here", "there"), [*itertools.product(RUN_STATES, ("ready", "failed"))])
def test_a_run_moves_by_the_table(ledger, here, there):
    """A run ends once: what is said of it later changes nothing."""
    ledger.open_batch(WEEK, "snapshot-1")
    run = ledger.start_run(CFO, AN_HOUR)
    if here != "executing":
        ledger.finish_run(run, here, seconds=1)

    ended = ledger.finish_run(run, there, seconds=2)

    assert ended.state == (there if (here, there) in RUN_MOVES else here)


def test_a_run_that_died_is_read_as_failed(ledger, clock):
    """When a run's time is over without a word it failed; a word that comes late still counts."""
    ledger.open_batch(WEEK, "snapshot-1")
    run = ledger.start_run(CFO, AN_HOUR)
    clock.passes(AN_HOUR)

    (dead,) = ledger.runs(CFO)
    ledger.finish_run(run, "ready", seconds=3601)
    (alive,) = ledger.runs(CFO)

    assert (dead.state, dead.reason) == ("failed", "nothing was heard of it since its time was over")
    assert alive.state == "ready"


def test_an_approval_is_recorded_and_outranks_the_gate(ledger):
    """A person lets a held edition go: why, who, when and what they accepted is kept, and it holds nothing back."""
    bring_edition(ledger, "held")
    run = ledger.edition(CFO).run

    approved = ledger.approve(CFO, because="the auditor asked for it", by="jada")
    looked_at_again = ledger.hold(CFO, run, ["the text says 'nan'"])
    released = ledger.release(CFO, run)

    assert (approved.state, looked_at_again.state, released.state) == ("ready", "ready", "released")
    assert released.approvals == (
        records.Approval("the auditor asked for it", "jada", ledger._clock(), run, ("the text says 'nan'",)),
    )


def test_what_a_person_did_not_accept_holds_an_approved_edition(ledger):
    """An approval is of the findings that were there: another one holds the edition again."""
    bring_edition(ledger, "held")
    run = ledger.edition(CFO).run
    ledger.approve(CFO, because="seen", by="jada")

    held = ledger.hold(CFO, run, ["the text says 'nan'", "it is larger than 80 KB"])

    assert (held.state, held.findings) == ("held", ("the text says 'nan'", "it is larger than 80 KB"))


def test_an_accepted_finding_is_known_again_by_its_kept_words(ledger):
    """A finding that quotes an address is kept with a mask, and accepted when the gate finds it once more."""
    bring_edition(ledger, "held")
    run = ledger.edition(CFO).run
    ledger.hold(CFO, run, [f"the text says {READER}"])
    ledger.approve(CFO, because="seen", by="jada")

    assert ledger.hold(CFO, run, [f"the text says {READER}"]).state == "ready"
    assert ledger.edition(CFO).accepted == {"the text says c•••@e•••.com"}


def test_a_thousand_findings_are_kept_as_what_an_item_holds(ledger):
    """A hundred, the ends of long ones cut, and how many more; whoever approves them approves no others."""
    bring_edition(ledger, "held")
    run = ledger.edition(CFO).run
    found = [f"the mail links to {number} {'words ' * 200}" for number in range(1000)]

    held = ledger.hold(CFO, run, found)
    ledger.approve(CFO, because="seen", by="jada")
    again, others = ledger.hold(CFO, run, found), ledger.hold(CFO, run, [*found[:-1], "another"])

    assert len(held.findings) == 101
    assert max(map(len, held.findings)) <= 500
    assert held.findings[-1].startswith("and 900 more like these (")
    assert (again.state, others.state) == ("ready", "held")


def test_an_approval_is_for_one_run(ledger):
    """What a new run makes is held again: a person accepted only what they saw. Every approval stays on record."""
    bring_edition(ledger, "held")
    ledger.approve(CFO, because="seen", by="jada")
    run = ledger.start_run(CFO, AN_HOUR)

    held = ledger.hold(CFO, run.id, ["the text says 'nan'"])

    assert held.state == "held"
    again = ledger.approve(CFO, because="seen again", by="jada")
    assert [approval.because for approval in again.approvals] == ["seen", "seen again"]


@pytest.mark.parametrize("here", [state for state in EDITION_STATES if state != "held"])
def test_only_a_held_edition_is_approved(ledger, here):
    """Approval is refused with the state that stands in its way."""
    bring_edition(ledger, here)

    with pytest.raises(CommandRefused) as refusal:
        ledger.approve(CFO, because="please", by="jada")

    assert f"approve {CFO}: it is {here}, not held" in str(refusal.value)


def test_an_approval_needs_a_reason(ledger):
    """Blanks are no reason, and the message shows the command."""
    bring_edition(ledger, "held")

    with pytest.raises(InputInvalid) as refusal:
        ledger.approve(CFO, because=" ", by="jada")

    assert f'python runner.py approve {CFO} --because "…"' in str(refusal.value)
    assert ledger.edition(CFO).state == "held"


def test_an_edition_nobody_built_is_refused(ledger):
    """Release, approval and claim of an edition without a run say that there is none."""
    ledger.open_batch(WEEK, "snapshot-1")

    for act in (
        lambda: ledger.release(CFO, "run"),
        lambda: ledger.approve(CFO, because="please", by="jada"),
        lambda: claim(ledger),
    ):
        with pytest.raises(CommandRefused) as refusal:
            act()
        assert "no run of it was ever started" in str(refusal.value)
    assert ledger.edition(CFO) is None


# Deliveries


ANSWERS = {
    "sent": lambda ledger, delivery: ledger.settle_sent(delivery, "0100-ses"),
    "refused": lambda ledger, delivery: ledger.settle_refused(delivery, "rejected"),
    "deferred": lambda ledger, delivery: ledger.settle_deferred(delivery, "throttled"),
    "unknown": lambda ledger, delivery: ledger.settle_unknown(delivery, "ReadTimeoutError()"),
}
EVENTS = {"delivered": "delivery", "bounced": "bounce", "complained": "complaint"}


@dataclass(frozen=True)
class Told:
    """What a mail service tells of a message."""

    kind: str
    delivery: str
    recipients: tuple[str, ...] = (READER,)
    message_id: str = "0100-ses"
    detail: str = "smtp; 250 ok"
    edition: str = CFO


def bring_delivery(ledger: Ledger, state: str, recipient: str = READER):
    """Take the delivery to *recipient* to *state* by the doors that lead there."""
    delivery = claim(ledger, recipient=recipient).delivery
    if state in ANSWERS:
        ANSWERS[state](ledger, delivery)
    if state in EVENTS:
        ledger.settle_sent(delivery, "0100-ses")
        ledger.observe(Told(EVENTS[state], delivery.tag, (recipient,)))
    return delivery


@pytest.mark.parametrize("here", DELIVERY_STATES)
def test_a_claim_is_answered_by_what_became_of_the_last(released, here):
    """Only a clear no leads to a new claim; what was sent, is being sent or is in doubt is never sent again."""
    bring_delivery(released, here)

    again = claim(released, "owner-2")

    expected = {"sending": "being_sent", "unknown": "in_doubt", "refused": "claimed", "deferred": "claimed"}
    assert again.outcome == expected.get(here, "already_sent")
    assert again.delivery.claims == (2 if again.outcome == "claimed" else 1)
    assert states(released) == ["sending" if again.outcome == "claimed" else here]


@pytest.mark.parametrize(("here", "there"), [*itertools.product(DELIVERY_STATES, ANSWERS)])
def test_an_answer_moves_a_delivery_by_the_table(released, here, there):
    """An owner's answer moves a delivery by the table; twice is once; an event stands; the rest is refused."""
    delivery = bring_delivery(released, here)

    if here in EVENTS:
        assert ANSWERS[there](released, delivery).state == here
        assert states(released) == [here]
    elif here == there or (here, there) in DELIVERY_MOVES:
        assert ANSWERS[there](released, delivery).state == there
        assert states(released) == [there]
    else:
        with pytest.raises(CommandRefused) as refusal:
            ANSWERS[there](released, delivery)
        assert f"c•••@e•••.com, {there}: it is {here}" in str(refusal.value)
        assert states(released) == [here]


@pytest.mark.parametrize(("here", "sent"), [*itertools.product(DELIVERY_STATES, [True, False])])
def test_a_person_settles_only_what_is_in_doubt(released, here, sent):
    """Settling moves an unknown delivery to sent or refused, and refuses every other with its state."""
    bring_delivery(released, here)

    if here == "unknown":
        (settled,) = released.settle(CFO, sent=sent)
        assert (settled.state, settled.settled_by) == ("sent" if sent else "refused", "person")
        assert states(released) == ["sent" if sent else "refused"]
    else:
        with pytest.raises(CommandRefused) as refusal:
            released.settle(CFO, sent=sent)
        assert f"no delivery is in doubt (c•••@e•••.com {here})" in str(refusal.value)
        assert states(released) == [here]


def test_a_delivery_is_claimed_only_when_its_edition_is_released(ledger):
    """What is not released cannot be claimed, in whatever state it is."""
    for number, state in enumerate(("building", "ready", "held", "failed")):
        name = f"report-{number}/{WEEK}"
        bring_edition(ledger, state, name)

        with pytest.raises(CommandRefused) as refusal:
            claim(ledger, edition=name)

        assert f"a delivery of {name}: it is {state}, not released" in str(refusal.value)
        assert states(ledger, name) == []


def test_a_delivery_keeps_what_is_needed_to_look_it_up(released, clock):
    """The record holds mask, revision, body hash, message id and times: enough for the audit, no address."""
    claimed = claim(released)
    clock.passes(timedelta(seconds=2))

    sent = released.settle_sent(claimed.delivery, "0100-ses")

    assert released.deliveries(CFO) == (sent,)
    assert (sent.shown, sent.revision, sent.body_hash, sent.message_id) == ("c•••@e•••.com", 1, "b0d1", "0100-ses")
    assert (sent.changed_at - sent.claimed_at, sent.settled_by) == (timedelta(seconds=2), "answer")
    assert sent.key.sort == f"TO#{sent.recipient}#1"


def test_two_spellings_of_an_address_are_one_delivery(released):
    """The recipient is claimed under its normalised address."""
    claim(released, "owner-1", "CFO@Example.com ")

    assert claim(released, "owner-2").outcome == "being_sent"
    assert len(released.deliveries(CFO)) == 1


def test_a_claim_is_per_edition_and_recipient(released):
    """Another recipient and another edition are claims of their own."""
    bring_edition(released, "released", CEO)

    outcomes = [
        claim(released, "a").outcome,
        claim(released, "b", "ceo@example.com").outcome,
        claim(released, "c", edition=CEO).outcome,
    ]

    assert outcomes == ["claimed"] * 3


def test_of_64_racing_claims_one_wins(released):
    """Sixty-four threads claim one delivery at once: one is told to send."""
    start = threading.Barrier(64)

    def race(number: int) -> str:
        start.wait()
        return claim(released, f"owner-{number}").outcome

    with ThreadPoolExecutor(64) as pool:
        outcomes = Counter(pool.map(race, range(64)))

    assert outcomes == {"claimed": 1, "being_sent": 63}


def test_of_64_racing_claims_after_a_clear_no_one_wins(released):
    """A refused delivery is claimed anew by one of many, and counts its claims."""
    released.settle_refused(claim(released).delivery, "suppressed")
    start = threading.Barrier(64)

    def race(number: int) -> str:
        start.wait()
        return claim(released, f"again-{number}").outcome

    with ThreadPoolExecutor(64) as pool:
        outcomes = Counter(pool.map(race, range(64)))

    assert outcomes == {"claimed": 1, "being_sent": 63}
    assert [delivery.claims for delivery in released.deliveries(CFO)] == [2]


RACE = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from quarterdeck.ledger import open_ledger

url, process = sys.argv[1:]
ledger = open_ledger(url, "resort", lambda: datetime(2026, 11, 30, 8, 0, 1, tzinfo=UTC))
print("ready", flush=True)
sys.stdin.readline()
def claim(number):
    owner = f"{process}-{number}"
    return ledger.claim("cfo/2026-W48", "cfo@example.com", body_hash="b0d1", owner=owner).outcome
with ThreadPoolExecutor(16) as pool:
    print(*pool.map(claim, range(16)))
"""


@pytest.mark.usefixtures("released")
def test_of_64_racing_claims_from_four_processes_one_wins(store):
    """Processes share nothing but the store, and still one of them is told to send."""
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, store.url, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"

    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    outcomes = Counter(itertools.chain.from_iterable(racer.communicate()[0].split() for racer in racers))

    assert outcomes == {"claimed": 1, "being_sent": 63}


CRASH = """
import os, signal, sys
from datetime import UTC, datetime
from quarterdeck.ledger import open_ledger

ledger = open_ledger(sys.argv[1], "resort", lambda: datetime(2026, 11, 30, 8, 0, tzinfo=UTC))
ledger.claim("cfo/2026-W48", "cfo@example.com", body_hash="b0d1", owner="the late owner")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_sender_killed_after_its_claim_leaves_a_doubt_not_a_second_mail(released, store, clock):
    """The claim of a killed process outlives it: first it is being sent, then unknown, and only a person ends that."""
    ended = subprocess.run([sys.executable, "-c", CRASH, store.url], check=False)
    while_it_may_live = claim(released, "owner-2").outcome
    with pytest.raises(CommandRefused):
        released.settle(CFO, sent=False)
    clock.passes(SEND_LEASE)
    after = claim(released, "owner-2").outcome

    assert ended.returncode == -9
    assert (while_it_may_live, after) == ("being_sent", "in_doubt")
    assert states(released) == ["unknown"]
    assert released.deliveries(CFO)[0].reason == "its sender was not heard of again"
    released.settle(CFO, sent=False)
    assert claim(released, "owner-3").outcome == "claimed"


def test_an_answer_that_comes_after_the_lease_still_counts(released, clock):
    """Until a person has settled it, the owner's late answer is the truth."""
    delivery = claim(released).delivery
    clock.passes(SEND_LEASE + AN_HOUR)

    settled = released.settle_deferred(delivery, "throttled at last")

    assert settled.state == "deferred"


def test_a_late_yes_is_a_stronger_word_than_a_person_who_did_not_find_the_mail(released, clock):
    """Then the mail is sent, and no start sends it again; a late no takes nothing back that a person found."""
    late, found = claim(released).delivery, claim(released, "owner-2", "ceo@example.com").delivery
    clock.passes(SEND_LEASE)
    released.settle(CFO, sent=False, recipient=READER)
    released.settle(CFO, sent=True)

    settled = released.settle_sent(late, "0100-ses")
    with pytest.raises(CommandRefused):
        released.settle_refused(found, "rejected")

    assert (settled.state, settled.message_id, settled.settled_by) == ("sent", "0100-ses", "answer")
    assert claim(released, "owner-3").outcome == "already_sent"
    assert states(released) == ["sent", "sent"]


@pytest.mark.parametrize("off", [-AN_HOUR, AN_HOUR])
def test_a_clock_that_is_an_hour_off_mails_nobody_twice(released, store, clock, off):
    """Who is early or late takes another's send for longer or sooner over than it is, and never claims it."""
    other = open_ledger(store.url, "resort", lambda: clock.now + off)
    mine = claim(released).delivery
    its = claim(other, "other", "ceo@example.com").delivery

    outcomes = {claim(other, "other").outcome, claim(released, "me", "ceo@example.com").outcome}
    settled = [released.settle_sent(mine, "0100-ses"), other.settle_sent(its, "0200-ses")]
    afterwards = {claim(other, "other").outcome, claim(released, "me", "ceo@example.com").outcome}

    assert outcomes == {"in_doubt", "being_sent"}
    assert [one.state for one in settled] == ["sent", "sent"]
    assert afterwards == {"already_sent"}


def test_an_answer_of_a_former_owner_is_refused(released, clock):
    """When a person freed the delivery and another sender claimed it, the first owner has no say."""
    first = claim(released).delivery
    clock.passes(SEND_LEASE)
    released.settle(CFO, sent=False)
    claim(released, "owner-2")

    with pytest.raises(CommandRefused) as refusal:
        released.settle_sent(first, "0100-ses")

    assert "another sender has claimed it" in str(refusal.value)
    assert states(released) == ["sending"]


def test_a_person_can_settle_one_recipient_of_several(released, clock):
    """`--to` settles that recipient; the other stays in doubt until it is settled too."""
    claim(released, "a", "one@example.com")
    claim(released, "b", "two@example.com")
    clock.passes(SEND_LEASE)

    (settled,) = released.settle(CFO, sent=True, recipient="Two@example.com")
    in_doubt = [one.shown for one in released.deliveries(CFO) if one.state == "unknown"]
    rest = released.settle(CFO, sent=False)

    assert (settled.shown, settled.state) == ("t•••@e•••.com", "sent")
    assert in_doubt == ["o•••@e•••.com"]
    assert [one.state for one in rest] == ["refused"]


def test_settling_what_was_never_claimed_says_so(released):
    """There is nothing in doubt where nothing was claimed."""
    with pytest.raises(CommandRefused) as refusal:
        released.settle(CFO, sent=True, recipient="nobody@example.com")

    assert "no delivery is in doubt (nothing was claimed)" in str(refusal.value)


def test_of_two_people_who_settle_at_once_one_is_told(released, clock):
    """A delivery is settled once: the second word finds that there is nothing in doubt any more."""
    delivery = claim(released).delivery
    clock.passes(SEND_LEASE)
    hasty = Interrupted(released._shelf._table, delivery.key, lambda: released.settle(CFO, sent=True))

    with pytest.raises(CommandRefused) as refusal:
        Ledger(hasty, "resort", clock).settle(CFO, sent=False)

    assert "the delivery to c•••@e•••.com is sent" in str(refusal.value)
    assert states(released) == ["sent"]


# What a person has sent once more


def resend(ledger: Ledger, owner: str = "again-1", recipient: str = READER, because: str = "she lost it"):
    return ledger.resend(CFO, recipient, body_hash="b0d1", owner=owner, because=because, by="jada")


@pytest.mark.parametrize("here", DELIVERY_STATES)
def test_a_resend_is_one_more_mail_for_a_reader_who_has_it(released, here):
    """Sent mail is sent once more as a delivery of its own, a clear no is claimed anew; what is in doubt stays."""
    bring_delivery(released, here)

    again = resend(released)

    outcomes = {"sending": "being_sent", "unknown": "in_doubt"}
    assert again.outcome == outcomes.get(here, "claimed")
    if here in outcomes:
        assert states(released) == [here]
    elif here in ("refused", "deferred"):
        assert states(released) == ["sending"]
        assert (again.delivery.resend, again.delivery.claims) == (0, 2)
    else:
        assert states(released) == [here, "sending"]
        assert (again.delivery.resend, again.delivery.claims) == (1, 1)


def test_a_resend_keeps_why_and_who_and_when(released, clock):
    """Each word that led to a mail is kept, also when that mail met a clear no and was asked for again."""
    bring_delivery(released, "sent")
    clock.passes(AN_HOUR)
    first = resend(released, because="she lost it")
    released.settle_refused(first.delivery, "suppressed")
    clock.passes(AN_HOUR)

    resend(released, "again-2", because="her inbox is mended")

    (_, further) = released.deliveries(CFO)
    assert [(word.because, word.by) for word in further.asked] == [
        ("she lost it", "jada"),
        ("her inbox is mended", "jada"),
    ]
    assert further.asked[1].at - further.asked[0].at == AN_HOUR
    assert further.key.sort == f"TO#{further.recipient}#1#1"


def test_a_word_outlives_a_claim_by_machine(released):
    """A first mail that a person asked for again, and that a later run claims, keeps the person's word."""
    bring_delivery(released, "refused")
    released.settle_refused(resend(released).delivery, "suppressed")

    claimed = claim(released, "owner-3")

    assert (claimed.outcome, claimed.delivery.claims) == ("claimed", 3)
    assert [word.because for word in released.deliveries(CFO)[0].asked] == ["she lost it"]


def test_a_run_never_follows_a_resend(released):
    """However often a person has it sent again, and however that ends, a run finds the reader's mail sent."""
    bring_delivery(released, "sent")
    for number, answer in enumerate(("sent", "deferred")):
        ANSWERS[answer](released, resend(released, f"again-{number}").delivery)

    assert claim(released, "owner-2").outcome == "already_sent"
    assert states(released) == ["sent", "sent", "deferred"]


def test_a_second_resend_waits_for_the_first(released, clock):
    """While one that was asked for is on its way or in doubt, no other is claimed, until a person settles it."""
    bring_delivery(released, "sent")
    resend(released)

    on_its_way = resend(released, "again-2").outcome
    clock.passes(SEND_LEASE)
    in_doubt = resend(released, "again-3").outcome
    released.settle(CFO, sent=True)
    settled = resend(released, "again-4")

    assert (on_its_way, in_doubt, settled.outcome) == ("being_sent", "in_doubt", "claimed")
    assert settled.delivery.resend == 2


def test_a_resend_repeated_by_its_owner_is_one(released):
    """The same owner's resend is still its claim while it is on its way, and has been sent afterwards."""
    bring_delivery(released, "sent")
    first = resend(released)

    on_its_way = resend(released)
    released.settle_sent(first.delivery, "0200-ses")
    afterwards = resend(released)

    assert (on_its_way.outcome, afterwards.outcome) == ("claimed", "already_sent")
    assert states(released) == ["sent", "sent"]


@pytest.mark.parametrize("here", ["sent", "refused"])
def test_of_sixteen_who_resend_at_once_one_sends(released, here):
    """Sixteen people ask for the same mail at once: one claim, and the others are told that it is on its way."""
    bring_delivery(released, here)
    start = threading.Barrier(16)

    def race(number: int) -> str:
        start.wait()
        return resend(released, f"again-{number}").outcome

    with ThreadPoolExecutor(16) as pool:
        outcomes = Counter(pool.map(race, range(16)))

    assert outcomes == {"claimed": 1, "being_sent": 15}


def test_a_resend_counts_by_number_not_by_text(released):
    """The eleventh follows the tenth."""
    bring_delivery(released, "sent")
    for number in range(11):
        released.settle_sent(resend(released, f"again-{number}").delivery, f"0{number}-ses")

    assert resend(released, "the twelfth").delivery.resend == 12


def test_only_who_was_mailed_is_mailed_again(released):
    """An address that the edition never went to, perhaps misspelt, is refused, and so are blanks for a reason."""
    bring_delivery(released, "sent")

    with pytest.raises(CommandRefused) as stranger:
        resend(released, recipient="cf0@example.com")
    with pytest.raises(InputInvalid) as unexplained:
        resend(released, because=" ")

    assert f"resend {CFO}: no mail to c•••@e•••.com was ever claimed" in str(stranger.value)
    assert f'python runner.py resend {CFO} --to ADDRESS --because "…"' in str(unexplained.value)
    assert states(released) == ["sent"]


def test_what_is_not_released_is_not_sent_again(ledger):
    """An edition that is held is no mail."""
    bring_edition(ledger, "held")

    with pytest.raises(CommandRefused) as refusal:
        resend(ledger)

    assert "it is held, not released" in str(refusal.value)


# What the mail service tells later

# What an event about the latest claim makes of each state.
PROVEN = {
    "sending": {"send": "sent", "delay": "sent", "reject": "refused"},
    "unknown": {"send": "sent", "delay": "sent", "reject": "refused"},
    "refused": {"send": "sent", "delay": "sent", "reject": "refused"},
    "deferred": {"send": "sent", "delay": "sent", "reject": "deferred"},
    "sent": {"send": "sent", "delay": "sent", "reject": "bounced"},
    "delivered": {"send": "delivered", "delay": "delivered", "reject": "delivered", "reply": "delivered"},
    "bounced": dict.fromkeys(("send", "delay", "delivery", "complaint", "reject"), "bounced"),
    "complained": dict.fromkeys(("send", "delay", "delivery", "bounce", "reply", "reject"), "complained"),
}
KINDS = {
    "send": "",
    "delay": "",
    "delivery": "delivered",
    "bounce": "bounced",
    "reply": "bounced",
    "complaint": "complained",
    "reject": "",
}


@pytest.mark.parametrize("here", DELIVERY_STATES)
def test_an_event_moves_a_delivery_on(released, here):
    """An event proves what it says, moves nothing back, and told twice it is told once."""
    for kind, proven in KINDS.items():
        reader = f"{kind}@example.com"
        delivery = bring_delivery(released, here, reader)
        event = Told(kind, delivery.tag, (reader,))

        first = released.observe(event)
        second = released.observe(event)

        there = PROVEN[here].get(kind, proven)
        assert first.delivery.state == there, kind
        assert (first.outcome, second.outcome) == ("known" if here == there else "moved", "known"), kind
        assert first.delivery == second.delivery
        assert first.delivery in released.deliveries(CFO)
        assert first.delivery.message_id == "0100-ses"
        if first.outcome == "moved":
            assert (first.delivery.settled_by, first.delivery.reason) == ("event", "smtp; 250 ok")


UNTOLD = {"bounce": "bounced", "complaint": "complained", "reject": "bounced"}


@pytest.mark.parametrize("kind", UNTOLD)
@pytest.mark.parametrize("reader", [READER, "audit@example.com"])
def test_trouble_is_news_until_it_is_noted(released, store, clock, kind, reader):
    """What people have to know is untold, however often the event comes, until somebody notes that they were told."""
    event = Told(kind, bring_delivery(released, "sent").tag, (reader,))
    untold = UNTOLD[kind] if reader == READER else f"{kind} of a copy"

    before = [released.observe(event) for _ in range(2)]
    open_ledger(store.url, "resort", clock).note_told(before[-1])
    released.note_told(before[-1])
    after = released.observe(event)

    assert [one.untold for one in (*before, after)] == [untold, untold, ""]
    assert after.delivery.alerted == (untold,)
    assert after.delivery.state == before[0].delivery.state


def test_good_news_and_old_news_are_not_to_be_told(released):
    """What proves an arrival, what a later state hides, and what is of an earlier claim leaves nothing untold."""
    first = bring_delivery(released, "unknown")
    released.settle(CFO, sent=False)
    second = claim(released, "owner-2").delivery
    events = [
        Told("reject", first.tag),
        Told("send", second.tag),
        Told("delay", second.tag),
        Told("delivery", second.tag),
        Told("reject", second.tag),
        Told("complaint", second.tag),
        Told("bounce", second.tag),
    ]

    observed = [released.observe(event) for event in events]

    assert [one.untold for one in observed] == ["", "", "", "", "", "complained", ""]


def test_a_mail_that_was_claimed_anew_is_news_again(released):
    """A Reject that was told is of its claim: that the next mail was rejected too is told as well."""
    for number in (1, 2):
        event = Told("reject", claim(released, f"owner-{number}").delivery.tag, message_id=f"{number}")
        observed = released.observe(event)
        released.note_told(observed)

        assert (observed.untold, released.observe(event).untold) == ("refused", "")


def test_events_in_any_order_come_to_the_same(released):
    """Whichever comes first, an unknown delivery that was delivered and complained about is complained about."""
    orders = [*itertools.permutations(("send", "delay", "delivery", "complaint"))]
    for number, kinds in enumerate(orders):
        reader = f"{number}@example.com"
        delivery = bring_delivery(released, "unknown", reader)

        for kind in kinds:
            released.observe(Told(kind, delivery.tag, (reader,)))

    assert states(released) == ["complained"] * len(orders)


def test_a_sender_who_died_is_settled_by_an_event(released, clock):
    """A send beyond its lease is in doubt until its tag comes back."""
    delivery = claim(released).delivery
    clock.passes(SEND_LEASE)

    observed = released.observe(Told("send", delivery.tag))

    assert (observed.outcome, observed.delivery.state, observed.delivery.message_id) == ("moved", "sent", "0100-ses")
    assert claim(released, "owner-2").outcome == "already_sent"


@pytest.mark.parametrize("kind", ["send", "delivery", "bounce"])
@pytest.mark.parametrize("answer", ["sent", "unknown"])
def test_an_event_may_be_faster_than_the_answer(released, kind, answer):
    """When the sender comes with its answer after the event, the event stands, and the sender is not refused."""
    delivery = claim(released).delivery
    observed = released.observe(Told(kind, delivery.tag))

    settled = ANSWERS[answer](released, delivery)

    assert settled == observed.delivery
    assert settled.settled_by == "event"


def test_an_event_outranks_a_person_who_did_not_find_the_mail(released):
    """What a person settled as not sent, and an event proves, is never sent again."""
    delivery = bring_delivery(released, "unknown")
    released.settle(CFO, sent=False)

    released.observe(Told("delivery", delivery.tag))

    assert states(released) == ["delivered"]
    assert claim(released, "owner-2").outcome == "already_sent"


def test_an_event_about_an_earlier_claim_frees_no_later_one(released):
    """A Reject or bounce of the first mail says nothing of the second, which is on its way; of an arrival it does."""
    first = bring_delivery(released, "unknown")
    released.settle(CFO, sent=False)
    second = claim(released, "owner-2").delivery

    for kind in ("reject", "bounce"):
        assert released.observe(Told(kind, first.tag)).outcome == "known"
        assert states(released) == ["sending"]
    arrived = released.observe(Told("delivery", first.tag, message_id="0099-ses"))
    settled = released.settle_sent(second, "0100-ses")

    assert arrived.delivery.state == "delivered"
    assert (settled.state, settled.message_id) == ("delivered", "0100-ses")


def test_an_event_is_of_the_mail_that_it_names(released):
    """A bounce of what was sent once more leaves the first mail delivered."""
    first = bring_delivery(released, "delivered")
    again = released.settle_sent(resend(released).delivery, "0200-ses")

    released.observe(Told("bounce", again.tag, message_id="0200-ses"))

    assert first.tag != again.tag
    assert states(released) == ["delivered", "bounced"]


def test_an_event_for_the_copy_moves_nothing(released):
    """A bounce of the audit copy names another recipient: it is told apart, and the reader's delivery stays."""
    delivery = bring_delivery(released, "sent")

    observed = released.observe(Told("bounce", delivery.tag, recipients=("audit@example.com", "no address")))

    assert (observed.outcome, observed.delivery.state) == ("of_a_copy", "sent")
    assert states(released) == ["sent"]


def test_an_event_that_is_not_ours_changes_nothing(released):
    """A tag of another form, edition, recipient, claim or message, forged or not, is nobody's."""
    delivery = bring_delivery(released, "sent")
    recipient = delivery.recipient
    for event in (
        Told("bounce", ""),
        Told("bounce", "newsletter"),
        Told("bounce", recipient),
        Told("bounce", f"{'0' * 32}-1-0-1"),
        Told("bounce", f"{recipient}-2-0-1"),
        Told("bounce", f"{recipient}-1-1-1"),
        Told("bounce", f"{recipient}-1-0-2"),
        Told("bounce", f"{recipient}-1-0-0"),
        Told("bounce", f"{recipient}-1-0-1\n"),
        Told("bounce", delivery.tag, edition=CEO),
        Told("bounce", delivery.tag, message_id="another"),
    ):
        assert released.observe(event).outcome == "not_ours", event

    assert states(released) == ["sent"]


def test_ses_events_are_what_a_ledger_observes(released):
    """What is read from SNS moves the delivery that its tags name: SES's bounce of the very message."""
    delivery = bring_delivery(released, "unknown")
    mail = {
        "messageId": "0100-ses",
        "destination": [READER, "audit@example.com"],
        "tags": {"report": ["cfo"], "period": [WEEK], "delivery": [delivery.tag]},
    }
    bounce = {
        "bounceType": "Permanent",
        "bouncedRecipients": [{"emailAddress": READER.upper(), "diagnosticCode": f"550 <{READER}> unknown"}],
    }
    message = json.dumps({"eventType": "Bounce", "mail": mail, "bounce": bounce})

    observed = released.observe(parse_event({"Type": "Notification", "Message": message}))

    assert (observed.outcome, observed.delivery.state) == ("moved", "bounced")
    assert observed.delivery.reason == "Permanent: 550 <c•••@e•••.com> unknown"


def test_of_two_events_at_once_both_are_heard(released, clock):
    """A delivery that another event moves between reading and writing is looked at again."""
    delivery = bring_delivery(released, "unknown")
    racing = Interrupted(
        released._shelf._table, delivery.key, lambda: released.observe(Told("complaint", delivery.tag))
    )

    observed = Ledger(racing, "resort", clock).observe(Told("delivery", delivery.tag))

    assert (observed.outcome, states(released)) == ("known", ["complained"])


# Lost answers of the store itself


class Wrapped:
    """A table that behaves like the one inside, until a subclass says otherwise."""

    def __init__(self, table) -> None:
        self.table = table
        self.name = table.name

    def get(self, key):
        return self.table.get(key)

    def put_if(self, item, stamp):
        return self.table.put_if(item, stamp)

    def query(self, partition, sort_prefix):
        return self.table.query(partition, sort_prefix)

    def listed(self, head):
        return self.table.listed(head)


class Repeating(Wrapped):
    """A table whose answers are lost and whose library writes again: the condition then fails on our own write."""

    def put_if(self, item, stamp):
        self.table.put_if(item, stamp)
        return self.table.put_if(item, stamp)


class Deaf(Wrapped):
    """A table that writes what it is told and breaks the line before it answers, once for each call allowed."""

    def __init__(self, table, failures: int) -> None:
        super().__init__(table)
        self.failures = failures

    def put_if(self, item, stamp):
        written = self.table.put_if(item, stamp)
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the line broke")
        return written


class Interrupted(Wrapped):
    """A table on which somebody else acts between our reading of an item and our writing of it, once."""

    def __init__(self, table, key, act) -> None:
        super().__init__(table)
        self.key, self.act = key, act

    def put_if(self, item, stamp):
        if item.key == self.key and self.act:
            act, self.act = self.act, None
            act()
        return self.table.put_if(item, stamp)


def test_a_write_that_a_library_repeats_is_one_write(ledger, clock):
    """Every rule holds when each write is sent twice and only the second, failed one is answered."""
    repeating = Ledger(Repeating(ledger._shelf._table), "resort", clock)
    bring_edition(repeating, "held")
    repeating.approve(CFO, because="seen", by="jada")
    repeating.release(CFO, repeating.edition(CFO).run)

    first = claim(repeating)
    repeating.settle_refused(first.delivery, "suppressed")
    second = claim(repeating, "owner-2")
    repeating.settle_unknown(second.delivery, "ReadTimeoutError()")
    settled = repeating.settle(CFO, sent=True)

    assert (first.outcome, second.outcome) == ("claimed", "claimed")
    assert [delivery.claims for delivery in settled] == [2]
    assert states(repeating) == ["sent"]
    assert claim(repeating, "owner-3").outcome == "already_sent"


def test_a_claim_whose_answer_was_lost_is_claimed_again_by_its_owner(released, clock):
    """After a broken line the same owner's claim is still its own, and nobody else's."""
    deaf = Ledger(Deaf(released._shelf._table, failures=1), "resort", clock)

    with pytest.raises(ConnectionError):
        claim(deaf, "owner-1")

    assert claim(released, "owner-2").outcome == "being_sent"
    assert claim(deaf, "owner-1").outcome == "claimed"


def test_an_edition_that_changes_under_a_release_is_not_released(ledger, clock):
    """A run that takes over between reading and writing wins: what it will make was not seen by any gate."""
    bring_edition(ledger, "ready")
    edition = ledger.edition(CFO)
    racing = Interrupted(ledger._shelf._table, edition.key, lambda: ledger.start_run(CFO, AN_HOUR))

    with pytest.raises(CommandRefused) as refusal:
        Ledger(racing, "resort", clock).release(CFO, edition.run)

    assert "it is building, not ready" in str(refusal.value)


def test_a_snapshot_that_changes_under_a_release_stops_it(ledger, clock):
    """A restart between reading and writing wins: the edition reads another snapshot than its batch."""
    bring_edition(ledger, "ready")
    batch = records.batch_key(WEEK)
    racing = Interrupted(ledger._shelf._table, batch, lambda: ledger.restart_batch(WEEK, "snapshot-2"))

    with pytest.raises(CommandRefused) as refusal:
        Ledger(racing, "resort", clock).release(CFO, ledger.edition(CFO).run)

    assert "its batch has another snapshot by now" in str(refusal.value)
    assert ledger.edition(CFO).state == "building"


def test_two_who_release_at_once_both_have_it_released(ledger, clock):
    """Releasing is no claim: whoever comes second finds it done."""
    bring_edition(ledger, "ready")
    edition = ledger.edition(CFO)
    racing = Interrupted(ledger._shelf._table, edition.key, lambda: ledger.release(CFO, edition.run))

    assert Ledger(racing, "resort", clock).release(CFO, edition.run).state == "released"


# No personal data


def test_no_item_holds_an_address(ledger, store):
    """After everything that can be written, no address stands in the store: not even one that a refusal quoted."""
    addresses = ["cfo@example.com", "Jada.Okafor@example.com", "auditor@example.org", "o'neill@example.com"]
    ledger.open_batch(WEEK, "snapshot-1")
    run = ledger.start_run(CFO, AN_HOUR)
    ledger.hold(CFO, run.id, [f"the text says {addresses[1]}"])
    ledger.approve(CFO, because=f"{addresses[2]} asked for it", by=addresses[1])
    ledger.release(CFO, run.id)
    ledger.finish_run(ledger.start_run(CFO, AN_HOUR), "failed", seconds=1, reason=f"ValueError: {addresses[3]}")
    for number, address in enumerate(addresses):
        delivery = claim(ledger, f"owner-{number}", address).delivery
        answer = (ledger.settle_refused, ledger.settle_deferred, ledger.settle_unknown)[number % 3]
        answer(delivery, f"554 Message rejected: <{address}> is not verified")

    bounced = claim(ledger, "another", "Late.Reader@example.net").delivery
    ledger.observe(
        Told("bounce", bounced.tag, ("late.reader@example.net",), detail="550 5.1.1 <late.reader@example.net> unknown")
    )
    ledger.resend(
        CFO,
        "Late.Reader@example.net",
        body_hash="b0d1",
        owner="again",
        because=f"{addresses[2]} asked",
        by=addresses[0],
    )
    addresses.append("late.reader@example.net")

    written = store.everything().lower()

    assert b"554 message rejected" in written
    assert b"550 5.1.1" in written
    for address in addresses:
        assert address.lower().encode() not in written
        assert json.dumps(address.lower())[1:-1].encode() not in written


@pytest.mark.parametrize("reason", ["554 <cfo@example.com> is not verified"])
def test_what_comes_back_is_what_is_kept(released, reason):
    """An answer is given back as it stands in the store, with the address masked."""
    delivery = released.settle_refused(claim(released).delivery, reason)

    assert delivery.reason == "554 <c•••@e•••.com> is not verified"
    assert released.deliveries(CFO) == (delivery,)
