import nbformat
import pytest

from quarterdeck.cli.catalogue import chosen, lines_of, reports_by_metric
from quarterdeck.errors import InputInvalid
from quarterdeck.metrics import CATALOGUE


@pytest.fixture
def notebooks(tmp_path):
    """A folder with one notebook that names a metric in its code, and another in a sentence."""
    cells = ["metrics.cash(inventory, week)", 'report.headline("Cash falls to {lowest_cash:abs} in {week}")']
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    nbformat.write(notebook, tmp_path / "safety.ipynb")
    return tmp_path


def test_a_report_uses_what_its_code_or_its_sentences_name(notebooks):
    """`metrics.cash` and `{lowest_cash:abs}` count; what no notebook names is used by none."""
    used = reports_by_metric(notebooks)

    assert {name for name, reports in used.items() if reports == {"safety"}} == {"cash", "lowest_cash"}
    assert used.keys() == CATALOGUE.keys()


def test_a_metric_is_told_with_all_that_defines_it():
    """Id, unit, formula, source and reports stand in a few lines, and money is not called by its column's unit."""
    told = "\n".join(lines_of(CATALOGUE["lowest_cash"], {"cfo", "ceo"}))

    assert told.startswith("lowest_cash  (money, known for the latest week only)\n")
    assert f"  formula  {CATALOGUE['lowest_cash'].formula}\n" in told
    assert f"  source   {CATALOGUE['lowest_cash'].source}\n" in told
    assert told.endswith("used in  ceo, cfo")


def test_words_choose_metrics():
    """All words have to be found; without one every metric is told, by id."""
    assert [metric.id for metric in chosen(["LOWEST", "cash"])] == ["lowest_cash"]
    assert [metric.id for metric in chosen([])] == sorted(CATALOGUE)
    with pytest.raises(InputInvalid, match=r"runner\.py metrics"):
        chosen(["nonsense"])


@pytest.mark.parametrize("text", ["{", "[]", "null", '{"nbformat": 4, "metadata": {}, "cells": [1]}'])
def test_a_notebook_that_is_none_is_named(notebooks, text):
    """A file that cannot be read, or cells that do not parse, are named, and nothing is guessed."""
    (notebooks / "broken.ipynb").write_text(text, encoding="utf-8")

    with pytest.raises(InputInvalid, match=r"broken\.ipynb"):
        reports_by_metric(notebooks)
