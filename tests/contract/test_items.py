"""Items of a stream cross in batches, each encoded when it is added."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pytest

from amoeba.contract import ContractCodec, read_contract
from amoeba.errors import ContractError


@dataclass(frozen=True)
class Order:
    name: str
    amount: int


class Source(Protocol):
    def changes(self) -> AsyncIterator[Order]: ...

    def images(self) -> AsyncIterator[np.ndarray]: ...

    def blobs(self) -> AsyncIterator[bytes]: ...

    def lists(self) -> AsyncIterator[list[int]]: ...


@pytest.fixture
def codec() -> ContractCodec:
    return ContractCodec(read_contract(Source, "source"), "source")


@pytest.mark.parametrize("count", [1, 2, 15, 16, 300])
def test_items_cross_in_batches_in_their_order(codec: ContractCodec, count: int) -> None:
    items = codec["changes"].items
    batch = items.new_batch()
    orders = [Order(str(number), number) for number in range(count)]
    for order in orders:
        batch.add(order)

    assert batch.count == count
    assert batch.size_bytes > 0
    (message,) = batch.take()
    assert items.decode(message) == orders
    assert (batch.count, batch.size_bytes, batch.take()) == (0, 0, [])


def test_a_batch_is_filled_again_after_it_was_taken(codec: ContractCodec) -> None:
    items = codec["changes"].items
    batch = items.new_batch()
    for number in (1, 2):
        batch.add(Order("tea", number))
        assert [items.decode(each) for each in batch.take()] == [[Order("tea", number)]]


def test_an_item_is_encoded_when_it_is_added(codec: ContractCodec) -> None:
    items = codec["lists"].items
    batch, numbers = items.new_batch(), [1]
    batch.add(numbers)
    numbers.append(2)

    assert [items.decode(each) for each in batch.take()] == [[[1]]]


@pytest.mark.parametrize(
    ("method", "values"),
    [
        ("images", [np.arange(3), np.arange(5000), np.zeros((2, 2))]),
        ("blobs", [b"a", b"", bytes(100_000)]),
    ],
)
def test_items_with_buffers_arrive_in_their_order(
    codec: ContractCodec, method: str, values: list[Any]
) -> None:
    items = codec[method].items
    batch = items.new_batch()
    for value in values:
        batch.add(value)

    assert batch.count == 3
    arrived = [item for message in batch.take() for item in items.decode(message)]
    assert [np.array_equal(a, b) for a, b in zip(arrived, values, strict=True)] == [True] * 3
    assert batch.take() == []


@pytest.mark.parametrize("method", ["changes", "images"])
def test_a_wrong_item_names_the_stream(codec: ContractCodec, method: str) -> None:
    batch = codec[method].items.new_batch()

    with pytest.raises(ContractError, match=r"builtins\.object cannot cross") as caught:
        batch.add(object())

    assert caught.value.where == f"source.{method} -> item"
    assert batch.count == 0
    assert batch.take() == []
