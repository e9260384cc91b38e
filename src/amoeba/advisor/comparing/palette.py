"""Colours, lines and marks of a comparison's plots: each topology has its own of all three.

Colours are drawn as place-holders and written as the page's variables, which differ between light
and dark. They are of Okabe and Ito's palette, told apart by the colour-blind too.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from amoeba.load.svg import drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, LINE, PAPER = "#010203", "#040506", "#070809", "#0a0b0c"
SIDES = tuple(f"#0d0e{n:02x}" for n in range(5))
HEAT = tuple(f"#0d0f{n:02x}" for n in range(11))
_VARIABLES = {
    INK: "--ink", SOFT: "--soft", LINE: "--line", PAPER: "--paper",
    **{colour: f"--side-{n}" for n, colour in enumerate(SIDES)},
    **{colour: f"--heat-{n}" for n, colour in enumerate(HEAT)},
}  # fmt: skip
_LINES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (6, 1.5, 1, 1.5, 1, 1.5)))
_POINTS = ("o", "s", "D", "^", "v")
_STYLE: dict[str, Any] = {
    "text.color": INK, "axes.labelcolor": SOFT, "xtick.color": SOFT, "ytick.color": SOFT,
    "xtick.labelcolor": SOFT, "ytick.labelcolor": SOFT, "axes.edgecolor": SOFT, "grid.color": LINE,
    "figure.facecolor": "none", "axes.facecolor": "none", "savefig.facecolor": "none",
    "lines.linewidth": 1.8, "text.parse_math": False,
}  # fmt: skip
WIDTH = 6.2


def plot(
    draw: Callable[[Figure], None], name: str, height: float, label: str, width: float = WIDTH
) -> str:
    """The drawing in the page's colours, named `label` for those who cannot see it; inches."""
    text = drawn(draw, name, (width, height), _STYLE)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    named = f'<svg role="img" aria-label="{html.escape(label)}" '
    return text.replace("<svg ", named, 1)


def line(index: int) -> dict[str, Any]:
    """How the curve of a topology is drawn."""
    return {"color": SIDES[index % len(SIDES)], "ls": _LINES[index % len(_LINES)]}


def points(index: int) -> dict[str, Any]:
    """How the points of a topology are drawn."""
    colour, point = SIDES[index % len(SIDES)], _POINTS[index % len(_POINTS)]
    return {"color": colour, "marker": point, "ms": 6}


def legend(axes: Axes) -> None:
    """The topologies above the plot."""
    handles, labels = axes.get_legend_handles_labels()
    names = [shortened(label) for label in labels]
    columns = len(names) if sum(map(len, names)) + 6 * len(names) < 64 else 2
    axes.figure.legend(handles, names, loc="outside upper left", ncols=columns, labelcolor=INK)


def shortened(name: str, most: int = 26) -> str:
    """A name that leaves room for the plot."""
    return name if len(name) <= most else f"{name[: most - 1]}…"
