"""One run of training in a thread of this process.

The thread shares the interpreter with whatever else the process serves, and its CPU: a fit of
crfsuite holds both for tens of milliseconds at a time. Place the module in a process of its own
where that is too much. It is a daemon, so that a process may end in the middle of a fit.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING

from support_desk.training import RunState
from support_desk.training.control import Control, Stopped
from support_desk.training.failures import worded
from support_desk.training.run import train
from support_desk.training.sources import read_sources

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support_desk.training import Run
    from support_desk.training.claim import Claim
    from support_desk.training.runs import Runs

GRACE_S = 2.0
"""How long a run that is stopped may take to notice.

Python, as it ends, stops daemon threads for good, and one within the C++ of crfsuite then aborts
the process. So it is given the time to leave: it needs that of one iteration. A fit of scikit-learn
may need longer, has no such trouble, and is left behind.
"""

_log = logging.getLogger(__name__)


class Worker:
    """Trains for `run`, and lets go of its claim when done; `run` is as last heard on the loop."""

    def __init__(self, run: Run, data: Path | None, models: Path, runs: Runs, claim: Claim) -> None:
        self.run = run
        self._data, self._models, self._runs, self._claim = data, models, runs, claim
        self._control = Control(self._advance)
        self._loop = asyncio.get_running_loop()
        self._left = asyncio.Event()
        self._changed: Callable[[Run], None] = lambda _: None

    def start(self, changed: Callable[[Run], None]) -> None:
        """Begin; `changed` is called on this loop with the run after each change."""
        self._changed = changed
        Thread(target=self._work, name="training", daemon=True).start()

    async def stop(self) -> None:
        """Have the run end as interrupted, unless its models are published already."""
        await asyncio.to_thread(self._control.stop)  # waits while models are being published
        with suppress(TimeoutError):
            await asyncio.wait_for(self._left.wait(), GRACE_S)
        self._claim.release()
        ended = await asyncio.to_thread(self._runs.end, self.run.id, RunState.INTERRUPTED)
        if ended is not None:
            self._hear(ended)

    def _work(self) -> None:
        try:
            ended = self._outcome()
        finally:
            self._claim.release()
        if ended is not None:
            self._post(partial(self._hear, ended))
        self._post(self._left.set)

    def _outcome(self) -> Run | None:
        """Train, and note how it ended."""
        run_id = self.run.id
        try:
            self._advance("reading the data", 0, 0)
            sources = read_sources(self._data, self.run.seed)
            report = train(sources, self._models, self._control)
        except Stopped:
            return self._runs.end(run_id, RunState.INTERRUPTED)
        except Exception as error:  # noqa: BLE001 - whatever it is ends the run, not the process
            told = worded(error, self._models)
            if not told:
                _log.exception("run %s failed", run_id)
                told = f"{type(error).__name__}: {error}"
            return self._runs.end(run_id, RunState.FAILED, error=told)
        return self._runs.end(
            run_id, RunState.SUCCEEDED, version=report.version, metrics=report.metrics()
        )

    def _advance(self, stage: str, step: int, steps: int) -> None:
        run = self._runs.advance(self.run.id, stage, step, steps)
        if run is not None:
            self._post(partial(self._hear, run))

    def _hear(self, run: Run) -> None:
        self.run = run
        self._changed(run)

    def _post(self, callback: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(callback)
