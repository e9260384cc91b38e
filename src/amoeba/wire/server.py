"""The callee's side: listens, checks who connects, and runs each call as a task of its own.

Connection states: `greeting → open → draining → closed`.
"""

from __future__ import annotations

import asyncio
import contextvars
import hmac
import logging
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from amoeba.contract.codec import Message
from amoeba.errors import ContractError, Overloaded, Unavailable, WireError
from amoeba.wire.addresses import check_peer
from amoeba.wire.connection import Connection
from amoeba.wire.frames import FrameKind, Metadata, answer_metadata, check_size, split
from amoeba.wire.handshake import (
    WIRE_VERSION,
    Hello,
    Refusal,
    Welcome,
    common_version,
    decode_hello,
    encode,
)
from amoeba.wire.limits import Holding, Limits
from amoeba.wire.streams import CREDIT_BYTES, Outgoing

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence

    from amoeba.contract.buffers import Buffer
    from amoeba.contract.codec import ItemsCodec

log = logging.getLogger("amoeba.wire")

queued_ns: ContextVar[int] = ContextVar("amoeba_queued_ns", default=0)
"""How long a call that is looked at closely had arrived before it began, in its own task."""

_LAST_WORDS_S = 1.0
_BLOCKING_GRACE_S = 0.1  # far longer than a frame needs from one process to another


class Service(Protocol):
    """What the server needs of a module that it serves."""

    @property
    def fingerprint(self) -> str:
        """The contract's fingerprint."""

    def describe(self) -> dict[str, Any]:
        """The contract as plain data, sent to a caller whose own differs."""

    def is_stream(self, method: int) -> bool:
        """Whether the method answers with a stream. Raises WireError for an unknown number."""

    async def call(self, method: int, request: Message, metadata: Metadata) -> Message:
        """Run a unary method."""

    def stream(
        self, method: int, request: Message, metadata: Metadata
    ) -> tuple[AsyncIterator[Any], ItemsCodec]:
        """Begin a stream."""

    def encode_error(self, error: BaseException) -> bytes:
        """An exception as the payload of an ERROR frame."""


class Server:
    """Serves modules to callers. `services` may grow while it runs."""

    def __init__(
        self,
        application: str,
        services: Mapping[str, Service],
        limits: Limits,
        holding: Holding,
        token: str = "",
    ) -> None:
        self.application, self.services, self.token = application, services, token
        self.limits, self.holding = limits, holding
        self.connections: set[ServerConnection] = set()
        self.greeting = 0
        self.draining = False
        self._listener: asyncio.Server | None = None
        self._all_closed = asyncio.Event()

    async def start(self, sock: socket.socket) -> None:
        """Accept connections on a listening socket."""
        loop = asyncio.get_running_loop()

        def make() -> ServerConnection:
            return ServerConnection(self)

        start = loop.create_unix_server if sock.family.name == "AF_UNIX" else loop.create_server
        self._listener = await start(make, sock=sock)

    async def drain(self, timeout_s: float) -> None:
        """Take no new calls, let those in flight end, then close every connection."""
        self._stop_listening()
        self.draining = True
        for connection in list(self.connections):
            connection.drain()
        try:
            async with asyncio.timeout(timeout_s):
                while self.connections:
                    self._all_closed.clear()
                    await self._all_closed.wait()
        except TimeoutError:
            log.warning("calls were still running after %.0f s of draining", timeout_s)
        await self.close()

    async def close(self) -> None:
        """Close at once; calls in flight are cancelled and answered with Unavailable."""
        self._stop_listening()
        tasks = [task for each in list(self.connections) for task in each.stop_calls()]
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)
        loop = asyncio.get_running_loop()
        for connection in list(self.connections):
            connection.close("the host stopped")
            # One whose peer does not read would stay open for as long as that peer likes.
            loop.call_later(_LAST_WORDS_S, connection.transport.abort)

    def opened(self, connection: ServerConnection) -> None:
        """A connection was accepted."""
        self.connections.add(connection)

    def lost(self, connection: ServerConnection) -> None:
        """A connection ended."""
        self.connections.discard(connection)
        if not self.connections:
            self._all_closed.set()

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None


class ServerConnection(Connection):
    """One caller."""

    def __init__(self, server: Server) -> None:
        super().__init__(server.limits, server.holding)
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._service: Service | None = None
        self._hello: Hello | None = None
        self._calls: dict[int, asyncio.Task[None]] = {}
        self._outgoing: dict[int, Outgoing] = {}
        self._cancelled: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._greets = False
        self._parser.trusted = False

    def describe(self) -> str:
        """See Connection."""
        return f"caller {self._hello.caller!r}" if self._hello else "an unknown caller"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        super().connection_made(transport)
        server = self._server
        server.opened(self)
        if server.greeting >= self.limits.handshakes:
            self.break_off(f"{server.greeting} connections are already greeting")
            return
        server.greeting += 1
        self._greets = True
        self._timer = self._loop.call_later(
            self.limits.handshake_s, self.break_off, "no hello in time"
        )
        try:
            check_peer(transport.get_extra_info("socket"))
        except WireError as error:
            self.break_off(error.reason)

    def pause_writing(self) -> None:
        """A caller that does not read its answers is not read from either."""
        super().pause_writing()
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """See `pause_writing`."""
        super().resume_writing()
        if not self.closed:
            self.transport.resume_reading()

    def drain(self) -> None:
        """Tell the caller to send no new calls; it closes when its last one is answered."""
        if self._service is None:
            self.close("draining")
            return
        self.send(FrameKind.DRAIN, 0)
        if self._hello is not None and self._hello.blocking:
            # It looks for the drain before each call, but cannot close while it is idle.
            self._loop.call_later(_BLOCKING_GRACE_S, self._close_idle)

    def stop_calls(self) -> list[asyncio.Task[None]]:
        """Cancel every call in flight."""
        tasks = list(self._calls.values())
        for task in tasks:
            task.cancel()
        return tasks

    def on_frame(
        self,
        kind: int,
        flags: int,
        method: int,
        call: int,
        body: bytes,
        buffers: Sequence[Buffer],
        /,
    ) -> None:
        """See Connection."""
        service = self._service
        if service is None:
            self._on_hello(kind, body)
        elif kind == FrameKind.CALL:
            self._on_call(service, flags, method, call, body, buffers)
        elif kind == FrameKind.CANCEL:
            task = self._calls.get(call)
            if task is not None:
                self._cancelled.add(call)
                task.cancel()
        elif kind == FrameKind.CREDIT:
            self._on_credit(call, body)
        else:
            msg = f"an unexpected frame of kind {kind}"
            raise WireError(msg)

    def on_lost(self, reason: str) -> None:
        """See Connection: nobody waits for the calls in flight."""
        self._greeted()
        self._cancelled.update(self._calls)
        self.stop_calls()
        self._server.lost(self)

    def _close_idle(self) -> None:
        if not self._calls:
            self.close("drained")

    def _greeted(self) -> None:
        if self._greets:
            self._greets = False
            self._server.greeting -= 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_hello(self, kind: int, body: bytes) -> None:
        if kind != FrameKind.HELLO:
            msg = f"a frame of kind {kind} before the hello"
            raise WireError(msg)
        hello = self._hello = decode_hello(body)
        self._greeted()
        refusal = self._refuse(hello)
        if refusal is not None:
            log.warning("refused %s: %s", self.describe(), refusal.reason)
            self.send(FrameKind.REFUSED, 0, encode(refusal))
            self.close(refusal.reason)
            return
        self._service = self._server.services[hello.module]
        self._parser.trusted, self.peer = True, hello.bounds
        version = common_version(hello) or 0
        welcome = Welcome(version, self.limits.bounds, self.limits.window_bytes)
        self.send(FrameKind.WELCOME, 0, encode(welcome))
        if self._server.draining:
            self.drain()

    def _refuse(self, hello: Hello) -> Refusal | None:
        server = self._server
        if common_version(hello) is None:
            versions = f"the caller speaks {hello.wire}, the callee {WIRE_VERSION}"
            return Refusal(f"no common wire version: {versions}")
        known = hmac.compare_digest(hello.token.encode(), server.token.encode())
        if hello.application != server.application or not known:
            return Refusal(
                f"this host serves application {server.application!r} of another run or user"
            )
        service = server.services.get(hello.module)
        if service is None:
            return Refusal(f"module {hello.module!r} does not run here")
        if service.fingerprint != hello.fingerprint:
            reason = f"the contract of module {hello.module!r} differs between caller and callee:"
            return Refusal(reason, service.describe())
        return None

    def _on_call(
        self,
        service: Service,
        flags: int,
        method: int,
        call: int,
        body: bytes,
        buffers: Sequence[Buffer],
    ) -> None:
        metadata, payload = split(flags, body)
        if call in self._calls:
            msg = f"call {call} is already in flight"
            raise WireError(msg)
        if len(self._calls) >= self.limits.calls_in_flight:
            self._refuse_call(service, call)
            return
        begin: Callable[..., Coroutine[Any, Any, None]]
        begin = self._run_stream if service.is_stream(method) else self._run
        coroutine = begin(service, method, call, Message(payload, buffers), metadata)
        if metadata.caller is not None:
            coroutine = _noting_the_wait(coroutine, time.perf_counter_ns())
        # An empty context: what the caller's task, or another call, has set does not cross.
        task = asyncio.Task(coroutine, loop=self._loop, context=contextvars.Context())
        self._calls[call] = task
        # Not at the end of the task's own code: one cancelled before its first step never runs it.
        task.add_done_callback(lambda _: self._forget(call))

    def _refuse_call(self, service: Service, call: int) -> None:
        module = self._hello.module if self._hello else ""
        error = Overloaded(module, f"{len(self._calls)} calls are in flight from one caller")
        self.send(FrameKind.ERROR, call, service.encode_error(error))

    def _on_credit(self, call: int, body: bytes) -> None:
        if len(body) != CREDIT_BYTES:
            msg = "a damaged credit"
            raise WireError(msg)
        outgoing = self._outgoing.get(call)
        if outgoing is not None:
            outgoing.add_credit(int.from_bytes(body, "little"))

    async def _run(
        self, service: Service, method: int, call: int, request: Message, metadata: Metadata
    ) -> None:
        try:
            answer = await service.call(method, request, metadata)
            if not self.writable:
                await self.drained()
            check_size(answer, self.peer)
            told = answer_metadata(metadata)
            self.send(FrameKind.RESULT, call, answer.payload, answer.buffers, metadata=told)
        except BaseException as error:  # noqa: BLE001 - every failure is the caller's to see
            self._fail(service, call, error)

    async def _run_stream(
        self, service: Service, method: int, call: int, request: Message, metadata: Metadata
    ) -> None:
        try:
            items, codec = service.stream(method, request, metadata)
            outgoing = self._outgoing[call] = Outgoing(self, call, codec, metadata)
            await outgoing.run(items)
            self.send(FrameKind.END, call)
        except BaseException as error:  # noqa: BLE001 - as in `_run`
            self._fail(service, call, error)

    def _fail(self, service: Service, call: int, error: BaseException) -> None:
        if isinstance(error, asyncio.CancelledError):
            if call in self._cancelled:
                return
            module = self._hello.module if self._hello else ""
            error = Unavailable(module, "the host stopped while the call ran")
        payload = service.encode_error(error)
        try:
            check_size(Message(payload), self.peer)
        except ContractError as too_large:
            payload = service.encode_error(too_large)
        self.send(FrameKind.ERROR, call, payload)

    def _forget(self, call: int) -> None:
        self._calls.pop(call, None)
        self._outgoing.pop(call, None)
        self._cancelled.discard(call)
        if self._server.draining and self._hello is not None and self._hello.blocking:
            self._close_idle()


async def _noting_the_wait(begun: Coroutine[Any, Any, None], arrived_ns: int) -> None:
    queued_ns.set(time.perf_counter_ns() - arrived_ns)
    await begun
