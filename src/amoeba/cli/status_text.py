"""The status of a run as text and as data: what it is, and how it did in the last minutes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from amoeba.cli.tables import Column, render_table, shortened
from amoeba.cli.units import NOTHING, age, duration, rate, share, size
from amoeba.evidence.rates import Rates, rates_of
from amoeba.evidence.records import HTTP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amoeba.evidence import EdgeTotals
    from amoeba.evidence.rates import EdgeRate
    from amoeba.runtime import ReplicaStatus, Status

_MOST_EDGES = 12
_REPLICAS = [
    Column("replica", left=True),
    Column("state", left=True),
    Column("modules", 2, left=True),
    Column("pid", 3),
    Column("cpu"),
    Column("memory"),
    Column("up", 1),
    Column("restarts"),
]
_EDGES = [
    Column("edge", left=True),
    Column("/s"),
    Column("failed"),
    Column("p50"),
    Column("p99"),
    Column("in flight", 1),
    Column("calls", 2),
    Column("errors", 3),
]


def status_data(status: Status) -> dict[str, object]:
    """The status as plain data; `lately` are rates of the last minutes."""
    return {**msgspec.structs.asdict(status), "lately": _lately(status)}


def render_status(status: Status, width: int) -> str:
    """The status as text for people: one screen."""
    lately = _lately(status)
    lines = [*_head(status, lately, width), *_replicas(status, lately, width)]
    if status.totals:
        lines += ["", *_edges(status, lately, width)]
    return "\n".join(lines) + "\n"


def replica_state(replica: ReplicaStatus) -> str:
    """A replica's state, and why."""
    return f"{replica.state} ({replica.detail})" if replica.detail else replica.state


def _lately(status: Status) -> Rates | None:
    return rates_of(status.lately) if status.lately is not None else None


def _head(status: Status, lately: Rates | None, width: int) -> Iterator[str]:
    since = f" · up {age(time.time() - status.began_s)}" if status.began_s else ""
    strict = " · strict" if status.strict else ""
    yield f"{status.application} · {status.topology}{strict} · pid {status.pid}{since}"
    if status.url:
        yield f"{status.url} · admin {status.admin_url}"
    if lately is not None:
        yield (
            f"{rate(lately.requests_per_s)} requests/s, {share(lately.failed)} failed, "
            f"in the last {age(lately.width_s)}"
        )
    for module, why in status.down.items():
        yield shortened(f"down: {module}: {_first_line(why)}", width)
    if status.evidence is not None and status.evidence.trouble:
        yield shortened(f"evidence is not kept: {_first_line(status.evidence.trouble)}", width)
    yield ""


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _replicas(status: Status, lately: Rates | None, width: int) -> list[str]:
    rows = []
    for each in status.replicas:
        used = lately.processes.get(each.replica) if lately is not None else None
        rows.append(
            [
                each.replica,
                replica_state(each),
                ", ".join(each.modules),
                str(each.pid or NOTHING),
                share(used.cpus) if used is not None and each.pid else NOTHING,
                size(each.rss_bytes) if each.pid else NOTHING,
                age(each.uptime_s) if each.pid else NOTHING,
                str(each.restarts),
            ]
        )
    return render_table(_REPLICAS, rows, width)


def _edges(status: Status, lately: Rates | None, width: int) -> list[str]:
    recent = {_key(each): each for each in lately.edges} if lately is not None else {}
    order = {key: at for at, key in enumerate(recent)}

    def routes_and_busiest_first(edge: EdgeTotals) -> tuple[bool, int, int]:
        return edge.caller != HTTP, order.get(_key(edge), len(order)), -edge.calls

    every = sorted(status.totals, key=routes_and_busiest_first)
    rows = [_edge(each, recent.get(_key(each))) for each in every[:_MOST_EDGES]]
    lines = render_table(_EDGES, rows, width)
    if len(every) > _MOST_EDGES:
        lines.append(f"and {len(every) - _MOST_EDGES} less busy ones: amoeba edges has all")
    return lines


def _edge(whole: EdgeTotals, recent: EdgeRate | None) -> list[str]:
    name = f"{whole.caller} → {whole.module}.{whole.method}"
    of_run = [str(whole.in_flight), str(whole.calls), str(sum(whole.errors.values()))]
    if recent is None or recent.p50_ns is None or recent.p99_ns is None:
        return [name, "0", *[NOTHING] * 3, *of_run]
    return [
        name,
        rate(recent.per_s),
        share(recent.errors_per_s / recent.per_s),
        duration(recent.p50_ns),
        duration(recent.p99_ns),
        *of_run,
    ]


def _key(edge: EdgeTotals | EdgeRate) -> tuple[str, str, str]:
    return edge.caller, edge.module, edge.method
