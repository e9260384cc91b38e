"""Which types may cross, and where in a type the trouble is when one may not."""

import collections
import datetime
import decimal
import enum
import io
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, TypedDict

import msgspec
import numpy as np
import pydantic
import pytest
from numpy.typing import NDArray

from amoeba.contract.types import holds_arrays, type_problems
from amoeba.errors import Problem


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


class Right(enum.IntFlag):
    READ = 1
    WRITE = 2


class Point(NamedTuple):
    x: int
    y: int = 0


class Options(TypedDict, total=False):
    limit: int


class Reading(msgspec.Struct):
    value: float


class Profile(pydantic.BaseModel):
    name: str


@dataclass
class Tree:
    children: list["Tree"]
    image: NDArray[np.uint8] | None = None


@dataclass
class Cat:
    lives: int


@dataclass
class Dog:
    age: int


@dataclass
class Household:
    members: list[Cat | Dog]
    lock: threading.RLock


@dataclass
class Page:
    newer: "Page | None"
    shown: Cat | Dog


Number = NewType("Number", int)

CROSSING = [
    *(bool, int, float, str, bytes, bytearray, memoryview, type(None)),
    *(list, dict, set, frozenset, tuple),
    *(list[int], dict[str, list[int]], set[str], frozenset[int], tuple[int, str], tuple[int, ...]),
    *(Sequence[int], Mapping[str, int], dict[int, str], dict[uuid.UUID, str]),
    *(Optional[int], int | str | None, Literal["a", 1, None], Number, Any),  # noqa: UP045 - a form of its own
    *(datetime.datetime, datetime.date, datetime.time, datetime.timedelta),
    *(uuid.UUID, decimal.Decimal, Colour, Level, Right),
    *(Cat, Tree, Reading, Options, Point, Profile),
    *(np.ndarray, NDArray[np.float32], np.ndarray | None, Profile | None),
    *(Annotated[int, msgspec.Meta(ge=0)], Annotated[np.ndarray, "an image"]),
]


@pytest.mark.parametrize("tp", CROSSING, ids=str)
def test_every_allowed_type_crosses_alone_and_nested(tp: Any) -> None:
    @dataclass
    class Holder:
        value: tp

    assert type_problems(tp, "$") == []
    assert type_problems(list[tp], "$") == []
    assert type_problems(dict[str, tuple[tp, int]], "$") == []
    assert type_problems(Holder, "$") == []


@pytest.mark.parametrize(
    ("tp", "name"),
    [
        (object, "object"),
        (complex, "complex"),
        (range, "range"),
        (slice, "slice"),
        (type, "type"),
        (ValueError, "ValueError"),
        (np.float64, "numpy.float64"),
        (threading.Thread, "threading.Thread"),
        (io.BytesIO, "_io.BytesIO"),
        (Callable[[int], str], "collections.abc.Callable"),
        (collections.deque, "collections.deque"),
    ],
)
def test_any_other_type_is_named_with_what_to_use_instead(tp: Any, name: str) -> None:
    assert type_problems(tp, "$") == [
        Problem(
            what=f"type {name} cannot cross",
            where="$",
            hint="use one of: builtins, dataclasses, msgspec.Struct, TypedDict, NamedTuple, "
            "enums, dates, UUID, Decimal, pydantic models, NumPy arrays, bytes",
        )
    ]


@pytest.mark.parametrize(
    ("tp", "path"),
    [
        (list[object], "$[]"),
        (set[object], "$[]"),
        (tuple[object, ...], "$[]"),
        (dict[str, object], "${}"),
        (dict[object, str], "${key}"),
        (tuple[int, object], "$[1]"),
        (object | None, "$"),
        (dict[str, list[tuple[int, object]]], "${}[][1]"),
    ],
    ids=str,
)
def test_the_path_leads_to_the_part_that_cannot_cross(tp: Any, path: str) -> None:
    assert [problem.where for problem in type_problems(tp, "$")] == [path]


@pytest.mark.parametrize(
    ("tp", "path"),
    [
        (Cat | Dog, "$"),
        (list[Cat | Dog], "$[]"),
        (dict[str, Cat | Dog], "${}"),
        (tuple[int, Cat | Dog], "$[1]"),
        (Cat | Dog | None, "$"),
        (list[Cat | Dog] | None, "$[]"),
    ],
    ids=str,
)
def test_a_union_that_cannot_be_told_apart_is_located_like_any_other_trouble(
    tp: Any, path: str
) -> None:
    (problem,) = type_problems(tp, "$")

    assert problem.where == path
    assert problem.what.startswith("Type unions may not contain more than one dataclass")
    assert problem.hint == (
        "give each Struct of the union a tag (class A(Struct, tag=True)), or pass one type"
    )


@pytest.mark.parametrize(
    "tp", [str | datetime.datetime, np.ndarray | bytes, Profile | Cat, list[int] | set[int]]
)
def test_unions_of_one_form_on_the_wire_are_reported(tp: Any) -> None:
    (problem,) = type_problems(tp, "$")

    assert "union" in problem.what


def test_a_field_of_a_field_is_found_by_its_names() -> None:
    @dataclass
    class Street:
        houses: list[Household]

    (problem,) = type_problems(Street, "$")

    assert problem.where == "$.houses[].members[]"


def test_a_type_that_holds_itself_is_walked_once() -> None:
    @dataclass
    class Wrapper:
        tree: Tree
        bad: object

    assert [problem.where for problem in type_problems(Wrapper, "$")] == ["$.bad"]


def test_trouble_in_a_type_that_holds_itself_is_located() -> None:
    (problem,) = type_problems(Page, "$")

    assert problem.where == "$.shown"
    assert problem.what.startswith("Type unions may not contain more than one dataclass")


def test_a_described_type_is_looked_into() -> None:
    described = Annotated[list[object], msgspec.Meta(description="whatever")]

    assert [problem.where for problem in type_problems(described, "$")] == ["$[]"]


def test_a_constraint_that_does_not_fit_its_type_is_reported_as_itself() -> None:
    (problem,) = type_problems(list[Annotated[int, msgspec.Meta(min_length=1)]], "$")

    assert problem.where == "$[]"
    assert problem.what.startswith("Can only set `min_length` on")


@pytest.mark.parametrize(
    ("tp", "holds"),
    [
        (np.ndarray, True),
        (list[NDArray[np.float64]], True),
        (Tree, True),
        (dict[str, tuple[int, np.ndarray]], True),
        (Annotated[np.ndarray, msgspec.Meta(description="an image")], True),
        (Cat, False),
        (list[bytes], False),
    ],
    ids=str,
)
def test_whether_a_type_may_hold_arrays_is_known_at_any_depth(tp: Any, holds: bool) -> None:
    assert holds_arrays(tp) is holds
