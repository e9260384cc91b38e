"""Latencies as a log-linear histogram: cheap to add to, mergeable, within 1.6 % of the truth.

A duration of n nanoseconds falls into bucket `(shift << 5) + (n >> shift)`, where `shift` leaves
the six leading bits: 32 buckets per doubling, each at most 1/32 wide, its middle at most 1/64 off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_BITS = 6
_PER_DOUBLING = _BITS - 1


def bucket_of(duration_ns: int) -> int:
    """The number of the bucket that a duration falls into; grows with the duration."""
    shift = duration_ns.bit_length() - _BITS
    return (shift << _PER_DOUBLING) + (duration_ns >> shift) if shift > 0 else duration_ns


def bucket_middle_ns(bucket: int) -> float:
    """The duration, in nanoseconds, that stands for a bucket."""
    low, high = _edge_ns(bucket), _edge_ns(bucket + 1)
    return (low + high - 1) / 2


def _edge_ns(bucket: int) -> int:
    first = 1 << _PER_DOUBLING
    if bucket < 2 * first:
        return bucket
    shift = (bucket >> _PER_DOUBLING) - 1
    return (bucket - (shift << _PER_DOUBLING)) << shift


def quantile_ns(buckets: Mapping[int, int], q: float) -> float:
    """The q-quantile of the durations in `buckets`, in nanoseconds; nan when there are none."""
    total = sum(buckets.values())
    if not total:
        return float("nan")
    rank, seen = q * (total - 1), 0
    for bucket in sorted(buckets):
        seen += buckets[bucket]
        if seen > rank:
            return bucket_middle_ns(bucket)
    return bucket_middle_ns(max(buckets))
