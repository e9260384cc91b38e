"""Adding records up, and taking what was before away from totals that only grow.

Counts, times, histograms and samples add exactly, in any order. What is of the moment adds up over
processes seen at once, and over time is the highest that was seen; `gpu_busy`, a share, is then the
mean over the seconds measured.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, TypeVar

import msgspec

from amoeba.evidence.records import EdgeTotals, ProcessTotals, Samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

K = TypeVar("K", int, str)

_SAMPLED = (
    "calls",
    "argument_bytes",
    "answer_bytes",
    "encode_ns",
    "decode_ns",
    "cpu_ns",
    "wait_ns",
)
_USED = ("cpu_ns", "start_ns", "gc_pauses", "gc_pause_ns")
_OF_THE_MOMENT = ("rss_bytes", "rss_at_start_bytes", "descriptors")


def merge_at_once(totals: Iterable[EdgeTotals]) -> list[EdgeTotals]:
    """What several processes saw in the same time, as one record per edge, sorted by edge."""
    return _merge(totals, operator.add)


def merge_over_time(totals: Iterable[EdgeTotals]) -> list[EdgeTotals]:
    """What was seen one after another, as one record per edge, sorted by edge."""
    return _merge(totals, max)


def add_edge(
    into: EdgeTotals, more: EdgeTotals, in_flight: Callable[[int, int], int] = max
) -> None:
    """Add `more` of the same edge to `into`."""
    into.calls += more.calls
    into.in_flight = in_flight(into.in_flight, more.in_flight)
    add_counts(into.errors, more.errors)
    add_counts(into.latency, more.latency)
    add_counts(into.queued, more.queued)
    add_samples(into.samples, more.samples)


def add_samples(into: Samples, more: Samples) -> None:
    """Add `more` to `into`."""
    for name in _SAMPLED:
        setattr(into, name, getattr(into, name) + getattr(more, name))
    for size, (calls, ns) in more.by_size.items():
        had = into.by_size.get(size, (0, 0))
        into.by_size[size] = (had[0] + calls, had[1] + ns)


def gpu_seconds(totals: ProcessTotals, width_s: float) -> float:
    """Over how many seconds of an interval `gpu_busy` is the mean: none when it is not known."""
    return 0.0 if totals.gpu_busy is None else width_s


def add_process(
    into: ProcessTotals, into_gpu_s: float, more: ProcessTotals, more_gpu_s: float
) -> float:
    """Add a later record of the same process; returns its `gpu_seconds` from now on."""
    for name in _USED:
        setattr(into, name, getattr(into, name) + getattr(more, name))
    for name in _OF_THE_MOMENT:
        setattr(into, name, max(getattr(into, name), getattr(more, name)))
    into.gpu_bytes = max(_known(into.gpu_bytes, more.gpu_bytes), default=None)
    shares = (into.gpu_busy, into_gpu_s), (more.gpu_busy, more_gpu_s)
    known = [(share, seconds) for share, seconds in shares if share is not None]
    gpu_s = sum(seconds for _, seconds in known)
    into.gpu_busy = sum(share * seconds for share, seconds in known) / gpu_s if gpu_s else None
    add_counts(into.loop_lag, more.loop_lag)
    add_counts(into.blocked_by, more.blocked_by)
    add_counts(into.cpu_by_module, more.cpu_by_module)
    return gpu_s


def add_counts(into: dict[K, int], more: Mapping[K, int]) -> None:
    """Add counts by key."""
    had = into.get
    into.update({key: had(key, 0) + count for key, count in more.items()})


def edges_since(now: Iterable[EdgeTotals], before: Iterable[EdgeTotals]) -> list[EdgeTotals]:
    """What one process added to its totals since `before`, without edges that nothing happened on.

    A process that was started anew counts from zero: where anything fell, or an edge with counts is
    missing, all of `now` is new. One on which calls were only in flight may go. Who knows of the
    restart passes nothing as `before`, which is surer.
    """
    ours, theirs = _by_edge(now), _by_edge(before)
    if any(_gone(ours.get(key), each) for key, each in theirs.items()):
        theirs = {}
    changes = [_edge_since(each, theirs.get(key)) for key, each in sorted(ours.items())]
    return [each for each in changes if _happened(each)]


def process_since(now: ProcessTotals, before: ProcessTotals | None) -> ProcessTotals:
    """What one process used since `before`; all of `now` when it was started anew since."""
    if before is None or any(getattr(now, name) < getattr(before, name) for name in _USED):
        before = ProcessTotals()
    used = {name: getattr(now, name) - getattr(before, name) for name in _USED}
    moment = {name: getattr(now, name) for name in _OF_THE_MOMENT}
    return ProcessTotals(
        **used,
        **moment,
        gpu_bytes=now.gpu_bytes,
        gpu_busy=now.gpu_busy,
        loop_lag=_counts_since(now.loop_lag, before.loop_lag),
        blocked_by=_counts_since(now.blocked_by, before.blocked_by),
        cpu_by_module=_counts_since(now.cpu_by_module, before.cpu_by_module),
    )


def process_after(earlier: ProcessTotals | None, now: ProcessTotals) -> ProcessTotals:
    """What a replica used in several processes, one after another; of the moment is what is now."""
    total = msgspec.structs.replace(
        now,
        loop_lag=dict(now.loop_lag),
        blocked_by=dict(now.blocked_by),
        cpu_by_module=dict(now.cpu_by_module),
    )
    if earlier is not None:
        for name in _USED:
            setattr(total, name, getattr(total, name) + getattr(earlier, name))
        add_counts(total.loop_lag, earlier.loop_lag)
        add_counts(total.blocked_by, earlier.blocked_by)
        add_counts(total.cpu_by_module, earlier.cpu_by_module)
    return total


def _merge(totals: Iterable[EdgeTotals], in_flight: Callable[[int, int], int]) -> list[EdgeTotals]:
    merged: dict[tuple[str, str, str], EdgeTotals] = {}
    for each in totals:
        key = _key(each)
        into = merged.get(key)
        if into is None:
            into = merged[key] = EdgeTotals(*key, 0, {}, 0, {})
        add_edge(into, each, in_flight)
    return [merged[key] for key in sorted(merged)]


def _key(each: EdgeTotals) -> tuple[str, str, str]:
    return each.caller, each.module, each.method


def _by_edge(totals: Iterable[EdgeTotals]) -> dict[tuple[str, str, str], EdgeTotals]:
    return {_key(each): each for each in merge_at_once(totals)}


def _gone(now: EdgeTotals | None, before: EdgeTotals) -> bool:
    """Whether counts of an edge went away."""
    counted = before.calls or before.errors or before.queued or before.samples.cpu_ns
    return bool(counted) if now is None else _fell(now, before)


def _fell(now: EdgeTotals, before: EdgeTotals) -> bool:
    counts = (now.latency, before.latency), (now.queued, before.queued)
    return now.calls < before.calls or any(
        ours.get(bucket, 0) < count for ours, theirs in counts for bucket, count in theirs.items()
    )


def _edge_since(now: EdgeTotals, before: EdgeTotals | None) -> EdgeTotals:
    if before is None:
        return now
    return EdgeTotals(
        *_key(now),
        calls=now.calls - before.calls,
        errors=_counts_since(now.errors, before.errors),
        in_flight=now.in_flight,
        latency=_counts_since(now.latency, before.latency),
        queued=_counts_since(now.queued, before.queued),
        samples=_samples_since(now.samples, before.samples),
    )


def _samples_since(now: Samples, before: Samples) -> Samples:
    changes = {name: getattr(now, name) - getattr(before, name) for name in _SAMPLED}
    sizes = {}
    for size, (calls, ns) in now.by_size.items():
        had = before.by_size.get(size, (0, 0))
        if calls != had[0]:
            sizes[size] = (calls - had[0], ns - had[1])
    return Samples(**changes, by_size=sizes)


def _counts_since(now: Mapping[K, int], before: Mapping[K, int]) -> dict[K, int]:
    changes = ((key, count - before.get(key, 0)) for key, count in now.items())
    return {key: change for key, change in changes if change}


def _known(*values: int | None) -> list[int]:
    return [value for value in values if value is not None]


def _happened(edge: EdgeTotals) -> bool:
    """The callee's side of a call from another process has samples alone."""
    return bool(edge.calls or edge.errors or edge.in_flight or edge.queued or edge.samples.cpu_ns)
