"""How well the generator did: whether its figures are the target's or its own.

Three figures, of the time that counts: how late requests were sent after their arrival, how late
the event loop woke up when it was to (answers are seen late by as much), and the share of one CPU
that this process used, which can use no more than one.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec
import psutil

from amoeba.evidence.histogram import bucket_of, quantile_ns
from amoeba.load.clock import Clock
from amoeba.load.recording import merged
from amoeba.load.words import milliseconds

if TYPE_CHECKING:
    from amoeba.load.recording import Recording

PROBE_S = 0.01
CPU_LIMIT = 0.9
LATE_FLOOR_MS = 1.0
LATE_SHARE = 0.1


class Delay(msgspec.Struct, frozen=True):
    """How late something was, in milliseconds; nan when it never happened."""

    p50_ms: float
    p99_ms: float
    max_ms: float


class Health(msgspec.Struct, frozen=True):
    """`cpu_share`: of one CPU, 1 is all of it; `machine_cpu_share`: of all CPUs, by everything.

    `bottleneck` says with a figure why the generator limited the run; empty when it did not.
    """

    sent_late: Delay
    loop_lag: Delay
    cpu_share: float
    machine_cpu_share: float
    bottleneck: str = ""


class Probe:
    """Measures the generator while it runs: `start_at`, `run` as a task, `stop`, `health`."""

    def __init__(self) -> None:
        self._lag: defaultdict[int, int] = defaultdict(int)
        self._from_ns = 0
        self._cpu_s = self._wall_s = 0.0
        self._cpu_share = self._machine_share = 0.0
        self._started = False

    def start_at(self, moment_ns: int) -> None:
        """Count from this moment of `time.monotonic_ns` on."""
        self._from_ns = moment_ns

    async def run(self) -> None:
        """Wake up again and again, and see how late that was."""
        with Clock() as clock:
            while True:
                due_ns = time.monotonic_ns() + round(PROBE_S * 1e9)
                await clock.until(due_ns)
                if self._started:
                    self._lag[bucket_of(time.monotonic_ns() - due_ns)] += 1
                elif self._from_ns and due_ns >= self._from_ns:
                    self._start()

    def _start(self) -> None:
        self._started = True
        psutil.cpu_percent()
        self._cpu_s, self._wall_s = time.process_time(), time.monotonic()

    def stop(self) -> None:
        """The time that counts is over."""
        if self._started and (wall_s := time.monotonic() - self._wall_s) > 0:
            self._started = False
            self._cpu_share = (time.process_time() - self._cpu_s) / wall_s
            self._machine_share = round(psutil.cpu_percent() / 100, 3)

    def health(self, recording: Recording) -> Health:
        """The figures, and what they mean."""
        late = merged(recording.late.values())
        latency = merged(
            part.latency for series in recording.series.values() for part in series.slices.values()
        )
        health = Health(
            _delay(late), _delay(self._lag), round(self._cpu_share, 3), self._machine_share
        )
        return msgspec.structs.replace(health, bottleneck=bottleneck(health, latency))


def bottleneck(health: Health, latency: dict[int, int]) -> str:
    """Why the generator limited the run, or nothing.

    It did when it used its CPU up, or when its own delays are more than a tenth of the latencies
    that it measured, at the median or at the 99th percentile, and more than a millisecond.
    """
    if health.cpu_share >= CPU_LIMIT:
        return f"it used {health.cpu_share:.0%} of the one CPU that it can use"
    for what, delay in (
        ("sent requests late", health.sent_late),
        ("woke up late", health.loop_lag),
    ):
        for name, late_ms, q in (("p50", delay.p50_ms, 0.5), ("p99", delay.p99_ms, 0.99)):
            measured_ms = quantile_ns(latency, q) / 1e6
            if late_ms > max(LATE_FLOOR_MS, LATE_SHARE * measured_ms):
                share = f" of the {milliseconds(measured_ms)} measured" if latency else ""
                busy = health.machine_cpu_share >= CPU_LIMIT
                blame = "; all CPUs of its machine were busy" if busy else ""
                return f"it {what}: {name} {milliseconds(late_ms)}{share}{blame}"
    return ""


def _delay(buckets: dict[int, int]) -> Delay:
    p50, p99, most = (round(quantile_ns(buckets, q) / 1e6, 4) for q in (0.5, 0.99, 1.0))
    return Delay(p50, p99, most)
