"""What is told of runs, and kept: one small file for each of the newest, beside the models."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace as changed
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from support_desk.folders import replace
from support_desk.training import Run, RunNotFound, RunState

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "runs"
KEPT = 50
_log = logging.getLogger(__name__)


class Runs:
    """The runs of one folder of models. Safe between threads; a disk that fails stops no run."""

    def __init__(self, models: Path) -> None:
        self._folder = models / FOLDER
        self._runs: dict[str, Run] = {}
        self._memory = Lock()  # held for moments only: the event loop takes it
        self._disk = Lock()  # held while a file is written, so that the last state is the last file

    def load(self) -> None:
        """Read the runs on disk; what is not a run there is left alone."""
        for path in self._folder.glob("*.json"):
            try:
                run = msgspec.json.decode(path.read_bytes(), type=Run)
            except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
                _log.warning("%s tells of no run: %s", path, error)
                continue
            if self._path(run.id) == path:
                with self._memory:
                    self._runs[run.id] = run

    def newest_first(self) -> tuple[Run, ...]:
        """Give all that are known."""
        with self._memory:
            runs = list(self._runs.values())
        return tuple(sorted(runs, key=lambda run: (run.started_at, run.id), reverse=True))

    def get(self, run_id: str) -> Run:
        """Give one; raises `RunNotFound`."""
        with self._memory:
            run = self._runs.get(run_id)
        if run is None:
            raise RunNotFound(run_id)
        return run

    def begin(self, run: Run) -> None:
        """Know of a new run, and forget the oldest; it is on disk once it advances or ends."""
        with self._memory:
            self._runs[run.id] = run
        for old in self.newest_first()[KEPT:]:
            with self._memory:
                del self._runs[old.id]
            with suppress(OSError):
                self._path(old.id).unlink(missing_ok=True)

    def advance(self, run_id: str, stage: str, step: int, steps: int) -> Run | None:
        """Note how far a run is; `None` if it has ended, which is final."""
        return self._change(run_id, stage=stage, step=step, steps=steps)

    def end(
        self,
        run_id: str,
        state: RunState,
        *,
        version: str = "",
        metrics: dict[str, float] | None = None,
        error: str = "",
    ) -> Run | None:
        """Note how a run ended; `None` if it has ended already."""
        now = datetime.now(UTC)
        return self._change(
            run_id, state=state, ended_at=now, version=version, metrics=metrics, error=error
        )

    def _change(self, run_id: str, **values: object) -> Run | None:
        with self._memory:
            run = self._runs.get(run_id)
            if run is None or run.state is not RunState.RUNNING:
                return None
            run = self._runs[run_id] = changed(run, **values)  # type: ignore[arg-type]  # by name
        self._write(run_id)
        return run

    def _write(self, run_id: str) -> None:
        with self._disk:
            with self._memory:
                run = self._runs.get(run_id)
            if run is None:
                return
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                replace(self._path(run_id), msgspec.json.encode(run))
            except OSError as error:
                _log.warning("run %s is not on disk: %s", run_id, error)

    def _path(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.json"
