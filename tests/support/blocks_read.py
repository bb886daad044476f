"""How tests read a report: what its blocks say to whoever reads them."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel

_UNSEEN = ("png", "png_dark", "metrics", "id")


def texts(blocks: Sequence[BaseModel]) -> str:
    """Every text that a reader of *blocks* sees, pictures aside, one a line."""

    def inside(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for key, part in value.items():
                if key not in _UNSEEN:
                    yield from inside(part)
        elif isinstance(value, list):
            for part in value:
                yield from inside(part)
        elif isinstance(value, str):
            yield value

    return "\n".join(inside([block.model_dump(mode="json") for block in blocks]))
