"""
A sandbox like Lambda's, and the function in it: everything read-only but /tmp, no /dev/shm, no rights, no home.

What runs there is what `deploy/Dockerfile` says: its variables, its entry point, its command. The Runtime Interface
Emulator (AWS's own, from the wheel of the SAM CLI) stands where Lambda stands.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

from dockerfile_parse import DockerfileParser
from stand_ins import free_port

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE = ROOT / "deploy" / "Dockerfile"

_PACKAGES = ROOT / ".venv-sam" / "lib"
_ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), "x86_64")
_SECONDS = 900  # as in deploy/template.yaml

# The project may lie below /tmp, which the function gets a folder of its own for: so it is bound elsewhere first.
_SCRIPT = """
set -eu
mount -t tmpfs tmpfs /mnt
mkdir /mnt/project /mnt/task
mount --bind "$PROJECT" /mnt/project
mount --bind "$TASK" /mnt/task
mount --bind "$WRITABLE" /tmp
mount -t tmpfs -o ro,size=4k tmpfs /dev/shm
cut -d ' ' -f 2 /proc/self/mounts | while read -r where; do
  case "$where" in
    /tmp | /proc* | /sys* | /dev | /dev/pts) ;;
    *) if mountpoint -q "$where"; then mount -o remount,bind,ro "$where"; fi ;;  # some lie hidden below /mnt
  esac
done
cd /mnt/task
exec setpriv --inh-caps=-all --bounding-set=-all --no-new-privs env -i "$@"
"""


def image() -> tuple[dict[str, str], list[str], list[str]]:
    """The variables, the entry point and the command of the image's last stage."""
    with DOCKERFILE.open("rb") as file:
        parsed = DockerfileParser(fileobj=file)
        said = {one["instruction"]: one["value"] for one in parsed.structure}
        return dict(parsed.envs), json.loads(said["ENTRYPOINT"]), json.loads(said["CMD"])


def can_be_made() -> str:
    """Why the sandbox cannot be made here; empty: it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "it needs root on Linux, to mount"
    missing = [name for name in ("unshare", "setpriv", "mount") if shutil.which(name) is None]
    if missing:
        return f"there is no {missing[0]} (util-linux)"
    return "" if _emulators() else "there is no emulator: make .venv-sam/.complete"


def _emulators() -> list[Path]:
    return sorted(_PACKAGES.glob(f"python*/site-packages/samcli/local/rapid/aws-lambda-rie-{_ARCHITECTURE}"))


class Emulator:
    """
    The function of *task* (what lies in the image's /var/task) with *environment*, in a sandbox, while it is open.

    Args:
        folder: For what it writes and says; made here.
    """

    def __init__(self, task: Path, environment: dict[str, str], folder: Path) -> None:
        self._task = task
        self._environment = environment
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        (self._folder / "tmp").mkdir(parents=True)
        emulator = Path("/mnt/project") / _emulators()[0].relative_to(ROOT)
        variables, entry, command = image()
        python = Path("/mnt/project") / Path(sys.executable).relative_to(ROOT)
        theirs = {name: value.replace("/var/task", "/mnt/task") for name, value in variables.items()}
        all_variables = (
            theirs | self._environment | {"AWS_LAMBDA_FUNCTION_TIMEOUT": str(_SECONDS), "PATH": "/usr/bin:/bin"}
        )
        addresses = [
            f"--runtime-interface-emulator-address=127.0.0.1:{self._port}",
            f"--runtime-api-address=127.0.0.1:{free_port()}",
        ]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "sh", "-c", _SCRIPT, "sandbox"]
                + [f"{name}={value}" for name, value in all_variables.items()]
                + [str(emulator), *addresses, str(python), *entry[1:], *command],
                stdout=log,
                stderr=log,
                env={
                    "PATH": os.environ["PATH"],
                    "PROJECT": str(ROOT),
                    "TASK": str(self._task),
                    "WRITABLE": str(self._folder / "tmp"),
                },
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()  # the emulator: it ends the function with it
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def invoke(self, event: object) -> dict[str, Any]:
        """What the function answers to *event*, or the error that it ended with."""
        address = f"http://127.0.0.1:{self._port}/2015-03-31/functions/function/invocations"
        request = urllib.request.Request(address, json.dumps(event).encode(), method="POST")
        for _ in range(200):
            try:
                with urllib.request.urlopen(request, timeout=_SECONDS + 30) as answer:  # noqa: S310 - likewise
                    return json.load(answer)
            except urllib.error.URLError as error:
                if not isinstance(error.reason, ConnectionRefusedError):
                    raise
                time.sleep(0.1)
        raise AssertionError(f"the emulator does not answer: {self.log()}")

    def cache(self) -> Path:
        """The function's XDG_CACHE_HOME, as it is seen from outside."""
        return self._folder / Path(image()[0]["XDG_CACHE_HOME"]).relative_to("/")

    def log(self) -> str:
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")

    def left_behind(self) -> list[str]:
        """What lies in /tmp and belongs to none of the folders that the image names for caches and settings."""
        named = {Path(value).parts[2] for value in image()[0].values() if value.startswith("/tmp/")}  # noqa: S108 - Lambda's
        return sorted(path.name for path in (self._folder / "tmp").iterdir() if path.name not in named)
