"""The generator: sends each request at its arrival, never waiting for an answer.

    arrivals → dispatch → one task per request → client → recording

A latency counts from the arrival to the end of the answer. Whatever keeps a request from being sent
at its arrival, the generator itself included, makes it longer and never disappears: there is no
coordinated omission. When the generator cannot keep up, `health` says so.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from amoeba.load.arrivals import offsets_ns
from amoeba.load.client import Client, open_client
from amoeba.load.clock import Clock
from amoeba.load.health import Health, Probe
from amoeba.load.mix import Mix
from amoeba.load.recording import Recording
from amoeba.load.templates import fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amoeba.load.recording import Slice
    from amoeba.load.scenario import Request, Scenario
    from amoeba.load.templates import Filled

TICK_S = 0.5
_BURST = 8
"""So many overdue requests are sent before answers get their turn."""

OVERLOAD = "too many in flight"
TIMEOUT = "timeout"

Watch = Callable[[float, Recording], bool]
"""Called twice a second with the seconds since the run began; true stops the arrivals."""


class Measured:
    """A run: what came of it, and how well the generator did."""

    def __init__(self, recording: Recording, health: Health, began_s: float) -> None:
        self.recording, self.health, self.began_s = recording, health, began_s
        self.interrupted = self.cut_short = False


class Generator:
    """One run of a scenario."""

    def __init__(
        self, scenario: Scenario, watch: Watch | None = None, slice_s: float | None = None
    ) -> None:
        """`slice_s`: how finely the recording tells of time, instead of by whole seconds."""
        self._scenario, self._watch = scenario, watch
        self.recording = Recording(scenario, slice_s)
        self._mix = Mix(scenario)
        self._warm_up_ns = round(scenario.arrivals.warm_up_s * 1e9)
        self._flights: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()
        self._began_ns = 0
        self._probe = Probe()
        self.interrupted = self.cut_short = False

    @property
    def elapsed_s(self) -> float:
        """Seconds since the first moment that counts."""
        return self._now_ns() / 1e9

    @property
    def in_flight(self) -> int:
        """Requests that were sent, or are about to be, and have no end yet."""
        return len(self._flights)

    async def run(self) -> Measured:
        """Send everything and wait for the answers, or for Ctrl-C.

        Raises MissingExtra, or Unreachable.
        """
        async with open_client(self._scenario.target) as client:
            began_s = time.time()
            with self._interruptible(), _collected():
                async with self._companions():
                    await self._dispatch(client)
                    self._probe.stop()
                    await self._land()
        measured = Measured(self.recording, self._probe.health(self.recording), began_s)
        measured.interrupted, measured.cut_short = self.interrupted, self.cut_short
        return measured

    async def _dispatch(self, client: Client) -> None:
        self._began_ns = time.monotonic_ns() + 10_000_000
        self._probe.start_at(self._began_ns + self._warm_up_ns)
        number = itertools.count()
        with Clock() as clock:
            for offset_ns in offsets_ns(self._scenario.arrivals):
                due_ns = self._began_ns + offset_ns
                if due_ns > time.monotonic_ns():
                    await self._wait(clock, due_ns)
                elif next(number) % _BURST == 0:
                    await asyncio.sleep(0)
                if self._stop.is_set():
                    break
                self._launch(client, offset_ns)
            else:
                end_s = self._scenario.arrivals.total_s
                await self._wait(clock, self._began_ns + round(end_s * 1e9))
        whole_ns = round(self._scenario.arrivals.duration_s * 1e9)
        self.recording.ended_ns = min(max(0, self._now_ns()), whole_ns)

    async def _wait(self, clock: Clock, moment_ns: int) -> None:
        """Until the moment, or until the run is stopped."""
        if moment_ns - time.monotonic_ns() < TICK_S * 1e9:
            await clock.until(moment_ns)
            return
        waiting = asyncio.ensure_future(clock.until(moment_ns))
        stopped = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait((waiting, stopped), return_when=asyncio.FIRST_COMPLETED)
        await _cancel((waiting, stopped))

    def _launch(self, client: Client, offset_ns: int) -> None:
        request, row, number = self._mix.next()
        arrival_ns = offset_ns - self._warm_up_ns
        place = self.recording.arrived(request.name, arrival_ns) if arrival_ns >= 0 else None
        if len(self._flights) >= self._scenario.target.max_in_flight:
            if place is not None:
                place.failures[OVERLOAD] += 1
            return
        filled = fill(request.template, row, number)
        flight = asyncio.create_task(self._fly(client, request, filled, arrival_ns, place))
        self._flights.add(flight)
        flight.add_done_callback(self._flights.discard)
        self.recording.in_flight = len(self._flights)

    async def _fly(
        self, client: Client, request: Request, filled: Filled, arrival_ns: int, place: Slice | None
    ) -> None:
        sent_ns = self._now_ns()
        loop = asyncio.get_running_loop()
        left_s = self._scenario.target.timeout_s - (sent_ns - arrival_ns) / 1e9
        try:
            async with asyncio.timeout_at(loop.time() + max(0.0, left_s)):
                answer = await client.send(filled)
            status, failure = answer.status, answer.failure
        except TimeoutError:
            status, failure = 0, TIMEOUT
        if place is None:
            return
        moment_ns = self._now_ns()
        self.recording.sent(arrival_ns, sent_ns)
        if status:
            self.recording.series[request.name].statuses[status] += 1
        if failure or not request.accepts(status):
            place.failures[failure or f"status {status}"] += 1
        else:
            self.recording.succeeded(request.name, place, arrival_ns, moment_ns)

    async def _land(self) -> None:
        """Wait for the answers that are due; each has its timeout. Ctrl-C does not wait."""
        stopped = asyncio.ensure_future(self._stop.wait())
        while self._flights and not self.interrupted:
            waited = {stopped, *self._flights} if not self._stop.is_set() else self._flights
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED, timeout=TICK_S)
        self.recording.unfinished = len(self._flights)
        await _cancel((stopped, *self._flights))

    @asynccontextmanager
    async def _companions(self) -> AsyncIterator[None]:
        """The probe of the loop and the ticks, for as long as the run takes."""
        tasks = {asyncio.create_task(self._probe.run()), asyncio.create_task(self._tick())}
        try:
            yield
        finally:
            await _cancel(tasks)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.recording.in_flight = len(self._flights)
            elapsed_s = (time.monotonic_ns() - self._began_ns) / 1e9
            if self._watch is not None and self._watch(elapsed_s, self.recording):
                self.cut_short = not self._stop.is_set()
                self._stop.set()

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Ctrl-C ends the run and keeps what it found."""
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.getsignal(number) for number in numbers}
        with suppress(NotImplementedError, RuntimeError, ValueError):  # no main thread, Windows
            for number in numbers:
                loop.add_signal_handler(number, self.interrupt)
        try:
            yield
        finally:
            with suppress(NotImplementedError, RuntimeError, ValueError):
                for number in numbers:
                    loop.remove_signal_handler(number)
                    if before[number] is not None:
                        signal.signal(number, before[number])

    def interrupt(self) -> None:
        """End now: no more requests, and no waiting for answers."""
        self.interrupted = True
        self._stop.set()

    def _now_ns(self) -> int:
        """Nanoseconds since the first moment that counts; negative while warming up."""
        return time.monotonic_ns() - self._began_ns - self._warm_up_ns


@contextmanager
def _collected() -> Iterator[None]:
    """The garbage collector leaves alone what exists already: its pauses are shorter."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def _cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
