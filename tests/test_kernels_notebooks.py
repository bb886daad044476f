"""Notebooks on warm kernels: what they put out, and what they cannot do to others."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from quarterdeck.config import Limits
from quarterdeck.execute import Executed, Job, execute
from quarterdeck.kernels import nursery

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


@pytest.fixture
def notebook(tmp_path: Path) -> Callable[..., Path]:
    """A function (name, *cells) → the path of a notebook of these code cells."""

    def write(name: str, *sources: str) -> Path:
        content = new_notebook(cells=[new_code_cell(source) for source in sources])
        content.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(content, path)
        return path

    return write


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left() -> Iterator[None]:
    """After all tests of this module, no process that they started runs."""
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    yield
    nursery().close()
    left = [process for process in psutil.Process().children(recursive=True) if process.pid not in before]
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


def test_plain_notebooks_put_out_the_same_bytes_on_both_kernels(notebook, monkeypatch, tmp_path, caplog):
    """Texts, tables, styles and pictures of notebooks that know nothing of us, warm and stock."""
    (tmp_path / "foreign.ipynb").write_bytes(FOREIGN.read_bytes())
    paths = [notebook("plain", *PLAIN), tmp_path / "foreign.ipynb"]

    warm = run(*(job_of(path, "warm") for path in paths))
    fell_back = [record.getMessage() for record in caplog.records]
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "local-provisioner")
    stock = run(*(job_of(path, "stock") for path in paths))

    assert fell_back == []
    assert [done.failure for done in (*warm.values(), *stock.values())] == [None] * 4
    for path in paths:
        assert outputs_of(warm[path.stem].job.output) == outputs_of(stock[path.stem].job.output)
