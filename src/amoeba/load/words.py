"""Figures in words, the same in the terminal and on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amoeba.load.figures import Figures
    from amoeba.load.judging import Check
    from amoeba.load.report import Report
    from amoeba.load.search import Found, Step

QUANTILE_NAMES = {"p50": "p50", "p90": "p90", "p95": "p95", "p99": "p99", "p999": "p99.9"}


def milliseconds(value: float | None) -> str:
    """A latency; failed, where a quantile falls among failures."""
    if value is None:
        return "failed"
    if value != value:
        return "-"
    return f"{_short(value)} ms"


def with_interval(figures: Figures, key: str) -> str:
    """A quantile in milliseconds and its 95 % interval, `?` where a bound cannot be told."""
    quantile = figures.latency[key]
    if quantile.value is None:
        return "failed" if figures.failed else "-"
    low, high = ("?" if bound is None else _short(bound) for bound in (quantile.low, quantile.high))
    return f"{_short(quantile.value)} [{low}, {high}]"


def warnings(report: Report) -> list[str]:
    """What makes the figures less than they seem."""
    found = []
    if report.generator.bottleneck:
        found.append(f"the generator was the bottleneck: {report.generator.bottleneck}")
    if report.interrupted:
        found.append("interrupted: these are the figures so far")
    if report.cut_short:
        found.append("cut short: it was clear that the SLO is missed")
    return found


def promise(check: Check) -> str:
    """What was promised, of which requests."""
    who = f"{check.request}: " if check.request else ""
    limit = f"{check.at_most:.2%}" if _is_share(check) else f"{check.at_most:g} ms"
    name = check.figure.removesuffix("_ms").replace("_", " ")
    return f"{who}{QUANTILE_NAMES.get(name, name)} at most {limit}"


def measured(check: Check) -> str:
    """What was measured of it."""
    if check.measured is not None and _is_share(check):
        return f"{check.measured:.2%}"
    return milliseconds(check.measured)


def verdict(*, met: bool, sure: bool) -> str:
    """Whether a promise was kept, and whether another run could have it otherwise."""
    return ("met" if met else "MISSED") + ("" if sure else " (close: another run may differ)")


def step_verdict(step: Step) -> str:
    """Whether the SLO was met in a step."""
    return verdict(met=step.verdict == "met", sure=step.sure)


def bracket(found: Found) -> str:
    """The result of a search."""
    met, missed = found.met_per_s, found.missed_per_s
    lower = "met at no rate" if met is None else f"met at {met:.4g}/s"
    upper = "missed at no rate" if missed is None else f"missed at {missed:.4g}/s"
    return f"SLO {lower}, {upper}"


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def _is_share(check: Check) -> bool:
    return check.figure == "error_rate"
