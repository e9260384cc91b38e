from __future__ import annotations

import math
import statistics
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amoeba.load.arrivals import expected_count, offsets_ns
from amoeba.load.scenario import Arrivals, Stage

RATES = st.floats(0.5, 500)
TIMES = st.floats(0.1, 20)


def seconds(arrivals: Arrivals) -> list[float]:
    return [offset / 1e9 for offset in offsets_ns(arrivals)]


def counted(moments: list[float], width: float, end: float) -> list[int]:
    """How many moments fall into each slice."""
    slices = [0] * math.ceil(end / width)
    for moment in moments:
        slices[int(moment / width)] += 1
    return slices


def test_constant_arrivals_are_even():
    found = seconds(Arrivals("constant", rate_per_s=10, duration_s=2))
    assert found == pytest.approx([i / 10 for i in range(20)])


def test_poisson_arrivals_have_the_mean_and_the_variance_of_a_poisson_process():
    counts = counted(seconds(Arrivals(rate_per_s=50, duration_s=2000, seed=7)), 1.0, 2000)
    assert statistics.mean(counts) == pytest.approx(50, rel=0.01)
    assert statistics.variance(counts) == pytest.approx(50, rel=0.1)
    gaps = [b - a for a, b in pairwise(seconds(Arrivals(rate_per_s=50, duration_s=2000)))]
    assert statistics.stdev(gaps) == pytest.approx(statistics.mean(gaps), rel=0.02)


@given(RATES, TIMES, st.integers(0, 1000))
def test_the_same_seed_gives_the_same_arrivals_in_order_and_in_time(rate, duration, seed):
    arrivals = Arrivals(rate_per_s=rate, duration_s=duration, seed=seed)
    found = seconds(arrivals)
    assert found == seconds(arrivals)
    assert found == sorted(found)
    assert all(0 <= moment <= duration for moment in found)


def test_another_seed_gives_others():
    assert seconds(Arrivals(seed=1)) != seconds(Arrivals(seed=2))


@given(RATES, st.lists(st.tuples(RATES, st.floats(0, 10)), max_size=4), st.floats(0, 5))
def test_a_ramp_brings_as_many_as_its_rates_say(rate, stages, warm_up):
    ramp = tuple(Stage(to, over) for to, over in stages)
    duration = sum(stage.over_s for stage in ramp) + 1
    arrivals = Arrivals("constant", rate, duration, warm_up, ramp=ramp)
    assert len(seconds(arrivals)) == pytest.approx(expected_count(arrivals), abs=1.01)


def test_a_ramp_is_a_straight_line():
    arrivals = Arrivals("constant", 10, 20, ramp=(Stage(110, 10), Stage(20, 0)))
    counts = counted(seconds(arrivals), 1.0, 20)
    assert counts[:10] == pytest.approx([15 + 10 * i for i in range(10)], abs=1)
    assert counts[10:] == pytest.approx([20] * 10, abs=1)


def test_the_warm_up_is_at_the_first_rate_and_comes_before_the_duration():
    arrivals = Arrivals("constant", 10, 5, warm_up_s=2, ramp=(Stage(100, 5),))
    counts = counted(seconds(arrivals), 1.0, 7)
    assert counts[:2] == [10, 10]
    assert counts[2] > 10


RECORDED = (0.0, 1.0, 1.5, 4.0)


@given(st.floats(0.1, 100))
def test_a_recording_keeps_the_proportions_of_its_gaps(rate):
    arrivals = Arrivals("recorded", rate, duration_s=1e4 / rate, recorded_s=RECORDED)
    found = seconds(arrivals)[:4]
    gaps = [b - a for a, b in pairwise(found)]
    assert [gap / gaps[0] for gap in gaps] == pytest.approx([1, 0.5, 2.5], rel=1e-4)
    assert statistics.mean(gaps) == pytest.approx(1 / rate, rel=1e-4)


def test_a_recording_that_is_too_short_is_repeated_a_mean_gap_later():
    arrivals = Arrivals("recorded", rate_per_s=0.75, duration_s=12, recorded_s=RECORDED)
    again = 4 + 4 / 3
    expected = [0, 1, 1.5, 4, *(again + each for each in RECORDED), 2 * again, 2 * again + 1]
    assert seconds(arrivals) == pytest.approx(expected)
