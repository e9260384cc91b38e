"""How a stub reaches a module: over the wire, or, in strict mode, through the codec alone."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import time
from typing import TYPE_CHECKING, Protocol

import msgspec

from amoeba.contract import Message
from amoeba.errors import Unavailable
from amoeba.runtime.carrying import outgoing_traceparent
from amoeba.runtime.deadlines import current_scope, remaining_s
from amoeba.runtime.retries import RetryBudget
from amoeba.runtime.timings import current_timings, note, note_all
from amoeba.wire import ConnectionLost, Failed, Incoming, Limits, Metadata
from amoeba.wire.frames import NO_METADATA, FrameKind
from amoeba.wire.streams import Outgoing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amoeba.contract.buffers import Buffer
    from amoeba.runtime.routing import Pool
    from amoeba.runtime.services import ModuleService
    from amoeba.wire import Client
    from amoeba.wire.frames import Timing

_ATTEMPTS = 3
_clock = time.perf_counter_ns


class Channel(Protocol):
    """Carries encoded calls to one module. Every method raises Failed or Unavailable."""

    async def call(
        self, method: int, message: Message, key: bytes | None, *, idempotent: bool
    ) -> Message:
        """One answer."""

    async def stream(self, method: int, message: Message, key: bytes | None) -> Incoming:
        """The beginning of a stream."""

    def call_blocking(
        self, method: int, message: Message, key: bytes | None, *, idempotent: bool
    ) -> Message:
        """One answer; the calling thread waits."""


def current_metadata() -> Metadata | None:
    """What goes with a call of this task: deadline, trace, whether it asks who answers; or None."""
    scope = current_scope()
    if scope is None or not scope.active:
        trace = outgoing_traceparent(None)
        return None if trace is None else Metadata(trace=trace)
    remaining, timings, span = remaining_s(), scope.timings, scope.span
    trace = outgoing_traceparent(span)
    if remaining is None and trace is None and timings is None and span is None:
        return None
    micros = None if remaining is None else max(0, int(remaining * 1e6))
    asked: list[Timing] | None = None if timings is None else []
    if span is not None:
        return Metadata(micros, trace, asked, span.caller, span.kept)
    return Metadata(micros, trace, asked)


def _note_answer(metadata: Metadata | None, module: str, replica: str, start_ns: int) -> None:
    """An answer, or the first item of a stream, is here: note it when the calling task asks."""
    if metadata is None or metadata.timings is None:
        return
    into = current_timings()
    if into is not None:
        note(into, module, replica, (_clock() - start_ns) // 1000)
        note_all(into, metadata.timings)


class WireChannel:
    """To replicas in other processes. Tries again only what surely or harmlessly can be."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._budget = RetryBudget()

    async def call(
        self, method: int, message: Message, key: bytes | None, *, idempotent: bool
    ) -> Message:
        """See Channel."""
        self._budget.earn()
        broke_off = False
        for attempt in range(_ATTEMPTS):
            client = self._pool.pick(key) or await self._connected(key, broke_off=broke_off)
            metadata, start_ns = current_metadata(), _clock()
            try:
                answer = await client.call(method, message, metadata)
            except ConnectionLost as lost:
                broke_off = broke_off or lost.sent
                self._give_up_unless_harmless(lost, attempt, idempotent=idempotent)
            else:
                _note_answer(metadata, self._pool.module, client.replica, start_ns)
                return answer
        raise Unavailable(self._pool.module, "every attempt failed", broke_off=broke_off)

    async def _connected(self, key: bytes | None, *, broke_off: bool) -> Client:
        """A connection. Raises Unavailable, which tells of an attempt that broke off before."""
        try:
            return await self._pool.connected(key)
        except Unavailable as error:
            error.broke_off = broke_off
            raise

    async def stream(self, method: int, message: Message, key: bytes | None) -> Incoming:
        """See Channel."""
        client = self._pool.pick(key) or await self._pool.connected(key)
        metadata, start_ns = current_metadata(), _clock()
        try:
            incoming = await client.stream(method, message, metadata)
        except ConnectionLost as lost:
            raise Unavailable(self._pool.module, lost.reason, broke_off=lost.sent) from None
        incoming.on_first = functools.partial(
            _note_answer, metadata, self._pool.module, client.replica, start_ns
        )
        return incoming

    def call_blocking(
        self, method: int, message: Message, key: bytes | None, *, idempotent: bool
    ) -> Message:
        """See Channel."""
        self._budget.earn()
        broke_off = False
        for attempt, replica in enumerate(self._pool.blocking(key)):
            metadata, start_ns = current_metadata(), _clock()
            try:
                pool = replica.blocking()
                answer = pool.call(method, message, metadata, remaining_s())
            except ConnectionLost as lost:
                broke_off = broke_off or lost.sent
                if not lost.sent:
                    replica.failed(lost.reason)
                self._give_up_unless_harmless(lost, attempt, idempotent=idempotent)
            else:
                _note_answer(metadata, self._pool.module, replica.endpoint.name, start_ns)
                return answer
        raise Unavailable(self._pool.module, "every attempt failed", broke_off=broke_off)

    def _give_up_unless_harmless(
        self, lost: ConnectionLost, attempt: int, *, idempotent: bool
    ) -> None:
        """Raise Unavailable unless the call was never sent, or may be executed twice."""
        last = attempt + 1 == _ATTEMPTS
        if lost.sent and not idempotent:
            reason = f"{lost.reason}; the call may have been executed"
            raise Unavailable(self._pool.module, reason, broke_off=True) from None
        if last or (lost.sent and not self._budget.spend()):
            raise Unavailable(self._pool.module, lost.reason, broke_off=lost.sent) from None


class StrictChannel:
    """To a module in this process, as if it were in another one.

    Each call is a new task with an empty context; arguments, answers and exceptions go through
    the codec, so nothing is shared between caller and callee.
    """

    def __init__(self, service: ModuleService, limits: Limits) -> None:
        self._service, self._limits = service, limits
        self._tasks: set[asyncio.Task[Message]] = set()
        self._pumps: set[asyncio.Task[None]] = set()

    async def call(
        self, method: int, message: Message, key: bytes | None, *, idempotent: bool
    ) -> Message:
        """See Channel."""
        del key, idempotent
        metadata = current_metadata() or NO_METADATA
        into = current_timings()
        task = asyncio.Task(
            self._service.call(method, _owned(message), metadata), context=contextvars.Context()
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
        if into is not None:
            note_all(into, metadata.timings or [])
        return self._outcome(task)

    async def stream(self, method: int, message: Message, key: bytes | None) -> Incoming:
        """See Channel."""
        del key
        link = _Link(self._limits)
        mine = current_metadata() or NO_METADATA
        metadata = msgspec.structs.replace(mine, deadline_us=None, timings=current_timings())
        pump = asyncio.Task(
            self._pump(method, _owned(message), link, metadata), context=contextvars.Context()
        )
        self._pumps.add(pump)
        pump.add_done_callback(self._pumps.discard)
        link.incoming = Incoming(
            self._limits.window_bytes, link.give_credit, lambda: (pump.cancel(), None)[1]
        )
        return link.incoming

    def call_blocking(
        self, method: int, message: Message, key: bytes | None, *, idempotent: bool
    ) -> Message:
        """See Channel."""
        del key, idempotent
        try:
            metadata = current_metadata() or NO_METADATA
            return _owned(self._service.call_blocking(method, _owned(message), metadata))
        except Exception as error:  # noqa: BLE001 - crosses as it would from another process
            raise Failed(self._service.encode_error(error)) from None

    def _outcome(self, task: asyncio.Task[Message]) -> Message:
        try:
            return _owned(task.result())
        except asyncio.CancelledError as error:
            raise Failed(self._service.encode_error(error)) from None
        except Exception as error:  # noqa: BLE001 - as above
            raise Failed(self._service.encode_error(error)) from None

    async def _pump(self, method: int, message: Message, link: _Link, metadata: Metadata) -> None:
        error: bytes | None = None
        try:
            items, codec = self._service.stream(method, message, metadata)
            link.outgoing = Outgoing(link, 0, codec)
            await link.outgoing.run(items)
        except Exception as failure:  # noqa: BLE001 - as above
            error = self._service.encode_error(failure)
        if link.incoming is not None:
            link.incoming.end(error)


class _Link:
    """Joins the two ends of a stream within a process; satisfies `streams.Sink`."""

    writable = True

    def __init__(self, limits: Limits) -> None:
        self.limits, self.peer = limits, limits.bounds
        self.incoming: Incoming | None = None
        self.outgoing: Outgoing | None = None

    async def drained(self) -> None:
        """Always at once."""

    def send(
        self,
        kind: int,
        call: int,
        payload: bytes = b"",
        buffers: Sequence[Buffer] = (),
        method: int = 0,
        metadata: Metadata | None = None,
    ) -> None:
        """Deliver items to the other end."""
        if kind == FrameKind.ITEMS and self.incoming is not None:
            self.incoming.add(_owned(Message(payload, buffers)))

    def give_credit(self, size: int) -> None:
        """The consumer has taken `size` bytes."""
        if self.outgoing is not None:
            self.outgoing.add_credit(size)


def _owned(message: Message) -> Message:
    """The message with buffers of its own: their memory still belongs to the sender."""
    return Message(message.payload, [bytes(buffer) for buffer in message.buffers])
