"""Watch: what was saved, and which looks it concerns."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

from watchfiles import Change, DefaultFilter, awatch

import quarterdeck
from quarterdeck.config import load_company
from quarterdeck.errors import QuarterdeckError
from quarterdeck.web.settings import Settings

# Milliseconds: how long nothing more must be written until what was written is looked at, and how long at most.
_QUIET_MS, _MOST_MS = 30, 400
_PAUSE_MS = 1000  # after so long without a save, whether folders came or went is looked at
_BY_PEOPLE = DefaultFilter()
_LOADED = frozenset({".py", ".js"})  # read once a process: modules, and the page's script with its hash

_Stamps = Mapping[Path, tuple[int, ...]]


@dataclass(frozen=True)
class Changes:
    """
    What a burst of saves concerns.

    Args:
        reports: Those whose notebook or params file changed.
        everything: A template, or something that all reports have, changed.
        code: A module of the package, or its page's script, changed: who has loaded it has the old one.
        data: The company's folder changed.
        server: A module changed that this process has loaded: it goes on with the old one.
    """

    reports: frozenset[str] = frozenset()
    everything: bool = False
    code: bool = False
    data: bool = False
    server: bool = False

    def __bool__(self) -> bool:
        return bool(self.reports or self.everything or self.code or self.data)


async def changes(settings: Settings) -> AsyncGenerator[Changes]:
    """
    What was saved, burst by burst, for ever.

    Raises:
        OSError: The system does not let us watch, as where other programs watch too much already.
    """
    package = Path(quarterdeck.__file__).parent
    is_anew = False
    while True:
        async with aclosing(_until_moved(settings, package, is_anew=is_anew)) as seen:
            async for changed in seen:
                yield changed
        is_anew = True


async def _until_moved(settings: Settings, package: Path, *, is_anew: bool) -> AsyncGenerator[Changes]:
    """Changes until a watched folder came, went, or is another of the same name; all changed where *is_anew*."""
    places, files = _places(settings, package)
    watched = awatch(
        *places, watch_filter=None, debounce=_MOST_MS, step=_QUIET_MS, rust_timeout=_PAUSE_MS, yield_on_timeout=True
    )
    async with aclosing(watched) as bursts:
        async for burst in bursts:
            concerned = concerning(settings, package, (Path(path) for _, path in burst))
            now_places, now_files = _places(settings, package)
            concerned = replace(concerned, code=concerned.code or is_anew, data=concerned.data or now_files != files)
            is_anew, files = False, now_files
            if concerned:
                yield concerned
            if now_places != places:
                return


def _places(settings: Settings, package: Path) -> tuple[_Stamps, _Stamps]:
    """The folders to be watched, by inode; and files outside of them, which a save may replace, by what tells that."""
    company = Path(settings.company)
    ours = [settings.notebooks, settings.params, package, company]
    outside = _outside(company.resolve())
    folders = {place.resolve(): (place.stat().st_ino,) for place in (*ours, *outside) if place.is_dir()}
    stamps = {path: path.stat() for path in outside if path.is_file()}
    return folders, {path: (one.st_ino, one.st_mtime_ns, one.st_size) for path, one in stamps.items()}


def _outside(company: Path) -> list[Path]:
    """The company's sources that lie elsewhere; none while its settings cannot be read, which others say."""
    try:
        written = load_company(company).sources.here
    except QuarterdeckError:
        return []
    return [place for path in written if not (place := (company / path).resolve()).is_relative_to(company)]


def concerning(settings: Settings, package: Path, paths: Iterable[Path]) -> Changes:
    """Which looks the files at *paths* are part of; *package* is where the code lies."""
    notebooks, params = settings.notebooks.resolve(), settings.params.resolve()
    package, company = package.resolve(), Path(settings.company).resolve()
    outside = _outside(company)
    loaded = _loaded_here()
    reports: set[str] = set()
    everything = code = data = server = False
    for path in paths:
        if (path.parent == notebooks and path.suffix == ".ipynb") or (path.parent == params and path.suffix == ".yaml"):
            reports.add(path.stem)
        elif _is_below(package, path):
            code |= path.suffix in _LOADED
            server |= path.relative_to(package).as_posix() in loaded
            everything |= path.suffix not in _LOADED
        elif any(_is_below(place, path) for place in (company, *outside)):
            data = True
    return Changes(frozenset(reports), everything, code, data, server)


def _loaded_here() -> set[str]:
    """The files of those modules of the package that this process has loaded, as they are named in it."""
    root = Path(quarterdeck.__file__).parent
    files = (
        getattr(module, "__file__", None) for name, module in sys.modules.items() if name.startswith("quarterdeck")
    )
    return {Path(file).relative_to(root).as_posix() for file in files if file}


def _is_below(place: Path, path: Path) -> bool:
    """Whether *path* lies in *place*, and is none of an editor or of Python itself; where *place* lies is no matter."""
    return path.is_relative_to(place) and _BY_PEOPLE(Change.modified, str(path.relative_to(place)))
