"""A project as a clone has it, in a folder of its own: what a command changes there is no other test's."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def clone(folder: Path) -> Path:
    """
    Copies of all that analysts edit in *folder*, the package as it is, and the environment, in which nothing is built.

    Returns:
        *folder*.
    """
    for name in ("notebooks", "params", "sample"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".*"))
    for name in ("runner.py", "Makefile", "README.md"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("quarterdeck", "requirements.lock", "pyproject.toml", "docs"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "deploy").mkdir()
    shutil.copy(ROOT / "deploy" / "lab.py", folder / "deploy")  # it names the folder above its own
    (folder / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "conftest.py", folder / "tests")
    (folder / "tests" / "support").symlink_to(ROOT / "tests" / "support")
    (folder / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (folder / ".venv" / name).symlink_to(ROOT / ".venv" / name)
    (folder / ".venv" / ".complete").touch()  # newer than the lock: nothing is built
    return folder
