"""Families of metrics, from what Amoeba counts in nanoseconds and its own histograms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)

from amoeba.evidence.histogram import bucket_middle_ns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CALL_BOUNDS_S = (1e-6, 1e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1,
                 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # fmt: skip
LAG_BOUNDS_S = (1e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


def counter(name: str, text: str, labels: Sequence[str]) -> CounterMetricFamily:
    """A counter; its samples end in `_total`."""
    return CounterMetricFamily(name, text, labels=labels)


def gauge(name: str, text: str, labels: Sequence[str] = ()) -> GaugeMetricFamily:
    """A figure of the moment."""
    return GaugeMetricFamily(name, text, labels=labels)


def histogram(name: str, text: str, labels: Sequence[str]) -> HistogramMetricFamily:
    """A histogram of durations."""
    return HistogramMetricFamily(name, text, labels=labels)


def add_durations(
    family: HistogramMetricFamily,
    labels: Sequence[str],
    buckets: Mapping[int, int],
    bounds_s: Sequence[float],
) -> None:
    """Add a histogram of Amoeba's: its sum and its bounds are within 1.6 %."""
    spans = [(bucket_middle_ns(bucket) / 1e9, buckets[bucket]) for bucket in sorted(buckets)]
    cumulative, counted, at = [], 0, 0
    for bound in bounds_s:
        while at < len(spans) and spans[at][0] <= bound:
            counted += spans[at][1]
            at += 1
        cumulative.append((f"{bound:g}", float(counted)))
    cumulative.append(("+Inf", float(sum(buckets.values()))))
    total_s = sum(span * count for span, count in spans)
    family.add_metric(labels, buckets=cumulative, sum_value=total_s)
