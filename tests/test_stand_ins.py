from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_tests_build_ministack_first():
    """`make test` needs MiniStack's environment, which is built by the lock: nothing is skipped there."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert "\ntest: setup lint .venv-ministack/.complete  ##" in makefile
    assert "\n.venv-ministack/.complete " in makefile
    assert "-m pip install --quiet --require-hashes --no-deps -r $<" in makefile
