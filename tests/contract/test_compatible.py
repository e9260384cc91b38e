"""Which differences of types are surely wrong; any doubt is left to a type checker."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic, Literal, Protocol, TypedDict, TypeVar

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from amoeba.contract import conformance_problems, read_contract
from amoeba.contract.conforming import compatible

V = TypeVar("V")


class Options(TypedDict):
    limit: int


positive = Annotated[int, msgspec.Meta(ge=1)]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (int, int),
        (bool, int),
        (int, float),
        (int, Any),
        (Any, int),
        (int, object),
        (None, None),
        (int, int | None),
        (int | None, None | int | str),
        (list[int], list[int]),
        (list, list[int]),
        (list[Any], list[int]),
        (list[int], Sequence[float]),
        (dict[str, bool], Mapping[str, int]),
        (tuple[int, int], tuple[int, ...]),
        (Literal["a"], str),
        (str, Literal["a"]),
        (dict[str, Any], Options),
        (Options, dict[str, Any]),
        (NDArray[np.float32], np.ndarray),
        (np.ndarray, NDArray[np.float32]),
        (NDArray[np.float32], NDArray[np.floating]),
        (int, V),
        (positive, positive),
        (positive, int),
        (int, positive),
        (list[positive], list[int]),
        (Annotated[list[int], "a"], Annotated[Sequence[int], "b"]),
        (positive | None, int | None),
    ],
    ids=str,
)
def test_a_type_that_may_be_right_is_compatible(given: Any, wanted: Any) -> None:
    assert compatible(given, wanted)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (str, int),
        (int, bool),
        (float, int),
        (object, int),
        (int | None, int),
        (int | str, int | None),
        (type(None), int),
        (list[int], list[str]),
        (list[int], tuple[int, ...]),
        (Sequence[int], list[int]),
        (dict[str, int], dict[str, str]),
        (list[list[int]], list[list[str]]),
        (NDArray[np.float32], NDArray[np.float64]),
        (np.ndarray, bytes),
        (Annotated[str, "note"], int),
        (Annotated[str, "note"], Annotated[int, "note"]),
        (list[Annotated[str, "note"]], list[int]),
    ],
    ids=str,
)
def test_a_type_that_is_surely_wrong_is_not(given: Any, wanted: Any) -> None:
    assert not compatible(given, wanted)


class Store(Protocol[V]):
    async def find(self, key: str) -> V: ...


class Numbers(Store[int], Protocol): ...


class Memory(Generic[V]):
    async def find(self, key: str) -> V: ...


class NumbersInMemory(Memory[int]): ...


class TextsInMemory(Memory[str]): ...


@pytest.mark.parametrize(("implementation", "wrong"), [(NumbersInMemory, 0), (TextsInMemory, 1)])
def test_a_generic_implementation_is_held_against_a_generic_contract(
    implementation: type, wrong: int
) -> None:
    problems = conformance_problems(read_contract(Numbers, "numbers"), implementation, "numbers")

    assert [(p.what, p.expected) for p in problems] == [
        ("TextsInMemory.find() returns str", "int")
    ] * wrong


class Positional(Protocol):
    async def find(self, key: str, /) -> int: ...


def test_the_name_of_a_positional_only_parameter_is_the_implementations_own() -> None:
    class Renamed:
        async def find(self, name: str) -> int:
            return 1

    class Mistyped:
        async def find(self, name: int) -> int:
            return 1

    contract = read_contract(Positional, "finder")
    assert conformance_problems(contract, Renamed, "finder") == []
    assert len(conformance_problems(contract, Mistyped, "finder")) == 1
