"""
`make deploy-check`: everything about deploy/template.yaml that can be checked without an account.

One line for each check, OK or what is wrong; exit 1 if anything is. The last line puts faults into the template and
sees that the checks find them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

from faults import unseen
from rehearsal import rehearsal_faults
from rules import RULES
from template import TEMPLATE, Template
from tools import TOOLS


def checks() -> Iterator[tuple[str, Callable[[Template], Iterator[str]]]]:
    """Each check and its name, those that take longest last."""
    yield from RULES.items()
    yield from TOOLS.items()
    yield "rehearsal on MiniStack", rehearsal_faults
    yield "faults put in by hand", lambda template: unseen(template, RULES | TOOLS)


def main() -> int:
    """Print what each check found; 1 where any found something."""
    template = Template(TEMPLATE.read_text(encoding="utf-8"))
    wrong = 0
    for name, check in checks():
        started = time.monotonic()
        faults = list(check(template))
        wrong += len(faults)
        print(f"{name:24} {'OK' if not faults else 'wrong':6} {time.monotonic() - started:5.1f} s", flush=True)
        for fault in faults:
            print(f"  {fault}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
