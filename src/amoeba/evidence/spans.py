"""A call that is looked at closely, while it runs; at its end it becomes a span of its trace."""

from __future__ import annotations

import re
import secrets
import time
from typing import TYPE_CHECKING

from amoeba.evidence.driving import Steps
from amoeba.evidence.records import Samples, Span

if TYPE_CHECKING:
    from amoeba.evidence.recorder import Edge

_clock = time.perf_counter_ns
_SAMPLED = 0x01
_HEX = "[0-9a-fA-F]"
_TRACEPARENT = re.compile(rf"({_HEX}{{2}})-({_HEX}{{32}})-({_HEX}{{16}})-({_HEX}{{2}})(?:-|\Z)")


class ActiveSpan:
    """One call of a sampled trace. `kept`: the trace is told of, not only counted."""

    __slots__ = (
        "away_ns",
        "caller",
        "children",
        "cpu_ns",
        "ended",
        "error",
        "kept",
        "method",
        "module",
        "outer_id",
        "parent_id",
        "paused_ns",
        "queued_ns",
        "recorder",
        "replica",
        "samples",
        "side",
        "span_id",
        "start_ns",
        "started",
        "trace_id",
    )

    def __init__(self, edge: Edge, side: str, parent: ActiveSpan | None, *, kept: bool) -> None:
        self.caller, self.module, self.method = edge.caller, edge.module, edge.method
        self.side, self.replica, self.error = side, edge.replica, ""
        self.recorder = edge.recorder
        self.trace_id: str = parent.trace_id if parent else secrets.token_hex(16)
        self.parent_id: str = parent.span_id if parent else ""
        self.outer_id = ""  # see Span
        self.span_id: str = secrets.token_hex(8)
        self.kept: bool = parent.kept if parent else kept
        self.cpu_ns = self.queued_ns = 0
        self.paused_ns = 0  # of a stream: while its consumer was busy otherwise
        self.children: list[tuple[int, int]] = []  # when calls to other modules began and ended
        self.away_ns = 0  # waiting for streams of other modules, beside `children`
        self.samples = Samples()
        self.ended = 0  # until it is over
        self.start_ns, self.started = time.time_ns(), _clock()

    @property
    def steps(self) -> Steps:
        """The steps that are being driven in this thread."""
        return Steps() if self.recorder is None else self.recorder.steps

    @property
    def traceparent(self) -> str:
        """The W3C `traceparent` for a callee: sampled when the trace is told of."""
        return f"00-{self.trace_id}-{self.span_id}-{_SAMPLED if self.kept else 0:02x}"

    def continues(self, traceparent: str) -> None:
        """Belong to a trace that began elsewhere; what is no `traceparent` is ignored."""
        parsed = parse(traceparent)
        if parsed is not None:
            self.trace_id, self.parent_id, _ = parsed

    def finished(self) -> Span:
        """What is known at the end. `wait_ns` is without the calls to other modules."""
        if not self.ended:
            self.ended = _clock()
        duration = self.ended - self.started
        away = self.away_ns + sum(end - start for start, end in _merged(self.children))
        waited = max(0, duration - self.cpu_ns - away - self.paused_ns)
        return Span(
            trace_id=self.trace_id,
            span_id=self.span_id,
            parent_id=self.parent_id,
            caller=self.caller,
            module=self.module,
            method=self.method,
            replica=self.replica,
            side=self.side,
            start_ns=self.start_ns,
            duration_ns=duration,
            cpu_ns=self.cpu_ns,
            wait_ns=waited if self.side != "client" else 0,
            argument_bytes=self.samples.argument_bytes,
            answer_bytes=self.samples.answer_bytes,
            error=self.error,
            outer_id=self.outer_id,
        )


def parse(traceparent: str) -> tuple[str, str, bool] | None:
    """Trace, parent and whether it is sampled, of a W3C `traceparent`; None when it is none."""
    found = _TRACEPARENT.match(traceparent)
    if found is None:
        return None
    version, trace, parent, flags = found.groups()
    if version.lower() == "ff" or not int(trace, 16) or not int(parent, 16):
        return None
    return trace.lower(), parent.lower(), bool(int(flags, 16) & _SAMPLED)


def _merged(intervals: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same time without overlaps."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
