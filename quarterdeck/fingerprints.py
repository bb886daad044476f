"""Hashes of what an edition depends on: the package, Python, the files beside a notebook, those of a source."""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import quarterdeck
from quarterdeck.files import sha256_of


def package_hash(*, but: Collection[str] = ()) -> str:
    """
    The package's code and templates: a changed figure or picture is a changed input.

    Args:
        but: Files and folders of the package that do not count.
    """
    root = Path(quarterdeck.__file__).parent
    return _hash_below(root, (path for path in root.rglob("*") if path.relative_to(root).parts[0] not in but))


def python_hash() -> str:
    """The interpreter, and all that is installed for it by name and version: another pandas may give other figures."""
    # Each distribution has a folder that bears its name and version
    installed = sorted(path.name for path in Path(sysconfig.get_path("purelib")).glob("*.dist-info"))
    return hashlib.sha256("\0".join([sys.version, *installed]).encode()).hexdigest()


def helpers_hash(notebook: Path) -> str:
    """
    What lies beside *notebook*, and below: code and files that its cells may load, since they run there.

    Other notebooks are no part of it: each is an edition of its own. Nor is what tools leave there, behind a dot.
    """
    folder = notebook.parent
    files = (
        path
        for path in folder.rglob("*")
        if path.suffix != ".ipynb" and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    return _hash_below(folder, files)


def hashes_in(trees: Iterable[Path]) -> dict[str, str | None]:
    """The path of each file at or below one of *trees*, to its SHA-256; None where there is no such file."""
    files = {path for tree in trees for path in _files_in(tree.resolve())}
    return {str(path): hash_of_file(path) for path in files}


def hash_of_file(path: Path) -> str | None:
    """Its SHA-256, in lower-case hex; None where it cannot be read."""
    try:
        return sha256_of(path)
    except OSError:
        return None


def _files_in(tree: Path) -> Iterator[Path]:
    """Each file at or below *tree*, also behind a link: a source is read there too."""
    if not tree.is_dir():
        yield tree
    for folder, _, names in os.walk(tree, followlinks=True):
        yield from (Path(folder, name) for name in names)


def _hash_below(root: Path, paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
