"""`amoeba edges`: who calls whom, how often, how long, and what a split would add."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amoeba.evidence import quantile_ns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amoeba.evidence import EdgeTotals

_NOTHING = "-"


def render_edges(edges: Sequence[EdgeTotals], title: str) -> str:
    """The edges as a table for people, the busiest first."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=140, highlight=False)
    table = Table("edge", box=None)
    for name in ("calls", "errors", "p50", "p95", "p99", "cpu", "wait", "argument", "answer",
                 "codec", "looked at"):  # fmt: skip
        table.add_column(name, justify="right")
    for edge in sorted(edges, key=lambda each: -each.calls):
        table.add_row(f"{edge.caller} → {edge.module}.{edge.method}", *figures(edge))
    with console.capture() as capture:
        console.print(title)
        console.print(table if edges else "nothing was called")
    return capture.get()


def figures(edge: EdgeTotals) -> list[str]:
    """The columns of one edge after its name; means are over the calls that were looked at."""
    seen = edge.samples
    quantiles = [quantile_ns(edge.latency, q) for q in (0.5, 0.95, 0.99)]
    count = seen.calls
    return [
        str(edge.calls),
        str(sum(edge.errors.values())),
        *(duration(value) if edge.calls else _NOTHING for value in quantiles),
        duration(seen.cpu_ns / count) if count else _NOTHING,
        duration(seen.wait_ns / count) if count else _NOTHING,
        size(seen.argument_bytes / count) if count and seen.argument_bytes else _NOTHING,
        size(seen.answer_bytes / count) if count and seen.answer_bytes else _NOTHING,
        duration((seen.encode_ns + seen.decode_ns) / count) if count else _NOTHING,
        str(count),
    ]


def duration(value_ns: float) -> str:
    """A duration for people, in a unit that suits it."""
    if value_ns >= 1e9:
        return f"{value_ns / 1e9:.2f} s"
    return f"{value_ns / 1e6:.2f} ms" if value_ns >= 1e6 else f"{value_ns / 1e3:.1f} µs"


def size(value_bytes: float) -> str:
    """A size for people."""
    if value_bytes >= 1 << 20:
        return f"{value_bytes / (1 << 20):.1f} MiB"
    return f"{value_bytes / 1024:.1f} KiB" if value_bytes >= 1024 else f"{value_bytes:.0f} B"
