"""
The builder: a process beside the server that makes the looks, one after the other.

It is a process of its own so that a change of the package's code can replace it, that code which cannot even be
imported ends nothing but it, and a look that takes long stops no page. It reads one JSON object a line from
standard input and answers with one a line: steps, then an end. `python -m quarterdeck.web.builder SETTINGS`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from quarterdeck.config import Environment, lend_to_boto3
from quarterdeck.errors import InputInvalid, NotebookFailed, QuarterdeckError
from quarterdeck.files import sha256_of, write_beside_then_rename
from quarterdeck.ledger import open_ledger
from quarterdeck.pipeline import Look, Looking, Plan, Request, make_plan
from quarterdeck.render import encoded
from quarterdeck.store import is_bucket, open_store
from quarterdeck.web.settings import Settings

_VERSION = 16  # hex digits
_WHOLE_S = 2.0  # after so long without its other half, a notebook is said to be none


class _Superseded(Exception):
    pass


@dataclass
class Builder:
    """Makes looks, and says so on *out*."""

    settings: Settings
    out: TextIO
    is_looking: bool = False
    _looking: Looking | None = field(default=None, repr=False)
    _is_data_old: bool = False  # until a look has collected: one that ends before has not seen the company's change

    def interrupt(self, _: int, __: FrameType | None) -> None:
        """A signal's handler: stop the look that is being made, kernel and all."""
        if self.is_looking:
            self.is_looking = False
            raise _Superseded

    def answer(self, asked: Mapping[str, Any]) -> None:
        """Make the look that *asked* names, and say how it ended."""
        report = asked["report"]
        try:
            self.is_looking = True
            self._is_data_old |= asked["collects"]
            end = self._look(report, datetime.fromisoformat(asked["now"]))
        except _Superseded:
            end = {"state": "superseded"}
        except QuarterdeckError as error:
            end = {"state": "failed", "failure": _told(error)}
        finally:
            self.is_looking = False
        self._say({"report": report, **end, "is_end": True})

    def _look(self, report: str, now: datetime) -> dict[str, Any]:
        self._wait_for_the_rest(report)
        plan = self._plan(report, now)
        looking = self._looking or self._begun(plan, now)
        collects, self._is_data_old = self._is_data_old, False
        look = looking.look(plan, plan.reports[0], self._progress, collects=collects)
        return self._shown(plan, report, look)

    def _wait_for_the_rest(self, report: str) -> None:
        """
        JupyterLab writes a notebook in place: for a moment it is empty, or half of itself.

        Raises:
            InputInvalid: It stays so: nobody is writing it.
        """
        notebook = self.settings.notebooks / f"{report}.ipynb"
        until = time.monotonic() + _WHOLE_S
        while notebook.is_file() and not _is_json(notebook):
            if time.monotonic() > until:
                expected = "a notebook; where a merge left its marks (<<<<<<<) in it, choose a side"
                raise InputInvalid(str(notebook), "no JSON", expected)
            self._say({"report": report, "said": f"{notebook.name} is being saved: it is no JSON yet."})
            time.sleep(_WHOLE_S / 10)

    def _plan(self, report: str, now: datetime) -> Plan:
        settings = self.settings
        request = Request(
            root=Path(settings.root),
            company=Path(settings.company),
            is_company_named=True,
            store=settings.store,
            reports=(report,),
            period=settings.period or None,
        )
        return make_plan(request, self._environment(), now)

    def _environment(self) -> Environment:
        env_file = Path(self.settings.env_file) if self.settings.env_file else None
        lend_to_boto3(env_file)
        return Environment.read(env_file)

    def _begun(self, plan: Plan, now: datetime) -> Looking:
        ledger = open_ledger(plan.environment.ledger, plan.company.slug, lambda: now)
        self._looking = Looking(Path(self.settings.work), open_store(plan.store, plan.company.slug), ledger)
        return self._looking

    def _progress(self, edition: str, stage: str) -> None:
        self._say({"report": edition.partition("/")[0], "stage": stage})

    def _shown(self, plan: Plan, report: str, look: Look) -> dict[str, Any]:
        """Lay the look where the server finds it, and describe it; the same bytes are the same version."""
        page = look.rendered.page.encode()
        version = hashlib.sha256(page + b"\0" + look.message).hexdigest()[:_VERSION]
        folder = Path(self.settings.work) / "shown" / report / version
        write_beside_then_rename(folder / "page.html", page)
        write_beside_then_rename(folder / "message.eml", look.message)
        for older in folder.parent.iterdir():
            if older != folder:
                shutil.rmtree(older, ignore_errors=True)
        before = str(look.previous) if look.previous else ""
        return {
            "state": "held" if look.findings else "ready",
            "edition": look.edition,
            "title": plan.reports[0].params.title,
            "headline": look.rendered.headline,
            "version": version,
            "folder": str(folder),
            "before": before,
            "before_version": sha256_of(Path(before) / "manifest.json")[:_VERSION] if before else "",
            "before_edition": f"{report}/{plan.period.shifted(-1)}",
            "before_none": "" if before else self._why_none(f"{report}/{plan.period.shifted(-1)}"),
            "findings": list(look.findings),
            "dropped": list(look.rendered.dropped),
            "mail_bytes": len(look.message),
            "html_bytes": len(encoded(look.rendered.body.html)[1]),
            "seconds": look.seconds,
        }

    def _why_none(self, edition: str) -> str:
        """Why there is no *edition* to stand beside, and what to type about it."""
        known = self._looking and self._looking.ledger.edition(edition)
        if known and known.state not in ("released", "ready"):
            return f"{known.state.capitalize()}. {self._command('show', edition)} says why."
        report, _, period = edition.partition("/")
        return f"Not built. {self._command('run', report, '--period', period)} builds it."

    def _command(self, *words: str) -> str:
        """A command about the company, the editions and the environment of this preview."""
        settings = self.settings
        env_file = ("--env-file", settings.env_file) if settings.env_file else ()
        outputs = () if is_bucket(settings.store) else ("--outputs", settings.store)
        return shlex.join(("python", "runner.py", *env_file, *words, "--company", settings.company, *outputs))

    def _say(self, event: Mapping[str, Any]) -> None:
        self.out.write(json.dumps(event) + "\n")
        self.out.flush()


def _is_json(notebook: Path) -> bool:
    try:
        json.loads(notebook.read_bytes())
    except ValueError:
        return False
    return True


def _told(error: QuarterdeckError) -> dict[str, Any]:
    if isinstance(error, NotebookFailed):
        where = f"Cell {error.cell} failed" if error.cell else "It cannot be shown"
        return {"title": f"{where}: {error.reason}", "source": error.source, "traceback": error.traceback}
    first, _, rest = str(error).partition("\n")
    return {"title": first, "source": "", "traceback": rest}


def main() -> None:
    """Answer requests until standard input ends."""
    # What libraries print must not be read as an answer: standard output becomes standard error
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    builder = Builder(Settings.read(sys.argv[1]), out)
    signal.signal(signal.SIGINT, builder.interrupt)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # by an exception, so that a running kernel is ended
    for line in sys.stdin:
        builder.answer(json.loads(line))


if __name__ == "__main__":
    main()
