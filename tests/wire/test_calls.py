"""Unary calls over both kinds of address, on both event loops."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import numpy as np
import pytest
from wire.peers import (
    EXCEPTIONS,
    STREAM,
    UNARY,
    Gate,
    HostThread,
    Till,
    calling,
    echo,
    frame,
    greeting,
    pair,
    raw,
    read_some,
    served,
    serving,
    until,
)

from amoeba.contract import Message
from amoeba.errors import Overloaded, RemoteError, WireError
from amoeba.wire import ConnectionLost, Failed, Limits, Metadata
from amoeba.wire.frames import FrameKind

ASK = Message(b"ask")
setting: ContextVar[str] = ContextVar("setting", default="unset")


async def failure(call: asyncio.Future | object) -> BaseException:
    with pytest.raises(Failed) as caught:
        await call
    return EXCEPTIONS.decode(caught.value.payload)


def test_an_answer_comes_back(run, address) -> None:
    async def main() -> None:
        async with pair(address) as (client, _):
            assert await client.call(UNARY, Message(b"hi", [b"b"]), None) == Message(b"hi", [b"b"])
            assert client.in_flight == 0

    run(main())


def test_a_thousand_calls_at_once_get_each_its_own_answer(run, address) -> None:
    async def main() -> None:
        async with pair(address) as (client, _):
            sent = [Message(str(i).encode() * (1 + i % 90), ()) for i in range(1000)]
            calls = [client.call(UNARY, message, None) for message in sent]
            assert await asyncio.gather(*calls) == sent

    run(main())


def test_answers_may_come_in_another_order_than_the_calls(run, address) -> None:
    async def main() -> None:
        gate = Gate()
        async with pair(address, Till(gate)) as (client, _):
            slow = asyncio.create_task(client.call(UNARY, ASK, None))
            await gate.reached.wait()
            await served(client, 10)
            assert not slow.done()
            gate.open.set()
            assert (await slow).payload == b"ask"

    run(main())


def test_an_exception_arrives_with_its_type_and_text(run, address) -> None:
    class Private(Exception):
        pass

    async def fail(request: Message, _: Metadata) -> Message:
        raise (KeyError if request.payload == b"key" else Private)("no such coin")

    async def main() -> None:
        async with pair(address, Till(fail)) as (client, _):
            error = await failure(client.call(UNARY, Message(b"key"), None))
            assert isinstance(error, KeyError)
            assert error.args == ("no such coin",)
            error = await failure(client.call(UNARY, ASK, None))
            assert isinstance(error, RemoteError)
            assert str(error).endswith("Private: no such coin")
            assert client.usable

    run(main())


def test_cancelling_a_call_cancels_the_callee(run, address) -> None:
    async def main() -> None:
        gate = Gate()
        async with pair(address, Till(gate)) as (client, _):
            call = asyncio.create_task(client.call(UNARY, ASK, None))
            await gate.reached.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await gate.cancelled.wait()
            assert client.in_flight == 0
            await served(client)

    run(main())


def test_a_call_cancelled_before_the_callee_began_leaves_nothing_behind(unix) -> None:
    """Call and cancel arrive in the same bytes: the task is cancelled before its first step."""
    call, result = FrameKind.CALL, FrameKind.RESULT
    with HostThread(unix, limits=Limits(calls_in_flight=2)) as host, raw(host.address) as caller:
        caller.sendall(greeting())
        caller.recv(1000)
        caller.sendall(frame(call, 1) + frame(FrameKind.CANCEL, 1) + frame(call, 2))
        assert caller.recv(1000) == frame(result, 2)
        caller.sendall(frame(call, 3) + frame(call, 4))
        expected = frame(result, 3) + frame(result, 4)
        assert read_some(caller, len(expected)) == expected


def test_an_answer_to_a_cancelled_call_is_dropped(run, address) -> None:
    async def main() -> None:
        reached = asyncio.Event()

        async def stubborn(request: Message, _: Metadata) -> Message:
            if request.payload == b"ask":
                reached.set()
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    return request
            return request

        async with pair(address, Till(stubborn)) as (client, _):
            call = asyncio.create_task(client.call(UNARY, ASK, None))
            await reached.wait()
            call.cancel()
            await asyncio.wait([call])
            await served(client, 5)

    run(main())


def test_a_lost_connection_fails_the_calls_in_flight(run, address) -> None:
    async def main() -> None:
        gate = Gate()
        async with pair(address, Till(gate)) as (client, server):
            closed = asyncio.Event()
            client.on_closed = closed.set
            calls = [asyncio.create_task(client.call(UNARY, ASK, None)) for _ in range(3)]
            await gate.reached.wait()
            next(iter(server.connections)).transport.abort()
            for call in calls:
                with pytest.raises(ConnectionLost, match="the connection was lost") as caught:
                    await call
                assert caught.value.sent
            await closed.wait()
            await gate.cancelled.wait()
            with pytest.raises(ConnectionLost) as caught:
                await client.call(UNARY, ASK, None)
            assert not caught.value.sent

    run(main())


def test_a_caller_that_vanishes_cancels_what_it_asked_for(run, address) -> None:
    async def main() -> None:
        gate = Gate()
        async with pair(address, Till(gate)) as (client, server):
            call = asyncio.create_task(client.call(UNARY, ASK, None))
            await gate.reached.wait()
            client.transport.abort()
            await gate.cancelled.wait()
            await until(lambda: not server.connections)
            with pytest.raises(ConnectionLost):
                await call

    run(main())


def test_more_calls_than_the_limit_are_refused_and_not_begun(run, address) -> None:
    async def main() -> None:
        gate = Gate()
        till = Till(gate)
        async with pair(address, till, Limits(calls_in_flight=2)) as (client, _):
            calls = [asyncio.create_task(client.call(UNARY, ASK, None)) for _ in range(2)]
            await until(lambda: till.begun == 2)
            error = await failure(client.call(UNARY, Message(b"pass"), None))
            assert isinstance(error, Overloaded)
            assert str(error) == (
                "module 'till' is overloaded: 2 calls are in flight from one caller"
            )
            assert till.begun == 2
            gate.open.set()
            await asyncio.gather(*calls)
            await served(client)

    run(main())


def test_the_limit_is_of_one_caller_not_of_all(run, unix) -> None:
    async def main() -> None:
        gate = Gate()
        async with serving(unix, Till(gate), Limits(calls_in_flight=1)), calling(unix) as one:
            call = asyncio.create_task(one.call(UNARY, ASK, None))
            await gate.reached.wait()
            async with calling(unix) as other:
                await served(other)
            gate.open.set()
            await call

    run(main())


def test_64_megabytes_go_there_and_come_back(run, address) -> None:
    array = np.arange(8 << 20, dtype=np.float64)

    async def main() -> None:
        async with pair(address) as (client, server):
            sent = Message(b"array", [array.view(np.uint8).data, b"", b"and more"])
            answer = await client.call(UNARY, sent, None)
            assert np.array_equal(np.frombuffer(answer.buffers[0]), array)
            assert [*map(bytes, answer.buffers[1:])] == [b"", b"and more"]
            assert server.holding.held == 0

    run(main())


def test_a_large_call_does_not_hold_up_the_loop_for_a_small_one(run, address) -> None:
    async def main() -> None:
        async with serving(address) as (_, bound), calling(bound) as one, calling(bound) as other:
            large = asyncio.create_task(one.call(UNARY, Message(b"", [bytes(64 << 20)]), None))
            await until(lambda: one.in_flight)
            await served(other)
            assert not large.done()
            await large

    run(main())


def test_the_callee_starts_with_an_empty_context(run, address) -> None:
    async def leak(_: Message, __: Metadata) -> Message:
        found = setting.get()
        setting.set("set by a call")
        return Message(found.encode())

    async def main() -> None:
        setting.set("set by the host")
        async with pair(address, Till(leak)) as (client, _):
            setting.set("set by the caller")
            for _ in range(3):
                assert (await client.call(UNARY, ASK, None)).payload == b"unset"
            assert setting.get() == "set by the caller"

    run(main())


@pytest.mark.parametrize("sent", [None, Metadata(1_500_000), Metadata(None, "00-a-b-01")])
@pytest.mark.parametrize("buffers", [(), (b"beside",)])
def test_deadline_and_trace_arrive_with_the_call(run, unix, sent, buffers) -> None:
    arrived: list[tuple[Message, Metadata]] = []

    async def keep(request: Message, metadata: Metadata) -> Message:
        arrived.append((request, metadata))
        return request

    async def main() -> None:
        async with pair(unix, Till(keep)) as (client, _):
            await client.call(UNARY, Message(b"x", buffers), sent)

    run(main())
    assert arrived == [(Message(b"x", type(arrived[0][0].buffers)(buffers)), sent or Metadata())]


def test_a_connection_serves_unary_calls_and_streams_of_one_module(run, address) -> None:
    async def main() -> None:
        async with pair(address, Till(echo)) as (client, _):
            incoming = await client.stream(STREAM, ASK, None)
            assert await incoming.next() is None
            await served(client)
            with pytest.raises(WireError):
                await client.call(99, ASK, None)

    run(main())
