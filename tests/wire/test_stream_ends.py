"""How streams end: at their end, by an error, early, or because a side is lost."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest
from wire.peers import (
    EXCEPTIONS,
    INTS,
    STREAM,
    TEXTS,
    Producer,
    Till,
    pair,
    rest_of,
    served,
    until,
)

from amoeba.contract import Message
from amoeba.wire import ConnectionLost, Limits, Metadata

ASK = Message(b"")
TEXT = "x" * 1000
pausing = pytest.mark.parametrize("pauses", [False, True], ids=["never pausing", "pausing"])


@pausing
def test_leaving_early_runs_the_producers_finally(run, address, pauses: bool) -> None:
    async def main() -> None:
        producer = Producer(itertools.count(), pauses=pauses)
        async with pair(address, Till(stream=producer)) as (client, _):
            incoming = await client.stream(STREAM, ASK, None)
            await incoming.next()
            incoming.close()
            await producer.ended.wait()
            assert client.in_flight == 0
            await served(client)

    run(main())


def test_leaving_early_wakes_a_producer_that_waits_for_something_else(run, unix) -> None:
    async def main() -> None:
        ended = asyncio.Event()

        async def stuck(_: Message, __: Metadata) -> AsyncIterator[int]:
            try:
                yield 1
                await asyncio.Event().wait()
            finally:
                ended.set()

        async with pair(unix, Till(stream=stuck)) as (client, _):
            incoming = await client.stream(STREAM, ASK, None)
            await incoming.next()
            incoming.close()
            await ended.wait()

    run(main())


@pausing
def test_items_before_an_error_arrive_before_it(run, address, pauses: bool) -> None:
    async def main() -> None:
        producer = Producer(range(700), pauses=pauses, error=KeyError("till"))
        async with pair(address, Till(stream=producer)) as (client, _):
            got = []
            incoming = await client.stream(STREAM, ASK, None)
            with pytest.raises(KeyError, match="till"):
                await rest_of(incoming, INTS, got)
            assert got == [*range(700)]
            await served(client)

    run(main())


def test_an_item_that_cannot_cross_ends_the_stream_with_its_reason(run, unix) -> None:
    async def main() -> None:
        producer = Producer([1, 2, object()])
        async with pair(unix, Till(stream=producer)) as (client, _):
            incoming = await client.stream(STREAM, ASK, None)
            items = INTS.decode(await incoming.next())
            assert items == [1, 2]
            assert "cannot cross" in str(EXCEPTIONS.decode(await incoming.next()))

    run(main())


def test_when_the_callee_is_lost_its_items_arrive_and_then_the_loss(run, address) -> None:
    async def main() -> None:
        producer = Producer(itertools.repeat(TEXT))
        limits = Limits(window_bytes=32_768)
        async with pair(address, Till(stream=producer, items=TEXTS), limits) as (client, server):
            incoming = await client.stream(STREAM, ASK, None)
            await served(client)
            next(iter(server.connections)).transport.abort()
            await producer.ended.wait()
            await until(lambda: client.closed)
            got: list[str] = []
            with pytest.raises(ConnectionLost, match="the connection was lost"):
                await rest_of(incoming, TEXTS, got)
            assert set(got) == {TEXT}

    run(main())


def test_when_the_caller_is_lost_the_producers_finally_runs(run, address) -> None:
    async def main() -> None:
        producer = Producer(itertools.repeat(TEXT))
        async with pair(address, Till(stream=producer, items=TEXTS)) as (client, server):
            incoming = await client.stream(STREAM, ASK, None)
            await incoming.next()
            client.transport.abort()
            await producer.ended.wait()
            await until(lambda: not server.connections)

    run(main())
