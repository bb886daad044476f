"""What a preview was asked for, in a form that its two processes share."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """
    What the command says.

    Args:
        root: The project: `notebooks/` and `params/` lie there.
        company: The company folder.
        store: Where the real editions are: a folder, or `s3://bucket/prefix`.
        env_file: Names the environment; empty is `.env`.
        reports: Those that are shown; none named means all that have a params file.
        period: `2026-W48`; empty is the last full week.
        work: A folder of this preview's own, when it runs.
    """

    root: str
    company: str
    store: str
    env_file: str
    reports: tuple[str, ...]
    period: str
    work: str = ""

    def written(self) -> str:
        """As `read` takes it."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Settings:
        """What `written` gave."""
        fields = json.loads(text)
        return cls(**{**fields, "reports": tuple(fields["reports"])})

    @property
    def notebooks(self) -> Path:
        return Path(self.root) / "notebooks"

    @property
    def params(self) -> Path:
        return Path(self.root) / "params"
