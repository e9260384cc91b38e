"""A contract is read from a Protocol, or from the public methods of a class that has none."""

import functools
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Optional, Protocol

import pytest

from amoeba import idempotent
from amoeba.contract import Kind, Parameter, read_contract


@dataclass
class Order:
    name: str


class Shop(Protocol):
    """Sells."""

    async def price(self, name: str, amount: int = 1, *, currency: str = "EUR") -> float: ...

    def changes(self, since: int) -> AsyncIterator[str]: ...

    @idempotent
    async def close(self) -> None: ...


def test_a_protocol_is_read_as_plain_data() -> None:
    contract = read_contract(Shop, "shop")

    assert contract.name == f"{__name__}:Shop"
    assert contract.cls is Shop
    assert contract.is_protocol
    assert contract.crossing_problems == ()
    assert list(contract.methods) == ["changes", "close", "price"]
    price = contract.methods["price"]
    assert price.kind is Kind.UNARY
    assert price.returns is float
    assert price.parameters == (
        Parameter("name", str),
        Parameter("amount", int, 1),
        Parameter("currency", str, "EUR", keyword_only=True),
    )
    assert [each.required for each in price.parameters] == [True, False, False]
    assert str(price.signature) == "(name: str, amount: int = 1, *, currency: str = 'EUR') -> float"


def test_only_the_marked_method_is_idempotent() -> None:
    methods = read_contract(Shop).methods

    assert [name for name, method in methods.items() if method.idempotent] == ["close"]


def test_a_stream_is_read_with_the_type_of_its_items() -> None:
    changes = read_contract(Shop).methods["changes"]

    assert changes.kind is Kind.STREAM
    assert changes.returns is str


@pytest.mark.parametrize(
    "returns", [AsyncIterator[int], AsyncIterable[int], AsyncGenerator[int, None]]
)
def test_every_asynchronous_iterator_is_a_stream(returns: Any) -> None:
    class Source(Protocol):
        def items(self) -> returns: ...

    method = read_contract(Source, "source").methods["items"]

    assert (method.kind, method.returns, method.problems) == (Kind.STREAM, int, ())


def test_an_asynchronous_generator_is_a_stream() -> None:
    class Source:
        async def items(self) -> AsyncIterator[int]:
            yield 1

    assert read_contract(Source).methods["items"].kind is Kind.STREAM


class Parent:
    def inherited(self, a: int) -> int:
        return a

    def replaced(self) -> int:
        return 1

    def withdrawn(self) -> int:
        return 1


class Legacy(Parent):
    withdrawn = None
    constant = 3

    def __call__(self, text: str) -> str:
        return text

    def __len__(self) -> int:
        return 0

    def _private(self) -> int:
        return 0

    def __very_private(self) -> int:
        return 0

    @property
    def size(self) -> int:
        return 0

    @functools.cached_property
    def length(self) -> int:
        return 0

    @staticmethod
    def static(a: int) -> int:
        return a

    @classmethod
    def made(cls, a: int) -> int:
        return a

    class Nested:
        pass

    def replaced(self) -> str:
        return ""

    async def own(self) -> None: ...


def test_a_class_without_a_contract_promises_its_public_methods_and_no_more() -> None:
    contract = read_contract(Legacy, "legacy")

    assert not contract.is_protocol
    assert list(contract.methods) == ["__call__", "inherited", "own", "replaced"]
    assert contract.methods["inherited"].kind is Kind.BLOCKING
    assert contract.methods["replaced"].returns is str
    assert contract.crossing_problems == ()


def test_a_decorated_method_is_read_as_what_it_wraps() -> None:
    def timed(function: Any) -> Any:
        @functools.wraps(function)
        async def call(*args: Any, **kwargs: Any) -> Any:
            return await function(*args, **kwargs)

        return call

    class Service:
        @timed
        async def find(self, key: "Order") -> int:
            return 1

    method = read_contract(Service).methods["find"]

    assert (method.kind, method.parameters) == (Kind.UNARY, (Parameter("key", Order),))


def test_forward_references_annotated_and_optional_are_resolved() -> None:
    class Service(Protocol):
        async def find(
            self, key: "Later", limit: "Annotated[int, 'at most']", hint: Optional["Later"] = None
        ) -> "list[Later] | None": ...

    method = read_contract(Service).methods["find"]

    annotations = [each.annotation for each in method.parameters]
    assert annotations == [Later, Annotated[int, "at most"], Later | None]
    assert method.returns == list[Later] | None
    assert method.problems == ()


@dataclass
class Later:
    name: str


def test_contracts_are_inherited_and_the_nearest_declaration_counts() -> None:
    class Reader(Protocol):
        async def read(self, key: str) -> bytes: ...

        async def close(self) -> None: ...

    class Writer(Protocol):
        async def write(self, key: str, data: bytes) -> None: ...

    class Store(Reader, Writer, Protocol):
        async def read(self, key: str, version: int = 0) -> bytes: ...

    contract = read_contract(Store)

    assert list(contract.methods) == ["close", "read", "write"]
    assert [each.name for each in contract.methods["read"].parameters] == ["key", "version"]
    assert contract.crossing_problems == ()
