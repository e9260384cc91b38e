"""Tables for people that fit their terminal: what matters least is left out, and named."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

PIPE_WIDTH = 140
"""Columns where there is no terminal: what reads it may be as wide as it likes."""
_GAP = 2
_LEAST = 10  # columns of a text that is shortened


class Column(NamedTuple):
    """A column of a table. Those of the highest `rank` are left out first; 0: never."""

    name: str
    rank: int = 0
    left: bool = False


def terminal_width() -> int:
    """Columns of the terminal that stdout is, or of a wide page; `COLUMNS` overrides both."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS"):
        return max(40, shutil.get_terminal_size((80, 24)).columns)
    return PIPE_WIDTH


def render_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Header and rows as lines of at most `width` columns, and a line that names what is left out.

    A column without a text in any row is not shown. What is still too wide is shortened, the widest
    left-aligned column first.
    """
    widths = [max(map(cells, (name, *inner))) for name, inner in _down(columns, rows)]
    shown = [at for at in range(len(columns)) if not rows or any(row[at] for row in rows)]
    shown, left_out = _fitting(columns, widths, shown, width)
    _shorten(columns, widths, shown, width)
    lines = [[columns[at].name for at in shown], *([row[at] for at in shown] for row in rows)]
    text = [
        (" " * _GAP).join(
            _aligned(cell, widths[at], left=columns[at].left)
            for at, cell in zip(shown, line, strict=True)
        )
        for line in lines
    ]
    found = [line.rstrip() for line in text]
    if left_out:
        found.append(shortened(f"not shown in {width} columns: {', '.join(left_out)}", width))
    return found


def shortened(text: str, width: int) -> str:
    """A text of at most `width` columns."""
    if cells(text) <= width:
        return text
    kept = text
    while kept and cells(kept) > width - 1:
        kept = kept[:-1]
    return f"{kept}…"


def _down(
    columns: Sequence[Column], rows: Sequence[Sequence[str]]
) -> list[tuple[str, tuple[str, ...]]]:
    found = list(zip(*rows, strict=True)) or [()] * len(columns)
    return [(column.name, each) for column, each in zip(columns, found, strict=True)]


def _fitting(
    columns: Sequence[Column], widths: list[int], shown: list[int], width: int
) -> tuple[list[int], list[str]]:
    left_out: list[int] = []
    while _total(widths, shown) > width:
        last = max(reversed(shown), key=lambda at: columns[at].rank)
        if not columns[last].rank:
            break
        shown = [at for at in shown if at != last]
        left_out.append(last)
    return shown, [columns[at].name for at in sorted(left_out)]


def _shorten(columns: Sequence[Column], widths: list[int], shown: list[int], width: int) -> None:
    while (over := _total(widths, shown) - width) > 0:
        texts = [at for at in shown if columns[at].left and widths[at] > _LEAST]
        if not texts:
            return
        widest = max(texts, key=lambda at: widths[at])
        widths[widest] = max(_LEAST, widths[widest] - over)


def _total(widths: list[int], shown: list[int]) -> int:
    return sum(widths[at] for at in shown) + _GAP * max(0, len(shown) - 1)


def _aligned(text: str, width: int, *, left: bool) -> str:
    text = shortened(text, width)
    space = " " * (width - cells(text))
    return text + space if left else space + text


def cells(text: str) -> int:
    """How many columns a text takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
