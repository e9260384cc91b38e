"""`amoeba edges`: who calls whom, how often, how long, and what a split would add."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amoeba.cli.tables import Column, render_table
from amoeba.cli.units import NOTHING, duration, size
from amoeba.evidence import quantile_ns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amoeba.evidence import EdgeTotals

_COLUMNS = [
    Column("edge", left=True),
    Column("calls"),
    Column("errors"),
    Column("p50"),
    Column("p95", 5),
    Column("p99"),
    Column("cpu", 1),
    Column("wait", 1),
    Column("argument", 3),
    Column("answer", 3),
    Column("codec", 2),
    Column("looked at", 4),
]


def render_edges(edges: Sequence[EdgeTotals], title: str, width: int) -> str:
    """The edges as a table for people, the busiest first."""
    if not edges:
        return f"{title}\nnothing was called\n"
    busiest = sorted(edges, key=lambda each: -each.calls)
    rows = [[edge_name(edge), *figures(edge)] for edge in busiest]
    return "\n".join([title, *render_table(_COLUMNS, rows, width)]) + "\n"


def edge_name(edge: EdgeTotals) -> str:
    """Who calls what."""
    return f"{edge.caller} → {edge.module}.{edge.method}"


def figures(edge: EdgeTotals) -> list[str]:
    """The columns of one edge after its name; means are over the calls that were looked at."""
    seen = edge.samples
    count, codec_ns = seen.calls, seen.encode_ns + seen.decode_ns
    return [
        str(edge.calls),
        str(sum(edge.errors.values())),
        *(duration(quantile_ns(edge.latency, q)) for q in (0.5, 0.95, 0.99)),
        duration(seen.cpu_ns / count) if count else NOTHING,
        duration(seen.wait_ns / count) if count else NOTHING,
        size(seen.argument_bytes / count) if count and seen.argument_bytes else NOTHING,
        size(seen.answer_bytes / count) if count and seen.answer_bytes else NOTHING,
        duration(codec_ns / count) if count and codec_ns else NOTHING,
        str(count),
    ]
