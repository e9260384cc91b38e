"""The lines that uvicorn logs, with the trace they belong to at the end."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from uvicorn.config import LOGGING_CONFIG
from uvicorn.logging import AccessFormatter, DefaultFormatter

from amoeba.runtime.log_records import shown_trace

if TYPE_CHECKING:
    import logging


class TracedDefault(DefaultFormatter):
    """Uvicorn's lines, with the trace they belong to."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """See `logging.Formatter`."""
        return super().formatMessage(record) + shown_trace(record)


class TracedAccess(AccessFormatter):
    """Uvicorn's lines of requests, with the trace they belong to."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """See `logging.Formatter`."""
        return super().formatMessage(record) + shown_trace(record)


def uvicorn_logging() -> dict[str, Any]:
    """Uvicorn's own logging, with formatters that show the trace."""
    config = deepcopy(LOGGING_CONFIG)
    config["formatters"]["default"]["()"] = TracedDefault
    config["formatters"]["access"]["()"] = TracedAccess
    return config
