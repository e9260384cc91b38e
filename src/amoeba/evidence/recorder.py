"""The recorder: per edge calls, errors, latency and calls in flight, always on.

Of a few calls it looks closely: see `spans`. `Recorder.spans` has those that ended lately, until
they are taken.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from amoeba.evidence.budget import NEVER
from amoeba.evidence.driving import Steps
from amoeba.evidence.histogram import bucket_of, quantile_ns
from amoeba.evidence.records import HTTP, EdgeTotals, Samples

if TYPE_CHECKING:
    from amoeba.evidence.records import Span
    from amoeba.evidence.spans import ActiveSpan

_MOST_SPANS = 2000
_ENOUGH_FOR_OUTLIERS = 500
_OUTLIER = 0.999


class Sizes(Protocol):
    """Tells how large a call is, into its samples."""

    def asked(self, args: tuple[Any, ...], kwargs: dict[str, Any], into: Samples) -> None:
        """Measure the arguments."""

    def told(self, answer: Any, into: Samples) -> None:
        """Measure the answer."""

    def streamed(self, item: Any, into: Samples) -> None:
        """Measure an item of a stream."""


class Edge:
    """Counts the calls of one method of one module by one caller.

    Counts are exact for calls on the host's loop; under threads an update can be lost, so they
    are evidence, not accounting. `replica` is where the callee runs while that is the caller's own
    process, otherwise empty; calls that `crosses` go through the codec. From `sample_at_ns` on the
    next call is looked at closely, with its `sizes`; one longer than `slow_ns` is an outlier.
    """

    __slots__ = (
        "caller",
        "crosses",
        "errors",
        "in_flight",
        "latency",
        "method",
        "module",
        "queued",
        "recorder",
        "replica",
        "sample_at_ns",
        "samples",
        "sizes",
        "slow_ns",
    )

    def __init__(
        self, caller: str, module: str, method: str, recorder: Recorder | None = None
    ) -> None:
        self.caller, self.module, self.method = caller, module, method
        self.replica, self.crosses = "", False
        self.in_flight = 0
        self.errors: defaultdict[str, int] = defaultdict(int)
        self.latency: defaultdict[int, int] = defaultdict(int)
        self.queued: defaultdict[int, int] = defaultdict(int)
        self.samples = Samples()
        self.recorder = recorder
        self.sample_at_ns = NEVER if recorder is None else 0
        self.sizes: Sizes | None = None
        self.slow_ns = NEVER

    def failed(self, error: BaseException) -> None:
        """A call ended with `error`."""
        self.errors[type(error).__name__] += 1

    def sampled(self, span: Span, seen: Samples) -> None:
        """Count a call that was looked at closely."""
        into = self.samples
        if span.side != "server" or self.caller == HTTP:  # a request has no caller's side
            into.calls += 1
        into.argument_bytes += seen.argument_bytes
        into.answer_bytes += seen.answer_bytes
        into.encode_ns += seen.encode_ns
        into.decode_ns += seen.decode_ns
        if span.side != "client":
            into.cpu_ns += span.cpu_ns
            into.wait_ns += span.wait_ns
        if seen.argument_bytes:
            size = seen.argument_bytes.bit_length()
            count, took = into.by_size.get(size, (0, 0))
            into.by_size[size] = count + 1, took + span.duration_ns

    def waited(self, queued_ns: int) -> None:
        """A call had arrived this long ago when it began."""
        self.queued[bucket_of(queued_ns)] += 1

    def totals(self) -> EdgeTotals:
        """The counts so far."""
        latency = dict(self.latency)
        return EdgeTotals(
            self.caller,
            self.module,
            self.method,
            sum(latency.values()),
            dict(self.errors),
            self.in_flight,
            latency,
            dict(self.queued),
            msgspec.structs.replace(self.samples, by_size=dict(self.samples.by_size)),
        )


class Recorder:
    """The edges of one host, and the spans that ended in it."""

    def __init__(self) -> None:
        self._edges: dict[tuple[str, str, str], Edge] = {}
        self._spans: deque[Span] = deque(maxlen=_MOST_SPANS)
        self._threads = threading.local()

    @property
    def steps(self) -> Steps:
        """The steps that are being driven in this thread."""
        found: Steps | None = getattr(self._threads, "steps", None)
        if found is None:
            found = self._threads.steps = Steps()
        return found

    def edge(self, caller: str, module: str, method: str) -> Edge:
        """The edge, made when first asked for."""
        key = (caller, module, method)
        if key not in self._edges:
            self._edges[key] = Edge(*key, self)
        return self._edges[key]

    def ended(self, active: ActiveSpan, edge: Edge) -> None:
        """A call that was looked at closely is over."""
        span = active.finished()
        edge.sampled(span, active.samples)
        if active.queued_ns:
            edge.waited(active.queued_ns)
        if active.kept:
            self._spans.append(span)

    def keep(self, span: Span) -> None:
        """Tell of a span that was made otherwise."""
        self._spans.append(span)

    def take_spans(self) -> list[Span]:
        """The spans that ended since the last time."""
        taken: list[Span] = []
        while self._spans:
            taken.append(self._spans.popleft())
        return taken

    def totals(self) -> list[EdgeTotals]:
        """The counts of every edge that was called or is being called."""
        found = []
        for edge in list(self._edges.values()):
            totals = edge.totals()
            found.append(totals)
            if totals.calls >= _ENOUGH_FOR_OUTLIERS:
                edge.slow_ns = int(quantile_ns(totals.latency, _OUTLIER))
        return [each for each in found if each.calls or each.in_flight or each.samples.cpu_ns]
