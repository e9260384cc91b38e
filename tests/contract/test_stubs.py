"""A Protocol's stub that a class inherits is no implementation; a method with a body is."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import pytest

from amoeba.contract import conformance_problems, read_contract
from amoeba.errors import Problem

V = TypeVar("V")


@dataclass
class Order:
    name: str


@dataclass
class Gift(Order):
    paper: str = "red"


class Shop(Protocol):
    """Sells."""

    async def place(self, order: Gift, amount: int = 1, *, fast: bool = False) -> Order: ...

    def changes(self, since: int) -> AsyncIterator[Order]:
        """Each as it happens."""

    async def close(self) -> None:
        pass


class Good:
    async def place(self, order: Gift, amount: int = 1, *, fast: bool = False) -> Order:
        return order

    async def changes(self, since: int) -> AsyncIterator[Order]:
        yield Order("tea")

    async def close(self) -> None: ...


def problems_of(implementation: type, contract: Any = Shop) -> list[Problem]:
    return conformance_problems(read_contract(contract, "shop"), implementation, "shop")


class NotImplementedYet(Protocol):
    async def close(self) -> None:
        raise NotImplementedError


class Documented(Protocol):
    async def close(self) -> None:
        """Ends."""
        raise NotImplementedError("later")


class Redeclared(Shop, Protocol):
    async def close(self) -> None: ...


class Above(Shop, Protocol):
    async def more(self) -> None: ...


@pytest.mark.parametrize(
    ("contract", "base"),
    [
        (Shop, Shop),
        (Above, Shop),
        (NotImplementedYet, NotImplementedYet),
        (Documented, Documented),
        (Shop, Redeclared),
    ],
)
def test_a_stub_inherited_from_a_protocol_is_no_implementation(contract: Any, base: Any) -> None:
    class Implementation(base):
        place = Good.place
        changes = Good.changes

        async def more(self) -> None: ...

    assert [problem.where for problem in problems_of(Implementation, contract)] == ["shop.close"]


def test_every_stub_of_a_subclass_of_its_protocol_is_missing() -> None:
    class Lazy(Shop):
        pass

    assert [problem.what.split()[-1] for problem in problems_of(Lazy)] == [
        "changes()",
        "close()",
        "place()",
    ]


class Ready(Protocol):
    async def constant(self) -> int:
        return 5

    async def text(self) -> str:
        return ""

    async def computed(self, a: int) -> int:
        return a

    async def built(self) -> list[int]:
        return []

    async def calls(self) -> int:
        return await self.constant()

    async def items(self) -> AsyncIterator[int]:
        yield 1


def test_a_protocols_method_with_a_body_of_its_own_is_inherited() -> None:
    class Inherits(Ready):
        pass

    assert problems_of(Inherits, Ready) == []
