"""A comparison in the terminal."""

from __future__ import annotations

import os
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

from amoeba.advisor.comparing import words
from amoeba.advisor.comparing.findings import findings

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

    from amoeba.advisor.comparing.model import Cell, Comparison, Row, Standing

_STYLES: dict[Standing, str] = {"best": "bold green", "worse": "dim"}
_LEAST, _GAP = 22, 2
"""Columns: of the names of rows at least, and between topologies."""


def render_text(comparison: Comparison, width: int = 120, colour: bool = False) -> str:
    """The whole comparison; without colour, and with NO_COLOR, no escape sequence is in it."""
    from rich.console import Console

    colour = colour and not os.environ.get("NO_COLOR")
    console = Console(
        width=width,
        highlight=False,
        markup=False,
        emoji=False,
        force_terminal=colour,
        color_system="standard" if colour else None,
    )
    notes: dict[str, int] = {}
    with console.capture() as capture:
        _head(console, comparison)
        _figures(console, comparison, notes)
        _foot(console, comparison, notes)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _head(console: Console, comparison: Comparison) -> None:
    console.print(words.title(comparison), style="bold")
    console.print(words.about(comparison))
    console.print(words.machine(comparison.machine))
    for side in comparison.sides:
        console.print(_hanging(f"  {side.name}: ", words.shape(side.processes)))
    console.print()


def _foot(console: Console, comparison: Comparison, notes: dict[str, int]) -> None:
    console.print(" · ".join(words.legend(comparison)), style="dim")
    for text, number in notes.items():
        console.print(_hanging(f"({number}) ", text))
    if any(row.unit == "money/month" for group in comparison.groups for row in group.rows):
        console.print(_hanging("prices: ", words.prices(comparison)))
    console.print()
    console.print("In short", style="bold")
    for each in findings(comparison):
        console.print(_hanging("- ", each))
    for warning in comparison.warnings:
        console.print(_hanging("warning: ", warning), style="yellow")


def _hanging(first: str, text: str) -> Table:
    """Text whose further lines are indented as far as the first."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid()
    grid.add_column(width=len(first), no_wrap=True)
    grid.add_column()
    grid.add_row(Text(first), Text(text))
    return grid


@dataclass(frozen=True)
class _Layout:
    """Columns of the names of rows, and of each topology; intervals below figures or beside."""

    names: int
    room: int
    beside: bool


def _layout(comparison: Comparison, width: int) -> _Layout:
    rows = [row for group in comparison.groups for row in group.rows]
    currency = comparison.pricing.currency
    scales = [words.scale(row, currency) for row in rows]
    longest = max(
        (len(words.with_unit(*each)) for each in zip(rows, scales, strict=True)), default=0
    )
    count = len(comparison.sides)
    names = min(longest + 2, max(_LEAST, width // max(2, count)))
    room = (width - names) // max(1, count) - _GAP
    needed = (
        4 + len(words.figure(cell, scale)) + len(scale.interval(cell)) + 4 * bool(cell.text)
        for row, scale in zip(rows, scales, strict=True)
        for cell in row.cells.values()
    )
    return _Layout(names, min(room, 36), max(needed, default=0) <= room)


def _figures(console: Console, comparison: Comparison, notes: dict[str, int]) -> None:
    from rich.text import Text

    layout = _layout(comparison, console.width)
    sides = [side.name for side in comparison.sides]
    head = _columns(len(sides), layout)
    head.add_row("", *(Text("\n".join(wrap(name, layout.room)), style="bold") for name in sides))
    console.print(head)
    console.print("─" * (layout.names + len(sides) * (layout.room + _GAP)), style="dim")
    for group in comparison.groups:
        console.print(group.title, style="bold")
        table = _columns(len(sides), layout)
        for row in group.rows:
            table.add_row(*_line(row, sides, comparison.pricing.currency, layout, notes))
        console.print(table)
        console.print()


def _columns(sides: int, layout: _Layout) -> Table:
    """A table of the names of rows and of the sides, as wide as every other."""
    from rich.table import Table

    table = Table.grid(padding=(0, _GAP, 0, 0))
    table.add_column(width=layout.names, overflow="fold")
    for _ in range(sides):
        table.add_column(width=layout.room, overflow="fold")
    return table


def _line(
    row: Row, sides: list[str], currency: str, layout: _Layout, notes: dict[str, int]
) -> list[RenderableType]:
    from rich.padding import Padding
    from rich.text import Text

    scale = words.scale(row, currency)
    name = Padding(Text(words.with_unit(row, scale)), (0, 0, 0, 2))
    cells = (_cell(row.cells.get(side), scale, layout, notes) for side in sides)
    return [name, *cells]


def _cell(cell: Cell | None, scale: words.Scale, layout: _Layout, notes: dict[str, int]) -> Text:
    from rich.text import Text

    if cell is None:
        return Text(f"  {words.UNKNOWN}")
    text = Text(f"{words.MARKS[cell.standing] or ' '} ")
    text.append(words.figure(cell, scale), style=_STYLES.get(cell.standing, ""))
    if cell.text:
        text.append(f" ({notes.setdefault(cell.text, len(notes) + 1)})")
    interval = scale.interval(cell)
    if interval:
        text.append(" " if layout.beside else "\n")
        text.append(interval, style="dim")
    return text
