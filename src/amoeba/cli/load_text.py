"""A load test as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amoeba.load import words

if TYPE_CHECKING:
    from rich.table import Table

    from amoeba.load import Found, Report, Step


def render_report(report: Report) -> str:
    """A run for people: each request, what was promised, the generator."""
    from rich.console import Console

    console = Console(width=140, highlight=False, no_color=True, markup=False)
    with console.capture() as capture:
        console.print(
            f"{report.scenario} → {report.url} · {report.kind} · {report.duration_s:.4g} s · "
            f"seed {report.seed}"
        )
        console.print(_requests(report))
        for each in report.requests:
            for kind, count in each.failures.items():
                console.print(f"failed: {each.name}: {kind}: {count}")
        for check in report.checks:
            kept = words.verdict(met=check.met, sure=check.sure)
            console.print(f"SLO {words.promise(check)}: {words.measured(check)}, {kept}")
        console.print(_generator(report))
        for warning in words.warnings(report):
            console.print(warning)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def render_step(step: Step) -> str:
    """One step of a search in a line."""
    overall = step.report.overall
    limited = step.report.generator.bottleneck
    return (
        f"amoeba: {step.rate_per_s:.4g}/s: {words.step_verdict(step)} · "
        f"p50 {words.milliseconds(overall.latency['p50'].value)} · "
        f"p99 {words.milliseconds(overall.latency['p99'].value)} · "
        f"failed {overall.error_rate:.2%}{' · generator: ' + limited if limited else ''}"
    )


def render_found(found: Found) -> str:
    """A search for people: the run at the highest rate met, and the bracket."""
    text = render_report(found.best) if found.best else ""
    text += f"{words.bracket(found)}, in {len(found.steps)} steps\n"
    return text + (f"the search ended early: {found.limited_by}\n" if found.limited_by else "")


def _requests(report: Report) -> Table:
    from rich.table import Table

    names = (
        "request",
        "arrived",
        "failed",
        "/s",
        *(f"{each} ms" for each in words.QUANTILE_NAMES.values()),
    )
    table = Table(*names, box=None)
    for each in report.rows:
        quantiles = [words.with_interval(each, key) for key in words.QUANTILE_NAMES]
        rate = f"{each.achieved_per_s:.4g}"
        table.add_row(each.name or "all", str(each.arrived), str(each.failed), rate, *quantiles)
    return table


def _generator(report: Report) -> str:
    health = report.generator
    return (
        f"generator: sent late p50 {words.milliseconds(health.sent_late.p50_ms)}, "
        f"p99 {words.milliseconds(health.sent_late.p99_ms)} · "
        f"loop lag p99 {words.milliseconds(health.loop_lag.p99_ms)} · "
        f"{health.cpu_share:.0%} of one CPU · machine {health.machine_cpu_share:.0%} busy"
    )
