"""One replica: started, watched, restarted with back-off, given up when it keeps crashing.

States: `starting → ready → draining → stopped`; a crash leads back to `starting` after a pause,
five crashes within a minute to `failed`; a restart that is asked for, through `draining` at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import os
import signal
import sys
import time
from collections import deque
from typing import TYPE_CHECKING

import msgspec
import psutil

from amoeba.app import search_paths
from amoeba.runtime.process import SPEC_VARIABLE
from amoeba.supervisor.interpreters import interpreter_of
from amoeba.supervisor.logs import relay, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from amoeba.app import Application
    from amoeba.runtime import HostSpec
    from amoeba.topology import Process

CRASHES, WITHIN_S = 5, 60.0
_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.1, 5.0
CONFIGURATION_EXIT = 2
_WATCH_S = 1.0


class State(enum.StrEnum):
    """Where a replica is in its life."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    STOPPED = "stopped"
    FAILED = "failed"


class Fatal(Exception):  # noqa: N818 - ends the run, is not shown
    """The run cannot go on; `code` is the exit code it ends with."""

    def __init__(self, code: int, text: str) -> None:
        self.code, self.text = code, text
        super().__init__(text)


class Replica:
    """One running copy of a process of the topology."""

    def __init__(
        self,
        application: Application,
        process: Process,
        index: int,
        spec: Callable[[Replica], HostSpec],
        changed: Callable[[], None],
        *,
        environment: dict[str, str],
        essential: bool,
        inherits_terminal: bool,
        waits: Callable[[Replica], bool],
    ) -> None:
        """`waits` tells whether it is only waiting for modules of other replicas."""
        self.name = f"{process.name}.{index}"
        self.process = process
        self.state = State.STARTING
        self.detail = ""
        self.restarts = 0
        self.generation = 0
        self.address = ""
        self.announced = False
        self.ready_parts: set[str] = set()
        self.ever_ready = False
        self._application, self._spec, self._changed = application, spec, changed
        self._environment = environment
        self._essential, self._inherits = essential, inherits_terminal
        self._waits = waits
        self._killed_because = ""
        self._child: asyncio.subprocess.Process | None = None
        self._started_at = time.monotonic()
        self._crashes: deque[float] = deque(maxlen=CRASHES)
        self._wanted = True
        self._asked = False  # to start anew
        self._refused = ""  # why it must not run
        self._launching = False
        self.failed_start = 0  # the last process that ended before it was ready
        self._ready_generation = 0
        self._exited = asyncio.Event()

    @property
    def essential(self) -> bool:
        """Whether the run ends with it."""
        return self._essential

    @property
    def pid(self) -> int:
        """The process's id; 0 while there is none."""
        return self._child.pid if self._child and self._child.returncode is None else 0

    @property
    def uptime_s(self) -> float:
        """Seconds since its present process was started."""
        return time.monotonic() - self._started_at if self.pid else 0.0

    @property
    def rss_bytes(self) -> int:
        """Resident memory of its process."""
        with contextlib.suppress(psutil.Error):
            return int(psutil.Process(self.pid).memory_info().rss) if self.pid else 0
        return 0

    async def run(self) -> None:
        """Keep the replica running until `stop`. Raises Fatal when the run must end."""
        while self._wanted:
            await self._launch()
            code = await self._watch()
            if self._refused:
                self._left(State.FAILED, self._refused)
                break
            self._left(State.STOPPED)
            if self._asked:
                self._asked = False
            elif self._wanted:
                await self._crashed(code)
        self._exited.set()

    def leave(self) -> None:
        """Do not start it again when it ends."""
        self._wanted = False

    def revive(self) -> None:
        """Forget that it was given up, before it is run again."""
        self._crashes.clear()
        self._wanted, self._refused = True, ""
        self._enter(State.STARTING)

    def refuse(self, why: str) -> None:
        """End its process and give it up: what it runs cannot work."""
        self._wanted, self._refused = False, why
        self._signal(signal.SIGKILL)
        if not self.pid:
            self._left(State.FAILED, why)

    async def restart(self, timeout_s: float) -> int:
        """Let it drain and start it anew; returns, when its process has ended, which is the next.

        It is no crash: there is no pause, and it counts for nothing.
        """
        if self._launching:  # after a crash: it is just starting anew
            return self.generation
        if self.pid:  # otherwise it is between a crash and its next start
            self._asked = True
        coming = self.generation + 1
        await self._end(timeout_s)
        return coming

    def settled(self, generation: int) -> bool:
        """Whether it is ready with the `generation`th process or a later one, or has failed to."""
        started = self.generation >= generation and self.state is State.READY
        return started or self.state is State.FAILED or self.failed_start >= generation

    async def stop(self, timeout_s: float) -> None:
        """Let it drain, then end it, by force after `timeout_s`."""
        self._wanted = False
        await self._end(timeout_s)
        self.kill()

    async def _end(self, timeout_s: float) -> None:
        if self.state in (State.STARTING, State.READY):
            self._enter(State.DRAINING)
        self._signal(signal.SIGTERM)
        child = self._child
        if child is not None and child.returncode is None:
            try:
                await asyncio.wait_for(child.wait(), timeout_s)
            except TimeoutError:
                say(f"{self.name} did not stop within {timeout_s:.0f} s and was killed")
                self._signal(signal.SIGKILL)

    def kill(self) -> None:
        """End its process, and what that has started, at once."""
        self._wanted = False
        self._signal(signal.SIGKILL)

    def part_ready(self, part: str) -> None:
        """A module or the gateway of it can be called."""
        self.ready_parts.add(part)
        if self.state is State.STARTING and self.ready_parts >= set(self.process.modules):
            self.ever_ready, self._ready_generation = True, self.generation
            self._enter(State.READY)
        self._changed()

    async def _launch(self) -> None:
        self._launching = True
        try:
            await self._start_process()
        finally:
            self._launching = False

    async def _start_process(self) -> None:
        self.generation += 1
        self.announced = False
        self.ready_parts.clear()
        self._started_at = time.monotonic()
        spec = self._spec(self)
        paths = [*search_paths(self._application), os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            **self._environment,
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            SPEC_VARIABLE: msgspec.json.encode(spec).decode(),
        }
        pipe = None if self._inherits else asyncio.subprocess.PIPE
        self._child = await asyncio.create_subprocess_exec(
            interpreter_of(self._application, self.process.python),
            "-m",
            "amoeba.runtime.process",
            env=environment,
            stdin=None if self._inherits else asyncio.subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            pass_fds=[fd for fd in (spec.gateway_fd, spec.lifeline_fd) if fd >= 0],
            start_new_session=not self._inherits,
            limit=1 << 20,
        )
        self._enter(State.STARTING)

    async def _watch(self) -> int:
        """Relay its output and wait for its end; returns the exit code."""
        child = self._child
        assert child is not None  # noqa: S101 - `_launch` has just made it
        async with asyncio.TaskGroup() as group:
            group.create_task(relay(child.stdout, sys.stdout.buffer, self.name))
            group.create_task(relay(child.stderr, sys.stderr.buffer, self.name))
            limits = group.create_task(self._watch_limits())
            await _exit_of(child)
            limits.cancel()
            if not self._inherits:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)  # what it started must not outlive it
            return await child.wait()

    async def _watch_limits(self) -> None:
        start_limit_s, limit = self._application.start_timeout_s, self.process.memory_bytes
        busy_s = 0.0
        while True:
            await asyncio.sleep(_WATCH_S)
            busy_s += 0.0 if self._waits(self) else _WATCH_S
            if self.state is State.STARTING and busy_s > start_limit_s:
                self._killed_because = (
                    f"was not ready after {start_limit_s:g} s (start_timeout in [supervisor]) "
                    "and was ended"
                )
                self._signal(signal.SIGKILL)
            elif limit is not None and (used := self.rss_bytes) > limit:
                say(
                    f"{self.name} uses {used >> 20} MiB, its limit is {limit >> 20} MiB: restarting"
                )
                self._enter(State.DRAINING)
                self._signal(signal.SIGTERM)
                return

    async def _crashed(self, code: int) -> None:
        if self._ready_generation != self.generation:
            self.failed_start = self.generation
        how = self._killed_because or _how(code)
        self._killed_because = ""
        first = not self.ever_ready
        if first and code == CONFIGURATION_EXIT:
            raise Fatal(CONFIGURATION_EXIT, f"{self.name} cannot start")
        if first and self._essential:
            raise Fatal(1, f"{self.name}, which runs the gateway, {how} while it started")
        self._crashes.append(time.monotonic())
        span = self._crashes[-1] - self._crashes[0]
        if len(self._crashes) == CRASHES and span < WITHIN_S:
            self._give_up(how)
            return
        self.restarts += 1
        exponent = len([each for each in self._crashes if self._crashes[-1] - each < WITHIN_S]) - 1
        pause_s = min(_LAST_PAUSE_S, _FIRST_PAUSE_S * 2**exponent)
        say(f"{self.name} {how}; restarting in {pause_s:.1f} s")
        self._left(State.STARTING, f"{how}, restarting")
        await asyncio.sleep(pause_s)

    def _give_up(self, how: str) -> None:
        text = f"{self.name} {how}, {CRASHES} times within {WITHIN_S:.0f} s"
        if self._essential:
            raise Fatal(1, f"{text}; it runs the gateway, so the run ends")
        modules = ", ".join(self.process.modules)
        say(f"{text}; it is not restarted, its modules are unavailable: {modules}")
        self._wanted = False
        self._left(State.FAILED, f"crashed {CRASHES} times within {WITHIN_S:.0f} s")

    def _left(self, state: State, detail: str = "") -> None:
        self.address = ""
        self.ready_parts.clear()
        self._enter(state, detail)

    def _enter(self, state: State, detail: str = "") -> None:
        self.state, self.detail = state, detail
        self._changed()

    def _signal(self, number: signal.Signals) -> None:
        child = self._child
        if child is not None and child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(number)


async def _exit_of(child: asyncio.subprocess.Process) -> None:
    """Wait for the process itself: `wait` may wait for its pipes too, which others can hold."""
    if not hasattr(os, "pidfd_open"):
        await child.wait()
        return
    loop, exited = asyncio.get_running_loop(), asyncio.Event()
    try:
        fd = os.pidfd_open(child.pid)
    except ProcessLookupError:
        return
    loop.add_reader(fd, exited.set)
    try:
        await exited.wait()
    finally:
        loop.remove_reader(fd)
        os.close(fd)


def _how(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
