"""How many reports are made at a time, by what the machine and its container have."""

import pytest

from quarterdeck.pipeline import room

MIB = 2**20


@pytest.fixture
def container(monkeypatch, tmp_path):
    """A machine of eight cores, and the folder that says what a container on it may use."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr(room, "_CONTAINER", tmp_path)
    monkeypatch.setattr(room, "_REPORT_BYTES", MIB)
    return tmp_path


@pytest.mark.parametrize(
    ("cpu", "most", "used", "workers"),
    [
        (None, None, None, 9),
        ("max 100000", "max", "1", 9),
        ("200000 100000", "max", "1", 3),
        ("50000 100000", "max", "1", 2),
        ("200000 100000", str(7 * MIB), str(5 * MIB), 2),
        ("200000 100000", str(5 * MIB), str(5 * MIB), 1),
    ],
)
def test_a_container_sets_the_limit(container, cpu, most, used, workers):
    """Cores by its share of their time, memory by what is left of its limit, and never none."""
    for name, value in (("cpu.max", cpu), ("memory.max", most), ("memory.current", used)):
        if value is not None:
            (container / name).write_text(value + "\n")

    assert room.workers() == workers
