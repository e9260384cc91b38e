"""Who answered is known to whoever asks, wherever the callee and its callees run."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import amoeba
from amoeba.runtime.deadlines import remaining_s
from amoeba.runtime.timings import current_timings, note, noting
from amoeba.wire.frames import MOST_TIMINGS, Timing

CONFIG = Path(__file__).parent / "rules_app" / "amoeba.toml"
PROBE = {"local": "main.0", "strict": "main.0", "remote": "probes.0"}


def noted(rig: Any, call: Any) -> list[Timing]:
    timings: list[Timing] = []

    async def inside() -> None:
        with noting(timings):
            await call()

    rig.run(inside())
    return timings


def names(timings: list[Timing]) -> list[tuple[str, str]]:
    return sorted((each.module, each.replica) for each in timings)


def test_the_replica_that_answers_is_noted_with_how_long_it_took(rig):
    (timing,) = noted(rig, rig.probe.pid)
    assert (timing.module, timing.replica) == ("probe", PROBE[rig.mode])
    assert 0 <= timing.duration_us < 30_000_000


def test_calls_made_by_the_callee_are_noted_too(rig):
    front = rig.app.get("front")
    expected = [("front", "main.0"), ("probe", PROBE[rig.mode])]
    assert names(noted(rig, front.remaining_behind_s)) == expected


def test_several_calls_of_one_module_are_one_note_with_their_sum(rig):
    async def calls() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(rig.probe.pid())

    assert names(noted(rig, calls)) == [("probe", PROBE[rig.mode])]


def test_a_stream_is_noted_at_its_first_item(rig):
    seen: list[list[Timing]] = []

    async def consume() -> None:
        seen.extend([list(current_timings() or []) async for _ in rig.probe.count(3)])

    timings = noted(rig, consume)
    assert names(timings) == [("probe", PROBE[rig.mode])]
    assert seen == [timings] * 3


def test_a_blocking_call_from_a_thread_is_noted(rig):
    model = rig.app.get("model")

    async def call() -> None:
        assert await asyncio.to_thread(model.predict, "abc") == 3

    assert names(noted(rig, call)) == [("model", PROBE[rig.mode])]


def test_a_deadline_inside_does_not_hide_who_answers(rig):
    async def call() -> None:
        async with amoeba.deadline(20):
            assert await rig.probe.remaining_s() > 10

    assert names(noted(rig, call)) == [("probe", PROBE[rig.mode])]


def test_noting_sets_no_deadline(rig):
    async def call() -> None:
        assert remaining_s() is None
        assert await rig.probe.remaining_s() is None

    assert noted(rig, call)


def test_nobody_asks_outside(rig):
    async def ask() -> Any:
        return current_timings()

    assert rig.run(ask()) is None


def test_a_task_that_outlives_the_block_is_not_noted(rig):
    timings: list[Timing] = []

    async def outlive() -> None:
        go = asyncio.Event()

        async def later() -> None:
            await go.wait()
            await rig.probe.pid()

        with noting(timings):
            task = asyncio.create_task(later())
        go.set()
        await task

    rig.run(outlive())
    assert timings == []


def test_a_failed_call_within_the_process_is_noted_as_well(rig):
    async def fail() -> None:
        try:
            await rig.probe.fail("built-in")
        except KeyError:
            return
        raise AssertionError

    known = [] if rig.mode == "remote" else [("probe", "main.0")]
    assert names(noted(rig, fail)) == known


@pytest.mark.parametrize("method", ["remaining_behind_s", "count_behind"])
def test_a_callee_elsewhere_tells_whom_it_called_elsewhere(method):
    timings: list[Timing] = []

    async def call() -> None:
        async with amoeba.open(CONFIG, topology="all-apart") as app:
            front = app.get("front")
            with noting(timings):
                if method == "count_behind":
                    assert [item async for item in front.count_behind(3)] == [0, 1, 2]
                else:
                    assert await front.remaining_behind_s() is None

    asyncio.run(asyncio.wait_for(call(), 30))
    assert names(timings) == [("front", "fronts.0"), ("probe", "probes.0")]


def test_more_replicas_than_a_message_can_tell_of_are_left_out():
    timings: list[Timing] = []
    for number in range(MOST_TIMINGS + 10):
        note(timings, "module", f"replica.{number}", 1)
    note(timings, "module", "replica.0", 5)
    assert len(timings) == MOST_TIMINGS
    assert timings[0] == Timing("module", "replica.0", 6)
