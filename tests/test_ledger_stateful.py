import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from quarterdeck.errors import CommandRefused
from quarterdeck.ledger import Claim, Delivery, open_ledger
from quarterdeck.redaction import masked

CFO = "cfo/2026-W48"
READERS = ["one@example.com", "two@example.com"]
FATES = ["heard", "refused", "deferred", "answer lost", "killed before the send", "killed after the send"]
CLEAR_NO = ("refused", "deferred")

# From where a delivery can come, by however many moves nobody looked at.
EARLIER = {
    "sending": {"refused", "deferred", "unknown"},
    "refused": {"sending", "deferred", "unknown"},
    "deferred": {"sending", "refused", "unknown"},
    "unknown": {"sending", "refused", "deferred"},
    "sent": {"sending", "refused", "deferred", "unknown"},
    "delivered": {"sending", "refused", "deferred", "unknown", "sent"},
    "complained": {"sending", "refused", "deferred", "unknown", "sent", "delivered"},
}


@dataclass(frozen=True)
class Mail:
    """A message that has left, and, told by the mail service, an event about it."""

    edition: str
    delivery: str
    recipients: tuple[str, ...]
    message_id: str
    kind: str = ""
    detail: str = ""


class ReadersInboxes(RuleBasedStateMachine):
    """
    Whatever answers are lost, whoever is killed and in whichever order events come, no inbox gets a mail that
    nobody asked for, and no delivery goes backwards.

    The mails are what really happened; the ledger is what is known of it. The person who settles tells the
    truth. A reader's first mail is delivery 0, and each that a person has sent once more is the next.
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
        self.mails = []
        self.seen = {}
        self.unanswered = []  # claims of those who were killed, and the mail, if it had left
        self.owners = 0

    def teardown(self) -> None:
        self.folder.cleanup()

    def deliveries(self, reader: str) -> list[Delivery]:
        found = [one for one in self.ledger.deliveries(CFO) if one.shown == masked(reader)]
        return sorted(found, key=lambda one: one.resend)

    def has_left(self, delivery: Delivery) -> list[Mail]:
        """The mails of all claims of one delivery."""
        claims = delivery.tag.rpartition("-")[0]
        return [mail for mail in self.mails if mail.delivery.rpartition("-")[0] == claims]

    def post(self, reader: str, claim: Claim, fate: str) -> None:
        mail = None
        if fate in ("heard", "answer lost", "killed after the send"):
            mail = Mail(CFO, claim.delivery.tag, (reader,), f"mail-{len(self.mails)}")
            self.mails.append(mail)
        match fate:
            case "heard":
                self.ledger.settle_sent(claim.delivery, mail.message_id)
            case "refused":
                self.ledger.settle_refused(claim.delivery, "suppressed")
            case "deferred":
                self.ledger.settle_deferred(claim.delivery, "throttled")
            case "answer lost":
                self.ledger.settle_unknown(claim.delivery, "ReadTimeoutError()")
            case _:
                self.unanswered.append((claim.delivery, mail))

    @rule(reader=st.sampled_from(READERS), fate=st.sampled_from(FATES))
    def a_run_sends(self, reader: str, fate: str) -> None:
        before = [one.state for one in self.deliveries(reader)[:1]]
        self.owners += 1
        claim = self.ledger.claim(CFO, reader, body_hash="b0d1", owner=f"owner-{self.owners}")
        assert (claim.outcome == "claimed") == (not before or before[0] in CLEAR_NO)
        if claim.outcome == "claimed":
            self.post(reader, claim, fate)

    @rule(reader=st.sampled_from(READERS), fate=st.sampled_from(FATES))
    def a_person_sends_once_more(self, reader: str, fate: str) -> None:
        before = self.deliveries(reader)
        self.owners += 1
        owner = f"owner-{self.owners}"
        try:
            claim = self.ledger.resend(CFO, reader, body_hash="b0d1", owner=owner, because="lost", by="jada")
        except CommandRefused:
            assert not before
            return
        assert (claim.outcome == "claimed") == (before[-1].state not in ("sending", "unknown"))
        if claim.outcome == "claimed":
            assert len(self.deliveries(reader)) - len(before) == (before[-1].state not in CLEAR_NO)
            self.post(reader, claim, fate)

    @rule(minutes=st.sampled_from([1, 10, 20]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.unanswered)
    @rule(choice=st.randoms(use_true_random=False))
    def a_late_answer_comes(self, choice) -> None:
        delivery, mail = choice.choice(self.unanswered)
        try:
            if mail:
                self.ledger.settle_sent(delivery, mail.message_id)
            else:
                self.ledger.settle_refused(delivery, "never left")
        except CommandRefused:
            (standing,) = [one for one in self.ledger.deliveries(CFO) if one.key == delivery.key]
            was_settled = standing.state not in ("sending", "unknown")
            assert was_settled or standing.owner != delivery.owner

    @precondition(lambda self: self.mails)
    @rule(choice=st.randoms(use_true_random=False), kind=st.sampled_from(["send", "delay", "delivery", "complaint"]))
    def an_event_comes(self, choice, kind: str) -> None:
        mail = choice.choice(self.mails)
        event = Mail(CFO, mail.delivery, mail.recipients, mail.message_id, kind)
        assert self.ledger.observe(event).outcome in ("moved", "known")
        assert self.ledger.observe(event).outcome == "known"

    @rule(reader=st.sampled_from(READERS))
    def a_person_settles(self, reader: str) -> None:
        doubtful = [one for one in self.deliveries(reader) if one.state == "unknown"]
        try:
            settled = self.ledger.settle(CFO, sent=any(map(self.has_left, doubtful)), recipient=reader)
        except CommandRefused:
            assert not doubtful
        else:
            assert len(settled) == len(doubtful) == 1

    @invariant()
    def no_inbox_gets_a_mail_twice(self) -> None:
        for delivery in self.ledger.deliveries(CFO):
            assert len(self.has_left(delivery)) <= 1

    @invariant()
    def no_delivery_goes_backwards(self) -> None:
        for delivery in self.ledger.deliveries(CFO):
            before, self.seen[delivery.key] = self.seen.get(delivery.key), delivery.state
            assert before in (None, delivery.state) or before in EARLIER[delivery.state]

    @invariant()
    def what_is_known_is_true(self) -> None:
        for delivery in self.ledger.deliveries(CFO):
            if delivery.state in ("sent", "delivered", "complained"):
                assert self.has_left(delivery)
            if delivery.state in CLEAR_NO:
                assert not self.has_left(delivery)


TestReadersInboxes = ReadersInboxes.TestCase
TestReadersInboxes.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
