"""The implementation of `training`: runs in a thread of this process, on demand or on schedule."""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from support_desk import folders
from support_desk.training import Run, RunState, Training, TrainingBusy
from support_desk.training.claim import Claim
from support_desk.training.failures import worded
from support_desk.training.runs import Runs
from support_desk.training.schedule import interval, repeated
from support_desk.training.worker import Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType
    from typing import Self

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """`data` is a folder like that of the command's `--data`, or empty for the corpus.

    `models` is where the models go; `every`, like `6h`, begins a run with `seed` that often.
    """

    data: str = ""
    models: str = "models"
    every: str = ""
    seed: int = 0


class TrainingService(Training):
    """Trains in this process. Entered, it knows earlier runs and keeps its schedule."""

    def __init__(self, settings: Settings) -> None:
        """Raise `ValueError` where `every` is not an interval."""
        self._settings = settings
        self._every = interval(settings.every)
        self._data = folders.resolved(settings.data) if settings.data else None
        self._models = folders.resolved(settings.models)
        self._runs = Runs(self._models)
        self._worker: Worker | None = None
        self._watchers: set[asyncio.Queue[Run]] = set()  # of the run that goes on
        self._schedule: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._recover)
        if self._every is not None:
            self._schedule = asyncio.create_task(
                repeated(self._every, self._last_began, self._begin_scheduled)
            )
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._schedule is not None:
            self._schedule.cancel()
            with suppress(asyncio.CancelledError):
                await self._schedule
        if self._worker is not None:
            await self._worker.stop()

    async def start(self, seed: int) -> Run:
        """Begin a run and return at once. Raises `TrainingBusy`."""
        if self._worker is not None:
            raise TrainingBusy(self._worker.run.id)
        now = datetime.now(UTC)
        run_id = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        run = Run(run_id, RunState.RUNNING, seed, now, "starting", 0, 0)
        try:
            claim = Claim(self._models, run_id)
        except OSError as error:
            self._runs.begin(run)
            told = worded(error, self._models)
            return self._runs.end(run_id, RunState.FAILED, error=told) or run
        self._runs.begin(run)
        self._worker = Worker(run, self._data, self._models, self._runs, claim)
        self._worker.start(self._changed)
        return run

    async def runs(self) -> tuple[Run, ...]:
        """Tell of every run that is known, the newest first."""
        return self._runs.newest_first()

    async def watch(self, run_id: str) -> AsyncIterator[Run]:
        """Tell of a run now, and of each change until its end. Raises `RunNotFound`."""
        run = self._runs.get(run_id)
        worker = self._worker
        if worker is None or worker.run.id != run_id:  # it has ended, or its process is another
            yield run
            return
        run, changes = worker.run, asyncio.Queue[Run]()
        self._watchers.add(changes)
        try:
            yield run
            while run.state is RunState.RUNNING:
                run = await changes.get()
                yield run
        finally:
            self._watchers.discard(changes)

    def _changed(self, run: Run) -> None:
        """Take a change of the run that goes on, on the loop."""
        if run.state is not RunState.RUNNING:
            self._worker = None
        for changes in self._watchers:
            changes.put_nowait(run)  # as many as there are steps, however slow the watcher

    def _recover(self) -> None:
        """Know of earlier runs; those that go on although nobody trains were cut short."""
        self._runs.load()
        cut_short = [run for run in self._runs.newest_first() if run.state is RunState.RUNNING]
        if not cut_short:
            return
        try:
            claim = Claim(self._models, cut_short[0].id)
        except (TrainingBusy, OSError) as error:
            _log.info("an earlier run is left as it is: %s", error)
            return
        with claim:
            for run in cut_short:
                self._runs.end(run.id, RunState.INTERRUPTED)

    def _last_began(self) -> datetime | None:
        runs = self._runs.newest_first()
        return runs[0].started_at if runs else None

    async def _begin_scheduled(self) -> None:
        try:
            await self.start(self._settings.seed)
        except TrainingBusy as error:
            _log.info("no run is begun on schedule: %s", error)
