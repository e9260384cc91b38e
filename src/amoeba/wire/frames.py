"""Frames: how bytes on a connection divide into messages.

    0        4      5       6        8        12
    | size   | kind | flags | method | call   |  [metadata] [buffer table] payload | buffers
      u32      u8     u8      u16      u32       ............. size bytes .........  beside

    metadata       present when flags & 1: u16 length, then msgpack (`Metadata`)
    buffer table   present when flags & 2: u16 count, then a u64 length for each buffer
    payload        what remains of `size`: msgpack, its meaning depends on `kind`
    buffers        follow the frame, one after the other, not counted in `size`

All integers are little-endian. `call` pairs answers with calls and is chosen by the caller.
"""

from __future__ import annotations

import enum
import struct
from typing import TYPE_CHECKING, Protocol

import msgspec

from amoeba.errors import ContractError, WireError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amoeba.contract.buffers import Buffer
    from amoeba.contract.codec import Message
    from amoeba.wire.limits import Bounds

HEADER = struct.Struct("<IBBHI")
_U16 = struct.Struct("<H")
HAS_METADATA, HAS_BUFFERS = 1, 2
KNOWN_FLAGS = HAS_METADATA | HAS_BUFFERS
_OVERHEAD_BYTES = 4096  # header, metadata and buffer table, generously
_MOST_BUFFERS = 65_535
_JOIN_BYTES = 16_384  # up to here one write of header and payload beats two buffers


class FrameKind(enum.IntEnum):
    """What a frame is for. The caller sends the first group, the callee the second."""

    HELLO = 1  # Hello: the first frame of a connection
    CALL = 2  # arguments of a method
    CANCEL = 3  # the caller no longer wants the answer, or the rest of a stream
    CREDIT = 4  # u32: the caller consumed so many bytes of a stream

    WELCOME = 16  # Welcome: calls may follow
    REFUSED = 17  # Refusal: the connection will be closed
    RESULT = 18  # the answer
    ERROR = 19  # an exception, by contract.exceptions
    ITEMS = 20  # a batch of a stream's items
    END = 21  # a stream ended well
    DRAIN = 22  # send no new calls here; the connection closes when the last one is answered


KNOWN_KINDS = frozenset(int(kind) for kind in FrameKind)


class Timing(msgspec.Struct, array_like=True, frozen=True):
    """That a replica answered for a module, and how long its answers took together."""

    module: str
    replica: str
    duration_us: int


class Metadata(msgspec.Struct, array_like=True, frozen=True):
    """What goes with a call, or an answer, besides its payload.

    `deadline_us`: microseconds that remain. `timings`: with a call, an empty list when it is to be
    known who answers; with the answer, who was called for it. `caller`: the calling module, when
    the call is looked at closely; `kept`: as part of `trace`, not only to be counted.
    """

    deadline_us: int | None = None
    trace: str | None = None
    timings: list[Timing] | None = None
    caller: str | None = None
    kept: bool = True


class FrameHandler(Protocol):
    """Takes each frame as it becomes complete. `body` is metadata and payload, see `split`."""

    def __call__(
        self,
        kind: int,
        flags: int,
        method: int,
        call: int,
        body: bytes,
        buffers: Sequence[Buffer],
        /,
    ) -> None:
        """Take one frame."""


# What msgspec raises for hostile bytes: UnicodeDecodeError and RecursionError are not its own.
DAMAGE = (msgspec.MsgspecError, ValueError, RecursionError)

_encode_metadata = msgspec.msgpack.Encoder().encode
_decode_metadata = msgspec.msgpack.Decoder(Metadata).decode
NO_METADATA = Metadata()
MOST_TIMINGS = 24
"""In one message: what more there is stays out, so that metadata keeps to `_OVERHEAD_BYTES`."""


def answer_metadata(call: Metadata) -> Metadata | None:
    """What goes with the answer to a call: who was called for it, when that was asked."""
    return Metadata(timings=call.timings[:MOST_TIMINGS]) if call.timings else None


def pack(
    kind: int,
    call: int,
    payload: bytes = b"",
    buffers: Sequence[Buffer] = (),
    method: int = 0,
    metadata: Metadata | None = None,
) -> list[Buffer]:
    """One frame as pieces to be written in order; a small frame is a single piece."""
    flags, front = 0, b""
    if metadata is not None:
        flags = HAS_METADATA
        encoded = _encode_metadata(metadata)
        front = _U16.pack(len(encoded)) + encoded
    if buffers:
        flags |= HAS_BUFFERS
        front += struct.pack(f"<H{len(buffers)}Q", len(buffers), *map(len, buffers))
    size = len(front) + len(payload)
    head = HEADER.pack(size, kind, flags, method, call) + front
    if len(payload) <= _JOIN_BYTES:
        return [head + payload, *buffers]
    return [head, payload, *buffers]


def check_size(message: Message, peer: Bounds) -> None:
    """Raise ContractError when `message` is more than the peer takes."""
    count, beside = len(message.buffers), sum(map(len, message.buffers))
    if beside > peer.buffer_bytes or count > _MOST_BUFFERS:
        raise ContractError(
            "message",
            f"{count} buffers of {beside} bytes beside it, at most {_MOST_BUFFERS} of "
            f"{peer.buffer_bytes} bytes can be",
            "pass less at a time, for example as a stream, or raise buffer_limit in [wire]",
        )
    if len(message.payload) + 8 * count + _OVERHEAD_BYTES > peer.frame_bytes:
        raise ContractError(
            "message",
            f"{len(message.payload)} bytes do not fit into a frame of {peer.frame_bytes}",
            "pass large data as a NumPy array or as bytes of its own, "
            "or raise frame_limit in [wire]",
        )


def split(flags: int, body: bytes) -> tuple[Metadata, bytes]:
    """The metadata and the payload of a frame's body. Raises WireError when it is damaged."""
    if not flags & HAS_METADATA:
        return NO_METADATA, body
    end = 2 + _U16.unpack_from(body)[0] if len(body) >= _U16.size else len(body) + 1
    if end > len(body):
        msg = "metadata longer than its frame"
        raise WireError(msg)
    try:
        return _decode_metadata(body[2:end]), body[end:]
    except DAMAGE as error:
        msg = f"damaged metadata: {error}"
        raise WireError(msg) from None


def buffer_table(flags: int, body: bytes) -> tuple[list[int], bytes]:
    """The sizes of the buffers that follow, and the body without the table."""
    start = 0
    if flags & HAS_METADATA and len(body) >= _U16.size:
        start = 2 + _U16.unpack_from(body)[0]
    try:
        (count,) = _U16.unpack_from(body, start)
        sizes = struct.unpack_from(f"<{count}Q", body, start + 2)
    except struct.error:
        msg = "a buffer table longer than its frame"
        raise WireError(msg) from None
    return list(sizes), body[:start] + body[start + 2 + 8 * count :]
