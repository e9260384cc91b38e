"""`amoeba trace --by-module`: in which modules the time of requests goes, and of slow ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from amoeba.cli.tables import Column, render_table
from amoeba.cli.units import duration, share
from amoeba.evidence.routes import CallShare, RouteTime, route_time, time_by_route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amoeba.evidence.critical import Request

_MODULES = [
    Column("module.method", left=True),
    Column("of all"),
    Column("of slow"),
    Column("cpu", 1),
    Column("wait", 1),
    Column("crossing", 1),
    Column("unseen", 2),
    Column("in turn", 3),
    Column("parallel", 3),
]
_ROUTES = [
    Column("route", left=True),
    Column("requests"),
    Column("mean"),
    Column("mean of slow"),
    Column("where the slow ones spend it", left=True),
]
_MOST_ROUTES, _MOST_METHODS = 10, 20
_NO_TIME = CallShare("", "")


class ByModule(msgspec.Struct):
    """Where the time of requests went: of all together, and of each route."""

    together: RouteTime
    routes: list[RouteTime]


def by_module(requests: Sequence[Request]) -> ByModule:
    """Where the time of these requests went."""
    return ByModule(route_time(requests), time_by_route(requests))


def render_by_module(found: ByModule, width: int) -> str:
    """The same as tables for people."""
    together = found.together
    if not together.all.requests:
        return "no traced request is kept yet\n"
    lines = [
        f"{_counted(together.all.requests)}, the slowest tenth of them {together.slowest.requests}",
        "shares of critical paths · times per slow request · calls per request",
        *_methods(together, width),
    ]
    if len(found.routes) > 1:
        lines += ["", *_routes(found.routes, width), 'one alone: --route "POST /path"']
    if together.not_traced:
        lines.append(
            f"without {together.not_traced} more that failed or were slow, but were not traced"
        )
    return "\n".join(lines) + "\n"


def _methods(time: RouteTime, width: int) -> list[str]:
    slow = {_key(each): each for each in time.slowest.calls}
    every = sorted(
        time.all.calls,
        key=lambda each: (-slow.get(_key(each), _NO_TIME).path_ns, -each.path_ns),
    )
    rows = [
        _method_row(each, slow.get(_key(each), _NO_TIME), time) for each in every[:_MOST_METHODS]
    ]
    lines = render_table(_MODULES, rows, width)
    if len(every) > _MOST_METHODS:
        lines.append(f"and {len(every) - _MOST_METHODS} more: --json has all")
    return lines


def _key(call: CallShare) -> tuple[str, str]:
    return call.module, call.method


def _method_row(every: CallShare, slow: CallShare, time: RouteTime) -> list[str]:
    slowest, count = max(1, time.slowest.requests), max(1, time.all.requests)
    kinds = slow.cpu_ns, slow.wait_ns, slow.crossing_ns, slow.unseen_ns
    calls = every.sequential, every.parallel
    return [
        f"{every.module}.{every.method}",
        share(every.path_ns / max(1, time.all.took_ns)),
        share(slow.path_ns / max(1, time.slowest.took_ns)),
        *(duration(each / slowest) if each else "" for each in kinds),
        *(f"{each / count:.3g}" if each else "" for each in calls),
    ]


def _routes(routes: Sequence[RouteTime], width: int) -> list[str]:
    traced = [each for each in routes if each.all.requests]
    rows = [_route_row(each) for each in traced[:_MOST_ROUTES]]
    lines = render_table(_ROUTES, rows, width)
    if len(traced) > _MOST_ROUTES:
        lines.append(f"and {len(traced) - _MOST_ROUTES} more routes: --json has all")
    return lines


def _route_row(time: RouteTime) -> list[str]:
    slow = time.slowest
    top = [f"{each.module}.{each.method} {_kind(each, slow.took_ns)}" for each in slow.calls[:2]]
    return [
        time.route,
        str(time.all.requests),
        duration(time.all.took_ns / time.all.requests),
        duration(slow.took_ns / slow.requests),
        "; ".join(top),
    ]


def _kind(call: CallShare, whole_ns: int) -> str:
    kinds = {
        "cpu": call.cpu_ns,
        "wait": call.wait_ns,
        "crossing": call.crossing_ns,
        "unseen": call.unseen_ns,
    }
    kind = max(kinds, key=lambda each: kinds[each])
    return f"{share(call.path_ns / max(1, whole_ns))}, mostly {kind}"


def _counted(requests: int) -> str:
    return "1 request" if requests == 1 else f"{requests} requests"
