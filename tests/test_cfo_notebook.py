"""The CFO's notebook: runs as it is, says what the figures mean, and says what it cannot show."""

import ast
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from quarterdeck.blocks import BLOCK, MIME
from quarterdeck.config import load_company, load_params
from quarterdeck.snapshot import take_snapshot
from quarterdeck.sources import collect

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "cfo.ipynb"
HOTEL = ROOT / "tests" / "data" / "hotel-2016"


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(NOTEBOOK, 4)


@pytest.fixture(scope="module")
def snapshot_of(tmp_path_factory):
    """A function (company folder) → snapshot folder."""

    def take(folder):
        company = load_company(folder)
        store = tmp_path_factory.mktemp("snapshots")
        as_of = company.as_of or datetime(2026, 1, 1, tzinfo=UTC)
        return take_snapshot(collect(company, folder), company, as_of=as_of, store=store, collected_at=as_of)

    return take


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


def texts(blocks):
    """Every text that a reader of the blocks sees, pictures aside, one a line."""

    def inside(value):
        if isinstance(value, dict):
            for key, part in value.items():
                if key not in ("png", "png_dark", "metrics", "id"):
                    yield from inside(part)
        elif isinstance(value, list):
            for part in value:
                yield from inside(part)
        elif isinstance(value, str):
            yield value

    return "\n".join(inside([block.model_dump(mode="json") for block in blocks]))


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


def test_a_figure_has_one_value(executed):
    """Whatever cell shows a metric, it shows the same value."""
    seen = {}
    for cell in executed.cells:
        for output in cell.get("outputs", []):
            for name, record in output.data[MIME]["metrics"].items():
                assert seen.setdefault(name, record) == record

    assert {"recognised_revenue", "lowest_cash", "receivables", "result_variance_ytd"} <= set(seen)


def test_it_is_committed_without_outputs(notebook):
    """Outputs live in editions; the source has none, has the kernel python3, and short cells."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]

    assert notebook.metadata.kernelspec.name == "python3"
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert all(len(cell.source.splitlines()) <= 15 for cell in code)
    assert [cell.metadata.tags for cell in code if cell.metadata.get("tags")] == [["parameters"]]


def test_its_cells_define_nothing_and_reach_for_nothing(notebook):
    """No function, no clock, no network, no exit: shared logic is the package's, data is the snapshot's."""
    trees = [ast.parse(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names} | {
        node.module for node in nodes if isinstance(node, ast.ImportFrom)
    }

    assert not [node for node in nodes if isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef)]
    assert imported == {"quarterdeck", "quarterdeck.notebook"}
    assert not [node for node in nodes if isinstance(node, ast.Attribute) and node.attr in ("now", "today", "exit")]


def test_its_params_are_those_of_its_cell(notebook):
    """The params file gives nothing that the parameters cell does not declare, with the same default."""
    params = load_params(ROOT / "params", "cfo")
    cell = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    declared = {}
    exec(cell.source, declared)  # noqa: S102 - literals

    assert {"snapshot", "period", "previous"} <= set(declared)
    assert dict(params.parameters) == {"agenda_rows": declared["agenda_rows"]}
    assert params.delivery is None


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
