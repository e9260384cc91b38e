"""What a module lists in `raises` arrives as itself, and each entry is checked."""

from typing import Any

import fastapi
import pytest
from starlette.exceptions import HTTPException as StarletteError

from amoeba.contract import ExceptionCodec, check_raises
from amoeba.errors import RemoteError


class Outer:
    class Nested(Exception):
        pass


class Teapot(fastapi.HTTPException):
    def __init__(self) -> None:
        super().__init__(418, "short and stout")


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


def test_a_listed_exception_arrives_as_itself() -> None:
    arrived: Any = crossed(
        fastapi.HTTPException(404, {"code": 3}, {"x-a": "b"}), "fastapi:HTTPException"
    )

    assert type(arrived) is fastapi.HTTPException
    assert (arrived.status_code, arrived.detail, arrived.headers) == (
        404,
        {"code": 3},
        {"x-a": "b"},
    )


def test_a_subclass_of_a_listed_exception_arrives_as_the_listed_one() -> None:
    codec = ExceptionCodec("support.desk", ("fastapi:HTTPException",))

    arrived: Any = codec.decode(codec.encode(raised(Teapot())))

    assert type(arrived) is fastapi.HTTPException
    assert (arrived.status_code, arrived.detail) == (418, "short and stout")


def test_a_base_of_a_listed_exception_is_not_listed() -> None:
    assert isinstance(crossed(StarletteError(404), "fastapi:HTTPException"), RemoteError)


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        ("fastapi:HTTPException", ""),
        ("builtins:ValueError", ""),
        (f"{__name__}:Outer.Nested", ""),
        ("fastapi:FastAPI", "is not an exception class"),
        ("fastapi:NoSuchName", "is not an exception class"),
        ("no_such_module:Error", "cannot be imported: No module named 'no_such_module'"),
        ("fastapi.HTTPException", "cannot be imported: No module named 'fastapi.HTTPException'"),
    ],
)
def test_an_entry_of_raises_is_checked(entry: str, wrong: str) -> None:
    assert check_raises(entry) == wrong


@pytest.mark.parametrize("entry", ["", ":Error"])
def test_an_entry_of_raises_without_a_module_is_wrong(entry: str) -> None:
    assert check_raises(entry) != ""
