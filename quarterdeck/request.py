"""Request: what a command asks for, as it was typed; the pipeline makes a plan of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Purpose = Literal["build", "rerun", "send"]


@dataclass(frozen=True)
class Request:
    """
    What the command line (later a Lambda event) says.

    Args:
        root: The project: `notebooks/` and `params/` lie there.
        company: The company folder; `is_company_named` says whether anybody named it.
        store: Where editions and snapshots are kept: a folder, or `s3://bucket/prefix`.
        reports: None named means all that have a params file.
        period: `2026-W48`; None is the last full week before the snapshot's as-of.
        purpose: `send` mails; `build` stops before; so does `rerun`, which joins the batch that is open, and
            executes anew what has not changed.
        overrides: Parameters given with `-p`; they win over the params file.
        is_forced: Execute also what has not changed.
    """

    root: Path
    company: Path
    is_company_named: bool
    store: Path | str
    reports: Sequence[str] = ()
    period: str | None = None
    purpose: Purpose = "build"
    overrides: Mapping[str, object] | None = None
    is_forced: bool = False
