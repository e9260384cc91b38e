"""Divides received bytes into frames, without doing input or output itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amoeba.errors import WireError
from amoeba.wire.frames import HAS_BUFFERS, HEADER, KNOWN_FLAGS, KNOWN_KINDS, buffer_table

if TYPE_CHECKING:
    from amoeba.wire.frames import FrameHandler
    from amoeba.wire.limits import Holding, Limits

_RECEIVE_BYTES = 65_536
_HELLO_BYTES = 32_768


class _Beside:
    """The buffers of one message while they are being received, each into its own memory."""

    __slots__ = ("_filled", "_index", "buffers", "frame")

    def __init__(self, sizes: list[int], frame: tuple[int, int, int, int, bytes]) -> None:
        self.frame = frame
        self.buffers = [bytearray(size) for size in sizes]
        self._index = self._filled = 0
        self._skip_full()

    @property
    def complete(self) -> bool:
        return self._index == len(self.buffers)

    def rest(self) -> memoryview:
        """The part of the current buffer that has not arrived."""
        return memoryview(self.buffers[self._index])[self._filled :]

    def advance(self, count: int) -> None:
        self._filled += count
        self._skip_full()

    def copy(self, data: memoryview) -> int:
        """Take what is there from `data`; returns how much was taken."""
        taken = 0
        while not self.complete and taken < len(data):
            rest = self.rest()
            part = min(len(rest), len(data) - taken)
            rest[:part] = data[taken : taken + part]
            taken += part
            self.advance(part)
        return taken

    def _skip_full(self) -> None:
        while not self.complete and self._filled == len(self.buffers[self._index]):
            self._index += 1
            self._filled = 0


class FrameParser:
    """Use: receive into `buffer()`, then call `received(count)`, again and again.

    Each complete frame goes to `handler`. Buffers beside a message are received straight into
    memory of their own. Raises WireError at the first byte that breaks the layout or a limit;
    the parser is then of no further use and wants `close`.
    """

    __slots__ = (
        "_beside",
        "_closed",
        "_data",
        "_end",
        "_handler",
        "_held",
        "_holding",
        "_limits",
        "_start",
        "trusted",
    )

    def __init__(self, handler: FrameHandler, limits: Limits, holding: Holding) -> None:
        self._handler, self._limits, self._holding = handler, limits, holding
        self._data = bytearray(_RECEIVE_BYTES)
        self._start = self._end = 0  # what has arrived and is not parsed yet
        self._beside: _Beside | None = None
        self._held = 0
        self._closed = False
        self.trusted = True  # a peer that has not said hello may send only that

    def buffer(self) -> memoryview:
        """Where the next bytes belong; never empty."""
        if self._beside is not None:
            return self._beside.rest()
        return memoryview(self._data)[self._end :]

    def received(self, count: int) -> None:
        """Take note that `count` bytes were written to `buffer()`, and hand over frames."""
        if self._beside is not None:
            self._beside.advance(count)
            self._finish_buffers()
        else:
            self._end += count
        if self._beside is None:
            self._parse()

    def close(self) -> None:
        """Give back what a half-received frame had reserved."""
        self._closed = True
        self._beside = None
        self._release()

    def _parse(self) -> None:
        needed = HEADER.size
        while self._goes_on() and self._end - self._start >= HEADER.size:
            size, kind, flags, method, call = HEADER.unpack_from(self._data, self._start)
            needed = HEADER.size + size
            self._check(size, kind, flags)
            if self._end - self._start < needed:
                break
            with memoryview(self._data) as view:
                body = bytes(view[self._start + HEADER.size : self._start + needed])
            self._start += needed
            needed = HEADER.size
            if flags & HAS_BUFFERS:
                self._begin_buffers(kind, flags, method, call, body)
            else:
                self._handler(kind, flags, method, call, body, ())
        if not self._closed:
            self._make_room(needed)

    def _goes_on(self) -> bool:
        """Whether what follows is a frame, and anybody wants it: a handler may have closed."""
        return self._beside is None and not self._closed

    def _check(self, size: int, kind: int, flags: int) -> None:
        limit = self._limits.frame_bytes if self.trusted else _HELLO_BYTES
        if size > limit:
            msg = f"a frame of {size} bytes, the limit is {limit}"
            raise WireError(msg)
        if kind not in KNOWN_KINDS or flags & ~(KNOWN_FLAGS if self.trusted else 0):
            msg = f"an unknown frame: kind {kind}, flags {flags}"
            raise WireError(msg)

    def _make_room(self, needed: int) -> None:
        """Have the frame that has begun fit behind its start, and give back large memory."""
        left = self._end - self._start
        if self._beside is not None or (left == 0 and len(self._data) == _RECEIVE_BYTES):
            self._start = self._end = 0
            self._shrink()
            return
        if self._start + needed <= len(self._data) > self._end:
            return
        size = max(_RECEIVE_BYTES, needed)
        if size != len(self._data):
            self._release()
            self._hold(size - _RECEIVE_BYTES)
        moved = bytearray(size) if size != len(self._data) else self._data
        moved[:left] = self._data[self._start : self._end]
        self._data, self._start, self._end = moved, 0, left

    def _shrink(self) -> None:
        """Give back the memory of a large frame while its buffers are still to come."""
        grown = len(self._data) - _RECEIVE_BYTES
        if grown:
            self._data = bytearray(_RECEIVE_BYTES)
            self._holding.give(grown)
            self._held -= grown

    def _begin_buffers(self, kind: int, flags: int, method: int, call: int, body: bytes) -> None:
        sizes, body = buffer_table(flags, body)
        total = sum(sizes)
        if total > self._limits.buffer_bytes:
            msg = f"{total} bytes beside a message, the limit is {self._limits.buffer_bytes}"
            raise WireError(msg)
        self._hold(total)
        beside = _Beside(sizes, (kind, flags & ~HAS_BUFFERS, method, call, body))
        with memoryview(self._data) as view:
            self._start += beside.copy(view[self._start : self._end])
        self._beside = beside
        self._finish_buffers()

    def _finish_buffers(self) -> None:
        beside = self._beside
        if beside is not None and beside.complete:
            self._beside = None
            self._release()
            self._handler(*beside.frame, beside.buffers)

    def _hold(self, size: int) -> None:
        self._holding.take(size)
        self._held += size

    def _release(self) -> None:
        self._holding.give(self._held)
        self._held = 0
