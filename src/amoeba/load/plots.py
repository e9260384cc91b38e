"""Plots of a run as SVG, to stand within a page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

    from amoeba.load.report import Report

_WIDTH, _HEIGHT = 10.4, 3.3
_BLUE, _ORANGE, _RED, _GREY = "#2458a6", "#c97a00", "#a32020", "#8a93a3"
_STYLE: Any = {
    "svg.fonttype": "none",
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _GREY,
    "axes.grid": True,
    "grid.color": "#e6e9ef",
    "legend.frameon": False,
}


def latency_over_time(report: Report) -> str:
    """Quantiles per slice of time, and where requests failed."""
    moments = report.series
    at_s = [each.at_s for each in moments]

    def draw(axes: Axes) -> None:
        for name, colour, values in (
            ("p99", _RED, [each.p99_ms for each in moments]),
            ("p95", _ORANGE, [each.p95_ms for each in moments]),
            ("p50", _BLUE, [each.p50_ms for each in moments]),
        ):
            axes.plot(at_s, _gaps(values), color=colour, label=name, **_marked(values))
        late = [each.sent_late_p99_ms for each in moments]
        axes.plot(at_s, _gaps(late), color=_GREY, ls=":", label="sent late, p99 (generator)")
        for check in report.checks:
            if not check.request and check.figure.endswith("_ms"):
                name = check.figure.removesuffix("_ms")
                colour = {"p50": _BLUE, "p95": _ORANGE}.get(name, _RED)
                axes.axhline(check.at_most, color=colour, lw=1, ls="--", label=f"limit of {name}")
        axes.set(ylabel="latency (ms)", xlabel="arrival (s)")
        if any(each.p50_ms for each in moments):
            axes.set_yscale("log")
            _plain_numbers(axes.yaxis)

    return _svg(draw, "latency")


def throughput(report: Report) -> str:
    """Requests that were to come, answers that came, and failures."""
    moments = report.series
    at_s = [each.at_s for each in moments]

    def draw(axes: Axes) -> None:
        for name, colour, style, values in (
            ("intended", _GREY, "--", [each.intended_per_s for each in moments]),
            ("achieved", _BLUE, "-", [each.achieved_per_s for each in moments]),
            ("failed", _RED, "-", [each.failed_per_s for each in moments]),
        ):
            ends = (*at_s, report.duration_s), (*values, *values[-1:])
            axes.step(*ends, where="post", color=colour, ls=style, label=name)
        axes.set(ylabel="requests per second", xlabel="time (s)")
        axes.set_ylim(bottom=0)

    return _svg(draw, "throughput")


def distribution(report: Report) -> str:
    """The share of requests slower than a latency; failures are slower than all."""
    curve = list(_slower(report))

    def draw(axes: Axes) -> None:
        axes.set(xlabel="latency (ms)", ylabel="share that is slower")
        if not curve:
            axes.text(0.5, 0.5, "no answers", ha="center", transform=axes.transAxes)
            return
        latencies, shares = zip(*curve, strict=True)
        axes.step(latencies, shares, where="post", color=_BLUE)
        axes.set(xscale="log", yscale="log", ylim=(min(shares) / 1.5, 1.2))
        # So wide that some number stands on the axis, however equal the latencies are.
        axes.set_xlim(latencies[0] / 1.6, latencies[-1] * 1.6)
        _plain_numbers(axes.xaxis)
        axes.yaxis.set_major_formatter(lambda share, _: f"{share:.6g}" if share <= 1 else "")
        for name, share in (("p50", 0.5), ("p90", 0.1), ("p99", 0.01), ("p99.9", 0.001)):
            if share >= min(shares):
                axes.axhline(share, color=_GREY, lw=0.8, ls=":")
                axes.annotate(name, (1, share), xycoords=("axes fraction", "data"), color=_GREY)

    return _svg(draw, "distribution", legend=False)


def _slower(report: Report) -> Iterator[tuple[float, float]]:
    """Each latency and the share that is slower, but for the slowest: none is, and 0 has no log."""
    total = sum(count for _, count in report.distribution) + report.overall.failed
    passed, share = 0, 1.0
    for latency_ms, count in report.distribution:
        if not passed:
            yield latency_ms, 1.0
        passed += count
        if passed == total:
            yield latency_ms, share
            return
        share = 1 - passed / total
        yield latency_ms, share


def _svg(draw: Any, name: str, *, legend: bool = True) -> str:
    """The drawing as an `<svg>` element; `name` keeps its identifiers apart from others'."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE | {"svg.hashsalt": name}):
        figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
        axes = figure.subplots()
        draw(axes)
        if legend and axes.get_legend_handles_labels()[0]:
            axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
        return _text(figure, name)


def _text(figure: Figure, name: str) -> str:
    file = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(file, format="svg", metadata=nothing)
    text = re.sub(r"^.*?(?=<svg )", "", file.getvalue(), count=1, flags=re.S)
    return re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{name}-", text)


def _gaps(values: Sequence[float | None]) -> list[float]:
    """What is not known is a gap in the line."""
    return [float("nan") if value is None else value for value in values]


def _marked(values: Sequence[float | None]) -> dict[str, Any]:
    """A point shows where a line would not."""
    return {"marker": ".", "markersize": 4} if len(values) < 60 else {}


def _plain_numbers(axis: Axis) -> None:
    """A logarithmic axis with 1, 2, 5, 10 and so on, written out."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
