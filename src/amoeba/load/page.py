"""The page of a run: one HTML file with its plots in it, which needs nothing else to be read."""

from __future__ import annotations

import html
from collections.abc import Iterable
from importlib.resources import files
from typing import TYPE_CHECKING

from amoeba.load import words

if TYPE_CHECKING:
    from pathlib import Path

    from amoeba.load.health import Delay
    from amoeba.load.judging import Check
    from amoeba.load.report import Report
    from amoeba.load.scenario import Scenario
    from amoeba.load.search import Found


def write_page(path: Path, scenario: Scenario, report: Report, found: Found | None = None) -> None:
    """Write the page. Raises OSError when it cannot be written."""
    path.write_text(render_page(scenario, report, found), encoding="utf-8")


def render_page(scenario: Scenario, report: Report, found: Found | None = None) -> str:
    """The page as text."""
    from amoeba.load.plots import distribution, latency_over_time, throughput

    parts = [
        _head(report, found),
        _search(found) if found else "",
        _checks(report.checks),
        "<h2>Latency over time</h2>" + latency_over_time(report),
        "<h2>Throughput</h2>" + throughput(report),
        "<h2>Distribution of latencies</h2>" + distribution(report),
        _requests(report),
        _generator(report),
        f"<h2>Scenario</h2><pre>{html.escape(scenario.text)}</pre>",
    ]
    style = files("amoeba.load").joinpath("page.css").read_text(encoding="utf-8")
    title = html.escape(f"Load: {report.scenario}")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{style}</style></head>'
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _head(report: Report, found: Found | None) -> str:
    overall = report.overall
    facts = [
        ("intended", f"{overall.intended_per_s:.4g}/s"),
        ("achieved", f"{overall.achieved_per_s:.4g}/s"),
        ("failed", f"{overall.error_rate:.2%}"),
        ("p50", words.milliseconds(overall.latency["p50"].value)),
        ("p99", words.milliseconds(overall.latency["p99"].value)),
    ]
    cards = "".join(f"<div><b>{html.escape(v)}</b><span>{k}</span></div>" for k, v in facts)
    about = (
        f"{report.url} · {report.kind} arrivals · {report.duration_s:.4g} s after "
        f"{report.warm_up_s:g} s of warm-up · seed {report.seed} · {report.began_at}"
    )
    kept = {"met": "SLO met", "missed": "SLO missed", "none": "no SLO"}[report.verdict]
    title = words.bracket(found) if found else kept
    notes = [*words.warnings(report), *([found.limited_by] if found and found.limited_by else [])]
    return (
        f"<h1>Load <small>{html.escape(report.scenario)}</small></h1><p>{html.escape(about)}</p>"
        f'<p class="verdict {report.verdict}">{html.escape(title)}</p>'
        + "".join(f'<p class="warning">{html.escape(each)}</p>' for each in notes)
        + f'<div class="cards">{cards}</div>'
    )


def _search(found: Found) -> str:
    rows = [
        (
            f"{step.rate_per_s:.4g}/s",
            words.step_verdict(step),
            words.milliseconds(step.report.overall.latency["p50"].value),
            words.milliseconds(step.report.overall.latency["p99"].value),
            f"{step.report.overall.error_rate:.2%}",
            step.report.generator.bottleneck or "-",
        )
        for step in found.steps
    ]
    table = _table(("rate", "SLO", "p50", "p99", "failed", "generator"), rows)
    note = "<p>Everything below is of the highest rate that met the SLO.</p>" if found.best else ""
    return f"<h2>Search</h2>{table}{note}"


def _checks(checks: list[Check]) -> str:
    if not checks:
        return ""
    rows = [
        (words.promise(each), words.measured(each), words.verdict(met=each.met, sure=each.sure))
        for each in checks
    ]
    return "<h2>SLO</h2>" + _table(("promise", "measured", ""), rows)


def _requests(report: Report) -> str:
    names = ("request", "arrived", "failed", "achieved", *words.QUANTILE_NAMES.values(), "max")
    rows = [
        (
            each.name or "all",
            f"{each.arrived:,}",
            f"{each.failed:,}",
            f"{each.achieved_per_s:.4g}/s",
            *(words.with_interval(each, key) for key in words.QUANTILE_NAMES),
            "-" if each.max_ms is None else words.milliseconds(each.max_ms),
        )
        for each in report.rows
    ]
    failures = [(r.name, kind, f"{n:,}") for r in report.requests for kind, n in r.failures.items()]
    return (
        "<h2>Requests</h2><p>Milliseconds from the arrival to the end of the answer; in "
        "brackets the 95 % interval. A failure counts as slower than any answer.</p>"
        + _table(names, rows)
        + (_table(("request", "failure", "how often"), failures) if failures else "")
    )


def _generator(report: Report) -> str:
    health = report.generator
    rows = [
        ("sent after the arrival", *_delays(health.sent_late)),
        ("event loop woke up late", *_delays(health.loop_lag)),
    ]
    verdict = health.bottleneck or "it was not the bottleneck"
    return (
        f"<h2>Generator</h2><p>{html.escape(verdict)}</p>"
        f"{_table(('how late', 'p50', 'p99', 'max'), rows)}"
        f"<p>It used {health.cpu_share:.0%} of one CPU; all CPUs of its machine together were "
        f"{health.machine_cpu_share:.0%} busy.</p>"
    )


def _delays(delay: Delay) -> tuple[str, str, str]:
    p50, p99, most = map(words.milliseconds, (delay.p50_ms, delay.p99_ms, delay.max_ms))
    return p50, p99, most


def _table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
