"""Of what was raised, the user sees the application's frames, and what began it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from amoeba.app import read_application
from amoeba.errors import RemoteError
from amoeba.replay import Debugger
from amoeba.replay.frames import OwnCode, steps_of

OWN = """
import asyncio

def fails(number):
    raise KeyError(number)

def through(call, *args):
    return call(*args)

def caught(number):
    try:
        fails(number)
    except KeyError:
        return number

def wraps(call):
    try:
        call()
    except Exception as error:
        raise ValueError("wrapped") from error

async def waits():
    raise KeyError("task")

async def group():
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(waits())
"""


@pytest.fixture
def application(tmp_path: Path) -> Any:
    (tmp_path / "amoeba.toml").write_text('[app]\ngateway = "shop.web:api"\n')
    return read_application(tmp_path / "amoeba.toml")


@pytest.fixture
def own(application: Any) -> dict[str, Callable[..., Any]]:
    """Functions of the application's code."""
    return module(Path(application.root) / "shop.py")


def module(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"__name__": path.stem}
    exec(compile(OWN, str(path), "exec"), found)
    return found


@pytest.fixture
def others(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The same functions of an installed library, within the application's folder."""
    return module(tmp_path / ".venv" / "lib" / "site-packages" / "lib.py")


def raised(call: Callable[..., Any], *args: Any) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - any, it is looked at
        call(*args)
    return caught.value


def names(code: OwnCode, error: BaseException) -> list[tuple[str, str]]:
    error.__traceback__ = code.traceback(error)
    return [
        (Path(each.tb_frame.f_code.co_filename).name, each.tb_frame.f_code.co_name)
        for each in steps_of(error)
    ]


def test_frames_of_others_are_left_out_but_for_those_below(application, own, others):
    error = raised(own["through"], others["through"], own["through"], others["fails"], 1)
    assert names(OwnCode(application), error) == [
        ("shop.py", "through"),
        ("shop.py", "through"),
        ("lib.py", "fails"),
    ]


def test_what_never_met_the_application_is_shown_whole(application, others):
    error = raised(others["through"], others["fails"], 1)
    found = [name for _, name in names(OwnCode(application), error)]
    assert found[-2:] == ["through", "fails"]


def test_what_an_exception_was_raised_from_is_shown_so_too(application, own, others):
    error = raised(own["wraps"], lambda: others["through"](own["fails"], 1))
    before = error.__traceback__
    text = OwnCode(application).text(error)
    assert "lib.py" not in text
    assert text.index("KeyError: 1") < text.index("ValueError: wrapped")
    assert error.__traceback__ is before


def watched(application: Any, call: Callable[..., Any], *args: Any) -> Debugger:
    debugger = Debugger(application, interactive=False)
    with debugger.installed(), debugger.armed():
        call(*args)
    return debugger


def test_what_the_application_caught_is_known_and_what_others_caught_is_not(
    application, own, others
):
    assert repr(watched(application, own["caught"], 7).cause(None)) == "KeyError(7)"
    assert watched(application, others["caught"], 7).cause(None) is None


def test_many_threads_may_raise_at_once(application, own):
    def in_threads() -> None:
        def work(number: int) -> None:
            assert [own["caught"](number) for _ in range(300)] == [number] * 300
            done.append(number)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    done: list[int] = []
    assert isinstance(watched(application, in_threads).cause(None), KeyError)
    assert sorted(done) == list(range(8))


def test_of_a_group_the_one_that_was_raised_in_the_application_is_looked_at(application, own):
    error = raised(asyncio.run, own["group"]())
    assert isinstance(error, ExceptionGroup)
    found = Debugger(application, interactive=False).cause(error)
    assert repr(found) == "KeyError('task')"


def test_of_one_that_crossed_the_original_is_looked_at(application, own):
    debugger = watched(application, own["caught"], 7)
    assert repr(debugger.cause(RemoteError("builtins:KeyError", "7"))) == "KeyError(7)"
    other = RemoteError("builtins:ValueError", "7")
    assert debugger.cause(other) is other
