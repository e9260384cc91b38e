from __future__ import annotations

import msgspec
import pytest
from load.runs import CALM, Delay, report_of

from amoeba.evidence.histogram import bucket_of
from amoeba.load.health import bottleneck

TEXT = (
    '[requests.a]\npath = "/"\nslo = { p50_ms = 15 }\n\n[requests.b]\npath = "/"\n\n'
    "[arrivals]\nrate = 100\nduration = 10\n\n[slo]\np99_ms = 100\nerror_rate = 0.01\n"
)


def even(count: int, latency_ms: float | None, name: str = "a"):
    return [(10 * i / count, name, latency_ms) for i in range(count)]


@pytest.fixture
def report(scenario):
    def report(outcomes, health=CALM):
        return report_of(scenario(TEXT), outcomes, health)

    return report


def test_the_figures_of_each_request_and_of_all(report):
    found = report([*even(600, 10), *even(390, 20, "b"), *even(10, None, "b")])
    a, b = found.requests
    assert (found.overall.arrived, a.arrived, b.arrived) == (1000, 600, 400)
    assert (b.failed, b.failures, b.error_rate) == (10, {"status 500": 10}, 0.025)
    assert (found.overall.intended_per_s, found.overall.achieved_per_s) == (100, 99)
    assert a.latency["p50"].value == pytest.approx(10, rel=0.016)
    assert b.latency["p50"].value == pytest.approx(20, rel=0.016)
    assert b.latency["p99"].value is None
    assert a.mean_ms == pytest.approx(10)
    assert b.max_ms == pytest.approx(20)


def test_a_quantile_among_failures_is_over_every_limit(report):
    found = report([*even(980, 10), *even(20, None)])
    checks = {(each.request, each.figure): each for each in found.checks}
    assert not checks["", "p99_ms"].met
    assert checks["", "p99_ms"].measured is None
    assert not checks["", "error_rate"].met
    assert checks["a", "p50_ms"].met
    assert found.verdict == "missed"


def test_what_is_close_is_said(report):
    spread = [(each[0], "a", 90.0 if i % 90 else 105.0) for i, each in enumerate(even(1000, 0))]
    (p99,) = [each for each in report(spread).checks if each.figure == "p99_ms"]
    assert (p99.met, p99.sure) == (False, False)
    (p99,) = [each for each in report(even(1000, 10)).checks if each.figure == "p99_ms"]
    assert (p99.met, p99.sure) == (True, True)


def test_a_stall_makes_the_interval_wide(report):
    calm = report(even(1000, 10)).overall.latency["p95"]
    stalled = [(at, "a", 500.0 if 4 <= at < 5 else 10.0) for at, _, _ in even(1000, 0)]
    found = report(stalled).overall.latency["p95"]
    assert calm.high - calm.low < 1
    assert found.value == pytest.approx(500, rel=0.016)
    assert found.low == pytest.approx(10, rel=0.016)


def test_the_series_follow_the_arrivals_and_the_answers(report):
    found = report([(0.5, "a", 10.0), (0.6, "b", 2000.0), (9.9, "a", None)])
    assert len(found.series) == 10
    assert [each.intended_per_s for each in found.series] == [2, *[0] * 8, 1]
    assert [each.achieved_per_s for each in found.series][:3] == [1, 0, 1]
    assert [each.failed_per_s for each in found.series] == [*[0] * 9, 1]
    assert found.series[0].p99_ms == pytest.approx(10, rel=0.016) or found.series[0].p99_ms > 1900
    assert (found.series[1].p50_ms, found.series[9].p50_ms) == (None, None)


def test_nothing_that_was_promised_is_met_when_nothing_arrives(report):
    found = report([])
    assert found.verdict == "missed"
    assert not any(check.met or check.sure for check in found.checks)


def test_it_is_valid_json_and_says_what_is_unknown_as_null(report):
    found = msgspec.json.decode(msgspec.json.encode(report([])))
    assert found["overall"]["latency"]["p99"] == {"value": None, "low": None, "high": None}


LATENCY = {bucket_of(10_000_000): 1000}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"cpu_share": 0.97}, "it used 97% of the one CPU that it can use"),
        ({"sent_late": Delay(0.1, 0.9, 50)}, ""),
        (
            {"sent_late": Delay(0.1, 1.2, 50)},
            "it sent requests late: p99 1.2 ms of the 10.1 ms measured",
        ),
        (
            {"sent_late": Delay(3, 3, 3)},
            "it sent requests late: p50 3 ms of the 10.1 ms measured",
        ),
        (
            {"loop_lag": Delay(0.1, 4, 9), "machine_cpu_share": 0.99},
            "it woke up late: p99 4 ms of the 10.1 ms measured; all CPUs of its machine were busy",
        ),
    ],
)
def test_when_the_generator_was_the_bottleneck(changes, said):
    assert bottleneck(msgspec.structs.replace(CALM, **changes), LATENCY) == said
