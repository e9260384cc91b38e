"""Stubs: a contract's methods as functions that encode, send through a channel, and decode.

A stub works from any thread and any loop of the host: a call from a foreign loop hops to the
host's, a blocking call uses a socket of its own.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from amoeba.contract import Contract, ContractCodec, ExceptionCodec, Kind, Message, Method
from amoeba.errors import Unavailable
from amoeba.wire import ConnectionLost, Failed, Incoming

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from amoeba.contract import MethodCodec
    from amoeba.runtime.channels import Channel


class StubFactory:
    """Makes the stubs of one module for one host."""

    def __init__(
        self,
        module: str,
        contract: Contract,
        channel: Channel,
        exceptions: ExceptionCodec,
        loop: asyncio.AbstractEventLoop,
        key_parameter: str | None = None,
    ) -> None:
        self.module, self.contract, self.channel = module, contract, channel
        self.exceptions, self.loop = exceptions, loop
        self._codec = ContractCodec(contract, module)
        self._numbers = {name: number for number, name in enumerate(contract.methods)}
        self._key_parameter = key_parameter

    def stub(self, name: str) -> Callable[..., Any]:
        """The stub of one method. Raises ContractError when its types cannot cross."""
        method = self.contract.methods[name]
        number, codec = self._numbers[name], self._codec[name]
        if method.kind is Kind.STREAM:
            return self._stream(method, number, codec)
        make = self._unary if method.kind is Kind.UNARY else self._blocking
        return make(method, number, codec)

    def _unary(self, method: Method, number: int, codec: MethodCodec) -> Callable[..., Any]:
        channel, loop, key_of = self.channel, self.loop, self._key_of(method)
        encode, decode = codec.arguments.encode, codec.result.decode
        idempotent = method.idempotent

        async def call(*args: Any, **kwargs: Any) -> Any:
            message = encode(args, kwargs)
            key = key_of(args, kwargs)
            sent = channel.call(number, message, key, idempotent=idempotent)
            if asyncio.get_running_loop() is not loop:
                sent = _on_loop(sent, loop)
            try:
                answer = await sent
            except Failed as failed:
                error = self.exceptions.decode(failed.payload)
            else:
                return decode(answer)[0]
            raise error

        return call

    def _blocking(self, method: Method, number: int, codec: MethodCodec) -> Callable[..., Any]:
        channel, key_of = self.channel, self._key_of(method)

        def call(*args: Any, **kwargs: Any) -> Any:
            message = codec.arguments.encode(args, kwargs)
            key = key_of(args, kwargs)
            try:
                answer = channel.call_blocking(number, message, key, idempotent=method.idempotent)
            except Failed as failed:
                error = self.exceptions.decode(failed.payload)
            else:
                return codec.result.decode(answer)[0]
            raise error

        return call

    def _stream(self, method: Method, number: int, codec: MethodCodec) -> Callable[..., Any]:
        key_of = self._key_of(method)

        def call(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            message = codec.arguments.encode(args, kwargs)
            key = key_of(args, kwargs)
            return RemoteStream(self, lambda: self.channel.stream(number, message, key), codec)

        return call

    def _key_of(self, method: Method) -> Callable[..., bytes | None]:
        if self._key_parameter is None:
            return _no_key
        names = [parameter.name for parameter in method.parameters]
        name = self._key_parameter or names[0]
        encode = msgspec.msgpack.Encoder().encode

        def key(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
            value = method.signature.bind(*args, **kwargs).arguments.get(name)
            return encode(value)

        return key


class RemoteStream:
    """The items of a stream from another module, as an async iterator.

    Leaving it early, by `aclose()` or by dropping it, ends the producer.
    """

    def __init__(
        self, stubs: StubFactory, begin: Callable[[], Awaitable[Incoming]], codec: MethodCodec
    ) -> None:
        self._stubs, self._begin, self._codec = stubs, begin, codec
        self._items: list[Any] = []  # the rest of the last message, reversed
        self._incoming: Incoming | None = None
        self._done = False

    def __aiter__(self) -> RemoteStream:
        return self

    async def __anext__(self) -> Any:
        if self._items:
            return self._items.pop()
        loop = self._stubs.loop
        if asyncio.get_running_loop() is loop:
            await self._fill()
        else:
            await _on_loop(self._fill(), loop)
        if not self._items:
            raise StopAsyncIteration
        return self._items.pop()

    async def aclose(self) -> None:
        """End the stream; the producer is cancelled."""
        self._close()

    def __del__(self) -> None:
        if self._incoming is not None and not self._done and not self._stubs.loop.is_closed():
            self._stubs.loop.call_soon_threadsafe(self._incoming.close)

    async def _fill(self) -> None:
        while not self._items and not self._done:
            received = await self._receive()
            if isinstance(received, Message):
                self._items = self._codec.items.decode(received)
                self._items.reverse()
                continue
            self._done = True
            if received is not None:
                raise self._stubs.exceptions.decode(received)

    async def _receive(self) -> Message | bytes | None:
        try:
            if self._incoming is None:
                self._incoming = await self._begin()
            return await self._incoming.next()
        except ConnectionLost as lost:
            self._done = True
            raise Unavailable(self._stubs.module, lost.reason, broke_off=lost.sent) from None
        except BaseException:
            self._close()
            raise

    def _close(self) -> None:
        self._done = True
        self._items = []
        if self._incoming is not None:
            self._incoming.close()


def _no_key(_args: tuple[Any, ...], _kwargs: dict[str, Any]) -> None:
    return None


async def _on_loop(awaitable: Any, loop: asyncio.AbstractEventLoop) -> Any:
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(awaitable, loop))
