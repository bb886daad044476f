"""What a cell shows: a block in its three forms, as one output."""

from __future__ import annotations

from typing import Any, cast

from IPython.core.getipython import get_ipython
from IPython.display import display

from quarterdeck.blocks import MIME, Block, Chart
from quarterdeck.notebook.forms import html_of, text_of


def show(block: Block) -> Block | None:
    """Display *block* as HTML, text and JSON at once; outside of IPython, hand it back instead."""
    if get_ipython() is None:
        return block
    forms: dict[str, object] = {
        "text/plain": text_of(block),
        "text/html": html_of(block),
        MIME: block.model_dump(mode="json"),
    }
    metadata: dict[str, object] = {}
    if isinstance(block, Chart):
        forms["image/png"] = block.png
        metadata["image/png"] = {"width": block.width, "alt": block.alt}
    cast("Any", display)(forms, raw=True, metadata=metadata)  # IPython carries no types
    return None  # returned, the block would be shown a second time
