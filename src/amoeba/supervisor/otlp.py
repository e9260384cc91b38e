"""A collector, reached by OpenTelemetry's own exporter: its retries, its headers and variables.

Needs the extra `otlp`; imported only in the thread that exports.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import SpanExportResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan

_REFUSED = 400
_GRPC_PORT = 4317
_CREDENTIALS = (
    "OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER",
    "OTEL_PYTHON_EXPORTER_OTLP_HTTP_TRACES_CREDENTIAL_PROVIDER",
)


class Collector:
    """Delivers spans to a URL. `trouble` says why the last ones did not arrive."""

    def __init__(self, url: str) -> None:
        self._url = url
        own = any(map(os.environ.get, _CREDENTIALS))  # the exporter then makes a session itself
        self._session = None if own else _Session()
        self._exporter: Any = OTLPSpanExporter(endpoint=url, session=self._session)

    @property
    def trouble(self) -> str:
        """What went wrong, in words."""
        why = self._session.trouble if self._session is not None else ""
        hint = ""
        if urlsplit(self._url).port == _GRPC_PORT:
            hint = "\n  hint: 4317 is for gRPC; OTLP over HTTP is on 4318 of most collectors"
        return f"{_shown(self._url)} {why or 'does not take them'}{hint}"

    def deliver(self, spans: Sequence[ReadableSpan]) -> bool:
        """See `exporting.Sink`."""
        return bool(self._exporter.export(spans) is SpanExportResult.SUCCESS)

    def close(self) -> None:
        """See `exporting.Sink`."""
        self._exporter.shutdown()


class _Session(requests.Session):
    """Notes how the last request went."""

    trouble = ""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """See `requests.Session`."""
        try:
            answer = super().request(*args, **kwargs)
        except requests.Timeout:
            self.trouble = "does not answer"
            raise
        except requests.ConnectionError:
            self.trouble = "cannot be reached"
            raise
        except requests.RequestException as error:
            self.trouble = f"cannot be asked: {error}"
            raise
        refused = answer.status_code >= _REFUSED
        self.trouble = f"answers {answer.status_code} {answer.reason}" if refused else ""
        return answer


def _shown(url: str) -> str:
    """A URL without what may be a password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
