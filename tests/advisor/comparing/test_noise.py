"""Intervals hold what they promise, and noise is not taken for a difference."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amoeba.advisor.comparing.noise import (
    as_logs,
    counted,
    differ,
    interval,
    standings,
    student,
)


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    # From tables of Student's distribution.
    [(1, 12.706), (2, 4.303), (4, 2.776), (7, 2.365), (12, 2.179), (25, 2.060), (1000, 1.962)],
)
def test_students_quantiles_are_those_of_the_tables(freedom, quantile):
    assert student(freedom) == pytest.approx(quantile, abs=0.003)


@given(st.floats(1, 1e6))
def test_more_freedom_never_widens(freedom):
    assert 1.95 < student(freedom * 1.1) <= student(freedom) + 1e-9


def test_the_interval_of_some_rounds_is_students():
    middle, low, high = interval([-1.0, 0.0, 1.0])
    half = 4.303 / math.sqrt(3)
    assert (middle, low, high) == pytest.approx((0.0, -half, half), rel=1e-3)


def test_positive_figures_have_intervals_that_stay_positive():
    middle, low, high = interval([1.0, 10.0, 100.0], logs=as_logs([[1.0, 10.0, 100.0]]))
    assert middle == pytest.approx(10.0)
    assert low is not None
    assert 0 < low < 10 < (high or 0)


def test_a_round_that_is_not_known_may_be_the_worst_so_nothing_is():
    assert math.isnan(interval([1.0, math.nan, 1.1])[0])


def test_a_row_is_compared_on_one_scale():
    assert as_logs([[1.0, 2.0], [3.0]])
    assert not as_logs([[1.0, 2.0], [0.0]])
    # By logarithms a would be better; with a zero in the row the means decide.
    values = {"a": [0.0001, 0.0001, 0.03], "b": [0.0, 0.0001, 0.02]}
    assert standings(values, "less")["b"] == "same"


def test_every_difference_of_what_is_counted_is_one():
    assert counted({"a": 50.0, "b": 51.0}, "less") == {"a": "best", "b": "worse"}
    assert counted({"a": 50.0, "b": 50.0, "c": 51.0}, "less") == {
        "a": "same",
        "b": "same",
        "c": "worse",
    }


def test_one_round_has_no_interval_and_none_has_no_value():
    assert interval([3.0]) == (3.0, None, None)
    assert math.isnan(interval([math.nan])[0])


def test_intervals_hold_the_truth_95_times_of_100():
    chance = random.Random(7)
    held = 0
    for _ in range(2000):
        _, low, high = interval([chance.gauss(5.0, 1.0) for _ in range(4)])
        held += (low or 0.0) <= 5.0 <= (high or 0.0)
    assert 0.93 < held / 2000 < 0.97


def test_noise_is_taken_for_a_difference_5_times_of_100_at_most():
    chance = random.Random(7)

    def rounds() -> list[float]:
        return [chance.lognormvariate(3.0, 0.3) for _ in range(3)]

    assert sum(bool(differ(rounds(), rounds(), logs=True)) for _ in range(2000)) / 2000 < 0.06


def test_a_difference_beyond_the_spread_is_found():
    assert differ([10.0, 10.2, 9.9], [12.0, 12.1, 11.8]) is True
    assert differ([10.0, 14.0, 8.0], [12.0, 9.0, 15.0]) is False


def test_less_than_the_error_of_a_latency_is_no_difference():
    assert differ([100.0, 100.0, 100.0], [101.0, 101.0, 101.0]) is False
    assert differ([100.0, 100.0, 100.0], [104.0, 104.0, 104.0]) is True
    assert differ([0.0, 0.0], [0.0, 0.0]) is False


def test_a_single_round_cannot_tell():
    assert differ([1.0], [2.0]) is None


def test_the_best_is_named_when_all_others_are_worse():
    values = {"a": [10.0, 10.1, 9.9], "b": [20.0, 20.1, 19.9], "c": [30.0, 30.2, 29.8]}
    assert standings(values, "less") == {"a": "best", "b": "worse", "c": "worse"}
    assert standings(values, "more") == {"a": "worse", "b": "worse", "c": "best"}


def test_who_cannot_be_told_from_the_best_is_the_same():
    values = {"a": [10.0, 12.0, 8.0], "b": [11.0, 9.0, 12.5], "c": [30.0, 31.0, 29.0]}
    assert standings(values, "less") == {"a": "same", "b": "same", "c": "worse"}


def test_without_a_better_direction_none_stands_out():
    assert standings({"a": [1.0, 1.0], "b": [2.0, 2.0]}, "") == {"a": "", "b": ""}


def test_what_is_not_known_is_not_compared():
    values = {"a": [10.0, 10.1], "b": [math.nan, 3.0]}
    assert standings(values, "less") == {"a": "only", "b": ""}


def test_one_round_alone_makes_no_best():
    assert standings({"a": [1.0], "b": [2.0]}, "less") == {"a": "", "b": ""}
    assert standings({"a": [1.0], "b": [1.0]}, "less") == {"a": "same", "b": "same"}
