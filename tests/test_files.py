import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from quarterdeck.errors import StoreUnwritable
from quarterdeck.files import held_alone, sha256_of, write_beside_then_rename, write_beside_unless_there

# A limit on the size of files is the full disk that every system can offer: the kernel refuses the
# write halfway, as it does when no block is left. It holds for the process, so another one takes it.
WRITE_ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from quarterdeck.files import write_beside_then_rename
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
write_beside_then_rename(Path(sys.argv[1]), b"n" * 5000)
"""


def test_what_is_written_is_what_stands_there(tmp_path):
    """The file holds the bytes given, its missing folders are made, and nothing lies beside it."""
    path = tmp_path / "2026-W48" / "cfo" / "page.html"

    write_beside_then_rename(path, b"<p>whole</p>")

    assert path.read_bytes() == b"<p>whole</p>"
    assert [found.name for found in path.parent.iterdir()] == ["page.html"]


def test_an_older_file_is_replaced(tmp_path):
    """A second write takes the place of the first."""
    path = tmp_path / "page.html"
    write_beside_then_rename(path, b"last week")

    write_beside_then_rename(path, b"this week")

    assert path.read_bytes() == b"this week"


def test_a_disk_that_fills_up_leaves_what_was_there(tmp_path):
    """When the disk fills halfway the old file stays, no part is left, and the error names file and cause."""
    path = tmp_path / "page.html"
    path.write_bytes(b"last week")

    ended = subprocess.run(
        [sys.executable, "-c", WRITE_ON_A_FULL_DISK, str(path)], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 1
    assert f"{path} could not be written: File too large." in ended.stderr
    assert path.read_bytes() == b"last week"
    assert [found.name for found in tmp_path.iterdir()] == ["page.html"]


def test_a_folder_that_cannot_be_made_is_an_error_with_a_way_out(tmp_path):
    """A file where a folder should be is said with the path, the system's words and the next command."""
    (tmp_path / "outputs").write_text("a file", encoding="utf-8")

    with pytest.raises(StoreUnwritable) as refusal:
        write_beside_then_rename(tmp_path / "outputs" / "cfo" / "page.html", b"")

    assert "page.html could not be written: Not a directory." in str(refusal.value)
    assert "nothing half-written was kept" in str(refusal.value).lower()
    assert "python runner.py run --outputs FOLDER" in str(refusal.value)


def test_others_may_read_what_the_umask_allows(tmp_path):
    """A finished file has the mode of any new file, not the private one of a temporary file."""
    plain = tmp_path / "plain"
    plain.write_bytes(b"")

    write_beside_then_rename(tmp_path / "ours", b"")

    assert (tmp_path / "ours").stat().st_mode == plain.stat().st_mode


def test_the_hash_is_that_of_the_bytes(tmp_path):
    """Files larger than any buffer are hashed whole."""
    content = bytes(range(256)) * 4096
    path = Path(tmp_path / "big")
    path.write_bytes(content)

    assert sha256_of(path) == hashlib.sha256(content).hexdigest()


def test_of_two_that_write_at_once_the_first_stands(tmp_path):
    """What must be made once is made by one: the other is told, and nothing lies beside."""
    path = tmp_path / ".company"

    written = [write_beside_unless_there(path, slug) for slug in (b"resort", b"harbour")]

    assert written == [True, False]
    assert path.read_bytes() == b"resort"
    assert {found.name for found in tmp_path.iterdir()} == {".company", ".lock"}


def test_what_must_be_made_once_needs_no_hard_links(tmp_path):
    """A file system without them, as of a memory card, is as good: here the process is refused every link."""
    without = (
        "import sys\n"
        "def refuse(event, arguments):\n"
        "    if event == 'os.link':\n"
        "        raise PermissionError(1, 'Operation not permitted')\n"
        "sys.addaudithook(refuse)\n"
        "from pathlib import Path\n"
        "from quarterdeck.store import FolderStore\n"
        "FolderStore(Path(sys.argv[1]), 'resort')\n"
    )

    done = subprocess.run([sys.executable, "-c", without, tmp_path], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / ".company").read_text() == "resort\n"


def test_a_folder_is_held_by_one_and_freed_by_death(tmp_path):
    """Who comes second waits; when the first is killed, the folder is the second's at once."""
    hold = "import sys, time; from pathlib import Path; from quarterdeck.files import held_alone\n"
    hold += "with held_alone(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    waited = []
    with subprocess.Popen([sys.executable, "-c", hold, tmp_path], stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()

        def killing() -> None:
            waited.append(holder.poll())
            holder.kill()
            holder.wait()

        with held_alone(tmp_path, killing):
            assert waited == [None]
