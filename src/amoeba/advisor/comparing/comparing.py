"""The whole comparison: rounds in turn, probes, searches, and what is made of them."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import psutil

from amoeba._version import __version__
from amoeba.advisor.comparing import answering, keeping
from amoeba.advisor.comparing.changing import changing
from amoeba.advisor.comparing.measured import Measured
from amoeba.advisor.comparing.measuring import Interrupted, Round, aim, measure
from amoeba.advisor.comparing.model import Comparison, Machine, ProcessShape, Side
from amoeba.advisor.comparing.probes import Probe, probe
from amoeba.advisor.comparing.starting import PLACE, started
from amoeba.advisor.history import module_paths, read_history
from amoeba.errors import AmoebaError, ConfigurationError, Problem, did_you_mean
from amoeba.load import Found, Scenario, Step, Steps, find_rate, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amoeba.advisor.comparing.model import Group
    from amoeba.advisor.history import History
    from amoeba.app import Application

    Tell = Callable[[str], None]


_CREDENTIAL = re.compile(
    r"""((?i:authorization|cookie|[\w-]*(?:api-?key|token|secret|password))["']?\s*=\s*)"[^"\n]*\""""
)


class Wanted(msgspec.Struct, frozen=True):
    """What to compare, and what to leave out. `module`: to scale and update; else the busiest."""

    topologies: tuple[str, ...]
    rounds: int
    probes: bool = True
    search: bool = True
    module: str = ""


async def compare(
    application: Application, scenario: Scenario, wanted: Wanted, tell: Tell
) -> Comparison:
    """Measure and compare. `tell` is told what is being done.

    Raises ConfigurationError before anything is started; DidNotStart, Interrupted, MissingExtra or
    Unreachable later.
    """
    _check(application, wanted)
    began, began_s = datetime.now(UTC), time.monotonic()
    work = _Work(application, scenario, wanted, tell)
    try:
        await work.rounds()
        await work.searches()
    except (AmoebaError, Interrupted) as error:
        if not work.whole:
            raise
        why = "interrupted" if isinstance(error, Interrupted) else str(error).partition("\n")[0]
        work.warnings.append(f"{why}: this is what was measured until then")
    history = await asyncio.to_thread(read_history, application.root, module_paths(application))
    measured = work.measured(history)
    return summarised(measured, began, time.monotonic() - began_s, work.warnings)


class _Work:
    """What is being measured. `whole`: every topology has been, at least once."""

    def __init__(
        self, application: Application, scenario: Scenario, wanted: Wanted, tell: Tell
    ) -> None:
        self._application, self._scenario = application, scenario
        self._wanted, self._tell = wanted, tell
        self._rounds: dict[str, list[Round]] = {name: [] for name in wanted.topologies}
        self._probes: dict[str, list[list[Probe]]] = {name: [] for name in wanted.topologies}
        self._found: dict[str, Found] = {}
        self.warnings: list[str] = []

    @property
    def whole(self) -> bool:
        return all(self._rounds.values())

    async def rounds(self) -> None:
        """Each topology in its turn, as often as wanted."""
        wanted = self._wanted
        for number in range(wanted.rounds):
            for name in turned(wanted.topologies, number):
                self._tell(f"round {number + 1} of {wanted.rounds}: {name}: load")
                each = await measure(self._application, name, self._scenario, number)
                self._rounds[name].append(each)
                if wanted.probes:
                    self._probes[name].append(
                        await probe(self._application, name, self._scenario, number, self._tell)
                    )

    async def searches(self) -> None:
        """The highest rate of each."""
        if self._wanted.search and self._scenario.slo:
            for name in self._wanted.topologies:
                self._found[name] = await _search(
                    self._application, name, self._scenario, self._tell
                )

    def measured(self, history: History) -> Measured:
        """All of it."""
        return Measured(
            self._application,
            self._scenario,
            self._rounds,
            self._probes if all(self._probes.values()) else {},
            self._found if len(self._found) == len(self._rounds) else {},
            self._wanted.module,
            history,
        )


def turned(names: Sequence[str], number: int) -> list[str]:
    """The order in a round: each name is first in its turn, so none has the warmest machine."""
    start = number % len(names)
    return [*names[start:], *names[:start]]


def summarised(
    measured: Measured, began: datetime, took_s: float, warnings: Sequence[str] = ()
) -> Comparison:
    """What was measured as a comparison."""
    return Comparison(
        application=measured.application.name,
        scenario=Path(measured.scenario.file).name,
        scenario_text=shown(measured.scenario),
        began_at=began.isoformat(timespec="seconds"),
        took_s=took_s,
        rounds=max(map(len, measured.rounds.values())),
        machine=this_machine(),
        pricing=measured.application.prices,
        limits=_limits(measured),
        sides=[_side(measured, name) for name in measured.names],
        groups=_groups(measured),
        warnings=[*warnings, *_warnings(measured)],
    )


def shown(scenario: Scenario) -> str:
    """The scenario's text for a report, without values of the environment, which may be secret."""
    text = _CREDENTIAL.sub(r'\1"…"', scenario.text)
    for value in scenario.compare.environment.values():
        if value and PLACE not in value:
            text = text.replace(value, "…")
    return text


def this_machine() -> Machine:
    """Where this runs."""
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        processor=_processor(),
        cpus=len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        memory_bytes=int(psutil.virtual_memory().total),
        python=platform.python_version(),
        amoeba=__version__,
    )


def _check(application: Application, wanted: Wanted) -> None:
    problems: list[Problem] = []
    for name in wanted.topologies:
        try:
            application.topology(name)
        except ConfigurationError as error:
            problems += error.problems
    if len(set(wanted.topologies)) < len(wanted.topologies):
        problems.append(Problem("a topology is named twice", "TOPOLOGY", "each once"))
    if len(wanted.topologies) < 2:
        others = ", ".join(sorted(set(application.topologies) - set(wanted.topologies)))
        hint = f"there are also: {others}" if others else "add [topologies.NAME] to amoeba.toml"
        problems.append(
            Problem("there is nothing to compare with", "TOPOLOGY", "two or more", hint)
        )
    if wanted.module and wanted.module not in application.modules:
        hint = did_you_mean(wanted.module, application.modules)
        problems.append(Problem(f"unknown module {wanted.module!r}", "--module", hint=hint))
    if not application.gateway:
        what = "the application has no gateway, so there is nowhere to send requests"
        problems.append(Problem(what, "app.gateway", 'gateway = "package.module:app"'))
    if problems:
        raise ConfigurationError(problems)


async def _search(application: Application, topology: str, scenario: Scenario, tell: Tell) -> Found:
    tell(f"{topology}: the highest rate within the SLO")

    def say(step: Step) -> None:
        tell(f"{topology}: {step.rate_per_s:.4g}/s: {words.step_verdict(step)}")

    async with started(application, topology, scenario.compare.environment) as running:
        aimed = aim(scenario, running)
        found = await find_rate(aimed, say, Steps(aimed).run)
    if found.interrupted:
        raise Interrupted
    return found


def _groups(measured: Measured) -> list[Group]:
    module = measured.module
    groups = [
        keeping.deployment(measured),
        keeping.development(measured),
        changing(measured, measured.history) if measured.history else None,
        keeping.scaling(measured, module),
        answering.updating(measured, module),
        answering.latency(measured),
        answering.highest_rate(measured),
        keeping.debugging(measured),
        keeping.technology(measured),
        keeping.operations(measured),
        answering.blast_radius(measured),
        keeping.resources(measured),
    ]
    return [group for group in groups if group is not None]


def _side(measured: Measured, name: str) -> Side:
    latency: defaultdict[float, int] = defaultdict(int)
    for each in measured.rounds[name]:
        for value_ms, count in each.report.distribution:
            latency[value_ms] += count
    found = measured.found.get(name)
    share, took = answering.per_module(measured, name)
    return Side(
        name=name,
        processes=[
            ProcessShape(each.name, each.modules, each.replicas)
            for each in measured.topology(name).processes
        ],
        distribution=sorted(latency.items()),
        failed=sum(each.report.overall.failed for each in measured.rounds[name]),
        tried=sorted(map(_tried, found.steps), key=lambda each: each[0]) if found else [],
        blast=share,
        recovery_s=took,
    )


def _tried(step: Step) -> tuple[float, bool, float | None, float | None]:
    latency = step.report.overall.latency
    return step.rate_per_s, step.verdict == "met", latency["p50"].value, latency["p99"].value


def _limits(measured: Measured) -> list[str]:
    reports = next(iter(measured.rounds.values()))
    return [words.promise(check) for check in reports[0].report.checks]


def _warnings(measured: Measured) -> list[str]:
    """What makes the figures less than they seem."""
    found = [
        "the load came from the same machine and shared its CPUs with the application: absolute "
        "figures are those of a smaller machine"
    ]
    for name, rounds in measured.rounds.items():
        bottlenecks = [each.report.generator.bottleneck for each in rounds]
        if any(bottlenecks):
            count = sum(map(bool, bottlenecks))
            why = next(filter(None, bottlenecks))
            found.append(
                f"{name}: the generator was the bottleneck in {count} of {len(rounds)} rounds: "
                f"{why}"
            )
        if (share := max(each.report.overall.error_rate for each in rounds)) > 0:
            found.append(f"{name}: up to {share:.2%} of the requests of a round failed")
    if max(map(len, measured.rounds.values())) < 2:
        found.append("one round only: what is noise cannot be told from what is a difference")
    if measured.scenario.slo and not measured.found:
        found.append("the highest rate was not looked for")
    if not measured.module and measured.application.modules:
        found.append("nothing was measured within modules, so none is known to be the busiest")
    if measured.history and not measured.history.of_modules:
        why = measured.history.missing or "no commit touches a module"
        found.append(f"git says nothing of how the modules change: {why}")
    if not measured.scenario.slo:
        found.append("the scenario has no [slo], so no highest rate was looked for")
    return found


def _processor() -> str:
    """The CPU's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
