"""Hand-written peers for the tests of the wire: a service, a host in a thread, raw connections."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from typing import Any

import msgspec

from amoeba.contract import ExceptionCodec, Message
from amoeba.contract.codec import ItemsCodec
from amoeba.errors import WireError
from amoeba.wire import (
    Address,
    Client,
    Hello,
    Holding,
    Incoming,
    Limits,
    Metadata,
    Server,
    bound_address,
    connect,
    listen,
)
from amoeba.wire.frames import FrameKind, pack
from amoeba.wire.handshake import encode

BOUND_S = 10.0  # no test waits longer than this for anything
UNARY, STREAM = 0, 1  # the numbers of the service's methods
LIMITS = Limits()
HELLO = Hello("shop", "till", "f1", caller="test")
EXCEPTIONS = ExceptionCodec(__name__)
INTS = ItemsCodec(int, "till.items -> item")
TEXTS = ItemsCodec(str, "till.items -> item")

type_of_unary = Callable[[Message, Metadata], Awaitable[Message]]
type_of_stream = Callable[[Message, Metadata], AsyncIterator[Any]]


async def echo(request: Message, _metadata: Metadata) -> Message:
    return request


async def no_items(_request: Message, _metadata: Metadata) -> AsyncIterator[int]:
    return
    yield 0


class Till:
    """A service of two methods: one unary, one stream, each given by the test."""

    fingerprint = "f1"

    def __init__(
        self,
        unary: type_of_unary = echo,
        stream: type_of_stream = no_items,
        items: ItemsCodec | None = None,
    ) -> None:
        self.unary, self.items_of = unary, stream
        self.items = items or INTS
        self.begun = 0

    def describe(self) -> dict[str, Any]:
        return {"methods": {}, "types": {}}

    def is_stream(self, method: int) -> bool:
        if method > STREAM:
            msg = f"no method number {method}"
            raise WireError(msg)
        return method == STREAM

    async def call(self, _method: int, request: Message, metadata: Metadata) -> Message:
        self.begun += 1
        return await self.unary(request, metadata)

    def stream(
        self, _method: int, request: Message, metadata: Metadata
    ) -> tuple[AsyncIterator[Any], ItemsCodec]:
        self.begun += 1
        return self.items_of(request, metadata), self.items

    def encode_error(self, error: BaseException) -> bytes:
        return EXCEPTIONS.encode(error)


class Gate:
    """A unary method that waits until the test lets it go on."""

    def __init__(self) -> None:
        self.reached, self.open, self.cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def __call__(self, request: Message, _metadata: Metadata) -> Message:
        if request.payload == b"pass":
            return request
        self.reached.set()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return request


class Producer:
    """Yields what it is given; knows how far it got, and whether it was closed."""

    def __init__(
        self, items: Iterable[Any], *, pauses: bool = False, error: Exception | None = None
    ) -> None:
        self._items, self._pauses, self._error = items, pauses, error
        self.made = 0
        self.ended = asyncio.Event()

    async def __call__(self, _request: Message, _metadata: Metadata) -> AsyncIterator[object]:
        try:
            for item in self._items:
                self.made += 1
                yield item
                if self._pauses:
                    await asyncio.sleep(0)
            if self._error is not None:
                raise self._error
        finally:
            self.ended.set()


@contextlib.asynccontextmanager
async def serving(
    address: Address, service: Till | None = None, limits: Limits = LIMITS, **kwargs: Any
) -> AsyncIterator[tuple[Server, Address]]:
    services = {"till": service or Till()}
    server = Server("shop", services, limits, Holding(limits.held_bytes), **kwargs)
    sock = listen(address)
    bound = bound_address(sock)
    await server.start(sock)
    try:
        yield server, bound
    finally:
        await server.close()
        await until(lambda: not server.connections)


@contextlib.asynccontextmanager
async def calling(address: Address, limits: Limits = LIMITS, **hello: Any) -> AsyncIterator[Client]:
    holding = Holding(limits.held_bytes)
    client = await connect(address, msgspec.structs.replace(HELLO, **hello), limits, holding)
    try:
        yield client
    finally:
        client.close()
        assert holding.held == 0


@contextlib.asynccontextmanager
async def pair(
    address: Address, service: Till | None = None, limits: Limits = LIMITS
) -> AsyncIterator[tuple[Client, Server]]:
    async with serving(address, service, limits) as (server, bound), calling(bound, limits) as c:
        yield c, server


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition that nothing announces."""
    async with asyncio.timeout(BOUND_S):
        while not condition():  # noqa: ASYNC110 - there is no event for what the wire does
            await asyncio.sleep(0.001)


async def items_of(incoming: Incoming, codec: ItemsCodec) -> AsyncIterator[Any]:
    while (received := await incoming.next()) is not None:
        if not isinstance(received, Message):
            raise EXCEPTIONS.decode(received)
        for item in codec.decode(received):
            yield item


async def rest_of(incoming: Incoming, codec: ItemsCodec, into: list[Any]) -> None:
    """Put every item that comes before the end, or before an error, into a list."""
    async for item in items_of(incoming, codec):
        into.append(item)  # noqa: PERF401 - kept although it may end in an error


async def served(client: Client, times: int = 1) -> None:
    """Calls that go through: the connection stands, and both loops have run on meanwhile."""
    for _ in range(times):
        assert (await client.call(UNARY, Message(b"pass"), None)).payload == b"pass"


def run_on(
    new_loop: Callable[[], asyncio.AbstractEventLoop], main: Coroutine[Any, Any, Any]
) -> Any:
    """Run `main` to its end, within a bound; whatever the loop had to report is a failure."""
    reported: list[dict[str, Any]] = []

    async def bounded() -> Any:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: reported.append(what))
        async with asyncio.timeout(BOUND_S):
            return await main

    with asyncio.Runner(loop_factory=new_loop) as runner:
        result = runner.run(bounded())
    assert reported == []
    return result


class HostThread:
    """A server with a loop and a thread of its own; what its loop reports is in `reported`."""

    def __init__(self, address: Address, service: Till | None = None, limits: Limits = LIMITS):
        self.service = service or Till()
        self.holding = Holding(limits.held_bytes)
        self.reported: list[dict[str, Any]] = []
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda _, what: self.reported.append(what))
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.server = Server("shop", {"till": self.service}, limits, self.holding)
        sock = listen(address)
        self.address = bound_address(sock)
        self._thread.start()
        self.run(self.server.start(sock))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(BOUND_S)

    @property
    def running(self) -> int:
        """Tasks of the loop besides the one that asks: calls that have not ended."""
        return len(asyncio.all_tasks(self._loop)) - 1

    def wait(self, condition: Callable[[], object]) -> None:
        self.run(until(condition))

    def stop(self) -> None:
        self.run(self.server.close())
        self.wait(lambda: not self.server.connections)
        self.run(asyncio.sleep(0))  # transports close their sockets one turn later
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(BOUND_S)
        self._loop.close()

    def __enter__(self) -> HostThread:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def frame(kind: int, call: int = 0, payload: bytes = b"", *args: Any) -> bytes:
    return b"".join(pack(kind, call, payload, *args))


def greeting(**changes: Any) -> bytes:
    return frame(FrameKind.HELLO, 0, encode(msgspec.structs.replace(HELLO, **changes)))


@contextlib.contextmanager
def raw(address: Address) -> Iterator[socket.socket]:
    """A connection whose bytes the test chooses itself."""
    family = socket.AF_UNIX if address.path else socket.AF_INET
    with socket.socket(family) as sock:
        sock.settimeout(BOUND_S)
        sock.connect(address.path or (address.host, address.port))
        yield sock


def read_all(sock: socket.socket) -> bytes:
    """Everything until the peer ends the connection, however rudely."""
    received = b""
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        while part := sock.recv(65_536):
            received += part
    return received


def read_some(sock: socket.socket, count: int) -> bytes:
    """At least `count` bytes, or what came before the peer ended the connection."""
    received = b""
    while len(received) < count and (part := sock.recv(65_536)):
        received += part
    return received


def sockets() -> int:
    """How many sockets this process has open, whoever opened them."""
    return sum(stat.S_ISSOCK(mode) for mode in map(_mode, os.listdir("/dev/fd")))


def _mode(descriptor: str) -> int:
    with contextlib.suppress(OSError):
        return os.fstat(int(descriptor)).st_mode
    return 0
