"""Arguments, results and items are encoded and decoded as the contract declares them."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import numpy as np
import pydantic
import pytest

from amoeba.contract import ContractCodec, Message, MethodCodec, read_contract
from amoeba.errors import ContractError


@dataclass(frozen=True)
class Order:
    name: str
    amount: int


@dataclass(frozen=True)
class Gift(Order):
    paper: str = "red"


class Customer(pydantic.BaseModel):
    name: str
    tags: set[str] = set()


@dataclass
class Basket:
    owner: Customer
    friends: list[Customer]
    orders: dict[str, Order]


class Shop(Protocol):
    async def place(self, order: Order, amount: int = 1, note: str = "-") -> Order: ...

    async def tune(self, a: int, b: int = 2, *, speed: float = 1.5, loud: bool = False) -> None: ...

    async def strict(self, a: int = 1, *, key: str) -> None: ...

    async def store(self, basket: Basket) -> list[Customer]: ...

    async def nothing(self) -> None: ...

    async def rank(self, scores: list[int], weight: float, /) -> int: ...

    async def broken(self, value: object) -> None: ...


@pytest.fixture
def codec() -> ContractCodec:
    return ContractCodec(read_contract(Shop, "shop"), "shop")


def crossed(method: MethodCodec, *args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], Any]:
    return method.arguments.decode(method.arguments.encode(args, kwargs))


def test_a_codec_is_compiled_once(codec: ContractCodec) -> None:
    assert codec["place"] is codec["place"]


def test_a_method_whose_types_cannot_cross_is_refused_when_first_used(codec: ContractCodec) -> None:
    with pytest.raises(ContractError) as caught:
        codec["broken"]

    assert (caught.value.where, caught.value.what) == (
        "shop.broken(value): $",
        "type object cannot cross",
    )


@pytest.mark.parametrize(
    ("args", "kwargs", "expected"),
    [
        ((1,), {}, ((1,), {})),
        ((1, 5), {}, ((1, 5), {})),
        ((), {"a": 1}, ((1,), {})),
        ((), {"b": 5, "a": 1}, ((1, 5), {})),
        ((1,), {"speed": 3.0}, ((1, 2), {"speed": 3.0})),
        ((1,), {"loud": True}, ((1, 2), {"speed": 1.5, "loud": True})),
        ((1, 5), {"loud": True, "speed": 3.0}, ((1, 5), {"speed": 3.0, "loud": True})),
    ],
)
def test_what_was_left_out_is_left_out_and_gaps_take_the_contracts_default(
    codec: ContractCodec, args: Any, kwargs: Any, expected: Any
) -> None:
    assert crossed(codec["tune"], *args, **kwargs) == expected


def test_a_method_without_parameters_takes_none(codec: ContractCodec) -> None:
    assert crossed(codec["nothing"]) == ((), {})
    assert codec["nothing"].arguments.encode((), {}) == Message(b"\x90")


def test_positional_only_parameters_arrive_by_position(codec: ContractCodec) -> None:
    assert crossed(codec["rank"], [1, 2], 1) == (([1, 2], 1.0), {})


@pytest.mark.parametrize(
    ("method", "args", "kwargs", "text"),
    [
        ("place", (), {}, "shop.place: missing a required argument: 'order'"),
        ("nothing", (1,), {}, "shop.nothing: too many positional arguments"),
        ("tune", (1, 2, 3), {}, "shop.tune: too many positional arguments"),
        ("tune", (1,), {"a": 2}, "shop.tune: multiple values for argument 'a'"),
        ("tune", (1,), {"sped": 2}, "shop.tune: got an unexpected keyword argument 'sped'"),
    ],
)
def test_a_wrong_call_is_refused_as_python_would(
    codec: ContractCodec, method: str, args: Any, kwargs: Any, text: str
) -> None:
    with pytest.raises(TypeError) as caught:
        codec[method].arguments.encode(args, kwargs)

    assert str(caught.value) == text
    assert not isinstance(caught.value, ContractError)


@pytest.mark.parametrize(
    ("method", "args", "text"),
    [
        ("tune", ("1",), "shop.tune: Expected `int`, got `str` - at `a`"),
        ("tune", (1, None), "shop.tune: Expected `int`, got `None` - at `b`"),
        ("tune", (1, 2.5), "shop.tune: Expected `int`, got `float` - at `b`"),
        ("place", ("tea",), "shop.place: Expected `object`, got `str` - at `order`"),
        ("place", (Order("t", "1"),), "shop.place: Expected `int`, got `str` - at `order.amount`"),
        ("rank", ([1, "2"], 1.0), "shop.rank: Expected `int`, got `str` - at `scores[1]`"),
        ("tune", (np.zeros(3),), "shop.tune: a value of type numpy.ndarray cannot cross"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_with_the_parameter_and_the_path_into_it(
    codec: ContractCodec, method: str, args: Any, text: str
) -> None:
    with pytest.raises(ContractError) as caught:
        crossed(codec[method], *args)

    assert str(caught.value) == text


@pytest.mark.parametrize("value", [object(), 1j, range(3), lambda: None, iter([])])
def test_a_value_that_cannot_cross_is_refused_by_its_sender(
    codec: ContractCodec, value: Any
) -> None:
    name = f"{type(value).__module__}.{type(value).__qualname__}"

    with pytest.raises(ContractError, match=f"a value of type {name} cannot cross") as caught:
        codec["rank"].arguments.encode(([1, value], 1.0), {})

    assert caught.value.where == "shop.rank"


def endless() -> list[Any]:
    values: list[Any] = []
    values.append(values)
    return values


@pytest.mark.parametrize("make", [lambda: 2**70, lambda: "\ud800", endless])
def test_a_value_that_has_no_encoding_is_refused_by_its_sender(
    codec: ContractCodec, make: Callable[[], Any]
) -> None:
    with pytest.raises(ContractError):
        codec["rank"].arguments.encode((make(), 1.0), {})


@pytest.mark.parametrize("value", [np.float64(2.5), np.float32(2.5)])
def test_a_numpy_scalar_arrives_as_the_declared_number(codec: ContractCodec, value: Any) -> None:
    (_, weight), _ = crossed(codec["rank"], [1], value)

    assert (weight, type(weight)) == (2.5, float)


class Text(str):
    __slots__ = ()


class Whole(int):
    pass


@pytest.mark.parametrize(
    ("given", "arrived"),
    [
        (Gift("tea", 1, "blue"), Order("tea", 1)),
        (Order(Text("tea"), 1), Order("tea", 1)),
        (Order("tea", Whole(3)), Order("tea", 3)),
    ],
)
def test_a_value_of_a_subclass_arrives_as_the_declared_type(
    codec: ContractCodec, given: Any, arrived: Order
) -> None:
    (order,), _ = crossed(codec["place"], given)

    assert order == arrived
    assert [type(part) for part in dataclasses.astuple(order)] == [str, int]
    assert type(order) is Order


def test_pydantic_models_cross_inside_dataclasses_and_lists(codec: ContractCodec) -> None:
    ann, bob = Customer(name="Ann", tags={"a", "b"}), Customer(name="Bob")
    basket = Basket(ann, [bob, ann], {"first": Order("tea", 2)})
    method = codec["store"]

    (arrived,), _ = crossed(method, basket)

    assert arrived == basket
    assert method.result.decode(method.result.encode(([ann, bob],))) == ([ann, bob],)


def test_a_pydantic_model_checks_itself_where_it_arrives(codec: ContractCodec) -> None:
    payload = msgspec.msgpack.encode([{"owner": {"name": 3}, "friends": [], "orders": {}}])

    with pytest.raises(
        ContractError, match="Customer: name: Input should be a valid string"
    ) as caught:
        codec["store"].arguments.decode(Message(payload))

    assert caught.value.what.endswith("- at `basket.owner`")


def test_a_result_that_breaks_the_contract_names_the_method(codec: ContractCodec) -> None:
    result = codec["place"].result

    with pytest.raises(ContractError) as caught:
        result.decode(result.encode((Order("tea", "many"),)))  # type: ignore[arg-type]  # on purpose

    assert str(caught.value) == "shop.place -> result: Expected `int`, got `str` - at `$.amount`"
