"""The highest rate that meets the SLO: doubled until it misses, then halved in between.

    start → double while met (halve while missed) → bisect → confirm the highest met

Each step is a run of its own with its own warm-up. A step whose figures are too close to the limit
to be sure is repeated, and the majority of three counts. The highest rate met is run once more at
the end: when it misses, it is an upper bound and the search goes on below it. A rate at which the
generator was the bottleneck says nothing of the target, so the search ends there and says so.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

import msgspec

from amoeba.load.arrivals import expected_count
from amoeba.load.generator import Generator, Watch
from amoeba.load.judging import allowed_share, first_over
from amoeba.load.recording import Recording
from amoeba.load.report import Report, make_report
from amoeba.load.scenario import MOST_ARRIVALS, Arrivals, Limit, Scenario

LOWEST_PER_S = 0.1
_MOST_TRIES = 3


class Step(msgspec.Struct, frozen=True):
    """One run at one rate. `sure`: no figure is so close to its limit that chance decides."""

    rate_per_s: float
    verdict: str
    sure: bool
    report: Report


class Found(msgspec.Struct):
    """What a search found: the SLO is met at `met_per_s` and missed at `missed_per_s`.

    Null: it was never met, or never missed. `limited_by` says why the search ended before the
    bracket was as narrow as wanted; `by_generator`, that this was not the target's doing.
    """

    met_per_s: float | None = None
    missed_per_s: float | None = None
    limited_by: str = ""
    by_generator: bool = False
    interrupted: bool = False
    steps: list[Step] = []
    best: Report | None = None


Run = Callable[[float], Awaitable[Report]]
Tell = Callable[[Step], None]


class _Ended(Exception):  # noqa: N818 - no error: the search has its reason to end
    pass


async def find_rate(scenario: Scenario, tell: Tell, run: Run) -> Found:
    """Search from the scenario's rate on; `run` makes one step at a rate, see `Steps`."""
    search = _Search(scenario, tell, run)
    try:
        await search.bracket()
        await search.narrow()
    except _Ended:
        pass
    return search.found


class Steps:
    """Runs the steps of a search: short, at a steady rate, cut short once they must miss."""

    def __init__(self, scenario: Scenario, watch: Watch | None = None) -> None:
        self._scenario, self._watch, self._number = scenario, watch, 0

    async def run(self, rate_per_s: float) -> Report:
        """One step."""
        scenario = at_rate(self._scenario, rate_per_s, self._number)
        self._number += 1
        expected = scenario.arrivals.rate_per_s * scenario.arrivals.duration_s

        def watch(elapsed_s: float, recording: Recording) -> bool:
            if self._watch is not None:
                self._watch(elapsed_s, recording)
            return must_miss(scenario.slo, recording, expected)

        return make_report(scenario, await Generator(scenario, watch).run())


class _Search:
    def __init__(self, scenario: Scenario, tell: Tell, run: Run) -> None:
        self._scenario, self._tell, self._run = scenario, tell, run
        self._limits = scenario.search
        self.found = Found()

    async def bracket(self) -> None:
        """One rate that meets and one that misses."""
        rate = min(self._scenario.arrivals.rate_per_s, self._limits.highest_per_s)
        met = await self._meets(rate)
        while self.found.met_per_s is None or self.found.missed_per_s is None:
            rate = min(rate * 2, self._limits.highest_per_s) if met else rate / 2
            if rate < LOWEST_PER_S:
                self._end(f"the SLO is missed even at {rate * 2:.3g}/s")
            if rate == self.found.met_per_s:
                self._end(f"the highest rate that is tried is {rate:g}/s")
            met = await self._meets(rate)

    async def narrow(self) -> None:
        """Halve the bracket until it is as narrow as wanted, and its lower end is confirmed."""
        confirmed = None
        while True:
            low, high = self._bounds()
            if high / low - 1 > self._limits.precision:
                await self._meets((low + high) / 2)
            elif confirmed == low:
                return
            else:
                confirmed = low
                if not await self._meets(low):
                    await self._step_down(low)

    async def _step_down(self, rate: float) -> None:
        """The highest rate met did not meet again: look for one below it that does."""
        down = 1 + self._limits.precision
        while not await self._meets(rate / down):
            rate, down = rate / down, down * down
            if rate < LOWEST_PER_S:
                self._end(f"the SLO is missed even at {rate:.3g}/s")

    def _bounds(self) -> tuple[float, float]:
        low, high = self.found.met_per_s, self.found.missed_per_s
        if low is None or high is None:
            raise _Ended
        return low, high

    async def _meets(self, rate: float) -> bool:
        """Whether the SLO is met at a rate, by one sure step or by most of three."""
        verdicts: list[bool] = []
        while len(verdicts) < _MOST_TRIES:
            step = await self._step(rate)
            verdicts.append(step.verdict == "met")
            if step.sure or max(verdicts.count(True), verdicts.count(False)) > _MOST_TRIES // 2:
                break
        met = verdicts[-1] if step.sure else verdicts.count(True) * 2 > len(verdicts)
        self._note(rate, step.report, met=met)
        return met

    async def _step(self, rate: float) -> Step:
        if len(self.found.steps) >= self._limits.most_steps:
            self._end(f"{self._limits.most_steps} steps were made")
        report = await self._run(rate)
        missed = [check for check in report.checks if not check.met]
        sure = any(check.sure for check in missed) or all(check.sure for check in report.checks)
        step = Step(rate, report.verdict, sure, report)
        self.found.steps.append(step)
        self._tell(step)
        if report.interrupted:
            self.found.interrupted = True
            self._end("it was interrupted")
        if report.generator.bottleneck and report.verdict == "missed":
            self.found.by_generator = True
            why = report.generator.bottleneck
            self._end(f"the generator was the bottleneck at {rate:.4g}/s: {why}")
        return step

    def _note(self, rate: float, report: Report, *, met: bool) -> None:
        found = self.found
        if met:
            found.met_per_s = max(rate, found.met_per_s or 0.0)
            if rate == found.met_per_s and report.verdict == "met":
                found.best = report
            return
        found.missed_per_s = min(rate, found.missed_per_s or math.inf)
        if found.met_per_s is not None and rate <= found.met_per_s:
            found.met_per_s = found.best = None

    def _end(self, why: str) -> None:
        self.found.limited_by = why
        raise _Ended


def at_rate(scenario: Scenario, rate_per_s: float, number: int) -> Scenario:
    """One step of a search as a scenario: a steady rate, and a seed of its own."""
    search, arrivals = scenario.search, scenario.arrivals
    step: Arrivals = msgspec.structs.replace(
        arrivals,
        rate_per_s=rate_per_s,
        ramp=(),
        duration_s=search.step_s,
        warm_up_s=search.warm_up_s,
        seed=arrivals.seed + number,
    )
    if (count := expected_count(step)) > MOST_ARRIVALS:
        shorter = step.duration_s * MOST_ARRIVALS / count
        step = msgspec.structs.replace(step, duration_s=shorter)
    return msgspec.structs.replace(scenario, arrivals=step)


def must_miss(slo: tuple[Limit, ...], recording: Recording, expected: float) -> bool:
    """Whether a limit on all requests cannot be met any more, were all that follows perfect.

    Half as much again as may miss must have, for the number of arrivals is a matter of chance.
    """
    return any(
        _over(limit, recording) > 1.5 * allowed_share(limit) * expected + 3
        for limit in slo
        if not limit.request
    )


def _over(limit: Limit, recording: Recording) -> int:
    first = first_over(limit)
    return sum(
        sum(part.failures.values())
        + sum(count for bucket, count in part.latency.items() if bucket >= first)
        for series in recording.series.values()
        for part in series.slices.values()
    )
