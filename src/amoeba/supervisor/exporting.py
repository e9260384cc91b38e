"""Exports traces to a collector by OTLP over HTTP, in a thread of its own.

    host → report → `offer` → queue → thread → collector

It never costs the application anything: the queue is bounded and the oldest spans go first, a batch
that the exporter could not deliver within its own retries is lost, and at the end no more than a
moment is spent on what is left. Trouble is said once, and again when it is over.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections import deque
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from amoeba.app import locate
from amoeba.app.otlp import KEY, Target, find_target
from amoeba.errors import ConfigurationError, Problem, render_problems
from amoeba.evidence.otlp import SpanMaker
from amoeba.supervisor.logs import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from amoeba.app import Application
    from amoeba.evidence import Span
    from amoeba.topology import Topology

_MOST_SPANS = 8192
_BATCH = 512
_LAST_FLUSH_S = 2.0
_LIBRARIES = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http.trace_exporter")
_INSTALL = "pip install 'amoeba[otlp]'"


class Sink(Protocol):
    """Delivers spans to a collector."""

    @property
    def trouble(self) -> str:
        """Why the last spans have not arrived, in words."""

    def deliver(self, spans: Sequence[ReadableSpan]) -> bool:
        """Whether they have arrived."""

    def close(self) -> None:
        """Give up what is being delivered."""


class TraceExporter:
    """Exports what it is offered, from `start` to `finish`."""

    def __init__(self, make_sink: Callable[[], Sink], make_spans: Callable[[], SpanMaker]) -> None:
        """Both are called in the thread: what they import takes a while."""
        self._make_sink, self._make_spans = make_sink, make_spans
        self._changed = threading.Condition()
        self._queue: deque[tuple[str, Span]] = deque()
        self._lost = 0
        self._ending = False
        self._troubled = False
        self._sink: Sink | None = None
        self._thread = threading.Thread(target=self._run, name="amoeba-otlp", daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def offer(self, replica: str, spans: Sequence[Span]) -> None:
        """Spans that a replica has told of."""
        if not spans:
            return
        with self._changed:
            self._queue.extend((replica, span) for span in spans)
            while len(self._queue) > _MOST_SPANS:
                self._queue.popleft()
                self._lost += 1
            self._changed.notify()

    async def finish(self) -> None:
        """Export what is left, for a moment, and end."""
        with self._changed:
            self._ending = True
            if self._troubled:
                self._queue.clear()
            self._changed.notify()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, _LAST_FLUSH_S)
        if self._sink is not None:
            self._sink.close()

    def _run(self) -> None:
        with _quiet():
            try:
                self._sink, maker = self._make_sink(), self._make_spans()
            except Exception as error:  # noqa: BLE001 - a library that does not load is no reason to end
                say(f"traces are not exported: {type(error).__name__}: {error}")
                return
            while batch := self._next():
                self._deliver_safely(self._sink, maker, batch)

    def _next(self) -> list[tuple[str, Span]]:
        """What is to be exported next; nothing at the end."""
        with self._changed:
            while not self._queue and not self._ending:
                self._changed.wait()
            return [self._queue.popleft() for _ in range(min(_BATCH, len(self._queue)))]

    def _deliver_safely(self, sink: Sink, maker: SpanMaker, batch: list[tuple[str, Span]]) -> None:
        try:
            self._deliver(sink, maker, batch)
        except Exception as error:  # noqa: BLE001 - one batch is lost by it, not all that follow
            self._lose(len(batch), f"{type(error).__name__}: {error}")

    def _deliver(self, sink: Sink, maker: SpanMaker, batch: list[tuple[str, Span]]) -> None:
        made = [each for replica, span in batch for each in maker.made(replica, [span])]
        if sink.deliver(made):
            self._over()
            return
        self._lose(len(batch), sink.trouble)

    def _lose(self, count: int, trouble: str) -> None:
        with self._changed:
            self._lost += count
        if not self._troubled and not self._ending:
            say(f"traces are not exported: {trouble}")
        self._troubled = True

    def _over(self) -> None:
        """The collector takes spans again."""
        if not self._troubled:
            return
        self._troubled = False
        with self._changed:
            lost, self._lost = self._lost, 0
        say(f"traces are exported again; {lost} spans were lost")


def make_exporter(
    application: Application, topology: Topology, environment: Mapping[str, str] = os.environ
) -> TraceExporter | None:
    """What exports an application's traces; None when it is not asked for.

    Raises ConfigurationError when `amoeba.toml` asks for it and it cannot be. What the environment
    asks for may be meant for the application's own SDK: of that, it is only said.
    """
    try:
        target = find_target(application.evidence.otlp, environment)
        if target is None:
            return None
        _check_libraries(target, application.file)
    except ConfigurationError as error:
        if any(problem.where == KEY for problem in error.problems):
            raise
        say(f"traces are not exported: {render_problems(error.problems)}")
        return None
    url = target.url

    def make_sink() -> Sink:
        from amoeba.supervisor.otlp import Collector

        return Collector(url)

    return TraceExporter(make_sink, lambda: SpanMaker(application.name, topology.name))


def _check_libraries(target: Target, file: str) -> None:
    if all(map(_installed, _LIBRARIES)):
        return
    what = "exporting traces needs opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http"
    problems = [Problem(what, where=target.source, hint=_INSTALL)]
    if target.source == KEY:
        problems = locate(problems, Path(file).read_text(encoding="utf-8"), file)
    raise ConfigurationError(problems)


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what OpenTelemetry logs of its trouble from stderr: it is said in our words."""
    log, handler = logging.getLogger("opentelemetry"), logging.NullHandler()
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
