"""Drawing with matplotlib what is to stand as SVG within a page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from amoeba.load.extras import MissingExtra

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

GREY, GRID = "#8a93a3", "#e6e9ef"
STYLE: Any = {
    "svg.fonttype": "none",
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "legend.frameon": False,
}


def require_plots() -> None:
    """Raises MissingExtra where there is nothing to draw with."""
    try:
        import matplotlib  # noqa: F401 - imported for its absence
    except ModuleNotFoundError:
        raise MissingExtra("matplotlib", "plots") from None


def drawn(
    draw: Callable[[Figure], None],
    name: str,
    size: tuple[float, float],
    style: dict[str, Any] | None = None,
) -> str:
    """What `draw` does to a figure, as an `<svg>` element; `size` is in inches.

    `name` keeps its identifiers apart from those of others on the page.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE | (style or {}) | {"svg.hashsalt": name}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        return _text(figure, name)


def _text(figure: Figure, name: str) -> str:
    file = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(file, format="svg", metadata=nothing)
    text = re.sub(r"^.*?(?=<svg )", "", file.getvalue(), count=1, flags=re.S)
    return re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{name}-", text)


def slower(distribution: Iterable[tuple[float, int]], failed: int) -> Iterator[tuple[float, float]]:
    """Each latency and the share that is slower, failures being slower than all.

    `distribution`: latencies, ascending, and how many answers had each. The slowest is left out
    where nothing failed: none is slower, and 0 has no logarithm.
    """
    latencies = list(distribution)
    total = sum(count for _, count in latencies) + failed
    passed, share = 0, 1.0
    for latency_ms, count in latencies:
        if not passed:
            yield latency_ms, 1.0
        passed += count
        if passed == total:
            yield latency_ms, share
            return
        share = 1 - passed / total
        yield latency_ms, share


def gaps(values: Sequence[float | None]) -> list[float]:
    """What is not known is a gap in the line."""
    return [float("nan") if value is None else value for value in values]


def plain_numbers(axis: Axis) -> None:
    """A logarithmic axis with 1, 2, 5, 10 and so on, written out."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
