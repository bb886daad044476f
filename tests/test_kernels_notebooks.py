"""Notebooks on warm kernels: what they put out, and what they cannot do to others."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from jupyter_core.utils import ensure_event_loop
from nbformat.v4 import new_code_cell, new_notebook

from quarterdeck.config import Limits
from quarterdeck.execute import Executed, Job, execute
from quarterdeck.kernels import nursery, prepare_kernels

FOREIGN = Path(__file__).parent / "data" / "render" / "foreign.ipynb"
# As analysts write them elsewhere: nothing of ours, and a good deal of global state
PLAIN = [
    "import warnings\nimport matplotlib.pyplot as plt\nimport numpy as np\nimport pandas as pd",
    "pd.set_option('display.max_rows', 6, 'display.precision', 3)\nnp.random.seed(7)\nplt.style.use('ggplot')",
    "frame = pd.DataFrame(np.random.standard_normal((40, 3)), columns=list('abc'))\nframe",
    "frame.describe().style.background_gradient()",
    "frame.cumsum().plot(title='Walks — äöü €', figsize=(7, 3))\nplt.show()",
    "fig, axes = plt.subplots(1, 2)\naxes[0].hist(frame['a'])\naxes[1].imshow(np.arange(64).reshape(8, 8))",
    "plt.rcParams['figure.dpi'] = 60\nplt.plot([1, 2]); plt.text(0, 1, r'$\\sum_i x_i^2$')",
    "warnings.warn('said to standard error')\nprint(frame.groupby(frame['a'] > 0).mean().to_string())",
    "from IPython.display import HTML, display\ndisplay(HTML('<b>bold</b>'))",
    "%config InlineBackend.figure_formats = ['svg']",
    "import sys; print(sys.argv[0].endswith('ipykernel_launcher.py'), __name__, sorted(map(str, plt.get_fignums())))",
    "1 / 0 if frame.empty else _",
]


def written(folder: Path, name: str, *sources: str) -> Path:
    """A notebook of these code cells."""
    content = new_notebook(cells=[new_code_cell(source) for source in sources])
    content.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / f"{name}.ipynb"
    nbformat.write(content, path)
    return path


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left(tmp_path_factory) -> Iterator[None]:
    """After all tests of this module no process is in a notebook's folder, whoever its parent may be by now."""
    yield
    nursery().close()
    here = str(tmp_path_factory.getbasetemp())
    left = [process for process in psutil.process_iter(["cwd"]) if (process.info["cwd"] or "").startswith(here)]
    assert psutil.wait_procs(left, timeout=5)[1] == []


def job_of(path: Path, folder: str = "out", **limits: int) -> Job:
    out = path.parent / folder / path.stem
    allowed = Limits(**({"cell_seconds": 60, "report_seconds": 120} | limits))
    return Job(f"{path.stem}/2026-W47", path, {}, out / "executed.ipynb", out / "failed.ipynb", allowed)


def run(*jobs: Job) -> dict[str, Executed]:
    return {done.job.notebook.stem: done for done in execute(jobs, workers=2)}


def outputs_of(executed: Path) -> list[str]:
    """Each cell's, without what differs from process to process: addresses, process ids, Styler's random ones."""
    cells = nbformat.read(executed, 4).cells
    return [
        re.sub(r"0x[0-9a-f]+|ipykernel_[0-9]+|T_[0-9a-f]{5}", "…", json.dumps(cell.get("outputs", [])))
        for cell in cells
    ]


def test_plain_notebooks_put_out_the_same_bytes_on_both_kernels(monkeypatch, tmp_path, caplog):
    """Texts, tables, styles and pictures of notebooks that know nothing of us, warm and stock."""
    (tmp_path / "foreign.ipynb").write_bytes(FOREIGN.read_bytes())
    paths = [written(tmp_path, "plain", *PLAIN), tmp_path / "foreign.ipynb"]

    warm = run(*(job_of(path, "warm") for path in paths))
    fell_back = [record.getMessage() for record in caplog.records]
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "local-provisioner")
    stock = run(*(job_of(path, "stock") for path in paths))

    assert fell_back == []
    assert [done.failure for done in (*warm.values(), *stock.values())] == [None] * 4
    for path in paths:
        assert outputs_of(warm[path.stem].job.output) == outputs_of(stock[path.stem].job.output)


def test_an_event_loop_of_the_callers_serves_no_notebook(tmp_path):
    """Where the caller has one, as whoever has used a Jupyter client does, two notebooks at once take one each."""
    callers = ensure_event_loop()
    try:
        done = run(*(job_of(written(tmp_path, name, "import time; time.sleep(1)", "1")) for name in ("one", "other")))

        assert [one.failure for one in done.values()] == [None, None]
        assert not callers.is_closed()
    finally:
        callers.close()


WELL_BEHAVED = [
    "import matplotlib.pyplot as plt\nimport pandas as pd",
    "pd.DataFrame({'a': range(90)})",
    "plt.plot([1, 2])",
]
KILLS_ITS_ZYGOTE = """
import os, time
from pathlib import Path
time.sleep(1)  # the one beside it has begun
# A stock kernel's parent is the runner
if b"zygote" in Path(f"/proc/{os.getppid()}/cmdline").read_bytes():
    os.kill(os.getppid(), 9)
    time.sleep(60)
print("lived")
"""
# What the machine can spare, where 2 GB are too much for it: every byte is written, so that the system has to give it
LEAKED = min(2**31, psutil.virtual_memory().available // 4)
BAD = {
    "threads": "import threading, time\nfor _ in range(20): threading.Thread(target=time.sleep, args=(600,)).start()",
    "forks": "import os, time\nfor _ in range(3):\n    if os.fork() == 0:\n        time.sleep(600)",
    "leaves": "import os; os._exit(3)",
    "leaks": f"import psutil\nheld = b'x' * {LEAKED}\nprint(psutil.Process().memory_info().rss > {LEAKED})",
    "killed": "import os; os.kill(os.getpid(), 9)",  # as the system does to who takes too much
    "floods": "for _ in range(100): print('x' * 2**20)",
    "deaf": "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
    "styles": "import matplotlib as mpl\nmpl.style.use('dark_background'); mpl.rcParams['figure.dpi'] = 300",
    "patches": "import pandas as pd\npd.DataFrame.to_html = pd.DataFrame._repr_html_ = lambda self: '?'",
}


@pytest.fixture(scope="module")
def after_the_bad(tmp_path_factory) -> dict[str, Executed]:
    """Every bad notebook and two good ones, of which one begins among them and one after them all."""
    folder = tmp_path_factory.mktemp("bad")
    notebooks = {"first": WELL_BEHAVED, **{name: ["x = 1", code] for name, code in BAD.items()}, "last": WELL_BEHAVED}
    return run(
        *(
            job_of(written(folder, name, *cells), cell_seconds=4 if name == "deaf" else 300, report_seconds=400)
            for name, cells in notebooks.items()
        )
    )


def test_a_bad_notebook_fails_alone_and_its_error_says_where(after_the_bad):
    """What ends its kernel or will not end fails, named by report and cell; what only misbehaves is executed."""
    failures = {name: done.failure for name, done in after_the_bad.items() if done.failure is not None}

    assert {name: (one.edition, one.cell, one.reason) for name, one in failures.items()} == {
        "leaves": ("leaves/2026-W47", 2, "its kernel died"),
        "killed": ("killed/2026-W47", 2, "its kernel died"),
        "deaf": ("deaf/2026-W47", 2, "the cell ran longer than its 4 s"),
    }


def test_what_a_notebook_takes_goes_with_its_kernel(after_the_bad):
    """2 GB that it held are neither the zygote's nor the runner's afterwards, and what it printed is all kept."""
    held = [psutil.Process(pid).memory_info().rss for pid in (nursery().pid, os.getpid())]

    assert "True" in outputs_of(after_the_bad["leaks"].job.output)[1]
    assert max(held) < LEAKED
    assert after_the_bad["floods"].job.output.stat().st_size > 100 * 2**20


LATE = """
import sys, time
print("said")
sys.stdout.flush()
# ipykernel calls them before it answers, and they wait for the thread that prints
sys.stdout.flush = sys.stderr.flush = lambda: None
kernel = get_ipython().kernel
get_ipython().events.register("post_run_cell", lambda _: kernel.iopub_thread.schedule(lambda: time.sleep(5)))
"""


def test_what_a_cell_printed_may_come_late(tmp_path):
    """A busy machine hands a long output on some seconds after the cell's end: that is no failure of the report."""
    job = job_of(written(tmp_path, "late", LATE))

    done = run(job)["late"]

    assert done.failure is None
    assert done.seconds > 5
    assert "said" in outputs_of(job.output)[0]


def test_kernels_come_from_the_zygote_that_was_prepared(tmp_path):
    """What is started while a company is collected is what its notebooks begin on, not a second one."""
    prepare_kernels()
    prepared = nursery().pid
    job = job_of(written(tmp_path, "child", "import os; print(os.getppid())"))

    run(job)

    assert f'"{prepared}\\n"' in outputs_of(job.output)[0]


def test_other_editions_are_untouched(after_the_bad):
    """Before, beside and after the bad ones a notebook puts out the same."""
    first, last = (outputs_of(after_the_bad[name].job.output) for name in ("first", "last"))

    assert first == last
    assert "90 rows" in first[1]
    assert "image/png" in first[2]


def test_a_zygote_killed_in_mid_batch_costs_no_edition(tmp_path, caplog):
    """The kernels that it took along begin anew on stock ones, and the log says so; whoever killed it cannot again."""
    killer = job_of(written(tmp_path, "killer", KILLS_ITS_ZYGOTE))
    beside = job_of(written(tmp_path, "beside", "import time; time.sleep(3); print('slept')"))

    done = run(killer, beside)

    assert [one.failure for one in done.values()] == [None, None]
    assert "lived" in outputs_of(killer.output)[0]
    assert "slept" in outputs_of(beside.output)[0]
    again = [record.edition for record in caplog.records if record.getMessage().startswith("executed again")]
    assert sorted(again) == ["beside/2026-W47", "killer/2026-W47"]


def test_sixty_four_reports_at_once_are_each_their_own(tmp_path):
    """All are asked for in one moment: the wrong one fails, by its name and cell, and every other prints its own."""
    (tmp_path / "here").mkdir()
    code = (
        "import os, time\nopen('here/{number}', 'w').close()\n"
        "while len(os.listdir('here')) < 63: time.sleep(0.1)\n"  # until all the others run too
        "print('pid', os.getpid(), {number})"
    )
    right = [job_of(written(tmp_path, f"r{number}", code.format(number=number))) for number in range(63)]
    wrong = job_of(written(tmp_path, "wrong", "x = 1", "1 / 0"))

    done = {one.job.notebook.stem: one for one in execute([*right, wrong], workers=64)}

    failures = [one.failure for one in done.values() if one.failure is not None]
    said = [re.search(r"pid (\d+) (\d+)", outputs_of(job.output)[0]) for job in right]
    assert [(one.edition, one.cell, one.reason) for one in failures] == [
        ("wrong/2026-W47", 2, "ZeroDivisionError: division by zero")
    ]
    assert [int(found[2]) for found in said] == list(range(63))
    assert len({found[1] for found in said}) == 63
    assert not any(psutil.pid_exists(int(found[1])) for found in said)


FULL = """
import sys, tempfile
from contextlib import suppress
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from quarterdeck.execute import Job, execute
place = Path(tempfile.gettempdir())  # it fills up later: one that is full already is passed over by Python
with suppress(OSError):
    for number in range(1000):
        (place / str(number)).write_bytes(b"x" * int(sys.argv[4]))
job = Job("cfo/2026-W47", Path(sys.argv[2]), {}, Path(sys.argv[3]) / "out", Path(sys.argv[3]) / "failed")
for done in execute([job], workers=1):
    print(place, done.failure.edition, done.failure.cell, done.failure.reason)
"""


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="it needs root on Linux, to mount")
@pytest.mark.parametrize(("limit", "size"), [("size=64k", 4096), ("nr_inodes=9", 0)])
def test_where_the_temporary_folder_is_full_the_report_says_so(tmp_path, limit, size):
    """No byte or no name left in it: the edition fails with the system's words, and the run ends."""
    place = tmp_path / "full"
    place.mkdir()
    arguments = [str(Path(__file__).parent.parent), str(written(tmp_path, "cfo", "1")), str(tmp_path), str(size)]
    script = 'mount -t tmpfs -o "$1" tmpfs "$2"; shift 2; exec "$@"'
    unshared = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", limit, str(place)]

    told = subprocess.run(
        [*unshared, sys.executable, "-c", FULL, *arguments],
        env={**os.environ, "TMPDIR": str(place)},
        timeout=120,
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.startswith(f"{place} cfo/2026-W47 1 ")
    assert "No space left on device" in told.stdout
