import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

SAMPLE = Path(__file__).parent.parent / "sample"
BY_HAND = ("README.md", "company.yaml")


def make(folder, **environment):
    """Run make.py into *folder*, under another environment."""
    subprocess.run(
        [sys.executable, str(SAMPLE / "make.py"), str(folder)], check=True, env=os.environ | environment, timeout=60
    )
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Every file of a fresh run, by name."""
    return make(tmp_path_factory.mktemp("one"), PYTHONHASHSEED="1", TZ="Asia/Tokyo", LC_ALL="C")


def test_two_runs_write_the_same_bytes(made, tmp_path):
    """A run under another hash seed, time zone and locale writes the same files, byte for byte."""
    again = make(tmp_path, PYTHONHASHSEED="2", TZ="America/Caracas", LC_ALL="C.UTF-8")

    assert again == made


def test_what_is_committed_is_what_make_writes(made):
    """
    The committed sample is what a fresh run writes.

    Tables are compared unpacked, so that another zlib, which may pack them otherwise, is no difference.
    """

    def unpacked(files):
        return {name: gzip.decompress(data) if name.endswith(".gz") else data for name, data in files.items()}

    committed = {
        path.relative_to(SAMPLE).as_posix(): path.read_bytes()
        for path in SAMPLE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.parent != SAMPLE
    } | {name: (SAMPLE / name).read_bytes() for name in BY_HAND}

    assert unpacked(made) == unpacked(committed)


def test_tables_are_packed_without_clock_and_name(made):
    """The head of every packed table has no time and no file name."""
    heads = {data[3:8] for name, data in made.items() if name.endswith(".gz")}

    assert heads == {b"\0\0\0\0\0"}


def test_without_a_folder_the_sample_is_written_where_make_stands(tmp_path, made):
    """`python make.py` writes into the folder that it stands in, and leaves what is written by hand alone."""
    for script in SAMPLE.glob("*.py"):
        (tmp_path / script.name).write_bytes(script.read_bytes())

    subprocess.run([sys.executable, "make.py"], cwd=tmp_path, check=True, timeout=60)

    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*") if path.suffix != ".pyc"}
    expected = {name for name in made if name.startswith(("books/", "route53/", "tables/"))}
    assert {name for name in written if "/" in name} == expected


def test_sample_is_small(made):
    """No file passes 1.5 MB, all of them stay under 3 MB."""
    assert max(len(data) for data in made.values()) < 1_500_000
    assert sum(len(data) for data in made.values()) < 3_000_000


def test_sample_says_that_it_is_invented():
    """Company file and README say that it is synthetic, and it can never be sent."""
    company = (SAMPLE / "company.yaml").read_text(encoding="utf-8")

    assert "synthetic" in company.splitlines()[1]  # below the line that editors look for
    assert yaml.safe_load(company)["sample"] is True
    assert "synthetic" in (SAMPLE / "README.md").read_text(encoding="utf-8")


def test_people_can_be_nobody(made):
    """Every address in any file is one of example.com or the like, every phone number a 555-01 one."""
    text = b"".join(gzip.decompress(data) if name.endswith(".gz") else data for name, data in made.items()).decode()

    hosts = {host.rstrip(".") for host in re.findall(r"[\w.+-]+@([\w.-]+)", text)}
    phones = re.findall(r"\b\d{3}-\d{4}\b", text)
    assert hosts == {"example.com"}
    assert len(phones) > 5_000
    assert all(phone.startswith("555-01") for phone in phones)
