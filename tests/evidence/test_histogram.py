from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from amoeba.evidence import bucket_of, quantile_ns
from amoeba.evidence.histogram import bucket_middle_ns

durations = st.integers(min_value=0, max_value=10**14)


@given(durations)
def test_a_buckets_middle_is_within_two_percent_of_what_fell_into_it(duration):
    assert abs(bucket_middle_ns(bucket_of(duration)) - duration) <= max(0.5, 0.016 * duration)


@given(durations, durations)
def test_a_longer_duration_never_falls_into_an_earlier_bucket(one, other):
    short, long = sorted((one, other))
    assert bucket_of(short) <= bucket_of(long)


@given(st.lists(durations, min_size=1, max_size=200), st.floats(0, 1))
def test_a_quantile_is_within_two_percent_of_the_true_one(values, q):
    buckets: dict[int, int] = {}
    for value in values:
        buckets[bucket_of(value)] = buckets.get(bucket_of(value), 0) + 1
    true = sorted(values)[math.floor(q * (len(values) - 1))]
    assert abs(quantile_ns(buckets, q) - true) <= max(0.5, 0.016 * true)


def test_no_durations_have_no_quantile():
    assert math.isnan(quantile_ns({}, 0.5))
