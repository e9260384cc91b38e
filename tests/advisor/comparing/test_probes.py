"""Probes count who was hit: those who came between the blow and the moment all was ready again."""

from __future__ import annotations

import pytest

from amoeba.advisor.comparing.probes import _Load, limit_of
from amoeba.load import Scenario, read_scenario

SCENARIO = """
[requests.one]
path = "/"

[slo]
p95_ms = 100
p99_ms = 250
"""
S = 1_000_000_000


@pytest.fixture
def scenario(tmp_path) -> Scenario:
    (tmp_path / "load.toml").write_text(SCENARIO)
    return read_scenario(tmp_path / "load.toml")


def test_only_those_who_came_meanwhile_are_counted(scenario):
    load = _Load(scenario)
    recording = load.generator.recording
    for arrival_s, took_s in ((0.9, 0.4), (1.0, 0.3), (1.5, 0.1), (1.9, None), (2.0, 0.9)):
        place = recording.arrived("one", round(arrival_s * S))
        if took_s is None:
            place.failures["status 503"] += 1
        else:
            moment = round((arrival_s + took_s) * S)
            recording.succeeded("one", place, round(arrival_s * S), moment)
    assert load.arrived(1.0, 2.0) == 3
    assert load.failed(1.0, 2.0) == 1
    assert load.late(1.0, 2.0, limit_of(scenario)) == 1
    assert load.failed(0.0, 1.0) == 0


def test_late_is_later_than_the_highest_limit_or_a_second(scenario):
    assert limit_of(scenario) == 250
    assert limit_of(Scenario("", "", scenario.target, scenario.arrivals, scenario.requests)) == 1000
