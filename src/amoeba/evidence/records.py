"""What is measured, as it travels from hosts to the supervisor and into the store.

Everything here adds up: two records of the same thing become one by addition, so processes, minutes
and replicas merge without loss. Times are nanoseconds, sizes bytes, unless a name says otherwise.
Histograms are `{bucket: count}`, see `evidence.histogram`.
"""

from __future__ import annotations

import msgspec

HTTP = "http"
"""The caller of the gateway's routes, which are edges too: `http → gateway.POST /tickets`."""


class Samples(msgspec.Struct):
    """What was measured of those calls that were looked at closely.

    `cpu` and `wait` are of the callee's own method while it was driven step by step, without the
    modules that it called. `by_size` has, for each power of two of the encoded arguments' size
    (`size.bit_length()`), how many calls there were and how long they took together.
    """

    calls: int = 0
    argument_bytes: int = 0
    answer_bytes: int = 0
    encode_ns: int = 0
    decode_ns: int = 0
    cpu_ns: int = 0
    wait_ns: int = 0
    by_size: dict[int, tuple[int, int]] = {}


class EdgeTotals(msgspec.Struct):
    """What was seen of one edge: `caller → module.method`.

    `latency` is as the caller waited, `queued` how long calls had arrived at the callee before they
    began. `in_flight` is of the moment and does not add up over time.
    """

    caller: str
    module: str
    method: str
    calls: int
    errors: dict[str, int]
    in_flight: int
    latency: dict[int, int]
    queued: dict[int, int] = {}
    samples: Samples = msgspec.field(default_factory=Samples)


class ProcessTotals(msgspec.Struct):
    """What one process used since it started. `loop_lag`: how late the event loop woke up.

    `blocked_by` has the time for which each module kept the event loop from running, of those that
    were caught at it. `rss_bytes`, `descriptors` and the GPU's are of the moment.
    """

    cpu_ns: int = 0
    start_ns: int = 0
    gc_pauses: int = 0
    gc_pause_ns: int = 0
    rss_bytes: int = 0
    rss_at_start_bytes: int = 0
    descriptors: int = 0
    gpu_bytes: int | None = None
    gpu_busy: float | None = None
    loop_lag: dict[int, int] = {}
    blocked_by: dict[str, int] = {}
    cpu_by_module: dict[str, int] = {}


class Span(msgspec.Struct):
    """One call, or one request, of a trace. Identifiers are those of W3C Trace Context, in hex.

    `start_ns` is since the epoch. `parent_id` is empty for the first span of a trace that began
    here. `side` is `internal` for a call within a process, `client` and `server` for the two sides
    of one between processes, `server` for a request of HTTP too. `replica` is where it was
    measured. `error` names the exception, or the status of an answer. `outer_id` is the innermost
    of the application's own spans between this one and `parent_id`, if any: it is exported with
    the trace, and not kept.
    """

    trace_id: str
    span_id: str
    parent_id: str
    caller: str
    module: str
    method: str
    replica: str
    start_ns: int
    duration_ns: int
    cpu_ns: int = 0
    wait_ns: int = 0
    argument_bytes: int = 0
    answer_bytes: int = 0
    error: str = ""
    side: str = "internal"
    outer_id: str = ""


class Live(msgspec.Struct):
    """What ran from a moment on: it gives every other record its meaning.

    `processes` has, for each process of the topology, its modules and its replicas. `versions` has
    the version of each module's code, `code` that of the whole application.
    """

    application: str
    topology: str
    code: str
    processes: dict[str, tuple[tuple[str, ...], int]]
    versions: dict[str, str] = {}


class Interval(msgspec.Struct):
    """What happened within an interval: sums of what was added in it, over all processes.

    `start_s` is since the epoch. `processes` is by replica.
    """

    start_s: float
    width_s: float
    edges: list[EdgeTotals] = []
    processes: dict[str, ProcessTotals] = {}
    spans: list[Span] = []
