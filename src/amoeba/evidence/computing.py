"""Which module computes, by looking at every thread many times a second.

A look that finds a thread in a module's code stands for the time since the last look, but for no
more than the thread has computed and nobody was seen at. That estimates a module's time without
bias: what a thread computes while nobody looks is not given to whoever is seen next. What is left
over, and what threads computed that run no Python or ended between two looks, is `other`.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

OTHER = "other"
_DEPTH = 200
_WAITS_NS = 400_000
"""A thread that has computed less since the last look waits: the interpreter lets nobody look
within the first half millisecond of a step."""
_MOST_UNSEEN_NS = 2_000_000_000
"""What a thread may have computed unseen before it is `other`: chance evens out less than that."""


class Computing:
    """CPU time by module, of the threads of this process. `owner_of`: see ProcessRecorder."""

    def __init__(self, owner_of: Callable[[str], str]) -> None:
        self._owner_of = owner_of
        self._owners: dict[str, str] = {}
        self._by_module: defaultdict[str, int] = defaultdict(int)
        self._threads: dict[int, _Thread] = {}
        self._elsewhere = _Thread(0)  # what no thread here accounts for
        self._accounted_ns = 0

    def start(self) -> None:
        """What was computed before is nobody's."""
        self._elsewhere.spent_ns = time.process_time_ns()
        natives = (each.native_id for each in threading.enumerate())
        self._threads = {n: _Thread(thread_time_ns(n)) for n in natives if n is not None}

    def totals(self) -> dict[str, int]:
        """Nanoseconds so far, by module, of what is known to be a module's or nobody's."""
        return dict(self._by_module)

    def owner(self, frame: FrameType | None) -> str:
        """The module whose code a thread is in, or was called from; empty when there is none."""
        for _ in range(_DEPTH):
            if frame is None:
                break
            name = frame.f_globals.get("__name__", "")
            if name not in self._owners:
                self._owners[name] = self._owner_of(name)
            if self._owners[name]:
                return self._owners[name]
            frame = frame.f_back
        return ""

    def look(self, frames: dict[int, FrameType], since_ns: int) -> None:
        """See where each thread is. `since_ns`: the time since the last look."""
        process_ns = time.process_time_ns()  # before the threads': it must not run ahead of them
        natives = {each.ident: each.native_id for each in threading.enumerate()}
        before, self._threads = self._threads, {}
        for ident, frame in frames.items():
            native = natives.get(ident)
            if native is not None:
                thread = self._threads[native] = before.pop(native, _Thread(0))
                computed = thread.computed(thread_time_ns(native))
                self._accounted_ns += computed
                if computed:
                    self._see(thread, frame, since_ns if computed > _WAITS_NS else 0)
        self._by_module[OTHER] += sum(thread.unseen_ns for thread in before.values())  # have ended
        self._account(process_ns)

    def _see(self, thread: _Thread, frame: FrameType, since_ns: int) -> None:
        owner = self.owner(frame) if since_ns else ""
        if owner:
            self._by_module[owner] += thread.take(since_ns)
        self._by_module[OTHER] += thread.take(thread.unseen_ns - _MOST_UNSEEN_NS)

    def _account(self, process_ns: int) -> None:
        """What the process computed beyond the threads that were met."""
        rest = self._elsewhere
        rest.unseen_ns = process_ns - rest.spent_ns - self._accounted_ns
        taken = rest.take(rest.unseen_ns)
        self._accounted_ns += taken
        self._by_module[OTHER] += taken


class _Thread:
    """What a thread had computed when it was last met, and how much of that nobody was seen at."""

    __slots__ = ("spent_ns", "unseen_ns")

    def __init__(self, spent_ns: int) -> None:
        self.spent_ns, self.unseen_ns = spent_ns, 0

    def computed(self, spent_ns: int) -> int:
        """It has computed so much in all; what of it is new."""
        # The number of a thread that has ended may be given to a new one.
        new = spent_ns - self.spent_ns if spent_ns >= self.spent_ns else spent_ns
        self.spent_ns = spent_ns
        self.unseen_ns += new
        return new

    def take(self, most_ns: int) -> int:
        """So much of what nobody was seen at, if there is as much."""
        taken = max(0, min(most_ns, self.unseen_ns))
        self.unseen_ns -= taken
        return taken


def thread_time_ns(native_id: int) -> int:
    """CPU time of a thread of this process; 0 when it has ended, and where this is not Linux."""
    if sys.platform != "linux":
        return 0
    try:
        # The clock of a thread by its number, as the C library forms it: unlike that of
        # `pthread_getcpuclockid` it may be asked for after the thread's end.
        return time.clock_gettime_ns((~native_id << 3) | 6)
    except OSError:
        return 0
