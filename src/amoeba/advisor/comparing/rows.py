"""Making rows: a figure of every topology, with its interval and how it stands to the others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from amoeba.advisor.comparing.model import Cell, Row
from amoeba.advisor.comparing.noise import as_logs, counted, interval, standings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from amoeba.advisor.comparing.model import Better, Unit


class Line:
    """One row in the making: its name, unit and better direction, and how it is measured."""

    def __init__(self, name: str, unit: Unit, better: Better, how: str) -> None:
        self.name, self.unit, self.better, self.how = name, unit, better, how

    def measured(
        self,
        values: Mapping[str, Sequence[float]],
        text: Callable[[str], str] = lambda _: "",
        why_not: str = "not measured",
    ) -> Row:
        """A row from each round's value, by topology. A value of nan is one that is not known."""
        stand = standings(values, self.better)
        logs = as_logs(values.values()) and self.unit != "share"
        cells = {}
        for name, each in values.items():
            middle, low, high = interval(each, logs=logs)
            unknown = sum(map(math.isnan, each))
            if not each or unknown == len(each):
                cells[name] = Cell(None, text=why_not)
            elif unknown:
                cells[name] = Cell(None, text=f"{why_not} in {unknown} of {len(each)} rounds")
            else:
                cells[name] = Cell(middle, *self._bounds(low, high), stand[name], text(name))
        return Row(self.name, self.unit, self.better, self.how, cells)

    def _bounds(self, low: float | None, high: float | None) -> tuple[float | None, float | None]:
        """An interval, of a share within what a share can be."""
        if self.unit != "share" or low is None or high is None:
            return low, high
        return max(0.0, low), min(1.0, high)

    def counted(
        self, values: Mapping[str, float], text: Callable[[str], str] = lambda _: ""
    ) -> Row:
        """A row of figures that are exact: every difference is one."""
        stand = counted(values, self.better)
        cells = {
            name: Cell(value, standing=stand[name], text=text(name))
            for name, value in values.items()
        }
        return Row(self.name, self.unit, self.better, self.how, cells)
