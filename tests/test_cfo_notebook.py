"""The CFO's notebook: runs as it is, says what the figures mean, and says what it cannot show."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from blocks_read import texts
from nbclient import NotebookClient

from quarterdeck.blocks import BLOCK, MIME

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "cfo.ipynb"
HOTEL = ROOT / "tests" / "data" / "hotel-2016"


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(NOTEBOOK, 4)


@pytest.fixture
def say(notebook, monkeypatch):
    """A function (parameters) → the blocks that the notebook's cells give, run in this process, in order."""

    def run(**parameters):
        blocks = []
        for module in ("report", "cell"):
            monkeypatch.setattr(f"quarterdeck.notebook.{module}.show", blocks.append)
        names = dict(parameters)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, "cell", "exec"), names)  # noqa: S102 - the notebook under test
                if "parameters" in cell.metadata.get("tags", []):
                    names |= parameters
        return blocks

    return run


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The notebook, run cell by cell on a kernel from its defaults, in its own folder."""
    run = nbformat.read(NOTEBOOK, 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUARTERDECK_STORE", str(tmp_path_factory.mktemp("store")))
        patch.delenv("QUARTERDECK_COMPANY", raising=False)
        NotebookClient(run, timeout=120, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    return run


def test_it_runs_from_its_defaults(executed):
    """In JupyterLab, without the runner, every cell runs on the sample company and shows blocks alone."""
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]

    assert all(cell.execution_count for cell in code)
    assert {output.output_type for output in outputs} == {"display_data"}
    assert all({"text/html", "text/plain", MIME} <= set(output.data) for output in outputs)


def test_it_says_what_the_cfo_asks(executed):
    """Headline, what changed, figures, five charts, three tables, agenda, care and provenance, in that order."""
    blocks = [output.data[MIME] for cell in executed.cells for output in cell.get("outputs", [])]

    assert [block["block"] for block in blocks] == [
        "headline",
        "since",
        "kpis",
        "chart",
        "table",
        "chart",
        "chart",
        "chart",
        "chart",
        "table",
        "table",
        "actions",
        "note",
        "provenance",
    ]
    assert re.search(r"\$\d", blocks[0]["text"])
    assert len(blocks[0]["text"]) <= 90
    assert [kpi["id"] for kpi in blocks[2]["kpis"]] == [
        "runway_weeks",
        "lowest_cash",
        "cash",
        "gross_margin_rate",
        "result_variance_ytd",
    ]
    for block in blocks:
        if block["block"] == "chart":
            assert re.search(r"\d", block["title"])
            assert 40 < len(block["alt"]) <= 350


def test_shares_of_revenue_sum_to_a_hundred(executed):
    """The chart's shares sum to 100, the smallest is not 0, and the title has the largest as the chart has it."""
    blocks = [output.data[MIME] for cell in executed.cells for output in cell.get("outputs", [])]
    (chart,) = (block for block in blocks if block["block"] == "chart" and "by channel" in block["alt"])

    shares = re.findall(r"\((<\s)?(\d+)%\)", chart["alt"])

    assert sum(int(share) for less, share in shares if not less) == 100
    assert "0" not in [share for _, share in shares]
    assert f" brings {shares[0][1]}% of revenue" in chart["title"]


def test_a_figure_has_one_value(executed):
    """Whatever cell shows a metric, it shows the same value."""
    seen = {}
    for cell in executed.cells:
        for output in cell.get("outputs", []):
            for name, record in output.data[MIME]["metrics"].items():
                assert seen.setdefault(name, record) == record

    assert {"recognised_revenue", "lowest_cash", "receivables", "result_variance_ytd"} <= set(seen)


@pytest.fixture(scope="module")
def hotel(snapshot_of):
    return snapshot_of(HOTEL)


@pytest.mark.parametrize(
    ("period", "headline"),
    [
        ("2016-W30", "Recognised revenue is €212.8k"),
        ("2016-W38", "Recognised revenue is €108.3k"),
        ("2016-W45", "Recognised revenue is €57.3k"),
        ("2016-W51", "Recognised revenue is €18.8k"),
    ],
)
def test_the_hotel_is_told_what_is_known(say, hotel, period, headline):
    """Without books or crew the headline is revenue, and each section says which source it lacks."""
    blocks = say(snapshot=str(hotel), period=period, previous="")

    assert blocks[0].text.startswith(headline)
    assert blocks[0].lead == "Cash, costs and margins need books; the folder holds none."
    assert "Not available: the bridge from plan to actual result. The company's folder has no plan." in texts(blocks)
    assert "Not available: gross margin by business. The source of claims holds no rows." in texts(blocks)
    assert "revenue by channel" in texts(blocks)
    assert blocks[-1].block == "provenance"


def test_figures_of_now_are_known_for_the_last_week_alone(say, hotel):
    """What was paid is known for the latest full week of the data; before it, the report says so."""
    last, earlier = (say(snapshot=str(hotel), period=period, previous="") for period in ("2016-W51", "2016-W45"))

    assert "Every served event is paid." in texts(last)
    assert "Not available: receivables. Known only for the latest full week of the data." in texts(earlier)


def test_nothing_unreadable_reaches_a_reader(say, hotel, executed):
    """No nan, None, column name or unfilled brace stands in any text of either company."""
    sample = [BLOCK.validate_python(output.data[MIME]) for cell in executed.cells for output in cell.get("outputs", [])]

    for blocks in (sample, say(snapshot=str(hotel), period="2016-W51", previous="")):
        assert not re.findall(r"\bnan\b|\bNone\b|<NA>|NaT|\w*_minor|[{}]", texts(blocks))


def test_a_changed_company_changes_the_words(say, snapshot_of, tmp_path):
    """With ten times the cash no week is short, and headline, title and agenda say so."""
    rich, poor = tmp_path / "rich", tmp_path / "poor"
    for folder, factor in ((rich, "9"), (poor, "")):
        copy_sample(folder)
        balances = folder / "books" / "balances.csv"
        header, *rows = balances.read_text(encoding="utf-8").splitlines()
        at = header.split(",").index("balance")
        changed = [row.split(",") for row in rows]
        for row in changed:
            row[at] = factor + row[at] if factor else row[at]
        balances.write_text("\n".join([header, *(",".join(row) for row in changed)]) + "\n", encoding="utf-8")

    enough, short = (say(snapshot=str(snapshot_of(folder)), period=None, previous="") for folder in (rich, poor))

    assert re.match(r"Cash falls to \$[\d.]+k in the week of \d+ \w+, \$[\d.]+k under the minimum", short[0].text)
    assert re.match(r"Cash stays over its \$100.0k minimum for 13 weeks; the lowest week ends at \$9", enough[0].text)
    assert "how to keep cash over the minimum" in texts(short)
    assert "how to keep cash over the minimum" not in texts(enough)
    assert enough[2].kpis[0].value == "13+"


def copy_sample(folder):
    """The sample company with its bookings and books; what the CFO does not read stays behind."""
    source = ROOT / "sample"
    for path in ("company.yaml", "books", "tables"):
        for file in [source / path] if (source / path).is_file() else sorted((source / path).iterdir()):
            target = folder / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    settings = (folder / "company.yaml").read_text(encoding="utf-8")
    for source_line in re.findall(r"^  (?:handoffs|lambdas|domains):.*\n", settings, re.MULTILINE):
        settings = settings.replace(source_line, "")
    (folder / "company.yaml").write_text(settings, encoding="utf-8")


def test_last_weeks_edition_stands_beside_this_one(say, tmp_path, snapshot_of):
    """With a previous edition the runway and the lowest cash have their change, and receivables theirs by age."""
    before = {"edition": "cfo/2026-W46", "period": "2026-W46", "company": "harbour-day", "snapshot": "0" * 16}
    figures = {
        "lowest_cash": {"value": 9_500_000, "unit": "minor"},
        "runway_weeks": {"value": 12, "unit": "weeks"},
        "receivables": {
            "value": 5_000_000,
            "unit": "minor",
            "by": {"0–30": 2_000_000, "31–60": 1_000_000, "61–90": 1_000_000, "over 90": 1_000_000},
        },
    }
    (tmp_path / "manifest.json").write_text(json.dumps({**before, "metrics": figures}), encoding="utf-8")

    blocks = say(snapshot=str(snapshot_of(ROOT / "sample")), period="2026-W47", previous=str(tmp_path))

    since, kpis = blocks[1], blocks[2]
    assert since.note == ""
    assert any("Receivables up" in change.fact for change in since.changes)
    assert [delta.basis for delta in kpis.kpis[1].deltas] == ["on week"]
    owed = next(block for block in blocks if block.block == "table" and block.columns[0].head == "Days since event")
    assert owed.columns[-1].head == "On week"
    assert owed.rows[0][-1].tone in ("better", "worse")
