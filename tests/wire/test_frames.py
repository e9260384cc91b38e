"""What is packed arrives as it was, however the bytes are divided on the way."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire.framing import LIMITS, RECEIVE_BYTES, Frame, Received, data, frames

from amoeba.errors import WireError
from amoeba.wire import Holding, Metadata
from amoeba.wire.frames import (
    HAS_METADATA,
    HEADER,
    NO_METADATA,
    FrameKind,
    buffer_table,
    pack,
    split,
)
from amoeba.wire.parser import FrameParser


def seen(frame: Frame) -> Frame:
    return frame._replace(buffers=list(frame.buffers))


@given(st.lists(frames, max_size=6), st.lists(st.integers(0, 2**20), max_size=40))
def test_any_frames_divided_anyhow_arrive_as_they_were(sent: list[Frame], cuts: list[int]) -> None:
    received = Received()
    received.feed(b"".join(frame.packed for frame in sent), cuts)
    assert received.frames == [seen(frame) for frame in sent]
    assert received.holding.held == 0


@given(st.lists(frames.filter(lambda frame: len(frame.packed) < 3000), min_size=1, max_size=2))
def test_frames_that_arrive_byte_by_byte(sent: list[Frame]) -> None:
    packed = b"".join(frame.packed for frame in sent)
    received = Received()
    received.feed(packed, range(len(packed)))
    assert received.frames == [seen(frame) for frame in sent]


@pytest.mark.parametrize("total", [RECEIVE_BYTES + d for d in (-13, -12, -1, 0, 1, 12, 13)])
@pytest.mark.parametrize("before", [0, 1, 5000])
def test_a_frame_about_as_large_as_the_receive_buffer(total: int, before: int) -> None:
    sent = [
        Frame(FrameKind.CALL, 1, data(before)),
        Frame(FrameKind.CALL, 2, data(total - HEADER.size)),
        Frame(FrameKind.CANCEL, 2, b""),
    ]
    received = Received()
    received.feed(b"".join(frame.packed for frame in sent))
    assert received.frames == [seen(frame) for frame in sent]


def test_the_largest_frame_that_the_limit_allows_arrives() -> None:
    frame = Frame(FrameKind.RESULT, 1, bytes(LIMITS.frame_bytes))
    received = Received()
    received.feed(frame.packed)
    assert received.frames == [seen(frame)]
    assert received.holding.held == 0


def test_as_many_empty_buffers_as_the_table_can_count() -> None:
    frame = Frame(FrameKind.CALL, 1, b"x", [b""] * 65_535)
    received = Received()
    received.feed(frame.packed)
    assert received.frames == [seen(frame)]


def test_the_layout_byte_by_byte() -> None:
    frame = Frame(FrameKind.CALL, 7, b"\x91\x2a", (b"xyz", b""), 3, Metadata(1000, None))
    assert frame.packed.hex(" ") == " ".join(
        [
            "1e 00 00 00",  # size: everything between header and buffers
            "02",  # kind: CALL
            "03",  # flags: metadata and buffer table
            "03 00",  # method
            "07 00 00 00",  # call
            "08 00",  # metadata: its length
            "95 cd 03 e8 c0 c0 c0 c3",  # metadata: [1000 µs, no trace, timings, caller; kept]
            "02 00",  # buffer table: two buffers
            "03 00 00 00 00 00 00 00",  # of three bytes
            "00 00 00 00 00 00 00 00",  # and of none
            "91 2a",  # payload
            "78 79 7a",  # the first buffer, beside the frame
        ]
    )


def test_the_numbers_of_the_kinds_are_part_of_the_wire() -> None:
    assert {kind.name: kind.value for kind in FrameKind} == {
        "HELLO": 1, "CALL": 2, "CANCEL": 3, "CREDIT": 4, "WELCOME": 16, "REFUSED": 17,
        "RESULT": 18, "ERROR": 19, "ITEMS": 20, "END": 21, "DRAIN": 22,
    }  # fmt: skip


def test_a_small_frame_is_written_in_one_piece_and_a_large_payload_is_not_copied() -> None:
    large = data(100_000)
    assert len(pack(FrameKind.CALL, 1, b"small", metadata=Metadata(5))) == 1
    head, payload = pack(FrameKind.CALL, 1, large)
    assert len(head) == HEADER.size
    assert payload is large


def test_buffers_are_neither_copied_when_sent_nor_when_received() -> None:
    sent = memoryview(data(100_000))
    head, beside = pack(FrameKind.CALL, 1, b"x", [sent])
    assert beside is sent

    arrived: list[object] = []
    holding = Holding(LIMITS.held_bytes)
    parser = FrameParser(lambda *frame: arrived.extend(frame[-1]), LIMITS, holding)
    parser.buffer()[: len(head)] = head
    parser.received(len(head))
    room = parser.buffer()
    assert len(room) == len(sent)
    room[:] = sent
    parser.received(len(sent))
    assert arrived == [sent]
    assert arrived[0] is room.obj


def test_a_frame_without_metadata_has_none_of_it() -> None:
    assert split(0, b"payload") == (NO_METADATA, b"payload")


@given(st.binary(max_size=30))
def test_damaged_metadata_is_a_wire_error(body: bytes) -> None:
    try:
        metadata, payload = split(HAS_METADATA, body)
    except WireError:
        return
    assert isinstance(metadata, Metadata)
    assert body.endswith(payload)


@pytest.mark.parametrize(
    "encoded",
    [b"\x92\xc0\xa2\xff\xfe", b"\x93\xc0\xc0" + b"\x91" * 60_000, b"\x92\xa1x\xc0", b"\xc1"],
    ids=["not UTF-8", "nested too deep", "wrong type", "not msgpack"],
)
def test_metadata_that_cannot_be_read_is_a_wire_error(encoded: bytes) -> None:
    with pytest.raises(WireError, match="metadata"):
        split(HAS_METADATA, len(encoded).to_bytes(2, "little") + encoded)


@given(st.integers(0, 3), st.binary(max_size=30))
def test_a_damaged_buffer_table_is_a_wire_error(flags: int, body: bytes) -> None:
    try:
        sizes, rest = buffer_table(flags, body)
    except WireError:
        return
    assert len(rest) + 2 + 8 * len(sizes) == len(body)


@pytest.mark.parametrize(
    "fields", [[1000, "t"], [1000, "t", None, None], [1000, "t", None, None, True, "later"]]
)
def test_metadata_of_an_older_or_a_newer_peer_is_understood(fields: list[object]) -> None:
    encoded = msgspec.msgpack.encode(fields)
    body = len(encoded).to_bytes(2, "little") + encoded + b"payload"
    assert split(HAS_METADATA, body) == (Metadata(1000, "t"), b"payload")
