"""The nursery and its zygote: when a kernel is forked, when not, and that nothing of either is left."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from kernels import ENVIRONMENT, eventually, is_alive

import quarterdeck
from quarterdeck.kernels import ForkedProcess, NotForked, Nursery


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


def test_many_may_wait_for_one_kernels_end(place):
    """Who hears it first closes the connection; the others, who were about to listen to it, have the code as well."""
    warm = Nursery()
    try:
        kernels = [warm.fork(command(place()), cwd="/", env=ENVIRONMENT) for _ in range(4)]
        with ThreadPoolExecutor(max_workers=32) as pool:
            waiting = [pool.submit(kernel.wait, 20) for kernel in kernels * 8]
            for kernel in kernels:
                kernel.kill()
            codes = {one.result() for one in waiting}

        assert codes == {-signal.SIGKILL}
    finally:
        warm.close()


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
