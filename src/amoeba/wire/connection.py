"""One connection of either side: frames in, frames out, and back-pressure both ways."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, cast

from amoeba.errors import WireError
from amoeba.wire.frames import Metadata, pack
from amoeba.wire.limits import Holding, Limits
from amoeba.wire.parser import FrameParser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amoeba.contract.buffers import Buffer

log = logging.getLogger("amoeba.wire")


class Connection(asyncio.BufferedProtocol):
    """What caller and callee share. A subclass gives `on_frame` and `on_lost` their meaning.

    A peer that breaks the protocol loses this connection and nothing else: the reason is logged.
    """

    transport: asyncio.Transport

    def __init__(self, limits: Limits, holding: Holding) -> None:
        self.limits = limits
        self.peer = limits.bounds  # until the handshake tells
        self.closed = False
        self._writable: asyncio.Future[None] | None = None
        self._parser = FrameParser(self.on_frame, limits, holding)

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
        """Take one complete frame. A WireError closes the connection."""
        raise NotImplementedError

    def on_lost(self, reason: str) -> None:
        """The connection is gone; nothing more can be sent or will arrive."""
        raise NotImplementedError

    def describe(self) -> str:
        """Who is at the other end, for logs."""
        return "peer"

    def send(
        self,
        kind: int,
        call: int,
        payload: bytes = b"",
        buffers: Sequence[Buffer] = (),
        method: int = 0,
        metadata: Metadata | None = None,
    ) -> None:
        """Send one frame; after the connection is lost, nothing happens."""
        if self.closed:
            return
        pieces = pack(kind, call, payload, buffers, method, metadata)
        if len(pieces) == 1:
            self.transport.write(pieces[0])
        else:
            for piece in pieces:
                self.transport.write(piece)

    @property
    def writable(self) -> bool:
        """Whether the peer reads fast enough; otherwise await `drained` before sending much."""
        return self._writable is None

    async def drained(self) -> None:
        """Wait until the unsent bytes are few again, or the connection is lost."""
        while self._writable is not None:
            await asyncio.shield(self._writable)

    def break_off(self, reason: str) -> None:
        """Close at once because of what the peer did."""
        if not self.closed:
            log.warning("closed the connection to %s: %s", self.describe(), reason)
            self.transport.abort()
            self._lost(reason)

    def close(self, reason: str = "closed") -> None:
        """Send what is pending, then close."""
        if not self.closed:
            self.transport.close()
            self._lost(reason)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=self.limits.write_bytes)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Called by asyncio."""
        return self._parser.buffer()

    def buffer_updated(self, nbytes: int) -> None:
        """Called by asyncio."""
        try:
            self._parser.received(nbytes)
        except WireError as error:
            self.break_off(error.reason)

    def pause_writing(self) -> None:
        """Called by asyncio when unsent bytes pile up."""
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """Called by asyncio when they have gone."""
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self._lost(str(exc) if exc else "the peer closed it")

    def _lost(self, reason: str) -> None:
        if self.closed:
            return
        self.closed = True
        self._parser.close()
        self.resume_writing()
        self.on_lost(reason)
