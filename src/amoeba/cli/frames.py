"""One picture of `amoeba top`: replicas and edges, the busiest first, as many as fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from amoeba.cli.status_text import replica_state
from amoeba.cli.tables import Column, render_table, shortened
from amoeba.cli.units import NOTHING, age, duration, rate, share, size
from amoeba.evidence.rates import EdgeRate, ProcessRate, Rates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amoeba.runtime import ReplicaStatus

_LEAST_ROOM = 2  # rows, one of each table
_FULL_BLOCK = 0.005  # of the time, from which on a module that blocks the loop is named
_REPLICAS = [
    Column("replica", left=True),
    Column("state", left=True),
    Column("cpu"),
    Column("memory"),
    Column("loop lag p99", 1),
    Column("loop blocked by", 2, left=True),
    Column("gc", 4),
    Column("gpu", 3),
    Column("gpu memory", 3),
    Column("modules", 5, left=True),
]
_EDGES = [
    Column("edge", left=True),
    Column("/s"),
    Column("errors/s"),
    Column("p50"),
    Column("p95", 2),
    Column("p99"),
    Column("in flight", 1),
]


class Frame(msgspec.Struct):
    """A run at a moment, `at_s` since the epoch, and its rates over the seconds before.

    `other_runs`: how many other runs the application has.
    """

    at_s: float
    application: str
    topology: str
    pid: int
    up_s: float
    url: str
    other_runs: int
    down: dict[str, str]
    replicas: list[ReplicaStatus]
    rates: Rates


def render_frame(frame: Frame, width: int, height: int | None = None) -> list[str]:
    """At most `height` lines of at most `width` columns; what does not fit is counted."""
    head = [shortened(line, width) for line in _head(frame)]
    replicas, edges = _replica_rows(frame), _edge_rows(frame)
    room = len(replicas) + len(edges)

    def lines() -> list[str]:
        upper, lower = _divided(len(replicas), len(edges), room)
        found = [*head, "", *_table(_REPLICAS, replicas, upper, width, "replicas"), ""]
        if edges:
            return found + _table(_EDGES, edges, lower, width, "edges")
        return [*found, f"nothing was called in the last {_seconds(frame.rates.width_s)}"]

    found = lines()
    while height is not None and len(found) > height and room > _LEAST_ROOM:
        room -= max(1, (len(found) - height) // 2)
        found = lines()
    return found[:height]


def _head(frame: Frame) -> list[str]:
    rates = frame.rates
    lines = [
        f"{frame.application} · {frame.topology} · pid {frame.pid} · up {age(frame.up_s)}"
        + (f" · {frame.url}" if frame.url else ""),
        f"{rate(rates.requests_per_s)} requests/s, {share(rates.failed)} failed, "
        f"in the last {_seconds(rates.width_s)}",
    ]
    lines += [f"down: {module}: {why}" for module, why in frame.down.items()]
    if frame.other_runs:
        runs = "1 other run" if frame.other_runs == 1 else f"{frame.other_runs} other runs"
        lines.append(f"{runs} of it: amoeba status has their pids, --pid chooses one")
    return lines


def _divided(upper: int, lower: int, room: int) -> tuple[int, int]:
    """How many rows of either table are shown: what one does not need is the other's."""
    if upper + lower <= room:
        return upper, lower
    upper = min(upper, max(1, room // 2, room - lower))
    return upper, max(1, room - upper)


def _table(
    columns: Sequence[Column], rows: list[list[str]], most: int, width: int, what: str
) -> list[str]:
    lines = render_table(columns, rows[:most], width)
    if len(rows) > most:
        lines.append(f"and {len(rows) - most} less busy {what}")
    return lines


def _replica_rows(frame: Frame) -> list[list[str]]:
    used = frame.rates.processes

    def busiest_first(replica: ReplicaStatus) -> tuple[bool, float]:
        rates = used.get(replica.replica)
        return replica.state == "ready", -rates.cpus if rates else 0.0

    return [
        _replica(each, used.get(each.replica) if each.pid else None)
        for each in sorted(frame.replicas, key=busiest_first)
    ]


def _replica(replica: ReplicaStatus, used: ProcessRate | None) -> list[str]:
    row = [replica.replica, replica_state(replica)]
    if used is None:
        memory = size(replica.rss_bytes) if replica.pid else NOTHING
        return [*row, NOTHING, memory, *[""] * 5, ", ".join(replica.modules)]
    lag, blocks = used.loop_lag_p99_ns, used.blocked >= _FULL_BLOCK
    return [
        *row,
        share(used.cpus),
        size(replica.rss_bytes),
        NOTHING if lag is None else duration(lag),
        f"{used.blocked_by} {share(used.blocked)}" if blocks else "",
        share(used.gc),
        "" if used.gpu_busy is None else share(used.gpu_busy),
        "" if used.gpu_bytes is None else size(used.gpu_bytes),
        ", ".join(replica.modules),
    ]


def _edge_rows(frame: Frame) -> list[list[str]]:
    return [_edge(each) for each in frame.rates.edges]


def _edge(edge: EdgeRate) -> list[str]:
    quantiles = edge.p50_ns, edge.p95_ns, edge.p99_ns
    return [
        f"{edge.caller} → {edge.module}.{edge.method}",
        rate(edge.per_s),
        rate(edge.errors_per_s),
        *(NOTHING if each is None else duration(each) for each in quantiles),
        str(edge.in_flight),
    ]


def _seconds(value_s: float) -> str:
    return f"{value_s:.1f} s"
