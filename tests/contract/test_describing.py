"""A contract as plain data, its fingerprint, and how two descriptions differ."""

import itertools
import os
import subprocess
import sys
import types
from pathlib import Path

import msgspec
import pytest

from amoeba.contract import Contract, describe, differences, fingerprint, read_contract

SOURCE = '''
import enum
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Literal, NamedTuple, Protocol, TypedDict
import msgspec, numpy as np, pydantic
from numpy.typing import NDArray
from amoeba import idempotent

class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"

class Options(TypedDict, total=False):
    limit: int

class Place(NamedTuple):
    row: int
    seat: int = 1

class Event(msgspec.Struct, tag="event", rename="camel"):
    seen_at: float

class Person(pydantic.BaseModel):
    """Who."""
    name: str
    age: int = pydantic.Field(default=0, ge=0)

class Inner:
    @dataclass
    class Item:
        weight: float

@dataclass
class Item:
    """What."""
    name: str
    colour: Colour = Colour.RED
    parts: list["Item"] = field(default_factory=list)
    note: str | None = None

class Shop(Protocol):
    """Sells."""
    async def find(self, name: str, limit: int = 10, *, exact: bool = False) -> list[Item]:
        """One line."""
    async def order(self, item: Item, who: Person, at: Place, options: Options) -> None: ...
    async def weigh(self, item: Inner.Item, image: NDArray[np.float32]) -> float: ...
    @idempotent
    async def rate(self, stars: Annotated[int, msgspec.Meta(ge=1)]) -> dict[str, int]: ...
    async def label(self, kind: Literal["a", "b", 3], names: Annotated[list[str],
        msgspec.Meta(max_length=5)], tags: set[str] = frozenset({"x", "y", "z"})) -> str | int: ...
    def events(self) -> AsyncIterator[Event]: ...
'''


class Shop:
    """Reads the contract above, with one text in its source replaced by another."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch, self._count = monkeypatch, itertools.count()

    def __call__(self, old: str = "", new: str = "") -> Contract:
        assert old in SOURCE
        return self.read(SOURCE.replace(old, new, 1) if old else SOURCE)

    def read(self, source: str) -> Contract:
        module = types.ModuleType(f"shop_{next(self._count)}")
        self._monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(source, vars(module))
        contract = read_contract(module.Shop, "shop")
        assert contract.crossing_problems == ()
        return contract


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(monkeypatch)


def test_a_description_is_plain_data_that_holds_each_named_type_once(shop: Shop) -> None:
    described = describe(shop())

    assert list(described["methods"]) == ["events", "find", "label", "order", "rate", "weigh"]
    assert described["methods"]["find"] == {
        "kind": "unary",
        "idempotent": False,
        "parameters": [
            {"name": "name", "type": "str"},
            {"name": "limit", "type": "int", "default": 10},
            {"name": "exact", "type": "bool", "keyword_only": True, "default": False},
        ],
        "returns": {"list": {"ref": "Item"}},
    }
    assert described["methods"]["rate"] == {
        "kind": "unary",
        "idempotent": True,
        "parameters": [{"name": "stars", "type": {"int": {"ge": 1}}}],
        "returns": {"dict": ["str", "int"]},
    }
    assert described["methods"]["events"]["kind"] == "stream"
    assert described["types"]["Item"] == {
        "kind": "dataclass",
        "fields": [
            {"name": "name", "type": "str"},
            {"name": "colour", "type": {"enum": {"RED": "red", "BLUE": "blue"}}, "default": "red"},
            {"name": "parts", "type": {"list": {"ref": "Item"}}, "default": "made"},
            {"name": "note", "type": {"union": ["str", "none"]}, "default": None},
        ],
    }
    assert msgspec.json.decode(msgspec.json.encode(described)) == described


def test_a_fingerprint_is_32_hex_digits_of_the_description(shop: Shop) -> None:
    found = fingerprint(shop())

    assert found == fingerprint(shop())
    assert len(found) == 32
    assert set(found) <= set("0123456789abcdef")


def test_a_fingerprint_is_the_same_in_every_process(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SOURCE)
    program = (
        "import shop, amoeba.contract as c; print(c.fingerprint(c.read_contract(shop.Shop, 'x')))"
    )

    path = os.pathsep.join([str(tmp_path), *sys.path])

    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": path},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("0", "1", "2")
    }

    assert found == {fingerprint(shop())}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("find(self", "search(self"),
        ("name: str, limit", "title: str, limit"),
        ("limit: int = 10", "limit: float = 10"),
        ("limit: int = 10", "limit: int = 11"),
        ("limit: int = 10", "limit: int"),
        ("*, exact", "exact"),
        ("-> list[Item]", "-> Item"),
        ("item: Item, who: Person", "who: Person, item: Item"),
        ("    @idempotent\n", ""),
        ("stars: Annotated[int", "stars: Annotated[float"),
        ("ge=1", "ge=2"),
        ("max_length=5", "max_length=6"),
        ('Literal["a", "b", 3]', 'Literal["a", "b"]'),
        ("str | int", "str | float"),
        ("dict[str, int]", "dict[int, int]"),
        ('{"x", "y", "z"}', '{"x", "y"}'),
        ("set[str]", "list[str]"),
        ('BLUE = "blue"', 'BLUE = "azure"'),
        ('    BLUE = "blue"\n', ""),
        ("total=False", "total=True"),
        ("    limit: int\n", "    limit: str\n"),
        ("seat: int = 1", "seat: int = 2"),
        ('tag="event"', 'tag="happening"'),
        ('rename="camel"', 'rename="pascal"'),
        ('rename="camel"', 'rename="camel", array_like=True'),
        ('rename="camel"', 'rename="camel", forbid_unknown_fields=True'),
        ("age: int", "age: float"),
        ("ge=0", "ge=1"),
        ("weight: float", "weight: str"),
        ("    name: str\n    colour", "    title: str\n    colour"),
        ('parts: list["Item"]', 'parts: list[str]'),
        ("colour: Colour = Colour.RED", "colour: Colour = Colour.BLUE"),
        ("note: str | None = None", "note: str | None = field(kw_only=True)"),
        ("np.float32", "np.float64"),
        ("NDArray[np.float32]", "list[float]"),
        ("AsyncIterator[Event]", "AsyncIterator[Item]"),
        ("def events(self) -> AsyncIterator[Event]", "async def events(self) -> Event"),
    ],
)  # fmt: skip
def test_what_matters_to_the_other_side_changes_the_fingerprint(
    shop: Shop, old: str, new: str
) -> None:
    assert fingerprint(shop(old, new)) != fingerprint(shop())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('    """Sells."""\n', ""),
        ('"""One line."""', '"""Another line."""'),
        ('"""What."""', '"""What it is."""'),
        ('"""Who."""', '"""Who it is."""'),
        ("max_length=5", 'max_length=5, description="at most"'),
        ("ge=1", 'ge=1, description="one at least"'),
        ("ge=0", 'ge=0, description="in years"'),
        ("name: str, limit", "name: Annotated[str, 'a title'], limit"),
        ("class Shop(Protocol):", "class Unused: ...\nclass Shop(Protocol):"),
        ('tags: set[str] = frozenset({"x", "y", "z"})', 'tags: set[str] = {"z", "y", "x"}'),
    ],
)
def test_documentation_and_order_of_writing_leave_the_fingerprint_alone(
    shop: Shop, old: str, new: str
) -> None:
    assert fingerprint(shop(old, new)) == fingerprint(shop())


def test_the_order_and_origin_of_methods_leave_the_fingerprint_alone(shop: Shop) -> None:
    inherited = SOURCE.replace("class Shop(Protocol):", "class Base(Protocol):", 1).replace(
        "    @idempotent", "class Shop(Base, Protocol):\n    @idempotent", 1
    )

    assert fingerprint(shop.read(inherited)) == fingerprint(shop())


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("Sells.", "Buys.", []),
        (
            "async def weigh",
            "async def balance",
            [
                "$.methods.balance: only the callee has it",
                "$.methods.weigh: only the caller has it",
            ],
        ),
        (
            "limit: int = 10",
            "limit: float = 10",
            [
                '$.methods.find.parameters[1].type: the caller has "int", the callee has "float"',
            ],
        ),
        (
            "limit: int = 10",
            "limit: int",
            ["$.methods.find.parameters[1].default: only the caller has it"],
        ),
        (
            "    @idempotent\n",
            "",
            ["$.methods.rate.idempotent: the caller has true, the callee has false"],
        ),
        (
            "    note: str | None = None\n",
            "",
            [
                "$.types.Item.fields: the caller has "
                '[{"name":"name","type":"str"},{"name":"colour","type":{"enum":{"RED":"red","B...'
                ", the callee has "
                '[{"name":"name","type":"str"},{"name":"colour","type":{"enum":{"RED":"red","B...',
            ],
        ),
    ],
)
def test_each_difference_is_one_line_that_says_who_has_what(
    shop: Shop, old: str, new: str, lines: list[str]
) -> None:
    assert differences(describe(shop()), describe(shop(old, new))) == lines
