"""The report of a run: what is printed with `--json`, and what the page and the text are made of.

Times end in `_ms` or `_s`, rates are per second, shares are 0 to 1. What cannot be told is null.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from amoeba.evidence.histogram import bucket_middle_ns
from amoeba.load.figures import Figures, figures, quantile_ms
from amoeba.load.health import Health
from amoeba.load.judging import Check, judge
from amoeba.load.recording import Recording, merged

if TYPE_CHECKING:
    from amoeba.load.generator import Measured
    from amoeba.load.scenario import Scenario


class Moment(msgspec.Struct, frozen=True):
    """One slice of time, of all requests. Quantiles, failures and lateness are by arrival."""

    at_s: float
    intended_per_s: float
    achieved_per_s: float
    failed_per_s: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    sent_late_p99_ms: float | None


class Report(msgspec.Struct, frozen=True):
    """One run. `verdict`: met, missed, or none when nothing was promised.

    `distribution`: latencies in milliseconds, within 1.6 %, and how many answers had each.
    `interrupted`: by Ctrl-C; `cut_short`: by a search that saw that the rate misses.
    """

    scenario: str
    url: str
    began_at: str
    kind: str
    seed: int
    duration_s: float
    warm_up_s: float
    interrupted: bool
    cut_short: bool
    verdict: str
    checks: list[Check]
    overall: Figures
    requests: list[Figures]
    generator: Health
    series: list[Moment]
    distribution: list[tuple[float, int]]

    @property
    def rows(self) -> list[Figures]:
        """What a table shows: all requests together, when there are several kinds, and each."""
        return [self.overall, *self.requests] if len(self.requests) > 1 else self.requests


def make_report(scenario: Scenario, measured: Measured) -> Report:
    """The report of a run of the scenario."""
    recording = measured.recording
    every = list(recording.series.values())
    overall = figures("", every, recording)
    each = [figures(series.name, [series], recording) for series in every]
    found = {series.name: (own, [series]) for series, own in zip(every, each, strict=True)}
    checks = judge(scenario.slo, {"": (overall, every), **found})
    latency = merged(part.latency for series in every for part in series.slices.values())
    return Report(
        scenario=scenario.file,
        url=scenario.target.url,
        began_at=datetime.fromtimestamp(measured.began_s, UTC).isoformat(timespec="seconds"),
        kind=scenario.arrivals.kind,
        seed=scenario.arrivals.seed,
        duration_s=recording.ended_ns / 1e9,
        warm_up_s=scenario.arrivals.warm_up_s,
        interrupted=measured.interrupted,
        cut_short=measured.cut_short,
        verdict=_verdict(checks),
        checks=checks,
        overall=overall,
        requests=each,
        generator=measured.health,
        series=list(moments(recording)),
        distribution=[(bucket_middle_ns(b) / 1e6, n) for b, n in sorted(latency.items())],
    )


def moments(recording: Recording) -> list[Moment]:
    """The slices of a recording; a last one that ended before its half tells too little."""
    count = round(recording.ended_ns / 1e9 / recording.width_s)
    return [_moment(recording, index) for index in range(max(1, count))]


def _moment(recording: Recording, index: int) -> Moment:
    parts = [s.slices[index] for s in recording.series.values() if index in s.slices]
    latency = merged(part.latency for part in parts)
    failed = sum(sum(part.failures.values()) for part in parts)
    left_s = recording.ended_ns / 1e9 - index * recording.width_s
    width_s = min(recording.width_s, left_s) if left_s > 0 else recording.width_s
    p50, p95, p99 = (quantile_ms(latency, failed, q) for q in (0.5, 0.95, 0.99))
    return Moment(
        at_s=index * recording.width_s,
        intended_per_s=sum(part.arrived for part in parts) / width_s,
        achieved_per_s=recording.answered.get(index, 0) / width_s,
        failed_per_s=failed / width_s,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        sent_late_p99_ms=quantile_ms(recording.late.get(index, {}), 0, 0.99),
    )


def _verdict(checks: list[Check]) -> str:
    if not checks:
        return "none"
    return "met" if all(check.met for check in checks) else "missed"
