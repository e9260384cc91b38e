"""Built-in exceptions and Amoeba's own arrive as themselves, with what they know."""

import os
import re
from collections.abc import Callable
from typing import Any

import pytest

from amoeba.contract import ExceptionCodec
from amoeba.errors import (
    ConfigurationError,
    ContractError,
    DeadlineExceeded,
    Overloaded,
    Problem,
    RemoteError,
    Unavailable,
    WireError,
)


def raised(error: BaseException) -> BaseException:
    """`error` with a traceback, as a method would have left it."""
    try:
        raise error
    except BaseException as caught:  # noqa: BLE001 - any of them may cross
        return caught


def caught_from(function: Callable[..., Any], *args: Any) -> BaseException:
    """What `function` raises."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is
        function(*args)
    return caught.value


def crossed(error: BaseException, *raises: str) -> BaseException:
    """`error` as it arrives; both ends have a codec of their own, as in two processes."""
    payload = ExceptionCodec(__name__, raises).encode(raised(error))
    return ExceptionCodec(__name__, raises).decode(payload)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("wrong"),
        ValueError(),
        KeyError("key"),
        KeyError(3),
        ZeroDivisionError("division by zero"),
        NotImplementedError(),
        StopAsyncIteration(),
        TimeoutError("late"),
        OSError("odd"),
        FileNotFoundError(2, "No such file or directory", "a.txt"),
        ConnectionRefusedError(111, "Connection refused"),
        UnicodeDecodeError("utf-8", b"a\xff", 1, 2, "invalid start byte"),
        UnicodeEncodeError("ascii", "aé", 1, 2, "ordinal not in range(128)"),
        Unavailable("shop", "starting", 2.5),
        Unavailable("shop", "lost", broke_off=True),
        Overloaded("shop", "64 in flight"),
        DeadlineExceeded("shop.find"),
        ContractError("shop.find", "Expected `int`", "pass one"),
        WireError("refused"),
        RemoteError("elsewhere:Odd", "odd", "Traceback"),
        ConfigurationError([Problem("a", "b"), Problem("c", file="amoeba.toml", line=3)]),
    ],
    ids=repr,
)
def test_built_in_exceptions_and_amoebas_own_arrive_as_themselves(error: Exception) -> None:
    arrived = crossed(error)

    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert arrived.args == (error.args if not isinstance(error, OSError) else arrived.args)
    assert vars(arrived) == vars(error)


@pytest.mark.parametrize(
    ("make", "attributes"),
    [
        (lambda: open("/no/such"), ("errno", "strerror", "filename")),  # noqa: SIM115
        (lambda: os.rename("/no/such", "/no/where"), ("errno", "filename", "filename2")),
        (lambda: b"\xff".decode(), ("encoding", "object", "start", "end", "reason")),
        (lambda: __import__("no_such_module"), ("msg", "name")),
        (lambda: compile("a b", "f.py", "exec"), ("msg", "filename", "lineno", "text")),
        (lambda: re.no_such_name, ("name",)),
        (lambda: {}["key"], ("args",)),
    ],
    ids=["open", "rename", "decode", "import", "compile", "attribute", "key"],
)
def test_what_a_built_in_exception_knows_arrives_with_it(
    make: Callable[[], Any], attributes: tuple[str, ...]
) -> None:
    error = caught_from(make)

    arrived = crossed(error)

    assert (type(arrived), str(arrived)) == (type(error), str(error))
    for name in attributes:
        assert getattr(arrived, name) == getattr(error, name)


def test_notes_arrive() -> None:
    error = ValueError("wrong")
    error.add_note("look at line 3")

    assert crossed(error).__notes__ == ["look at line 3"]
