"""How often to train: `30m`, `6h`, `1d`."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_EVERY = re.compile(r"([1-9]\d{0,4})([mhd])")


def interval(every: str) -> timedelta | None:
    """Read the setting `every`, empty for never; raises `ValueError`."""
    if not every:
        return None
    found = _EVERY.fullmatch(every)
    if not found:
        message = f"every is {every!r}; expected a number and m, h or d, like 30m, 6h or 1d"
        raise ValueError(message)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


async def repeated(
    every: timedelta,
    last: Callable[[], datetime | None],
    begin: Callable[[], Awaitable[object]],
    pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Begin a run whenever the last one began `every` ago; before the first, `every` from now.

    `last` is asked again after each pause, since others may begin runs too.
    """
    since = datetime.now(UTC)
    while True:
        due = (last() or since) + every
        left = (due - datetime.now(UTC)).total_seconds()
        if left > 0:
            await pause(left)
            continue
        await begin()
        since = datetime.now(UTC)
