"""Random and hostile bytes cost their own connection, and nothing else."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire.peers import (
    BOUND_S,
    HELLO,
    LIMITS,
    STREAM,
    UNARY,
    HostThread,
    Till,
    frame,
    greeting,
    raw,
    read_all,
    read_some,
    run_on,
    sockets,
)

from amoeba.contract import Message
from amoeba.errors import WireError
from amoeba.wire import Address, BlockingPool, Failed, Holding, Metadata, connect, listen
from amoeba.wire.frames import HEADER, FrameKind
from amoeba.wire.handshake import Welcome, encode
from amoeba.wire.limits import Bounds

attacks = settings(max_examples=120, deadline=None)
kinds = st.sampled_from(list(FrameKind)) | st.integers(0, 255)
small = st.integers(0, 4)


@st.composite
def plausible(draw: st.DrawFn) -> bytes:
    """A frame whose header may lie, and whose body is anything."""
    body = draw(st.binary(max_size=60))
    size = draw(st.just(len(body)) | small | st.integers(0, 2**32 - 1))
    return HEADER.pack(size, draw(kinds), draw(small), draw(small), draw(small)) + body


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good call with one byte changed."""
    metadata = Metadata(draw(st.integers(0, 10**9)), "trace")
    args = (b"\x91\x01", [b"beside"], draw(small), metadata)
    packed = bytearray(frame(FrameKind.CALL, draw(small), *args))
    packed[draw(st.integers(0, len(packed) - 1))] = draw(st.integers(0, 255))
    return bytes(packed)


hostile = st.one_of(
    st.binary(max_size=400),
    st.lists(plausible(), max_size=8).map(b"".join),
    st.lists(damaged(), max_size=8).map(b"".join),
)


async def forever(_: Message, __: Metadata):
    number = 0
    while True:
        yield number
        number += 1


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostThread]:
    path = tmp_path_factory.mktemp("hostile") / "s"
    with HostThread(Address(path=str(path)), Till(stream=forever)) as host:
        yield host


@pytest.fixture(scope="module")
def bystander(attacked: HostThread) -> Iterator[BlockingPool]:
    pool = BlockingPool(attacked.address, HELLO, LIMITS, Holding(1 << 30))
    pool.call(UNARY, Message(b""), None, BOUND_S)
    yield pool
    pool.close()


def attack(host: HostThread, bystander: BlockingPool, sent: bytes) -> None:
    """Send, and see that the connection ends, and all that it had, and nothing else."""
    with raw(host.address) as attacker:
        try:
            attacker.sendall(sent)
            attacker.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError, OSError):
            pass
        assert bystander.call(UNARY, Message(b"mine"), None, BOUND_S).payload == b"mine"
        read_all(attacker)
    host.wait(lambda: len(host.server.connections) == 1)
    host.wait(lambda: host.running == 0)
    assert host.holding.held == 0
    assert host.server.greeting == 0
    reported, host.reported[:] = [*host.reported], []
    assert reported == []


@attacks
@given(hostile)
def test_anything_before_the_hello(attacked, bystander, sent: bytes) -> None:
    attack(attacked, bystander, sent)


@attacks
@given(hostile)
def test_anything_instead_of_the_hellos_fields(attacked, bystander, body: bytes) -> None:
    attack(attacked, bystander, frame(FrameKind.HELLO, 0, body))


@attacks
@given(hostile)
def test_anything_after_the_hello(attacked, bystander, sent: bytes) -> None:
    attack(attacked, bystander, greeting() + sent)


def test_many_attacks_leave_no_descriptor_open(attacked, bystander) -> None:
    before = sockets()
    for sent in [b"", bytes(20), b"GET / HTTP/1.1\r\n\r\n", greeting(), greeting() * 2] * 20:
        attack(attacked, bystander, sent)
    assert sockets() == before


def test_announcing_much_and_leaving_gives_everything_back(attacked, bystander) -> None:
    for buffers in ([bytes(1 << 20)], []):
        much = greeting() + frame(FrameKind.CALL, 1, bytes(1 << 20), buffers)
        for length in (len(greeting()) + 12, len(much) // 2, len(much) - 1):
            attack(attacked, bystander, much[:length])


def test_the_reason_is_logged_with_the_callers_name(attacked, bystander, caplog) -> None:
    attack(attacked, bystander, greeting(caller="mallory\n") + bytes(12))
    assert "closed the connection to caller 'mallory\\n': an unknown frame: kind 0" in caplog.text


def test_a_stream_of_one_who_left_ends(attacked, bystander) -> None:
    attack(attacked, bystander, greeting() + frame(FrameKind.CALL, 1, b"", (), STREAM))


def test_many_calls_cancelled_as_soon_as_sent(attacked, bystander) -> None:
    both = b"".join(
        frame(FrameKind.CALL, call, b"", (), call % 2) + frame(FrameKind.CANCEL, call)
        for call in range(1, 500)
    )
    attack(attacked, bystander, greeting() + both)


def test_credit_beyond_all_bounds_does_not_help(attacked, bystander) -> None:
    credit = frame(FrameKind.CREDIT, 1, b"\xff" * 4)
    with raw(attacked.address) as greedy:
        greedy.sendall(greeting() + frame(FrameKind.CALL, 1, b"", (), STREAM) + credit * 1000)
        read_some(greedy, 1 << 20)
        assert bystander.call(UNARY, Message(b"mine"), None, BOUND_S).payload == b"mine"
    attacked.wait(lambda: len(attacked.server.connections) == 1)


welcome = frame(FrameKind.WELCOME, 0, encode(Welcome(1, Bounds(), 1 << 20)))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([b"", welcome]), hostile)
def test_a_hostile_callee_fails_its_caller_in_words(tmp_path_factory, front, sent: bytes) -> None:
    address = Address(path=str(tmp_path_factory.mktemp("callee") / "s"))
    holding = Holding(LIMITS.held_bytes)

    def play() -> None:
        listener.settimeout(BOUND_S)
        connection, _ = listener.accept()
        with connection:
            connection.sendall(front + sent)
            connection.shutdown(socket.SHUT_WR)
            read_all(connection)

    async def main() -> None:
        try:
            client = await connect(address, HELLO, LIMITS, holding)
            try:
                await client.call(UNARY, Message(b"x"), None)
            finally:
                client.close()
        except (WireError, Failed):
            pass
        await asyncio.sleep(0)

    with listen(address) as listener:
        thread = threading.Thread(target=play)
        thread.start()
        run_on(asyncio.new_event_loop, main())
        thread.join(BOUND_S)
    assert holding.held == 0
