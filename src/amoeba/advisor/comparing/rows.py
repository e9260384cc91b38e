"""Making rows: a figure of every topology, with its interval and how it stands to the others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from amoeba.advisor.comparing.model import Cell, Row
from amoeba.advisor.comparing.noise import interval, standings

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
        """A row from each round's value, by topology."""
        stand = standings(values, self.better)
        cells = {}
        for name, each in values.items():
            middle, low, high = interval(each)
            if math.isnan(middle):
                cells[name] = Cell(None, text=why_not)
            else:
                cells[name] = Cell(middle, low, high, stand[name], text(name))
        return Row(self.name, self.unit, self.better, self.how, cells)

    def counted(
        self, values: Mapping[str, float], text: Callable[[str], str] = lambda _: ""
    ) -> Row:
        """A row of figures that are exact: every difference is one."""
        stand = standings({name: [value, value] for name, value in values.items()}, self.better)
        cells = {
            name: Cell(value, standing=stand[name], text=text(name))
            for name, value in values.items()
        }
        return Row(self.name, self.unit, self.better, self.how, cells)
