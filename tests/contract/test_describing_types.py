"""Every type of a contract is described, whatever its name and form."""

import threading
from dataclasses import make_dataclass
from typing import Protocol

import pydantic

from amoeba.contract import Contract, fingerprint, read_contract


class Loose(pydantic.BaseModel, arbitrary_types_allowed=True):
    handler: threading.Event


def test_a_model_without_a_schema_is_described_nevertheless() -> None:
    def taking(model: type) -> Contract:
        class Service(Protocol):
            async def run(self, value: model) -> None: ...

        return read_contract(Service, "service")

    assert fingerprint(taking(Loose)) == fingerprint(taking(Loose))
    assert fingerprint(taking(Loose)) != fingerprint(taking(pydantic.BaseModel))


def test_two_types_of_one_name_are_both_described() -> None:
    def moving(weight: type) -> Contract:
        indoors = make_dataclass("Item", [("name", str)], namespace={"__module__": "indoors"})
        outdoors = make_dataclass(
            "Item", [("weight", weight)], namespace={"__module__": "outdoors"}
        )

        class Moving(Protocol):
            async def move(self, chair: indoors, table: outdoors) -> None: ...

        return read_contract(Moving, "moving")

    assert fingerprint(moving(int)) == fingerprint(moving(int))
    assert fingerprint(moving(int)) != fingerprint(moving(str))
