"""Watch: what was saved, and which looks it concerns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path

from watchfiles import awatch

import quarterdeck
from quarterdeck.web.settings import Settings

# Milliseconds: how long nothing more must be written until what was written is looked at, and how long at most.
_QUIET_MS, _MOST_MS = 30, 400
_LOADED = frozenset({".py", ".js"})  # read once a process: modules, and the page's script with its hash


@dataclass(frozen=True)
class Changes:
    """
    What a burst of saves concerns.

    Args:
        reports: Those whose notebook or params file changed.
        everything: A template, or something that all reports have, changed.
        code: A module of the package, or its page's script, changed: who has loaded it has the old one.
        data: The company's folder changed.
    """

    reports: frozenset[str] = frozenset()
    everything: bool = False
    code: bool = False
    data: bool = False

    def __bool__(self) -> bool:
        return bool(self.reports or self.everything or self.code or self.data)


async def changes(settings: Settings) -> AsyncIterator[Changes]:
    """What was saved, burst by burst, for ever."""
    package = Path(quarterdeck.__file__).parent
    company = Path(settings.company)
    places = {place.resolve() for place in (settings.notebooks, settings.params, package, company) if place.is_dir()}
    async for burst in awatch(*places, debounce=_MOST_MS, step=_QUIET_MS):
        concerned = concerning(settings, package, (Path(path) for _, path in burst))
        if concerned:
            yield concerned


def concerning(settings: Settings, package: Path, paths: Iterable[Path]) -> Changes:
    """Which looks the files at *paths* are part of; *package* is where the code lies."""
    notebooks, params = settings.notebooks.resolve(), settings.params.resolve()
    package, company = package.resolve(), Path(settings.company).resolve()
    reports: set[str] = set()
    everything = code = data = False
    for path in paths:
        if (path.parent == notebooks and path.suffix == ".ipynb") or (path.parent == params and path.suffix == ".yaml"):
            reports.add(path.stem)
        elif path.is_relative_to(package):
            code |= path.suffix in _LOADED
            everything |= path.suffix not in _LOADED
        elif path.is_relative_to(company):
            data = True
    return Changes(frozenset(reports), everything, code, data)
