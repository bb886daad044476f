"""
Write the sample company, Harbour Day Charters: all of it is invented.

    python sample/make.py          # into the folder that this file stands in
    python sample/make.py FOLDER   # elsewhere: the hand-written files are copied there

The documents, sources and company.yaml are written by hand and stay as they are; tables, books and
zones come from a seed, the same bytes every time.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import _tables as tables
from _books import write_books
from _crew import jobs, tasks
from _people import guests, staff
from _story import plant_after, planted_trips
from _trips import Fleet, all_trips
from _zones import write_zones

_BY_HAND = ("company.yaml", "README.md", "handoffs", "lambdas")


def make(folder: Path) -> None:
    """Write the company into *folder*."""
    fleet = Fleet()
    trips = all_trips(planted_trips(fleet), fleet)
    plant_after(trips)
    for number, trip in enumerate(trips, start=1):
        trip.number = f"T-{number:05}"
    employed = staff()
    visitors = guests(trips)
    work = jobs(trips, employed)
    names = {person.id: person.name for person in visitors}
    tables.write_scan(folder / "tables/Events.json.gz", tables.events(trips, names), "tripId")
    tables.write_scan(folder / "tables/Users.json.gz", tables.users([*visitors, *employed]), "userId")
    tables.write_scan(folder / "tables/Claims.json.gz", tables.claims(work), "jobId")
    tables.write_scan(folder / "tables/Checklists.json.gz", tables.checklists(tasks(trips)), "itemId")
    write_books(folder / "books", trips, work)
    write_zones(folder / "route53")


def copy_by_hand(folder: Path) -> None:
    """Copy what people wrote from this file's folder to *folder*."""
    here = Path(__file__).parent
    for name in _BY_HAND:
        if (here / name).is_dir():
            shutil.copytree(here / name, folder / name, dirs_exist_ok=True)
        else:
            shutil.copyfile(here / name, folder / name)


def main() -> None:
    """Take the folder from the command line, and say what was written."""
    here = Path(__file__).resolve().parent
    folder = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else here
    folder.mkdir(parents=True, exist_ok=True)
    if folder != here:
        copy_by_hand(folder)
    make(folder)
    print(f"Harbour Day Charters is in {folder}")


if __name__ == "__main__":
    main()
