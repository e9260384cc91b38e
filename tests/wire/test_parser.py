"""Whatever arrives, the parser gives frames or a WireError, and never keeps memory."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire.framing import RECEIVE_BYTES, Frame, Received, data, frames

from amoeba.errors import WireError
from amoeba.wire import Holding, Limits, Metadata
from amoeba.wire.frames import HAS_BUFFERS, HAS_METADATA, HEADER, FrameKind
from amoeba.wire.parser import FrameParser

SMALL = Limits(frame_bytes=100_000, buffer_bytes=300_000, held_bytes=400_000)


def header(size: int, kind: int = FrameKind.CALL, flags: int = 0) -> bytes:
    return HEADER.pack(size, kind, flags, 0, 1)


def with_table(*sizes: int) -> bytes:
    table = struct.pack(f"<H{len(sizes)}Q", len(sizes), *sizes)
    return header(len(table), flags=HAS_BUFFERS) + table


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (header(100_001), "a frame of 100001 bytes, the limit is 100000"),
        (header(0xFFFF_FFFF), "a frame of 4294967295 bytes, the limit is 100000"),
        (b"GET / HTTP/1.1\r\n", "a frame of 542393671 bytes, the limit is 100000"),
        (header(0, kind=0), "an unknown frame: kind 0, flags 0"),
        (header(0, kind=5), "an unknown frame: kind 5, flags 0"),
        (header(0, kind=255), "an unknown frame: kind 255, flags 0"),
        (header(0, flags=4), "an unknown frame: kind 2, flags 4"),
        (header(0, flags=0x80), "an unknown frame: kind 2, flags 128"),
        (header(0, flags=HAS_BUFFERS), "a buffer table longer than its frame"),
        (header(2, flags=HAS_BUFFERS) + b"\1\0", "a buffer table longer than its frame"),
        (header(2, flags=HAS_BUFFERS) + b"\xff\xff", "a buffer table longer than its frame"),
        (header(4, flags=3) + b"\xff\xff\1\0", "a buffer table longer than its frame"),
        (with_table(300_001), "300001 bytes beside a message, the limit is 300000"),
        (with_table(200_000, 200_000), "400000 bytes beside a message, the limit is 300000"),
        (
            with_table(2**64 - 1, 2**64 - 1),
            "36893488147419103230 bytes beside a message, the limit is 300000",
        ),
    ],
)
def test_what_breaks_the_layout_or_a_limit_is_refused_in_words(sent: bytes, reason: str) -> None:
    received = Received(SMALL)
    with pytest.raises(WireError) as caught:
        received.feed(sent)
    assert caught.value.reason == reason
    received.parser.close()
    assert received.holding.held == 0


def test_a_frame_too_large_is_refused_before_any_of_it_is_kept() -> None:
    received = Received(SMALL)
    with pytest.raises(WireError):
        received.feed(header(0xFFFF_FFFF))
    assert received.holding.held == 0
    assert len(received.parser.buffer()) <= RECEIVE_BYTES


def test_metadata_longer_than_its_frame_is_refused() -> None:
    with pytest.raises(WireError, match="metadata longer than its frame"):
        Received().feed(header(3, flags=HAS_METADATA) + b"\x02\x00\x90")


def test_the_frames_before_a_damaged_one_are_handed_over() -> None:
    received = Received()
    good = Frame(FrameKind.CALL, 1, b"good", [])
    with pytest.raises(WireError):
        received.feed(good.packed + header(0, kind=99))
    assert received.frames == [good]


def test_a_half_received_frame_is_counted_until_the_parser_is_closed() -> None:
    received = Received(SMALL)
    received.feed(header(90_000))
    assert received.holding.held == HEADER.size + 90_000 - RECEIVE_BYTES
    received.parser.close()
    assert received.holding.held == 0


def test_half_received_buffers_are_counted_until_the_parser_is_closed() -> None:
    received = Received(SMALL)
    received.feed(with_table(100_000, 50_000) + bytes(120_000))
    assert received.holding.held == 150_000
    received.parser.close()
    assert received.holding.held == 0


def test_closing_twice_gives_back_once() -> None:
    received = Received(SMALL)
    received.feed(with_table(100_000))
    received.parser.close()
    received.parser.close()
    assert received.holding.held == 0


def test_all_connections_of_a_process_share_what_may_be_held() -> None:
    holding = Holding(250_000)
    first, second = (FrameParser(lambda *_: None, SMALL, holding) for _ in range(2))
    start = with_table(200_000)
    for parser in (first, second):
        parser.buffer()[: len(start)] = start
    first.received(len(start))
    with pytest.raises(WireError, match="400000 bytes would be held, the limit is 250000"):
        second.received(len(start))
    second.close()
    assert holding.held == 200_000
    first.close()
    assert holding.held == 0


def test_a_large_frame_leaves_no_large_memory_behind() -> None:
    received = Received()
    received.feed(Frame(FrameKind.CALL, 1, data(1_000_000)).packed)
    assert received.holding.held == 0
    assert len(received.parser.buffer()) == RECEIVE_BYTES


def test_a_large_frame_with_buffers_leaves_no_uncounted_memory_behind() -> None:
    received = Received()
    received.feed(Frame(FrameKind.CALL, 1, data(1_000_000), [b"beside"]).packed)
    assert len(received.frames) == 1
    assert len(received.parser.buffer()) <= RECEIVE_BYTES + received.holding.held


def test_a_parser_that_its_handler_closed_hands_over_nothing_more_and_reserves_nothing() -> None:
    holding, seen = Holding(SMALL.held_bytes), []

    def on_frame(*frame: object) -> None:
        seen.append(frame)
        parser.close()

    parser = FrameParser(on_frame, SMALL, holding)
    sent = Frame(FrameKind.CALL, 1, b"one").packed * 2 + header(90_000)
    parser.buffer()[: len(sent)] = sent
    parser.received(len(sent))
    assert (len(seen), holding.held) == (1, 0)


def fed(sent: bytes, cuts: list[int]) -> Received:
    """Feed a parser whatever it is; only a WireError may come of it."""
    received = Received(SMALL)
    try:
        received.feed(sent, cuts)
    except WireError as error:
        received.refused = error.reason
    assert received.holding.held <= SMALL.held_bytes
    received.parser.close()
    assert received.holding.held == 0
    return received


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_random_bytes_raise_nothing_but_a_wire_error(sent: bytes, cuts: list[int]) -> None:
    fed(sent, cuts)


headers = st.builds(
    HEADER.pack,
    st.one_of(st.integers(0, 60), st.integers(0, 2**32 - 1)),
    st.sampled_from(list(FrameKind)) | st.integers(0, 255),
    st.integers(0, 3) | st.integers(0, 255),
    st.integers(0, 2**16 - 1),
    st.integers(0, 2**32 - 1),
)


@given(st.lists(st.tuples(headers, st.binary(max_size=80)), max_size=5))
def test_plausible_headers_before_random_bytes_raise_nothing_else(
    sent: list[tuple[bytes, bytes]],
) -> None:
    fed(b"".join(head + body for head, body in sent), [])


@given(
    st.lists(frames, min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=8),
    st.integers(0, 400),
)
def test_damaged_frames_raise_nothing_else(
    sent: list[Frame], changes: list[tuple[int, int]], missing: int
) -> None:
    packed = bytearray(b"".join(frame.packed for frame in sent))
    for place, value in changes:
        packed[place % len(packed)] = value
    fed(bytes(packed[: max(0, len(packed) - missing)]), [])


@given(st.binary(max_size=40))
def test_damaged_metadata_raises_nothing_else(noise: bytes) -> None:
    frame = Frame(FrameKind.CALL, 1, b"x", metadata=Metadata(12345, "trace" * 4)).packed
    start = HEADER.size
    fed(frame[:start] + noise[: len(frame) - start] + frame[start + len(noise) :], [])
