"""Exceptions, deadlines and cancellation, the same wherever the callee runs."""

from __future__ import annotations

import asyncio
import time

import pytest

import amoeba
from amoeba.errors import RemoteTraceback


def test_a_built_in_exception_arrives_as_itself(rig):
    with pytest.raises(KeyError) as caught:
        rig.run(rig.probe.fail("built-in"))
    assert caught.value.args == ("missing",)


def test_an_exception_of_the_contract_arrives_with_its_fields(rig):
    from rules.probe import OutOfStock

    with pytest.raises(OutOfStock, match="2 of apples left") as caught:
        rig.run(rig.probe.fail("contract"))
    assert (caught.value.item, caught.value.left) == ("apples", 2)


def test_an_exception_listed_in_raises_arrives_as_itself(rig):
    from rules.elsewhere import Listed

    with pytest.raises(Listed, match="listed"):
        rig.run(rig.probe.fail("listed"))


def test_any_other_exception_arrives_as_a_remote_error(rig):
    from rules.elsewhere import Unlisted

    expected = amoeba.RemoteError if rig.crosses else Unlisted
    with pytest.raises(expected) as caught:
        rig.run(rig.probe.fail("unlisted"))
    if rig.crosses:
        assert caught.value.type_name == "rules.elsewhere:Unlisted"
        assert caught.value.message == "only I know it"
        assert "raise errors[how]" in caught.value.traceback
        assert "rules/plain.py" in str(caught.value.__cause__)
        assert 'raises = ["rules.elsewhere:Unlisted"]' in caught.value.__notes__[0]


def test_a_group_arrives_with_its_exceptions(rig):
    from rules.probe import OutOfStock

    with pytest.raises(ExceptionGroup) as caught:
        rig.run(rig.probe.fail("group"))
    assert [type(each) for each in caught.value.exceptions] == [ValueError, OutOfStock]


def test_amoebas_own_errors_arrive_as_themselves(rig):
    with pytest.raises(amoeba.Unavailable) as caught:
        rig.run(rig.probe.fail("amoeba"))
    assert (caught.value.module, caught.value.reason) == ("warehouse", "closed")


def test_the_callees_traceback_is_the_cause(rig):
    with pytest.raises(KeyError) as caught:
        rig.run(rig.probe.fail("built-in"))
    if rig.crosses:
        assert isinstance(caught.value.__cause__, RemoteTraceback)
        assert "rules/plain.py" in str(caught.value.__cause__)


def test_an_exception_passes_through_several_modules(rig):
    from rules.probe import OutOfStock

    # `front` does not declare it: across a process it stays what `front` itself raised.
    expected = OutOfStock if rig.mode == "local" else (OutOfStock, amoeba.RemoteError)
    with pytest.raises(expected, match="2 of apples left"):
        rig.run(rig.app.get("front").fail_behind("contract"))


def test_a_deadline_ends_the_call_and_the_callee(rig):
    async def call() -> int:
        before = await rig.probe.cancelled()
        with pytest.raises(amoeba.DeadlineExceeded):
            async with amoeba.deadline(0.05):
                await rig.probe.wait_forever()
        return await rig.probe.wait_until_cancelled(before + 1) - before

    assert rig.run(call()) == 1


def test_a_deadline_is_a_timeout_error(rig):
    async def call() -> None:
        async with amoeba.deadline(0.01):
            await rig.probe.wait_forever()

    with pytest.raises(TimeoutError, match=r"the deadline of 0\.01 s passed"):
        rig.run(call())


def test_the_callee_knows_how_much_time_is_left(rig):
    async def call() -> float | None:
        async with amoeba.deadline(20):
            return await rig.probe.remaining_s()

    assert 0 < rig.run(call()) <= 20
    assert rig.run(rig.probe.remaining_s()) is None


def test_a_deadline_goes_on_to_the_next_module(rig):
    async def call() -> float | None:
        async with amoeba.deadline(20):
            return await rig.app.get("front").remaining_behind_s()

    assert 0 < rig.run(call()) <= 20


def test_an_inner_deadline_only_shortens(rig):
    async def call() -> float | None:
        async with amoeba.deadline(5), amoeba.deadline(500):
            return await rig.probe.remaining_s()

    assert 0 < rig.run(call()) <= 5


def test_a_call_after_the_deadline_is_not_made(rig):
    async def call() -> None:
        async with amoeba.deadline(0.01):
            end = time.monotonic() + 0.02
            while time.monotonic() < end:
                pass  # the loop has no chance to run the timer
            await rig.probe.optional(1)

    with pytest.raises(amoeba.DeadlineExceeded):
        rig.run(call())


def test_a_background_task_is_exempt_once_the_scope_has_ended(rig):
    async def call() -> float | None:
        ended = asyncio.Event()

        async def background() -> float | None:
            await ended.wait()
            return await rig.probe.remaining_s()

        async with amoeba.deadline(20):
            task = asyncio.create_task(background())
        ended.set()
        return await task

    assert rig.run(call()) is None


def test_cancelling_the_caller_cancels_the_callee(rig):
    async def call() -> int:
        before, begun = await rig.probe.cancelled(), await rig.probe.begun()
        task = asyncio.create_task(rig.probe.wait_forever())
        await rig.probe.wait_until_begun(begun + 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await rig.probe.wait_until_cancelled(before + 1) - before

    assert rig.run(call()) == 1


def test_cancelling_goes_on_to_the_next_module(rig):
    async def call() -> int:
        before, begun = await rig.probe.cancelled(), await rig.probe.begun()
        task = asyncio.create_task(rig.app.get("front").wait_behind())
        await rig.probe.wait_until_begun(begun + 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await rig.probe.wait_until_cancelled(before + 1) - before

    assert rig.run(call()) == 1
