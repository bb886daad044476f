"""
The nursery: this process's zygote, started when the first kernel is asked for, and asked for forks.

A zygote of an older package, of other installed packages, or of another environment than the kernel's retires, and
a new one takes its place. A fork is refused, and the stock launcher is the way out, wherever the result could still
be another than the stock launcher's: another interpreter, a kernel that is not ipykernel's, a zygote with a second
thread, or none.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, cast

import quarterdeck
from quarterdeck.kernels.warming import INLINE
from quarterdeck.kernels.zygote import READY, REQUEST_BYTES, RETIRE

# Not `-m`: the package imports the module before it would be run, and Python warns of that
_ZYGOTE = "from quarterdeck.kernels.zygote import main; main()"
_STOCK = ("-m", "ipykernel_launcher")
_WARM_WITHIN_S = 30.0
_READY_WITHIN_S = 20.0
_GONE_WITHIN_S = 5.0
_ENDED_WITHIN_S = 0.5


class NotForked(Exception):
    """No warm kernel for this request, and why; a stock one does the same, later."""


class _ZygoteGone(NotForked):
    """It ended before it answered."""


class ForkedProcess:
    """
    A kernel's process as `subprocess.Popen` shows one, known by the connection whose life it shares.

    `is_lost` tells that it ended because its zygote did, whatever it was doing.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, connection: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.is_lost = False
        self._connection = connection
        self._lock = threading.Lock()
        weakref.finalize(self, connection.close)  # where nobody waits for its end

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        with self._lock:
            if self.returncode is None and _is_readable(self._connection, within_s=0):
                self.returncode = self._told()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """
        The exit code, once it has ended.

        Raises:
            TimeoutExpired: It has not within *timeout* seconds.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired("kernel", timeout or 0)
            with suppress(ValueError):  # it was closed meanwhile by another who asked: the code is there
                _is_readable(self._connection, left)
        return code

    def send_signal(self, number: int) -> None:
        """Send it signal *number*; one that has ended takes none."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _told(self) -> int:
        """What the zygote says of its end; where it is silent it was killed, and its kernels with it."""
        with suppress(OSError, ValueError), self._connection:
            return int(json.loads(self._connection.recv(REQUEST_BYTES))["exit"])
        self.is_lost = True
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return -signal.SIGKILL


class _Started:
    """A zygote that was started: its process, the socket that it listens to, and what it was made of."""

    def __init__(self, env: Mapping[str, str], made_of: object) -> None:
        self.made_of = made_of
        self._is_warm = False
        self._control, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            self.process = subprocess.Popen(  # noqa: S603 - this Python, and code of ours
                [sys.executable, "-c", _ZYGOTE, str(its.fileno())],
                env=dict(env),
                cwd="/",
                stdin=subprocess.DEVNULL,
                pass_fds=[its.fileno()],
                start_new_session=True,  # an interrupt at the terminal is for the runner alone
            )

    def is_warm(self) -> bool:
        """Whether it has imported everything; waits for that."""
        if not self._is_warm:
            with suppress(OSError):
                self._is_warm = _is_readable(self._control, _WARM_WITHIN_S) and self._control.recv(64) == READY
        return self._is_warm

    def was_killed(self) -> bool:
        """Whether a signal ended it, as where memory was short."""
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(_ENDED_WITHIN_S) < 0
        return False

    def send(self, request: bytes, *descriptors: int) -> None:
        """Pass *request* on, with what it is to own."""
        socket.send_fds(self._control, [request], list(descriptors))

    def end(self) -> None:
        """End it, and with it every kernel of it and all that they started."""
        self._control.close()
        if not self._is_warm:  # it has no kernels, and hears nothing while it imports
            self.process.kill()
        try:
            self.process.wait(_GONE_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Nursery:
    """One zygote at a time; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._zygote: _Started | None = None
        self._retired: list[_Started] = []
        self._unfit: object = None

    def prepare(self, env: Mapping[str, str]) -> None:
        """Start the zygote for kernels with *env*, and wait for nothing; what goes wrong is told by `fork`."""
        with self._lock, suppress(NotForked, OSError):
            self._ready_for(env)

    def fork(self, command: Sequence[str], *, cwd: str, env: Mapping[str, str]) -> ForkedProcess:
        """
        A kernel that is ready to be spoken to, as *command* would have started one.

        Args:
            command: `python -m ipykernel_launcher -f FILE`, as the kernel specification says it.
            cwd: Its working folder, as `Popen` takes it.
            env: All of its environment.

        Raises:
            NotForked: None can be had that is the same as a stock one.
        """
        if tuple(command[1:3]) != _STOCK or not _is_this_python(command[0]):
            raise NotForked(f"{command[0]} is no Python of ours that starts ipykernel")
        if because := _read_at_import(Path(cwd), env):
            raise NotForked(because)
        request = json.dumps({"arguments": command[3:], "cwd": cwd, "env": dict(env)}).encode()
        if len(request) > REQUEST_BYTES // 2:
            raise NotForked("its environment is too large")
        try:
            return self._forked(request, env)
        except _ZygoteGone:  # killed by somebody, perhaps for its memory: another one may live
            return self._forked(request, env)

    def close(self) -> None:
        """End the zygote, and every kernel of it."""
        with self._lock:
            for zygote in filter(None, [self._zygote, *self._retired]):
                zygote.end()
            self._zygote, self._retired = None, []

    @property
    def pid(self) -> int | None:
        """The zygote's process id; None while there is none."""
        with self._lock:
            return self._zygote.process.pid if self._zygote is not None else None

    def _forked(self, request: bytes, env: Mapping[str, str]) -> ForkedProcess:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with its:
                zygote = self._asked(request, its, env)
            try:
                return _born(ours)
            except _ZygoteGone:
                self._bury(zygote)
                raise
        except NotForked:
            ours.close()
            raise

    def _asked(self, request: bytes, connection: socket.socket, env: Mapping[str, str]) -> _Started:
        """The zygote that was asked to fork, with *connection* as the kernel's."""
        with self._lock, open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a device, not a path of ours
            try:
                zygote = self._ready_for(env)
            except OSError as error:
                raise NotForked(f"no zygote can be started ({error.strerror})") from error
            if not zygote.is_warm():
                if not zygote.was_killed():  # then the next may live
                    self._unfit = zygote.made_of
                zygote.process.kill()
                raise NotForked("the zygote did not become warm")
            with suppress(OSError):  # it has gone: so `_born` hears nothing
                zygote.send(request, connection.fileno(), nothing.fileno(), 1, 2)
            return zygote

    def _bury(self, zygote: _Started) -> None:
        with self._lock:
            zygote.end()
            if self._zygote is zygote:
                self._zygote = None

    def _ready_for(self, env: Mapping[str, str]) -> _Started:
        """The zygote that has imported what there is now, with the environment *env*."""
        made_of = (dict(env), _stamp())
        if made_of == self._unfit:
            raise NotForked("the zygote did not become warm before")
        if self._zygote is not None and self._zygote.process.poll() is not None:
            self._zygote.end()
            self._zygote = None
        if self._zygote is not None and self._zygote.made_of != made_of:
            with suppress(OSError):  # it has just gone
                self._zygote.send(RETIRE)  # when its last kernel has ended
            self._retired.append(self._zygote)
            self._zygote = None
        for gone in [one for one in self._retired if one.process.poll() is not None]:
            gone.end()
            self._retired.remove(gone)
        if self._zygote is None:
            self._zygote = _Started(env, made_of)
        return self._zygote


@cache
def nursery() -> Nursery:
    """The nursery of this process; what is in it ends no later than the process."""
    made = Nursery()
    atexit.register(made.close)
    return made


def _is_this_python(program: str) -> bool:
    """Two environments may lead to one interpreter, so its folder counts as well."""
    asked, this = Path(program), Path(sys.executable)
    return asked.parent.resolve() == this.parent.resolve() and asked.resolve() == this.resolve()


def _read_at_import(cwd: Path, env: Mapping[str, str]) -> str:
    """What libraries would read when they are imported in *cwd* with *env*, and the zygote did not; else nothing."""
    if env.get("MPLBACKEND", INLINE) != INLINE:
        return "MPLBACKEND names another backend than notebooks' own"
    paths = env.get("PYTHONPATH")
    if paths and not all(Path(path).is_absolute() for path in paths.split(os.pathsep)):
        return "a folder of PYTHONPATH is relative to the notebook's"
    return "a matplotlibrc lies beside the notebook" if (cwd / "matplotlibrc").is_file() else ""


def _born(connection: socket.socket) -> ForkedProcess:
    """The process at the other end of *connection*, once its sockets are bound."""
    said = _heard(connection)
    if "refused" in said:
        raise NotForked(said["refused"])
    if not _is_readable(connection, _READY_WITHIN_S) or connection.recv(REQUEST_BYTES) != READY:
        raise NotForked("the kernel did not become ready")  # and is killed when its connection is closed
    return ForkedProcess(said["pid"], connection)


def _heard(connection: socket.socket) -> dict[str, Any]:
    if not _is_readable(connection, _READY_WITHIN_S):
        raise NotForked("the zygote does not answer")
    with suppress(OSError, ValueError):  # a kernel that says it is ready, where the zygote said nothing of it
        if answer := connection.recv(REQUEST_BYTES):
            return cast("dict[str, Any]", json.loads(answer))
    raise _ZygoteGone("the zygote has gone")


def _is_readable(connection: socket.socket, within_s: float | None) -> bool:
    watch = select.poll()  # `select` takes no descriptor above 1024, and 64 reports have more
    watch.register(connection, select.POLLIN)
    return bool(watch.poll(None if within_s is None else int(within_s * 1000)))


def _stamp() -> object:
    """Changes when a file of the package does, or what is installed: then what was imported is not what there is."""
    # A distribution that comes, goes or changes its version renames a folder there
    installed = Path(sysconfig.get_path("purelib")).stat().st_mtime_ns
    return sorted(_sources(Path(quarterdeck.__file__).parent)), installed


def _sources(folder: str | Path) -> Iterator[tuple[str, int, int]]:
    """Path, time and size of each below *folder*; asked for every kernel, so by the system's own list."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _sources(entry.path)
            elif entry.name.endswith(".py"):
                found = entry.stat()
                yield entry.path, found.st_mtime_ns, found.st_size
