"""What is wrong with a contract names module, method and path; reading never raises for it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from amoeba.contract import read_contract
from amoeba.errors import Problem

if TYPE_CHECKING:
    from elsewhere import Unknown


@dataclass
class Line:
    price: float
    handler: object


@dataclass
class Order:
    lines: list[Line]


def test_a_property_or_attribute_of_a_protocol_is_reported_wherever_it_was_inherited() -> None:
    class Named(Protocol):
        name: str
        _hidden: int

        @property
        def size(self) -> int: ...

    class Service(Named, Protocol):
        async def run(self) -> None: ...

    assert read_contract(Service, "service").problems == (
        Problem(
            what="attribute 'name' cannot be part of a contract",
            where="service",
            hint="replace it by a method: async def get_name(self) -> ...",
        ),
        Problem(
            what="attribute 'size' cannot be part of a contract",
            where="service",
            hint="replace it by a method: async def get_size(self) -> ...",
        ),
    )


def test_a_plain_method_of_a_protocol_is_reported_but_one_of_a_class_is_not() -> None:
    class Sync(Protocol):
        def run(self) -> None: ...

    class Plain:
        def run(self) -> None: ...

    (problem,) = read_contract(Sync, "service").problems
    assert problem.what == (
        "a contract's method must be `async def`, or `def` returning AsyncIterator[T]"
    )
    assert problem.where == "service.run"
    assert problem.hint == (
        "write `async def run(...)`; a CPU-bound implementation may then be `@amoeba.threaded def`"
    )
    assert read_contract(Plain, "service").crossing_problems == ()


def test_a_contract_without_a_method_is_reported() -> None:
    class Empty:
        def _private(self) -> None: ...

    (problem,) = read_contract(Empty, "empty").problems

    assert problem.what.endswith("Empty has no public method")
    assert problem.where == "empty"


class Faulty:
    async def variadic(self, *parts: str, **options: int) -> None: ...

    async def untyped(self, text) -> None: ...  # type: ignore[no-untyped-def]

    async def silent(self, text: str): ...  # type: ignore[no-untyped-def]

    async def unknown(self, value: "Unknown") -> None: ...

    async def waits(self) -> AsyncIterator[int]: ...

    async def deep(self, order: Order) -> dict[str, list[Line]]: ...


@pytest.mark.parametrize(
    ("method", "found"),
    [
        (
            "variadic",
            [
                ("faulty.variadic(parts)", "*parts cannot cross"),
                ("faulty.variadic(options)", "**options cannot cross"),
            ],
        ),
        ("untyped", [("faulty.untyped(text)", "has no type")]),
        ("silent", [("faulty.silent", "has no return type")]),
        (
            "waits",
            [
                (
                    "faulty.waits",
                    "an `async def` that returns an AsyncIterator is two waits, not a stream",
                )
            ],
        ),
        (
            "deep",
            [
                ("faulty.deep(order): $.lines[].handler", "type object cannot cross"),
                ("faulty.deep -> ${}[].handler", "type object cannot cross"),
            ],
        ),
    ],
)
def test_what_cannot_cross_names_module_method_and_path(method: str, found: list[Any]) -> None:
    problems = read_contract(Faulty, "faulty").methods[method].problems

    assert [(problem.where, problem.what) for problem in problems] == found


def test_a_name_known_only_to_the_type_checker_is_reported_and_reading_goes_on() -> None:
    contract = read_contract(Faulty, "faulty")

    first = contract.methods["unknown"].problems[0]
    assert first.what == (
        "an annotation cannot be read: the name 'Unknown' is not known when the contract is read"
    )
    assert first.where == "faulty.unknown"
    assert len(contract.methods) == 6
    found = [p for method in contract.methods.values() for p in method.problems]
    assert contract.crossing_problems == (*contract.problems, *found)
