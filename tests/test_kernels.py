import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

import quarterdeck
from quarterdeck.kernels import (
    SINGLE_THREADED,
    ForkedProcess,
    NotForked,
    Nursery,
    PromptClient,
    choose_provisioner,
    nursery,
)

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "PYTHONPATH")},
    "PYTHONHASHSEED": "0",
    **SINGLE_THREADED,
}


def is_alive(pid: int) -> bool:
    """A zombie is dead: it only waits to be read by its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 10
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()


class Desk:
    """Kernels as a notebook's runner starts them, warm or stock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    @asynccontextmanager
    async def kernel(self, *, warm: bool, env: dict[str, str] = ENVIRONMENT):
        self.count += 1
        place = self.folder / str(self.count)
        place.mkdir()
        manager = AsyncKernelManager(transport="ipc", ip=str(place / "k"), connection_file=str(place / "kernel.json"))
        if warm:
            manager.client_factory = PromptClient
            choose_provisioner(manager.kernel_spec)
        await manager.start_kernel(env=dict(env), cwd=str(self.folder))
        client = manager.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=30)
            yield manager, client
        finally:
            client.stop_channels()
            await manager.shutdown_kernel(now=True)

    def printed(self, code: str, *, warm: bool = True, env: dict[str, str] = ENVIRONMENT) -> str:
        """What *code* prints in a kernel of its own."""
        said: list[str] = []

        async def ask() -> None:
            async with self.kernel(warm=warm, env=env) as (_, client):
                await client.execute_interactive(
                    code, timeout=30, output_hook=lambda message: said.append(message["content"].get("text", ""))
                )

        asyncio.run(ask())
        return "".join(said)


@pytest.fixture
def desk(tmp_path_factory) -> Desk:
    return Desk(tmp_path_factory.mktemp("d"))


@pytest.fixture(scope="module", autouse=True)
def nobody_is_left():
    """After all tests of this module no zygote is, and so no kernel of one."""
    yield
    pid = nursery().pid
    nursery().close()
    assert pid is None or eventually(lambda: not is_alive(pid))


FACTS = """
import builtins, gc, json, locale, logging, os, resource, signal, sys, warnings
import matplotlib, matplotlib.pyplot as plt, numpy as np, pandas as pd
rules = sorted(str(rule) for rule in warnings.filters)
warnings.simplefilter("ignore")  # pandas warns of an option that is going to go
own = ("JPY_PARENT_PID", "JPY_SESSION_NAME")
print(json.dumps({
    "environment": {name: value for name, value in os.environ.items() if name not in own},
    "folder": os.getcwd(),
    "leads": [os.getpgid(0) == os.getpid(), os.getsid(0) == os.getpid()],
    "program": sys.argv[0],
    "python": [sys.path, sys.executable, str(sys.flags), sys.getrecursionlimit(), sys.stdout.encoding, gc.isenabled()],
    "names": sorted(name for name in globals() if name.startswith("_")),
    "stdin": os.read(0, 1).decode(),
    "signals": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
    "limits": [resource.getrlimit(resource.RLIMIT_NOFILE), os.umask(0o22), locale.setlocale(locale.LC_ALL)],
    "style": [plt.get_backend(), {key: str(value) for key, value in matplotlib.rcParams.items()}],
    "options": {key: str(pd.get_option(key)).lower() for key in pd._config.config._registered_options},
    "numbers": [str(np.geterr()), str(np.get_printoptions())],
    "warnings": rules,
    "logging": [str(logging.root.handlers), logging.root.level, logging.root.manager.disable],
    "hooks": [str(hook).split(" at ")[0] for hook in (sys.displayhook, sys.excepthook, sys.unraisablehook)],
    "builtins": sorted(set(vars(builtins)) - {"execfile", "runfile"}),  # the debugger's
}))
"""


def test_a_warm_kernel_is_like_a_stock_one(desk):
    """Environment, folder, session, signals, limits, locale, options and names: a notebook cannot tell them apart."""
    warm, stock = (json.loads(desk.printed(FACTS, warm=warm)) for warm in (True, False))
    del stock["environment"]["PYDEVD_USE_FRAME_EVAL"]  # the debugger's, which no report has

    assert warm == stock
    assert warm["leads"] == [True, True]


def test_a_warm_kernel_has_imported_what_reports_need(desk):
    """The import is there before the first cell: that is the time that is saved."""
    loaded = 'import sys; print([name in sys.modules for name in ("quarterdeck.notebook", "pandas", "boto3")])'

    assert desk.printed(loaded).strip() == "[True, True, False]"  # nothing of AWS in a kernel that cannot ask it
    assert desk.printed(loaded, warm=False).strip() == "[False, False, False]"


def test_two_kernels_share_no_chance(desk):
    """Python's and numpy's global random states are each kernel's own."""
    drawn = "import random, numpy as np; print(random.random(), np.random.random())"

    first, second = (desk.printed(drawn).split() for _ in range(2))

    assert not set(first) & set(second)


def test_what_one_kernel_changes_no_other_sees(desk):
    """Styles, options and patches of pandas end with the kernel that made them."""
    desk.printed(
        "import matplotlib, pandas as pd; matplotlib.rcParams['font.size'] = 99\n"
        "pd.set_option('display.max_rows', 3); pd.DataFrame.head = lambda self: 'patched'"
    )

    told = desk.printed(
        "import matplotlib, pandas as pd\n"
        "head = pd.DataFrame({'a': [1]}).head()\n"
        "print(matplotlib.rcParams['font.size'], pd.get_option('display.max_rows'), type(head).__name__)"
    )

    assert told.split() == ["10.0", "60", "DataFrame"]


SOCKETS = """
import os
from contextlib import suppress
for number in os.listdir("/proc/self/fd"):
    with suppress(FileNotFoundError):  # what listed them
        print(os.readlink(f"/proc/self/fd/{number}"))
"""


def test_a_kernel_holds_no_socket_of_the_zygotes_or_of_another(desk):
    """A connection's end is a kernel's end: held open by one that came later, it would keep others alive."""

    async def sockets(client) -> set[str]:
        said: list[str] = []
        await client.execute_interactive(
            SOCKETS, timeout=30, output_hook=lambda message: said.append(message["content"].get("text", ""))
        )
        return {line for line in "".join(said).splitlines() if line.startswith("socket:")}

    async def held() -> tuple[set[str], set[str], set[str]]:
        async with desk.kernel(warm=True) as (_, earlier), desk.kernel(warm=True) as (_, later):
            zygote = Path(f"/proc/{nursery().pid}/fd").iterdir()
            return await sockets(earlier), await sockets(later), {str(one.readlink()) for one in zygote}

    earlier, later, zygotes = asyncio.run(held())

    assert min(len(earlier), len(later), len(zygotes)) > 2
    assert not earlier & later
    assert not (earlier | later) & zygotes


def test_an_interrupt_reaches_the_cell(desk):
    """As in a stock kernel, the cell ends by KeyboardInterrupt, and the kernel lives on."""

    async def interrupted() -> str:
        async with desk.kernel(warm=True) as (manager, client):
            request = client.execute("import time\nprint('begun')\ntime.sleep(30)")
            while True:
                message = await client.get_iopub_msg(timeout=10)
                if message["msg_type"] == "stream":
                    break
            await manager.interrupt_kernel()
            reply = await client._async_recv_reply(request, timeout=10)
            assert await manager.is_alive()
            return reply["content"]["ename"]

    assert asyncio.run(interrupted()) == "KeyboardInterrupt"


@pytest.mark.parametrize(("leave", "code"), [("import os; os._exit(7)", 7), ("import os; os.kill(os.getpid(), 9)", -9)])
def test_how_a_kernel_ended_comes_back(desk, leave, code):
    """Its exit code, or the signal that it ended by, is the process's as `Popen` would say it."""

    async def ended() -> int | None:
        async with desk.kernel(warm=True) as (manager, client):
            process = manager.provisioner.process
            client.execute(leave)
            return await asyncio.to_thread(process.wait, 10)

    assert asyncio.run(ended()) == code


def test_a_killed_zygote_takes_its_kernels_along_and_the_next_is_warm_again(desk):
    """No kernel outlives it; whoever comes next gets one of a new zygote."""

    async def killed() -> tuple[int | None, int]:
        async with desk.kernel(warm=True) as (manager, _):
            process = manager.provisioner.process
            os.kill(nursery().pid, signal.SIGKILL)
            return await asyncio.to_thread(process.wait, 10), process.pid

    code, pid = asyncio.run(killed())
    first = nursery().pid
    told = desk.printed('import sys; print("quarterdeck.notebook" in sys.modules)')

    assert code == -signal.SIGKILL
    assert eventually(lambda: not is_alive(pid))
    assert told.strip() == "True"
    assert nursery().pid != first


def command(place: Path) -> list[str]:
    """As the kernel specification starts ipykernel, with a connection file in *place*."""
    place.mkdir()
    ports = {
        f"{name}_port": number for number, name in enumerate(["shell", "iopub", "stdin", "control", "hb"], start=1)
    }
    file = place / "kernel.json"
    file.write_text(json.dumps({"transport": "ipc", "ip": str(place / "k"), "key": "k", **ports}))
    return [sys.executable, "-m", "ipykernel_launcher", "-f", str(file)]


def ended(kernel: ForkedProcess) -> int:
    kernel.kill()
    return kernel.wait(10)


@pytest.fixture
def place(tmp_path_factory) -> Callable[[], Path]:
    root = tmp_path_factory.mktemp("p")
    numbers = iter(range(1000))
    return lambda: root / str(next(numbers))


def test_what_would_not_be_the_same_is_not_forked(tmp_path):
    """Another program, or another environment's Python though it be one interpreter: refused with the reason."""
    (tmp_path / "python").symlink_to(sys.executable)
    refusing = Nursery()
    for other in (sys.executable, "-m", "xeus_python"), (str(tmp_path / "python"), "-m", "ipykernel_launcher"):
        with pytest.raises(NotForked, match="no Python of ours"):
            refusing.fork(other, cwd="/", env=ENVIRONMENT)

    assert refusing.pid is None


def test_what_libraries_would_read_otherwise_at_import_is_not_forked(tmp_path):
    """A backend by its variable, a style beside the notebook, a relative folder of modules: stock kernels read them."""
    (tmp_path / "matplotlibrc").write_text("font.size: 42\n")
    refusing, kernel = Nursery(), command(tmp_path / "kernel")
    for cwd, variable, reason in (
        ("/", {"MPLBACKEND": "svg"}, "MPLBACKEND names another backend"),
        ("/", {"PYTHONPATH": f"{tmp_path}:lib"}, "a folder of PYTHONPATH is relative"),
        (str(tmp_path), {}, "a matplotlibrc lies beside the notebook"),
    ):
        with pytest.raises(NotForked, match=reason):
            refusing.fork(kernel, cwd=cwd, env={**ENVIRONMENT, **variable})

    assert refusing.pid is None


def test_a_zygote_that_was_never_asked_goes_in_silence():
    """A run that has nothing to execute after all, or that was stopped: no traceback on the terminal."""
    code = """
        import os
        from quarterdeck.kernels.nursery import Nursery, _is_readable
        warm = Nursery()
        warm.prepare(dict(os.environ))
        assert _is_readable(warm._zygote._control, 60)
        warm.close()
    """

    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )

    assert done.stderr == ""


def test_a_zygote_that_was_killed_while_it_warmed_up_is_followed_by_another(place):
    """As where memory was short for a moment: that is no reason never to try again."""
    warm = Nursery()
    try:
        warm.prepare(ENVIRONMENT)
        os.kill(warm.pid, signal.SIGKILL)
        with suppress(NotForked):
            warm.fork(command(place()), cwd="/", env=ENVIRONMENT)

        assert warm.fork(command(place()), cwd="/", env=ENVIRONMENT).poll() is None
    finally:
        warm.close()


def test_a_kernel_with_another_environment_is_another_zygotes(place):
    """What is read at import is then read anew; the kernels of the one before run on until they end."""
    warm = Nursery()
    try:
        before = warm.fork(command(place()), cwd="/", env=ENVIRONMENT)
        first = warm.pid
        after = warm.fork(command(place()), cwd="/", env={**ENVIRONMENT, "PYTHONUTF8": "1"})

        assert warm.pid != first
        assert before.poll() is None
        assert (ended(before), ended(after)) == (-9, -9)
        assert eventually(lambda: not is_alive(first))
    finally:
        warm.close()


def test_a_zygote_with_a_second_thread_forks_nothing(tmp_path, place):
    """What it imports may start threads: their locks would be copied locked, so it refuses and says how many."""
    (tmp_path / "sitecustomize.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    threaded = Nursery()
    path = os.pathsep.join(filter(None, [str(tmp_path), ENVIRONMENT.get("PYTHONPATH")]))

    try:
        with pytest.raises(NotForked, match="it has 2 threads"):
            threaded.fork(command(place()), cwd="/", env={**ENVIRONMENT, "PYTHONPATH": path})
    finally:
        threaded.close()


def test_a_stock_kernel_runs_where_no_warm_one_can(desk, caplog, tmp_path):
    """Where the zygote cannot become warm, the notebook runs all the same, and the log says why."""
    (tmp_path / "pyarrow.py").write_text("raise ImportError('broken')\n")
    path = os.pathsep.join(filter(None, [str(tmp_path), ENVIRONMENT.get("PYTHONPATH")]))

    told = [desk.printed("print('ran')", env={**ENVIRONMENT, "PYTHONPATH": path}).strip() for _ in range(2)]

    assert told == ["ran", "ran"]
    assert [record.reason for record in caplog.records if record.message == "a stock kernel was started"] == [
        "the zygote did not become warm",
        "the zygote did not become warm before",  # tried once
    ]


def test_jupyters_own_choice_counts(monkeypatch):
    """A specification that names its provisioner keeps it, and so does a default that a person has set."""
    named = KernelSpec(metadata={"kernel_provisioner": {"provisioner_name": "local-provisioner"}})
    choose_provisioner(named)
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "local-provisioner")
    unnamed = KernelSpec()
    choose_provisioner(unnamed)

    assert named.metadata["kernel_provisioner"] == {"provisioner_name": "local-provisioner"}
    assert unnamed.metadata == {}


def test_what_a_kernel_sent_away_ends_with_it_and_not_before(desk):
    """A daemon in a session of its own has no parent left that could be asked; it does not live on."""
    daemon = (
        "import os, time\n"
        "read, write = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if (pid := os.fork()) == 0:\n"
        "        time.sleep(600)\n"
        "    os.write(write, str(pid).encode())\n"
        "    os._exit(0)\n"
        "os.wait()\n"
        "print(os.read(read, 10).decode())"
    )

    async def sent_away() -> tuple[int, bool]:
        said: list[str] = []
        async with desk.kernel(warm=True) as (_, client):
            await client.execute_interactive(
                daemon, timeout=30, output_hook=lambda message: said.append(message["content"].get("text", ""))
            )
            await asyncio.to_thread(desk.printed, "'another kernel comes and goes'")
            return int("".join(said)), is_alive(int("".join(said)))

    pid, lived = asyncio.run(sent_away())

    assert lived
    assert eventually(lambda: not is_alive(pid))


def test_a_changed_package_retires_the_zygote(place):
    """What it has imported is not what there is any more: the next kernel is another zygote's, and its own live on."""
    source = Path(quarterdeck.__file__)
    before = source.stat()
    warm = Nursery()
    try:
        older = warm.fork(command(place()), cwd="/", env=ENVIRONMENT)
        first = warm.pid
        os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
        ended(warm.fork(command(place()), cwd="/", env=ENVIRONMENT))

        assert warm.pid != first
        assert older.poll() is None
        ended(older)
        assert eventually(lambda: not is_alive(first))
    finally:
        os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
        warm.close()


def test_when_the_runner_is_killed_nothing_of_it_lives_on(place):
    """SIGKILL leaves it no time to clean up: zygote, kernel and the kernel's children go by themselves."""
    code = (
        "import json, sys\n"
        "from quarterdeck.kernels import nursery\n"
        "command, env = json.loads(sys.argv[1])\n"
        "kernel = nursery().fork(command, cwd='/', env=env)\n"
        "print(nursery().pid, kernel.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    given = json.dumps([command(place()), ENVIRONMENT])
    with subprocess.Popen(
        [sys.executable, "-c", code, given], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as runner:
        pids = [int(pid) for pid in runner.stdout.readline().split()]
        alive = [is_alive(pid) for pid in pids]
        runner.kill()

    assert alive == [True, True]
    assert eventually(lambda: not any(map(is_alive, pids)))


def test_sixty_four_kernels_at_once_are_all_ready_and_all_go(place):
    """Every one has its own process, and when their connections close none is left."""
    commands = [command(place()) for _ in range(64)]
    warm = Nursery()
    try:
        with ThreadPoolExecutor(max_workers=64) as pool:
            kernels = list(pool.map(lambda one: warm.fork(one, cwd="/", env=ENVIRONMENT), commands))
        assert len({kernel.pid for kernel in kernels}) == 64
        assert [kernel.poll() for kernel in kernels] == [None] * 64
    finally:
        warm.close()

    assert [kernel.wait(10) for kernel in kernels] == [-signal.SIGKILL] * 64
    assert eventually(lambda: not any(is_alive(kernel.pid) for kernel in kernels))
