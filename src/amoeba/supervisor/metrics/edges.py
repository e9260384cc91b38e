"""Metrics of edges: who calls which method, how often, how long, and what a call costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amoeba.supervisor.metrics.families import (
    CALL_BOUNDS_S,
    add_durations,
    counter,
    gauge,
    histogram,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client import Metric

    from amoeba.evidence import EdgeTotals, Samples

_EDGE = ("caller", "module", "method")


def edge_metrics(totals: Iterable[EdgeTotals]) -> Iterator[Metric]:
    """All families of edges."""
    edges = list(totals)
    yield from _all_calls(edges)
    yield from _sampled_calls(edges)


def _all_calls(edges: list[EdgeTotals]) -> Iterator[Metric]:
    errors = counter(
        "amoeba_call_errors", "Calls that raised, by exception or HTTP status", [*_EDGE, "error"]
    )
    flying = gauge("amoeba_calls_in_flight", "Calls that have not ended", _EDGE)
    took = histogram("amoeba_call_duration_seconds", "From call to answer, at the caller", _EDGE)
    queued = histogram(
        "amoeba_call_queued_seconds", "From arrival in another process to the call's begin", _EDGE
    )
    for each in edges:
        labels = _labels(each)
        flying.add_metric(labels, each.in_flight)
        add_durations(took, labels, each.latency, CALL_BOUNDS_S)
        for name, count in each.errors.items():
            errors.add_metric([*labels, name], count)
        if each.queued:
            add_durations(queued, labels, each.queued, CALL_BOUNDS_S)
    yield from (errors, flying, took, queued)


def _sampled_calls(edges: list[EdgeTotals]) -> Iterator[Metric]:
    for name, text, value in _SAMPLED:
        family = counter(name, text, _EDGE)
        for each in edges:
            if each.samples.calls:
                family.add_metric(_labels(each), value(each.samples))
        yield family


def _labels(edge: EdgeTotals) -> list[str]:
    return [edge.caller, edge.module, edge.method]


def _calls(samples: Samples) -> float:
    return samples.calls


def _argument_bytes(samples: Samples) -> float:
    return samples.argument_bytes


def _answer_bytes(samples: Samples) -> float:
    return samples.answer_bytes


def _encode_s(samples: Samples) -> float:
    return samples.encode_ns / 1e9


def _decode_s(samples: Samples) -> float:
    return samples.decode_ns / 1e9


def _cpu_s(samples: Samples) -> float:
    return samples.cpu_ns / 1e9


def _wait_s(samples: Samples) -> float:
    return samples.wait_ns / 1e9


_SAMPLED = (
    ("amoeba_sampled_calls", "Calls that were looked at closely", _calls),
    (
        "amoeba_sampled_argument_bytes",
        "Encoded arguments of the sampled calls, local ones too",
        _argument_bytes,
    ),
    (
        "amoeba_sampled_answer_bytes",
        "Encoded answers of the sampled calls, local ones too",
        _answer_bytes,
    ),
    ("amoeba_sampled_encode_seconds", "Encoding of both, of the sampled calls", _encode_s),
    ("amoeba_sampled_decode_seconds", "Decoding of both, of the sampled calls", _decode_s),
    (
        "amoeba_sampled_cpu_seconds",
        "CPU time of the sampled calls' own code, without modules that it called",
        _cpu_s,
    ),
    (
        "amoeba_sampled_wait_seconds",
        "Waiting of the sampled calls' own code, without modules that it called",
        _wait_s,
    ),
)
