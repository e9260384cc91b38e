"""How large calls are, and what encoding and decoding them takes, of those looked at closely.

Also of calls that do not cross: this is what a split would add. Types that cannot cross have no
size. Arguments are measured before the call: a callee in the same process may change them. What
fails while measuring fails no call.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from amoeba.contract import ContractCodec

if TYPE_CHECKING:
    from collections.abc import Callable

    from amoeba.contract import Contract, Message
    from amoeba.evidence import Samples

_clock = time.perf_counter_ns


class ModuleSizes:
    """The codecs with which the calls of one module are measured, for one caller.

    They are its own and used under a lock, for codecs are for one thread, and blocking methods are
    called from any.
    """

    def __init__(self, contract: Contract, module: str) -> None:
        self._codecs = ContractCodec(contract, module)
        self._lock = threading.Lock()

    def method(self, name: str) -> Sizes:
        """Of one method."""
        return Sizes(self._codecs, name, self._lock)


class Sizes:
    """Tells the sizes of one method's calls. See `evidence.recorder.Sizes`."""

    def __init__(self, codecs: ContractCodec, method: str, lock: threading.Lock) -> None:
        self._codecs, self._method, self._lock = codecs, method, lock

    def asked(self, args: tuple[Any, ...], kwargs: dict[str, Any], into: Samples) -> None:
        """Measure the arguments."""
        with suppress(Exception), self._lock:
            codec = self._codecs[self._method].arguments
            into.argument_bytes = _crossed(lambda: codec.encode(args, kwargs), codec.decode, into)

    def told(self, answer: Any, into: Samples) -> None:
        """Measure the answer."""
        with suppress(Exception), self._lock:
            codec = self._codecs[self._method].result
            into.answer_bytes = _crossed(lambda: codec.encode((answer,)), codec.decode, into)

    def streamed(self, item: Any, into: Samples) -> None:
        """Measure an item of a stream, and add it to what is known of the answer."""
        with suppress(Exception), self._lock:
            codec = self._codecs[self._method].items
            batch = codec.new_batch()

            def encode() -> Message:
                batch.add(item)
                into.answer_bytes += batch.content_bytes
                return batch.take()[0]

            _crossed(encode, codec.decode, into)


def _crossed(encode: Callable[[], Message], decode: Callable[[Message], Any], into: Samples) -> int:
    """Encode and decode; the size of what would cross, in bytes."""
    began = _clock()
    message = encode()
    encoded = _clock()
    decode(message)
    into.encode_ns += encoded - began
    into.decode_ns += _clock() - encoded
    return len(message.payload) + sum(map(len, message.buffers))
