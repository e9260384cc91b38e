"""Plots of a run as SVG, to stand within a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from amoeba.load.svg import GREY as _GREY
from amoeba.load.svg import drawn, gaps, plain_numbers, slower

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from amoeba.load.report import Report

_WIDTH, _HEIGHT = 10.4, 3.3
_BLUE, _ORANGE, _RED = "#2458a6", "#c97a00", "#a32020"


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
            axes.plot(at_s, gaps(values), color=colour, label=name, **_marked(values))
        late = [each.sent_late_p99_ms for each in moments]
        axes.plot(at_s, gaps(late), color=_GREY, ls=":", label="sent late, p99 (generator)")
        for check in report.checks:
            if not check.request and check.figure.endswith("_ms"):
                name = check.figure.removesuffix("_ms")
                colour = {"p50": _BLUE, "p95": _ORANGE}.get(name, _RED)
                axes.axhline(check.at_most, color=colour, lw=1, ls="--", label=f"limit of {name}")
        axes.set(ylabel="latency (ms)", xlabel="arrival (s)")
        if any(each.p50_ms for each in moments):
            axes.set_yscale("log")
            plain_numbers(axes.yaxis)

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
    curve = list(slower(report.distribution, report.overall.failed))

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
        plain_numbers(axes.xaxis)
        axes.yaxis.set_major_formatter(lambda share, _: f"{share:.6g}" if share <= 1 else "")
        for name, share in (("p50", 0.5), ("p90", 0.1), ("p99", 0.01), ("p99.9", 0.001)):
            if share >= min(shares):
                axes.axhline(share, color=_GREY, lw=0.8, ls=":")
                axes.annotate(name, (1, share), xycoords=("axes fraction", "data"), color=_GREY)

    return _svg(draw, "distribution", legend=False)


def _svg(draw: Callable[[Axes], None], name: str, *, legend: bool = True) -> str:
    def figure(figure: Figure) -> None:
        axes = figure.subplots()
        draw(axes)
        if legend and axes.get_legend_handles_labels()[0]:
            axes.legend(loc="upper left", bbox_to_anchor=(1, 1))

    return drawn(figure, name, (_WIDTH, _HEIGHT))


def _marked(values: Sequence[float | None]) -> dict[str, Any]:
    """A point shows where a line would not."""
    return {"marker": ".", "markersize": 4} if len(values) < 60 else {}
