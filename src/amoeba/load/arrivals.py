"""When requests arrive: computed from the seed alone, whatever the answers do.

A process of rate 1 is laid over the rate that the scenario wants: each of its points falls where
the integral of the rate reaches it. With exponential gaps that is a Poisson process, with gaps of
one it is even. A recording keeps the proportions of its gaps and is repeated when it is too short.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator

from amoeba.load.scenario import Arrivals

Segment = tuple[float, float, float]
"""Seconds, the rate at the beginning and the rate at the end, in between a straight line."""


def offsets_ns(arrivals: Arrivals) -> Iterator[int]:
    """Each arrival, in nanoseconds since the run began, ascending."""
    end_s = arrivals.total_s
    if arrivals.recorded_s:
        moments = _repeated(arrivals)
    else:
        moments = _placed(_points(arrivals), segments(arrivals))
    for moment in itertools.takewhile(lambda moment: moment < end_s, moments):
        yield round(moment * 1e9)


def segments(arrivals: Arrivals) -> list[Segment]:
    """The rate over time: warm-up, ramp, and the last rate until the end."""
    rate = arrivals.rate_per_s
    found = [(arrivals.warm_up_s, rate, rate)]
    left = arrivals.duration_s
    for stage in arrivals.ramp:
        over = min(stage.over_s, left)
        share = over / stage.over_s if stage.over_s else 1.0
        to = rate + (stage.to_per_s - rate) * share
        found.append((over, rate, to))
        rate, left = to, left - over
    found.append((left, rate, rate))
    return [each for each in found if each[0] > 0]


def expected_count(arrivals: Arrivals) -> float:
    """How many arrivals there are in the mean, warm-up included."""
    if arrivals.recorded_s:
        return arrivals.rate_per_s * arrivals.total_s
    return sum(seconds * (first + last) / 2 for seconds, first, last in segments(arrivals))


def _points(arrivals: Arrivals) -> Iterator[float]:
    if arrivals.kind == "constant":
        return map(float, itertools.count())
    chance = random.Random(f"arrivals {arrivals.seed}")  # noqa: S311 - statistics, no secret
    gaps = (chance.expovariate(1.0) for _ in itertools.count())
    return itertools.accumulate(gaps)


def _placed(points: Iterator[float], rates: list[Segment]) -> Iterator[float]:
    began_s = passed = 0.0
    point = next(points)
    for seconds, first, last in rates:
        area = seconds * (first + last) / 2
        while point < passed + area:
            yield began_s + _solve(point - passed, first, (last - first) / seconds)
            point = next(points)
        began_s, passed = began_s + seconds, passed + area


def _solve(area: float, rate: float, slope: float) -> float:
    """The time after which `rate · t + slope · t² / 2` is `area`; stable where slope is near 0."""
    if area == 0:
        return 0.0
    return 2 * area / (rate + math.sqrt(max(0.0, rate * rate + 2 * slope * area)))


def _repeated(arrivals: Arrivals) -> Iterator[float]:
    """The recording at the wanted mean rate, again and again, a mean gap in between."""
    recorded = arrivals.recorded_s
    gaps = len(recorded) - 1
    scale = gaps / recorded[-1] / arrivals.rate_per_s
    period = recorded[-1] * scale + 1 / arrivals.rate_per_s
    for repetition in itertools.count():
        for moment in recorded:
            yield repetition * period + moment * scale
