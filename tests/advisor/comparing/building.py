"""Rows with standings from plain figures, and sides."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from amoeba.advisor.comparing.model import Cell, ProcessShape, Row, Side

Figure = float | tuple[float, float, float] | str | Cell
"""Counted, measured with its interval, or why it could not be measured."""


def row(name, unit, better, figures: dict[str, Figure], how="counted in the topology") -> Row:
    """A row whose standings follow from the intervals: those that meet the best's are noise."""
    cells = {side: _cell(figure) for side, figure in figures.items()}
    return Row(name, unit, better, how, standing(cells, better))


def _cell(figure: Figure) -> Cell:
    if isinstance(figure, Cell):
        return figure
    if isinstance(figure, str):
        return Cell(None, text=figure)
    return Cell(*figure) if isinstance(figure, tuple) else Cell(figure)


def standing(cells: dict[str, Cell], better: str) -> dict[str, Cell]:
    known = {side: cell for side, cell in cells.items() if cell.value is not None}
    if not better or not known:
        return cells
    if len(known) == 1:
        standings = dict.fromkeys(known, "only")
    else:
        choose = min if better == "less" else max
        best = choose(known.values(), key=lambda cell: cell.value)
        meets = {side: _meet(cell, best) for side, cell in known.items()}
        alone = sum(meets.values()) == 1
        standings = {
            side: ("best" if alone else "same") if meets[side] else "worse" for side in known
        }
    return {
        side: msgspec.structs.replace(cell, standing=standings.get(side, ""))
        for side, cell in cells.items()
    }


def _meet(one: Cell, other: Cell) -> bool:
    low, high = _bounds(one)
    other_low, other_high = _bounds(other)
    return low <= other_high and other_low <= high


def _bounds(cell: Cell) -> tuple[float, float]:
    return (
        cell.value if cell.low is None else cell.low,
        cell.value if cell.high is None else cell.high,
    )


def side(name: str, processes: Iterable[ProcessShape], *, slow: float, blast, tried) -> Side:
    """`slow` stretches the latencies."""
    latencies = [round(2.0 * slow * 1.06**i, 4) for i in range(90)]
    counts = [round(420 * math.exp(-(((i - 14) / 9) ** 2)) + 60 * 0.93**i) for i in range(90)]
    return Side(
        name=name,
        processes=list(processes),
        distribution=[(at, n) for at, n in zip(latencies, counts, strict=True) if n],
        failed=2 if slow > 1.5 else 0,
        tried=tried,
        blast=blast,
        recovery_s={module: 0.9 + 0.15 * len(module) / slow for module in blast},
    )
