"""Plots of a comparison as SVG. One that has nothing to show is an empty text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from amoeba.advisor.comparing import words
from amoeba.advisor.comparing.palette import (
    HEAT,
    INK,
    LINE,
    PAPER,
    SIDES,
    SOFT,
    legend,
    line,
    plot,
    points,
    shortened,
)
from amoeba.load.svg import plain_numbers, slower

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from amoeba.advisor.comparing.model import Cell, Comparison, Row, Side

_QUANTILE = re.compile(r"\bp(50|95|99)\b")
_ROOMY = 3
"""With more topologies than this, a cell of the heat map has two lines."""
_COSTS = ("MiB", "CPUs", "GPUs", "money/month")


def distributions(comparison: Comparison) -> str:
    """The share of requests slower than a latency, a curve for each topology."""
    curves = [
        (index, side.name, list(slower(_positive(side.distribution), side.failed)))
        for index, side in enumerate(comparison.sides)
    ]
    curves = [each for each in curves if each[2]]
    if not curves:
        return ""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for index, name, curve in curves:
            latencies, shares = zip(*curve, strict=True)
            axes.step(latencies, shares, where="post", label=name, **line(index))
        least = min(share for _, _, curve in curves for _, share in curve)
        axes.set(xlabel="latency (ms)", ylabel="share that is slower", xscale="log", yscale="log")
        axes.set_ylim(least / 1.5, 1.3)
        # So wide that some number stands on the axis, however equal the latencies are.
        ends = [at for _, _, curve in curves for at, _ in (curve[0], curve[-1])]
        axes.set_xlim(min(ends) / 1.3, max(ends) * 1.3)
        plain_numbers(axes.xaxis)
        axes.yaxis.set_major_formatter(lambda share, _: f"{share:.6g}" if share <= 1 else "")
        for name, share in (("p50", 0.5), ("p95", 0.05), ("p99", 0.01), ("p99.9", 0.001)):
            if share >= least:
                axes.axhline(share, color=SOFT, lw=0.8, ls=":")
                place: Any = {"xy": (1.01, share), "xycoords": ("axes fraction", "data")}
                axes.annotate(name, **place, color=SOFT, va="center", fontsize=9)
        legend(axes)

    return plot(draw, "distributions", 3.6, "Share of requests slower than a latency")


def quantiles(comparison: Comparison) -> str:
    """Every latency quantile of the table as points with their intervals."""
    rows = [
        row
        for group in comparison.groups
        for row in group.rows
        if row.unit in ("ms", "s") and _QUANTILE.search(row.name) and _known(row)
    ]
    if not rows:
        return ""
    sides = [side.name for side in comparison.sides]
    step = 0.5 / (len(sides) - 1) if len(sides) > 1 else 0.0

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for index, side in enumerate(sides):
            shown = [(n, row.cells[side], row) for n, row in enumerate(rows) if side in row.cells]
            shown_at = [
                (n + index * step - 0.25 * bool(step), cell, 1000.0 if row.unit == "s" else 1.0)
                for n, cell, row in shown
                if cell.value is not None
            ]
            _dots(axes, shown_at, index, side)
        axes.set_yticks(range(len(rows)), [shortened(row.name) for row in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set(xlabel="latency (ms)", xscale="log")
        axes.grid(visible=False, axis="y")
        for n in range(len(rows) - 1):
            axes.axhline(n + 0.5, color=LINE, lw=1)
        plain_numbers(axes.xaxis)
        legend(axes)

    height = 1.2 + len(rows) * (0.2 + 0.12 * len(sides))
    return plot(draw, "quantiles", max(3.6, height), "Latency quantiles with their intervals")


def _dots(axes: Axes, places: Sequence[tuple[float, Cell, float]], index: int, name: str) -> None:
    colour = SIDES[index % len(SIDES)]
    for at, cell, factor in places:
        low = cell.value if cell.low is None else cell.low
        high = cell.value if cell.high is None else cell.high
        assert low is not None  # noqa: S101 - only cells with a value are drawn
        assert high is not None  # noqa: S101
        axes.plot((low * factor, high * factor), (at, at), color=colour, lw=1.6)
    values = [(cell.value or 0.0) * factor for _, cell, factor in places]
    axes.plot(values, [at for at, *_ in places], label=name, ls="", **points(index))


def rates(comparison: Comparison) -> str:
    """The p99 at each rate that the search tried, and whether the SLO was met."""
    sides = [(n, side) for n, side in enumerate(comparison.sides) if side.tried]
    if not sides:
        return ""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for index, side in sides:
            _tried(axes, side, index)
        axes.set(xlabel="requests per second", ylabel="p99 (ms)")
        if any(p99 for _, side in sides for *_, p99 in side.tried):
            axes.set_yscale("log")
            plain_numbers(axes.yaxis)
        else:
            axes.set_yticks([])
        axes.set_xlim(left=0)
        missed: Any = {"marker": "x", "color": SOFT, "ls": "", "ms": 8, "mew": 2}
        axes.plot([], [], label="SLO missed", **missed)
        legend(axes)

    return plot(draw, "rates", 3.6, "Latency p99 at each rate tried")


def _tried(axes: Axes, side: Side, index: int) -> None:
    tried = sorted(side.tried, key=lambda each: each[0])
    known = [(rate, p99, met) for rate, met, _, p99 in tried if p99]
    met = [n for n, each in enumerate(known) if each[2]]
    values = [each[0] for each in known], [each[1] for each in known]
    axes.plot(*values, label=side.name, markevery=met, **points(index) | line(index))
    cross: Any = {"marker": "x", "color": SIDES[index % len(SIDES)], "ls": "", "ms": 8, "mew": 2}
    missed = [each for each in known if not each[2]]
    axes.plot([each[0] for each in missed], [each[1] for each in missed], **cross)
    for rate in (rate for rate, _, _, p99 in tried if not p99):
        axes.plot(rate, 0.97, transform=axes.get_xaxis_transform(), clip_on=False, **cross)
        where: Any = {"xy": (rate, 0.97), "xycoords": axes.get_xaxis_transform()}
        axes.annotate("failed", **where, xytext=(-7, 0), textcoords="offset points",
                      ha="right", va="center", fontsize=9, color=SOFT)  # fmt: skip


def blast(comparison: Comparison) -> str:
    """The share of requests that failed while a module was dead, for each topology."""
    sides = [side for side in comparison.sides if side.blast]
    modules = list(dict.fromkeys(module for side in sides for module in side.blast))
    if not modules:
        return ""
    between = " · " if len(sides) <= _ROOMY else "\n"

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for x, side in enumerate(sides):
            for y, module in enumerate(modules):
                _heat(axes, (x, y), _dead(side, module, between))
        axes.set_xticks(
            range(len(sides)), ["\n".join(wrap(side.name, 56 // len(sides))[:3]) for side in sides]
        )
        axes.set_yticks(range(len(modules)), [shortened(module) for module in modules])
        axes.set(xlim=(-0.5, len(sides) - 0.5), ylim=(len(modules) - 0.5, -0.5))
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)

    height = 0.7 + (0.46 if len(sides) <= _ROOMY else 0.56) * len(modules)
    return plot(draw, "blast", height, "Share of requests that failed while a module was dead")


def _dead(side: Side, module: str, between: str) -> tuple[float, str] | None:
    """The share that failed, and what is written of it."""
    share = side.blast.get(module)
    if share is None:
        return None
    recovery_s = side.recovery_s.get(module)
    after = "" if recovery_s is None else f"{between}{words.short(recovery_s)} s"
    return share, words.Scale("%", 100.0).full(share) + after


def _heat(axes: Axes, at: tuple[int, int], dead: tuple[float, str] | None) -> None:
    from matplotlib.patches import Rectangle

    centred: Any = {"ha": "center", "va": "center"}
    if dead is None:
        axes.text(*at, "not killed", **centred, color=SOFT, fontsize=9)
        return
    share, text = dead
    level = min(10, max(0, round(share * 10)))
    corner = (at[0] - 0.48, at[1] - 0.46)
    axes.add_patch(Rectangle(corner, 0.96, 0.92, facecolor=HEAT[level], edgecolor="none"))
    axes.text(*at, text, **centred, color=PAPER if level > 5 else INK)


def costs(comparison: Comparison) -> str:
    """CPU, memory and price, a panel of bars for each row of the table."""
    rows = [
        row
        for group in comparison.groups
        for row in group.rows
        if (row.unit in _COSTS or re.search(r"\bCPU\b", row.name)) and _known(row)
    ]
    if not rows:
        return ""
    sides = [side.name for side in comparison.sides]
    currency = comparison.pricing.currency
    height = 0.45 + 0.28 * len(sides)
    panels = (
        plot(partial(_bars, row, sides, currency), f"costs-{n}", height, row.name)
        for n, row in enumerate(rows)
    )
    return f'<div class="bars">{"".join(panels)}</div>'


def _bars(row: Row, sides: list[str], currency: str, figure: Figure) -> None:
    axes = figure.subplots()
    scale = words.scale(row, currency)
    cells = [row.cells.get(side) for side in sides]
    ends = [(cell.high or cell.value or 0.0) * scale.factor for cell in cells if cell]
    most = max(ends, default=0.0) or 1.0
    for n, cell in enumerate(cells):
        if cell is None or cell.value is None:
            axes.text(most * 0.01, n, "not measured", va="center", color=SOFT, fontsize=9)
            continue
        value = cell.value * scale.factor
        low, high = (
            value if bound is None else bound * scale.factor for bound in (cell.low, cell.high)
        )
        axes.barh(n, value, height=0.62, color=SIDES[n % len(SIDES)])
        if low < high:
            axes.plot((low, high), (n, n), color=INK, lw=1.4, marker="|", ms=7)
        axes.text(max(value, high) + most * 0.02, n, scale.full(cell.value), va="center")
    axes.set_title(words.with_unit(row, scale), loc="left", fontsize=10, color=INK)
    axes.set_yticks(range(len(sides)), [shortened(side, 18) for side in sides])
    axes.set(xlim=(0, most * 1.28), ylim=(len(sides) - 0.5, -0.5))
    axes.tick_params(length=0)
    axes.set_xticks([])
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)


def _positive(distribution: Iterable[tuple[float, int]]) -> list[tuple[float, int]]:
    """Latencies that have a logarithm: none is under a microsecond."""
    return [(max(latency_ms, 0.001), count) for latency_ms, count in distribution]


def _known(row: Row) -> bool:
    return any(cell.value for cell in row.cells.values())
