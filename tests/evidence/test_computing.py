"""Computing is given to the modules it was seen of, and never more than was computed."""

from __future__ import annotations

import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from harness import wait_for

from amoeba.evidence.computing import OTHER, Computing, thread_time_ns

MS = 1_000_000
SOURCE = """
import time

def burn(ns):
    until = time.thread_time_ns() + ns
    while time.thread_time_ns() < until:
        pass
    inside()
"""


def code_of(name: str, inside: Callable[[], None]) -> Callable[[int], None]:
    module: Any = types.ModuleType(name)
    exec(compile(SOURCE, f"{name}.py", "exec"), module.__dict__)
    module.inside = inside
    burn: Callable[[int], None] = module.burn
    return burn


def owner_of(name: str) -> str:
    return name.removeprefix("desk.") if name.startswith("desk.") else ""


def computing() -> Computing:
    made = Computing(owner_of)
    made.start()
    return made


def look(at: Computing, since_ns: int = 50 * MS) -> None:
    at.look(sys._current_frames(), since_ns)


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        yield pool


@contextmanager
def paused(thread: ThreadPoolExecutor, name: str, ns: int) -> Iterator[None]:
    """`thread` has burned so much in code of `name` and is still there."""
    there, go_on = threading.Event(), threading.Event()

    def inside() -> None:
        there.set()
        assert go_on.wait(30)

    done = thread.submit(code_of(name, inside), ns)
    assert there.wait(30)
    try:
        yield
    finally:
        go_on.set()
        done.result(30)


def burn(thread: ThreadPoolExecutor, name: str, ns: int) -> None:
    thread.submit(code_of(name, lambda: None), ns).result(30)


def test_a_look_gives_the_time_since_the_last_one(thread):
    seen = computing()
    with paused(thread, "desk.busy", 80 * MS):
        look(seen, 50 * MS)
    assert seen.totals()["busy"] == 50 * MS
    with paused(thread, "desk.busy", MS):
        look(seen, 20 * MS)
    assert seen.totals()["busy"] == 70 * MS


def test_a_look_gives_no_more_than_was_computed(thread):
    seen = computing()
    with paused(thread, "desk.idle", 10 * MS):
        look(seen, 500 * MS)
        look(seen, 500 * MS)
    assert 10 * MS <= seen.totals()["idle"] < 20 * MS


def test_what_was_computed_unseen_is_not_given_to_who_is_seen_next(thread):
    seen = computing()
    burn(thread, "desk.quick", 200 * MS)
    with paused(thread, "desk.late", MS):
        look(seen, 5 * MS)
    assert seen.totals()["late"] == 5 * MS
    assert "quick" not in seen.totals()


def test_a_module_that_waits_is_given_nothing(thread):
    seen = computing()
    burn(thread, "desk.quick", 200 * MS)
    look(seen)
    with paused(thread, "desk.waiting", 0):
        look(seen)
        look(seen)
    assert "waiting" not in seen.totals()


def test_much_that_was_computed_unseen_is_nobodys(thread, monkeypatch):
    monkeypatch.setattr("amoeba.evidence.computing._MOST_UNSEEN_NS", 20 * MS)
    seen = computing()
    burn(thread, "elsewhere", 50 * MS)
    look(seen)
    assert seen.totals()[OTHER] >= 30 * MS


def test_a_thread_that_has_ended_is_nobodys():
    seen = computing()
    with ThreadPoolExecutor(1) as pool:
        burn(pool, "desk.gone", 100 * MS)
    look(seen)
    assert seen.totals()[OTHER] >= 100 * MS
    assert "gone" not in seen.totals()


def test_a_thread_that_was_met_and_has_ended_is_nobodys_either():
    seen = computing()
    with ThreadPoolExecutor(1) as pool:
        burn(pool, "desk.gone", 100 * MS)
        look(seen)
        assert seen.totals()[OTHER] < 100 * MS
    look(seen)
    assert seen.totals()[OTHER] >= 100 * MS


def test_all_that_is_given_was_computed(thread):
    seen = computing()
    began = time.process_time_ns()
    for _ in range(3):
        with paused(thread, "desk.busy", 20 * MS):
            look(seen, 30 * MS)
    assert sum(seen.totals().values()) <= time.process_time_ns() - began + MS


def test_a_thread_that_has_ended_has_no_clock():
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    wait_for(lambda: thread_time_ns(thread.native_id) == 0, "the thread's end")
    assert thread_time_ns(threading.get_native_id()) > 0
