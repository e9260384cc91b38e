"""Probes: each process restarted, then killed, while requests come, and what they lost by it.

    load ─── a second ─── restart, or kill one replica ─── all ready ─── a second ─── end

Requests come by chance at the scenario's rate, whether answers come or not; each probe has arrivals
of its own, the same for every topology. What failed is of those that were in flight at the blow or
arrived from then until all was ready again.
"""

from __future__ import annotations

import asyncio
import math
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from amoeba.advisor.comparing.measuring import Interrupted, aim
from amoeba.advisor.comparing.starting import POLL_S, started
from amoeba.errors import AmoebaError
from amoeba.evidence.histogram import bucket_of
from amoeba.load import Generator, make_report
from amoeba.load.scenario import Arrivals

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from amoeba.advisor.comparing.starting import Running
    from amoeba.app import Application
    from amoeba.load import Measured, Recording, Scenario
    from amoeba.load.recording import Slice
    from amoeba.runtime import Status

Kind = Literal["restart", "kill"]
KINDS: tuple[Kind, ...] = ("restart", "kill")

BEFORE_S = AFTER_S = 1.0
_LATE_MS = 1000.0
_SLICE_S = 0.05
_SEEDS_APART = 1000
LONGEST_S = 60.0
"""So long a process may take to be ready again."""


class Probe(msgspec.Struct, frozen=True):
    """One process restarted or killed.

    `took_s`: until all replicas were ready; None when they were not within a minute. `hit`: the
    requests that were in flight at the blow or arrived until then; of them, `failed` had no answer
    as expected, and `late` had theirs later than `limit_ms`. `longest_ms`: the slowest answer of
    the whole load, which may have waited.
    """

    topology: str
    process: str
    modules: tuple[str, ...]
    kind: Kind
    took_s: float | None
    hit: int
    failed: int
    late: int
    limit_ms: float
    longest_ms: float

    @property
    def share(self) -> float:
        """The share of the requests that failed; nan when there were none."""
        return self.failed / self.hit if self.hit else math.nan

    @property
    def harmed(self) -> float:
        """The share of the requests that failed or were late; nan when there were none."""
        return (self.failed + self.late) / self.hit if self.hit else math.nan


async def probe(
    application: Application,
    topology: str,
    scenario: Scenario,
    number: int,
    tell: Callable[[str], None],
) -> list[Probe]:
    """Restart, then kill, each process of a topology; `number` is the round's.

    A run in which something did not come back is not probed further: another one is started.
    Raises DidNotStart, Interrupted and what a Generator does.
    """
    processes = application.topology(topology).processes
    left = [(process.name, kind) for process in processes for kind in KINDS]
    found: list[Probe] = []
    while left:
        async with started(application, topology, scenario.compare.environment) as running:
            while left:
                process, kind = left.pop(0)
                tell(f"{topology}: {kind} {process}")
                seed = _SEEDS_APART * number + len(found)
                found.append(await _struck(running, _load(scenario, running, seed), process, kind))
                if found[-1].took_s is None:
                    tell(f"{topology}: {process} did not come back from a {kind}")
                    break
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
    replicas = [each for each in status.replicas if each.process == process and each.pid]
    if not replicas:
        return
    with suppress(ProcessLookupError):
        os.kill(replicas[0].pid, signal.SIGKILL)
    while _pid_of(await running.status(), replicas[0].replica) == replicas[0].pid:  # noqa: ASYNC110
        await asyncio.sleep(POLL_S)  # nobody tells; the supervisor sees its end in milliseconds


def _pid_of(status: Status, name: str) -> int:
    """The process that is a replica now: a new one, or 0 while there is none."""
    return next((each.pid for each in status.replicas if each.replica == name), 0)


_BLOWS: dict[Kind, Callable[[Running, str], Awaitable[None]]] = {
    "restart": _restart,
    "kill": _kill,
}


class _Load:
    """Requests by chance, at a steady rate, until told to stop."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.generator = Generator(scenario, self._watch, slice_s=_SLICE_S)
        self.enough = False

    def _watch(self, _: float, recording: Recording) -> bool:
        del recording
        return self.enough

    def failed(self, since_s: float, until_s: float) -> int:
        """How many of the requests that arrived then have failed, so far."""
        return sum(sum(part.failures.values()) for part in self._slices(since_s, until_s))

    def arrived(self, since_s: float, until_s: float) -> int:
        """How many requests arrived then."""
        return sum(part.arrived for part in self._slices(since_s, until_s))

    def late(self, since_s: float, until_s: float, limit_ms: float) -> int:
        """How many of them were answered later than that."""
        first = bucket_of(round(limit_ms * 1e6)) + 1
        return sum(
            count
            for part in self._slices(since_s, until_s)
            for bucket, count in part.latency.items()
            if bucket >= first
        )

    def _slices(self, since_s: float, until_s: float) -> Iterator[Slice]:
        first, last = round(since_s / _SLICE_S), round(until_s / _SLICE_S)
        for series in self.generator.recording.series.values():
            for number, part in series.slices.items():
                if first <= number < last:
                    yield part


def _load(scenario: Scenario, running: Running, more_seed: int) -> _Load:
    aimed = aim(scenario, running, more_seed)
    ramp = aimed.arrivals.ramp
    arrivals = Arrivals(
        kind="poisson",
        rate_per_s=ramp[-1].to_per_s if ramp else aimed.arrivals.rate_per_s,
        duration_s=BEFORE_S + LONGEST_S + AFTER_S + 1.0,
        seed=aimed.arrivals.seed,
    )
    return _Load(msgspec.structs.replace(aimed, arrivals=arrivals))


async def _struck(running: Running, load: _Load, process: str, kind: Kind) -> Probe:
    sending = asyncio.ensure_future(load.generator.run())
    blow = asyncio.ensure_future(_blow(running, load, process, kind))
    try:
        await asyncio.wait([sending, blow], return_when=asyncio.FIRST_COMPLETED)
        if not blow.done():  # the load has ended first: by Ctrl-C, or because it cannot be sent
            blow.cancel()
        with suppress(asyncio.CancelledError):
            window = await blow
    finally:
        load.enough = True
        measured = await sending
    if measured.interrupted or blow.cancelled():
        raise Interrupted
    return _probe(running, load, process, kind, window, measured)


class _Window(NamedTuple):
    """When the blow fell, and when all was ready again, in seconds of the load."""

    began_s: float
    ready_s: float | None
    in_flight: int  # at the blow


async def _blow(running: Running, load: _Load, process: str, kind: Kind) -> _Window:
    await asyncio.sleep(BEFORE_S)
    began_s, in_flight = load.generator.elapsed_s, load.generator.in_flight
    with suppress(TimeoutError, AmoebaError):  # what did not come back is seen next
        await asyncio.wait_for(_BLOWS[kind](running, process), LONGEST_S)
    left_s = LONGEST_S - (load.generator.elapsed_s - began_s)
    ready_s = load.generator.elapsed_s if await running.ready_again(left_s) else None
    await asyncio.sleep(AFTER_S)
    return _Window(began_s, ready_s, in_flight)


def _probe(
    running: Running,
    load: _Load,
    process: str,
    kind: Kind,
    window: _Window,
    measured: Measured,
) -> Probe:
    began_s, ready_s, in_flight = window
    end_s = load.generator.elapsed_s if ready_s is None else ready_s
    limit_ms = limit_of(load.scenario)
    before_s = max(0.0, began_s - load.scenario.target.timeout_s)
    lost = load.failed(before_s, began_s)  # undisturbed, none of them would have failed
    report = make_report(load.scenario, measured)
    modules = running.application.topology(running.info.topology)
    return Probe(
        topology=running.info.topology,
        process=process,
        modules=next(each.modules for each in modules.processes if each.name == process),
        kind=kind,
        took_s=None if ready_s is None else ready_s - began_s,
        hit=load.arrived(began_s, end_s) + max(in_flight, lost),
        failed=load.failed(began_s, end_s) + lost,
        late=load.late(began_s, end_s, limit_ms),
        limit_ms=limit_ms,
        longest_ms=report.overall.max_ms or 0.0,
    )
