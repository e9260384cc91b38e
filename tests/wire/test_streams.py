"""Streams: in order, no faster than they are consumed, and ended from either side."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator

import numpy as np
import pytest
from numpy.typing import NDArray
from wire.framing import Received
from wire.peers import (
    HELLO,
    INTS,
    STREAM,
    TEXTS,
    Producer,
    Till,
    calling,
    frame,
    greeting,
    items_of,
    pair,
    raw,
    rest_of,
    served,
    serving,
    until,
)

from amoeba.contract import Message
from amoeba.contract.codec import ItemsCodec
from amoeba.wire import Address, ConnectionLost, Holding, Limits, Metadata, connect
from amoeba.wire.frames import HEADER, FrameKind
from amoeba.wire.handshake import Welcome, encode
from amoeba.wire.limits import Bounds

ASK = Message(b"")
BYTES = ItemsCodec(bytes, "till.items -> item")
WINDOW = 32_768
BATCH_BYTES = 65_536  # what may be in the making besides what was sent
TEXT = "x" * 1000
pausing = pytest.mark.parametrize("pauses", [False, True], ids=["never pausing", "pausing"])


@pausing
def test_items_arrive_complete_and_in_order(run, address, pauses: bool) -> None:
    async def main() -> None:
        producer = Producer(range(5000), pauses=pauses)
        async with pair(address, Till(stream=producer)) as (client, _):
            incoming = await client.stream(STREAM, ASK, None)
            assert [item async for item in items_of(incoming, INTS)] == [*range(5000)]
            assert client.in_flight == 0

    run(main())


def test_the_first_item_does_not_wait_for_the_second(run, unix) -> None:
    async def main() -> None:
        go_on = asyncio.Event()

        async def two(_: Message, __: Metadata) -> AsyncIterator[int]:
            yield 1
            await go_on.wait()
            yield 2

        async with pair(unix, Till(stream=two)) as (client, _):
            items = items_of(await client.stream(STREAM, ASK, None), INTS)
            assert await anext(items) == 1
            go_on.set()
            assert [item async for item in items] == [2]

    run(main())


@pausing
def test_a_producer_is_never_more_than_the_window_ahead(run, unix, pauses: bool) -> None:
    """Between two messages taken, the host runs on for long enough to make far more."""
    limits = Limits(window_bytes=WINDOW)
    most = (WINDOW + 2 * BATCH_BYTES) // len(TEXT)

    async def main() -> None:
        producer = Producer(itertools.repeat(TEXT), pauses=pauses)
        async with pair(unix, Till(stream=producer, items=TEXTS), limits) as (client, _):
            incoming = await client.stream(STREAM, ASK, None)
            consumed = 0
            for _ in range(20):
                await served(client, 30)
                assert producer.made - consumed <= most
                consumed += len(TEXTS.decode(await incoming.next()))
            incoming.close()
            await producer.ended.wait()

    run(main())


@pausing
def test_a_stream_many_windows_long_flows_to_its_end(run, address, pauses: bool) -> None:
    limits = Limits(window_bytes=2000)

    async def main() -> None:
        producer = Producer([TEXT] * 1500, pauses=pauses)
        async with pair(address, Till(stream=producer, items=TEXTS), limits) as (client, _):
            incoming = await client.stream(STREAM, ASK, None)
            assert sum([1 async for _ in items_of(incoming, TEXTS)]) == 1500

    run(main())


def test_a_stream_that_is_not_consumed_does_not_hold_up_another(run, unix) -> None:
    async def main() -> None:
        async with pair(unix, Till(stream=one_of_two, items=TEXTS)) as (client, _):
            stuck = await client.stream(STREAM, Message(b"a"), None)
            other = await client.stream(STREAM, Message(b"b"), None)
            assert {item async for item in items_of(other, TEXTS)} == {"b" * 1000}
            assert set(TEXTS.decode(await stuck.next())) == {"a" * 1000}
            stuck.close()

    run(main())


async def one_of_two(request: Message, _: Metadata) -> AsyncIterator[str]:
    for _ in range(3000):
        yield request.payload.decode() * 1000


def test_two_streams_interleave_and_do_not_mix(run, address) -> None:
    async def main() -> None:
        async with pair(address, Till(stream=one_of_two, items=TEXTS)) as (client, _):
            first = items_of(await client.stream(STREAM, Message(b"a"), None), TEXTS)
            second = items_of(await client.stream(STREAM, Message(b"b"), None), TEXTS)
            for _ in range(3000):
                assert (await anext(first), await anext(second)) == ("a" * 1000, "b" * 1000)
            assert [await anext(each, None) for each in (first, second)] == [None, None]

    run(main())


def test_a_producer_that_never_pauses_does_not_starve_other_calls(run, unix) -> None:
    async def main() -> None:
        producer = Producer(itertools.count())
        async with serving(unix, Till(stream=producer)), calling(unix) as one, calling(unix) as two:
            incoming = await one.stream(STREAM, ASK, None)

            async def consume() -> None:
                async for _ in items_of(incoming, INTS):
                    pass

            consumer = asyncio.create_task(consume())
            for client in (one, two):
                made = producer.made
                await served(client, 10)
                await until(lambda made=made: producer.made > made)
            incoming.close()
            consumer.cancel()
            await asyncio.wait([consumer])
            await producer.ended.wait()

    run(main())


async def read_frame(reader: asyncio.StreamReader) -> None:
    head = await reader.readexactly(HEADER.size)
    await reader.readexactly(HEADER.unpack(head)[0])


def test_a_callee_that_ignores_the_window_is_cut_off(run, unix, caplog) -> None:
    items = frame(FrameKind.ITEMS, 1, b"\x91\x91\xc4\xff" + bytes(255))
    ended = asyncio.Event()

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_frame(reader)
        writer.write(frame(FrameKind.WELCOME, 0, encode(Welcome(1, Bounds(), 1000))))
        await read_frame(reader)
        writer.write(items * 30)
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        ended.set()

    async def main() -> None:
        async with await asyncio.start_unix_server(flood, unix.path):
            client = await connect(Address(unix.path), HELLO, Limits(), Holding(1 << 20))
            incoming = await client.stream(STREAM, ASK, None)
            await until(lambda: client.closed)
            with pytest.raises(ConnectionLost, match="ahead, its window is 1000"):
                await rest_of(incoming, BYTES, [])
            await ended.wait()

    run(main())
    assert "closed the connection to module 'till': a stream sent" in caplog.text


@pytest.mark.parametrize("size", [1000, 200_000])
def test_a_producer_may_use_its_array_again_after_each_item(run, unix, size: int) -> None:
    codec = ItemsCodec(NDArray[np.int64], "till.items -> item")

    async def reuse(_: Message, __: Metadata) -> AsyncIterator[np.ndarray]:
        array = np.zeros(size, np.int64)
        for number in range(12):
            array[:] = number
            yield array

    async def main() -> None:
        async with pair(unix, Till(stream=reuse, items=codec)) as (client, _):
            number = 0
            async for array in items_of(await client.stream(STREAM, ASK, None), codec):
                assert np.all(array == number)
                number += 1
            assert number == 12

    run(main())


def test_nor_does_a_slow_peer_get_later_values_in_earlier_items(run, unix) -> None:
    """What the socket does not take waits in the host: it must not change there."""
    codec, count = ItemsCodec(NDArray[np.int64], "till.items -> item"), 100

    async def main() -> None:
        made = asyncio.Event()

        async def reuse(_: Message, __: Metadata) -> AsyncIterator[np.ndarray]:
            array = np.zeros(1000, np.int64)
            for number in range(count):
                array[:] = number
                yield array
            array[:] = -1
            made.set()

        async with serving(unix, Till(stream=reuse, items=codec)) as (_, bound):
            with raw(bound) as slow:
                slow.sendall(greeting() + frame(FrameKind.CALL, 1, b"", (), STREAM))
                await made.wait()
                received = Received()
                while not received.frames or received.frames[-1].kind != FrameKind.END:
                    received.feed(await asyncio.to_thread(slow.recv, 65_536))
            items = [Message(f.payload, f.buffers) for f in received.frames[1:-1]]
            assert [int(codec.decode(item)[0][0]) for item in items] == [*range(count)]

    run(main())
