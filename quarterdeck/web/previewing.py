"""
A preview: for each report its last good look, what is being made of it now, and who is listening.

Only what somebody has open is made. A save that comes while its report is being made ends that look: the newest wins.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

from quarterdeck.config import report_names
from quarterdeck.web.settings import Settings
from quarterdeck.web.watching import Changes, changes

State = dict[str, Any]

_LONGEST_LINE = 2**24  # bytes of a builder's answer
_TOLD_LINES = 40  # of what a builder that ended had written to standard error


class Preview:
    """Follows the files of *settings*, and tells listeners what became of them; *now* tells the time, tz-aware."""

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self.settings = settings
        self._now = now
        self._states: dict[str, State] = {}
        self._listeners: dict[str, set[asyncio.Queue[State]]] = {}
        self._asked: dict[str, None] = {}  # the reports to be made, the one asked for first first
        self._is_data_old = False  # whether the company's folder changed since it was collected; also unheard
        self._is_old = False  # whether what was saved since is loaded in this process, as it was
        self._something = asyncio.Event()
        self._making = ""
        self._builder = _BuilderProcess(settings)
        self.failure: BaseException | None = None  # what ended it; nothing where a person did

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watch and make looks while the block runs; afterwards no process of it is left."""
        tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._make())]
        for task in tasks:
            task.add_done_callback(self._ended)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._builder.stop()

    def reports(self) -> list[str]:
        """Those that can be shown; one whose params file has just gone is still among them."""
        named = set(self.settings.reports) or {*report_names(self.settings.params), *self._states}
        return sorted(named)

    def state(self, report: str) -> State:
        """What is known of *report*: its last good look, and how the newest ended."""
        return self._states.get(report, {"report": report, "state": "waiting", "said": "It was not made yet."})

    @asynccontextmanager
    async def listening(self, report: str) -> AsyncIterator[asyncio.Queue[State]]:
        """The states of *report*, the one that stands first; somebody listens, so it is made."""
        queue: asyncio.Queue[State] = asyncio.Queue()
        self._listeners.setdefault(report, set()).add(queue)
        queue.put_nowait(self.state(report))
        self.ask(report)
        try:
            yield queue
        finally:
            self._listeners[report].discard(queue)

    def ask(self, report: str) -> None:
        """Have *report* made anew; what is unchanged of it is not."""
        self._asked[report] = None
        self._something.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A task that ends by itself ends the preview: without it, an old picture would stand for the new one."""
        if task.cancelled() or self.failure is not None:
            return
        self.failure = task.exception()
        title = f"The preview has ended: {self.failure}"
        for report in self._listeners:
            self._heard(report, {"state": "failed", "failure": {"title": title, "source": "", "traceback": ""}})
        signal.raise_signal(signal.SIGTERM)

    async def _follow(self) -> None:
        async for changed in changes(self.settings):
            await self._changed(changed)

    async def _changed(self, changed: Changes) -> None:
        if changed.code:
            await self._builder.stop()  # it has the old code; the next look starts another
        self._is_data_old |= changed.data
        self._is_old |= changed.server
        heard = [report for report, listeners in self._listeners.items() if listeners]
        concerns_all = changed.everything or changed.code or changed.data
        for report in [one for one in heard if concerns_all or one in changed.reports]:
            self.ask(report)
            if report == self._making:
                self._builder.interrupt()

    async def _make(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while self._asked:
                report = next(iter(self._asked))
                del self._asked[report]
                self._making = report
                await self._make_one(report)
                self._making = ""

    async def _make_one(self, report: str) -> None:
        collects, self._is_data_old = self._is_data_old, False
        asked = {"report": report, "now": self._now().isoformat(), "collects": collects}
        async for event in self._builder.look(asked):
            self._heard(report, event)
            if event.get("state") == "superseded":
                self._is_data_old |= collects
                self.ask(report)

    def _heard(self, report: str, event: State) -> None:
        """Take one answer into the state; what the last good look was stays until there is another."""
        state = {**self.state(report), **event, "stage": event.get("stage", ""), "is_old": self._is_old}
        if event.get("state") == "superseded":
            state["state"] = self.state(report)["state"]
        if event.get("state") in ("ready", "held"):
            state |= {"failure": None, "said": ""}
        if event.get("state") == "failed":
            state["said"] = ""
        self._states[report] = state
        for queue in self._listeners.get(report, ()):
            queue.put_nowait(state)


class _BuilderProcess:
    """The builder, started when it is needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self._errors: asyncio.Task[bytes] | None = None
        self._has_answered = False  # until then it may be loading still, and would take a signal for its end

    async def look(self, asked: State) -> AsyncIterator[State]:
        """Its answers to *asked*; a builder that ended instead is one answer that says so."""
        process = await self._started()
        assert process.stdin is not None  # noqa: S101 - it was started with pipes
        assert process.stdout is not None  # noqa: S101 - likewise
        with suppress(ConnectionError):
            process.stdin.write((json.dumps(asked) + "\n").encode())
            await process.stdin.drain()
        while line := await process.stdout.readline():
            event: State = json.loads(line)
            self._has_answered = True
            yield event
            if event.get("is_end"):
                return
        yield await self._ended(process)

    def interrupt(self) -> None:
        """Have it end the look that it is making; it answers `superseded`."""
        if self._has_answered and self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)

    async def stop(self) -> None:
        """End it, and the kernel that it may have."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), timeout=5)
            if process.returncode is None:
                process.kill()

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            pipe = asyncio.subprocess.PIPE
            self._has_answered = False
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "quarterdeck.web.builder", self._settings.written()),
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                limit=_LONGEST_LINE,
                start_new_session=True,  # Ctrl-C at the terminal is the server's, which ends it in order
            )
            assert self._process.stderr is not None  # noqa: S101 - it was started with a pipe
            self._errors = asyncio.create_task(self._process.stderr.read())
        return self._process

    async def _ended(self, process: asyncio.subprocess.Process) -> State:
        code = await process.wait()
        if self._process is not process:  # it was stopped on purpose: its code had changed
            return {"state": "superseded"}
        written = (await self._errors).decode(errors="replace") if self._errors else ""
        told = "\n".join(written.rstrip().splitlines()[-_TOLD_LINES:])
        title = told.splitlines()[-1] if told else f"the builder ended with {code}"
        return {"state": "failed", "failure": {"title": title, "source": "", "traceback": told}}
