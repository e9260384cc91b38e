from __future__ import annotations

import asyncio
import random

import msgspec
import pytest
from load.runs import CALM, measured, report_of

from amoeba.load import Steps, find_rate
from amoeba.load.search import at_rate, must_miss

TEXT = (
    '[requests.a]\npath = "/"\n\n[arrivals]\nkind = "constant"\nrate = {rate}\n\n'
    "[slo]\np95_ms = 50\n\n[search]\nstep = 4\nsteps = 40\n"
)


class Model:
    """A target of known capacity; `noise` is the chance that a step comes out the other way."""

    def __init__(self, scenario, capacity: float, noise: float = 0.0, fails_first: int = 0) -> None:
        self.scenario, self.capacity, self.noise = scenario, capacity, noise
        self.fails_first, self.health = fails_first, CALM
        self.chance, self.asked = random.Random(3), []

    async def run(self, rate: float):
        self.asked.append(rate)
        slow = rate > self.capacity
        if self.chance.random() < self.noise or len(self.asked) <= self.fails_first:
            slow = not slow
        step = at_rate(self.scenario, rate, 0)
        count = 400
        outcomes = [(4 * i / count, "a", 500.0 if slow else 10.0) for i in range(count)]
        return report_of(step, outcomes, self.health)


@pytest.fixture
def search(scenario):
    def search(rate: float, told=lambda step: None, **model):
        target = Model(scenario(TEXT.format(rate=rate)), **model)
        return asyncio.run(find_rate(target.scenario, told, target.run)), target

    return search


@pytest.mark.parametrize("start", [1, 10, 100, 137, 5000])
@pytest.mark.parametrize("capacity", [3, 97, 1234])
def test_the_bracket_holds_the_capacity_and_is_narrow(search, start, capacity):
    found, target = search(start, capacity=capacity)
    assert found.met_per_s <= capacity < found.missed_per_s
    assert found.missed_per_s / found.met_per_s <= 1.05
    assert found.limited_by == ""
    assert target.asked[-1] == found.met_per_s
    assert target.asked.count(found.met_per_s) == 2
    assert found.best.verdict == "met"
    assert len(found.steps) == len(target.asked) <= 30


def test_each_step_is_told(search):
    told = []
    found, _ = search(10, told=told.append, capacity=30)
    assert told == found.steps


def test_a_rate_that_does_not_meet_again_is_no_result(search):
    class Once(Model):
        async def run(self, rate):
            self.capacity = 90 if self.asked.count(rate) else 100
            return await super().run(rate)

    _, target = search(40, capacity=100)
    target = Once(target.scenario, 100)
    found = asyncio.run(find_rate(target.scenario, lambda step: None, target.run))
    assert found.met_per_s <= 90
    assert found.missed_per_s / found.met_per_s <= 1.06


def test_a_target_that_never_meets(search):
    found, _ = search(10, capacity=0)
    assert (found.met_per_s, found.best) == (None, None)
    assert found.limited_by.startswith("the SLO is missed even at 0.1")


def test_a_target_that_never_misses(search):
    found, _ = search(10, capacity=1e9)
    assert (found.met_per_s, found.missed_per_s) == (100_000, None)
    assert found.limited_by == "the highest rate that is tried is 100000/s"


def test_the_steps_are_bounded(scenario):
    target = Model(scenario(TEXT.format(rate=1).replace("40", "5")), 1e5)
    found = asyncio.run(find_rate(target.scenario, lambda step: None, target.run))
    assert (len(found.steps), found.limited_by) == (5, "5 steps were made")


def test_what_is_close_is_repeated(scenario):
    class Close(Model):
        async def run(self, rate):
            self.asked.append(rate)
            step = at_rate(self.scenario, rate, 0)
            return report_of(step, [(i / 10, "a", 40.0 + 12 * (i % 19 == 0)) for i in range(39)])

    target = Close(scenario(TEXT.format(rate=10).replace("40", "3")), 1)
    found = asyncio.run(find_rate(target.scenario, lambda step: None, target.run))
    assert [step.sure for step in found.steps] == [False] * 3
    assert target.asked[0] == target.asked[1] == 10


def test_a_search_ends_where_the_generator_is_the_bottleneck(scenario):
    class Busy(Model):
        async def run(self, rate):
            busy = msgspec.structs.replace(CALM, bottleneck="it used 99% of the one CPU")
            self.health = busy if rate > 60 else CALM
            return await super().run(rate)

    target = Busy(scenario(TEXT.format(rate=20)), 70)
    found = asyncio.run(find_rate(target.scenario, lambda step: None, target.run))
    assert (found.met_per_s, found.missed_per_s, found.by_generator) == (40, None, True)
    assert found.limited_by == (
        "the generator was the bottleneck at 80/s: it used 99% of the one CPU"
    )


def test_it_is_seen_early_that_a_rate_misses(scenario):
    found = scenario(TEXT.format(rate=100))
    slow = report_outcomes(found, 40)
    assert must_miss(found.slo, slow, 400)
    assert not must_miss(found.slo, slow, 4000)


def report_outcomes(scenario, slow):
    return measured(scenario, [(0.01 * i, "a", 100.0) for i in range(slow)]).recording


@pytest.mark.acceptance
def test_the_capacity_of_a_real_server_is_found(scenario):
    """One request at a time, each 10 ms and what the server's loop adds; less when it is busy."""
    text = (
        '[requests.a]\npath = "/gate"\n\n[arrivals]\nkind = "constant"\nrate = 60\n\n'
        "[slo]\np90_ms = 90\n\n[search]\nstep = 0.6\nwarm_up = 0.1\nprecision = 0.15\n"
    )
    real = scenario(text)
    found = asyncio.run(find_rate(real, lambda step: None, Steps(real).run))
    assert 40 <= found.met_per_s <= 110
    assert found.missed_per_s / found.met_per_s <= 1.15
