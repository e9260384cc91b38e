"""One round of one topology: the scenario's load on a fresh run, and what it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from amoeba.advisor.comparing.starting import started
from amoeba.advisor.comparing.traces import Shape, shape_of
from amoeba.advisor.comparing.usage import Usage, cpu_seconds, usage
from amoeba.load import Generator, Overrides, Report, Scenario, make_report, override

if TYPE_CHECKING:
    from amoeba.advisor.comparing.starting import Running
    from amoeba.app import Application
    from amoeba.load import Recording

_SEEDS_APART = 1000


class Interrupted(Exception):  # noqa: N818 - the user's wish
    """Ctrl-C ended a load."""


class Round(msgspec.Struct, frozen=True):
    """What one round measured. `cpu_per_request_s`: of all its processes, while load was on."""

    topology: str
    ready_s: float
    report: Report
    cpu_per_request_s: float
    cpus_used: float
    usage: Usage
    shape: Shape


class _Meter:
    """Reads CPU times when the warm-up ends and, by `stop`, when the load does."""

    def __init__(self, running: Running, warm_up_s: float) -> None:
        self._pid, self._warm_up_s = running.pid, warm_up_s
        self._began: tuple[float, float, int] | None = None  # seconds, CPU seconds, arrivals
        self._recording: Recording | None = None
        self._elapsed_s = 0.0

    def watch(self, elapsed_s: float, recording: Recording) -> bool:
        """See `load.generator.Watch`."""
        self._recording, self._elapsed_s = recording, elapsed_s
        if self._began is None and elapsed_s >= self._warm_up_s:
            self._began = elapsed_s, cpu_seconds(self._pid), _arrived(recording)
        return False

    def stop(self, total_s: float) -> tuple[float, float]:
        """CPU seconds of a request, and CPUs in use; nan where the load was too short for it."""
        if self._began is None or self._recording is None:
            return float("nan"), float("nan")
        began_s, cpu_s, arrived = self._began
        used_s = cpu_seconds(self._pid) - cpu_s
        count = _arrived(self._recording) - arrived
        took_s = max(total_s, self._elapsed_s) - began_s
        return (used_s / count if count else float("nan")), used_s / took_s if took_s else 0.0


async def measure(
    application: Application, topology: str, scenario: Scenario, number: int
) -> Round:
    """Start it, send the load of round `number`, stop it.

    All topologies get the same requests in a round. Raises DidNotStart, Interrupted and what a
    Generator does.
    """
    async with started(application, topology, scenario.compare.environment) as running:
        aimed = aim(scenario, running, number * _SEEDS_APART)
        meter = _Meter(running, aimed.arrivals.warm_up_s)
        measured = await Generator(aimed, meter.watch).run()
        per_request_s, cpus = meter.stop(aimed.arrivals.total_s)
        if measured.interrupted:
            raise Interrupted
        used = usage(running, await running.status())
        report = make_report(aimed, measured)
        await running.stop()
        shape = shape_of(running.evidence)
    return Round(topology, running.ready_s, report, per_request_s, cpus, used, shape)


def aim(scenario: Scenario, running: Running, more_seed: int = 0) -> Scenario:
    """The scenario against a run."""
    seed = scenario.arrivals.seed + more_seed
    return override(scenario, Overrides(url=running.url, seed=seed))


def _arrived(recording: Recording) -> int:
    return sum(
        part.arrived for series in recording.series.values() for part in series.slices.values()
    )
