"""The caller's side of a connection to one module of one replica."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from amoeba.contract.codec import Message
from amoeba.contract.describing import differences
from amoeba.errors import WireError
from amoeba.wire.addresses import Address, check_peer
from amoeba.wire.connection import Connection
from amoeba.wire.frames import (
    HAS_METADATA,
    MOST_TIMINGS,
    FrameKind,
    Metadata,
    Timing,
    check_size,
    split,
)
from amoeba.wire.handshake import Hello, decode_refusal, decode_welcome, encode
from amoeba.wire.streams import Incoming

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amoeba.contract.buffers import Buffer
    from amoeba.wire.limits import Holding, Limits

_MAX_CALL = 0xFFFF_FFFF


class ConnectionLost(WireError):  # noqa: N818 - says what is the case
    """The connection ended. `sent` tells whether the callee may have begun the call."""

    sent: bool

    def __init__(self, reason: str, *, sent: bool = True) -> None:
        super().__init__(reason)
        self.sent = sent


class Failed(Exception):  # noqa: N818 - never seen by a user
    """The callee answered with an exception; `payload` is for contract.exceptions."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        super().__init__("the callee raised")


class Client(Connection):
    """Calls methods by number. Use only from the loop that opened it."""

    def __init__(self, hello: Hello, limits: Limits, holding: Holding) -> None:
        super().__init__(limits, holding)
        self._hello = msgspec.structs.replace(hello, bounds=limits.bounds)
        self._loop = asyncio.get_running_loop()
        self._welcome: asyncio.Future[None] = self._loop.create_future()
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._streams: dict[int, Incoming] = {}
        self._timings: dict[int, list[Timing]] = {}  # of calls that ask who answers
        self._last_call = 0
        self._peer_window = limits.window_bytes
        self.draining = False
        self.replica = ""
        self.refusal: dict[str, Any] | None = None
        self.on_closed: Callable[[], None] | None = None

    @property
    def usable(self) -> bool:
        """Whether new calls may be sent."""
        return not self.closed and not self.draining

    @property
    def in_flight(self) -> int:
        """Calls and streams without an end yet."""
        return len(self._answers) + len(self._streams)

    def describe(self) -> str:
        """See Connection."""
        return f"module {self._hello.module!r}"

    async def welcome(self) -> None:
        """Introduce this side and wait for the answer. Raises WireError when refused."""
        self.send(FrameKind.HELLO, 0, encode(self._hello))
        try:
            async with asyncio.timeout(self.limits.handshake_s):
                await self._welcome
        except TimeoutError:
            self.break_off("no answer to the hello")
            msg = f"{self.describe()} did not answer the hello"
            raise ConnectionLost(msg, sent=False) from None

    async def call(self, method: int, message: Message, metadata: Metadata | None) -> Message:
        """One answer. Raises Failed or ConnectionLost; cancelling it cancels the callee."""
        call = await self._begin(message)
        answer: asyncio.Future[Message] = self._loop.create_future()
        self._answers[call] = answer
        self._send_call(call, method, message, metadata)
        try:
            return await answer
        except asyncio.CancelledError:
            self.send(FrameKind.CANCEL, call)
            raise
        finally:
            self._answers.pop(call, None)
            self._timings.pop(call, None)
            self._close_when_drained()

    async def stream(self, method: int, message: Message, metadata: Metadata | None) -> Incoming:
        """Begin a stream; its items arrive at what is returned."""
        call = await self._begin(message)

        def give_credit(size: int) -> None:
            self.send(FrameKind.CREDIT, call, size.to_bytes(4, "little"))

        def cancel() -> None:
            self._streams.pop(call, None)
            self._timings.pop(call, None)
            self.send(FrameKind.CANCEL, call)
            self._close_when_drained()

        incoming = self._streams[call] = Incoming(self._peer_window, give_credit, cancel)
        self._send_call(call, method, message, metadata)
        return incoming

    def retire(self) -> None:
        """Send no new calls; close when the last one in flight is answered."""
        self.draining = True
        self._close_when_drained()

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
        """See Connection. Answers to calls that were cancelled are dropped."""
        if flags & HAS_METADATA:
            body = self._without_metadata(flags, call, body)
        if kind == FrameKind.RESULT:
            answer = self._answers.get(call)
            if answer is not None and not answer.done():
                answer.set_result(Message(body, buffers))
        elif kind == FrameKind.ITEMS:
            if call in self._streams:
                self._streams[call].add(Message(body, buffers))
        elif kind == FrameKind.ERROR:
            self._on_error(call, body)
        elif kind == FrameKind.END:
            self._end_stream(call, None)
        else:
            self._on_control(kind, body)

    def on_lost(self, reason: str) -> None:
        """See Connection: every call in flight fails."""
        lost = ConnectionLost(f"the connection was lost ({reason})")
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(lost)
        for incoming in self._streams.values():
            incoming.end(lost)
        self._streams.clear()
        self._timings.clear()
        if not self._welcome.done():
            self._welcome.set_exception(ConnectionLost(reason, sent=False))
            self._welcome.exception()
        if self.on_closed is not None:
            self.on_closed()

    async def _begin(self, message: Message) -> int:
        check_size(message, self.peer)
        if not self.writable:
            await self.drained()
        if not self.usable:
            msg = "the connection is closed"
            raise ConnectionLost(msg, sent=False)
        self._last_call = self._last_call % _MAX_CALL + 1
        return self._last_call

    def _send_call(
        self, call: int, method: int, message: Message, metadata: Metadata | None
    ) -> None:
        if metadata is not None and metadata.timings is not None:
            self._timings[call] = metadata.timings
        self.send(FrameKind.CALL, call, message.payload, message.buffers, method, metadata)

    def _without_metadata(self, flags: int, call: int, body: bytes) -> bytes:
        """Keep who was called for an answer, when that was asked; what remains is the payload."""
        metadata, payload = split(flags, body)
        wanted = self._timings.get(call)
        if wanted is not None and metadata.timings:
            wanted += metadata.timings[:MOST_TIMINGS]
        return payload

    def _on_error(self, call: int, body: bytes) -> None:
        answer = self._answers.get(call)
        if answer is None:
            self._end_stream(call, body)
        elif not answer.done():
            answer.set_exception(Failed(body))

    def _end_stream(self, call: int, error: bytes | None) -> None:
        incoming = self._streams.pop(call, None)
        self._timings.pop(call, None)
        if incoming is not None:
            incoming.end(error)
        self._close_when_drained()

    def _on_control(self, kind: int, body: bytes) -> None:
        if kind == FrameKind.DRAIN:
            self.retire()
        elif self._welcome.done():
            msg = f"an unexpected frame of kind {kind}"
            raise WireError(msg)
        elif kind == FrameKind.WELCOME:
            welcome = decode_welcome(body)
            self.peer = welcome.bounds
            self._peer_window = welcome.window_bytes
            self._welcome.set_result(None)
        elif kind == FrameKind.REFUSED:
            refusal = decode_refusal(body)
            self.refusal = refusal.contract
            self._welcome.set_exception(WireError(refusal.reason))
            self.close(refusal.reason)
        else:
            msg = f"a frame of kind {kind} before the welcome"
            raise WireError(msg)

    def _close_when_drained(self) -> None:
        if self.draining and not self.in_flight:
            self.close("drained")


async def connect(
    address: Address,
    hello: Hello,
    limits: Limits,
    holding: Holding,
    description: dict[str, Any] | None = None,
) -> Client:
    """Open a connection and shake hands.

    `description` is the caller's contract: a refusal for a different one then says what differs.
    Raises ConnectionLost when nobody answers there, WireError when the callee refuses.
    """
    loop = asyncio.get_running_loop()

    def make() -> Client:
        return Client(hello, limits, holding)

    try:
        if address.path:
            transport, client = await loop.create_unix_connection(make, address.path)
        else:
            transport, client = await loop.create_connection(make, address.host, address.port)
    except OSError as error:
        msg = f"no connection to {address}: {error.strerror or error}"
        raise ConnectionLost(msg, sent=False) from None
    try:
        check_peer(transport.get_extra_info("socket"))
        await client.welcome()
    except BaseException as error:
        transport.abort()
        if client.refusal is not None and description is not None:
            raise WireError(_spell_out(str(error), description, client.refusal)) from None
        raise
    return client


def _spell_out(reason: str, ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    lines = differences(ours, theirs)[:10]
    return "\n".join([reason, *(f"  {line}" for line in lines)])
