"""Waiting until a moment, exactly.

Event loops round waits up to whole milliseconds: each request would be sent half a millisecond
late, in the mean. On Linux a timer of the kernel wakes the loop instead; elsewhere it is the
loop's own.
Moments are nanoseconds of `time.monotonic_ns`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import sys
import time
from typing import Self

_CLOCK_MONOTONIC, _ABSOLUTE = 1, 1
_SECOND_NS = 1_000_000_000


class Clock:
    """Wakes one task. Use it within `with`, on the loop that waits."""

    def __init__(self) -> None:
        self._timer = _KernelTimer() if sys.platform == "linux" else None
        self._woken: asyncio.Future[None] | None = None

    def __enter__(self) -> Self:
        if self._timer is not None:
            asyncio.get_running_loop().add_reader(self._timer.descriptor, self._wake)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._timer is not None:
            asyncio.get_running_loop().remove_reader(self._timer.descriptor)
            self._timer.close()

    async def until(self, moment_ns: int) -> None:
        """Return at the moment or shortly after it."""
        if self._timer is None:
            await asyncio.sleep(max(0, moment_ns - time.monotonic_ns()) / 1e9)
        elif moment_ns > time.monotonic_ns():
            self._woken = asyncio.get_running_loop().create_future()
            self._timer.set(moment_ns)
            await self._woken

    def _wake(self) -> None:
        if self._timer is not None:
            self._timer.clear()
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)


class _TimerSpec(ctypes.Structure):
    """`struct itimerspec`: interval, then value, each of seconds and nanoseconds."""

    _fields_ = tuple((name, ctypes.c_long) for name in ("every_s", "every_ns", "at_s", "at_ns"))


class _KernelTimer:
    """Linux's timerfd, which `os` offers from Python 3.13 on only."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = self._libc.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def set(self, moment_ns: int) -> None:
        """Make the descriptor readable at the moment."""
        spec = _TimerSpec(0, 0, moment_ns // _SECOND_NS, moment_ns % _SECOND_NS)
        self._libc.timerfd_settime(self.descriptor, _ABSOLUTE, ctypes.byref(spec), None)

    def clear(self) -> None:
        """Make the descriptor unreadable again."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.descriptor, 8)

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self.descriptor)
