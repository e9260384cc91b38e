"""A schedule begins a run so long after the last one, whoever began that."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_desk.training.schedule import interval, repeated

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        ("", None),
        ("1m", timedelta(minutes=1)),
        ("30m", timedelta(minutes=30)),
        ("6h", timedelta(hours=6)),
        ("14d", timedelta(days=14)),
    ],
)
def test_an_interval_is_a_number_and_a_unit(every: str, expected: timedelta | None) -> None:
    assert interval(every) == expected


@pytest.mark.parametrize("every", ["6", "h", "0h", "-1h", "6 h", "6H", "1.5h", "6h30m", "often"])
def test_anything_else_is_refused(every: str) -> None:
    with pytest.raises(ValueError, match="every is") as caught:
        interval(every)
    assert str(caught.value) == (
        f"every is {every!r}; expected a number and m, h or d, like 30m, 6h or 1d"
    )


@given(st.text(max_size=5))
def test_any_text_is_an_interval_or_refused(every: str) -> None:
    try:
        found = interval(every)
    except ValueError:
        return
    assert found is None or found >= timedelta(minutes=1)


class Paused(Exception):  # noqa: N818 - ends the schedule
    pass


def pauses_of(lasts: list[datetime | None], runs: int = 0) -> list[float]:
    """Pause as often as there are `lasts`, of which each is the last run seen then."""
    pauses: list[float] = []
    begun: list[int] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if not lasts:
            raise Paused

    async def begin() -> None:
        begun.append(1)

    async def go() -> None:
        with pytest.raises(Paused):
            await repeated(HOUR, lambda: lasts.pop(0) if lasts else None, begin, pause)

    asyncio.run(go())
    assert len(begun) == runs
    return pauses


def test_the_first_run_is_an_interval_from_now() -> None:
    assert pauses_of([None]) == [pytest.approx(3600, abs=60)]


def test_a_run_that_began_before_counts() -> None:
    now = datetime.now(UTC)
    assert pauses_of([now - HOUR / 4]) == [pytest.approx(2700, abs=60)]


def test_a_run_is_begun_at_once_when_the_last_was_long_ago_and_then_after_an_interval() -> None:
    now = datetime.now(UTC)
    pauses = pauses_of([now - 3 * HOUR, now], runs=1)
    assert pauses == [pytest.approx(3600, abs=60)]


def test_a_run_that_another_began_meanwhile_puts_the_next_off() -> None:
    now = datetime.now(UTC)
    pauses = pauses_of([now - HOUR * 3 / 4, now - HOUR / 4])
    assert pauses == [pytest.approx(900, abs=60), pytest.approx(2700, abs=60)]
