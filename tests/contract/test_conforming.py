"""An implementation that lacks or mistypes a method is found when it is named, not when called."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeVar

import pytest

import amoeba
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


def with_place(function: Any) -> type:
    """`Good` with another `place`."""
    return type("Changed", (Good,), {"place": function})


def test_an_implementation_that_keeps_its_contract_has_no_problem() -> None:
    assert problems_of(Good) == []


def test_a_class_without_a_contract_is_its_own() -> None:
    assert problems_of(Order, Good) == []


def test_a_missing_method_is_reported_with_the_name_that_was_probably_meant() -> None:
    class Misspelt:
        place = Good.place
        changes = Good.changes

        async def clse(self) -> None: ...

    assert problems_of(Misspelt) == [
        Problem(
            what=f"{Misspelt.__qualname__} does not implement close()",
            where="shop.close",
            hint="did you mean 'clse'?",
        )
    ]


def test_an_empty_class_lacks_every_method() -> None:
    class Empty:
        pass

    assert [(problem.where, problem.hint) for problem in problems_of(Empty)] == [
        (f"shop.{name}", f"add the method to {__name__}:{Empty.__qualname__}")
        for name in ("changes", "close", "place")
    ]


def test_a_plain_method_where_async_is_wanted_gets_a_hint() -> None:
    def place(self: Any, order: Gift, amount: int = 1, *, fast: bool = False) -> Order:
        return order

    assert problems_of(with_place(place)) == [
        Problem(
            what="Changed.place() is `def`",
            where="shop.place",
            expected="async def",
            hint="make it `async def`, or mark it `@amoeba.threaded` to run it in a worker thread",
        )
    ]
    assert problems_of(with_place(amoeba.threaded(place))) == []


def test_a_stream_and_an_answer_are_told_apart() -> None:
    class Swapped(Good):
        async def changes(self, since: int) -> list[Order]:
            return []

        async def close(self) -> AsyncIterator[None]:
            yield None

    stream = "def or async generator returning AsyncIterator[T]"
    found = [(p.where, p.what.partition("() ")[2], p.expected) for p in problems_of(Swapped)]
    assert found == [
        ("shop.changes", "is `async def`", stream),
        ("shop.close", f"is `{stream}`", "async def"),
    ]


def test_a_stream_of_other_items_is_reported() -> None:
    class Numbers(Good):
        async def changes(self, since: int) -> AsyncIterator[int]:
            yield 1

    (problem,) = problems_of(Numbers)

    assert (problem.where, problem.expected) == ("shop.changes", "Order")
    assert problem.what.endswith("changes() returns int")


LINE = f"place(order: {__name__}.Gift, amount: int = 1, *, fast: bool = False) -> {__name__}.Order"


async def renamed(self: Any, order: Gift, number: int = 1, *, fast: bool = False) -> Order: ...
async def reordered(self: Any, amount: int, order: Gift, *, fast: bool = False) -> Order: ...
async def mistyped(self: Any, order: Gift, amount: str = "", *, fast: bool = False) -> Order: ...
async def narrower(self: Any, order: Gift, amount: bool = True, *, fast: bool = False) -> Order: ...
async def undefaulted(self: Any, order: Gift, amount: int, *, fast: bool = False) -> Order: ...
async def without(self: Any, order: Gift, amount: int = 1) -> Order: ...
async def keyword(self: Any, order: Gift, *, amount: int = 1, fast: bool = False) -> Order: ...
async def demanding(
    self: Any, order: Gift, amount: int = 1, *, fast: bool = False, why: str
) -> Order: ...
async def wider_answer(
    self: Any, order: Gift, amount: int = 1, *, fast: bool = False
) -> object: ...
async def perhaps(
    self: Any, order: Gift, amount: int = 1, *, fast: bool = False
) -> Order | None: ...
async def starred(self: Any, *args: Any) -> Order: ...
async def hidden(self: Any, order: Gift, /, amount: int = 1, *, fast: bool = False) -> Order: ...
async def anything_and_more(self: Any, *args: Any, why: str, **kwargs: Any) -> Order: ...


AMOUNT, FAST, ORDER = "shop.place(amount)", "shop.place(fast)", "shop.place(order)"


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (renamed, [(AMOUNT, "does not take 'amount' as the contract does", LINE)]),
        (
            reordered,
            [
                (ORDER, "does not take 'order' as the contract does", LINE),
                (AMOUNT, "does not take 'amount' as the contract does", LINE),
            ],
        ),
        (mistyped, [(AMOUNT, "takes str", "int")]),
        (narrower, [(AMOUNT, "takes bool", "int")]),
        (undefaulted, [(AMOUNT, "has no default for 'amount', the contract has one", LINE)]),
        (without, [(FAST, "does not take 'fast' as the contract does", LINE)]),
        (keyword, [(AMOUNT, "does not take 'amount' as the contract does", LINE)]),
        (
            demanding,
            [("shop.place", "requires 'why', which the contract does not pass", LINE)],
        ),
        (wider_answer, [("shop.place", "returns object", "Order")]),
        (perhaps, [("shop.place", f"returns {__name__}.Order | None", "Order")]),
        (hidden, [(ORDER, "does not take 'order' as the contract does", LINE)]),
        (
            anything_and_more,
            [("shop.place", "requires 'why', which the contract does not pass", LINE)],
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_differs_from_the_contract_is_named(function: Any, found: list[Any]) -> None:
    problems = problems_of(with_place(function))

    assert [(p.where, p.what.removeprefix("Changed.place() "), p.expected) for p in problems] == (
        found
    )


def test_only_positional_arguments_are_not_everything() -> None:
    assert [p.where for p in problems_of(with_place(starred))] == [ORDER, AMOUNT, FAST]


async def untyped(self, order, amount=1, *, fast=False):  # type: ignore[no-untyped-def]
    ...


async def wider(
    self: Any, order: Order, amount: float | str = 1, *, fast: int | None = None
) -> Gift: ...
async def optional_extra(
    self: Any, order: Gift, amount: int = 1, why: str = "", *, fast: bool = False, **more: Any
) -> Order: ...
async def looser(self: Any, order: Gift, amount: int = 1, fast: bool = False) -> Order: ...
async def anything(self: Any, *args: Any, **kwargs: Any) -> Order: ...
async def other_defaults(
    self: Any, order: Gift | None = None, amount: int = 9, *, fast: bool = True
) -> Order: ...
async def annotated(
    self: Any, order: Gift, amount: Annotated[int, "pieces"] = 1, *, fast: bool = False
) -> Annotated[Order, "made"]: ...
async def swallowing(self: Any, order: Gift, amount: int = 1, **options: Any) -> Order: ...
async def to_any(self: Any, order: Any, amount: object = 1, *, fast: bool = False) -> Any: ...


@pytest.mark.parametrize(
    "function",
    [untyped, wider, optional_extra, looser, anything, other_defaults, annotated, swallowing,
     to_any],
)  # fmt: skip
def test_what_takes_more_or_promises_more_keeps_the_contract(function: Any) -> None:
    assert problems_of(with_place(function)) == []
