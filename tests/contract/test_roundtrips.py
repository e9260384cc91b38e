"""Whatever value an allowed type has, it arrives equal and of the same type."""

import datetime
import decimal
import enum
import uuid
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional, Protocol, TypedDict

import msgspec
import numpy as np
import pydantic
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from amoeba.contract import ContractCodec, MethodCodec, read_contract
from amoeba.contract.codec import ItemsCodec, Packer
from amoeba.contract.types import type_problems

unhurried = settings(deadline=None)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 9


class Point(NamedTuple):
    x: int
    label: str | None = None


class Options(TypedDict, total=False):
    limit: int
    tags: list[str]


class Reading(msgspec.Struct, frozen=True):
    value: float
    at: datetime.datetime


class Tagged(msgspec.Struct, tag="tagged", array_like=True):
    number: int
    reading: Reading | None = None


class Profile(pydantic.BaseModel):
    name: str
    born: datetime.date | None = None
    keys: set[uuid.UUID] = set()
    paid: decimal.Decimal = decimal.Decimal(0)
    colour: Colour = Colour.RED
    photo: str = pydantic.Field("", alias="photoUrl")


@dataclass(frozen=True, slots=True)
class Leaf:
    colour: Colour
    level: Level = Level.LOW


@dataclass
class Branch:
    leaves: list[Leaf]
    above: Optional["Branch"] = None
    point: Point = Point(0)  # noqa: RUF009 - a tuple, which does not change
    options: Options = field(default_factory=Options)
    by_name: dict[str, tuple[Leaf, ...]] = field(default_factory=dict)
    profile: Profile | None = None


numbers = st.integers(-(2**63), 2**64 - 1)
floats = st.floats(allow_nan=False)
zones = st.sampled_from(
    [None, datetime.UTC, datetime.timezone(datetime.timedelta(hours=-7, minutes=-30))]
)
datetimes = (
    st.datetimes(
        datetime.datetime(2, 1, 1),  # noqa: DTZ001 - hypothesis adds the zones
        datetime.datetime(9998, 1, 1),  # noqa: DTZ001 - as above
        timezones=zones.filter(bool),
    )
    | st.datetimes()
)
decimals = st.decimals(allow_nan=False, allow_infinity=False)
colours, levels = st.sampled_from(Colour), st.sampled_from(Level)
points = st.builds(Point, numbers, st.none() | st.text())
leaves = st.builds(Leaf, colours, levels)
readings = st.builds(Reading, floats, datetimes)
options = st.fixed_dictionaries({}, optional={"limit": numbers, "tags": st.lists(st.text())})
profiles = st.builds(
    Profile,
    name=st.text(),
    born=st.none() | st.dates(),
    keys=st.sets(st.uuids()),
    paid=decimals,
    colour=colours,
    photoUrl=st.text(),
)
branches = st.deferred(
    lambda: st.builds(
        Branch,
        leaves=st.lists(leaves),
        above=st.none() | branches,
        point=points,
        options=options,
        by_name=st.dictionaries(st.text(), st.lists(leaves).map(tuple)),
        profile=st.none() | profiles,
    )
)

Kind = tuple[Any, st.SearchStrategy[Any]]
HASHABLE: list[Kind] = [
    (bool, st.booleans()),
    (int, numbers),
    (str, st.text()),
    (bytes, st.binary()),
    (datetime.datetime, datetimes),
    (datetime.date, st.dates()),
    (datetime.time, st.times() | st.times(timezones=st.just(datetime.UTC))),
    (datetime.timedelta, st.timedeltas()),
    (uuid.UUID, st.uuids()),
    (decimal.Decimal, decimals),
    (Colour, colours),
    (Level, levels),
    (Leaf, leaves),
    (Reading, readings),
]
OTHERS: list[Kind] = [
    (float, floats),
    (bytearray, st.binary().map(bytearray)),
    (Tagged, st.builds(Tagged, numbers, st.none() | readings)),
    (Point, points),
    (Options, options),
    (Profile, profiles),
    (Branch, branches),
]


def containers(inner: st.SearchStrategy[Kind]) -> st.SearchStrategy[Kind]:
    one = inner.flatmap(
        lambda kind: st.sampled_from(
            [
                (list[kind[0]], st.lists(kind[1], max_size=20)),
                (tuple[kind[0], ...], st.lists(kind[1], max_size=20).map(tuple)),
                (dict[str, kind[0]], st.dictionaries(st.text(), kind[1], max_size=5)),
                (dict[int, kind[0]], st.dictionaries(numbers, kind[1], max_size=5)),
                (kind[0] | None, st.none() | kind[1]),
            ]
        )
    )
    two = st.tuples(inner, inner).map(
        lambda kinds: (tuple[kinds[0][0], kinds[1][0]], st.tuples(kinds[0][1], kinds[1][1]))
    )
    return one | two


sets = st.sampled_from(HASHABLE).flatmap(
    lambda kind: st.sampled_from(
        [
            (set[kind[0]], st.sets(kind[1], max_size=5)),
            (frozenset[kind[0]], st.frozensets(kind[1], max_size=5)),
        ]
    )
)
kinds = st.recursive(st.sampled_from(HASHABLE + OTHERS) | sets, containers, max_leaves=5)


@given(st.data())
@settings(unhurried, max_examples=300)
def test_every_value_of_an_allowed_type_arrives_equal(data: st.DataObject) -> None:
    tp, values = data.draw(kinds)
    value = data.draw(values)
    assert type_problems(tp, "$") == []

    packer = Packer([tp], "module.method")
    (arrived,) = packer.decode(packer.encode((value,)))

    assert arrived == value
    assert type(arrived) is type(value)


@given(st.data())
@unhurried
def test_every_batch_of_items_arrives_in_order(data: st.DataObject) -> None:
    tp, values = data.draw(kinds)
    sent = data.draw(st.lists(values, max_size=40))

    items = ItemsCodec(tp, "module.method -> item")
    batch = items.new_batch()
    for each in sent:
        batch.add(each)

    assert [item for message in batch.take() for item in items.decode(message)] == sent


@given(st.data())
@settings(unhurried, max_examples=300)
def test_every_part_of_every_array_arrives_the_same(data: st.DataObject) -> None:
    shapes = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=12)
    whole = data.draw(arrays.arrays(arrays.scalar_dtypes(), shapes))
    index = data.draw(arrays.basic_indices(whole.shape))
    part = np.asarray(whole[index])
    if data.draw(st.booleans()):
        part = part.T

    packer = Packer([np.ndarray], "module.method")
    (arrived,) = packer.decode(packer.encode((part,)))

    assert (arrived.dtype, arrived.shape) == (part.dtype, part.shape)
    assert arrived.tobytes() == part.tobytes()
    assert not arrived.flags.writeable


class Call(Protocol):
    async def call(
        self, a: int, b: str = "b", c: Leaf | None = None, *, d: float = 0.5, e: bytes = b""
    ) -> None: ...


CALL: MethodCodec = ContractCodec(read_contract(Call), "module")["call"]


@given(
    st.tuples(numbers, st.text(), st.none() | leaves),
    st.integers(0, 3),
    st.fixed_dictionaries({}, optional={"d": floats, "e": st.binary()}),
    st.sets(st.sampled_from("abc")),
)
@unhurried
def test_every_call_binds_at_the_callee_as_it_would_have_at_the_caller(
    values: tuple[Any, ...], positional: int, keywords: dict[str, Any], omitted: set[str]
) -> None:
    by_name = dict(zip("abc", values, strict=True))
    args = values[:positional]
    kwargs = keywords | {
        name: by_name[name] for name in "abc"[positional:] if name == "a" or name not in omitted
    }
    signature = read_contract(Call).methods["call"].signature

    here = signature.bind(*args, **kwargs)
    there_args, there_kwargs = CALL.arguments.decode(CALL.arguments.encode(args, kwargs))
    there = signature.bind(*there_args, **there_kwargs)
    here.apply_defaults()
    there.apply_defaults()

    assert there.arguments == here.arguments
