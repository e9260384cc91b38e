"""How much one peer may make this process hold."""

from __future__ import annotations

import msgspec

from amoeba.errors import WireError

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


class Bounds(msgspec.Struct, frozen=True):
    """What one side takes in one message; each tells the other in the handshake."""

    frame_bytes: int = 16 * MIB
    buffer_bytes: int = GIB


class Limits(msgspec.Struct, frozen=True):
    """Bounds of every connection of a process; sizes in bytes, times in seconds."""

    frame_bytes: int = 16 * MIB  # header and message of one frame
    buffer_bytes: int = GIB  # all buffers beside one message
    held_bytes: int = 2 * GIB  # frames being received, over all connections of a process
    calls_in_flight: int = 10_000  # of one connection; the callee refuses more
    handshakes: int = 128  # connections that have not introduced themselves yet
    handshake_s: float = 5.0
    write_bytes: int = MIB  # unsent bytes above which senders wait
    window_bytes: int = MIB  # of one stream, sent and not yet consumed

    @property
    def bounds(self) -> Bounds:
        """The part that a peer has to know."""
        return Bounds(self.frame_bytes, self.buffer_bytes)


class Holding:
    """Counts the bytes of frames that are being received, over all connections of a process."""

    __slots__ = ("_limit", "held")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.held = 0

    def take(self, size: int) -> None:
        """Reserve `size` bytes. Raises WireError when the process already holds too much."""
        if self.held + size > self._limit:
            msg = f"{self.held + size} bytes would be held, the limit is {self._limit}"
            raise WireError(msg)
        self.held += size

    def give(self, size: int) -> None:
        """Return what `take` reserved."""
        self.held -= size
