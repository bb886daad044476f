"""One more mail by a person's word, one more run of an edition, and who is mailed by a second send."""

import secrets
from dataclasses import replace

import pytest
from harbour import SAYS, SENDER, FakeMailer
from stand_ins import mailed_by
from wire import Call

from quarterdeck.errors import CommandRefused, InputInvalid
from quarterdeck.ledger.dynamodb import create_table
from quarterdeck.mail.ses import SesMailer
from quarterdeck.pipeline import Post, make_plan, resend
from quarterdeck.store import FolderStore

CFO = "cfo/2026-W47"
READER = "cfo@harbour.boats"


def send_again(harbour, mailer, recipient: str = READER, because: str = "she deleted it"):
    plan = make_plan(harbour.request("cfo", period="2026-W47", purpose="send"), SENDER, harbour.clock)
    store = FolderStore(harbour.root / "outputs", "harbour")
    post = Post(mailer, harbour.ledger, plan.now)
    return resend(plan, recipient, post, store=store, because=because, by="jo")


def let_the_outputs_be_of_another_body(harbour) -> None:
    """As if somebody else had built the edition: whole in itself, and not what the ledger says was mailed."""
    ledger = harbour.root / "ledger.db"
    sent = ledger.read_bytes()
    ledger.unlink()
    harbour.report("cfo", SAYS.format(words="We recognised"))
    harbour.run()
    ledger.write_bytes(sent)


def test_a_resend_is_one_more_mail_with_the_body_that_was_got(harbour):
    """By one word one mail leaves, with the same body, why and by whom is kept, and no run follows it."""
    mailer = FakeMailer()
    harbour.run(mailer=mailer)

    done = send_again(harbour, mailer)
    after = harbour.run(mailer=mailer)

    bodies = {message.partition(b"MIME-Version: 1.0\r\n")[2] for _, message, _, _ in mailer.accepted}
    kept = [(word.because, word.by) for one in harbour.ledger.deliveries(CFO) for word in one.asked]
    assert (done.result, [to for to, *_ in mailer.accepted], len(bodies)) == ("sent", [READER, READER], 1)
    assert kept == [("she deleted it", "jo")]
    assert (after.exit_code, [one.result for one in after.deliveries]) == (0, ["sent before"])


@pytest.mark.usefixtures("on_moto")
def test_on_aws_the_next_send_mails_who_was_refused_and_nobody_else(harbour, moto, on_aws, wire):
    """SES refuses one of two readers: the next send tries that one, and by DynamoDB's word each has one mail."""
    harbour.ledger_url = f"dynamodb:ledger-{secrets.token_hex(6)}"
    create_table(harbour.ledger_url.partition(":")[2])
    refused = "b@harbour.boats"
    harbour.report("cfo", SAYS.format(words="Recognised"), params=f"delivery: {{to: [a@harbour.boats, {refused}]}}\n")
    is_refusing = True

    def fate(call: Call) -> object:
        is_to_refused = call.said.get("Destination", {}).get("ToAddresses") == [refused]
        return (400, "MessageRejected", f"{refused} is not verified") if is_refusing and is_to_refused else None

    on_aws(wire(moto, fate).endpoint)
    mailer = SesMailer(None, now=lambda: harbour.clock, sleep=lambda _: None)
    environment = replace(SENDER, sender="reports@harbour.boats", bcc=None)
    first = harbour.run(mailer=mailer, environment=environment)
    is_refusing = False
    second, third = (harbour.run(mailer=mailer, environment=environment) for _ in range(2))

    assert [one.exit_code for one in (first, second, third)] == [5, 0, 0]
    assert [one.result for one in first.deliveries] == ["sent", "refused"]
    assert [one.result for one in second.deliveries] == ["sent before", "sent"]
    assert [one.result for one in third.deliveries] == ["sent before", "sent before"]
    assert mailed_by(moto) == ["a@harbour.boats", refused]
    assert sorted(one.claims for one in harbour.ledger.deliveries(CFO)) == [1, 2]


def test_what_is_in_doubt_is_settled_before_it_is_sent_again(harbour):
    """After a lost answer a resend mails nothing, exits 6 and says how to settle it."""
    mailer = FakeMailer(lose=(READER,))
    harbour.run(mailer=mailer)

    done = send_again(harbour, mailer)

    assert (done.result, done.problem.exit_code, len(mailer.accepted)) == ("unknown", 6, 1)
    assert f"runner.py settle {CFO}" in str(done.problem)


@pytest.mark.parametrize(
    ("recipient", "because", "error", "says"),
    [
        ("cmo@harbour.boats", "please", CommandRefused, r"no mail to c•••@h•••\.boats was ever claimed"),
        (f"{READER}\nBcc: all@harbour.boats", "please", InputInvalid, "one line without control characters"),
        ("cfo", "please", InputInvalid, "one address"),
        (READER, "  ", InputInvalid, "a reason in words"),
    ],
)
def test_a_resend_that_must_not_be_mails_nobody(harbour, recipient, because, error, says):
    """Who was never mailed, what is no address, and a word without a reason: refused, with nothing claimed."""
    mailer = FakeMailer()
    harbour.run(mailer=mailer)

    with pytest.raises(error, match=says) as refusal:
        send_again(harbour, mailer, recipient, because)

    assert (refusal.value.exit_code, len(mailer.accepted), len(harbour.ledger.deliveries(CFO))) == (2, 1, 1)


def test_only_what_was_released_is_sent_again(harbour):
    """An edition that was never made, or made and not mailed, cannot be sent once more."""
    mailer = FakeMailer()

    with pytest.raises(CommandRefused, match="no run of it was ever started"):
        send_again(harbour, mailer)
    harbour.run()
    with pytest.raises(CommandRefused, match="it is ready, not released"):
        send_again(harbour, mailer)

    assert mailer.accepted == []


def test_another_message_than_readers_got_is_not_sent(harbour):
    """Outputs of somebody else, whole in themselves: their message is not the one that was mailed."""
    mailer = FakeMailer()
    harbour.run(mailer=mailer)
    let_the_outputs_be_of_another_body(harbour)

    with pytest.raises(CommandRefused, match="is not the one that its readers got"):
        send_again(harbour, mailer)

    assert len(mailer.accepted) == 1


def test_a_rerun_executes_anew_on_the_batchs_snapshot(harbour):
    """Data that changed since is not collected, and what is unchanged is executed all the same."""
    built = harbour.run()
    harbour.events("999.00")

    again = harbour.run("cfo", period="2026-W47", purpose="rerun")

    assert (again.exit_code, again.snapshot) == (0, built.snapshot)
    assert again.editions[0].seconds > 0
    assert [run.state for run in harbour.ledger.runs(CFO)] == ["ready", "ready"]


def test_a_released_edition_is_not_made_again(harbour):
    """What readers got is what is kept: a rerun is refused, touches nothing, and says how to mail it once more."""
    harbour.run(mailer=FakeMailer())
    before = {path.name: path.read_bytes() for path in harbour.folder(CFO).iterdir()}

    with pytest.raises(CommandRefused, match=f"runner.py resend {CFO} --to ADDRESS"):
        harbour.run("cfo", period="2026-W47", purpose="rerun")

    assert {path.name: path.read_bytes() for path in harbour.folder(CFO).iterdir()} == before
    assert len(harbour.ledger.runs(CFO)) == 1


def test_a_rerun_needs_a_batch(harbour):
    """Without a batch there is no snapshot to make it from again: nothing is collected."""
    with pytest.raises(CommandRefused, match="no batch of that week was built"):
        harbour.run("cfo", period="2026-W47", purpose="rerun")

    assert harbour.ledger.batches() == ()


def test_outputs_with_another_body_than_readers_got_mail_nobody_else(harbour):
    """Two outputs of one snapshot over one ledger: a further reader is not mailed the second's body."""
    mailer = FakeMailer()
    harbour.run(mailer=mailer)
    let_the_outputs_be_of_another_body(harbour)

    joined = harbour.run(mailer=mailer, environment=replace(SENDER, recipient="new@harbour.boats"))
    had = harbour.run(mailer=mailer)

    assert (joined.exit_code, len(mailer.accepted), len(harbour.ledger.deliveries(CFO))) == (2, 1, 1)
    assert "is not the one that its readers got" in str(joined.problems[0])
    assert f"runner.py show {CFO}" in str(joined.problems[0])
    assert (had.exit_code, [one.result for one in had.deliveries]) == (0, ["sent before"])


def test_a_refused_body_hides_no_doubt(harbour):
    """Where another body is refused to a further reader and an earlier answer was lost, the exit is 6."""
    mailer = FakeMailer(lose=(READER,))
    harbour.run(mailer=mailer)
    let_the_outputs_be_of_another_body(harbour)

    joined = harbour.run(mailer=mailer, environment=replace(SENDER, recipient="new@harbour.boats"))

    assert (joined.exit_code, len(mailer.accepted)) == (6, 1)
    assert [type(problem).__name__ for problem in joined.problems] == ["CommandRefused", "DeliveryUnknown"]
