import ast
import inspect
from pathlib import Path

import pytest

from quarterdeck import metrics
from quarterdeck.metrics.figure import CATALOGUE, Figure, Metric, metric

# Copied from the definitions of the reports: what a manifest's keys and a headline's names may be.
DEFINED = {
    "recognised_revenue": "minor",
    "unclosed_events": "count",
    "unclosed_revenue": "minor",
    "deferred_revenue": "minor",
    "receivables": "minor",
    "refund_liability": "minor",
    "bookings_value": "minor",
    "bookings_count": "count",
    "cancellations_value": "minor",
    "cancellations_count": "count",
    "cancellation_rate": "ratio",
    "net_bookings_value": "minor",
    "pipeline_value": "minor",
    "pipeline_weighted_value": "minor",
    "conversion_rate": "ratio",
    "labour_cost": "minor",
    "unfilled_places": "count",
    "unfilled_revenue": "minor",
    "utilisation": "ratio",
    "unsold_places": "count",
    "direct_cost": "minor",
    "operating_cost": "minor",
    "uncategorised_expenses": "minor",
    "gross_margin": "minor",
    "gross_margin_rate": "ratio",
    "operating_result": "minor",
    "result_variance_ytd": "minor",
    "plan_variance": "minor",
    "plan_variance_ytd": "minor",
    "cost_variance_ytd": "minor",
    "cash": "minor",
    "lowest_cash": "minor",
    "runway_weeks": "weeks",
    "repeat_rate": "ratio",
    "lead_time_median_days": "days",
    "concentration_customer": "ratio",
    "concentration_channel": "ratio",
    "concentration_business": "ratio",
    "cost_per_booking": "minor",
    "running_cost_stated": "minor",
    "running_cost_actual": "minor",
    "configuration_risks": "count",
    "zones_at_risk": "count",
    "access_risks": "count",
    "stale_handoffs": "count",
    "readiness_rate": "ratio",
}

KNOWN_ONLY_NOW = {
    "deferred_revenue",
    "receivables",
    "refund_liability",
    "pipeline_value",
    "pipeline_weighted_value",
    "unfilled_places",
    "unfilled_revenue",
    "lowest_cash",
    "runway_weeks",
}


def test_the_catalogue_holds_what_the_reports_define_and_nothing_else():
    """Every figure of the definitions is a metric of its own name and unit, and there is no other."""
    assert {name: defined.unit for name, defined in CATALOGUE.items()} == DEFINED


@pytest.mark.parametrize("name", sorted(DEFINED))
def test_each_metric_says_what_it_is(name):
    """A metric has a label that fits over a KPI, a one-sentence summary, a formula and a source, and is exported."""
    defined = CATALOGUE[name]

    assert getattr(metrics, name) is defined
    assert 0 < len(defined.label) <= 18
    assert defined.summary.endswith((".", ":"))
    assert len(defined.formula) > 10
    assert defined.source
    assert inspect.getdoc(defined) == inspect.getdoc(defined.compute)
    assert list(inspect.signature(defined).parameters) == ["inventory", "period"]


def test_labels_tell_metrics_apart():
    """Two money figures never share one label."""
    labels = [(defined.label, defined.unit) for defined in CATALOGUE.values()]

    assert len(labels) == len(set(labels))


def test_what_has_no_timestamp_is_known_only_now():
    """The figures that the definitions mark "now" are refused for an earlier week."""
    assert {name for name in KNOWN_ONLY_NOW if not CATALOGUE[name].now} == set()


def test_the_package_exports_by_a_sorted_list():
    """`__all__` is sorted, complete, and has no name that is not there."""
    tree = ast.parse(Path(metrics.__file__).read_text(encoding="utf-8"))
    imported = {name.name for node in tree.body if isinstance(node, ast.ImportFrom) for name in node.names}

    assert set(metrics.__all__) == imported
    assert len(metrics.__all__) == len(set(metrics.__all__))
    assert all(hasattr(metrics, name) for name in metrics.__all__)


def test_a_metric_without_a_formula_or_defined_twice_is_refused():
    """A definition that does not say its formula, or takes a name that is taken, fails when it is imported."""

    def cash(inventory, period):
        """
        Cash.

        Formula:
            Σ balances

        Source:
            balances
        """

    def bare(inventory, period):
        """Say nothing."""

    define = metric(unit="minor", label="Cash", better="more")

    with pytest.raises(TypeError, match="bare: its docstring needs a section Formula"):
        define(bare)
    with pytest.raises(TypeError, match="cash is defined twice"):
        define(cash)
    assert isinstance(CATALOGUE["cash"], Metric)


def test_a_figure_is_recorded_as_the_manifest_keeps_it():
    """Value, unit, reason and parts go into the record; the id is its key there."""
    figure = Figure("cash", "minor", 5, by={"Bank": 5, "Till": None})

    assert figure.record().model_dump() == {
        "value": 5,
        "unit": "minor",
        "reason": None,
        "by": {"Bank": 5, "Till": None},
    }
