"""Probes: each process restarted, then killed, while requests come, and what they lost by it.

    load ─── a second ─── restart, or kill one replica ─── all ready ─── a second ─── end

Requests go on at the scenario's rate, whether answers come or not. What failed is of requests that
arrived from the blow until all was ready again.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import msgspec

from amoeba.advisor.comparing.measuring import Interrupted, aim
from amoeba.advisor.comparing.starting import started
from amoeba.load import Generator, make_report

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from amoeba.advisor.comparing.starting import Running
    from amoeba.app import Application
    from amoeba.load import Recording, Scenario
    from amoeba.runtime import Status

Kind = Literal["restart", "kill"]

BEFORE_S = AFTER_S = 1.0
_LATE_MS = 1000.0
LONGEST_S = 60.0
"""So long a process may take to be ready again."""


class Probe(msgspec.Struct, frozen=True):
    """One process restarted or killed.

    `took_s`: until all replicas were ready; None when they were not within a minute. `arrived`:
    requests meanwhile; `failed`: without an answer as expected; `late`: answered, but later than
    `limit_ms`. `longest_ms`: the slowest answer, which may have waited.
    """

    topology: str
    process: str
    modules: tuple[str, ...]
    kind: Kind
    took_s: float | None
    arrived: int
    failed: int
    late: int
    limit_ms: float
    longest_ms: float

    @property
    def share(self) -> float:
        """The share of the requests meanwhile that failed."""
        return min(1.0, self.failed / self.arrived) if self.arrived else 0.0

    @property
    def harmed(self) -> float:
        """The share of the requests meanwhile that failed or were late."""
        return min(1.0, (self.failed + self.late) / self.arrived) if self.arrived else 0.0


async def probe(
    application: Application,
    topology: str,
    scenario: Scenario,
    tell: Callable[[str], None],
) -> list[Probe]:
    """Restart, then kill, each process of a topology on a fresh run.

    Raises DidNotStart, Interrupted and what a Generator does.
    """
    found = []
    async with started(application, topology, scenario.compare.environment) as running:
        shape = {each.process: each.modules for each in (await running.status()).replicas}
        for process, modules in shape.items():
            for kind, blow in (("restart", _restart), ("kill", _kill)):
                tell(f"{topology}: {kind} {process}")
                found.append(await _struck(running, scenario, process, modules, kind, blow))
    return found


def limit_of(scenario: Scenario) -> float:
    """From what latency on a request is late, in milliseconds: the SLO's highest, or a second."""
    limits = [each.at_most for each in scenario.slo if each.figure.endswith("_ms")]
    return max(limits, default=_LATE_MS)


async def _restart(running: Running, process: str) -> None:
    await running.restart(process)


async def _kill(running: Running, process: str) -> None:
    """Kill one replica of the process, as a crash or the lack of memory would."""
    status = await running.status()
    replica = next(each for each in status.replicas if each.process == process and each.pid)
    with suppress(ProcessLookupError):
        os.kill(replica.pid, signal.SIGKILL)
    while _generation(await running.status(), replica.replica) == replica.pid:
        pass  # the supervisor sees its end within milliseconds


def _generation(status: Status, name: str) -> int:
    """The process that is a replica now: a new one, or 0 while there is none."""
    return next((each.pid for each in status.replicas if each.replica == name), 0)


class _Load:
    """Requests at a steady rate until told to stop."""

    def __init__(self, scenario: Scenario) -> None:
        arrivals = msgspec.structs.replace(
            scenario.arrivals, ramp=(), duration_s=LONGEST_S + 10.0, warm_up_s=0.0
        )
        self.scenario = msgspec.structs.replace(scenario, arrivals=arrivals)
        self.generator = Generator(self.scenario, self._watch)
        self.enough = False

    def _watch(self, _: float, recording: Recording) -> bool:
        del recording
        return self.enough

    def counts(self) -> tuple[int, int]:
        """How many requests have arrived, and how many have failed, so far."""
        parts = [
            part
            for series in self.generator.recording.series.values()
            for part in series.slices.values()
        ]
        return sum(p.arrived for p in parts), sum(sum(p.failures.values()) for p in parts)


async def _struck(
    running: Running,
    scenario: Scenario,
    process: str,
    modules: tuple[str, ...],
    kind: str,
    blow: Callable[[Running, str], Awaitable[None]],
) -> Probe:
    load = _Load(aim(scenario, running))
    sending = asyncio.ensure_future(load.generator.run())
    try:
        await asyncio.sleep(BEFORE_S)
        arrived_before, failed_before = load.counts()
        began = time.monotonic()
        with suppress(TimeoutError):
            await asyncio.wait_for(blow(running, process), LONGEST_S)
        ready = await running.ready_again(LONGEST_S - (time.monotonic() - began))
        took_s = time.monotonic() - began
        arrived = load.counts()[0] - arrived_before
        await asyncio.sleep(AFTER_S)
    finally:
        load.enough = True
        measured = await sending
    if measured.interrupted:
        raise Interrupted
    report = make_report(load.scenario, measured)
    limit_ms = limit_of(scenario)
    return Probe(
        topology=running.info.topology,
        process=process,
        modules=modules,
        kind="restart" if kind == "restart" else "kill",
        took_s=took_s if ready else None,
        arrived=arrived,
        failed=report.overall.failed - failed_before,
        late=sum(count for taken_ms, count in report.distribution if taken_ms > limit_ms),
        limit_ms=limit_ms,
        longest_ms=report.overall.max_ms or 0.0,
    )
