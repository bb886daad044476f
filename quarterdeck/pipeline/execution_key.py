"""
The execution key: what the outputs of a notebook depend on, and nothing else.

Two executions with one key put out the same, so the second is not needed. How an executed notebook becomes page and
mail is no part of it: a changed template draws the same outputs anew.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from quarterdeck.files import sha256_of
from quarterdeck.fingerprints import helpers_hash, package_hash, python_hash
from quarterdeck.period import Period
from quarterdeck.pipeline.manifest import MANIFEST
from quarterdeck.pipeline.plan import Report

# What no kernel of a run loads; a test starts one and looks.
NOT_IN_A_KERNEL = frozenset(
    {
        *("alerts.py", "archive", "aws_lambda.py", "cli", "gates.py", "ledger", "mail", "notebook_lint.py", "pipeline"),
        *("render", "store", "web"),
    }
)


def execution_key(report: Report, period: Period, *, snapshot: str, previous: Path | None) -> str:
    """
    The SHA-256 over notebook, parameters, snapshot, package, Python and what lies beside the notebook, in hex.

    Args:
        report: Its notebook's bytes count, and the values that it is given.
        period: The week that it is given.
        snapshot: The id of the data that it reads.
        previous: The folder of last week's edition; its manifest's bytes count.
    """
    said = {
        "notebook": sha256_of(report.notebook),
        "parameters": json.dumps(report.parameters, sort_keys=True, default=str),
        "period": str(period),
        "snapshot": snapshot,
        "previous": sha256_of(previous / MANIFEST) if previous is not None else "",
        "package": package_hash(but=NOT_IN_A_KERNEL),
        "helpers": helpers_hash(report.notebook),
        "python": python_hash(),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
