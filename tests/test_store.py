import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from harbour import make_harbour
from stand_ins import KEY, new_bucket
from wire import Wire

from quarterdeck.aws import client
from quarterdeck.errors import AwsUnavailable, CommandRefused, InputInvalid, SnapshotDamaged, StoreUnwritable
from quarterdeck.snapshot import open_snapshot
from quarterdeck.store import FolderStore, Store, open_store
from quarterdeck.store.bucket import Bucket


def keys(bucket: str) -> list[str]:
    listed = client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
    return sorted(entry["Key"] for entry in listed)


@dataclass
class Place:
    """One store's address, opened from any machine: for a bucket, each has a working folder of its own."""

    address: Path | str
    cache: Callable[[str], None]

    def on(self, machine: str, company: str = "resort") -> Store:
        self.cache(machine)
        return open_store(self.address, company)


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Callable[[str], None]:
    return lambda machine: monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / machine))


@pytest.fixture(params=["moto", "ministack"])
def in_bucket(request, on_aws, cache) -> Place:
    """A store in an empty bucket of each stand-in."""
    on_aws(request.getfixturevalue(request.param))
    return Place(f"s3://{new_bucket()}/weekly/reports", cache)


@pytest.fixture(params=["folder", "moto", "ministack"])
def place(request, tmp_path, on_aws, cache) -> Place:
    """Every kind of store, empty."""
    if request.param == "folder":
        return Place(tmp_path / "outputs", cache)
    on_aws(request.getfixturevalue(request.param))
    return Place(f"s3://{new_bucket()}/weekly/reports", cache)


@pytest.fixture(scope="session")
def frozen(tmp_path_factory, snapshot_of) -> Callable[[Path], Path]:
    """A function that freezes a small company into a folder of snapshots."""
    company = make_harbour(tmp_path_factory.mktemp("harbour")).root / "company"
    return lambda store: snapshot_of(company, store)


def complete(folder: Path, page: str = "<p>whole</p>", snapshot: str = "") -> Path:
    """Make *folder* a complete edition: files, and a manifest that has their hashes."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"executed.ipynb": "{}", "page.html": page, "message.eml": "To: cfo@example.com"}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    outputs = {name: sha256(text.encode()).hexdigest() for name, text in files.items()}
    manifest = {"outputs": outputs, "snapshot": snapshot}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def ours() -> bool:
    """Nobody has taken the edition over."""
    return True


# The contract of both kinds.


def test_a_store_is_one_companys(place):
    """A place that holds another slug is refused with both named, exit 2 and a place that would do."""
    place.on("one")

    with pytest.raises(CommandRefused) as refusal:
        place.on("other", company="harbour")

    assert f"outputs in {place.address}: they are resort's, and this company is harbour" in str(refusal.value)
    assert f"{place.address}-harbour" in str(refusal.value)
    assert refusal.value.exit_code == 2


def test_of_two_companies_that_come_first_at_once_one_gets_the_place(place):
    """Eight openings by two companies at one moment: all of one succeed, all of the other are refused."""
    place.cache("one")
    start, ended = threading.Barrier(8), []

    def opened(company: str) -> None:
        start.wait()
        try:
            open_store(place.address, company)
        except CommandRefused:
            ended.append((company, "refused"))
        else:
            ended.append((company, "opened"))

    threads = [threading.Thread(target=opened, args=(company,)) for company in ["resort", "harbour"] * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ended) == 8
    assert len(set(ended)) == 2
    assert {result for _, result in ended} == {"opened", "refused"}


def test_what_is_kept_comes_back_on_another_machine(place):
    """A kept edition is whole where it was not made, and its company opens the place again."""
    store = place.on("one")
    complete(store.edition("cfo/2026-W48"))
    store.keep_edition("cfo/2026-W48", ours)

    folder = place.on("other").fetch_edition("cfo/2026-W48")

    assert (folder / "page.html").read_text() == "<p>whole</p>"
    assert (folder / "executed.ipynb").read_text() == "{}"
    assert (folder / "manifest.json").is_file()


def test_a_kept_snapshot_comes_back_on_another_machine(place, frozen):
    """It has the same id and rows; one that was never kept is None."""
    store = place.on("one")
    taken = frozen(store.snapshots)
    store.keep_snapshot(taken)

    other = place.on("other")
    found = other.snapshot(taken.name)

    assert open_snapshot(found).table("events")["event_id"].tolist() == ["E0", "E1"]
    assert found == other.snapshots / taken.name
    assert other.snapshot("0" * 16) is None


def test_the_latest_snapshot_is_at_hand_on_another_machine(place, frozen):
    """What was frozen last is among the snapshots, so that unchanged sources give it again."""
    store = place.on("one")
    store.fetch_latest_snapshot()
    taken = frozen(store.snapshots)
    store.keep_snapshot(taken)

    other = place.on("other")
    other.fetch_latest_snapshot()

    assert [path.name for path in other.snapshots.iterdir()] == [taken.name]


def test_everything_has_its_place(place):
    """Period, then report with its variant; snapshots beside the periods, where a notebook looks for them."""
    store = place.on("one")
    root = store.snapshots.parent

    assert store.edition("cfo/2026-W48") == root / "2026-W48" / "cfo"
    assert store.edition("cfo@jada/2026-W48") == root / "2026-W48" / "cfo@jada"
    assert store.snapshots == root / "snapshots"
    assert store.address(store.edition("cfo/2026-W48")) == f"{place.address}/2026-W48/cfo"


@pytest.mark.parametrize("name", ["../cfo/2026-W48", "cfo/..", "/etc/2026-W48", "cfo/2026-W48/../.."])
def test_no_name_leads_out_of_the_store(place, name):
    """A name that is no edition's is refused before it becomes a path or a key."""
    with pytest.raises(InputInvalid) as refusal:
        place.on("one").edition(name)

    assert f"edition: found {name!r}" in str(refusal.value)


@pytest.mark.parametrize(
    ("edition", "before"),
    [
        ("cfo/2026-W48", "cfo/2026-W47"),
        ("cfo/2026-W01", "cfo/2025-W52"),
        ("cfo/2027-W01", "cfo/2026-W53"),
        ("cfo@jada/2026-W48", "cfo@jada/2026-W47"),
    ],
)
def test_the_previous_edition_is_that_of_the_week_before(place, edition, before):
    """The week before is found across the turn of the year, of the same report and variant."""
    store = place.on("one")
    complete(store.edition(before))
    store.keep_edition(before, ours)

    other = place.on("other")

    assert other.previous(edition) == other.edition(before)
    assert (other.edition(before) / "manifest.json").is_file()


def test_the_previous_edition_brings_its_snapshot(place, frozen):
    """A report compares rows with those of the week before: their snapshot lies where it looks."""
    store = place.on("one")
    taken = frozen(store.snapshots)
    store.keep_snapshot(taken)
    complete(store.edition("cfo/2026-W47"), snapshot=taken.name)
    store.keep_edition("cfo/2026-W47", ours)

    previous = place.on("other").previous("cfo/2026-W48")

    assert open_snapshot(previous.parent.parent / "snapshots" / taken.name).snapshot == taken.name


def test_there_is_no_previous_edition_without_a_manifest(place):
    """An edition that is not complete, of another report or of an earlier week, is not compared with."""
    store = place.on("one")
    store.edition("cfo/2026-W47").mkdir(parents=True)
    for edition in ("ceo/2026-W47", "cfo@jada/2026-W47", "cfo/2026-W46"):
        complete(store.edition(edition))
        store.keep_edition(edition, ours)

    assert store.previous("cfo/2026-W48") is None


def test_a_failed_notebook_is_found_again(place):
    """What ran of it is where the store says: its operator may have no other way to it."""
    store = place.on("one")
    notebook = store.edition("cfo/2026-W48") / "failed.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.write_text('{"failed": true}')

    kept = store.keep_failed("cfo/2026-W48", "20261123-1", notebook)

    bucket, _, key = kept.removeprefix("s3://").partition("/")
    is_there = (
        client("s3").get_object(Bucket=bucket, Key=key)["Body"].read() if "s3://" in kept else Path(kept).read_bytes()
    )
    assert is_there == b'{"failed": true}'
    assert kept.startswith(f"{place.address}/2026-W48/cfo/failed")


# Of folders alone.


def test_a_store_that_cannot_be_made_is_said(tmp_path):
    """A file in the store's place is an error with path, cause and the next command."""
    (tmp_path / "outputs").write_text("", encoding="utf-8")

    with pytest.raises(StoreUnwritable) as refusal:
        FolderStore(tmp_path / "outputs", "resort")

    assert "could not be written: " in str(refusal.value)
    assert "python runner.py run --outputs FOLDER" in str(refusal.value)


# Of buckets alone.


def bucket_of(place: Place) -> str:
    return str(place.address).split("/")[2]


def test_everything_but_messages_is_in_the_bucket_and_encrypted(in_bucket, frozen):
    """Pages, notebooks, manifests and snapshots are there, each by KMS with the bucket's own key; no message is."""
    store = in_bucket.on("one")
    taken = frozen(store.snapshots)
    store.keep_snapshot(taken)
    complete(store.edition("cfo/2026-W48"))
    store.keep_edition("cfo/2026-W48", ours)

    bucket = bucket_of(in_bucket)
    heads = {key: client("s3").head_object(Bucket=bucket, Key=key) for key in keys(bucket)}
    assert [re.sub("-[0-9a-f]{16}[.]", "-HASH.", key.removeprefix("weekly/reports/")) for key in heads] == [
        ".company",
        "2026-W48/cfo/executed-HASH.ipynb",
        "2026-W48/cfo/manifest.json",
        "2026-W48/cfo/page-HASH.html",
        f"snapshots/{taken.name}/events-HASH.parquet",
        *([f"snapshots/{taken.name}/findings-HASH.parquet"] if (taken / "findings.parquet").is_file() else []),
        f"snapshots/{taken.name}/manifest.json",
    ]
    assert {head["ServerSideEncryption"] for head in heads.values()} == {"aws:kms"}
    assert {head["SSEKMSKeyId"] for head in heads.values()} == {KEY}


def test_what_is_there_is_not_put_again(in_bucket, frozen):
    """Keeping the same things twice writes nothing the second time; one changed page is one more object."""
    store = in_bucket.on("one")
    taken = frozen(store.snapshots)
    store.keep_snapshot(taken)
    folder = complete(store.edition("cfo/2026-W48"))
    store.keep_edition("cfo/2026-W48", ours)
    client("s3").put_bucket_versioning(
        Bucket=bucket_of(in_bucket), VersioningConfiguration={"Status": "Enabled"}
    )  # from here on, every object that is put stands apart

    store.keep_snapshot(taken)
    store.keep_edition("cfo/2026-W48", ours)
    complete(folder, page="<p>anew</p>")
    store.keep_edition("cfo/2026-W48", ours)

    versions = client("s3").list_object_versions(Bucket=bucket_of(in_bucket))["Versions"]
    put = sorted(one["Key"].rpartition("/")[2] for one in versions if one["VersionId"] != "null")
    assert put == ["manifest.json", f"page-{sha256(b'<p>anew</p>').hexdigest()[:16]}.html"]


def key_of(folder: Path, name: str, below: str) -> str:
    """Where *name* of *folder* is kept."""
    stem, _, suffix = name.partition(".")
    return f"weekly/reports/{below}/{stem}-{sha256((folder / name).read_bytes()).hexdigest()[:16]}.{suffix}"


def test_an_upload_that_was_broken_off_is_nothing_until_it_is_completed(in_bucket, frozen):
    """Without its manifest a snapshot is not there; the next start completes it, also over other bytes."""
    store = in_bucket.on("one")
    taken = frozen(store.snapshots)
    bucket, key = bucket_of(in_bucket), key_of(taken, "events.parquet", f"snapshots/{taken.name}")
    client("s3").put_object(Bucket=bucket, Key=key, Body=b"half", ServerSideEncryption="aws:kms", SSEKMSKeyId=KEY)

    before = in_bucket.on("other").snapshot(taken.name)
    store.keep_snapshot(taken)

    assert before is None
    assert open_snapshot(in_bucket.on("other").snapshot(taken.name)).table("events").shape[0] == 2


def test_a_snapshot_that_was_changed_in_the_bucket_is_refused(in_bucket, frozen):
    """Other bytes than the manifest's are damage, named with the address; nothing of it stays on the machine."""
    store = in_bucket.on("one")
    taken = frozen(store.snapshots)
    store.keep_snapshot(taken)
    key = key_of(taken, "events.parquet", f"snapshots/{taken.name}")
    client("s3").put_object(Bucket=bucket_of(in_bucket), Key=key, Body=b"other")
    other = in_bucket.on("other")

    with pytest.raises(SnapshotDamaged) as refusal:
        other.snapshot(taken.name)

    assert f"snapshot {in_bucket.address}/snapshots/{taken.name}: events.parquet is missing" in str(refusal.value)
    assert list(other.snapshots.glob("*")) == []


def test_an_edition_that_was_changed_in_the_bucket_is_none(in_bucket):
    """A page with another hash than its manifest's makes the folder no edition."""
    store = in_bucket.on("one")
    folder = complete(store.edition("cfo/2026-W48"))
    store.keep_edition("cfo/2026-W48", ours)
    key = key_of(folder, "page.html", "2026-W48/cfo")
    client("s3").put_object(Bucket=bucket_of(in_bucket), Key=key, Body=b"<p>other</p>")

    folder = in_bucket.on("other").fetch_edition("cfo/2026-W48")

    assert not (folder / "manifest.json").exists()
    assert not (folder / "page.html").exists()


def test_another_machines_edition_takes_the_place_of_an_older_one(in_bucket):
    """What the bucket keeps wins over what lies here, and the older message goes with its edition."""
    here, there = in_bucket.on("one"), in_bucket.on("other")
    complete(here.edition("cfo/2026-W48"))
    complete(there.edition("cfo/2026-W48"), page="<p>anew</p>")
    there.keep_edition("cfo/2026-W48", ours)

    folder = here.fetch_edition("cfo/2026-W48")

    assert (folder / "page.html").read_text() == "<p>anew</p>"
    assert not (folder / "message.eml").exists()


def test_a_bucket_that_is_not_there_is_said(in_bucket):
    """A missing bucket is an error with its address and what mends it."""
    in_bucket.address = "s3://no-such-bucket-of-ours/weekly"

    with pytest.raises(AwsUnavailable) as refusal:
        in_bucket.on("one")

    assert "s3://no-such-bucket-of-ours/weekly/.company: there is none in this account" in str(refusal.value)


@pytest.mark.parametrize("address", ["s3://", "s3://UPPER/x", "s3://bucket/../x", "s3://bucket//x", "s3://bucket/a b"])
def test_what_is_no_address_is_refused(address):
    """An address that is none, or could lead out of the working folder, is refused before anything is asked."""
    with pytest.raises(InputInvalid) as refusal:
        open_store(address, "resort")

    assert f"QUARTERDECK_STORE: found {address!r}, expected s3://bucket/prefix" in str(refusal.value)


def test_the_working_folder_stays_small(in_bucket):
    """Of weeks that no run can be at work on any more the last four stay; newer ones are not touched."""
    root = in_bucket.on("one").snapshots.parent
    for number in range(1, 8):
        week = root / f"2026-W{number:02}"
        week.mkdir()
        long_ago = time.time() - 24 * 3600 + number
        os.utime(week, (long_ago, long_ago))
    for number in range(20, 22):
        (root / f"2026-W{number:02}").mkdir()

    in_bucket.on("one")

    assert sorted(path.name for path in root.glob("2026-W*")) == ["2026-W06", "2026-W07", "2026-W20", "2026-W21"]


def test_messages_on_the_machine_are_the_users_alone(in_bucket):
    """The working folder, in which messages name their readers, is closed to other users."""
    root = in_bucket.on("one").snapshots.parent

    assert root.stat().st_mode & 0o077 == 0


# Of several who keep one thing at once, and of what the wire does to them.


@dataclass
class Crossing:
    """A store that speaks to its bucket over a wire, on which a test decides what becomes of each call."""

    place: Place
    wire: Wire
    bucket: str
    on_aws: Callable[[str], None]
    upstream: str

    def puts(self, name: str) -> int:
        """How often *name*, below the store's prefix, was put."""
        return self.wire.operations().count(f"PUT /{self.bucket}/weekly/reports/{name}")

    @contextlib.contextmanager
    def past_the_wire(self) -> Iterator[None]:
        """What is done here is no call of the wire's."""
        self.on_aws(self.upstream)
        yield
        self.on_aws(self.wire.endpoint)


@pytest.fixture(params=["moto", "ministack"])
def crossing(request, wire, on_aws, cache):
    """A function (fate of a call as method and key below the prefix, number) → `Crossing`."""
    upstream = request.getfixturevalue(request.param)
    on_aws(upstream)
    bucket = new_bucket()

    def lay(fate: Callable[[str, int], object]) -> Crossing:
        laid = wire(upstream, lambda call: fate(call.operation.replace(f"/{bucket}/weekly/reports/", ""), call.number))
        on_aws(laid.endpoint)
        return Crossing(Place(f"s3://{bucket}/weekly/reports", cache), laid, bucket, on_aws, upstream)

    return lay


def test_of_two_who_upload_one_edition_the_owner_of_its_run_is_kept(crossing):
    """Who was overtaken while he uploaded takes nothing back: what is read is the later run's, all of it."""
    owner = "late"

    def overtaken(call: str, number: int) -> None:
        nonlocal owner
        if (call, number) == ("PUT 2026-W48/cfo/manifest.json", 1):  # all the first start's files are there
            owner = "fast"
            with laid.past_the_wire():
                fast = laid.place.on("fast")
                complete(fast.edition("cfo/2026-W48"), page="<p>fast</p>")
                assert fast.keep_edition("cfo/2026-W48", lambda: owner == "fast")

    laid = crossing(overtaken)
    late = laid.place.on("late")
    complete(late.edition("cfo/2026-W48"), page="<p>late</p>")

    is_kept = late.keep_edition("cfo/2026-W48", lambda: owner == "late")

    folder = laid.place.on("reader").fetch_edition("cfo/2026-W48")
    assert not is_kept
    assert (folder / "manifest.json").is_file()
    assert (folder / "page.html").read_text() == "<p>fast</p>"


def test_what_a_reader_reads_is_one_edition_whoever_uploads_meanwhile(crossing):
    """Another edition that is kept between a reader's manifest and its page changes nothing of what is read."""

    def meanwhile(call: str, number: int) -> None:
        if call.startswith("GET 2026-W48/cfo/executed") and number == 1:
            with laid.past_the_wire():
                second = laid.place.on("second")
                complete(second.edition("cfo/2026-W48"), page="<p>second</p>")
                assert second.keep_edition("cfo/2026-W48", ours)

    laid = crossing(meanwhile)
    first = laid.place.on("first")
    complete(first.edition("cfo/2026-W48"), page="<p>first</p>")
    first.keep_edition("cfo/2026-W48", ours)

    folder = laid.place.on("reader").fetch_edition("cfo/2026-W48")

    assert (folder / "manifest.json").is_file()
    assert (folder / "page.html").read_text() == "<p>first</p>"


def test_a_marker_that_another_puts_first_is_his(crossing):
    """Of two companies that find a place empty at one moment, the later to write is refused and overwrites nothing."""

    def first(call: str, number: int) -> None:
        if (call, number) == ("PUT .company", 1):
            with laid.past_the_wire():
                laid.place.on("other", company="harbour")

    laid = crossing(first)

    with pytest.raises(CommandRefused, match="they are harbour's, and this company is resort"):
        laid.place.on("one")

    with laid.past_the_wire():
        laid.place.on("third", company="harbour")


@pytest.mark.parametrize(
    ("fate", "of"),
    [
        ("answer lost", ("",)),  # boto3 puts again what had arrived, and its own condition fails
        ((409, "ConditionalRequestConflict", "no"), (".company", "manifest.json")),  # another is at it, and dies
        ((412, "PreconditionFailed", "no"), (".company", "manifest.json")),
    ],
    ids=["answer lost", "409", "412"],
)
def test_a_put_may_be_refused_or_not_be_heard_of(crossing, frozen, fate, of):
    """Marker, snapshot and edition are there all the same, and nobody's lost answer is another's edition."""
    laid = crossing(lambda call, number: fate if call.startswith("PUT") and call.endswith(of) and number == 1 else None)
    store = laid.place.on("one")
    taken = frozen(store.snapshots)
    complete(store.edition("cfo/2026-W48"))

    store.keep_snapshot(taken)
    is_kept = store.keep_edition("cfo/2026-W48", ours)

    other = laid.place.on("other")
    assert is_kept
    assert other.snapshot(taken.name) is not None
    assert (other.fetch_edition("cfo/2026-W48") / "page.html").is_file()
    assert laid.puts("2026-W48/cfo/manifest.json") == 2


def test_what_s3_denies_names_object_and_permission(crossing):
    """A role that may not put is told which permission is missing, where, and that nothing half-written was kept."""
    laid = crossing(lambda call, _: (403, "AccessDenied", "no") if call.startswith("PUT 2026") else None)
    store = laid.place.on("one")
    complete(store.edition("cfo/2026-W48"))

    with pytest.raises(AwsUnavailable) as denied:
        store.keep_edition("cfo/2026-W48", ours)

    assert f"{laid.place.address}/2026-W48/cfo/executed-" in str(denied.value)
    assert "the permission s3:PutObject is missing (AccessDenied)" in str(denied.value)
    assert not (laid.place.on("other").fetch_edition("cfo/2026-W48") / "manifest.json").exists()


KEEPING = """
import sys
from pathlib import Path
from quarterdeck.store import open_store
store = open_store(sys.argv[1], "resort")
store.keep_edition("cfo/2026-W48", lambda: True)
"""


def test_a_start_killed_in_mid_upload_leaves_the_edition_before_it(crossing):
    """Killed between the page and its manifest: readers find the earlier edition whole, and the next start mends it."""

    def kill(call: str, _number: int) -> object:
        if not uploading or not call.startswith("PUT 2026-W48/cfo/page"):
            return None
        uploading[0].kill()
        return "answer lost"  # it arrived, and nobody is there to hear of it

    uploading: list[subprocess.Popen] = []
    laid = crossing(kill)
    store = laid.place.on("one")
    complete(store.edition("cfo/2026-W48"), page="<p>earlier</p>")
    store.keep_edition("cfo/2026-W48", ours)
    complete(store.edition("cfo/2026-W48"), page="<p>later</p>")
    uploading.append(subprocess.Popen([sys.executable, "-c", KEEPING, str(laid.place.address)]))
    killed = uploading[0].wait(240)
    uploading.clear()

    found = (laid.place.on("other").fetch_edition("cfo/2026-W48") / "page.html").read_text()
    laid.place.on("one").keep_edition("cfo/2026-W48", ours)

    assert killed == -signal.SIGKILL
    assert found == "<p>earlier</p>"
    assert (laid.place.on("third").fetch_edition("cfo/2026-W48") / "page.html").read_text() == "<p>later</p>"


# Of buckets on a start whose time ends.

QUESTIONS = {
    "its hash": lambda bucket, _: bucket.hash_of("page.html"),
    "its content": lambda bucket, _: bucket.read("page.html"),
    "a download": lambda bucket, path: bucket.fetch("page.html", path, "0" * 64),
    "an upload": lambda bucket, path: bucket.put("page.html", path),
    "a listing": lambda bucket, _: bucket.names("2"),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_s3_that_hangs_does_not_outlast_the_start(wire, moto, on_aws, monkeypatch, tmp_path, question):
    """Whatever is asked or put, no attempt begins that might end after the start's time: it is an error before."""
    monkeypatch.setattr("quarterdeck.store.bucket._ANSWER_WITHIN_S", 1.0)
    monkeypatch.setattr("quarterdeck.store.bucket._ATTEMPT_S", 1.5)
    on_aws(moto)
    name, path, over = new_bucket(), tmp_path / "page.html", threading.Event()
    path.write_text("<p>whole</p>")
    hanging = wire(moto, lambda call: over.wait(30) if call.operation.startswith(("HEAD", "GET", "PUT")) else None)
    on_aws(hanging.endpoint)
    looks: list[float] = []

    def seconds_left() -> float:
        looks.append(time.monotonic())
        return 2.0 - (looks[-1] - looks[0])

    bucket = Bucket(f"s3://{name}/weekly", seconds_left)

    with pytest.raises(AwsUnavailable, match=rf"^s3://{name}/weekly.*: the time of this start is nearly over"):
        QUESTIONS[question](bucket, path)
    left = seconds_left()
    over.set()

    assert left > 0
    assert len(hanging.calls) == 1


def test_with_little_time_left_s3_is_asked_nothing(wire, moto, on_aws):
    """What could not be answered in time is not begun: 19 seconds do not suffice, 21 do."""
    on_aws(moto)
    name = new_bucket()
    laid = wire(moto, lambda _: None)
    on_aws(laid.endpoint)

    with pytest.raises(AwsUnavailable, match="might outlast it"):
        Bucket(f"s3://{name}/weekly", lambda: 19.0).read("page.html")

    assert laid.calls == []
    assert Bucket(f"s3://{name}/weekly", lambda: 21.0).read("page.html") is None
