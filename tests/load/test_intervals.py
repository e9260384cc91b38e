from __future__ import annotations

import random

import pytest

from amoeba.load.intervals import design_effect, quantile_bounds, share_bounds


@pytest.mark.parametrize(("count", "q"), [(40, 0.5), (500, 0.9), (1000, 0.99), (3000, 0.95)])
def test_the_interval_of_a_quantile_holds_it_in_95_of_100_samples(count, q):
    chance = random.Random(1)
    held, tries = 0, 600
    low, high = quantile_bounds(count, q)
    for _ in range(tries):
        sample = sorted(chance.random() for _ in range(count))
        held += sample[round(low * (count - 1))] <= q <= sample[round(high * (count - 1))]
    assert 0.93 <= held / tries <= 0.995


def test_too_few_requests_have_no_bound():
    assert quantile_bounds(100, 0.99)[1] is None
    assert quantile_bounds(5, 0.5) == (None, None)
    assert quantile_bounds(0, 0.5) == (None, None)
    assert quantile_bounds(1000, 0.99)[1] is not None


def test_chance_alone_has_a_design_effect_near_one():
    chance = random.Random(2)
    effects = [
        design_effect(
            [100] * 20, [sum(chance.random() < 0.1 for _ in range(100)) for _ in range(20)]
        )
        for _ in range(50)
    ]
    assert min(effects) == 1.0
    assert sum(effects) / 50 < 1.4


def test_a_stall_has_a_large_one():
    assert design_effect([100] * 20, [0] * 18 + [100, 100]) > 50


def test_few_slices_and_no_slow_requests_tell_nothing():
    assert design_effect([100] * 4, [0, 0, 0, 100]) == 1.0
    assert design_effect([100] * 9, [0] * 9) == 1.0


def test_the_interval_of_a_share():
    low, high = share_bounds(1000, 10)
    assert (round(low, 4), round(high, 4)) == (0.0054, 0.0183)
    assert share_bounds(0, 0) == (0.0, 1.0)
    assert share_bounds(10, 0)[0] == 0.0
