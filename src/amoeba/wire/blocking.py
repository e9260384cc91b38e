"""A caller that blocks its thread: for plain `def` methods of classes without a contract."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import msgspec

from amoeba.contract.codec import Message
from amoeba.errors import DeadlineExceeded, WireError
from amoeba.wire.addresses import Address, check_peer
from amoeba.wire.client import ConnectionLost, Failed
from amoeba.wire.frames import NO_METADATA, FrameKind, Metadata, check_size, pack, split
from amoeba.wire.handshake import Hello, decode_refusal, decode_welcome, encode
from amoeba.wire.parser import FrameParser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amoeba.contract.buffers import Buffer
    from amoeba.wire.limits import Holding, Limits


class BlockingConnection:
    """One connection, for one call at a time."""

    def __init__(self, address: Address, hello: Hello, limits: Limits, holding: Holding) -> None:
        self._limits = limits
        self._hello = msgspec.structs.replace(hello, blocking=True, bounds=limits.bounds)
        self._peer = limits.bounds
        self._until: float | None = None
        self._parser = FrameParser(self._on_frame, limits, holding)
        self._frame: tuple[int, bytes, Sequence[Buffer]] | None = None
        self._told = NO_METADATA
        self._last_call = 0
        self.draining = False
        self._socket = self._connect(address)

    def call(
        self, method: int, message: Message, metadata: Metadata | None, timeout_s: float | None
    ) -> Message:
        """One answer. Raises Failed, ConnectionLost, or DeadlineExceeded."""
        self._last_call += 1
        check_size(message, self._peer)
        frame = pack(
            FrameKind.CALL, self._last_call, message.payload, message.buffers, method, metadata
        )
        self._until = None if timeout_s is None else time.monotonic() + timeout_s
        try:
            for piece in frame:
                self._limit_wait()
                self._socket.sendall(piece)
            kind, body, buffers = self._receive()
        except TimeoutError:
            raise DeadlineExceeded from None
        except OSError as error:
            msg = f"the connection was lost ({error})"
            raise ConnectionLost(msg) from None
        if kind == FrameKind.ERROR:
            raise Failed(body)
        if metadata is not None and metadata.timings is not None:
            metadata.timings.extend(self._told.timings or ())
        return Message(body, buffers)

    def usable(self) -> bool:
        """Whether an idle connection still stands: a drain or an end may have arrived."""
        self._socket.settimeout(0)
        try:
            count = self._socket.recv_into(self._parser.buffer())
        except BlockingIOError:
            return True
        except OSError:
            return False
        try:
            self._parser.received(count)
        except WireError:
            return False
        return count > 0 and not self.draining

    def close(self) -> None:
        """Close the connection."""
        self._parser.close()
        self._socket.close()

    def _connect(self, address: Address) -> socket.socket:
        sock = _socket_for(address)
        self._until = time.monotonic() + self._limits.handshake_s
        sock.settimeout(self._limits.handshake_s)
        try:
            sock.connect(address.path or (address.host, address.port))
            check_peer(sock)
            self._socket = sock
            sock.sendall(b"".join(pack(FrameKind.HELLO, 0, encode(self._hello))))
            kind, body, _ = self._receive()
            if kind == FrameKind.REFUSED:
                raise WireError(decode_refusal(body).reason)
            self._peer = decode_welcome(body).bounds
        except OSError as error:
            sock.close()
            msg = f"no connection to {address}: {error.strerror or error}"
            raise ConnectionLost(msg, sent=False) from None
        except BaseException:
            sock.close()
            raise
        return sock

    def _receive(self) -> tuple[int, bytes, Sequence[Buffer]]:
        self._frame = None
        while self._frame is None:
            self._limit_wait()
            count = self._socket.recv_into(self._parser.buffer())
            if count == 0:
                msg = "the peer closed it"
                raise ConnectionResetError(msg)
            self._parser.received(count)
        return self._frame

    def _limit_wait(self) -> None:
        """Let the next step wait for as long as remains of the whole. Raises TimeoutError."""
        left = None if self._until is None else self._until - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)

    def _on_frame(
        self,
        kind: int,
        flags: int,
        _method: int,
        call: int,
        body: bytes,
        buffers: Sequence[Buffer],
        /,
    ) -> None:
        if kind == FrameKind.DRAIN:
            self.draining = True
        elif call == self._last_call:
            self._told, body = split(flags, body)
            self._frame = (kind, body, buffers)


def _socket_for(address: Address) -> socket.socket:
    if address.path:
        return socket.socket(socket.AF_UNIX)
    sock = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class BlockingPool:
    """Connections to one module of one replica, each used by one thread at a time."""

    def __init__(self, address: Address, hello: Hello, limits: Limits, holding: Holding) -> None:
        self._make = (address, hello, limits, holding)
        self._idle: list[BlockingConnection] = []
        self._lock = threading.Lock()  # protects `_idle` and `_closed`
        self._closed = False

    def call(
        self, method: int, message: Message, metadata: Metadata | None, timeout_s: float | None
    ) -> Message:
        """See BlockingConnection; a connection is made when none is idle."""
        connection = self._take()
        try:
            answer = connection.call(method, message, metadata, timeout_s)
        except Failed:
            self._give(connection)
            raise
        except BaseException:
            connection.close()
            raise
        self._give(connection)
        return answer

    def close(self) -> None:
        """Close idle connections; those in use close when their call ends."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> BlockingConnection:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return BlockingConnection(*self._make)
            if connection.usable():
                return connection
            connection.close()

    def _give(self, connection: BlockingConnection) -> None:
        with self._lock:
            if not (self._closed or connection.draining):
                self._idle.append(connection)
                return
        with contextlib.suppress(OSError):
            connection.close()
