"""How late the event loop wakes up, and the module that kept it from doing so.

The loop is to wake up at every beat. A late beat tells how long the loop was held up since the
beat was due; when within the time before that it began is not known, half of it is the best guess.
Whose code the loop's thread was found in meanwhile has held it up.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

from amoeba.evidence.computing import OTHER
from amoeba.evidence.histogram import bucket_of

if TYPE_CHECKING:
    import asyncio

_BEAT_S = 0.02
_BEAT_NS = int(_BEAT_S * 1e9)
_BLOCKED_NS = 50_000_000
"""The loop is blocked when a beat is this late."""


class Heartbeat:
    """Beats on an event loop, from `start` on its thread to `stop`."""

    def __init__(self) -> None:
        self.lag: defaultdict[int, int] = defaultdict(int)
        self.blocked_by: defaultdict[str, int] = defaultdict(int)
        self._found: defaultdict[str, int] = defaultdict(int)  # since the last beat
        self._due_ns = 0
        self._next: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin."""
        self._due_ns = time.perf_counter_ns()
        self._beat(loop)

    def stop(self) -> None:
        """End."""
        if self._next is not None:
            self._next.cancel()

    def overdue(self, now_ns: int) -> bool:
        """Whether the loop is being held up."""
        return now_ns > self._due_ns

    def found(self, owner: str, for_ns: int) -> None:
        """A look has found the loop's thread in code of `owner`, empty for nobody's."""
        self._found[owner or OTHER] += for_ns

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        now = time.perf_counter_ns()
        late = max(0, now - self._due_ns)
        self.lag[bucket_of(late)] += 1
        found = self._found
        if found or late > _BLOCKED_NS:
            self._found = defaultdict(int)  # another thread may still add to the old one
            if late > _BLOCKED_NS:
                self._blame(dict(found) or {OTHER: 1}, late + _BEAT_NS // 2)
        self._due_ns = now + _BEAT_NS
        self._next = loop.call_later(_BEAT_S, self._beat, loop)

    def _blame(self, found: dict[str, int], blocked_ns: int) -> None:
        whole = sum(found.values())
        for owner, part in found.items():
            self.blocked_by[owner] += blocked_ns * part // whole
