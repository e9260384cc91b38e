"""A payload that is not what the contract says gives ContractError, whatever is in it."""

import datetime
import decimal
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.msgpack import Ext

from amoeba.contract import ContractCodec, Message, read_contract
from amoeba.contract.codec import Packer
from amoeba.errors import ContractError

unhurried = settings(deadline=None)
encode = msgspec.msgpack.encode


@dataclass
class Part:
    name: str
    image: np.ndarray | None = None
    parts: "list[Part] | None" = None


@dataclass
class Picky:
    amount: int

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise LookupError(self.amount)


class Service(Protocol):
    async def mixed(
        self, a: int, b: bytes = b"", c: Part | None = None, *, d: Any = None
    ) -> dict[str, Part]: ...

    async def plain(self, a: int, b: list[datetime.datetime] | None = None) -> uuid.UUID: ...

    async def keyed(self, a: int = 1, *, key: str) -> decimal.Decimal: ...

    async def picky(self, value: Picky) -> bytes | None: ...

    def parts(self) -> AsyncIterator[Part]: ...


CODEC = ContractCodec(read_contract(Service), "service")
METHODS = ("mixed", "plain", "keyed", "picky")
PACKERS = {
    tp: Packer([tp], "service.method", ["value"])
    for tp in (int, str, bytes, bytes | None, list[int], np.ndarray, Part, Any, datetime.datetime)
}
RESULTS: dict[Any, Any] = {int: int, str: str, bytes: bytes, np.ndarray: np.ndarray, Part: Part}

VALID = [
    CODEC["mixed"].arguments.encode(
        (7, bytes(70_000), Part("a", np.zeros(9), [Part("b")])), {"d": {"k": [1, 2.5, None]}}
    ).payload,
    CODEC["plain"].arguments.encode((7, [datetime.datetime.now(datetime.UTC)]), {}).payload,
    CODEC["mixed"].result.encode(({"a": Part("a", np.zeros((3, 3), order="F"))},)).payload,
]  # fmt: skip


def decode_everywhere(message: Message) -> None:
    """Decode as all that it could be taken for; only ContractError may come of it."""
    for name in METHODS:
        for decode in (CODEC[name].arguments.decode, CODEC[name].result.decode):
            try:
                decode(message)
            except ContractError:
                continue
    for tp, packer in PACKERS.items():
        try:
            (value,) = packer.decode(message)
        except ContractError:
            continue
        assert isinstance(value, RESULTS.get(tp, object))
    try:
        CODEC["parts"].items.decode(message)
    except ContractError:
        return


@given(st.binary(max_size=200), st.lists(st.binary(max_size=20), max_size=3))
@settings(unhurried, max_examples=300)
@example(b"", [])
@example(b"\xdc\x00", [])
@example(b"\xdd\x00\x00\x00\x01\x01", [])
def test_random_bytes_give_a_contract_error(payload: bytes, buffers: list[bytes]) -> None:
    decode_everywhere(Message(payload, buffers))
    decode_everywhere(Message(b"\x91" + payload, buffers))


@given(
    st.sampled_from(VALID),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(0, 400),
)
@settings(unhurried, max_examples=300)
def test_a_damaged_message_gives_a_contract_error(
    payload: bytes, changes: list[tuple[int, int]], length: int
) -> None:
    damaged = bytearray(payload)
    for position, value in changes:
        damaged[position % len(damaged)] = value

    decode_everywhere(Message(bytes(damaged), [b"x" * 70_000]))
    decode_everywhere(Message(payload[: length % len(payload)]))


headers = st.tuples(
    st.integers(-2, 2),
    st.sampled_from(["f8", "<i4", "O", "V0", "S0", "T", "(2,", "a3", "i4,f8", "{'a'", "\0"])
    | st.text(alphabet="<>=|fiubcSUVOMmag0123456789()[]{},':", max_size=8),
    st.lists(st.integers(-(2**63), 2**64 - 1) | st.integers(0, 4), max_size=5),
    st.sampled_from(["C", "F", "", "A"]),
    st.binary(max_size=32),
)


@given(headers)
@settings(unhurried, max_examples=300)
def test_a_forged_array_gives_a_contract_error(header: tuple[Any, ...]) -> None:
    decode_everywhere(Message(encode([Ext(1, encode(header))]), [bytes(8)]))


@pytest.mark.parametrize("dtype", ["(2,", "a3", "{'a'", "O", "|O", "O8", "i4,O", "", "T", "f8["])
def test_an_array_of_a_strange_dtype_is_refused(dtype: str) -> None:
    forged = Ext(1, encode([-1, dtype, [3], "C", b"abc"]))

    with pytest.raises(ContractError):
        PACKERS[np.ndarray].decode(Message(encode([forged])))


@pytest.mark.parametrize(
    ("code", "data"),
    [
        (1, encode([-1, "<u1", [1], "C", b"x"])),
        (1, b"\xc1"),
        (2, encode(1)),
        (2, encode(-1)),
        (2, encode("0")),
        (2, b""),
        (3, encode(0)),
        (-1, b""),
    ],
)
@pytest.mark.parametrize("tp", [bytes, bytes | None], ids=str)
def test_bytes_arrive_as_bytes_or_not_at_all(tp: Any, code: int, data: bytes) -> None:
    with pytest.raises(ContractError):
        PACKERS[tp].decode(Message(encode([Ext(code, data)]), [b"one"]))


@pytest.mark.parametrize(
    "head",
    [b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\x91" * 100_000],
    ids=["array", "map", "bytes", "depth"],
)
def test_a_claimed_size_costs_nothing(head: bytes) -> None:
    decode_everywhere(Message(b"\x91" + head))


@pytest.mark.parametrize(
    ("method", "arguments", "text"),
    [
        ("plain", [], "service.plain: got 0 arguments, expected 1 to 2"),
        ("plain", [1, None, 3], "service.plain: got 3 arguments, expected 1 to 2"),
        ("plain", [1] * 20, "service.plain: got 20 arguments, expected 1 to 2"),
        ("plain", {"a": 1}, "service.plain: got -1 arguments, expected 1 to 2"),
    ],
)
def test_a_wrong_number_of_arguments_is_refused(method: str, arguments: Any, text: str) -> None:
    with pytest.raises(ContractError) as caught:
        CODEC[method].arguments.decode(Message(encode(arguments)))

    assert str(caught.value) == text


@pytest.mark.parametrize("arguments", [[], [1]])
def test_a_call_without_a_required_keyword_is_refused(arguments: list[int]) -> None:
    with pytest.raises(ContractError, match=r"service\.keyed"):
        CODEC["keyed"].arguments.decode(Message(encode(arguments)))


def test_a_value_that_refuses_itself_is_a_contract_error() -> None:
    with pytest.raises(ContractError, match=r"service\.picky"):
        CODEC["picky"].arguments.decode(Message(encode([{"amount": -1}])))


def test_buffers_of_a_refused_message_are_not_left_for_the_next() -> None:
    packer = PACKERS[bytes]
    with pytest.raises(ContractError):
        packer.decode(Message(encode(["no bytes"]), [b"secret"]))

    with pytest.raises(ContractError, match="buffer 0 is not beside the message, which has 0"):
        packer.decode(Message(encode([Ext(2, encode(0))])))
