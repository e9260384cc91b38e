"""Streams: many items for one call, as fast as the consumer takes them and no faster.

The callee may have `window_bytes` of a stream sent and not consumed; the caller gives credit back
as it consumes. Items made without a pause between them travel together; an item is never held
back once the producer waits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from amoeba.contract.codec import Message
from amoeba.errors import WireError
from amoeba.wire.frames import NO_METADATA, FrameKind, Metadata, answer_metadata, check_size

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from amoeba.contract.buffers import Buffer
    from amoeba.contract.codec import ItemsCodec
    from amoeba.wire.limits import Bounds, Limits

_BATCH_ITEMS = 256
_BATCH_BYTES = 65_536
CREDIT_BYTES = 4


def message_size(message: Message) -> int:
    """What one message of a stream counts against its window, in bytes."""
    return len(message.payload) + sum(map(len, message.buffers))


class Sink(Protocol):
    """What the callee's end of a stream sends through: a connection, or a stand-in for one."""

    limits: Limits
    peer: Bounds

    @property
    def writable(self) -> bool:
        """Whether more may be sent at once."""

    async def drained(self) -> None:
        """Wait until more may be sent."""

    def send(
        self,
        kind: int,
        call: int,
        payload: bytes = b"",
        buffers: Sequence[Buffer] = (),
        method: int = 0,
        metadata: Metadata | None = None,
    ) -> None:
        """Send one frame."""


class Outgoing:
    """The callee's end of a stream."""

    def __init__(
        self, connection: Sink, call: int, codec: ItemsCodec, metadata: Metadata = NO_METADATA
    ) -> None:
        self._connection, self._call = connection, call
        self._metadata: Metadata | None = metadata  # until the first items are sent
        self._credit = connection.limits.window_bytes
        self._more_credit = asyncio.Event()
        self._batch = codec.new_batch()
        self._scheduled = False

    async def run(self, items: AsyncIterator[Any]) -> None:
        """Send `items` to their end, and close them. Raises what the producer raises.

        Items that came before an error are sent before it.
        """
        try:
            await self._pump(items)
        finally:
            self._flush()
            close = getattr(items, "aclose", None)
            if close is not None:
                await close()

    async def _pump(self, items: AsyncIterator[Any]) -> None:
        loop = asyncio.get_running_loop()
        batch = self._batch
        async for item in items:
            batch.add(item)
            if batch.count >= _BATCH_ITEMS or batch.size_bytes >= min(_BATCH_BYTES, self._credit):
                self._flush()
                await self._may_send()
            elif not self._scheduled:
                self._scheduled = True
                loop.call_soon(self._flush_scheduled)

    def add_credit(self, size: int) -> None:
        """The consumer has taken `size` bytes."""
        self._credit += size
        if self._credit > 0:
            self._more_credit.set()

    async def _may_send(self) -> None:
        """Wait for credit; let other tasks run in any case, a producer may never pause."""
        await asyncio.sleep(0)
        while self._credit <= 0:
            self._more_credit.clear()
            await self._more_credit.wait()
        if not self._connection.writable:
            await self._connection.drained()

    def _flush_scheduled(self) -> None:
        self._scheduled = False
        self._flush()

    def _flush(self) -> None:
        for message in self._batch.take():
            check_size(message, self._connection.peer)
            self._credit -= message_size(message)
            told = None if self._metadata is None else answer_metadata(self._metadata)
            self._metadata = None
            self._connection.send(FrameKind.ITEMS, self._call, *message, metadata=told)


class Incoming:
    """The caller's end of a stream: messages in order, then the end or an error."""

    def __init__(
        self, window_bytes: int, give_credit: Callable[[int], None], cancel: Callable[[], None]
    ) -> None:
        self._window, self._give_credit, self._cancel = window_bytes, give_credit, cancel
        self._messages: deque[Message] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._consumed = self._buffered = 0
        self._ended = False
        self.on_first: Callable[[], None] | None = None
        self._error: bytes | Exception | None = None

    async def next(self) -> Message | bytes | None:
        """The next message; an error's payload where the producer failed; None at the end.

        Raises WireError when the connection was lost.
        """
        while not self._messages:
            if self._ended:
                if isinstance(self._error, Exception):
                    raise self._error
                return self._error
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        message = self._messages.popleft()
        if self.on_first is not None:
            self.on_first()
            self.on_first = None
        self._consume(message_size(message))
        return message

    def close(self) -> None:
        """The consumer wants no more."""
        if not self._ended:
            self._ended = True
            self._cancel()
        self._messages.clear()

    def add(self, message: Message) -> None:
        """A message arrived. Raises WireError when the producer ignores its window."""
        size = message_size(message)
        self._buffered += size
        if self._buffered - size > 2 * self._window:
            msg = f"a stream sent {self._buffered} bytes ahead, its window is {self._window}"
            raise WireError(msg)
        if not self._ended:
            self._messages.append(message)
            self._wake()

    def end(self, error: bytes | Exception | None = None) -> None:
        """The producer ended, failed (`error` encoded), or was lost (an exception)."""
        if not self._ended:
            self._ended, self._error = True, error
            self._wake()

    def _consume(self, size: int) -> None:
        self._buffered -= size
        self._consumed += size
        if self._consumed >= self._window // 4 and not self._ended:
            self._give_credit(self._consumed)
            self._consumed = 0

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
