"""Where traces are exported to, by OTLP over HTTP: `[evidence] otlp`, or the standard variables."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

import msgspec

from amoeba.errors import ConfigurationError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amoeba.app.tables import Table

KEY = "evidence.otlp"
_PATH = "/v1/traces"
_EXPECTED = '"http://127.0.0.1:4318", or with https and a path'
_TRACES = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
_ALL = "OTEL_EXPORTER_OTLP_ENDPOINT"
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


class Target(msgspec.Struct, frozen=True):
    """A collector: the whole URL of its traces, and the key or the variable that names it."""

    url: str
    source: str


def read_otlp(table: Table) -> str:
    """The key `otlp` of `[evidence]`; empty when there is none."""
    url = table.text("otlp")
    if url.strip() and (problem := _problem(url)):
        table.note("otlp", problem.what, problem.expected, problem.hint)
        return ""
    return url


def find_target(url: str, environment: Mapping[str, str]) -> Target | None:
    """Where to export to; None for nowhere. A variable goes before `url`, which is the key's value.

    Raises ConfigurationError for a variable that cannot be used.
    """
    if _off(environment):
        return None
    for name in (_TRACES, _ALL):
        if value := environment.get(name, "").strip():
            _check(name, value, environment)
            return Target(value if name == _TRACES else _traces(value), name)
    return Target(_traces(url), KEY) if url else None


def _off(environment: Mapping[str, str]) -> bool:
    """Whether OpenTelemetry's own switches say no."""
    disabled = environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return disabled or environment.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "none"


def _check(name: str, value: str, environment: Mapping[str, str]) -> None:
    protocol = next((environment[each] for each in _PROTOCOLS if environment.get(each)), "")
    if protocol and protocol != "http/protobuf":
        what = f"is for the protocol {protocol!r}"
        problem = Problem(what, expected="OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf")
    elif found := _problem(value):
        problem = found
    else:
        return
    raise ConfigurationError([msgspec.structs.replace(problem, where=name)])


def _traces(url: str) -> str:
    """The URL of a collector's traces, from that of the collector."""
    url = url.rstrip("/")
    return url if url.endswith(_PATH) else url + _PATH


def _problem(url: str) -> Problem | None:
    """What is wrong with a URL, without its place."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for what is no port
    except ValueError as error:
        return Problem(f"{url!r} is no URL: {error}", expected=_EXPECTED)
    wrong = not parts.hostname or parts.query or parts.fragment or any(map(str.isspace, url))
    if parts.scheme not in ("http", "https") or wrong:
        return Problem(f"{url!r} is no URL of a collector", expected=_EXPECTED, hint=_hint(parts))
    return None


def _hint(parts: SplitResult) -> str:
    """What may have been meant."""
    if parts.query or parts.fragment:
        return "leave out what follows the path; OTEL_EXPORTER_OTLP_HEADERS sets headers"
    known = parts.scheme in ("http", "https", "grpc") or not parts.scheme
    return "" if known else "put http:// before it"
