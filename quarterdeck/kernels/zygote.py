"""
The zygote: a process that has imported what every report needs, and forks a ready kernel whenever it is asked.

It is started by `nursery`, speaks over one socket with it, and has one thread: a fork copies the thread that
forks and none of the others, whose locks would stay locked for ever. Each request brings a connection of its
own, whose life is the kernel's: when the client closes it the kernel's process group is killed, and when the
kernel ends its exit code comes back. When the runner ends, so does the zygote, and with it every kernel.

`nursery` runs `main` in a Python of its own, with the number of the socket as argument.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

from quarterdeck.kernels.warming import warm

REQUEST_BYTES = 256 * 1024  # a request holds a command and an environment
READY = b"ready"
RETIRE = b"retire"

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PR_SET_CHILD_SUBREAPER = 36
_STANDARD = 3  # standard input, output and error


@dataclass(frozen=True)
class _Kernel:
    """A kernel that runs: its process, what tells that it ended, and the connection whose life it shares."""

    pid: int
    pidfd: int
    connection: socket.socket


class _Zygote:
    def __init__(self, control: socket.socket, application: Any) -> None:  # noqa: ANN401 - ipykernel is untyped
        self._control = control
        self._application = application
        self._watched = selectors.DefaultSelector()
        self._watched.register(control, selectors.EVENT_READ, self._asked)
        self._kernels: dict[int, _Kernel] = {}
        self._is_over = False
        self._is_retiring = False

    def serve(self) -> Callable[[], NoReturn] | None:
        """Fork kernels until the runner has gone; in a forked process, what it is to do there."""
        while not self._is_over and (self._kernels or not self._is_retiring):
            for key, _ in self._watched.select():
                child: Callable[[], NoReturn] | None = key.data()
                if child is not None:
                    return child
        for kernel in self._kernels.values():
            _kill_group(kernel.pid)
        self._kernels.clear()
        self._kill_orphans()
        return None

    def _asked(self) -> Callable[[], NoReturn] | None:
        try:
            request, given, _, _ = socket.recv_fds(self._control, REQUEST_BYTES, _STANDARD + 1)
        except ConnectionResetError:  # it has gone without having read that this is warm
            request, given = b"", []
        if request == RETIRE:
            self._is_retiring = True
            return None
        if not request:
            self._is_over = True
            return None
        connection, *standard = given
        return self._forked(request, standard, socket.socket(fileno=connection))

    def _forked(self, request: bytes, standard: list[int], connection: socket.socket) -> Callable[[], NoReturn] | None:
        threads = len(list(Path("/proc/self/task").iterdir()))
        if threads > 1:
            _tell(connection, {"refused": f"it has {threads} threads"})
            _close(connection, *standard)
            return None
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            _tell(connection, {"refused": f"it cannot fork: {error.strerror}"})
            _close(connection, *standard)
            return None
        if pid == 0:
            self._forget()
            return lambda: _become_a_kernel(self._application, json.loads(request), standard, connection, parent)
        for descriptor in standard:
            os.close(descriptor)
        self._watch(_Kernel(pid, os.pidfd_open(pid), connection))
        _tell(connection, {"pid": pid})
        return None

    def _watch(self, kernel: _Kernel) -> None:
        self._kernels[kernel.pid] = kernel
        self._watched.register(kernel.pidfd, selectors.EVENT_READ, lambda: self._ended(kernel))
        self._watched.register(kernel.connection, selectors.EVENT_READ, lambda: self._closed(kernel))

    def _ended(self, kernel: _Kernel) -> None:
        _, status = os.waitpid(kernel.pid, 0)
        _kill_group(kernel.pid)  # what it started and left behind
        del self._kernels[kernel.pid]
        self._kill_orphans()
        _tell(kernel.connection, {"exit": os.waitstatus_to_exitcode(status)})
        self._watched.unregister(kernel.pidfd)
        if kernel.connection in self._watched.get_map():
            self._watched.unregister(kernel.connection)
        _close(kernel.connection, kernel.pidfd)

    def _kill_orphans(self) -> None:
        """What kernels put into sessions of their own falls to the zygote when they end; it ends with them."""
        while orphans := [pid for pid in _children() if pid not in self._kernels]:
            for pid in orphans:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)

    def _closed(self, kernel: _Kernel) -> None:
        """The client has gone: so does the kernel; that it ended is heard next."""
        if kernel.pid in self._kernels:  # else its end was heard in the same moment
            self._watched.unregister(kernel.connection)
            _kill_group(kernel.pid)

    def _forget(self) -> None:
        """In a forked process: let go of everything that is the zygote's."""
        self._watched.close()
        self._control.close()
        for kernel in self._kernels.values():
            _close(kernel.connection, kernel.pidfd)


def _become_a_kernel(
    app: Any,  # noqa: ANN401 - ipykernel is untyped
    request: Mapping[str, Any],
    standard: Sequence[int],
    connection: socket.socket,
    parent: int,
) -> NoReturn:
    """What the stock launcher's `Popen` and `ipykernel_launcher` do, in a process that has imported it all."""
    os.setsid()
    # The zygote has one thread, so this is told when the process ends and not some thread of it
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before it could be asked to tell
        os._exit(1)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # its own to the end: only then do they fall to the zygote
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    launcher = find_spec("ipykernel_launcher")
    sys.argv = [str(launcher and launcher.origin), *request["arguments"]]
    _reseed()
    gc.enable()
    code = 1
    try:
        app.initialize(request["arguments"])
        # Connecting before the sockets are bound would cost the client a tenth of a second
        connection.send(READY)
        connection.close()
        atexit.unregister(app.close)  # it waits for threads that this process is about to end anyway
        app.start()
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    finally:
        _leave(code)


def _application() -> Any:  # noqa: ANN401 - ipykernel is untyped
    """Ipykernel's application, which is told of its parent's end by the kernel instead of asking every second."""
    from ipykernel.kernelapp import IPKernelApp  # noqa: PLC0415 - loaded by `warm` before

    ipkernel: Any = sys.modules["ipykernel.ipkernel"]

    class KernelApp(IPKernelApp):
        def init_poller(self) -> None:
            """PR_SET_PDEATHSIG does it."""

        def log_connection_info(self) -> None:
            """For a person who started a kernel by hand."""

        def init_kernel(self) -> None:
            """There is no debugger, and the list of modules that it asks for would copy a page or two for each."""
            ipkernel.sys, known = SimpleNamespace(modules={}), ipkernel.sys
            try:
                super().init_kernel()  # type: ignore[no-untyped-call] # ipykernel's
            finally:
                ipkernel.sys = known

    return KernelApp.instance()


def _leave(code: int) -> NoReturn:
    """End as an interpreter does, without unwinding what was the zygote's before the fork."""
    atexit._run_exitfuncs()  # noqa: SLF001 - what notebooks registered is theirs to have run
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.flush()
    os._exit(code)


def _reseed() -> None:
    """Python reseeds `random` after a fork by itself; numpy's global state would be the same in all reports."""
    import numpy as np  # noqa: PLC0415 - loaded by `warm` before the fork

    np.random.seed(int.from_bytes(os.urandom(4)))


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value)


def _children() -> list[int]:
    """Of this process, which has one thread; none where the kernel does not list them."""
    with suppress(FileNotFoundError):
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    return []


def _tell(connection: socket.socket, said: Mapping[str, object]) -> None:
    with suppress(OSError):  # nobody is waiting for it any more
        connection.send(json.dumps(said).encode())


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):  # it and all it started have gone
        os.killpg(pid, signal.SIGKILL)


def _close(connection: socket.socket, *descriptors: int) -> None:
    connection.close()
    for descriptor in descriptors:
        os.close(descriptor)


def main() -> None:
    """Warm up, say so, and serve whoever holds the other end of the socket."""
    control = socket.socket(fileno=int(sys.argv[1]))
    if sys.path[0] in ("", str(Path.cwd())):
        del sys.path[0]  # as ipykernel_launcher does, before anything of the working folder is imported
    gc.disable()
    warm()
    application = _application()
    gc.collect()
    gc.freeze()  # so that a collection in a kernel does not write to the pages they share
    # Python collects all again when a quarter has come to what the last time left: of what is frozen, nothing counts
    gc.collect()
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    with suppress(BrokenPipeError):  # the runner has gone meanwhile: `serve` finds that out
        control.send(READY)
    child = _Zygote(control, application).serve()
    if child is not None:
        child()


if __name__ == "__main__":
    main()
