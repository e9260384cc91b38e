"""What a process uses, and which module uses it: loop lag, CPU by module, pauses, descriptors.

A thread of its own looks at all others many times a second, at uneven intervals, so that what
happens in step with it is not always or never seen.
"""

from __future__ import annotations

import gc
import random
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from amoeba.evidence.budget import SHARE
from amoeba.evidence.computing import OTHER, Computing
from amoeba.evidence.gpus import GpuReader
from amoeba.evidence.heartbeat import Heartbeat
from amoeba.evidence.records import ProcessTotals

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    import psutil

__all__ = ["OTHER", "ProcessRecorder"]

_LOOK_S = 0.03  # at most half as much again: a block of the event loop is never missed
_GPU_NS = 1_000_000_000  # as often as hosts report


class ProcessRecorder:
    """Records this process. `owner_of` gives the module that a Python module's code belongs to."""

    def __init__(self, owner_of: Callable[[str], str], gpu: GpuReader | None = None) -> None:
        self._totals = ProcessTotals()
        self._computing = Computing(owner_of)
        self._heartbeat = Heartbeat()
        self._gpu = GpuReader() if gpu is None else gpu
        self._process: psutil.Process | None = None
        self._began_ns = 0
        self._loop_thread = 0
        self._stop = threading.Event()
        self._gc_began = 0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin, on the loop's own thread."""
        import psutil  # only a process that records needs it

        self._loop_thread = threading.get_ident()
        self._process = psutil.Process()
        gc.callbacks.append(self._collected)
        self._computing.start()
        self._heartbeat.start(loop)
        threading.Thread(target=self._watch, name="amoeba-recorder", daemon=True).start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        with suppress(ValueError):
            gc.callbacks.remove(self._collected)
        self._heartbeat.stop()

    def started(self, took_ns: int) -> None:
        """The modules here are ready; making them took so long."""
        self._totals.start_ns = took_ns
        if self._process is not None:
            self._totals.rss_at_start_bytes = int(self._process.memory_info().rss)

    def totals(self) -> ProcessTotals:
        """What was used so far."""
        totals, process = self._totals, self._process
        if process is not None:
            totals.cpu_ns = time.process_time_ns()
            totals.rss_bytes = int(process.memory_info().rss)
            totals.descriptors = process.num_fds() if hasattr(process, "num_fds") else 0
        totals.loop_lag = dict(self._heartbeat.lag)
        totals.blocked_by = dict(self._heartbeat.blocked_by)
        totals.cpu_by_module = self._computing.totals()
        return totals

    def _collected(self, phase: str, _: dict[str, Any]) -> None:
        if phase == "start":
            self._gc_began = time.perf_counter_ns()
        else:
            self._totals.gc_pauses += 1
            self._totals.gc_pause_ns += time.perf_counter_ns() - self._gc_began

    def _watch(self) -> None:
        looked = measured = time.perf_counter_ns()
        cost_s = 0.0
        while not self._stop.wait(_pause_s(cost_s)):
            now, began = time.perf_counter_ns(), time.thread_time()
            self._look(now, now - looked)
            cost_s, looked = time.thread_time() - began, now
            if now - measured >= _GPU_NS:
                measured = now
                self._totals.gpu_bytes, self._totals.gpu_busy = self._gpu.read()

    def _look(self, now_ns: int, since_ns: int) -> None:
        frames = sys._current_frames()  # noqa: SLF001 - there is no public way
        if self._heartbeat.overdue(now_ns):
            owner = self._computing.owner(frames.get(self._loop_thread))
            self._heartbeat.found(owner, since_ns)
        self._computing.look(frames, since_ns)


def _pause_s(cost_s: float) -> float:
    """How long to wait after a look that cost so much: many threads are looked at less often."""
    return max(_LOOK_S, cost_s / SHARE) * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
