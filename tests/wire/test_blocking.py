"""Callers that block their thread: each with a connection of its own, taken from a pool."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from wire.peers import (
    BOUND_S,
    EXCEPTIONS,
    HELLO,
    LIMITS,
    UNARY,
    HostThread,
    Till,
    frame,
)

from amoeba.contract import Message
from amoeba.errors import ContractError, DeadlineExceeded, Unavailable, WireError
from amoeba.wire import Address, BlockingPool, ConnectionLost, Failed, Holding, Limits, Metadata
from amoeba.wire import listen as listening
from amoeba.wire.frames import FrameKind
from amoeba.wire.handshake import Welcome, encode
from amoeba.wire.limits import Bounds

WELCOME = frame(FrameKind.WELCOME, 0, encode(Welcome(1, Bounds(), 1 << 20)))
ASK = Message(b"ask")


@contextmanager
def pooled(address: Address, limits: Limits = LIMITS, hello=HELLO) -> Iterator[BlockingPool]:
    holding = Holding(limits.held_bytes)
    pool = BlockingPool(address, hello, limits, holding)
    try:
        yield pool
    finally:
        pool.close()
    assert holding.held == 0


def ask(pool: BlockingPool, payload: bytes = b"ask", timeout_s: float | None = BOUND_S) -> bytes:
    return pool.call(UNARY, Message(payload), None, timeout_s).payload


class Held:
    """A unary method that the test holds up from another thread."""

    def __init__(self) -> None:
        self.reached, self.cancelled = threading.Semaphore(0), threading.Event()
        self.open = asyncio.Event()

    async def __call__(self, request: Message, _: Metadata) -> Message:
        if request.payload == b"pass":
            return request
        self.reached.release()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return request


@contextmanager
def scripted(address: Address, play: Callable[[socket.socket], None]) -> Iterator[None]:
    """A callee that says welcome to one caller and then does what the test wants."""

    def accept() -> None:
        listener.settimeout(BOUND_S)
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(BOUND_S)
            connection.recv(65_536)
            connection.sendall(WELCOME)
            play(connection)

    with listening(address) as listener, ThreadPoolExecutor(1) as threads:
        played = threads.submit(accept)
        yield
        played.result(BOUND_S)


def test_calls_of_one_thread_use_one_connection(address) -> None:
    with HostThread(address) as host, pooled(host.address) as pool:
        for number in range(20):
            assert ask(pool, b"%d" % number) == b"%d" % number
        assert len(host.server.connections) == 1


def test_large_buffers_go_there_and_come_back(address) -> None:
    with HostThread(address) as host, pooled(host.address) as pool:
        sent = Message(b"x", [bytes(range(256)) * 65_536, b"", b"more"])
        answer = pool.call(UNARY, sent, None, BOUND_S)
        assert [*map(bytes, answer.buffers)] == [*sent.buffers]


def test_threads_call_at_the_same_time(host: HostThread) -> None:
    held = host.service.unary = Held()
    with pooled(host.address) as pool, ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(ask, pool, b"%d" % number) for number in range(8)]
        for _ in calls:
            assert held.reached.acquire(timeout=BOUND_S)
        host.run(set_event(held.open))
        assert [call.result(BOUND_S) for call in calls] == [b"%d" % i for i in range(8)]
        again = [threads.submit(ask, pool, b"pass") for _ in range(200)]
        assert {call.result(BOUND_S) for call in again} == {b"pass"}
        assert len(host.server.connections) == 8


async def set_event(event: asyncio.Event) -> None:
    event.set()


def test_metadata_arrives(host: HostThread) -> None:
    arrived: list[Metadata] = []

    async def keep(request: Message, metadata: Metadata) -> Message:
        arrived.append(metadata)
        return request

    host.service.unary = keep
    with pooled(host.address) as pool:
        pool.call(UNARY, ASK, Metadata(5000, "trace"), BOUND_S)
    assert arrived == [Metadata(5000, "trace")]


def test_an_exception_leaves_the_connection_as_it_is(host: HostThread) -> None:
    async def fail(_: Message, __: Metadata) -> Message:
        raise LookupError("gone")

    host.service.unary = fail
    with pooled(host.address) as pool:
        for _ in range(3):
            with pytest.raises(Failed) as caught:
                ask(pool)
            assert isinstance(EXCEPTIONS.decode(caught.value.payload), LookupError)
        assert len(host.server.connections) == 1


@pytest.mark.parametrize("timeout_s", [0.05, 0.0])
def test_a_deadline_ends_the_call_and_cancels_the_callee(host: HostThread, timeout_s) -> None:
    held = host.service.unary = Held()
    with pooled(host.address) as pool:
        assert ask(pool, b"pass") == b"pass"
        with pytest.raises(DeadlineExceeded):
            ask(pool, timeout_s=timeout_s)
        if held.reached.acquire(timeout=1.0 if timeout_s else 0):
            assert held.cancelled.wait(BOUND_S)
        assert ask(pool, b"pass") == b"pass"


def test_a_deadline_is_of_the_whole_call_not_of_each_byte(unix) -> None:
    answer = frame(FrameKind.RESULT, 1, bytes(100))
    ended = threading.Event()

    def dribble(caller: socket.socket) -> None:
        caller.recv(65_536)
        for byte in answer:
            if ended.wait(0.01):
                return
            caller.sendall(bytes([byte]))

    with scripted(unix, dribble), pooled(unix) as pool:
        try:
            with pytest.raises(DeadlineExceeded):
                ask(pool, timeout_s=0.1)
        finally:
            ended.set()


def test_a_callee_that_vanishes_during_a_call(unix) -> None:
    with scripted(unix, lambda caller: caller.recv(65_536)), pooled(unix) as pool:
        with pytest.raises(ConnectionLost, match="the peer closed it") as caught:
            ask(pool)
        assert caught.value.sent


def test_a_callee_that_restarted_is_found_again(unix) -> None:
    with pooled(unix) as pool:
        for _ in range(3):
            with HostThread(unix):
                assert ask(pool) == b"ask"
        with pytest.raises(ConnectionLost, match="no connection to unix:") as caught:
            ask(pool)
        assert not caught.value.sent


def test_a_refusal_arrives_in_words(host: HostThread) -> None:
    with pooled(host.address, hello=type(HELLO)("museum", "till", "f1")) as pool:
        for _ in range(2):
            with pytest.raises(WireError, match="this host serves application 'shop'"):
                ask(pool)
    host.wait(lambda: not host.server.connections)


def test_a_call_that_a_drain_meets_is_answered_and_the_next_goes_elsewhere(unix) -> None:
    held = Held()
    with HostThread(unix, Till(held)) as host, pooled(unix) as pool:
        with ThreadPoolExecutor(2) as threads:
            call = threads.submit(ask, pool)
            assert held.reached.acquire(timeout=BOUND_S)
            drain = threads.submit(host.run, host.server.drain(BOUND_S))
            host.wait(lambda: host.server.draining)
            host.run(set_event(held.open))
            assert call.result(BOUND_S) == b"ask"
            drain.result(BOUND_S)
        with HostThread(unix):
            assert ask(pool) == b"ask"


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(frame_bytes=100_000), Message(bytes(100_000))),
        (Limits(buffer_bytes=100_000), Message(b"", [bytes(100_001)])),
        (Limits(), Message(b"", [b""] * 65_536)),
    ],
    ids=["frame", "buffers", "number of buffers"],
)
def test_a_message_too_large_is_a_contract_error(unix, limits, message) -> None:
    """The callee's limits count, as they do for a caller that has an event loop."""
    with HostThread(unix, limits=limits) as host, pooled(host.address) as pool:
        with pytest.raises(ContractError):
            pool.call(UNARY, message, None, BOUND_S)
        assert ask(pool) == b"ask"


def test_an_idle_connection_that_turned_to_garbage_is_replaced(unix) -> None:
    go_on, sent = threading.Event(), threading.Event()

    def answer_then_garbage(caller: socket.socket) -> None:
        caller.recv(65_536)
        caller.sendall(frame(FrameKind.RESULT, 1, b"ask"))
        assert go_on.wait(BOUND_S)
        caller.sendall(bytes(50))
        sent.set()

    with pooled(unix) as pool:
        with scripted(unix, answer_then_garbage):
            assert ask(pool) == b"ask"
            go_on.set()
            assert sent.wait(BOUND_S)
        with HostThread(unix):
            assert ask(pool) == b"ask"


def test_over_ipv6(unix) -> None:
    if not has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    with HostThread(Address(host="::1")) as host, pooled(host.address) as pool:
        assert ask(pool) == b"ask"


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_a_host_that_stops_at_once_answers_the_calls_in_flight(unix) -> None:
    held = Held()
    with pooled(unix) as pool, ThreadPoolExecutor(1) as threads:
        with HostThread(unix, Till(held)):
            call = threads.submit(ask, pool)
            assert held.reached.acquire(timeout=BOUND_S)
        with pytest.raises(Failed) as caught:
            call.result(BOUND_S)
        assert isinstance(EXCEPTIONS.decode(caught.value.payload), Unavailable)
