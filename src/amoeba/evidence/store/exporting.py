"""Evidence as plain data, one record per line of JSON. Fields: docs/reference/evidence.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, get_args

import msgspec

from amoeba.evidence.histogram import bucket_middle_ns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amoeba.evidence.records import EdgeTotals, ProcessTotals, Samples, Span
    from amoeba.evidence.store.intervals import Kept
    from amoeba.evidence.store.periods import Period

Kind = Literal["lives", "edges", "processes", "spans"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Readable(Protocol):
    """What is exported: `reading.Evidence`."""

    def lives(self, since_s: float, until_s: float) -> list[Period]:
        """What was live."""

    def kept(self, since_s: float, until_s: float) -> Iterator[Kept]:
        """Intervals and their periods."""

    def spans(self, since_s: float, until_s: float) -> Iterator[tuple[int, Span]]:
        """Spans and their periods."""


def export(
    evidence: Readable, kinds: frozenset[Kind], since_s: float, until_s: float
) -> Iterator[dict[str, object]]:
    """The records of these kinds: what was live, then sums by time, then spans."""
    if "lives" in kinds:
        for period in evidence.lives(since_s, until_s):
            yield _live(period)
    if kinds & {"edges", "processes"}:
        for kept in evidence.kept(since_s, until_s):
            yield from _sums(kept, kinds)
    if "spans" in kinds:
        for number, span in evidence.spans(since_s, until_s):
            fields = msgspec.structs.asdict(span)
            del fields["outer_id"]  # not kept
            yield {"kind": "spans", "period": number, **fields}


def _live(period: Period) -> dict[str, object]:
    live = period.live
    return {
        "kind": "lives",
        "period": period.id,
        "began_s": period.began_s,
        "last_s": period.last_s,
        "ended_s": period.ended_s,
        "application": live.application,
        "topology": live.topology,
        "code": live.code,
        "versions": live.versions,
        "processes": {
            name: {"modules": modules, "replicas": replicas}
            for name, (modules, replicas) in live.processes.items()
        },
    }


def _sums(kept: Kept, kinds: frozenset[Kind]) -> Iterator[dict[str, object]]:
    interval = kept.interval
    when = {"period": kept.period, "start_s": interval.start_s, "width_s": interval.width_s}
    if "edges" in kinds:
        for edge in interval.edges:
            yield {"kind": "edges", **when, **_edge(edge)}
    if "processes" in kinds:
        for replica, used in interval.processes.items():
            yield {"kind": "processes", **when, "replica": replica, **_process(used)}


def _edge(edge: EdgeTotals) -> dict[str, object]:
    return {
        **msgspec.structs.asdict(edge),
        "latency": _histogram(edge.latency),
        "queued": _histogram(edge.queued),
        "samples": _samples(edge.samples),
    }


def _process(used: ProcessTotals) -> dict[str, object]:
    return {**msgspec.structs.asdict(used), "loop_lag": _histogram(used.loop_lag)}


def _samples(samples: Samples) -> dict[str, object]:
    sizes = [[1 << bits, *counted] for bits, counted in sorted(samples.by_size.items())]
    return {**msgspec.structs.asdict(samples), "by_size": sizes}


def _histogram(counts: Mapping[int, int]) -> list[tuple[float, int]]:
    return [(bucket_middle_ns(bucket), counts[bucket]) for bucket in sorted(counts)]
