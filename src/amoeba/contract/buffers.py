"""Arrays and large bytes travel beside the message, not in it.

In the message stands an extension value that says which buffer and how to read it:

    ext 1  array   msgpack [buffer index or -1, dtype, shape, order, inline bytes]
    ext 2  bytes   msgpack buffer index

Encoding collects views of the caller's memory, decoding makes arrays over the received memory;
neither copies. A small array travels inline: a buffer of its own would cost more than its bytes.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.msgpack import Ext

from amoeba.contract.types import is_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]

Buffer = bytes | bytearray | memoryview

ARRAY_CODE, BYTES_CODE = 1, 2
_DTYPE = re.compile(r"[<>|=]?[?biufcmMSUV]\d*(\[\w+\])?")
INLINE_ARRAY_BYTES = 2048
BESIDE_BYTES = 65_536  # bytes at least this large travel beside the message


class ArrayHeader(msgspec.Struct, array_like=True, frozen=True):
    """How to read one array. `index` is -1 when its bytes are in `inline`."""

    index: int
    dtype: str
    shape: tuple[int, ...]
    order: str
    inline: bytes = b""


_encode = msgspec.msgpack.Encoder().encode
_decode_array = msgspec.msgpack.Decoder(ArrayHeader).decode
_decode_index = msgspec.msgpack.Decoder(int).decode


class Beside(threading.local):
    """The buffers of the one message that this thread is encoding or decoding."""

    buffers: list[Buffer]
    inline_only = False  # for messages that nothing travels beside

    def __init__(self) -> None:
        self.buffers = []

    def take(self) -> list[Buffer]:
        """Hand over what was collected and start afresh."""
        taken, self.buffers = self.buffers, []
        return taken

    def pack_array(self, array: Array) -> Ext:
        """The extension value for `array`; its memory is collected, not copied."""
        import numpy as np

        if array.dtype.hasobject or array.dtype.names:
            msg = f"an array of dtype {array.dtype} cannot cross"
            raise TypeError(msg)
        fortran = array.flags.f_contiguous and not array.flags.c_contiguous
        order = "F" if fortran else "C"
        flat = np.ascontiguousarray(array.T if fortran else array).reshape(-1).view(np.uint8)
        index, inline = -1, b""
        if self.inline_only or flat.nbytes <= INLINE_ARRAY_BYTES:
            inline = flat.tobytes()
        else:
            index = len(self.buffers)
            self.buffers.append(flat.data)
        header = ArrayHeader(index, array.dtype.str, array.shape, order, inline)
        return Ext(ARRAY_CODE, _encode(header))

    def pack_bytes(self, value: bytes) -> Ext:
        """The extension value for large bytes at the top level of a call."""
        self.buffers.append(value)
        return Ext(BYTES_CODE, _encode(len(self.buffers) - 1))

    def unpack(self, code: int, data: memoryview) -> Any:
        """What an extension value stands for: a read-only array, or the bytes."""
        if code == ARRAY_CODE:
            return self._unpack_array(_decode_array(data))
        msg = f"unknown extension type {code}"
        raise msgspec.DecodeError(msg)

    def unpack_bytes(self, value: Ext) -> bytes:
        """What an extension value in the place of bytes stands for."""
        if value.code != BYTES_CODE:
            msg = f"Expected `bytes`, got extension type {value.code}"
            raise msgspec.DecodeError(msg)
        return bytes(_nth(self.buffers, _decode_index(value.data)))

    def _unpack_array(self, header: ArrayHeader) -> Array:
        import numpy as np

        if not _DTYPE.fullmatch(header.dtype) or header.order not in ("C", "F"):
            msg = f"unknown array layout {header.dtype!r}, {header.order!r}"
            raise msgspec.DecodeError(msg)
        dtype = np.dtype(header.dtype)
        raw = header.inline if header.index < 0 else _nth(self.buffers, header.index)
        array = np.frombuffer(raw, dtype=np.uint8).view(dtype)
        array = array.reshape(header.shape, order="F" if header.order == "F" else "C")
        array.flags.writeable = False
        return array


def is_large(value: object) -> bool:
    """Whether `value` is bytes that should travel beside the message."""
    if isinstance(value, memoryview):
        return value.nbytes >= BESIDE_BYTES
    return isinstance(value, bytes | bytearray) and len(value) >= BESIDE_BYTES


def settled(buffers: Sequence[Buffer]) -> list[Buffer]:
    """Buffers that nobody will change any more: a copy of each whose owner still could."""
    return [
        bytes(each) if isinstance(each, memoryview) and not each.readonly else each
        for each in buffers
    ]


def _nth(buffers: Sequence[Buffer], index: int) -> Buffer:
    if not 0 <= index < len(buffers):
        msg = f"buffer {index} is not beside the message, which has {len(buffers)}"
        raise msgspec.DecodeError(msg)
    return buffers[index]


def check_array(tp: Any, value: Any) -> Any:
    """`value` when it is an array of the dtype that `tp` names; ValueError otherwise."""
    import numpy as np

    if not isinstance(value, np.ndarray):
        msg = f"Expected an array, got `{type(value).__name__}`"
        raise ValueError(msg)
    wanted = _dtype_of(tp)
    if wanted is not None and not np.issubdtype(value.dtype, wanted):
        name = getattr(wanted, "__name__", wanted)
        msg = f"Expected an array of {name}, got {value.dtype}"
        raise ValueError(msg)
    return value


def _dtype_of(tp: Any) -> Any:
    arguments = getattr(tp, "__args__", ())
    parts = getattr(arguments[-1], "__args__", ()) if is_array(tp) and arguments else ()
    return parts[0] if parts and isinstance(parts[0], type) else None
