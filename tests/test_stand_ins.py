from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent


def test_ministack_is_locked_within_its_range_and_by_hashes():
    """Its environment is built of pinned and hashed packages only, MiniStack's version inside what is asked for."""
    asked = (ROOT / "requirements-ministack.in").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in asked if line and not line.startswith("#")]
    lock = (ROOT / "requirements-ministack.lock").read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    pins = {(pin := Requirement(line.partition(" --hash")[0])).name: pin for line in lock if not line.startswith("#")}

    for requirement in wanted:
        (version,) = pins[requirement.name].specifier
        assert requirement.specifier.contains(version.version)
    assert all("--hash=sha256:" in line and "==" in line for line in lock if line)


def test_tests_build_ministack_first():
    """`make test` needs MiniStack's environment, which is built by the lock: nothing is skipped there."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert "\ntest: setup lint .venv-ministack/.complete  ##" in makefile
    assert "--require-hashes --no-deps -r requirements-ministack.lock" in makefile
