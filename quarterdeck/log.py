"""
The log: what happened to which batch, edition and run, one line each, without a secret and without an address.

On Lambda it is JSON, since machines search it there. Elsewhere only warnings are written, as text: a person has
the progress display, a timer's journal the line a step. `QUARTERDECK_LOG=json` or `text` writes all of it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars as bound
from structlog.contextvars import get_contextvars as what_is_bound
from structlog.typing import Processor

from quarterdeck.errors import InputInvalid
from quarterdeck.redaction import Redactor

__all__ = ["bound", "configure", "logger", "what_is_bound"]

_OURS = "quarterdeck"


def logger() -> structlog.stdlib.BoundLogger:
    """
    Our logger: `logger().info("edition ready", edition="cfo/2026-W48", run=run.id)`.

    It works over Python's own logging, so what others log takes the same way out. Where nobody has configured
    that, as in a notebook, it says its warnings as Python does.
    """
    wrapped: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(_OURS),
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.render_to_log_kwargs],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return wrapped


def configure(environment: Mapping[str, str]) -> None:
    """
    Send the log to standard error, as *environment* (the process's) asks for; what others log, from warnings on.

    Raises:
        InputInvalid: `QUARTERDECK_LOG` is neither `json` nor `text`.
    """
    asked = environment.get("QUARTERDECK_LOG") or ("json" if "AWS_LAMBDA_FUNCTION_NAME" in environment else "")
    if asked not in ("", "json", "text"):
        raise InputInvalid("QUARTERDECK_LOG", repr(asked), "json or text", "QUARTERDECK_LOG=text python runner.py run")
    as_text = structlog.dev.ConsoleRenderer(
        colors=False, pad_event_to=0, pad_level=False, exception_formatter=structlog.dev.plain_traceback
    )
    render: list[Processor] = [structlog.processors.JSONRenderer()] if asked == "json" else [as_text]
    handler = _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.ExtraAdder(),
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,  # before what must not leave is taken out
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _Redacting(environment), *render],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)  # Lambda's runtime brings its own
    logging.getLogger(_OURS).setLevel(logging.INFO if asked else logging.WARNING)


class _StandardError(logging.Handler):
    """Writes to what is standard error at that moment: the progress display puts itself in between."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")


class _Redacting:
    """The step that lets no secret of the environment and no address pass, whoever wrote the line."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._redactor = Redactor.knowing(environment)

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {name: self._shown(value) for name, value in event.items()}

    def _shown(self, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {str(name): self._shown(held) for name, held in value.items()}
        if isinstance(value, list | tuple):
            return [self._shown(held) for held in value]
        return self._redactor.text(str(value))
