"""Exceptions arrive as themselves when they are declared, as RemoteError when they are not."""

import asyncio
import pickle
from dataclasses import dataclass
from datetime import UTC, datetime
from json import JSONDecodeError
from typing import Any

import fastapi
import numpy as np
import pytest
from starlette.exceptions import HTTPException as StarletteError

from amoeba.contract import ExceptionCodec
from amoeba.errors import (
    AmoebaError,
    RemoteError,
    RemoteTraceback,
)


class NotFound(Exception):
    """The usual form: parameters kept as attributes, and a text made of them."""

    def __init__(
        self, key: str, *, among: tuple[str, ...] = (), at: datetime | None = None
    ) -> None:
        self.key, self.among, self.at = key, among, at
        super().__init__(f"no {key!r} among {len(among)}")


@dataclass
class Limited(Exception):
    limit: int
    reason: str = "too many"


@dataclass(frozen=True)
class Frozen(Exception):
    limit: int


@dataclass(slots=True)
class Slotted(Exception):
    limit: int


class Coded(Exception):
    code: int | str
    note: str | None
    secret_of: "Limited | None" = None

    def __init__(self, code: int | str, note: str | None = None) -> None:
        super().__init__(code, note)
        self.code, self.note = code, note


class BadImage(ValueError):
    def __init__(self, pixels: np.ndarray) -> None:
        super().__init__("bad image")
        self.pixels = pixels


class DiskFull(OSError):
    def __init__(self, device: str, *, size: int) -> None:
        super().__init__(28, "no space left", device)
        self.size = size


class Outer:
    class Nested(Exception):
        pass


class Holder(Exception):
    def __init__(self, thing: Any) -> None:
        super().__init__()
        self.thing = thing


class Speechless(Exception):
    def __str__(self) -> str:
        raise RuntimeError(self)


# As an implementation's own: their module is not the contract's, which has no such names.
private = type("Private", (Exception,), {"__module__": "shop.private"})
mute = type("Mute", (Speechless,), {"__module__": "shop.private"})

CALLED: list[Any] = []


class Counting(Exception):
    def __init__(self, key: str) -> None:
        CALLED.append(key)
        super().__init__(key)


def raised(error: BaseException) -> BaseException:
    """`error` with a traceback, as a method would have left it."""
    try:
        raise error
    except BaseException as caught:  # noqa: BLE001 - any of them may cross
        return caught


def crossed(error: BaseException, *raises: str) -> BaseException:
    """`error` as it arrives; both ends have a codec of their own, as in two processes."""
    payload = ExceptionCodec(__name__, raises).encode(raised(error))
    return ExceptionCodec(__name__, raises).decode(payload)


def test_a_group_arrives_with_all_it_holds() -> None:
    group = ExceptionGroup(
        "several", [ValueError("a"), ExceptionGroup("more", [NotFound("k"), private("p")])]
    )

    arrived = crossed(group)

    assert isinstance(arrived, ExceptionGroup)
    assert arrived.message == "several"
    first, second = arrived.exceptions
    assert repr(first) == "ValueError('a')"
    assert isinstance(second, ExceptionGroup)
    found, hidden = second.exceptions
    assert (type(found), found.key) == (NotFound, "k")
    assert (type(hidden), hidden.message) == (RemoteError, "p")


@pytest.mark.parametrize(
    "error",
    [
        NotFound("k"),
        NotFound("k", among=("a", "b"), at=datetime(2025, 1, 2, tzinfo=UTC)),
        Limited(3),
        Limited(limit=3, reason="slow down"),
        Coded(404),
        Coded("404", "null"),
        Outer.Nested("text", 3),
    ],
    ids=repr,
)
def test_a_contracts_own_exception_arrives_with_its_fields(error: Exception) -> None:
    arrived = crossed(error)

    assert type(arrived) is type(error)
    assert (str(arrived), arrived.args, vars(arrived)) == (str(error), error.args, vars(error))


def test_an_exception_that_the_contract_imports_arrives_as_itself() -> None:
    arrived: Any = crossed(JSONDecodeError("bad", '{"a"', 3))

    assert type(arrived) is JSONDecodeError
    assert (arrived.msg, arrived.doc, arrived.pos) == ("bad", '{"a"', 3)


@pytest.mark.parametrize("error", [Frozen(3), Slotted(3)], ids=["frozen", "slots"])
def test_a_frozen_or_slotted_exception_arrives_with_its_fields(error: Any) -> None:
    arrived: Any = crossed(error)

    assert type(arrived) is type(error)
    assert arrived.limit == 3


@pytest.mark.parametrize("size", [3, 5000])
def test_an_array_in_an_exception_arrives(size: int) -> None:
    arrived: Any = crossed(BadImage(np.arange(size)))

    assert type(arrived) is BadImage
    assert np.array_equal(arrived.pixels, np.arange(size))
    assert str(arrived) == "bad image"


def test_an_os_error_of_the_contract_arrives_with_its_fields() -> None:
    arrived: Any = crossed(DiskFull("sda", size=9))

    assert type(arrived) is DiskFull
    assert (arrived.errno, arrived.filename, arrived.size) == (28, "sda", 9)
    assert str(arrived) == "[Errno 28] no space left: 'sda'"


def test_no_constructor_is_called_where_an_exception_arrives() -> None:
    error = Counting("once")

    arrived = crossed(error)

    assert (type(arrived), arrived.args) == (Counting, ("once",))
    assert CALLED == ["once"]


def test_the_remote_traceback_is_the_cause() -> None:
    arrived = crossed(NotFound("k"))

    assert isinstance(arrived.__cause__, RemoteTraceback)
    assert f'File "{__file__}"' in arrived.__cause__.text
    assert "in raised\n    raise error" in arrived.__cause__.text
    assert "NotFound: no 'k' among 0" in str(arrived.__cause__)


def test_an_exception_that_was_never_raised_crosses_too() -> None:
    codec = ExceptionCodec(__name__)

    assert repr(codec.decode(codec.encode(ValueError("new")))) == "ValueError('new')"


def test_an_undeclared_exception_arrives_as_remote_error() -> None:
    arrived = crossed(private("inside"))

    assert isinstance(arrived, RemoteError)
    assert arrived.type_name == "shop.private:Private"
    assert arrived.message == "inside"
    assert arrived.traceback.startswith("Traceback (most recent call last):")
    assert arrived.traceback.endswith("shop.private.Private: inside\n")


@pytest.mark.parametrize(
    "error",
    [asyncio.CancelledError(), pickle.PickleError("p"), fastapi.HTTPException(404), Limited],
    ids=["library", "pickle", "not listed", "local"],
)
def test_what_neither_the_contract_nor_raises_names_is_remote(error: Any) -> None:
    if error is Limited:
        error = type("Limited", (Exception,), {"__qualname__": "somewhere.<locals>.Limited"})("x")

    assert isinstance(crossed(error), RemoteError)


@pytest.mark.parametrize(
    ("tp", "itself"),
    [
        (ValueError, True),
        (AmoebaError, True),
        (NotFound, True),
        (Outer.Nested, True),
        (fastapi.HTTPException, True),
        (StarletteError, False),
        (private, False),
    ],
)
def test_whether_callers_can_catch_a_type_is_known(tp: type[Exception], itself: bool) -> None:
    codec = ExceptionCodec(__name__, ("fastapi:HTTPException",))

    assert codec.crosses_as_itself(tp) is itself


@pytest.mark.parametrize(
    "thing", [object(), 2**70, "\ud800", {1: 1j}], ids=["object", "int", "str", "dict"]
)
def test_a_state_that_cannot_cross_gives_remote_error_that_says_so(thing: Any) -> None:
    arrived = crossed(Holder(thing))

    assert isinstance(arrived, RemoteError)
    assert arrived.type_name == f"{__name__}:Holder"
    assert "(it could not be encoded as itself: " in arrived.message
    assert "raise error" in arrived.traceback


def test_a_text_that_cannot_be_made_is_said_to_be() -> None:
    arrived, remote = crossed(Speechless("a")), crossed(mute("a"))

    assert (type(arrived), arrived.args) == (Speechless, ("a",))
    assert isinstance(remote, RemoteError)
    assert remote.message.startswith("<its text could not be made: RuntimeError(")


@pytest.mark.parametrize("error", [ValueError("\ud800"), private("\udcff"), KeyError("\ud800")])
def test_a_text_that_is_no_utf_8_still_crosses(error: Exception) -> None:
    assert isinstance(crossed(error), Exception)


def test_an_endless_text_is_cut() -> None:
    arrived = crossed(private("x" * 1_000_000))

    assert isinstance(arrived, RemoteError)
    assert len(arrived.message) == 65_536
    assert len(arrived.traceback) <= 65_536
