"""
What a notebook imports: open the report, then say things.

    from quarterdeck.notebook import column, open_report, sentence
    report = open_report(snapshot=snapshot, period=period, previous=previous)
    report.headline("Recognised revenue is {recognised_revenue}, {plan_variance:abs} {plan_variance:over,under} plan")
"""

from quarterdeck.notebook.comparison import PreviousEdition
from quarterdeck.notebook.report import Report, open_report
from quarterdeck.notebook.sentences import Sentence, sentence
from quarterdeck.notebook.tables import Column, column

__all__ = ["Column", "PreviousEdition", "Report", "Sentence", "column", "open_report", "sentence"]
