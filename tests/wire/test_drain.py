"""A host that stops loses no call: what runs is finished, what comes later goes elsewhere."""

from __future__ import annotations

import asyncio

import pytest
from wire.peers import (
    EXCEPTIONS,
    HELLO,
    LIMITS,
    STREAM,
    UNARY,
    Gate,
    HostThread,
    Till,
    calling,
    frame,
    greeting,
    items_of,
    pair,
    raw,
    read_all,
    serving,
    sockets,
    until,
)

from amoeba.contract import Message
from amoeba.contract.codec import ItemsCodec
from amoeba.errors import Unavailable
from amoeba.wire import BlockingPool, ConnectionLost, Failed, Holding, Metadata
from amoeba.wire.frames import FrameKind

ASK = Message(b"ask")
LONG_S = 8.0  # far longer than any of these drains takes


def test_a_call_in_flight_finishes_and_a_new_one_goes_elsewhere(run, address, caplog) -> None:
    async def main() -> None:
        gate = Gate()
        async with pair(address, Till(gate)) as (client, server):
            call = asyncio.create_task(client.call(UNARY, ASK, None))
            await gate.reached.wait()
            drain = asyncio.create_task(server.drain(LONG_S))
            await until(lambda: not client.usable)
            with pytest.raises(ConnectionLost) as caught:
                await client.call(UNARY, ASK, None)
            assert not caught.value.sent
            assert not drain.done()
            gate.open.set()
            assert (await call).payload == b"ask"
            await drain
            assert not server.connections

    run(main())
    assert caplog.records == []


def test_every_call_is_answered_or_was_never_sent(run, address) -> None:
    """Callers go on calling while the host drains; each of their calls has one clear end."""

    async def turn(request: Message, _: Metadata) -> Message:
        for _ in range(3):
            await asyncio.sleep(0)
        return request

    async def main() -> None:
        till = Till(turn)
        answered, sent = 0, []

        async def call_on_and_on(client) -> None:
            nonlocal answered
            while True:
                try:
                    await client.call(UNARY, ASK, None)
                except ConnectionLost as lost:
                    sent.append(lost.sent)
                    return
                answered += 1

        async with serving(address, till) as (server, bound):
            async with calling(bound) as one, calling(bound) as two, asyncio.TaskGroup() as group:
                for client in [one, two] * 10:
                    group.create_task(call_on_and_on(client))
                await until(lambda: answered > 200)
                await server.drain(LONG_S)
            assert answered == till.begun
            assert sent == [False] * 20

    run(main())


def test_a_large_answer_on_its_way_arrives_whole(run, address) -> None:
    async def main() -> None:
        async def much(_: Message, __: Metadata) -> Message:
            return Message(b"", [bytes(8 << 20)])

        till = Till(much)
        async with pair(address, till) as (client, server):
            call = asyncio.create_task(client.call(UNARY, ASK, None))
            await until(lambda: till.begun)
            await server.drain(LONG_S)
            assert len((await call).buffers[0]) == 8 << 20

    run(main())


def test_a_stream_that_flows_is_not_cut(run, address) -> None:
    async def main() -> None:
        async def texts(_: Message, __: Metadata):
            for _ in range(3000):
                yield "x" * 1000

        codec = ItemsCodec(str, "item")
        async with pair(address, Till(stream=texts, items=codec)) as (client, server):
            items = items_of(await client.stream(STREAM, ASK, None), codec)
            await anext(items)
            drain = asyncio.create_task(server.drain(LONG_S))
            await until(lambda: not client.usable)
            assert sum([1 async for _ in items]) == 2999
            await drain

    run(main())


def test_idle_connections_are_closed_and_their_callers_told(run, address) -> None:
    async def main() -> None:
        async with pair(address) as (client, server):
            closed = asyncio.Event()
            client.on_closed = closed.set
            await server.drain(LONG_S)
            await closed.wait()
            assert not client.usable

    run(main())


def test_nobody_new_is_let_in(run, address) -> None:
    async def main() -> None:
        gate = Gate()
        async with pair(address, Till(gate)) as (client, server):
            call = asyncio.create_task(client.call(UNARY, ASK, None))
            await gate.reached.wait()
            name = next(iter(server.connections)).transport.get_extra_info("sockname")
            drain = asyncio.create_task(server.drain(LONG_S))
            await until(lambda: not client.usable)
            bound = address if address.path else type(address)(host=name[0], port=name[1])
            with pytest.raises(ConnectionLost, match="no connection to") as caught:
                async with calling(bound):
                    pass
            assert not caught.value.sent
            gate.open.set()
            await asyncio.gather(call, drain)

    run(main())


def test_one_who_has_not_said_hello_does_not_hold_up_the_drain(host: HostThread, caplog) -> None:
    with raw(host.address) as silent:
        host.wait(lambda: host.server.greeting == 1)
        host.run(host.server.drain(LONG_S))
        assert read_all(silent) == b""
    assert "still running" not in caplog.text


def test_what_does_not_end_in_time_is_answered_with_unavailable(run, address, caplog) -> None:
    async def main() -> None:
        gate = Gate()
        async with pair(address, Till(gate)) as (client, server):
            call = asyncio.create_task(client.call(UNARY, ASK, None))
            await gate.reached.wait()
            await server.drain(0.05)
            with pytest.raises(Failed) as caught:
                await call
            error = EXCEPTIONS.decode(caught.value.payload)
            assert isinstance(error, Unavailable)
            assert str(error).startswith("module 'till' is unavailable: the host stopped")
            assert gate.cancelled.is_set()

    run(main())
    assert "calls were still running after 0 s of draining" in caplog.text


def test_closing_at_once_answers_the_calls_in_flight(run, unix) -> None:
    async def main() -> None:
        gate = Gate()
        async with pair(unix, Till(gate)) as (client, server):
            call = asyncio.create_task(client.call(UNARY, ASK, None))
            await gate.reached.wait()
            await server.close()
            with pytest.raises(Failed) as caught:
                await call
            assert isinstance(EXCEPTIONS.decode(caught.value.payload), Unavailable)

    run(main())


def test_a_caller_that_does_not_read_cannot_keep_a_closed_host_open(run, unix) -> None:
    """Its answer is larger than any socket holds; the descriptor must still go away."""

    async def main() -> None:
        async def much(_: Message, __: Metadata) -> Message:
            return Message(b"", [bytes(32 << 20)])

        till = Till(much)
        async with serving(unix, till) as (server, bound):
            with raw(bound) as deaf:
                deaf.sendall(greeting() + frame(FrameKind.CALL, 1))
                await until(lambda: till.begun and not next(iter(server.connections)).writable)
                before = sockets()
                await server.drain(0.05)
                assert not server.connections
                await until(lambda: sockets() <= before - 2)  # the listener and the caller's

    run(main())


def test_idle_blocking_connections_do_not_hold_up_the_drain(host: HostThread, caplog) -> None:
    pool = BlockingPool(host.address, HELLO, LIMITS, Holding(1 << 30))
    pool.call(UNARY, ASK, None, LONG_S)
    host.run(host.server.drain(LONG_S))
    assert "still running" not in caplog.text
    with pytest.raises(ConnectionLost) as caught:
        pool.call(UNARY, ASK, None, LONG_S)
    assert not caught.value.sent
    pool.close()
