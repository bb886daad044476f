import tempfile
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from quarterdeck.errors import CommandRefused
from quarterdeck.ledger import open_ledger
from quarterdeck.ledger.recipients import masked

CFO = "cfo/2026-W48"
READERS = ["one@example.com", "two@example.com"]
FATES = ["heard", "refused", "deferred", "answer lost", "killed before the send", "killed after the send"]

# From where a delivery can come, by however many moves nobody looked at.
EARLIER = {
    "sending": {"refused", "deferred", "unknown"},
    "refused": {"sending", "deferred", "unknown"},
    "deferred": {"sending", "refused", "unknown"},
    "unknown": {"sending", "refused", "deferred"},
    "sent": {"sending", "refused", "deferred", "unknown"},
}


class ReadersInboxes(RuleBasedStateMachine):
    """
    Whatever answers are lost and whoever is killed, no inbox gets the edition twice, and no delivery goes backwards.

    The inboxes are what really happened; the ledger is what is known of it. The person who settles tells
    the truth.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
        self.ledger = open_ledger(f"sqlite:{self.folder.name}/resort.db", "resort", lambda: self.now)
        self.ledger.open_batch("2026-W48", "snapshot-1")
        run = self.ledger.start_run(CFO, timedelta(hours=1))
        self.ledger.mark_ready(CFO, run.id)
        self.ledger.release(CFO, run.id)
        self.inboxes = dict.fromkeys(READERS, 0)
        self.seen = dict.fromkeys(READERS, "")
        self.unanswered = []  # claims of those who were killed, and whether their mail had left
        self.owners = 0

    def teardown(self) -> None:
        self.folder.cleanup()

    def standing(self, reader: str) -> str:
        found = [one.state for one in self.ledger.deliveries(CFO) if one.shown == masked(reader)]
        return found[0] if found else ""

    @rule(reader=st.sampled_from(READERS), fate=st.sampled_from(FATES))
    def send(self, reader: str, fate: str) -> None:
        before = self.standing(reader)
        self.owners += 1
        claim = self.ledger.claim(CFO, reader, body_hash="b0d1", owner=f"owner-{self.owners}")
        assert (claim.outcome == "claimed") == (before in ("", "refused", "deferred"))
        if claim.outcome != "claimed":
            return
        has_left = fate in ("heard", "answer lost", "killed after the send")
        self.inboxes[reader] += has_left
        match fate:
            case "heard":
                self.ledger.settle_sent(claim.delivery, "0100-ses")
            case "refused":
                self.ledger.settle_refused(claim.delivery, "suppressed")
            case "deferred":
                self.ledger.settle_deferred(claim.delivery, "throttled")
            case "answer lost":
                self.ledger.settle_unknown(claim.delivery, "ReadTimeoutError()")
            case _:
                self.unanswered.append((claim.delivery, has_left))

    @rule(minutes=st.sampled_from([1, 10, 20]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.unanswered)
    @rule(choice=st.randoms(use_true_random=False))
    def a_late_answer_comes(self, choice) -> None:
        delivery, has_left = choice.choice(self.unanswered)
        try:
            if has_left:
                self.ledger.settle_sent(delivery, "0100-late")
            else:
                self.ledger.settle_refused(delivery, "never left")
        except CommandRefused:
            (standing,) = [one for one in self.ledger.deliveries(CFO) if one.recipient == delivery.recipient]
            was_settled = standing.state not in ("sending", "unknown")
            assert was_settled or standing.owner != delivery.owner

    @rule(reader=st.sampled_from(READERS))
    def a_person_settles(self, reader: str) -> None:
        before = self.standing(reader)
        try:
            self.ledger.settle(CFO, sent=self.inboxes[reader] > 0, recipient=reader)
        except CommandRefused:
            assert before != "unknown"

    @invariant()
    def no_inbox_gets_it_twice(self) -> None:
        assert max(self.inboxes.values()) <= 1

    @invariant()
    def no_delivery_goes_backwards(self) -> None:
        for reader in READERS:
            now = self.standing(reader)
            before, self.seen[reader] = self.seen[reader], now
            assert before in ("", now) or before in EARLIER[now]

    @invariant()
    def what_is_known_is_true(self) -> None:
        for reader in READERS:
            state = self.standing(reader)
            assert state != "sent" or self.inboxes[reader] == 1
            assert state not in ("", "refused", "deferred") or self.inboxes[reader] == 0


TestReadersInboxes = ReadersInboxes.TestCase
TestReadersInboxes.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
