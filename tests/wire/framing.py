"""Frames as values, how to make them for hypothesis, and a parser that collects them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from hypothesis import strategies as st

from amoeba.wire import Holding, Limits, Metadata
from amoeba.wire.frames import HAS_METADATA, FrameKind, pack, split
from amoeba.wire.parser import FrameParser

RECEIVE_BYTES = 65_536
LIMITS = Limits()


class Frame(NamedTuple):
    kind: int
    call: int
    payload: bytes
    buffers: Sequence[bytes] = ()
    method: int = 0
    metadata: Metadata | None = None

    @property
    def packed(self) -> bytes:
        return b"".join(pack(*self))


class Received:
    """A parser, and the frames that it made."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.frames: list[Frame] = []
        self.refused = ""
        self.holding = Holding(limits.held_bytes)
        self.parser = FrameParser(self._on_frame, limits, self.holding)

    def _on_frame(self, kind, flags, method, call, body, buffers, /) -> None:
        metadata, payload = split(flags, body)
        given = metadata if flags & HAS_METADATA else None
        self.frames.append(Frame(kind, call, payload, [*map(bytes, buffers)], method, given))

    def feed(self, data: bytes, cuts: Iterable[int] = ()) -> None:
        """Receive `data` as a socket would hand it over when it was cut at these places."""
        places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
        for start, end in pairwise(places):
            while start < end:
                room = self.parser.buffer()
                assert len(room) > 0
                count = min(len(room), end - start)
                room[:count] = data[start : start + count]
                start += count
                self.parser.received(count)


def data(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


sizes = st.one_of(
    st.integers(0, 40), st.integers(0, 3000), st.integers(RECEIVE_BYTES - 40, RECEIVE_BYTES * 3)
)
metadatas = st.builds(Metadata, st.none() | st.integers(0, 2**63), st.none() | st.text(max_size=60))
frames = st.builds(
    Frame,
    kind=st.sampled_from(list(FrameKind)),
    call=st.integers(0, 2**32 - 1),
    payload=sizes.map(data),
    buffers=st.lists(sizes.map(data), max_size=6),
    method=st.integers(0, 2**16 - 1),
    metadata=st.none() | metadatas,
)
