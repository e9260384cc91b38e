"""The rows of what users feel: latency, the highest rate, what a crash and an update cost them."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

from amoeba.advisor.comparing.model import Cell, Group, Row
from amoeba.advisor.comparing.probes import limit_of
from amoeba.advisor.comparing.rows import Line
from amoeba.load.words import QUANTILE_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from amoeba.advisor.comparing.measured import Measured
    from amoeba.advisor.comparing.measuring import Round
    from amoeba.advisor.comparing.model import Standing
    from amoeba.advisor.comparing.probes import Probe
    from amoeba.load import Figures

_APART = 1.25
_QUANTILES = ("p50", "p95", "p99")


_AWAY = "not back within a minute"


def latency(measured: Measured) -> Group:
    """Quantiles of all requests, and of each kind; failures."""
    names = [each.name for each in measured.scenario.requests]
    kinds: list[tuple[str, Callable[[Round], Figures]]] = [("all requests", _overall)]
    if len(names) > 1:
        kinds += [(name, _of_kind(name)) for name in names]
    rows = [
        Line(
            f"{shown}: {QUANTILE_NAMES[quantile]}",
            "ms",
            "less",
            "from the intended arrival to the end of the answer, open loop; one value per round",
        ).measured(
            _each_round(measured, lambda r, f=figures, q=quantile: _quantile(f(r), q)),  # type: ignore[misc]  # bound early
            why_not="among failures",
        )
        for shown, figures in kinds
        for quantile in _QUANTILES
    ]
    failed = Line("failed requests", "share", "less", "requests without an answer as expected")
    rows.append(failed.measured(_each_round(measured, lambda r: r.report.overall.error_rate)))
    return Group("Latency", rows)


def highest_rate(measured: Measured) -> Group | None:
    """The highest rate within the SLO; None when it was not looked for."""
    if not measured.found:
        return None
    cells = {}
    met = {name: found.met_per_s for name, found in measured.found.items()}
    for name, found in measured.found.items():
        low, high = found.met_per_s, found.missed_per_s
        if low is None:
            cells[name] = Cell(None, text=found.limited_by or "the SLO was met at no rate")
        else:
            text = found.limited_by if found.by_generator or high is None else ""
            cells[name] = Cell(low, low, high, _rate_standing(measured, name, met), text)
    how = (
        "one search each: the highest rate that met the SLO, up to the lowest that missed it; "
        "told apart only where that bracket lies a fourth or more below the best rate"
    )
    return Group("Highest rate within the SLO", [Row("rate", "1/s", "more", how, cells)])


def _rate_standing(measured: Measured, name: str, met: dict[str, float | None]) -> Standing:
    """One search tells nothing of noise, so only what lies far below the best is worse."""
    known = {each: rate for each, rate in met.items() if rate is not None}
    if len(known) == 1:
        return "only"
    best = max(known, key=lambda each: known[each])

    def beaten(other: str) -> bool:
        missed = measured.found[other].missed_per_s
        return missed is not None and missed * _APART <= known[best]

    if name != best:
        return "worse" if beaten(name) else "same"
    return "best" if all(beaten(other) for other in known if other != best) else "same"


def updating(measured: Measured, module: str) -> Group | None:
    """What an update of the busiest module takes and costs; None without probes."""
    if not measured.probes or not module:
        return None
    limit = limit_of(measured.scenario)
    restarted = {n: float(_parts(measured, n, module)) for n in measured.names}
    rows = [
        Line(
            f"modules that restart with {module}",
            "",
            "less",
            "the other modules, and the gateway, of its process",
        ).counted(restarted, lambda name: _others(measured, name, module)),
        Line(
            "until it serves again",
            "s",
            "less",
            "`amoeba restart` under load, replica after replica, until the last is ready",
        ).measured(_probed(measured, module, "restart", _took), why_not=_AWAY),
        Line(
            "requests that failed meanwhile",
            "share",
            "less",
            "of those in flight when the restart began, and those that arrived until all was ready",
        ).measured(_probed(measured, module, "restart", lambda p: p.share)),
        Line(
            f"requests that failed or took over {limit:g} ms",
            "share",
            "less",
            "the same, with those that were answered later than the highest limit of the SLO; a "
            "second where there is none",
        ).measured(_probed(measured, module, "restart", lambda p: p.harmed)),
        Line(
            "longest answer",
            "ms",
            "less",
            "the slowest answer of the load around the restart: those who waited for it",
        ).measured(_probed(measured, module, "restart", lambda p: p.longest_ms)),
    ]
    return Group(f"Updating a model: {measured.titled}", rows)


def blast_radius(measured: Measured) -> Group | None:
    """What a crash of each module costs; None without probes."""
    if not measured.probes:
        return None
    limit = limit_of(measured.scenario)
    parts = measured.application.parts
    together = {
        name: statistics.fmean(_parts(measured, name, part) + 1 for part in parts)
        for name in measured.names
    }
    rows = [
        Line(
            "requests that fail when a module crashes, mean",
            "share",
            "less",
            "one replica of each module's process killed with SIGKILL under load; of the requests "
            "in flight then, or arriving until all was ready again; mean over the modules and the "
            "gateway. GETs may be sent twice by the client, as browsers do",
        ).measured(_over_parts(measured, "kill", lambda p: p.share, statistics.fmean)),
        Line("requests that fail, worst module", "share", "less", "the largest of them").measured(
            _over_parts(measured, "kill", lambda p: p.share, max),
            lambda name: _worst(measured, name),
        ),
        Line(
            f"requests that fail or take over {limit:g} ms, mean",
            "share",
            "less",
            "the same, with those that were answered later than the highest limit of the SLO; a "
            "second where there is none",
        ).measured(_over_parts(measured, "kill", lambda p: p.harmed, statistics.fmean)),
        Line(
            "modules that die together, mean",
            "",
            "less",
            "how many modules, and the gateway, share the process of the one that crashes",
        ).counted(together),
        Line(
            "until all is ready again, mean",
            "s",
            "less",
            "from the kill until the supervisor has its replica ready again",
        ).measured(_over_parts(measured, "kill", _took, statistics.fmean), why_not=_AWAY),
        Line(
            "longest answer, worst module",
            "ms",
            "less",
            "the slowest answer of the load around a kill",
        ).measured(_over_parts(measured, "kill", lambda p: p.longest_ms, max)),
    ]
    return Group("Blast radius of a crash", rows)


def per_module(measured: Measured, name: str) -> tuple[dict[str, float], dict[str, float]]:
    """For each module, the share of requests that failed when it crashed, and for how long.

    What was not ready again in time has no time.
    """
    share, took = {}, {}
    for part in measured.application.parts:
        probes = measured.of_module(name, part, "kill")
        if probes:
            known = [p.share for p in probes if not math.isnan(p.share)]
            share[part] = statistics.fmean(known or [0.0])
        if probes and all(p.took_s is not None for p in probes):
            took[part] = statistics.fmean(map(_took, probes))
    return share, took


def _overall(each: Round) -> Figures:
    return each.report.overall


def _of_kind(name: str) -> Callable[[Round], Figures]:
    return lambda each: next(found for found in each.report.requests if found.name == name)


def _quantile(figures: Figures, name: str) -> float:
    value = figures.latency[name].value
    return math.nan if value is None else value


def _each_round(measured: Measured, figure: Callable[[Round], float]) -> dict[str, list[float]]:
    return {name: [figure(each) for each in rounds] for name, rounds in measured.rounds.items()}


def _probed(
    measured: Measured, module: str, kind: str, figure: Callable[[Probe], float]
) -> dict[str, list[float]]:
    return {
        name: [figure(probe) for probe in measured.of_module(name, module, kind)]
        for name in measured.names
    }


def _over_parts(
    measured: Measured,
    kind: str,
    figure: Callable[[Probe], float],
    over: Callable[[Iterable[float]], float],
) -> dict[str, list[float]]:
    """For each round, one figure from those of all modules and the gateway."""
    found: dict[str, list[float]] = {}
    for name in measured.names:
        by_part = [measured.of_module(name, part, kind) for part in measured.application.parts]
        rounds = zip(*by_part, strict=True)
        found[name] = [over([figure(probe) for probe in probes]) for probes in rounds]
    return found


def _took(probe: Probe) -> float:
    return math.nan if probe.took_s is None else probe.took_s


def _parts(measured: Measured, name: str, module: str) -> int:
    """How many others share a module's process."""
    return len(measured.process_of(name, module).modules) - 1


def _others(measured: Measured, name: str, module: str) -> str:
    return ", ".join(each for each in measured.process_of(name, module).modules if each != module)


def _worst(measured: Measured, name: str) -> str:
    share, _ = per_module(measured, name)
    worst = max(share, key=lambda part: share[part], default="")
    return worst if share.get(worst) else ""
