"""The agenda: what is to be done in the next 30 days, by whom, and what is at stake; one list, each role its part."""

from quarterdeck.metrics.tasks.agenda import agenda, require_rows

__all__ = ["agenda", "require_rows"]
