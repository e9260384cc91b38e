"""`amoeba trace`: single requests, as a list or, one of them, as a waterfall."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from amoeba.cli.tables import Column, cells, render_table
from amoeba.cli.units import duration, size
from amoeba.evidence.records import HTTP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amoeba.evidence import Span
    from amoeba.evidence.critical import Part, Request

_LEAST_BAR, _MOST_BAR = 20, 60
_ON_PATH, _BESIDE = "█", "░"
_LIST = [
    Column("trace", left=True),
    Column("when", 1, left=True),
    Column("request", left=True),
    Column("took"),
    Column("spans", 2),
    Column("processes", 2),
    Column("failed"),
]
_WATERFALL = [
    Column("call", left=True),
    Column("process", 1, left=True),
    Column("took"),
    Column("on path"),
    Column("cpu", 2),
    Column("wait", 2),
    Column("argument", 3),
    Column("answer", 3),
]


class TraceLine(msgspec.Struct):
    """One trace in a list. `started` is since the epoch, in nanoseconds."""

    trace_id: str
    route: str
    started_ns: int
    duration_ns: int
    spans: int
    processes: int
    error: str


def line_of(first: Span, spans: Sequence[Span]) -> TraceLine:
    """What a list says of a request and its trace."""
    return TraceLine(
        trace_id=first.trace_id,
        route=first.method,
        started_ns=first.start_ns,
        duration_ns=first.duration_ns,
        spans=len(spans),
        processes=len({span.replica for span in spans if span.replica}),
        error=first.error,
    )


def render_list(lines: Sequence[TraceLine], width: int) -> str:
    """Traces as a table for people."""
    if not lines:
        return "no trace is kept yet\n"
    rows = [
        [
            line.trace_id[:12],
            f"{datetime.fromtimestamp(line.started_ns / 1e9, UTC):%d %b %H:%M:%S}",
            line.route,
            duration(line.duration_ns),
            str(line.spans),
            str(line.processes),
            line.error,
        ]
        for line in lines
    ]
    return "\n".join(render_table(_LIST, rows, width)) + "\n"


def spans_with_path(requests: Sequence[Request]) -> Iterator[dict[str, object]]:
    """Each span as plain data, with its time on the critical path of its request."""
    for request in requests:
        for part in request.parts:
            yield {
                **msgspec.structs.asdict(part.span),
                "parallel": part.parallel,
                "path_ns": part.own_ns,
                "path_cpu_ns": part.cpu_ns,
                "path_wait_ns": part.wait_ns,
                "path_crossing_ns": part.crossing_ns,
                "path_unseen_ns": part.unseen_ns,
            }


def render_waterfall(requests: Sequence[Request], width: int) -> str:
    """The requests of one trace as waterfalls, each on the clock of its first span."""
    first = requests[0].first
    when = datetime.fromtimestamp(first.start_ns / 1e9, UTC)
    lines = [f"trace {first.trace_id} · {when:%d %b %Y %H:%M:%S.%f} UTC"]
    for request in requests:
        if not request.whole and request is not requests[0]:
            lines.append("without its caller, whose span was lost:")
        lines += _waterfall(request, width)
    lines.append(f"{_ON_PATH} on the critical path: nothing else delayed the request then")
    lines.append(f"{_BESIDE} beside it, or waiting for what is below")
    return "\n".join(lines) + "\n"


def _waterfall(request: Request, width: int) -> list[str]:
    parts = request.parts
    rows = [_row(part) for part in parts]
    head, *told = render_table(_WATERFALL, rows, width - _LEAST_BAR - 1)
    left_out = told[len(rows) :]
    used = max(map(cells, (head, *told[: len(rows)])))
    room = max(_LEAST_BAR, min(_MOST_BAR, width - used - 1))
    bars = [bar(part, request.first.duration_ns, room) for part in parts]
    lines = [
        f"{line}{' ' * (used - cells(line) + 1)}{each}"
        for line, each in zip(told, bars, strict=False)
    ]
    return [
        head,
        *lines,
        *(line.replace(str(width - _LEAST_BAR - 1), str(width)) for line in left_out),
    ]


def _row(part: Part) -> list[str]:
    span = part.span
    called = span.side == "client"
    name = span.method if span.caller == HTTP else f"{span.module}.{span.method}"
    failed = f" ✗ {span.error}" if span.error else ""
    times = ["", ""] if called else [duration(span.cpu_ns), duration(span.wait_ns)]
    sizes = [size(value) if value else "" for value in (span.argument_bytes, span.answer_bytes)]
    return [
        f"{'  ' * part.depth}{name}{' (called)' if called else ''}{failed}",
        span.replica,
        duration(span.duration_ns),
        duration(part.own_ns) if part.own_ns else "",
        *times,
        *sizes,
    ]


def bar(part: Part, whole_ns: int, room: int) -> str:
    """When a span ran within its request, and when it was on the critical path."""
    marks = [" "] * room

    def fill(start_ns: int, end_ns: int, mark: str) -> None:
        scale = room / max(1, whole_ns)
        begin = min(room - 1, max(0, round(start_ns * scale)))
        for at in range(begin, max(begin + 1, min(room, round(end_ns * scale)))):
            marks[at] = mark

    fill(part.start_ns, part.start_ns + part.span.duration_ns, _BESIDE)
    for start, end in part.windows:
        if end - start >= whole_ns / room / 2 or part.own_ns < whole_ns / room:
            fill(start, end, _ON_PATH)
    return "".join(marks).rstrip()
