"""Encoders and decoders of a method's arguments, result and items, compiled once.

Arguments travel as one array in the order of the parameters, as long as the last one that was
passed; what was left out is filled by the callee's own default. Gaps are filled with the
contract's default. Keyword-only parameters follow the positional ones.
"""

from __future__ import annotations

import re
import types
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, NamedTuple, Union, get_args, get_origin

import msgspec
from msgspec.msgpack import Ext

from amoeba.contract.buffers import Buffer, is_large, settled
from amoeba.contract.hooks import Hooks
from amoeba.contract.types import holds_anything, holds_arrays
from amoeba.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amoeba.contract.model import Contract, Method

_NO_BUFFERS: tuple[Buffer, ...] = ()
_MAX_FIXARRAY = 15


class Message(NamedTuple):
    """Encoded data: msgpack bytes, and the buffers that travel beside them."""

    payload: bytes
    buffers: Sequence[Buffer] = _NO_BUFFERS


class Packer:
    """Encodes and decodes values of one type (or one tuple of types), with buffers beside."""

    __slots__ = (
        "_bytes_at",
        "_decode",
        "_encode",
        "_hooks",
        "_names",
        "_settles",
        "_where",
        "plain",
    )

    def __init__(
        self,
        kinds: Sequence[Any],
        where: str,
        names: Sequence[str] = ("$",),
        *,
        settles: bool = False,
    ) -> None:
        """`settles`: what was encoded may change before it is sent, so its memory is copied.

        A caller waits for its answer and leaves its arguments alone; a callee goes on with what it
        returned. Read-only arrays and bytes are never copied.
        """
        self._where, self._names, self._settles = where, names, settles
        self._hooks = hooks = Hooks()
        self._bytes_at = tuple(i for i, tp in enumerate(kinds) if _is_bytes(tp))
        self.plain = not self._bytes_at and not any(
            holds_arrays(tp) or holds_anything(tp) for tp in kinds
        )
        wire = tuple(_wire_type(tp) for tp in kinds)
        hook = hooks.encode_plain if self.plain else hooks.encode
        self._encode = msgspec.msgpack.Encoder(enc_hook=hook).encode
        self._decode: Callable[..., tuple[Any, ...]] = msgspec.msgpack.Decoder(
            types.GenericAlias(tuple, wire),
            dec_hook=hooks.decode,
            ext_hook=hooks.beside.unpack,
        ).decode

    def encode(self, values: tuple[Any, ...]) -> Message:
        """Encode `values`. Raises ContractError naming what cannot cross."""
        try:
            if self.plain:
                return Message(self._encode(values))
            return self._encode_beside(values)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            self._hooks.beside.take()
            raise self._error(error) from error

    def decode(self, message: Message) -> tuple[Any, ...]:
        """Decode a message. Raises ContractError where it is not what the contract says."""
        payload, buffers = message
        try:
            if self.plain:
                return self._decode(payload)
            return self._decode_beside(payload, buffers)
        except Exception as error:  # noqa: BLE001 - a value's own __post_init__ may raise anything
            raise self._error(error) from None

    def _error(self, error: Exception) -> ContractError:
        """Msgspec's message, with a parameter's name instead of its position."""
        return ContractError(self._where, re.sub(r"\$\[(\d+)\]", self._name, str(error), count=1))

    def _name(self, match: re.Match[str]) -> str:
        index = int(match[1])
        return self._names[index] if index < len(self._names) else match[0]

    def _encode_beside(self, values: tuple[Any, ...]) -> Message:
        beside = self._hooks.beside
        if self._bytes_at:
            changed = list(values)
            for index in self._bytes_at:
                if index < len(values) and is_large(values[index]):
                    changed[index] = beside.pack_bytes(bytes(values[index]))
            values = tuple(changed)
        payload, buffers = self._encode(values), beside.take()
        return Message(payload, settled(buffers) if self._settles else buffers)

    def _decode_beside(self, payload: bytes, buffers: Sequence[Buffer]) -> tuple[Any, ...]:
        beside = self._hooks.beside
        beside.buffers = list(buffers)
        try:
            values = self._decode(payload)
            if any(type(values[index]) is Ext for index in self._bytes_at):
                return tuple(beside.unpack_bytes(v) if type(v) is Ext else v for v in values)
            return values
        finally:
            beside.take()


class ArgumentsCodec:
    """The arguments of one method."""

    __slots__ = (
        "_decoders",
        "_encoder",
        "_method",
        "_names",
        "_positional",
        "_total",
        "_types",
        "_where",
    )

    def __init__(self, method: Method, where: str) -> None:
        self._method, self._where = method, where
        self._types = [parameter.annotation for parameter in method.parameters]
        self._positional = sum(not p.keyword_only for p in method.parameters)
        self._total = len(method.parameters)
        self._names = [parameter.name for parameter in method.parameters]
        self._encoder = Packer(self._types, where, self._names)
        self._decoders: dict[int, Packer] = {self._total: self._encoder}

    def encode(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Message:
        """Encode what a caller passed. Raises TypeError as Python would for a wrong call."""
        if kwargs or len(args) != self._total or self._positional != self._total:
            args = self._bind(args, kwargs)
        return self._encoder.encode(args)

    def decode(self, message: Message) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The positional and the keyword-only arguments that the callee is to be called with."""
        count = _array_length(message.payload)
        decoder = self._decoders.get(count) or self._decoder_for(count)
        values = decoder.decode(message)
        if count <= self._positional:
            return values, {}
        names = self._names[self._positional : count]
        keywords = dict(zip(names, values[self._positional :], strict=True))
        return values[: self._positional], keywords

    def _decoder_for(self, count: int) -> Packer:
        parameters = enumerate(self._method.parameters, start=1)
        required = max((index for index, each in parameters if each.required), default=0)
        if not required <= count <= self._total:
            what = f"got {count} arguments, expected {required} to {self._total}"
            raise ContractError(self._where, what)
        packer = self._decoders[count] = Packer(self._types[:count], self._where, self._names)
        return packer

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        try:
            given = self._method.signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            msg = f"{self._where}: {error}"
            raise TypeError(msg) from None
        parameters = self._method.parameters
        last = max((i for i, p in enumerate(parameters) if p.name in given), default=-1)
        return tuple(given.get(p.name, p.default) for p in parameters[: last + 1])


class MethodCodec:
    """Everything of one method that crosses."""

    __slots__ = ("arguments", "items", "result")

    def __init__(self, method: Method, module: str) -> None:
        where = f"{module}.{method.name}"
        returns = NoneType if method.returns is None else method.returns
        self.arguments = ArgumentsCodec(method, where)
        self.result = Packer([returns], f"{where} -> result", settles=True)
        self.items = ItemsCodec(returns, f"{where} -> item")


class ItemsCodec:
    """A stream's items: several of them in one message, as an array."""

    __slots__ = ("_encode_into", "_packer", "_where")

    def __init__(self, item: Any, where: str) -> None:
        self._where = where
        self._packer = Packer([list[item]], where, settles=True)
        encoder = msgspec.msgpack.Encoder(enc_hook=Hooks().encode_plain)
        self._encode_into = encoder.encode_into if self._packer.plain else None

    def new_batch(self) -> Batch:
        """An empty batch to add items to."""
        return Batch(self._packer, self._encode_into, self._where)

    def decode(self, message: Message) -> list[Any]:
        """The items of one message, in order. Raises ContractError."""
        items: list[Any] = self._packer.decode(message)[0]
        return items


class Batch:
    """Items on their way. Each is encoded as it is added: its producer may change it afterwards."""

    __slots__ = ("_data", "_encode_into", "_messages", "_packer", "_where", "count")

    def __init__(self, packer: Packer, encode_into: Any, where: str) -> None:
        self._packer, self._encode_into, self._where = packer, encode_into, where
        self._data = bytearray()
        self._messages: list[Message] = []
        self.count = 0

    def add(self, item: Any) -> None:
        """Encode `item` into the batch. Raises ContractError naming what cannot cross."""
        if self._encode_into is None:
            self._messages.append(self._packer.encode(([item],)))
        else:
            try:
                self._encode_into(item, self._data, -1)
            except (TypeError, ValueError, OverflowError, RecursionError) as error:
                raise ContractError(self._where, str(error)) from error
        self.count += 1

    @property
    def size_bytes(self) -> int:
        """Encoded bytes so far; items with buffers beside them count as full batches."""
        return len(self._data) + (1 << 20) * len(self._messages)

    @property
    def content_bytes(self) -> int:
        """Encoded bytes of the items so far, without what a message adds."""
        beside = sum(len(each.payload) + sum(map(len, each.buffers)) for each in self._messages)
        return len(self._data) + beside

    def take(self) -> list[Message]:
        """The messages to send; the batch is empty again."""
        count, self.count = self.count, 0
        if self._encode_into is None:
            messages, self._messages = self._messages, []
            return messages
        data, self._data = self._data, bytearray()
        return [Message(b"\x91\xdd" + count.to_bytes(4, "big") + data)] if count else []


class ContractCodec:
    """The codecs of all methods of a contract, compiled when first needed."""

    def __init__(self, contract: Contract, module: str) -> None:
        self._contract, self._module = contract, module
        self._methods: dict[str, MethodCodec] = {}

    def __getitem__(self, name: str) -> MethodCodec:
        """The codec of one method. Raises ContractError when its types cannot cross."""
        codec = self._methods.get(name)
        if codec is None:
            method = self._contract.methods[name]
            for problem in method.problems:
                raise ContractError(problem.where, problem.what, problem.hint)
            codec = self._methods[name] = MethodCodec(method, self._module)
        return codec


def _array_length(payload: bytes) -> int:
    first = payload[0] if payload else 0
    if 0x90 <= first <= 0x90 + _MAX_FIXARRAY:
        return first - 0x90
    return int.from_bytes(payload[1:3], "big") if first == 0xDC else -1


def _is_bytes(tp: Any) -> bool:
    if get_origin(tp) in (Union, UnionType):
        return set(get_args(tp)) == {bytes, NoneType}
    return tp is bytes


def _wire_type(tp: Any) -> Any:
    return Union[tp, Ext] if _is_bytes(tp) else tp  # noqa: UP007 - `tp` is a value here
