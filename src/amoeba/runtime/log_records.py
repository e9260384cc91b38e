"""Log records that name the trace they were made for, and lines that show it.

The attributes are those of OpenTelemetry's instrumentation of `logging`, so formatters that were
written for it work; see `TraceRecords`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from amoeba.runtime.carrying import carried

if TYPE_CHECKING:
    from collections.abc import Callable

_NONE = "0"


class TraceRecords:
    """A log record factory around another one.

    Every record has `otelTraceID` and `otelSpanID` in hex, "0" when it was made for no trace,
    `otelTraceSampled`, and `otelServiceName`. What the factory inside has found is kept where
    nothing is known here.
    """

    def __init__(self, service: str, inner: Callable[..., logging.LogRecord]) -> None:
        self._service, self._inner = service, inner

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        """Make a record, with `logging.LogRecord`'s arguments."""
        record = self._inner(*args, **kwargs)
        found = carried()
        noted = record.__dict__
        if found is not None:
            noted["otelTraceID"], noted["otelSpanID"], noted["otelTraceSampled"] = found
        else:
            noted.setdefault("otelTraceID", _NONE)
            noted.setdefault("otelSpanID", _NONE)
            noted.setdefault("otelTraceSampled", False)
        noted["otelServiceName"] = noted.get("otelServiceName") or self._service
        return record


def note_traces(service: str) -> None:
    """Let every record of this process name its trace, and lines that nobody formats show it."""
    logging.setLogRecordFactory(TraceRecords(service, logging.getLogRecordFactory()))
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(TracedFormatter())


class TracedFormatter(logging.Formatter):
    """The message and, where there is one, its trace."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """See `logging.Formatter`."""
        return super().formatMessage(record) + shown_trace(record)


def shown_trace(record: logging.LogRecord) -> str:
    """What a line ends with: its trace, or nothing."""
    trace = getattr(record, "otelTraceID", _NONE)
    return "" if trace == _NONE else f" trace={trace}"
