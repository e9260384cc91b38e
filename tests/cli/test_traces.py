"""A request as a waterfall, and many of them by module, as people see them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from amoeba.cli.modules import by_module, render_by_module
from amoeba.cli.traces import render_waterfall, spans_with_path
from amoeba.evidence.critical import critical_paths
from amoeba.evidence.records import HTTP, Span

MS = 1_000_000


def span(name: str, start: float, end: float, parent: str = "", **more: Any) -> Span:
    module, _, method = name.partition(".")
    return Span(
        "ab" * 16,
        more.pop("id", name),
        parent,
        "gateway" if parent else HTTP,
        module,
        method,
        more.pop("replica", "main.0"),
        1_700_000_000_000_000_000 + int(start * MS),
        int((end - start) * MS),
        **more,
    )


ROOT = span("gateway.POST /tickets", 0, 20, id="r", cpu_ns=2 * MS)
SPANS = [
    ROOT,
    span("classifier.classify", 2, 10, "r", cpu_ns=8 * MS),
    span("extractor.extract", 2, 6, "r", cpu_ns=MS, error="ValueError"),
    span("features.of", 10, 18, "r", id="f", side="client", argument_bytes=80),
    span("features.of", 12, 16, "f", id="g", side="server", replica="features.0", cpu_ns=MS),
]


def golden(name: str, text: str) -> None:
    assert text == (Path(__file__).parent / "golden" / f"{name}.txt").read_text()


def test_the_waterfall_marks_the_critical_path_without_colour():
    golden("waterfall", render_waterfall(critical_paths(SPANS), 118))


def test_a_narrow_waterfall_keeps_the_bars_and_names_what_it_leaves_out():
    lines = render_waterfall(critical_paths(SPANS), 80).splitlines()
    assert max(map(len, lines)) <= 80
    assert "not shown in 80 columns: process, cpu, wait, argument" in lines
    assert all("█" in lines[at] or "░" in lines[at] for at in range(2, 7))


def test_what_lost_its_caller_is_shown_and_named():
    lost = span("stray.call", 3, 5, "gone")
    lines = render_waterfall(critical_paths([*SPANS, lost]), 118).splitlines()
    at = lines.index("without its caller, whose span was lost:")
    assert lines[at + 2].startswith("stray.call ")


def test_json_has_the_time_on_the_path_by_kind():
    told = {each["span_id"]: each for each in spans_with_path(critical_paths(SPANS))}
    assert told["classifier.classify"]["path_cpu_ns"] == 8 * MS
    assert (told["f"]["path_crossing_ns"], told["f"]["path_ns"]) == (4 * MS, 4 * MS)
    assert [told[name]["parallel"] for name in ("classifier.classify", "f")] == [True, False]


def test_by_module_tells_all_and_slow_requests_apart():
    quick = [ROOT, span("classifier.classify", 2, 18, "r", cpu_ns=MS)]
    slow = [
        span("gateway.POST /tickets", 0, 100, id="r", cpu_ns=MS),
        span("features.of", 1, 91, "r", cpu_ns=10 * MS),
    ]
    other = [span("gateway.GET /", 0, 5, id="r", cpu_ns=5 * MS)]
    untraced = [span("gateway.GET /", 0, 50, id="r", wait_ns=50 * MS)]
    traces = [quick] * 8 + [slow, other, untraced]
    found = by_module([each for spans in traces for each in critical_paths(spans)])
    golden("by_module", render_by_module(found, 100))


def test_by_module_of_nothing_says_so():
    assert render_by_module(by_module([]), 80) == "no traced request is kept yet\n"
