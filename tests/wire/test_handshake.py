"""Who may talk to whom: hello, welcome, and refusals that say what differs."""

from __future__ import annotations

import asyncio
import re
import socket
from typing import Protocol

import msgspec
import pytest
from wire.peers import (
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
    raw,
    read_all,
    served,
    serving,
    until,
)

from amoeba.contract import Message, describe, fingerprint, read_contract
from amoeba.errors import WireError
from amoeba.wire import Address, ConnectionLost, Holding, Limits, connect
from amoeba.wire.frames import FrameKind
from amoeba.wire.handshake import WIRE_VERSION, Hello, common_version, decode_refusal


async def refused(address: Address, token: str = "", **hello: object) -> str:
    async with serving(address, token=token) as (server, bound):
        with pytest.raises(WireError) as caught:
            async with calling(bound, **hello):
                pass
        assert not isinstance(caught.value, ConnectionLost)
        await until(lambda: not server.connections)
        assert server.greeting == 0
    return caught.value.reason


def test_a_caller_of_another_application_is_refused(run, address, caplog) -> None:
    reason = run(refused(address, application="museum"))
    assert reason == "this host serves application 'shop' of another run or user"
    assert "refused caller 'test': this host serves" in caplog.text


def test_a_caller_without_the_secret_of_this_run_is_refused(run, unix) -> None:
    reason = run(refused(unix, token="secret"))
    assert reason == "this host serves application 'shop' of another run or user"
    assert "secret" not in reason


def test_a_module_that_does_not_run_here_is_named(run, unix) -> None:
    assert run(refused(unix, module="oven")) == "module 'oven' does not run here"


def test_without_a_common_version_both_are_named(run, unix) -> None:
    reason = run(refused(unix, wire=9, oldest_wire=8))
    assert reason.startswith("no common wire version")
    assert {"9", str(WIRE_VERSION)} <= set(re.findall(r"\d+", reason))


@pytest.mark.parametrize(
    ("wire", "oldest", "common"), [(1, 1, 1), (2, 1, 1), (3, 2, None), (0, 0, None)]
)
def test_the_newest_version_that_both_speak(wire: int, oldest: int, common: int | None) -> None:
    assert common_version(msgspec.structs.replace(HELLO, wire=wire, oldest_wire=oldest)) == common


def test_a_newer_caller_that_still_speaks_this_version_is_welcome(run, unix) -> None:
    async def main() -> None:
        async with serving(unix), calling(unix, wire=WIRE_VERSION + 1) as client:
            await served(client)

    run(main())


class Old(Protocol):
    async def pay(self, amount: int) -> None: ...


class New(Protocol):
    async def pay(self, amount: float, currency: str = "EUR") -> None: ...
    async def refund(self, amount: float) -> None: ...


def test_a_different_contract_is_spelled_out_difference_by_difference(run, unix) -> None:
    ours, theirs = read_contract(Old), read_contract(New)

    class NewTill(Till):
        fingerprint = fingerprint(theirs)

        def describe(self) -> dict[str, object]:
            return describe(theirs)

    async def main() -> str:
        async with serving(unix, NewTill()) as (_, bound):
            hello = msgspec.structs.replace(HELLO, fingerprint=fingerprint(ours))
            with pytest.raises(WireError) as caught:
                await connect(bound, hello, LIMITS, Holding(1 << 30), describe(ours))
            return str(caught.value)

    assert run(main()).splitlines() == [
        "the contract of module 'till' differs between caller and callee:",
        '  $.methods.pay.parameters: the caller has [{"name":"amount","type":"int"}], '
        'the callee has [{"name":"amount","type":"float"},{"name":"currency","type":"str",'
        '"default":"...',
        "  $.methods.refund: only the callee has it",
    ]


def test_one_who_says_no_hello_is_cut_off_in_time(run, address, caplog) -> None:
    async def main() -> None:
        limits = Limits(handshake_s=0.05)
        async with serving(address, limits=limits) as (server, bound), calling(bound) as client:
            with raw(bound) as silent:
                assert await asyncio.to_thread(read_all, silent) == b""
            await until(lambda: server.greeting == 0)
            await served(client)

    run(main())
    assert "closed the connection to an unknown caller: no hello in time" in caplog.text


def test_a_callee_that_does_not_answer_the_hello_is_given_up(run, unix) -> None:
    async def main() -> None:
        with unix_listener(unix), pytest.raises(ConnectionLost, match="did not answer") as caught:
            await connect(unix, HELLO, Limits(handshake_s=0.05), Holding(1))
        assert not caught.value.sent

    run(main())


def unix_listener(address: Address):
    from amoeba.wire import listen

    return listen(address)


def test_nobody_there(run, unix) -> None:
    async def main() -> None:
        with pytest.raises(ConnectionLost, match=f"no connection to unix:{unix.path}") as caught:
            await connect(unix, HELLO, LIMITS, Holding(1))
        assert not caught.value.sent

    run(main())


def test_only_so_many_may_be_greeting_at_once(run, address, caplog) -> None:
    async def main() -> None:
        limits = Limits(handshakes=2)
        async with serving(address, limits=limits) as (server, bound), calling(bound) as client:
            with raw(bound) as first, raw(bound), raw(bound) as third:
                assert await asyncio.to_thread(read_all, third) == b""
                assert server.greeting == 2
                await served(client)
                first.sendall(greeting())
                await until(lambda: server.greeting == 1)
                async with calling(bound) as late:
                    await served(late)

    run(main())
    assert "2 connections are already greeting" in caplog.text


DAMAGED = {
    "http": (b"GET / HTTP/1.1\r\n\r\n", "a frame of 542393671 bytes"),
    "tls": (bytes.fromhex("16030100f8010000f40303") + bytes(9), "a"),
    "zeros": (bytes(100), "an unknown frame: kind 0"),
    "no hello": (frame(FrameKind.CALL, 1, b"x"), "a frame of kind 2 before the hello"),
    "not msgpack": (frame(FrameKind.HELLO, 0, b"\xc1"), "a damaged hello"),
    "empty": (frame(FrameKind.HELLO), "a damaged hello"),
    "fields missing": (frame(FrameKind.HELLO, 0, b"\x80"), "a damaged hello"),
    "not UTF-8": (frame(FrameKind.HELLO, 0, b"\x81\xa6module\xa2\xff\xfe"), "a damaged hello"),
    "too deep": (frame(FrameKind.HELLO, 0, b"\x81\xa1x" + b"\x91" * 9999), "a damaged hello"),
    "hello twice": (greeting() * 2, "an unexpected frame of kind 1"),
    "answer": (greeting() + frame(FrameKind.RESULT, 1), "an unexpected frame of kind 18"),
    "unknown method": (greeting() + frame(FrameKind.CALL, 1, b"", (), 9), "no method number 9"),
    "call twice": (greeting() + frame(FrameKind.CALL, 1) * 2, "call 1 is already in flight"),
    "credit": (greeting() + frame(FrameKind.CREDIT, 1, b"\1"), "a damaged credit"),
}


@pytest.mark.parametrize(("sent", "reason"), DAMAGED.values(), ids=DAMAGED)
def test_what_breaks_the_protocol_costs_its_own_connection_only(
    run, unix, caplog, sent: bytes, reason: str
) -> None:
    async def main() -> None:
        async with serving(unix, Till(Gate())) as (server, bound), calling(bound) as client:
            with raw(bound) as hostile:
                hostile.sendall(sent)
                await asyncio.to_thread(read_all, hostile)
            await served(client)
            await until(lambda: len(server.connections) == 1)
            assert (server.greeting, server.holding.held) == (0, 0)

    run(main())
    assert f": {reason}" in caplog.text


def read_until_answered(caller: socket.socket) -> None:
    result = frame(FrameKind.RESULT, 3)
    received = b""
    while not received.endswith(result):
        received += caller.recv(1000)


def test_after_a_refusal_nothing_more_is_taken_from_the_caller(host: HostThread) -> None:
    more = greeting() + frame(FrameKind.CALL, 1) + frame(FrameKind.CALL, 2, b"", (), STREAM)
    with raw(host.address) as refused:
        refused.sendall(greeting(application="museum") + more)
        answer = read_all(refused)
    assert "another run" in decode_refusal(answer[12:]).reason
    with raw(host.address) as fence:
        fence.sendall(greeting() + frame(FrameKind.CALL, 3, b"", (), UNARY))
        read_until_answered(fence)
    assert host.service.begun == 1


def test_a_refused_caller_cannot_make_the_host_hold_memory(host: HostThread) -> None:
    announced = frame(FrameKind.CALL, 1, bytes(1 << 20))[:12]
    with raw(host.address) as refused:
        refused.sendall(greeting(application="museum") + announced)
        read_all(refused)
    host.wait(lambda: not host.server.connections)
    assert host.holding.held == 0


def test_strangers_cannot_use_up_what_all_connections_may_hold(run, address, caplog) -> None:
    """Before the hello, nobody knows who is asking for memory."""

    async def main() -> None:
        limits = Limits(held_bytes=40 << 20)
        announced = frame(FrameKind.HELLO, 0, bytes(15 << 20))[:12]
        async with serving(address, limits=limits) as (server, bound), calling(bound) as client:
            with raw(bound) as first, raw(bound) as second:
                first.sendall(announced)
                second.sendall(announced)
                await until(lambda: server.holding.held > 29 << 20 or len(caplog.records) == 2)
                large = Message(bytes(15 << 20))
                assert await client.call(UNARY, large, None) == Message(large.payload, ())

    run(main())


def test_a_hello_of_a_later_version_may_have_fields_that_this_one_does_not_know() -> None:
    from amoeba.wire.handshake import decode_hello

    later = msgspec.to_builtins(HELLO) | {"compression": ["zstd"]}
    assert decode_hello(msgspec.msgpack.encode(later)) == HELLO
    assert isinstance(HELLO, Hello)
