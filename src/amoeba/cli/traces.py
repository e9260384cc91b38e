"""`amoeba trace`: single requests, as a list or, one of them, as a waterfall."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from amoeba.cli.edges import duration, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amoeba.evidence import Span

_BAR = 40


class TraceLine(msgspec.Struct):
    """One trace in a list. `started` is since the epoch, in nanoseconds."""

    trace_id: str
    route: str
    started_ns: int
    duration_ns: int
    spans: int
    processes: int
    error: str


def line_of(spans: Sequence[Span]) -> TraceLine:
    """What a list says of a trace."""
    first = root_of(spans)
    return TraceLine(
        trace_id=first.trace_id,
        route=first.method,
        started_ns=first.start_ns,
        duration_ns=first.duration_ns,
        spans=len(spans),
        processes=len({span.replica for span in spans if span.replica}),
        error=first.error,
    )


def root_of(spans: Sequence[Span]) -> Span:
    """The span that no other span here made; of several, the one that began first."""
    known = {span.span_id for span in spans}
    return min(
        (span for span in spans if span.parent_id not in known), key=lambda span: span.start_ns
    )


def render_list(lines: Sequence[TraceLine]) -> str:
    """Traces as a table for people."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=120, highlight=False)
    table = Table("trace", "when", "request", box=None)
    for name in ("took", "spans", "processes", "failed"):
        table.add_column(name, justify="right")
    for line in lines:
        when = datetime.fromtimestamp(line.started_ns / 1e9, UTC)
        table.add_row(
            line.trace_id[:12],
            f"{when:%d %b %H:%M:%S}",
            line.route,
            duration(line.duration_ns),
            str(line.spans),
            str(line.processes),
            line.error,
        )
    with console.capture() as capture:
        console.print(table if lines else "no trace is kept yet")
    return capture.get()


def render_waterfall(spans: Sequence[Span]) -> str:
    """One trace as a waterfall, on the clock of its first span.

    Clocks of processes on one machine are the same; a span of another machine may seem to begin
    before its parent.
    """
    from rich.console import Console
    from rich.table import Table

    console = Console(width=150, highlight=False)
    root = root_of(spans)
    table = Table("call", "process", box=None)
    for name in ("took", "cpu", "wait", "argument", "answer"):
        table.add_column(name, justify="right")
    table.add_column("")
    for depth, span in in_order(spans):
        cells = [duration(span.duration_ns)]
        cells += (
            [duration(span.cpu_ns), duration(span.wait_ns)] if span.side != "client" else 2 * [""]
        )
        cells += [
            size(value) if value else "" for value in (span.argument_bytes, span.answer_bytes)
        ]
        failed = f" ✗ {span.error}" if span.error else ""
        name = f"{span.module}.{span.method}" if depth else span.method
        side = " (called)" if span.side == "client" else ""
        table.add_row("  " * depth + name + side + failed, span.replica, *cells, bar(span, root))
    with console.capture() as capture:
        when = datetime.fromtimestamp(root.start_ns / 1e9, UTC)
        console.print(f"trace {root.trace_id} · {when:%d %b %Y %H:%M:%S.%f} UTC")
        console.print(table)
    return capture.get()


def in_order(spans: Sequence[Span]) -> Iterator[tuple[int, Span]]:
    """Each span with its depth, callees below their caller in the order of their beginning."""
    children: defaultdict[str, list[Span]] = defaultdict(list)
    known = {span.span_id for span in spans}
    for span in sorted(spans, key=lambda each: (each.start_ns, each.span_id)):
        children[span.parent_id if span.parent_id in known else ""].append(span)
    waiting = [(0, span) for span in reversed(children[""])]
    while waiting:
        depth, span = waiting.pop()
        yield depth, span
        waiting += [(depth + 1, each) for each in reversed(children[span.span_id])]


def bar(span: Span, root: Span) -> str:
    """When a span ran, within the time of the first one."""
    whole = max(1, root.duration_ns)
    begin = round(_BAR * max(0, span.start_ns - root.start_ns) / whole)
    length = max(1, round(_BAR * span.duration_ns / whole))
    begin = min(begin, _BAR - 1)
    return " " * begin + "█" * min(length, _BAR - begin)
