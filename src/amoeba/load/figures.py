"""Figures of the requests of one kind, or of all: rates, failures, latencies with their error.

A failed request counts as slower than any answer: a quantile that falls among failures is null.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

import msgspec

from amoeba.evidence.histogram import bucket_middle_ns, bucket_of, quantile_ns
from amoeba.load.intervals import design_effect, quantile_bounds, share_bounds
from amoeba.load.recording import Buckets, Recording, Series, merged
from amoeba.load.scenario import QUANTILES

if TYPE_CHECKING:
    from amoeba.load.recording import Slice

Key = TypeVar("Key", int, str)

FAILED = bucket_of(1 << 62)
"""A bucket beyond every answer: that of failed requests."""


class Quantile(msgspec.Struct, frozen=True):
    """A quantile of the latencies, in milliseconds, and its 95 % interval.

    `value` is null among failures; `low` or `high` is null where there are too few requests to
    tell, or failures.
    """

    value: float | None
    low: float | None
    high: float | None


class Figures(msgspec.Struct, frozen=True):
    """Requests of one kind. Rates are per second, times milliseconds.

    `arrived = succeeded + failed + unfinished`; the last are those that Ctrl-C cut off. `achieved`
    counts answers as expected, from the first arrival to the last answer.
    """

    name: str
    arrived: int
    succeeded: int
    failed: int
    unfinished: int
    error_rate: float
    intended_per_s: float
    achieved_per_s: float
    failures: dict[str, int]
    statuses: dict[int, int]
    latency: dict[str, Quantile]
    mean_ms: float | None
    max_ms: float | None


def figures(name: str, many: Sequence[Series], recording: Recording) -> Figures:
    """The figures of some series together."""
    slices = [part for series in many for part in series.slices.values()]
    latency = merged(part.latency for part in slices)
    failures = _sum(part.failures for part in slices)
    arrived, succeeded = sum(part.arrived for part in slices), sum(latency.values())
    failed = sum(failures.values())
    arriving_s = recording.ended_ns / 1e9
    answering_s = max(recording.ended_ns, recording.answered_ns) / 1e9
    return Figures(
        name=name,
        arrived=arrived,
        succeeded=succeeded,
        failed=failed,
        unfinished=arrived - succeeded - failed,
        error_rate=failed / (succeeded + failed) if succeeded + failed else 0.0,
        intended_per_s=arrived / arriving_s if arriving_s else 0.0,
        achieved_per_s=succeeded / answering_s if answering_s else 0.0,
        failures=failures,
        statuses=_sum(series.statuses for series in many),
        latency={key: _quantile(q, latency, failed, many) for key, q in QUANTILES.items()},
        mean_ms=sum(series.sum_ns for series in many) / succeeded / 1e6 if succeeded else None,
        max_ms=max(series.max_ns for series in many) / 1e6 if succeeded else None,
    )


def quantile_ms(latency: Buckets, failed: int, q: float) -> float | None:
    """A quantile in milliseconds, failures being slower than any answer; None among those."""
    counts = {**latency, FAILED: failed} if failed else latency
    found_ns = quantile_ns(counts, q)
    return found_ns / 1e6 if 0 <= found_ns < bucket_middle_ns(FAILED) else None


def _quantile(q: float, latency: Buckets, failed: int, many: Sequence[Series]) -> Quantile:
    value = quantile_ms(latency, failed, q)
    effect = _effect(many, FAILED if value is None else bucket_of(round(value * 1e6)))
    bounds = quantile_bounds((sum(latency.values()) + failed) / effect, q)
    low, high = (None if each is None else quantile_ms(latency, failed, each) for each in bounds)
    return Quantile(value, low, high)


def slow_share_bounds(many: Sequence[Series], bucket: int) -> tuple[float, float]:
    """The 95 % interval of the share of requests that are in a bucket or slower."""
    sizes, slow = _counts(many, bucket)
    effect = design_effect(sizes, slow)
    return share_bounds(sum(sizes) / effect, sum(slow) / effect)


def _effect(many: Sequence[Series], bucket: int) -> float:
    """The design effect of being in a bucket or slower, or of being slower: the larger one.

    Where many latencies fall into the bucket, one of the two may have no variance at all.
    """
    return max(design_effect(*_counts(many, each)) for each in (bucket, bucket + 1))


def _counts(many: Sequence[Series], bucket: int) -> tuple[list[int], list[int]]:
    """For each slice of time, how many requests there were, and how many reached the bucket."""
    sizes: defaultdict[int, int] = defaultdict(int)
    slow: defaultdict[int, int] = defaultdict(int)
    for series in many:
        for index, part in series.slices.items():
            sizes[index] += sum(part.latency.values()) + sum(part.failures.values())
            slow[index] += _reaching(part, bucket)
    order = sorted(sizes)
    return [sizes[each] for each in order], [slow[each] for each in order]


def _reaching(part: Slice, bucket: int) -> int:
    """How many answers of a slice are in the bucket or slower; failures always are."""
    answers = sum(count for each, count in part.latency.items() if each >= bucket)
    return answers + sum(part.failures.values())


def _sum(many: Iterable[dict[Key, int]]) -> dict[Key, int]:
    total: defaultdict[Key, int] = defaultdict(int)
    for counts in many:
        for key, count in counts.items():
            total[key] += count
    return dict(sorted(total.items()))
