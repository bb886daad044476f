"""A kernel as JupyterLab starts it, and cells as JupyterLab sends them: with the notebook's path and each cell's id."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

ANSWER_S = 120


class Lab:
    """The kernel of one notebook."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client

    def run(self, source: str, cell: str | None) -> list[dict]:
        """
        The outputs of *source*, run as the cell with id *cell*; None as whoever has no cells sends it.

        An error in the cell is one of the outputs.
        """
        content = {"code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        metadata = {"cellId": cell} if cell else {}
        message = self._client.session.msg("execute_request", content, metadata=metadata)
        self._client.shell_channel.send(message)
        outputs = []
        while True:
            said = self._client.get_iopub_msg(timeout=ANSWER_S)
            if said["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            if said["msg_type"] in ("display_data", "execute_result", "stream", "error"):
                outputs.append(said["content"])
            if said["msg_type"] == "status" and said["content"]["execution_state"] == "idle":
                return outputs


@contextmanager
def lab(notebook: Path, **environment: str) -> Iterator[Lab]:
    """The kernel of *notebook*, as JupyterLab starts it."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(notebook.parent), env=os.environ | environment | {"JPY_SESSION_NAME": str(notebook)})
    try:
        with _spoken_to(manager.blocking_client()) as kernel:
            yield kernel
    finally:
        manager.shutdown_kernel(now=True)


def joined(connection: Path) -> AbstractContextManager[Lab]:
    """The kernel that another server started, by its *connection* file."""
    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.hb_channel.time_to_dead = ANSWER_S  # with other work to do it may not answer in a second
    return _spoken_to(client)


@contextmanager
def _spoken_to(client: BlockingKernelClient) -> Iterator[Lab]:
    client.start_channels()
    try:
        client.wait_for_ready(timeout=ANSWER_S)
        yield Lab(client)
    finally:
        client.stop_channels()
