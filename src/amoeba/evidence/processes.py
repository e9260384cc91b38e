"""What a process uses, and which module uses it: loop lag, CPU by module, pauses, descriptors.

A thread of its own looks at all others many times a second. The time that a thread has computed
since the last look belongs to the module whose code it is in now; so a module's share has a
statistical error of `1 / sqrt(looks)`, and what no module's code was seen for is `other`.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amoeba.evidence.histogram import bucket_of
from amoeba.evidence.records import ProcessTotals

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from types import FrameType

    import psutil

_LOOK_S = 0.05
_BEAT_S = 0.05
_BLOCKED_NS = 50_000_000
"""The loop is blocked when a beat is this late."""

OTHER = "other"
_DEPTH = 200


class ProcessRecorder:
    """Records this process. `owner_of` gives the module that a Python module's code belongs to."""

    def __init__(self, owner_of: Callable[[str], str]) -> None:
        self._owner_of = owner_of
        self._owners: dict[str, str] = {}
        self._totals = ProcessTotals()
        self._lag: defaultdict[int, int] = defaultdict(int)
        self._blocked: defaultdict[str, int] = defaultdict(int)
        self._cpu: defaultdict[str, int] = defaultdict(int)
        self._seen_ns: dict[int, int] = {}  # CPU time of each thread at the last look
        self._process: psutil.Process | None = None
        self._beat_ns = 0
        self._loop_thread = 0
        self._stop = threading.Event()
        self._gc_began = 0
        self._beating: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin, on the loop's own thread."""
        import psutil  # only a process that records needs it

        self._loop_thread = threading.get_ident()
        self._process = psutil.Process()
        self._totals.rss_at_start_bytes = int(self._process.memory_info().rss)
        gc.callbacks.append(self._collected)
        for thread in threading.enumerate():  # what they computed before is nobody's
            if thread.native_id is not None:
                self._used(thread.native_id)
        self._beat(loop, time.perf_counter_ns())
        threading.Thread(target=self._watch, name="amoeba-recorder", daemon=True).start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        with suppress(ValueError):
            gc.callbacks.remove(self._collected)
        if self._beating is not None:
            self._beating.cancel()

    def started(self, took_ns: int) -> None:
        """The modules here are ready; making them took so long."""
        self._totals.start_ns = took_ns

    def totals(self) -> ProcessTotals:
        """What was used so far."""
        totals, process = self._totals, self._process
        if process is not None:
            used = process.cpu_times()
            totals.cpu_ns = int((used.user + used.system) * 1e9)
            totals.rss_bytes = int(process.memory_info().rss)
            totals.descriptors = process.num_fds() if hasattr(process, "num_fds") else 0
        totals.loop_lag = dict(self._lag)
        totals.blocked_by = dict(self._blocked)
        totals.cpu_by_module = dict(self._cpu)
        return totals

    def _beat(self, loop: asyncio.AbstractEventLoop, due_ns: int) -> None:
        now = time.perf_counter_ns()
        self._lag[bucket_of(max(0, now - due_ns))] += 1
        self._beat_ns = now
        due = now + int(_BEAT_S * 1e9)
        self._beating = loop.call_later(_BEAT_S, self._beat, loop, due)

    def _collected(self, phase: str, _: dict[str, Any]) -> None:
        if phase == "start":
            self._gc_began = time.perf_counter_ns()
        else:
            self._totals.gc_pauses += 1
            self._totals.gc_pause_ns += time.perf_counter_ns() - self._gc_began

    def _watch(self) -> None:
        looked = time.perf_counter_ns()
        while not self._stop.wait(_LOOK_S):
            now = time.perf_counter_ns()
            self._look(now, now - looked)
            looked = now

    def _look(self, now_ns: int, since_ns: int) -> None:
        frames = sys._current_frames()  # noqa: SLF001 - there is no public way
        threads = {each.ident: each.native_id for each in threading.enumerate()}
        late = now_ns - self._beat_ns - int(_BEAT_S * 1e9)
        for ident, frame in frames.items():
            native = threads.get(ident)
            used = self._used(native) if native is not None else 0
            blocks = ident == self._loop_thread and late > _BLOCKED_NS
            if used or blocks:
                owner = self._owner(frame)
                self._cpu[owner] += used
                if blocks:
                    self._blocked[owner] += min(late, since_ns)

    def _used(self, native: int) -> int:
        """CPU time of a thread since the last look, in nanoseconds."""
        try:
            spent = int(Path(f"/proc/self/task/{native}/schedstat").read_bytes().split()[0])
        except (OSError, ValueError, IndexError):  # it has ended, or this is not Linux
            return 0
        # A thread that is met for the first time has computed all of it since the last look.
        before = self._seen_ns.get(native, 0)
        self._seen_ns[native] = spent
        return max(0, spent - before)

    def _owner(self, frame: FrameType | None) -> str:
        """The module whose code a thread is in, or was called from."""
        for _ in range(_DEPTH):
            if frame is None:
                break
            name = frame.f_globals.get("__name__", "")
            if name not in self._owners:
                self._owners[name] = self._owner_of(name)
            if self._owners[name]:
                return self._owners[name]
            frame = frame.f_back
        return OTHER
