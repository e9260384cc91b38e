"""What is too large fails by itself; the connection and all other calls on it go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from wire.peers import EXCEPTIONS, STREAM, UNARY, Gate, Till, pair, rest_of, served

from amoeba.contract import Message
from amoeba.contract.codec import ItemsCodec
from amoeba.errors import ContractError, RemoteError
from amoeba.wire import Client, Failed, Limits, Metadata

LIMITS = Limits(frame_bytes=100_000, buffer_bytes=200_000)
TOO_LARGE = {
    "message": Message(bytes(100_000)),
    "buffer": Message(b"x", [bytes(200_001)]),
    "buffers together": Message(b"x", [bytes(100_001)] * 2),
    "more buffers than can be counted": Message(b"x", [b""] * 65_536),
    "table of buffers": Message(b"x", [b""] * 13_000),
}
too_large = pytest.mark.parametrize("message", TOO_LARGE.values(), ids=TOO_LARGE)


def beside_another_call(run, unix, main, gate: Gate, till: Till) -> None:
    """Run `main` while a call is in flight on the same connection, which must survive it."""

    async def both() -> None:
        async with pair(unix, till, LIMITS) as (client, _):
            other = asyncio.create_task(client.call(UNARY, Message(b"other"), None))
            await gate.reached.wait()
            await main(client)
            gate.open.set()
            assert (await other).payload == b"other"
            await served(client)
            assert client.in_flight == 0

    run(both())


@too_large
def test_arguments_too_large_are_refused_before_they_are_sent(run, unix, message: Message) -> None:
    async def main(client: Client) -> None:
        with pytest.raises(ContractError):
            await client.call(UNARY, message, None)
        with pytest.raises(ContractError):
            await client.stream(STREAM, message, None)

    gate = Gate()
    beside_another_call(run, unix, main, gate, Till(gate))


@too_large
def test_an_answer_too_large_is_an_error_of_its_call(run, unix, message: Message) -> None:
    gate = Gate()

    async def answer(request: Message, metadata: Metadata) -> Message:
        return message if request.payload == b"much" else await gate(request, metadata)

    async def main(client: Client) -> None:
        with pytest.raises(Failed) as caught:
            await client.call(UNARY, Message(b"much"), None)
        assert isinstance(EXCEPTIONS.decode(caught.value.payload), ContractError)

    beside_another_call(run, unix, main, gate, Till(answer))


def test_an_item_too_large_is_an_error_of_its_stream(run, unix) -> None:
    gate, codec = Gate(), ItemsCodec(str, "till.items -> item")

    async def items(_: Message, __: Metadata) -> AsyncIterator[str]:
        yield "small"
        await asyncio.sleep(0)
        yield "x" * 100_001

    async def main(client: Client) -> None:
        got = []
        incoming = await client.stream(STREAM, Message(b""), None)
        with pytest.raises(ContractError):
            await rest_of(incoming, codec, got)
        assert got == ["small"]

    beside_another_call(run, unix, main, gate, Till(gate, items, codec))


def test_an_exception_too_large_is_an_error_of_its_call(run, unix) -> None:
    gate = Gate()

    async def fail(request: Message, metadata: Metadata) -> Message:
        if request.payload == b"much":
            raise ValueError(bytes(100_001))
        return await gate(request, metadata)

    async def main(client: Client) -> None:
        with pytest.raises(Failed) as caught:
            await client.call(UNARY, Message(b"much"), None)
        error = EXCEPTIONS.decode(caught.value.payload)
        assert isinstance(error, ValueError | RemoteError | ContractError)

    beside_another_call(run, unix, main, gate, Till(fail))


def test_the_limits_of_the_callee_count_where_they_are_the_smaller_ones(run, unix) -> None:
    from wire.peers import calling, serving

    async def main() -> None:
        async with serving(unix, limits=LIMITS), calling(unix, Limits()) as client:
            with pytest.raises(ContractError, match="do not fit into a frame of 100000"):
                await client.call(UNARY, Message(bytes(100_000)), None)
            await served(client)

    run(main())


def test_the_error_says_what_to_do(run, unix) -> None:
    async def main() -> None:
        async with pair(unix, limits=LIMITS) as (client, _):
            with pytest.raises(ContractError) as caught:
                await client.call(UNARY, Message(bytes(100_000)), None)
            assert str(caught.value) == (
                "message: 100000 bytes do not fit into a frame of 100000\n"
                "  hint: pass large data as a NumPy array or as bytes of its own, "
                "or raise frame_limit in [wire]"
            )

    run(main())
