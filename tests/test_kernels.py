import asyncio
import json
import os
import signal
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from kernels import ENVIRONMENT, eventually, is_alive

from quarterdeck.kernels import (
    PromptManager,
    choose_provisioner,
    nursery,
)


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
        kind = PromptManager if warm else AsyncKernelManager
        manager = kind(transport="ipc", ip=str(place / "k"), connection_file=str(place / "kernel.json"))
        if warm:
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
links = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
files = {os.readlink(link) for link in links if os.path.isfile(link)}  # a shared one has one place to read from
import matplotlib, matplotlib.pyplot as plt, numpy as np, pandas as pd
rules = sorted(str(rule) for rule in warnings.filters)
warnings.simplefilter("ignore")  # pandas warns of an option that is going to go
own = ("JPY_PARENT_PID", "JPY_SESSION_NAME")
print(json.dumps({
    "environment": {name: value for name, value in os.environ.items() if name not in own},
    "folder": os.getcwd(),
    "files": sorted(file for file in files if "history.sqlite" not in file),  # IPython's: one is there for a moment
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
