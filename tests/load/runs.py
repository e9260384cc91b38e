"""Runs that never were: recordings of known outcomes, for what is made of them."""

from __future__ import annotations

from collections.abc import Iterable

from amoeba.load import Health, Measured, Recording, Report, Scenario, make_report
from amoeba.load.health import Delay

CALM = Health(Delay(0.05, 0.2, 0.5), Delay(0.05, 0.2, 0.5), cpu_share=0.1, machine_cpu_share=0.3)

Outcome = tuple[float, str, float | None]
"""The arrival in seconds, the request, and the latency in milliseconds; none is a failure."""


def measured(scenario: Scenario, outcomes: Iterable[Outcome], health: Health = CALM) -> Measured:
    recording = Recording(scenario)
    recording.ended_ns = round(scenario.arrivals.duration_s * 1e9)
    for at_s, name, latency_ms in outcomes:
        at_ns = round(at_s * 1e9)
        place = recording.arrived(name, at_ns)
        recording.sent(at_ns, at_ns + 100_000)
        if latency_ms is None:
            place.failures["status 500"] += 1
        else:
            recording.succeeded(name, place, at_ns, at_ns + round(latency_ms * 1e6))
    return Measured(recording, health, began_s=0.0)


def report_of(scenario: Scenario, outcomes: Iterable[Outcome], health: Health = CALM) -> Report:
    return make_report(scenario, measured(scenario, outcomes, health))
