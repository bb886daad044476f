"""Warm kernels as Jupyter knows them: a kernel provisioner, and the client that need not wait for one."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import EntryPoint
from inspect import unwrap
from queue import Empty
from typing import Any, cast

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from quarterdeck.kernels.environment import environment_of_kernels
from quarterdeck.kernels.nursery import ForkedProcess, NotForked, nursery
from quarterdeck.log import logger

_log = logger()

# What `Popen` would be told; with anything else in the request, it is told.
_UNDERSTOOD = frozenset({"cwd", "env", "independent", "stdin", "stdout", "stderr"})
_NAME = "quarterdeck-warm"
_ITSELF = EntryPoint(_NAME, "quarterdeck.kernels:WarmProvisioner", KernelProvisionerFactory.GROUP_NAME)
_PROBE_S = 0.2
_GONE_WITHIN_S = 5.0


def choose_provisioner(kernel_spec: KernelSpec) -> None:
    """
    Let *kernel_spec*'s kernels be warm, unless somebody has chosen by one of Jupyter's own ways.

    Those are the specification itself, and `JUPYTER_DEFAULT_PROVISIONER_NAME`.
    """
    if "kernel_provisioner" in kernel_spec.metadata or not _are_wanted():
        return
    factory = KernelProvisionerFactory.instance()
    # Its entry point is missing where the package is copied and not installed, as in the image for Lambda
    factory.provisioners.setdefault(_NAME, _ITSELF)
    kernel_spec.metadata["kernel_provisioner"] = {"provisioner_name": _NAME}


def prepare_kernels() -> None:
    """Start the zygote now, and wait for nothing, where kernels are going to be warm: notebooks are soon executed."""
    if _are_wanted():
        nursery().prepare(environment_of_kernels())


def _are_wanted() -> bool:
    is_chosen = KernelProvisionerFactory.default_provisioner_name_env in os.environ
    return sys.platform.startswith("linux") and not is_chosen


class WarmProvisioner(LocalProvisioner):
    """Forks the kernel from this process's zygote; where that cannot be, starts a stock one, and says why."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:  # noqa: ANN401 - jupyter_client's signature
        asked = self._scrub_kwargs(dict(kwargs))
        try:
            kernel = await asyncio.to_thread(_forked, cmd, asked)
        except NotForked as why:
            _log.warning("a stock kernel was started", reason=str(why))
            return await super().launch_kernel(cmd, **kwargs)
        # It leads a session of its own, so its process id is its group's
        self.process = cast("Any", kernel)  # what jupyter_client asks of a Popen, it answers
        self.pid = self.pgid = kernel.pid
        self.cwd = asked.get("cwd", self.pid)
        return self.connection_info

    @property
    def is_lost(self) -> bool:
        """Whether the kernel ended because its zygote did; it was not the notebook's doing."""
        return bool(getattr(self.process, "is_lost", False))  # of a stock one's Popen, nothing says so

    async def kill(self, restart: bool = False) -> None:  # noqa: FBT001, FBT002 - jupyter_client's signature
        """Kill it, and return when it has gone: whoever kills then looks ten times a second whether it has."""
        await super().kill(restart=restart)
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self.process.wait, _GONE_WITHIN_S)


class PromptClient(AsyncKernelClient):
    """
    A client that begins when the kernel has answered.

    The stock client then listens for another 0.2 s to what is left of the answer; nbclient takes only messages
    of its own requests, so what is left harms nobody.
    """

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        loop = asyncio.get_running_loop()
        until = None if timeout is None else loop.time() + timeout
        while True:
            self.kernel_info()
            try:
                reply = await self.shell_channel.get_msg(timeout=1)
                # Heard on the other channel as well: nothing that a cell prints is missed
                await self.iopub_channel.get_msg(timeout=_PROBE_S)
            except Empty:
                reply = None
            if reply is not None and reply["msg_type"] == "kernel_info_reply":
                self._handle_kernel_info_reply(reply)
                return
            if not await self._async_is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if until is not None and loop.time() > until:
                raise RuntimeError(f"Kernel didn't respond in {timeout:.0f} seconds")

    wait_for_ready = _async_wait_for_ready


class PromptManager(AsyncKernelManager):
    """
    A manager with prompt clients that starts and ends a kernel without delay.

    The stock one sleeps a hundredth of a second after each, "to ensure tests can capture the state before done".
    """

    def __init__(self, **traits: Any) -> None:  # noqa: ANN401 - traitlets' own signature
        super().__init__(**traits)
        self.client_factory = PromptClient

    _async_start_kernel = start_kernel = unwrap(AsyncKernelManager.start_kernel)
    _async_shutdown_kernel = shutdown_kernel = unwrap(AsyncKernelManager.shutdown_kernel)


def _forked(command: list[str], asked: dict[str, Any]) -> ForkedProcess:
    strange = sorted(name for name, value in asked.items() if name not in _UNDERSTOOD and value is not None)
    piped = [name for name in ("stdin", "stdout", "stderr") if asked.get(name) is not None]
    if strange or piped:
        raise NotForked(f"it asks for {', '.join([*strange, *piped])}")
    return nursery().fork(command, cwd=asked.get("cwd") or os.getcwd(), env=asked.get("env") or dict(os.environ))  # noqa: PTH109 - what Popen would take
