"""Type variables of a generic contract are replaced by what the inheriting class says."""

from typing import Annotated, Any, Generic, Protocol, TypeVar

import pytest

from amoeba.contract import Method, read_contract

K = TypeVar("K")
V = TypeVar("V")


class Repository(Protocol[K, V]):
    async def find(self, key: K) -> V | None: ...

    async def every(self, keys: list[K], note: Annotated[V, "kept"]) -> dict[K, list[V]]: ...


class ByNumber(Repository[int, V], Protocol[V]): ...


class Names(ByNumber[str], Protocol): ...


class NamesToo(Names, Protocol):
    async def extra(self) -> None: ...


class Memory(Generic[V]):
    async def find(self, key: int) -> V | None: ...

    async def every(self, keys: list[int], note: V) -> dict[int, list[V]]: ...


class MemoryOfNames(Memory[str]): ...


def types_of(method: Method) -> list[Any]:
    return [*(each.annotation for each in method.parameters), method.returns]


@pytest.mark.parametrize(
    "contract", [Repository[int, str], ByNumber[str], Names, NamesToo, Memory[str], MemoryOfNames]
)
def test_type_variables_are_replaced_at_any_depth_of_inheritance(contract: Any) -> None:
    methods = read_contract(contract).methods

    assert types_of(methods["find"]) == [int, str | None]
    keys, note, returns = types_of(methods["every"])
    assert (keys, returns) == (list[int], dict[int, list[str]])
    assert note in (str, Annotated[str, "kept"])
    assert not methods["find"].problems
    assert not methods["every"].problems


def test_two_bases_with_one_type_variable_keep_their_own_values() -> None:
    class Reads(Protocol[V]):
        async def read(self) -> V: ...

    class Writes(Protocol[V]):
        async def write(self, value: V) -> None: ...

    class Both(Reads[int], Writes[str], Protocol): ...

    methods = read_contract(Both).methods

    assert methods["read"].returns is int
    assert methods["write"].parameters[0].annotation is str


@pytest.mark.parametrize("method", ["bare", "nested"])
def test_a_type_variable_without_a_value_is_reported_at_any_depth(method: str) -> None:
    class Open(Protocol[V]):
        async def bare(self, value: V) -> None: ...

        async def nested(self, values: list[V]) -> None: ...

    problems = read_contract(Open, "open").methods[method].problems

    assert [problem.what for problem in problems] == ["type variable ~V has no value here"]
