"""
What the zygote does once, so that no kernel has to: imports, and a rehearsal of what every kernel begins with.

Whatever a kernel writes to is copied for it, page by page: also a module that it is the first to import, a pattern
that it is the first to compile, and code that it is the first to run. What was rehearsed here it shares.
"""

from __future__ import annotations

import atexit
import builtins
import os
import sys
from io import BytesIO
from types import SimpleNamespace
from typing import Any, cast

INLINE = "module://matplotlib_inline.backend_inline"  # the backend of notebooks


def warm() -> None:
    """Import what notebooks import, use it once, and begin a kernel as far as that takes no sockets or threads."""
    sys.modules["debugpy"] = None  # type: ignore[assignment] # so Python says that there is none: it patches, and costs 60 ms
    os.environ["MPLBACKEND"] = INLINE  # ipykernel's, which matplotlib reads once
    _import_for_kernels()
    _import_pandas()
    import pyarrow.parquet  # noqa: F401, PLC0415 - all here, so that importing this module costs nothing

    import quarterdeck.notebook  # noqa: F401, PLC0415

    _draw()
    _count()
    _rehearse()


def _import_for_kernels() -> None:
    """What ipykernel loads when it starts, most of it late."""
    import sqlite3  # noqa: F401, PLC0415

    import ipykernel.debugger  # noqa: PLC0415
    import ipykernel.ipkernel  # noqa: PLC0415
    import ipykernel.kernelapp  # noqa: PLC0415
    import ipykernel.zmqshell  # noqa: F401, PLC0415
    import IPython.core.completerlib  # noqa: PLC0415
    import IPython.core.debugger  # noqa: PLC0415
    import IPython.core.oinspect  # noqa: PLC0415
    import IPython.extensions.storemagic  # noqa: F401, PLC0415
    import tornado.locks  # noqa: PLC0415
    import tornado.platform.asyncio  # noqa: PLC0415
    import tornado.queues  # noqa: F401, PLC0415


def _import_pandas() -> None:
    """While it is imported, pandas asks whether it is in a notebook: it then cuts tables another way."""
    vars(builtins)["get_ipython"] = lambda: SimpleNamespace(kernel=True)
    try:
        import pandas as pd  # noqa: F401, PLC0415
    finally:
        del vars(builtins)["get_ipython"]


def _draw() -> None:
    """Fonts are found, and what draws letters and lines is loaded."""
    import matplotlib.pyplot as plt  # noqa: F401, PLC0415
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    from quarterdeck.charts import LIGHT, Column, columns  # noqa: PLC0415

    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set_title("0123456789")
    axes.plot([0, 1], label="0")
    axes.bar([0, 1], [1, 2])
    axes.legend()
    figure.savefig(BytesIO(), bbox_inches="tight")
    columns([Column("0", 1)], subject="0", show=str).png(LIGHT)


def _count() -> None:
    """From Arrow to pandas, and what reports do there."""
    import pandas as pd  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.dataset  # noqa: PLC0415 - parquet files are read with it
    import pyarrow.parquet as pq  # noqa: PLC0415

    days = pd.to_datetime(["2026-01-01", "2026-01-02"], utc=True)
    frame = pa.table({"name": ["a", "b"], "at": days, "number": [1, None]}).to_pandas(use_threads=False)
    file = BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, nthreads=1), file)
    # Without threads: any other way of reading starts some
    pq.ParquetFile(file, pre_buffer=False).read(use_threads=False)
    frame["number"] = frame["number"].astype("Int64")
    sums = frame.groupby("name", as_index=False)["number"].sum()
    frame.merge(sums, on="name").sort_values("at")._repr_html_()


def _rehearse() -> None:
    """Read the arguments of a kernel, and make its shell, as far as neither leaves anything behind."""
    from ipykernel import kernelapp, zmqshell  # noqa: PLC0415
    from traitlets.config import Config  # noqa: PLC0415

    main, environment, path = sys.modules["__main__"], dict(os.environ), list(sys.path)
    application: Any = cast("Any", kernelapp).IPKernelApp()  # untyped
    application.parse_command_line(["-f", "/nonexistent", "--HistoryManager.hist_file=:memory:"])
    application.load_config_file()
    # A history would start a thread
    shell = cast("Any", zmqshell).ZMQInteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    atexit.unregister(shell.atexit_operations)
    sys.modules["__main__"] = main
    sys.path[:] = path  # a shell in another virtual environment adds that one's
    os.environ.clear()
    os.environ.update(environment)
