"""
A notebook at an analyst's desk: what its cells have put out so far, in the order in which they stand in its file.

A kernel knows neither its notebook nor the order of its cells; JupyterLab tells it both, papermill neither. So
nothing here takes part in a run.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython

from quarterdeck.errors import InputInvalid

if TYPE_CHECKING:
    from nbformat import NotebookNode

_KEPT = {
    "display_data": ("data", "metadata"),
    "execute_result": ("data", "metadata", "execution_count"),
}


class Desk:
    """
    The outputs of the cells of *notebook*, from when it was made on; a cell that runs again begins anew.

    What is printed is not among them: streams leave the kernel by another way.
    """

    def __init__(self, shell: Any, notebook: Path) -> None:  # noqa: ANN401 - ipykernel's shell carries no types
        self.notebook = notebook
        self._shell = shell
        self._outputs: dict[str, list[dict[str, Any]]] = {}
        shell.events.register("pre_run_cell", self._begin)
        shell.display_pub.register_hook(self._keep)
        shell.displayhook.register_hook(self._keep)

    @property
    def cell(self) -> str:
        """The id of the cell that runs now; empty where whoever runs it shows no notebook to a person."""
        return str((self._shell.get_parent().get("metadata") or {}).get("cellId") or "")

    def as_shown(self) -> tuple[NotebookNode, int]:
        """
        The notebook as it was saved last, with what its cells put out; and how many that ran are not in it yet.

        The cell that runs now has no outputs in it.

        Raises:
            InputInvalid: The file cannot be read.
        """
        import nbformat  # noqa: PLC0415 - a kernel of a run shows no mail, and starts sooner without

        try:
            saved: NotebookNode = nbformat.read(self.notebook, as_version=4)
        except (OSError, ValueError, nbformat.reader.NotJSONError) as error:
            what = (str(error) or type(error).__name__).splitlines()[0]
            raise InputInvalid(
                str(self.notebook), what, "a saved notebook", "save it and run the cell again"
            ) from error
        ran = {cell: outputs for cell, outputs in self._outputs.items() if cell != self.cell}
        for cell in saved.cells:
            if cell.cell_type == "code":
                cell.outputs = [nbformat.v4.new_output(**output) for output in ran.pop(cell.get("id"), [])]
        return saved, sum(bool(outputs) for outputs in ran.values())

    def _begin(self, info: Any) -> None:  # noqa: ANN401 - IPython's ExecutionInfo
        self._outputs[info.cell_id or ""] = []

    def _keep(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        kind = message["header"]["msg_type"]
        if kind in _KEPT:
            content = {name: message["content"][name] for name in _KEPT[kind]}
            self._outputs.setdefault(self.cell, []).append({"output_type": kind, **content})
        return message


@functools.cache
def desk() -> Desk | None:
    """The desk at which this notebook was opened; None under papermill, and outside of Jupyter."""
    shell, notebook = get_ipython(), os.environ.get("JPY_SESSION_NAME")
    if not notebook or not hasattr(getattr(shell, "display_pub", None), "register_hook"):
        return None
    return Desk(shell, Path(notebook))
